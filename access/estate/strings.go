package estate

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
