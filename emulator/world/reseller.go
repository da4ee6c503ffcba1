package world

import (
	"slices"
	"strings"

	"latchkey/csp"
	"latchkey/emulator/gdap"
)

// NewCustomer is what a partner says of a customer it creates.
type NewCustomer struct {
	// Domain is the first domain of the new tenant.
	Domain  csp.Domain
	Profile Profile
	// Reseller is the indirect reseller of a provider's customer, else zero.
	Reseller csp.TenantID
	// DefaultGDAP gives the partner a first GDAP relationship, which no group of
	// its has anything of yet.
	DefaultGDAP bool
}

// Customer is a customer who has just been created.
type Customer struct {
	Tenant        Tenant
	Administrator User
	// Password is the administrator's. It is told once.
	Password string
}

// CreateCustomer makes a tenant with a Global Administrator, and the partner's
// reseller relationship with it (R4).
func (w *World) CreateCustomer(by Actor, partner csp.TenantID, n NewCustomer) (Customer, error) {
	w.mu.RLock()
	isSupplied := n.Reseller.IsZero() || w.trade.supplies[supply{partner, n.Reseller}]
	w.mu.RUnlock()
	if !isSupplied {
		return Customer{}, refuse(NoRelationship, "%s is no indirect reseller of %s", n.Reseller, partner)
	}
	t, err := w.AddTenant(csp.Tenant{Name: n.Profile.CompanyName, DefaultDomain: n.Domain})
	if err != nil {
		return Customer{}, err
	}
	made := Customer{Tenant: t, Password: NewPassword()}
	local := t.As(by)
	made.Administrator, err = local.AddUser(User{Name: "Admin", UPN: "admin", Mail: n.Profile.Email, Password: made.Password})
	if err != nil {
		return Customer{}, err
	}
	if _, err = local.AssignDirectoryRole(DirectoryAssignment{Principal: made.Administrator.ID, Role: globalAdministrator}); err != nil {
		return Customer{}, err
	}
	w.mu.Lock()
	w.resell(partner, t.ID, n.Reseller)
	w.trade.profiles[t.ID] = n.Profile
	w.record(Event{Kind: CustomerCreated, Tenant: t.ID, By: by, Subject: t.Name, Partner: partner})
	w.mu.Unlock()
	if n.DefaultGDAP {
		for _, p := range []csp.TenantID{partner, n.Reseller} {
			if err := w.defaultRelationship(by, p, t, p == n.Reseller); err != nil {
				return Customer{}, err
			}
		}
	}
	return made, nil
}

// resell makes the partner a reseller of the customer: a direct one, or the
// provider behind an indirect reseller.
func (w *World) resell(partner, customer, reseller csp.TenantID) {
	kind := csp.DirectPartner
	if !reseller.IsZero() {
		kind = csp.IndirectProvider
		w.addReseller(reseller, customer, csp.IndirectReseller)
	}
	w.addReseller(partner, customer, kind)
}

func (w *World) addReseller(partner, customer csp.TenantID, kind csp.ResellerKind) {
	w.ensureAgents(partner)
	between := pairing{partner, customer}
	kept := partnership{}
	if old, ok := w.partnerships[between]; ok {
		kept = *old
	}
	kept.resellers = append(slices.Clone(kept.resellers), csp.ResellerRelationship{
		Partner: partner, Customer: customer, Kind: kind, Period: csp.Period{From: w.instant()},
	})
	w.partnerships[between] = &kept
}

// defaultRoles are those of the GDAP relationship that comes with a new customer.
// The last two are not for indirect resellers.
var defaultRoles = []string{
	"Directory Readers", "Directory Writers", "Global Reader", "Helpdesk Administrator", "License Administrator", "Privileged Authentication Administrator",
	"Privileged Role Administrator", "Service Support Administrator", "User Administrator", "Application Administrator", "Cloud Application Administrator",
}

