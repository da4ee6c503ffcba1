package world

import (
	"crypto/rand"
	"crypto/sha256"
	"slices"
	"strings"

	"latchkey/csp"
)

// The kinds of events between partners and their customers.
const (
	CustomerCreated  EventKind = "customer created"
	CustomerDeleted  EventKind = "customer deleted"
	ProfileChanged   EventKind = "customer profile changed"
	ResellerAccepted EventKind = "reseller relationship accepted"
	ResellerRemoved  EventKind = "reseller relationship removed"
	DAPRemoved       EventKind = "delegated administration removed"
	AgentAdded       EventKind = "agent added"
	AgentRemoved     EventKind = "agent removed"
)

// The laws between partners and their customers.
const (
	NoRelationship  Law = "a partner acts for its own customers (R5)"
	StillSells      Law = "a reseller relationship ends when nothing is sold any more"
	OnlyInSandbox   Law = "customers are deleted in the integration sandbox only"
	NotForYou       Law = "a tenant's Global Administrator decides about its partners"
	AlreadyAccepted Law = "a relationship is accepted once"
	NoPartner       Law = "a partner is a tenant with agents (R7)"
)

// Profile is what a partner keeps about a customer's business. Email is the
// point of contact that approvals go to, if nothing else is known.
type Profile struct {
	CompanyName, Email, FirstName, LastName string
	Culture                                 string // "en-GB"
	Language                                string // "en"
	Address                                 Address
}

// Address is where a customer is.
type Address struct {
	Country      string // two letters
	Region       string
	City         string
	State        string
	AddressLine1 string
	AddressLine2 string
	PostalCode   string
	FirstName    string
	LastName     string
	PhoneNumber  string
}

// trade is what partners know of their customers: a part of the world's state.
type trade struct {
	profiles  map[csp.TenantID]Profile
	sandboxes map[csp.TenantID]bool
	// supplies says of which provider a reseller buys.
	supplies map[supply]bool
	licences []*CommerceSubscription
	// suspended Azure plans and disabled Azure subscriptions
	plans    map[csp.ID[CommerceSubscription]]CommerceStatus
	disabled map[csp.SubscriptionID]bool
	requests []*ServiceRequest
}

type supply struct{ provider, reseller csp.TenantID }

func newTrade() trade {
	return trade{
		profiles: make(map[csp.TenantID]Profile), sandboxes: make(map[csp.TenantID]bool), supplies: make(map[supply]bool),
		plans: make(map[csp.ID[CommerceSubscription]]CommerceStatus), disabled: make(map[csp.SubscriptionID]bool),
	}
}

// Profile is the customer's business profile; one that nobody has written says
// the company's name and nothing else.
func (w *World) Profile(customer csp.TenantID) Profile {
	w.mu.RLock()
	defer w.mu.RUnlock()
	if p, ok := w.trade.profiles[customer]; ok {
		return p
	}
	if d, ok := w.tenants[customer]; ok {
		return Profile{CompanyName: d.Name, Culture: "en-US", Language: "en"}
	}
	return Profile{}
}

// SetProfile writes the customer's business profile.
func (w *World) SetProfile(by Actor, customer csp.TenantID, p Profile) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	d, ok := w.tenants[customer]
	if !ok {
		return refuse(NoSuchTenant, "no tenant has the id %s", customer)
	}
	w.trade.profiles[customer] = p
	w.record(Event{Kind: ProfileChanged, Tenant: customer, By: by, Subject: d.Name, Partner: by.Tenant})
	return nil
}

// CommerceID is the id under which billing knows the customer.
func (w *World) CommerceID(customer csp.TenantID) string {
	return derive[csp.Tenant]("commerce", customer, customer).String()
}

// ContractID is the id of the reseller relationship in the partner's directory.
func (w *World) ContractID(partner, customer csp.TenantID) string {
	return derive[csp.Tenant]("contract", partner, customer).String()
}

// derive makes an id out of two others, the same every time.
func derive[T csp.Named](what string, a, b csp.TenantID) csp.ID[T] {
	sum := sha256.Sum256(slices.Concat([]byte(what), a[:], b[:]))
	var id csp.ID[T]
	copy(id[:], sum[:16])
	id[6] = id[6]&0x0f | 0x80 // version 8: made as its maker likes
	id[8] = id[8]&0x3f | 0x80
	return id
}

// IsReseller says whether the partner has a reseller relationship with the customer.
func (w *World) IsReseller(partner, customer csp.TenantID) bool {
	w.mu.RLock()
	defer w.mu.RUnlock()
	return w.resells(partner, customer)
}

func (w *World) resells(partner, customer csp.TenantID) bool {
	p, ok := w.partnerships[pairing{partner, customer}]
	return ok && p.resells(w.instant())
}

