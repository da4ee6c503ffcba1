package yamltree_test

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"pgregory.net/rapid"

	"latchkey/csp/worldfile/internal/yamltree"
)

// outline is a tree in one line; places are left out.
func outline(n *yamltree.Node) string {
	switch n.Kind {
	case yamltree.Text:
		return fmt.Sprintf("%q", n.Text)
	case yamltree.List:
		parts := []string{}
		for _, item := range n.Items {
			parts = append(parts, outline(item))
		}
		return "[" + strings.Join(parts, " ") + "]"
	case yamltree.Map:
		parts := []string{}
		for _, p := range n.Pairs {
			parts = append(parts, fmt.Sprintf("%q:%s", p.Key.Text, outline(p.Value)))
		}
		return "{" + strings.Join(parts, " ") + "}"
	}
	return "-"
}

var trees = []struct{ name, text, want string }{
	{"empty", "", "-"},
	{"only comments", "# a\n\n  # b\n", "-"},
	{"a text", "a b", `"a b"`},
	{"a map", "a: b\nc d: e f # g", `{"a":"b" "c d":"e f"}`},
	{"nested maps", "a:\n  b:\n    c: d\n  e: f\ng: h", `{"a":{"b":{"c":"d"} "e":"f"} "g":"h"}`},
	{"absent values", "a:\nb: null\nc: ~\nd:\n  e:", `{"a":- "b":- "c":- "d":{"e":-}}`},
	{"a list", "- a\n- - b\n  - c\n-\n- d: e\n  f: g", `["a" ["b" "c"] - {"d":"e" "f":"g"}]`},
	{"a list at the key's column", "a:\n- b\n- c\nd: e", `{"a":["b" "c"] "d":"e"}`},
	{"a list below its key", "a:\n  - b\n  - c\nd: e", `{"a":["b" "c"] "d":"e"}`},
	{"flow style", "a: [b, {c: d, e: , f: []}, [g], {}, ]\nh: {i: j,}", `{"a":["b" {"c":"d" "e":- "f":[]} ["g"] {}] "h":{"i":"j"}}`},
	{"flow style over lines", "a: [b,\n    c]\nd: {e: f,\n  g: h}", `{"a":["b" "c"] "d":{"e":"f" "g":"h"}}`},
	{"quotation marks", `"a: b": 'it''s'` + "\nc: \"d\\n\\u00e9\"", `{"a: b":"it's" "c":"d\né"}`},
	{"numbers stay texts", "a: [007, 0x1F, 1e5, 1.50, .inf, .nan, true, 2026-11-22, 12:30, 1_000]", `{"a":["007" "0x1F" "1e5" "1.50" ".inf" ".nan" "true" "2026-11-22" "12:30" "1_000"]}`},
	{"texts of several lines", "a: |\n  b\n  c\nd: >-\n  e\n  f\ng: h\n  i\nj:", `{"a":"b\nc\n" "d":"e f" "g":"h i" "j":-}`},
	{"an empty text block", "a: |\nb: c", `{"a":"" "b":"c"}`},
	{"a document's marks", "---\na: b\n...\n", `{"a":"b"}`},
	{"a byte order mark and CRLF", "\ufeffa:\r\n  b: c\r\n", `{"a":{"b":"c"}}`},
	{"a key that is null", "null: a", `{"null":"a"}`},
}

func TestTreesAreReadAsYAMLMeansThem(t *testing.T) {
	for _, test := range trees {
		t.Run(test.name, func(t *testing.T) {
			n, err := yamltree.Read([]byte(test.text))
			if err != nil {
				t.Fatal(err)
			}
			if got := outline(n); got != test.want {
				t.Errorf("got  %s\nwant %s", got, test.want)
			}
		})
	}
}

func TestPlacesAreLinesAndLetters(t *testing.T) {
	n, err := yamltree.Read([]byte("é: x\nb:\n  - 'é': {c: d}"))
	if err != nil {
		t.Fatal(err)
	}
	got := []*yamltree.Node{n, n.Pairs[0].Value, n.Pairs[1].Value, n.Pairs[1].Value.Items[0].Pairs[0].Value.Pairs[0].Value}
	for i, want := range [][2]int{{1, 1}, {1, 4}, {3, 3}, {3, 14}} {
		if place := [2]int{got[i].Line, got[i].Column}; place != want {
			t.Errorf("node %d stands at %v, want %v", i, place, want)
		}
	}
}

// TestTheTreeIsThatOfTheLibrary: whatever this package reads, the parser of the
// library reads alike, but for absent items of lists: it takes the key below
// "- " for one of the item's, also where that stands at the column of the list's
// own map.
func TestTheTreeIsThatOfTheLibrary(t *testing.T) {
	for _, test := range trees {
		checkLibrary(t, []byte(test.text))
	}
}

