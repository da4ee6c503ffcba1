package odata

import (
	"fmt"
	"strings"

	"latchkey/emulator/wire"
)

// tokenKind is what a piece of a filter is.
type tokenKind uint8

const (
	ending tokenKind = iota
	name             // a word, a number, a time or a GUID
	quoted           // a text without its quotation marks
	sign             // one of ( ) , / :
)

type token struct {
	kind tokenKind
	text string
	at   int
}

// scan cuts a filter into tokens; behind the last stands an ending.
func scan(text string) ([]token, error) {
	var tokens []token
	for at := 0; at < len(text); {
		switch c := text[at]; {
		case c == ' ' || c == '\t' || c == '\n' || c == '\r':
			at++
		case c == '\'':
			value, end, ok := scanQuoted(text, at)
			if !ok {
				return nil, bad(fmt.Sprintf("Invalid filter clause: There is an unterminated string literal at position %d in '%s'.", len(text), wire.Clip(text)))
			}
			tokens = append(tokens, token{quoted, value, at})
			at = end
		case strings.IndexByte("(),/", c) >= 0:
			tokens = append(tokens, token{sign, string(c), at})
			at++
		default:
			end := scanName(text, at)
			if end == at { // a lone colon
				end++
				tokens = append(tokens, token{sign, text[at:end], at})
			} else {
				tokens = append(tokens, token{name, text[at:end], at})
			}
			at = end
		}
	}
	return append(tokens, token{ending, "", len(text)}), nil
}

// scanQuoted reads a text in quotation marks, of which two stand for one.
func scanQuoted(text string, at int) (value string, end int, ok bool) {
	var b strings.Builder
	for i := at + 1; i < len(text); i++ {
		if text[i] != '\'' {
			b.WriteByte(text[i])
			continue
		}
		if i+1 < len(text) && text[i+1] == '\'' {
			b.WriteByte('\'')
			i++
			continue
		}
		return b.String(), i + 1, true
	}
	return "", 0, false
}

// scanName reads on to the next sign or blank. A colon ends a name unless the
// name is a time, which begins with a digit.
func scanName(text string, at int) int {
	for end := at; ; end++ {
		if end == len(text) || strings.IndexByte(" \t\r\n'(),/", text[end]) >= 0 {
			return end
		}
		if text[end] == ':' && (end == at || text[at] < '0' || text[at] > '9') {
			return end
		}
	}
}
