// Package names finds tenants, principals, subscriptions and roles by the names
// people use, and the other way round: the shortest text that means one thing
// and no other.
//
// # How a principal is named
//
// Where a tenant is meant from the place (inside its section of a world file, or
// in a question about it):
//
//	ann                   the tenant's principal of that name, or of that sign-in name
//	ann@alder.example     the account of another tenant with that sign-in name
//	Ops @ Alder Cloud     the principal named Ops of the tenant Alder Cloud
//	8e3af657-a8ff-...     whatever has that object id, known or not
//
// What stands behind the last @ is a tenant: by name, by any of its domains, or
// by id (R1). If the account that is named is the home of a guest of the tenant
// that is meant, the guest is meant, since a role there is given to the guest and
// not to the account at home (R2, R20); the account itself is named by its id.
//
// Case makes no difference. A name that means two things is refused, with both.
package names

import (
	"strings"

	"latchkey/csp"
)

// Directory knows what the facts list by name. It is not changed once made, and
// safe for use by several goroutines.
type Directory struct {
	tenants       index[csp.TenantID]
	principals    map[csp.TenantID]*index[csp.ObjectID] // by name and sign-in name
	subscriptions map[csp.TenantID]*index[csp.SubscriptionID]
	roles         catalogue[csp.RoleDefinitionID]
	directory     catalogue[csp.DirectoryRoleID]
	// signIns are the users of all tenants by sign-in name, everyone all principals.
	signIns, everyone index[csp.ObjectID]

	tenant    map[csp.TenantID]csp.Tenant
	principal map[csp.ObjectID]csp.Principal
	guests    map[guestOf]csp.ObjectID
}

// guestOf is the place of a guest: the tenant it is a guest of, and its home.
type guestOf struct {
	tenant csp.TenantID
	home   csp.ObjectID
}

// New is a Directory of the facts.
func New(f csp.Facts) *Directory {
	d := &Directory{
		principals:    make(map[csp.TenantID]*index[csp.ObjectID]),
		subscriptions: make(map[csp.TenantID]*index[csp.SubscriptionID]),
		tenant:        make(map[csp.TenantID]csp.Tenant, len(f.Tenants)),
		principal:     make(map[csp.ObjectID]csp.Principal, len(f.Principals)),
		guests:        make(map[guestOf]csp.ObjectID),
		roles:         catalogue[csp.RoleDefinitionID]{builtin: azureRoles()},
		directory:     catalogue[csp.DirectoryRoleID]{builtin: entraRoles()},
	}
	for _, t := range f.Tenants {
		d.tenant[t.ID] = t
		d.tenants.add(t.Name, t.ID)
		d.tenants.add(t.DefaultDomain.String(), t.ID)
	}
	for _, t := range f.Domains {
		d.tenants.add(t.Domain.String(), t.Tenant)
	}
	for _, p := range f.Principals {
		d.addPrincipal(p)
	}
	for _, s := range f.Subscriptions {
		of(d.subscriptions, s.Tenant).add(s.Name, s.ID)
	}
	for _, r := range f.Roles {
		d.roles.add(r.Name, r.ID)
	}
	for _, r := range f.DirectoryRoles {
		d.directory.add(r.Name, r.ID)
	}
	return d
}

func of[K comparable, T comparable](m map[K]*index[T], key K) *index[T] {
	if m[key] == nil {
		m[key] = new(index[T])
	}
	return m[key]
}

func (d *Directory) addPrincipal(p csp.Principal) {
	d.principal[p.ID] = p
	own := of(d.principals, p.Tenant)
	own.add(p.Name, p.ID)
	own.add(p.SignInName, p.ID)
	d.everyone.add(p.Name, p.ID)
	d.signIns.add(p.SignInName, p.ID)
	if !p.Home.IsZero() {
		d.guests[guestOf{p.Tenant, p.Home}] = p.ID
	}
}

// Tenant finds a tenant by name, domain or id. An id need not be known (R1).
func (d *Directory) Tenant(text string) (csp.TenantID, error) {
	if id, err := csp.ParseID[csp.Tenant](text); err == nil {
		return id, nil
	}
	return one("tenant", "", text, d.tenants.find(text), d.describeTenant, d.tenants.nearest)
}

