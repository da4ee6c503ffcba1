package access

import (
	"strings"

	"latchkey/csp"
)

// StopKind is what a path stops at.
type StopKind uint8

// The kinds of stop. Pictures give each a shape and a word.
const (
	UserStop StopKind = iota + 1
	GuestStop
	GroupStop
	ServicePrincipalStop
	// ForeignPrincipalStop is a partner's group as a customer's tenant sees it (R21).
	ForeignPrincipalStop
	// UnlistedStop is a principal that facts name and do not list.
	UnlistedStop
	// RelationshipStop is a DAP or GDAP relationship.
	RelationshipStop
	// RoleStop is an Azure role at a scope; DirectoryRoleStop one of a directory.
	RoleStop
	DirectoryRoleStop
	// TenantStop is a tenant as a whole: whoever gets there has all of it.
	TenantStop
	// ActionStop is the action that was asked for, and ends a path.
	ActionStop
)

var stopNames = [...]string{
	UserStop: "user", GuestStop: "guest", GroupStop: "group", ServicePrincipalStop: "service principal",
	ForeignPrincipalStop: "foreign principal", UnlistedStop: "unlisted principal", RelationshipStop: "relationship",
	RoleStop: "role", DirectoryRoleStop: "directory role", TenantStop: "tenant", ActionStop: "action",
}

// String names the kind.
func (k StopKind) String() string {
	if int(k) < len(stopNames) {
		return stopNames[k]
	}
	return ""
}

// Stop is a thing that a path leads through. Two stops are the same thing exactly
// when they are equal.
type Stop struct {
	Kind StopKind
	// ID tells it from every other of its kind: an object id, a relationship's id, a
	// role's id, a tenant's id, an action.
	ID string
	// Name is what people call it.
	Name string
	// Tenant is the tenant it belongs to, by name; a role's is that of its scope.
	Tenant string
	// Scope is where a role holds; zero for all but RoleStop and ActionStop.
	Scope csp.Scope
}

// newAccount begins the id of an account that has still to be made.
const newAccount = "new:"

// isNew says whether the stop is an account that has still to be made.
func (s Stop) isNew() bool { return s.Kind == UserStop && strings.HasPrefix(s.ID, newAccount) }

// HopKind is a kind of step.
type HopKind uint8

// The kinds of hop: first those that hold, then those that somebody takes
// himself. The rule of each is in its comment and in Hop.Rule.
const (
	// MemberOf leads into a group one is a direct member of (R18).
	MemberOf HopKind = iota + 1
	// IsGuest leads from an account to a guest account of it (R2).
	IsGuest
	// Appears leads from a partner's group to the foreign principal (R21).
	Appears
	// Holds leads to an Azure role at a scope (R18).
	Holds
	// Projects leads to an Azure role projected by Lighthouse (R28).
	Projects
	// Reaches leads from a partner's group into a GDAP relationship (R11).
	Reaches
	// IsListed leads from an agent group into a DAP relationship (R10).
	IsListed
	// Lends leads from a relationship to the directory role it gives (R10, R11).
	Lends
	// HoldsDirectory leads to a directory role (R14).
	HoldsDirectory
	// Allows leads from a role to the action (R18).
	Allows

	// AddsHimself leads into a group that he can put himself, or an account of his
	// making, into (R8, R15).
	AddsHimself
	// Resets leads to a user whose password he can reset (R15).
	Resets
	// AddsCredential leads to a service principal that he can make a secret for (R15).
	AddsCredential
	// RunsCodeAs leads to the identity of a resource in which he can run code (R26).
	RunsCodeAs
	// Commands leads from a directory role to the whole tenant (R15, R24).
	Commands
	// MakesAccount leads to an account that he can make (R15).
	MakesAccount
	// AssignsHimself leads from the right to write role assignments to the action (R26).
	AssignsHimself
	// Takes leads from the whole tenant to the action: as Global Administrator he
	// elevates himself, or takes over whoever has it (R15, R24).
	Takes
)

