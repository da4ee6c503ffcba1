package world

import (
	"slices"
	"time"

	"latchkey/csp"
	"latchkey/emulator/gdap"
	"latchkey/emulator/guid"
)

// Group is a security group.
type Group struct {
	ID     csp.ObjectID
	Tenant csp.TenantID
	Name   string
	// Agents makes it the partner's group of that agent role (R7). A group that is
	// added under the name of an agent role is that role's, if the tenant has none yet.
	Agents csp.AgentRole
	// RoleAssignable lets it hold directory roles (R14). It cannot be changed later.
	RoleAssignable bool
	// Dynamic: its members follow a rule, so that nobody can be added (R33).
	Dynamic bool
	Created time.Time
}

// The names of the agent groups (R7).
const (
	AdminAgents    = string(csp.AdminAgents)
	HelpdeskAgents = string(csp.HelpdeskAgents)
	SalesAgents    = string(csp.SalesAgents)
)

var agentRoles = []csp.AgentRole{csp.AdminAgents, csp.HelpdeskAgents, csp.SalesAgents}

type group struct {
	Group
	members []csp.Membership
	implied bool // an agent group that came with the relationship; no fact lists it
}

// AddGroup adds an empty group. A zero ID is replaced by a random one.
func (t Tenant) AddGroup(g Group) (Group, error) {
	w := t.w
	w.mu.Lock()
	defer w.mu.Unlock()
	d := w.tenants[t.ID]
	guid.Fill(&g.ID)
	g.Tenant = t.ID
	if g.Name == "" {
		return Group{}, refuse(BadName, "a group needs a name")
	}
	if g.RoleAssignable && g.Dynamic {
		return Group{}, refuse(BadName, "a group for directory roles has no rule for its members (R14)")
	}
	if err := w.mustBeNew(g.ID); err != nil {
		return Group{}, err
	}
	if g.Agents == "" && slices.Contains(agentRoles, csp.AgentRole(g.Name)) && w.vacant(d, csp.AgentRole(g.Name)) {
		g.Agents = csp.AgentRole(g.Name)
	}
	if g.Agents != "" && !w.vacant(d, g.Agents) {
		return Group{}, refuse(NameTaken, "%s has its group %s", d.Name, g.Agents)
	}
	g.Created = w.instant()
	w.addGroup(d, g, false)
	w.announce(t.by, g.ID)
	w.record(Event{Kind: GroupAdded, Tenant: t.ID, By: t.by, Subject: g.Name})
	return g, nil
}

func (w *World) addGroup(d *tenant, g Group, implied bool) {
	if g.Agents != "" {
		if old, ok := d.groups[d.agents[g.Agents]]; ok { // an unused one that came by itself
			delete(d.groups, old.ID)
			delete(w.objects, old.ID)
		}
		d.agents[g.Agents] = g.ID
	}
	d.groups[g.ID] = &group{Group: g, implied: implied}
	w.objects[g.ID] = d.ID
}

// vacant says whether the tenant has no group of the agent role, or only one
// that came by itself and that nobody has used.
func (w *World) vacant(d *tenant, role csp.AgentRole) bool {
	id, ok := d.agents[role]
	return !ok || (d.groups[id].implied && len(d.groups[id].members) == 0 && !w.isNamed(id))
}

// isNamed says whether an assignment, a membership or a relationship names the group.
func (w *World) isNamed(id csp.ObjectID) bool {
	for _, d := range w.tenants {
		if d.holds[id] > 0 || len(d.memberOf[id]) > 0 || len(d.given[id]) > 0 {
			return true
		}
	}
	for _, r := range w.relationships {
		if slices.ContainsFunc(r.Access, func(a gdap.AccessAssignment) bool { return a.Group == id }) {
			return true
		}
	}
	return false
}

// ensureAgents gives a tenant that becomes a partner its agent groups (R7).
func (w *World) ensureAgents(partner csp.TenantID) {
	d, ok := w.tenants[partner]
	if !ok {
		return
	}
	for _, role := range agentRoles {
		if _, has := d.agents[role]; !has {
			w.addGroup(d, Group{ID: NewID[csp.Principal](), Tenant: d.ID, Name: string(role), Agents: role, Created: w.instant()}, true)
		}
	}
}

// RemoveGroup deletes a group and its memberships. Agent groups cannot be deleted
// (R7). Its role assignments stay behind, as they do at Microsoft.
func (t Tenant) RemoveGroup(id csp.ObjectID) error {
	w := t.w
	w.mu.Lock()
	defer w.mu.Unlock()
	d := w.tenants[t.ID]
	g, ok := d.groups[id]
	if !ok {
		return refuse(NoSuchPrincipal, "no group of %s has the id %s", d.Name, id)
	}
	if g.Agents != "" {
		return refuse(AgentGroupStays, "%s cannot be deleted", g.Name)
	}
	for _, m := range g.members {
		d.memberOf[m.Member] = slices.DeleteFunc(d.memberOf[m.Member], func(m csp.Membership) bool { return m.Group == id })
	}
	w.forget(d, id)
	delete(d.groups, id)
	w.record(Event{Kind: GroupRemoved, Tenant: t.ID, By: t.by, Subject: g.Name})
	return nil
}

