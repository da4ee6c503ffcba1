package web

import (
	"bytes"
	"crypto/rand"
	"log/slog"
	"net/http"

	"latchkey/internal/fault"
	"latchkey/internal/signin"
)

const noPage = "There is no such page, or it is not yours to see. Check the address, or start from the first page."

func errNoPage() error { return fault.New("web", fault.NotFound, noPage) }

// answers is what each kind of fault looks like from outside.
var answers = map[fault.Kind]struct {
	status int
	title  string
}{
	fault.Internal:        {http.StatusInternalServerError, "Something went wrong on our side"},
	fault.Invalid:         {http.StatusUnprocessableEntity, "That cannot be done as written"},
	fault.Unauthenticated: {http.StatusUnauthorized, "Please sign in"},
	fault.Denied:          {http.StatusForbidden, "That is not allowed"},
	fault.NotFound:        {http.StatusNotFound, "Nothing to see here"},
	fault.Conflict:        {http.StatusConflict, "Things have changed"},
	fault.Gone:            {http.StatusGone, "That is over"},
	fault.Unavailable:     {http.StatusServiceUnavailable, "Not available right now"},
	fault.Upstream:        {http.StatusBadGateway, "Microsoft said no"},
}

// brokenSentence is said when a fault has no sentence of its own.
const brokenSentence = "Latchkey could not do that. Nothing you did is lost, and access that is to end still ends. If it happens again, tell the operator of this portal the code below."

// fail is where every error ends: it goes to the log whole, and to the visitor
// as one sentence and a code to find it by.
func (p *Portal) fail(v *visit, err error) {
	kind := fault.KindOf(err)
	if kind == fault.Unauthenticated && v.r.Header.Get(signin.BackgroundHeader) != "" {
		v.w.WriteHeader(http.StatusNoContent) // a page left open looked after its session had ended: nothing to show, nothing wrong
		return
	}
	answer, ok := answers[kind]
	if !ok {
		answer = answers[fault.Internal]
	}
	incident := rand.Text()[:8]
	level := slog.LevelInfo
	if answer.status >= http.StatusInternalServerError {
		level = slog.LevelError
	}
	p.options.Logger.LogAttrs(v.r.Context(), level, "a page answered with a fault",
		slog.String("incident", incident), slog.String("kind", kind.String()), slog.Int("status", answer.status),
		slog.String("method", v.r.Method), slog.String("route", v.r.Pattern), slog.Any("error", err))
	if answer.status == http.StatusServiceUnavailable {
		v.w.Header().Set("Retry-After", "30")
	}
	public := fault.PublicOf(err)
	if kind == fault.Internal || public == "" {
		p.sendBroken(v, answer.status, incident)
		return
	}
	page := messageView{frame: v.frame(answer.title, ""), Text: line(public), Incident: incident, Links: []Link{{"To the first page", "/"}}}
	if kind == fault.Unauthenticated {
		page.SignIn, page.Incident = v.signInChoice(), ""
	}
	if err := render(v, answer.status, p.pages.message, page); err != nil {
		p.sendBroken(v, answer.status, incident)
	}
}

// incidentMark stands where the code goes in the page rendered beforehand.
const incidentMark = "00INCIDENT00"

// renderBroken makes the page for our own defects while nothing is broken yet.
func (p *Portal) renderBroken() ([]byte, error) {
	var b bytes.Buffer
	err := p.pages.message.Execute(&b, messageView{
		frame: p.plainFrame(answers[fault.Internal].title), Text: brokenSentence, Incident: incidentMark,
		Links: []Link{{"To the first page", "/"}},
	})
	return b.Bytes(), err
}

func (p *Portal) sendBroken(v *visit, status int, incident string) {
	v.w.Header().Set("Content-Type", "text/html; charset=utf-8")
	v.w.WriteHeader(status)
	_, _ = v.w.Write(bytes.ReplaceAll(p.broken, []byte(incidentMark), []byte(incident)))
}

// messageView is a page that says one thing.
type messageView struct {
	frame
	Text     string
	Incident string
	SignIn   *signInChoice
	Links    []Link
}

// signInChoice offers the ways to sign in and come back.
type signInChoice struct {
	Partner string // name of the partner's organization
	Href    string // signs in there
	Return  string // page to come back to
}

func (v *visit) signInChoice() *signInChoice {
	back := "/"
	if v.r.Method == http.MethodGet && v.r.URL.Path != "/sign-in/callback" && v.r.URL.Path != "/sign-in" {
		back = v.r.URL.RequestURI()
	}
	return v.portal.signInTo(back)
}

func (p *Portal) signInTo(back string) *signInChoice {
	partner := p.options.Estate.Partner
	return &signInChoice{Partner: line(partner.Name), Href: signInHref(partner.ID.String(), back, false), Return: back}
}
