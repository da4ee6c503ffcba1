package config

import (
	"fmt"
	"regexp"

	"latchkey/csp"
	"latchkey/csp/builtin"
	"latchkey/internal/jit"
	"latchkey/internal/mail"
)

func (c *checker) estate(raw file) jit.Estate {
	e := jit.Estate{
		Instance: parseID[csp.Tenant](c, "instance", raw.Instance),
		Partner:  c.tenant("partner", raw.Partner),
		Policy:   c.policy(raw.Policy),
	}
	for i, entry := range raw.People {
		e.People = append(e.People, c.person(fmt.Sprintf("people[%d]", i), entry, e.Partner.ID))
	}
	for i, entry := range raw.Customers {
		e.Customers = append(e.Customers, c.customer(fmt.Sprintf("customers[%d]", i), entry))
	}
	if len(e.People) == 0 {
		c.bad("people", "nobody is listed; name at least one person who may ask")
	}
	if len(e.Customers) == 0 {
		c.bad("customers", "none is listed; name at least one customer")
	}
	c.uniqueTenants(e)
	c.uniquePeople(e)
	return e
}

func (c *checker) tenant(key string, entry tenantEntry) csp.Tenant {
	return csp.Tenant{
		ID:            parseID[csp.Tenant](c, key+".tenant", entry.Tenant),
		Name:          c.required(key+".name", entry.Name),
		DefaultDomain: c.domain(key+".domain", entry.Domain),
	}
}

func (c *checker) domain(key, text string) csp.Domain {
	if c.required(key, text) == "" {
		return ""
	}
	domain, err := csp.ParseDomain(text)
	if err != nil {
		c.bad(key, "%s", err)
	}
	return domain
}

func (c *checker) policy(entry policyEntry) jit.Policy {
	p := DefaultPolicy()
	p.Shortest = c.duration("policy.shortest", entry.Shortest, p.Shortest)
	p.Longest = c.duration("policy.longest", entry.Longest, p.Longest)
	p.AnswerWithin = c.duration("policy.answer_within", entry.AnswerWithin, p.AnswerWithin)
	p.FreshSignIn = c.duration("policy.fresh_sign_in", entry.FreshSignIn, p.FreshSignIn)
	p.PendingEach = c.count("policy.pending_each", entry.PendingEach, p.PendingEach, 1000)
	p.NumberTries = c.count("policy.number_tries", entry.NumberTries, p.NumberTries, 10)
	if p.Shortest < defaultShortest {
		c.bad("policy.shortest", "%s is too short: the last safe moment to grant lies minutes before the end, so at least %s is needed", p.Shortest, defaultShortest)
	}
	if p.Longest < p.Shortest {
		c.bad("policy.longest", "%s is shorter than policy.shortest, %s", p.Longest, p.Shortest)
	}
	return p
}

func (c *checker) count(key string, n *int, otherwise, most int) int {
	if n == nil {
		return otherwise
	}
	if *n < 1 || *n > most {
		c.bad(key, "%d is out of bounds: want 1 to %d", *n, most)
		return otherwise
	}
	return *n
}

var personID = regexp.MustCompile(`^[a-z][a-z0-9._-]{0,31}$`)

func (c *checker) person(key string, entry personEntry, partner csp.TenantID) jit.Person {
	if !personID.MatchString(entry.ID) {
		c.bad(key+".id", "%q is no short name: want small letters, digits, dots or dashes, such as james", entry.ID)
	}
	p := jit.Person{
		ID:       jit.PersonID(entry.ID),
		Name:     c.required(key+".name", entry.Name),
		Mail:     c.mailAddress(key+".mail", entry.Mail).String(),
		Home:     jit.Account{Tenant: partner, Object: parseID[csp.Principal](c, key+".object", entry.Object)},
		Operator: entry.Operator,
	}
	seen := map[csp.TenantID]bool{partner: true}
	for i, a := range entry.Accounts {
		at := fmt.Sprintf("%s.accounts[%d]", key, i)
		account := jit.Account{Tenant: parseID[csp.Tenant](c, at+".tenant", a.Tenant), Object: parseID[csp.Principal](c, at+".object", a.Object)}
		if seen[account.Tenant] && !account.Tenant.IsZero() {
			c.bad(at+".tenant", "%s already has an account in this tenant", entry.ID)
		}
		seen[account.Tenant] = true
		p.Accounts = append(p.Accounts, account)
	}
	return p
}

