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

// mostGroups is how many groups a token names; with more it says where to ask.
const mostGroups = 200

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

// idToken says who signed in, to the application that asked.
func (h *Handler) idToken(host string, app world.App, s speaking, who world.Identity, t world.Tenant, d demand, old bool) token.Claims {
	now := h.World.Now()
	guest := 0
	if who.Guest || who.Delegated {
		guest = 1
	}
	c := token.Claims{
		Issuer: issuerV2(host, who.Tenant), Audience: app.ID.String(), Version: "2.0",
		Subject: pairwise(app.ID, who), Tenant: who.Tenant.String(), Object: who.Object.String(), Acct: &guest,
		IssuedAt: now.Unix(), NotBefore: now.Unix(), Expires: now.Add(h.tokenLife()).Unix(),
		AuthTime: s.session.authTime.Unix(), AMR: s.session.amr(), ACRS: s.acrs, Nonce: s.nonce,
		TokenID: newTokenID(now), Roles: t.RolesAt(app.ID, who.Object),
	}
	if old {
		c.Issuer, c.Version, c.UPN, c.UniqueName, c.Name = stsIssuer(who.Tenant), "1.0", who.UPN, who.UPN, who.Name
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
	if app.GroupClaims {
		h.nameGroups(&c, who.Groups, who)
		c.WIDs = texts(who.Roles)
	}
	return c
}

// userAccessToken lets the application act as the person.
func (h *Handler) userAccessToken(q *redemption, s session, who world.Identity, t world.Tenant, scopes []string) (token.Claims, error) {
	c := h.accessToken(q, who.Tenant, who.Object)
	guest := 0
	if who.Guest || who.Delegated {
		guest = 1
	}
	c.Subject, c.IDType, c.Acct = pairwise(q.demand.resource.ID, who), "user", &guest
	c.Name, c.WIDs = who.Name, texts(who.Roles)
	if c.Version == "1.0" {
		c.ACR, c.AMR, c.AuthTime, c.UPN, c.UniqueName = "1", s.amr(), s.authTime.Unix(), who.UPN, who.UPN
	} else {
		c.PreferredUsername = who.UPN
	}
	c.Scopes = strings.Join(scopes, " ")
	if q.demand.resource.ID == world.MicrosoftGraph {
		c.Scopes = strings.Join(slices.Compact(slices.Sorted(slices.Values(slices.Concat(scopes, q.demand.identityScopes())))), " ")
	}
	c.Roles = t.RolesAt(q.demand.resource.ID, who.Object)
	if s.mfa {
		c.ACRS = q.demand.contexts
	}
	if who.Home.Tenant != who.Tenant {
		c.IdentityProvider = stsIssuer(who.Home.Tenant)
	}
	h.nameGroups(&c, who.Groups, who)
	if !q.demand.resource.OfMicrosoft() {
		// The resource may want to go on in the person's name.
		var err error
		if c.Carried, err = h.sealSession(s); err != nil {
			return c, err
		}
	}
	return c, nil
}

// appAccessToken lets the application act as itself.
func (h *Handler) appAccessToken(q *redemption, sp world.ServicePrincipal, t world.Tenant) token.Claims {
	c := h.accessToken(q, sp.Tenant, sp.ID)
	c.Subject, c.IDType, c.AppDisplayName, c.IdentityProvider = sp.ID.String(), "app", q.client.Name, stsIssuer(sp.Tenant)
	c.Roles = t.RolesAt(q.demand.resource.ID, sp.ID)
	h.nameGroups(&c, t.GroupsOf(sp.ID), world.Identity{Tenant: sp.Tenant, Object: sp.ID})
	return c
}

// accessToken is what every access token says. Microsoft's own services get
// version 1.0 with the audience as it was asked for; other resources get what
// their registration says.
func (h *Handler) accessToken(q *redemption, tenant csp.TenantID, object csp.ObjectID) token.Claims {
	now := h.World.Now()
	c := token.Claims{
		Issuer: stsIssuer(tenant), Audience: q.demand.audience, Version: "1.0",
		Tenant: tenant.String(), Object: object.String(),
		IssuedAt: now.Unix(), NotBefore: now.Unix(), Expires: now.Add(h.tokenLife()).Unix(),
		TokenID: newTokenID(now),
	}
	if c.Audience == "" {
		c.Audience = graphResource
	}
	if q.demand.resource.TokenVersion == 2 {
		c.Version, c.Issuer, c.Audience = "2.0", issuerV2(q.r.Host, tenant), q.demand.resource.ID.String()
		if q.demand.resource.OfMicrosoft() {
			c.Audience = q.demand.audience
		}
		c.AZP, c.AZPACR = q.client.ID.String(), string(q.client.proof)
	} else {
		c.AppID, c.AppIDACR = q.client.ID.String(), string(q.client.proof)
	}
	if q.demand.cp1 {
		c.XMSCC = []string{"CP1"}
	}
	return c
}

// nameGroups writes the groups into the token or, if they are too many, where
// they can be asked for.
func (h *Handler) nameGroups(c *token.Claims, groups []csp.ObjectID, who world.Identity) {
	if len(groups) <= mostGroups {
		c.Groups = texts(groups)
		return
	}
	kind := "users"
	if who.Home == (world.Account{}) {
		kind = "servicePrincipals"
	}
	c.ClaimNames = map[string]string{"groups": "src1"}
	c.ClaimSources = map[string]token.ClaimSource{"src1": {Endpoint: "https://graph.windows.net/" + who.Tenant.String() + "/" + kind + "/" + who.Object.String() + "/getMemberObjects"}}
}

func texts[T csp.Named](ids []csp.ID[T]) []string {
	var list []string
	for _, id := range ids {
		list = append(list, id.String())
	}
	return list
}

func stsIssuer(tenant csp.TenantID) string { return "https://sts.windows.net/" + tenant.String() + "/" }

func issuerV2(host string, tenant csp.TenantID) string {
	return "https://" + host + "/" + tenant.String() + "/v2.0"
}

// pairwise is a subject that no two applications share.
func pairwise(client world.ClientID, who world.Identity) string {
	sum := sha256.Sum256(slices.Concat([]byte("subject"), client[:], who.Tenant[:], who.Object[:]))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

func newTokenID(at time.Time) string {
	return token.NewID(at, [16]byte(world.NewID[csp.Tenant]()))
}

// refresh is what a refresh token holds: the person and the client, bound to
// neither tenant nor resource. Scope is what was asked for with it, for clients
// that ask for nothing when they redeem it (RFC 6749, section 6).
type refresh struct {
	Tenant   csp.TenantID   `json:"t"`
	Object   csp.ObjectID   `json:"o"`
	Client   world.ClientID `json:"c"`
	AuthTime int64          `json:"a"`
	MFA      bool           `json:"m"`
	Issued   int64          `json:"i"`           // nanoseconds since 1970
	Until    int64          `json:"u,omitempty"` // the same; only of single-page applications
	Scope    string         `json:"s,omitempty"`
}

func (h *Handler) sealRefresh(client world.ClientID, s speaking, d demand) (string, error) {
	now := h.World.Now()
	if s.spa && s.until == 0 {
		s.until = now.Add(browserLife).UnixNano()
	}
	account := s.session.account
	plain, err := json.Marshal(refresh{account.Tenant, account.Object, client, s.session.authTime.Unix(), s.session.mfa, now.UnixNano(), s.until, d.words()})
	if err != nil {
		return "", err
	}
	return h.Key.Seal(plain)
}

// openRefresh gives the session a refresh token continues.
func (h *Handler) openRefresh(sealed string, client world.ClientID) (speaking, *problem) {
	plain, err := h.Key.Open(sealed)
	var r refresh
	if err != nil || json.Unmarshal(plain, &r) != nil || r.Client.IsZero() {
		return speaking{}, refuse(invalidGrant, 9002313, "Invalid request. The refresh token is malformed.")
	}
	if r.Client != client {
		return speaking{}, refuse(invalidGrant, 70000, "Provided grant is invalid or malformed: the refresh token was issued to another client.")
	}
	now, issued := h.World.Now(), time.Unix(0, r.Issued)
	switch {
	case r.Until != 0 && now.UnixNano() > r.Until:
		return speaking{}, refuse(invalidGrant, 700084, "The refresh token was issued to a single page app (SPA), and therefore has a fixed, limited lifetime of 1.00:00:00, which can't be extended. It is now expired and a new sign in request must be sent by the SPA to the sign in page.")
	case now.After(issued.Add(refreshLife)):
		return speaking{}, refuse(invalidGrant, 700082, "The refresh token has expired due to inactivity. The token was issued on %s and was inactive for 90.00:00:00.", issued.UTC().Format(time.RFC3339Nano))
	}
	s := speaking{session: session{account: world.Account{Tenant: r.Tenant, Object: r.Object}, authTime: time.Unix(r.AuthTime, 0), mfa: r.MFA}, spa: r.Until != 0, until: r.Until, asked: r.Scope}
	if u, ok := h.World.User(r.Tenant, r.Object); ok && issued.Before(u.ValidFrom) {
		return speaking{}, revokedProblem()
	}
	return s, nil
}

// sealSession is the session inside an access token for an application that may
// call on in the person's name: the emulator keeps no list of its tokens.
func (h *Handler) sealSession(s session) (string, error) {
	plain, err := json.Marshal(refresh{Tenant: s.account.Tenant, Object: s.account.Object, AuthTime: s.authTime.Unix(), MFA: s.mfa})
	if err != nil {
		return "", err
	}
	return h.Key.Seal(plain)
}

func (h *Handler) openSession(sealed string) (session, bool) {
	plain, err := h.Key.Open(sealed)
	var r refresh
	if err != nil || json.Unmarshal(plain, &r) != nil {
		return session{}, false
	}
	return session{account: world.Account{Tenant: r.Tenant, Object: r.Object}, authTime: time.Unix(r.AuthTime, 0), mfa: r.MFA}, true
}
