// Package estatetest makes small random facts in which everything happens: every
// list is filled, names differ in case only, ids are named and not listed, facts
// are told twice. They contradict each other in nothing, so an Estate can be made
// of them.
package estatetest

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"latchkey/csp"
)

// Facts are random facts. The same source gives the same ones.
func Facts(r *rand.Rand) csp.Facts {
	w := world{Rand: r}
	w.tenants()
	w.principals()
	w.roles()
	w.places()
	w.relationships()
	w.rights()
	w.notes()
	return w.facts
}

// Shuffle puts every list in a random order.
func Shuffle(r *rand.Rand, f csp.Facts) csp.Facts {
	return csp.Facts{
		Tenants: shuffled(r, f.Tenants), Domains: shuffled(r, f.Domains), Principals: shuffled(r, f.Principals),
		People: shuffled(r, f.People), Memberships: shuffled(r, f.Memberships), Resellers: shuffled(r, f.Resellers),
		DAPs: shuffled(r, f.DAPs), GDAPs: shuffled(r, f.GDAPs), Lighthouses: shuffled(r, f.Lighthouses),
		Subscriptions: shuffled(r, f.Subscriptions), Placements: shuffled(r, f.Placements), Resources: shuffled(r, f.Resources),
		Identities: shuffled(r, f.Identities), Roles: shuffled(r, f.Roles), Assignments: shuffled(r, f.Assignments),
		Denials: shuffled(r, f.Denials), DirectoryRoles: shuffled(r, f.DirectoryRoles),
		DirectoryAssignments: shuffled(r, f.DirectoryAssignments), Locks: shuffled(r, f.Locks), Policies: shuffled(r, f.Policies),
		Artefacts: shuffled(r, f.Artefacts), Usage: shuffled(r, f.Usage), Gaps: shuffled(r, f.Gaps),
	}
}

func shuffled[T any](r *rand.Rand, list []T) []T {
	list = slices.Clone(list)
	r.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
	return list
}

// ID is an id that a kind of things has by its number.
func ID[T csp.Named](n int) csp.ID[T] {
	var zero T
	noun := zero.Noun()
	var id csp.ID[T]
	// Ids in the order of their numbers would let mistakes in sorting pass.
	_, _ = rand.NewChaCha8([32]byte{byte(n), byte(n >> 8), 1, byte(len(noun)), noun[0], noun[len(noun)-1]}).Read(id[:])
	return id
}

// world grows. Of its tenants, principals, subscriptions and roles with the
// numbers below the constants, the first three quarters are listed.
type world struct {
	*rand.Rand
	facts  csp.Facts
	tenant []int // of principals, by number
	sub    []int // the tenant of subscriptions; -1: nobody's
}

const (
	tenants       = 6
	principals    = 24
	subscriptions = 6
	roles         = 6
)

func listed(of int) int { return of * 3 / 4 }

func (w *world) tenantID() csp.TenantID             { return ID[csp.Tenant](w.IntN(tenants)) }
func (w *world) principal() csp.ObjectID            { return ID[csp.Principal](w.IntN(principals)) }
func (w *world) role() csp.RoleDefinitionID         { return ID[csp.RoleDefinition](w.IntN(roles)) }
func (w *world) directoryRole() csp.DirectoryRoleID { return ID[csp.DirectoryRole](w.IntN(roles)) }
func (w *world) maybe() bool                        { return w.IntN(2) == 0 }

// some calls a function up to a number of times.
func (w *world) some(most int, do func()) {
	for range w.IntN(most + 1) {
		do()
	}
}

func pick[T any](w *world, from ...T) T { return from[w.IntN(len(from))] }

// twice tells a fact once or twice.
func twice[T any](w *world, list *[]T, fact T) {
	*list = append(*list, fact)
	if w.IntN(4) == 0 {
		*list = append(*list, fact)
	}
}

var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

func (w *world) time() time.Time {
	at := noon.Add(time.Duration(w.IntN(5)-2)*time.Hour + time.Duration(w.IntN(2)))
	return pick(w, time.Time{}, at, at.In(time.FixedZone("there", 3600)))
}

func (w *world) period() csp.Period { return csp.Period{From: w.time(), Until: w.time()} }

func (w *world) term() csp.Term {
	return pick(w, csp.Term{}, csp.Term{Period: w.period(), Eligible: w.maybe()})
}

