package condition

import (
	"fmt"
	"strings"
)

// kind is what a token is.
type kind uint8

const (
	word      kind = iota // a name, an operator, a number, a GUID
	quoted                // 'text'
	named                 // @Source[name]
	and                   // AND, &&
	or                    // OR, ||
	negation              // NOT, !
	openRound             // (
	closeRound
	openCurly // {
	closeCurly
	comma
)

// token is a piece of a condition's text. Its value is the text without quotes.
type token struct {
	kind     kind
	value    string
	from, to int // where it stands in the text
}

// signs are the tokens that end a word wherever they stand.
var signs = []struct {
	text string
	kind kind
}{
	{"(", openRound},
	{")", closeRound},
	{"{", openCurly},
	{"}", closeCurly},
	{",", comma},
	{"&&", and},
	{"||", or},
	{"!", negation},
}

// scan cuts the text into tokens. It fails where it cannot say where one ends.
func scan(text string) ([]token, error) {
	var list []token
	for at := 0; at < len(text); {
		if isSpace(text[at]) {
			at++
			continue
		}
		next, err := scanOne(text, at)
		if err != nil {
			return nil, err
		}
		list = append(list, next)
		at = next.to
	}
	return list, nil
}

func scanOne(text string, at int) (token, error) {
	switch text[at] {
	case '\'':
		return scanQuoted(text, at)
	case '@':
		return scanNamed(text, at)
	}
	for _, sign := range signs {
		if strings.HasPrefix(text[at:], sign.text) {
			return token{kind: sign.kind, from: at, to: at + len(sign.text)}, nil
		}
	}
	to := wordEnd(text, at)
	t := token{kind: word, value: text[at:to], from: at, to: to}
	switch strings.ToUpper(t.value) {
	case "AND":
		t.kind = and
	case "OR":
		t.kind = or
	case "NOT":
		t.kind = negation
	}
	return t, nil
}

// scanQuoted reads a text in single quotes. A backslash before a quote is
// refused, because nothing says whether the quote ends the text then.
func scanQuoted(text string, at int) (token, error) {
	length := strings.IndexByte(text[at+1:], '\'')
	if length < 0 {
		return token{}, fmt.Errorf("the quotation at character %d has no end", at+1)
	}
	value := text[at+1 : at+1+length]
	if strings.HasSuffix(value, `\`) {
		return token{}, fmt.Errorf("the quotation at character %d has a backslash before a quote, which leaves its end open", at+1)
	}
	return token{kind: quoted, value: value, from: at, to: at + len(value) + len("''")}, nil
}

// scanNamed reads @Source[name]; the value is Source[name].
func scanNamed(text string, at int) (token, error) {
	open := at + 1
	for open < len(text) && isLetter(text[open]) {
		open++
	}
	if open == len(text) || text[open] != '[' {
		return token{}, fmt.Errorf("the @ at character %d names no attribute: want @Source[name]", at+1)
	}
	length := strings.IndexByte(text[open:], ']')
	if length < 0 {
		return token{}, fmt.Errorf("the attribute at character %d has no closing bracket", at+1)
	}
	to := open + length + 1
	return token{kind: named, value: text[at+1 : to], from: at, to: to}, nil
}

func wordEnd(text string, at int) int {
	for to := at + 1; to < len(text); to++ {
		if isSpace(text[to]) || strings.IndexByte("(){},!'@", text[to]) >= 0 ||
			strings.HasPrefix(text[to:], "&&") || strings.HasPrefix(text[to:], "||") {
			return to
		}
	}
	return len(text)
}

func isSpace(b byte) bool { return b == ' ' || b == '\t' || b == '\n' || b == '\r' }

func isLetter(b byte) bool { return 'a' <= b && b <= 'z' || 'A' <= b && b <= 'Z' }
