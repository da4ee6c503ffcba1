package picture_test

import (
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"pgregory.net/rapid"

	"latchkey/access"
	"latchkey/access/picture"
	"latchkey/access/picture/internal/lettering"
	"latchkey/csp"
)

// nasty are names that mean harm, or break a careless format.
var nasty = []string{
	"<script>alert(1)</script>", `"quoted" 'twice'`, "two\nlines\r\n", "\u202eturned", "\x00\x07\x1b[2J", strings.Repeat("long ", 2000), "",
	"\xff\xfe", "]]>", "--></svg>", "&amp;&lt;", `back\slash\N\n`, "#quot;#35;", "end", "a|b{c}[d](e)", "水野 太郎", "שלום", "\ufffe\uffff", "%d%s", "`x`", "é" + strings.Repeat("\u0301", 50),
}

var stopKinds = []access.StopKind{
	access.UserStop, access.GuestStop, access.GroupStop, access.ServicePrincipalStop, access.ForeignPrincipalStop, access.UnlistedStop,
	access.RelationshipStop, access.RoleStop, access.DirectoryRoleStop, access.TenantStop, access.ActionStop, 0, 200,
}

// drawAnswer makes an answer that no engine would give, of stops that meet again.
func drawAnswer(t *rapid.T) access.Answer {
	name := rapid.OneOf(rapid.SampledFrom(nasty), rapid.StringMatching(`[A-Z][a-z]{2,8}`), rapid.String())
	var stops []access.Stop
	for n := range rapid.IntRange(2, 12).Draw(t, "stops") {
		s := access.Stop{Kind: rapid.SampledFrom(stopKinds).Draw(t, "kind"), ID: strconv.Itoa(n), Name: name.Draw(t, "name"), Tenant: name.Draw(t, "tenant")}
		if rapid.Bool().Draw(t, "scoped") {
			s.Scope = shop
		}
		stops = append(stops, s)
	}
	hops := func(least int) []access.Hop {
		at := rapid.SampledFrom(stops).Draw(t, "from")
		var list []access.Hop
		for range rapid.IntRange(least, 6).Draw(t, "hops") {
			to := rapid.SampledFrom(stops).Draw(t, "to")
			list = append(list, access.Hop{
				Kind: access.HopKind(rapid.IntRange(0, int(access.Takes)+1).Draw(t, "hop")), From: at, To: to, Rule: name.Draw(t, "rule"), Detail: name.Draw(t, "detail"),
				Term: csp.Term{Eligible: rapid.Bool().Draw(t, "eligible")}, PartnerWide: rapid.Bool().Draw(t, "wide"),
			})
			at = to
		}
		return list
	}
	verdict := rapid.SampledFrom([]access.Verdict{access.Has, access.CanGet, access.HasNot, access.Unknown})
	gap := func() csp.Gap {
		return csp.Gap{Fact: csp.FactKind(rapid.IntRange(0, 15).Draw(t, "fact")), Tenant: number[csp.Tenant](3), Why: name.Draw(t, "why")}
	}
	a := access.Answer{Question: question(), Verdict: verdict.Draw(t, "verdict"), More: rapid.Bool().Draw(t, "more")}
	a.Denied = []csp.DenyAssignment{{ID: number[csp.DenyAssignment](9), Name: name.Draw(t, "denial"), Scope: shop}}
	for range rapid.IntRange(0, 12).Draw(t, "paths") {
		p := access.Path{Gives: verdict.Draw(t, "gives"), Hops: hops(0)}
		p.Entry = access.Entry{Kind: access.EntryKind(rapid.IntRange(0, 8).Draw(t, "entry")), Tenant: csp.Tenant{Name: name.Draw(t, "entered")}, Hops: hops(0)}
		switch p.Gives {
		case access.HasNot:
			p.Blocked = number[csp.DenyAssignment](rapid.IntRange(8, 9).Draw(t, "blocked"))
		case access.Unknown:
			p.Gap = gap()
		}
		a.Paths = append(a.Paths, p)
	}
	for range rapid.IntRange(0, 3).Draw(t, "misses") {
		a.Misses = append(a.Misses, access.Miss{Kind: access.MissKind(rapid.IntRange(0, 9).Draw(t, "miss")), Text: name.Draw(t, "text"), Next: name.Draw(t, "next"), There: hops(0)})
	}
	for range rapid.IntRange(0, 6).Draw(t, "gaps") {
		a.Gaps = append(a.Gaps, gap())
	}
	a.Notes = []access.Note{{Rule: name.Draw(t, "rule"), Text: name.Draw(t, "note")}}
	a.Contexts = []access.Context{{Entry: access.ByGDAP, Tenant: csp.Tenant{Name: name.Draw(t, "context")}}}
	return a
}

