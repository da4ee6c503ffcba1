package estate

import "latchkey/csp"

// Facts are the facts the estate was made of, up to their order: an Estate made
// of them has the same columns. What facts tell twice is told once, a place that
// facts only name is listed, and what cannot be (R20) is not told any more.
//
// Of a large estate they take many times its memory; Each tells them in parts.
func (e *Estate) Facts() csp.Facts {
	var all csp.Facts
	e.Each(func(part csp.Facts) bool {
		all.Tenants = append(all.Tenants, part.Tenants...)
		all.Domains = append(all.Domains, part.Domains...)
		all.Principals = append(all.Principals, part.Principals...)
		all.People = append(all.People, part.People...)
		all.Memberships = append(all.Memberships, part.Memberships...)
		all.Resellers = append(all.Resellers, part.Resellers...)
		all.DAPs = append(all.DAPs, part.DAPs...)
		all.GDAPs = append(all.GDAPs, part.GDAPs...)
		all.Lighthouses = append(all.Lighthouses, part.Lighthouses...)
		all.Subscriptions = append(all.Subscriptions, part.Subscriptions...)
		all.Placements = append(all.Placements, part.Placements...)
		all.Resources = append(all.Resources, part.Resources...)
		all.Identities = append(all.Identities, part.Identities...)
		all.Roles = append(all.Roles, part.Roles...)
		all.Assignments = append(all.Assignments, part.Assignments...)
		all.Denials = append(all.Denials, part.Denials...)
		all.DirectoryRoles = append(all.DirectoryRoles, part.DirectoryRoles...)
		all.DirectoryAssignments = append(all.DirectoryAssignments, part.DirectoryAssignments...)
		all.Locks = append(all.Locks, part.Locks...)
		all.Policies = append(all.Policies, part.Policies...)
		all.Artefacts = append(all.Artefacts, part.Artefacts...)
		all.Usage = append(all.Usage, part.Usage...)
		all.Gaps = append(all.Gaps, part.Gaps...)
		return true
	})
	return all
}

// partSize is how many facts of a kind Each tells at once.
const partSize = 4096

// Each tells the facts of Facts in parts of a few thousand, until yield says that
// it has heard enough.
func (e *Estate) Each(yield func(csp.Facts) bool) {
	_ = yield(e.fewFacts()) &&
		inParts(e.Principals(), e.principalFacts, yield) &&
		inParts(e.Principals(), e.membershipFacts, yield) &&
		inParts(e.Nodes(), e.placeFacts, yield) &&
		inParts(e.Nodes(), e.assignmentFacts, yield)
}

func inParts(n int, part func(from, to int) csp.Facts, yield func(csp.Facts) bool) bool {
	for from := 0; from < n; from += partSize {
		if !yield(part(from, min(n, from+partSize))) {
			return false
		}
	}
	return true
}

// fewFacts are those that there are few of.
func (e *Estate) fewFacts() csp.Facts {
	f := csp.Facts{People: e.People, Locks: e.Locks, Policies: e.Policies, Artefacts: e.Artefacts, Usage: e.Usage}
	for t := range Tenant(e.Tenants()) {
		if e.TenantListed[t] != 0 {
			f.Tenants = append(f.Tenants, e.Tenant(t))
		}
	}
	for i, t := range e.DomainTenant {
		f.Domains = append(f.Domains, csp.TenantDomain{Tenant: e.TenantID[t], Domain: csp.Domain(e.DomainName.At(i))})
	}
	for i, id := range e.SubscriptionID {
		f.Subscriptions = append(f.Subscriptions, csp.Subscription{
			ID: id, Tenant: e.TenantID[e.NodeTenant[e.SubscriptionNode[i]]], Name: e.SubscriptionName.At(i), Creator: e.Tenant(e.SubscriptionCreator[i]).ID,
		})
	}
	for i, role := range e.Roles {
		if e.RoleListed[i] != 0 {
			f.Roles = append(f.Roles, role)
		}
	}
	for i, role := range e.DirectoryRoles {
		if e.DirectoryListed[i] != 0 {
			f.DirectoryRoles = append(f.DirectoryRoles, role)
		}
	}
	for _, d := range e.Denials {
		f.Denials = append(f.Denials, csp.Denial{DenyAssignment: d.DenyAssignment, Tenant: e.TenantID[e.NodeTenant[d.Node]]})
	}
	for _, i := range e.Identities {
		f.Identities = append(f.Identities, csp.ManagedIdentity{Resource: e.Scope(i.Node), Principal: e.PrincipalID[i.Principal]})
	}
	for _, g := range e.Gaps {
		if e.TenantListed[g.Tenant] != 0 || g != notListedGap(g.Tenant, g.Gap.Tenant) {
			f.Gaps = append(f.Gaps, g.Gap)
		}
	}
	e.relationshipFacts(&f)
	return f
}

