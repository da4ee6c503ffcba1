package board_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"latchkey/internal/clock"
	"latchkey/internal/demo/board"
	"latchkey/internal/mail/sink"
)

func newBoard(t *testing.T) (*board.Board, http.Handler) {
	t.Helper()
	mails, err := sink.Start(t.Context(), sink.Options{Clock: clock.System()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := mails.Close(); err != nil {
			t.Error(err)
		}
	})
	b := &board.Board{Mails: mails, Clock: &clock.Movable{}, Portal: "http://portal.test", World: "http://world.test/"}
	return b, b.Handler()
}

func ask(t *testing.T, h http.Handler, method, path string, form url.Values, header ...string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), method, "http://board.test"+path, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func TestOnlyAFormOfItsOwnMovesTheClock(t *testing.T) {
	b, h := newBoard(t)
	ask(t, h, http.MethodGet, "/clock?by=2h", nil)
	for _, by := range []string{"", "soon", "-2h", "0s", "100000h"} {
		if w := ask(t, h, http.MethodPost, "/clock", url.Values{"by": {by}}); w.Code != http.StatusBadRequest || !strings.Contains(w.Body.String(), "not moved") {
			t.Errorf("moving by %q: %d", by, w.Code)
		}
	}
	if w := ask(t, h, http.MethodPost, "/clock", url.Values{"by": {"2h"}}, "Sec-Fetch-Site", "cross-site"); w.Code != http.StatusForbidden {
		t.Errorf("from another site: %d", w.Code)
	}
	if ahead := b.Clock.Ahead(); ahead != 0 {
		t.Errorf("the clock stands %s ahead", ahead)
	}
	if w := ask(t, h, http.MethodPost, "/clock", url.Values{"by": {"2h"}}); w.Code != http.StatusSeeOther || b.Clock.Ahead().Hours() != 2 {
		t.Errorf("moving by 2h: %d, %s ahead", w.Code, b.Clock.Ahead())
	}
}

func TestWhatIsNotThereIsSaid(t *testing.T) {
	_, h := newBoard(t)
	for _, path := range []string{"/mail/1", "/mail/x", "/mail/1/html", "/mail/-1"} {
		if w := ask(t, h, http.MethodGet, path, nil); w.Code != http.StatusNotFound {
			t.Errorf("%s: %d", path, w.Code)
		}
	}
	if w := ask(t, h, http.MethodPost, "/try", url.Values{"what": {"everything"}}); w.Code != http.StatusBadRequest {
		t.Errorf("trying what is not there: %d", w.Code)
	}
	if w := ask(t, h, http.MethodGet, "/", nil); w.Code != http.StatusOK || !strings.Contains(w.Body.String(), "No mail yet") {
		t.Errorf("no mails: %d", w.Code)
	}
}
