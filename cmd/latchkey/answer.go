package main

import (
	"fmt"
	"io"
	"strings"

	"latchkey/access"
	"latchkey/access/naming"
	"latchkey/access/picture"
	"latchkey/csp"
)

// drawings are the forms of an answer that are no text and no JSON.
var drawings = map[string]func(access.Answer, ...picture.Option) []byte{
	"svg":     picture.SVG,
	"dot":     func(a access.Answer, options ...picture.Option) []byte { return []byte(picture.DOT(a, options...)) },
	"mermaid": func(a access.Answer, options ...picture.Option) []byte { return []byte(picture.Mermaid(a, options...)) },
}

// width is how wide text may get: as it comes in a pipe and in a file, and on a
// terminal as wide as any is.
func (q *question) width(s streams) int {
	if q.out == "" && isTerminal(s.out) {
		return 80
	}
	return 0
}

// say says an answer: all of it if why is asked, else the verdict.
func (q *question) say(out io.Writer, w *world, a access.Answer, note string, why bool, width int) error {
	names := picture.Named(sayNames{w})
	if draw := drawings[q.form]; draw != nil {
		_, err := out.Write(draw(a, names, picture.StandAlone()))
		return err
	}
	switch {
	case q.form == "json" && why:
		return printJSON(out, w.answerView(a, note))
	case q.form == "json":
		return printJSON(out, w.answerView(a, note).verdict())
	case why:
		fmt.Fprint(out, picture.Text(a, width, names))
	default:
		fmt.Fprintln(out, picture.Sentence(a, names))
	}
	printNote(out, note)
	return nil
}

func printNote(out io.Writer, note string) {
	if note != "" {
		fmt.Fprintln(out, note)
	}
}

// sayNames name people as they can be asked about, and places with their tenant.
type sayNames struct{ *world }

func (n sayNames) PrincipalName(id csp.ObjectID) string { return n.names.Say(id) }
func (n sayNames) TenantName(id csp.TenantID) string    { return n.names.TenantName(id) }
func (n sayNames) PlaceName(place access.Place) string  { return n.placeName(place) }

// labelNames tell people from others of their name at a glance, however many.
type labelNames struct{ sayNames }

func (n labelNames) PrincipalName(id csp.ObjectID) string { return n.principalName(id) }

// placeName is a place as people read it, with whose it is.
func (w *world) placeName(place access.Place) string {
	node, exact := w.x.FindNode(w.names.TenantOf(place), place.Scope.String())
	if place.IsDirectory() || !exact {
		return w.names.PlaceName(place)
	}
	return w.names.PlaceLabel(node)
}

func (w *world) principalName(id csp.ObjectID) string {
	p, ok := w.x.FindPrincipal(id)
	if !ok {
		return id.String()
	}
	return w.names.PrincipalLabel(p)
}

// gapText is a gap with its tenant's name.
func (w *world) gapText(g csp.Gap) string {
	text := g.Fact.String()
	if !g.Scope.IsZero() {
		text += " at " + w.placeName(access.Place{Tenant: g.Tenant, Scope: g.Scope})
	} else if !g.Tenant.IsZero() {
		text += " of " + w.names.TenantName(g.Tenant)
	}
	if g.Why != "" {
		text += ": " + naming.Clean(g.Why)
	}
	return text
}

// list is words with commas between them.
func list(words []string) string { return strings.Join(words, ", ") }

// countWords says how much of the estate something is: " (2 tenants, ...)".
func countWords(c access.Count) string {
	var words []string
	for _, one := range []struct {
		n    int
		noun string
	}{{c.Tenants, "tenant"}, {c.Subscriptions, "subscription"}, {c.Places, "known place"}} {
		switch one.n {
		case 0:
		case 1:
			words = append(words, "1 "+one.noun)
		default:
			words = append(words, fmt.Sprintf("%d %ss", one.n, one.noun))
		}
	}
	if words == nil {
		return ""
	}
	return " (" + list(words) + ")"
}
