package entra

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"latchkey/csp"
	"latchkey/emulator/token"
	"latchkey/emulator/world"
)

// maxForm is far above any form a client sends.
const maxForm = 256 << 10

// answer is a successful token response; version 1.0 prints its numbers as strings.
type answer struct {
	Type         string `json:"token_type"`
	Scope        string `json:"scope,omitempty"`
	Resource     string `json:"resource,omitempty"`
	ExpiresIn    any    `json:"expires_in"`
	ExtExpiresIn any    `json:"ext_expires_in"`
	ExpiresOn    string `json:"expires_on,omitempty"`
	NotBefore    string `json:"not_before,omitempty"`
	AccessToken  string `json:"access_token"`
	RefreshToken string `json:"refresh_token,omitempty"`
	IDToken      string `json:"id_token,omitempty"`
	ClientInfo   string `json:"client_info,omitempty"`
}

// The grant types of the token endpoint. A device code comes under two names.
const (
	grantClient      = "client_credentials"
	grantCode        = "authorization_code"
	grantRefresh     = "refresh_token"
	grantPassword    = "password"
	grantBehalf      = "urn:ietf:params:oauth:grant-type:jwt-bearer"
	grantDevice      = "urn:ietf:params:oauth:grant-type:device_code"
	grantDeviceShort = "device_code"
)

func isDeviceGrant(grant string) bool { return grant == grantDevice || grant == grantDeviceShort }

// token is the token endpoint.
func (h *Handler) token(w http.ResponseWriter, r *http.Request, at authority) {
	got, p := h.grantToken(w, r, at)
	if p != nil {
		h.fail(w, r, *p)
		return
	}
	if id := r.Header.Get("client-request-id"); id != "" && strings.EqualFold(r.Header.Get("return-client-request-id"), "true") {
		w.Header().Set("client-request-id", correlation(r))
	}
	w.Header().Set("x-ms-request-id", world.NewID[csp.Tenant]().String())
	w.Header().Set("Cache-Control", "no-store")
	writeJSON(w, http.StatusOK, got)
}

// readForm reads a posted form of bounded size.
func readForm(w http.ResponseWriter, r *http.Request) *problem {
	if r.Method != http.MethodPost {
		p := refuse(invalidRequest, 900561, "The endpoint only accepts POST requests. Received a %s request.", clip(r.Method))
		p.status = http.StatusMethodNotAllowed
		return p
	}
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	if err := r.ParseForm(); err != nil {
		return refuse(invalidRequest, 9002313, "Invalid request. Request is malformed or invalid.")
	}
	return nil
}

// redemption is one request at the token endpoint.
type redemption struct {
	r      *http.Request
	form   url.Values
	at     authority
	client client
	demand demand
	// old is the endpoint of version 1.0, with its resource parameter.
	old bool
}

func (h *Handler) grantToken(w http.ResponseWriter, r *http.Request, at authority) (*answer, *problem) {
	if p := readForm(w, r); p != nil {
		return nil, p
	}
	q := redemption{r: r, form: r.PostForm, at: at, old: !strings.Contains(lower(r.URL.Path), "/v2.0/")}
	grant := q.form.Get("grant_type")
	if grant == "" {
		return nil, missing("grant_type")
	}
	if at.shared == consumers {
		return nil, &problem{code: unauthorizedClient, text: "The client does not exist or is not enabled for consumers. If you are the application developer, configure a new application through the App Registrations in the Azure Portal."}
	}
	var p *problem
	if q.client, p = h.client(r, at); p != nil {
		return nil, p
	}
	if q.demand, p = h.demanded(q.form); p != nil {
		return nil, p
	}
	got, p := h.redeem(grant, &q)
	if p != nil {
		return nil, p
	}
	if q.old {
		got.asVersion1(h, q.demand)
	}
	return got, nil
}

func (h *Handler) redeem(grant string, q *redemption) (*answer, *problem) {
	switch {
	case grant == grantClient:
		return h.clientCredentials(q)
	case grant == grantCode:
		return h.redeemCode(q)
	case grant == grantRefresh:
		return h.redeemRefresh(q)
	case grant == grantPassword:
		return h.redeemPassword(q)
	case grant == grantBehalf:
		return h.redeemAssertion(q)
	case isDeviceGrant(grant):
		return h.redeemDevice(q)
	}
	return nil, refuse("unsupported_grant_type", 70003, "The app requested an unsupported grant type '%s'.", clip(grant))
}