// SetGroup writes back a changed name. An agent group keeps its name, and whether
// a group is for directory roles cannot be changed.
func (t Tenant) SetGroup(g Group) error {
	w := t.w
	w.mu.Lock()
	defer w.mu.Unlock()
	d := w.tenants[t.ID]
	kept, ok := d.groups[g.ID]
	switch {
	case !ok:
		return refuse(NoSuchPrincipal, "no group of %s has the id %s", d.Name, g.ID)
	case kept.Agents != "" && g.Name != kept.Name:
		return refuse(AgentGroupStays, "%s keeps its name", kept.Name)
	case g.RoleAssignable != kept.RoleAssignable:
		return refuse(RoleAssignableStays, "%s cannot be made or unmade a group for directory roles", kept.Name)
	case g.Name == "":
		return refuse(BadName, "a group needs a name")
	}
	kept.Name, kept.Dynamic = g.Name, g.Dynamic
	w.record(Event{Kind: GroupChanged, Tenant: t.ID, By: t.by, Subject: kept.Name})
	return nil
}

// Group finds a group of the tenant.
func (t Tenant) Group(id csp.ObjectID) (Group, bool) {
	t.w.mu.RLock()
	defer t.w.mu.RUnlock()
	g, ok := t.w.tenants[t.ID].groups[id]
	if !ok {
		return Group{}, false
	}
	return g.Group, true
}

// Groups lists the tenant's groups by name.
func (t Tenant) Groups() []Group {
	t.w.mu.RLock()
	defer t.w.mu.RUnlock()
	var list []Group
	for _, g := range t.w.tenants[t.ID].groups {
		list = append(list, g.Group)
	}
	slices.SortFunc(list, func(a, b Group) int { return orderBy(a.Name, b.Name, a.ID.Compare(b.ID)) })
	return list
}

// AgentGroup finds the partner's group of the agent role (R7).
func (t Tenant) AgentGroup(role csp.AgentRole) (Group, bool) {
	t.w.mu.RLock()
	defer t.w.mu.RUnlock()
	d := t.w.tenants[t.ID]
	g, ok := d.groups[d.agents[role]]
	if !ok {
		return Group{}, false
	}
	return g.Group, true
}

// AgentRolesOf are the agent roles of a user: those whose groups he is a direct
// member of. To give him one or take it away is to change the membership (R7).
func (t Tenant) AgentRolesOf(user csp.ObjectID) []csp.AgentRole {
	t.w.mu.RLock()
	defer t.w.mu.RUnlock()
	d := t.w.tenants[t.ID]
	var list []csp.AgentRole
	for _, m := range d.memberOf[user] {
		if g := d.groups[m.Group]; g != nil && g.Agents != "" && t.w.counts(m.Term) && !slices.Contains(list, g.Agents) {
			list = append(list, g.Agents)
		}
	}
	return list
}

// AddMember puts a user, guest, service principal or group of this tenant into
// one of its groups for good. Another tenant's group is refused (R20).
func (t Tenant) AddMember(to, member csp.ObjectID) error {
	return t.AddMembership(csp.Membership{Group: to, Member: member})
}

// AddMembership is AddMember for a membership that may be bounded in time or
// have to be activated first (R29).
func (t Tenant) AddMembership(m csp.Membership) error {
	w := t.w
	w.mu.Lock()
	defer w.mu.Unlock()
	d := w.tenants[t.ID]
	g, ok := d.groups[m.Group]
	if !ok {
		return refuse(NoSuchPrincipal, "no group of %s has the id %s", d.Name, m.Group)
	}
	kind := d.typeOf(m.Member)
	switch {
	case kind == "":
		return refuse(ForeignMember, "%s is no principal of %s", m.Member, d.Name)
	case m.Member == m.Group:
		return refuse(NameTaken, "%s cannot be its own member", g.Name)
	case g.Dynamic && !t.by.IsAuthor():
		return refuse(DynamicMembers, "the members of %s follow a rule", g.Name)
	case g.RoleAssignable && kind == csp.Group:
		return refuse(NoNesting, "%s is for directory roles and takes no group", g.Name)
	}
	for _, other := range g.members {
		if other.Member == m.Member && other.Eligible == m.Eligible && (other.Until.IsZero() || other.Holds(w.Now())) {
			return refuse(NameTaken, "%s is a member of %s", m.Member, g.Name)
		}
	}
	d.addMembership(m)
	if delay := w.delays.Principal; delay > 0 && !t.by.IsAuthor() {
		d.extras.unlist(m, w.instant().Add(delay))
	}
	w.record(Event{Kind: MemberAdded, Tenant: t.ID, By: t.by, Subject: m.Member.String() + " in " + g.Name})
	return nil
}

