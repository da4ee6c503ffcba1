// Package seed makes a world that clients can sign in to. Facts tell of tenants
// and who holds what; they tell of no application and no password. Here both are
// added: the applications that real clients come with, one that stands for the
// reader's own, and a password for everybody.
package seed

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	"latchkey/csp"
	"latchkey/csp/worldfile"
	"latchkey/emulator/registry"
	"latchkey/emulator/world"
)

// Client is an application that is known in every tenant of the world.
type Client struct {
	ID   registry.ClientID
	Name string
	// Secret makes it a confidential client; empty means a public one.
	Secret       string
	RedirectURIs []string
}

// native is where public clients on somebody's own machine are sent back to.
var native = []string{"http://localhost", "http://127.0.0.1", "https://login.microsoftonline.com/common/oauth2/nativeclient"}

// The application that stands for the reader's own.
var (
	OwnClient = csp.MustParseID[registry.App]("00c11e47-0000-4000-8000-000000000001")
	// PublicClient is the same as a public client, for device code and passwords.
	PublicClient = csp.MustParseID[registry.App]("00c11e47-0000-4000-8000-000000000002")
)

// DefaultSecret is the secret of the reader's own application unless he chooses one.
const DefaultSecret = "Latchkey-emulator-secret-1"

// Clients lists the applications of a world; secret is that of the reader's own.
func Clients(secret string) []Client {
	return []Client{
		{ID: OwnClient, Name: "Emulator client", Secret: cmp.Or(secret, DefaultSecret), RedirectURIs: native},
		{ID: PublicClient, Name: "Emulator public client", RedirectURIs: native},
	}
}

// Plant registers the clients in a partner's tenant, or in the first one, and
// makes each known in every tenant, with an administrator's consent. The world
// must have a tenant. A service principal that came with the facts signs in with
// the secret too; its client id is world.AppOf of its object id.
func Plant(w *world.World, clients []Client, secret string) error {
	tenants := w.Tenants()
	if len(tenants) == 0 {
		return errors.New("seed: a world without a tenant has nowhere to register an application: put one into its file")
	}
	home := homeOf(w, tenants)
	for _, c := range clients {
		app := registry.App{ID: c.ID, Name: c.Name, Secret: c.Secret, RedirectURIs: c.RedirectURIs, MultiTenant: true, PublicFlows: true}
		if _, err := home.AddApp(app); err != nil {
			return fmt.Errorf("seed: %s: %w", c.Name, err)
		}
		for _, t := range tenants {
			if err := install(t, c.ID); err != nil {
				return fmt.Errorf("seed: %s in %s: %w", c.Name, t.Name, err)
			}
		}
	}
	for _, t := range tenants {
		for _, sp := range t.ServicePrincipals() {
			if sp.App != world.AppOf(sp.ID) {
				continue
			}
			if _, err := w.AddSecret(world.Actor{}, sp.App, registry.Secret{Name: "emulator", Value: secret}); err != nil {
				return fmt.Errorf("seed: %s in %s: %w", sp.Name, t.Name, err)
			}
		}
	}
	return nil
}

// AskForSecondStep switches multi-factor authentication on for everybody at his
// home, as Microsoft demands of partners' people.
func AskForSecondStep(w *world.World) error {
	for _, t := range w.Tenants() {
		for _, u := range t.Users() {
			if u.IsGuest() {
				continue
			}
			u.MFA = true
			if err := w.SetUser(u); err != nil {
				return fmt.Errorf("seed: the second step of %s: %w", u.UPN, err)
			}
		}
	}
	return nil
}

// install gives the client an account in the tenant, or the one it had when the
// facts were saved.
func install(t world.Tenant, client registry.ClientID) error {
	id := PrincipalID(t.ID, client)
	if slices.ContainsFunc(t.ServicePrincipals(), func(sp world.ServicePrincipal) bool { return sp.ID == id }) {
		return t.Adopt(id, client)
	}
	_, err := t.AddServicePrincipal(client, id)
	return err
}

// homeOf is the first partner by name, or the first tenant.
func homeOf(w *world.World, tenants []world.Tenant) world.Tenant {
	partners := make(map[csp.TenantID]bool)
	for _, ship := range w.Partnerships() {
		partners[ship.Partner] = true
	}
	if at := slices.IndexFunc(tenants, func(t world.Tenant) bool { return partners[t.ID] }); at >= 0 {
		return tenants[at]
	}
	return tenants[0]
}

// PrincipalID is the object id of a client in a tenant, the same at every start.
func PrincipalID(in csp.TenantID, client registry.ClientID) csp.ObjectID {
	return worldfile.DeriveID[csp.Principal]("emulator client", in.String(), client.String())
}

// Without takes out of facts what Plant has put into their world, so that they
// can be saved: the clients' service principals, as far as nothing names them.
// What was given to one of them since is kept, and so is he.
func Without(f csp.Facts, clients []Client) csp.Facts {
	planted := make(map[csp.ObjectID]bool)
	for _, t := range f.Tenants {
		for _, c := range clients {
			planted[PrincipalID(t.ID, c.ID)] = true
		}
	}
	for _, m := range f.Memberships {
		delete(planted, m.Member)
	}
	for _, a := range f.Assignments {
		delete(planted, a.Principal)
	}
	for _, a := range f.DirectoryAssignments {
		delete(planted, a.Principal)
	}
	for _, d := range f.Denials {
		for _, p := range slices.Concat(d.Principals, d.Excluded) {
			delete(planted, p)
		}
	}
	f.Principals = slices.DeleteFunc(slices.Clone(f.Principals), func(p csp.Principal) bool { return planted[p.ID] })
	return f
}
