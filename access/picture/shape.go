package picture

import (
	"fmt"
	"strings"

	"latchkey/access"
)

// tone is what a colour says.
type tone uint8

const (
	ink tone = iota
	teal
	blue
	violet
	rose
	olive
	slate
	green
	amber
	red
)

// tones are colours that can be told from white and from near-black alike, three
// to one and better, for pages that give them no others.
var tones = [...]string{
	ink: "#7b8683", teal: "#1d8a7d", blue: "#3f83c8", violet: "#9069cf", rose: "#c05c97", olive: "#7f8a2c",
	slate: "#6f819b", green: "#2f9155", amber: "#b47a10", red: "#d8534c",
}

func toneOf(v access.Verdict) tone {
	switch v {
	case access.Has:
		return green
	case access.CanGet:
		return amber
	case access.HasNot:
		return red
	}
	return violet
}

// look is how a kind of box is drawn. inset is how far its text keeps from the
// sides.
type look struct {
	class string
	tone  tone
	inset int
	draw  func(d *drawing, w, h int, t tone)
}

var looks = [...]look{
	anybody:       {"principal", teal, 12, rounded},
	user:          {"user", teal, 12, rounded},
	guest:         {"guest", teal, 14, roundedTwice},
	group:         {"group", blue, 14, stacked},
	service:       {"service", teal, 16, lugged},
	foreign:       {"foreign", violet, 12, ticket},
	unlisted:      {"unlisted", slate, 12, rounded},
	relationship:  {"relationship", rose, 20, pointed},
	role:          {"role", olive, 12, cut},
	directoryRole: {"directory", olive, 14, cutTwice},
	tenant:        {"tenant", slate, 12, folder},
	action:        {"action", ink, 16, pill},
	denial:        {"denial", red, 20, sign},
	doubt:         {"doubt", violet, 12, torn},
	lack:          {"lack", slate, 14, brackets},
	door:          {"door", slate, 16, doorway},
}

func paint(t tone) string {
	return fmt.Sprintf(`fill="%s" fill-opacity=".12" stroke="%s" stroke-width="1.6"`, tones[t], tones[t])
}

func (d *drawing) outline(t tone, format string, values ...any) {
	d.printf(`<path class="lk-shape" d="%s" %s/>`, fmt.Sprintf(format, values...), paint(t))
}

// inner is a second line inside an outline.
func (d *drawing) inner(t tone, format string, values ...any) {
	d.printf(`<path class="lk-inner" d="%s" fill="none" stroke="%s" stroke-opacity=".6"/>`, fmt.Sprintf(format, values...), tones[t])
}

func rounded(d *drawing, w, h int, t tone) {
	d.printf(`<rect class="lk-shape" width="%d" height="%d" rx="18" %s/>`, w, h, paint(t))
}

func roundedTwice(d *drawing, w, h int, t tone) {
	rounded(d, w, h, t)
	d.printf(`<rect class="lk-inner" x="4" y="4" width="%d" height="%d" rx="14" fill="none" stroke="%s" stroke-opacity=".6"/>`, w-8, h-8, tones[t])
}

func pill(d *drawing, w, h int, t tone) {
	d.printf(`<rect class="lk-shape" width="%d" height="%d" rx="%d" %s/>`, w, h, min(h, boxHeight)/2, paint(t))
}

// stacked has a second sheet behind it.
func stacked(d *drawing, w, h int, t tone) {
	d.inner(t, "M6 4V2a2 2 0 0 1 2 -2H%da2 2 0 0 1 2 2V%da2 2 0 0 1 -2 2h-2", w-2, h-6)
	d.outline(t, "M2 4H%da2 2 0 0 1 2 2V%da2 2 0 0 1 -2 2H2a2 2 0 0 1 -2 -2V6a2 2 0 0 1 2 -2z", w-6, h-2)
}

func lugged(d *drawing, w, h int, t tone) {
	d.outline(t, "M0 0H%dV%dH0z", w, h)
	d.inner(t, "M8 0V%dM%d 0V%d", h, w-8, h)
}

// ticket is notched above and below.
func ticket(d *drawing, w, h int, t tone) {
	d.outline(t, "M2 0H%da7 7 0 0 0 14 0H%da2 2 0 0 1 2 2V%da2 2 0 0 1 -2 2H%da7 7 0 0 0 -14 0H2a2 2 0 0 1 -2 -2V2a2 2 0 0 1 2 -2z", w/2-7, w-2, h-2, w/2+7)
}

func pointed(d *drawing, w, h int, t tone) {
	d.outline(t, "M14 0H%dL%d %dL%d %dH14L0 %dz", w-14, w, h/2, w-14, h, h/2)
}

func cut(d *drawing, w, h int, t tone) {
	d.outline(t, "M9 0H%dl9 9V%dl-9 9H9l-9 -9V9z", w-9, h-9)
}

func cutTwice(d *drawing, w, h int, t tone) {
	cut(d, w, h, t)
	d.inner(t, "M11 4H%dl7 7V%dl-7 7H11l-7 -7V11z", w-11, h-11)
}

