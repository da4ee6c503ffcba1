package yamltree

import (
	"bytes"
	"strings"

	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/token"
)

// Read reads a text. Of an empty one it is a node that is Nothing. The error is
// a SyntaxError: after the first one, what follows cannot be trusted to mean what it
// says.
func Read(text []byte) (*Node, error) {
	text = bytes.TrimPrefix(text, []byte("\ufeff"))
	text = bytes.ReplaceAll(text, []byte("\r\n"), []byte("\n"))
	if err := measure(text); err != nil {
		return nil, err
	}
	tokens, err := scan(string(text))
	if err != nil {
		return nil, err
	}
	r := reader{tokens: tokens}
	root, err := r.block(0, 0)
	if err != nil {
		return nil, err
	}
	if left := r.peek(); left != nil {
		return nil, r.unexpected(left)
	}
	return root, nil
}

// scan parts the text into tokens and drops the comments.
func scan(text string) ([]*token.Token, error) {
	all := lexer.Tokenize(text)
	kept := make([]*token.Token, 0, len(all))
	begun := false
	for i, t := range all {
		switch t.Type {
		case token.CommentType, token.SpaceType:
			continue
		case token.DocumentHeaderType:
			if begun || len(kept) > 0 {
				return nil, at(t, "a second document begins here; one file holds one world")
			}
			begun = true
			continue
		case token.DocumentEndType:
			if i != len(all)-1 {
				return nil, at(t, "the document ends here, and the file goes on")
			}
			continue
		}
		if why := refused(t); why != "" {
			return nil, at(t, "%s", why)
		}
		kept = append(kept, t)
	}
	return kept, nil
}

// refused says why the token has no place in a world file; empty: it has.
func refused(t *token.Token) string {
	switch t.Type {
	case token.AnchorType, token.AliasType:
		return `anchors (&) and aliases (*) are not read; write the value out, or put a text that begins so in quotation marks`
	case token.TagType:
		return `tags (!) are not read; put a text that begins so in quotation marks`
	case token.MergeKeyType:
		return "merge keys (<<) are not read; write the entries out"
	case token.DirectiveType:
		return `directives (%) are not read; put a text that begins so in quotation marks`
	case token.MappingKeyType:
		return `keys after "? " are not read; write "key: value"`
	case token.InvalidType:
		switch {
		case strings.Contains(t.Error, "'\t'"):
			return "a tab stands here; indent with blanks"
		case strings.Contains(t.Error, "could not find end character"):
			return "the quotation marks that open here are never closed"
		}
		return "this is no YAML: " + t.Error + "; a text with such characters needs quotation marks"
	}
	return ""
}

func at(t *token.Token, format string, values ...any) SyntaxError {
	return syntaxError(t.Position.Line, max(t.Position.Column, 1), format, values...)
}

type reader struct {
	tokens []*token.Token
	next   int
}

// peek is the next token, or nil at the end.
func (r *reader) peek() *token.Token { return r.peekAt(0) }

func (r *reader) peekAt(ahead int) *token.Token {
	if r.next+ahead >= len(r.tokens) {
		return nil
	}
	return r.tokens[r.next+ahead]
}

func (r *reader) unexpected(t *token.Token) error {
	if t.Type == token.MappingValueType {
		return at(t, `a colon is not expected here; a text with ": " in it needs quotation marks`)
	}
	return at(t, "%q is not expected here; is the line indented as the others beside it?", clip(t.Value))
}

// line is where the last token that was read ended, as far as is known: block
// scalars and texts of several lines end further down.
func (r *reader) line() int {
	if r.next == 0 || r.tokens[r.next-1].Origin == "" {
		return 0 // nothing was read, or an empty text below | which ends above the next line
	}
	return r.tokens[r.next-1].Position.Line
}