func checkLibrary(t *testing.T, text []byte) {
	t.Helper()
	n, err := yamltree.Read(text)
	if err != nil {
		return
	}
	file, err := parser.ParseBytes(bytes.TrimPrefix(text, []byte("\ufeff")), 0, parser.AllowDuplicateMapKey())
	if err != nil {
		t.Logf("the library refuses %q: %v", text, err)
		return
	}
	want := "-"
	for _, doc := range file.Docs {
		if doc.Body != nil {
			want = outlineOf(doc.Body)
		}
	}
	if got := outline(n); got != want && !hasAbsentItem(n) {
		t.Errorf("of %q\nread    %s\nlibrary %s", text, got, want)
	}
}

func hasAbsentItem(n *yamltree.Node) bool {
	for _, item := range n.Items {
		if item.Kind == yamltree.Nothing || hasAbsentItem(item) {
			return true
		}
	}
	return slices.ContainsFunc(n.Pairs, func(p yamltree.Pair) bool { return hasAbsentItem(p.Value) })
}

func outlineOf(n ast.Node) string {
	switch n := n.(type) {
	case *ast.MappingNode:
		parts := []string{}
		for _, p := range n.Values {
			parts = append(parts, fmt.Sprintf("%q:%s", p.Key.GetToken().Value, outlineOf(p.Value)))
		}
		return "{" + strings.Join(parts, " ") + "}"
	case *ast.SequenceNode:
		parts := []string{}
		for _, item := range n.Values {
			parts = append(parts, outlineOf(item))
		}
		return "[" + strings.Join(parts, " ") + "]"
	case *ast.NullNode:
		return "-"
	case *ast.LiteralNode:
		return fmt.Sprintf("%q", n.Value.Value)
	}
	return fmt.Sprintf("%q", n.GetToken().Value)
}

// FuzzRead: no text makes the reader panic, and what it reads the library reads alike.
func FuzzRead(f *testing.F) {
	for _, test := range trees {
		f.Add([]byte(test.text))
	}
	f.Fuzz(func(t *testing.T, text []byte) { checkLibrary(t, text) })
}

func drawNode(depth int) *rapid.Generator[*yamltree.Node] {
	return rapid.Custom(func(t *rapid.T) *yamltree.Node {
		texts := rapid.OneOf(rapid.String(), rapid.SampledFrom([]string{"", "a", "a b", "null", "~", "- a", "a: b", "'", "#", " a", "a\n\nb", "\u2028", "[x]", "1"}))
		kind := rapid.IntRange(0, 3).Draw(t, "kind")
		n := &yamltree.Node{}
		switch {
		case kind == 0 || depth == 0:
			return yamltree.NewText(texts.Draw(t, "text"))
		case kind == 1:
			n.Kind = yamltree.Map
			for _, key := range rapid.SliceOfDistinct(texts, rapid.ID).Draw(t, "keys") {
				n.Put(key, drawNode(depth-1).Draw(t, "value"))
			}
		case kind == 2:
			n.Kind = yamltree.List
			n = yamltree.NewList(rapid.SliceOf(drawNode(depth-1)).Draw(t, "items")...)
			for _, item := range n.Items {
				if item.Kind == yamltree.Nothing {
					item.Kind = yamltree.Text // an absent value has no place in a list in flow style
				}
			}
		}
		return n
	})
}

func TestWhatIsWrittenReadsBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		root := &yamltree.Node{Kind: yamltree.Map}
		root.Put("root", drawNode(3).Draw(t, "tree"))
		text := yamltree.Write(root)
		n, err := yamltree.Read(text)
		if err != nil {
			t.Fatalf("%v\n%s", err, text)
		}
		if got, want := outline(n), outline(root); got != want {
			t.Fatalf("got  %s\nwant %s\n%s", got, want, text)
		}
	})
}

