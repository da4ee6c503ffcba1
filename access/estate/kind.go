package estate

import "latchkey/csp"

// PrincipalKind packs what a principal is: a type, and flags.
type PrincipalKind uint16

// The types, of which a principal is one; zero is unknown.
const (
	KindUser PrincipalKind = iota + 1
	KindGroup
	KindServicePrincipal

	kindMask PrincipalKind = 3
)

// The flags.
const (
	IsGuest PrincipalKind = 1 << (iota + 2)
	IsSynced
	IsMicrosoftAccount
	IsRoleAssignable
	IsDynamic
	IsAdminAgents
	IsHelpdeskAgents
	IsSalesAgents
	// IsManaged: some resource has the service principal as its identity (R26).
	IsManaged
)

// Type is the principal's type without the flags.
func (k PrincipalKind) Type() PrincipalKind { return k & kindMask }

var (
	kindOfType = map[csp.PrincipalType]PrincipalKind{
		"": 0, csp.User: KindUser, csp.Group: KindGroup, csp.ServicePrincipal: KindServicePrincipal,
	}
	kindOfSource = map[csp.Source]PrincipalKind{
		"": 0, csp.Cloud: 0, csp.Synced: IsSynced, csp.MicrosoftAccount: IsMicrosoftAccount, csp.Guest: IsGuest,
	}
	kindOfAgents = map[csp.AgentRole]PrincipalKind{
		"": 0, csp.AdminAgents: IsAdminAgents, csp.HelpdeskAgents: IsHelpdeskAgents, csp.SalesAgents: IsSalesAgents,
	}
)

// Agents is the agent role of whose group it is (R7), or empty.
func (k PrincipalKind) Agents() csp.AgentRole {
	switch {
	case k&IsAdminAgents != 0:
		return csp.AdminAgents
	case k&IsHelpdeskAgents != 0:
		return csp.HelpdeskAgents
	case k&IsSalesAgents != 0:
		return csp.SalesAgents
	}
	return ""
}

func (k PrincipalKind) principalType() csp.PrincipalType {
	switch k.Type() {
	case KindUser:
		return csp.User
	case KindGroup:
		return csp.Group
	case KindServicePrincipal:
		return csp.ServicePrincipal
	}
	return ""
}

func (k PrincipalKind) source() csp.Source {
	switch {
	case k&IsGuest != 0:
		return csp.Guest
	case k&IsSynced != 0:
		return csp.Synced
	case k&IsMicrosoftAccount != 0:
		return csp.MicrosoftAccount
	}
	return ""
}

// The principal types that a role assignment may name, as numbers; zero: none.
const (
	AssignedToUser uint8 = iota + 1
	AssignedToGroup
	AssignedToServicePrincipal
	AssignedToForeignGroup
)

var assignedTypes = [...]csp.PrincipalType{"", csp.User, csp.Group, csp.ServicePrincipal, csp.ForeignGroup}
