// Package page shows the emulator's pages to people: templates of one folder and
// the headers without which no page goes out.
package page

import (
	"bytes"
	"fmt"
	"html/template"
	"io/fs"
	"net/http"
	"net/netip"
	"net/url"
)

// Set is the pages of one folder.
type Set struct {
	templates *template.Template
	style     []byte
}

// Load reads the templates page/*.html, and the style sheet that lies beside them
// if its name is given.
func Load(files fs.FS, style string) (*Set, error) {
	t, err := template.ParseFS(files, "page/*.html")
	if err != nil {
		return nil, fmt.Errorf("pages: %w", err)
	}
	s := &Set{templates: t}
	if style != "" {
		if s.style, err = fs.ReadFile(files, "page/"+style); err != nil {
			return nil, fmt.Errorf("style: %w", err)
		}
	}
	return s, nil
}

// Show renders a page. Its policy lets forms lead to the origin of formTarget as
// well, unless that is nil: browsers apply form-action to where the answer to a
// form redirects.
func (s *Set) Show(w http.ResponseWriter, status int, name string, view any, formTarget *url.URL) {
	var b bytes.Buffer
	if err := s.templates.ExecuteTemplate(&b, name, view); err != nil {
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

// ServeStyle serves the style sheet.
func (s *Set) ServeStyle(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/css; charset=utf-8")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.Header().Set("Cache-Control", "max-age=3600")
	_, _ = w.Write(s.style)
}
