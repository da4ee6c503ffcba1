package world

import (
	"slices"
	"strings"
	"time"

	"latchkey/csp"
)

// Account is one account at its home.
type Account struct {
	Tenant csp.TenantID
	Object csp.ObjectID
}

// User is an account in a directory. A guest (R2) has a Home and no password of
// its own.
type User struct {
	ID     csp.ObjectID
	Tenant csp.TenantID
	Name   string
	// UPN is the sign-in name; without an @ the tenant's default domain is added.
	UPN  string
	Mail string
	// Password is what the sign-in page asks for.
	Password string
	// MFA makes the sign-in page ask for a second step.
	MFA      bool
	Disabled bool
	Home     Account
	// ValidFrom refuses refresh tokens and browser sessions that began before
	// it. RevokeSessions sets it; it counts at the account's home only.
	ValidFrom time.Time
}

// IsGuest says whether the account's home is another tenant.
func (u User) IsGuest() bool { return u.Home != Account{} }

// Account is where the person signs in: the home of a guest, else the user itself.
func (u User) Account() Account {
	if u.IsGuest() {
		return u.Home
	}
	return Account{u.Tenant, u.ID}
}

// Group is a security group. The groups named AdminAgents and HelpdeskAgents of
// a partner's directory are its agent groups (R7).
type Group struct {
	ID     csp.ObjectID
	Tenant csp.TenantID
	Name   string
}

// The names of the agent groups (R7).
const (
	AdminAgents    = "AdminAgents"
	HelpdeskAgents = "HelpdeskAgents"
)

type group struct {
	Group
	members []csp.ObjectID
}

// AddUser adds a member account. Its sign-in name must lie in a domain of the
// tenant and be new there. A zero ID is replaced by a random one.
func (t Tenant) AddUser(u User) (User, error) {
	w := t.w
	w.mu.Lock()
	defer w.mu.Unlock()
	d := w.tenants[t.ID]
	if !strings.Contains(u.UPN, "@") {
		u.UPN += "@" + d.DefaultDomain.String()
	}
	local, domain, _ := strings.Cut(u.UPN, "@")
	if local == "" || !slices.Contains(d.domains, csp.Domain(strings.ToLower(domain))) {
		return User{}, refuse(BadName, "%q is no sign-in name in a domain of %s", u.UPN, d.Name)
	}
	u.Home = Account{}
	if err := w.addUser(d, &u); err != nil {
		return User{}, err
	}
	w.record(Event{Kind: UserAdded, Tenant: d.ID, Subject: u.UPN})
	return u, nil
}

// InviteGuest lets an account of another tenant in (R2): it gets an object id of
// its own here, random unless given, and no rights. The invitation counts as
// redeemed.
func (t Tenant) InviteGuest(home User, id csp.ObjectID) (User, error) {
	w := t.w
	w.mu.Lock()
	defer w.mu.Unlock()
	d := w.tenants[t.ID]
	origin, err := w.user(home.Tenant, home.ID)
	if err != nil {
		return User{}, err
	}
	if origin.IsGuest() || origin.Tenant == t.ID {
		return User{}, refuse(BadName, "%s cannot be invited to %s: an invitation goes to an account at its home in another tenant", origin.UPN, d.Name)
	}
	guest := User{
		ID: id, Name: origin.Name, Mail: origin.Mail, Home: Account{origin.Tenant, origin.ID},
		UPN: strings.ReplaceAll(origin.UPN, "@", "_") + "#EXT#@" + d.DefaultDomain.String(),
	}
	if err := w.addUser(d, &guest); err != nil {
		return User{}, err
	}
	w.record(Event{Kind: GuestInvited, Tenant: d.ID, Subject: guest.UPN})
	return guest, nil
}

func (w *World) addUser(d *tenant, u *User) error {
	fillID(&u.ID)
	u.Tenant = d.ID
	if err := d.mustBeNew(u.ID); err != nil {
		return err
	}
	for _, other := range d.users {
		if strings.EqualFold(other.UPN, u.UPN) {
			return refuse(NameTaken, "%s exists in %s", u.UPN, d.Name)
		}
	}
	kept := *u
	d.users[u.ID] = &kept
	return nil
}

func (d *tenant) mustBeNew(id csp.ObjectID) error {
	if d.typeOf(id) != "" {
		return refuse(IDTaken, "an object with the id %s exists in %s", id, d.Name)
	}
	return nil
}

// typeOf is what kind of principal the id names in this directory, or empty.
func (d *tenant) typeOf(id csp.ObjectID) csp.PrincipalType {
	if _, ok := d.users[id]; ok {
		return csp.User
	}
	if _, ok := d.groups[id]; ok {
		return csp.Group
	}
	if _, ok := d.principals[id]; ok {
		return csp.ServicePrincipal
	}
	return ""
}

// SetUser writes back a changed name, password, MFA switch or Disabled. Who the
// account is cannot be changed. A new password ends the account's sessions.
func (w *World) SetUser(u User) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	kept, err := w.user(u.Tenant, u.ID)
	if err != nil {
		return err
	}
	if kept.Password != u.Password {
		kept.ValidFrom = w.Now()
	}
	kept.Name, kept.Mail, kept.Password, kept.MFA, kept.Disabled = u.Name, u.Mail, u.Password, u.MFA, u.Disabled
	w.record(Event{Kind: UserChanged, Tenant: u.Tenant, Subject: kept.UPN})
	return nil
}

