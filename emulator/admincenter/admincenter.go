// Package admincenter is the customer's side of the emulated partner relations:
// the few pages of the Microsoft 365 admin center on which a customer's Global
// Administrator accepts a partner, approves a GDAP relationship, looks at what a
// partner has, and takes it away again.
//
// At Microsoft there is no public API for any of this, so there is none here:
// people press buttons, and tests call the world ([world.World.ApproveRelationship]
// and its kin). The pages live on the plain Browser origin, under the addresses
// that Microsoft's own links have. What stands behind the # in such a link never
// reaches a server; a form on the first page takes the link instead, and every
// page has an address of its own without a #.
//
// Nothing is decided by opening a link: every decision is a form that a
// signed-in administrator sends from the page itself.
package admincenter

import (
	"embed"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"latchkey/csp"
	"latchkey/emulator/gdap"
	"latchkey/emulator/page"
	"latchkey/emulator/wire"
	"latchkey/emulator/world"
)

//go:embed page
var pageFiles embed.FS

// Options are what the pages need; all are required.
type Options struct {
	World *world.World
	// Visitor says who has signed in with the browser that sent the request.
	Visitor func(*http.Request) (world.Account, bool)
	// SignIn gives the address at which one signs in and comes back to the path.
	SignIn func(back string) string
}

// Handler serves the pages. Make it with New.
type Handler struct {
	Options
	pages *page.Set
	guard *http.CrossOriginProtection
}

// New makes the admin center. It fails only if its own pages are broken.
func New(o Options) (*Handler, error) {
	pages, err := page.Load(pageFiles, "")
	if err != nil {
		return nil, fmt.Errorf("admincenter: %w", err)
	}
	return &Handler{Options: o, pages: pages, guard: http.NewCrossOriginProtection()}, nil
}

const (
	home = "/AdminPortal/Home"
	// partners is where a customer sees what each partner has.
	partners = home + "/partners"
	// invitation is followed by the id of a GDAP relationship.
	invitation = partners + "/invitation/granularAdminRelationships/"
	maxForm    = 16 << 10
)

// InFrontOf serves the admin center's addresses and leaves all others to next.
func (h *Handler) InFrontOf(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		rest, ours := cutFold(r.URL.Path, home)
		if !ours || rest != "" && rest[0] != '/' {
			next.ServeHTTP(w, r)
			return
		}
		h.serve(w, r, strings.Trim(rest, "/"))
	})
}

func cutFold(s, prefix string) (rest string, found bool) {
	if len(s) < len(prefix) || !strings.EqualFold(s[:len(prefix)], prefix) {
		return s, false
	}
	return s[len(prefix):], true
}

// visit is one request of somebody who has signed in.
type visit struct {
	w      http.ResponseWriter
	r      *http.Request
	user   world.User
	tenant world.Tenant
	actor  world.Actor
}

func (h *Handler) serve(w http.ResponseWriter, r *http.Request, rest string) {
	wire.Mark(w.Header())
	if r.Method != http.MethodGet && r.Method != http.MethodHead && r.Method != http.MethodPost {
		w.Header().Set("Allow", "GET, POST")
		h.say(w, http.StatusMethodNotAllowed, "This cannot be done here", "The pages are opened and their forms are sent; nothing else.")
		return
	}
	if err := h.guard.Check(r); err != nil {
		h.say(w, http.StatusForbidden, "That came from elsewhere", "A form of another site asked for this. Nothing was done.")
		return
	}
	account, known := h.Visitor(r)
	if !known {
		if r.Method == http.MethodPost {
			h.say(w, http.StatusUnauthorized, "Nobody is signed in", "Open the page again and sign in. Nothing was done.")
			return
		}
		http.Redirect(w, r, h.SignIn(r.URL.RequestURI()), http.StatusFound)
		return
	}
	user, known := h.World.User(account.Tenant, account.Object)
	tenant, knownToo := h.World.Tenant(account.Tenant)
	if !known || !knownToo {
		h.say(w, http.StatusForbidden, "Unknown account", "The account that is signed in does not exist any more.")
		return
	}
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	if r.Method == http.MethodPost && r.ParseForm() != nil {
		h.say(w, http.StatusBadRequest, "The form could not be read", "Nothing was done.")
		return
	}
	v := &visit{w: w, r: r, user: user, tenant: tenant}
	v.actor = h.World.Acting(r.Context(), world.Actor{Tenant: tenant.ID, Object: user.ID, Name: user.UPN})
	h.route(v, rest)
}

func (h *Handler) route(v *visit, rest string) {
	if id, found := cutFold(rest, "partners/invitation/granularadminrelationships/"); found {
		h.relationship(v, id)
		return
	}
	switch strings.ToLower(rest) {
	case "":
		h.front(v)
	case "partners":
		h.partners(v)
	default:
		h.say(v.w, http.StatusNotFound, "There is no such page", "The emulated admin center has only the pages about partners.")
	}
}

