package picture

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
	"strings"

	"latchkey/access"
	"latchkey/access/picture/internal/columns"
	"latchkey/access/picture/internal/lettering"
	"latchkey/csp"
)

// Sizes in pixels.
const (
	boxWidth    = 160
	boxHeight   = 78
	margin      = 24
	leastWidth  = 640
	labelWidth  = 92
	betweenRows = 30 // between parts of the picture
	mostGaps    = 4  // told below it
)

var (
	titleFont = lettering.Font{Size: 16, Bold: true}
	nameFont  = lettering.Font{Size: 13, Bold: true}
	smallFont = lettering.Font{Size: 11}
	family    = "system-ui, 'Segoe UI', Roboto, 'Noto Sans', 'Liberation Sans', sans-serif"
)

// SVG is the answer as a drawing, for a page unless it is to stand alone.
func SVG(a access.Answer, options ...Option) []byte {
	t := tell(a, options)
	d := &drawing{told: t, width: leastWidth}
	main, doors := d.part("", t.trails()), d.part("The way in", t.doors())
	parts := []*part{main, doors}
	for _, p := range parts {
		d.width = max(d.width, p.plan.Width)
	}
	d.header()
	for _, p := range parts {
		d.draw(p)
	}
	d.remarks(main.graph)
	d.legend(parts)
	return d.file()
}

// drawing is a picture being drawn. What is drawn goes into the body; y is how
// far down it reaches.
type drawing struct {
	told
	body  bytes.Buffer
	width int // without margins
	y     int
}

// part is one graph of a picture, laid out.
type part struct {
	heading string
	graph   graph
	arrows  []arrow
	labels  []label
	plan    columns.Plan
}

// label is what stands at the head of an arrow: the verb above, and below what it
// depends on.
type label struct{ above, below []string }

func (d *drawing) part(heading string, trails []trail) *part {
	p := &part{heading: heading, graph: graphOf(trails)}
	p.arrows = p.graph.arrows()
	g := columns.Graph{Width: boxWidth}
	for _, b := range p.graph.boxes {
		k := b.kind()
		g.Boxes = append(g.Boxes, columns.Box{Height: boxHeight, Late: k == role || k == directoryRole || k == denial || k == doubt || k == lack})
	}
	for _, a := range p.arrows {
		l := labelOf(a.link)
		p.labels = append(p.labels, l)
		width := 0
		for _, line := range append(l.above, l.below...) {
			width = max(width, smallFont.Width(line))
		}
		g.Arrows = append(g.Arrows, columns.Arrow{From: a.from, To: a.to, Label: width, Above: 8 + 13*len(l.above), Below: 6 + 12*len(l.below)})
	}
	p.plan = columns.Lay(g)
	return p
}

func labelOf(l link) label {
	var n label
	if l.verb != "" {
		n.above = smallFont.Wrap(l.verb, labelWidth, 3)
		for width := labelWidth - 4; smallFont.Fits(l.verb, width, len(n.above)); width -= 4 { // lines of like length
			n.above = smallFont.Wrap(l.verb, width, 3)
		}
	}
	if l.eligible {
		n.below = append(n.below, "once activated")
	}
	if l.wide {
		n.below = append(n.below, "for all customers")
	}
	return n
}

// marks are the signs of the verdicts, drawn in a square of 16 pixels.
var marks = map[access.Verdict]string{
	access.Has:     "m3.5 8.5 3 3 6-7",
	access.CanGet:  "M3 12.5h4v-4h4v-4h3",
	access.HasNot:  "m4 4 8 8m0-8-8 8",
	access.Unknown: "M5.5 6a2.5 2.5 0 1 1 3.6 2.2C8.3 8.6 8 9 8 9.8m0 2.6v.2",
}

func (d *drawing) header() {
	word := strings.ToUpper(d.Verdict.String())
	badge := 16 + 22 + smallFont.Width(word) + 14
	d.openf(`<g class="lk-verdict lk-%s">`, verdictClass(d.Verdict))
	d.printf(`<rect class="lk-shape" x="0" y="0" width="%d" height="28" rx="14" %s/>`, badge, paint(toneOf(d.Verdict)))
	d.printf(`<path class="lk-sign" transform="translate(12 6)" d="%s" fill="none" stroke="%s" stroke-width="2" stroke-linecap="round" stroke-linejoin="round"/>`, marks[d.Verdict], tones[toneOf(d.Verdict)])
	d.text(34, 18, smallFont, "start", word, `font-weight="700" letter-spacing=".04em"`)
	d.printf("</g>\n")
	y := 19
	for _, line := range titleFont.Wrap(d.sentence(), d.width-badge-14, 4) {
		d.text(badge+14, y, titleFont, "start", line, "")
		y += 22
	}
	d.y = max(28, y-16) + betweenRows
}