var hopWords = [...]string{
	MemberOf: "is a member of", IsGuest: "is the guest", Appears: "appears as", Holds: "holds", Projects: "is projected",
	Reaches: "takes part in", IsListed: "is listed by", Lends: "gives", HoldsDirectory: "holds", Allows: "allows",
	AddsHimself: "can add himself to", Resets: "can reset the password of", AddsCredential: "can make a secret for",
	RunsCodeAs: "can run code as", Commands: "commands", MakesAccount: "can make", AssignsHimself: "can assign himself a role that allows", Takes: "can take",
}

// String is the hop as a verb: "is a member of".
func (k HopKind) String() string {
	if int(k) < len(hopWords) {
		return hopWords[k]
	}
	return ""
}

// ByHimself says whether the hop is a step that somebody takes himself, so that
// it leads to CanGet and no further.
func (k HopKind) ByHimself() bool { return k >= AddsHimself }

// Hop is one step of a path, from one stop to the next.
type Hop struct {
	Kind HopKind
	From Stop
	To   Stop
	// Rule is the rule of docs/model.md that makes it so, such as "R18".
	Rule string
	// Detail is what else there is to say, such as the pattern that allows, or the
	// condition.
	Detail string
	// Term bounds it in time; an eligible one must be activated first (R29).
	Term csp.Term
	// PartnerWide: the partner cannot limit this hop to one customer.
	PartnerWide bool
}

// String says the hop: "Ann is a member of AdminAgents".
func (h Hop) String() string {
	if h.goesOn() {
		return h.does()
	}
	return h.From.Name + " " + h.does()
}

// goesOn says whether the words of the hop go on from the one before it, and do
// not name where they begin.
func (h Hop) goesOn() bool { return h.Kind == Allows || h.Kind == AssignsHimself || h.Kind == Takes }

// does is the hop without where it begins: "is a member of AdminAgents".
func (h Hop) does() string {
	to, verb := h.To.Name, h.Kind.String()
	if !h.To.Scope.IsZero() {
		to += " at " + h.To.Scope.String()
	}
	switch h.Kind {
	case Allows:
		return "which allows " + h.To.Name
	case AssignsHimself:
		return "so that he " + verb + " " + h.To.Name
	case Takes:
		return "and so " + verb + " " + h.To.Name
	case IsGuest:
		if h.To.Name == h.From.Name {
			return "is a guest in " + h.To.Tenant
		}
		return "is the guest " + h.To.Name + " in " + h.To.Tenant
	case AddsHimself:
		if h.From.isNew() {
			return "can be put into " + to
		}
	case MemberOf:
		if h.Term.Eligible {
			return "may activate the membership of " + to
		}
	case Holds, HoldsDirectory:
		if h.Term.Eligible {
			return "may activate " + to
		}
	case Projects:
		if h.Term.Eligible {
			return "may activate " + to + ", by Lighthouse"
		}
		return "has " + to + " by Lighthouse"
	}
	return verb + " " + to
}

// after is the hop as it goes on from the one before it: ", which is a member of
// Night shift".
func (h Hop) after(before Hop) string {
	text := ", which "
	switch {
	case h.goesOn():
		text = ", "
	case before.Kind == IsGuest:
		text = ", where he "
	case h.Kind.ByHimself() && (h.From.Kind == DirectoryRoleStop || h.From.Kind == TenantStop):
		text = ", and so "
	case h.From.Kind == UserStop && !h.From.isNew(), h.From.Kind == GuestStop:
		text = ", who "
	}
	return text + h.does() + h.manner()
}

// manner is as whom one adds himself, or where he runs code.
func (h Hop) manner() string {
	if (h.Kind == AddsHimself || h.Kind == RunsCodeAs) && h.Detail != "" {
		return " " + h.Detail
	}
	return ""
}