// front is where Microsoft's links lead: an invitation by a reseller stands in
// the query, anything behind a # is asked for in a form.
func (h *Handler) front(v *visit) {
	q := v.r.URL.Query()
	if q.Get("invType") != "" {
		h.reseller(v, q)
		return
	}
	if link := strings.TrimSpace(q.Get("link")); link != "" {
		if id, found := relationshipIn(link); found {
			http.Redirect(v.w, v.r, invitation+id, http.StatusFound)
			return
		}
		h.show(v, http.StatusBadRequest, "front.html", h.frontView(v, "There is no relationship in that link."))
		return
	}
	h.show(v, http.StatusOK, "front.html", h.frontView(v, ""))
}

// relationshipIn finds the id of a relationship at the end of a link, or standing
// alone.
func relationshipIn(link string) (string, bool) {
	at := strings.LastIndexByte(link, '/')
	id, err := gdap.ParseID(link[at+1:])
	if err != nil {
		return "", false
	}
	return id.String(), true
}

type personView struct{ Name, UPN, Tenant string }

func (v *visit) person() personView { return personView{v.user.Name, v.user.UPN, v.tenant.Name} }

type frontView struct {
	Person  personView
	Message string
	Pending []pendingView
}

type pendingView struct{ Partner, Name, Address string }

func (h *Handler) frontView(v *visit, message string) frontView {
	view := frontView{Person: v.person(), Message: message}
	for _, r := range h.World.RelationshipsOf(v.tenant.ID) {
		if r.Status == csp.GDAPApprovalPending {
			view.Pending = append(view.Pending, pendingView{h.nameOf(r.Partner), r.Name, invitation + r.ID.String()})
		}
	}
	return view
}

func (h *Handler) nameOf(tenant csp.TenantID) string {
	if t, known := h.World.Tenant(tenant); known {
		return t.Name
	}
	return "a partner that does not exist any more"
}

type resellerView struct {
	Person   personView
	Partner  string
	Indirect string // the indirect reseller behind the partner, or empty
	DAP      bool
	Accepted bool
	May      bool
}

// reseller shows the invitation of a partner to be the tenant's reseller, and
// takes its acceptance.
func (h *Handler) reseller(v *visit, q url.Values) {
	ask, err := readInvitation(q)
	if err == nil {
		err = h.World.CheckInvitation(ask)
	}
	if err != nil {
		h.say(v.w, http.StatusBadRequest, "This invitation cannot be read", "Ask the partner for another link: "+err.Error())
		return
	}
	view := resellerView{Person: v.person(), Partner: h.nameOf(ask.Partner), DAP: ask.DAP, May: h.mayDecide(v), Accepted: h.World.IsReseller(ask.Partner, v.tenant.ID)}
	if !ask.Reseller.IsZero() {
		view.Indirect = h.nameOf(ask.Reseller)
	}
	if v.r.Method != http.MethodPost {
		h.show(v, http.StatusOK, "reseller.html", view)
		return
	}
	if err := h.World.AcceptReseller(v.actor, v.tenant.ID, ask); err != nil {
		h.refuse(v, err)
		return
	}
	view.Accepted = true
	h.show(v, http.StatusOK, "reseller.html", view)
}

// readInvitation reads the query of a reseller's link.
func readInvitation(q url.Values) (world.Invitation, error) {
	partner, err := csp.ParseID[csp.Tenant](q.Get("partnerId"))
	if err != nil {
		return world.Invitation{}, fmt.Errorf("the partner's id: %w", err)
	}
	ask := world.Invitation{Partner: partner, DAP: strings.EqualFold(q.Get("DAP"), "true")}
	switch kind := q.Get("invType"); strings.ToLower(kind) {
	case "resellerrelationship":
	case "indirectresellerrelationship":
		if ask.Reseller, err = csp.ParseID[csp.Tenant](q.Get("indirectCSPId")); err != nil {
			return ask, fmt.Errorf("the indirect reseller's id: %w", err)
		}
	default:
		return ask, fmt.Errorf("%q is no kind of invitation", kind)
	}
	return ask, nil
}

func (h *Handler) mayDecide(v *visit) bool {
	return h.World.MayDecide(v.actor, v.tenant.ID) == nil
}

// refuse shows why something was not done.
func (h *Handler) refuse(v *visit, err error) {
	status := http.StatusConflict
	if world.LawOf(err) == world.NotForYou {
		status = http.StatusForbidden
	}
	h.say(v.w, status, "That was not done", strings.TrimPrefix(err.Error(), "world: "))
}

type messageView struct{ Title, Text string }

func (h *Handler) say(w http.ResponseWriter, status int, title, text string) {
	h.pages.Show(w, status, "message.html", messageView{title, text}, nil)
}

func (h *Handler) show(v *visit, status int, name string, view any) {
	h.pages.Show(v.w, status, name, view, nil)
}
