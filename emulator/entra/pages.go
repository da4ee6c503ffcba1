package entra

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"net/http"
	"net/netip"
	"net/url"

	"latchkey/emulator/world"
)

//go:embed page
var pageFiles embed.FS

const stylePath = "/emulator.css"

type pages struct {
	templates *template.Template
	style     []byte
}

func loadPages() (*pages, error) {
	t, err := template.ParseFS(pageFiles, "page/*.html")
	if err != nil {
		return nil, fmt.Errorf("entra: pages: %w", err)
	}
	style, err := pageFiles.ReadFile("page/emulator.css")
	if err != nil {
		return nil, fmt.Errorf("entra: style: %w", err)
	}
	return &pages{templates: t, style: style}, nil
}

type accountView struct {
	Name, UPN          string
	Guest, MFA, Hinted bool
}

type pickerView struct {
	App, Tenant, Message, Hint string
	Current, CurrentName       string
	Easy, More                 bool
	Accounts                   []accountView
}

type passwordView struct{ App, Name, UPN, Message string }

type confirmView struct{ App, Name, UPN, Pending string }

type deviceView struct{ Message string }

type consentView struct {
	App, Publisher, Tenant, UPN string
	Permissions                 []permission
	// ForAll offers consent for the whole tenant, OnlyForAll nothing else.
	ForAll, OnlyForAll bool
}

type postView struct {
	App    string
	Target template.URL
	Fields []field
}

type field struct{ Name, Value string }

type messageView struct{ Title, Text, Detail string }

func (p *pages) showPicker(w http.ResponseWriter, a ask, v pickerView) {
	p.show(w, http.StatusOK, "picker.html", v, a.redirect)
}

func (p *pages) showPassword(w http.ResponseWriter, a ask, u world.User, message string) {
	p.show(w, http.StatusOK, "password.html", passwordView{a.app.Name, u.Name, u.UPN, message}, a.redirect)
}

func (p *pages) showConfirm(w http.ResponseWriter, a ask, who world.Identity, pending string) {
	p.show(w, http.StatusOK, "confirm.html", confirmView{a.app.Name, who.Name, who.UPN, pending}, a.redirect)
}

func (p *pages) showDevice(w http.ResponseWriter, message string) {
	p.show(w, http.StatusOK, "device.html", deviceView{message}, nil)
}

func (p *pages) showConsent(w http.ResponseWriter, a ask, v consentView) {
	p.show(w, http.StatusOK, "consent.html", v, a.redirect)
}

// showPost answers a client that asked for form_post. Without JavaScript the
// person presses the button that Microsoft's page presses by itself.
func (p *pages) showPost(w http.ResponseWriter, a ask, values url.Values) {
	// The target is one of the application's registered redirect URIs, not input.
	v := postView{App: a.app.Name, Target: template.URL(a.redirect.String())}
	for _, name := range []string{"code", "id_token", "error", "error_description", "error_uri", "session_state", "state"} {
		if values.Has(name) {
			v.Fields = append(v.Fields, field{name, values.Get(name)})
		}
	}
	p.show(w, http.StatusOK, "post.html", v, a.redirect)
}

func (p *pages) showProblem(w http.ResponseWriter, why problem) {
	status := why.status
	if status == 0 {
		status = http.StatusBadRequest
	}
	p.show(w, status, "message.html", messageView{"Sorry, but we're having trouble signing you in", why.description(), why.code}, nil)
}

func (p *pages) showMessage(w http.ResponseWriter, v messageView) {
	p.show(w, http.StatusOK, "message.html", v, nil)
}

// show renders a page. Its policy lets forms lead to the client's origin as
// well: browsers apply form-action to where the answer to a form redirects.
func (p *pages) show(w http.ResponseWriter, status int, name string, view any, formTarget *url.URL) {
	var b bytes.Buffer
	if err := p.templates.ExecuteTemplate(&b, name, view); err != nil {
		http.Error(w, "the page could not be made: "+err.Error(), http.StatusInternalServerError)
		return
	}
	header := w.Header()
	header.Set("Content-Type", "text/html; charset=utf-8")
	header.Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'"+formSource(formTarget))
	header.Set("Referrer-Policy", "no-referrer")
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = w.Write(b.Bytes())
}

// formSource is the origin of u as a policy's source. The policy's grammar has
// no IPv6 addresses and no IPv4 ones but 127.0.0.1; for those the whole scheme
// is let through, which is enough on an emulator.
func formSource(u *url.URL) string {
	if u == nil {
		return ""
	}
	if address, err := netip.ParseAddr(u.Hostname()); u.Host == "" || (err == nil && address.String() != "127.0.0.1") {
		return " " + u.Scheme + ":"
	}
	return " " + u.Scheme + "://" + u.Host
}

func (p *pages) serveStyle(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/css; charset=utf-8")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.Header().Set("Cache-Control", "max-age=3600")
	_, _ = w.Write(p.style)
}
