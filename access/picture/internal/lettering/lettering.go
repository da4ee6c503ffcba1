// Package lettering makes texts fit: it takes out of names what would break a
// line or turn it round, measures them, and wraps and shortens them. Whoever
// draws or prints what people have named needs it.
package lettering

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Clean is the text on one line, fit for every format: control characters and
// line ends are blanks, and what would turn the direction of other people's text
// round, or show nothing at all, is the replacement character. So is what no XML
// document may hold.
func Clean(s string) string {
	if plain(s) {
		return s
	}
	var b strings.Builder
	for _, r := range s { // bytes that are no UTF-8 come as the replacement character
		switch {
		case unicode.IsSpace(r) || unicode.IsControl(r):
			b.WriteByte(' ')
		case hidden(r):
			b.WriteRune(unicode.ReplacementChar)
		default:
			b.WriteRune(r)
		}
	}
	return strings.Join(strings.Fields(b.String()), " ")
}

// plain says whether a text is printable ASCII with single blanks, as nearly all
// are, and thus clean.
func plain(s string) bool {
	before := byte(' ')
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' || s[i] == ' ' && before == ' ' {
			return false
		}
		before = s[i]
	}
	return before != ' ' || s == ""
}

// hidden says whether a character shows nothing, orders others about, or may not
// stand in XML: formats such as U+202E, surrogates, private ones, tags, and what
// is no character.
func hidden(r rune) bool {
	return unicode.In(r, unicode.Cf, unicode.Cs, unicode.Co) || r&0xFFFE == 0xFFFE || 0xFDD0 <= r && r <= 0xFDEF || !unicode.IsGraphic(r)
}

// Clip is the text with at most so many characters, the last of them an ellipsis
// if it was longer.
func Clip(s string, most int) string {
	if utf8.RuneCountInString(s) <= most {
		return s
	}
	for i := range s {
		if most--; most == 0 {
			return strings.TrimRight(s[:i], " ") + "…"
		}
	}
	return ""
}

// advances are the widths of the printable ASCII characters in thousandths of
// the font's size, as wide as in the widest of the common fonts without serifs
// (Verdana, DejaVu Sans). A text set in a narrower one leaves some room.
var advances = [...]uint16{
	352, 402, 460, 838, 636, 1077, 780, 275, 455, 455, 636, 838, 364, 455, 364, 455, // space to /
	636, 636, 636, 636, 636, 636, 636, 636, 636, 636, 455, 455, 838, 838, 838, 545, // 0 to ?
	1000, 684, 686, 699, 771, 633, 576, 776, 752, 421, 455, 693, 557, 863, 749, 788, // @ to O
	604, 788, 696, 685, 617, 733, 685, 989, 686, 616, 686, 455, 455, 455, 838, 636, // P to _
	636, 613, 635, 550, 635, 616, 353, 635, 634, 278, 345, 593, 278, 974, 634, 612, // ` to o
	635, 635, 428, 522, 395, 634, 593, 818, 593, 593, 526, 636, 455, 636, 838, // p to ~
}

// Font is a size in pixels and a weight.
type Font struct {
	Size int
	Bold bool
}

// Measured says whether the width of all characters is known. One of others is a
// guess, and whoever draws it must make it fit.
func Measured(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return (r < ' ' || r > '~') && r != '…' && r != '·' })
}

// Width is how wide the text is at most, in pixels.
func (f Font) Width(s string) int {
	sum := 0
	for _, r := range s {
		sum += advance(r)
	}
	if f.Bold {
		sum += sum / 9
	}
	return (sum*f.Size + 999) / 1000
}

func advance(r rune) int {
	switch {
	case ' ' <= r && r <= '~':
		return int(advances[r-' '])
	case r == '·':
		return 364
	case unicode.In(r, unicode.Mn, unicode.Me):
		return 0
	case r < 0x1100 && unicode.IsLower(r):
		return 700
	}
	return 1000
}

// Fit is the text, or as much of its beginning as is not wider than width, with
// an ellipsis.
func (f Font) Fit(s string, width int) string {
	if f.Width(s) <= width {
		return s
	}
	kept := ""
	for i := range s {
		next := strings.TrimRight(s[:i], " ") + "…"
		if f.Width(next) > width {
			break
		}
		kept = next
	}
	return kept
}

// Wrap parts the text into at most so many lines, none wider than width. It
// breaks at blanks, or else behind a slash, dot, hyphen or the like, or else
// anywhere; what is left over ends in an ellipsis.
func (f Font) Wrap(s string, width, most int) []string {
	var lines []string
	for len(lines) < most-1 && f.Width(s) > width {
		cut := f.cut(s, width)
		if cut == 0 {
			break
		}
		lines = append(lines, strings.TrimRight(s[:cut], " "))
		s = strings.TrimLeft(s[cut:], " ")
	}
	return append(lines, f.Fit(s, width))
}

// Fits says whether Wrap would show all of the text and break no word of it.
func (f Font) Fits(s string, width, most int) bool {
	for ; most > 1 && f.Width(s) > width; most-- {
		cut := f.cut(s, width)
		if cut == 0 || s[cut] != ' ' && !strings.ContainsRune(signs, rune(s[cut-1])) {
			return false
		}
		s = strings.TrimLeft(s[cut:], " ")
	}
	return f.Width(s) <= width
}

// signs are those behind which a word may be broken.
const signs = "/.-_@:"

// cut is where a line that is too wide is best broken; zero if nowhere.
func (f Font) cut(s string, width int) int {
	blank, sign, last := 0, 0, 0
	for i, r := range s {
		if f.Width(strings.TrimRight(s[:i], " ")) > width {
			break
		}
		last = i
		if r == ' ' {
			blank = i
		} else if i > 0 && strings.ContainsRune(signs, rune(s[i-1])) {
			sign = i
		}
	}
	switch {
	case blank > 0:
		return blank
	case sign > last/3: // a very short line looks worse than a broken word
		return sign
	}
	return last
}

// Cells is how many cells of a terminal the text takes.
func Cells(s string) int {
	sum := 0
	for _, r := range s {
		switch {
		case unicode.In(r, unicode.Mn, unicode.Me):
		case wide(r):
			sum += 2
		default:
			sum++
		}
	}
	return sum
}

// wide says whether terminals give a character two cells: the scripts of East
// Asia, and pictures.
func wide(r rune) bool {
	return 0x1100 <= r && r <= 0x115F || 0x2E80 <= r && r <= 0xA4CF || 0xAC00 <= r && r <= 0xD7A3 ||
		0xF900 <= r && r <= 0xFAFF || 0xFE30 <= r && r <= 0xFE6F || 0xFF00 <= r && r <= 0xFF60 ||
		0xFFE0 <= r && r <= 0xFFE6 || 0x1F300 <= r && r <= 0x1FAFF || 0x20000 <= r && r <= 0x3FFFD
}

// Paragraph wraps a text to the cells of a terminal, breaking at blanks only, so
// that what is to be copied stays whole. The first line begins with first, the
// others with rest, which count. Without a width all is on one line.
func Paragraph(s, first, rest string, cells int) string {
	if cells <= 0 {
		return first + s + "\n"
	}
	var b strings.Builder
	b.WriteString(first)
	at, fresh := Cells(first), true
	for word := range strings.FieldsSeq(s) {
		w := Cells(word)
		switch {
		case fresh:
		case at+1+w > cells:
			b.WriteString("\n" + rest)
			at = Cells(rest)
		default:
			b.WriteByte(' ')
			at++
		}
		b.WriteString(word)
		at, fresh = at+w, false
	}
	b.WriteByte('\n')
	return b.String()
}
