package gdap

import (
	"slices"
	"time"

	"latchkey/csp"
	"latchkey/emulator/guid"
)

// Copied shares nothing with the original.
func (a AccessAssignment) Copied() AccessAssignment {
	a.Roles = slices.Clone(a.Roles)
	return a
}

func (a *AccessAssignment) touch(now time.Time) {
	a.Version++
	a.Modified = now
}

// Give adds an access assignment, pending, to an active relationship. A zero id is
// replaced by a random one.
func (r *Relationship) Give(a AccessAssignment, now time.Time) (AccessAssignment, error) {
	if err := r.In(csp.GDAPActive); err != nil {
		return AccessAssignment{}, err
	}
	for _, other := range r.Access {
		if other.Group == a.Group && other.Status != csp.GDAPDeleted && other.Status != AccessFailed {
			return AccessAssignment{}, refuse(AlreadyAssigned, "the group has the access assignment %s", other.ID)
		}
	}
	a.Roles = distinct(a.Roles)
	if err := r.checkRoles(a.Roles); err != nil {
		return AccessAssignment{}, err
	}
	guid.Fill(&a.ID)
	a.Status, a.Version, a.Created, a.Modified = csp.GDAPPending, 1, now, now
	r.Access = append(r.Access, a)
	return a.Copied(), nil
}

func (r *Relationship) checkRoles(roles []csp.DirectoryRoleID) error {
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

func (r *Relationship) access(id AccessID) *AccessAssignment {
	for i := range r.Access {
		if r.Access[i].ID == id {
			return &r.Access[i]
		}
	}
	return nil
}

// accessAt finds an access assignment of the version that the etag names.
func (r *Relationship) accessAt(id AccessID, etag string) (*AccessAssignment, error) {
	a := r.access(id)
	if a == nil {
		return nil, refuse(NoSuchAccess, "%q has no access assignment %s", r.Name, id)
	}
	if etag != "" && etag != "*" && etag != a.ETag() {
		return nil, refuse(VersionDiffers, "the access assignment is at %s, not %s", a.ETag(), etag)
	}
	return a, nil
}

// PassAccess takes an access assignment from one state into another. It says
// whether there was one in the first.
func (r *Relationship) PassAccess(id AccessID, from, to csp.GDAPStatus, now time.Time) (AccessAssignment, bool) {
	a := r.access(id)
	if a == nil || a.Status != from {
		return AccessAssignment{}, false
	}
	a.Status = to
	a.touch(now)
	return a.Copied(), true
}

// CheckAccess asks whether the access assignment may be given other roles, sorts
// them, and says whether they are other ones.
func (r *Relationship) CheckAccess(id AccessID, etag string, roles []csp.DirectoryRoleID) (now AccessAssignment, wanted []csp.DirectoryRoleID, differ bool, err error) {
	if err := r.In(csp.GDAPActive); err != nil {
		return AccessAssignment{}, nil, false, err
	}
	a, err := r.accessAt(id, etag)
	if err != nil {
		return AccessAssignment{}, nil, false, err
	}
	if a.Status != csp.GDAPActive {
		return AccessAssignment{}, nil, false, refuse(WrongStatus, "the access assignment is %s, not active", a.Status)
	}
	wanted = distinct(roles)
	if err := r.checkRoles(wanted); err != nil {
		return AccessAssignment{}, nil, false, err
	}
	return a.Copied(), wanted, !slices.Equal(wanted, distinct(a.Roles)), nil
}

// Regive gives an active access assignment other roles. It says whether there was one.
func (r *Relationship) Regive(id AccessID, roles []csp.DirectoryRoleID, now time.Time) (AccessAssignment, bool) {
	a := r.access(id)
	if a == nil || a.Status != csp.GDAPActive {
		return AccessAssignment{}, false
	}
	a.Roles = roles
	a.touch(now)
	return a.Copied(), true
}

// Take takes an access assignment's roles away from its group at once; it is
// deleting, until it passes on to deleted.
func (r *Relationship) Take(id AccessID, etag string, now time.Time) (AccessAssignment, error) {
	a, err := r.accessAt(id, etag)
	if err != nil {
		return AccessAssignment{}, err
	}
	if a.Status == csp.GDAPDeleting || a.Status == csp.GDAPDeleted {
		return AccessAssignment{}, refuse(NoSuchAccess, "the access assignment is %s", a.Status)
	}
	a.Status = csp.GDAPDeleting
	a.touch(now)
	return a.Copied(), nil
}