// RevokeSessions makes every refresh token and browser session of the account
// useless from now on. Access tokens that are out live on until they expire. For
// a guest it changes nothing, since his sessions are his home tenant's.
func (w *World) RevokeSessions(a Account) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	u, err := w.user(a.Tenant, a.Object)
	if err != nil {
		return err
	}
	u.ValidFrom = w.Now()
	w.record(Event{Kind: UserChanged, Tenant: a.Tenant, Subject: u.UPN + ": sessions revoked"})
	return nil
}

// RemoveUser deletes the account and its memberships. Its role assignments stay
// behind, as they do at Microsoft.
func (w *World) RemoveUser(tenant csp.TenantID, id csp.ObjectID) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	gone, err := w.user(tenant, id)
	if err != nil {
		return err
	}
	d := w.tenants[tenant]
	for _, g := range d.memberOf[id] {
		d.groups[g].members = slices.DeleteFunc(d.groups[g].members, func(m csp.ObjectID) bool { return m == id })
	}
	delete(d.memberOf, id)
	delete(d.users, id)
	w.record(Event{Kind: UserRemoved, Tenant: tenant, Subject: gone.UPN})
	return nil
}

func (w *World) user(tenant csp.TenantID, id csp.ObjectID) (*User, error) {
	d, ok := w.tenants[tenant]
	if !ok {
		return nil, refuse(NoSuchTenant, "no tenant has the id %s", tenant)
	}
	u, ok := d.users[id]
	if !ok {
		return nil, refuse(NoSuchPrincipal, "no user of %s has the id %s", d.Name, id)
	}
	return u, nil
}

// User finds an account of the tenant.
func (w *World) User(tenant csp.TenantID, id csp.ObjectID) (User, bool) {
	w.mu.RLock()
	defer w.mu.RUnlock()
	u, err := w.user(tenant, id)
	if err != nil {
		return User{}, false
	}
	return *u, true
}

// Users lists the tenant's accounts by name.
func (t Tenant) Users() []User {
	t.w.mu.RLock()
	defer t.w.mu.RUnlock()
	var list []User
	for _, u := range t.w.tenants[t.ID].users {
		list = append(list, *u)
	}
	slices.SortFunc(list, func(a, b User) int { return orderBy(a.Name, b.Name, a.ID.Compare(b.ID)) })
	return list
}

// AddGroup adds an empty group. A zero ID is replaced by a random one.
func (t Tenant) AddGroup(g Group) (Group, error) {
	w := t.w
	w.mu.Lock()
	defer w.mu.Unlock()
	d := w.tenants[t.ID]
	fillID(&g.ID)
	g.Tenant = t.ID
	if g.Name == "" {
		return Group{}, refuse(BadName, "a group needs a name")
	}
	if err := d.mustBeNew(g.ID); err != nil {
		return Group{}, err
	}
	d.groups[g.ID] = &group{Group: g}
	w.record(Event{Kind: GroupAdded, Tenant: t.ID, Subject: g.Name})
	return g, nil
}

// AddMember puts a user, guest, service principal or group of this tenant into
// one of its groups. Another tenant's group is refused (R20).
func (t Tenant) AddMember(to, member csp.ObjectID) error {
	w := t.w
	w.mu.Lock()
	defer w.mu.Unlock()
	d := w.tenants[t.ID]
	g, ok := d.groups[to]
	if !ok {
		return refuse(NoSuchPrincipal, "no group of %s has the id %s", d.Name, to)
	}
	if d.typeOf(member) == "" {
		return refuse(ForeignMember, "%s is no principal of %s", member, d.Name)
	}
	if member == to || slices.Contains(g.members, member) {
		return refuse(NameTaken, "%s is a member of %s", member, g.Name)
	}
	g.members = append(g.members, member)
	d.memberOf[member] = append(d.memberOf[member], to)
	w.record(Event{Kind: MemberAdded, Tenant: t.ID, Subject: member.String() + " in " + g.Name})
	return nil
}

// RemoveMember takes a direct member out of a group.
func (t Tenant) RemoveMember(from, member csp.ObjectID) error {
	w := t.w
	w.mu.Lock()
	defer w.mu.Unlock()
	d := w.tenants[t.ID]
	g, ok := d.groups[from]
	if !ok || !slices.Contains(g.members, member) {
		return refuse(NoSuchPrincipal, "%s is no member of group %s", member, from)
	}
	g.members = slices.DeleteFunc(g.members, func(m csp.ObjectID) bool { return m == member })
	d.memberOf[member] = slices.DeleteFunc(d.memberOf[member], func(m csp.ObjectID) bool { return m == from })
	w.record(Event{Kind: MemberRemoved, Tenant: t.ID, Subject: member.String() + " from " + g.Name})
	return nil
}

// GroupsOf lists the groups the principal is in, directly or through groups, in
// no particular order.
func (t Tenant) GroupsOf(principal csp.ObjectID) []csp.ObjectID {
	t.w.mu.RLock()
	defer t.w.mu.RUnlock()
	return t.w.tenants[t.ID].groupsOf(principal)
}

func (d *tenant) groupsOf(principal csp.ObjectID) []csp.ObjectID {
	var found []csp.ObjectID
	look := slices.Clone(d.memberOf[principal])
	for len(look) > 0 {
		g := look[0]
		look = look[1:]
		if slices.Contains(found, g) {
			continue // two ways lead there, or the groups form a ring
		}
		found = append(found, g)
		look = append(look, d.memberOf[g]...)
	}
	return found
}
