package page_test

import (
	"io/fs"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"testing/fstest"

	"latchkey/emulator/page"
)

func files(texts map[string]string) fs.FS {
	all := fstest.MapFS{}
	for name, text := range texts {
		all[name] = &fstest.MapFile{Data: []byte(text)}
	}
	return all
}

func TestAPageEscapesWhatItShowsAndCarriesItsPolicy(t *testing.T) {
	set, err := page.Load(files(map[string]string{"page/a.html": "<p>{{.}}</p>", "page/a.css": "p{}"}), "a.css")
	if err != nil {
		t.Fatal(err)
	}
	for target, source := range map[string]string{
		"":                            "form-action 'self'",
		"http://localhost:8080/back":  "form-action 'self' http://localhost:8080",
		"http://127.0.0.1:8080/back":  "form-action 'self' http://127.0.0.1:8080",
		"http://[::1]:8080/back":      "form-action 'self' http:",
		"https://192.0.2.1/back":      "form-action 'self' https:",
		"com.example.app:/oauth/back": "form-action 'self' com.example.app:",
	} {
		var u *url.URL
		if target != "" {
			if u, err = url.Parse(target); err != nil {
				t.Fatal(err)
			}
		}
		w := httptest.NewRecorder()
		set.Show(w, http.StatusTeapot, "a.html", "<script>", u)
		if w.Code != http.StatusTeapot || w.Body.String() != "<p>&lt;script&gt;</p>" {
			t.Errorf("%d %s", w.Code, w.Body)
		}
		policy := w.Header().Get("Content-Security-Policy")
		if !strings.HasPrefix(policy, "default-src 'none';") || !strings.HasSuffix(policy, source) {
			t.Errorf("%q: the policy is %q", target, policy)
		}
	}
	w := httptest.NewRecorder()
	set.ServeStyle(w, nil)
	if w.Body.String() != "p{}" || !strings.HasPrefix(w.Header().Get("Content-Type"), "text/css") {
		t.Errorf("%v %s", w.Header(), w.Body)
	}
}

func TestBrokenPagesAreSaidToBe(t *testing.T) {
	for _, broken := range []map[string]string{
		{},
		{"page/a.html": "{{if}}"},
		{"page/a.html": "fine, without its style"},
	} {
		if _, err := page.Load(files(broken), "a.css"); err == nil {
			t.Errorf("%v could be loaded", broken)
		}
	}
	set, err := page.Load(files(map[string]string{"page/a.html": "{{.Missing}}"}), "")
	if err != nil {
		t.Fatal(err)
	}
	w := httptest.NewRecorder()
	set.Show(w, http.StatusOK, "a.html", struct{}{}, nil)
	if w.Code != http.StatusInternalServerError {
		t.Errorf("a page that can't be made answers %d", w.Code)
	}
}
