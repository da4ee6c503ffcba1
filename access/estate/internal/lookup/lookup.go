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
// A slot has the number in as many low bits as tell slots apart, and in the others
// what is left of the hash. So a number of another hash is passed over without a
// look at what it stands for, which would be a wait for memory.
//
// The zero Slots may not be used; see MakeSlots.
type Slots struct {
	seed maphash.Seed
	at   []uint32 // number + 1, less than half of their count; zero: free
	used int
}

// MakeSlots makes a table with room for some numbers; it grows by Grow only.
func MakeSlots(room int) Slots {
	return Slots{seed: maphash.MakeSeed(), at: make([]uint32, size(room))}
}

// size leaves at least half of the slots free: probes stay short.
func size(room int) int { return 1 << bits.Len(uint(2*max(room, 4)-1)) }

// Hash is where to begin looking for the key.
func (s *Slots) Hash(key []byte) uint32 { return uint32(maphash.Bytes(s.seed, key)) }

func (s *Slots) mask() uint32 { return uint32(len(s.at) - 1) }

// Next is the next number from a step on that may have the hash, and the step at
// which it is; or None and the step at which the search ends.
func (s *Slots) Next(hash uint32, step int) (number int32, at int) {
	mask := s.mask()
	for ; ; step++ {
		entry := s.at[(hash+uint32(step))&mask]
		switch {
		case entry == 0:
			return None, step
		case (entry^hash)&^mask == 0:
			return int32(entry&mask) - 1, step
		}
	}
}

// Put writes a number into the slot where a search ended.
func (s *Slots) Put(hash uint32, step int, number int32) {
	mask := s.mask()
	s.at[(hash+uint32(step))&mask] = hash&^mask | uint32(number+1)
	s.used++
}

// Full says that the table must grow before the next Put.
func (s *Slots) Full() bool { return 2*s.used >= len(s.at) }

// Grow doubles the table, for all numbers below a count of which hash tells the hash
// of the key; ok is false for those that are not in the table.
func (s *Slots) Grow(count int, hash func(number int32) (_ uint32, ok bool)) {
	s.at, s.used = make([]uint32, 2*len(s.at)), 0
	fill := s.Fill(count)
	for number := range int32(count) {
		if h, ok := hash(number); ok {
			fill.Add(h, number)
		}
	}
	fill.Done()
}

// add puts a number whose key is known to be in no slot yet.
func (s *Slots) add(hash uint32, number int32) {
	mask := s.mask()
	slot := hash & mask
	for s.at[slot] != 0 {
		slot = (slot + 1) & mask
	}
	s.at[slot] = hash&^mask | uint32(number+1)
	s.used++
}

// Filler puts many numbers into a table that has room for them, whose keys are
// known to be in no slot yet. It gathers them and goes through the table from end
// to end: in the order in which they come, each would wait for memory by itself.
type Filler struct {
	slots   *Slots
	shift   int // of a slot's number, to the part of the table it lies in
	waiting []filling
	sorted  []filling
}

type filling struct {
	hash   uint32
	number int32
}

const (
	fillParts = 256
	fillMost  = 1 << 19 // waiting
)

// Fill begins filling the table with as many numbers as are told.
func (s *Slots) Fill(count int) *Filler {
	room := min(count, fillMost)
	return &Filler{
		slots: s, shift: max(0, bits.Len(uint(len(s.at)-1))-bits.Len(fillParts-1)),
		waiting: make([]filling, 0, room), sorted: make([]filling, room),
	}
}

// Add puts a number, at the latest when Done is called.
func (f *Filler) Add(hash uint32, number int32) {
	if len(f.waiting) == cap(f.waiting) {
		f.Done()
	}
	f.waiting = append(f.waiting, filling{hash, number})
}

// Done puts the numbers that wait.
func (f *Filler) Done() {
	var from [fillParts + 1]int
	mask := f.slots.mask()
	for _, w := range f.waiting {
		from[(w.hash&mask)>>f.shift+1]++
	}
	for i := range fillParts {
		from[i+1] += from[i]
	}
	for _, w := range f.waiting {
		part := (w.hash & mask) >> f.shift
		f.sorted[from[part]] = w
		from[part]++
	}
	for _, w := range f.sorted[:len(f.waiting)] {
		f.slots.add(w.hash, w.number)
	}
	f.waiting = f.waiting[:0]
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
	fill := t.slots.Fill(len(list))
	for i := range list {
		fill.Add(t.slots.Hash(list[i][:]), int32(i))
	}
	fill.Done()
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
		t.slots.Grow(len(t.list), func(n int32) (uint32, bool) { return t.slots.Hash(t.list[n][:]), true })
	}
	return number
}

func (t *IDs[T]) search(id *csp.ID[T]) (number int32, hash uint32, step int) {
	hash = t.slots.Hash(id[:])
	for ; ; step++ {
		number, step = t.slots.Next(hash, step)
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
