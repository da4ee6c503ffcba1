package world

import (
	"errors"
	"fmt"

	"latchkey/csp"
	"latchkey/emulator/gdap"
)

// Law is a rule the world does not let anybody break.
type Law string

// The laws. Endpoints turn each into the code Microsoft answers with.
const (
	BadDomain         Law = "a domain is a name with a dot in it"
	DomainTaken       Law = "a domain belongs to one tenant (R1)"
	IDTaken           Law = "an id names one thing"
	NameTaken         Law = "a name is unique where it stands"
	BadName               = Law(gdap.BadName)
	NoSuchTenant      Law = "the tenant must exist"
	NoSuchPrincipal   Law = "a principal must exist in the directory or in a related partner's (R20, R21)"
	NoSuchApp         Law = "the application must be registered"
	NoSuchRole            = Law(gdap.NoSuchRole)
	NoSuchScope       Law = "the scope must exist"
	NoSuchAssignment  Law = "the assignment must exist"
	TypeDiffers       Law = "the principal's type must be the one it has (R36)"
	AssignmentExists  Law = "a principal has a role at a scope once (R37)"
	UpdateForbidden   Law = "an assignment keeps its scope, principal and role"
	ScopeLocked       Law = "a lock holds (R27)"
	LastAdministrator Law = "a subscription keeps one who may assign roles"
	TooMany           Law = "a subscription holds 4000 role assignments"
	NotInTenant       Law = "one enters a tenant as member, guest or delegated administrator (R2, R22)"
	AccountDisabled   Law = "a disabled account does not sign in"
	NotInstalled      Law = "an application is used where it has a service principal"
	NotConsented      Law = "an application has the permissions somebody consented to"
	NoSuchConsent     Law = "the consent must exist"
	SessionRevoked    Law = "a session that was revoked is good for nothing"
	ForeignMember     Law = "a group holds principals of its own tenant (R20)"
	InvitationPending Law = "a guest enters once he has accepted (R2)"
	NotPending        Law = "an invitation is accepted once"
	AgentGroupStays   Law = "a partner's agent groups stay (R7)"
	DynamicMembers    Law = "nobody changes the members of a dynamic group (R33)"
	NotEmpty          Law = "what holds something stays"
	NotAssignable     Law = "a custom role is assigned at its scopes or below"
	RoleInUse         Law = "a role that is assigned stays"
	BuiltIn           Law = "built-in roles stay as they are"
	BadAction         Law = "an action names a provider, a type and what is done"
	BadScope          Law = "a custom role is assignable somewhere, at one management group at most"
	BadPolicy         Law = "a policy's rule can be read"
	NoSuchPolicy      Law = "the policy must exist"
	Disallowed        Law = "a policy that denies is kept (R27)"
	BadRegistration   Law = "Lighthouse projects no Owner, no custom role and no role on data (R28)"
	NoSuchRequest     Law = "the registration or request must exist"
	NotGlobal         Law = "whoever elevates himself is Global Administrator (R24)"
	BadPlacement      Law = "management groups hold subscriptions and each other, without a ring (R17)"

	RoleAssignableStays     Law = "whether a group is for directory roles is settled when it is made (R14)"
	NoNesting               Law = "a group for directory roles holds no group (R14)"
	NotRoleAssignable       Law = "a directory role goes to a group only if it was made for that (R14)"
	LastGlobalAdministrator Law = "a tenant keeps a Global Administrator"

	NoSuchRelationship Law = "the relationship must exist"
	NoSuchAccess           = Law(gdap.NoSuchAccess)
	WrongStatus            = Law(gdap.WrongStatus)
	VersionDiffers         = Law(gdap.VersionDiffers)
	BadDuration            = Law(gdap.BadDuration)
	NoExtension            = Law(gdap.NoExtension)
	RoleNotLent            = Law(gdap.RoleNotLent)
	RoleNotAgreed          = Law(gdap.RoleNotAgreed)
	AlreadyAssigned        = Law(gdap.AlreadyAssigned)
	NotYours           Law = "a relationship is answered and ended by those whose it is"
)

// Refusal says which law a change would break. Nothing was changed.
type Refusal struct { //nolint:errname // read where it is used: errors.AsType[*world.Refusal]
	Law    Law
	Detail string
	// Existing is the assignment in the way, for AssignmentExists.
	Existing csp.RoleAssignmentID
	// Actual is the principal's real type, for TypeDiffers.
	Actual csp.PrincipalType
	// Locked lists where the locks are, for ScopeLocked.
	Locked []csp.Scope
	// Violation says which policy, for Disallowed.
	Violation *Violation
}

// Error says which law, and what exactly.
func (r *Refusal) Error() string { return fmt.Sprintf("world: %s: %s", r.Law, r.Detail) }

// Is makes errors.Is(err, &Refusal{Law: l}) compare laws only.
func (r *Refusal) Is(target error) bool {
	other, ok := target.(*Refusal)
	return ok && other.Law == r.Law
}

// lawful makes a refusal of the world's of one of package gdap's.
func lawful(err error) error {
	if r, ok := errors.AsType[*gdap.Refusal](err); ok {
		return &Refusal{Law: Law(r.Law), Detail: r.Detail}
	}
	return err
}

func refuse(law Law, format string, args ...any) *Refusal {
	return &Refusal{Law: law, Detail: fmt.Sprintf(format, args...)}
}