func folder(d *drawing, w, h int, t tone) {
	d.outline(t, "M0 %dV4a4 4 0 0 1 4 -4H44l8 8H%da4 4 0 0 1 4 4V%da4 4 0 0 1 -4 4H4a4 4 0 0 1 -4 -4z", h-4, w-4, h-4)
}

// sign is the eight-cornered stop sign.
func sign(d *drawing, w, h int, t tone) {
	c := 22
	d.outline(t, "M%d 0H%dl%d %dV%dl-%d %dH%dl-%d -%dV%dz", c, w-c, c, c, h-c, c, c, c, c, c, c)
}

// torn is a sheet whose lower edge is missing.
func torn(d *drawing, w, h int, t tone) {
	teeth := strings.Repeat("l-6 -6l-6 6", (w-4)/12)
	d.outline(t, "M0 0H%dV%dh-2%sL0 %dz", w, h, teeth, h)
}

func brackets(d *drawing, w, h int, t tone) {
	d.printf(`<path class="lk-shape" d="M14 0H0V%dH14M%d 0H%dV%dH%d" fill="none" stroke="%s" stroke-width="2"/>`, h, w-14, w, h, w-14, tones[t])
}

func doorway(d *drawing, w, h int, t tone) {
	d.outline(t, "M0 %dV26a26 26 0 0 1 26 -26H%da26 26 0 0 1 26 26V%dz", h, w-26, h)
	d.inner(t, "M-6 %dH%d", h, w+6)
}

// arrowLook is the class and the colour of an arrow.
func arrowLook(l link) (class string, t tone) {
	switch {
	case l.crossed:
		return "denied", red
	case l.doubted:
		return "doubted", violet
	case l.lacking:
		return "lacking", slate
	case l.step():
		return "step", amber
	}
	return "holds", ink
}

// dashes are the attribute for a line that is not solid.
func dashes(l link) string {
	switch {
	case l.lacking || l.doubted:
		return ` stroke-dasharray="1 6"`
	case l.wide && l.step():
		return ` stroke-dasharray="9 4 1 4"`
	case l.wide:
		return ` stroke-dasharray="7 5"`
	case l.step():
		return ` stroke-dasharray="1 4"`
	}
	return ""
}

// sheet is the style of a picture that stands alone.
const sheet = `
.lk{color:#1b2321}.lk-ground{fill:#fff}
.lk-user,.lk-guest,.lk-service,.lk-principal{--t:#0d5f55;--f:#e3f0ed}
.lk-group{--t:#1e5288;--f:#e6eff9}
.lk-foreign{--t:#5b3a99;--f:#efe9fa}
.lk-relationship{--t:#8a2f66;--f:#fae8f2}
.lk-role,.lk-directory{--t:#596412;--f:#f2f4de}
.lk-tenant,.lk-door,.lk-unlisted,.lk-lack{--t:#44546a;--f:#ecf0f5}
.lk-action{--t:#1b2321;--f:#f1f1ee}
.lk-denial,.lk-denied,.lk-hasnot{--t:#a3211c;--f:#fbe9e7}
.lk-doubt,.lk-doubted,.lk-unknown{--t:#5b3a99;--f:#efe9fa}
.lk-has{--t:#1d6336;--f:#e3f2e7}
.lk-step,.lk-canget{--t:#8a5600;--f:#fbf0d9}
.lk-holds{--t:#555e5a;--f:#fff}.lk-lacking{--t:#44546a;--f:#fff}
.lk-shape{stroke:var(--t);fill:var(--f);fill-opacity:1}.lk-lack .lk-shape{fill:none}
.lk-inner,.lk-line,.lk-cross,.lk-sign{stroke:var(--t)}.lk-head{fill:var(--t)}
@media(prefers-color-scheme:dark){
.lk{color:#ebefed}.lk-ground{fill:#1b211f}
.lk-user,.lk-guest,.lk-service,.lk-principal{--t:#6ccab9;--f:#16332e}
.lk-group{--t:#94c2f2;--f:#182d42}
.lk-foreign,.lk-doubt,.lk-doubted,.lk-unknown{--t:#c6b0f2;--f:#2c2443}
.lk-relationship{--t:#f0a3cf;--f:#3d2033}
.lk-role,.lk-directory{--t:#cdd884;--f:#2d3116}
.lk-tenant,.lk-door,.lk-unlisted,.lk-lack{--t:#b4c3d8;--f:#252d38}
.lk-action{--t:#ebefed;--f:#2a322f}
.lk-denial,.lk-denied,.lk-hasnot{--t:#ff9f96;--f:#42201d}
.lk-has{--t:#85d3a0;--f:#183222}
.lk-step,.lk-canget{--t:#efc26b;--f:#382c12}
.lk-holds{--t:#a9b4b0;--f:#1b211f}.lk-lacking{--t:#b4c3d8;--f:#1b211f}
}
`
