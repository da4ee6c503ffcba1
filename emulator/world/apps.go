package world

import (
	"net/url"
	"slices"

	"latchkey/csp"
)

// ClientID names an application, in every tenant the same.
type ClientID = csp.ID[App]

// App is an application registration in its home tenant.
type App struct {
	ID   ClientID
	Home csp.TenantID
	Name string
	// Secret makes it a confidential client; empty means a public one.
	Secret string
	// RedirectURIs are compared letter by letter.
	RedirectURIs []string
	// MultiTenant lets accounts of other tenants sign in, through the
	// organizations authority or their own.
	MultiTenant bool
}

// Noun names the thing in error sentences.
func (App) Noun() string { return "application" }

// ServicePrincipal is an application's account in one tenant. Without one the
// application is unknown there: adding it stands for an administrator's consent.
type ServicePrincipal struct {
	ID     csp.ObjectID
	Tenant csp.TenantID
	App    ClientID
	Name   string
}

// AddApp registers an application. It gets no service principal by itself, not
// even here. A zero ID is replaced by a random one.
func (t Tenant) AddApp(a App) (App, error) {
	w := t.w
	w.mu.Lock()
	defer w.mu.Unlock()
	fillID(&a.ID)
	a.Home = t.ID
	if _, ok := w.apps[a.ID]; ok {
		return App{}, refuse(IDTaken, "an application with the id %s exists", a.ID)
	}
	for _, redirect := range a.RedirectURIs {
		if u, err := url.Parse(redirect); err != nil || !u.IsAbs() || u.Fragment != "" {
			return App{}, refuse(BadName, "%q is no redirect URI: want an absolute one without a fragment", redirect)
		}
	}
	kept := a
	kept.RedirectURIs = slices.Clone(a.RedirectURIs)
	w.apps[a.ID] = &kept
	w.record(Event{Kind: AppAdded, Tenant: t.ID, By: t.by, Subject: a.Name})
	return a, nil
}

// AddServicePrincipal gives the application an account in this tenant. A zero
// id is replaced by a random one.
func (t Tenant) AddServicePrincipal(client ClientID, id csp.ObjectID) (ServicePrincipal, error) {
	w := t.w
	w.mu.Lock()
	defer w.mu.Unlock()
	app, ok := w.apps[client]
	if !ok {
		return ServicePrincipal{}, refuse(NoSuchApp, "no application has the id %s", client)
	}
	d := w.tenants[t.ID]
	if _, ok := d.principalOf(client); ok {
		return ServicePrincipal{}, refuse(NameTaken, "%s has a service principal in %s", app.Name, d.Name)
	}
	fillID(&id)
	if err := w.mustBeNew(id); err != nil {
		return ServicePrincipal{}, err
	}
	sp := ServicePrincipal{ID: id, Tenant: t.ID, App: client, Name: app.Name}
	w.addServicePrincipal(d, sp)
	w.record(Event{Kind: ServicePrincipalAdded, Tenant: t.ID, By: t.by, Subject: app.Name})
	return sp, nil
}

func (d *tenant) principalOf(client ClientID) (ServicePrincipal, bool) {
	sp, ok := d.principals[d.byClient[client]]
	if !ok {
		return ServicePrincipal{}, false
	}
	return *sp, true
}

func (w *World) addServicePrincipal(d *tenant, sp ServicePrincipal) {
	d.principals[sp.ID] = &sp
	d.byClient[sp.App] = sp.ID
	w.objects[sp.ID] = d.ID
}

// ServicePrincipals lists the tenant's by name.
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

// App finds an application by its client id.
func (w *World) App(id ClientID) (App, bool) {
	w.mu.RLock()
	defer w.mu.RUnlock()
	a, ok := w.apps[id]
	if !ok {
		return App{}, false
	}
	found := *a
	found.RedirectURIs = slices.Clone(a.RedirectURIs)
	return found, true
}

// ServicePrincipal finds the application's account in this tenant.
func (t Tenant) ServicePrincipal(client ClientID) (ServicePrincipal, bool) {
	t.w.mu.RLock()
	defer t.w.mu.RUnlock()
	return t.w.tenants[t.ID].principalOf(client)
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
		for _, redirect := range a.RedirectURIs {
			if u, err := url.Parse(redirect); err == nil && u.Scheme == want.Scheme && u.Host == want.Host {
				return true
			}
		}
	}
	return false
}
