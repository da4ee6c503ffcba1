package diff

import (
	"fmt"

	"latchkey/access/estate"
	"latchkey/access/naming"
	"latchkey/csp"
)

// fact is a row that differs, in numbers; its words are made when it is told.
// Numbers are common ones, but for those of a row that only its side tells.
type fact struct {
	kind  factKind
	side  uint8 // 0 before, 1 after; of those that only their side tells
	state uint8 // what it is after
	a     int32
	b     int32
	c     int32
}

type factKind uint8

const (
	principalFact     factKind = iota // side, principal; state: the other side lacks it
	membershipFact                    // member, group; state: the term after
	assignmentFact                    // side, role, node, principal; state: to a foreign group
	nodeFact                          // node; state: the other side lacks it
	roleFact                          // role
	directoryFact                     // directory role, tenant, principal; state: the term after
	directoryRoleFact                 // directory role
	dapFact                           // partner, customer; state: listed after
	gdapFact                          // relationship before, and after; state: 1 gave, 2 gives
	rulesFact                         // tenant; state: old rules after
	resellerFact                      // partner, customer; state: there after
	denialFact                        // side, denial
	lighthouseFact                    // role, node, principal; state: the term after
	gapFact                           // side, tenant, kind of fact
)

func flag(is bool) uint8 {
	if is {
		return 1
	}
	return 0
}

func (s side) number() uint8 { return flag(!s.isBefore) }

// say is the clause that follows "because".
func (p *pair) say(f fact) Cause {
	s := p.sides()[f.side]
	switch f.kind {
	case principalFact:
		return s.principalCause(estate.Principal(f.a), f.state != 0)
	case membershipFact:
		return p.membershipCause(f)
	case assignmentFact:
		return s.assignmentCause(f)
	case nodeFact:
		of, n := p.whose(f.a, len(p.new.e.NodeParent))
		return of.nodeCause(estate.Node(n), f.state != 0)
	case roleFact:
		return Cause{"the role " + p.roleName(f.a) + " allows something else", "R31"}
	case directoryFact:
		return p.directoryCause(f)
	case directoryRoleFact:
		return Cause{"the directory role " + p.directoryRoleName(f.a) + " allows something else, or is not known on both sides", "R14"}
	case dapFact:
		return p.dapCause(f)
	case gdapFact:
		return p.gdapCause(f)
	case rulesFact:
		return p.rulesCause(f)
	case resellerFact:
		return p.resellerCause(f)
	case denialFact:
		return s.denialCause(s.e.Denials[f.a])
	case lighthouseFact:
		return p.lighthouseCause(f)
	default:
		return s.gapCause(estate.Tenant(f.a), csp.FactKind(f.b))
	}
}

func (p *pair) principalName(n int32) string {
	s, m := p.whose(n, len(p.new.e.PrincipalID))
	return s.nameOf(estate.Principal(m))
}

func (p *pair) tenantNamed(n int32) string {
	s, m := p.whose(n, len(p.new.e.TenantID))
	return s.tenantName(estate.Tenant(m))
}

func (p *pair) roleName(n int32) string {
	s, m := p.whose(n, len(p.new.e.Roles))
	return s.roleName(estate.Role(m))
}

func (p *pair) directoryRoleName(n int32) string {
	s, m := p.whose(n, len(p.new.e.DirectoryRoles))
	role := s.e.DirectoryRoles[m]
	if name := naming.Clean(role.Name); name != "" {
		return name
	}
	return "directory role " + role.ID.String()
}

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

func (p *pair) membershipCause(f fact) Cause {
	text := p.principalName(f.a)
	switch term(f.state) {
	case over:
		text += " left "
	case eligible:
		text += " is only eligible for "
	case firm:
		text += " joined "
	}
	rule := "R18"
	if s, group := p.whose(f.b, len(p.new.e.PrincipalID)); s.e.PrincipalKind[group].Agents() != "" {
		rule = "R7"
	}
	return Cause{text + p.principalName(f.b), rule}
}

func (s side) assignmentCause(f fact) Cause {
	who := estate.Principal(f.c)
	verb := " was given to "
	if s.isBefore {
		verb = " was taken from "
	}
	text := s.roleName(estate.Role(f.a)) + " at " + s.names.PlaceLabel(estate.Node(f.b)) + verb + s.nameOf(who)
	if f.state != 0 {
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

func (p *pair) directoryCause(f fact) Cause {
	verb := " was given to "
	switch term(f.state) {
	case over:
		verb = " was taken from "
	case eligible:
		verb = " has to be activated now by "
	case firm:
	}
	return Cause{p.directoryRoleName(f.a) + " in " + p.tenantNamed(f.b) + verb + p.principalName(f.c), "R14"}
}

func (p *pair) dapCause(f fact) Cause {
	text := " lists " + p.tenantNamed(f.a) + " no more as its delegated administrator"
	if f.state != 0 {
		text = " lists " + p.tenantNamed(f.a) + " as its delegated administrator"
	}
	return Cause{p.tenantNamed(f.b) + text, "R10"}
}

func (p *pair) gdapCause(f fact) Cause {
	s, n := p.sides()[1], f.b
	if n == none {
		s, n = p.sides()[0], f.a
	}
	g := s.e.GDAPs[n]
	name := naming.Clean(g.Name)
	if name == "" {
		name = g.ID.String()
	}
	text := fmt.Sprintf("the GDAP relationship %q of %s with %s ", name, s.tenantName(g.Partner), s.tenantName(g.Customer))
	switch f.state {
	case 1:
		return Cause{text + "ended", "R11"}
	case 2:
		return Cause{text + "began", "R11"}
	}
	return Cause{text + "lends other roles, or to other groups", "R11"}
}

func (p *pair) rulesCause(f fact) Cause {
	if f.state == 0 {
		return Cause{"the old rules hold no more in " + p.tenantNamed(f.a), "R22"}
	}
	return Cause{"the old rules begin to hold in " + p.tenantNamed(f.a), "R22"}
}

func (p *pair) resellerCause(f fact) Cause {
	text := p.tenantNamed(f.a) + " is no reseller of " + p.tenantNamed(f.b) + " any more"
	if f.state != 0 {
		text = p.tenantNamed(f.a) + " became a reseller of " + p.tenantNamed(f.b)
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

func (p *pair) lighthouseCause(f fact) Cause {
	s, n := p.whose(f.b, len(p.new.e.NodeParent))
	text := p.roleName(f.a) + " at " + s.names.PlaceLabel(estate.Node(n))
	switch term(f.state) {
	case over:
		text += " is no longer projected to "
	case eligible:
		text += " has to be activated now by "
	case firm:
		text += " is projected to "
	}
	return Cause{text + p.principalName(f.c) + " by Lighthouse", "R28"}
}

func (s side) gapCause(t estate.Tenant, kind csp.FactKind) Cause {
	text := kind.String() + " of " + s.tenantName(t) + " were collected only before"
	if s.isBefore {
		text = kind.String() + " of " + s.tenantName(t) + " were not collected before"
	}
	return Cause{text, "M9"}
}