func (w *World) defaultRelationship(by Actor, partner csp.TenantID, customer Tenant, indirect bool) error {
	if partner.IsZero() {
		return nil
	}
	names := defaultRoles
	if indirect {
		names = names[:len(names)-2]
	}
	r := gdap.Relationship{Partner: partner, Customer: customer.ID, Name: "Default_" + customer.ID.String(), Days: gdap.MaxDays}
	for _, role := range w.DirectoryRoles() {
		if slices.Contains(names, role.Name) {
			r.Roles = append(r.Roles, role.ID)
		}
	}
	r, err := w.CreateRelationship(by, r)
	if err != nil {
		return err
	}
	if _, err = w.LockForApproval(by, r.ID); err != nil {
		return err
	}
	// The new tenant has nobody yet who could say no.
	if _, err = w.ApproveRelationship(Actor{}, r.ID, customer.ID); err != nil {
		return err
	}
	w.Settle()
	return nil
}

// Invitation is what the link says that a partner mails to a customer.
type Invitation struct {
	// Partner wants to be the customer's reseller.
	Partner csp.TenantID
	// Reseller is the indirect reseller through whom the customer buys, or zero.
	Reseller csp.TenantID
	// DAP: the link asks for delegated administration as well, which Microsoft has
	// not offered since 2023.
	DAP bool
}

// CheckInvitation asks that the partners in a link are partners.
func (w *World) CheckInvitation(i Invitation) error {
	w.mu.RLock()
	defer w.mu.RUnlock()
	return w.checkInvitation(i)
}

func (w *World) checkInvitation(i Invitation) error {
	if d, ok := w.tenants[i.Partner]; !ok || len(d.agents) == 0 {
		return refuse(NoPartner, "%s is none", i.Partner)
	}
	if !i.Reseller.IsZero() && !w.trade.supplies[supply{i.Partner, i.Reseller}] {
		return refuse(NoRelationship, "%s is no indirect reseller of %s", i.Reseller, w.nameOf(i.Partner))
	}
	return nil
}

// MayDecide says whether the actor may accept and remove partners for the tenant:
// a Global Administrator of its own people may, and the world's author.
func (w *World) MayDecide(by Actor, tenant csp.TenantID) error {
	w.mu.RLock()
	defer w.mu.RUnlock()
	return w.mayDecide(by, tenant)
}

func (w *World) mayDecide(by Actor, tenant csp.TenantID) error {
	d, ok := w.tenants[tenant]
	switch {
	case !ok:
		return refuse(NoSuchTenant, "no tenant has the id %s", tenant)
	case by.IsAuthor():
		return nil
	case by.Tenant != tenant || d.typeOf(by.Object) == "" || !slices.Contains(w.ownRoles(d, by.Object), globalAdministrator):
		return refuse(NotForYou, "%s is none of %s", by.Name, d.Name)
	}
	return nil
}

// MayAnswer says whether the actor may answer a GDAP relationship for the tenant,
// and end one: besides Global Administrators, those whose role is just that.
func (w *World) MayAnswer(by Actor, tenant csp.TenantID) bool {
	w.mu.RLock()
	defer w.mu.RUnlock()
	d, ok := w.tenants[tenant]
	return ok && (by.IsAuthor() || w.answersFor(by, d))
}

// AcceptReseller is the customer's yes to an invitation.
func (w *World) AcceptReseller(by Actor, customer csp.TenantID, i Invitation) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if err := w.checkInvitation(i); err != nil {
		return err
	}
	if err := w.mayDecide(by, customer); err != nil {
		return err
	}
	if customer == i.Partner || customer == i.Reseller {
		return refuse(NoRelationship, "nobody is his own partner")
	}
	if w.resells(i.Partner, customer) && (i.Reseller.IsZero() || w.resells(i.Reseller, customer)) {
		return refuse(AlreadyAccepted, "%s is a reseller of %s", w.nameOf(i.Partner), w.nameOf(customer))
	}
	w.resell(i.Partner, customer, i.Reseller)
	if i.DAP {
		kept := w.partnerships[pairing{i.Partner, customer}]
		kept.daps = append(kept.daps, csp.DAPRelationship{Partner: i.Partner, Customer: customer, Period: csp.Period{From: w.instant()}})
	}
	w.record(Event{Kind: ResellerAccepted, Tenant: customer, By: by, Subject: w.nameOf(i.Partner) + " for " + w.nameOf(customer), Partner: i.Partner})
	return nil
}

