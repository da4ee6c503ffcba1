package world

import (
	"slices"

	"latchkey/csp"
)

// AddAccessAssignment gives a group of the partner roles in an active
// relationship. It is pending first.
func (w *World) AddAccessAssignment(by Actor, id csp.GDAPID, a AccessAssignment) (AccessAssignment, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	r, err := w.activeRelationship(id)
	if err != nil {
		return AccessAssignment{}, err
	}
	if partner := w.tenants[r.Partner]; partner == nil || partner.groups[a.Group] == nil {
		return AccessAssignment{}, refuse(NoSuchPrincipal, "no security group of %s has the id %s", w.nameOf(r.Partner), a.Group)
	}
	for _, other := range r.Access {
		if other.Group == a.Group && other.Status != csp.GDAPDeleted && other.Status != AccessFailed {
			return AccessAssignment{}, refuse(AlreadyAssigned, "the group has the access assignment %s", other.ID)
		}
	}
	a.Roles = distinct(slices.Clone(a.Roles))
	if err := r.checkRoles(a.Roles); err != nil {
		return AccessAssignment{}, err
	}
	fillID(&a.ID)
	now := w.instant()
	a.Status, a.Version, a.Created, a.Modified = csp.GDAPPending, 1, now, now
	r.Access = append(r.Access, a)
	w.recordAccess(by, r, a)
	w.moveAccess(id, a.ID, csp.GDAPPending, csp.GDAPActive)
	return a.copied(), nil
}

func (r *relationship) checkRoles(roles []csp.DirectoryRoleID) error {
	if len(roles) == 0 {
		return refuse(NoSuchRole, "an access assignment needs a role")
	}
	for _, role := range roles {
		if !slices.Contains(r.Roles, role) {
			return refuse(RoleNotAgreed, "%s is not among the roles of %q", role, r.Name)
		}
	}
	return nil
}

func (a AccessAssignment) copied() AccessAssignment {
	a.Roles = slices.Clone(a.Roles)
	return a
}

func (w *World) activeRelationship(id csp.GDAPID) (*relationship, error) {
	r, err := w.relationshipAt(id, "")
	if err != nil {
		return nil, err
	}
	if r.Status != csp.GDAPActive {
		return nil, refuse(WrongStatus, "%q is %s, not active", r.Name, r.Status)
	}
	return r, nil
}

func (r *relationship) access(id AccessAssignmentID) *AccessAssignment {
	for i := range r.Access {
		if r.Access[i].ID == id {
			return &r.Access[i]
		}
	}
	return nil
}

func (w *World) accessAt(r *relationship, id AccessAssignmentID, etag string) (*AccessAssignment, error) {
	a := r.access(id)
	if a == nil {
		return nil, refuse(NoSuchAccess, "%q has no access assignment %s", r.Name, id)
	}
	if etag != "" && etag != "*" && etag != a.ETag() {
		return nil, refuse(VersionDiffers, "the access assignment is at %s, not %s", a.ETag(), etag)
	}
	return a, nil
}

func (w *World) recordAccess(by Actor, r *relationship, a AccessAssignment) {
	w.record(Event{Kind: AccessChanged, Tenant: r.Customer, By: by, Subject: r.Name + ": " + w.groupName(a.Group) + " " + string(a.Status), Partner: r.Partner})
}

func (w *World) groupName(id csp.ObjectID) string {
	if d, ok := w.tenants[w.objects[id]]; ok && d.groups[id] != nil {
		return d.groups[id].Name
	}
	return id.String()
}

// moveAccess takes an access assignment from one state into another, later.
func (w *World) moveAccess(id csp.GDAPID, access AccessAssignmentID, from, to csp.GDAPStatus) {
	w.later(w.delays.AccessAssignment, func() {
		r, ok := w.relationships[id]
		if !ok {
			return
		}
		if a := r.access(access); a != nil && a.Status == from {
			a.Status = to
			a.Version++
			a.Modified = w.instant()
			w.recordAccess(Actor{}, r, *a)
		}
	})
}

// UpdateAccessAssignment gives the group other roles of the relationship, later;
// the operation tells when. If nothing would change there is no operation.
func (w *World) UpdateAccessAssignment(by Actor, id csp.GDAPID, access AccessAssignmentID, etag string, roles []csp.DirectoryRoleID) (AccessAssignment, *Operation, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	r, err := w.activeRelationship(id)
	if err != nil {
		return AccessAssignment{}, nil, err
	}
	a, err := w.accessAt(r, access, etag)
	if err != nil {
		return AccessAssignment{}, nil, err
	}
	if a.Status != csp.GDAPActive {
		return AccessAssignment{}, nil, refuse(WrongStatus, "the access assignment is %s, not active", a.Status)
	}
	roles = distinct(slices.Clone(roles))
	if err := r.checkRoles(roles); err != nil {
		return AccessAssignment{}, nil, err
	}
	if slices.Equal(roles, distinct(slices.Clone(a.Roles))) {
		return a.copied(), nil, nil
	}
	op := w.operate(id, AccessAssignmentUpdate, w.delays.AccessAssignment, func(r *relationship) {
		if a := r.access(access); a != nil && a.Status == csp.GDAPActive {
			a.Roles = roles
			a.Version++
			a.Modified = w.instant()
			w.recordAccess(by, r, *a)
		}
	})
	return a.copied(), &op, nil
}

// DeleteAccessAssignment takes the roles away from the group at once; the
// assignment is deleting, then deleted, and stays listed.
func (w *World) DeleteAccessAssignment(by Actor, id csp.GDAPID, access AccessAssignmentID, etag string) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	r, err := w.relationshipAt(id, "")
	if err != nil {
		return err
	}
	a, err := w.accessAt(r, access, etag)
	if err != nil {
		return err
	}
	if a.Status == csp.GDAPDeleting || a.Status == csp.GDAPDeleted {
		return refuse(NoSuchAccess, "the access assignment is %s", a.Status)
	}
	a.Status = csp.GDAPDeleting
	a.Version++
	a.Modified = w.instant()
	w.recordAccess(by, r, *a)
	w.moveAccess(id, access, csp.GDAPDeleting, csp.GDAPDeleted)
	return nil
}
