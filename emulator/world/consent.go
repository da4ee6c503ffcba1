package world

import (
	"slices"
	"strings"

	"latchkey/csp"
	"latchkey/emulator/registry"
)

// GrantID names a consent or an assigned application role.
type GrantID = csp.ID[Grant]

// Grant is a consent to delegated permissions, by an administrator for everybody
// or by a person for himself.
type Grant struct {
	ID GrantID
	// Client is the service principal that may act.
	Client   csp.ObjectID
	Resource registry.ClientID
	// User is zero when the consent is for everybody.
	User   csp.ObjectID
	Scopes []string
}

// Noun names the thing in error sentences.
func (Grant) Noun() string { return "permission grant" }

// RoleGrant is an application role given to a principal: to a service principal
// it is an application permission, to a user or group it appears among the roles
// of tokens for that resource.
type RoleGrant struct {
	ID        GrantID
	Principal csp.ObjectID
	Resource  registry.ClientID
	Role      string
}

// consents are a tenant's, guarded by the world's mutex.
type consents struct {
	grants []Grant
	roles  []RoleGrant
	policy SignInPolicy
}

// Consent lets the application use delegated permissions of the resource in the
// name of the user, or of everybody when user is zero. It adds to what was
// consented to before. The application must have an account here.
func (t Tenant) Consent(by Actor, client, resource registry.ClientID, user csp.ObjectID, scopes ...string) (Grant, error) {
	w := t.w
	w.mu.Lock()
	defer w.mu.Unlock()
	d := w.tenants[t.ID]
	sp, ok := d.principalOf(client)
	if !ok {
		return Grant{}, refuse(NotInstalled, "the application %s has no service principal in %s", client, d.Name)
	}
	if err := w.mustHaveScopes(resource, scopes); err != nil {
		return Grant{}, err
	}
	return w.consent(by, d, sp, resource, user, scopes), nil
}

func (w *World) consent(by Actor, d *tenant, sp *ServicePrincipal, resource registry.ClientID, user csp.ObjectID, scopes []string) Grant {
	at := slices.IndexFunc(d.consent.grants, func(g Grant) bool { return g.Client == sp.ID && g.Resource == resource && g.User == user })
	if at < 0 {
		at = len(d.consent.grants)
		d.consent.grants = append(d.consent.grants, Grant{ID: NewID[Grant](), Client: sp.ID, Resource: resource, User: user})
	}
	g := &d.consent.grants[at]
	for _, s := range scopes {
		if !registry.HasPermission(g.Scopes, s) {
			g.Scopes = append(slices.Clip(g.Scopes), s)
		}
	}
	w.record(Event{Kind: ConsentGiven, Tenant: d.ID, By: by, Subject: sp.Name + ": " + strings.Join(scopes, " ")})
	return *g
}

// ConsentToAll is an administrator's consent to everything the application asks
// for; it gets an account here if it has none.
func (t Tenant) ConsentToAll(by Actor, client registry.ClientID) (ServicePrincipal, error) {
	w := t.w
	w.mu.Lock()
	defer w.mu.Unlock()
	d := w.tenants[t.ID]
	sp, ok := d.principalOf(client)
	if !ok {
		var err error
		if sp, err = w.install(by, d, client, csp.ObjectID{}); err != nil {
			return ServicePrincipal{}, err
		}
	}
	if w.consentToAll(by, d, sp); sp.Trusted {
		w.record(Event{Kind: ConsentGiven, Tenant: d.ID, By: by, Subject: sp.Name})
	}
	return *sp, nil
}

func (w *World) consentToAll(by Actor, d *tenant, sp *ServicePrincipal) {
	app, _ := w.app(sp.App)
	sp.Trusted = len(app.Asks) == 0
	for _, ask := range app.Asks {
		if len(ask.Scopes) > 0 {
			w.consent(by, d, sp, ask.Resource, csp.ObjectID{}, ask.Scopes)
		}
		for _, role := range ask.Roles {
			w.grantRole(by, d, sp.ID, ask.Resource, role)
		}
	}
}

// GrantRole gives an application role of the resource to a principal here.
func (t Tenant) GrantRole(by Actor, principal csp.ObjectID, resource registry.ClientID, role string) (RoleGrant, error) {
	w := t.w
	w.mu.Lock()
	defer w.mu.Unlock()
	d := w.tenants[t.ID]
	if d.typeOf(principal) == "" {
		return RoleGrant{}, refuse(NoSuchPrincipal, "%s is no principal of %s", principal, d.Name)
	}
	app, ok := w.app(resource)
	if !ok || !app.PublishesRole(role) {
		return RoleGrant{}, refuse(NoSuchApp, "no resource %s has the role %q", resource, role)
	}
	return w.grantRole(by, d, principal, resource, role), nil
}