func (d *tenant) addMembership(m csp.Membership) {
	d.groups[m.Group].members = append(d.groups[m.Group].members, m)
	d.memberOf[m.Member] = append(d.memberOf[m.Member], m)
}

// RemoveMember takes a direct member out of a group; what he is eligible for
// stays.
func (t Tenant) RemoveMember(from, member csp.ObjectID) error {
	return t.removeMembership(from, member, false)
}

// RemoveEligibleMember takes away that he may activate a membership.
func (t Tenant) RemoveEligibleMember(from, member csp.ObjectID) error {
	return t.removeMembership(from, member, true)
}

func (t Tenant) removeMembership(from, member csp.ObjectID, eligible bool) error {
	w := t.w
	w.mu.Lock()
	defer w.mu.Unlock()
	d := w.tenants[t.ID]
	is := func(m csp.Membership) bool {
		return m.Group == from && m.Member == member && m.Eligible == eligible
	}
	g, ok := d.groups[from]
	if !ok || !slices.ContainsFunc(g.members, is) {
		return refuse(NoSuchPrincipal, "%s is no member of group %s", member, from)
	}
	if g.Dynamic && !t.by.IsAuthor() {
		return refuse(DynamicMembers, "the members of %s follow a rule", g.Name)
	}
	g.members = slices.DeleteFunc(g.members, is)
	d.memberOf[member] = slices.DeleteFunc(d.memberOf[member], is)
	w.record(Event{Kind: MemberRemoved, Tenant: t.ID, By: t.by, Subject: member.String() + " from " + g.Name})
	return nil
}

// Memberships lists the group's direct members as they were added, those that do
// not hold now among them.
func (t Tenant) Memberships(group csp.ObjectID) []csp.Membership {
	t.w.mu.RLock()
	defer t.w.mu.RUnlock()
	g, ok := t.w.tenants[t.ID].groups[group]
	if !ok {
		return nil
	}
	return slices.Clone(g.members)
}

// Members lists the direct members that the group has now.
func (t Tenant) Members(group csp.ObjectID) []csp.ObjectID {
	t.w.mu.RLock()
	defer t.w.mu.RUnlock()
	g, ok := t.w.tenants[t.ID].groups[group]
	if !ok {
		return nil
	}
	var list []csp.ObjectID
	for _, m := range g.members {
		if t.w.counts(m.Term) && !slices.Contains(list, m.Member) {
			list = append(list, m.Member)
		}
	}
	return list
}

// ListedMembers are those of Members that lists of the directory show: a new one
// takes as long as a new principal to reach them. What the membership gives, it
// gives at once.
func (t Tenant) ListedMembers(group csp.ObjectID) []csp.ObjectID {
	list := t.Members(group)
	t.w.mu.RLock()
	defer t.w.mu.RUnlock()
	unlisted, now := t.w.tenants[t.ID].extras.unlisted[group], t.w.instant()
	return slices.DeleteFunc(list, func(id csp.ObjectID) bool { return now.Before(unlisted[id]) })
}

// GroupsOf lists the groups the principal is in, directly or through groups, in
// no particular order.
func (t Tenant) GroupsOf(principal csp.ObjectID) []csp.ObjectID {
	t.w.mu.RLock()
	defer t.w.mu.RUnlock()
	return t.w.groupsOf(t.w.tenants[t.ID], principal)
}

// DirectGroupsOf lists the groups the principal is a direct member of.
func (t Tenant) DirectGroupsOf(principal csp.ObjectID) []csp.ObjectID {
	t.w.mu.RLock()
	defer t.w.mu.RUnlock()
	return t.w.directGroupsOf(t.w.tenants[t.ID], principal)
}

// counts says whether what has the term holds now, without any further step (R29).
func (w *World) counts(t csp.Term) bool { return !t.Eligible && t.Holds(w.instant()) }

func (w *World) directGroupsOf(d *tenant, principal csp.ObjectID) []csp.ObjectID {
	var list []csp.ObjectID
	for _, m := range d.memberOf[principal] {
		if w.counts(m.Term) && !slices.Contains(list, m.Group) {
			list = append(list, m.Group)
		}
	}
	return list
}

func (w *World) groupsOf(d *tenant, principal csp.ObjectID) []csp.ObjectID {
	var found []csp.ObjectID
	seen := make(map[csp.ObjectID]bool)
	look := w.directGroupsOf(d, principal)
	for len(look) > 0 {
		g := look[0]
		look = look[1:]
		if seen[g] {
			continue // two ways lead there, or the groups form a ring
		}
		seen[g] = true
		found = append(found, g)
		look = append(look, w.directGroupsOf(d, g)...)
	}
	return found
}
