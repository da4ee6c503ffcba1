package picture

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"latchkey/access"
	"latchkey/access/picture/internal/lettering"
	"latchkey/csp"
)

// Text is the answer as a list: the verdict as a sentence, then every way with its
// steps, what is denied, what is missing and what would help, what is not known,
// what else to know, and where to sign in. Lines are wrapped at width cells of a
// terminal; zero wraps none, which suits mails and tickets.
func Text(a access.Answer, width int, options ...Option) string {
	t := tell(a, options)
	p := page{width: width}
	p.line(t.sentence())
	p.ways(t)
	p.rest(t)
	return p.String()
}

// page collects lines.
type page struct {
	strings.Builder
	width int
}

func (p *page) line(text string) { p.WriteString(lettering.Paragraph(text, "", "", p.width)) }

// item is a line of a list, at a depth.
func (p *page) item(mark, text string) {
	p.WriteString(lettering.Paragraph(text, mark, strings.Repeat(" ", len(mark)), p.width))
}

// list is a heading with items, or nothing if there are none.
func (p *page) list(heading string, items []string) {
	if len(items) == 0 {
		return
	}
	p.WriteString("\n")
	p.line(heading)
	for _, text := range items {
		p.item("  - ", text)
	}
}

func (p *page) ways(t told) {
	g := graphOf(t.paths())
	for n, r := range g.routes {
		p.WriteString("\n")
		p.line(fmt.Sprintf("%d. %s:", n+1, t.heading(r)))
		for _, text := range t.steps(g, r) {
			p.item("   - ", text)
		}
		path := t.Paths[r.ways[0]]
		if entry := clean(path.Entry.String()); entry != "" {
			p.item("   ", upper(entry)+t.byWhat(path)+".")
		}
	}
	if left := t.left(g); left != "" {
		p.WriteString("\n")
		p.line(left)
	}
}

// paths are the trails that are paths.
func (t told) paths() []trail {
	return slices.DeleteFunc(t.trails(), func(way trail) bool { return way.way < 0 })
}

// heading says what a way gives.
func (t told) heading(r route) string {
	path := t.Paths[r.ways[0]]
	text := map[access.Verdict]string{
		access.Has: "Has it", access.CanGet: "Can get it", access.HasNot: "Would have it, and it is denied", access.Unknown: "May have it",
	}[path.Gives]
	if n := len(r.ways); n > 1 {
		text += ", in " + thousands(n) + " ways"
	}
	if path.PartnerWide() {
		text += ", as for all customers of the partner alike"
	}
	return text
}

// steps are the legs of a route as sentences.
func (t told) steps(g graph, r route) []string {
	var steps []string
	for i, l := range r.legs {
		if from := g.boxes[r.boxes[i]]; from.kind() != denial && from.kind() != doubt { // which the step before has said
			steps = append(steps, t.step(from, l, g.boxes[r.boxes[i+1]]))
		}
	}
	return steps
}

func (t told) step(from box, l leg, to box) string {
	text := t.clause(from, l, to)
	if l.hop == access.Holds || l.hop == access.Projects {
		text += " " + t.at(to)
	}
	if k := to.kind(); l.detail != "" && k != denial && k != doubt {
		text += ", " + t.detail(l)
	}
	if l.rule != "" {
		text += " (" + clean(l.rule) + ")"
	}
	return text
}

func (t told) clause(from box, l leg, to box) string {
	verb, subject := l.verb, names(from)
	if len(from.things) > 1 {
		subject = "each of these"
	}
	if l.eligible {
		verb = "can activate it, and then " + verb
	}
	switch {
	case to.kind() == denial:
		return subject + " would allow it; the deny assignment " + names(to) + " " + t.at(to) + " takes it away"
	case to.kind() == doubt:
		return subject + " may " + strings.TrimSuffix(verb, "s") + " it; not known: " + t.gapOf(to)
	case l.hop == access.AssignsHimself || l.hop == access.Takes:
		return "so that he " + verb + " " + names(to)
	}
	return subject + " " + verb + " " + names(to)
}

