package access_test

import (
	"slices"
	"strings"

	"latchkey/access"
	"latchkey/csp"
)

// becoming is what somebody can become (M7).
type becoming struct {
	accounts map[csp.ObjectID]csp.Principal // A
	commands map[csp.TenantID]bool
	into     map[csp.ObjectID]ids // the groups that accounts of A may be in
}

func (b becoming) counting() counting { return counting{eligible: true, into: b.into} }

var (
	createUser      = access.MustParseAction("microsoft.directory/users/create")
	updatePassword  = access.MustParseAction("microsoft.directory/users/password/update")
	addAppSecret    = access.MustParseAction("microsoft.directory/applications/credentials/update")
	addSecret       = access.MustParseAction("microsoft.directory/servicePrincipals/credentials/update")
	updateMembers   = access.MustParseAction("microsoft.directory/groups/members/update")
	mayResetAnybody = []csp.DirectoryRoleID{directoryRole("Privileged Authentication Administrator"), directoryRole("Partner Tier2 Support")}
	mayReset        = resetTable()
)

// resetTable is the table at the end of M9: the roles a target may hold.
func resetTable() map[csp.DirectoryRoleID][]csp.DirectoryRoleID {
	named := func(more []csp.DirectoryRoleID, names ...string) []csp.DirectoryRoleID {
		list := slices.Clone(more)
		for _, name := range names {
			list = append(list, directoryRole(name))
		}
		return list
	}
	password := named(nil, "Directory Readers", "Guest Inviter", "Password Administrator")
	readers := named(password, "Message Center Reader", "Reports Reader", "Usage Summary Reports Reader", "User Experience Success Manager")
	helpdesk := named(readers, "Helpdesk Administrator")
	authentication := named(readers, "Authentication Administrator")
	user := named(helpdesk, "Groups Administrator", "User Administrator")
	return map[csp.DirectoryRoleID][]csp.DirectoryRoleID{
		directoryRole("Password Administrator"):       password,
		directoryRole("Helpdesk Administrator"):       helpdesk,
		directoryRole("Authentication Administrator"): authentication,
		directoryRole("User Administrator"):           user,
	}
}

// becomes is the least set A with what belongs to it (M7). M7 counts "eligible
// memberships" for directory roles and says of groups he may put himself into
// only that he may; they count here too, or else R8 would lead nowhere.
func (r *plain) becomes(p csp.Principal) becoming {
	if b, done := r.become[p.ID]; done {
		return b
	}
	b := becoming{accounts: map[csp.ObjectID]csp.Principal{p.ID: p}, commands: map[csp.TenantID]bool{}, into: map[csp.ObjectID]ids{}}
	for size := -1; size != b.size(); {
		size = b.size()
		for _, x := range b.list() {
			r.addWhatHeCanBecome(b, x)
		}
		r.addIdentities(b)
	}
	r.become[p.ID] = b
	return b
}

// size grows as long as anything is added.
func (b becoming) size() int {
	n := len(b.accounts) + len(b.commands)
	for _, groups := range b.into {
		n += len(groups)
	}
	return n
}

func (b becoming) list() []csp.Principal {
	var list []csp.Principal
	for _, x := range b.accounts {
		list = append(list, x)
	}
	slices.SortFunc(list, func(x, y csp.Principal) int { return x.ID.Compare(y.ID) })
	return list
}

func (b becoming) add(x csp.Principal) bool {
	_, there := b.accounts[x.ID]
	b.accounts[x.ID] = x
	return !there
}

func (r *plain) addWhatHeCanBecome(b becoming, x csp.Principal) {
	for _, g := range r.guests[x.ID] {
		if b.add(g) {
			r.saw("M7 guest")
		}
	}
	for _, t := range r.Tenants {
		for _, e := range r.entries(x, t.ID, b.counting()) {
			for _, role := range r.directoryRoles(e, t.ID) {
				r.addByRole(b, t.ID, role)
			}
		}
	}
}

// addByRole adds what a directory role leads to (R8, R15).
func (r *plain) addByRole(b becoming, t csp.TenantID, role csp.DirectoryRoleID) {
	commands := role == globalAdministrator || role == privilegedRoleAdministrator
	if commands && !b.commands[t] {
		b.commands[t] = true
		r.saw("M7 commands")
	}
	allows := func(action access.Action) bool { return r.directoryRoleAllows(role, action) }
	if commands || allows(createUser) {
		if b.add(newAccountOf(t)) {
			r.saw("M7 new account")
		}
	}
	resets, credentials := allows(updatePassword), allows(addAppSecret) || allows(addSecret)
	for _, u := range r.Principals {
		if u.Tenant != t || u.Type == csp.Group {
			continue
		}
		switch {
		case commands:
			b.add(u)
		case u.Type == csp.User && resets && !isGuest(u) && r.canReset(role, u, t):
			if b.add(u) {
				r.saw("M7 resets")
			}
		case u.Type == csp.ServicePrincipal && credentials && !r.isManaged(u.ID):
			if b.add(u) {
				r.saw("M7 adds a credential")
			}
		}
	}
	for _, g := range r.Principals {
		ordinary := !r.isRoleAssignable(g) && !g.Dynamic
		if g.Tenant == t && g.Type == csp.Group && (commands || ordinary && allows(updateMembers)) {
			b.letIn(t, g.ID)
			if !commands {
				r.saw("M7 adds himself")
			}
		}
	}
}

