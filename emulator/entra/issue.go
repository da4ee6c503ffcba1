package entra

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"latchkey/csp"
	"latchkey/emulator/token"
	"latchkey/emulator/world"
)

// graphResource is what scopes without a resource mean.
const graphResource = "00000003-0000-0000-c000-000000000000"

// session is an account that has signed in.
type session struct {
	account  world.Account
	authTime time.Time
	mfa      bool
}

func (s session) amr() []string {
	if s.mfa {
		return []string{"pwd", "mfa"}
	}
	return []string{"pwd"}
}

// demand is what a client asks tokens for.
type demand struct {
	audience string
	scopes   []string // of the audience: ".default", "user_impersonation"
	openID   bool
	profile  bool
	email    bool
	offline  bool
	cp1      bool // the client understands claims challenges
}

// readScope takes a scope parameter apart. Exactly "/.default" is cut off, so
// that an audience ending in a slash keeps it.
func (h *Handler) readScope(scope string) (demand, *problem) {
	d := demand{}
	for s := range strings.FieldsSeq(scope) {
		switch s {
		case "openid":
			d.openID = true
			continue
		case "profile":
			d.profile = true
			continue
		case "email":
			d.email = true
			continue
		case "offline_access":
			d.offline = true
			continue
		}
		audience, permission := graphResource, s
		if cut := strings.LastIndexByte(s, '/'); cut >= 0 {
			audience, permission = s[:cut], s[cut+1:]
		}
		if d.audience != "" && d.audience != audience {
			return demand{}, &problem{code: "invalid_scope", number: 28000, text: "Provided value for the input parameter scope is not valid because it contains more than one resource."}
		}
		d.audience = audience
		d.scopes = append(d.scopes, permission)
	}
	if d.audience != "" && !h.knows(d.audience) {
		return demand{}, &problem{code: "invalid_resource", number: 500011, text: "The resource principal named " + clip(d.audience) + " was not found in the tenant."}
	}
	return d, nil
}

func (h *Handler) knows(audience string) bool {
	bare := strings.TrimSuffix(audience, "/")
	return bare == graphResource || bare == "https://graph.microsoft.com" || token.IsForResourceManager(bare) || slices.Contains(h.ARMAudiences(), bare)
}

// idToken says who signed in, to the application that asked.
func (h *Handler) idToken(host string, client world.ClientID, s session, who world.Identity, d demand, nonce string, acrs []string) token.Claims {
	now := h.World.Now()
	guest := 0
	if who.Guest || who.Delegated {
		guest = 1
	}
	c := token.Claims{
		Issuer: "https://" + host + "/" + who.Tenant.String() + "/v2.0", Audience: client.String(), Version: "2.0",
		Subject: pairwise(client, who), Tenant: who.Tenant.String(), Object: who.Object.String(), Acct: &guest,
		IssuedAt: now.Unix(), NotBefore: now.Unix(), Expires: now.Add(h.AccessTokenLife()).Unix(),
		AuthTime: s.authTime.Unix(), AMR: s.amr(), ACRS: acrs, Nonce: nonce,
		TokenID: newTokenID(),
	}
	if who.Home.Tenant != who.Tenant {
		c.IdentityProvider = stsIssuer(who.Home.Tenant)
	}
	if d.profile {
		c.Name, c.PreferredUsername = who.Name, who.UPN
	}
	if d.email {
		c.Email = who.Mail
	}
	return c
}

// userAccessToken lets the application act as the person, in the version 1.0
// shape that Azure Resource Manager reads.
func (h *Handler) userAccessToken(app world.App, s session, who world.Identity, d demand) token.Claims {
	c := h.accessToken(who.Tenant, who.Object, who.Groups, app, d)
	c.Subject, c.IDType, c.ACR = pairwise(app.ID, who), "user", "1"
	c.AMR, c.AuthTime = s.amr(), s.authTime.Unix()
	c.Name, c.UPN, c.UniqueName = who.Name, who.UPN, who.UPN
	c.Scopes = grantedScopes(d)
	if who.Home.Tenant != who.Tenant {
		c.IdentityProvider = stsIssuer(who.Home.Tenant)
	}
	return c
}

