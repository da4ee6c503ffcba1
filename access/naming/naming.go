// Package naming finds the tenants, people, places and roles of an estate by
// what people type: an object id, a sign-in name, a name, "ann@contoso.example",
// "shop/shop-web/vm-1". What names nothing gets the nearest names for an answer,
// and what names several things gets all of them.
//
// The same text means the same thing in the same estate, always. A text is read
// in steps, the narrowest reading first, and the first step that finds anything
// decides; two things found in one step are an ambiguity, never a choice.
//
// Hardly anything is indexed: names are looked through one after the other, which at two
// hundred thousand accounts takes a few milliseconds and no memory. Whoever asks
// a thousand times a second has ids.
package naming

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"sync"
	"unicode"

	"latchkey/access/estate"
	"latchkey/csp/names"
)

// Names finds what is in one estate. Any number of goroutines may use it at once.
type Names struct {
	e *estate.Estate
	// subscriptions has the number of the subscription at a node; it is made when a
	// place is first told by its names.
	subscriptions func() map[estate.Node]int
}

// New is the names of the estate.
func New(e *estate.Estate) *Names {
	return &Names{e: e, subscriptions: sync.OnceValue(func() map[estate.Node]int {
		at := make(map[estate.Node]int, len(e.SubscriptionNode))
		for i, node := range e.SubscriptionNode {
			at[node] = i
		}
		return at
	})}
}

// An error lists at most so many candidates or known names, and nearest ones.
const (
	mostListed = 8
	mostNear   = 5
)

// Error says that a text names nothing, or more than one thing.
type Error struct {
	// Noun is what was looked for: "tenant", "group", "place".
	Noun string
	// Text is what was typed.
	Text string
	// In is the tenant that the search was limited to, if any.
	In string
	// Candidates are what the text may mean, when that is more than one thing.
	// They are sorted, and at most eight; More says that there are others.
	Candidates []string
	More       bool
	// Nearest are the names most like the text, when there is no such thing.
	Nearest []string
	// Known are names that there are, when none is near: sorted, and at most eight;
	// KnownMore says how many others there are. KnownAs is what they are, in the
	// plural; it is empty where none were looked for.
	Known     []string
	KnownAs   string
	KnownMore int
	// Hint is what to write instead, if that is known.
	Hint string
}

// Error is the whole story as one sentence.
func (e *Error) Error() string {
	in := ""
	if e.In != "" {
		in = " in " + e.In
	}
	quoted := quote(e.Text)
	var text string
	switch {
	case len(e.Candidates) > 0:
		text = quoted + in + " may mean " + strings.Join(e.Candidates, ", or ")
		if e.More {
			text += ", or others"
		}
		text += ": write which"
	case len(e.Nearest) > 0:
		text = "there is no " + e.Noun + " " + quoted + in + "; nearest: " + strings.Join(e.Nearest, ", ")
	default:
		text = "there is no " + e.Noun + " " + quoted + in + e.known()
	}
	if e.Hint != "" {
		text += "; " + e.Hint
	}
	return text
}

// known ends the sentence with what there is.
func (e *Error) known() string {
	text := "; the world"
	if e.In != "" {
		text = ", which"
	}
	switch {
	case e.KnownAs == "":
		return ""
	case len(e.Known) == 0:
		return text + " has no " + e.KnownAs
	}
	text += " has the " + e.KnownAs + ": " + strings.Join(e.Known, ", ")
	if e.KnownMore > 0 {
		text += fmt.Sprintf(", and %d more", e.KnownMore)
	}
	return text
}

// unknown is an Error about a text that names nothing.
func unknown(noun, text, in string, near *names.Near) *Error {
	return &Error{Noun: noun, Text: text, In: in, Nearest: near.Names(mostNear)}
}

// orKnown adds what there is of a kind, if nothing was near.
func (e *Error) orKnown(as string, all func() []string) *Error {
	if len(e.Nearest) > 0 {
		return e
	}
	known := all()
	most := min(len(known), mostListed)
	e.KnownAs, e.Known, e.KnownMore = as, known[:most], len(known)-most
	return e
}

// ambiguous is an Error about a text that names several things.
func ambiguous(noun, text, in string, candidates []string) *Error {
	slices.Sort(candidates)
	candidates = slices.Compact(candidates)
	err := &Error{Noun: noun, Text: text, In: in, Candidates: candidates}
	if len(candidates) > mostListed {
		err.Candidates, err.More = candidates[:mostListed], true
	}
	return err
}

// quote puts quotation marks around what somebody typed, shortened and without
// characters that would play tricks on a terminal.
func quote(text string) string {
	const most = 80
	if runes := []rune(text); len(runes) > most {
		text = string(runes[:most]) + "..."
	}
	return `"` + Clean(text) + `"`
}

// Clean is a name as it can be shown on a terminal: control characters and
// those that turn the direction of writing are replaced.
func Clean(name string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || r == '\u2028' || r == '\u2029' {
			return unicode.ReplacementChar
		}
		return r
	}, name)
}

// same says whether a stored name is the text, whatever the case. No name is none.
func same(stored []byte, text string) bool {
	return text != "" && bytes.EqualFold(stored, []byte(text))
}

// beginsWithWords says whether a stored name begins with the text, and goes on
// with another word: "Alder Cloud" begins with "alder".
func beginsWithWords(stored []byte, text string) bool {
	return text != "" && len(stored) > len(text) && stored[len(text)] == ' ' && same(stored[:len(text)], text)
}

// localPart is a sign-in name up to its @; empty if there is none.
func localPart(signIn []byte) []byte {
	local, _, found := bytes.Cut(signIn, []byte{'@'})
	if !found {
		return nil
	}
	return local
}