// letIn puts every account of the tenant in A into the group.
func (b becoming) letIn(t csp.TenantID, group csp.ObjectID) {
	for id, x := range b.accounts {
		if x.Tenant == t {
			if b.into[id] == nil {
				b.into[id] = ids{}
			}
			b.into[id][group] = true
		}
	}
}

// canReset: whether holders of the role may reset the user's password. What "holds"
// means M7 leaves open; here roles and groups count that are his now (R29), not
// those he could activate.
func (r *plain) canReset(role csp.DirectoryRoleID, u csp.Principal, t csp.TenantID) bool {
	if slices.Contains(mayResetAnybody, role) {
		return true
	}
	for _, e := range r.entries(u, t, counting{}) {
		if e.kind != access.ByHome {
			continue
		}
		for _, held := range r.directoryRoles(e, t) {
			if !slices.Contains(mayReset[role], held) {
				r.saw("R15 protected by a role")
				return false
			}
		}
	}
	for id := range r.standing(u.ID, counting{}) {
		if r.isRoleAssignable(csp.Principal{ID: id, RoleAssignable: r.listed[id].RoleAssignable}) {
			r.saw("R15 protected by a group")
			return false
		}
	}
	return true
}

// isRoleAssignable: the group is marked so or holds a directory role (M7), in
// whatever term: no other group can ever be given one (R14).
func (r *plain) isRoleAssignable(g csp.Principal) bool {
	return g.RoleAssignable || slices.ContainsFunc(r.DirectoryAssignments, func(a csp.DirectoryAssignment) bool {
		return a.Principal == g.ID
	})
}

func (r *plain) isManaged(id csp.ObjectID) bool {
	return slices.ContainsFunc(r.Identities, func(m csp.ManagedIdentity) bool { return m.Principal == id })
}

// newAccountOf is an account that does not exist yet.
func newAccountOf(t csp.TenantID) csp.Principal {
	return csp.Principal{ID: idFor[csp.Principal]("a new account of " + t.String()), Tenant: t, Type: csp.User, Name: "a new account"}
}

// addIdentities adds the identities of resources in which one of A may run code
// (R26). M7 says "for Azure"; the identity it leads to counts for directories too.
func (r *plain) addIdentities(b becoming) {
	for _, m := range r.Identities {
		identity, listed := r.listed[m.Principal]
		if _, there := b.accounts[m.Principal]; there || !listed {
			continue
		}
		t := tenantOfSubscription(r.Facts, m.Resource.Subscription())
		if r.mayRunCode(b, t, m.Resource) {
			b.add(identity)
			r.saw("M7 runs code")
		}
	}
}

// mayRunCode: he has or gets one of the actions that run code in the resource, by
// the first two lines of M8. (What M6 gives, the first line gives too.)
func (r *plain) mayRunCode(b becoming, t csp.TenantID, resource csp.Scope) bool {
	for _, name := range access.CodeActions(resourceType(resource)) {
		action := access.MustParseAction(name)
		for _, x := range b.accounts {
			for _, e := range r.entries(x, t, b.counting()) {
				a := asked{Question: access.Question{Action: action, Place: access.At(resource)}, tenant: t}
				if r.mayBeAllowed(e, a) || r.mayAssign(e, a) {
					return true
				}
			}
		}
	}
	return false
}

// resourceType is such as microsoft.compute/virtualmachines/extensions: what
// follows the last /providers/, without the names.
func resourceType(s csp.Scope) string {
	_, path, _ := cutLast(strings.ToLower(s.String()), "/providers/")
	segments := strings.Split(path, "/")
	kind := []string{segments[0]}
	for i := 1; i < len(segments); i += 2 {
		kind = append(kind, segments[i])
	}
	return strings.Join(kind, "/")
}

func cutLast(s, sep string) (before, after string, found bool) {
	if i := strings.LastIndex(s, sep); i >= 0 {
		return s[:i], s[i+len(sep):], true
	}
	return s, "", false
}
