package mail

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// How much of foreign text goes into a mail, in characters.
const (
	maxName  = 80
	maxWords = 500
	maxMarks = 4 // accents stacked on one letter
)

// nameLine is a name as a mail may show it: one line of visible characters.
func nameLine(s string) string { return defang(oneLine(s, maxName)) }

// quoteLine is what somebody wrote, as a mail may show it.
func quoteLine(s string) string { return defang(oneLine(s, maxWords)) }

// oneLine keeps what a reader can see. Line breaks, tabs and every kind of
// space become single spaces. Control characters, marks that turn the direction
// of writing, characters that take no room and letters that look empty are
// dropped: each of them can make a reader see other words than were written.
// What is longer than most characters ends in an ellipsis.
func oneLine(s string, most int) string {
	var out []rune
	marks, gap := 0, false
	for _, r := range s {
		switch {
		case unicode.IsSpace(r) || unicode.Is(unicode.Z, r):
			gap = true
			continue
		case unicode.Is(unicode.M, r):
			if marks++; marks > maxMarks || gap || len(out) == 0 {
				continue
			}
		case !unicode.IsGraphic(r) || looksEmpty(r) || r == utf8.RuneError:
			continue
		default:
			marks = 0
		}
		if gap && len(out) > 0 {
			out = append(out, ' ')
		}
		gap = false
		if out = append(out, r); len(out) > most {
			out[most-1] = '…'
			return string(out[:most])
		}
	}
	return string(out)
}

// looksEmpty names the letters and symbols that are drawn as nothing although
// Unicode does not call them spaces.
func looksEmpty(r rune) bool {
	switch r {
	case '\u115f', '\u1160', '\u3164', '\uffa0', '\u2800':
		return true
	}
	return false
}

// defang breaks every address in s, so that no mail program makes a link of it:
// a dot before a letter, the mark after a scheme, an at-sign and a leading
// double backslash get brackets. So does the beginning of an encoded word, which
// a mail program would decode into other text than was cleaned. Numbers such as
// 1.2.3 stay as they are.
func defang(s string) string {
	runes := []rune(s)
	var out strings.Builder
	for i, r := range runes {
		switch {
		case isDot(r) && within(runes, i) && unicode.IsLetter(runes[i+1]):
			out.WriteString("[.]")
		case r == '@' && within(runes, i):
			out.WriteString("[@]")
		case r == ':' && i+1 < len(runes) && (runes[i+1] == '/' || i > 0 && unicode.IsLetter(runes[i-1]) && !unicode.IsSpace(runes[i+1])):
			out.WriteString("[:]")
		case r == '\\' && i+1 < len(runes) && runes[i+1] == '\\':
			out.WriteString(`[\]`)
		case r == '?' && i > 0 && runes[i-1] == '=':
			out.WriteString("[?]")
		default:
			out.WriteRune(r)
		}
	}
	return out.String()
}

// isDot says whether a name resolver reads r as the dot between two labels.
func isDot(r rune) bool { return r == '.' || r == '。' || r == '．' || r == '｡' }

// within says whether there is text on both sides of position i.
func within(runes []rune, i int) bool {
	return i > 0 && i+1 < len(runes) && !unicode.IsSpace(runes[i-1]) && !unicode.IsSpace(runes[i+1])
}
