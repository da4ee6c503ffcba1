// Package guid makes random GUIDs.
package guid

import (
	"crypto/rand"

	"latchkey/csp"
)

// New is a random GUID (version 4).
func New[T csp.Named]() csp.ID[T] {
	var id csp.ID[T]
	_, _ = rand.Read(id[:]) // never fails
	id[6] = id[6]&0x0f | 0x40
	id[8] = id[8]&0x3f | 0x80
	return id
}

// Fill replaces a zero id by a random one.
func Fill[T csp.Named](id *csp.ID[T]) {
	if id.IsZero() {
		*id = New[T]()
	}
}
