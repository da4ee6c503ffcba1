package world

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"latchkey/csp"
	"latchkey/emulator/gdap"
	"latchkey/emulator/registry"
)

// loaded is what facts said that the world does not act on, and the roles they
// listed.
type loaded struct {
	roles          map[csp.RoleDefinitionID]csp.RoleDefinition
	directoryRoles map[csp.DirectoryRoleID]csp.DirectoryRole
	identities     []csp.ManagedIdentity
	people         []csp.Person
	artefacts      []csp.Artefact
	usage          []csp.Usage
	gaps           []csp.Gap
}

func newLoaded() loaded {
	return loaded{roles: make(map[csp.RoleDefinitionID]csp.RoleDefinition), directoryRoles: make(map[csp.DirectoryRoleID]csp.DirectoryRole)}
}

// mostProblems is how many refusals Load tells at a time.
const mostProblems = 20

// Load adds what the facts tell to the world, in whatever order they tell it, or
// nothing at all if they break a law. Facts say what is, so rows are not held
// against what could be done today: an assignment whose principal is gone, or a
// foreign principal whose partner is (R23), is loaded as it stands. What the world
// does not act on is kept, and Facts gives it back.
//
// Facts hold no passwords and no applications. Accounts of the tenant itself get
// the password of Options; a service principal gets an application of its own,
// whose id is derived from its object id (AppOf).
func (w *World) Load(f csp.Facts) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	before := newState()
	if len(w.tenants) > 0 || len(w.events) > 0 {
		before = copyState(w.state)
	}
	l := loader{w: w, now: w.instant()}
	l.roles(f)
	l.tenants(f)
	l.principals(f)
	l.memberships(f)
	l.places(f)
	l.relationships(f)
	l.access(f)
	l.directory(f)
	w.loaded.people = append(w.loaded.people, f.People...)
	w.loaded.artefacts = append(w.loaded.artefacts, f.Artefacts...)
	w.loaded.usage = append(w.loaded.usage, f.Usage...)
	w.loaded.gaps = append(w.loaded.gaps, f.Gaps...)
	if len(l.problems) > 0 {
		w.state = before
		if more := len(l.problems) - mostProblems; more > 0 {
			l.problems = append(l.problems[:mostProblems], fmt.Errorf("world: and %d more", more))
		}
		return errors.Join(l.problems...)
	}
	w.record(Event{Kind: WorldLoaded, Subject: fmt.Sprintf("%d tenants, %d principals, %d role assignments", len(f.Tenants), len(f.Principals), len(f.Assignments))})
	return nil
}

type loader struct {
	w        *World
	now      time.Time
	problems []error
}

func (l *loader) refuse(law Law, format string, args ...any) {
	l.problems = append(l.problems, refuse(law, format, args...))
}

func (l *loader) note(err error) bool {
	if err != nil {
		l.problems = append(l.problems, err)
	}
	return err == nil
}

// tenant finds the tenant of a row, or notes that there is none.
func (l *loader) tenant(id csp.TenantID, what string) *tenant {
	d, ok := l.w.tenants[id]
	if !ok {
		l.refuse(NoSuchTenant, "%s names the tenant %s, which no row lists", what, id)
	}
	return d
}

func (l *loader) roles(f csp.Facts) {
	for _, r := range f.Roles {
		if r.ID.IsZero() {
			l.refuse(NoSuchRole, "the role %q has no id", r.Name)
		}
		l.w.loaded.roles[r.ID] = r
	}
	for _, r := range f.DirectoryRoles {
		l.w.loaded.directoryRoles[r.ID] = r
	}
}

func (l *loader) tenants(f csp.Facts) {
	for _, t := range f.Tenants {
		if _, taken := l.w.tenants[t.ID]; taken || t.ID.IsZero() {
			l.refuse(IDTaken, "two tenants have the id %s", t.ID)
			continue
		}
		unnamed := t.DefaultDomain == ""
		if unnamed {
			t.DefaultDomain = csp.Domain("t-" + t.ID.String()[:13] + ".onmicrosoft.test")
		}
		d := newTenant(t)
		d.unnamed = unnamed
		l.w.tenants[t.ID] = d
		l.domain(d, t.DefaultDomain)
	}
	for _, row := range f.Domains {
		if d := l.tenant(row.Tenant, "the domain "+row.Domain.String()); d != nil {
			l.domain(d, row.Domain)
		}
	}
}

