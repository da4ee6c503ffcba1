package diff

import (
	"fmt"

	"latchkey/access/estate"
	"latchkey/access/naming"
)

// The clauses that follow "because".

func (s side) principalCause(who estate.Principal, only bool) Cause {
	name := s.nameOf(who)
	switch home := s.e.PrincipalHomeIn[who]; {
	case only && s.e.PrincipalKind[who]&estate.IsGuest != 0:
		where := s.tenantName(s.e.PrincipalTenant[who])
		if home != none {
			name += " of " + s.tenantName(home)
		}
		if s.isBefore {
			return Cause{name + " is no guest of " + where + " any more", "R2"}
		}
		return Cause{name + " became a guest of " + where, "R13"}
	case only && s.isBefore:
		return Cause{name + " is gone from " + s.tenantName(s.e.PrincipalTenant[who]), "R2"}
	case only:
		return Cause{name + " is new in " + s.tenantName(s.e.PrincipalTenant[who]), "R2"}
	}
	return Cause{name + " of " + s.tenantName(s.e.PrincipalTenant[who]) + " is something else than before", "R2"}
}

func (s side) membershipCause(member, group estate.Principal, after term) Cause {
	text := s.nameOf(member)
	switch after {
	case over:
		text += " left "
	case eligible:
		text += " is only eligible for "
	case firm:
		text += " joined "
	}
	rule := "R18"
	if s.e.PrincipalKind[group].Agents() != "" {
		rule = "R7"
	}
	return Cause{text + s.nameOf(group), rule}
}

func (s side) assignmentCause(n uint32) Cause {
	who, role := s.e.AssignmentPrincipal[n], s.roleName(s.e.AssignmentRole[n])
	verb := " was given to "
	if s.isBefore {
		verb = " was taken from "
	}
	text := role + " at " + s.names.PlaceLabel(s.e.AssignmentNode(n)) + verb + s.nameOf(who)
	if s.e.AssignmentForeign[n] != 0 {
		return Cause{text + " of " + s.tenantName(s.e.PrincipalTenant[who]), "R21"}
	}
	return Cause{text, "R18"}
}

func (s side) roleName(role estate.Role) string {
	if name := naming.Clean(s.e.Roles[role].Name); name != "" {
		return name
	}
	return "role " + s.e.Roles[role].ID.String()
}

func (s side) nodeCause(n estate.Node, only bool) Cause {
	label := s.names.PlaceLabel(n)
	switch {
	case only && s.isBefore:
		return Cause{label + " is gone", "R17"}
	case only:
		return Cause{label + " is new", "R17"}
	}
	return Cause{label + " was moved", "R17"}
}

func (s side) roleCause(role estate.Role) Cause {
	return Cause{"the role " + s.roleName(role) + " allows something else", "R31"}
}

func (s side) directoryCause(d estate.DirectoryAssignment, after term) Cause {
	verb := " was given to "
	switch after {
	case over:
		verb = " was taken from "
	case eligible:
		verb = " has to be activated now by "
	case firm:
	}
	role := naming.Clean(s.e.DirectoryRoles[d.Role].Name)
	if role == "" {
		role = "directory role " + s.e.DirectoryRoles[d.Role].ID.String()
	}
	return Cause{role + " in " + s.tenantName(d.Tenant) + verb + s.nameOf(d.Principal), "R14"}
}

func (s side) dapCause(d estate.Relationship, after bool) Cause {
	text := s.tenantName(d.Customer) + " lists " + s.tenantName(d.Partner) + " no more as its delegated administrator"
	if after {
		text = s.tenantName(d.Customer) + " lists " + s.tenantName(d.Partner) + " as its delegated administrator"
	}
	return Cause{text, "R10"}
}

func (s side) gdapCause(g estate.GDAP, before, after string) Cause {
	name := naming.Clean(g.Name)
	if name == "" {
		name = g.ID.String()
	}
	text := fmt.Sprintf("the GDAP relationship %q of %s with %s ", name, s.tenantName(g.Partner), s.tenantName(g.Customer))
	switch gives, gave := after != "" && after != notActive, before != "" && before != notActive; {
	case gave && !gives:
		return Cause{text + "ended", "R11"}
	case gives && !gave:
		return Cause{text + "began", "R11"}
	}
	return Cause{text + "lends other roles, or to other groups", "R11"}
}

func (s side) resellerCause(r estate.Relationship, after bool) Cause {
	text := s.tenantName(r.Partner) + " is no reseller of " + s.tenantName(r.Customer) + " any more"
	if after {
		text = s.tenantName(r.Partner) + " became a reseller of " + s.tenantName(r.Customer)
	}
	return Cause{text, "R22"}
}

func (s side) denialCause(d estate.Denial) Cause {
	name := naming.Clean(d.Name)
	if name == "" {
		name = d.ID.String()
	}
	text := fmt.Sprintf("the deny assignment %q at %s ", name, s.names.PlaceLabel(d.Node))
	if s.isBefore {
		return Cause{text + "is gone, or another one", "R19"}
	}
	return Cause{text + "is new, or another one", "R19"}
}

func (s side) lighthouseCause(l estate.Lighthouse, after term) Cause {
	text := s.roleName(l.Role) + " at " + s.names.PlaceLabel(l.Node)
	switch after {
	case over:
		text += " is no longer projected to "
	case eligible:
		text += " has to be activated now by "
	case firm:
		text += " is projected to "
	}
	return Cause{text + s.nameOf(l.Principal) + " by Lighthouse", "R28"}
}

func (s side) gapCause(g estate.Gap) Cause {
	text := g.Fact.String() + " of " + s.tenantName(g.Tenant) + " were collected only before"
	if s.isBefore {
		text = g.Fact.String() + " of " + s.tenantName(g.Tenant) + " were not collected before"
	}
	return Cause{text, "M9"}
}
