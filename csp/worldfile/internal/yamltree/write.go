package yamltree

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// NewText is a text.
func NewText(text string) *Node { return &Node{Kind: Text, Text: text} }

// NewList is a list.
func NewList(items ...*Node) *Node { return &Node{Kind: List, Items: items} }

// Put adds an entry to a map; a node that is Nothing becomes one.
func (n *Node) Put(key string, value *Node) {
	n.Kind = Map
	n.Pairs = append(n.Pairs, Pair{Key: NewText(key), Value: value})
}

// Write is the tree as text that Read reads back. Maps are written in block
// style, lists on one line as long as they fit. Texts must be UTF-8.
func Write(root *Node) []byte {
	var b strings.Builder
	writeMap(&b, root, 0)
	return []byte(b.String())
}

const width = 120 // columns that a list may fill

func writeMap(b *strings.Builder, m *Node, indent int) {
	for _, p := range m.Pairs {
		key := strings.Repeat(" ", indent) + quote(p.Key.Text) + ":"
		b.WriteString(key)
		switch p.Value.Kind {
		case Nothing:
			b.WriteByte('\n')
		case Map:
			if len(p.Value.Pairs) == 0 {
				b.WriteString(" {}\n")
				continue
			}
			b.WriteByte('\n')
			writeMap(b, p.Value, indent+2)
		case Text:
			fmt.Fprintf(b, " %s\n", quote(p.Value.Text))
		case List:
			writeList(b, p.Value, len(key), indent+2)
		}
	}
}

// writeList writes a list behind a key that ends at the column.
func writeList(b *strings.Builder, list *Node, column, indent int) {
	if line := flow(list); column+1+utf8.RuneCountInString(line) <= width {
		fmt.Fprintf(b, " %s\n", line)
		return
	}
	b.WriteByte('\n')
	for _, item := range list.Items {
		line := flow(item)
		if item.Kind != Map || indent+2+utf8.RuneCountInString(line) <= width {
			fmt.Fprintf(b, "%s- %s\n", strings.Repeat(" ", indent), line)
			continue
		}
		var entry strings.Builder
		writeMap(&entry, item, indent+2)
		fmt.Fprintf(b, "%s- %s", strings.Repeat(" ", indent), entry.String()[indent+2:])
	}
}

func flow(n *Node) string {
	switch n.Kind {
	case Text:
		return quote(n.Text)
	case List:
		parts := make([]string, 0, len(n.Items))
		for _, item := range n.Items {
			parts = append(parts, flow(item))
		}
		return "[" + strings.Join(parts, ", ") + "]"
	case Map:
		parts := make([]string, 0, len(n.Pairs))
		for _, p := range n.Pairs {
			parts = append(parts, strings.TrimSuffix(quote(p.Key.Text)+": "+flow(p.Value), " "))
		}
		return "{" + strings.Join(parts, ", ") + "}"
	}
	return ""
}

// quote puts a text in double quotes unless it is plain in every style.
func quote(text string) string {
	if isPlain(text) {
		return text
	}
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range text {
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r == '\n':
			b.WriteString(`\n`)
		case unicode.IsPrint(r):
			b.WriteRune(r)
		case r <= 0xffff:
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			fmt.Fprintf(&b, `\U%08x`, r)
		}
	}
	b.WriteByte('"')
	return b.String()
}

// isPlain says whether a text needs no quotation marks. It is stricter than YAML.
func isPlain(text string) bool {
	if text == "" || strings.EqualFold(text, "null") {
		return false
	}
	before := ' ' // what stands before r; a text neither begins nor ends with a blank, and has no two in a row
	for i, r := range text {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', r == '/':
		case r > 0x7f && unicode.IsLetter(r):
		case i > 0 && strings.ContainsRune("_-.()@'+=*", r):
		case i > 0 && r == ' ' && before != ' ':
		case i > 0 && r == ':' && before != ' ' && before != ':':
		default:
			return false
		}
		if before == ':' && (r < '0' || r > '9') { // as in a time; everything else is not worth a rule
			return false
		}
		before = r
	}
	return before != ' ' && before != ':'
}
