package web

import (
	"context"
	"log/slog"
	"net/http"
	"net/url"

	"latchkey/internal/audit"
	"latchkey/internal/clock"
	"latchkey/internal/fault"
	"latchkey/internal/jit"
)

// Options make a Portal. All but LastCheckpoint, PublicKey, Notice, Links and
// Storybook are required.
type Options struct {
	// BaseURL is the portal's address as browsers know it. Requests for another
	// host are turned away.
	BaseURL *url.URL
	Estate  *jit.Estate
	Service Service
	SignIn  SignIn
	Log     Log
	// LastCheckpoint is the newest signed checkpoint of the log; ok is false when
	// there is none yet.
	LastCheckpoint func(context.Context) (c audit.Checkpoint, ok bool, err error)
	// PublicKey verifies the log's checkpoints; shown on the log page.
	PublicKey string
	// FormKey binds forms to their visitors. Replicas must share it.
	FormKey [32]byte
	Clock   clock.Clock
	Logger  *slog.Logger
	// Notice stands above every page, with Links beside it: what the demo has to say.
	Notice string
	Links  []Link
	// Storybook also serves every page with made-up data under /-/storybook.
	Storybook bool
}

// Link is a word that leads somewhere.
type Link struct{ Label, Href string }

// Portal serves the pages.
type Portal struct {
	options Options
	assets  assets
	pages   pages
	broken  []byte // the page for our own defects, rendered beforehand
	handler http.Handler
}

// New checks the templates against their data and wires the routes.
func New(o Options) (*Portal, error) {
	const op = "web.New"
	switch {
	case o.BaseURL == nil || o.BaseURL.Host == "" || o.BaseURL.Scheme != "https" && o.BaseURL.Scheme != "http":
		return nil, fault.New(op, fault.Invalid, "The portal's base URL is missing, or is neither http nor https.")
	case o.BaseURL.Path != "" && o.BaseURL.Path != "/":
		return nil, fault.New(op, fault.Invalid, "The portal's base URL must have no path: Latchkey wants a host name of its own.")
	case o.Estate == nil || o.Service == nil || o.SignIn == nil || o.Log == nil || o.Clock == nil || o.Logger == nil:
		return nil, fault.New(op, fault.Internal, "")
	case o.FormKey == [32]byte{}:
		return nil, fault.New(op, fault.Invalid, "The key that binds forms is missing.")
	}
	p := &Portal{options: o}
	var err error
	if p.assets, err = loadAssets(); err != nil {
		return nil, fault.Wrap(op, fault.Internal, err, "")
	}
	if p.pages, err = loadPages(); err != nil {
		return nil, fault.Wrap(op, fault.Internal, err, "")
	}
	if p.broken, err = p.renderBroken(); err != nil {
		return nil, fault.Wrap(op, fault.Internal, err, "")
	}
	p.handler = p.guard(p.mux())
	return p, nil
}

// ServeHTTP answers a request.
func (p *Portal) ServeHTTP(w http.ResponseWriter, r *http.Request) { p.handler.ServeHTTP(w, r) }

// https says whether browsers reach the portal over TLS.
func (p *Portal) https() bool { return p.options.BaseURL.Scheme == "https" }

// absolute is a page's whole address.
func (p *Portal) absolute(path string) string {
	return p.options.BaseURL.Scheme + "://" + p.options.BaseURL.Host + path
}
