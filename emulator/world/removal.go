package world

import (
	"errors"
	"slices"

	"latchkey/csp"
)

// Removal is which of a partner's holds on a customer end. They are independent
// switches: ending one leaves the others (R23).
type Removal struct {
	// DAP and GDAP are the delegated administration of the directory, the old way
	// and the new.
	DAP, GDAP bool
	// Reseller is the partner's right to sell, on which new foreign principals depend.
	Reseller bool
	// Azure is every role assignment of the partner's groups as foreign principals.
	Azure bool
}

// RemovePartner ends what the removal names, as the customer's administrator
// would in one sitting, and says how much that was. What the partner does not
// have need not end.
func (w *World) RemovePartner(customer, partner csp.TenantID, what Removal) (ended int, err error) {
	of, known := w.Tenant(customer)
	if _, knownToo := w.Tenant(partner); !known || !knownToo || partner == customer {
		return 0, refuse(NoSuchTenant, "a relationship joins two tenants that exist, not %s and %s", partner, customer)
	}
	has, _ := w.Partnership(partner, customer)
	left := has
	left.DAP, left.Reseller = has.DAP && !what.DAP, has.Reseller && !what.Reseller
	if left != has {
		for _, gone := range []bool{left.DAP != has.DAP, left.Reseller != has.Reseller} {
			if gone {
				ended++
			}
		}
		err = w.SetPartnership(left)
	}
	if what.GDAP {
		for _, r := range w.RelationshipsOf(customer) {
			if r.Partner == partner && r.Status == csp.GDAPActive {
				ended++
				_, wrong := w.TerminateRelationship(Actor{}, r.ID)
				err = errors.Join(err, wrong)
			}
		}
		w.Settle() // without a delay it is over at once
	}
	if what.Azure {
		for _, a := range slices.Concat(of.AssignmentsAbove(csp.Root()), of.AssignmentsBelow(csp.Root())) {
			if owner, ok := w.OwnerOf(a.Principal); ok && owner == partner && a.PrincipalType == csp.ForeignGroup {
				ended++
				_, wrong := of.DeleteAssignment(Actor{}, a.Scope, a.Name)
				err = errors.Join(err, wrong)
			}
		}
	}
	return ended, err
}

// PartnershipsOf lists the relationships of a customer that hold now, by partner.
func (w *World) PartnershipsOf(customer csp.TenantID) []Partnership {
	w.mu.RLock()
	defer w.mu.RUnlock()
	var list []Partnership
	for between := range w.partnerships {
		if between.customer != customer {
			continue
		}
		if p := w.partnership(between); p.Reseller || p.DAP {
			list = append(list, p)
		}
	}
	slices.SortFunc(list, func(a, b Partnership) int { return a.Partner.Compare(b.Partner) })
	return list
}

// Delays are how long asynchronous things take now.
func (w *World) Delays() Delays {
	w.mu.RLock()
	defer w.mu.RUnlock()
	return w.delays
}

// SetDelays changes how long asynchronous things take that begin from now on.
func (w *World) SetDelays(d Delays) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.delays = d
}
