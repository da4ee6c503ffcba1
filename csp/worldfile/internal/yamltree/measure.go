package yamltree

import (
	"bytes"
	"unicode/utf8"
)

// The bounds of a text.
const (
	MaxBytes = 4 << 20
	MaxLines = 100_000
	// MaxMarks bounds the characters that can begin or end a token; a
	// world that a person wrote has two or three of them in a line.
	MaxMarks = 300_000
	MaxDepth = 32
)

// measure refuses a text that is too large to be scanned, or that holds
// characters YAML does not allow.
func measure(text []byte) error {
	if len(text) > MaxBytes {
		return syntaxError(1, 1, "the file has %d bytes; at most %d are read", len(text), MaxBytes)
	}
	if lines := bytes.Count(text, []byte{'\n'}); lines > MaxLines {
		return syntaxError(1, 1, "the file has %d lines; at most %d are read", lines, MaxLines)
	}
	line, start, marks := 1, 0, 0
	for i := 0; i < len(text); {
		c := text[i]
		size := 1
		switch {
		case c == '\n':
			line, start = line+1, i+1
			marks++
		case c < ' ' && c != '\t', c == 0x7f:
			return syntaxError(line, columnOf(text[start:i]), "a control character (%#02x) stands here; write it as an escape in double quotes", c)
		case c < utf8.RuneSelf:
			if isMark(c) {
				marks++
			}
		default:
			var r rune
			if r, size = utf8.DecodeRune(text[i:]); r == utf8.RuneError && size == 1 {
				return syntaxError(line, columnOf(text[start:i]), "this is not UTF-8")
			}
		}
		if marks > MaxMarks {
			return syntaxError(line, columnOf(text[start:i]), "the file is too large: it has more than %d line ends, commas, colons, brackets and the like", MaxMarks)
		}
		i += size
	}
	return nil
}

func columnOf(before []byte) int { return utf8.RuneCount(before) + 1 }

// isMark says whether the character can stand for a token, or part two. Hyphens
// and apostrophes are left out where they are most common, inside GUIDs and
// conditions: an entry of a list needs a line or a blank as well, and a quoted
// text ends at a mark or a line.
func isMark(c byte) bool {
	switch c {
	case ',', ':', '[', ']', '{', '}', '#', '&', '*', '!', '|', '>', '%', '?', '"', '@', '`':
		return true
	}
	return false
}
