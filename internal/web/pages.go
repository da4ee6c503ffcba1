package web

import (
	"embed"
	"fmt"
	"html/template"
	"time"

	"github.com/jba/templatecheck"
)

//go:embed templates
var templateFiles embed.FS

// page is a template proven to fit its data.
type page[T any] = templatecheck.CheckedTemplate[T]

// pages are all of them.
type pages struct {
	welcome  *page[welcomeView]
	access   *page[accessView]
	message  *page[messageView]
	choose   *page[chooseView]
	ask      *page[askView]
	request  *page[requestView]
	inbox    *page[inboxView]
	decision *page[decisionView]
	answered *page[answeredView]
	enrol    *page[enrolView]
	log      *page[logView]
	stories  *page[storiesView]
}

func loadPages() (pages, error) {
	var p pages
	shared, err := template.New("layout").ParseFS(templateFiles, "templates/layout.html", "templates/parts.html")
	if err != nil {
		return p, err
	}
	for _, load := range []error{
		loadPage(shared, "welcome", &p.welcome),
		loadPage(shared, "access", &p.access),
		loadPage(shared, "message", &p.message),
		loadPage(shared, "choose", &p.choose),
		loadPage(shared, "ask", &p.ask),
		loadPage(shared, "request", &p.request),
		loadPage(shared, "inbox", &p.inbox),
		loadPage(shared, "decision", &p.decision),
		loadPage(shared, "answered", &p.answered),
		loadPage(shared, "enrol", &p.enrol),
		loadPage(shared, "log", &p.log),
		loadPage(shared, "stories", &p.stories),
	} {
		if load != nil {
			return p, load
		}
	}
	return p, nil
}

// loadPage reads one page and checks every field it uses against T.
func loadPage[T any](shared *template.Template, name string, into **page[T]) error {
	t, err := shared.Clone()
	if err != nil {
		return err
	}
	if t, err = t.ParseFS(templateFiles, "templates/"+name+".html"); err != nil {
		return err
	}
	if *into, err = templatecheck.NewChecked[T](t.Lookup("layout")); err != nil {
		return fmt.Errorf("template %s: %w", name, err)
	}
	return nil
}

// frame is what the layout around every page shows.
type frame struct {
	Title   string
	Now     string // when the page was made, for its countdowns
	Style   string
	Script  string
	Mark    string
	Notice  string
	Links   []Link
	Nav     []navItem
	Who     *who
	Partner string
	Done    string // a sentence about the form just taken
}

type navItem struct {
	Label, Href string
	Current     bool
}

// who is the visitor as the head of the page shows him.
type who struct {
	Name, Organization string
	SignOut            form
}

// plainFrame is a page's frame for nobody.
func (p *Portal) plainFrame(title string) frame {
	return frame{
		Title: title, Now: p.options.Clock.Now().Format(time.RFC3339), Style: p.assets.paths["style.css"], Script: p.assets.paths["latchkey.js"], Mark: p.assets.paths["mark.svg"],
		Notice: p.options.Notice, Links: p.options.Links, Partner: line(p.options.Estate.Partner.Name),
	}
}

// frame is a page's frame for this visitor. current is the path of the entry of
// the navigation that the page belongs to.
func (v *visit) frame(title, current string) frame {
	f := v.portal.plainFrame(title)
	f.Done = doneSentence(v.r.URL.Query().Get("done"))
	if !v.caller.SignedIn() {
		return f
	}
	f.Who = &who{Name: line(v.caller.Name), Organization: v.organization(), SignOut: v.form("/sign-out")}
	if f.Who.Name == "" {
		f.Who.Name = "You"
	}
	var items []navItem
	switch {
	case v.person != nil:
		items = []navItem{{Label: "My access", Href: "/"}, {Label: "Ask for access", Href: "/ask"}, {Label: "Log", Href: "/log"}}
	case v.approver != nil:
		items = []navItem{{Label: "Inbox", Href: "/inbox"}, {Label: "Log", Href: "/log"}}
	}
	for i := range items {
		items[i].Current = items[i].Href == current
	}
	f.Nav = items
	return f
}

// doneSentence is shown once after a form was taken; the address carries only the
// word for it.
func doneSentence(word string) string {
	switch word {
	case "asked":
		return "Your request was sent. The customer has been mailed."
	case "withdrawn":
		return "Your request was withdrawn."
	case "ending":
		return "The access is being ended now."
	case "signed-out":
		return "You are signed out of Latchkey."
	case "enrolled":
		return "You are enrolled. Requests for your organization now wait here for your answer."
	}
	return ""
}
