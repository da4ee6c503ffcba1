package graph

import (
	"encoding/json"
	"html/template"
	"net/http"
	"net/url"
	"strings"

	"latchkey/csp"
	"latchkey/emulator/odata"
	"latchkey/emulator/wire"
	"latchkey/emulator/world"
)

func (h *Handler) invitationRoutes() []route {
	return []route{
		{"POST", "/invitations", "User.Invite.All User.ReadWrite.All " + writeDirectory, "microsoft.directory/users/inviteGuest", h.invite},
	}
}

// invite makes a guest who has still to accept. Who is a guest already keeps his
// object.
func (h *Handler) invite(c *call) (reply, *failure) {
	var body struct {
		Address     string `json:"invitedUserEmailAddress"`
		RedirectURL string `json:"inviteRedirectUrl"`
		DisplayName string `json:"invitedUserDisplayName"`
		Send        bool   `json:"sendInvitationMessage"`
		Type        string `json:"invitedUserType"`
		Reset       bool   `json:"resetRedemption"`
	}
	if f := c.decode(&body); f != nil {
		return reply{}, f
	}
	redirect, err := url.Parse(body.RedirectURL)
	switch {
	case body.Address == "":
		return reply{}, badRequest("The invited user email address is required.").coded("BadRequest")
	case err != nil || !redirect.IsAbs() || redirect.Host == "":
		return reply{}, badRequest("The invite redirect url is required.").coded("BadRequest")
	case body.Type != "" && !strings.EqualFold(body.Type, "Guest"):
		return reply{}, badRequest("This emulator invites guests only.").coded("BadRequest")
	}
	guest, _, refused := c.as().InviteAddress(body.Address, body.DisplayName)
	if refused != nil {
		if world.LawOf(refused) == world.NameTaken {
			return reply{}, badRequest("The invited user already exists in the directory as object ID: " + wire.Clip(body.Address) + ". They can use that account to sign in to shared apps and resources.").coded("BadRequest")
		}
		return reply{}, badRequest("The invited user email address is invalid: " + refused.Error()).coded("BadRequest")
	}
	if body.Reset && !guest.Pending {
		if err := c.as().ResetRedemption(guest.ID); err != nil {
			return reply{}, refusalFailure(err, guest.ID.String())
		}
		guest.Pending = true
	}
	status := "Completed"
	if guest.Pending {
		status = "PendingAcceptance"
	}
	link, sealed := h.redeemLink(c, guest, body.RedirectURL)
	if sealed != nil {
		return reply{}, refusalFailure(sealed, guest.ID.String())
	}
	return created(odata.Entity{
		"@odata.context": c.context("invitations/$entity"), "id": world.NewID[csp.Tenant]().String(), "inviteRedeemUrl": link, "inviteRedirectUrl": body.RedirectURL,
		"invitedUserDisplayName": odata.OrNull(body.DisplayName), "invitedUserEmailAddress": body.Address, "invitedUserType": "Guest", "resetRedemption": body.Reset,
		"sendInvitationMessage": body.Send, "status": status, "invitedUserMessageInfo": odata.Entity{"messageLanguage": nil, "customizedMessageBody": nil, "ccRecipients": []odata.Entity{}},
		"invitedUser": odata.Entity{"id": guest.ID.String()},
	})
}

// ticket is what the link of an invitation holds, sealed: whoever has the link
// may accept, as with the real one when it is for a one-time passcode.
type ticket struct {
	Tenant   csp.TenantID `json:"t"`
	Guest    csp.ObjectID `json:"g"`
	Redirect string       `json:"r"`
}

// redeemPath is where invitations are accepted. The real service has the page at
// its sign-in origin, behind a sign-in.
const redeemPath = "/redeem"

func (h *Handler) redeemLink(c *call, guest world.User, redirect string) (string, error) {
	plain, err := json.Marshal(ticket{c.tenant.ID, guest.ID, redirect})
	if err != nil {
		return "", err
	}
	sealed, err := h.Key.Seal(plain)
	if err != nil {
		return "", err
	}
	origin, _ := cutVersion(c.base)
	return origin + redeemPath + "?rd=" + sealed, nil
}

// cutVersion takes "/v1.0" off a base.
func cutVersion(base string) (origin, version string) {
	at := strings.LastIndexByte(base, '/')
	return base[:max(at, 0)], base[at+1:]
}

var redeemPage = template.Must(template.New("redeem").Parse(`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Invitation - Latchkey emulator</title></head>
<body><main>
<h1>{{.Tenant}} invited you</h1>
{{if .Problem}}<p role="alert">{{.Problem}}</p>{{end}}
{{if .Done}}<p>{{.Guest}} has accepted.</p><p><a href="{{.Redirect}}">Go on</a></p>
{{else}}<p>This page belongs to an emulator: no password is asked.</p>
<form method="post" action="redeem"><input type="hidden" name="rd" value="{{.Ticket}}">
<p>{{.Guest}}</p>
{{if .Open}}<p><label>Sign-in name of the account that accepts <input name="account" required></label></p>{{end}}
<p><button>Accept</button></p></form>{{end}}
</main></body></html>
`))

// serveRedeem shows and takes the form by which a guest accepts. Looking changes
// nothing, since mail scanners look.
func (h *Handler) serveRedeem(w http.ResponseWriter, r *http.Request) {
	header := w.Header()
	header.Set("Content-Type", "text/html; charset=utf-8")
	header.Set("Content-Security-Policy", "default-src 'none'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'")
	header.Set("Referrer-Policy", "no-referrer")
	r.Body = http.MaxBytesReader(w, r.Body, 1<<16)
	if err := r.ParseForm(); err != nil {
		http.Error(w, "The form could not be read.", http.StatusBadRequest)
		return
	}
	plain, err := h.Key.Open(r.Form.Get("rd"))
	var invited ticket
	if err != nil || json.Unmarshal(plain, &invited) != nil {
		http.Error(w, "This is no invitation.", http.StatusNotFound)
		return
	}
	t, known := h.World.Tenant(invited.Tenant)
	guest, isThere := h.World.User(invited.Tenant, invited.Guest)
	if !known || !isThere {
		http.Error(w, "The invitation was withdrawn.", http.StatusGone)
		return
	}
	page := map[string]any{
		"Tenant": t.Name, "Guest": guest.Mail, "Ticket": r.Form.Get("rd"), "Redirect": invited.Redirect, "Done": !guest.Pending,
		"Open": guest.Home == world.Account{}, "Problem": "",
	}
	if r.Method == http.MethodPost && guest.Pending {
		if err := h.redeem(r, t, guest); err != nil {
			page["Problem"] = err.Error()
			w.WriteHeader(http.StatusBadRequest)
		} else {
			page["Done"] = true
		}
	}
	_ = redeemPage.Execute(w, page) // a client that hangs up while being answered is its own problem
}

func (h *Handler) redeem(r *http.Request, t world.Tenant, guest world.User) error {
	home := guest.Home
	if home == (world.Account{}) {
		if u, known := h.World.AccountNamed(r.PostForm.Get("account")); known {
			home = u.Account()
		}
	}
	u, _ := h.World.User(home.Tenant, home.Object)
	by := h.World.Acting(r.Context(), world.Actor{Tenant: home.Tenant, Object: home.Object, Name: u.UPN})
	return t.As(by).RedeemInvitation(guest.ID, home)
}