func (t told) gapOf(b box) string {
	return t.says(b.things[0].name + at(" "+t.at(b)) + after(": ", b.things[0].more))
}

func at(s string) string { return strings.TrimRight(s, " ") }

func after(mark, s string) string {
	if s == "" {
		return ""
	}
	return mark + s
}

// detail is what else there is to say of a leg.
func (t told) detail(l leg) string {
	if l.hop == access.Allows {
		return "by the pattern " + clean(l.detail)
	}
	return t.says(l.detail)
}

// names are the name of a box, or of the first of its things.
func names(b box) string {
	if len(b.things) == 1 {
		return clean(b.things[0].name)
	}
	all := make([]string, len(b.things))
	for i, one := range b.things {
		all[i] = clean(one.name)
	}
	return fmt.Sprintf("one of %s %s (%s)", thousands(len(all)), plurals[b.kind()], list(all, 5))
}

// at is where what is in a box holds, with its preposition.
func (t told) at(b box) string {
	one := b.things[0]
	if one.scope.IsZero() {
		return ""
	}
	return "at " + clean(t.scope(one.scope, one.tenant))
}

// byWhat says what the way in takes, where the path does not say it already.
func (t told) byWhat(path access.Path) string {
	if len(path.Entry.Hops) == 0 || shows(path.Hops, path.Entry.Hops) {
		return ""
	}
	hops := make([]string, 0, len(path.Entry.Hops))
	for _, h := range path.Entry.Hops {
		one := func(s access.Stop) box { return box{things: []thing{thingOf(s)}} }
		hops = append(hops, t.step(one(h.From), legOf(h), one(h.To)))
	}
	return ": " + strings.Join(hops, "; ")
}

// left says how many ways are not shown.
func (t told) left(g graph) string {
	switch {
	case g.left > 0 && t.More:
		return "And more than " + count(g.left, "further way", "further ways") + "."
	case g.left > 0:
		return "And " + count(g.left, "further way", "further ways") + "."
	case t.More:
		return "And further ways of the same kind."
	}
	return ""
}

// rest is all but the ways.
func (p *page) rest(t told) {
	var items []string
	for _, d := range t.Denied {
		items = append(items, t.denied(d)+".")
	}
	p.list("Denied:", items)
	items = nil
	for _, m := range t.Misses {
		text := upper(t.says(m.Text)) + "."
		if m.Next != "" {
			text += " What helps: " + t.says(m.Next) + "."
		}
		items = append(items, text)
	}
	p.list("What is missing:", items)
	p.gaps(t, t.Gaps)
	items = nil
	for _, n := range t.Notes {
		items = append(items, upper(t.says(n.Text))+" ("+clean(n.Rule)+").")
	}
	p.list("Besides:", items)
	p.contexts(t.Contexts)
}

func (p *page) gaps(t told, list []csp.Gap) {
	var items []string
	for _, g := range list {
		items = append(items, upper(t.gap(g))+".")
	}
	p.list("What is not known:", items)
}

func (p *page) contexts(list []access.Context) {
	for _, c := range list {
		p.WriteString("\n")
		p.line("To use it, sign in to " + clean(cmp.Or(c.Tenant.Name, c.Tenant.ID.String())) + after(", by ", way(c.Entry)) + ":")
		for _, line := range []struct{ mark, text string }{{"portal      ", c.Portal}, {"PowerShell  ", c.PowerShell}, {"az          ", c.CLI}} {
			if line.text != "" {
				p.WriteString("   " + line.mark + line.text + "\n") // never wrapped: it is copied
			}
		}
	}
}

// way names a way in as it stands behind "by", if there is something to say.
func way(k access.EntryKind) string {
	switch k {
	case access.ByGuest:
		return "the guest account"
	case access.ByDirectLink:
		return "a direct link"
	case access.ByHome:
		return ""
	}
	return k.String()
}