func (a *answer) asVersion1(h *Handler, d demand) {
	seconds := fmt.Sprint(a.ExpiresIn)
	now := h.World.Now()
	a.Resource, a.ExpiresIn, a.ExtExpiresIn = d.audience, seconds, seconds
	a.NotBefore, a.ExpiresOn = strconv.FormatInt(now.Unix(), 10), strconv.FormatInt(now.Add(h.tokenLife()).Unix(), 10)
}

// demand is what a client asks tokens for.
type demand struct {
	audience string    // as the client spelt it; empty when it asked for no resource
	resource world.App // what that names; Microsoft Graph when nothing was asked for
	scopes   []string  // of the resource: ".default", "user_impersonation"
	openID   bool
	profile  bool
	email    bool
	offline  bool
	cp1      bool // the client understands claims challenges
	// contexts are authentication contexts to be satisfied for the access token.
	contexts []string
	// policy: the client comes back to satisfy a tenant's conditional access.
	policy bool
}

// words are the scope parameter of the demand.
func (d demand) words() string {
	var list []string
	for word, asked := range map[string]bool{"openid": d.openID, "profile": d.profile, "email": d.email, "offline_access": d.offline} {
		if asked {
			list = append(list, word)
		}
	}
	for _, permission := range d.scopes {
		list = append(list, d.audience+"/"+permission)
	}
	slices.Sort(list)
	return strings.Join(list, " ")
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
		if permission == "" || audience == "" {
			return demand{}, refuse(invalidScope, 70011, "The provided request must include a 'scope' input parameter. The provided value for the input parameter 'scope' is not valid. The scope %s is not valid.", clip(s))
		}
		if d.audience != "" && d.audience != audience {
			return demand{}, refuse(invalidScope, 28000, "Provided value for the input parameter scope is not valid because it contains more than one resource. Scope %s is not valid.", clip(scope))
		}
		d.audience = audience
		d.scopes = append(d.scopes, permission)
	}
	if slices.Contains(d.scopes, ".default") && len(d.scopes) > 1 {
		return demand{}, refuse(invalidScope, 70011, "The provided value for the input parameter 'scope' is not valid. .default scope can't be combined with resource-specific scopes.")
	}
	if d.audience == "" {
		d.resource, _ = h.World.App(world.MicrosoftGraph)
		return d, nil
	}
	var known bool
	if d.resource, known = h.resource(d.audience); !known {
		return demand{}, refuse(invalidResource, 500011, "The resource principal named %s was not found in the tenant. This can happen if the application has not been installed by the administrator of the tenant or consented to by any user in the tenant.", clip(d.audience))
	}
	return d, nil
}

// resource finds what an audience names: the emulated services by the addresses
// they are reached at, everything else by the world's registrations.
func (h *Handler) resource(audience string) (world.App, bool) {
	bare := strings.TrimSuffix(audience, "/")
	for _, own := range []struct {
		names func() []string
		id    world.ClientID
	}{
		{h.ARMAudiences, world.AzureManagement}, {h.GraphAudiences, world.MicrosoftGraph}, {h.PartnerCenterAudiences, world.PartnerCenter},
	} {
		if own.names != nil && slices.Contains(own.names(), bare) {
			return h.World.App(own.id)
		}
	}
	return h.World.Resource(audience)
}

// demanded reads scope, or resource in version 1.0, and the claims parameter.
func (h *Handler) demanded(form url.Values) (demand, *problem) {
	scope := form.Get("scope")
	if resource := form.Get("resource"); resource != "" && !strings.Contains(resource, " ") {
		scope = oidcOnly(scope) + " " + resource + "/.default"
	}
	d, p := h.readScope(scope)
	if p != nil {
		return d, p
	}
	asked, p := readClaims(form.Get("claims"))
	if p != nil {
		return d, p
	}
	d.take(asked)
	return d, nil
}

// oidcOnly keeps of a scope parameter what is no permission of a resource.
func oidcOnly(scope string) string {
	fields := slices.DeleteFunc(strings.Fields(scope), func(s string) bool {
		return !slices.Contains([]string{"openid", "profile", "email", "offline_access"}, s)
	})
	return strings.Join(fields, " ")
}

func (d *demand) take(asked claimsParameter) {
	d.cp1 = slices.Contains(asked.AccessToken.XMSCC.Values, "CP1") || slices.Contains(asked.AccessToken.XMSCC.Values, "cp1")
	d.contexts = asked.AccessToken.ACRS.all()
	d.policy = len(asked.AccessToken.Policies.all()) > 0
}