// appAccessToken lets the application act as itself.
func (h *Handler) appAccessToken(app world.App, sp world.ServicePrincipal, groups []csp.ObjectID, d demand) token.Claims {
	c := h.accessToken(sp.Tenant, sp.ID, groups, app, d)
	c.Subject, c.IDType, c.AppDisplayName, c.IdentityProvider = sp.ID.String(), "app", app.Name, stsIssuer(sp.Tenant)
	return c
}

func (h *Handler) accessToken(tenant csp.TenantID, object csp.ObjectID, groups []csp.ObjectID, app world.App, d demand) token.Claims {
	now := h.World.Now()
	c := token.Claims{
		Issuer: stsIssuer(tenant), Audience: d.audience, Version: "1.0",
		Tenant: tenant.String(), Object: object.String(),
		IssuedAt: now.Unix(), NotBefore: now.Unix(), Expires: now.Add(h.AccessTokenLife()).Unix(),
		AppID: app.ID.String(), AppIDACR: "0", TokenID: newTokenID(),
	}
	if app.Secret != "" {
		c.AppIDACR = "1"
	}
	if c.Audience == "" {
		c.Audience = graphResource
	}
	for _, g := range groups {
		c.Groups = append(c.Groups, g.String())
	}
	if d.cp1 {
		c.XMSCC = []string{"CP1"}
	}
	return c
}

func grantedScopes(d demand) string {
	if len(d.scopes) == 0 {
		return "openid profile email"
	}
	if slices.Contains(d.scopes, ".default") {
		return "user_impersonation"
	}
	return strings.Join(d.scopes, " ")
}

func stsIssuer(tenant csp.TenantID) string { return "https://sts.windows.net/" + tenant.String() + "/" }

// pairwise is a subject that no two applications share.
func pairwise(client world.ClientID, who world.Identity) string {
	sum := sha256.Sum256(slices.Concat([]byte("subject"), client[:], who.Tenant[:], who.Object[:]))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

func newTokenID() string {
	id := world.NewID[csp.Tenant]()
	return base64.RawURLEncoding.EncodeToString(id[:])
}

// refresh is what a refresh token holds: the person and the client, bound to
// neither tenant nor resource.
type refresh struct {
	Tenant   csp.TenantID   `json:"t"`
	Object   csp.ObjectID   `json:"o"`
	Client   world.ClientID `json:"c"`
	AuthTime int64          `json:"a"`
	MFA      bool           `json:"m"`
	Issued   int64          `json:"i"`
}

func (h *Handler) sealRefresh(client world.ClientID, s session) (string, error) {
	plain, err := json.Marshal(refresh{s.account.Tenant, s.account.Object, client, s.authTime.Unix(), s.mfa, h.World.Now().UnixMilli()})
	if err != nil {
		return "", err
	}
	return h.Key.Seal(plain)
}

// openRefresh gives the session a refresh token continues.
func (h *Handler) openRefresh(sealed string, client world.ClientID) (session, *problem) {
	plain, err := h.Key.Open(sealed)
	var r refresh
	if err != nil || json.Unmarshal(plain, &r) != nil {
		return session{}, &problem{code: "invalid_grant", number: 9002313, text: "Invalid request. The refresh token is malformed."}
	}
	if r.Client != client {
		return session{}, &problem{code: "invalid_grant", number: 70000, text: "The provided refresh token was issued to another client."}
	}
	issued := time.UnixMilli(r.Issued)
	if h.World.Now().After(issued.Add(refreshLife)) {
		return session{}, &problem{code: "invalid_grant", number: 700082, text: "The refresh token has expired due to inactivity."}
	}
	s := session{account: world.Account{Tenant: r.Tenant, Object: r.Object}, authTime: time.Unix(r.AuthTime, 0), mfa: r.MFA}
	if u, ok := h.World.User(r.Tenant, r.Object); ok && issued.Before(u.ValidFrom) {
		return session{}, &problem{code: "invalid_grant", number: 50173, text: "The provided grant has expired due to it being revoked, a fresh auth token is needed."}
	}
	return s, nil
}