func (w *world) tenants() {
	for n := range listed(tenants) {
		t := csp.Tenant{ID: ID[csp.Tenant](n), Name: fmt.Sprintf("Tenant %d", n), OldRules: w.maybe()}
		if w.maybe() {
			t.DefaultDomain = csp.Domain(fmt.Sprintf("t%d.onmicrosoft.com", n))
		}
		twice(w, &w.facts.Tenants, t)
	}
	for n := range tenants {
		if w.maybe() {
			twice(w, &w.facts.Domains, csp.TenantDomain{Tenant: ID[csp.Tenant](n), Domain: csp.Domain(fmt.Sprintf("t%d.example", n))})
		}
	}
}

func (w *world) principals() {
	for n := range principals {
		w.tenant = append(w.tenant, w.IntN(tenants))
		if n >= listed(principals) {
			continue
		}
		p := csp.Principal{ID: ID[csp.Principal](n), Tenant: ID[csp.Tenant](w.tenant[n]), Name: fmt.Sprintf("Näme %d", n)}
		p.Type = pick(w, "", csp.User, csp.Group, csp.ServicePrincipal)
		switch p.Type {
		case csp.User:
			p.SignInName = fmt.Sprintf("user%d@t.example", n)
			p.Source = pick(w, "", csp.Cloud, csp.Synced, csp.MicrosoftAccount, csp.Guest)
			if p.Source == csp.Guest {
				w.home(&p, n)
			}
		case csp.Group:
			p.Agents = pick(w, "", csp.AdminAgents, csp.HelpdeskAgents, csp.SalesAgents)
			p.RoleAssignable, p.Dynamic = w.maybe(), w.maybe()
		}
		twice(w, &w.facts.Principals, p)
	}
	account := 0
	for n := range 4 {
		person := csp.Person{ID: ID[csp.Person](n), Name: pick(w, "", "Ann")}
		w.some(3, func() {
			person.Accounts = append(person.Accounts, ID[csp.Principal](account))
			account++
		})
		person.Accounts = shuffled(w.Rand, person.Accounts)
		twice(w, &w.facts.People, person)
	}
	w.some(40, func() {
		twice(w, &w.facts.Memberships, csp.Membership{Group: w.principal(), Member: w.principal(), Term: w.term()})
	})
}

// home makes the guest one of an account with a smaller number, whose tenant is
// known, of one that is not listed, or of an unknown one.
func (w *world) home(p *csp.Principal, n int) {
	switch w.IntN(4) {
	case 0:
		p.HomeTenant = w.tenantID()
	case 1:
		p.Home, p.HomeTenant = ID[csp.Principal](principals-1), w.tenantID()
	case 2:
		home := w.IntN(n + 1)
		p.Home = ID[csp.Principal](home)
		p.HomeTenant = pick(w, csp.TenantID{}, ID[csp.Tenant](w.tenant[home]))
	}
}

func (w *world) actions() []string {
	var list []string
	w.some(3, func() {
		list = append(list, pick(w, "*", "*/read", "Microsoft.Compute/virtualMachines/start/action", "Microsoft.Storage/*"))
	})
	return list
}

func (w *world) permissions() []csp.Permission {
	var list []csp.Permission
	w.some(2, func() {
		list = append(list, csp.Permission{
			Actions: w.actions(), NotActions: w.actions(), DataActions: w.actions(), NotDataActions: w.actions(),
			Condition: pick(w, "", "@Resource[x] StringEquals 'a'"),
		})
	})
	return list
}

func (w *world) roles() {
	for n := range listed(roles) {
		role := csp.RoleDefinition{ID: ID[csp.RoleDefinition](n), Name: fmt.Sprintf("Role %d", n), Custom: w.maybe(), Permissions: w.permissions()}
		twice(w, &w.facts.Roles, role)
		if w.maybe() { // the same in other words
			role.Permissions = slices.Clone(role.Permissions)
			slices.Reverse(role.Permissions)
			w.facts.Roles = append(w.facts.Roles, role)
		}
		twice(w, &w.facts.DirectoryRoles, csp.DirectoryRole{
			ID: ID[csp.DirectoryRole](n), Name: fmt.Sprintf("Directory role %d", n), Privileged: w.maybe(),
			GDAP: pick(w, "", csp.GDAPUnknown, csp.GDAPSupported, csp.GDAPUnsupported), Actions: w.actions(),
		})
	}
}

