// Package redeem is the token endpoint: every grant that a client can redeem
// there, and how it proves itself. A device's request begins here as well.
package redeem

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"latchkey/csp"
	"latchkey/emulator/entra/internal/aadsts"
	"latchkey/emulator/entra/internal/address"
	"latchkey/emulator/entra/internal/ask"
	"latchkey/emulator/entra/internal/assertion"
	"latchkey/emulator/entra/internal/box"
	"latchkey/emulator/entra/internal/demand"
	"latchkey/emulator/entra/internal/device"
	"latchkey/emulator/entra/internal/gate"
	"latchkey/emulator/entra/internal/issue"
	"latchkey/emulator/entra/internal/session"
	"latchkey/emulator/wire"
	"latchkey/emulator/world"
)

// Endpoint is the token endpoint of one sign-in service.
type Endpoint struct {
	World      *world.World
	Hosts      address.Hosts
	Demands    demand.Reader
	Assertions assertion.Checker
	Issuer     issue.Issuer
	// Codes are the authorization codes that can be redeemed.
	Codes   *box.Box[ask.Agreed]
	Devices *device.Requests
}

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

// Token is the token endpoint.
func (h *Endpoint) Token(w http.ResponseWriter, r *http.Request, at address.Authority) {
	got, p := h.grantToken(w, r, at)
	if p != nil {
		aadsts.Write(w, h.World.Now(), aadsts.Correlation(r), *p)
		return
	}
	if id := r.Header.Get("client-request-id"); id != "" && strings.EqualFold(r.Header.Get("return-client-request-id"), "true") {
		w.Header().Set("client-request-id", aadsts.Correlation(r))
	}
	w.Header().Set("x-ms-request-id", world.NewID[csp.Tenant]().String())
	w.Header().Set("Cache-Control", "no-store")
	wire.JSON(w, http.StatusOK, got)
}

// readForm reads a posted form of bounded size.
func readForm(w http.ResponseWriter, r *http.Request) *aadsts.Problem {
	if r.Method != http.MethodPost {
		p := aadsts.Refuse(aadsts.InvalidRequest, 900561, "The endpoint only accepts POST requests. Received a %s request.", wire.Clip(r.Method))
		p.Status = http.StatusMethodNotAllowed
		return p
	}
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	if err := r.ParseForm(); err != nil {
		return aadsts.Refuse(aadsts.InvalidRequest, 9002313, "Invalid request. Request is malformed or invalid.")
	}
	return nil
}

// redemption is one request at the token endpoint.
type redemption struct {
	r      *http.Request
	form   url.Values
	at     address.Authority
	client client
	demand demand.Demand
	// old is the endpoint of version 1.0, with its resource parameter.
	old bool
}

// order is what the redemption asks of the issuer.
func (q *redemption) order() issue.Order {
	return issue.Order{Host: q.r.Host, App: q.client.App, Proof: q.client.proof, Demand: q.demand, Old: q.old}
}

func (h *Endpoint) grantToken(w http.ResponseWriter, r *http.Request, at address.Authority) (*answer, *aadsts.Problem) {
	if p := readForm(w, r); p != nil {
		return nil, p
	}
	q := redemption{r: r, form: r.PostForm, at: at, old: !strings.Contains(strings.ToLower(r.URL.Path), "/v2.0/")}
	grant := q.form.Get("grant_type")
	if grant == "" {
		return nil, aadsts.Missing("grant_type")
	}
	if at.Shared == address.Consumers {
		return nil, &aadsts.Problem{Code: aadsts.UnauthorizedClient, Text: "The client does not exist or is not enabled for consumers. If you are the application developer, configure a new application through the App Registrations in the Azure Portal."}
	}
	var p *aadsts.Problem
	if q.client, p = h.client(r, at); p != nil {
		return nil, p
	}
	if q.demand, p = h.Demands.Form(q.form); p != nil {
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

func (h *Endpoint) redeem(grant string, q *redemption) (*answer, *aadsts.Problem) {
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
	return nil, aadsts.Refuse("unsupported_grant_type", 70003, "The app requested an unsupported grant type '%s'.", wire.Clip(grant))
}

func (a *answer) asVersion1(h *Endpoint, d demand.Demand) {
	seconds := fmt.Sprint(a.ExpiresIn)
	now := h.World.Now()
	a.Resource, a.ExpiresIn, a.ExtExpiresIn = d.Audience, seconds, seconds
	a.NotBefore, a.ExpiresOn = strconv.FormatInt(now.Unix(), 10), strconv.FormatInt(now.Add(h.Issuer.Life()).Unix(), 10)
}

// tokensFor makes the tokens of a person, if the tenant, its policy and the
// consents in it let it.
func (h *Endpoint) tokensFor(q *redemption, s session.Person) (*answer, *aadsts.Problem) {
	t, ok := h.World.Tenant(s.Into)
	if !ok {
		return nil, aadsts.Refuse(aadsts.InvalidRequest, 90002, "Tenant '%s' not found.", s.Into)
	}
	who, p := gate.Entry(h.World, s.Session.Account, t)
	if p != nil {
		return nil, p
	}
	if p := gate.MissingStep(s.Session, who, t, len(q.demand.Contexts) > 0 || q.demand.Policy); p != nil {
		return nil, p
	}
	scopes, p := gate.Permitted(q.client.App, who, t, q.demand)
	if p != nil {
		return nil, p
	}
	a, p := h.userAnswer(q, s, who, t, scopes)
	if p != nil {
		return nil, p
	}
	h.noteToken(q, world.Actor{Tenant: s.Into, Object: who.Object, Client: q.client.ID, Name: who.UPN})
	return a, nil
}

func (h *Endpoint) userAnswer(q *redemption, s session.Person, who world.Identity, t world.Tenant, scopes []string) (*answer, *aadsts.Problem) {
	seconds := int(h.Issuer.Life().Seconds())
	a := &answer{Type: "Bearer", Scope: q.demand.Spelled(scopes), ExpiresIn: seconds, ExtExpiresIn: seconds}
	claims, err := h.Issuer.ForUser(q.order(), s.Session, who, t, scopes)
	if err != nil {
		return nil, aadsts.ServerError(err)
	}
	var p *aadsts.Problem
	if a.AccessToken, p = h.Issuer.Sign(claims); p != nil {
		return nil, p
	}
	if q.demand.OpenID || q.old {
		if a.IDToken, p = h.Issuer.Sign(h.Issuer.IDToken(q.order(), s, who, t)); p != nil {
			return nil, p
		}
	}
	if q.demand.Offline {
		if a.RefreshToken, err = h.Issuer.Seals.Refresh(q.client.ID, s, q.demand.Words()); err != nil {
			return nil, aadsts.ServerError(err)
		}
	}
	if q.form.Get("client_info") == "1" {
		info := fmt.Sprintf(`{"uid":%q,"utid":%q}`, s.Session.Account.Object, s.Session.Account.Tenant)
		a.ClientInfo = base64.RawURLEncoding.EncodeToString([]byte(info))
	}
	return a, nil
}

func (h *Endpoint) noteToken(q *redemption, by world.Actor) {
	audience := q.demand.Audience
	if audience == "" {
		audience = demand.Graph
	}
	h.World.NoteToken(h.World.Acting(q.r.Context(), by), audience)
}
