package gdap

import (
	"slices"
	"time"

	"latchkey/csp"
)

// FromFact makes the relationship that a fact tells of, as of now where the fact
// gives no beginning. The function gives the ids of its access assignments.
func FromFact(f csp.GDAPRelationship, now time.Time, name func(group csp.ObjectID, at int) AccessID) *Relationship {
	r := &Relationship{
		ID: f.ID, Partner: f.Partner, Customer: f.Customer, Name: f.Name, Days: daysOf(f.Period), ExtendDays: f.ExtendsBy, Roles: slices.Clone(f.Roles),
		Status: f.Status, Version: 1, Created: f.From, Modified: f.From, Activated: f.From, Ends: f.Until,
	}
	if r.Created.IsZero() {
		r.Created, r.Modified = now, now
	}
	for i, a := range f.Assignments {
		r.Access = append(r.Access, AccessAssignment{
			ID: name(a.Group, i), Group: a.Group, Roles: slices.Clone(a.Roles), Status: a.Status, Version: 1, Created: r.Created, Modified: r.Modified,
		})
	}
	return r
}

// daysOf is how many days the period has, as far as a relationship can last.
func daysOf(p csp.Period) int {
	if p.From.IsZero() || p.Until.IsZero() {
		return MaxDays
	}
	return min(max(int((p.Until.Sub(p.From)+day-1)/day), 1), MaxDays)
}

// Fact is the relationship as a fact, which knows fewer states.
func (r *Relationship) Fact() csp.GDAPRelationship {
	f := csp.GDAPRelationship{
		ID: r.ID, Name: r.Name, Partner: r.Partner, Customer: r.Customer, Status: r.Status, Period: csp.Period{From: r.Activated, Until: r.Ends},
		Roles: slices.Clone(r.Roles), ExtendsBy: r.ExtendDays,
	}
	if f.Status == TerminationRequested {
		f.Status = csp.GDAPTerminating
	}
	for _, a := range r.Access {
		if a.Status != AccessFailed {
			f.Assignments = append(f.Assignments, csp.AccessAssignment{Group: a.Group, Roles: slices.Clone(a.Roles), Status: a.Status})
		}
	}
	return f
}
