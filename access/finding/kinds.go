package finding

import (
	"fmt"
	"slices"
	"strings"
)

// Kind is a sort of finding. Its id never changes and is never used again.
type Kind string

// The kinds.
const (
	StandingAdminAgent    Kind = "LK001"
	NestedInAdminAgents   Kind = "LK002"
	CanBecomeAdminAgent   Kind = "LK003"
	HelpdeskAgentUnderDAP Kind = "LK004"
	DAPInForce            Kind = "LK005"
	GDAPEndsSoon          Kind = "LK006"
	GDAPEndedWithRights   Kind = "LK007"
	GDAPCannotExtend      Kind = "LK008"
	GDAPNeverExtends      Kind = "LK009"
	SignInMissing         Kind = "LK010"
	GuestShutsGDAP        Kind = "LK011"
	ForeignPrincipalGone  Kind = "LK012"
	SoleOwner             Kind = "LK013"
	LeftOverPartner       Kind = "LK014"
	Artefact              Kind = "LK015"
	OrphanedAssignment    Kind = "LK016"
	ImpossibleAssignment  Kind = "LK017"
	WiderThanUse          Kind = "LK018"
	ManyOwners            Kind = "LK019"
	Elevation             Kind = "LK020"
	LockTrapsRemoval      Kind = "LK021"
	EligibleWithoutEnd    Kind = "LK022"
	PrivilegedApplication Kind = "LK023"
	StrongerIdentity      Kind = "LK024"
	PrivilegedLighthouse  Kind = "LK025"
	NotCollected          Kind = "LK026"
)

// About is what there is to say about a kind.
type About struct {
	ID Kind
	// Name is the kind in short, for machines that want words: "standing-admin-agent".
	Name  string
	Title string
	// Rule is the rule of docs/model.md on which it rests.
	Rule string
	// Severity is the usual one, and Reason why.
	Severity Severity
	Reason   string
	// Text is the page of explanation.
	Text string
	// Change is what to do, in general.
	Change string
	// Items is what the kind counts, in the singular.
	Items string
}

// About tells about the kind; of what is no kind, nothing.
func (k Kind) About() About {
	i := slices.IndexFunc(about, func(a About) bool { return a.ID == k })
	if i < 0 {
		return About{ID: k}
	}
	return about[i]
}

// Kinds are all kinds, by id.
func Kinds() []Kind {
	list := make([]Kind, len(about))
	for i, a := range about {
		list[i] = a.ID
	}
	return list
}

// ParseKind finds a kind by its id or its name, in any case.
func ParseKind(s string) (Kind, error) {
	for _, a := range about {
		if strings.EqualFold(s, string(a.ID)) || strings.EqualFold(s, a.Name) {
			return a.ID, nil
		}
	}
	return "", fmt.Errorf("%.80q is no kind of finding: want an id from %s to %s or a name such as %s", s, about[0].ID, about[len(about)-1].ID, about[0].Name)
}

