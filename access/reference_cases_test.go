package access_test

import (
	"fmt"
	"regexp"
	"strconv"
	"testing"
	"time"

	"latchkey/access"
	"latchkey/csp"
)

// aCase is a rule of the model at work: facts beside the basics, a question, and
// the verdict that somebody who knows the rule would give.
type aCase struct {
	rule  string // whose work it is, such as "R12" or "M7"
	says  string
	facts fact
	asks  access.Question
	want  access.Verdict
}

const (
	delegateReader = `((!(ActionMatches{'Microsoft.Authorization/roleAssignments/write'})) OR ` +
		`(@Request[Microsoft.Authorization/roleAssignments:RoleDefinitionId] ForAnyOfAnyValues:GuidEquals {acdd72a7-3385-48ef-bd42-f606fba81ae7}))`
	aboutBlobs = `@Resource[Microsoft.Storage/storageAccounts/blobServices/containers:name] StringEquals 'logs'`
)

// cases are the rules one by one. Some rules are about approving, listing, making
// and removing; that they change no verdict is what their cases show.
func cases() []aCase {
	vm := "shop/rg/vm"
	admin := all(in("ann", "AdminAgents"), foreign("AdminAgents", "Owner", "shop"))
	return []aCase{
		{"R1", "a name belongs to one tenant: what stands in contoso counts there", assigned("carl", "Reader", "mg:all"), ask("carl", readVM, "mg:all"), access.Has},
		{"R1", "the same text in another tenant is another place", assigned("carl", "Reader", "mg:all"), inTenant("birch", ask("carl", readVM, "mg:all")), access.HasNot},
		{"R2", "a guest acts by his object in the host tenant", all(guest("ann#", "contoso", "ann", "alder"), assigned("ann#", "Reader", "shop")), ask("ann", readVM, vm), access.Has},
		{"R2", "his home object holds nothing there", all(guest("ann#", "contoso", "ann", "alder"), assigned("ann", "Reader", "shop")), ask("ann", readVM, vm), access.HasNot},
		{"R2", "a guest of the partner is no user of his", all(guest("bea#", "alder", "bea", "birch"), in("bea#", "AdminAgents"), dap("alder", "contoso")), ask("bea", resetUser, "directory of contoso"), access.HasNot},
		{"R3", "two accounts of a person are one when it comes to approving", all(assigned("carl", "Reader", "shop"), person("carl", "cora")), ask("carl", readVM, vm), access.Has},
		{"R3", "and not when it comes to access", all(assigned("carl", "Reader", "shop"), person("carl", "cora")), ask("cora", readVM, vm), access.HasNot},
		{"R4", "the first account is Global Administrator", directory("carl", "Global Administrator", "contoso"), ask("carl", resetUser, "directory of contoso"), access.Has},
		{"R4", "the relationship that comes with it gives the partner's people nothing yet", reseller("alder", "contoso"), ask("ann", resetUser, "directory of contoso"), access.HasNot},
		{"R5", "each partner has its own foreign principal", all(admin, dap("alder", "contoso"), dap("birch", "contoso")), ask("ann", restartVM, vm), access.Has},
		{"R5", "what one was given another cannot use", all(admin, in("bea", "BirchAgents"), dap("alder", "contoso"), gdap("birch", "contoso", "BirchAgents", "Directory Readers")), ask("bea", restartVM, vm), access.HasNot},
		{"R6", "a company role beside an agent role", all(admin, dap("alder", "contoso"), directory("ann", "Billing Administrator", "alder")), ask("ann", restartVM, vm), access.Has},
		{"R6", "a company role is no agent role", all(admin, dap("alder", "contoso"), directory("abe", "Billing Administrator", "alder")), ask("abe", restartVM, vm), access.HasNot},
		{"R7", "the agent role is the membership", all(admin, dap("alder", "contoso")), ask("ann", resetUser, "directory of contoso"), access.Has},
		{"R7", "a group that is merely called so is none", all(group("Admin Agents", "alder"), in("ann", "Admin Agents"), dap("alder", "contoso")), ask("ann", resetUser, "directory of contoso"), access.HasNot},
		{"R8", "a User Administrator can put himself into AdminAgents", all(admin, dap("alder", "contoso"), directory("abe", "User Administrator", "alder")), ask("abe", restartVM, vm), access.CanGet},
		{"R8", "a Global Administrator of the partner too", all(admin, dap("alder", "contoso"), directory("abe", "Global Administrator", "alder")), ask("abe", resetUser, "directory of contoso"), access.CanGet},
		{"R8", "a billing administrator cannot", all(admin, dap("alder", "contoso"), directory("abe", "Billing Administrator", "alder")), ask("abe", resetUser, "directory of contoso"), access.HasNot},
		{"R9", "an admin agent owns the subscriptions his partner made", all(admin, dap("alder", "contoso")), ask("ann", restartVM, vm), access.Has},
		{"R9", "a helpdesk agent has no subscriptions", all(admin, in("abe", "HelpdeskAgents"), dap("alder", "contoso")), ask("abe", restartVM, vm), access.HasNot},
		{"R9", "a sales agent has no service", all(in("abe", "SalesAgents"), dap("alder", "contoso")), ask("abe", resetUser, "directory of contoso"), access.HasNot},
		{"R10", "a direct helpdesk agent resets passwords", all(in("ann", "HelpdeskAgents"), dap("alder", "contoso")), ask("ann", resetUser, "directory of contoso"), access.Has},
		{"R10", "a nested agent has nothing by DAP", all(in("ann", "team"), in("team", "AdminAgents"), dap("alder", "contoso")), ask("ann", resetUser, "directory of contoso"), access.HasNot},
		{"R10", "after the customer removed the partner it is over", all(in("ann", "AdminAgents"), dap("alder", "contoso", "over")), ask("ann", resetUser, "directory of contoso"), access.HasNot},
		{"R11", "a group in a group has the role of its access assignment", all(in("ann", "night"), in("night", "team"), gdap("alder", "contoso", "team", "Helpdesk Administrator")), ask("ann", resetUser, "directory of contoso"), access.Has},
		{"R11", "and no other role", all(in("ann", "team"), gdap("alder", "contoso", "team", "Directory Readers")), ask("ann", resetUser, "directory of contoso"), access.HasNot},
		{"R11", "an assignment that is pending gives nothing", all(in("ann", "team"), gdap("alder", "contoso", "team", "Helpdesk Administrator", assignmentIs(csp.GDAPPending))), ask("ann", resetUser, "directory of contoso"), access.HasNot},
		{"R11", "a relationship that expired gives nothing", all(in("ann", "team"), gdap("alder", "contoso", "team", "Helpdesk Administrator", relationshipIs(csp.GDAPExpired))), ask("ann", resetUser, "directory of contoso"), access.HasNot},
		{"R11", "nor one whose end has come", all(in("ann", "team"), gdap("alder", "contoso", "team", "Helpdesk Administrator", endsAtNoon)), ask("ann", resetUser, "directory of contoso"), access.HasNot},
		{"R11", "nor a role that was not agreed", all(in("ann", "team"), gdap("alder", "contoso", "team", "Helpdesk Administrator", agreedTo("Directory Readers"))), ask("ann", resetUser, "directory of contoso"), access.HasNot},
		{"R12", "GDAP replaces DAP, also when it is weaker", all(in("ann", "AdminAgents"), in("ann", "team"), dap("alder", "contoso"), gdap("alder", "contoso", "team", "Directory Readers")), ask("ann", resetUser, "directory of contoso"), access.HasNot},
		{"R12", "an access assignment of somebody else replaces nothing", all(in("ann", "AdminAgents"), dap("alder", "contoso"), gdap("alder", "contoso", "team", "Directory Readers")), ask("ann", resetUser, "directory of contoso"), access.Has},
		{"R12", "one that he could only activate replaces nothing yet", all(in("ann", "AdminAgents"), in("ann", "team", "eligible"), dap("alder", "contoso"), gdap("alder", "contoso", "team", "Directory Readers")), ask("ann", resetUser, "directory of contoso"), access.Has},
		{"R13", "a guest cannot use GDAP", all(guest("ann#", "contoso", "ann", "alder"), in("ann", "team"), gdap("alder", "contoso", "team", "Helpdesk Administrator")), ask("ann", resetUser, "directory of contoso"), access.HasNot},
		{"R13", "under DAP the delegated roles stay", all(guest("ann#", "contoso", "ann", "alder"), in("ann", "HelpdeskAgents"), dap("alder", "contoso")), ask("ann", resetUser, "directory of contoso"), access.Has},
		{"R13", "and the foreign principal is shut", all(guest("ann#", "contoso", "ann", "alder"), admin, dap("alder", "contoso"), agentsCannotTouch()), ask("ann", restartVM, vm), access.HasNot},
		{"R14", "direct members of a group have its role", all(in("carl", "ops"), directory("ops", "Helpdesk Administrator", "contoso")), ask("carl", resetUser, "directory of contoso"), access.Has},
		{"R14", "nested ones do not", all(in("carl", "staff"), in("staff", "ops"), directory("ops", "Helpdesk Administrator", "contoso")), ask("carl", resetUser, "directory of contoso"), access.HasNot},
		{"R15", "a Privileged Role Administrator can get all of the tenant", directory("carl", "Privileged Role Administrator", "contoso"), ask("carl", resetUser, "directory of contoso"), access.CanGet},
		{"R15", "a Helpdesk Administrator can take over a plain user", all(directory("carl", "Helpdesk Administrator", "contoso"), assigned("cora", "Owner", "shop")), ask("carl", restartVM, vm), access.CanGet},
		{"R15", "and no stronger administrator", all(directory("carl", "Helpdesk Administrator", "contoso"), assigned("cora", "Owner", "shop"), directory("cora", "Exchange Administrator", "contoso")), ask("carl", restartVM, vm), access.HasNot},
		{"R15", "nor a member of a role-assignable group", all(directory("carl", "Helpdesk Administrator", "contoso"), assigned("cora", "Owner", "shop"), principal(csp.Principal{Name: "keepers", Type: csp.Group, RoleAssignable: true}, "contoso"), in("cora", "keepers")), ask("carl", restartVM, vm), access.HasNot},
		{"R15", "what he could only activate protects nobody yet", all(directory("carl", "Helpdesk Administrator", "contoso"), assigned("cora", "Owner", "shop"), directory("cora", "Exchange Administrator", "contoso", "eligible"), directory("ops", "Exchange Administrator", "contoso"), in("cora", "ops", "eligible")), ask("carl", restartVM, vm), access.CanGet},
		{"R15", "a Privileged Authentication Administrator can", all(directory("carl", "Privileged Authentication Administrator", "contoso"), assigned("cora", "Owner", "shop"), directory("cora", "Exchange Administrator", "contoso")), ask("carl", restartVM, vm), access.CanGet},
		{"R15", "an Application Administrator can make a secret for an application", all(directory("carl", "Application Administrator", "contoso"), assigned("runner", "Owner", "shop")), ask("carl", restartVM, vm), access.CanGet},
		{"R15", "and none for a managed identity", all(directory("carl", "Application Administrator", "contoso"), assigned("runner", "Owner", "shop"), identity("spare/rg/vm", "runner")), ask("carl", restartVM, vm), access.HasNot},
		{"R16", "who may not read the directory may own all the same", all(guest("ann#", "contoso", "ann", "alder"), assigned("ann#", "Owner", "shop")), ask("ann", writeRoles, vm), access.Has},
		{"R16", "and reads no users by it", all(guest("ann#", "contoso", "ann", "alder"), assigned("ann#", "Owner", "shop")), ask("ann", readUser, "directory of contoso"), access.HasNot},
		{"R17", "assignments hold below their scope", assigned("carl", "Reader", "mg:all"), ask("carl", readVM, vm), access.Has},
		{"R17", "whatever the case of the letters", assigned("carl", "Reader", "shop/RG"), ask("carl", readVM, vm), access.Has},
		{"R17", "rg is not rg2", assigned("carl", "Reader", "shop/rg2"), ask("carl", readVM, vm), access.HasNot},
		{"R17", "a subscription that is placed nowhere lies below the root alone", assigned("carl", "Reader", "mg:all"), ask("carl", readVM, "spare/rg/vm"), access.HasNot},
		{"R18", "an entry allows what another excepts", all(role("two", csp.Permission{Actions: []string{"*"}, NotActions: []string{"Microsoft.Compute/*"}}, csp.Permission{Actions: []string{"microsoft.COMPUTE/*/restart/action"}}), assigned("carl", "two", "shop")), ask("carl", restartVM, vm), access.Has},
		{"R18", "an exception subtracts from its own entry", all(role("one", csp.Permission{Actions: []string{"Microsoft.Compute/*"}, NotActions: []string{"Microsoft.Compute/*/restart/action"}}), assigned("carl", "one", "shop")), ask("carl", restartVM, vm), access.HasNot},
		{"R18", "groups in groups, in a circle", all(in("carl", "staff"), in("staff", "ops"), in("ops", "staff"), assigned("ops", "Reader", "shop")), ask("carl", readVM, vm), access.Has},
		{"R18", "a condition that cannot be judged leaves it open", conditional("carl", "Reader", "shop", aboutBlobs), ask("carl", readVM, vm), access.Unknown},
		{"R19", "a denial beats Owner", all(assigned("carl", "Owner", "shop"), denied("shop", []string{"*/restart/action"}, everyone)), ask("carl", restartVM, vm), access.HasNot},
		{"R19", "and spares whom it excludes by a group", all(assigned("carl", "Owner", "shop"), in("carl", "ops"), denied("shop", []string{"*/restart/action"}, everyone, except("ops"))), ask("carl", restartVM, vm), access.Has},
		{"R19", "one for its scope only spares what is below", all(assigned("carl", "Owner", "shop"), denied("shop", []string{"*/restart/action"}, everyone, thisScopeOnly)), ask("carl", restartVM, vm), access.Has},
		{"R19", "one of effect audit denies nothing", all(assigned("carl", "Owner", "shop"), denied("shop", []string{"*"}, everyone, auditOnly)), ask("carl", restartVM, vm), access.Has},
		{"R19", "one of a group meets its members", all(assigned("carl", "Reader", "shop"), in("carl", "staff"), in("staff", "ops"), denied("shop", []string{"*/read"}, from("ops"))), ask("carl", readVM, vm), access.HasNot},
		{"R20", "guests in a group of the customer have what it has", all(guest("ann#", "contoso", "ann", "alder"), in("ann#", "ops"), assigned("ops", "Reader", "shop")), ask("ann", readVM, vm), access.Has},
		{"R20", "a partner's group cannot be put into one", all(in("ann", "team"), in("team", "ops"), assigned("ops", "Reader", "shop"), dap("alder", "contoso"), in("ann", "AdminAgents"), agentsCannotTouch()), ask("ann", readVM, vm), access.HasNot},
		{"R21", "another group of the partner can be foreign principal too", all(in("ann", "team"), foreign("team", "Reader", "shop"), gdap("alder", "contoso", "team", "Directory Readers")), ask("ann", readVM, vm), access.Has},
		{"R21", "only if the assignment is one of type ForeignGroup", all(in("ann", "team"), assigned("team", "Reader", "shop"), gdap("alder", "contoso", "team", "Directory Readers")), ask("ann", readVM, vm), access.HasNot},
		{"R22", "owning and entering: any GDAP role lets him in", all(admin, in("ann", "team"), gdap("alder", "contoso", "team", "Directory Readers")), ask("ann", restartVM, vm), access.Has},
		{"R22", "owning without entering", admin, ask("ann", restartVM, vm), access.HasNot},
		{"R22", "under the old rules there is a direct link", all(admin, oldRules("contoso")), ask("ann", restartVM, vm), access.Has},
		{"R22", "by which nothing of the directory is had", all(admin, oldRules("contoso")), ask("ann", resetUser, "directory of contoso"), access.HasNot},
		{"R22", "nested agents enter by GDAP and act as the foreign principal", all(in("ann", "team"), in("team", "AdminAgents"), foreign("AdminAgents", "Owner", "shop"), gdap("alder", "contoso", "team", "Directory Readers")), ask("ann", restartVM, vm), access.Has},
		{"R23", "the end of the reseller relationship ends nothing else", all(admin, dap("alder", "contoso")), ask("ann", restartVM, vm), access.Has},
		{"R23", "without the foreign principal's assignment the directory stays", all(in("ann", "AdminAgents"), dap("alder", "contoso")), ask("ann", resetUser, "directory of contoso"), access.Has},
		{"R23", "without DAP and GDAP the assignment does not help", all(admin, reseller("alder", "contoso")), ask("ann", restartVM, vm), access.HasNot},
		{"R24", "a Global Administrator can elevate himself", directory("carl", "Global Administrator", "contoso"), ask("carl", restartVM, vm), access.CanGet},
		{"R24", "not of another tenant", directory("bea", "Global Administrator", "birch"), ask("bea", restartVM, vm), access.HasNot},
		{"R25", "Subscription Admins are an artefact and give nothing", artefact("shop", "Subscription Admins"), ask("carl", readVM, vm), access.HasNot},
		{"R25", "and take nothing", all(artefact("shop", "Subscription Admins"), assigned("carl", "Reader", "shop")), ask("carl", readVM, vm), access.Has},
		{"R26", "a User Access Administrator can assign himself", assigned("carl", "User Access Administrator", "shop"), ask("carl", restartVM, vm), access.CanGet},
		{"R26", "under a condition only what it lets him give", conditional("carl", "Role Based Access Control Administrator", "shop", delegateReader), ask("carl", restartVM, vm), access.HasNot},
		{"R26", "which he can get", all(role("weak", csp.Permission{Actions: []string{"Microsoft.Authorization/roleAssignments/write"}}), conditional("carl", "weak", "shop", delegateReader)), ask("carl", readVM, vm), access.CanGet},
		{"R26", "who may run code in a machine can be its identity", all(assigned("carl", "Virtual Machine Contributor", "spare"), identity("spare/rg/vm", "runner"), assigned("runner", "Owner", "shop")), ask("carl", restartVM, vm), access.CanGet},
		{"R26", "who may only look at it cannot", all(assigned("carl", "Reader", "spare"), identity("spare/rg/vm", "runner"), assigned("runner", "Owner", "shop")), ask("carl", restartVM, vm), access.HasNot},
		{"R26", "also in his own company, as an identity that commands it", all(subscription("office", "alder"), assignedIn("alder", "ann", "Virtual Machine Contributor", "office"), robot("butler", "alder"), identity("office/rg/vm", "butler"), directory("butler", "Global Administrator", "alder"), foreign("AdminAgents", "Owner", "shop"), dap("alder", "contoso")), ask("ann", restartVM, "shop"), access.CanGet},
		{"R26", "and from one identity to the next", all(assigned("carl", "Virtual Machine Contributor", "spare/rg"), identity("spare/rg/vm", "runner"), assigned("runner", "Virtual Machine Contributor", "spare/rg2"), robot("walker", "contoso"), identity("spare/rg2/vm", "walker"), assigned("walker", "Owner", "shop")), ask("carl", restartVM, "shop"), access.CanGet},
		{"R26", "with what it commands", all(assigned("carl", "Virtual Machine Contributor", "spare"), identity("spare/rg/vm", "runner"), directory("runner", "Global Administrator", "contoso")), ask("carl", restartVM, "shop"), access.CanGet},
		{"R26", "also as a guest", all(guest("ann#", "contoso", "ann", "alder"), assigned("ann#", "Virtual Machine Contributor", "spare"), identity("spare/rg/vm", "runner"), assigned("runner", "Owner", "shop")), ask("ann", restartVM, "shop"), access.CanGet},
		{"R26", "also who manages the machine by Lighthouse", all(lighthouse("alder", "ann", "Virtual Machine Contributor", "spare"), identity("spare/rg/vm", "runner"), assigned("runner", "Owner", "shop")), ask("ann", restartVM, "shop"), access.CanGet},
		{"R26", "and by a foreign group who signs in", all(in("ann", "team"), foreign("team", "Virtual Machine Contributor", "spare"), gdap("alder", "contoso", "team", "Directory Readers"), identity("spare/rg/vm", "runner"), assigned("runner", "Owner", "shop")), ask("ann", restartVM, "shop"), access.CanGet},
		{"R26", "but not who cannot", all(in("ann", "team"), foreign("team", "Virtual Machine Contributor", "spare"), gdap("alder", "contoso", "night", "Directory Readers"), identity("spare/rg/vm", "runner"), assigned("runner", "Owner", "shop")), ask("ann", restartVM, "shop"), access.HasNot},
		{"R26", "nor if the group is assigned as one of the customer's", all(in("ann", "team"), assigned("team", "Virtual Machine Contributor", "spare"), gdap("alder", "contoso", "team", "Directory Readers"), identity("spare/rg/vm", "runner"), assigned("runner", "Owner", "shop")), ask("ann", restartVM, "shop"), access.HasNot},
		{"R26", "nor for the moment that is over", all(assigned("carl", "Virtual Machine Contributor", "spare", "over"), identity("spare/rg/vm", "runner"), assigned("runner", "Owner", "shop")), ask("carl", restartVM, "shop"), access.HasNot},
		{"R26", "also by a role that can be activated", all(assigned("carl", "Virtual Machine Contributor", "spare", "eligible"), identity("spare/rg/vm", "runner"), assigned("runner", "Owner", "shop")), ask("carl", restartVM, "shop"), access.CanGet},
		{"R26", "also by what its group has", all(assigned("carl", "Virtual Machine Contributor", "spare"), identity("spare/rg/vm", "runner"), in("runner", "ops"), assigned("ops", "Owner", "shop")), ask("carl", restartVM, "shop"), access.CanGet},
		{"R26", "also by assigning himself the role that runs code", all(assigned("carl", "User Access Administrator", "spare"), identity("spare/rg/vm", "runner"), assigned("runner", "Reader", "shop"), assigned("runner", "Virtual Machine Contributor", "shop/rg")), ask("carl", restartVM, vm), access.CanGet},
		{"R26", "but not to one that he cannot come to", all(assigned("carl", "Virtual Machine Contributor", "spare/rg"), identity("spare/rg/vm", "runner"), robot("walker", "contoso"), identity("spare/rg2/vm", "walker"), assigned("walker", "Owner", "shop")), ask("carl", restartVM, "shop"), access.HasNot},
		{"R18", "through any of many groups", all(manyGroups("carl", "contoso", 12), assigned("many11", "Reader", "shop")), ask("carl", readVM, "shop"), access.Has},
		{"R27", "a lock is no part of an answer", all(assigned("carl", "Owner", "shop"), locked("shop")), ask("carl", writeRoles, vm), access.Has},
		{"R27", "nor does it give anything", locked("shop"), ask("carl", writeRoles, vm), access.HasNot},
		{"R28", "Lighthouse needs no way in", lighthouse("alder", "ann", "Virtual Machine Contributor", "shop"), ask("ann", restartVM, vm), access.Has},
		{"R28", "and none is shut to it", all(lighthouse("alder", "team", "Virtual Machine Contributor", "shop"), in("ann", "team"), guest("ann#", "contoso", "ann", "alder")), ask("ann", restartVM, vm), access.Has},
		{"R28", "an eligible one can be activated", lighthouse("alder", "ann", "Virtual Machine Contributor", "shop", "eligible"), ask("ann", restartVM, vm), access.CanGet},
		{"R28", "Owner cannot be had that way", lighthouse("alder", "ann", "Owner", "shop"), ask("ann", restartVM, vm), access.HasNot},
		{"R28", "nor can data", lighthouse("alder", "ann", "Storage Blob Data Reader", "shop"), askData("ann", readBlob, "shop/rg"), access.HasNot},
		{"R28", "nor can he assign himself more", lighthouse("alder", "ann", "User Access Administrator", "shop"), ask("ann", restartVM, vm), access.HasNot},
		{"R29", "what is eligible can be got", assigned("carl", "Reader", "shop", "eligible"), ask("carl", readVM, vm), access.CanGet},
		{"R29", "what is activated is had, from its first instant", assigned("carl", "Reader", "shop", "now"), ask("carl", readVM, vm), access.Has},
		{"R29", "and no more at the instant of its end", assigned("carl", "Reader", "shop", "over"), ask("carl", readVM, vm), access.HasNot},
		{"R29", "an eligible membership too can be activated", all(in("carl", "ops", "eligible"), assigned("ops", "Reader", "shop")), ask("carl", readVM, vm), access.CanGet},
		{"R29", "what begins later is nothing yet", all(in("carl", "ops", "later"), assigned("ops", "Reader", "shop")), ask("carl", readVM, vm), access.HasNot},
		{"R30", "the sign-in is into the customer's tenant", all(admin, dap("alder", "contoso")), ask("ann", readVM, vm), access.Has},
		{"R30", "at home the partner's agent has nothing of it", all(admin, dap("alder", "contoso")), inTenant("alder", ask("ann", readVM, "/")), access.HasNot},
		{"R31", "roles are data: a data role gives data", assigned("carl", "Storage Blob Data Reader", "shop"), askData("carl", readBlob, "shop/rg"), access.Has},
		{"R31", "Reader gives none", assigned("carl", "Reader", "shop"), askData("carl", readBlob, "shop/rg"), access.HasNot},
		{"R31", "a role that is not listed leaves it open", assigned("carl", "never heard of", "shop"), ask("carl", readVM, vm), access.Unknown},
		{"R32", "Owner of one resource group", assigned("carl", "Owner", "shop/rg"), ask("carl", restartVM, vm), access.Has},
		{"R32", "is not Owner of the next", assigned("carl", "Owner", "shop/rg2"), ask("carl", restartVM, vm), access.HasNot},
		{"R33", "(1) a helpdesk agent: Office 365 of all customers", all(in("ann", "HelpdeskAgents"), dap("alder", "contoso")), ask("ann", resetUser, "directory of contoso"), access.Has},
		{"R33", "(1) and nothing of Azure", all(in("ann", "HelpdeskAgents"), foreign("AdminAgents", "Owner", "shop"), dap("alder", "contoso")), ask("ann", readVM, vm), access.HasNot},
		{"R33", "(2) a guest with a directory role", all(guest("ann#", "contoso", "ann", "alder"), directory("ann#", "Helpdesk Administrator", "contoso")), ask("ann", resetUser, "directory of contoso"), access.Has},
		{"R33", "(3) a guest with Owner of one subscription has not the next", all(guest("ann#", "contoso", "ann", "alder"), assigned("ann#", "Owner", "shop")), ask("ann", readVM, "spare/rg/vm"), access.HasNot},
		{"R33", "(5) a team of guests in a group", all(guest("ann#", "contoso", "ann", "alder"), in("ann#", "ops"), assigned("ops", "Owner", "shop")), ask("ann", restartVM, vm), access.Has},
		{"R34", "the subscription's level alone needs a sign-in", admin, ask("ann", restartVM, vm), access.HasNot},
		{"R34", "the tenant's level alone gives the directory", all(in("ann", "team"), gdap("alder", "contoso", "team", "Helpdesk Administrator")), ask("ann", resetUser, "directory of contoso"), access.Has},
		{"R35", "somebody who may write role assignments at the scope", assigned("carl", "User Access Administrator", "shop/rg"), ask("carl", writeRoles, vm), access.Has},
		{"R35", "above it he may not", assigned("carl", "User Access Administrator", "shop/rg"), ask("carl", writeRoles, "shop"), access.HasNot},
		{"R36", "AdminAgents as ForeignGroup", all(in("ann", "AdminAgents"), foreign("AdminAgents", "Contributor", "shop"), dap("alder", "contoso")), ask("ann", restartVM, vm), access.Has},
		{"R36", "AdminAgents as a mere Group", all(in("ann", "HelpdeskAgents"), assigned("HelpdeskAgents", "Contributor", "shop"), dap("alder", "contoso")), ask("ann", restartVM, vm), access.HasNot},
		{"R37", "twice is once", all(assigned("carl", "Reader", "shop"), assigned("carl", "Reader", "shop")), ask("carl", readVM, vm), access.Has},
		{"R37", "the same role elsewhere is another", all(assigned("carl", "Reader", "spare"), assigned("carl", "Reader", "spare")), ask("carl", readVM, vm), access.HasNot},

		{"M1", "a chain of eligible memberships is not firm", all(in("carl", "staff", "eligible"), in("staff", "ops"), assigned("ops", "Reader", "shop")), ask("carl", readVM, vm), access.CanGet},
		{"M1", "beside it a firm one counts", all(in("carl", "staff", "eligible"), in("staff", "ops"), in("carl", "ops"), assigned("ops", "Reader", "shop")), ask("carl", readVM, vm), access.Has},
		{"M2", "GDAP is for users only", all(robot("app", "alder"), in("app", "team"), foreign("team", "Reader", "shop"), gdap("alder", "contoso", "team", "Directory Readers")), ask("app", readVM, vm), access.HasNot},
		{"M2", "an agent that he could become enters by DAP", all(in("ann", "AdminAgents", "eligible"), foreign("AdminAgents", "Owner", "shop"), dap("alder", "contoso")), ask("ann", restartVM, vm), access.CanGet},
		{"M3", "an assignment to a group that no list has", all(in("carl", "unheard"), assigned("unheard", "Reader", "shop")), ask("carl", readVM, vm), access.Has},
		{"M3", "Lighthouse reaches the place and what is below, no more", lighthouse("alder", "ann", "Reader", "shop/rg"), ask("ann", readVM, "shop/rg2/vm"), access.HasNot},
		{"M4", "allProperties and allTasks stand for words", all(customDirectoryRole("all of users", "microsoft.directory/users/allProperties/allTasks"), directory("carl", "all of users", "contoso")), ask("carl", resetUser, "directory of contoso"), access.Has},
		{"M4", "for one word each", all(customDirectoryRole("all of users", "microsoft.directory/users/allEntities/allProperties/read"), directory("carl", "all of users", "contoso")), ask("carl", "microsoft.directory/users/read", "directory of contoso"), access.HasNot},
		{"M4", "a role without published actions leaves it open", all(customDirectoryRole("silent"), directory("carl", "silent", "contoso")), ask("carl", readUser, "directory of contoso"), access.Unknown},
		{"M5", "a condition on a denial leaves it open", all(assigned("carl", "Owner", "shop"), denied("shop", []string{"*"}, everyone, func(d *csp.Denial) { d.Condition = aboutBlobs })), ask("carl", restartVM, vm), access.Unknown},
		{"M5", "a denial of the foreign principal meets who acts as it", all(admin, dap("alder", "contoso"), denied("shop", []string{"*"}, from("AdminAgents"))), ask("ann", restartVM, vm), access.CanGet},
		{"M6", "denied at one entry, not at another", all(guest("ann#", "contoso", "ann", "alder"), assigned("ann#", "Reader", "shop"), lighthouse("alder", "ann", "Reader", "shop"), denied("shop", []string{"*"}, from("ann#"))), ask("ann", readVM, vm), access.Has},
		{"M7", "a new account is no guest", all(guest("ann#", "contoso", "ann", "alder"), directory("ann", "User Administrator", "alder"), foreign("team", "Reader", "shop"), gdap("alder", "contoso", "team", "Directory Readers")), ask("ann", readVM, vm), access.CanGet},
		{"M7", "a dynamic group takes nobody", all(directory("carl", "User Administrator", "contoso"), principal(csp.Principal{Name: "rule", Type: csp.Group, Dynamic: true}, "contoso"), assigned("rule", "Reader", "shop")), ask("carl", readVM, vm), access.HasNot},
		{"M7", "unless he commands the tenant", all(directory("ann", "Global Administrator", "alder"), principal(csp.Principal{Name: "rule", Type: csp.Group, Dynamic: true}, "alder"), gdap("alder", "contoso", "rule", "Helpdesk Administrator")), ask("ann", resetUser, "directory of contoso"), access.CanGet},
		{"M7", "who can make no account is no new account", all(guest("ann#", "contoso", "ann", "alder"), directory("ann", "Helpdesk Administrator", "alder"), in("ann", "team"), foreign("team", "Reader", "shop"), gdap("alder", "contoso", "team", "Directory Readers"), directory("abe", "Exchange Administrator", "alder")), ask("ann", readVM, vm), access.HasNot},
		{"M7", "by way of two tenants", all(directory("ann", "User Administrator", "alder"), gdap("alder", "contoso", "team", "Helpdesk Administrator"), assigned("cora", "Reader", "shop")), ask("ann", readVM, vm), access.CanGet},
		{"M8", "whom a denial excludes by a group he can activate", all(assigned("carl", "Reader", "shop"), in("carl", "ops", "eligible"), denied("shop", []string{"*"}, everyone, except("ops"))), ask("carl", readVM, vm), access.CanGet},
		{"M8", "a denial of the group whose role he would activate", all(in("carl", "ops", "eligible"), assigned("ops", "Reader", "shop"), denied("shop", []string{"*"}, from("ops"))), ask("carl", readVM, vm), access.HasNot},
		{"M8", "writing denied at the subscription only", all(assigned("carl", "User Access Administrator", "shop"), denied("shop", []string{writeRoles}, everyone, thisScopeOnly)), ask("carl", restartVM, vm), access.CanGet},
		{"M8", "writing denied everywhere", all(assigned("carl", "User Access Administrator", "shop"), denied("shop", []string{writeRoles}, everyone)), ask("carl", restartVM, vm), access.HasNot},
		{"M8", "denied to everyone without exception, for who commands too", all(directory("carl", "Global Administrator", "contoso"), denied("shop", []string{"*"}, everyone)), ask("carl", restartVM, vm), access.HasNot},
		{"M7", "nobody puts himself into a group that was made for directory roles, whenever it has one", all(directory("carl", "Groups Administrator", "contoso"), directory("ops", "Directory Readers", "contoso", "over"), assigned("ops", "Owner", "shop")), ask("carl", restartVM, vm), access.HasNot},
		{"M7", "a guest account's Lighthouse", all(guest("cora#", "alder", "cora", "contoso"), lighthouse("alder", "cora#", "Reader", "shop")), ask("cora", readVM, vm), access.CanGet},
		{"M8", "a condition of the role's own entry lets him give Reader", all(ownConditions(), assigned("carl", "own", "shop")), ask("carl", readVM, vm), access.CanGet},
		{"M8", "and nothing else", all(ownConditions(), assigned("carl", "own", "shop")), ask("carl", restartVM, vm), access.HasNot},
		{"M9", "everything of a tenant is also its denials", all(missing(csp.MissingTenant, "contoso", ""), assigned("carl", "Reader", "shop")), ask("carl", readVM, vm), access.Unknown},
		{"M9", "a gap about assignments above the place", missing(csp.MissingAssignments, "contoso", "mg:all"), ask("carl", readVM, vm), access.Unknown},
		{"M9", "nothing is asked of whom surely has it", all(missing(csp.MissingAssignments, "contoso", ""), assigned("carl", "Reader", "shop")), ask("carl", readVM, vm), access.Has},
		{"M9", "denials that were not collected leave a Has open", all(missing(csp.MissingDenials, "contoso", ""), assigned("carl", "Reader", "shop")), ask("carl", readVM, vm), access.Unknown},
		{"M9", "and make nobody's HasNot doubtful", missing(csp.MissingDenials, "contoso", ""), ask("carl", readVM, vm), access.HasNot},
		{"M9", "memberships matter where a denial names somebody", all(missing(csp.MissingMemberships, "contoso", ""), assigned("carl", "Reader", "shop"), denied("shop", []string{"*"}, from("ops"))), ask("carl", readVM, vm), access.Unknown},
		{"M9", "and not where it does not", all(missing(csp.MissingMemberships, "contoso", ""), assigned("carl", "Reader", "shop"), denied("spare", []string{"*"}, from("ops"))), ask("carl", readVM, vm), access.Has},
		{"M9", "a gap of a tenant from which nobody comes", missing(csp.MissingMemberships, "birch", ""), ask("carl", readVM, vm), access.HasNot},
		{"M9", "a gap of his own tenant, from which one comes", all(missing(csp.MissingDirectoryRoles, "alder", ""), dap("alder", "contoso")), ask("ann", readVM, vm), access.Unknown},
		{"M9", "a principal that no list has", all(), ask("nobody", readVM, vm), access.Unknown},
		{"M9", "a subscription that no list has", all(), ask("carl", readVM, "moon/rg"), access.Unknown},
	}
}

