// Package discovery serves the documents by which clients find the sign-in
// service's endpoints, keys and names.
package discovery

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"latchkey/emulator/entra/internal/aadsts"
	"latchkey/emulator/entra/internal/address"
	"latchkey/emulator/token"
	"latchkey/emulator/wire"
	"latchkey/emulator/world"
)

// Documents are the documents of one sign-in service.
type Documents struct {
	World *world.World
	Key   *token.Key
	Hosts address.Hosts
}

// document is the discovery document, as much of Microsoft's as is true here.
type document struct {
	Issuer                 string   `json:"issuer"`
	AuthorizationEndpoint  string   `json:"authorization_endpoint"`
	TokenEndpoint          string   `json:"token_endpoint"`
	DeviceEndpoint         string   `json:"device_authorization_endpoint"`
	EndSessionEndpoint     string   `json:"end_session_endpoint"`
	KeysURI                string   `json:"jwks_uri"`
	TokenAuthMethods       []string `json:"token_endpoint_auth_methods_supported"`
	TokenAuthAlgs          []string `json:"token_endpoint_auth_signing_alg_values_supported"`
	ResponseTypes          []string `json:"response_types_supported"`
	ResponseModes          []string `json:"response_modes_supported"`
	SubjectTypes           []string `json:"subject_types_supported"`
	SigningAlgs            []string `json:"id_token_signing_alg_values_supported"`
	CodeChallengeMethods   []string `json:"code_challenge_methods_supported"`
	Scopes                 []string `json:"scopes_supported"`
	Claims                 []string `json:"claims_supported"`
	RequestURIParameter    bool     `json:"request_uri_parameter_supported"`
	HTTPLogout             bool     `json:"http_logout_supported"`
	TenantRegionScope      *string  `json:"tenant_region_scope"`
	CloudInstanceName      string   `json:"cloud_instance_name"`
	CloudGraphHost         string   `json:"cloud_graph_host_name"`
	MicrosoftGraphHostName string   `json:"msgraph_host"`
}

// V2 is the discovery document of the endpoints of version 2.0.
func (d Documents) V2(w http.ResponseWriter, r *http.Request, at address.Authority) {
	d.discover(w, r, at, "/v2.0", "https://"+r.Host+"/"+at.IssuerSegment()+"/v2.0")
}

// V1 is the discovery document of the endpoints of version 1.0.
func (d Documents) V1(w http.ResponseWriter, r *http.Request, at address.Authority) {
	issuer := "https://sts.windows.net/" + at.IssuerSegment() + "/"
	if at.Shared == address.ADFS {
		issuer = "https://" + r.Host + "/" + address.ADFS
	}
	d.discover(w, r, at, "", issuer)
}

// discover builds every address from the host the client used, except those of
// the pages when they have an origin of their own.
func (d Documents) discover(w http.ResponseWriter, r *http.Request, at address.Authority, version, issuer string) {
	login, pages := "https://"+r.Host, d.Hosts.PageOrigin(r)
	tenant := "/" + at.Segment()
	wire.JSON(w, http.StatusOK, document{
		Issuer:                issuer,
		AuthorizationEndpoint: pages + tenant + "/oauth2" + version + "/authorize",
		TokenEndpoint:         login + tenant + "/oauth2" + version + "/token",
		DeviceEndpoint:        login + tenant + "/oauth2" + version + "/devicecode",
		EndSessionEndpoint:    pages + tenant + "/oauth2" + version + "/logout",
		KeysURI:               login + tenant + "/discovery" + version + "/keys",
		TokenAuthMethods:      []string{"client_secret_post", "private_key_jwt", "client_secret_basic"},
		TokenAuthAlgs:         []string{"RS256", "PS256"},
		ResponseTypes:         []string{"code", "id_token", "code id_token"},
		ResponseModes:         []string{"query", "fragment", "form_post"},
		SubjectTypes:          []string{"pairwise"},
		SigningAlgs:           []string{"RS256"},
		CodeChallengeMethods:  []string{"plain", "S256"},
		Scopes:                []string{"openid", "profile", "email", "offline_access"},
		Claims: []string{
			"sub", "iss", "aud", "exp", "iat", "nbf", "auth_time", "amr", "acrs", "acct", "nonce", "c_hash",
			"preferred_username", "name", "tid", "oid", "ver", "email",
		},
		HTTPLogout:        true,
		CloudInstanceName: "latchkey emulator", CloudGraphHost: r.Host, MicrosoftGraphHostName: r.Host,
	})
}

