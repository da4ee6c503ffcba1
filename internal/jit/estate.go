package jit

import (
	"time"

	"latchkey/csp"
)

// Estate is whom Latchkey serves and by which rules: the partner, his people,
// his customers, what may be asked for and how long. It is read from
// configuration and never changes while the program runs.
type Estate struct {
	Instance  csp.TenantID // names this installation; part of every marker and provider object name
	Partner   csp.Tenant
	People    []Person
	Customers []Customer
	Policy    Policy
}

// Account is one account of somebody: the only identity that is ever compared.
// Mail addresses and user principal names are for showing and sending (TH-S2).
type Account struct {
	Tenant csp.TenantID `json:"tenant"`
	Object csp.ObjectID `json:"object"`
}

// Person is one human with all his accounts (R3).
type Person struct {
	ID       PersonID
	Name     string
	Mail     string
	Home     Account   // in the partner's tenant; he signs in with this one
	Accounts []Account // elsewhere: his guest objects, his admin accounts
	// Operator may read the whole audit log and end any grant.
	Operator bool
}

// AccountIn is the person's account in the tenant, if he has one there.
func (p Person) AccountIn(tenant csp.TenantID) (Account, bool) {
	if p.Home.Tenant == tenant {
		return p.Home, true
	}
	for _, a := range p.Accounts {
		if a.Tenant == tenant {
			return a, true
		}
	}
	return Account{}, false
}

// Is says whether the account is one of the person's.
func (p Person) Is(a Account) bool {
	own, ok := p.AccountIn(a.Tenant)
	return ok && own == a
}

// Customer is a customer tenant that the partner looks after.
type Customer struct {
	Tenant        csp.Tenant
	Subscriptions []csp.Subscription
	Contacts      []Contact
	Roles         []Offer
	// MailTier: the customer lets roles of class read and standard be approved
	// from the mail alone, with the typed number.
	MailTier bool
}

// Contact is a person the customer named to answer requests.
type Contact struct {
	Name    string
	Address string
}

// Offer is a role that engineers may ask for at this customer.
type Offer struct {
	Role csp.RoleDefinition
	// Longest is the cap on the duration; zero means the policy's.
	Longest time.Duration
}

// Policy bounds every request.
type Policy struct {
	Shortest     time.Duration // no shorter grant; leaves room for the last safe moment of a PUT
	Longest      time.Duration // no longer grant
	AnswerWithin time.Duration // then the request lapses; silence is "no"
	PendingEach  int           // open requests per engineer
	NumberTries  int           // wrong numbers before a link is void
	FreshSignIn  time.Duration // how recent the sign-in for a privileged approval must be
}

// CustomerByTenant finds a customer.
func (e *Estate) CustomerByTenant(id csp.TenantID) (Customer, bool) {
	for _, c := range e.Customers {
		if c.Tenant.ID == id {
			return c, true
		}
	}
	return Customer{}, false
}

// PersonByAccount finds the partner's person who owns the account, in whichever tenant.
func (e *Estate) PersonByAccount(a Account) (Person, bool) {
	for _, p := range e.People {
		if p.Is(a) {
			return p, true
		}
	}
	return Person{}, false
}

// PersonByID finds a person by the estate's name for him.
func (e *Estate) PersonByID(id PersonID) (Person, bool) {
	for _, p := range e.People {
		if p.ID == id {
			return p, true
		}
	}
	return Person{}, false
}