// cased is a name in one of its spellings.
func (w *world) cased(name string) string { return pick(w, name, strings.ToUpper(name), name) }

// scope is a place below a subscription, or the subscription.
func (w *world) scope(subscription int) csp.Scope {
	text := csp.SubscriptionScopeOf(ID[csp.Subscription](subscription)).String()
	depth := w.IntN(5)
	if depth == 4 {
		return csp.MustParseScope(text + "/providers/Microsoft.Authorization/policyAssignments/" + w.cased("tags"))
	}
	if depth > 0 {
		text += "/resourceGroups/" + w.cased(pick(w, "shop", "shop2", "data", "providers", "subscriptions"))
	}
	if depth > 1 {
		text += "/providers/" + w.cased(pick(w, "Microsoft.Compute/virtualMachines", "Microsoft.ApiManagement/service")) + "/" + w.cased(pick(w, "web-1", "web-2"))
	}
	if depth > 2 {
		text += "/" + w.cased(pick(w, "subscriptions", "resourceGroups", "extensions", "providers/Microsoft.Insights/diagnosticSettings")) + "/" + w.cased("all")
	}
	return csp.MustParseScope(text)
}

func managementGroup(n int) csp.Scope {
	return csp.MustParseScope(fmt.Sprintf("/providers/Microsoft.Management/managementGroups/mg-%d", n))
}

// place is any scope with the tenant it is in.
func (w *world) place() (csp.TenantID, csp.Scope) {
	n := w.IntN(subscriptions)
	switch {
	case w.sub[n] < 0 || w.IntN(4) == 0:
		return w.tenantID(), pick(w, csp.Root(), managementGroup(w.IntN(4)))
	}
	return ID[csp.Tenant](w.sub[n]), w.scope(n)
}

func (w *world) anywhereBelow() csp.Scope { return w.scope(w.IntN(subscriptions)) }

func (w *world) places() {
	for n := range subscriptions {
		w.sub = append(w.sub, w.IntN(tenants+1)-1)
		if w.sub[n] >= 0 && n < listed(subscriptions) {
			twice(w, &w.facts.Subscriptions, csp.Subscription{
				ID: ID[csp.Subscription](n), Tenant: ID[csp.Tenant](w.sub[n]), Name: fmt.Sprintf("Subscription %d", n), Creator: pick(w, csp.TenantID{}, w.tenantID()),
			})
		}
		if w.sub[n] >= 0 && w.maybe() {
			twice(w, &w.facts.Placements, csp.Placement{Tenant: ID[csp.Tenant](w.sub[n]), Child: w.subscription(n), Parent: managementGroup(w.IntN(4))})
		}
	}
	for t := range tenants {
		for n := range 3 {
			if w.maybe() {
				twice(w, &w.facts.Placements, csp.Placement{Tenant: ID[csp.Tenant](t), Child: managementGroup(n), Parent: managementGroup(n + 1)})
			}
		}
	}
	w.some(20, func() {
		if s := w.anywhereBelow(); s.Kind() != csp.SubscriptionScope {
			twice(w, &w.facts.Resources, csp.Resource{Scope: s})
		}
	})
	w.some(4, func() {
		twice(w, &w.facts.Identities, csp.ManagedIdentity{Resource: w.anywhereBelow(), Principal: w.principal()})
	})
}

func (w *world) subscription(n int) csp.Scope {
	return csp.SubscriptionScopeOf(ID[csp.Subscription](n))
}

func (w *world) directoryRoles() []csp.DirectoryRoleID {
	var ids []csp.DirectoryRoleID
	w.some(5, func() { ids = append(ids, w.directoryRole()) })
	return ids
}

