package world

import (
	"slices"
	"strings"
	"time"

	"latchkey/csp"
)

// UserRestored and UserPurged are what can become of a deleted account.
const (
	UserRestored EventKind = "user restored"
	UserPurged   EventKind = "user deleted for good"
)

// binLife is how long a deleted account can be restored.
const binLife = 30 * 24 * time.Hour

// DeletedUser is an account that can still be restored.
type DeletedUser struct {
	User

	Deleted time.Time
}

type deletedUser struct {
	DeletedUser

	groups  []csp.Membership
	details map[string]any
}

// keep puts an account that is being deleted into the directory's bin. What the
// world's author deletes has never been.
func (x *extras) keep(by Actor, u User, groups []csp.Membership, now time.Time) {
	details := x.details[u.ID]
	delete(x.details, u.ID)
	if by.IsAuthor() {
		return
	}
	x.deleted = append(slices.DeleteFunc(x.deleted, func(old deletedUser) bool { return !old.lasts(now) }), deletedUser{DeletedUser{u, now}, slices.Clone(groups), details})
}

func (u deletedUser) lasts(now time.Time) bool { return now.Before(u.Deleted.Add(binLife)) }

// DeletedUsers lists the accounts that can be restored, the latest last.
func (t Tenant) DeletedUsers() []DeletedUser {
	t.w.mu.RLock()
	defer t.w.mu.RUnlock()
	var list []DeletedUser
	for _, u := range t.w.tenants[t.ID].extras.deleted {
		if u.lasts(t.w.instant()) {
			list = append(list, u.DeletedUser)
		}
	}
	return list
}

// DeletedUser finds an account that can be restored.
func (t Tenant) DeletedUser(id csp.ObjectID) (DeletedUser, bool) {
	for _, u := range t.DeletedUsers() {
		if u.ID == id {
			return u, true
		}
	}
	return DeletedUser{}, false
}

// RestoreUser brings a deleted account back, with its memberships in groups that
// are still there. Directory roles do not come back.
func (t Tenant) RestoreUser(id csp.ObjectID) (User, error) {
	w := t.w
	w.mu.Lock()
	defer w.mu.Unlock()
	d := w.tenants[t.ID]
	gone, err := d.unbin(w, id)
	if err != nil {
		return User{}, err
	}
	u := gone.User
	if err := w.addUser(d, &u); err != nil {
		d.extras.deleted = append(d.extras.deleted, gone)
		return User{}, err
	}
	for _, m := range gone.groups {
		if g, there := d.groups[m.Group]; there && !g.Dynamic && !slices.Contains(g.members, m) {
			d.addMembership(m)
		}
	}
	if gone.details != nil {
		d.extras.details[id] = gone.details
	}
	w.record(Event{Kind: UserRestored, Tenant: t.ID, By: t.by, Subject: u.UPN})
	return u, nil
}

// PurgeUser deletes a deleted account for good.
func (t Tenant) PurgeUser(id csp.ObjectID) error {
	w := t.w
	w.mu.Lock()
	defer w.mu.Unlock()
	gone, err := w.tenants[t.ID].unbin(w, id)
	if err != nil {
		return err
	}
	w.record(Event{Kind: UserPurged, Tenant: t.ID, By: t.by, Subject: gone.UPN})
	return nil
}

// unbin takes an account out of the bin.
func (d *tenant) unbin(w *World, id csp.ObjectID) (deletedUser, error) {
	at := slices.IndexFunc(d.extras.deleted, func(u deletedUser) bool { return u.ID == id && u.lasts(w.instant()) })
	if at < 0 {
		return deletedUser{}, refuse(NoSuchPrincipal, "no deleted user of %s has the id %s", d.Name, id)
	}
	gone := d.extras.deleted[at]
	d.extras.deleted = slices.Delete(slices.Clone(d.extras.deleted), at, at+1)
	return gone, nil
}

// HiddenUPN is the sign-in name that a deleted account shows: another may have
// taken its own.
func (u DeletedUser) HiddenUPN() string { return strings.ReplaceAll(u.ID.String(), "-", "") + u.UPN }
