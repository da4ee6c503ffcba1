package access

import (
	"latchkey/access/estate"
	"latchkey/csp"
)

// Directory roles that rules name (R10, R15, R24). The account that is made with a
// tenant holds the first (R4); a partner's people hold them in their own company,
// which has nothing to do with the agent roles they have (R6).
var (
	globalAdministrator         = csp.MustParseID[csp.DirectoryRole]("62e90394-69f5-4237-9190-012177145e10")
	privilegedRoleAdministrator = csp.MustParseID[csp.DirectoryRole]("e8611ab8-c189-46e8-94e1-60213ab1f814")
	helpdeskAdministrator       = csp.MustParseID[csp.DirectoryRole]("729827e3-9c14-49f7-bb1b-9608f156bbb8")
)

// grant is a directory role in a tenant that an account has, or could have (M4).
type grant struct {
	kind   EntryKind // ByHome, ByGuest is never: a guest is at home as itself; ByGDAP, ByDAP
	role   csp.DirectoryRoleID
	number estate.DirectoryRole // None if no fact names the role
	holder estate.Principal     // the account or the group that has it
	gdap   int32                // of ByGDAP: into the estate's relationships
	term   estate.TermNo
	sure   truth
}

// grants finds the directory roles of an account in a tenant by a standing. With
// steps, eligible assignments count.
func (q *asking) grants(a account, in estate.Tenant, s standing, steps bool) []grant {
	if q.x.tenantOf(a) == in {
		return q.ownGrants(a, in, s, steps)
	}
	if !q.x.isUser(a) {
		return nil
	}
	there := *q
	there.target = in
	list := there.listedGrants(a, s)
	if len(q.x.guests(a, in)) > 0 {
		return list // GDAP is shut to a guest; DAP is not (R13)
	}
	for _, lent := range q.x.quick.lentIn(in) {
		if sure := s.in[lent.Group]; sure > no && q.live(lent.Term, false) && account(lent.Group) != a {
			list = append(list, grant{kind: ByGDAP, role: q.x.DirectoryRoles[lent.Role].ID, number: lent.Role, holder: lent.Group, gdap: lent.GDAP, term: lent.Term, sure: sure})
		}
	}
	return list
}

// ownGrants are those of an account of the tenant: its own, and those of the
// groups it is a direct member of (R14).
func (q *asking) ownGrants(a account, in estate.Tenant, s standing, steps bool) []grant {
	var list []grant
	from := func(holder estate.Principal, sure truth) {
		for _, d := range q.x.DirectoryAssignmentsOf(holder) {
			if d.Tenant == in && q.live(d.Term, steps) {
				list = append(list, grant{kind: ByHome, role: q.x.DirectoryRoles[d.Role].ID, number: d.Role, holder: holder, term: d.Term, sure: sure})
			}
		}
	}
	if !a.isNew() {
		from(estate.Principal(a), yes)
	}
	for g, sure := range s.direct {
		from(g, sure)
	}
	return list
}

// listedGrants are those that DAP gives in the asking's target (R10).
func (q *asking) listedGrants(a account, s standing) []grant {
	var list []grant
	admin, helpdesk := q.listedAs(a, s)
	for _, d := range []struct {
		sure truth
		role csp.DirectoryRoleID
		kind estate.PrincipalKind
	}{{admin, globalAdministrator, estate.IsAdminAgents}, {helpdesk, helpdeskAdministrator, estate.IsHelpdeskAgents}} {
		if d.sure > no {
			list = append(list, grant{kind: ByDAP, role: d.role, number: q.x.numberOf(d.role), holder: q.agents(s, d.kind), gdap: estate.None, sure: d.sure})
		}
	}
	return list
}

// agents is the agent group by which the standing is listed.
func (q *asking) agents(s standing, kind estate.PrincipalKind) estate.Principal {
	found := estate.Principal(estate.None)
	for g := range s.direct {
		if q.x.PrincipalKind[g]&kind != 0 && (found == estate.None || g < found) {
			found = g
		}
	}
	return found
}

func (x *Index) numberOf(id csp.DirectoryRoleID) estate.DirectoryRole {
	if n, found := x.FindDirectoryRole(id); found {
		return n
	}
	return estate.None
}

// allowsInDirectory says whether a grant's role allows the row's action.
func (q *asking) allowsInDirectory(g grant, r *row) truth {
	if g.number == estate.None {
		return allowsAction(published()[g.role], r.action.name)
	}
	return r.directory[g.number]
}