func verdictClass(v access.Verdict) string { return strings.ToLower(verdictWord(v)) }

// draw draws a part below what is there.
func (d *drawing) draw(p *part) {
	if len(p.graph.boxes) == 0 {
		return
	}
	if p.heading != "" {
		d.printf(`<path class="lk-rule" d="M0 %d.5H%d" fill="none" stroke="currentColor" stroke-opacity=".2"/>`+"\n", d.y-10, d.width)
		d.text(0, d.y+14, nameFont, "start", p.heading, "")
		d.y += 34
	}
	d.openf(`<g transform="translate(0 %d)">`+"\n", d.y)
	for n := range p.arrows {
		d.arrow(p, n)
	}
	for n, b := range p.graph.boxes {
		d.box(b, p.plan.Boxes[n])
	}
	d.printf("</g>\n")
	d.y += p.plan.Height + betweenRows
}

// arrow draws all of an arrow: its way, its head, its label, and the cross of one
// that is denied.
func (d *drawing) arrow(p *part, n int) {
	a, r := p.arrows[n], p.plan.Routes[n]
	class, tone := arrowLook(a.link)
	d.openf(`<g class="lk-arrow lk-%s"><title>%s</title>`, class, escape(d.arrowTitle(p, a)))
	h := r.Head
	d.printf(`<path class="lk-line" d="%s" fill="none" stroke="%s" stroke-width="1.6" stroke-linecap="round"%s/>`, pathOf(r), tones[tone], dashes(a.link))
	d.printf(`<path class="lk-head" d="M%d %dl-9 -4.5v9z" fill="%s"/>`, h.X2, h.Y2, tones[tone])
	middle := (h.X1 + h.X2 - 8) / 2
	lift := 6
	if a.crossed {
		lift = 10
	}
	for i, line := range p.labels[n].above {
		d.text(middle, h.Y1-lift-13*(len(p.labels[n].above)-1-i), smallFont, "middle", line, "")
	}
	for i, line := range p.labels[n].below {
		d.text(middle, h.Y1+13+12*i, smallFont, "middle", line, `font-style="italic" fill-opacity=".8"`)
	}
	if a.crossed {
		d.printf(`<path class="lk-cross" d="M%d %dl11 11m0 -11l-11 11" fill="none" stroke="%s" stroke-width="2.4" stroke-linecap="round"/>`, middle-5, h.Y1-5, tones[tone])
	}
	d.printf("</g>\n")
}

// pathOf is the way of an arrow as a path, without a break where one piece goes
// on from another, so that dashes do.
func pathOf(r columns.Route) string {
	pieces := slices.Concat(r.Tails, r.Lanes, r.Links, []columns.Curve{r.Head})
	slices.SortStableFunc(pieces, func(a, b columns.Curve) int { return cmp.Compare(a.X1, b.X1) })
	var path strings.Builder
	x, y := -1, -1
	for _, c := range pieces {
		if x != c.X1 || y != c.Y1 {
			fmt.Fprintf(&path, "M%d %d", c.X1, c.Y1)
		}
		x, y = c.X2, c.Y2
		if c == r.Head {
			x -= 6 // where the point begins
		}
		if middle := (c.X1 + c.X2) / 2; c.Y1 == c.Y2 {
			fmt.Fprintf(&path, "H%d", x)
		} else {
			fmt.Fprintf(&path, "C%d %d %d %d %d %d", middle, c.Y1, middle, c.Y2, x, y)
		}
	}
	return path.String()
}

func (d *drawing) arrowTitle(p *part, a arrow) string {
	from := make([]string, len(a.from))
	for i, b := range a.from {
		from[i] = boxName(p.graph.boxes[b])
	}
	subject := list(from, 6)
	if len(from) > 1 {
		subject = "each of " + subject
	}
	text := subject + " " + a.verb + " " + boxName(p.graph.boxes[a.to])
	switch {
	case a.crossed:
		text = subject + " denies " + boxName(p.graph.boxes[a.to])
	case a.doubted:
		text = "It is not known whether that gives " + boxName(p.graph.boxes[a.to])
	case a.lacking:
		text = "That is missing for " + boxName(p.graph.boxes[a.to])
	}
	if len(a.notes) > 0 {
		text += ": " + clean(list(a.notes, 6))
	}
	if a.eligible {
		text += "; it must be activated first"
	}
	if a.wide {
		text += "; the partner cannot limit it to one customer"
	}
	return text
}

func boxName(b box) string {
	if n := len(b.things); n > 1 {
		return thousands(n) + " " + plurals[b.kind()]
	}
	return clean(b.things[0].name)
}

