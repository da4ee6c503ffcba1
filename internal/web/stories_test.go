package web_test

import (
	"flag"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"latchkey/internal/web"
)

var update = flag.Bool("update", false, "write the pages' texts anew")

// incident is the only thing on a story's page that differs each time.
var incident = regexp.MustCompile(`name the code [A-Z2-7]{8}\.`)

// TestEveryPageReadsAsReviewed holds the words of every page in every state
// against what was reviewed: testdata/pages, one file each.
func TestEveryPageReadsAsReviewed(t *testing.T) {
	b := newScene(t).as("")
	for _, slug := range web.StorySlugs() {
		t.Run(slug, func(t *testing.T) {
			page := b.get("/-/storybook/" + slug)
			got := incident.ReplaceAllString(textOf(page.root), "name the code CODE.") + "\n"
			path := filepath.Join("testdata", "pages", slug+".txt")
			if *update {
				if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(path, []byte(got), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if got != string(want) {
				t.Errorf("the page does not read as reviewed; run with -update and look at the difference:\n%s", got)
			}
		})
	}
}

// TestEveryPageIsBuiltForEverybody checks the structure of every page in every
// state: what a screen reader, a keyboard and a strict browser need.
func TestEveryPageIsBuiltForEverybody(t *testing.T) {
	b := newScene(t).as("")
	for _, slug := range append(web.StorySlugs(), "") {
		t.Run("story "+slug, func(t *testing.T) {
			p := b.get("/-/storybook/" + slug)
			p.t = t
			checkFrame(p)
			checkHeadings(p)
			checkIDs(p)
			checkForms(p)
			checkNothingInline(p)
			checkTables(p)
		})
	}
}

func checkFrame(p *page) {
	p.t.Helper()
	for selector, what := range map[string]string{
		`html[lang="en"]`: "its language", "title": "a title", "main#main": "a main part", `a.skip[href="#main"]`: "a way past the head", `meta[name="viewport"]`: "a viewport",
	} {
		if p.find(selector) == nil {
			p.t.Errorf("the page lacks %s", what)
		}
	}
	if strings.Contains(p.body, "ZgotmplZ") || strings.Contains(p.body, "%!") || strings.Contains(p.body, "<no value>") {
		p.t.Errorf("something did not print well:\n%s", p.body)
	}
}

func checkHeadings(p *page) {
	p.t.Helper()
	if n := len(p.all("h1")); n != 1 {
		p.t.Errorf("%d headings of the first level", n)
	}
	last := 0
	for _, h := range p.all("h1, h2, h3, h4") {
		level := int(h.Data[1] - '0')
		if p.find(`[role="alert"] `+h.Data) == h {
			continue // a summary of mistakes stands above everything
		}
		if level > last+1 && last > 0 {
			p.t.Errorf("heading %q jumps from level %d to %d", textOf(h), last, level)
		}
		last = level
	}
}

func checkIDs(p *page) {
	p.t.Helper()
	seen := map[string]bool{}
	for _, n := range p.all("[id]") {
		if seen[attribute(n, "id")] {
			p.t.Errorf("two elements have the id %q", attribute(n, "id"))
		}
		seen[attribute(n, "id")] = true
	}
	for _, name := range []string{"for", "aria-labelledby", "aria-describedby"} {
		for _, n := range p.all("[" + name + "]") {
			if !seen[attribute(n, name)] {
				p.t.Errorf("%s=%q points nowhere", name, attribute(n, name))
			}
		}
	}
	for _, n := range p.all(`a[href^="#"]`) {
		if id := strings.TrimPrefix(attribute(n, "href"), "#"); !seen[id] {
			p.t.Errorf("the link to #%s leads nowhere", id)
		}
	}
}

func checkForms(p *page) {
	p.t.Helper()
	labelled := map[string]bool{}
	for _, l := range p.all("label[for]") {
		labelled[attribute(l, "for")] = true
	}
	for _, in := range p.all(`input:not([type="hidden"]), select, textarea`) {
		if !labelled[attribute(in, "id")] {
			p.t.Errorf("field %q has no label", attribute(in, "name"))
		}
	}
	for _, f := range p.all("form") {
		within := page{t: p.t, root: f}
		if attribute(f, "method") == "post" && within.find(`input[type="hidden"][name="_form"][value]`) == nil {
			p.t.Errorf("the form to %s has no token", attribute(f, "action"))
		}
		if within.find("button") == nil {
			p.t.Errorf("the form to %s has no button: it cannot be sent without a script", attribute(f, "action"))
		}
	}
	for _, b := range p.all("button, a") {
		if textOf(b) == "" {
			p.t.Errorf("a %s says nothing", b.Data)
		}
		if has(b, "autofocus") {
			p.t.Error("something takes the focus by itself")
		}
	}
}

func checkNothingInline(p *page) {
	p.t.Helper()
	for _, s := range p.all("script, style, iframe, object, embed, base") {
		if s.Data != "script" || s.FirstChild != nil || !strings.HasPrefix(attribute(s, "src"), "/static/") {
			p.t.Errorf("the page holds a <%s> that is not ours", s.Data)
		}
	}
	var walk func(*html.Node)
	walk = func(n *html.Node) {
		for _, a := range n.Attr {
			if a.Key == "style" || strings.HasPrefix(a.Key, "on") {
				p.t.Errorf("<%s> has an inline %s", n.Data, a.Key)
			}
			if slices.Contains([]string{"href", "src", "action"}, a.Key) && !strings.HasPrefix(a.Val, "/") && !strings.HasPrefix(a.Val, "#") && a.Val != "" {
				p.t.Errorf("<%s> leads outside: %s", n.Data, a.Val)
			}
		}
		for c := n.FirstChild; c != nil; c = c.NextSibling {
			walk(c)
		}
	}
	walk(p.root)
}

func checkTables(p *page) {
	p.t.Helper()
	for _, c := range p.all("tbody td, tbody th") {
		if attribute(c, "data-label") == "" {
			p.t.Error("a cell does not say on a phone what it is")
		}
	}
	for _, h := range p.all("th") {
		if attribute(h, "scope") == "" {
			p.t.Errorf("heading %q does not say of what", textOf(h))
		}
	}
	for _, m := range p.all("time") {
		if attribute(m, "datetime") == "" {
			p.t.Errorf("a time without its datetime: %s", textOf(m))
		}
	}
	for _, b := range p.all(".badge") {
		if textOf(b) == "" {
			p.t.Error("a badge says by its colour alone")
		}
	}
}

// TestHostileTextStaysText looks at the story made for it: nothing of what people
// wrote became markup, and nothing in it can turn or hide other words (TH-S7, TH-T5).
func TestHostileTextStaysText(t *testing.T) {
	p := newScene(t).as("").get("/-/storybook/decide-hostile")
	p.says(http.StatusOK, "<script>alert(1)</script>", `Reader" onmouseover="x`, "<b>Okoro</b>", "mix letters of different alphabets", "Latchkey cannot say in words")
	for _, r := range []string{"\u202e", "\u200b", "\u2066", "\ufeff"} {
		if strings.Contains(p.body, r) {
			t.Errorf("the page holds %q", r)
		}
	}
	if len(p.all("main b, main script, [onmouseover]")) != 0 {
		t.Error("text became markup")
	}
}