// RemoveReseller is the partner's end of a reseller relationship. It comes after
// the end of everything that was sold. The other switches stay (R23).
func (w *World) RemoveReseller(by Actor, partner, customer csp.TenantID) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if sold := w.sells(partner, customer); sold != "" {
		return refuse(StillSells, "%s is still active: suspend it first", sold)
	}
	return w.endReseller(by, partner, customer)
}

// DismissReseller is the customer's end of a reseller relationship. What was sold
// goes on; so do the other switches (R23).
func (w *World) DismissReseller(by Actor, partner, customer csp.TenantID) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if err := w.mayDecide(by, customer); err != nil {
		return err
	}
	return w.endReseller(by, partner, customer)
}

func (w *World) endReseller(by Actor, partner, customer csp.TenantID) error {
	if !w.resells(partner, customer) {
		return refuse(NoRelationship, "%s is no reseller of %s", w.nameOf(partner), w.nameOf(customer))
	}
	w.turnOff(pairing{partner, customer}, func(p *partnership) { p.resellers = nil })
	w.record(Event{Kind: ResellerRemoved, Tenant: customer, By: by, Subject: w.nameOf(partner) + " for " + w.nameOf(customer), Partner: partner})
	return nil
}

// RemoveDAP takes a partner off the customer's list of delegated administrators.
// The other switches stay (R23).
func (w *World) RemoveDAP(by Actor, partner, customer csp.TenantID) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if err := w.mayDecide(by, customer); err != nil {
		return err
	}
	if p, ok := w.partnerships[pairing{partner, customer}]; !ok || !p.lists(w.instant()) {
		return refuse(NoRelationship, "%s is no delegated administrator of %s", w.nameOf(partner), w.nameOf(customer))
	}
	w.turnOff(pairing{partner, customer}, func(p *partnership) { p.daps = nil })
	w.record(Event{Kind: DAPRemoved, Tenant: customer, By: by, Subject: w.nameOf(partner) + " for " + w.nameOf(customer), Partner: partner})
	return nil
}

// turnOff changes a partnership and forgets one of which nothing is left.
func (w *World) turnOff(between pairing, off func(*partnership)) {
	kept := *w.partnerships[between]
	off(&kept)
	if len(kept.resellers) == 0 && len(kept.daps) == 0 {
		delete(w.partnerships, between)
		return
	}
	w.partnerships[between] = &kept
}

// PartnersOf lists the tenants that have, or had, anything to do with the
// customer as partners, by name: resellers, delegated administrators of either
// kind, and those whose groups hold roles in its subscriptions.
func (w *World) PartnersOf(customer csp.TenantID) []Tenant {
	w.mu.RLock()
	defer w.mu.RUnlock()
	d, ok := w.tenants[customer]
	if !ok {
		return nil
	}
	found := make(map[csp.TenantID]bool)
	for between := range w.partnerships {
		if between.customer == customer {
			found[between.partner] = true
		}
	}
	for _, r := range w.relationships {
		if r.Customer == customer && r.Status != csp.GDAPCreated {
			found[r.Partner] = true
		}
	}
	for group := range d.foreign {
		found[w.objects[group]] = true
	}
	var list []Tenant
	for id := range found {
		if p, known := w.tenants[id]; known {
			list = append(list, w.handle(p))
		}
	}
	slices.SortFunc(list, func(a, b Tenant) int {
		return orderBy(strings.ToLower(a.Name), strings.ToLower(b.Name), a.ID.Compare(b.ID))
	})
	return list
}

// DeleteCustomer sweeps a customer of a sandbox partner away, with its tenant and
// everything in it.
func (w *World) DeleteCustomer(by Actor, partner, customer csp.TenantID) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.trade.sandboxes[partner] {
		return refuse(OnlyInSandbox, "%s is no sandbox", w.nameOf(partner))
	}
	d, ok := w.tenants[customer]
	if !ok || !w.resells(partner, customer) {
		return refuse(NoRelationship, "%s is no customer of %s", customer, partner)
	}
	w.record(Event{Kind: CustomerDeleted, Tenant: customer, By: by, Subject: d.Name, Partner: partner})
	w.sweep(d)
	return nil
}