func TestPicturesOfWhateverAnswersAreLawful(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := drawAnswer(t)
		for _, options := range [][]picture.Option{nil, {picture.StandAlone()}} {
			if err := lawfulSVG(picture.SVG(a, options...), len(options) > 0); err != nil {
				t.Fatal(err)
			}
		}
		if err := lawfulDOT(picture.DOT(a)); err != nil {
			t.Fatal(err)
		}
		if err := lawfulMermaid(picture.Mermaid(a)); err != nil {
			t.Fatal(err)
		}
		if err := lawfulText(picture.Text(a, 80)); err != nil {
			t.Fatal(err)
		}
		if err := lawfulView(a); err != nil {
			t.Fatal(err)
		}
	})
}

func TestPicturesOfAnswersAreLawful(t *testing.T) {
	for name, a := range answers(t) {
		t.Run(name, func(t *testing.T) {
			err := errors.Join(
				lawfulSVG(picture.SVG(a), false), lawfulSVG(picture.SVG(a, picture.StandAlone()), true),
				lawfulDOT(picture.DOT(a)), lawfulMermaid(picture.Mermaid(a)), lawfulText(picture.Text(a, 60)), lawfulView(a),
			)
			if err != nil {
				t.Error(err)
			}
		})
	}
}

func FuzzNamesDoNoHarm(f *testing.F) {
	for _, name := range nasty {
		f.Add(name, name)
	}
	f.Fuzz(func(t *testing.T, name, other string) {
		a := fan(4, 1)
		for _, p := range a.Paths {
			for i := range p.Hops {
				p.Hops[i].From.Name, p.Hops[i].To.Name, p.Hops[i].Detail, p.Hops[i].To.Tenant = name, other, name, other
			}
		}
		a.Denied = []csp.DenyAssignment{{Name: name, Scope: shop}}
		a.Misses = []access.Miss{{Kind: access.MissRole, Text: name, Next: other}}
		a.Notes = []access.Note{{Rule: name, Text: other}}
		a.Contexts = []access.Context{{Tenant: csp.Tenant{Name: other}}}
		err := errors.Join(
			lawfulSVG(picture.SVG(a), false), lawfulSVG(picture.SVG(a, picture.StandAlone()), true),
			lawfulDOT(picture.DOT(a)), lawfulMermaid(picture.Mermaid(a)), lawfulText(picture.Text(a, 60)), lawfulView(a),
		)
		if err != nil {
			t.Error(err)
		}
	})
}

// may are the elements of a picture, with the attributes each may have. Whatever
// else came through would be somebody's name, not ours.
var may = map[string]string{
	"svg": " xmlns class viewBox width height role aria-label font-family ", "title": " ", "desc": " ", "style": " ", "g": " class transform ",
	"rect": " class x y width height rx fill fill-opacity stroke stroke-width stroke-opacity ",
	"path": " class d transform fill fill-opacity stroke stroke-width stroke-opacity stroke-linecap stroke-linejoin stroke-dasharray ",
	"text": " class x y font-size font-weight font-style text-anchor fill fill-opacity textLength lengthAdjust letter-spacing ",
}

var place = regexp.MustCompile(`^translate\((\d+) (-?\d+)\)$`)

// lawfulSVG reads a picture as a browser would, and says where it is no proper XML,
// has what it must not have, or lets a text out of its box or of the picture.
func lawfulSVG(svg []byte, standAlone bool) error {
	if !utf8.Valid(svg) {
		return errors.New("the SVG is no UTF-8")
	}
	type group struct {
		x, y int
		box  bool
	}
	stack := []group{{}}
	var width, height int
	decoder := xml.NewDecoder(strings.NewReader(string(svg)))
	decoder.Strict = true
	var text *xml.StartElement
	for {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("the SVG is no XML: %w", err)
		}
		switch token := token.(type) {
		case xml.StartElement:
			name := token.Name.Local
			if may[name] == "" || name == "style" && !standAlone {
				return fmt.Errorf("the SVG has an element %s", name)
			}
			for _, a := range token.Attr {
				if !strings.Contains(may[name], " "+a.Name.Local+" ") {
					return fmt.Errorf("an element %s of the SVG has an attribute %s", name, a.Name.Local)
				}
			}
			switch name {
			case "svg":
				if _, err := fmt.Sscanf(attribute(token, "viewBox"), "0 0 %d %d", &width, &height); err != nil {
					return err
				}
			case "g":
				g := stack[len(stack)-1]
				if at := place.FindStringSubmatch(attribute(token, "transform")); at != nil {
					x, _ := strconv.Atoi(at[1])
					y, _ := strconv.Atoi(at[2])
					g.x, g.y = g.x+x, g.y+y
				}
				g.box = strings.HasPrefix(attribute(token, "class"), "lk-box")
				stack = append(stack, g)
			case "text":
				text = &token
			}
		case xml.EndElement:
			if token.Name.Local == "g" {
				stack = stack[:len(stack)-1]
			}
			text = nil
		case xml.CharData:
			if text == nil {
				continue
			}
			g := stack[len(stack)-1]
			left, right, y := extent(*text, string(token))
			if g.box && (left < 0 || right > 160 || y < 8) {
				return fmt.Errorf("the text %q reaches from %d to %d, at %d, out of its box", token, left, right, y)
			}
			if g.x+left < 0 || g.x+right > width || g.y+y < 8 || g.y+y > height-2 {
				return fmt.Errorf("the text %q reaches from %d to %d, at %d, out of a picture of %d by %d", token, g.x+left, g.x+right, g.y+y, width, height)
			}
		}
	}
}

