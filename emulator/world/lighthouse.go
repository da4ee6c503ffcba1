package world

import (
	"maps"
	"slices"

	"latchkey/csp"
)

// Registration is a Lighthouse offer and where the customer accepted it (R28): a
// managing tenant's principals with their roles, and the subscription or
// resource groups onto which they are projected.
type Registration struct {
	ID          RegistrationID
	At          csp.SubscriptionID
	Name        string
	Description string
	Manager     csp.TenantID
	// Authorizations are what is projected, at a scope yet to be named.
	Authorizations []Authorization
	// Accepted are the places, each by the id of its registration assignment.
	Accepted map[RegistrationID]csp.Scope
}

// Noun names the thing in error sentences.
func (Registration) Noun() string { return "Lighthouse registration" }

// RegistrationID names a registration definition or assignment.
type RegistrationID = csp.ID[Registration]

// Authorization gives a principal of the managing tenant a role. An eligible one
// must be activated first.
type Authorization struct {
	Principal csp.ObjectID
	Name      string
	Role      csp.RoleDefinitionID
	// Delegated are the roles that the User Access Administrator may hand on.
	Delegated []csp.RoleDefinitionID
	Eligible  bool
}

func (r *Registration) projections(at csp.Scope) []csp.LighthouseDelegation {
	list := make([]csp.LighthouseDelegation, 0, len(r.Authorizations))
	for _, a := range r.Authorizations {
		list = append(list, csp.LighthouseDelegation{Manager: r.Manager, Principal: a.Principal, Role: a.Role, Scope: at, Term: csp.Term{Eligible: a.Eligible}})
	}
	return list
}

// adoptProjections makes a registration of what was loaded, for each managing
// tenant and place.
func (w *World) adoptProjections() {
	for id, list := range w.projections {
		known := make(map[string]*Registration)
		for _, r := range w.registrations[id] {
			for _, at := range r.Accepted {
				known[r.Manager.String()+at.Key()] = r
			}
		}
		for _, p := range list {
			key := p.Manager.String() + p.Scope.Key()
			r := known[key]
			if r == nil {
				r = &Registration{
					ID: derived[Registration]("definition", key), At: id, Name: "Delegation to " + w.nameOf(p.Manager), Manager: p.Manager,
					Accepted: map[RegistrationID]csp.Scope{derived[Registration]("assignment", key): p.Scope},
				}
				known[key] = r
				w.registrations[id] = append(w.registrations[id], r)
			}
			a := Authorization{Principal: p.Principal, Role: p.Role, Eligible: p.Eligible}
			if !slices.ContainsFunc(r.Authorizations, func(o Authorization) bool {
				return o.Principal == a.Principal && o.Role == a.Role && o.Eligible == a.Eligible
			}) {
				r.Authorizations = append(r.Authorizations, a)
			}
		}
	}
}

// PutRegistration makes or changes a Lighthouse offer at a subscription. Where it
// was accepted, what it projects changes with it.
func (w *World) PutRegistration(by Actor, r Registration) (created bool, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	s, ok := w.subscriptions[r.At]
	if !ok {
		return false, refuse(NoSuchScope, "there is no subscription %s", r.At)
	}
	if err := w.checkRegistration(s, r); err != nil {
		return false, err
	}
	kept := w.registration(r.At, r.ID)
	if kept == nil {
		r.Accepted = make(map[RegistrationID]csp.Scope)
		w.registrations[r.At] = append(w.registrations[r.At], &r)
	} else {
		for _, at := range kept.Accepted {
			w.unproject(kept, at)
		}
		r.Accepted = kept.Accepted
		*kept = r
		for _, at := range kept.Accepted {
			w.project(kept, at)
		}
	}
	w.record(Event{Kind: RegistrationPut, Tenant: s.Tenant, By: by, Subject: r.Name + " for " + w.nameOf(r.Manager), Scope: csp.SubscriptionScopeOf(r.At)})
	return kept == nil, nil
}

func (w *World) checkRegistration(s *subscription, r Registration) error {
	d := w.tenants[s.Tenant]
	if _, known := w.tenants[r.Manager]; !known || r.Manager == s.Tenant {
		return refuse(BadRegistration, "the managing tenant %s is not there, or is the customer itself", r.Manager)
	}
	if len(r.Authorizations) == 0 {
		return refuse(BadRegistration, "it authorizes nobody")
	}
	for _, a := range r.Authorizations {
		role, ok := w.role(d, a.Role)
		switch {
		case !ok:
			return refuse(BadRegistration, "no role definition has the id %s", a.Role)
		case a.Role == ownerRole:
			return refuse(BadRegistration, "the role Owner cannot be projected")
		case role.Custom:
			return refuse(BadRegistration, "the custom role %s cannot be projected", role.Name)
		case slices.ContainsFunc(role.Permissions, func(p csp.Permission) bool { return len(p.DataActions) > 0 }):
			return refuse(BadRegistration, "the role %s has data actions", role.Name)
		case a.Role == userAccessRole && len(a.Delegated) == 0:
			return refuse(BadRegistration, "%s is projected only with the roles it may hand on", role.Name)
		}
	}
	return nil
}

func (w *World) registration(at csp.SubscriptionID, id RegistrationID) *Registration {
	for _, r := range w.registrations[at] {
		if r.ID == id {
			return r
		}
	}
	return nil
}

