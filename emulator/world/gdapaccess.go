package world

import (
	"latchkey/csp"
	"latchkey/emulator/gdap"
)

// AddAccessAssignment gives a group of the partner roles in an active
// relationship. It is pending first.
func (w *World) AddAccessAssignment(by Actor, id csp.GDAPID, a gdap.AccessAssignment) (gdap.AccessAssignment, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	r, err := w.relationshipAt(id, "")
	if err != nil {
		return gdap.AccessAssignment{}, err
	}
	if err := r.In(csp.GDAPActive); err != nil {
		return gdap.AccessAssignment{}, lawful(err)
	}
	if partner := w.tenants[r.Partner]; partner == nil || partner.groups[a.Group] == nil {
		return gdap.AccessAssignment{}, refuse(NoSuchPrincipal, "no security group of %s has the id %s", w.nameOf(r.Partner), a.Group)
	}
	given, err := r.Give(a, w.instant())
	if err != nil {
		return gdap.AccessAssignment{}, lawful(err)
	}
	w.recordAccess(by, r, given)
	w.passAccess(id, given.ID, csp.GDAPPending, csp.GDAPActive)
	return given, nil
}

func (w *World) recordAccess(by Actor, r *gdap.Relationship, a gdap.AccessAssignment) {
	w.record(Event{Kind: AccessChanged, Tenant: r.Customer, By: by, Subject: r.Name + ": " + w.groupName(a.Group) + " " + string(a.Status), Partner: r.Partner})
}

func (w *World) groupName(id csp.ObjectID) string {
	if d, ok := w.tenants[w.objects[id]]; ok && d.groups[id] != nil {
		return d.groups[id].Name
	}
	return id.String()
}

// passAccess takes an access assignment from one state into another, later.
func (w *World) passAccess(id csp.GDAPID, access gdap.AccessID, from, to csp.GDAPStatus) {
	w.later(w.delays.AccessAssignment, func() {
		if r, ok := w.relationships[id]; ok {
			if a, passed := r.PassAccess(access, from, to, w.instant()); passed {
				w.recordAccess(Actor{}, r, a)
			}
		}
	})
}

// UpdateAccessAssignment gives the group other roles of the relationship, later;
// the operation tells when. If nothing would change there is no operation.
func (w *World) UpdateAccessAssignment(by Actor, id csp.GDAPID, access gdap.AccessID, etag string, roles []csp.DirectoryRoleID) (gdap.AccessAssignment, *gdap.Operation, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	r, err := w.relationshipAt(id, "")
	if err != nil {
		return gdap.AccessAssignment{}, nil, err
	}
	a, wanted, differ, err := r.CheckAccess(access, etag, roles)
	if err != nil {
		return gdap.AccessAssignment{}, nil, lawful(err)
	}
	if !differ {
		return a, nil, nil
	}
	op := w.operate(r, gdap.AccessAssignmentUpdate, w.delays.AccessAssignment, func(r *gdap.Relationship) {
		if a, given := r.Regive(access, wanted, w.instant()); given {
			w.recordAccess(by, r, a)
		}
	})
	return a, &op, nil
}

// DeleteAccessAssignment takes the roles away from the group at once; the
// assignment is deleting, then deleted, and stays listed.
func (w *World) DeleteAccessAssignment(by Actor, id csp.GDAPID, access gdap.AccessID, etag string) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	r, err := w.relationshipAt(id, "")
	if err != nil {
		return err
	}
	a, err := r.Take(access, etag, w.instant())
	if err != nil {
		return lawful(err)
	}
	w.recordAccess(by, r, a)
	w.passAccess(id, access, csp.GDAPDeleting, csp.GDAPDeleted)
	return nil
}
