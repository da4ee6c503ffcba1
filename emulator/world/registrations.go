package world

import (
	"slices"

	"latchkey/csp"
	"latchkey/emulator/registry"
)

// AppRemoved is the event of a registration that was deleted.
const AppRemoved EventKind = "application removed"

// SetApp writes a changed registration back: everything but its home, its
// secrets, its owners and what others trust it for.
func (t Tenant) SetApp(a registry.App) error {
	w := t.w
	w.mu.Lock()
	defer w.mu.Unlock()
	kept, err := w.registered(t, a.ID)
	if err != nil {
		return err
	}
	if a.Name == "" {
		return refuse(BadName, "an application needs a name")
	}
	if err := w.checkAddresses(a); err != nil {
		return err
	}
	a = a.Clone()
	kept.Name, kept.RedirectURIs, kept.BrowserURIs, kept.URIs, kept.Certificates = a.Name, a.RedirectURIs, a.BrowserURIs, a.URIs, a.Certificates
	kept.IDTokens, kept.MultiTenant, kept.PublicFlows, kept.Shown = a.IDTokens, a.MultiTenant, a.PublicFlows, a.Shown
	w.record(Event{Kind: AppChanged, Tenant: t.ID, By: t.by, Subject: a.Name})
	return nil
}

// registered finds a registration of the tenant.
func (w *World) registered(t Tenant, id registry.ClientID) (*registry.App, error) {
	a, ok := w.apps[id]
	if !ok || a.Home != t.ID {
		return nil, refuse(NoSuchApp, "no application of %s has the id %s", t.Name, id)
	}
	return a, nil
}

// RemoveApp takes a registration away, and its service principal here. Those in
// other tenants stay, and get no token any more.
func (t Tenant) RemoveApp(id registry.ClientID) error {
	sp, installed := t.ServicePrincipal(id)
	if installed {
		if err := t.RemoveServicePrincipal(t.by, sp.ID); err != nil {
			return err
		}
	}
	w := t.w
	w.mu.Lock()
	defer w.mu.Unlock()
	gone, err := w.registered(t, id)
	if err != nil {
		return err
	}
	delete(w.apps, id)
	w.record(Event{Kind: AppRemoved, Tenant: t.ID, By: t.by, Subject: gone.Name})
	return nil
}

// RemoveSecretOf clears the secret without an end that a registration was made
// with.
func (t Tenant) RemoveSecretOf(id registry.ClientID) error {
	return t.w.changeApp(t.by, id, "secret removed", func(a *registry.App) error {
		a.Secret = ""
		return nil
	})
}

// AddAppOwner makes a user or service principal of this tenant an owner.
func (t Tenant) AddAppOwner(id registry.ClientID, owner csp.ObjectID) error {
	w := t.w
	return w.changeApp(t.by, id, "owner added", func(a *registry.App) error {
		switch w.tenants[t.ID].typeOf(owner) {
		case "":
			return refuse(ForeignMember, "%s is no principal of %s", owner, t.Name)
		case csp.Group:
			return refuse(BadName, "a group cannot own an application")
		}
		if slices.Contains(a.Owners, owner) {
			return refuse(NameTaken, "%s owns %s", owner, a.Name)
		}
		a.Owners = append(a.Owners, owner)
		return nil
	})
}

// RemoveAppOwner takes the ownership away.
func (t Tenant) RemoveAppOwner(id registry.ClientID, owner csp.ObjectID) error {
	return t.w.changeApp(t.by, id, "owner removed", func(a *registry.App) error {
		at := slices.Index(a.Owners, owner)
		if at < 0 {
			return refuse(NoSuchPrincipal, "%s does not own %s", owner, a.Name)
		}
		a.Owners = slices.Delete(slices.Clone(a.Owners), at, at+1)
		return nil
	})
}
