package jit

import (
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"latchkey/access/roleclass"
	"latchkey/csp"
	"latchkey/internal/audit"
	"latchkey/internal/clock"
	"latchkey/internal/fault"
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
	Link Link
	// Approver and Customer are cut down to names and ids while Story is nil.
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

// InboxItem is a request with the approver's own way to answer it.
type InboxItem struct {
	Story Story
	Link  LinkID // empty when nothing is left to answer
}

// EnrolPage is what the holder of an enrolment link may see.
type EnrolPage struct {
	Link     Link
	Approver Approver
	Customer Customer // tenant only
	Trouble  string   // why the caller cannot enrol as he is, or empty
}

// OfferView is an offer as the asking page shows it.
type OfferView struct {
	Offer   Offer
	Class   roleclass.Class
	Tier    Tier
	Longest time.Duration // the longest that may be asked for
	Allows  []string
}

// Options make a Service. All but Wake and Log must be set.
type Options struct {
	Estate     *Estate
	Store      Store
	Connectors map[CloudService]Connector
	Numbers    Numbers
	Clock      clock.Clock
	Log        *slog.Logger
	// Wake is called after a change that leaves something due, so that the
	// reconciler need not find it by itself. It must not block.
	Wake func()
	// Hold says why nothing may be granted at present, in a sentence; empty when
	// it may. It stops filing and approving, and neither declining nor ending.
	// Nil never holds.
	Hold func() string
}

// Service is the life of requests and decisions: who may ask, who may answer,
// what an answer does. Every method decides by itself whether its caller may,
// and answers faults with a public sentence. It is safe for concurrent use.
type Service struct {
	estate     *Estate
	store      Store
	connectors map[CloudService]Connector
	numbers    Numbers
	clock      clock.Clock
	log        *slog.Logger
	wake       func()
	hold       func() string
	gate       *audit.Gate[Tx]
}

// New makes a Service, or says what in the options cannot work.
func New(o Options) (*Service, error) {
	switch {
	case o.Estate == nil || o.Store == nil || o.Clock == nil:
		return nil, errors.New("jit: an estate, a store and a clock are needed")
	case o.Numbers == Numbers{}:
		return nil, errors.New("jit: numbers need a key")
	}
	if err := o.Estate.check(); err != nil {
		return nil, err
	}
	s := &Service{
		estate: o.Estate, store: o.Store, connectors: o.Connectors, numbers: o.Numbers,
		clock: o.Clock, log: o.Log, wake: o.Wake, hold: o.Hold,
		gate: audit.NewGate(o.Store.Update, o.Clock),
	}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	if s.wake == nil {
		s.wake = func() {}
	}
	if s.hold == nil {
		s.hold = func() string { return "" }
	}
	return s, nil
}

// now is the time as every database can keep it.
func (s *Service) now() time.Time { return s.clock.Now().Truncate(audit.Precision) }

// held refuses what could lead to a grant while nothing may be granted (I11).
func (s *Service) held(op string) error {
	if why := s.hold(); why != "" {
		return fault.Newf(op, fault.Unavailable, "Latchkey grants nothing at present: %s Nothing was changed.", why)
	}
	return nil
}

// actor is the caller as the log names him.
func (s *Service) actor(by Caller) audit.Actor {
	a := audit.Actor{Kind: "nobody", Session: by.Session, Address: by.Address}
	if by.SignedIn() {
		a.Kind, a.Tenant, a.Object = "person", by.Account.Tenant, by.Account.Object
		if p, ok := s.estate.PersonByAccount(by.Account); ok {
			a.Person = string(p.ID)
		}
	}
	return a
}

// holder is the actor of a caller who came by a mailed link.
func (s *Service) holder(by Caller) audit.Actor {
	a := s.actor(by)
	if !by.SignedIn() {
		a.Kind = "link"
	}
	return a
}

// Latchkey is the product itself as an actor.
func Latchkey() audit.Actor { return audit.Actor{Kind: "latchkey"} }

// engineer is the partner's person who is signed in with his home account.
func (s *Service) engineer(op string, by Caller) (Person, error) {
	if !by.SignedIn() {
		return Person{}, fault.Newf(op, fault.Unauthenticated, "Sign in with your account at %s first.", s.estate.Partner.Name)
	}
	p, ok := s.estate.PersonByAccount(by.Account)
	switch {
	case !ok:
		return Person{}, fault.Newf(op, fault.Denied, "Only engineers of %s can do this, and the account you are signed in with is none of theirs.", s.estate.Partner.Name)
	case p.Home != by.Account || by.Guest:
		return Person{}, fault.Newf(op, fault.Denied, "You are signed in with a guest or second account. Sign in with your own account at %s.", s.estate.Partner.Name)
	}
	return p, nil
}

// asApprover finds the enrolled and still designated contact the caller is, by
// his exact account and never by his tenant or address (TH-S2, TH-S3).
func (s *Service) asApprover(tx Tx, by Caller) (Approver, Customer, bool, error) {
	if !by.SignedIn() || by.Guest {
		return Approver{}, Customer{}, false, nil
	}
	customer, ok := s.estate.CustomerByTenant(by.Account.Tenant)
	if !ok {
		return Approver{}, Customer{}, false, nil
	}
	approvers, err := tx.ApproversOf(customer.Tenant.ID)
	if err != nil {
		return Approver{}, Customer{}, false, err
	}
	for _, a := range approvers {
		if a.Enrolled() && a.Account == by.Account && customer.Designates(a) {
			return a, customer, true, nil
		}
	}
	return Approver{}, Customer{}, false, nil
}

// Designates says whether the customer still names the contact.
func (c Customer) Designates(a Approver) bool {
	for _, contact := range c.Contacts {
		if a.Tenant == c.Tenant.ID && strings.EqualFold(contact.Address, a.Address) {
			return true
		}
	}
	return false
}

// OfferOf finds what the customer lets engineers ask for.
func (c Customer) OfferOf(role csp.RoleDefinitionID) (Offer, bool) {
	for _, o := range c.Roles {
		if o.Role.ID == role {
			return o, true
		}
	}
	return Offer{}, false
}

// check says what in the estate cannot work.
func (e *Estate) check() error {
	p := e.Policy
	switch {
	case e.Instance.IsZero():
		return errors.New("jit: the estate names no instance")
	case e.Partner.ID.IsZero():
		return errors.New("jit: the estate names no partner tenant")
	case p.Shortest < 2*Margin:
		return fmt.Errorf("jit: the shortest grant is %s and must be at least %s, since a provider is sent no grant within %s of its end", Spell(p.Shortest), Spell(2*Margin), Spell(Margin))
	case p.Longest < p.Shortest:
		return fmt.Errorf("jit: the longest grant, %s, is shorter than the shortest, %s", Spell(p.Longest), Spell(p.Shortest))
	case p.AnswerWithin <= 0 || p.PendingEach <= 0 || p.NumberTries <= 0 || p.FreshSignIn <= 0:
		return errors.New("jit: the policy needs a time to answer, a number of open requests, a number of tries and an age for fresh sign-ins, all above zero")
	}
	for _, c := range e.Customers {
		if c.Tenant.ID == e.Partner.ID {
			return fmt.Errorf("jit: customer %q is the partner's own tenant", c.Tenant.Name)
		}
		for _, o := range c.Roles {
			if o.Longest != 0 && o.Longest < p.Shortest {
				return fmt.Errorf("jit: customer %q offers %q for at most %s, less than the shortest grant, %s", c.Tenant.Name, o.Role.Name, Spell(o.Longest), Spell(p.Shortest))
			}
		}
	}
	return nil
}

// longest is the cap on an offer's duration.
func (p Policy) longest(o Offer) time.Duration {
	if o.Longest > 0 {
		return min(o.Longest, p.Longest)
	}
	return p.Longest
}

// tierFor is the least proof that may approve a role of the class (section
// "Proof of approval" of the package documentation).
func (c Customer) tierFor(class roleclass.Class) Tier {
	switch class {
	case roleclass.Read, roleclass.Standard:
		if c.MailTier {
			return MailTier
		}
		return SignInTier
	}
	return FreshTier
}

// missing is the one answer for what is not there and what is not yours, so
// that nobody learns which (TH-I4).
func missing(op, noun string) error {
	return fault.Newf(op, fault.NotFound, "There is no such %s, or it is not yours to see.", noun)
}
