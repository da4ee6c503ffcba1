package world

import (
	"time"

	"latchkey/csp"
)

// SetContinuousEvaluation switches whether resources look, at each call, if the
// token's session still stands. It is on in a new world. With it off, tokens
// that are out live on until they expire, as they do at services that know
// nothing of it.
func (w *World) SetContinuousEvaluation(on bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.blind = !on
}

// TokenHolds says whether a token still stands that was issued then to the
// object of a tenant, whose account is at home in another tenant or in the same
// (see token.Holder). A resource asks it for tokens of clients that handle claims
// challenges, and refuses with one when it gets an error: an account that is
// gone or disabled, or whose sessions were revoked since, by an administrator or
// by a new password.
func (w *World) TokenHolds(tenant csp.TenantID, object csp.ObjectID, home csp.TenantID, issued time.Time) error {
	w.mu.RLock()
	defer w.mu.RUnlock()
	if w.blind {
		return nil
	}
	d, ok := w.tenants[tenant]
	if !ok {
		return refuse(NoSuchTenant, "no tenant has the id %s", tenant)
	}
	if _, ok := d.principals[object]; ok {
		return nil
	}
	account := Account{tenant, object}
	if u, ok := d.users[object]; ok {
		if u.Disabled {
			return refuse(AccountDisabled, "%s is disabled", u.UPN)
		}
		account = u.Account()
	} else if home != tenant {
		account.Tenant = home // a delegated administrator, with no object here (R11)
	}
	u, err := w.user(account.Tenant, account.Object)
	switch {
	case err != nil:
		return err
	case u.Disabled:
		return refuse(AccountDisabled, "%s is disabled", u.UPN)
	case issued.Before(u.ValidFrom):
		return refuse(SessionRevoked, "the sessions of %s were revoked at %s", u.UPN, u.ValidFrom.Format(time.RFC3339))
	}
	return nil
}

// GroupsNow lists the groups of an object in a tenant, or of the delegated
// administrator from the home tenant that it stands for: what a resource asks
// when a token says that its holder's groups were too many to write down.
func (w *World) GroupsNow(tenant csp.TenantID, object csp.ObjectID, home csp.TenantID) []csp.ObjectID {
	w.mu.RLock()
	defer w.mu.RUnlock()
	d, ok := w.tenants[tenant]
	if ok && d.typeOf(object) == "" {
		d, ok = w.tenants[home]
	}
	if !ok {
		return nil
	}
	return w.groupsOf(d, object)
}
