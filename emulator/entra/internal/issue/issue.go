// Package issue makes tokens: what they say of whom.
package issue

import (
	"crypto/sha256"
	"encoding/base64"
	"slices"
	"strings"
	"time"

	"latchkey/csp"
	"latchkey/emulator/entra/internal/aadsts"
	"latchkey/emulator/entra/internal/demand"
	"latchkey/emulator/entra/internal/session"
	"latchkey/emulator/registry"
	"latchkey/emulator/token"
	"latchkey/emulator/world"
)

// mostGroups is how many groups a token names; with more it says where to ask.
const mostGroups = 200

// Proof is how a client proved itself: what appidacr and azpacr say.
type Proof string

// The proofs.
const (
	NoProof     Proof = "0"
	SecretProof Proof = "1"
	KeyProof    Proof = "2"
)

// Issuer makes the tokens of one sign-in service.
type Issuer struct {
	World *world.World
	Key   *token.Key
	// Life is how long tokens live.
	Life func() time.Duration
	// Seals close what the tokens of applications carry.
	Seals session.Seals
}

// Order is which tokens are to be made, and for which client.
type Order struct {
	Host   string // of the issuer
	App    registry.App
	Proof  Proof
	Demand demand.Demand
	// Old is version 1.0 of the endpoints.
	Old bool
}

// IDToken says who signed in, to the application that asked.
func (x Issuer) IDToken(o Order, s session.Person, who world.Identity, t world.Tenant) token.Claims {
	now := x.World.Now()
	guest := 0
	if who.Guest || who.Delegated {
		guest = 1
	}
	c := token.Claims{
		Issuer: issuerV2(o.Host, who.Tenant), Audience: o.App.ID.String(), Version: "2.0",
		Subject: pairwise(o.App.ID, who), Tenant: who.Tenant.String(), Object: who.Object.String(), Acct: &guest,
		IssuedAt: now.Unix(), NotBefore: now.Unix(), Expires: now.Add(x.Life()).Unix(),
		AuthTime: s.Session.AuthTime.Unix(), AMR: s.Session.AMR(), ACRS: s.ACRS, Nonce: s.Nonce,
		TokenID: newTokenID(now), Roles: t.RolesAt(o.App.ID, who.Object),
	}
	if o.Old {
		c.Issuer, c.Version, c.UPN, c.UniqueName, c.Name = STS(who.Tenant), "1.0", who.UPN, who.UPN, who.Name
	}
	if who.Home.Tenant != who.Tenant {
		c.IdentityProvider = STS(who.Home.Tenant)
	}
	if o.Demand.Profile {
		c.Name, c.PreferredUsername = who.Name, who.UPN
	}
	if o.Demand.Email {
		c.Email = who.Mail
	}
	if o.App.GroupClaims {
		x.nameGroups(&c, who.Groups, who)
		c.WIDs = texts(who.Roles)
	}
	return c
}

// ForUser lets the application act as the person.
func (x Issuer) ForUser(o Order, s session.Session, who world.Identity, t world.Tenant, scopes []string) (token.Claims, error) {
	c := x.accessToken(o, who.Tenant, who.Object)
	guest := 0
	if who.Guest || who.Delegated {
		guest = 1
	}
	c.Subject, c.IDType, c.Acct = pairwise(o.Demand.Resource.ID, who), "user", &guest
	c.Name, c.WIDs = who.Name, texts(who.Roles)
	if c.Version == "1.0" {
		c.ACR, c.AMR, c.AuthTime, c.UPN, c.UniqueName = "1", s.AMR(), s.AuthTime.Unix(), who.UPN, who.UPN
	} else {
		c.PreferredUsername = who.UPN
	}
	c.Scopes = strings.Join(scopes, " ")
	if o.Demand.Resource.ID == registry.MicrosoftGraph {
		c.Scopes = strings.Join(slices.Compact(slices.Sorted(slices.Values(slices.Concat(scopes, o.Demand.IdentityScopes())))), " ")
	}
	c.Roles = t.RolesAt(o.Demand.Resource.ID, who.Object)
	if s.MFA {
		c.ACRS = o.Demand.Contexts
	}
	if who.Home.Tenant != who.Tenant {
		c.IdentityProvider = STS(who.Home.Tenant)
	}
	x.nameGroups(&c, who.Groups, who)
	if !o.Demand.Resource.OfMicrosoft() {
		// The resource may want to go on in the person's name.
		var err error
		if c.Carried, err = x.Seals.Carry(s); err != nil {
			return c, err
		}
	}
	return c, nil
}

// ForApp lets the application act as itself.
func (x Issuer) ForApp(o Order, sp world.ServicePrincipal, t world.Tenant) token.Claims {
	c := x.accessToken(o, sp.Tenant, sp.ID)
	c.Subject, c.IDType, c.AppDisplayName, c.IdentityProvider = sp.ID.String(), "app", o.App.Name, STS(sp.Tenant)
	c.Roles = t.RolesAt(o.Demand.Resource.ID, sp.ID)
	x.nameGroups(&c, t.GroupsOf(sp.ID), world.Identity{Tenant: sp.Tenant, Object: sp.ID})
	return c
}

// accessToken is what every access token says. Microsoft's own services get
// version 1.0 with the audience as it was asked for; other resources get what
// their registration says.
func (x Issuer) accessToken(o Order, tenant csp.TenantID, object csp.ObjectID) token.Claims {
	now := x.World.Now()
	c := token.Claims{
		Issuer: STS(tenant), Audience: o.Demand.Audience, Version: "1.0",
		Tenant: tenant.String(), Object: object.String(),
		IssuedAt: now.Unix(), NotBefore: now.Unix(), Expires: now.Add(x.Life()).Unix(),
		TokenID: newTokenID(now),
	}
	if c.Audience == "" {
		c.Audience = demand.Graph
	}
	if o.Demand.Resource.TokenVersion == 2 {
		c.Version, c.Issuer, c.Audience = "2.0", issuerV2(o.Host, tenant), o.Demand.Resource.ID.String()
		if o.Demand.Resource.OfMicrosoft() {
			c.Audience = o.Demand.Audience
		}
		c.AZP, c.AZPACR = o.App.ID.String(), string(o.Proof)
	} else {
		c.AppID, c.AppIDACR = o.App.ID.String(), string(o.Proof)
	}
	if o.Demand.CP1 {
		c.XMSCC = []string{"CP1"}
	}
	return c
}

// nameGroups writes the groups into the token or, if they are too many, where
// they can be asked for.
func (x Issuer) nameGroups(c *token.Claims, groups []csp.ObjectID, who world.Identity) {
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

// STS is a tenant as issuer, by the endpoints of version 1.0.
func STS(tenant csp.TenantID) string { return "https://sts.windows.net/" + tenant.String() + "/" }

func issuerV2(host string, tenant csp.TenantID) string {
	return "https://" + host + "/" + tenant.String() + "/v2.0"
}

// pairwise is a subject that no two applications share.
func pairwise(client registry.ClientID, who world.Identity) string {
	sum := sha256.Sum256(slices.Concat([]byte("subject"), client[:], who.Tenant[:], who.Object[:]))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

func newTokenID(at time.Time) string {
	return token.NewID(at, [16]byte(world.NewID[csp.Tenant]()))
}

// Sign makes the token.
func (x Issuer) Sign(c token.Claims) (string, *aadsts.Problem) {
	raw, err := x.Key.Sign(c)
	if err != nil {
		return "", aadsts.ServerError(err)
	}
	return raw, nil
}
