package world

import (
	"slices"
	"strings"
	"time"

	"latchkey/csp"
	"latchkey/emulator/guid"
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
	// Source is where the account comes from; empty means the cloud (R2).
	Source csp.Source
	Home   Account
	// Pending is a guest who has not redeemed his invitation: he holds what he was
	// given and cannot enter.
	Pending bool
	Created time.Time
	// ValidFrom refuses refresh tokens and browser sessions that began before
	// it. RevokeSessions sets it; it counts at the account's home only.
	ValidFrom time.Time
	unnamed   bool // its sign-in name was made up while loading
}

// IsGuest says whether the account's home is another tenant. Of a guest whose
// home nobody knows, Home is zero.
func (u User) IsGuest() bool { return u.Source == csp.Guest || u.Home != Account{} }

func (u User) knowsHome() bool { return !u.Home.Object.IsZero() }

// Account is where the person signs in: the home of a guest, else the user itself.
func (u User) Account() Account {
	if u.knowsHome() {
		return u.Home
	}
	return Account{u.Tenant, u.ID}
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
	u.Home, u.Pending = Account{}, false
	if u.Source == csp.Guest {
		return User{}, refuse(BadName, "%s cannot be added as a guest: guests are invited", u.UPN)
	}
	if err := w.addUser(d, &u); err != nil {
		return User{}, err
	}
	w.announce(t.by, u.ID)
	w.record(Event{Kind: UserAdded, Tenant: d.ID, By: t.by, Subject: u.UPN})
	return u, nil
}

// InviteGuest lets an account of another tenant in (R2): it gets an object id of
// its own here, random unless given, and no rights. The invitation counts as
// redeemed.
func (t Tenant) InviteGuest(home User, id csp.ObjectID) (User, error) {
	return t.invite(home, id, false)
}

// InvitePending is InviteGuest for somebody who has still to accept.
func (t Tenant) InvitePending(home User, id csp.ObjectID) (User, error) {
	return t.invite(home, id, true)
}

func (t Tenant) invite(home User, id csp.ObjectID, pending bool) (User, error) {
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
		ID: id, Name: origin.Name, Mail: origin.Mail, Source: csp.Guest, Home: Account{origin.Tenant, origin.ID}, Pending: pending,
		UPN: strings.ReplaceAll(origin.UPN, "@", "_") + "#EXT#@" + d.DefaultDomain.String(),
	}
	if err := w.addUser(d, &guest); err != nil {
		return User{}, err
	}
	w.announce(t.by, guest.ID)
	w.record(Event{Kind: GuestInvited, Tenant: d.ID, By: t.by, Subject: guest.UPN})
	return guest, nil
}

func (w *World) addUser(d *tenant, u *User) error {
	guid.Fill(&u.ID)
	u.Tenant = d.ID
	if u.Created.IsZero() {
		u.Created = w.instant()
	}
	if err := w.mustBeNew(u.ID); err != nil {
		return err
	}
	name := strings.ToLower(u.UPN)
	if _, taken := d.byUPN[name]; taken {
		return refuse(NameTaken, "%s exists in %s", u.UPN, d.Name)
	}
	if u.knowsHome() && d.guestOf(w, u.Home) != nil {
		return refuse(NameTaken, "%s is a guest account in %s of somebody who has one", u.UPN, d.Name)
	}
	kept := *u
	d.users[u.ID] = &kept
	d.byUPN[name] = u.ID
	w.objects[u.ID] = d.ID
	if u.knowsHome() {
		w.guests[u.Home] = append(w.guests[u.Home], Account{d.ID, u.ID})
	}
	return nil
}

// RedeemInvitation lets a guest in who was invited and has not come yet. A home
// that the invitation left open becomes known; it must then be given.
func (t Tenant) RedeemInvitation(guest csp.ObjectID, home Account) error {
	w := t.w
	w.mu.Lock()
	defer w.mu.Unlock()
	d := w.tenants[t.ID]
	u, ok := d.users[guest]
	switch {
	case !ok || !u.IsGuest():
		return refuse(NoSuchPrincipal, "no guest of %s has the id %s", d.Name, guest)
	case !u.Pending:
		return refuse(NotPending, "%s has redeemed his invitation", u.UPN)
	case u.knowsHome() && home != (Account{}) && u.Home != home:
		return refuse(NotInTenant, "the invitation of %s is for another account", u.UPN)
	case !u.knowsHome():
		if _, err := w.user(home.Tenant, home.Object); err != nil {
			return err
		}
		if d.guestOf(w, home) != nil {
			return refuse(NameTaken, "the account has another guest account in %s", d.Name)
		}
		u.Home = home
		w.guests[home] = append(w.guests[home], Account{d.ID, u.ID})
	}
	u.Pending = false
	w.record(Event{Kind: GuestRedeemed, Tenant: d.ID, By: t.by, Subject: u.UPN})
	return nil
}