// IsDelegated says whether the partner has any delegated administration of the
// customer's tenant: DAP, or a GDAP relationship that is active.
func (w *World) IsDelegated(partner, customer csp.TenantID) bool {
	w.mu.RLock()
	defer w.mu.RUnlock()
	now := w.instant()
	if p, ok := w.partnerships[pairing{partner, customer}]; ok && p.lists(now) {
		return true
	}
	return slices.ContainsFunc(w.between[pairing{partner, customer}], func(id csp.GDAPID) bool { return w.relationships[id].Gives(now) })
}

// IsPartner says whether the tenant has groups of agents, which is what a
// partner's tenant is known by (R7).
func (w *World) IsPartner(tenant csp.TenantID) bool { return len(w.AgentGroups(tenant)) > 0 }

// AgentGroups lists the groups of agents of a tenant: the admin agents first,
// then helpdesk, then sales.
func (w *World) AgentGroups(tenant csp.TenantID) []Group {
	w.mu.RLock()
	defer w.mu.RUnlock()
	d, ok := w.tenants[tenant]
	if !ok {
		return nil
	}
	var list []Group
	for _, role := range agentRoles {
		if g, ok := d.groups[d.agents[role]]; ok {
			list = append(list, g.Group)
		}
	}
	return list
}

// EffectiveAgentRoles lists the agent roles that somebody has directly or through
// groups, which is what Partner Center goes by.
func (w *World) EffectiveAgentRoles(a Account) []csp.AgentRole {
	w.mu.RLock()
	defer w.mu.RUnlock()
	d, ok := w.tenants[a.Tenant]
	if !ok {
		return nil
	}
	in := w.groupsOf(d, a.Object)
	var list []csp.AgentRole
	for _, role := range agentRoles {
		if id, ok := d.agents[role]; ok && slices.Contains(in, id) {
			list = append(list, role)
		}
	}
	return list
}

// SetAgent makes a user of the partner an agent, or no longer one: the agent
// role is the membership of the group (R7).
func (w *World) SetAgent(by Actor, partner csp.TenantID, group, user csp.ObjectID, agent bool) error {
	t, ok := w.Tenant(partner)
	if !ok {
		return refuse(NoSuchTenant, "no tenant has the id %s", partner)
	}
	t = t.As(by)
	kind, change := AgentRemoved, t.RemoveMember
	if agent {
		kind, change = AgentAdded, t.AddMember
	}
	if err := change(group, user); err != nil {
		return err
	}
	u, _ := w.User(partner, user)
	name := t.NameOf(group)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.record(Event{Kind: kind, Tenant: partner, By: by, Subject: u.UPN + " in " + name, Partner: partner})
	return nil
}

// CustomersOf lists the tenants the partner has a reseller relationship with, by name.
func (w *World) CustomersOf(partner csp.TenantID) []Tenant {
	w.mu.RLock()
	defer w.mu.RUnlock()
	var list []Tenant
	now := w.instant()
	for pair, p := range w.partnerships {
		if pair.partner == partner && p.resells(now) {
			list = append(list, w.handle(w.tenants[pair.customer]))
		}
	}
	slices.SortFunc(list, func(a, b Tenant) int {
		if c := strings.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name)); c != 0 {
			return c
		}
		return strings.Compare(a.ID.String(), b.ID.String())
	})
	return list
}

// NewPassword makes up a password that meets Microsoft's rules.
func NewPassword() string { return "Aa1-" + rand.Text()[:14] }

// Supply says that the reseller buys from the indirect provider (R5).
func (w *World) Supply(provider, reseller csp.TenantID) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, id := range []csp.TenantID{provider, reseller} {
		if _, ok := w.tenants[id]; !ok {
			return refuse(NoSuchTenant, "no tenant has the id %s", id)
		}
	}
	w.trade.supplies[supply{provider, reseller}] = true
	w.record(Event{Kind: PartnershipSet, Tenant: reseller, Subject: w.tenants[provider].Name + " provides for " + w.tenants[reseller].Name, Partner: provider})
	return nil
}

// ResellersOf lists the indirect resellers that buy from the provider, by name.
func (w *World) ResellersOf(provider csp.TenantID) []Tenant {
	return w.supplied(func(s supply) (csp.TenantID, bool) { return s.reseller, s.provider == provider })
}

// ProvidersOf lists the indirect providers the reseller buys from, by name.
func (w *World) ProvidersOf(reseller csp.TenantID) []Tenant {
	return w.supplied(func(s supply) (csp.TenantID, bool) { return s.provider, s.reseller == reseller })
}

func (w *World) supplied(other func(supply) (csp.TenantID, bool)) []Tenant {
	w.mu.RLock()
	defer w.mu.RUnlock()
	var list []Tenant
	for s := range w.trade.supplies {
		if id, ok := other(s); ok && w.tenants[id] != nil {
			list = append(list, w.handle(w.tenants[id]))
		}
	}
	slices.SortFunc(list, func(a, b Tenant) int { return orderBy(a.Name, b.Name, a.ID.Compare(b.ID)) })
	return list
}

// SetSandbox makes the partner one of the integration sandbox, or no longer.
func (w *World) SetSandbox(partner csp.TenantID, sandbox bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.trade.sandboxes[partner] = sandbox
}