func (e *Estate) relationshipFacts(f *csp.Facts) {
	for _, r := range e.Resellers {
		f.Resellers = append(f.Resellers, csp.ResellerRelationship{
			Partner: e.TenantID[r.Partner], Customer: e.TenantID[r.Customer], Kind: r.Kind, Period: e.Terms[r.Term].Period,
		})
	}
	for _, r := range e.DAPs {
		f.DAPs = append(f.DAPs, csp.DAPRelationship{
			Partner: e.TenantID[r.Partner], Customer: e.TenantID[r.Customer], Period: e.Terms[r.Term].Period,
		})
	}
	for _, r := range e.GDAPs {
		f.GDAPs = append(f.GDAPs, csp.GDAPRelationship{
			ID: r.ID, Name: r.Name, Partner: e.TenantID[r.Partner], Customer: e.TenantID[r.Customer], Status: r.Status,
			Period: e.Terms[r.Term].Period, Roles: e.directoryIDs(r.Roles), ExtendsBy: int(r.ExtendsBy),
		})
	}
	for _, a := range e.AccessAssignments {
		r := &f.GDAPs[a.GDAP]
		r.Assignments = append(r.Assignments, csp.AccessAssignment{Group: e.PrincipalID[a.Group], Roles: e.directoryIDs(a.Roles), Status: a.Status})
	}
	for _, l := range e.Lighthouses {
		f.Lighthouses = append(f.Lighthouses, csp.LighthouseDelegation{
			Manager: e.TenantID[l.Manager], Principal: e.PrincipalID[l.Principal], Role: e.Roles[l.Role].ID, Scope: e.Scope(l.Node), Term: e.Terms[l.Term],
		})
	}
	for _, a := range e.DirectoryAssignments {
		f.DirectoryAssignments = append(f.DirectoryAssignments, csp.DirectoryAssignment{
			Tenant: e.TenantID[a.Tenant], Principal: e.PrincipalID[a.Principal], Role: e.DirectoryRoles[a.Role].ID, Term: e.Terms[a.Term],
		})
	}
}

func (e *Estate) directoryIDs(roles []DirectoryRole) (ids []csp.DirectoryRoleID) {
	for _, role := range roles {
		ids = append(ids, e.DirectoryRoles[role].ID)
	}
	return ids
}

func (e *Estate) principalFacts(from, to int) (f csp.Facts) {
	for p := Principal(from); p < Principal(to); p++ {
		if e.Listed(p) {
			f.Principals = append(f.Principals, e.Principal(p))
		}
	}
	return f
}

func (e *Estate) membershipFacts(from, to int) (f csp.Facts) {
	for p := Principal(from); p < Principal(to); p++ {
		for i := e.GroupsFrom[p]; i < e.GroupsFrom[p+1]; i++ {
			f.Memberships = append(f.Memberships, csp.Membership{Group: e.PrincipalID[e.GroupOf[i]], Member: e.PrincipalID[p], Term: e.Terms[e.GroupTerm[i]]})
		}
	}
	return f
}

// placeFacts lists resource groups and resources, and says where management
// groups and subscriptions lie if it is not the root.
func (e *Estate) placeFacts(from, to int) (f csp.Facts) {
	for n := Node(from); n < Node(to); n++ {
		switch e.NodeType[n] {
		case TypeRoot:
		case TypeManagementGroup, TypeSubscription:
			if up := e.NodeParent[n]; up != None && e.NodeType[up] == TypeManagementGroup {
				f.Placements = append(f.Placements, csp.Placement{Tenant: e.TenantID[e.NodeTenant[n]], Child: e.Scope(n), Parent: e.Scope(up)})
			}
		default:
			f.Resources = append(f.Resources, csp.Resource{Scope: e.Scope(n)})
		}
	}
	return f
}

func (e *Estate) assignmentFacts(from, to int) (f csp.Facts) {
	for i := e.AssignmentsFrom[from]; i < e.AssignmentsFrom[to]; i++ {
		f.Assignments = append(f.Assignments, e.Assignment(i))
	}
	return f
}