// announce lets Azure hear of a new principal, in time. What the world's author
// makes has been there for long.
func (w *World) announce(by Actor, id csp.ObjectID) {
	if by.IsAuthor() || w.delays.Principal == 0 {
		return
	}
	w.fresh[id] = w.instant().Add(w.delays.Principal)
	w.later(w.delays.Principal, func() { delete(w.fresh, id) })
}

// mustBeNew asks that nothing in any directory has the id.
func (w *World) mustBeNew(id csp.ObjectID) error {
	if owner, taken := w.objects[id]; taken {
		return refuse(IDTaken, "an object with the id %s exists in %s", id, w.nameOf(owner))
	}
	return nil
}

func (w *World) nameOf(t csp.TenantID) string {
	if d, ok := w.tenants[t]; ok {
		return d.Name
	}
	return t.String()
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
func (w *World) SetUser(u User) error { return w.setUser(Actor{}, u) }

// SetUser is World.SetUser on behalf of the handle's actor.
func (t Tenant) SetUser(u User) error {
	u.Tenant = t.ID
	return t.w.setUser(t.by, u)
}

func (w *World) setUser(by Actor, u User) error {
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
	w.record(Event{Kind: UserChanged, Tenant: u.Tenant, By: by, Subject: kept.UPN})
	return nil
}

// RevokeSessions makes every refresh token and browser session of the account
// useless from now on. Access tokens that are out live on until they expire. For
// a guest it changes nothing, since his sessions are his home tenant's.
func (w *World) RevokeSessions(a Account) error { return w.revokeSessions(Actor{}, a) }

// RevokeSessions is World.RevokeSessions on behalf of the handle's actor.
func (t Tenant) RevokeSessions(id csp.ObjectID) error {
	return t.w.revokeSessions(t.by, Account{t.ID, id})
}

func (w *World) revokeSessions(by Actor, a Account) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	u, err := w.user(a.Tenant, a.Object)
	if err != nil {
		return err
	}
	u.ValidFrom = w.Now()
	w.record(Event{Kind: UserChanged, Tenant: a.Tenant, By: by, Subject: u.UPN + ": sessions revoked"})
	return nil
}

// RemoveUser deletes the account, its memberships and its directory roles. Its
// Azure role assignments stay behind, as they do at Microsoft.
func (w *World) RemoveUser(tenant csp.TenantID, id csp.ObjectID) error {
	return w.removeUser(Actor{}, tenant, id)
}

// RemoveUser is World.RemoveUser on behalf of the handle's actor.
func (t Tenant) RemoveUser(id csp.ObjectID) error { return t.w.removeUser(t.by, t.ID, id) }

func (w *World) removeUser(by Actor, tenant csp.TenantID, id csp.ObjectID) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	gone, err := w.user(tenant, id)
	if err != nil {
		return err
	}
	d := w.tenants[tenant]
	d.extras.keep(by, *gone, d.memberOf[id], w.instant())
	w.forget(d, id)
	delete(d.users, id)
	delete(d.byUPN, strings.ToLower(gone.UPN))
	if home := gone.Home; gone.knowsHome() {
		w.guests[home] = slices.DeleteFunc(w.guests[home], func(a Account) bool { return a == Account{tenant, id} })
	}
	w.record(Event{Kind: UserRemoved, Tenant: tenant, By: by, Subject: gone.UPN})
	return nil
}

// forget takes a principal that is to be removed out of groups and directory roles.
func (w *World) forget(d *tenant, id csp.ObjectID) {
	for _, m := range d.memberOf[id] {
		if g, ok := d.groups[m.Group]; ok {
			g.members = slices.DeleteFunc(g.members, func(m csp.Membership) bool { return m.Member == id })
		}
	}
	delete(d.memberOf, id)
	for _, a := range d.given[id] {
		d.directory = slices.DeleteFunc(d.directory, func(other *DirectoryAssignment) bool { return other == a })
	}
	delete(d.given, id)
	delete(w.objects, id)
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

// UserNamed finds an account of the tenant by its sign-in name, in either case of letters.
func (t Tenant) UserNamed(upn string) (User, bool) {
	t.w.mu.RLock()
	defer t.w.mu.RUnlock()
	d := t.w.tenants[t.ID]
	u, ok := d.users[d.byUPN[strings.ToLower(upn)]]
	if !ok {
		return User{}, false
	}
	return *u, true
}
