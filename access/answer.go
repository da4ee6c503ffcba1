package access

import (
	"fmt"
	"strings"
	"time"

	"latchkey/csp"
)

// Action is one operation that Azure can be asked for. Control actions manage
// resources; data actions reach what is in them, and no role for the one gives
// the other (R31).
type Action struct {
	name string // folded
	data bool
}

// ParseAction reads the name of a control action, such as
// Microsoft.Compute/virtualMachines/restart/action. A pattern is refused: who may
// do "anything like this" is not one question.
func ParseAction(s string) (Action, error) { return parseAction(s, false) }

// ParseDataAction reads the name of a data action, such as
// Microsoft.Storage/storageAccounts/blobServices/containers/blobs/read.
func ParseDataAction(s string) (Action, error) { return parseAction(s, true) }

func parseAction(s string, data bool) (Action, error) {
	switch {
	case strings.Contains(s, "*"):
		return Action{}, fmt.Errorf("%.200q is a pattern: name one action, without an asterisk", s)
	case strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r > '~' }):
		return Action{}, fmt.Errorf("%.200q is no action: only printable ASCII characters without blanks may stand in one", s)
	case strings.Count(s, "/") < 1 || strings.HasPrefix(s, "/") || strings.HasSuffix(s, "/") || strings.Contains(s, "//"):
		return Action{}, fmt.Errorf("%.200q is no action: want one such as Microsoft.Compute/virtualMachines/restart/action", s)
	}
	return Action{name: fold(s), data: data}, nil
}

// String is the action's name in lower case.
func (a Action) String() string { return a.name }

// Question asks whether a principal may do something somewhere at an instant.
type Question struct {
	Principal csp.ObjectID
	Action    Action
	Scope     csp.Scope
	// At is the instant at which time-bound facts are judged (R29). A question
	// without one is not answered: time is data here, never a clock.
	At time.Time
}

// Verdict is the short answer.
type Verdict uint8

// The verdicts. The zero Verdict is Unknown.
const (
	// Unknown: a fact that could change the verdict is missing; Gaps name it.
	Unknown Verdict = iota
	// HasNot: no, and not by a step of his own either.
	HasNot
	// CanGet: not now, but by a step that is in his own hands.
	CanGet
	// Has: yes.
	Has
)

// String is the verdict as people say it.
func (v Verdict) String() string {
	switch v {
	case Has:
		return "has"
	case CanGet:
		return "can get"
	case HasNot:
		return "has not"
	}
	return "unknown"
}

// Answer is the verdict with all that led to it.
type Answer struct {
	Verdict Verdict
	// Paths are the ways by which he has it, can get it, or may have it. Whatever
	// the verdict, they are all there.
	Paths []Path
	// More says that there are further paths of the same kind, left out because
	// groups nested this densely make thousands.
	More bool
	// Denied are the deny assignments that stand in the way.
	Denied []csp.DenyAssignmentID
	// Misses say, for HasNot, what is there and what is missing.
	Misses []Miss
	// Gaps say, for Unknown, which facts are missing.
	Gaps []Gap
}

// Path is one way from the principal to the action.
type Path struct {
	// Gives is what this path alone gives, leaving denials aside: Has, CanGet, or
	// Unknown if it hangs on a fact that is missing.
	Gives Verdict
	Hops  []Hop
	// Gap is the missing fact of an Unknown path.
	Gap Gap
}

// String is the path on one line.
func (p Path) String() string {
	hops := make([]string, len(p.Hops))
	for i, hop := range p.Hops {
		hops[i] = hop.String()
	}
	text := p.Gives.String() + ": " + strings.Join(hops, ", ")
	if p.Gives == Unknown {
		text += " (missing: " + p.Gap.String() + ")"
	}
	return text
}

// Hop is one step of a path: MemberOf, Assigned, RoleAllows, AssignsAnything,
// DirectoryRole, TakesDirectoryRole or Elevates. The list is closed.
type Hop interface {
	String() string
	hop()
}

