package access

import "latchkey/csp"

// Class says how dangerous a role is by what its permissions allow, never by
// its name. It decides which proof of approval a request needs.
type Class uint8

// The classes, from harmless up. An unread class counts as Privileged.
const (
	// Privileged: may write role assignments, reset credentials, add credentials
	// to applications, or run code as a stronger identity.
	Privileged Class = iota
	// Standard: changes things, none of the above.
	Standard
	// Read: looks only, and at no secret.
	Read
)

// String names the class in lower case.
func (c Class) String() string {
	switch c {
	case Read:
		return "read"
	case Standard:
		return "standard"
	}
	return "privileged"
}

// ClassOf computes the class of an Azure role definition from its permissions.
func ClassOf(role csp.RoleDefinition) Class { panic("contract") }
