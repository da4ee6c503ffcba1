package worldfile

import (
	"crypto/sha256"
	"fmt"
	"strings"

	"latchkey/csp"
)

// DeriveID is the id of a thing whose id the file leaves out: a GUID of version
// 8 over what kind of thing it is and the names on the way to it, in lower case.
// The same names give the same id in every file and at every time, so an answer
// about a world can be compared with yesterday's.
func DeriveID[T csp.Named](kind string, path ...string) csp.ID[T] {
	h := sha256.New()
	fmt.Fprintf(h, "latchkey world file 1\n%s\n", kind)
	for _, name := range path {
		folded := strings.ToLower(name)
		fmt.Fprintf(h, "%d:%s\n", len(folded), folded) // no two paths are written alike
	}
	id := csp.ID[T](h.Sum(nil)[:16])
	id[6] = id[6]&0x0f | 0x80
	id[8] = id[8]&0x3f | 0x80
	return id
}

// named reads the id and name of an entry: its key is the name, or it is the id
// and the name stands below it. Without an id one is derived from the path and
// the name.
func named[T csp.Named](f fields, key *node, kind string, path ...string) (csp.ID[T], string) {
	if id, err := csp.ParseID[T](key.Text); err == nil {
		if f.has("id") {
			f.r.problem(f.get("id"), "the id is already written as the key of this entry")
		}
		return id, f.text("name")
	}
	if f.has("name") {
		f.r.problem(f.get("name"), "the name is already written as the key of this entry; only below a GUID a name is written")
	}
	if f.has("id") {
		return identifier[T](f, "id"), key.Text
	}
	if key.Text == "" {
		f.r.problem(key, "a name is missing here; what has none is written by its id")
	}
	return DeriveID[T](kind, append(path, key.Text)...), key.Text
}

// identifier is the id that is written under a key, zero if it is none.
func identifier[T csp.Named](f fields, key string) csp.ID[T] {
	text, ok := f.r.text(f.get(key), key)
	if !ok {
		return csp.ID[T]{}
	}
	id, err := csp.ParseID[T](text)
	if err != nil {
		f.r.problem(f.get(key), "%v", err)
	}
	return id
}

// once notes that the thing with this id is written at the node, and says so if
// it was written before; where says within what the id means one thing.
func (r *reader) once(n *node, noun, name, id string, where ...string) {
	if id == "" {
		return // its problem is known
	}
	key := strings.Join(append([]string{noun, id}, where...), " ")
	if line := r.seen[key]; line != 0 {
		r.problem(n, "the %s %q is already written at line %d, with the same name or id; leave one out, or give it another (id: %s)", noun, clip(name), line, id)
		return
	}
	r.seen[key] = n.Line
}