func (l *loader) domain(d *tenant, domain csp.Domain) {
	if owner, taken := l.w.domains[domain]; taken && owner != d.ID {
		l.refuse(DomainTaken, "%s is claimed by %s and by %s", domain, l.w.nameOf(owner), d.Name)
		return
	} else if taken {
		return
	}
	l.w.domains[domain] = d.ID
	d.domains = append(d.domains, domain)
}

// principals come in an order in which each finds what it names: home accounts
// before their guests.
func (l *loader) principals(f csp.Facts) {
	var guests []csp.Principal
	tenantOf := make(map[csp.ObjectID]csp.TenantID)
	for _, p := range f.Principals {
		tenantOf[p.ID] = p.Tenant
		if p.Source == csp.Guest || !p.Home.IsZero() {
			guests = append(guests, p)
			continue
		}
		l.principal(p)
	}
	for _, p := range guests {
		if home, listed := tenantOf[p.Home]; listed && p.HomeTenant.IsZero() {
			p.HomeTenant = home
		}
		l.principal(p)
	}
}

func (l *loader) principal(p csp.Principal) {
	d := l.tenant(p.Tenant, "the principal "+p.Name)
	if d == nil {
		return
	}
	if p.ID.IsZero() {
		l.refuse(IDTaken, "the principal %q has no id", p.Name)
		return
	}
	switch p.Type {
	case csp.User:
		l.user(d, p)
	case csp.Group:
		if l.note(l.w.mustBeNew(p.ID)) {
			if p.Agents != "" && !l.w.vacant(d, p.Agents) {
				l.refuse(NameTaken, "%s has two groups %s", d.Name, p.Agents)
				return
			}
			l.w.addGroup(d, Group{ID: p.ID, Tenant: d.ID, Name: p.Name, Agents: p.Agents, RoleAssignable: p.RoleAssignable, Dynamic: p.Dynamic, Created: l.now}, false)
		}
	case csp.ServicePrincipal:
		if l.note(l.w.mustBeNew(p.ID)) {
			app := AppOf(p.ID)
			l.w.apps[app] = &registry.App{ID: app, Home: d.ID, Name: p.Name}
			l.w.addServicePrincipal(d, &ServicePrincipal{ID: p.ID, Tenant: d.ID, App: app, Name: p.Name})
		}
	default:
		l.refuse(NoSuchPrincipal, "%s of %s is a %q, want %s, %s or %s", p.Name, d.Name, p.Type, csp.User, csp.Group, csp.ServicePrincipal)
	}
}

func (l *loader) user(d *tenant, p csp.Principal) {
	u := User{ID: p.ID, Name: p.Name, UPN: p.SignInName, Mail: p.SignInName, Source: p.Source, Home: Account{p.HomeTenant, p.Home}, Created: l.now}
	if u.Home.Tenant == d.ID {
		l.refuse(BadName, "%s is a guest in %s, which is his home", p.Name, d.Name)
		return
	}
	if !u.IsGuest() {
		u.Password = l.w.password
	}
	if u.UPN == "" {
		u.unnamed, u.Mail = true, ""
		u.UPN = l.signInName(d, u)
	}
	l.note(l.w.addUser(d, &u))
}

// signInName makes one up: of the name if it is free, else of the id.
func (l *loader) signInName(d *tenant, u User) string {
	local := strings.Map(func(r rune) rune {
		switch {
		case 'a' <= r && r <= 'z', '0' <= r && r <= '9', r == '.', r == '-', r == '_':
			return r
		}
		return -1
	}, strings.ReplaceAll(strings.ToLower(u.Name), " ", "."))
	if u.IsGuest() {
		local += "#EXT#"
	}
	domain := "@" + d.DefaultDomain.String()
	if _, taken := d.byUPN[strings.ToLower(local+domain)]; !taken && strings.Trim(local, ".#") != "" {
		return local + domain
	}
	return u.ID.String() + domain
}

