package world

import (
	"latchkey/csp"
	"latchkey/emulator/registry"
)

// Adopt makes a service principal that was loaded stand for the application, with
// an administrator's consent to everything it asks for: facts tell of service
// principals, and not what for. The application that loading made up is gone.
func (t Tenant) Adopt(id csp.ObjectID, client registry.ClientID) error {
	w := t.w
	w.mu.Lock()
	defer w.mu.Unlock()
	d := w.tenants[t.ID]
	app, ok := w.app(client)
	if !ok {
		return refuse(NoSuchApp, "no application has the id %s", client)
	}
	sp, ok := d.principals[id]
	if !ok {
		return refuse(NoSuchPrincipal, "no service principal of %s has the id %s", d.Name, id)
	}
	if other, ok := d.byClient[client]; ok && other != id {
		return refuse(NameTaken, "%s has a service principal in %s", app.Name, d.Name)
	}
	delete(d.byClient, sp.App)
	if sp.App == AppOf(id) {
		delete(w.apps, sp.App)
	}
	sp.App, d.byClient[client] = client, id
	w.consentToAll(Actor{}, d, sp)
	w.record(Event{Kind: ServicePrincipalChanged, Tenant: t.ID, Subject: sp.Name})
	return nil
}