// Subscription finds a subscription of the tenant by name or id; of the zero
// tenant, one of all tenants. An id need not be known.
func (d *Directory) Subscription(in csp.TenantID, text string) (csp.SubscriptionID, error) {
	if id, err := csp.ParseID[csp.Subscription](text); err == nil {
		return id, nil
	}
	describe := func(id csp.SubscriptionID) string { return "the subscription " + id.String() }
	if !in.IsZero() {
		own := d.subscriptions[in]
		return one("subscription", d.where(in), text, own.find(text), describe, own.nearest)
	}
	var all index[csp.SubscriptionID]
	for _, own := range d.subscriptions {
		all.addAll(own)
	}
	return one("subscription", "", text, all.find(text), describe, all.nearest)
}

// Role finds an Azure role by name or id: one of the facts, or a built-in one.
// An id need not be known.
func (d *Directory) Role(text string) (csp.RoleDefinitionID, error) {
	if id, err := csp.ParseID[csp.RoleDefinition](text); err == nil {
		return id, nil
	}
	describe := func(id csp.RoleDefinitionID) string { return "the role " + id.String() }
	return one("Azure role", "", text, d.roles.find(text), describe, d.roles.nearest)
}

// DirectoryRole finds a role of Entra directories by name or id: one of the
// facts, or a built-in one. An id need not be known.
func (d *Directory) DirectoryRole(text string) (csp.DirectoryRoleID, error) {
	if id, err := csp.ParseID[csp.DirectoryRole](text); err == nil {
		return id, nil
	}
	describe := func(id csp.DirectoryRoleID) string { return "the role " + id.String() }
	return one("directory role", "", text, d.directory.find(text), describe, d.directory.nearest)
}

// Principal finds a principal as the package comment says, seen from the tenant.
// Seen from the zero tenant, a bare name is looked for everywhere, and no guest
// stands for his home account.
func (d *Directory) Principal(in csp.TenantID, text string) (csp.ObjectID, error) {
	if id, err := csp.ParseID[csp.Principal](text); err == nil {
		return id, nil
	}
	found := d.principals[in].find(text)
	if in.IsZero() {
		found = distinct(d.everyone.find(text), d.signIns.find(text))
	}
	if len(found) == 0 {
		elsewhere, err := d.elsewhere(text)
		if err != nil {
			return csp.ObjectID{}, err
		}
		found = d.asGuests(in, elsewhere)
	}
	return one("principal", d.where(in), text, found, d.describePrincipal, func(t string) []string { return d.nearestPrincipal(in, t) })
}

// elsewhere finds the principals of any tenant that name@tenant means.
func (d *Directory) elsewhere(text string) ([]csp.ObjectID, error) {
	found := d.signIns.find(text)
	at := strings.LastIndexByte(text, '@')
	if at < 0 {
		return found, nil
	}
	tenant, err := d.Tenant(strings.TrimSpace(text[at+1:]))
	if err != nil {
		if len(found) > 0 {
			return found, nil
		}
		return nil, err
	}
	return distinct(found, d.principals[tenant].find(strings.TrimSpace(text[:at]))), nil
}

// asGuests puts in the place of accounts the guests of the tenant that they are.
func (d *Directory) asGuests(in csp.TenantID, accounts []csp.ObjectID) []csp.ObjectID {
	var guests []csp.ObjectID
	for _, id := range accounts {
		if guest, ok := d.guests[guestOf{in, id}]; ok {
			guests = append(guests, guest)
		}
	}
	if len(guests) > 0 {
		return guests
	}
	return accounts
}

// nearestPrincipal suggests names of the tenant, and the same name in others.
func (d *Directory) nearestPrincipal(in csp.TenantID, text string) []string {
	near := d.principals[in].nearest(text)
	for _, id := range d.everyone.find(text) {
		near = append(near, d.principal[id].Name+" @ "+d.TenantName(d.principal[id].Tenant))
	}
	if len(near) == 0 {
		near = d.everyone.nearest(text)
	}
	return near[:min(len(near), mostNear)]
}

// where ends an error sentence with the tenant, as " in Contoso".
func (d *Directory) where(in csp.TenantID) string {
	if in.IsZero() {
		return ""
	}
	return " in " + d.TenantName(in)
}
