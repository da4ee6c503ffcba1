package access

import (
	"strings"

	"latchkey/csp"
)

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
	Question Question
	Verdict  Verdict
	// Paths are the ways by which he has it, can get it, or may have it, the
	// firmest first. Whatever the verdict, they are all there.
	Paths []Path
	// More says that there are further paths of the same kind, left out because
	// groups nested this densely make thousands.
	More bool
	// Denied are the deny assignments that stand in the way (R19).
	Denied []csp.DenyAssignment
	// Misses say, for HasNot, what is there and what is missing, nearest first.
	Misses []Miss
	// Gaps say, for Unknown, which facts are missing.
	Gaps []csp.Gap
	// Notes are what he should know besides: that he will see no list of users
	// (R16), that his guest account shuts GDAP (R13).
	Notes []Note
	// Contexts say where to sign in to use what he has (R30).
	Contexts []Context
}

// Path is one way from the principal to the action.
type Path struct {
	// Gives is what this path gives: Has, CanGet, or Unknown if it hangs on a fact
	// that is missing.
	Gives Verdict
	// Entry is how he comes into the tenant of the place.
	Entry Entry
	Hops  []Hop
	// Gap is the missing fact of an Unknown path.
	Gap csp.Gap
	// Blocked is the deny assignment that takes away what this path would give;
	// zero if none does. Paths that are blocked give HasNot.
	Blocked csp.DenyAssignmentID
}

// PartnerWide says whether the partner cannot limit the path to one customer,
// because a hop of it or its entry holds for all alike (R10, R21).
func (p Path) PartnerWide() bool {
	for _, hop := range p.Entry.Hops {
		if hop.PartnerWide {
			return true
		}
	}
	for _, hop := range p.Hops {
		if hop.PartnerWide {
			return true
		}
	}
	return false
}

// String is the path as a sentence: "has: Ann is a member of Ops, which holds
// Reader at /subscriptions/..., which allows ...".
func (p Path) String() string {
	var b strings.Builder
	b.WriteString(p.Gives.String() + ": ")
	for i, hop := range p.Hops {
		if i == 0 {
			b.WriteString(hop.String() + hop.manner())
		} else {
			b.WriteString(hop.after(p.Hops[i-1]))
		}
	}
	if entry := p.Entry.String(); entry != "" {
		b.WriteString("; " + entry)
	}
	if p.Gives == Unknown {
		b.WriteString(" (missing: " + p.Gap.String() + ")")
	}
	return b.String()
}

// EntryKind is a way into a tenant.
type EntryKind uint8

// The ways in. Lighthouse does without entering.
const (
	// ByHome: the account is one of the tenant.
	ByHome EntryKind = iota + 1
	// ByGuest: he has a guest account there (R2, R13).
	ByGuest
	// ByGDAP: a GDAP role, whichever it is, lets him in (R11, R22).
	ByGDAP
	// ByDAP: the customer lists his partner as delegated administrator (R10).
	ByDAP
	// ByDirectLink: the tenant's old rules let an agent in by a direct link (R22).
	ByDirectLink
	// ByLighthouse: the role is projected; he stays in his own tenant (R28).
	ByLighthouse
)

var entryNames = [...]string{
	ByHome: "home", ByGuest: "guest", ByGDAP: "GDAP", ByDAP: "DAP", ByDirectLink: "direct link", ByLighthouse: "Lighthouse",
}

// String names the way in.
func (k EntryKind) String() string {
	if int(k) < len(entryNames) {
		return entryNames[k]
	}
	return ""
}

// Entry is how somebody comes into a tenant (R22).
type Entry struct {
	Kind   EntryKind
	Tenant csp.Tenant
	// Hops are what makes the entry possible, such as the membership and the GDAP
	// role, and memberships that free of a denial first. Empty if there is nothing to
	// explain.
	Hops []Hop
}

// String says the entry, or nothing if there is nothing to say.
func (e Entry) String() string {
	text := ""
	switch e.Kind {
	case ByGuest:
		text = "signing in to " + e.Tenant.Name + " as guest"
	case ByGDAP, ByDAP:
		text = "signing in to " + e.Tenant.Name + " by " + e.Kind.String()
	case ByDirectLink:
		text = "signing in to " + e.Tenant.Name + " by a direct link, under the old rules"
	case ByLighthouse:
		text = "through Lighthouse, without entering " + e.Tenant.Name
	}
	for _, hop := range e.Hops {
		switch {
		case hop.Term.Eligible && hop.Kind == MemberOf:
			text += ", once the membership of " + hop.To.Name + " is activated"
		case hop.Kind == AddsHimself && hop.From.isNew():
			text += ", once it is in " + hop.To.Name
		case hop.Kind == AddsHimself:
			text += ", once he has put himself into " + hop.To.Name
		}
	}
	return strings.TrimPrefix(text, ", ")
}

// MissKind is how near a HasNot is to a yes.
type MissKind uint8

// The kinds of miss, nearest first.
const (
	// MissDenied: there would be a path, and a deny assignment blocks it (R19).
	MissDenied MissKind = iota + 1
	// MissSignIn: a role is there, and no way to sign in to the tenant (R22).
	MissSignIn
	// MissGuest: a GDAP role or foreign principal is there, and a guest account
	// shuts it (R13).
	MissGuest
	// MissTerm: an assignment would give it and does not hold at the instant (R29).
	MissTerm
	// MissRole: a role is assigned at or above the place and does not allow the action (R18).
	MissRole
	// MissScope: a role that would allow it is assigned, but not at or above the scope (R17).
	MissScope
	// MissAssignment: he may sign in to the tenant, and nothing of the kind is assigned to him.
	MissAssignment
	// MissEntry: he has no way into the tenant at all.
	MissEntry
)

var missNames = [...]string{
	MissDenied: "denied", MissSignIn: "sign-in", MissGuest: "guest", MissTerm: "term",
	MissRole: "role", MissScope: "scope", MissAssignment: "assignment", MissEntry: "entry",
}

// String is the kind in a word: what is missing or in the way.
func (k MissKind) String() string {
	if int(k) < len(missNames) {
		return missNames[k]
	}
	return ""
}

// Miss is one hop that is missing, with what is there instead.
type Miss struct {
	Kind MissKind
	// Text is one sentence: what is there and what is missing.
	Text string
	// Next is one sentence: what would help; empty if nothing sensible would.
	Next string
	// There are the hops that are there.
	There []Hop
}

// Note is something to know beside an answer, with the rule it follows.
type Note struct {
	Rule string // such as "R16"
	Text string // one sentence
}

// Context is where and how to sign in, so that what he has can be used and is
// listed (R30). What has no such line is empty.
type Context struct {
	Entry      EntryKind
	Tenant     csp.Tenant // to sign in to
	Portal     string     // an https link
	PowerShell string
	CLI        string
}