// block reads the value that begins with the next token, if that stands to the
// right of the indent.
func (r *reader) block(indent, depth int) (*Node, error) {
	t := r.peek()
	if t == nil || t.Position.Column <= indent {
		return r.nothing(), nil
	}
	if depth > MaxDepth {
		return nil, at(t, "this is nested more than %d levels deep", MaxDepth)
	}
	switch {
	case t.Type == token.SequenceEntryType:
		return r.blockList(depth)
	case r.isKey():
		return r.blockMap(depth)
	}
	return r.inline(depth)
}

func (r *reader) nothing() *Node {
	n := &Node{Line: 1, Column: 1}
	if r.next > 0 {
		p := r.tokens[r.next-1].Position
		n.Line, n.Column = p.Line, p.Column+1
	}
	return n
}

// isKey says whether a key and its colon follow, both on one line.
func (r *reader) isKey() bool {
	key, colon := r.peek(), r.peekAt(1)
	return key != nil && colon != nil && isScalar(key) && colon.Type == token.MappingValueType && colon.Position.Line == key.Position.Line
}

func isScalar(t *token.Token) bool {
	switch t.Type {
	case token.StringType, token.SingleQuoteType, token.DoubleQuoteType, token.BoolType, token.NullType, token.ImplicitNullType,
		token.InfinityType, token.NanType, token.IntegerType, token.BinaryIntegerType, token.OctetIntegerType,
		token.HexIntegerType, token.FloatType:
		return true
	}
	return false
}

func (r *reader) blockMap(depth int) (*Node, error) {
	column := r.peek().Position.Column
	m := r.mapHere()
	for r.peek() != nil && r.peek().Position.Column == column {
		if !r.isKey() {
			return nil, at(r.peek(), `want "key: value" here, as on the lines beside it`)
		}
		key, err := r.key(m)
		if err != nil {
			return nil, err
		}
		value, err := r.mapValue(column, depth)
		if err != nil {
			return nil, err
		}
		m.node.Pairs = append(m.node.Pairs, Pair{Key: key, Value: value})
	}
	return m.node, nil
}

// mapValue reads what follows a colon in block style: on the same line no other
// map or list in block style, below it whatever is further to the right, and
// lists also at the key's own column.
func (r *reader) mapValue(column, depth int) (*Node, error) {
	t := r.peek()
	switch {
	case t == nil:
		return r.nothing(), nil
	case t.Position.Line == r.line():
		if t.Type == token.SequenceEntryType {
			return nil, at(t, "a list begins on a line of its own; or write it as [a, b]")
		}
		return r.inline(depth + 1)
	case t.Position.Column == column && t.Type == token.SequenceEntryType:
		return r.blockList(depth + 1)
	}
	return r.block(column, depth+1)
}

func (r *reader) blockList(depth int) (*Node, error) {
	first := r.peek()
	column := first.Position.Column
	n := &Node{Kind: List, Line: first.Position.Line, Column: column}
	for t := r.peek(); t != nil && t.Position.Column == column && t.Type == token.SequenceEntryType; t = r.peek() {
		r.next++
		item, err := r.block(column, depth+1)
		if err != nil {
			return nil, err
		}
		n.Items = append(n.Items, item)
	}
	return n, nil
}

// inline reads a text, or a list or map in flow style, and checks that nothing
// else stands behind it on its line.
func (r *reader) inline(depth int) (*Node, error) {
	n, err := r.flow(depth)
	if err != nil {
		return nil, err
	}
	if t := r.peek(); t != nil && t.Position.Line == r.line() {
		return nil, r.unexpected(t)
	}
	return n, nil
}

func (r *reader) flow(depth int) (*Node, error) {
	t := r.peek()
	switch {
	case depth > MaxDepth:
		return nil, at(t, "this is nested more than %d levels deep", MaxDepth)
	case t.Type == token.SequenceStartType:
		return r.flowList(depth)
	case t.Type == token.MappingStartType:
		return r.flowMap(depth)
	case t.Type == token.LiteralType || t.Type == token.FoldedType:
		return r.blockText()
	case isScalar(t):
		r.next++
		return scalar(t), nil
	}
	return nil, r.unexpected(t)
}

