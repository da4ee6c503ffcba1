package diff

import (
	"time"

	"latchkey/access"
	"latchkey/access/estate"
	"latchkey/csp"
)

// Side is one of the two states that are compared.
type Side struct {
	Index *access.Index
	// At is the instant at which time-bound facts are judged (R29). The two sides
	// may have the same facts and different instants.
	At time.Time
}

// Options say how to compare.
type Options struct {
	// Becoming compares whole verdicts for the standing questions, instead of
	// whether somebody has an action.
	Becoming bool
	// Otherwise says of how many lines to find the verdict beside Has, the weightiest
	// first: whether somebody who lost something can get it back. It takes some
	// milliseconds each.
	Otherwise int
	// Examples is how many people, places, parts that are excepted, tenants and causes
	// a line names at most; the counts of the line are of all. 0: it names all.
	Examples int
	// Lines is how many lines to tell at most, the weightiest; 0: all.
	Lines int
	// Only limits the comparison to these principals; empty: everybody.
	Only []csp.ObjectID
	// Progress is told how many of the touched principals are done; nil: nobody is.
	Progress func(done, total int)
}

// Result is what changed, in the order of weight: losses and gains of many places
// first.
type Result struct {
	Lines []Line
	// More is how many lines Options.Lines left out.
	More int
	// Accounts is how many accounts gained or lost anything.
	Accounts int
}

// Line is one change, of one or several people who share it.
type Line struct {
	// Who are the people, and People is how many there are, if Options.Examples leaves
	// some out.
	Who    []Person
	People int
	// Before and After are the verdicts. Without Becoming one of them is Has; the
	// other is what it is in the first place, if Options.Otherwise asked for it, and
	// else HasNot.
	Before, After access.Verdict
	// Roles are the roles whose actions the line is about, if it is about all of
	// them that the comparison tells apart.
	Roles []string
	// PartOf is the smallest role that has all actions of the line, if they are not
	// all of any role.
	PartOf string
	// Actions are what he can do now or can do no more: one of each kind, those that
	// people know first.
	Actions []Action
	// Spans are the places, from the top down, and Places is how many there are.
	Spans  []Span
	Places int
	// Count is how much of the estate they are.
	Count access.Count
	// Tenants are the names of the tenants whose places they are.
	Tenants []string
	// Because are the facts that differ and touch these people there.
	Because []Cause

	all []Action
}

// All are all actions that the line is about, of those that the comparison knows
// of: those that roles in use name, and for a pattern one that it matches.
func (l Line) All() []Action { return l.all }

// Gained says whether the line is about something that is better after than before.
func (l Line) Gained() bool { return rank(l.After) > rank(l.Before) }

// rank orders verdicts: not knowing is less than having.
func rank(v access.Verdict) int {
	switch v {
	case access.HasNot:
		return 0
	case access.Unknown:
		return 1
	case access.CanGet:
		return 2
	}
	return 3
}

// Person is an account, as people know it.
type Person struct {
	ID     csp.ObjectID
	Name   string
	Tenant string
}

// Action is one action of a kind.
type Action struct {
	access.Action
	// Words are how the standing questions call it: "read resources"; of other
	// actions the name, or the pattern that it stands for.
	Words string
}

// Span is a place with everything in it, but for some parts.
type Span struct {
	Place access.Place
	Label string
	// Except are the parts of it, nearest the top, that the line is not about.
	Except []Span
}

// Cause is a fact that differs between the two sides.
type Cause struct {
	// Text is a clause that can follow "because": "Ann left AdminAgents".
	Text string
	// Rule is the rule by which it matters, such as "R18".
	Rule string
}

// Diff finds who gained and who lost access from one side to the other.
func Diff(before, after Side, options Options) Result {
	p := newPair(before, after)
	p.findTouches()
	if options.Becoming {
		return p.become(options)
	}
	return p.changes(options).Lines(options)
}

// Lines tells the changes as people would: who shares a change stands in one line,
// and actions that changed alike do.
func (c *Changes) Lines(options Options) Result {
	return c.p.lines(c.told(), c.Accounts, options, c.p.units)
}

// Compare finds what the one principal has and the other lacks at an instant, and
// the reverse: as if the other became the one. Lines that are gained are what b
// has and a lacks.
func Compare(x *access.Index, at time.Time, a, b csp.ObjectID) Result {
	p := newPair(Side{x, at}, Side{x, at})
	before, known := x.FindPrincipal(a)
	after, alsoKnown := x.FindPrincipal(b)
	if !known || !alsoKnown {
		return Result{}
	}
	return p.compare(before, after)
}

// Holdings finds all that the principal has at an instant, each as a gain: what
// he has and somebody without any right lacks.
func Holdings(x *access.Index, at time.Time, who csp.ObjectID) Result {
	p := newPair(Side{x, at}, Side{x, at})
	n, known := x.FindPrincipal(who)
	if !known {
		return Result{}
	}
	return p.compare(none, n)
}

// none is what there is not, of whatever kind.
const none = estate.None