func (c *checker) customer(key string, entry customerEntry) jit.Customer {
	customer := jit.Customer{
		Tenant:   c.tenant(key, tenantEntry{Tenant: entry.Tenant, Name: entry.Name, Domain: entry.Domain}),
		MailTier: entry.MailTier,
	}
	for i, s := range entry.Subscriptions {
		at := fmt.Sprintf("%s.subscriptions[%d]", key, i)
		customer.Subscriptions = append(customer.Subscriptions, csp.Subscription{
			ID: parseID[csp.Subscription](c, at+".id", s.ID), Tenant: customer.Tenant.ID, Name: c.required(at+".name", s.Name),
		})
	}
	for i, contact := range entry.Contacts {
		at := fmt.Sprintf("%s.contacts[%d]", key, i)
		customer.Contacts = append(customer.Contacts, jit.Contact{Name: c.required(at+".name", contact.Name), Address: c.mailAddress(at+".mail", contact.Mail).String()})
	}
	if len(customer.Contacts) == 0 {
		c.bad(key+".contacts", "nobody could answer a request for %s; name at least one contact", entry.Name)
	}
	for i, offer := range entry.Roles {
		customer.Roles = append(customer.Roles, c.offer(fmt.Sprintf("%s.roles[%d]", key, i), offer))
	}
	return customer
}

func (c *checker) offer(key string, entry offerEntry) jit.Offer {
	offer := jit.Offer{}
	if entry.Longest != "" {
		offer.Longest = c.duration(key+".longest", entry.Longest, 0)
	}
	role, ok := builtin.AzureRoleNamed(entry.Role)
	if id, err := csp.ParseID[csp.RoleDefinition](entry.Role); !ok && err == nil {
		role, ok = builtin.AzureRole(id)
	}
	if !ok {
		c.bad(key+".role", "%q is no built-in Azure role; give its name or id as Azure lists it", entry.Role)
	}
	offer.Role = role
	return offer
}

// mailAddress reads an address; the zero one stands for a missing or malformed one.
func (c *checker) mailAddress(key, text string) mail.Address {
	if c.required(key, text) == "" {
		return mail.Address{}
	}
	address, err := mail.ParseAddress(text)
	if err != nil {
		c.bad(key, "%s", err)
	}
	return address
}

// uniqueTenants refuses a tenant or subscription that stands in two places:
// what belongs to whom must have one answer (R1).
func (c *checker) uniqueTenants(e jit.Estate) {
	tenants := map[csp.TenantID]string{e.Partner.ID: "partner"}
	subscriptions := map[csp.SubscriptionID]string{}
	for i, customer := range e.Customers {
		key := fmt.Sprintf("customers[%d]", i)
		if other, ok := tenants[customer.Tenant.ID]; ok && !customer.Tenant.ID.IsZero() {
			c.bad(key+".tenant", "the same tenant stands at %s", other)
		}
		tenants[customer.Tenant.ID] = key
		for j, s := range customer.Subscriptions {
			at := fmt.Sprintf("%s.subscriptions[%d]", key, j)
			if other, ok := subscriptions[s.ID]; ok && !s.ID.IsZero() {
				c.bad(at+".id", "the same subscription stands at %s", other)
			}
			subscriptions[s.ID] = at
		}
	}
}

// uniquePeople refuses an account that belongs to two people: self-approval is
// judged by person (R3).
func (c *checker) uniquePeople(e jit.Estate) {
	ids := map[jit.PersonID]string{}
	accounts := map[jit.Account]string{}
	for i, p := range e.People {
		key := fmt.Sprintf("people[%d]", i)
		if other, ok := ids[p.ID]; ok {
			c.bad(key+".id", "%s is also the id of %s", p.ID, other)
		}
		ids[p.ID] = key
		for _, a := range append([]jit.Account{p.Home}, p.Accounts...) {
			if other, ok := accounts[a]; ok && !a.Object.IsZero() {
				c.bad(key, "account %s is also one of %s", a.Object, other)
			}
			accounts[a] = key
		}
	}
}

// parseID reads a GUID of the right kind and notes a missing or malformed one.
func parseID[T csp.Named](c *checker, key, text string) csp.ID[T] {
	if c.required(key, text) == "" {
		return csp.ID[T]{}
	}
	id, err := csp.ParseID[T](text)
	if err != nil {
		c.bad(key, "%s", err)
	}
	return id
}