// AppOf is the client id of the application that a loaded service principal gets.
func AppOf(servicePrincipal csp.ObjectID) registry.ClientID {
	return derived[registry.App]("application", servicePrincipal)
}

// derived is an id that depends on nothing but what it is made of.
func derived[T csp.Named](what ...any) csp.ID[T] {
	sum := sha256.Sum256(fmt.Appendf(nil, "%q", fmt.Sprint(what...)))
	var id csp.ID[T]
	copy(id[:], sum[:])
	id[6], id[8] = id[6]&0x0f|0x80, id[8]&0x3f|0x80 // version 8: made to a recipe of one's own
	return id
}

func (l *loader) memberships(f csp.Facts) {
	for _, m := range f.Memberships {
		d := l.w.tenants[l.w.objects[m.Group]]
		switch {
		case d == nil || d.groups[m.Group] == nil:
			l.refuse(NoSuchPrincipal, "%s is to be a member of %s, which is no listed group", m.Member, m.Group)
		case l.w.objects[m.Member] != d.ID:
			l.refuse(ForeignMember, "%s is no principal of %s and cannot be in its group %s", m.Member, d.Name, d.groups[m.Group].Name)
		case m.Member == m.Group:
			l.refuse(NameTaken, "%s cannot be its own member", d.groups[m.Group].Name)
		case !slices.Contains(d.memberOf[m.Member], m):
			d.addMembership(m)
		}
	}
}

func (l *loader) places(f csp.Facts) {
	for _, s := range f.Subscriptions {
		if _, taken := l.w.subscriptions[s.ID]; taken || s.ID.IsZero() {
			l.refuse(IDTaken, "two subscriptions have the id %s", s.ID)
		} else if d := l.tenant(s.Tenant, "the subscription "+s.Name); d != nil {
			l.w.addSubscription(d, s)
		}
	}
	for _, r := range f.Resources {
		l.place(nil, r.Scope, false, "a resource")
	}
	for _, p := range f.Placements {
		d := l.tenant(p.Tenant, "the placement of "+p.Child.String())
		if d != nil && l.place(d, p.Child, true, "a placement") && l.place(d, p.Parent, true, "a placement") {
			l.note(d.place(p.Child, p.Parent))
		}
	}
	for _, m := range f.Identities {
		if l.place(nil, m.Resource, true, "a managed identity") {
			l.w.loaded.identities = append(l.w.loaded.identities, m)
		}
	}
}

// place makes sure that a scope exists, since something stands there; implied is
// one that no row lists as a place.
func (l *loader) place(d *tenant, scope csp.Scope, implied bool, what string) bool {
	switch scope.Kind() {
	case csp.RootScope:
		return true
	case csp.ManagementGroupScope:
		if d == nil {
			l.refuse(NoSuchScope, "%s at %s: it does not say of which tenant", what, scope)
			return false
		}
		if _, known := d.managementGroup(scope); !known {
			d.managed[scope.Key()] = &ManagementGroup{Scope: scope, Name: scope.Name()}
		}
		return true
	}
	s, ok := l.w.subscriptions[scope.Subscription()]
	if !ok {
		l.refuse(NoSuchScope, "%s is at %s, whose subscription no row lists", what, scope)
		return false
	}
	if d != nil && s.Tenant != d.ID {
		l.refuse(NoSuchScope, "%s of %s is at %s, which trusts another tenant", what, d.Name, scope)
		return false
	}
	s.ensure(l.w, scope, implied)
	return true
}

func (s *subscription) ensure(w *World, scope csp.Scope, implied bool) {
	if name := scope.ResourceGroup(); name != "" {
		here := scope.Kind() == csp.ResourceGroupScope
		g := s.groups[strings.ToLower(name)]
		if g == nil {
			whole := scope
			for whole.Kind() != csp.ResourceGroupScope {
				whole = whole.Parent()
			}
			g = &ResourceGroup{Scope: whole, Location: somewhere, w: w, implied: true}
			s.groups[strings.ToLower(name)] = g
		}
		if here {
			g.implied = g.implied && implied
		}
	}
	if scope.Kind() != csp.ResourceScope {
		return
	}
	r := s.resources[scope.Key()]
	if r == nil {
		r = &resource{Resource: Resource{Scope: scope, Location: somewhere}, implied: true}
		s.resources[scope.Key()] = r
	}
	r.implied = r.implied && implied
}