var about = []About{
	{
		ID: StandingAdminAgent, Name: "standing-admin-agent", Title: "Standing admin agent", Rule: "R22", Severity: High, Items: "assignment of AdminAgents",
		Reason: "High, because he is Owner at many customers at once and at any hour, and nobody has to say yes.",
		Text: "The account is in the partner's AdminAgents, directly or by nested groups. AdminAgents is assigned at customers as the foreign principal, as a rule as Owner, so that its members own those subscriptions wherever they have a way to sign in: " +
			"DAP, a GDAP role of any kind, or the old rules. The partner cannot limit it to one customer. A stolen session of one such account reaches all the customers that are counted here.",
		Change: "Take the account out of AdminAgents and let it ask for access when it needs it. Where the partner needs a standing owner, for the partner earned credit or as a way back, one group with few members does.",
	},
	{
		ID: NestedInAdminAgents, Name: "nested-in-admin-agents", Title: "Group nested in AdminAgents", Rule: "R22", Severity: Medium, Items: "member",
		Reason: "Medium: nesting is how access is limited to some customers today, and it is also how people become Owner everywhere without anybody seeing it in AdminAgents.",
		Text:   "A group is a member of AdminAgents. Whoever can change its members makes admin agents, and a list of AdminAgents' direct members does not show them. Nested members have the foreign principal's roles (R22) and not DAP (R10).",
		Change: "Check who may change the group's members, and that the group has only the GDAP access assignments it is meant for, since these decide at which customers its members can sign in.",
	},
	{
		ID: CanBecomeAdminAgent, Name: "can-become-admin-agent", Title: "Can become an admin agent", Rule: "R8", Severity: High, Items: "way",
		Reason: "High, because it is the power of an admin agent with one step more, and does not show in AdminAgents.",
		Text:   "The account is no admin agent now, and can make itself one, or take over one who is: as Global Administrator or User Administrator of the partner it can put itself into AdminAgents (R8), and whoever may reset an agent's password can sign in as him (R15).",
		Change: "Make the directory role eligible instead of permanent, with approval, and make AdminAgents a group that only few may change. Admin agents should be accounts that helpdesk and user administrators cannot reset.",
	},
	{
		ID: HelpdeskAgentUnderDAP, Name: "helpdesk-agent-under-dap", Title: "Helpdesk agents under DAP", Rule: "R10", Severity: Medium, Items: "agent",
		Reason: "Medium: they reset passwords at every customer that still lists the partner, and the partner can leave none out.",
		Text:   "Direct members of HelpdeskAgents are helpdesk administrators in each customer that lists the partner as delegated administrator. They may reset the passwords of ordinary users there.",
		Change: "Give the agents a GDAP access assignment with the roles they need at the customers they serve, and end DAP.",
	},
	{
		ID: DAPInForce, Name: "dap-in-force", Title: "DAP still in force", Rule: "R10", Severity: High, Items: "relationship",
		Reason: "High, because every direct admin agent is Global Administrator of every one of these customers, without an end.",
		Text:   "The customer still lists the partner as delegated administrator in the old way. All direct members of AdminAgents are Global Administrators there and all of HelpdeskAgents helpdesk administrators.",
		Change: "Ask for a GDAP relationship with the roles that are needed, assign them to groups, see that it works, and then remove DAP. Removing DAP leaves the foreign principal's Azure roles in place (R23), but without any GDAP role nobody can sign in to use them.",
	},
	{
		ID: GDAPEndsSoon, Name: "gdap-ends-soon", Title: "GDAP relationship about to end", Rule: "R11", Severity: Medium, Items: "access assignment",
		Reason: "Medium: on that day all its roles end at once, and with them, if it is the only one, the sign-in on which Azure access hangs (R22).",
		Text:   "A GDAP relationship has one end date for all its roles. This one ends within the threshold and will not extend itself. The customer must accept a new one, and that takes as long as the customer takes.",
		Change: "Request a new relationship with the roles that are still used, and send the customer its link now. Where Global Administrator is not among the roles, let it extend itself.",
	},
	{
		ID: GDAPEndedWithRights, Name: "gdap-ended-with-assignments", Title: "Ended GDAP relationship with access assignments", Rule: "R11", Severity: Low, Items: "access assignment",
		Reason: "Low: an ended relationship gives nobody anything, but somebody may think that he still has it.",
		Text:   "The relationship is over, by its date or its status, and access assignments are still listed as active in it. They give nothing any more.",
		Change: "If the groups still need the roles, request a new relationship; if not, nothing is left to do but to take note.",
	},
	{
		ID: GDAPCannotExtend, Name: "gdap-cannot-extend", Title: "GDAP relationship that cannot extend itself", Rule: "R11", Severity: Medium, Items: "access assignment",
		Reason: "Medium: Global Administrator is more than a partner needs, and because of it the relationship is bound to end.",
		Text:   "Global Administrator is among the roles of the relationship. Such a relationship cannot extend itself, so that it ends on its date, for all its roles.",
		Change: "Remove Global Administrator from the relationship, which the partner may do alone while it is active, and then let it extend itself.",
	},
	{
		ID: GDAPNeverExtends, Name: "gdap-never-extends", Title: "GDAP relationships that do not extend themselves", Rule: "R11", Severity: Low, Items: "relationship",
		Reason: "Low: it is a choice, but one that is rarely meant.",
		Text:   "These relationships could extend themselves and are not set to. Each ends on its date unless the customer accepts a new one in time.",
		Change: "Set the relationships to extend themselves by 180 days, or put their ends into somebody's calendar.",
	},
	{
		ID: SignInMissing, Name: "sign-in-missing", Title: "Azure role without a sign-in", Rule: "R22", Severity: Medium, Items: "assignment",
		Reason: "Medium: the partner believes that he can manage these subscriptions, and on the day it matters he cannot.",
		Text:   "The partner's group holds Azure roles at these customers as foreign principal, and no member of it can sign in there: there is no DAP, and no GDAP role of any kind reaches one of its members. The role is there and cannot be used.",
		Change: "Give a group of the agents any GDAP role at these customers; Directory Readers is enough. Where the customer is gone for good, remove the foreign principal's assignments.",
	},
	{
		ID: GuestShutsGDAP, Name: "guest-shuts-gdap", Title: "Guest account that shuts GDAP", Rule: "R13", Severity: Medium, Items: "guest account",
		Reason: "Medium: what was given by GDAP does not work for this person at these customers, and nobody sees why.",
		Text:   "The person is in a group with a GDAP access assignment at a customer and also has a guest account in that customer's tenant. He signs in there as the guest and has only what the guest has; GDAP and the foreign principal are closed to him.",
		Change: "Decide for one of the two. As a rule: move what the guest holds to the group, and ask the customer to remove the guest account.",
	},
	{
		ID: ForeignPrincipalGone, Name: "foreign-principal-missing", Title: "Foreign principal missing on the partner's subscription", Rule: "R21", Severity: Medium, Items: "subscription",
		Reason: "Medium: the partner cannot manage what he sells, and may lose the partner earned credit for it.",
		Text:   "The partner created the subscription, so that his AdminAgents was Owner of it once. No group of the partner holds any role on it now.",
		Change: "Reinstate it: somebody with the right to assign roles at the customer assigns a role to the partner's group as ForeignGroup. Latchkey's reinstatement prepares the steps.",
	},
	{
		ID: SoleOwner, Name: "sole-owner", Title: "Subscription in one hand", Rule: "R35", Severity: Medium, Items: "subscription",
		Reason: "Medium if it is in nobody's or in one person's hand, since then the way back leads through a Global Administrator who elevates himself (R24). Low if only the partner's group can hand out access, as it is by default (R21).",
		Text:   "Only one principal, or none at all, may assign roles on these subscriptions. If that one goes, nobody can let anybody in, and winning access back needs a Global Administrator of the customer.",
		Change: "Agree with the customer on a second owner: a group of his own, with at least two people.",
	},
	{
		ID: LeftOverPartner, Name: "left-over-partner", Title: "Roles of a partner without a relationship", Rule: "R23", Severity: High, Items: "assignment",
		Reason: "High: roles that an earlier partner left behind wake up with the next sign-in he gets, and no list of partners shows them.",
		Text:   "A partner's group holds Azure roles in the customer's tenant as foreign principal, and no relationship with that partner is left: ending one leaves the assignments as they are.",
		Change: "The customer removes the assignments, after a look whether the partner is really gone.",
	},
	{
		ID: Artefact, Name: "artefact", Title: "Entry that gives nothing", Rule: "R25", Severity: Info, Items: "entry",
		Reason: "Info: it gives nothing, and frightens whoever reads the list.",
		Text:   "An entry such as \"Subscription Admins\" stands in the list of access, inherited from the old service management. It gives nothing and its members cannot be listed.",
		Change: "Nothing need be done.",
	},
	{
		ID: OrphanedAssignment, Name: "orphaned-assignment", Title: "Assignment to nobody", Rule: "R20", Severity: Low, Items: "assignment",
		Reason: "Low: it gives nothing while its principal is gone; a deleted account that is restored has it again.",
		Text:   "The principal of the assignment is not in the tenant's directory. Most likely it was deleted; the portal shows \"Identity not found\".",
		Change: "Remove the assignments.",
	},
	{
		ID: ImpossibleAssignment, Name: "impossible-assignment", Title: "Assignment that cannot be", Rule: "R20", Severity: Medium, Items: "assignment",
		Reason: "Medium: it gives nothing, so either somebody counts on it in vain or the facts are wrong.",
		Text:   "An assignment names a principal of another tenant without being of type ForeignGroup, or is of that type and names something that is no partner's group. Azure does not honour it.",
		Change: "Look at the assignment in the customer's tenant. If it is really so, remove it and assign a guest, a group of the tenant or the partner's group as ForeignGroup.",
	},
	{
		ID: WiderThanUse, Name: "wider-than-use", Title: "Role wider than its use", Rule: "R18", Severity: Medium, Items: "assignment",
		Reason: "Medium for privileged roles, low for others: the difference is what a thief gains and the holder does not miss.",
		Text:   "What the principal did in the time looked at could have been done with less. The proposed roles are the least built-in ones that allow all it did.",
		Change: "Replace the assignment with the proposed roles, or remove it if nothing was used.",
	},
	{
		ID: ManyOwners, Name: "many-owners", Title: "Many people hand out access", Rule: "R26", Severity: Medium, Items: "person",
		Reason: "Medium: each of them can give anybody anything in the subscription, himself included.",
		Text:   "More people than the threshold hold a role at or above the subscription that lets them write role assignments, such as Owner or User Access Administrator. People in groups count each; a partner's foreign principal counts once.",
		Change: "Keep two or three owners, best in a group, and give the others Contributor or less, or let them ask when they need more.",
	},
	{
		ID: Elevation, Name: "elevation", Title: "Global Administrators can take Azure", Rule: "R24", Severity: Info, Items: "administrator",
		Reason: "Info: it is so in every tenant. It is worth knowing who they are.",
		Text:   "A Global Administrator has no right on Azure by his role, and can give himself User Access Administrator at the root in one step. So these accounts can reach every subscription of the tenant.",
		Change: "Nothing need be done. Fewer than five Global Administrators is Microsoft's advice.",
	},
	{
		ID: LockTrapsRemoval, Name: "lock-traps-removal", Title: "Delete lock that traps a removal", Rule: "R27", Severity: Medium, Items: "lock",
		Reason: "Medium where assignments with an end lie below the lock, since they will stay; low where none does yet.",
		Text:   "A role assignment can be made below a delete lock and cannot be removed. Access that is meant to end there does not end until somebody lifts the lock.",
		Change: "Lift the lock around the removal, or move it down to the resources it should protect. Latchkey refuses grants below such a lock.",
	},
	{
		ID: EligibleWithoutEnd, Name: "eligible-without-end", Title: "Eligible for ever", Rule: "R29", Severity: Low, Items: "assignment or membership",
		Reason: "Low: it must be activated, but nobody will ever ask whether it is still needed.",
		Text:   "These assignments and memberships are eligible and have no end.",
		Change: "Give each an end, at most a year ahead, and review them then.",
	},
	{
		ID: PrivilegedApplication, Name: "privileged-application", Title: "Application with a privileged role", Rule: "R26", Severity: Medium, Items: "assignment",
		Reason: "High if it can hand out access, medium otherwise: its secret works without a second factor, from anywhere, and whoever administers the application can make one.",
		Text:   "A service principal that is no managed identity holds a role of class privileged at or above a subscription, or a privileged directory role.",
		Change: "Give it the least role at the narrowest scope, or use a managed identity or a federated credential, which has no secret.",
	},
	{
		ID: StrongerIdentity, Name: "stronger-identity", Title: "Identity stronger than its operators", Rule: "R26", Severity: High, Items: "operator",
		Reason: "High: it turns the right to run code in one resource into the rights of its identity.",
		Text:   "Who may run code in the resource acts as its managed identity. The identity holds a role that these operators do not hold themselves, so they can get it.",
		Change: "Give the identity the least role at the narrowest scope, or take the right to run code from those who should not have what it has.",
	},
	{
		ID: PrivilegedLighthouse, Name: "privileged-lighthouse", Title: "Privileged role by Lighthouse", Rule: "R28", Severity: High, Items: "delegation",
		Reason: "High if it is permanent, since the customer's list of assignments does not show it; low if it must be activated.",
		Text:   "A role of class privileged is projected to a principal of a managing tenant by Azure Lighthouse. It does not appear among the role assignments of the subscription, only under the service providers.",
		Change: "Project a lesser role, or make the authorization eligible.",
	},
	{
		ID: NotCollected, Name: "not-collected", Title: "Not collected", Rule: "M9", Severity: Medium, Items: "gap",
		Reason: "Medium: whatever hangs on it is Unknown, and no finding could be made of it.",
		Text:   "These facts were not collected, so that nothing is said about them here. That there is no finding about these tenants does not mean that all is well.",
		Change: "Give the collector the right to read them, and collect again.",
	},
}
