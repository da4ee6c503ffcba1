package redeem

import (
	"crypto/subtle"
	"net/http"
	"net/url"

	"latchkey/emulator/entra/internal/aadsts"
	"latchkey/emulator/entra/internal/address"
	"latchkey/emulator/entra/internal/assertion"
	"latchkey/emulator/entra/internal/gate"
	"latchkey/emulator/entra/internal/issue"
	"latchkey/emulator/registry"
)

// client is an application at the token endpoint.
type client struct {
	registry.App
	proof issue.Proof
}

// client finds the application and checks what it proves itself with: a secret
// in the form or by HTTP Basic, or a signed assertion.
func (h *Endpoint) client(r *http.Request, at address.Authority) (client, *aadsts.Problem) {
	form := r.PostForm
	name, secret, signed := form.Get("client_id"), form.Get("client_secret"), form.Get("client_assertion")
	if user, password, ok := r.BasicAuth(); ok {
		// RFC 6749 has both parts form-encoded inside Basic.
		decodedUser, err1 := url.QueryUnescape(user)
		decodedPassword, err2 := url.QueryUnescape(password)
		if err1 != nil || err2 != nil {
			return client{}, aadsts.BadClient(7000215, "Invalid client secret provided.")
		}
		name, secret = decodedUser, decodedPassword
	}
	if name == "" && signed != "" {
		name = assertion.SubjectOf(signed)
	}
	if name == "" {
		return client{}, aadsts.Missing("client_id")
	}
	app, p := gate.App(h.World, name)
	if p != nil {
		return client{}, p
	}
	switch {
	case !app.Confidential() && (secret != "" || signed != ""):
		return client{}, aadsts.BadClient(700025, "Client is public so neither 'client_assertion' nor 'client_secret' should be presented.")
	case signed != "":
		return client{app, issue.KeyProof}, h.Assertions.Check(r, at, app, form.Get("client_assertion_type"), signed)
	case secret != "":
		return client{app, issue.SecretProof}, h.checkSecret(app, secret)
	case app.Confidential() && !(app.PublicFlows && publicFlow(form.Get("grant_type"))):
		return client{}, aadsts.BadClient(7000218, "The request body must contain the following parameter: 'client_assertion' or 'client_secret'.")
	}
	return client{app, issue.NoProof}, nil
}

// publicFlow says whether the grant is one that a client may use without proof
// where its registration allows public flows.
func publicFlow(grant string) bool {
	return grant == "password" || isDeviceGrant(grant) || grant == "refresh_token"
}

func (h *Endpoint) checkSecret(app registry.App, given string) *aadsts.Problem {
	if app.Secret != "" && equal(app.Secret, given) {
		return nil
	}
	for _, s := range app.Secrets {
		if !equal(s.Value, given) {
			continue
		}
		if !s.Expires.IsZero() && !h.World.Now().Before(s.Expires) {
			return aadsts.BadClient(7000222, "The provided client secret keys for app '%s' are expired. Visit the Azure portal to create new keys for your app, or consider using certificate credentials for added security.", app.ID)
		}
		return nil
	}
	return aadsts.BadClient(7000215, "Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, not the client secret ID, for a secret added to app '%s'.", app.ID)
}

func equal(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }
