package estate

import (
	"bytes"
	"cmp"
	"slices"
	"sync"

	"latchkey/access/estate/internal/lookup"
	"latchkey/csp"
)

// index makes an Estate of columns that are in order.
func index(c Columns) *Estate {
	e := &Estate{Columns: c}
	var wait sync.WaitGroup
	wait.Go(func() {
		hashes, _ := e.hashNodes(func(Node, Node) error { return nil })
		e.fillNodes(hashes)
	})
	e.indexPrincipals()
	e.indexRows()
	wait.Wait()
	return e
}

func (e *Estate) indexPrincipals() {
	e.indexRungs()
	e.principals = lookup.NewIDs(e.PrincipalID)
	e.indexMembers()
	e.indexHeld()
	e.indexGuests()
}

func (e *Estate) indexRows() {
	e.domains = allDomains(&e.Columns)
	e.indexGrants()
}

// hashNodes hashes every place by its whole text, after a check that it has
// one. The check is of the places from one up to another.
func (e *Estate) hashNodes(check func(from, to Node) error) ([]uint32, error) {
	e.nodes = lookup.MakeSlots(e.Nodes())
	hashes := make([]uint32, e.Nodes())
	// In two parts, cut between tenants.
	cut := []Node{0, 0, Node(e.Nodes())}
	if middle, _ := slices.BinarySearch(e.TenantRoot, cut[2]/2); middle < len(e.TenantRoot) {
		cut[1] = e.TenantRoot[middle]
	}
	var wait sync.WaitGroup
	var bad [2]error
	for i := range bad {
		wait.Go(func() {
			if bad[i] = check(cut[i], cut[i+1]); bad[i] == nil {
				e.hashPart(hashes, cut[i], cut[i+1])
			}
		})
	}
	wait.Wait()
	return hashes, cmp.Or(bad[0], bad[1])
}

// fillNodes makes the places findable by their hashes.
func (e *Estate) fillNodes(hashes []uint32) {
	fill := e.nodes.Fill(e.Nodes())
	for n, hash := range hashes {
		if e.NodeType[n] != TypeRoot { // found by its tenant
			fill.Add(hash, int32(n))
		}
	}
	fill.Done()
}

// hashPart hashes the places of some tenants. In pre-order the text of the parent
// is the beginning of what was written last.
func (e *Estate) hashPart(hashes []uint32, from, to Node) {
	types := make([][]byte, e.TypeName.Len()) // with slashes around, in lower case
	for kind := range types {
		types[kind] = bytes.ToLower([]byte("/" + e.TypeName.At(kind) + "/"))
	}
	types[TypeManagementGroup] = lowManagementGroups
	var buffer nodeKey
	var above []Node // the places whose texts stand in the buffer
	var ends []int   // where they end
	for n := from; n < to; n++ {
		kind := e.NodeType[n]
		switch kind {
		case TypeRoot:
			continue
		case TypeSubscription, TypeManagementGroup:
			above, ends = append(above[:0], None), append(ends[:0], tenantBytes)
			tenant := Tenant(None)
			if kind == TypeManagementGroup {
				tenant = e.NodeTenant[n]
			}
			buffer.setTenant(tenant)
		default:
			for above[len(above)-1] != e.NodeParent[n] {
				above, ends = above[:len(above)-1], ends[:len(ends)-1]
			}
		}
		end := ends[len(ends)-1]
		end += copy(buffer[end:], types[kind])
		end += len(lookup.LowerBytes(buffer[end:], e.NodeName.Bytes(int(n))))
		hashes[n] = e.nodes.Hash(buffer[:end])
		above, ends = append(above, n), append(ends, end)
	}
}

func (e *Estate) indexRungs() {
	n := e.Nodes()
	e.Rungs = make([]Rung, n+1)
	for i := range e.Rungs[:n] {
		e.Rungs[i] = Rung{e.NodeParent[i], e.AssignmentsFrom[i], e.NodeName.From[i], e.NodeType[i]}
	}
	e.Rungs[n] = Rung{None, e.AssignmentsFrom[n], e.NodeName.From[n], 0}
}

func (e *Estate) indexMembers() {
	e.MembersFrom = make([]uint32, e.Principals()+1)
	for _, group := range e.GroupOf {
		e.MembersFrom[group+1]++
	}
	accumulate(e.MembersFrom)
	free := slices.Clone(e.MembersFrom)
	e.MemberOf, e.MemberTerm = make([]Principal, len(e.GroupOf)), make([]TermNo, len(e.GroupOf))
	for member := range Principal(e.Principals()) {
		for i := e.GroupsFrom[member]; i < e.GroupsFrom[member+1]; i++ {
			at := free[e.GroupOf[i]]
			free[e.GroupOf[i]]++
			e.MemberOf[at], e.MemberTerm[at] = member, e.GroupTerm[i]
		}
	}
}

func (e *Estate) indexHeld() {
	e.HeldFrom = make([]uint32, e.Principals()+1)
	for _, p := range e.AssignmentPrincipal {
		e.HeldFrom[p+1]++
	}
	accumulate(e.HeldFrom)
	free := slices.Clone(e.HeldFrom)
	e.Held, e.HeldNode = make([]uint32, e.Assignments()), make([]Node, e.Assignments())
	e.AssignmentForeign = make([]uint8, e.Assignments())
	for n := range Node(e.Nodes()) {
		for i := e.AssignmentsFrom[n]; i < e.AssignmentsFrom[n+1]; i++ {
			p := e.AssignmentPrincipal[i]
			e.Held[free[p]], e.HeldNode[free[p]] = i, n
			free[p]++
			e.AssignmentForeign[i] = flag(e.AssignmentType[i] == AssignedToForeignGroup)
		}
	}
}

func (e *Estate) indexGuests() {
	e.GuestsFrom = make([]uint32, e.Principals()+1)
	for _, home := range e.PrincipalHome {
		if home != None {
			e.GuestsFrom[home+1]++
		}
	}
	accumulate(e.GuestsFrom)
	free := slices.Clone(e.GuestsFrom)
	e.Guest = make([]Principal, e.GuestsFrom[e.Principals()])
	for guest, home := range e.PrincipalHome {
		if home != None {
			e.Guest[free[home]] = Principal(guest)
			free[home]++
		}
	}
}

// indexGrants reads off the access assignments what they give: of active ones in
// active relationships, the roles that the relationship agreed to (R11). One that
// agreed to none gives none.
func (e *Estate) indexGrants() {
	for _, a := range e.AccessAssignments {
		r := &e.GDAPs[a.GDAP]
		if r.Status != csp.GDAPActive || a.Status != csp.GDAPActive {
			continue
		}
		for _, role := range a.Roles {
			if _, agreed := slices.BinarySearch(r.Roles, role); agreed {
				e.GDAPGrants = append(e.GDAPGrants, GDAPGrant{Group: a.Group, Customer: r.Customer, Role: role, Term: r.Term, GDAP: a.GDAP})
			}
		}
	}
	slices.SortFunc(e.GDAPGrants, compareGrants)
	e.GDAPGrants = slices.Compact(e.GDAPGrants)
}
