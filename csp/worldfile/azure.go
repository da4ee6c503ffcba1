package worldfile

import (
	"strings"

	"latchkey/csp"
	"latchkey/csp/builtin"
	"latchkey/csp/names"
	"latchkey/csp/worldfile/internal/yamltree"
)

// place is where facts hold. Above subscriptions the same scope is another place
// in every tenant; the tenant is zero where the file does not say whose it is.
type place struct {
	tenant csp.TenantID
	scope  csp.Scope
}

// azure reads the Azure side of a tenant, from the root down (R17).
func (r *reader) azure(f fields, tenant csp.TenantID) {
	if f.has("root") {
		r.holds(r.fields(f.get("root"), "the root"), place{tenant, csp.Root()})
	}
	var groups []string
	f.entries("management groups", func(key, _ *node) { groups = append(groups, key.Text) })
	f.entries("management groups", func(key, body *node) { r.managementGroup(tenant, groups, key, body) })
	f.entries("subscriptions", func(key, body *node) { r.subscription(tenant, groups, key, body) })
	f.entries("places", func(key, body *node) { r.anywhere(tenant, groups, key, body) })
}

func managementGroupScope(name string) (csp.Scope, error) {
	return csp.ParseScope("/providers/Microsoft.Management/managementGroups/" + name)
}

func (r *reader) managementGroup(tenant csp.TenantID, groups []string, key, body *node) {
	f := r.fields(body, "a management group")
	scope, err := managementGroupScope(key.Text)
	if err != nil {
		r.problem(key, "%v", err)
		return
	}
	r.once(key, "management group", key.Text, tenant.String()+scope.Key())
	parent := csp.Root()
	if f.has("in") {
		parent = r.parent(f.get("in"), groups)
	}
	r.facts.Placements = append(r.facts.Placements, csp.Placement{Tenant: tenant, Child: scope, Parent: parent})
	r.holds(f, place{tenant, scope})
}

// parent is the management group that is named by its name, or by its id.
func (r *reader) parent(n *node, groups []string) csp.Scope {
	text, ok := r.text(n, "in")
	if !ok {
		return csp.Scope{}
	}
	if strings.HasPrefix(text, "/") {
		return r.scope(n)
	}
	for _, group := range groups {
		if strings.EqualFold(group, text) {
			scope, _ := managementGroupScope(group) // its problem is told where it is described
			return scope
		}
	}
	r.problem(n, "no management group %q in this tenant%s", clip(text), names.Suggestion(names.Nearest(text, groups)))
	return csp.Scope{}
}

func (r *reader) scope(n *node) csp.Scope {
	text, _ := r.text(n, "scope")
	scope, err := csp.ParseScope(text)
	if err != nil {
		r.problem(n, "%v", err)
	}
	return scope
}

// subscription reads a subscription and what lies in it.
func (r *reader) subscription(tenant csp.TenantID, groups []string, key, body *node) {
	f := r.fields(body, "a subscription")
	s := csp.Subscription{Tenant: tenant}
	s.ID, s.Name = named[csp.Subscription](f, key, "subscription", tenant.String())
	r.once(key, "subscription", s.Name, s.ID.String())
	scope := csp.SubscriptionScopeOf(s.ID)
	if scope.IsZero() {
		return // its id is a problem
	}
	if f.has("in") {
		r.facts.Placements = append(r.facts.Placements, csp.Placement{Tenant: tenant, Child: scope, Parent: r.parent(f.get("in"), groups)})
	}
	index := len(r.facts.Subscriptions)
	r.facts.Subscriptions = append(r.facts.Subscriptions, s)
	r.later = append(r.later, func() { r.creator(f, index) })
	at := place{tenant, scope}
	r.holds(f, at)
	f.entries("resource groups", func(key, body *node) { r.resourceGroup(at, key, body) })
	f.entries("resources", func(key, body *node) { r.resource(at, key, body) })
}

// creator reads which partner created a subscription, and makes its AdminAgents
// Owner there, as the platform does (R21).
func (r *reader) creator(f fields, index int) {
	s := &r.facts.Subscriptions[index]
	var ok bool
	if s.Creator, ok = f.tenantUnder("created by"); !ok {
		if f.has("foreign principal") && !f.has("created by") {
			r.problem(f.get("foreign principal"), `"foreign principal" says what became of the creator's; write "created by" as well`)
		}
		return
	}
	if f.has("foreign principal") && !f.yes("foreign principal") {
		return
	}
	agents, known := r.adminAgents[s.Creator]
	if !known {
		r.problem(f.get("created by"), `%s has no AdminAgents here, whose foreign principal would be Owner; write it under "partners", or "foreign principal: no"`,
			r.dir.TenantName(s.Creator))
		return
	}
	r.knowRole(owner().ID)
	r.facts.Assignments = append(r.facts.Assignments, creatorsOwner(*s, agents))
}

func owner() csp.RoleDefinition {
	role, _ := builtin.AzureRoleNamed("Owner")
	return role
}

// creatorsOwner is the assignment that a partner's subscription is made with (R21).
func creatorsOwner(s csp.Subscription, agents csp.ObjectID) csp.Assignment {
	a := csp.Assignment{Tenant: s.Tenant, RoleAssignment: csp.RoleAssignment{
		Scope: csp.SubscriptionScopeOf(s.ID), Role: owner().ID, Principal: agents, PrincipalType: csp.ForeignGroup,
	}}
	a.Name = assignmentID(a)
	return a
}