// claimsParameter is the part of the claims parameter that is looked at.
type claimsParameter struct {
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

func (c requestedClaim) all() []string {
	if c.Value != "" {
		return append([]string{c.Value}, c.Values...)
	}
	return c.Values
}

func readClaims(text string) (claimsParameter, *problem) {
	var c claimsParameter
	if text == "" {
		return c, nil
	}
	if err := json.Unmarshal([]byte(text), &c); err != nil {
		return c, refuse(invalidRequest, 1400000, "The claims parameter is not the JSON it should be.")
	}
	return c, nil
}

// speaking is a person whose tokens are to be made for one tenant.
type speaking struct {
	session session
	into    csp.TenantID
	nonce   string
	acrs    []string
	spa     bool // the session began in a single-page application
	until   int64
	// asked is the scope that a refresh token was given for.
	asked string
}

// tokensFor makes the tokens of a person, if the tenant, its policy and the
// consents in it let it.
func (h *Handler) tokensFor(q *redemption, s speaking) (*answer, *problem) {
	t, ok := h.World.Tenant(s.into)
	if !ok {
		return nil, refuse(invalidRequest, 90002, "Tenant '%s' not found.", s.into)
	}
	who, p := h.entry(s.session.account, t)
	if p != nil {
		return nil, p
	}
	if p := missingStep(s.session, who, t, len(q.demand.contexts) > 0 || q.demand.policy); p != nil {
		return nil, p
	}
	scopes, p := h.permitted(q.client.App, who, t, q.demand)
	if p != nil {
		return nil, p
	}
	a, p := h.userAnswer(q, s, who, t, scopes)
	if p != nil {
		return nil, p
	}
	h.noteToken(q, world.Actor{Tenant: s.into, Object: who.Object, Client: q.client.ID, Name: who.UPN})
	return a, nil
}

func (h *Handler) userAnswer(q *redemption, s speaking, who world.Identity, t world.Tenant, scopes []string) (*answer, *problem) {
	seconds := int(h.tokenLife().Seconds())
	a := &answer{Type: "Bearer", Scope: spelledScope(q.demand, scopes), ExpiresIn: seconds, ExtExpiresIn: seconds}
	claims, err := h.userAccessToken(q, s.session, who, t, scopes)
	if err != nil {
		return nil, serverError(err)
	}
	var p *problem
	if a.AccessToken, p = h.sign(claims); p != nil {
		return nil, p
	}
	if q.demand.openID || q.old {
		if a.IDToken, p = h.sign(h.idToken(q.r.Host, q.client.App, s, who, t, q.demand, q.old)); p != nil {
			return nil, p
		}
	}
	if q.demand.offline {
		if a.RefreshToken, err = h.sealRefresh(q.client.ID, s, q.demand); err != nil {
			return nil, serverError(err)
		}
	}
	if q.form.Get("client_info") == "1" {
		info := fmt.Sprintf(`{"uid":%q,"utid":%q}`, s.session.account.Object, s.session.account.Tenant)
		a.ClientInfo = base64.RawURLEncoding.EncodeToString([]byte(info))
	}
	return a, nil
}

// spelledScope lists what was granted, as the client spells the resource, with
// what it asked for.
func spelledScope(d demand, granted []string) string {
	var list []string
	for _, s := range slices.Concat(granted, d.scopes) {
		spelled := s
		if d.audience != "" && !slices.Contains([]string{"openid", "profile", "email"}, s) {
			spelled = d.audience + "/" + s
		}
		if d.audience == graphResource {
			spelled = s
		}
		if !slices.Contains(list, spelled) {
			list = append(list, spelled)
		}
	}
	for _, s := range d.identityScopes() {
		if !slices.Contains(list, s) {
			list = append(list, s)
		}
	}
	if d.offline {
		list = append(list, "offline_access")
	}
	return strings.Join(list, " ")
}

// identityScopes are those asked for that show who the person is.
func (d demand) identityScopes() []string {
	var list []string
	for _, one := range []struct {
		asked bool
		name  string
	}{{d.openID, "openid"}, {d.profile, "profile"}, {d.email, "email"}} {
		if one.asked {
			list = append(list, one.name)
		}
	}
	return list
}

func (h *Handler) noteToken(q *redemption, by world.Actor) {
	audience := q.demand.audience
	if audience == "" {
		audience = graphResource
	}
	h.World.NoteToken(h.World.Acting(q.r.Context(), by), audience)
}

func (h *Handler) sign(c token.Claims) (string, *problem) {
	raw, err := h.Key.Sign(c)
	if err != nil {
		return "", serverError(err)
	}
	return raw, nil
}