func (w *World) project(r *Registration, at csp.Scope) {
	w.projections[r.At] = append(w.projections[r.At], r.projections(at)...)
}

// unproject takes off what the registration projects there, once.
func (w *World) unproject(r *Registration, at csp.Scope) {
	for _, gone := range r.projections(at) {
		if i := slices.IndexFunc(w.projections[r.At], func(p csp.LighthouseDelegation) bool {
			return p.Manager == gone.Manager && p.Principal == gone.Principal && p.Role == gone.Role && p.Eligible == gone.Eligible && p.Scope.Equal(at)
		}); i >= 0 {
			w.projections[r.At] = slices.Delete(w.projections[r.At], i, i+1)
		}
	}
	if len(w.projections[r.At]) == 0 {
		delete(w.projections, r.At)
	}
}

// AcceptRegistration projects what the registration offers onto its subscription
// or a resource group in it.
func (w *World) AcceptRegistration(by Actor, definition, id RegistrationID, at csp.Scope) (created bool, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	s, ok := w.subscriptions[at.Subscription()]
	if !ok || !w.existsBelow(at) || at.Kind() == csp.ResourceScope {
		return false, refuse(NoSuchScope, "%s is no subscription or resource group that exists", at)
	}
	r := w.registration(s.ID, definition)
	if r == nil {
		return false, refuse(NoSuchRequest, "%s has no registration %s", s.Name, definition)
	}
	if standing, known := r.Accepted[id]; known {
		if !standing.Equal(at) {
			return false, refuse(BadRegistration, "%s stands at %s", id, standing)
		}
		return false, nil
	}
	r.Accepted[id] = at
	w.project(r, at)
	w.record(Event{Kind: RegistrationPut, Tenant: s.Tenant, By: by, Subject: r.Name + " accepted for " + w.nameOf(r.Manager), Scope: at})
	return true, nil
}

// EndRegistration takes a projection off its place again.
func (w *World) EndRegistration(by Actor, id RegistrationID, at csp.Scope) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, r := range w.registrations[at.Subscription()] {
		if standing, ok := r.Accepted[id]; ok && standing.Equal(at) {
			w.unproject(r, standing)
			delete(r.Accepted, id)
			w.record(Event{Kind: RegistrationEnded, Tenant: w.subscriptions[r.At].Tenant, By: by, Subject: r.Name + " for " + w.nameOf(r.Manager), Scope: standing})
			return nil
		}
	}
	return refuse(NoSuchRequest, "no registration assignment %s stands at %s", id, at)
}

// DeleteRegistration removes an offer that is accepted nowhere.
func (w *World) DeleteRegistration(by Actor, at csp.SubscriptionID, id RegistrationID) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	r := w.registration(at, id)
	switch {
	case r == nil:
		return refuse(NoSuchRequest, "no registration has the id %s", id)
	case len(r.Accepted) > 0:
		return refuse(NotEmpty, "the registration is accepted somewhere")
	}
	w.registrations[at] = slices.DeleteFunc(w.registrations[at], func(o *Registration) bool { return o == r })
	w.record(Event{Kind: RegistrationEnded, Tenant: w.subscriptions[at].Tenant, By: by, Subject: r.Name, Scope: csp.SubscriptionScopeOf(at)})
	return nil
}

// endRegistrations takes projections off a place that goes away.
func (w *World) endRegistrations(place csp.Scope) {
	for _, r := range w.registrations[place.Subscription()] {
		for id, at := range r.Accepted {
			if place.Contains(at) {
				w.unproject(r, at)
				delete(r.Accepted, id)
			}
		}
	}
}

// Registrations lists the Lighthouse offers at a subscription.
func (w *World) Registrations(at csp.SubscriptionID) []Registration {
	w.mu.RLock()
	defer w.mu.RUnlock()
	var list []Registration
	for _, r := range w.registrations[at] {
		copied := *r
		copied.Authorizations = slices.Clone(r.Authorizations)
		copied.Accepted = make(map[RegistrationID]csp.Scope, len(r.Accepted))
		maps.Copy(copied.Accepted, r.Accepted)
		list = append(list, copied)
	}
	return list
}

// ManagersOf lists the tenants that manage something of the subscription through
// Lighthouse.
func (w *World) ManagersOf(id csp.SubscriptionID) []csp.TenantID {
	w.mu.RLock()
	defer w.mu.RUnlock()
	var list []csp.TenantID
	for _, p := range w.projections[id] {
		if !slices.Contains(list, p.Manager) {
			list = append(list, p.Manager)
		}
	}
	return list
}

// ManagedBy lists the subscriptions of other tenants of which this one manages
// something through Lighthouse, by id.
func (w *World) ManagedBy(manager csp.TenantID) []Subscription {
	w.mu.RLock()
	defer w.mu.RUnlock()
	var list []Subscription
	for id, there := range w.projections {
		if slices.ContainsFunc(there, func(p csp.LighthouseDelegation) bool { return p.Manager == manager }) {
			list = append(list, Subscription{w.subscriptions[id].Subscription, w})
		}
	}
	slices.SortFunc(list, func(a, b Subscription) int { return a.ID.Compare(b.ID) })
	return list
}
