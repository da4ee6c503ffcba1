package jit

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/binary"
	"fmt"
	"strings"
)

// Numbers derives the six digits a mail shows from the link it carries, with a
// key that is not in the database: reading the database does not tell them.
type Numbers struct{ key [32]byte }

// NewNumbers makes Numbers from 32 secret bytes used for nothing else.
func NewNumbers(key [32]byte) Numbers { return Numbers{key} }

// For is the number that belongs to a link: six digits, leading zeros kept.
func (n Numbers) For(link LinkID) string {
	mac := hmac.New(sha256.New, n.key[:])
	mac.Write([]byte("number of link " + string(link)))
	return fmt.Sprintf("%06d", binary.BigEndian.Uint64(mac.Sum(nil))%1_000_000)
}

// Match says whether the typed text is the link's number, in a time that does
// not depend on how much of it is right. Spaces and one dash, as people write
// long numbers, are forgiven.
func (n Numbers) Match(link LinkID, typed string) bool {
	typed = strings.NewReplacer(" ", "", "\u00a0", "", "-", "").Replace(typed)
	return subtle.ConstantTimeCompare([]byte(typed), []byte(n.For(link))) == 1
}

// String hides the key.
func (Numbers) String() string { return "[numbers]" }

// GoString hides the key from %#v.
func (Numbers) GoString() string { return "[numbers]" }
