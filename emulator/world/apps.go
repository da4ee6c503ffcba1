package world

import (
	"net/url"
	"slices"
	"time"

	"latchkey/csp"
	"latchkey/emulator/guid"
	"latchkey/emulator/registry"
)

// ServicePrincipal is an application's account in one tenant. Without one the
// application is unknown there.
type ServicePrincipal struct {
	ID     csp.ObjectID
	Tenant csp.TenantID
	App    registry.ClientID
	Name   string
	// Disabled refuses it every token.
	Disabled bool
	// AssignmentRequired refuses people who were given no role of it.
	AssignmentRequired bool
	// Trusted: an administrator consented to an application that asks for
	// nothing by name (see App.Asks).
	Trusted bool
	// Created is when it was made.
	Created time.Time
}

// AddApp registers an application. It gets no service principal by itself, not
// even here. A zero ID is replaced by a random one.
func (t Tenant) AddApp(a registry.App) (registry.App, error) {
	w := t.w
	w.mu.Lock()
	defer w.mu.Unlock()
	guid.Fill(&a.ID)
	a.Home = t.ID
	if _, ok := w.app(a.ID); ok {
		return registry.App{}, refuse(IDTaken, "an application with the id %s exists", a.ID)
	}
	if err := w.checkAddresses(a); err != nil {
		return registry.App{}, err
	}
	for i := range a.Secrets {
		guid.Fill(&a.Secrets[i].ID)
	}
	kept := a.Clone()
	w.apps[a.ID] = &kept
	w.record(Event{Kind: AppAdded, Tenant: t.ID, By: t.by, Subject: a.Name})
	return a, nil
}

// checkAddresses looks at the redirect and identifier URIs of an application.
func (w *World) checkAddresses(a registry.App) error {
	if err := a.CheckURIs(); err != nil {
		return refuse(BadName, "%v", err)
	}
	for _, name := range a.URIs {
		if other, ok := w.resource(name); ok && other.ID != a.ID {
			return refuse(NameTaken, "%s is an identifier of %s", name, other.Name)
		}
	}
	return nil
}

// AddServicePrincipal gives the application an account in this tenant, with an
// administrator's consent to everything it asks for. A zero id is replaced by a
// random one.
func (t Tenant) AddServicePrincipal(client registry.ClientID, id csp.ObjectID) (ServicePrincipal, error) {
	w := t.w
	w.mu.Lock()
	defer w.mu.Unlock()
	sp, err := w.install(t.by, w.tenants[t.ID], client, id)
	if err != nil {
		return ServicePrincipal{}, err
	}
	w.consentToAll(t.by, w.tenants[t.ID], sp)
	return *sp, nil
}

// Install gives the application an account in this tenant and consents to nothing.
func (t Tenant) Install(by Actor, client registry.ClientID) (ServicePrincipal, error) {
	w := t.w
	w.mu.Lock()
	defer w.mu.Unlock()
	sp, err := w.install(by, w.tenants[t.ID], client, csp.ObjectID{})
	if err != nil {
		return ServicePrincipal{}, err
	}
	return *sp, nil
}

func (w *World) install(by Actor, d *tenant, client registry.ClientID, id csp.ObjectID) (*ServicePrincipal, error) {
	app, ok := w.app(client)
	if !ok {
		return nil, refuse(NoSuchApp, "no application has the id %s", client)
	}
	if _, ok := d.principalOf(client); ok {
		return nil, refuse(NameTaken, "%s has a service principal in %s", app.Name, d.Name)
	}
	guid.Fill(&id)
	if err := w.mustBeNew(id); err != nil {
		return nil, err
	}
	sp := &ServicePrincipal{ID: id, Tenant: d.ID, App: client, Name: app.Name, Created: w.instant()}
	w.addServicePrincipal(d, sp)
	w.announce(by, id)
	w.record(Event{Kind: ServicePrincipalAdded, Tenant: d.ID, By: by, Subject: app.Name})
	return sp, nil
}

// SetServicePrincipal writes back a changed Disabled, AssignmentRequired or Trusted.
func (t Tenant) SetServicePrincipal(by Actor, sp ServicePrincipal) error {
	w := t.w
	w.mu.Lock()
	defer w.mu.Unlock()
	kept, ok := w.tenants[t.ID].principals[sp.ID]
	if !ok {
		return refuse(NoSuchPrincipal, "no service principal of %s has the id %s", t.Name, sp.ID)
	}
	kept.Disabled, kept.AssignmentRequired, kept.Trusted = sp.Disabled, sp.AssignmentRequired, sp.Trusted
	w.record(Event{Kind: ServicePrincipalChanged, Tenant: t.ID, By: by, Subject: kept.Name})
	return nil
}

