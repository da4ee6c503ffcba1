package world

import (
	"maps"
	"slices"
	"time"

	"latchkey/csp"
	"latchkey/emulator/schedule"
)

// The kinds of events about what is kept here.
const (
	DetailsChanged EventKind = "properties changed"
	OwnerAdded     EventKind = "owner added to group"
	OwnerRemoved   EventKind = "owner removed from group"
	RoleActivated  EventKind = "directory role activated"
)

// extras is what a directory keeps beside what rights are made of: properties
// that are only shown, owners of groups, and its books of privileged identity
// management. The zero extras is ready.
type extras struct {
	details   map[csp.ObjectID]map[string]any
	owners    map[csp.ObjectID][]csp.ObjectID
	activated []csp.DirectoryRoleID
	books     map[PIMService]*schedule.Book
	policies  map[string]schedule.Policy                  // by service and role
	watched   map[PIMService]time.Time                    // when the book is looked at next
	unlisted  map[csp.ObjectID]map[csp.ObjectID]time.Time // by group and member: when lists show him
	deleted   []deletedUser
}

// unlist keeps a new membership out of lists until then.
func (x *extras) unlist(m csp.Membership, until time.Time) {
	if x.unlisted == nil {
		x.unlisted = make(map[csp.ObjectID]map[csp.ObjectID]time.Time)
	}
	if x.unlisted[m.Group] == nil {
		x.unlisted[m.Group] = make(map[csp.ObjectID]time.Time)
	}
	x.unlisted[m.Group][m.Member] = until
}

// Details are further properties of a user or group, such as a job title, under
// the names Microsoft Graph has for them.
func (t Tenant) Details(id csp.ObjectID) map[string]any {
	t.w.mu.RLock()
	defer t.w.mu.RUnlock()
	return maps.Clone(t.w.tenants[t.ID].extras.details[id])
}

// SetDetails changes further properties of a user or group; nil takes one away.
func (t Tenant) SetDetails(id csp.ObjectID, properties map[string]any) error {
	w := t.w
	w.mu.Lock()
	defer w.mu.Unlock()
	d := w.tenants[t.ID]
	if d.typeOf(id) == "" {
		return refuse(NoSuchPrincipal, "nothing in %s has the id %s", d.Name, id)
	}
	if len(properties) == 0 {
		return nil
	}
	if d.extras.details == nil {
		d.extras.details = make(map[csp.ObjectID]map[string]any)
	}
	kept := maps.Clone(d.extras.details[id])
	if kept == nil {
		kept = make(map[string]any)
	}
	for name, value := range properties {
		if value == nil {
			delete(kept, name)
		} else {
			kept[name] = value
		}
	}
	d.extras.details[id] = kept
	w.record(Event{Kind: DetailsChanged, Tenant: t.ID, By: t.by, Subject: id.String()})
	return nil
}

// Owners lists who owns a group: they manage its members. Groups for directory
// roles are managed by their owners too.
func (t Tenant) Owners(group csp.ObjectID) []csp.ObjectID {
	t.w.mu.RLock()
	defer t.w.mu.RUnlock()
	d := t.w.tenants[t.ID]
	return slices.DeleteFunc(slices.Clone(d.extras.owners[group]), func(id csp.ObjectID) bool { return d.typeOf(id) == "" })
}

// AddOwner makes a user or service principal of this tenant an owner of a group.
func (t Tenant) AddOwner(of, owner csp.ObjectID) error {
	w := t.w
	w.mu.Lock()
	defer w.mu.Unlock()
	d := w.tenants[t.ID]
	g, ok := d.groups[of]
	if !ok {
		return refuse(NoSuchPrincipal, "no group of %s has the id %s", d.Name, of)
	}
	switch d.typeOf(owner) {
	case "":
		return refuse(ForeignMember, "%s is no principal of %s", owner, d.Name)
	case csp.Group:
		return refuse(BadName, "a group cannot own a group")
	}
	if slices.Contains(d.extras.owners[of], owner) {
		return refuse(NameTaken, "%s owns %s", owner, g.Name)
	}
	d.addOwner(of, owner)
	w.record(Event{Kind: OwnerAdded, Tenant: t.ID, By: t.by, Subject: owner.String() + " of " + g.Name})
	return nil
}

func (d *tenant) addOwner(of, owner csp.ObjectID) {
	if d.extras.owners == nil {
		d.extras.owners = make(map[csp.ObjectID][]csp.ObjectID)
	}
	d.extras.owners[of] = append(d.extras.owners[of], owner)
}

// RemoveOwner takes the ownership of a group away.
func (t Tenant) RemoveOwner(of, owner csp.ObjectID) error {
	w := t.w
	w.mu.Lock()
	defer w.mu.Unlock()
	d := w.tenants[t.ID]
	at := slices.Index(d.extras.owners[of], owner)
	if at < 0 {
		return refuse(NoSuchPrincipal, "%s owns no group %s", owner, of)
	}
	d.extras.owners[of] = slices.Delete(slices.Clone(d.extras.owners[of]), at, at+1)
	w.record(Event{Kind: OwnerRemoved, Tenant: t.ID, By: t.by, Subject: owner.String() + " of " + of.String()})
	return nil
}

// ActivatedRoles lists the directory roles that the old interface of roles shows:
// those that were activated and those that somebody was given.
func (t Tenant) ActivatedRoles() []csp.DirectoryRoleID {
	t.w.mu.RLock()
	defer t.w.mu.RUnlock()
	d := t.w.tenants[t.ID]
	list := slices.Clone(d.extras.activated)
	for _, a := range d.directory {
		if !a.Eligible {
			list = append(list, a.Role)
		}
	}
	return distinct(list)
}

// ActivateRole makes the old interface of roles show a role.
func (t Tenant) ActivateRole(id csp.DirectoryRoleID) error {
	w := t.w
	w.mu.Lock()
	defer w.mu.Unlock()
	role, ok := w.directoryRole(id)
	if !ok {
		return refuse(NoSuchRole, "no directory role has the id %s", id)
	}
	d := w.tenants[t.ID]
	if slices.Contains(d.extras.activated, id) {
		return refuse(NameTaken, "%s is active", role.Name)
	}
	d.extras.activated = append(d.extras.activated, id)
	w.record(Event{Kind: RoleActivated, Tenant: t.ID, By: t.by, Subject: role.Name})
	return nil
}