func (l *loader) relationships(f csp.Facts) {
	w := l.w
	between := func(partner, customer csp.TenantID) *partnership {
		if partner == customer {
			l.refuse(NoSuchTenant, "a relationship joins two tenants, and %s is one", w.nameOf(partner))
		}
		w.ensureAgents(partner)
		p := w.partnerships[pairing{partner, customer}]
		if p == nil {
			p = &partnership{}
			w.partnerships[pairing{partner, customer}] = p
		}
		return p
	}
	for _, r := range f.Resellers {
		p := between(r.Partner, r.Customer)
		p.resellers = append(p.resellers, r)
	}
	for _, r := range f.DAPs {
		p := between(r.Partner, r.Customer)
		p.daps = append(p.daps, r)
	}
	for _, r := range f.GDAPs {
		l.gdap(r)
	}
	for _, p := range f.Lighthouses {
		if !l.place(nil, p.Scope, true, "a Lighthouse delegation") {
			continue
		}
		if _, ok := w.role(w.tenants[w.subscriptions[p.Scope.Subscription()].Tenant], p.Role); !ok {
			l.refuse(NoSuchRole, "a Lighthouse delegation names the role %s, which no row lists", p.Role)
		}
		at := p.Scope.Subscription()
		w.projections[at] = append(w.projections[at], p)
	}
	w.adoptProjections()
}

func (l *loader) gdap(f csp.GDAPRelationship) {
	w := l.w
	if f.ID.IsZero() {
		f.ID = derived[csp.GDAPRelationship](f.Partner, f.Customer, f.Name)
	}
	switch _, taken := w.relationships[f.ID]; {
	case taken:
		l.refuse(IDTaken, "two relationships have the id %s", f.ID)
		return
	case f.Partner == f.Customer:
		l.refuse(NoSuchTenant, "a relationship joins two tenants, and %s is one", w.nameOf(f.Partner))
		return
	case f.ExtendsBy != 0 && slices.Contains(f.Roles, globalAdministrator):
		l.refuse(NoExtension, "Global Administrator is among the roles of %q", f.Name)
		return
	}
	r := gdap.FromFact(f, l.now, func(group csp.ObjectID, at int) gdap.AccessID {
		return derived[gdap.AccessAssignment](f.ID, group, at)
	})
	w.ensureAgents(r.Partner)
	w.keepRelationship(r)
	w.resume(r)
}

// resume goes on with what a loaded relationship is in the middle of.
func (w *World) resume(r *gdap.Relationship) {
	switch r.Status {
	case csp.GDAPApprovalPending:
		w.forgetUnanswered(r.ID)
	case csp.GDAPApproved, csp.GDAPActivating:
		w.activate(r.ID)
	case csp.GDAPActive:
		w.watchEnd(r)
	case csp.GDAPExpiring:
		w.finish(r, csp.GDAPExpired)
	case csp.GDAPTerminating:
		w.finish(r, csp.GDAPTerminated)
	}
	for _, a := range r.Access {
		switch a.Status {
		case csp.GDAPPending:
			w.passAccess(r.ID, a.ID, csp.GDAPPending, csp.GDAPActive)
		case csp.GDAPDeleting:
			w.passAccess(r.ID, a.ID, csp.GDAPDeleting, csp.GDAPDeleted)
		}
	}
}

func (l *loader) access(f csp.Facts) {
	for _, a := range f.Assignments {
		l.assignment(a)
	}
	for _, denial := range f.Denials {
		d := l.tenant(denial.Tenant, "the deny assignment "+denial.Name)
		if d == nil || !l.place(d, denial.Scope, true, "the deny assignment "+denial.Name) {
			continue
		}
		if denial.ID.IsZero() {
			denial.ID = derived[csp.DenyAssignment](d.ID, denial.Name, denial.Scope.Key(), len(d.denials))
		}
		d.denials = append(d.denials, denial)
	}
	for _, lock := range f.Locks {
		if lock.Scope.Subscription().IsZero() {
			l.refuse(NoSuchScope, "the lock %s stands at %s, want a subscription or something in one", lock.Name, lock.Scope)
		} else if l.place(nil, lock.Scope, true, "the lock "+lock.Name) {
			s := l.w.subscriptions[lock.Scope.Subscription()]
			s.locks = append(s.locks, Lock{Name: lock.Name, Scope: lock.Scope, Level: LockLevel(lock.Level)})
		}
	}
	for _, p := range f.Policies {
		if d := l.tenant(p.Tenant, "the policy "+p.Name); d != nil && l.place(d, p.Scope, true, "the policy "+p.Name) {
			l.note(l.w.denyAssignments(d, Actor{}, p))
		}
	}
}

