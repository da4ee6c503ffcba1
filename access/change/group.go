package change

import (
	"fmt"

	"latchkey/access/naming"
	"latchkey/csp"
)

// Join puts a principal into a group of its tenant. Putting one into AdminAgents
// makes him an admin agent (R7).
type Join struct{ Group, Member csp.ObjectID }

// Leave takes a direct member out of a group.
type Leave struct{ Group, Member csp.ObjectID }

// ActivateMembership makes an eligible membership count (R29).
type ActivateMembership struct{ Group, Member csp.ObjectID }

func (Join) change()               {}
func (Leave) change()              {}
func (ActivateMembership) change() {}

// Sentence is "add ann to AdminAgents".
func (c Join) Sentence(n *naming.Names) string {
	return "add " + n.Say(c.Member) + " to " + n.Say(c.Group)
}

// Sentence is "remove ann from AdminAgents".
func (c Leave) Sentence(n *naming.Names) string {
	return "remove " + n.Say(c.Member) + " from " + n.Say(c.Group)
}

// Sentence is "activate ann in AdminAgents".
func (c ActivateMembership) Sentence(n *naming.Names) string {
	return "activate " + n.Say(c.Member) + " in " + n.Say(c.Group)
}

// Apply refuses a member of another tenant (R20), a group whose members follow a
// rule (R33), a group that a guest account would be put into itself, and who is a
// member already.
func (c Join) Apply(f csp.Facts) (csp.Facts, error) {
	group, listed := principal(f, c.Group)
	member, memberListed := principal(f, c.Member)
	switch {
	case c.Group == c.Member:
		return csp.Facts{}, fmt.Errorf("%s cannot be a member of itself", nameOf(f, c.Group))
	case listed && group.Type != csp.Group:
		return csp.Facts{}, fmt.Errorf("%s is no group", nameOf(f, c.Group))
	case listed && group.Dynamic:
		return csp.Facts{}, fmt.Errorf("the members of %s follow a rule, so nobody can be added to it (R33)", nameOf(f, c.Group))
	case listed && memberListed && group.Tenant != member.Tenant:
		return csp.Facts{}, fmt.Errorf("%s is of %s and %s of %s: a group has members of its own tenant only (R20); invite him there first",
			nameOf(f, c.Member), tenantName(f, member.Tenant), nameOf(f, c.Group), tenantName(f, group.Tenant))
	}
	for _, m := range f.Memberships {
		if m.Group == c.Group && m.Member == c.Member && m.Term == (csp.Term{}) {
			return csp.Facts{}, fmt.Errorf("%s is a member of %s already", nameOf(f, c.Member), nameOf(f, c.Group))
		}
	}
	f.Memberships = with(f.Memberships, csp.Membership{Group: c.Group, Member: c.Member})
	return f, nil
}

// Apply refuses who is no direct member.
func (c Leave) Apply(f csp.Facts) (csp.Facts, error) {
	kept, some := without(f.Memberships, func(m csp.Membership) bool { return m.Group == c.Group && m.Member == c.Member })
	if !some {
		return csp.Facts{}, fmt.Errorf("%s is no direct member of %s, so there is no membership to end", nameOf(f, c.Member), nameOf(f, c.Group))
	}
	f.Memberships = kept
	return f, nil
}

// Apply refuses where there is no eligible membership.
func (c ActivateMembership) Apply(f csp.Facts) (csp.Facts, error) {
	for _, m := range f.Memberships {
		if m.Group == c.Group && m.Member == c.Member && m.Eligible {
			m.Eligible = false
			f.Memberships = with(f.Memberships, m)
			return f, nil
		}
	}
	return csp.Facts{}, fmt.Errorf("%s is not eligible for %s, so there is nothing to activate (R29)", nameOf(f, c.Member), nameOf(f, c.Group))
}
