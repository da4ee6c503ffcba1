// Package demand is what a client asks tokens for: the parameters scope, resource
// and claims.
package demand

import (
	"encoding/json"
	"net/url"
	"slices"
	"strings"

	"latchkey/emulator/entra/internal/aadsts"
	"latchkey/emulator/registry"
	"latchkey/emulator/wire"
	"latchkey/emulator/world"
)

// Graph is the resource that scopes without one mean.
const Graph = "00000003-0000-0000-c000-000000000000"

// Demand is what a client asks tokens for.
type Demand struct {
	Audience string       // as the client spelt it; empty when it asked for no resource
	Resource registry.App // what that names; Microsoft Graph when nothing was asked for
	Scopes   []string     // of the resource: ".default", "user_impersonation"
	OpenID   bool
	Profile  bool
	Email    bool
	Offline  bool
	CP1      bool // the client understands claims challenges
	// Contexts are authentication contexts to be satisfied for the access token.
	Contexts []string
	// Policy: the client comes back to satisfy a tenant's conditional access.
	Policy bool
}

// Words are the scope parameter of the demand.
func (d Demand) Words() string {
	var list []string
	for word, asked := range map[string]bool{"openid": d.OpenID, "profile": d.Profile, "email": d.Email, "offline_access": d.Offline} {
		if asked {
			list = append(list, word)
		}
	}
	for _, permission := range d.Scopes {
		list = append(list, d.Audience+"/"+permission)
	}
	slices.Sort(list)
	return strings.Join(list, " ")
}

// Reader reads parameters in the light of one world.
type Reader struct {
	World *world.World
	// ARM, Graph and PartnerCenter give resource names, besides Microsoft's own,
	// that mean the emulated services.
	ARM, Graph, PartnerCenter func() []string
}

// Scope takes a scope parameter apart. Exactly "/.default" is cut off, so
// that an audience ending in a slash keeps it.
func (rd Reader) Scope(scope string) (Demand, *aadsts.Problem) {
	d := Demand{}
	for s := range strings.FieldsSeq(scope) {
		switch s {
		case "openid":
			d.OpenID = true
			continue
		case "profile":
			d.Profile = true
			continue
		case "email":
			d.Email = true
			continue
		case "offline_access":
			d.Offline = true
			continue
		}
		audience, permission := Graph, s
		if cut := strings.LastIndexByte(s, '/'); cut >= 0 {
			audience, permission = s[:cut], s[cut+1:]
		}
		if permission == "" || audience == "" {
			return Demand{}, aadsts.Refuse(aadsts.InvalidScope, 70011, "The provided request must include a 'scope' input parameter. The provided value for the input parameter 'scope' is not valid. The scope %s is not valid.", wire.Clip(s))
		}
		if d.Audience != "" && d.Audience != audience {
			return Demand{}, aadsts.Refuse(aadsts.InvalidScope, 28000, "Provided value for the input parameter scope is not valid because it contains more than one resource. Scope %s is not valid.", wire.Clip(scope))
		}
		d.Audience = audience
		d.Scopes = append(d.Scopes, permission)
	}
	if slices.Contains(d.Scopes, ".default") && len(d.Scopes) > 1 {
		return Demand{}, aadsts.Refuse(aadsts.InvalidScope, 70011, "The provided value for the input parameter 'scope' is not valid. .default scope can't be combined with resource-specific scopes.")
	}
	if d.Audience == "" {
		d.Resource, _ = rd.World.App(registry.MicrosoftGraph)
		return d, nil
	}
	var known bool
	if d.Resource, known = rd.resource(d.Audience); !known {
		return Demand{}, aadsts.Refuse(aadsts.InvalidResource, 500011, "The resource principal named %s was not found in the tenant. This can happen if the application has not been installed by the administrator of the tenant or consented to by any user in the tenant.", wire.Clip(d.Audience))
	}
	return d, nil
}

