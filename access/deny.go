package access

import (
	"fmt"
	"slices"

	"latchkey/csp"
)

// denial is what deny assignments do to an action (R19).
type denial struct {
	sure     bool // it is taken away
	everyone bool // from everyone without exception
	by       []csp.DenyAssignmentID
	text     []string
	doubts   []Gap // unless sure: with these it could be taken away
	// later is what could change once he activates a membership.
	later []Gap
}

// final says whether nothing he could do himself would change it.
func (d denial) final() bool { return d.sure && len(d.later) == 0 }

// denied finds the deny assignments that take the action away at the scope.
func (c *asking) denied(action Action) denial {
	var d denial
	doubts := c.relevantGaps(MissingDenials)
	if c.x.deniedAbove[c.tenant] {
		doubts = append(doubts, c.relevantGaps(MissingPlacements)...)
	}
	for i, p := range c.places {
		for _, deny := range c.x.denials[p] {
			if deny.AuditOnly || deny.ThisScopeOnly && i > 0 {
				continue
			}
			if pattern, _ := deny.allows(action); pattern == "" {
				continue
			}
			d.later = append(d.later, c.activations(deny)...)
			hit, gaps := c.hits(deny, action)
			if !hit {
				continue
			}
			d.by = append(d.by, deny.ID)
			if len(gaps) > 0 {
				doubts = append(doubts, gaps...)
				continue
			}
			d.sure = true
			d.everyone = d.everyone || deny.Everyone && len(deny.Excluded) == 0
			d.text = append(d.text, fmt.Sprintf("the deny assignment %q at %s takes it away", deny.Name, deny.Scope))
		}
	}
	if !d.sure {
		d.doubts = doubts
	}
	return d
}

// hits says whether a deny assignment of the action takes it from the principal.
// If there are gaps, it does so only perhaps.
func (c *asking) hits(deny compiledDenial, action Action) (bool, []Gap) {
	named, excluded := deny.Everyone || c.among(deny.Principals, firm), c.among(deny.Excluded, firm)
	if excluded {
		return false, nil
	}
	gaps := c.relevantGaps(MissingMemberships)
	switch {
	case !named && (len(gaps) == 0 || len(deny.Principals) == 0):
		return false, nil
	case named && len(deny.Excluded) == 0:
		gaps = nil // a membership more or less makes no difference
	}
	if _, conditional := deny.allows(action); conditional || deny.Condition != "" {
		gaps = append(gaps, Gap{Fact: MissingCondition, Tenant: c.tenant, Scope: deny.Scope, Why: fmt.Sprintf("the deny assignment %q has a condition", deny.Name)})
	}
	return true, gaps
}

// activations is a gap if the deny assignment names or excludes a group that the
// principal could activate his membership of.
func (c *asking) activations(deny compiledDenial) []Gap {
	if !c.among(deny.Principals, ripe) && !c.among(deny.Excluded, ripe) {
		return nil
	}
	return []Gap{{Fact: MissingActivation, Tenant: c.tenant, Scope: deny.Scope, Why: fmt.Sprintf("the deny assignment %q names a group whose membership he could activate", deny.Name)}}
}

// among says whether the principal, or a group he is in with the grade, is one of ids.
func (c *asking) among(ids []csp.ObjectID, g grade) bool {
	return slices.ContainsFunc(ids, func(id csp.ObjectID) bool { return c.standing.grades[id] == g })
}

// misses say what a HasNot is short of, nearest first.
func (c *asking) misses(action Action, d denial, best grade) []Miss {
	var list []Miss
	if best > never { // then only a denial stands in the way
		for _, text := range d.text {
			list = append(list, Miss{Kind: MissDenied, Text: text})
		}
	}
	for id := range c.standing.grades {
		for _, a := range c.x.held[id] {
			if miss, ok := c.miss(a, action); ok {
				list = append(list, miss)
			}
		}
	}
	if len(list) == 0 {
		return []Miss{{Kind: MissAssignment, Text: "no role is assigned to him or to a group he is in, at the scope or above it"}}
	}
	slices.SortFunc(list, compareMisses)
	return list
}

// miss says why one of the principal's assignments does not give the action.
func (c *asking) miss(a Assignment, action Action) (Miss, bool) {
	if a.Tenant != c.tenant {
		return Miss{}, false
	}
	role := c.x.roles[a.Role]
	pattern, _ := role.allows(action)
	above := slices.Contains(c.places, place{a.Tenant, a.Scope.Key()})
	m := Miss{Assignment: a}
	switch live := a.grade(c.q.At) != never; {
	case above && pattern == "":
		m.Kind, m.Text = MissRole, fmt.Sprintf("%s is assigned at %s and does not allow %s", role.name, a.Scope, action)
	case above && !live:
		m.Kind, m.Text = MissTerm, fmt.Sprintf("%s at %s would allow it and does not hold at that time", role.name, a.Scope)
	case !above && live && pattern != "":
		m.Kind, m.Text = MissScope, fmt.Sprintf("%s allows it and is assigned at %s, which does not contain the scope", role.name, a.Scope)
	default:
		return Miss{}, false
	}
	return m, true
}
