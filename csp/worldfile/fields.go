package worldfile

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"latchkey/csp"
	"latchkey/csp/names"
	"latchkey/csp/worldfile/internal/yamltree"
)

type node = yamltree.Node

// fields are the entries of a map whose keys are known.
type fields struct {
	r    *reader
	node *node // the map, to point at when something is missing
	of   map[string]*node
}

// fields reads a map of a kind that the grammar knows. What is no map, or has
// other keys, is a problem; an absent value is an empty map.
func (r *reader) fields(n *node, what string) fields {
	known := grammar[what]
	f := fields{r: r, node: n, of: make(map[string]*node, len(n.Pairs))}
	if n.Kind != yamltree.Nothing && n.Kind != yamltree.Map {
		r.problem(n, "%s is a map of %s, not %s", what, orList(known), n.Kind)
		return f
	}
	for _, pair := range n.Pairs {
		if r.full() {
			break
		}
		if !slices.Contains(known, pair.Key.Text) {
			r.problem(pair.Key, "%s has no key %q; %s", what, clip(pair.Key.Text), nearestOf(pair.Key.Text, known))
			continue
		}
		f.of[pair.Key.Text] = pair.Value
	}
	return f
}

// nearestOf says which of the words are nearest, or else all of them.
func nearestOf(text string, words []string) string {
	if near := names.Nearest(text, words); len(near) > 0 {
		return "nearest: " + strings.Join(near, ", ")
	}
	return "want one of: " + strings.Join(words, ", ")
}

func orList(words []string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	return strings.Join(words[:len(words)-1], ", ") + " and " + words[len(words)-1]
}

// has says whether a node is a map with the key.
func has(n *node, key string) bool {
	return slices.ContainsFunc(n.Pairs, func(p yamltree.Pair) bool { return p.Key.Text == key })
}

// has says whether the key is written, with a value or without.
func (f fields) has(key string) bool { return f.of[key] != nil }

// get is the value of a key, or a node that is Nothing.
func (f fields) get(key string) *node {
	if n := f.of[key]; n != nil {
		return n
	}
	return &node{Line: f.node.Line, Column: f.node.Column}
}

// text is a text, empty where none is written.
func (f fields) text(key string) string {
	if !f.has(key) {
		return ""
	}
	text, _ := f.r.text(f.get(key), key)
	return text
}

// yes is yes or no; no where nothing is written.
func (f fields) yes(key string) bool {
	if !f.has(key) {
		return false
	}
	n := f.get(key)
	switch strings.ToLower(n.Text) {
	case "true":
		return true
	case "false":
		return false
	}
	return f.r.choice(n, key, "yes", "no") == "yes"
}

// choice is one of the words, as they are spelt here; empty where none is written.
func (f fields) choice(key string, words ...string) string {
	if !f.has(key) {
		return ""
	}
	return f.r.choice(f.get(key), key, words...)
}

func (r *reader) choice(n *node, what string, words ...string) string {
	for _, word := range words {
		if n.Kind == yamltree.Text && strings.EqualFold(n.Text, word) {
			return word
		}
	}
	if text, ok := r.text(n, what); ok {
		r.problem(n, "%q is no value of %q; want one of: %s", clip(text), what, strings.Join(words, ", "))
	}
	return ""
}

// term reads eligible, from and until.
func (f fields) term() csp.Term { return csp.Term{Period: f.period(), Eligible: f.yes("eligible")} }

func (f fields) period() csp.Period {
	p := csp.Period{From: f.time("from"), Until: f.time("until")}
	if !p.Until.IsZero() && !p.From.Before(p.Until) {
		f.r.problem(f.get("until"), "it ends at %s, before it begins", p.Until.Format(time.RFC3339))
	}
	return p
}

// time is an instant, zero where none is written.
func (f fields) time(key string) time.Time {
	text := f.text(key)
	if text == "" {
		return time.Time{}
	}
	for _, layout := range []string{time.DateOnly, time.RFC3339Nano} {
		if at, err := time.Parse(layout, text); err == nil {
			return at.UTC()
		}
	}
	f.r.problem(f.get(key), "%q is no time: write 2026-12-24, which is midnight UTC, or 2026-12-24T18:30:00Z", clip(text))
	return time.Time{}
}

// maxDays is the longest that a GDAP relationship lasts (R11).
const maxDays = 730

// number is a whole number of days; zero where none is written.
func (f fields) number(key string) int {
	text := f.text(key)
	if text == "" {
		return 0
	}
	value, err := strconv.ParseUint(text, 10, 31)
	if err != nil || value > maxDays {
		f.r.problem(f.get(key), "%q is no number of days from 0 to %d", clip(text), maxDays)
	}
	return int(value)
}

// texts are one text or a list of them.
func (f fields) texts(key string) []string {
	var texts []string
	for _, item := range many(f.get(key)) {
		if text, ok := f.r.text(item, key); ok {
			texts = append(texts, text)
		}
	}
	return texts
}

// each visits the items of a list, or the one item that stands alone.
func (f fields) each(key string, visit func(*node)) {
	for _, item := range many(f.get(key)) {
		visit(item)
	}
}

// entries visits the entries of a map of things by name.
func (f fields) entries(key string, visit func(key, value *node)) {
	f.r.entries(f.get(key), key, visit)
}

func (r *reader) entries(n *node, what string, visit func(key, value *node)) {
	if n.Kind != yamltree.Nothing && n.Kind != yamltree.Map {
		r.problem(n, `%q is a map, with an entry "name: ..." for each, not %s`, what, n.Kind)
		return
	}
	for _, pair := range n.Pairs {
		if r.full() {
			return
		}
		visit(pair.Key, pair.Value)
	}
}

// many are the items of a list, or the one that stands in its place.
func many(n *node) []*node {
	switch n.Kind {
	case yamltree.Nothing:
		return nil
	case yamltree.List:
		return n.Items
	}
	return []*node{n}
}

// text is the text of a node that must be one. None is read when enough problems
// are known, so that a file of many wrong names costs no more than those told.
func (r *reader) text(n *node, what string) (string, bool) {
	if r.full() {
		return "", false
	}
	if n.Kind != yamltree.Text {
		r.problem(n, "%q wants a text here, not %s", what, n.Kind)
		return "", false
	}
	return n.Text, true
}

// clip shortens foreign text before it goes into an error sentence.
func clip(s string) string {
	const most = 80
	if len(s) <= most {
		return s
	}
	return strings.ToValidUTF8(s[:most], "") + "..."
}