// agentsCannotTouch denies everything to everybody, so that an agent who commands
// the directory cannot elevate himself either.
func agentsCannotTouch() fact { return denied("/", []string{"*"}, everyone) }

// ownConditions is a role whose entry itself limits what its holder may give.
func ownConditions() fact {
	return role("own", csp.Permission{Actions: []string{writeRoles}, Condition: delegateReader})
}

func inTenant(name string, q access.Question) access.Question {
	q.Place.Tenant = idFor[csp.Tenant](name)
	return q
}

func person(names ...string) fact {
	return func(f *csp.Facts) {
		f.People = append(f.People, csp.Person{ID: idFor[csp.Person](names[0]), Name: names[0], Accounts: named(names)})
	}
}

func artefact(at, name string) fact {
	return func(f *csp.Facts) { f.Artefacts = append(f.Artefacts, csp.Artefact{Scope: scopeOf(at), Name: name}) }
}

func locked(at string) fact {
	return func(f *csp.Facts) {
		f.Locks = append(f.Locks, csp.Lock{Name: "keep", Scope: scopeOf(at), Level: csp.ReadOnly})
	}
}

func assignmentIs(s csp.GDAPStatus) func(*csp.GDAPRelationship) {
	return func(g *csp.GDAPRelationship) { g.Assignments[0].Status = s }
}

