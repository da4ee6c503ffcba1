package picture

import (
	"fmt"
	"strings"

	"latchkey/access"
	"latchkey/access/picture/internal/lettering"
)

// whole is both graphs of a picture, for programs that lay out by themselves.
func (t told) whole() []graph {
	list := []graph{graphOf(t.trails())}
	if doors := t.doors(); len(doors) > 0 {
		list = append(list, graphOf(doors))
	}
	return list
}

// lines are what stands in a box: its word, its name, and where it is.
func (t told) lines(b box) []string {
	d := drawing{told: t}
	list := []string{d.boxWord(b), lettering.Clip(boxName(b), 80)}
	if where := d.boxWhere(b); where != "" {
		list = append(list, lettering.Clip(where, 80))
	}
	return list
}

// caption is an arrow's verb with what it depends on.
func caption(l link) []string {
	n := label{}
	if l.verb != "" {
		n.above = []string{l.verb}
	}
	if l.eligible {
		n.below = append(n.below, "once activated")
	}
	if l.wide {
		n.below = append(n.below, "for all customers")
	}
	return append(n.above, n.below...)
}

var dotShapes = [...]string{
	anybody: "box,style=rounded", user: "box,style=rounded", guest: "box,style=rounded,peripheries=2", group: "box,peripheries=2",
	service: "component", foreign: "note", unlisted: "box,style=rounded", relationship: "hexagon", role: "octagon", directoryRole: "doubleoctagon",
	tenant: "folder", action: "box,style=rounded", denial: "octagon", doubt: "note", lack: "box,style=dotted", door: "house",
}

// DOT is the answer in the language of Graphviz.
func DOT(a access.Answer, options ...Option) string {
	t := tell(a, options)
	var b strings.Builder
	b.WriteString("digraph access {\n")
	fmt.Fprintf(&b, "  graph [rankdir=LR, labelloc=t, fontname=\"sans-serif\", label=%s];\n", quoteDOT(t.sentence()))
	b.WriteString("  node [fontname=\"sans-serif\"];\n  edge [fontname=\"sans-serif\", fontsize=10];\n")
	for part, g := range t.whole() {
		for n, one := range g.boxes {
			fmt.Fprintf(&b, "  n%d_%d [label=%s, shape=%s, color=%q, tooltip=%s];\n", part, n, quoteDOT(t.lines(one)...), strings.ReplaceAll(dotShapes[one.kind()], ",", ", "), tones[looks[one.kind()].tone], quoteDOT((&drawing{told: t}).boxTitle(one)))
		}
		for _, arrow := range g.arrows() {
			_, colour := arrowLook(arrow.link)
			for _, from := range arrow.from {
				fmt.Fprintf(&b, "  n%d_%d -> n%d_%d [label=%s, color=%q, style=%s%s];\n", part, from, part, arrow.to, quoteDOT(caption(arrow.link)...), tones[colour], dotStyle(arrow.link), dotHead(arrow.link))
			}
		}
		if left := t.left(g); left != "" && part == 0 {
			fmt.Fprintf(&b, "  more [label=%s, shape=plaintext];\n", quoteDOT(left))
		}
	}
	b.WriteString("}\n")
	return b.String()
}

func dotStyle(l link) string {
	switch {
	case l.step() || l.lacking || l.doubted:
		return "dotted"
	case l.wide:
		return "dashed"
	}
	return "solid"
}

func dotHead(l link) string {
	if l.crossed {
		return ", arrowhead=tee"
	}
	return ""
}

// quoteDOT is a quoted string of centred lines. A backslash would begin an escape,
// and an ampersand an entity.
func quoteDOT(lines ...string) string {
	escape := strings.NewReplacer(`\`, `\\`, `"`, `\"`, "&", "&amp;")
	safe := make([]string, len(lines))
	for i, line := range lines {
		safe[i] = escape.Replace(line)
	}
	return `"` + strings.Join(safe, `\n`) + `"`
}

var mermaidShapes = [...][2]string{
	anybody: {"(", ")"}, user: {"(", ")"}, guest: {"(", ")"}, group: {"[[", "]]"}, service: {"[", "]"}, foreign: {">", "]"}, unlisted: {"(", ")"},
	relationship: {"{{", "}}"}, role: {"[/", "/]"}, directoryRole: {"[/", "/]"}, tenant: {"[(", ")]"}, action: {"([", "])"},
	denial: {"(((", ")))"}, doubt: {"[", "]"}, lack: {"[", "]"}, door: {"[", "]"},
}

// Mermaid is the answer as a flowchart of Mermaid.
func Mermaid(a access.Answer, options ...Option) string {
	t := tell(a, options)
	var b strings.Builder
	b.WriteString("flowchart LR\n")
	fmt.Fprintf(&b, "  accTitle: %s\n", codes(t.sentence()))
	var number int
	var styles strings.Builder
	for part, g := range t.whole() {
		for n, one := range g.boxes {
			shape := mermaidShapes[one.kind()]
			fmt.Fprintf(&b, "  n%d_%d%s\"%s\"%s\n", part, n, shape[0], codes(t.lines(one)...), shape[1])
			fmt.Fprintf(&styles, "  style n%d_%d stroke:%s\n", part, n, tones[looks[one.kind()].tone])
		}
		for _, arrow := range g.arrows() {
			_, colour := arrowLook(arrow.link)
			for _, from := range arrow.from {
				fmt.Fprintf(&b, "  n%d_%d %s%s n%d_%d\n", part, from, mermaidLine(arrow.link), captionCodes(arrow.link), part, arrow.to)
				fmt.Fprintf(&styles, "  linkStyle %d stroke:%s%s\n", number, tones[colour], mermaidDashes(arrow.link))
				number++
			}
		}
		if left := t.left(g); left != "" && part == 0 {
			fmt.Fprintf(&b, "  more[\"%s\"]\n", codes(left))
		}
	}
	return b.String() + styles.String()
}

func mermaidLine(l link) string {
	switch {
	case l.crossed:
		return "--x"
	case l.step() || l.lacking || l.doubted:
		return "-.->"
	}
	return "-->"
}

func mermaidDashes(l link) string {
	if l.wide && !l.step() {
		return ",stroke-dasharray:7 5"
	}
	return ""
}

func captionCodes(l link) string {
	if lines := caption(l); len(lines) > 0 {
		return `|"` + codes(lines...) + `"|`
	}
	return ""
}

// codes writes every ASCII character that Mermaid or the browser could take for
// something else by its number.
func codes(lines ...string) string {
	var b strings.Builder
	for i, line := range lines {
		if i > 0 {
			b.WriteString("<br/>")
		}
		for _, r := range line {
			if r < 0x80 && !strings.ContainsRune(" .,-_/", r) && (r < '0' || r > '9') && (r|0x20 < 'a' || r|0x20 > 'z') {
				fmt.Fprintf(&b, "#%d;", r)
				continue
			}
			b.WriteRune(r)
		}
	}
	return b.String()
}