// MemberOf leads from a principal into a group he is a direct member of.
type MemberOf struct {
	Member csp.Principal
	Group  csp.Principal
	Term
}

// Assigned leads from a principal to a role at a scope.
type Assigned struct {
	Holder     csp.Principal
	Assignment Assignment
	Role       string // the role's name, or its id if the definition is missing
}

// RoleAllows leads from a role to the action, by the pattern that allows it.
type RoleAllows struct {
	Role    string
	Pattern string
	Action  string
}

// AssignsAnything leads from the right to write role assignments at a scope to
// every action there (R26).
type AssignsAnything struct {
	Scope  csp.Scope
	Action string
}

// DirectoryRole leads from a principal to a role in the tenant's directory.
type DirectoryRole struct {
	Holder csp.Principal
	Tenant csp.Tenant
	Role   csp.DirectoryRole
	Term
}

// TakesDirectoryRole leads from one role in the directory to another that its
// holder may give himself (R15).
type TakesDirectoryRole struct {
	Tenant csp.Tenant
	Role   csp.DirectoryRole
}

// Elevates leads from a Global Administrator to User Access Administrator at the
// root of his tenant, which is one click (R24).
type Elevates struct {
	Tenant csp.Tenant
}

func (MemberOf) hop()           {}
func (Assigned) hop()           {}
func (RoleAllows) hop()         {}
func (AssignsAnything) hop()    {}
func (DirectoryRole) hop()      {}
func (TakesDirectoryRole) hop() {}
func (Elevates) hop()           {}

// String says the hop.
func (h MemberOf) String() string {
	is := "is"
	if h.Eligible {
		is = "may become"
	}
	return fmt.Sprintf("%s %s a member of %s", nameOf(h.Member), is, nameOf(h.Group))
}

// String says the hop.
func (h Assigned) String() string {
	return fmt.Sprintf("%s %s %s at %s", nameOf(h.Holder), h.Assignment.holds(), h.Role, h.Assignment.Scope)
}

// String says the hop.
func (h RoleAllows) String() string { return fmt.Sprintf("%s allows %s", h.Role, h.Pattern) }

// String says the hop.
func (h AssignsAnything) String() string {
	return fmt.Sprintf("which lets its holder assign himself a role for %s at %s", h.Action, h.Scope)
}

// String says the hop.
func (h DirectoryRole) String() string {
	return fmt.Sprintf("%s %s the directory role %s in %s", nameOf(h.Holder), h.holds(), h.Role.Name, h.Tenant.Name)
}

// String says the hop.
func (h TakesDirectoryRole) String() string {
	return fmt.Sprintf("which lets its holder give himself %s in %s", h.Role.Name, h.Tenant.Name)
}

// String says the hop.
func (h Elevates) String() string {
	return fmt.Sprintf("which lets its holder make himself User Access Administrator of everything in %s", h.Tenant.Name)
}

func (t Term) holds() string {
	if t.Eligible {
		return "may activate"
	}
	return "holds"
}

func nameOf(p csp.Principal) string {
	if p.Name != "" {
		return p.Name
	}
	return p.ID.String()
}

// MissKind is how near a HasNot is to a yes.
type MissKind uint8

// The kinds of miss, nearest first.
const (
	// MissDenied: there would be a path, and a deny assignment blocks it (R19).
	MissDenied MissKind = iota + 1
	// MissTerm: an assignment would give it and does not hold at the instant (R29).
	MissTerm
	// MissRole: a role is assigned at or above the scope and does not allow the action (R18).
	MissRole
	// MissScope: a role that would allow it is assigned, but not at or above the scope (R17).
	MissScope
	// MissAssignment: nothing of the kind is assigned to him.
	MissAssignment
)

// Miss is one hop that is missing, with what is there instead.
type Miss struct {
	Kind MissKind
	// Assignment is the assignment that falls short; zero for MissDenied and MissAssignment.
	Assignment Assignment
	Text       string // one sentence
}