func relationshipIs(s csp.GDAPStatus) func(*csp.GDAPRelationship) {
	return func(g *csp.GDAPRelationship) { g.Status = s }
}

func agreedTo(role string) func(*csp.GDAPRelationship) {
	return func(g *csp.GDAPRelationship) { g.Roles = []csp.DirectoryRoleID{directoryRole(role)} }
}

// assignedIn assigns a role in another tenant than contoso.
func assignedIn(tenant, who, role, place string) fact {
	return func(f *csp.Facts) {
		assigned(who, role, place)(f)
		f.Assignments[len(f.Assignments)-1].Tenant = idFor[csp.Tenant](tenant)
	}
}

// manyGroups puts somebody into that many groups, many0 and so on.
func manyGroups(who, tenant string, count int) fact {
	var list []fact
	for i := range count {
		name := fmt.Sprintf("many%d", i)
		list = append(list, group(name, tenant), in(who, name))
	}
	return all(list...)
}

func endsAtNoon(g *csp.GDAPRelationship) { g.Until = noon }

func TestThePlainReadingReadsTheRules(t *testing.T) {
	for _, c := range cases() {
		t.Run(c.rule+" "+c.says, func(t *testing.T) {
			facts := sketch(basics(), c.facts)
			if got := newPlainReading(facts, nil).Can(c.asks); got != c.want {
				t.Errorf("%s; want %s\n%s", got, c.want, describe(facts))
			}
		})
	}
}

