package lookup_test

import (
	"bytes"
	"math/rand/v2"
	"testing"

	"latchkey/access/estate/internal/lookup"
	"latchkey/csp"
)

func idOf(n int) (id csp.ObjectID) {
	id[0], id[14], id[15] = 1, byte(n>>8), byte(n)
	return id
}

func TestIDsAreNumberedAsTheyCome(t *testing.T) {
	ids := lookup.NewIDs[csp.Principal](nil)
	const many = 5000
	for n := range many {
		if got := ids.Number(idOf(n)); int(got) != n {
			t.Fatalf("the id that comes as number %d gets %d", n, got)
		}
	}
	again := lookup.NewIDs(ids.List())
	for n := range many {
		if ids.Number(idOf(n)) != int32(n) || ids.Find(idOf(n)) != int32(n) || again.Find(idOf(n)) != int32(n) {
			t.Fatalf("id %d is not found", n)
		}
	}
	if ids.Find(idOf(many)) != lookup.None || again.Find(idOf(many)) != lookup.None {
		t.Error("an id is found that there is not")
	}
}

// plainLower is what the others are held against.
func plainLower(text string) string {
	lowered := []byte(text)
	for i, c := range lowered {
		if 'A' <= c && c <= 'Z' {
			lowered[i] = c + 'a' - 'A'
		}
	}
	return string(lowered)
}

func TestEveryByteIsLoweredAtEveryPlace(t *testing.T) {
	for c := range 256 {
		for length := range 20 {
			for at := range length {
				text := bytes.Repeat([]byte{'x'}, length)
				text[at] = byte(c)
				want := plainLower(string(text))
				if got := lookup.Lower(make([]byte, 20), string(text)); string(got) != want {
					t.Fatalf("%q is lowered to %q", text, got)
				}
				if got := lookup.LowerBytes(make([]byte, 20), text); string(got) != want {
					t.Fatalf("%q is lowered to %q", text, got)
				}
			}
		}
	}
}

func TestTextsAreComparedWithoutCase(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	word := func() []byte {
		text := make([]byte, r.IntN(20))
		for i := range text {
			text[i] = "aAbB[\xe9"[r.IntN(6)]
		}
		return text
	}
	for range 100_000 {
		a, b := word(), word()
		if r.IntN(2) == 0 {
			b = bytes.ToUpper(a)
		}
		x, y := plainLower(string(a)), plainLower(string(b))
		if got := lookup.EqualLower(a, []byte(y)); got != (x == y) {
			t.Fatalf("EqualLower(%q, %q) is %t", a, y, got)
		}
		got := lookup.CompareFold(a, b)
		if want := bytes.Compare([]byte(x), []byte(y)); got < 0 != (want < 0) || got > 0 != (want > 0) {
			t.Fatalf("CompareFold(%q, %q) is %d", a, b, got)
		}
	}
}

func TestFillersPutEverything(t *testing.T) {
	const many = 5000
	slots := lookup.MakeSlots(many)
	hash := func(n int32) uint32 { return slots.Hash([]byte{byte(n), byte(n >> 8), 1}) }
	fill := slots.Fill(many / 7) // so that it has to put some before it is done
	for n := range int32(many) {
		fill.Add(hash(n), n)
	}
	fill.Done()
	for n := range int32(many) {
		found, step := slots.Next(hash(n), 0)
		for found != n && found != lookup.None {
			found, step = slots.Next(hash(n), step+1)
		}
		if found != n {
			t.Fatalf("number %d is not found", n)
		}
	}
}
