// Package lookup finds numbers by ids and by names, without allocating.
//
// Its tables are hashed with a seed that every process draws for itself, so that
// nobody who chooses names in a customer's cloud can make them collide. The seed
// decides where things lie in a table and nothing else.
package lookup

import (
	"encoding/binary"
	"hash/maphash"
	"math/bits"

	"latchkey/csp"
)

// None is the number of what is not found.
const None = -1

// Slots are a hash table of numbers with open addressing. What the numbers stand
// for, and whether two of them are the same thing, its user knows.
//
// The zero Slots may not be used; see MakeSlots.
type Slots struct {
	seed maphash.Seed
	at   []int32 // number + 1; zero: free
	used int
}

// MakeSlots makes a table with room for some numbers; it grows by Grow only.
func MakeSlots(room int) Slots {
	return Slots{seed: maphash.MakeSeed(), at: make([]int32, size(room))}
}

// size leaves at least half of the slots free: probes stay short.
func size(room int) int { return 1 << bits.Len(uint(2*max(room, 4)-1)) }

// Hash is where to begin looking for the key.
func (s *Slots) Hash(key []byte) uint64 { return maphash.Bytes(s.seed, key) }

// At is the number in the slot that the hash leads to after some steps, or None
// where the search ends.
func (s *Slots) At(hash uint64, step int) int32 {
	return s.at[(hash+uint64(step))&uint64(len(s.at)-1)] - 1
}

// Put writes a number into the slot where a search ended.
func (s *Slots) Put(hash uint64, step int, number int32) {
	s.at[(hash+uint64(step))&uint64(len(s.at)-1)] = number + 1
	s.used++
}

// Full says that the table must grow before the next Put.
func (s *Slots) Full() bool { return 2*s.used >= len(s.at) }

// Grow doubles the table; hash tells the hash of a number's key.
func (s *Slots) Grow(hash func(number int32) uint64) {
	old := s.at
	s.at, s.used = make([]int32, 2*len(old)), 0
	for _, entry := range old {
		if entry != 0 {
			s.Add(hash(entry-1), entry-1)
		}
	}
}

// Add puts a number whose key is known to be in no slot yet.
func (s *Slots) Add(hash uint64, number int32) {
	step := 0
	for s.At(hash, step) != None {
		step++
	}
	s.Put(hash, step, number)
}

// IDs numbers ids in the order they come.
type IDs[T csp.Named] struct {
	slots Slots
	list  []csp.ID[T]
}

// NewIDs numbers ids as they stand in the list, which holds each once and is
// shared from then on.
func NewIDs[T csp.Named](list []csp.ID[T]) *IDs[T] {
	t := &IDs[T]{slots: MakeSlots(len(list)), list: list}
	for i := range list {
		t.slots.Add(t.slots.Hash(list[i][:]), int32(i))
	}
	return t
}

// List are the ids by number, for reading only.
func (t *IDs[T]) List() []csp.ID[T] { return t.list }

// Find is the number of an id, or None.
func (t *IDs[T]) Find(id csp.ID[T]) int32 {
	number, _, _ := t.search(&id)
	return number
}

// Number is the number of an id, which gets the next one if it has none.
func (t *IDs[T]) Number(id csp.ID[T]) int32 {
	number, hash, step := t.search(&id)
	if number != None {
		return number
	}
	number = int32(len(t.list))
	t.list = append(t.list, id)
	t.slots.Put(hash, step, number)
	if t.slots.Full() {
		t.slots.Grow(func(n int32) uint64 { return t.slots.Hash(t.list[n][:]) })
	}
	return number
}

func (t *IDs[T]) search(id *csp.ID[T]) (number int32, hash uint64, step int) {
	hash = t.slots.Hash(id[:])
	for ; ; step++ {
		number = t.slots.At(hash, step)
		if number == None || t.list[number] == *id {
			return number, hash, step
		}
	}
}

// Lower writes a text in lower case into the buffer, as far as ASCII goes, and
// returns what it wrote. The buffer must be long enough.
func Lower(buffer []byte, text string) []byte {
	buffer = buffer[:copy(buffer, text)]
	lowerAll(buffer)
	return buffer
}

// LowerBytes does the same with bytes.
func LowerBytes(buffer, text []byte) []byte {
	buffer = buffer[:copy(buffer, text)]
	lowerAll(buffer)
	return buffer
}

func lowerAll(rest []byte) {
	for ; len(rest) >= 8; rest = rest[8:] {
		binary.LittleEndian.PutUint64(rest, lower8(binary.LittleEndian.Uint64(rest)))
	}
	for i, c := range rest {
		rest[i] = lower[c]
	}
}

// EqualLower says whether a text in any case is the given one in lower case.
func EqualLower(text, lowered []byte) bool {
	if len(text) != len(lowered) {
		return false
	}
	for ; len(text) >= 8 && len(lowered) >= 8; text, lowered = text[8:], lowered[8:] {
		if lower8(binary.LittleEndian.Uint64(text)) != binary.LittleEndian.Uint64(lowered) {
			return false
		}
	}
	for i, c := range text {
		if lower[c] != lowered[i] {
			return false
		}
	}
	return true
}

// lower8 lowers eight letters at once. Adding to the lower seven bits of a byte
// carries into its highest bit where the byte is at least 'A', and where it is
// beyond 'Z'; where the two differ, and the byte is ASCII, it is a capital.
func lower8(eight uint64) uint64 {
	const ones, high = 0x0101010101010101, 0x8080808080808080
	low := eight &^ high
	fromA := low + (0x80-'A')*ones
	beyondZ := low + (0x80-'Z'-1)*ones
	capital := (fromA ^ beyondZ) & high &^ eight
	return eight | capital>>2 // 0x80>>2 is 0x20, by which small letters differ
}

// CompareFold orders texts without regard to case.
func CompareFold(a, b []byte) int {
	for i := range min(len(a), len(b)) {
		if x, y := lower[a[i]], lower[b[i]]; x != y {
			return int(x) - int(y)
		}
	}
	return len(a) - len(b)
}

var lower = func() (table [256]byte) {
	for i := range table {
		table[i] = byte(i)
		if 'A' <= i && i <= 'Z' {
			table[i] = byte(i + 'a' - 'A')
		}
	}
	return table
}()
