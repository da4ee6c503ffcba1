package control

import (
	"net/http"
	"slices"
	"strings"

	"latchkey/emulator/wire"
	"latchkey/emulator/world"
)

// personView is an account, without its password.
type personView struct {
	ID       string `json:"id"`
	Tenant   string `json:"tenant"`
	UPN      string `json:"userPrincipalName"`
	Name     string `json:"displayName"`
	Guest    bool   `json:"guest"`
	MFA      bool   `json:"mfa"`
	Disabled bool   `json:"disabled"`
}

func personOf(u world.User) personView {
	return personView{ID: u.ID.String(), Tenant: u.Tenant.String(), UPN: u.UPN, Name: u.Name, Guest: u.IsGuest(), MFA: u.MFA, Disabled: u.Disabled}
}

// personChange is what happens to an account outside of the emulated APIs; what
// is left out stays.
type personChange struct {
	MFA            *bool   `json:"mfa"`
	Disabled       *bool   `json:"disabled"`
	Password       *string `json:"password"`
	RevokeSessions bool    `json:"revokeSessions"`
}

func (h *Handler) getPerson(r *http.Request) (any, error) {
	u, err := h.person(r.PathValue("upn"))
	if err != nil {
		return nil, err
	}
	return personOf(u), nil
}

func (h *Handler) changePerson(r *http.Request) (any, error) {
	var asked personChange
	if err := read(r, &asked); err != nil {
		return nil, err
	}
	u, err := h.person(r.PathValue("upn"))
	if err != nil {
		return nil, err
	}
	if asked.Password != nil && *asked.Password == "" {
		return nil, bad("a password cannot be empty")
	}
	change(&u.MFA, asked.MFA)
	change(&u.Disabled, asked.Disabled)
	change(&u.Password, asked.Password)
	if asked.MFA != nil || asked.Disabled != nil || asked.Password != nil {
		if err := h.Cloud.World().SetUser(u); err != nil {
			return nil, bad("%v", err)
		}
	}
	if asked.RevokeSessions {
		if err := h.Cloud.World().RevokeSessions(world.Account{Tenant: u.Tenant, Object: u.ID}); err != nil {
			return nil, bad("%v", err)
		}
	}
	return personOf(u), nil
}

func change[T any](value, to *T) {
	if to != nil {
		*value = *to
	}
}

// person finds an account by its sign-in name.
func (h *Handler) person(upn string) (world.User, error) {
	_, domain, found := strings.Cut(upn, "@")
	if !found {
		return world.User{}, bad("%q is no sign-in name: write name@domain", wire.Clip(upn))
	}
	t, err := h.tenant(domain)
	if err != nil {
		return world.User{}, err
	}
	users := t.Users()
	at := slices.IndexFunc(users, func(u world.User) bool { return strings.EqualFold(u.UPN, upn) })
	if at < 0 {
		return world.User{}, absent("nobody in %s signs in as %q", t.Name, wire.Clip(upn))
	}
	return users[at], nil
}