// box draws a box with its word, its name and where it is.
func (d *drawing) box(b box, r columns.Rect) {
	look := looks[b.kind()]
	d.openf(`<g class="lk-box lk-%s" transform="translate(%d %d)"><title>%s</title>`, look.class, r.X, r.Y, escape(d.boxTitle(b)))
	look.draw(d, r.W, r.H, look.tone)
	room := r.W - 2*look.inset
	font, lines := nameLines(shortName(b), room)
	where := d.boxWhere(b)
	step, rows := font.Size+3, 1+len(lines)
	if where != "" {
		rows++
	}
	middle, y := r.W/2, (r.H-step*rows)/2+step-4
	d.text(middle, y, smallFont, "middle", smallFont.Fit(d.boxWord(b), room), `class="lk-word" fill-opacity=".8"`)
	for _, line := range lines {
		y += step
		d.text(middle, y, font, "middle", line, "")
	}
	if where != "" {
		d.text(middle, y+step, smallFont, "middle", smallFont.Fit(where, room), `fill-opacity=".8"`)
	}
	d.printf("</g>\n")
}

// nameLines are a name as it stands in a box: the larger, the shorter it is.
func nameLines(name string, room int) (lettering.Font, []string) {
	for _, f := range []lettering.Font{nameFont, {Size: 12, Bold: true}} {
		if f.Fits(name, room, 2) {
			return f, f.Wrap(name, room, 2)
		}
	}
	small := lettering.Font{Size: 11, Bold: true}
	return small, small.Wrap(name, room, 3)
}

// shortName is the name without what the box says anyhow.
func shortName(b box) string {
	name, one := boxName(b), b.things[0]
	switch {
	case len(b.things) > 1:
	case one.kind == action:
		if _, rest, ok := strings.Cut(name, "/"); ok {
			return rest // without the provider, which the title has
		}
	case one.kind == foreign:
		return strings.TrimSuffix(strings.TrimPrefix(name, "Foreign Principal for "), " ("+clean(one.tenant)+")")
	}
	return name
}

// shortScope says a scope by kind and name, of an id no more than its beginning.
func shortScope(s csp.Scope) string {
	if s.Kind() == csp.SubscriptionScope {
		return "subscription " + s.Name()[:8] + "…"
	}
	return above(s, "")
}

func (d *drawing) boxWord(b box) string {
	if len(b.things) > 1 {
		return "alike"
	}
	return words[b.kind()]
}

// boxWhere is the third line of a box: the place of what holds somewhere, the
// tenant of others, and the names of several.
func (d *drawing) boxWhere(b box) string {
	one := b.things[0]
	switch {
	case len(b.things) > 1:
		all := make([]string, 0, 4)
		for _, other := range b.things[:min(4, len(b.things))] {
			all = append(all, clean(other.name))
		}
		return strings.Join(all, ", ") + "…"
	case one.kind == door || one.kind == lack:
		return ""
	case !one.scope.IsZero() && one.scope.Subscription().IsZero():
		return above(one.scope, "") // whose it is, the title says
	case !one.scope.IsZero() && d.names == nil:
		return "at " + shortScope(one.scope)
	case !one.scope.IsZero():
		return d.at(b)
	case one.tenant == "" || strings.Contains(one.name, one.tenant):
		return ""
	}
	return clean(one.tenant)
}

// boxTitle is all there is to say about a box, for whoever points at it.
func (d *drawing) boxTitle(b box) string {
	one := b.things[0]
	if len(b.things) > 1 {
		all := make([]string, len(b.things))
		for i, other := range b.things {
			all[i] = lettering.Clip(lettering.Clean(other.name), 60)
		}
		return lettering.Clip(boxName(b)+": "+strings.Join(all, ", "), 2000)
	}
	text := words[one.kind] + " " + lettering.Clip(lettering.Clean(one.name), 1000)
	if one.tenant != "" && one.kind != door {
		text += " of " + clean(one.tenant)
	}
	if one.scope.IsZero() {
		return text + after(": ", clean(one.more))
	}
	return text + " at " + one.scope.String() + after(": ", clean(one.more))
}

// remarks are what the picture cannot show as boxes.
func (d *drawing) remarks(g graph) {
	var lines []string
	if left := d.left(g); left != "" {
		lines = append(lines, left)
	}
	seen := map[string]bool{}
	for _, p := range d.Paths {
		if entry := clean(p.Entry.String()); entry != "" && !seen[entry] && d.byWhat(p) == "" {
			seen[entry] = true
			lines = append(lines, upper(entry)+".")
		}
	}
	for i, g := range d.Gaps {
		if i == mostGaps {
			lines = append(lines, "Not known besides: "+count(len(d.Gaps)-i, "further fact", "further facts")+".")
			break
		}
		lines = append(lines, "Not known: "+d.gap(g)+".")
	}
	for _, n := range d.Notes {
		lines = append(lines, upper(d.says(n.Text))+" ("+clean(n.Rule)+").")
	}
	for _, text := range lines {
		for _, line := range smallFont.Wrap(text, d.width, 3) {
			d.text(0, d.y, smallFont, "start", line, "")
			d.y += 16
		}
		d.y += 4
	}
}

