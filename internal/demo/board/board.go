// Package board is the demo's own desk: the page of mails that were sent, and
// the clock that can be moved. It stands on an origin of its own, so that the
// portal holds nothing of the demo.
package board

import (
	"bytes"
	"context"
	"embed"
	"html/template"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"latchkey/internal/clock"
	"latchkey/internal/mail/sink"
)

//go:embed board.html board.css
var files embed.FS

// Board serves the mails of a sink and moves a clock.
type Board struct {
	Mails  *sink.Sink
	Clock  *clock.Movable
	Portal string // addresses the pages link to
	World  string
	// Trials are what the engineer may try with his own token.
	Trials []Trial
}

// Trial is one thing to try: it answers with the HTTP status and a sentence.
type Trial struct {
	Key   string
	Label string
	Try   func(ctx context.Context) (status int, said string, err error)
}

// farthest bounds one move of the clock; a longer one is a slip of the hand.
const farthest = 30 * 24 * time.Hour

// Handler serves the board.
func (b *Board) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", b.mails)
	mux.HandleFunc("GET /mail/{number}", b.mail)
	mux.HandleFunc("GET /mail/{number}/html", b.mailHTML)
	mux.HandleFunc("GET /clock", b.clock)
	mux.HandleFunc("POST /clock", b.moveClock)
	mux.HandleFunc("GET /try", b.trials)
	mux.HandleFunc("POST /try", b.try)
	mux.Handle("GET /board.css", http.FileServerFS(files))
	return headers(http.NewCrossOriginProtection().Handler(mux))
}

func headers(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; img-src data:; frame-src 'self'; form-action 'self'; frame-ancestors 'self'; base-uri 'none'")
		w.Header().Set("X-Content-Type-Options", "nosniff")
		w.Header().Set("Referrer-Policy", "no-referrer")
		w.Header().Set("Cache-Control", "no-store")
		next.ServeHTTP(w, r)
	})
}

var pages = template.Must(template.ParseFS(files, "board.html"))

// view is what every page needs.
type view struct {
	Title, Here   string
	Portal, World string
}

func (b *Board) view(title, here string) view {
	return view{Title: title, Here: here, Portal: b.Portal, World: b.World}
}

// letter is a mail as the pages show it.
type letter struct {
	Number            int
	From, To, Subject string
	Sent, SentText    string
	Text              string
	Links             []string
}

func letterOf(m sink.Message) letter {
	return letter{
		Number: m.Number, Subject: m.Subject, Text: m.Text, Links: m.Links,
		From: m.From.Name + " <" + m.From.Address + ">", To: m.To.Name + " <" + m.To.Address + ">",
		Sent: m.Date.UTC().Format(time.RFC3339), SentText: readable(m.Date),
	}
}

func readable(t time.Time) string { return t.UTC().Format("Mon 2 Jan 2006, 15:04:05 UTC") }

func (b *Board) mails(w http.ResponseWriter, _ *http.Request) {
	var letters []letter
	for _, m := range slices.Backward(b.Mails.Messages()) {
		letters = append(letters, letterOf(m))
	}
	render(w, http.StatusOK, "mails", struct {
		view
		Mails []letter
	}{b.view("Mail", "mail"), letters})
}

func (b *Board) find(r *http.Request) (sink.Message, bool) {
	number, err := strconv.Atoi(r.PathValue("number"))
	if err != nil {
		return sink.Message{}, false
	}
	for _, m := range b.Mails.Messages() {
		if m.Number == number {
			return m, true
		}
	}
	return sink.Message{}, false
}

func (b *Board) mail(w http.ResponseWriter, r *http.Request) {
	m, ok := b.find(r)
	if !ok {
		b.trouble(w, http.StatusNotFound, "There is no such mail; only the latest ones are kept.")
		return
	}
	render(w, http.StatusOK, "mail", struct {
		view
		Mail letter
	}{b.view(m.Subject, "mail"), letterOf(m)})
}

// mailHTML serves the HTML part as it is, for the frame: it may style itself
// and nothing more, and its links open outside the frame.
func (b *Board) mailHTML(w http.ResponseWriter, r *http.Request) {
	m, ok := b.find(r)
	if !ok {
		b.trouble(w, http.StatusNotFound, "There is no such mail; only the latest ones are kept.")
		return
	}
	w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'self'; base-uri 'none'; sandbox allow-top-navigation-by-user-activation allow-popups")
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	document := strings.ReplaceAll(m.HTML, "<a ", `<a target="_top" `)
	_, _ = w.Write([]byte(document)) // a reader who left needs no answer
}

func (b *Board) clock(w http.ResponseWriter, _ *http.Request) {
	type step struct{ Value, Label string }
	now := b.Clock.Now()
	ahead := ""
	if d := b.Clock.Ahead(); d != 0 {
		ahead = d.Round(time.Second).String()
	}
	render(w, http.StatusOK, "clock", struct {
		view
		Now, NowText, Ahead string
		Steps               []step
	}{b.view("Clock", "clock"), now.Format(time.RFC3339), readable(now), ahead, []step{
		{"10m", "10 minutes"}, {"1h", "1 hour"}, {"2h", "2 hours"}, {"24h", "1 day"},
	}})
}

func (b *Board) moveClock(w http.ResponseWriter, r *http.Request) {
	by, err := time.ParseDuration(r.PostFormValue("by"))
	if err != nil || by <= 0 || by > farthest {
		b.trouble(w, http.StatusBadRequest, "The clock moves forward by a duration such as 2h, at most 720h. It was not moved.")
		return
	}
	b.Clock.Move(by)
	http.Redirect(w, r, (&url.URL{Path: "/clock"}).String(), http.StatusSeeOther)
}

// trialView is the page of trials, with the last one's answer.
type trialView struct {
	view
	Trials []Trial
	Tried  string
	Status int
	Said   string
	Done   bool
}

func (b *Board) trials(w http.ResponseWriter, _ *http.Request) {
	render(w, http.StatusOK, "trials", trialView{view: b.view("James’s command line", "try"), Trials: b.Trials})
}

func (b *Board) try(w http.ResponseWriter, r *http.Request) {
	key := r.PostFormValue("what")
	for _, trial := range b.Trials {
		if trial.Key != key {
			continue
		}
		status, said, err := trial.Try(r.Context())
		if err != nil {
			b.trouble(w, http.StatusBadGateway, "The emulated cloud did not answer. Is the demo still running?")
			return
		}
		render(w, http.StatusOK, "trials", trialView{
			view: b.view("James’s command line", "try"), Trials: b.Trials,
			Tried: trial.Label, Status: status, Said: said, Done: status < http.StatusBadRequest,
		})
		return
	}
	b.trouble(w, http.StatusBadRequest, "There is nothing of that name to try. Nothing was done.")
}

func (b *Board) trouble(w http.ResponseWriter, status int, text string) {
	render(w, status, "trouble", struct {
		view
		Text string
	}{b.view("That did not work", ""), text})
}

func render(w http.ResponseWriter, status int, name string, data any) {
	var page bytes.Buffer
	if err := pages.ExecuteTemplate(&page, name, data); err != nil {
		http.Error(w, "This page could not be written.", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = page.WriteTo(w) // a reader who left needs no answer
}