func (w *World) grantRole(by Actor, d *tenant, principal csp.ObjectID, resource registry.ClientID, role string) RoleGrant {
	for _, g := range d.consent.roles {
		if g.Principal == principal && g.Resource == resource && strings.EqualFold(g.Role, role) {
			return g
		}
	}
	g := RoleGrant{ID: NewID[Grant](), Principal: principal, Resource: resource, Role: role}
	d.consent.roles = append(d.consent.roles, g)
	w.record(Event{Kind: ConsentGiven, Tenant: d.ID, By: by, Subject: principal.String() + ": role " + role})
	return g
}

// Revoke takes a consent or an assigned application role back.
func (t Tenant) Revoke(by Actor, id GrantID) error {
	w := t.w
	w.mu.Lock()
	defer w.mu.Unlock()
	c := &w.tenants[t.ID].consent
	before := len(c.grants) + len(c.roles)
	c.grants = slices.DeleteFunc(c.grants, func(g Grant) bool { return g.ID == id })
	c.roles = slices.DeleteFunc(c.roles, func(g RoleGrant) bool { return g.ID == id })
	if len(c.grants)+len(c.roles) == before {
		return refuse(NoSuchConsent, "%s has no permission grant %s", t.Name, id)
	}
	w.record(Event{Kind: ConsentRevoked, Tenant: t.ID, By: by, Subject: id.String()})
	return nil
}

// Grants lists the consents to delegated permissions, in the order they were given.
func (t Tenant) Grants() []Grant {
	t.w.mu.RLock()
	defer t.w.mu.RUnlock()
	list := slices.Clone(t.w.tenants[t.ID].consent.grants)
	for i := range list {
		list[i].Scopes = slices.Clone(list[i].Scopes)
	}
	return list
}

// RoleGrants lists the application roles that were given, in that order.
func (t Tenant) RoleGrants() []RoleGrant {
	t.w.mu.RLock()
	defer t.w.mu.RUnlock()
	return slices.Clone(t.w.tenants[t.ID].consent.roles)
}

// Delegated finds what the application may do at the resource in the user's
// name. Asked are the permissions it wants now; ".default" means all that were
// consented to. The law broken is NotInstalled or NotConsented.
func (t Tenant) Delegated(client, resource registry.ClientID, user csp.ObjectID, asked []string) ([]string, error) {
	w := t.w
	w.mu.RLock()
	defer w.mu.RUnlock()
	d := w.tenants[t.ID]
	all := registry.HasPermission(asked, ".default")
	if preauthorized := registry.Preauthorized(client, resource); preauthorized != nil {
		if all || len(asked) == 0 {
			return preauthorized, nil
		}
		return asked, nil
	}
	sp, ok := d.principalOf(client)
	if !ok {
		return nil, refuse(NotInstalled, "the application %s has no service principal in %s", client, d.Name)
	}
	var granted []string
	for _, g := range d.consent.grants {
		if g.Client == sp.ID && g.Resource == resource && (g.User.IsZero() || g.User == user) {
			granted = append(granted, g.Scopes...)
		}
	}
	if sp.Trusted {
		granted = append(granted, registry.Everything(resource)...)
	}
	slices.Sort(granted)
	granted = slices.Compact(granted)
	switch {
	case all && len(granted) == 0:
		return nil, refuse(NotConsented, "nobody consented in %s to what %s asks for", d.Name, sp.Name)
	case all, sp.Trusted && len(asked) == 0:
		return granted, nil
	case sp.Trusted:
		return asked, nil
	}
	for _, s := range asked {
		if !registry.HasPermission(granted, s) {
			return nil, refuse(NotConsented, "nobody consented in %s to %s for %s", d.Name, s, sp.Name)
		}
	}
	return asked, nil
}

// RolesAt lists the application roles of the resource that the principal has, by
// itself or through a group it is directly in.
func (t Tenant) RolesAt(resource registry.ClientID, principal csp.ObjectID) []string {
	w := t.w
	w.mu.RLock()
	defer w.mu.RUnlock()
	d := w.tenants[t.ID]
	var list []string
	for _, g := range d.consent.roles {
		if g.Resource == resource && (g.Principal == principal || slices.Contains(w.directGroupsOf(d, principal), g.Principal)) {
			list = append(list, g.Role)
		}
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// mustHaveScopes asks that the resource publishes the delegated permissions.
func (w *World) mustHaveScopes(resource registry.ClientID, scopes []string) error {
	app, ok := w.app(resource)
	if !ok {
		return refuse(NoSuchApp, "no resource has the id %s", resource)
	}
	for _, s := range scopes {
		if !app.PublishesScope(s) {
			return refuse(BadName, "%s has no permission %q", app.Name, s)
		}
	}
	return nil
}
