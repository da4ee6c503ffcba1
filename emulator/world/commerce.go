package world

import (
	"slices"
	"time"

	"latchkey/csp"
	"latchkey/emulator/guid"
)

// The kinds of events about what is sold.
const (
	CommerceChanged     EventKind = "subscription sold or changed"
	SubscriptionChanged EventKind = "Azure subscription cancelled or reactivated"
	ServiceRequestPut   EventKind = "service request opened or changed"
)

// CommerceSubscription is what a customer bought from a partner: licences, or
// the Azure plan in which Azure subscriptions are made. Its id is not that of
// any Azure subscription.
type CommerceSubscription struct {
	ID                csp.ID[CommerceSubscription]
	Partner, Customer csp.TenantID
	Offer, Name       string
	Quantity          int
	Status            CommerceStatus
	Created           time.Time
	AzurePlan         bool
}

// Noun names the thing in error sentences.
func (CommerceSubscription) Noun() string { return "commerce subscription" }

// CommerceStatus is the state of what was sold.
type CommerceStatus string

// The states.
const (
	CommerceActive    CommerceStatus = "active"
	CommerceSuspended CommerceStatus = "suspended"
	CommerceDeleted   CommerceStatus = "deleted"
)

const azurePlan = "Microsoft Azure plan"

// Sell adds licences to what the customer has bought. A zero ID is replaced by a
// random one, an empty status means active.
func (w *World) Sell(s CommerceSubscription) (CommerceSubscription, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.resells(s.Partner, s.Customer) {
		return s, refuse(NoRelationship, "%s sells nothing to %s", s.Partner, s.Customer)
	}
	guid.Fill(&s.ID)
	s.Created, s.AzurePlan = w.Now(), false
	if s.Status == "" {
		s.Status = CommerceActive
	}
	if s.Name == "" {
		s.Name = s.Offer
	}
	kept := s
	w.trade.licences = append(w.trade.licences, &kept)
	w.record(Event{Kind: CommerceChanged, Tenant: s.Customer, Subject: s.Offer, Partner: s.Partner})
	return s, nil
}

// CommerceOf lists what the customer bought from the partner: the Azure plan
// first, if the partner made Azure subscriptions for the customer, then licences
// in the order they were sold.
func (w *World) CommerceOf(partner, customer csp.TenantID) []CommerceSubscription {
	w.mu.RLock()
	defer w.mu.RUnlock()
	var list []CommerceSubscription
	if w.madeAny(partner, customer) {
		list = append(list, w.plan(partner, customer))
	}
	for _, s := range w.trade.licences {
		if s.Partner == partner && s.Customer == customer {
			list = append(list, *s)
		}
	}
	return list
}

// plan is the Azure plan. Every customer has one as soon as the partner made an
// Azure subscription for it; its id follows from the two tenants.
func (w *World) plan(partner, customer csp.TenantID) CommerceSubscription {
	id := derive[CommerceSubscription]("azure plan", partner, customer)
	s := CommerceSubscription{ID: id, Partner: partner, Customer: customer, Offer: azurePlan, Name: azurePlan, Quantity: 1, Status: CommerceActive, AzurePlan: true}
	if status, ok := w.trade.plans[id]; ok {
		s.Status = status
	}
	return s
}

func (w *World) madeAny(partner, customer csp.TenantID) bool {
	for _, s := range w.subscriptions {
		if s.Tenant == customer && s.Creator == partner {
			return true
		}
	}
	return false
}

// AzureSubscriptionsOf lists the Azure subscriptions in an Azure plan, by name.
func (w *World) AzureSubscriptionsOf(plan CommerceSubscription) []Subscription {
	w.mu.RLock()
	defer w.mu.RUnlock()
	if !plan.AzurePlan {
		return nil
	}
	return w.madeBy(plan.Partner, plan.Customer)
}

func (w *World) madeBy(partner, customer csp.TenantID) []Subscription {
	var list []Subscription
	for _, s := range w.subscriptions {
		if s.Tenant == customer && s.Creator == partner {
			list = append(list, Subscription{s.Subscription, w})
		}
	}
	slices.SortFunc(list, func(a, b Subscription) int { return orderBy(a.Name, b.Name, a.ID.Compare(b.ID)) })
	return list
}

