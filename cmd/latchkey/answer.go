package main

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"

	"latchkey/access"
	"latchkey/access/estate"
	"latchkey/access/naming"
	"latchkey/csp"
)

// list is words with commas between them.
func list(words []string) string { return strings.Join(words, ", ") }

// placeName is a place as people read it, with whose it is.
func (w *world) placeName(place access.Place) string {
	if place.IsDirectory() {
		return "the directory of " + w.names.SayTenant(place.Tenant)
	}
	node, exact := w.x.FindNode(w.names.TenantOf(place), place.Scope.String())
	if !exact {
		return place.Scope.String()
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

// sentence is the verdict in one sentence.
func (w *world) sentence(a access.Answer) string {
	who, what := w.principalName(a.Question.Principal), a.Question.Action.String()+inOrAt(a.Question.Place)+w.placeName(a.Question.Place)
	switch a.Verdict {
	case access.Has:
		return who + " has " + what + "."
	case access.CanGet:
		return who + " can get " + what + "."
	case access.HasNot:
		return who + " does not have " + what + "."
	}
	return "It is not known whether " + who + " has " + what + "."
}

func inOrAt(place access.Place) string {
	if place.IsDirectory() {
		return " in "
	}
	return " at "
}

// pathTitles are the headings of paths, by what they give.
var pathTitles = []struct {
	gives access.Verdict
	title string
}{
	{access.Has, "Has it"},
	{access.CanGet, "Can get it"},
	{access.Unknown, "May have it"},
	{access.HasNot, "Would have it, and is denied"},
}

// printAnswer says the verdict, the paths, and what else there is to know.
func (w *world) printAnswer(out io.Writer, a access.Answer) {
	fmt.Fprintln(out, w.sentence(a))
	for _, part := range pathTitles {
		number := 0
		for _, path := range a.Paths {
			if path.Gives != part.gives {
				continue
			}
			if number++; number == 1 {
				fmt.Fprintf(out, "\n%s:\n", part.title)
			}
			printPath(out, number, path)
		}
	}
	if a.More {
		fmt.Fprintln(out, "  and more of the same kind")
	}
	section(out, "Denied by", a.Denied, func(d csp.DenyAssignment) string {
		return fmt.Sprintf("%s at %s", naming.Clean(d.Name), w.placeName(access.At(d.Scope)))
	})
	section(out, "What is missing", a.Misses, func(m access.Miss) string {
		if m.Next == "" {
			return m.Text
		}
		return m.Text + "\n    next: " + m.Next
	})
	section(out, "Not known", a.Gaps, w.gapText)
	section(out, "Notes", a.Notes, func(n access.Note) string { return n.Text + " (" + n.Rule + ")" })
	section(out, "Where to sign in", a.Contexts, func(c access.Context) string {
		lines := []string{naming.Clean(c.Tenant.Name) + " by " + c.Entry.String()}
		for _, line := range []string{c.Portal, c.PowerShell, c.CLI} {
			if line != "" {
				lines = append(lines, line)
			}
		}
		return strings.Join(lines, "\n    ")
	})
}

// gapText is a gap with its tenant's name.
func (w *world) gapText(g csp.Gap) string {
	text := g.Fact.String()
	if !g.Scope.IsZero() {
		text += " at " + w.placeName(access.Place{Tenant: g.Tenant, Scope: g.Scope})
	} else if !g.Tenant.IsZero() {
		text += " of " + w.names.SayTenant(g.Tenant)
	}
	if g.Why != "" {
		text += ": " + naming.Clean(g.Why)
	}
	return text
}

// section prints a titled list, or nothing if it is empty.
func section[T any](out io.Writer, title string, items []T, say func(T) string) {
	if len(items) == 0 {
		return
	}
	fmt.Fprintf(out, "\n%s:\n", title)
	for _, item := range items {
		fmt.Fprintf(out, "  - %s\n", say(item))
	}
}

func printPath(out io.Writer, number int, path access.Path) {
	for i, hop := range path.Hops {
		lead := "     "
		if i == 0 {
			lead = fmt.Sprintf("  %d. ", number)
		}
		fmt.Fprintf(out, "%s%s%s\n", lead, naming.Clean(hop.String()), hopRemarks(hop))
	}
	if entry := path.Entry.String(); entry != "" {
		fmt.Fprintf(out, "     %s\n", naming.Clean(entry))
	}
	for _, hop := range path.Entry.Hops {
		fmt.Fprintf(out, "       %s%s\n", naming.Clean(hop.String()), hopRemarks(hop))
	}
	if path.Gives == access.Unknown {
		fmt.Fprintf(out, "     missing: %s\n", naming.Clean(path.Gap.String()))
	}
}

// hopRemarks are the rule of a hop and what else there is to say of it.
func hopRemarks(hop access.Hop) string {
	remarks := []string{hop.Rule}
	if hop.Detail != "" {
		remarks = append(remarks, naming.Clean(hop.Detail))
	}
	if !hop.Term.Until.IsZero() {
		remarks = append(remarks, "until "+hop.Term.Until.UTC().Format("2006-01-02 15:04 UTC"))
	}
	if hop.PartnerWide {
		remarks = append(remarks, "for all customers alike")
	}
	return " (" + list(remarks) + ")"
}

// printHolders lists who has something.
func (w *world) printHolders(out io.Writer, action access.Action, place access.Place, h access.Holders) {
	what := action.String() + inOrAt(place) + w.placeName(place)
	if len(h.Has)+len(h.CanGet)+len(h.Unknown)+len(h.Gaps) == 0 {
		fmt.Fprintf(out, "Nobody has %s, and nobody can get it.\n", what)
		return
	}
	fmt.Fprintf(out, "%s:\n", what)
	section(out, "Has it", w.people(h.Has), itself)
	section(out, "Can get it", w.people(h.CanGet), itself)
	section(out, "Not known of", w.people(h.Unknown), itself)
	section(out, "Missing", h.Gaps, w.gapText)
}

func itself(s string) string { return s }

// people are names, sorted. A guest beside the account at his home is left out.
func (w *world) people(ids []csp.ObjectID) []string {
	var names []string
	for _, id := range ids {
		if p, ok := w.x.FindPrincipal(id); ok {
			if home := w.x.PrincipalHome[p]; home != estate.None && slices.Contains(ids, w.x.PrincipalID[home]) {
				continue
			}
		}
		names = append(names, w.principalName(id))
	}
	slices.Sort(names)
	return names
}

// printTerritory lists where somebody has something.
func (w *world) printTerritory(out io.Writer, who csp.ObjectID, action access.Action, t access.Territory) {
	name := w.principalName(who)
	if len(t.Spans)+len(t.Directories)+len(t.Gaps) == 0 {
		fmt.Fprintf(out, "%s has %s nowhere, and can get it nowhere.\n", name, action)
		return
	}
	fmt.Fprintf(out, "%s, %s:\n", name, action)
	for _, part := range pathTitles[:3] {
		spans := slices.DeleteFunc(slices.Concat(t.Directories, t.Spans), func(s access.Span) bool { return s.Verdict != part.gives })
		section(out, part.title+countWords(t.Counts[part.gives]), spans, func(s access.Span) string {
			text := w.placeName(s.Place)
			if len(s.Except) > 0 {
				except := make([]string, len(s.Except))
				for i, place := range s.Except {
					except[i] = w.placeName(place)
				}
				slices.SortFunc(except, cmp.Compare)
				text += ", but not " + list(except)
			}
			return text
		})
	}
	section(out, "Missing", t.Gaps, w.gapText)
}

// countWords says how much of the estate something is: " in 2 tenants, ...".
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