func (w *world) relationships() {
	w.some(5, func() {
		kind := pick(w, csp.DirectPartner, csp.IndirectProvider, csp.IndirectReseller)
		twice(w, &w.facts.Resellers, csp.ResellerRelationship{Partner: w.tenantID(), Customer: w.tenantID(), Kind: kind, Period: w.period()})
		twice(w, &w.facts.DAPs, csp.DAPRelationship{Partner: w.tenantID(), Customer: w.tenantID(), Period: w.period()})
	})
	for n := range 5 {
		r := csp.GDAPRelationship{
			ID: ID[csp.GDAPRelationship](n), Name: pick(w, "", "all of it"), Partner: w.tenantID(), Customer: w.tenantID(),
			Status: pick(w, csp.GDAPActive, csp.GDAPActive, csp.GDAPExpired), Period: w.period(), Roles: w.directoryRoles(), ExtendsBy: pick(w, 0, 180),
		}
		w.some(3, func() {
			r.Assignments = append(r.Assignments, csp.AccessAssignment{
				Group: w.principal(), Roles: w.directoryRoles(), Status: pick(w, csp.GDAPActive, csp.GDAPActive, csp.GDAPDeleted),
			})
		})
		twice(w, &w.facts.GDAPs, r)
	}
	w.some(4, func() {
		twice(w, &w.facts.Lighthouses, csp.LighthouseDelegation{Manager: w.tenantID(), Principal: w.principal(), Role: w.role(), Scope: w.anywhereBelow(), Term: w.term()})
	})
}

func (w *world) rights() {
	for n := range w.IntN(30) {
		a := csp.Assignment{Term: w.term()}
		a.Tenant, a.Scope = w.place()
		a.Name, a.Principal, a.Role = ID[csp.RoleAssignment](n), w.principal(), w.role()
		a.PrincipalType = pick(w, "", csp.User, csp.Group, csp.ServicePrincipal, csp.ForeignGroup)
		a.Condition = pick(w, "", "", "@Request[y] Exists")
		a.Description = pick(w, "", "", fmt.Sprintf("made by hand %d", n))
		twice(w, &w.facts.Assignments, a)
		if a.Scope.Kind() == csp.RootScope { // a template makes the same name in many tenants
			for t := range tenants {
				if id := ID[csp.Tenant](t); id != a.Tenant && w.maybe() {
					a.Tenant = id
					w.facts.Assignments = append(w.facts.Assignments, a)
					break
				}
			}
		}
	}
	for n := range w.IntN(6) {
		d := csp.Denial{DenyAssignment: csp.DenyAssignment{
			ID: ID[csp.DenyAssignment](n), Name: pick(w, "", "managed by a blueprint"), Permissions: w.permissions(),
			Everyone: w.maybe(), ThisScopeOnly: w.maybe(), AuditOnly: w.maybe(), Condition: pick(w, "", "@Request[y] Exists"),
		}}
		d.Tenant, d.Scope = w.place()
		w.some(3, func() { d.Principals = append(d.Principals, w.principal()) })
		w.some(3, func() { d.Excluded = append(d.Excluded, w.principal()) })
		twice(w, &w.facts.Denials, d)
		if w.maybe() { // the same in other words
			d.Permissions = slices.Clone(d.Permissions)
			slices.Reverse(d.Permissions)
			w.facts.Denials = append(w.facts.Denials, d)
		}
	}
	w.some(8, func() {
		twice(w, &w.facts.DirectoryAssignments, csp.DirectoryAssignment{Tenant: w.tenantID(), Principal: w.principal(), Role: w.directoryRole(), Term: w.term()})
	})
}

func (w *world) notes() {
	w.some(3, func() {
		twice(w, &w.facts.Locks, csp.Lock{Name: pick(w, "a", "b"), Scope: w.anywhereBelow(), Level: pick(w, csp.CanNotDelete, csp.ReadOnly)})
		policy := csp.PolicyDenial{Name: pick(w, "a", "b")}
		policy.Tenant, policy.Scope = w.place()
		w.some(3, func() { policy.Spares = append(policy.Spares, w.role()) })
		twice(w, &w.facts.Policies, policy)
		twice(w, &w.facts.Artefacts, csp.Artefact{Scope: w.anywhereBelow(), Name: "Subscription Admins"})
		twice(w, &w.facts.Usage, csp.Usage{
			Principal: w.principal(), Action: pick(w, "*", "A.B/c/read"), Data: w.maybe(), Scope: pick(w, w.anywhereBelow(), csp.Root(), managementGroup(1)), Last: w.time(),
		})
		gap := csp.Gap{Fact: pick(w, csp.MissingTenant, csp.MissingAssignments, csp.MissingPrincipals), Why: pick(w, "", "not allowed")}
		gap.Tenant, gap.Scope = w.place()
		if w.maybe() {
			gap.Scope = csp.Scope{}
		}
		twice(w, &w.facts.Gaps, gap)
	})
}
