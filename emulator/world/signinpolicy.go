package world

// SignInPolicy is what a tenant demands of those who sign in to it, beyond their
// own accounts' second steps: its conditional access, in three switches.
type SignInPolicy struct {
	// RequireMFA demands a second step of everybody, guests and delegated
	// administrators too.
	RequireMFA bool
	// BlockServiceProviders keeps delegated administrators out.
	BlockServiceProviders bool
	// AdminConsentOnly keeps people from consenting for themselves, even to
	// permissions that only show who they are.
	AdminConsentOnly bool
}

// SetSignInPolicy replaces the tenant's policy.
func (t Tenant) SetSignInPolicy(by Actor, p SignInPolicy) {
	w := t.w
	w.mu.Lock()
	defer w.mu.Unlock()
	w.tenants[t.ID].consent.policy = p
	w.record(Event{Kind: PolicySet, Tenant: t.ID, By: by, Subject: t.Name})
}

// SignInPolicy is the tenant's policy.
func (t Tenant) SignInPolicy() SignInPolicy {
	t.w.mu.RLock()
	defer t.w.mu.RUnlock()
	return t.w.tenants[t.ID].consent.policy
}
