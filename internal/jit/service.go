package jit

import (
	"context"
	"time"

	"latchkey/access"
	"latchkey/csp"
)

// Caller is who is asking, as far as he has proven it. The zero Caller is
// nobody, who may still hold a link.
type Caller struct {
	Account      Account
	Name         string // display only
	Guest        bool   // the account is a guest of its tenant
	SignedAt     time.Time
	SecondFactor bool
	Session      string // digest of the session, for the log
	Address      string // network address, for the log
}

// SignedIn says whether the caller proved an account.
func (c Caller) SignedIn() bool { return c.Account != Account{} }

// Answer is what an approver sends from the decision page.
type Answer struct {
	Link     LinkID
	Verdict  Verdict
	Number   string        // as typed
	Digest   string        // of what he was shown
	Duration time.Duration // zero keeps what was asked
	Note     string
}

// Story is a request with all that came of it, as a page shows it.
type Story struct {
	Request  Request
	Engineer Person
	Customer Customer
	Decision *Decision
	Approver *Approver // who decided
	Grant    *Grant
	Episode  *Episode
	Allows   []string // plain sentences: what the role lets its holder do
}

// DecisionPage is what the holder of a decide link may see.
type DecisionPage struct {
	Link     Link
	Approver Approver
	Customer Customer
	// Story is nil while the caller must sign in first to see it.
	Story *Story
	// Need is the tier the answer needs; Met says whether the caller's sign-in
	// already meets it (in the mail tier: only the number is missing).
	Need Tier
	Met  bool
	// Trouble is a sentence about why the caller cannot answer as he is, or empty.
	Trouble string
}

// Options make a Service.
type Options struct {
	Estate     *Estate
	Store      Store
	Connectors map[CloudService]Connector
	Numbers    Numbers
	// ... clock, logger: see the heart
}

// Numbers derives the six digits a mail shows from the link it carries, with a
// key that is not in the database.
type Numbers struct{ key [32]byte }

// The service's methods, as pages and the API use them. Every one of them
// answers faults with a public sentence.
type Contract interface {
	File(ctx context.Context, by Caller, ask Ask) (Request, error)
	Withdraw(ctx context.Context, by Caller, id RequestID) error
	// Story is readable by the engineer who asked, the customer's enrolled approvers and operators; NotFound for all others.
	Story(ctx context.Context, by Caller, id RequestID) (Story, error)
	// Mine are the caller's own requests with what came of them, newest first.
	Mine(ctx context.Context, by Caller) ([]Story, error)
	// Inbox are the requests an enrolled approver may answer or has seen, newest first, with his link to each.
	Inbox(ctx context.Context, by Caller) ([]InboxItem, error)
	DecisionPage(ctx context.Context, by Caller, link LinkID) (DecisionPage, error)
	Decide(ctx context.Context, by Caller, a Answer) (Request, error)
	EnrolPage(ctx context.Context, by Caller, link LinkID) (EnrolPage, error)
	Enrol(ctx context.Context, by Caller, link LinkID, number string) (Approver, error)
	// Invite designates a contact of the estate and mails him his enrolment link; called at start for every contact that has none.
	Invite(ctx context.Context, customer csp.TenantID, contact Contact) (Approver, error)
	// EndNow: the engineer himself, an enrolled approver of the customer, or an operator.
	EndNow(ctx context.Context, by Caller, id GrantID) error
	// Offers says what the caller may ask for at a customer, with each role's class, tier and plain sentences.
	Offers(ctx context.Context, by Caller, customer csp.TenantID) ([]OfferView, error)
}

// InboxItem is a request with the approver's own way to answer it.
type InboxItem struct {
	Story Story
	Link  LinkID // empty when nothing is left to answer
}

// EnrolPage is what the holder of an enrolment link may see.
type EnrolPage struct {
	Link     Link
	Approver Approver
	Customer Customer
	Trouble  string
}

// OfferView is an offer as the asking page shows it.
type OfferView struct {
	Offer  Offer
	Class  access.Class
	Tier   Tier
	Allows []string
}