// SetCommerceStatus suspends what was sold, or brings it back. Suspending an
// Azure plan cancels the Azure subscriptions in it; bringing it back leaves them
// cancelled.
func (w *World) SetCommerceStatus(by Actor, s CommerceSubscription, status CommerceStatus) (CommerceSubscription, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if s.AzurePlan {
		w.trade.plans[s.ID] = status
		for _, made := range w.madeBy(s.Partner, s.Customer) {
			if status != CommerceActive {
				w.disable(by, made.ID, true)
			}
		}
		s.Status = status
	} else {
		at := slices.IndexFunc(w.trade.licences, func(l *CommerceSubscription) bool { return l.ID == s.ID })
		if at < 0 {
			return s, refuse(NoRelationship, "nothing with the id %s was sold", s.ID)
		}
		w.trade.licences[at].Status = status
		s = *w.trade.licences[at]
	}
	w.record(Event{Kind: CommerceChanged, Tenant: s.Customer, By: by, Subject: s.Offer + " is " + string(status), Partner: s.Partner})
	return s, nil
}

// IsDisabled says whether the Azure subscription was cancelled: it can be read
// and not be changed.
func (w *World) IsDisabled(id csp.SubscriptionID) bool {
	w.mu.RLock()
	defer w.mu.RUnlock()
	return w.trade.disabled[id]
}

// SetDisabled cancels an Azure subscription, or brings it back. Whether the actor
// may is not asked here; a partner that made it may, also when the customer has
// taken away every role in it (R23).
func (w *World) SetDisabled(by Actor, id csp.SubscriptionID, disabled bool) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if _, ok := w.subscriptions[id]; !ok {
		return refuse(NoSuchScope, "no subscription has the id %s", id)
	}
	w.disable(by, id, disabled)
	return nil
}

func (w *World) disable(by Actor, id csp.SubscriptionID, disabled bool) {
	s := w.subscriptions[id]
	if w.trade.disabled[id] == disabled {
		return
	}
	state := "reactivated"
	if disabled {
		w.trade.disabled[id] = true
		state = "cancelled"
	} else {
		delete(w.trade.disabled, id)
	}
	w.record(Event{Kind: SubscriptionChanged, Tenant: s.Tenant, By: by, Subject: s.Name + " " + state, Scope: csp.SubscriptionScopeOf(id), Partner: s.Creator})
}

// sells says whether anything the customer bought from the partner is still active.
func (w *World) sells(partner, customer csp.TenantID) string {
	for _, s := range w.trade.licences {
		if s.Partner == partner && s.Customer == customer && s.Status == CommerceActive {
			return s.Offer
		}
	}
	for _, s := range w.madeBy(partner, customer) {
		if !w.trade.disabled[s.ID] {
			return s.Name
		}
	}
	return ""
}

// ServiceRequest is a ticket that a partner opened with Microsoft for a customer.
type ServiceRequest struct {
	ID                csp.ID[ServiceRequest]
	Partner, Customer csp.TenantID
	Title             string
	Status            string // "open", "closed", "attention_needed"
	Created           time.Time
}

// Noun names the thing in error sentences.
func (ServiceRequest) Noun() string { return "service request" }

// AddServiceRequest opens a ticket. A zero ID is replaced by a random one.
func (w *World) AddServiceRequest(r ServiceRequest) ServiceRequest {
	w.mu.Lock()
	defer w.mu.Unlock()
	guid.Fill(&r.ID)
	r.Created = w.Now()
	if r.Status == "" {
		r.Status = "open"
	}
	kept := r
	w.trade.requests = append(w.trade.requests, &kept)
	w.record(Event{Kind: ServiceRequestPut, Tenant: r.Customer, Subject: r.Title, Partner: r.Partner})
	return r
}

// ServiceRequestsOf lists the partner's tickets in the order they were opened.
func (w *World) ServiceRequestsOf(partner csp.TenantID) []ServiceRequest {
	w.mu.RLock()
	defer w.mu.RUnlock()
	var list []ServiceRequest
	for _, r := range w.trade.requests {
		if r.Partner == partner {
			list = append(list, *r)
		}
	}
	return list
}

// SetServiceRequest writes back a ticket's changed status.
func (w *World) SetServiceRequest(by Actor, r ServiceRequest) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, kept := range w.trade.requests {
		if kept.ID == r.ID {
			kept.Status = r.Status
			w.record(Event{Kind: ServiceRequestPut, Tenant: kept.Customer, By: by, Subject: kept.Title + " is " + kept.Status, Partner: kept.Partner})
			return nil
		}
	}
	return refuse(NoRelationship, "there is no service request %s", r.ID)
}
