package world

import (
	"crypto"
	"reflect"
	"time"
	"unsafe"

	"latchkey/csp"
)

// Snapshot is the whole state of a world at one moment. It cannot be changed and
// can be restored any number of times, into the world it was taken of.
type Snapshot struct{ state *state }

// Snapshot keeps the state as it is now, history and all that is still to happen
// included.
func (w *World) Snapshot() *Snapshot {
	w.mu.RLock()
	defer w.mu.RUnlock()
	return &Snapshot{copyState(w.state)}
}

// Restore makes the world what it was. The clock goes on: what has become due in
// the meantime is carried out with the next call. The history is that of the
// snapshot, with one event more; numbers of events and calls do not come again.
func (w *World) Restore(s *Snapshot) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.state = copyState(s.state)
	w.record(Event{Kind: WorldRestored})
}

// MarkSeed makes the present state the one that Reset goes back to.
func (w *World) MarkSeed() {
	s := w.Snapshot()
	w.mu.Lock()
	defer w.mu.Unlock()
	w.seed = s
}

// Reset restores the state that MarkSeed marked, or empties the world if nobody did.
func (w *World) Reset() {
	w.mu.RLock()
	seed := w.seed
	w.mu.RUnlock()
	if seed == nil {
		seed = &Snapshot{newState()}
	}
	w.Restore(seed)
}

// copyState copies everything that can be reached from the state and changed. It
// goes by the types, so that whoever adds a field need not think of it. What it
// shares are functions, what stands behind interfaces with methods, the world
// itself, and types that nobody writes into: those must not be changed in place.
func copyState(s *state) *state {
	c := copier{seen: make(map[unsafe.Pointer]reflect.Value), plain: make(map[reflect.Type]bool)}
	return c.copied(reflect.ValueOf(s)).Interface().(*state) //nolint:forcetypeassert // a copy has the type of what is copied
}

type copier struct {
	seen  map[unsafe.Pointer]reflect.Value // by what a pointer points to
	plain map[reflect.Type]bool            // types that can be copied by assigning
}

// shared are types whose values are never changed once they are made.
var shared = map[reflect.Type]bool{
	reflect.TypeFor[time.Time]():            true,
	reflect.TypeFor[csp.Scope]():            true,
	reflect.TypeFor[csp.RoleDefinition]():   true,
	reflect.TypeFor[csp.DirectoryRole]():    true,
	reflect.TypeFor[*World]():               true,
	reflect.TypeFor[csp.DenyAssignment]():   true,
	reflect.TypeFor[csp.GDAPRelationship](): true,
	reflect.TypeFor[crypto.PublicKey]():     true,
}

// isPlain says whether a value of the type can be copied by assigning it.
func (c *copier) isPlain(t reflect.Type) bool {
	if known, ok := c.plain[t]; ok {
		return known
	}
	c.plain[t] = false // while a type that holds itself is looked at
	var plain bool
	switch t.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Map:
		plain = shared[t]
	case reflect.Struct:
		plain = true
		for field := range t.Fields() {
			plain = plain && c.isPlain(field.Type)
		}
		plain = plain || shared[t]
	case reflect.Array:
		plain = c.isPlain(t.Elem())
	case reflect.Interface:
		plain = t.NumMethod() > 0 || shared[t]
	default: // numbers, texts and functions
		plain = true
	}
	c.plain[t] = plain
	return plain
}

func (c *copier) copied(v reflect.Value) reflect.Value {
	t := v.Type()
	if c.isPlain(t) {
		return v
	}
	out := reflect.New(t).Elem()
	if kind := t.Kind(); !v.CanAddr() && (kind == reflect.Struct || kind == reflect.Array) {
		from := reflect.New(t).Elem()
		from.Set(v) // so that its fields can be opened
		v = from
	}
	c.into(out, v)
	return out
}

// into copies v to out, which can be set.
func (c *copier) into(out, v reflect.Value) {
	t := v.Type()
	if c.isPlain(t) {
		out.Set(v)
		return
	}
	switch t.Kind() {
	case reflect.Pointer:
		if v.IsNil() {
			return
		}
		if made, ok := c.seen[v.UnsafePointer()]; ok && made.Type() == t {
			out.Set(made)
			return
		}
		made := reflect.New(t.Elem())
		c.seen[v.UnsafePointer()] = made
		c.into(made.Elem(), v.Elem())
		out.Set(made)
	case reflect.Slice:
		if v.IsNil() {
			return
		}
		made := reflect.MakeSlice(t, v.Len(), v.Len())
		if c.isPlain(t.Elem()) {
			reflect.Copy(made, v)
		} else {
			for i := range v.Len() {
				c.into(made.Index(i), v.Index(i))
			}
		}
		out.Set(made)
	case reflect.Map:
		if v.IsNil() {
			return
		}
		made := reflect.MakeMapWithSize(t, v.Len())
		key, value := reflect.New(t.Key()).Elem(), reflect.New(t.Elem()).Elem()
		for entries := v.MapRange(); entries.Next(); {
			key.SetIterKey(entries)
			value.SetIterValue(entries)
			made.SetMapIndex(key, c.copied(value))
		}
		out.Set(made)
	case reflect.Struct:
		out.Set(v)
		for i := range t.NumField() {
			if !c.isPlain(t.Field(i).Type) {
				c.into(opened(out.Field(i)), opened(v.Field(i)))
			}
		}
	case reflect.Interface:
		if !v.IsNil() {
			out.Set(c.copied(v.Elem()))
		}
	case reflect.Array:
		for i := range v.Len() {
			c.into(out.Index(i), v.Index(i))
		}
	}
}

// opened is a field that may be read and set although it is not exported.
func opened(v reflect.Value) reflect.Value {
	if !v.CanAddr() {
		return v
	}
	return reflect.NewAt(v.Type(), unsafe.Pointer(v.UnsafeAddr())).Elem() //nolint:gosec // the package's own types
}
