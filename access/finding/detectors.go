package finding

// detectors find the findings of each kind. What they find is emitted without its
// kind, and without a severity if that is the usual one.
var detectors = map[Kind]func(*survey){
	StandingAdminAgent:    standingAdminAgents,
	NestedInAdminAgents:   nestedInAdminAgents,
	CanBecomeAdminAgent:   canBecomeAdminAgent,
	HelpdeskAgentUnderDAP: helpdeskAgentsUnderDAP,
	DAPInForce:            dapInForce,
	GDAPEndsSoon:          gdapEndsSoon,
	GDAPEndedWithRights:   gdapEndedWithRights,
	GDAPCannotExtend:      gdapCannotExtend,
	GDAPNeverExtends:      gdapNeverExtends,
	SignInMissing:         signInMissing,
	GuestShutsGDAP:        guestShutsGDAP,
	ForeignPrincipalGone:  foreignPrincipalMissing,
	SoleOwner:             soleOwner,
	LeftOverPartner:       leftOverPartner,
	Artefact:              artefacts,
	OrphanedAssignment:    orphanedAssignments,
	ImpossibleAssignment:  impossibleAssignments,
	WiderThanUse:          widerThanUse,
	ManyOwners:            manyOwners,
	Elevation:             elevation,
	LockTrapsRemoval:      lockTrapsRemoval,
	EligibleWithoutEnd:    eligibleWithoutEnd,
	PrivilegedApplication: privilegedApplications,
	StrongerIdentity:      strongerIdentities,
	PrivilegedLighthouse:  privilegedLighthouse,
	NotCollected:          notCollected,
}
