package schedule

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"latchkey/csp"
	"latchkey/emulator/guid"
)

// ID names a request, a schedule or an instance.
type ID = csp.ID[Schedule]

// NewID is a random id (version 4).
func NewID() ID { return guid.New[Schedule]() }

// Kind says whether something is given, or may be activated.
type Kind string

// The kinds.
const (
	Active   Kind = "active"
	Eligible Kind = "eligible"
)

// Action is what a request asks for, spelt as Microsoft Graph spells it; Azure
// begins the words with a capital.
type Action string

// The actions.
const (
	AdminAssign    Action = "adminAssign"
	AdminUpdate    Action = "adminUpdate"
	AdminRemove    Action = "adminRemove"
	AdminExtend    Action = "adminExtend"
	AdminRenew     Action = "adminRenew"
	SelfActivate   Action = "selfActivate"
	SelfDeactivate Action = "selfDeactivate"
	SelfExtend     Action = "selfExtend"
	SelfRenew      Action = "selfRenew"
)

var actions = []Action{AdminAssign, AdminUpdate, AdminRemove, AdminExtend, AdminRenew, SelfActivate, SelfDeactivate, SelfExtend, SelfRenew}

// ParseAction reads an action in either case of letters.
func ParseAction(s string) (Action, bool) {
	for _, a := range actions {
		if strings.EqualFold(string(a), s) {
			return a, true
		}
	}
	return "", false
}

// IsSelf says whether somebody asks for himself.
func (a Action) IsSelf() bool { return strings.HasPrefix(string(a), "self") }

// Status is how far a request has come.
type Status string

// The statuses.
const (
	Provisioned          Status = "Provisioned"
	Granted              Status = "Granted" // begins later
	Revoked              Status = "Revoked"
	PendingApproval      Status = "PendingApproval"
	PendingAdminDecision Status = "PendingAdminDecision"
	Denied               Status = "Denied"
	Canceled             Status = "Canceled"
	TimedOut             Status = "TimedOut"
)

// IsPending says whether somebody has to decide.
func (s Status) IsPending() bool { return s == PendingApproval || s == PendingAdminDecision }

// Target is what is given, to whom and where. Two targets are the same when they
// are equal, so that text in it must be in one spelling.
type Target struct {
	Principal csp.ObjectID
	// Role is the id of a role definition, or "member" or "owner" of a group.
	Role string
	// Scope is a directory's scope ("/"), a group's id, or the key of an Azure scope.
	Scope string
}

// ExpirationKind is how an end is said.
type ExpirationKind string

// The kinds of expiration.
const (
	NoExpiration  ExpirationKind = "noExpiration"
	AfterDateTime ExpirationKind = "afterDateTime"
	AfterDuration ExpirationKind = "afterDuration"
)

// Expiration says when something ends.
type Expiration struct {
	Kind     ExpirationKind // empty means NoExpiration
	End      time.Time      // AfterDateTime
	Duration time.Duration  // AfterDuration
}

// Ticket is a reference to another system.
type Ticket struct {
	Number string
	System string
}

// Request asks for a change. Status, Created, Completed, Approval and Schedule
// are the Book's.
type Request struct {
	ID     ID // zero: the Book picks one
	Kind   Kind
	Action Action
	Target
	// Start is when it shall begin; zero or past: at once.
	Start      time.Time
	Expiration Expiration
	// Linked names the schedule a selfActivate rests on or another action means;
	// zero: the Book finds it by Target.
	Linked        ID
	Justification string
	Ticket        Ticket
	Condition     string // Azure only; carried along
	// By is who asks, Groups are his, through which he may be eligible, and MFA
	// says whether he signed in with a second step.
	By     csp.ObjectID
	Groups []csp.ObjectID
	MFA    bool

	Status    Status
	Created   time.Time
	Completed time.Time
	Approval  ID // of a request that waits for a decision, and after it
	Schedule  ID // what the request made, changed or took away
}

// AssignmentType says how an active schedule came about.
type AssignmentType string

// The assignment types.
const (
	Assigned  AssignmentType = "Assigned"
	Activated AssignmentType = "Activated"
)