func TestTheEngineKeepsTheRules(t *testing.T) {
	for _, c := range cases() {
		t.Run(c.rule+" "+c.says, func(t *testing.T) {
			facts := sketch(basics(), c.facts)
			x, err := access.Compile(facts)
			if err != nil {
				t.Fatal(err)
			}
			if got := x.Can(c.asks); got != c.want {
				t.Errorf("%s; want %s\n%s", got, c.want, describe(facts))
			}
		})
	}
}

// TestEveryRuleHasItsCases: a case in which the answer is yes (or in his hands),
// and one in which it is not.
func TestEveryRuleHasItsCases(t *testing.T) {
	yes, no := map[string]bool{}, map[string]bool{}
	number := regexp.MustCompile(`^[RM][1-9][0-9]?$`)
	for _, c := range cases() {
		if !number.MatchString(c.rule) {
			t.Errorf("%q is no number of a rule", c.rule)
		}
		if c.want >= access.CanGet {
			yes[c.rule] = true
		} else {
			no[c.rule] = true
		}
	}
	for i := 1; i <= 37; i++ {
		rule := "R" + strconv.Itoa(i)
		if !yes[rule] || !no[rule] {
			t.Errorf("%s has a case with yes: %t, with no: %t; want both", rule, yes[rule], no[rule])
		}
	}
}

func TestTheInstantIsTheQuestions(t *testing.T) {
	facts := sketch(basics(), assigned("carl", "Reader", "shop", "now"))
	reading := newPlainReading(facts, nil)
	for _, c := range []struct {
		after time.Duration
		want  access.Verdict
	}{{-time.Nanosecond, access.HasNot}, {0, access.Has}, {time.Second - time.Nanosecond, access.Has}, {time.Second, access.HasNot}} {
		q := ask("carl", readVM, "shop")
		q.At = noon.Add(c.after)
		if got := reading.Can(q); got != c.want {
			t.Errorf("%v after noon: %s; want %s", c.after, got, c.want)
		}
	}
}
