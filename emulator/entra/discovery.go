package entra

import (
	"net/http"

	"latchkey/emulator/token"
)

// document is the discovery document, as much of Microsoft's as is true here.
type document struct {
	Issuer                 string   `json:"issuer"`
	AuthorizationEndpoint  string   `json:"authorization_endpoint"`
	TokenEndpoint          string   `json:"token_endpoint"`
	EndSessionEndpoint     string   `json:"end_session_endpoint"`
	KeysURI                string   `json:"jwks_uri"`
	TokenAuthMethods       []string `json:"token_endpoint_auth_methods_supported"`
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
	h.discover(w, r, at, "", "https://sts.windows.net/"+at.issuerSegment()+"/")
}

// discover builds every address from the host the client used, except those of
// the pages when they have an origin of their own.
func (h *Handler) discover(w http.ResponseWriter, r *http.Request, at authority, version, issuer string) {
	login := "https://" + r.Host
	pages := h.BrowserOrigin()
	if pages == "" {
		pages = login
	}
	tenant := "/" + at.segment()
	writeJSON(w, http.StatusOK, document{
		Issuer:                issuer,
		AuthorizationEndpoint: pages + tenant + "/oauth2" + version + "/authorize",
		TokenEndpoint:         login + tenant + "/oauth2" + version + "/token",
		EndSessionEndpoint:    pages + tenant + "/oauth2" + version + "/logout",
		KeysURI:               login + tenant + "/discovery" + version + "/keys",
		TokenAuthMethods:      []string{"client_secret_post", "client_secret_basic"},
		ResponseTypes:         []string{"code"},
		ResponseModes:         []string{"query", "form_post"},
		SubjectTypes:          []string{"pairwise"},
		SigningAlgs:           []string{"RS256"},
		CodeChallengeMethods:  []string{"S256"},
		Scopes:                []string{"openid", "profile", "email", "offline_access"},
		Claims: []string{
			"sub", "iss", "aud", "exp", "iat", "nbf", "auth_time", "amr", "acrs", "acct", "nonce",
			"preferred_username", "name", "tid", "oid", "ver", "email",
		},
		HTTPLogout:        true,
		CloudInstanceName: "latchkey emulator", CloudGraphHost: r.Host, MicrosoftGraphHostName: r.Host,
	})
}

func (h *Handler) keys(w http.ResponseWriter, r *http.Request, at authority) {
	list, err := h.Key.Published(h.World.Now())
	if err != nil {
		h.fail(w, problem{status: http.StatusInternalServerError, code: "server_error", number: 90033, text: "the signing key could not be made"})
		return
	}
	for i := range list {
		list[i].Issuer = "https://" + r.Host + "/" + at.issuerSegment() + "/v2.0"
	}
	writeJSON(w, http.StatusOK, map[string][]token.PublicKey{"keys": list})
}

// instance answers clients that ask whether this host is an authority at all.
func (h *Handler) instance(w http.ResponseWriter, r *http.Request, _ authority) {
	writeJSON(w, http.StatusOK, map[string]any{
		"tenant_discovery_endpoint": "https://" + r.Host + "/common/v2.0/.well-known/openid-configuration",
		"api-version":               "1.1",
		"metadata":                  []map[string]any{{"preferred_network": r.Host, "preferred_cache": r.Host, "aliases": []string{r.Host}}},
	})
}
