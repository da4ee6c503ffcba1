package abac

import (
	"fmt"
	"strings"
)

type kind uint8

const (
	end       kind = iota
	symbol         // one of ( ) { } , : ! && ||
	bare           // a word, a number, a GUID
	quoted         // 'text', without the quotes
	attribute      // @Request[name] or @Resource[name], without the frame
)

type lexeme struct {
	kind    kind
	text    string
	request bool // for an attribute: of what is asked for, not of what is there
}

func scan(text string) ([]lexeme, error) {
	var found []lexeme
	for {
		text = strings.TrimLeft(text, " \t\r\n")
		if text == "" {
			return found, nil
		}
		l, length, err := scanOne(text)
		if err != nil {
			return nil, err
		}
		found = append(found, l)
		text = text[length:]
	}
}

func scanOne(text string) (lexeme, int, error) {
	switch c := text[0]; {
	case strings.HasPrefix(text, "&&"), strings.HasPrefix(text, "||"):
		return lexeme{kind: symbol, text: text[:2]}, 2, nil
	case strings.IndexByte("(){},:!", c) >= 0:
		return lexeme{kind: symbol, text: text[:1]}, 1, nil
	case c == '\'':
		closing := strings.IndexByte(text[1:], '\'')
		if closing < 0 {
			return lexeme{}, 0, fmt.Errorf("abac: a quotation mark is never closed")
		}
		return lexeme{kind: quoted, text: text[1 : closing+1]}, closing + 2, nil
	case c == '@':
		return scanAttribute(text)
	case isWord(c):
		length := 1
		for length < len(text) && isWord(text[length]) {
			length++
		}
		return lexeme{kind: bare, text: text[:length]}, length, nil
	default:
		return lexeme{}, 0, fmt.Errorf("abac: %q has no place in a condition", c)
	}
}

func scanAttribute(text string) (lexeme, int, error) {
	open, closing := strings.IndexByte(text, '['), strings.IndexByte(text, ']')
	if open < 0 || closing < open+2 {
		return lexeme{}, 0, fmt.Errorf("abac: an attribute is written @Request[name] or @Resource[name]")
	}
	l := lexeme{kind: attribute, text: text[open+1 : closing]}
	switch source := text[1:open]; {
	case strings.EqualFold(source, "Request"):
		l.request = true
	case !strings.EqualFold(source, "Resource"):
		return lexeme{}, 0, fmt.Errorf("abac: attributes of %q are not known here", source)
	}
	return l, closing + 1, nil
}

func isWord(c byte) bool {
	return c == '-' || c == '_' || c == '.' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}
