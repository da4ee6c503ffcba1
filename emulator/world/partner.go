package world

import (
	"slices"
	"time"

	"latchkey/csp"
)

// Partnership is what a partner has with a customer besides GDAP. Its two halves
// are independent switches (R23).
type Partnership struct {
	Partner, Customer csp.TenantID
	// Reseller lets groups of the partner be assigned in the customer's
	// subscriptions as foreign principals (R21).
	Reseller bool
	// Kind is which part the partner plays; empty means a direct partner (R5).
	Kind csp.ResellerKind
	// DAP lets the partner's direct agents sign in to the customer's tenant (R10).
	DAP bool
}

type pairing struct{ partner, customer csp.TenantID }

// partnership holds the rows that stand behind a Partnership, past and future
// ones too.
type partnership struct {
	resellers []csp.ResellerRelationship
	daps      []csp.DAPRelationship
}

func (p *partnership) resells(at time.Time) bool {
	return slices.ContainsFunc(p.resellers, func(r csp.ResellerRelationship) bool { return r.Holds(at) })
}

func (p *partnership) lists(at time.Time) bool {
	return slices.ContainsFunc(p.daps, func(r csp.DAPRelationship) bool { return r.Holds(at) })
}

// SetPartnership makes the relationship what p says; with both switches off it
// ends. Role assignments made under it stay (R23). The partner gets its agent
// groups if it has none (R7).
func (w *World) SetPartnership(p Partnership) error { return w.SetPartnershipAs(Actor{}, p) }

// SetPartnershipAs is SetPartnership on behalf of an actor.
func (w *World) SetPartnershipAs(by Actor, p Partnership) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	partner, known := w.tenants[p.Partner]
	customer, knownToo := w.tenants[p.Customer]
	if !known || !knownToo || p.Partner == p.Customer {
		return refuse(NoSuchTenant, "a relationship joins two tenants that exist, not %s and %s", p.Partner, p.Customer)
	}
	var kept partnership
	if p.Kind == "" {
		p.Kind = csp.DirectPartner
	}
	if p.Reseller {
		kept.resellers = []csp.ResellerRelationship{{Partner: p.Partner, Customer: p.Customer, Kind: p.Kind}}
	}
	if p.DAP {
		kept.daps = []csp.DAPRelationship{{Partner: p.Partner, Customer: p.Customer}}
	}
	kind := PartnershipSet
	if p.Reseller || p.DAP {
		w.ensureAgents(p.Partner)
		w.partnerships[pairing{p.Partner, p.Customer}] = &kept
	} else {
		delete(w.partnerships, pairing{p.Partner, p.Customer})
		kind = PartnershipEnded
	}
	w.record(Event{Kind: kind, Tenant: p.Customer, By: by, Subject: partner.Name + " for " + customer.Name, Partner: p.Partner})
	return nil
}

// Partnership is what the partner has with the customer now; ok is false if it
// has nothing.
func (w *World) Partnership(partner, customer csp.TenantID) (p Partnership, ok bool) {
	w.mu.RLock()
	defer w.mu.RUnlock()
	p = w.partnership(pairing{partner, customer})
	return p, p.Reseller || p.DAP
}

func (w *World) partnership(between pairing) Partnership {
	p := Partnership{Partner: between.partner, Customer: between.customer}
	kept, ok := w.partnerships[between]
	if !ok {
		return p
	}
	now := w.instant()
	p.Reseller, p.DAP = kept.resells(now), kept.lists(now)
	for _, r := range kept.resellers {
		if r.Holds(now) {
			p.Kind = r.Kind
			break
		}
	}
	return p
}

// Partnerships lists every relationship that holds now, by customer and then partner.
func (w *World) Partnerships() []Partnership {
	w.mu.RLock()
	defer w.mu.RUnlock()
	var list []Partnership
	for between := range w.partnerships {
		if p := w.partnership(between); p.Reseller || p.DAP {
			list = append(list, p)
		}
	}
	slices.SortFunc(list, func(a, b Partnership) int {
		if c := a.Customer.Compare(b.Customer); c != 0 {
			return c
		}
		return a.Partner.Compare(b.Partner)
	})
	return list
}

// resolve says what the id names for a role assignment in the tenant: one of its
// own principals (R20), or a group of a partner with a reseller relationship (R21).
func (w *World) resolve(in *tenant, id csp.ObjectID) (csp.PrincipalType, bool) {
	owner, ok := w.objects[id]
	if !ok {
		return "", false
	}
	if owner == in.ID {
		return in.typeOf(id), true
	}
	p, ok := w.partnerships[pairing{owner, in.ID}]
	if !ok || !p.resells(w.instant()) || w.tenants[owner].groups[id] == nil {
		return "", false
	}
	return csp.ForeignGroup, true
}

// Resolve says what the id names for a role assignment in this tenant (R20,
// R21); ok is false when it names nothing.
func (t Tenant) Resolve(id csp.ObjectID) (kind csp.PrincipalType, ok bool) {
	t.w.mu.RLock()
	defer t.w.mu.RUnlock()
	return t.w.resolve(t.w.tenants[t.ID], id)
}

// OwnerOf is the tenant in whose directory the principal is.
func (w *World) OwnerOf(id csp.ObjectID) (csp.TenantID, bool) {
	w.mu.RLock()
	defer w.mu.RUnlock()
	t, ok := w.objects[id]
	return t, ok
}

// NameOf is what people call the principal the id names in this tenant; for a
// foreign group, the words Azure's portal shows.
func (t Tenant) NameOf(id csp.ObjectID) string {
	w := t.w
	w.mu.RLock()
	defer w.mu.RUnlock()
	d := w.tenants[t.ID]
	switch d.typeOf(id) {
	case csp.User:
		return d.users[id].Name
	case csp.Group:
		return d.groups[id].Name
	case csp.ServicePrincipal:
		return d.principals[id].Name
	}
	if p, ok := w.tenants[w.objects[id]]; ok && p.groups[id] != nil {
		return "Foreign Principal for '" + p.Name + "' in role 'TenantAdmins' (" + d.Name + ")"
	}
	return "Identity not found"
}
