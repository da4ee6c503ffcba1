package world

import (
	"strings"

	"latchkey/csp"
)

// InviteAddress invites whoever has the mail address or sign-in name; he cannot
// enter before he accepts (RedeemInvitation). An address that no account of this
// world has can be invited too: its home is then open until somebody accepts.
// Whoever is a guest already stays the guest he is, and invited says no.
func (t Tenant) InviteAddress(address, name string) (guest User, invited bool, err error) {
	w := t.w
	w.mu.Lock()
	defer w.mu.Unlock()
	d := w.tenants[t.ID]
	local, domain, found := strings.Cut(address, "@")
	if !found || local == "" || strings.ContainsAny(address, " #/\\\"<>") {
		return User{}, false, refuse(BadName, "%q is no mail address", address)
	}
	if _, err := csp.ParseDomain(domain); err != nil {
		return User{}, false, refuse(BadName, "%q is no mail address: %v", address, err)
	}
	upn := strings.ReplaceAll(address, "@", "_") + "#EXT#@" + d.DefaultDomain.String()
	home := w.accountWith(address)
	if home != nil && home.Tenant == t.ID {
		return User{}, false, refuse(NameTaken, "%s is a member of %s", address, d.Name)
	}
	if home != nil {
		if there := d.guestOf(w, home.Account()); there != nil {
			return *there, false, nil
		}
	}
	if id, ok := d.byUPN[strings.ToLower(upn)]; ok {
		return *d.users[id], false, nil
	}
	guest = User{Name: name, Mail: address, UPN: upn, Source: csp.Guest, Pending: true}
	if home != nil {
		guest.Home = home.Account()
		if guest.Name == "" {
			guest.Name = home.Name
		}
	}
	if guest.Name == "" {
		guest.Name = local
	}
	if err := w.addUser(d, &guest); err != nil {
		return User{}, false, err
	}
	w.record(Event{Kind: GuestInvited, Tenant: d.ID, By: t.by, Subject: guest.UPN})
	return guest, true, nil
}

// accountWith finds the account at its home with the mail address or sign-in name.
func (w *World) accountWith(address string) *User {
	_, domain, _ := strings.Cut(address, "@")
	if owner, ok := w.domains[csp.Domain(strings.ToLower(domain))]; ok {
		d := w.tenants[owner]
		if u, ok := d.users[d.byUPN[strings.ToLower(address)]]; ok && !u.IsGuest() {
			return u
		}
	}
	for _, d := range w.tenants {
		for _, u := range d.users {
			if !u.IsGuest() && strings.EqualFold(u.Mail, address) {
				return u
			}
		}
	}
	return nil
}

// AccountNamed finds the account at its home with the mail address or sign-in name.
func (w *World) AccountNamed(address string) (User, bool) {
	w.mu.RLock()
	defer w.mu.RUnlock()
	if u := w.accountWith(address); u != nil {
		return *u, true
	}
	return User{}, false
}

// ResetRedemption makes a guest accept his invitation again.
func (t Tenant) ResetRedemption(guest csp.ObjectID) error {
	w := t.w
	w.mu.Lock()
	defer w.mu.Unlock()
	u, err := w.user(t.ID, guest)
	if err != nil {
		return err
	}
	if !u.IsGuest() {
		return refuse(NoSuchPrincipal, "%s is no guest", u.UPN)
	}
	u.Pending = true
	w.record(Event{Kind: GuestInvited, Tenant: t.ID, By: t.by, Subject: u.UPN + " again"})
	return nil
}
