package world

import (
	"cmp"
	"maps"
	"slices"

	"latchkey/csp"
)

// Facts are what there is now, in the form in which it could be loaded again, in
// no particular order. Passwords, applications, and what only emulated services
// know are not facts. Agent groups that came with a relationship and that nobody
// has used are left out.
func (w *World) Facts() csp.Facts {
	w.mu.RLock()
	defer w.mu.RUnlock()
	f := csp.Facts{
		Identities: slices.Clone(w.loaded.identities),
		People:     slices.Clone(w.loaded.people),
		Artefacts:  slices.Clone(w.loaded.artefacts),
		Usage:      slices.Clone(w.loaded.usage),
		Gaps:       slices.Clone(w.loaded.gaps),
	}
	named := maps.Clone(w.loaded.roles)
	for _, d := range w.tenants {
		if d.gone {
			continue
		}
		w.tenantFacts(d, &f)
		w.accessFacts(d, &f, named)
	}
	for _, s := range w.subscriptions {
		w.subscriptionFacts(s, &f)
	}
	for _, p := range w.partnerships {
		f.Resellers = append(f.Resellers, p.resellers...)
		f.DAPs = append(f.DAPs, p.daps...)
	}
	for _, r := range w.relationships {
		f.GDAPs = append(f.GDAPs, r.Fact())
	}
	for id, list := range w.projections {
		f.Lighthouses = append(f.Lighthouses, list...)
		for _, p := range list {
			if r, ok := w.role(w.tenants[w.subscriptions[id].Tenant], p.Role); ok {
				named[p.Role] = r
			}
		}
	}
	for _, r := range named {
		f.Roles = append(f.Roles, r)
	}
	w.directoryRoleFacts(&f)
	return f
}

func (w *World) tenantFacts(d *tenant, f *csp.Facts) {
	t := d.Tenant
	if d.unnamed {
		t.DefaultDomain = ""
	}
	f.Tenants = append(f.Tenants, t)
	for _, domain := range d.domains {
		if domain != d.DefaultDomain {
			f.Domains = append(f.Domains, csp.TenantDomain{Tenant: d.ID, Domain: domain})
		}
	}
	for _, u := range d.users {
		f.Principals = append(f.Principals, u.fact())
	}
	for _, g := range d.groups {
		if g.implied && len(g.members) == 0 && !w.isNamed(g.ID) {
			continue
		}
		f.Principals = append(f.Principals, csp.Principal{
			ID: g.ID, Tenant: d.ID, Type: csp.Group, Name: g.Name, Agents: g.Agents, RoleAssignable: g.RoleAssignable, Dynamic: g.Dynamic,
		})
		f.Memberships = append(f.Memberships, g.members...)
	}
	for _, sp := range d.principals {
		f.Principals = append(f.Principals, csp.Principal{ID: sp.ID, Tenant: d.ID, Type: csp.ServicePrincipal, Name: sp.Name})
	}
	for _, a := range d.directory {
		f.DirectoryAssignments = append(f.DirectoryAssignments, csp.DirectoryAssignment{Tenant: d.ID, Principal: a.Principal, Role: a.Role, Term: a.Term})
	}
}

func (u *User) fact() csp.Principal {
	p := csp.Principal{ID: u.ID, Tenant: u.Tenant, Type: csp.User, Name: u.Name, SignInName: u.UPN, Source: u.Source, Home: u.Home.Object, HomeTenant: u.Home.Tenant}
	if u.unnamed {
		p.SignInName = ""
	}
	return p
}

func (w *World) accessFacts(d *tenant, f *csp.Facts, named map[csp.RoleDefinitionID]csp.RoleDefinition) {
	maps.Copy(named, d.roles)
	for _, a := range d.assignments {
		f.Assignments = append(f.Assignments, csp.Assignment{RoleAssignment: a.RoleAssignment, Tenant: d.ID, Term: a.Term})
		if _, ok := named[a.Role]; !ok {
			named[a.Role], _ = w.role(d, a.Role)
		}
	}
	f.Denials = append(f.Denials, d.denials...)
	f.Policies = append(f.Policies, w.policyFacts(d)...)
	f.Placements = append(f.Placements, w.rootPlacements(d)...)
	rooted := w.usesRootGroup(d)
	for key, parent := range d.parents {
		if rooted && parent.Kind() == csp.RootScope {
			parent = d.rootScope()
		}
		child, ok := d.managed[key]
		if ok {
			f.Placements = append(f.Placements, csp.Placement{Tenant: d.ID, Child: child.Scope, Parent: parent})
			continue
		}
		if scope, err := csp.ParseScope(key); err == nil {
			f.Placements = append(f.Placements, csp.Placement{Tenant: d.ID, Child: scope, Parent: parent})
		}
	}
}

func (w *World) subscriptionFacts(s *subscription, f *csp.Facts) {
	f.Subscriptions = append(f.Subscriptions, s.Subscription)
	for _, g := range s.groups {
		if !g.implied {
			f.Resources = append(f.Resources, csp.Resource{Scope: g.Scope})
		}
	}
	for _, r := range s.resources {
		if !r.implied {
			f.Resources = append(f.Resources, csp.Resource{Scope: r.Scope})
		}
	}
	for _, l := range s.locks {
		f.Locks = append(f.Locks, csp.Lock{Name: l.Name, Scope: l.Scope, Level: csp.LockLevel(l.Level)})
	}
}

func (w *World) directoryRoleFacts(f *csp.Facts) {
	named := make(map[csp.DirectoryRoleID]bool)
	for id := range w.loaded.directoryRoles {
		named[id] = true
	}
	for _, a := range f.DirectoryAssignments {
		named[a.Role] = true
	}
	for _, r := range f.GDAPs {
		for _, id := range r.Roles {
			named[id] = true
		}
		for _, a := range r.Assignments {
			for _, id := range a.Roles {
				named[id] = true
			}
		}
	}
	for id := range named {
		if r, ok := w.directoryRole(id); ok {
			f.DirectoryRoles = append(f.DirectoryRoles, r)
		}
	}
	slices.SortFunc(f.DirectoryRoles, func(a, b csp.DirectoryRole) int { return cmp.Compare(a.Name, b.Name) })
}