// blockText reads a text below | or >.
func (r *reader) blockText() (*Node, error) {
	t := r.peek()
	r.next++
	n := &Node{Kind: Text, Line: t.Position.Line, Column: t.Position.Column}
	// The scanner gives the text no column, and an empty one no origin.
	if body := r.peek(); body != nil && body.Type == token.StringType && (body.Position.Column == 0 || body.Origin == "") {
		r.next++
		n.Text = body.Value
	}
	return n, nil
}

func scalar(t *token.Token) *Node {
	n := &Node{Kind: Text, Text: t.Value, Line: t.Position.Line, Column: t.Position.Column}
	if t.Type == token.NullType || t.Type == token.ImplicitNullType {
		n.Kind, n.Text = Nothing, ""
	}
	return n
}

func (r *reader) flowList(depth int) (*Node, error) {
	open := r.peek()
	r.next++
	n := &Node{Kind: List, Line: open.Position.Line, Column: open.Position.Column}
	for {
		end, err := r.flowEnd(open, token.SequenceEndType)
		if err != nil || end {
			return n, err
		}
		if r.isKey() {
			return nil, at(r.peek(), "an entry with a colon inside [ ] needs braces: {key: value}")
		}
		item, err := r.flow(depth + 1)
		if err != nil {
			return nil, err
		}
		n.Items = append(n.Items, item)
		if err := r.comma(open, token.SequenceEndType); err != nil {
			return nil, err
		}
	}
}

func (r *reader) flowMap(depth int) (*Node, error) {
	open := r.peek()
	m := r.mapHere()
	r.next++
	for {
		end, err := r.flowEnd(open, token.MappingEndType)
		if err != nil || end {
			return m.node, err
		}
		if !r.isKey() {
			return nil, at(r.peek(), `want "key: value" inside the braces`)
		}
		key, err := r.key(m)
		if err != nil {
			return nil, err
		}
		value := r.nothing()
		if t := r.peek(); t != nil && t.Type != token.CollectEntryType && t.Type != token.MappingEndType {
			if value, err = r.flow(depth + 1); err != nil {
				return nil, err
			}
		}
		m.node.Pairs = append(m.node.Pairs, Pair{Key: key, Value: value})
		if err := r.comma(open, token.MappingEndType); err != nil {
			return nil, err
		}
	}
}

// flowEnd reads the closing bracket, if it is next.
func (r *reader) flowEnd(open *token.Token, end token.Type) (bool, error) {
	t := r.peek()
	if t == nil {
		return false, at(open, "%q is never closed", open.Value)
	}
	if t.Type == end {
		r.next++
		return true, nil
	}
	return false, nil
}

// comma reads the comma between two entries; before the closing bracket none is needed.
func (r *reader) comma(open *token.Token, end token.Type) error {
	t := r.peek()
	switch {
	case t == nil || t.Type == end:
		return nil // flowEnd looks at it
	case t.Type == token.CollectEntryType:
		r.next++
		return nil
	}
	return at(t, "want a comma or the end of what %q opens, not %q", open.Value, clip(t.Value))
}

// mapping is a map being read, with its keys so far.
type mapping struct {
	node *Node
	keys map[string]int // line by key
}

func (r *reader) mapHere() mapping {
	p := r.peek().Position
	return mapping{node: &Node{Kind: Map, Line: p.Line, Column: p.Column}, keys: make(map[string]int)}
}

// key reads a key and its colon.
func (r *reader) key(m mapping) (*Node, error) {
	t := r.peek()
	if line, twice := m.keys[t.Value]; twice {
		return nil, at(t, "%q is already written at line %d", clip(t.Value), line)
	}
	m.keys[t.Value] = t.Position.Line
	r.next += 2
	return &Node{Kind: Text, Text: t.Value, Line: t.Position.Line, Column: t.Position.Column}, nil
}
