package yamltree

import (
	"fmt"
	"strings"
)

// Kind is what a node is.
type Kind uint8

// The kinds. Nothing is an absent value, or null.
const (
	Nothing Kind = iota
	Text
	List
	Map
)

// String names the kind as an error sentence does.
func (k Kind) String() string {
	switch k {
	case Text:
		return "a text"
	case List:
		return "a list"
	case Map:
		return "a map"
	}
	return "nothing"
}

// Node is one value and where it stands.
type Node struct {
	Kind  Kind
	Text  string // of a Text
	Items []*Node
	Pairs []Pair
	// Line and Column count from 1; a column is a letter, not a byte.
	Line, Column int
}

// Pair is an entry of a map. Its key is a Text.
type Pair struct {
	Key, Value *Node
}

// SyntaxError is what is wrong with a text, and where.
type SyntaxError struct {
	Line, Column int
	Text         string
}

func (p SyntaxError) Error() string { return fmt.Sprintf("%d:%d: %s", p.Line, p.Column, p.Text) }

func syntaxError(line, column int, format string, values ...any) SyntaxError {
	return SyntaxError{Line: line, Column: column, Text: fmt.Sprintf(format, values...)}
}

// clip shortens foreign text before it goes into an error sentence.
func clip(s string) string {
	const most = 60
	if runes := []rune(s[:min(len(s), most*4)]); len(runes) > most {
		return string(runes[:most]) + "..."
	}
	return strings.ToValidUTF8(s, "?")
}