func attribute(e xml.StartElement, name string) string {
	for _, a := range e.Attr {
		if a.Name.Local == name {
			return a.Value
		}
	}
	return ""
}

// extent is where a line of text begins and ends, and its base line.
func extent(e xml.StartElement, text string) (left, right, y int) {
	x, _ := strconv.Atoi(attribute(e, "x"))
	y, _ = strconv.Atoi(attribute(e, "y"))
	size, _ := strconv.Atoi(attribute(e, "font-size"))
	wide := lettering.Font{Size: size, Bold: attribute(e, "font-weight") != ""}.Width(text)
	if given := attribute(e, "textLength"); given != "" {
		wide, _ = strconv.Atoi(given)
	} else if strings.ContainsFunc(text, func(r rune) bool { return r > '~' && r != '…' && r != '·' }) {
		wide = 1 << 20 // nobody knows how wide
	}
	if attribute(e, "text-anchor") == "middle" {
		return x - wide/2, x + (wide+1)/2, y
	}
	return x, x + wide, y
}

var (
	dotString = `"(?:[^"\\]|\\[\\"n])*"`
	dotValue  = `(?:` + dotString + `|[a-zA-Z0-9]+)`
	dotList   = `\[[a-z]+=` + dotValue + `(?:, [a-z]+=` + dotValue + `)*\]`
	dotLine   = regexp.MustCompile(`^(?:digraph access \{|\}|  (?:graph|node|edge|more|n\d+_\d+(?: -> n\d+_\d+)?) ` + dotList + `;)$`)
	loose     = regexp.MustCompile(`&[^a]|&a[^m]|&am[^p]|&amp[^;]`)

	mermaidLabel = `"[^"#&<>\x60;{}|\[\]()\\]*(?:(?:#\d+;|<br/>)[^"#&<>\x60;{}|\[\]()\\]*)*"`
	mermaidLine  = regexp.MustCompile(`^(?:flowchart LR|  accTitle: .*|  (?:n\d+_\d+|more)(?:\(\(\(|\(\[|\(|\[\[|\[/|\[\(|\[|\{\{|>)` + mermaidLabel +
		`(?:\)\)\)|\]\)|\)|\]\]|/\]|\)\]|\]|\}\})|  n\d+_\d+ (?:-->|-\.->|--x)(?:\|` + mermaidLabel + `\|)? n\d+_\d+|  style n\d+_\d+ stroke:#[0-9a-f]{6}|  linkStyle \d+ stroke:#[0-9a-f]{6}(?:,stroke-dasharray:7 5)?)$`)
)

// lawfulDOT holds every line against the grammar of what we write.
func lawfulDOT(dot string) error {
	for line := range strings.Lines(dot) {
		line = strings.TrimSuffix(line, "\n")
		if !utf8.ValidString(line) || !dotLine.MatchString(line) || loose.MatchString(line) {
			return fmt.Errorf("%q is no line of DOT", line)
		}
	}
	return nil
}

func lawfulMermaid(mermaid string) error {
	for line := range strings.Lines(mermaid) {
		line = strings.TrimSuffix(line, "\n")
		if !utf8.ValidString(line) || !mermaidLine.MatchString(line) {
			return fmt.Errorf("%q is no line of Mermaid", line)
		}
	}
	return nil
}

// lawfulText says where a text could do something to a terminal.
func lawfulText(text string) error {
	for _, r := range text {
		if r != '\n' && (unicode.IsControl(r) || unicode.Is(unicode.Cf, r)) {
			return fmt.Errorf("the text has the character %U: %q", r, text)
		}
	}
	if !utf8.ValidString(text) || len(text) > 100_000 {
		return errors.New("the text is no UTF-8, or without measure")
	}
	return nil
}

// lawfulView says where a view does not come back from JSON as it was.
func lawfulView(a access.Answer) error {
	view := picture.ViewOf(a)
	first, err := json.Marshal(view)
	if err != nil {
		return err
	}
	var back picture.View
	if err := json.Unmarshal(first, &back); err != nil {
		return err
	}
	second, err := json.Marshal(back)
	if err != nil {
		return err
	}
	// JSON has no bytes that are no UTF-8, and writes what stands for them in one
	// of two ways.
	one, other := strings.ReplaceAll(string(first), `\ufffd`, "\ufffd"), string(second)
	if one != other {
		return fmt.Errorf("the view is\n%s, and then\n%s", one, other)
	}
	if strings.Contains(one, ":null") && !strings.Contains(fmt.Sprint(a), ":null") {
		return fmt.Errorf("a list of the view is null: %s", one)
	}
	return nil
}
