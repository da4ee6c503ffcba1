package entra

import (
	"crypto/subtle"
	"net/http"
	"net/url"

	"latchkey/csp"
	"latchkey/emulator/world"
)

// proof is how a client proved itself: what appidacr and azpacr say.
type proof string

const (
	noProof     proof = "0"
	secretProof proof = "1"
	keyProof    proof = "2"
)

// client is an application at the token endpoint.
type client struct {
	world.App
	proof proof
}

// client finds the application and checks what it proves itself with: a secret
// in the form or by HTTP Basic, or a signed assertion.
func (h *Handler) client(r *http.Request, at authority) (client, *problem) {
	form := r.PostForm
	name, secret, assertion := form.Get("client_id"), form.Get("client_secret"), form.Get("client_assertion")
	if user, password, ok := r.BasicAuth(); ok {
		// RFC 6749 has both parts form-encoded inside Basic.
		decodedUser, err1 := url.QueryUnescape(user)
		decodedPassword, err2 := url.QueryUnescape(password)
		if err1 != nil || err2 != nil {
			return client{}, badClient(7000215, "Invalid client secret provided.")
		}
		name, secret = decodedUser, decodedPassword
	}
	if name == "" && assertion != "" {
		name = subjectOf(assertion)
	}
	if name == "" {
		return client{}, missing("client_id")
	}
	app, p := h.app(name)
	if p != nil {
		return client{}, p
	}
	switch {
	case !app.Confidential() && (secret != "" || assertion != ""):
		return client{}, badClient(700025, "Client is public so neither 'client_assertion' nor 'client_secret' should be presented.")
	case assertion != "":
		return client{app, keyProof}, h.checkAssertion(r, at, app, form.Get("client_assertion_type"), assertion)
	case secret != "":
		return client{app, secretProof}, h.checkSecret(app, secret)
	case app.Confidential() && !(app.PublicFlows && publicFlow(form.Get("grant_type"))):
		return client{}, badClient(7000218, "The request body must contain the following parameter: 'client_assertion' or 'client_secret'.")
	}
	return client{app, noProof}, nil
}

// publicFlow says whether the grant is one that a client may use without proof
// where its registration allows public flows.
func publicFlow(grant string) bool {
	return grant == "password" || isDeviceGrant(grant) || grant == "refresh_token"
}

func (h *Handler) checkSecret(app world.App, given string) *problem {
	if app.Secret != "" && equal(app.Secret, given) {
		return nil
	}
	for _, s := range app.Secrets {
		if !equal(s.Value, given) {
			continue
		}
		if !s.Expires.IsZero() && !h.World.Now().Before(s.Expires) {
			return badClient(7000222, "The provided client secret keys for app '%s' are expired. Visit the Azure portal to create new keys for your app, or consider using certificate credentials for added security.", app.ID)
		}
		return nil
	}
	return badClient(7000215, "Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, not the client secret ID, for a secret added to app '%s'.", app.ID)
}

func equal(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }

func (h *Handler) app(name string) (world.App, *problem) {
	id, err := csp.ParseID[world.App](name)
	if err == nil {
		if app, ok := h.World.App(id); ok {
			return app, nil
		}
	}
	return world.App{}, refuse(unauthorizedClient, 700016, "Application with identifier '%s' was not found in the directory. You may have sent your authentication request to the wrong tenant.", clip(name))
}