// Schedule is what is to stand from Start until End.
type Schedule struct {
	ID   ID
	Kind Kind
	Target
	Start time.Time
	End   time.Time // zero: for ever
	Type  AssignmentType
	// Linked is the eligible schedule that an activation rests on.
	Linked ID
	// Instance names what stands while it stands.
	Instance  ID
	Condition string
	By        csp.ObjectID
	Request   ID // the latest that made or changed it; zero: it was there before
	Created   time.Time
	Updated   time.Time
	begun     bool
}

// Noun names the thing in error sentences.
func (Schedule) Noun() string { return "schedule" }

// Holds says whether it stands at the instant.
func (s Schedule) Holds(at time.Time) bool {
	return !at.Before(s.Start) && (s.End.IsZero() || at.Before(s.End))
}

// Change is what the keeper of a Book has to carry out: something begins to
// stand, or stands no more. A changed end is neither.
type Change struct {
	Begins   bool
	Schedule Schedule
	At       time.Time
}

// Code is the error code that Microsoft's services answer with.
type Code string

// The codes.
const (
	Exists       Code = "RoleAssignmentExists"
	DoesNotExist Code = "RoleAssignmentDoesNotExist"
	Pending      Code = "PendingRoleAssignmentRequest"
	TooShort     Code = "ActiveDurationTooShort"
	Invalid      Code = "InvalidRoleAssignmentRequest"
	AgainstRules Code = "RoleAssignmentRequestPolicyValidationFailed"
	StepUp       Code = "RoleAssignmentRequestAcrsValidationFailed"
	NoSuch       Code = "ResourceNotFound" // request to decide or to cancel
)

// The names of the rules in a refusal with the code AgainstRules.
const (
	ExpirationRule    = "ExpirationRule"
	JustificationRule = "JustificationRule"
	MFARule           = "MfaRule"
	TicketingRule     = "TicketingRule"
	EligibilityRule   = "EligibilityRule"
)

// Refusal is why a request was not taken. Nothing was changed.
type Refusal struct { //nolint:errname // read where it is used: errors.AsType[*schedule.Refusal]
	Code   Code
	Detail string
	// Rules are those that were broken, for AgainstRules.
	Rules []string
}

// Error is the sentence that the services print.
func (r *Refusal) Error() string { return r.Detail }

func refuse(code Code, format string, args ...any) *Refusal {
	return &Refusal{Code: code, Detail: fmt.Sprintf(format, args...)}
}

func againstRules(rules []string) *Refusal {
	quoted := `["` + strings.Join(rules, `","`) + `"]`
	return &Refusal{Code: AgainstRules, Detail: "The following policy rules failed: " + quoted, Rules: slices.Clone(rules)}
}

// Policy is what a tenant asks of requests for one role.
type Policy struct {
	// MaxActivation bounds a selfActivate.
	MaxActivation time.Duration
	// MaxActive and MaxEligible bound what administrators assign; zero allows
	// assignments without an end.
	MaxActive   time.Duration
	MaxEligible time.Duration
	// What a selfActivate must bring.
	Justification bool
	MFA           bool
	Ticket        bool
	// AuthenticationContext, such as "c1", must be in the token of a selfActivate.
	// Whoever reads tokens asks for it; the Book does not.
	AuthenticationContext string
	// Approvers decide selfActivate requests; nobody: they need no decision.
	Approvers []csp.ObjectID
	// What an active assignment by an administrator must bring.
	AdminJustification bool
	AdminMFA           bool
}

// DirectoryPolicy is the policy of a directory role nobody has changed.
func DirectoryPolicy() Policy {
	return Policy{MaxActivation: 8 * time.Hour, Justification: true, MFA: true, AdminJustification: true}
}

// AzurePolicy is the policy of a role on an Azure resource nobody has changed.
func AzurePolicy() Policy {
	return Policy{
		MaxActivation: 8 * time.Hour, MaxActive: 180 * 24 * time.Hour, MaxEligible: 365 * 24 * time.Hour,
		Justification: true, MFA: true, AdminJustification: true,
	}
}