func (l *loader) assignment(a csp.Assignment) {
	if a.Tenant.IsZero() {
		if s, ok := l.w.subscriptions[a.Scope.Subscription()]; ok {
			a.Tenant = s.Tenant
		}
	}
	const what = "a role assignment"
	d := l.tenant(a.Tenant, what)
	if d == nil || !l.place(d, a.Scope, true, what) {
		return
	}
	if _, ok := l.w.role(d, a.Role); !ok {
		l.refuse(NoSuchRole, "an assignment at %s names the role %s, which no row lists", a.Scope, a.Role)
		return
	}
	kind, ok := l.kindIn(d, a.RoleAssignment)
	if !ok {
		return
	}
	a.PrincipalType = kind
	if a.Name.IsZero() {
		a.Name = derived[csp.RoleAssignment](d.ID, a.Scope.Key(), a.Role, a.Principal, a.Term)
	}
	if same, taken := d.assignments[a.Name]; taken {
		if same.RoleAssignment != a.RoleAssignment || same.Term != a.Term {
			l.refuse(UpdateForbidden, "two role assignments of %s have the name %s", d.Name, a.Name)
		}
		return
	}
	kept := &assignment{Assignment: Assignment{RoleAssignment: a.RoleAssignment, Tenant: d.ID, Term: a.Term, Created: l.now, Updated: l.now}}
	kept.readCondition()
	l.w.keepAssignment(d, kept)
}

// kindIn is the type of the principal that an assignment of the tenant names, if
// it may name it at all (R20, R21).
func (l *loader) kindIn(d *tenant, a csp.RoleAssignment) (csp.PrincipalType, bool) {
	owner, listed := l.w.objects[a.Principal]
	var actual csp.PrincipalType
	switch {
	case !listed: // gone, and its assignments stayed
		return a.PrincipalType, true
	case owner == d.ID:
		actual = d.typeOf(a.Principal)
	case l.w.tenants[owner].groups[a.Principal] != nil:
		actual = csp.ForeignGroup
	default:
		l.refuse(NoSuchPrincipal, "an assignment at %s of %s names %s, a principal of %s", a.Scope, d.Name, a.Principal, l.w.nameOf(owner))
		return "", false
	}
	if a.PrincipalType != "" && a.PrincipalType != actual {
		l.problems = append(l.problems, &Refusal{Law: TypeDiffers, Detail: fmt.Sprintf("an assignment at %s says that %s is a %s, and it is a %s", a.Scope, a.Principal, a.PrincipalType, actual), Actual: actual})
		return "", false
	}
	return actual, true
}

func (l *loader) directory(f csp.Facts) {
	for _, a := range f.DirectoryAssignments {
		d := l.tenant(a.Tenant, "a directory role assignment")
		if d == nil {
			continue
		}
		if _, ok := l.w.directoryRole(a.Role); !ok {
			l.refuse(NoSuchRole, "a directory role assignment of %s names the role %s, which no row lists", d.Name, a.Role)
			continue
		}
		if owner, listed := l.w.objects[a.Principal]; listed && owner != d.ID {
			l.refuse(NoSuchPrincipal, "a directory role assignment of %s names %s, a principal of %s", d.Name, a.Principal, l.w.nameOf(owner))
			continue
		}
		d.addDirectoryAssignment(DirectoryAssignment{
			ID: derived[DirectoryAssignment](d.ID, a.Principal, a.Role, a.Term, len(d.directory)), Tenant: d.ID, Principal: a.Principal, Role: a.Role, Term: a.Term,
		})
	}
}
