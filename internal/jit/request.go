package jit

import (
	"time"

	"latchkey/access/roleclass"
	"latchkey/csp"
)

// CloudService is which of the customer's services access is asked for; one
// connector serves it.
type CloudService string

// Azure is Azure resource management.
const Azure CloudService = "azure"

// Ask is what an engineer says when he asks for access.
type Ask struct {
	Customer csp.TenantID
	Service  CloudService
	Scope    csp.Scope
	Role     csp.RoleDefinitionID
	Duration time.Duration
	Reason   string
}

// RequestState is where a request stands. Only pending can move.
type RequestState string

// The states of a request. A request lapses; it never expires or ends.
const (
	Pending   RequestState = "pending"
	Approved  RequestState = "approved"
	Declined  RequestState = "declined"
	Withdrawn RequestState = "withdrawn"
	Lapsed    RequestState = "lapsed"
	// RefusedAtUse: it was approved, and when the approval was to be used the
	// rules no longer allowed it.
	RefusedAtUse RequestState = "refused"
)

// Tier is how an approver must prove himself.
type Tier uint8

// The tiers, from the weakest up.
const (
	// MailTier: the mailed link and the number typed from the mail.
	MailTier Tier = iota + 1
	// SignInTier: signed in to the customer's tenant as the enrolled contact, not as a guest.
	SignInTier
	// FreshTier: SignInTier, signed in within Policy.FreshSignIn and with a second factor.
	FreshTier
)

// String names the tier as pages and the log do.
func (t Tier) String() string {
	switch t {
	case MailTier:
		return "mail"
	case SignInTier:
		return "sign-in"
	case FreshTier:
		return "fresh sign-in with a second factor"
	}
	return "none"
}

// Request is an engineer's asking for an entitlement. All but State is fixed
// when it is filed; whoever wants something else withdraws it and asks anew.
type Request struct {
	ID          RequestID
	Number      int64 // for people: LK-1042
	Engineer    PersonID
	Customer    csp.TenantID
	Service     CloudService
	Scope       csp.Scope
	Role        csp.RoleDefinitionID
	RoleName    string
	RoleContent string // digest of the role's permissions when asked
	Class       roleclass.Class
	Principal   csp.ObjectID // the engineer's object in the customer's tenant
	Duration    time.Duration
	Reason      string
	Tier        Tier // the least proof that may approve it
	FiledAt     time.Time
	AnswerBy    time.Time
	State       RequestState
	// Digest binds everything above but Number and State; approvals name it.
	Digest string
}

// Verdict is an approver's answer.
type Verdict string

// The verdicts.
const (
	Approve Verdict = "approve"
	Decline Verdict = "decline"
)

// Decision is a verdict with its proof. There is at most one per request.
type Decision struct {
	ID       DecisionID
	Request  RequestID
	Digest   string
	Approver ApproverID
	Verdict  Verdict
	Tier     Tier
	Account  Account       // zero in the mail tier
	Duration time.Duration // the approver may shorten, never lengthen
	Note     string        // his words to the engineer, may be empty
	At       time.Time
}

// Approver is a contact of a customer as the store knows him.
type Approver struct {
	ID         ApproverID
	Tenant     csp.TenantID
	Name       string
	Address    string
	Account    Account // zero until enrolled
	EnrolledAt time.Time
}

// Enrolled says whether the contact is bound to an account.
func (a Approver) Enrolled() bool { return a.Account != Account{} }

// LinkKind is what a mailed link opens.
type LinkKind string

// The kinds of link.
const (
	DecideLink LinkKind = "decide"
	EnrolLink  LinkKind = "enrol"
)

// Link is what a mail points to. It carries no authority: whoever opens it must
// still type the number from the mail or sign in. The number itself is derived
// (Numbers), never stored.
type Link struct {
	ID       LinkID
	Kind     LinkKind
	Approver ApproverID
	Request  RequestID // empty for an enrolment
	Expires  time.Time
	Tries    int       // wrong numbers so far
	VoidAt   time.Time // set when used up; zero while live
}
