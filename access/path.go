package access

import (
	"fmt"

	"latchkey/access/estate"
	"latchkey/csp"
)

// stop is the principal as a stop.
func (x *Index) stop(p estate.Principal) Stop {
	row := x.Principal(p)
	s := Stop{ID: row.ID.String(), Name: row.Name, Tenant: x.tenantName(x.PrincipalTenant[p])}
	if s.Name == "" {
		s.Name = s.ID
	}
	kind := x.PrincipalKind[p]
	switch kind.Type() {
	case estate.KindGroup:
		s.Kind = GroupStop
	case estate.KindServicePrincipal:
		s.Kind = ServicePrincipalStop
	case estate.KindUser:
		s.Kind = UserStop
		if kind&estate.IsGuest != 0 {
			s.Kind = GuestStop
		}
	default:
		s.Kind = UnlistedStop
	}
	return s
}

func (x *Index) accountStop(a account) Stop {
	if !a.isNew() {
		return x.stop(estate.Principal(a))
	}
	tenant := x.Tenant(x.tenantOf(a))
	return Stop{Kind: UserStop, ID: newAccount + tenant.ID.String(), Name: "a new account", Tenant: tenant.Name}
}

func (x *Index) tenantName(t estate.Tenant) string {
	row := x.Tenant(t)
	if row.Name == "" && t != estate.None {
		return row.ID.String()
	}
	return row.Name
}

func (x *Index) tenantStop(t estate.Tenant) Stop {
	return Stop{Kind: TenantStop, ID: x.TenantID[t].String(), Name: "everything in " + x.tenantName(t), Tenant: x.tenantName(t)}
}

// foreignStop is a partner's group as the target sees it, by the name it has there (R21).
func (q *asking) foreignStop(group estate.Principal) Stop {
	role := q.x.Principal(group).Name
	if q.x.PrincipalKind[group]&estate.IsAdminAgents != 0 {
		role = "TenantAdmins"
	}
	partner, customer := q.x.tenantName(q.x.PrincipalTenant[group]), q.x.tenantName(q.target)
	return Stop{
		Kind: ForeignPrincipalStop, ID: q.x.PrincipalID[group].String(), Tenant: customer,
		Name: fmt.Sprintf("Foreign Principal for '%s' in role '%s' (%s)", partner, role, customer),
	}
}

func (q *asking) actionStop() Stop {
	s := Stop{Kind: ActionStop, ID: q.row.action.name, Name: q.row.action.text, Tenant: q.x.tenantName(q.target)}
	if !q.isDirectory() {
		s.Scope = q.x.Scope(q.node)
	}
	return s
}

// memberHops are the chain as hops. What membership gives follows the given rule;
// that of agent groups is R7.
func (q *asking) memberHops(chain []link, rule string) []Hop {
	hops := make([]Hop, len(chain))
	for i, l := range chain {
		hops[i] = Hop{Kind: MemberOf, From: q.x.stop(l.member), To: q.x.stop(l.group), Rule: rule, Term: q.term(l.term)}
		if q.x.PrincipalKind[l.group]&(estate.IsAdminAgents|estate.IsHelpdeskAgents|estate.IsSalesAgents) != 0 {
			hops[i].Rule = "R7"
		}
	}
	return hops
}

// roleHops lead from the holder of a right to the action.
func (q *asking) roleHops(w *way, r right, a Action) []Hop {
	holder := q.x.stop(r.holder)
	var hops []Hop
	if w.delegated() {
		foreign := q.foreignStop(r.holder)
		agents := q.x.PrincipalKind[r.holder]&(estate.IsAdminAgents|estate.IsHelpdeskAgents) != 0
		hops = append(hops, Hop{Kind: Appears, From: holder, To: foreign, Rule: "R21", PartnerWide: agents})
		holder = foreign
	}
	role := q.roleStop(r)
	has := Hop{Kind: Holds, From: holder, To: role, Rule: "R18", Term: q.term(r.term)}
	if r.projected {
		has.Kind, has.Rule = Projects, "R28"
	} else if c := q.x.condition(q.x.AssignmentCondition[r.assignment]); c != nil {
		has.Detail = "under the condition " + c.String()
	}
	hops = append(hops, has)
	action := q.actionStop()
	action.ID, action.Name = a.name, a.text
	return append(hops, Hop{Kind: Allows, From: role, To: action, Rule: "R18", Detail: q.x.patternOf(r.role, a)})
}

func (q *asking) roleStop(r right) Stop {
	return Stop{Kind: RoleStop, ID: q.x.Roles[r.role].ID.String(), Name: q.x.roleName(r.role), Tenant: q.x.tenantName(q.target), Scope: q.x.Scope(r.node)}
}

// roleName is the name of a role, or its id if nothing else is known of it.
func (x *Index) roleName(r estate.Role) string {
	if name := x.Roles[r].Name; name != "" {
		return name
	}
	return "role " + x.Roles[r].ID.String()
}

