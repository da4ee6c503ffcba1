package estate

import "fmt"

// Strings are many texts in one: text i is Text[From[i]:From[i+1]].
type Strings struct {
	From []uint32
	Text []byte
}

// Len is the number of texts.
func (s Strings) Len() int { return max(0, len(s.From)-1) }

// At is text i. It allocates; Bytes does not.
func (s Strings) At(i int) string { return string(s.Bytes(i)) }

// Bytes are the bytes of text i, for reading only.
func (s Strings) Bytes(i int) []byte { return s.Text[s.From[i]:s.From[i+1]:s.From[i+1]] }

// makeStrings makes room for some texts.
func makeStrings(room int) Strings { return Strings{From: append(make([]uint32, 0, room+1), 0)} }

// add appends a text. Whoever calls it sees to it that all texts together stay
// below maxText.
func (s *Strings) add(text string) {
	s.Text = append(s.Text, text...)
	s.From = append(s.From, uint32(len(s.Text)))
}

// maxText is how many bytes the texts of one column can have.
const maxText = 1<<32 - 1

// gather puts n texts together. It fails if they have more bytes than most.
func gather(most, n int, text func(i int) string) (Strings, error) {
	size := 0
	for i := range n {
		size += len(text(i))
	}
	if size > most {
		return Strings{}, fmt.Errorf("the facts have too many names: %d bytes of one kind, at most %d fit", size, most)
	}
	s := makeStrings(n)
	s.Text = make([]byte, 0, size)
	for i := range n {
		s.add(text(i))
	}
	return s, nil
}
