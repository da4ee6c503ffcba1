package world

import (
	"slices"

	"latchkey/csp"
)

// Partnership is a partner's relationship with a customer. Its two halves are
// independent switches (R23).
type Partnership struct {
	Partner, Customer csp.TenantID
	// Reseller lets groups of the partner be assigned in the customer's
	// subscriptions as foreign principals (R21).
	Reseller bool
	// DAP lets the partner's direct agents sign in to the customer's tenant (R10).
	DAP bool
}

type pairing struct{ partner, customer csp.TenantID }

// SetPartnership makes the relationship what p says; with both switches off it
// ends. Role assignments made under it stay (R23).
func (w *World) SetPartnership(p Partnership) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	partner, known := w.tenants[p.Partner]
	customer, knownToo := w.tenants[p.Customer]
	if !known || !knownToo || p.Partner == p.Customer {
		return refuse(NoSuchTenant, "a relationship joins two tenants that exist, not %s and %s", p.Partner, p.Customer)
	}
	kind := PartnershipSet
	if p.Reseller || p.DAP {
		w.partnerships[pairing{p.Partner, p.Customer}] = &p
	} else {
		delete(w.partnerships, pairing{p.Partner, p.Customer})
		kind = PartnershipEnded
	}
	w.record(Event{Kind: kind, Tenant: p.Customer, Subject: partner.Name + " for " + customer.Name})
	return nil
}

// Partnerships lists every relationship, by customer and then partner.
func (w *World) Partnerships() []Partnership {
	w.mu.RLock()
	defer w.mu.RUnlock()
	var list []Partnership
	for _, p := range w.partnerships {
		list = append(list, *p)
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
	if own := in.typeOf(id); own != "" {
		return own, true
	}
	for _, p := range w.partnerships {
		if p.Customer != in.ID || !p.Reseller {
			continue
		}
		if _, ok := w.tenants[p.Partner].groups[id]; ok {
			return csp.ForeignGroup, true
		}
	}
	return "", false
}

// Resolve says what the id names for a role assignment in this tenant (R20,
// R21); ok is false when it names nothing.
func (t Tenant) Resolve(id csp.ObjectID) (kind csp.PrincipalType, ok bool) {
	t.w.mu.RLock()
	defer t.w.mu.RUnlock()
	return t.w.resolve(t.w.tenants[t.ID], id)
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
	for _, p := range w.tenants {
		if _, ok := p.groups[id]; ok {
			return "Foreign Principal for '" + p.Name + "' in role 'TenantAdmins' (" + d.Name + ")"
		}
	}
	return "Identity not found"
}

// Identity is who an account is inside one tenant: what a token for that tenant
// will say.
type Identity struct {
	Tenant csp.TenantID
	Object csp.ObjectID
	Home   Account
	Guest  bool
	// Delegated: there is no object in the tenant; the account comes in as the
	// partner's delegated administrator and keeps its id (R10, R11).
	Delegated bool
	Name      string
	UPN       string
	Mail      string
	MFA       bool
	Groups    []csp.ObjectID
	// Roles are the active directory roles, by their own or by delegation.
	Roles []csp.DirectoryRoleID
}

// Enter finds the sign-in edge of an account into a tenant (R22): its own
// tenant, a guest account there (which wins over delegation, R13), or delegated
// administration for a direct agent of a partner.
func (w *World) Enter(home Account, into csp.TenantID) (Identity, error) {
	w.mu.RLock()
	defer w.mu.RUnlock()
	u, err := w.user(home.Tenant, home.Object)
	if err != nil {
		return Identity{}, err
	}
	d, ok := w.tenants[into]
	if !ok {
		return Identity{}, refuse(NoSuchTenant, "no tenant has the id %s", into)
	}
	if u.Disabled {
		return Identity{}, refuse(AccountDisabled, "%s is disabled", u.UPN)
	}
	who := Identity{Tenant: into, Object: u.ID, Home: home, Name: u.Name, UPN: u.UPN, Mail: u.Mail, MFA: u.MFA}
	if home.Tenant == into {
		who.Groups = d.groupsOf(u.ID)
		return who, nil
	}
	if guest := d.guestOf(home); guest != nil {
		if guest.Disabled {
			return Identity{}, refuse(AccountDisabled, "the guest account of %s in %s is disabled", u.UPN, d.Name)
		}
		who.Object, who.Guest, who.Groups = guest.ID, true, d.groupsOf(guest.ID)
		return who, nil
	}
	if w.delegates(home, into) {
		who.Delegated, who.Groups = true, w.tenants[home.Tenant].groupsOf(u.ID)
		return who, nil
	}
	return Identity{}, refuse(NotInTenant, "%s is neither a member nor a guest of %s, and no delegated administrator", u.UPN, d.Name)
}

func (d *tenant) guestOf(home Account) *User {
	for _, u := range d.users {
		if u.Home == home {
			return u
		}
	}
	return nil
}

// delegates says whether the account is a direct agent of a partner that the
// customer lists as delegated administrator; nested groups do not count (R10).
func (w *World) delegates(home Account, customer csp.TenantID) bool {
	p, ok := w.partnerships[pairing{home.Tenant, customer}]
	if !ok || !p.DAP {
		return false
	}
	partner := w.tenants[home.Tenant]
	for _, id := range partner.memberOf[home.Object] {
		if name := partner.groups[id].Name; name == AdminAgents || name == HelpdeskAgents {
			return true
		}
	}
	return false
}

// TenantsOf lists the tenants the account is a member or a guest of, its home first.
func (w *World) TenantsOf(home Account) []Tenant {
	var list []Tenant
	if t, ok := w.Tenant(home.Tenant); ok {
		list = append(list, t)
	}
	for _, t := range w.Tenants() {
		w.mu.RLock()
		guest := w.tenants[t.ID].guestOf(home)
		w.mu.RUnlock()
		if guest != nil {
			list = append(list, t)
		}
	}
	return list
}
