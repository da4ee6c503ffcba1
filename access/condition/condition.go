// Package condition reads the conditions of Azure role assignments (ABAC, version
// 2.0) and says whether they hold (R18). Of the language it knows what delegates
// the management of access: which roles may be given to whom (R26, R35).
//
//	((!(ActionMatches{'Microsoft.Authorization/roleAssignments/write'})) OR
//	 (@Request[Microsoft.Authorization/roleAssignments:RoleDefinitionId]
//	  ForAnyOfAnyValues:GuidEquals {acdd72a7-3385-48ef-bd42-f606fba81ae7}))
//
// Everything else in a condition - attributes of storage, of the caller or of
// the surroundings, other operators, sub-operations - is Unknown in its place,
// and truth is three-valued: what is unknown on one side of an OR does not matter
// if the other side is true. So a condition about blobs says nothing uncertain
// about virtual machines.
//
// # What Azure's documentation leaves open
//
// The reading follows Microsoft's "Azure role assignment condition format and
// syntax" and "Authorization actions and attributes". Where they say nothing, the
// outcome is Unknown rather than a guess:
//
//   - An equality with an attribute that is not there is not true. The documented
//     "DateTimeEquals ... OR NOT Exists ..." supposes it, and that it does no harm
//     beside a true side of an OR. What its negation is, by ! or by a NotEquals
//     operator, is written nowhere, nor whether ForAllOf, which asks every value of
//     an attribute, holds of none: Unknown.
//   - AND beside OR without parentheses is called ambiguous: Unknown where it
//     matters which of them binds first.
//   - The listed principal types are User, Group and ServicePrincipal. Whether a
//     partner's foreign group (R21) passes for a Group is not said: Unknown.
package condition

import (
	"slices"
	"strings"

	"latchkey/access/pattern"
	"latchkey/csp"
)

// Truth is the outcome of a condition.
type Truth uint8

// The outcomes. They are ordered by nothing; combine them as Kleene's logic does.
const (
	// Unknown: it cannot be said from what is known here.
	Unknown Truth = iota
	False
	True
)

// String names the outcome.
func (t Truth) String() string {
	switch t {
	case True:
		return "true"
	case False:
		return "false"
	}
	return "unknown"
}

// Condition is a condition as read. It never changes. The zero Condition is none
// at all and always holds.
type Condition struct {
	text string
	root expression // nil: no condition
}

// Request is the role assignment that is asked for or removed: what a condition
// calls @Request when it is written and @Resource when it is deleted. A field
// that is zero is an attribute that is not there.
type Request struct {
	Role      csp.RoleDefinitionID
	Principal csp.ObjectID
	Type      csp.PrincipalType
}

// The two actions whose requests have attributes, folded.
var (
	writeAssignment  = pattern.Fold("Microsoft.Authorization/roleAssignments/write")
	deleteAssignment = pattern.Fold("Microsoft.Authorization/roleAssignments/delete")
)

// Holds says whether the condition lets the action through (R18). The action may
// be in any case. The request counts for writing and deleting role assignments
// only; other actions have none of its attributes.
func (c Condition) Holds(action string, r Request) Truth {
	return c.judge(asking(action, r, false))
}

// Regardless is Holds when nothing is known of the request: True if every request
// gets through, False if none does, and Unknown if it depends on the request or
// on what cannot be read. It answers "may he assign roles?" where Holds answers
// "may he assign this one?".
func (c Condition) Regardless(action string) Truth {
	return c.judge(asking(action, Request{}, true))
}

func (c Condition) judge(q question) Truth {
	if c.root == nil {
		return True
	}
	return c.root.judge(q, false)
}

// Doubts says, for people, why Holds is Unknown for this action and request: each
// part of the condition that leaves it open. It is empty where Holds is not Unknown.
func (c Condition) Doubts(action string, r Request) []string {
	if c.root == nil {
		return nil
	}
	var list notes
	c.root.doubts(asking(action, r, false), false, &list)
	return list
}

// NotUnderstood lists, for people, the parts of the condition that could not be
// read, each with the reason. They are Unknown for every action and request.
func (c Condition) NotUnderstood() []string {
	var list notes
	if c.root != nil {
		c.root.visit(func(e expression) {
			if u, ok := e.(unread); ok {
				list.add(u.String())
			}
		})
	}
	return list
}

// String is the condition's text as it was given, without space around it.
func (c Condition) String() string { return c.text }

// question is what a condition is judged on.
type question struct {
	action string // folded
	// at holds the attributes of each source; those of an absent source are zero.
	at [sources]Request
	// open is the source of which nothing is known, or sources for none.
	open source
}

// source is where an attribute is looked up.
type source uint8

const (
	ofRequest source = iota
	ofResource
	sources // how many there are
)

func asking(action string, r Request, open bool) question {
	q := question{action: pattern.Fold(action), open: sources}
	var from source
	switch q.action {
	case writeAssignment:
		from = ofRequest
	case deleteAssignment:
		from = ofResource
	default:
		return q
	}
	if open {
		q.open = from
	}
	q.at[from] = r
	return q
}

// notes are sentences for people, each once.
type notes []string

func (n *notes) add(s string) {
	if !slices.Contains(*n, s) {
		*n = append(*n, s)
	}
}

// clip shortens foreign text before it goes into a sentence.
func clip(s string) string {
	const most = 200
	s = strings.Join(strings.Fields(s), " ")
	if len(s) <= most {
		return s
	}
	return strings.ToValidUTF8(s[:most], "") + "..."
}
