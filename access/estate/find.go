package estate

import "latchkey/csp"

// Estate is Columns with the aids to find things in them.
type Estate struct {
	Columns

	// MembersFrom and MemberOf are the memberships once more, by group.
	MembersFrom []uint32
	MemberOf    []Principal
	MemberTerm  []TermNo

	// HeldFrom and Held are the role assignments by principal, in order of node: the
	// numbers of assignments. HeldNode says at which node an assignment is.
	HeldFrom []uint32
	Held     []uint32

	// GuestsFrom and Guest are the guests by the account that is their home.
	GuestsFrom []uint32
	Guest      []Principal
}

// FindTenant finds a tenant by its id.
func (e *Estate) FindTenant(id csp.TenantID) (Tenant, bool) { panic("to be written") }

// FindPrincipal finds a principal by its object id, listed or not.
func (e *Estate) FindPrincipal(id csp.ObjectID) (Principal, bool) { panic("to be written") }

// FindNode finds a place by the text of its scope in the given tenant, in any
// case, without allocating. Below subscriptions the tenant is not needed and may
// be None. exact is false if the place itself is not listed; node is then the
// nearest listed place above it, or None if there is none, as below an unknown
// subscription.
//
// The text need not be a well-formed scope: if it is not, exact is false.
func (e *Estate) FindNode(tenant Tenant, scope string) (node Node, exact bool) {
	panic("to be written")
}

// Scope is the place as people and Azure write it. It allocates.
func (e *Estate) Scope(n Node) csp.Scope { panic("to be written") }

// Principal is the principal as a row; of one that is not listed, just the id.
func (e *Estate) Principal(p Principal) csp.Principal { panic("to be written") }

// Tenant is the tenant as a row; of None the zero Tenant.
func (e *Estate) Tenant(t Tenant) csp.Tenant { panic("to be written") }

// Assignment is a role assignment as a row.
func (e *Estate) Assignment(i uint32) csp.Assignment { panic("to be written") }

// AssignmentNode is the place of an assignment.
func (e *Estate) AssignmentNode(i uint32) Node { panic("to be written") }

// Facts are the facts the estate was made of, up to their order.
func (e *Estate) Facts() csp.Facts { panic("to be written") }
