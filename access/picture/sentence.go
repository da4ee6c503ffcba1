package picture

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"latchkey/access"
	"latchkey/access/picture/internal/lettering"
	"latchkey/csp"
)

// longest is how many characters of a name a sentence shows.
const longest = 200

func clean(s string) string { return lettering.Clip(lettering.Clean(s), longest) }

// says is a sentence of the engine's, with names for scopes.
func (o options) says(s string) string {
	return lettering.Clip(lettering.Clean(o.readable(s)), 4*longest)
}

// Title is the answer in a few words: "James has
// Microsoft.Compute/virtualMachines/restart/action at shop".
func Title(a access.Answer, options ...Option) string { return tell(a, options).title() }

// Sentence is the answer as a sentence, or two: with what it rests on if that is
// not plain.
func Sentence(a access.Answer, options ...Option) string { return tell(a, options).sentence() }

func (t told) title() string {
	name := clean(t.who.name)
	switch t.Verdict {
	case access.Has:
		return name + " has " + t.what()
	case access.CanGet:
		return name + " can get " + t.what()
	case access.HasNot:
		return name + " does not have " + t.what()
	}
	return "it is not known whether " + name + " has " + t.what()
}

// what is the action and its place.
func (t told) what() string {
	text := clean(t.Question.Action.String())
	if t.Question.Action.IsData() {
		text = "the data action " + text
	}
	return text + " " + clean(t.where(t.Question.Place))
}

func (t told) sentence() string {
	text := t.title()
	switch t.Verdict {
	case access.CanGet:
		text += " by a step of his own"
	case access.HasNot:
		text += ", and cannot get it by himself"
	case access.Unknown:
		text = strings.ToUpper(text[:1]) + text[1:]
	}
	text += "."
	if t.Verdict == access.Has || t.Verdict == access.CanGet {
		if t.onlyWide() {
			text += " The partner cannot limit that to this customer."
		}
		return text
	}
	return text
}

// onlyWide says whether every way that gives what the verdict says holds for all
// customers alike.
func (t told) onlyWide() bool {
	gives := func(p access.Path) bool { return p.Gives == t.Verdict }
	return slices.ContainsFunc(t.Paths, gives) && !slices.ContainsFunc(t.Paths, func(p access.Path) bool { return gives(p) && !p.PartnerWide() })
}

// gap is what is missing, with names for ids.
func (o options) gap(g csp.Gap) string {
	text := g.Fact.String()
	switch {
	case !g.Scope.IsZero():
		text += " " + o.where(access.Place{Tenant: g.Tenant, Scope: g.Scope})
	case !g.Tenant.IsZero():
		text += " of " + o.tenant(g.Tenant)
	}
	if g.Why != "" {
		text += ": " + g.Why
	}
	return o.says(text)
}

// denied is what a deny assignment takes from whom.
func (o options) denied(d csp.DenyAssignment) string {
	text := fmt.Sprintf("%q %s", clean(d.Name), o.where(access.At(d.Scope)))
	if d.Name == "" {
		text = fmt.Sprintf("%s %s", d.ID, o.where(access.At(d.Scope)))
	}
	switch {
	case d.Everyone:
		text += " denies it to everyone"
	default:
		text += " denies it to " + count(len(d.Principals), "principal", "principals")
	}
	if len(d.Excluded) > 0 {
		text += fmt.Sprintf(", except %d", len(d.Excluded))
	}
	if d.ThisScopeOnly {
		text += ", at that place only"
	}
	if d.Condition != "" {
		text += ", under a condition"
	}
	return clean(text)
}

// count is a number with its word.
func count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return thousands(n) + " " + many
}

// thousands is a number that can be read at a glance.
func thousands(n int) string {
	text := strconv.Itoa(n)
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}

// upper begins a sentence. Names keep their letters: only small ASCII letters of
// our own words are changed.
func upper(s string) string {
	if s != "" && 'a' <= s[0] && s[0] <= 'z' {
		return string(s[0]-'a'+'A') + s[1:]
	}
	return s
}

// list names things, one at least: "A, B and 3 more".
func list(names []string, most int) string {
	shown := names
	if len(names) > most {
		shown = append(slices.Clone(names[:most]), thousands(len(names)-most)+" more")
	}
	n := len(shown)
	if n == 1 {
		return shown[0]
	}
	return strings.Join(shown[:n-1], ", ") + " and " + shown[n-1]
}
