package access

import (
	"time"

	"latchkey/access/estate"
	"latchkey/csp"
)

// Index is a set of facts, arranged for asking. It is never changed once
// compiled, so any number of goroutines may ask it at once.
type Index struct {
	*estate.Estate
}

// Compile arranges facts. It fails as estate.Builder.Build does, on facts that
// contradict each other or name nothing.
func Compile(f csp.Facts) (*Index, error) {
	b := estate.NewBuilder()
	b.Add(f)
	e, err := b.Build()
	if err != nil {
		return nil, err
	}
	return New(e), nil
}

// New arranges an estate for asking.
func New(e *estate.Estate) *Index { return &Index{e} }

// Can is the verdict alone, and the fast way to it.
func (x *Index) Can(q Question) Verdict { panic("to be written") }

// CanText is Can on texts as they come from outside: a principal's object id, a
// control action and a scope below a subscription. It does not allocate if the
// action was asked before. What is no id, no action or no scope is an error.
func (x *Index) CanText(principal, action, scope string, at time.Time) (Verdict, error) {
	panic("to be written")
}

// Why is the verdict with every path to it, and with what is missing. It never
// fails: what is wrong with the question or missing in the facts is in the answer.
func (x *Index) Why(q Question) Answer { panic("to be written") }

// Holders says who may do something somewhere, by verdict. Principals are users
// and service principals, of whichever tenant; guests are listed by the account
// that is their home, and as themselves if that is not known. Groups are not
// listed.
type Holders struct {
	Has     []csp.ObjectID // sorted, as the others
	CanGet  []csp.ObjectID
	Unknown []csp.ObjectID
	// Gaps say for Unknown what is missing.
	Gaps []csp.Gap
}

// Who finds everybody for whom Can does not say HasNot.
func (x *Index) Who(action Action, place Place, at time.Time) Holders { panic("to be written") }

// Span is a part of a tenant's tree of scopes, from a place down.
type Span struct {
	Verdict Verdict
	Place   Place
	// Nodes is how many known places it has.
	Nodes int
	// Except are parts of it of which the verdict does not hold, nearest the top;
	// they have spans of their own unless the verdict there is HasNot.
	Except []Place
}

// Territory is everything that a principal reaches with an action, or with any
// action that a role gives: by tenant, and there from the top down.
type Territory struct {
	Spans []Span
	// Directories are the tenants in whose directory he may do it, and how.
	Directories []Span
	// Tenants, Subscriptions and Nodes count what he has, by verdict.
	Counts map[Verdict]Count
	Gaps   []csp.Gap
}

// Count is how much of the estate something concerns.
type Count struct {
	Tenants       int
	Subscriptions int
	Nodes         int // subscriptions, resource groups and resources
}

// Reach finds every place at which Can does not say HasNot.
func (x *Index) Reach(principal csp.ObjectID, action Action, at time.Time) Territory {
	panic("to be written")
}