// resource finds what an audience names: the emulated services by the addresses
// they are reached at, everything else by the world's registrations.
func (rd Reader) resource(audience string) (registry.App, bool) {
	bare := strings.TrimSuffix(audience, "/")
	for _, own := range []struct {
		names func() []string
		id    registry.ClientID
	}{
		{rd.ARM, registry.AzureManagement}, {rd.Graph, registry.MicrosoftGraph}, {rd.PartnerCenter, registry.PartnerCenter},
	} {
		if own.names != nil && slices.Contains(own.names(), bare) {
			return rd.World.App(own.id)
		}
	}
	return rd.World.Resource(audience)
}

// Form reads scope, or resource in version 1.0, and the claims parameter.
func (rd Reader) Form(form url.Values) (Demand, *aadsts.Problem) {
	scope := form.Get("scope")
	if resource := form.Get("resource"); resource != "" && !strings.Contains(resource, " ") {
		scope = OpenIDOnly(scope) + " " + resource + "/.default"
	}
	d, p := rd.Scope(scope)
	if p != nil {
		return d, p
	}
	asked, p := ReadClaims(form.Get("claims"))
	if p != nil {
		return d, p
	}
	d.Take(asked)
	return d, nil
}

// OpenIDOnly keeps of a scope parameter what is no permission of a resource.
func OpenIDOnly(scope string) string {
	fields := slices.DeleteFunc(strings.Fields(scope), func(s string) bool {
		return !slices.Contains([]string{"openid", "profile", "email", "offline_access"}, s)
	})
	return strings.Join(fields, " ")
}

// Take adds what the claims parameter asks of the access token.
func (d *Demand) Take(asked Claims) {
	d.CP1 = slices.Contains(asked.AccessToken.XMSCC.Values, "CP1") || slices.Contains(asked.AccessToken.XMSCC.Values, "cp1")
	d.Contexts = asked.AccessToken.ACRS.All()
	d.Policy = len(asked.AccessToken.Policies.All()) > 0
}

// Claims is the part of the claims parameter that is looked at.
type Claims struct {
	AccessToken struct {
		XMSCC    requestedClaim `json:"xms_cc"`
		ACRS     requestedClaim `json:"acrs"`
		Policies requestedClaim `json:"capolids"`
	} `json:"access_token"`
	IDToken struct {
		ACRS requestedClaim `json:"acrs"`
	} `json:"id_token"`
}

type requestedClaim struct {
	Value  string   `json:"value"`
	Values []string `json:"values"`
}

// All are the values asked for.
func (c requestedClaim) All() []string {
	if c.Value != "" {
		return append([]string{c.Value}, c.Values...)
	}
	return c.Values
}

// ReadClaims reads the claims parameter.
func ReadClaims(text string) (Claims, *aadsts.Problem) {
	var c Claims
	if text == "" {
		return c, nil
	}
	if err := json.Unmarshal([]byte(text), &c); err != nil {
		return c, aadsts.Refuse(aadsts.InvalidRequest, 1400000, "The claims parameter is not the JSON it should be.")
	}
	return c, nil
}

// Spelled lists what was granted, as the client spells the resource, with
// what it asked for.
func (d Demand) Spelled(granted []string) string {
	var list []string
	for _, s := range slices.Concat(granted, d.Scopes) {
		spelled := s
		if d.Audience != "" && !slices.Contains([]string{"openid", "profile", "email"}, s) {
			spelled = d.Audience + "/" + s
		}
		if d.Audience == Graph {
			spelled = s
		}
		if !slices.Contains(list, spelled) {
			list = append(list, spelled)
		}
	}
	for _, s := range d.IdentityScopes() {
		if !slices.Contains(list, s) {
			list = append(list, s)
		}
	}
	if d.Offline {
		list = append(list, "offline_access")
	}
	return strings.Join(list, " ")
}

// IdentityScopes are those asked for that show who the person is.
func (d Demand) IdentityScopes() []string {
	var list []string
	for _, one := range []struct {
		asked bool
		name  string
	}{{d.OpenID, "openid"}, {d.Profile, "profile"}, {d.Email, "email"}} {
		if one.asked {
			list = append(list, one.name)
		}
	}
	return list
}

// Everything says whether the demand is for everything that was consented to.
func (d Demand) Everything() bool { return len(d.Scopes) == 1 && d.Scopes[0] == ".default" }