// patternOf is the pattern by which the role allows the action, as it is written.
func (x *Index) patternOf(r estate.Role, a Action) string {
	for n, e := range x.roles[r] {
		set := e.set(a)
		if !set.Has(a.name) {
			continue
		}
		written := x.Roles[r].Permissions[n].Actions
		if a.data {
			written = x.Roles[r].Permissions[n].DataActions
		}
		for i := range set.Actions {
			if set.Matches(i, a.name) {
				return written[i]
			}
		}
	}
	return ""
}

// grantHops lead from the holder of a directory role to the action.
func (q *asking) grantHops(g grant, in estate.Tenant) []Hop {
	holder, role := q.x.stop(g.holder), q.directoryStop(g, in)
	switch g.kind {
	case ByGDAP:
		rel := q.x.GDAPs[g.gdap]
		relationship := Stop{Kind: RelationshipStop, ID: rel.ID.String(), Name: named("GDAP", rel.Name), Tenant: q.x.tenantName(in)}
		term := q.term(rel.Term)
		return []Hop{
			{Kind: Reaches, From: holder, To: relationship, Rule: "R11", Term: term},
			{Kind: Lends, From: relationship, To: role, Rule: "R11"},
		}
	case ByDAP:
		relationship := q.dapStop(q.x.PrincipalTenant[g.holder], in)
		return []Hop{
			{Kind: IsListed, From: holder, To: relationship, Rule: "R10", PartnerWide: true},
			{Kind: Lends, From: relationship, To: role, Rule: "R10", PartnerWide: true},
		}
	}
	return []Hop{{Kind: HoldsDirectory, From: holder, To: role, Rule: "R14", Term: q.term(g.term)}}
}

// memberRule is the rule by which membership of a group gives a directory role.
func (g grant) memberRule() string {
	switch g.kind {
	case ByGDAP:
		return "R11"
	case ByDAP:
		return "R10"
	}
	return "R14"
}

func named(kind, name string) string {
	if name == "" {
		return kind
	}
	return kind + " " + name
}

func (q *asking) dapStop(partner, customer estate.Tenant) Stop {
	return Stop{
		Kind: RelationshipStop, ID: "dap:" + q.x.TenantID[partner].String() + ":" + q.x.TenantID[customer].String(),
		Name: "DAP of " + q.x.tenantName(partner), Tenant: q.x.tenantName(customer),
	}
}

func (q *asking) directoryStop(g grant, in estate.Tenant) Stop {
	name := "role " + g.role.String()
	if g.number != estate.None && q.x.DirectoryRoles[g.number].Name != "" {
		name = q.x.DirectoryRoles[g.number].Name
	} else if known := knownDirectoryRoles[g.role]; known != "" {
		name = known
	}
	return Stop{Kind: DirectoryRoleStop, ID: g.role.String(), Name: name, Tenant: q.x.tenantName(in)}
}

// knownDirectoryRoles are the names of roles that DAP gives without any list (R10).
var knownDirectoryRoles = map[csp.DirectoryRoleID]string{
	globalAdministrator: "Global Administrator", helpdeskAdministrator: "Helpdesk Administrator",
}

// entry explains a way into the target.
func (q *asking) entry(w *way, steps bool) Entry {
	e := Entry{Kind: w.kind, Tenant: q.x.Tenant(q.target)}
	by := estate.Principal(w.by)
	switch w.kind {
	case ByGuest:
		e.Hops = []Hop{{Kind: IsGuest, From: q.x.stop(by), To: q.x.stop(w.actor), Rule: "R2"}}
	case ByGDAP:
		for _, g := range sortedGroups(w.ids) {
			if hops := q.enteringBy(by, g, steps); hops != nil {
				e.Hops = hops
				break
			}
		}
	case ByDAP:
		for _, kind := range []estate.PrincipalKind{estate.IsAdminAgents, estate.IsHelpdeskAgents} {
			g := q.agents(q.stand(w.by, steps), kind)
			if g == estate.None {
				continue
			}
			e.Hops = []Hop{
				{Kind: MemberOf, From: q.x.stop(by), To: q.x.stop(g), Rule: "R10", PartnerWide: true},
				{Kind: IsListed, From: q.x.stop(g), To: q.dapStop(q.x.PrincipalTenant[g], q.target), Rule: "R10", PartnerWide: true},
			}
			break
		}
	}
	return e
}

// enteringBy are the hops from a user to the GDAP role of a group that lets him in.
func (q *asking) enteringBy(by, g estate.Principal, steps bool) []Hop {
	for _, lent := range q.x.GDAPGrantsOf(g) {
		if lent.Customer != q.target || !q.live(lent.Term, false) {
			continue
		}
		chains, _ := q.chains(by, g, steps)
		role := grant{kind: ByGDAP, role: q.x.DirectoryRoles[lent.Role].ID, number: lent.Role, holder: g, gdap: lent.GDAP, term: lent.Term}
		return append(q.memberHops(chains[0], "R11"), q.grantHops(role, q.target)...)
	}
	return nil
}