// legend explains the lines that the picture has.
func (d *drawing) legend(parts []*part) {
	keys := []struct {
		link
		text string
	}{
		{link{wide: true}, "holds for all customers alike"},
		{link{himself: true}, "a step to be taken first"},
		{link{wide: true, himself: true}, "such a step, for all customers"},
		{link{crossed: true}, "denied"},
		{link{doubted: true}, "not known"},
		{link{lacking: true}, "missing"},
	}
	used := map[string]bool{}
	for _, p := range parts {
		for _, a := range p.arrows {
			used[lookKey(a.link)] = true
		}
	}
	x, y := 0, d.y+8
	for _, k := range keys {
		if !used[lookKey(k.link)] {
			continue
		}
		width := 44 + smallFont.Width(k.text) + 24
		if x > 0 && x+width > d.width {
			x, y = 0, y+18
		}
		class, tone := arrowLook(k.link)
		d.openf(`<g class="lk-arrow lk-%s">`, class)
		d.printf(`<path class="lk-line" d="M%d %dh34" fill="none" stroke="%s" stroke-width="1.6" stroke-linecap="round"%s/>`, x, y-4, tones[tone], dashes(k.link))
		if k.crossed {
			d.printf(`<path class="lk-cross" d="M%d %dl9 9m0 -9l-9 9" fill="none" stroke="%s" stroke-width="2.2" stroke-linecap="round"/>`, x+12, y-8, tones[tone])
		}
		d.text(x+42, y, smallFont, "start", k.text, `fill-opacity=".8"`)
		d.printf("</g>\n")
		x += width
		d.y = y + 6
	}
}

func lookKey(l link) string {
	class, _ := arrowLook(l)
	return class + dashes(l)
}

// file puts all together.
func (d *drawing) file() []byte {
	var out bytes.Buffer
	w, h := d.width+2*margin, d.y+2*margin
	fmt.Fprintf(&out, `<svg xmlns="http://www.w3.org/2000/svg" class="lk" viewBox="0 0 %d %d" width="%d" height="%d" role="img" aria-label="%s" font-family="%s">`+"\n", w, h, w, h, escape(d.sentence()), family)
	fmt.Fprintf(&out, "<title>%s</title>\n<desc>%s</desc>\n", escape(d.sentence()), escape(d.description()))
	if d.standAlone {
		fmt.Fprintf(&out, "<style>%s</style>\n", sheet)
		fmt.Fprintf(&out, `<rect class="lk-ground" width="%d" height="%d" rx="12"/>`+"\n", w, h)
	}
	fmt.Fprintf(&out, `<g transform="translate(%d %d)">`+"\n", margin, margin)
	out.Write(d.body.Bytes())
	out.WriteString("</g>\n</svg>\n")
	return out.Bytes()
}

// description tells the ways for those who do not see them.
func (d *drawing) description() string {
	g := graphOf(d.paths())
	var all []string
	for n, r := range g.routes {
		all = append(all, fmt.Sprintf("%d. %s: %s.", n+1, d.heading(r), strings.Join(d.steps(g, r), "; ")))
	}
	for _, m := range d.Misses {
		all = append(all, upper(d.says(m.Text))+".")
	}
	return lettering.Clip(cmp.Or(strings.Join(all, " "), "There is no way."), 3000)
}

func (d *drawing) printf(format string, values ...any) { fmt.Fprintf(&d.body, format, values...) }

func (d *drawing) openf(format string, values ...any) { d.printf(format, values...) }

// text writes one line. Of one with characters whose width is not known, it makes
// the reader's program keep the width that was reckoned with.
func (d *drawing) text(x, y int, f lettering.Font, anchor, s, attributes string) {
	weight, fit := "", ""
	if f.Bold {
		weight = ` font-weight="600"`
	}
	if !lettering.Measured(s) {
		fit = fmt.Sprintf(` textLength="%d" lengthAdjust="spacingAndGlyphs"`, f.Width(s))
	}
	if attributes != "" {
		attributes = " " + attributes
	}
	d.printf(`<text x="%d" y="%d" font-size="%d" text-anchor="%s" fill="currentColor"%s%s%s>%s</text>`+"\n", x, y, f.Size, anchor, weight, fit, attributes, escape(s))
}

var escaper = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&quot;", "'", "&#39;")

func escape(s string) string { return escaper.Replace(s) }
