package world

import (
	"slices"

	"latchkey/csp"
)

// sweep takes a tenant out of the world with everything in it. Handles on it that
// somebody still holds find an empty directory, so its place stays, marked gone.
func (w *World) sweep(d *tenant) {
	for id, owner := range w.objects {
		if owner == d.ID {
			delete(w.objects, id)
		}
	}
	for home, accounts := range w.guests {
		w.guests[home] = slices.DeleteFunc(accounts, func(a Account) bool { return a.Tenant == d.ID })
	}
	for domain, owner := range w.domains {
		if owner == d.ID {
			delete(w.domains, domain)
		}
	}
	for id := range d.trusting {
		delete(w.subscriptions, id)
		delete(w.projections, id)
		delete(w.registrations, id)
		delete(w.trade.disabled, id)
	}
	for between := range w.partnerships {
		if between.customer == d.ID || between.partner == d.ID {
			delete(w.partnerships, between)
		}
	}
	for _, r := range w.relationships {
		if r.Customer == d.ID || r.Partner == d.ID {
			w.dropRelationship(r)
		}
	}
	w.trade.licences = slices.DeleteFunc(w.trade.licences, func(s *CommerceSubscription) bool { return s.Customer == d.ID })
	w.trade.requests = slices.DeleteFunc(w.trade.requests, func(r *ServiceRequest) bool { return r.Customer == d.ID })
	delete(w.trade.profiles, d.ID)
	for id, a := range w.apps {
		if a.Home == d.ID {
			delete(w.apps, id)
		}
	}
	empty := newTenant(csp.Tenant{ID: d.ID, Name: d.Name})
	empty.gone = true
	w.tenants[d.ID] = empty
}