func TestWhatIsNotReadIsToldWithItsPlace(t *testing.T) {
	for _, test := range []struct{ text, want string }{
		{"a: &x b", `1:4: anchors (&) and aliases (*) are not read; write the value out, or put a text that begins so in quotation marks`},
		{"a: !x b", `1:4: tags (!) are not read; put a text that begins so in quotation marks`},
		{"<<: a", `1:1: merge keys (<<) are not read; write the entries out`},
		{"a: %b", `1:4: directives (%) are not read; put a text that begins so in quotation marks`},
		{"? a", `1:1: keys after "? " are not read; write "key: value"`},
		{"a:\n\tb: c", `2:1: a tab stands here; indent with blanks`},
		{"a: 'b", `1:4: the quotation marks that open here are never closed`},
		{"a: @b", `1:4: this is no YAML: '@' is a reserved character; a text with such characters needs quotation marks`},
		{"a: b\n---\nc: d", `2:1: a second document begins here; one file holds one world`},
		{"---\n---\nc: d", `2:1: a second document begins here; one file holds one world`},
		{"a: b\n...\nc: d", `2:1: the document ends here, and the file goes on`},
		{"a: b: c", `1:5: a colon is not expected here; a text with ": " in it needs quotation marks`},
		{"a:\n  b: c\n d: e", `3:2: "d" is not expected here; is the line indented as the others beside it?`},
		{"a: ]", `1:4: "]" is not expected here; is the line indented as the others beside it?`},
		{"a: b\nc", `2:1: want "key: value" here, as on the lines beside it`},
		{"a: - b", `1:4: a list begins on a line of its own; or write it as [a, b]`},
		{"a: [b: c]", `1:5: an entry with a colon inside [ ] needs braces: {key: value}`},
		{"a: {b}", `1:5: want "key: value" inside the braces`},
		{"a: [b", `1:4: "[" is never closed`},
		{"a: {b: c", `1:4: "{" is never closed`},
		{"a: {b: [}", `1:9: "}" is not expected here; is the line indented as the others beside it?`},
		{"a: [b [c]]", `1:7: want a comma or the end of what "[" opens, not "["`},
		{"a: {b: c [d]}", `1:10: want a comma or the end of what "{" opens, not "["`},
		{"a: {b: c, b: d}", `1:11: "b" is already written at line 1`},
		{"a: [b] c", `1:8: "c" is not expected here; is the line indented as the others beside it?`},
		{"a:\n- b\n- c\n d: e\n", `4:3: a colon is not expected here; a text with ": " in it needs quotation marks`},
		{"\"a\n b\": c", `2:4: a colon is not expected here; a text with ": " in it needs quotation marks`},
		{"- a\n- b: c: d", `2:7: a colon is not expected here; a text with ": " in it needs quotation marks`},
		{strings.Repeat("x", 70) + ": a\n" + strings.Repeat("x", 70) + ": b", `2:1: "` + strings.Repeat("x", 60) + `..." is already written at line 1`},
		{"é\x00", `1:2: a control character (0x00) stands here; write it as an escape in double quotes`},
		{"a\n é\xff", `2:3: this is not UTF-8`},
	} {
		t.Run(test.text, func(t *testing.T) {
			_, err := yamltree.Read([]byte(test.text))
			if err == nil || err.Error() != test.want {
				t.Errorf("got  %v\nwant %s", err, test.want)
			}
		})
	}
}

func TestKindsHaveNames(t *testing.T) {
	for kind, want := range map[yamltree.Kind]string{yamltree.Nothing: "nothing", yamltree.Text: "a text", yamltree.List: "a list", yamltree.Map: "a map"} {
		if got := kind.String(); got != want {
			t.Errorf("kind %d is %q, want %q", kind, got, want)
		}
	}
}

func TestHostileTextsAreRefusedInTime(t *testing.T) {
	const million = 1_000_000
	for name, text := range map[string]string{
		"a million lines":       strings.Repeat("a:\n", million),
		"a million comments":    strings.Repeat("#\n", million),
		"a million entries":     "a: [" + strings.Repeat("a,", million) + "]",
		"a million brackets":    strings.Repeat("[", million),
		"a million blanks":      "a:" + strings.Repeat(" ", 9*million) + "b",
		"deep in brackets":      strings.Repeat("[", 1000),
		"deep in braces":        strings.Repeat("{a: ", 1000),
		"deep in dashes":        strings.Repeat("- ", 1000),
		"deep in indents":       indents(1000),
		"an anchor":             "a: &a [b]",
		"a bomb":                "a: &a [b,b]\nb: &b [*a,*a]\nc: [*b,*b]",
		"a million tags":        strings.Repeat("!a ", million),
		"a million documents":   strings.Repeat("---\n", million),
		"a million open quotes": strings.Repeat("\" ", million),
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := yamltree.Read([]byte(text)); err == nil {
				t.Error("it was read")
			} else if _, ok := errors.AsType[yamltree.SyntaxError](err); !ok || len(err.Error()) > 300 {
				t.Errorf("got %v", err)
			}
		})
	}
}

func indents(n int) string {
	var b strings.Builder
	for i := range n {
		b.WriteString(strings.Repeat(" ", i) + "a:\n")
	}
	return b.String()
}

// BenchmarkTheWorstThatIsRead are the texts that cost most of those just inside
// the bounds.
func BenchmarkTheWorstThatIsRead(b *testing.B) {
	for name, text := range map[string]string{
		"entries":  "a: [" + strings.Repeat("a,", yamltree.MaxMarks-10) + "]",
		"lines":    strings.Repeat("- a\n", yamltree.MaxLines),
		"onetext":  "a: \"" + strings.Repeat("b", yamltree.MaxBytes-20) + "\"",
		"dashes":   strings.Repeat("- a - a - a - a\n", yamltree.MaxLines),
		"comments": strings.Repeat("#"+strings.Repeat(" c", 15)+"\n", yamltree.MaxLines),
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(text)))
			for b.Loop() {
				if _, err := yamltree.Read([]byte(text)); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