// Keys are those that tokens are signed with.
func (d Documents) Keys(w http.ResponseWriter, r *http.Request, at address.Authority) {
	list, err := d.Key.Published(d.World.Now())
	if err != nil {
		aadsts.Write(w, d.World.Now(), aadsts.Correlation(r), *aadsts.ServerError(err))
		return
	}
	for i := range list {
		list[i].Issuer = "https://" + r.Host + "/" + at.IssuerSegment() + "/v2.0"
	}
	wire.JSON(w, http.StatusOK, map[string][]token.PublicKey{"keys": list})
}

// Instance answers clients that ask whether a host is an authority at all, and
// where the documents of the tenant in their address are. Some clients lose the
// port of the host they ask for on the way, so it is not looked at.
func (d Documents) Instance(w http.ResponseWriter, r *http.Request, _ address.Authority) {
	q := r.URL.Query()
	version := q.Get("api-version")
	if version == "" {
		version = "1.1"
	}
	asked, err := url.Parse(q.Get("authorization_endpoint"))
	if err != nil {
		aadsts.Write(w, d.World.Now(), aadsts.Correlation(r), *aadsts.Refuse("invalid_instance", 50049, "Unknown or invalid instance."))
		return
	}
	host, ok := d.Hosts.Meant(r, asked.Host)
	if !ok {
		aadsts.Write(w, d.World.Now(), aadsts.Correlation(r), *aadsts.Refuse("invalid_instance", 50049, "Unknown or invalid instance: '%s' is neither a name of Microsoft's nor of this emulator's.", wire.Clip(asked.Host)))
		return
	}
	tenant, _, _ := strings.Cut(strings.TrimPrefix(asked.Path, "/"), "/")
	if tenant == "" {
		tenant = address.Common
	}
	document := "/v2.0/.well-known/openid-configuration"
	if !strings.Contains(strings.ToLower(asked.Path), "/v2.0/") && asked.Path != "" {
		document = "/.well-known/openid-configuration"
	}
	body := map[string]any{"tenant_discovery_endpoint": "https://" + host + "/" + url.PathEscape(tenant) + document, "api-version": version}
	if version != "1.0" {
		body["metadata"] = d.instances(r)
	}
	wire.JSON(w, http.StatusOK, body)
}

type instanceEntry struct {
	Network string   `json:"preferred_network"`
	Cache   string   `json:"preferred_cache"`
	Aliases []string `json:"aliases"`
}

// instances are Microsoft's names, which mean one service, and the emulator's own.
func (d Documents) instances(r *http.Request) []instanceEntry {
	list := []instanceEntry{{"login.microsoftonline.com", "login.windows.net", address.Microsoft}}
	for _, host := range d.Hosts.All(r) {
		if !slices.Contains(address.Microsoft, host) {
			list = append(list, instanceEntry{host, host, []string{host}})
		}
	}
	return list
}

// UserRealm says whether an account signs in here or at its own organisation.
func (d Documents) UserRealm(w http.ResponseWriter, r *http.Request, name string) {
	if asked := r.URL.Query().Get("user"); asked != "" && name == "" {
		name = asked
	}
	_, domain, _ := strings.Cut(name, "@")
	body := map[string]any{"ver": "1.0", "account_type": "Unknown", "cloud_instance_name": "microsoftonline.com", "cloud_audience_urn": "urn:federation:MicrosoftOnline"}
	if _, ok := d.World.TenantNamed(domain); ok {
		body["account_type"], body["domain_name"] = "Managed", domain
	}
	wire.JSON(w, http.StatusOK, body)
}
