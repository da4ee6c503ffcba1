package entra

import (
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"latchkey/emulator/token"
)

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

func (h *Handler) discoverV2(w http.ResponseWriter, r *http.Request, at authority) {
	h.discover(w, r, at, "/v2.0", "https://"+r.Host+"/"+at.issuerSegment()+"/v2.0")
}

func (h *Handler) discoverV1(w http.ResponseWriter, r *http.Request, at authority) {
	issuer := "https://sts.windows.net/" + at.issuerSegment() + "/"
	if at.shared == adfs {
		issuer = "https://" + r.Host + "/" + adfs
	}
	h.discover(w, r, at, "", issuer)
}

// pageOrigin is where the pages are that people open.
func (h *Handler) pageOrigin(r *http.Request) string {
	if pages := h.BrowserOrigin(); pages != "" {
		return pages
	}
	return "https://" + r.Host
}

// discover builds every address from the host the client used, except those of
// the pages when they have an origin of their own.
func (h *Handler) discover(w http.ResponseWriter, r *http.Request, at authority, version, issuer string) {
	login, pages := "https://"+r.Host, h.pageOrigin(r)
	tenant := "/" + at.segment()
	writeJSON(w, http.StatusOK, document{
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

func (h *Handler) keys(w http.ResponseWriter, r *http.Request, at authority) {
	list, err := h.Key.Published(h.World.Now())
	if err != nil {
		h.fail(w, r, *serverError(err))
		return
	}
	for i := range list {
		list[i].Issuer = "https://" + r.Host + "/" + at.issuerSegment() + "/v2.0"
	}
	writeJSON(w, http.StatusOK, map[string][]token.PublicKey{"keys": list})
}

// microsoftHosts are the names under which clients know Microsoft's sign-in
// service; the first is the usual one.
var microsoftHosts = []string{"login.microsoftonline.com", "login.windows.net", "login.microsoft.com", "sts.windows.net"}

// hosts are the names under which this sign-in service is known.
func (h *Handler) hosts(r *http.Request) []string {
	list := append([]string{r.Host}, microsoftHosts...)
	if u, err := url.Parse(h.LoginOrigin()); err == nil && u.Host != "" {
		list = append(list, u.Host)
	}
	return list
}

// issuerHost is the host that issuers name, where a request came to the pages.
func (h *Handler) issuerHost(r *http.Request) string {
	if u, err := url.Parse(h.LoginOrigin()); err == nil && u.Host != "" && r.TLS == nil {
		return u.Host
	}
	return r.Host
}

// instance answers clients that ask whether a host is an authority at all, and
// where the documents of the tenant in their address are. Some clients lose the
// port of the host they ask for on the way, so it is not looked at.
func (h *Handler) instance(w http.ResponseWriter, r *http.Request, _ authority) {
	q := r.URL.Query()
	version := q.Get("api-version")
	if version == "" {
		version = "1.1"
	}
	asked, err := url.Parse(q.Get("authorization_endpoint"))
	if err != nil {
		h.fail(w, r, *refuse("invalid_instance", 50049, "Unknown or invalid instance."))
		return
	}
	host, ok := h.hostMeant(r, asked.Host)
	if !ok {
		h.fail(w, r, *refuse("invalid_instance", 50049, "Unknown or invalid instance: '%s' is neither a name of Microsoft's nor of this emulator's.", clip(asked.Host)))
		return
	}
	tenant, _, _ := strings.Cut(strings.TrimPrefix(asked.Path, "/"), "/")
	if tenant == "" {
		tenant = common
	}
	document := "/v2.0/.well-known/openid-configuration"
	if !strings.Contains(lower(asked.Path), "/v2.0/") && asked.Path != "" {
		document = "/.well-known/openid-configuration"
	}
	body := map[string]any{"tenant_discovery_endpoint": "https://" + host + "/" + url.PathEscape(tenant) + document, "api-version": version}
	if version != "1.0" {
		body["metadata"] = h.instances(r)
	}
	writeJSON(w, http.StatusOK, body)
}

// hostMeant finds the host whose tenant is asked for: with its port where that is
// this emulator's, and Microsoft's name where that was used.
func (h *Handler) hostMeant(r *http.Request, asked string) (string, bool) {
	if asked == "" {
		return r.Host, true
	}
	bare := withoutPort(asked)
	for _, known := range h.hosts(r) {
		if strings.EqualFold(asked, known) {
			return known, true
		}
	}
	own := ""
	if u, err := url.Parse(h.LoginOrigin()); err == nil {
		own = u.Host
	}
	for _, known := range []string{own, r.Host} {
		if known != "" && (strings.EqualFold(bare, withoutPort(known)) || (isLoopback(bare) && isLoopback(withoutPort(known)))) {
			return known, true
		}
	}
	return "", false
}

func withoutPort(host string) string {
	if bare, _, err := net.SplitHostPort(host); err == nil {
		return bare
	}
	return host
}

func isLoopback(host string) bool {
	ip := net.ParseIP(strings.Trim(host, "[]"))
	return host == "localhost" || (ip != nil && ip.IsLoopback())
}

type instanceEntry struct {
	Network string   `json:"preferred_network"`
	Cache   string   `json:"preferred_cache"`
	Aliases []string `json:"aliases"`
}

// instances are Microsoft's names, which mean one service, and the emulator's own.
func (h *Handler) instances(r *http.Request) []instanceEntry {
	list := []instanceEntry{{"login.microsoftonline.com", "login.windows.net", microsoftHosts}}
	for _, host := range h.hosts(r) {
		if !slices.Contains(microsoftHosts, host) {
			list = append(list, instanceEntry{host, host, []string{host}})
		}
	}
	return list
}

// userRealm says whether an account signs in here or at its own organisation.
func (h *Handler) userRealm(w http.ResponseWriter, r *http.Request, name string) {
	if asked := r.URL.Query().Get("user"); asked != "" && name == "" {
		name = asked
	}
	_, domain, _ := strings.Cut(name, "@")
	body := map[string]any{"ver": "1.0", "account_type": "Unknown", "cloud_instance_name": "microsoftonline.com", "cloud_audience_urn": "urn:federation:MicrosoftOnline"}
	if _, ok := h.World.TenantNamed(domain); ok {
		body["account_type"], body["domain_name"] = "Managed", domain
	}
	writeJSON(w, http.StatusOK, body)
}