// RemoveServicePrincipal takes the application's account away, and with it every
// consent and membership. Its role assignments stay behind, as they do at Microsoft.
func (t Tenant) RemoveServicePrincipal(by Actor, id csp.ObjectID) error {
	w := t.w
	w.mu.Lock()
	defer w.mu.Unlock()
	d := w.tenants[t.ID]
	gone, ok := d.principals[id]
	if !ok {
		return refuse(NoSuchPrincipal, "no service principal of %s has the id %s", d.Name, id)
	}
	w.forget(d, id)
	delete(d.principals, id)
	delete(d.byClient, gone.App)
	d.consent.grants = slices.DeleteFunc(d.consent.grants, func(g Grant) bool { return g.Client == id })
	d.consent.roles = slices.DeleteFunc(d.consent.roles, func(g RoleGrant) bool { return g.Principal == id || g.Resource == gone.App })
	w.record(Event{Kind: ServicePrincipalRemoved, Tenant: t.ID, By: by, Subject: gone.Name})
	return nil
}

func (d *tenant) principalOf(client registry.ClientID) (*ServicePrincipal, bool) {
	sp, ok := d.principals[d.byClient[client]]
	return sp, ok
}

func (w *World) addServicePrincipal(d *tenant, sp *ServicePrincipal) {
	d.principals[sp.ID] = sp
	d.byClient[sp.App] = sp.ID
	w.objects[sp.ID] = d.ID
}

// app finds a registered application or one of Microsoft's own.
func (w *World) app(id registry.ClientID) (*registry.App, bool) {
	if a, ok := w.apps[id]; ok {
		return a, true
	}
	return registry.Microsoft(id)
}

// App finds an application by its client id, Microsoft's own included.
func (w *World) App(id registry.ClientID) (registry.App, bool) {
	w.mu.RLock()
	defer w.mu.RUnlock()
	a, ok := w.app(id)
	if !ok {
		return registry.App{}, false
	}
	return a.Clone(), true
}

// Apps lists the registrations of this tenant by name.
func (t Tenant) Apps() []registry.App {
	t.w.mu.RLock()
	defer t.w.mu.RUnlock()
	var list []registry.App
	for _, a := range t.w.apps {
		if a.Home == t.ID {
			list = append(list, a.Clone())
		}
	}
	slices.SortFunc(list, func(a, b registry.App) int { return orderBy(a.Name, b.Name, a.ID.Compare(b.ID)) })
	return list
}

// Resource finds the application that tokens for this audience are meant for: by
// an identifier URI, with or without a slash at its end, or by its client id.
func (w *World) Resource(audience string) (registry.App, bool) {
	w.mu.RLock()
	defer w.mu.RUnlock()
	a, ok := w.resource(audience)
	if !ok {
		return registry.App{}, false
	}
	return a.Clone(), true
}

func (w *World) resource(audience string) (*registry.App, bool) {
	if id, ok := registry.IDIn(audience); ok {
		return w.app(id)
	}
	if a, ok := registry.MicrosoftNamed(audience); ok {
		return a, true
	}
	for _, a := range w.apps {
		if a.Named(audience) {
			return a, true
		}
	}
	return nil, false
}

// ServicePrincipal finds the application's account in this tenant.
func (t Tenant) ServicePrincipal(client registry.ClientID) (ServicePrincipal, bool) {
	t.w.mu.RLock()
	defer t.w.mu.RUnlock()
	sp, ok := t.w.tenants[t.ID].principalOf(client)
	if !ok {
		return ServicePrincipal{}, false
	}
	return *sp, true
}

// ServicePrincipals lists the applications' accounts in this tenant by name.
func (t Tenant) ServicePrincipals() []ServicePrincipal {
	t.w.mu.RLock()
	defer t.w.mu.RUnlock()
	var list []ServicePrincipal
	for _, sp := range t.w.tenants[t.ID].principals {
		list = append(list, *sp)
	}
	slices.SortFunc(list, func(a, b ServicePrincipal) int { return orderBy(a.Name, b.Name, a.ID.Compare(b.ID)) })
	return list
}

// KnowsRedirect says whether some application has a redirect URI on the same
// origin as the address.
func (w *World) KnowsRedirect(address string) bool {
	want, err := url.Parse(address)
	if err != nil || want.Host == "" {
		return false
	}
	w.mu.RLock()
	defer w.mu.RUnlock()
	for _, a := range w.apps {
		if a.Returns(want) {
			return true
		}
	}
	return false
}
