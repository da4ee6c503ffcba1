package web

import (
	"net/http"
	"strings"
)

// entrance is who may call a route at all. What he may do there is the service's
// to say.
type entrance uint8

const (
	anyone   entrance = iota // nobody in particular
	holder                   // whoever has the mailed link; the service asks for more
	signedIn                 // somebody with a session
)

// route is one line of the portal's inventory. Every POST carries a form token.
type route struct {
	method   string
	path     string
	entrance entrance
	handle   func(*Portal, *visit) error
}

func routes() []route {
	return []route{
		{http.MethodGet, "/{$}", anyone, (*Portal).home},
		{http.MethodGet, "/sign-in", anyone, (*Portal).signIn},
		{http.MethodGet, "/sign-in/callback", anyone, (*Portal).signInCallback},
		{http.MethodPost, "/sign-out", anyone, (*Portal).signOut},
		{http.MethodGet, "/ask", signedIn, (*Portal).chooseCustomer},
		{http.MethodGet, "/ask/{tenant}", signedIn, (*Portal).ask},
		{http.MethodPost, "/ask/{tenant}", signedIn, (*Portal).file},
		{http.MethodGet, "/requests/{request}", signedIn, (*Portal).request},
		{http.MethodPost, "/requests/{request}/withdraw", signedIn, (*Portal).withdraw},
		{http.MethodPost, "/grants/{grant}/end", signedIn, (*Portal).endNow},
		{http.MethodGet, "/inbox", signedIn, (*Portal).inbox},
		{http.MethodGet, "/decide/{link}", holder, (*Portal).decision},
		{http.MethodPost, "/decide/{link}/approve", holder, (*Portal).approve},
		{http.MethodPost, "/decide/{link}/decline", holder, (*Portal).decline},
		{http.MethodGet, "/enrol/{link}", holder, (*Portal).enrolment},
		{http.MethodPost, "/enrol/{link}", holder, (*Portal).enrol},
		{http.MethodGet, "/log", signedIn, (*Portal).log},
		{http.MethodGet, "/", anyone, (*Portal).nothingHere},
	}
}

func (p *Portal) mux() http.Handler {
	mux := http.NewServeMux()
	table := routes()
	shown := make(map[string]bool) // paths that a GET shows something at
	for _, r := range table {
		if r.method == http.MethodGet {
			shown[r.path] = true
		}
	}
	for _, r := range table {
		mux.Handle(r.method+" "+r.path, p.visited(r))
		if r.method == http.MethodPost && !shown[r.path] {
			mux.Handle("GET "+r.path, p.visited(route{http.MethodGet, r.path, anyone, (*Portal).nothingChanged}))
		}
	}
	mux.Handle("/", p.visited(route{"", "/", anyone, (*Portal).nothingHere}))
	mux.HandleFunc("GET "+assetPrefix+"{hash}/{name}", p.asset)
	mux.HandleFunc("GET /robots.txt", func(w http.ResponseWriter, _ *http.Request) { text(w, "User-agent: *\nDisallow: /\n") })
	if p.options.Storybook {
		mux.Handle("GET /-/storybook/", p.Storybook())
	}
	outer := http.NewServeMux()
	outer.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { text(w, "ok\n") })
	outer.Handle("/", p.onlyOurHost(mux))
	return outer
}

func text(w http.ResponseWriter, s string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, _ = w.Write([]byte(s)) // the client has gone; there is nobody to tell
}

// visited wraps a handler: who is it, may he come here, is the form ours.
func (p *Portal) visited(r route) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		v, err := p.visit(w, request)
		if err == nil {
			err = v.enter(r)
		}
		if err == nil {
			err = r.handle(p, v)
		}
		if err != nil {
			p.fail(v, err)
		}
	})
}

// nothingHere answers for addresses that lead nowhere.
func (p *Portal) nothingHere(*visit) error { return errNoPage() }

// nothingChanged answers a GET on an address that only takes a form: a mail
// scanner, a bookmark, or a page reloaded after signing in.
func (p *Portal) nothingChanged(v *visit) error {
	back := "/"
	if link, ok := strings.CutPrefix(v.r.URL.Path, "/decide/"); ok {
		link, _, _ = strings.Cut(link, "/")
		back = "/decide/" + link
	}
	v.w.Header().Set("Allow", http.MethodPost)
	return render(v, http.StatusMethodNotAllowed, p.pages.message, messageView{
		frame: v.frame("Nothing was changed", ""),
		Text:  "This address only takes the form of its page. Opening it, or following a link to it, changes nothing.",
		Links: []Link{{"Back to the page", back}},
	})
}