func (r *reader) resourceGroup(in place, key, body *node) {
	f := r.fields(body, "a resource group")
	scope, err := csp.ResourceGroupScopeOf(in.scope.Subscription(), key.Text)
	if err != nil {
		r.problem(key, "%v", err)
		return
	}
	at := place{in.tenant, scope}
	r.exists(key, scope)
	r.holds(f, at)
	f.entries("resources", func(key, body *node) { r.resource(at, key, body) })
}

// resource reads a resource by its id below the place: Microsoft.Compute/virtualMachines/web1.
func (r *reader) resource(in place, key, body *node) {
	f := r.fields(body, "a resource")
	scope, err := csp.ParseScope(in.scope.String() + "/providers/" + key.Text)
	if err != nil {
		r.problem(key, "%v", err)
		return
	}
	r.exists(key, scope)
	r.holds(f, place{in.tenant, scope})
}

func (r *reader) exists(key *node, scope csp.Scope) {
	r.once(key, "place", scope.Name(), scope.Key())
	r.facts.Resources = append(r.facts.Resources, csp.Resource{Scope: scope})
}

// anywhere reads facts about a place by its full scope, which need not exist.
func (r *reader) anywhere(tenant csp.TenantID, groups []string, key, body *node) {
	what := "a place"
	if tenant.IsZero() {
		what = "a place of nobody"
	}
	f := r.fields(body, what)
	scope := r.scope(key)
	if scope.IsZero() {
		return
	}
	if f.yes("exists") {
		r.exists(key, scope)
	}
	if f.has("in") {
		parent := r.parent(f.get("in"), groups)
		r.facts.Placements = append(r.facts.Placements, csp.Placement{Tenant: tenant, Child: scope, Parent: parent})
	}
	r.holds(f, place{tenant, scope})
}

// holds reads what holds at a place.
func (r *reader) holds(f fields, at place) {
	r.locks(f, at)
	r.gaps(f, csp.Gap{Tenant: at.tenant, Scope: at.scope})
	for _, name := range f.texts("artefacts") {
		r.facts.Artefacts = append(r.facts.Artefacts, csp.Artefact{Scope: at.scope, Name: name})
	}
	f.each("identity", func(n *node) { r.identity(n, at) })
	r.later = append(r.later, func() {
		f.entries("access", func(key, body *node) { r.access(key, body, at) })
		f.entries("lighthouse", func(key, body *node) { r.lighthouse(key, body, at) })
		f.entries("denials", func(key, body *node) { r.denial(key, body, at) })
		f.entries("policies", func(key, body *node) { r.policy(key, body, at) })
		f.entries("usage", func(key, body *node) { r.usage(key, body, at) })
	})
}

// locks reads locks (R27).
func (r *reader) locks(f fields, at place) {
	f.entries("locks", func(key, body *node) {
		for _, n := range many(body) {
			level := csp.LockLevel(r.choice(n, "locks", string(csp.CanNotDelete), string(csp.ReadOnly)))
			r.facts.Locks = append(r.facts.Locks, csp.Lock{Name: key.Text, Scope: at.scope, Level: level})
		}
		if body.Kind == yamltree.Nothing {
			r.problem(body, "a lock is CanNotDelete or ReadOnly")
		}
	})
}

// gaps reads what could not be collected, and why.
func (r *reader) gaps(f fields, gap csp.Gap) {
	f.entries("gaps", func(key, body *node) {
		gap.Fact = factKinds()[key.Text]
		if gap.Fact == 0 {
			r.problem(key, "no fact %q can be missing; %s", clip(key.Text), nearestOf(key.Text, factWords()))
			return
		}
		if body.Kind == yamltree.Nothing {
			body = &node{Kind: yamltree.Text}
		}
		for _, n := range many(body) {
			gap.Why, _ = r.text(n, "gaps")
			r.facts.Gaps = append(r.facts.Gaps, gap)
		}
	})
}

// factKinds are the facts that can fail to be collected, by their names.
func factKinds() map[string]csp.FactKind {
	kinds := make(map[string]csp.FactKind)
	for kind := csp.MissingTenant; kind <= csp.MissingDirectoryRoles; kind++ {
		kinds[kind.String()] = kind
	}
	return kinds
}

func factWords() []string {
	var words []string
	for kind := csp.MissingTenant; kind <= csp.MissingDirectoryRoles; kind++ {
		words = append(words, kind.String())
	}
	return words
}

// systemAssigned is the identity that comes and goes with its resource.
const systemAssigned = "system assigned"

// identity reads as whom code in a resource can act (R26).
func (r *reader) identity(n *node, at place) {
	if text, ok := r.text(n, "identity"); !ok {
		return
	} else if text == systemAssigned && !at.tenant.IsZero() {
		p := csp.Principal{Tenant: at.tenant, Type: csp.ServicePrincipal, Name: at.scope.Name()}
		p.ID = systemIdentityID(at.scope)
		r.add(p, n)
		r.facts.Identities = append(r.facts.Identities, csp.ManagedIdentity{Resource: at.scope, Principal: p.ID})
		return
	}
	r.later = append(r.later, func() {
		if id, ok := r.principal(at.tenant, n); ok {
			r.facts.Identities = append(r.facts.Identities, csp.ManagedIdentity{Resource: at.scope, Principal: id})
		}
	})
}

func systemIdentityID(at csp.Scope) csp.ObjectID {
	return DeriveID[csp.Principal]("system assigned identity", at.Key())
}
