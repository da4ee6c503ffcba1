package csp

import (
	"bytes"
	"encoding/hex"
	"fmt"
)

// ID is a GUID that remembers what it names, so that a tenant's id can never be
// passed where a principal's is wanted. The zero ID names nothing.
//
// An ID is sixteen bytes, never text: nothing parsed into one can carry a path
// separator, a quote or a wildcard into a URL or a query.
type ID[T Named] [16]byte

// Named is implemented by the types an ID can point to; Noun is the word used
// in error sentences ("tenant id").
type Named interface{ Noun() string }

// Ids by what they name.
type (
	// TenantID names an Entra directory (R1).
	TenantID = ID[Tenant]
	// ObjectID names a principal inside one tenant; the same human has a
	// different one in every tenant he is a guest of (R2).
	ObjectID = ID[Principal]
	// SubscriptionID names an Azure subscription.
	SubscriptionID = ID[Subscription]
	// RoleDefinitionID names an Azure role definition.
	RoleDefinitionID = ID[RoleDefinition]
	// RoleAssignmentID is the name of an Azure role assignment, chosen by whoever creates it.
	RoleAssignmentID = ID[RoleAssignment]
)

// ParseID reads a GUID in its usual form, 8-4-4-4-12 hexadecimal digits of
// either case and nothing around them. The zero GUID is refused: no API hands
// it out as the id of anything, and a forgotten field must not pass for one.
func ParseID[T Named](s string) (ID[T], error) {
	var id ID[T]
	if !hasGUIDShape(s) {
		return id, fmt.Errorf("%q is no %s id: want a GUID such as 8e3af657-a8ff-443c-a75c-2fe8c4bcb635", clip(s), noun[T]())
	}
	// Two digits a byte; what is no digit has high bits, which stay.
	wrong := uint16(0)
	for i, at := range digitsAt {
		pair := hexDigits[s[at]]<<4 | hexDigits[s[at+1]]
		wrong |= pair
		id[i] = byte(pair)
	}
	if wrong > 0xff {
		return ID[T]{}, fmt.Errorf("%q is no %s id: only the digits 0-9 and a-f may stand in a GUID", clip(s), noun[T]())
	}
	if id.IsZero() {
		return id, fmt.Errorf("the zero GUID names no %s", noun[T]())
	}
	return id, nil
}

// MustParseID is ParseID for constants; it panics on a malformed one.
func MustParseID[T Named](s string) ID[T] {
	id, err := ParseID[T](s)
	if err != nil {
		panic(err)
	}
	return id
}

const guidLength = 36 // as text

// digitsAt says where in the text each byte's two digits stand.
var digitsAt = [len(ID[Tenant]{})]uint8{0, 2, 4, 6, 9, 11, 14, 16, 19, 21, 24, 26, 28, 30, 32, 34}

// hexDigits are the values of hexadecimal digits; of all other bytes, more than fits
// into one.
var hexDigits = func() (value [256]uint16) {
	for i := range value {
		value[i] = 0x100
	}
	for i, c := range "0123456789abcdef" {
		value[c] = uint16(i)
	}
	for i, c := range "ABCDEF" {
		value[c] = uint16(10 + i)
	}
	return value
}()

func hasGUIDShape(s string) bool {
	return len(s) == guidLength && s[8] == '-' && s[13] == '-' && s[18] == '-' && s[23] == '-'
}

func noun[T Named]() string {
	var zero T
	return zero.Noun()
}

// IsZero says whether the ID names nothing.
func (id ID[T]) IsZero() bool { return id == ID[T]{} }

// String prints the GUID in lower case, or the empty string for the zero ID.
func (id ID[T]) String() string {
	if id.IsZero() {
		return ""
	}
	var b [guidLength]byte
	hex.Encode(b[0:8], id[0:4])
	hex.Encode(b[9:13], id[4:6])
	hex.Encode(b[14:18], id[6:8])
	hex.Encode(b[19:23], id[8:10])
	hex.Encode(b[24:36], id[10:16])
	b[8], b[13], b[18], b[23] = '-', '-', '-', '-'
	return string(b[:])
}

// Compare orders two ids by their bytes.
func (id ID[T]) Compare(other ID[T]) int { return bytes.Compare(id[:], other[:]) }

// MarshalText prints the ID as String does.
func (id ID[T]) MarshalText() ([]byte, error) { return []byte(id.String()), nil }

// UnmarshalText reads what MarshalText wrote: a GUID, or nothing for the zero ID.
func (id *ID[T]) UnmarshalText(text []byte) error {
	if len(text) == 0 {
		*id = ID[T]{}
		return nil
	}
	parsed, err := ParseID[T](string(text))
	if err != nil {
		return err
	}
	*id = parsed
	return nil
}

// clip shortens foreign text before it goes into an error sentence.
func clip(s string) string {
	const most = 80
	if len(s) <= most {
		return s
	}
	return s[:most] + "..."
}
