// Package pages is what people see of the sign-in service.
package pages

import (
	"embed"
	"html/template"
	"net/http"
	"net/url"

	"latchkey/emulator/entra/internal/aadsts"
	"latchkey/emulator/page"
	"latchkey/emulator/world"
)

//go:embed page
var files embed.FS

// StylePath is where the pages look for their style sheet.
const StylePath = "/emulator.css"

// Pages are the sign-in service's pages. Each is for a client: the origin of its
// redirect URI, if it has one, is where the page's forms may lead in the end.
type Pages struct{ *page.Set }

// Load reads the pages. It fails only if they are broken.
func Load() (Pages, error) {
	set, err := page.Load(files, "emulator.css")
	return Pages{set}, err
}

// Account is one line of the account picker.
type Account struct {
	Name, UPN          string
	Guest, MFA, Hinted bool
}

// Picker is what the account picker shows.
type Picker struct {
	App, Tenant, Message, Hint string
	Current, CurrentName       string
	Easy, More                 bool
	Accounts                   []Account
}

type passwordView struct{ App, Name, UPN, Message string }

type confirmView struct{ App, Name, UPN, Pending string }

type deviceView struct{ Message string }

// Permission is one line of the consent page.
type Permission struct{ Resource, Name string }

// Consent is what the consent page shows.
type Consent struct {
	App, Publisher, Tenant, UPN string
	Permissions                 []Permission
	// ForAll offers consent for the whole tenant, OnlyForAll nothing else.
	ForAll, OnlyForAll bool
}

type postView struct {
	App    string
	Target template.URL
	Fields []field
}

type field struct{ Name, Value string }

// Message is a page that only says something.
type Message struct{ Title, Text, Detail string }

// ShowPicker lets a person pick an account.
func (p Pages) ShowPicker(w http.ResponseWriter, back *url.URL, v Picker) {
	p.Show(w, http.StatusOK, "picker.html", v, back)
}

// ShowPassword asks for the account's password.
func (p Pages) ShowPassword(w http.ResponseWriter, app string, back *url.URL, u world.User, message string) {
	p.Show(w, http.StatusOK, "password.html", passwordView{app, u.Name, u.UPN, message}, back)
}

// ShowConfirm asks for the second step.
func (p Pages) ShowConfirm(w http.ResponseWriter, app string, back *url.URL, who world.Identity, pending string) {
	p.Show(w, http.StatusOK, "confirm.html", confirmView{app, who.Name, who.UPN, pending}, back)
}

// ShowDevice asks for the code that a device shows.
func (p Pages) ShowDevice(w http.ResponseWriter, message string) {
	p.Show(w, http.StatusOK, "device.html", deviceView{message}, nil)
}

// ShowConsent asks for consent.
func (p Pages) ShowConsent(w http.ResponseWriter, back *url.URL, v Consent) {
	p.Show(w, http.StatusOK, "consent.html", v, back)
}

// ShowPost answers a client that asked for form_post. Without JavaScript the
// person presses the button that Microsoft's page presses by itself.
func (p Pages) ShowPost(w http.ResponseWriter, app string, back *url.URL, values url.Values) {
	// The target is one of the application's registered redirect URIs, not input.
	v := postView{App: app, Target: template.URL(back.String())}
	for _, name := range []string{"code", "id_token", "error", "error_description", "error_uri", "session_state", "state"} {
		if values.Has(name) {
			v.Fields = append(v.Fields, field{name, values.Get(name)})
		}
	}
	p.Show(w, http.StatusOK, "post.html", v, back)
}

// ShowProblem tells a person why it does not go on.
func (p Pages) ShowProblem(w http.ResponseWriter, why aadsts.Problem) {
	status := why.Status
	if status == 0 {
		status = http.StatusBadRequest
	}
	p.Show(w, status, "message.html", Message{"Sorry, but we're having trouble signing you in", why.Description(), why.Code}, nil)
}

// ShowMessage says something.
func (p Pages) ShowMessage(w http.ResponseWriter, v Message) {
	p.Show(w, http.StatusOK, "message.html", v, nil)
}
