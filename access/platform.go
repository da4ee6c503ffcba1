package access

import (
	"slices"
	"strings"

	"latchkey/csp"
)

// resettable says which users a directory role may reset the password of: those
// who hold no directory role but the given ones, or everyone. It is the
// platform's own table, as far as it goes by roles (R15, M7).
func resettable(role csp.DirectoryRoleID) (weak []csp.DirectoryRoleID, everyone bool) {
	switch role {
	case privilegedAuthentication, partnerTier2, globalAdministrator:
		return nil, true
	case passwordAdministrator:
		return resetByPassword, false
	case helpdeskAdministrator:
		return append(slices.Clip(resetByHelpdesk), helpdeskAdministrator), false
	case authenticationAdministrator:
		return append(slices.Clip(resetByHelpdesk), authenticationAdministrator), false
	case userAdministrator:
		return resetByUser, false
	}
	return nil, false
}

func directoryRole(id string) csp.DirectoryRoleID { return csp.MustParseID[csp.DirectoryRole](id) }

var (
	privilegedAuthentication    = directoryRole("7be44c8a-adaf-4e2a-84d6-ab2649e08a13")
	partnerTier2                = directoryRole("e00e864a-17c5-4a4b-9c06-f5b95a8d5bd8")
	passwordAdministrator       = directoryRole("966707d0-3269-4727-9be2-8c3a10f19b9d")
	authenticationAdministrator = directoryRole("c4e39bd9-1100-46d3-8c65-fb160da0071f")
	userAdministrator           = directoryRole("fe930be7-5e62-47db-91af-98c3a49a38b1")

	resetByPassword = []csp.DirectoryRoleID{
		directoryRole("88d8e3e3-8f55-4a1e-953a-9b9898b8876b"), // Directory Readers
		directoryRole("95e79109-95c0-4d8e-aee3-d01accf2d47b"), // Guest Inviter
		passwordAdministrator,
	}
	resetByHelpdesk = append(slices.Clip(resetByPassword),
		directoryRole("790c1fb9-7f7d-4f88-86a1-ef1f95c05c1b"), // Message Center Reader
		directoryRole("4a5d8f65-41da-4de4-8968-e035b65339cf"), // Reports Reader
		directoryRole("75934031-6c7e-415a-99d7-48dbd49e875e"), // Usage Summary Reports Reader
		directoryRole("27460883-1df1-4691-b032-3b79643e5e63"), // User Experience Success Manager
	)
	resetByUser = append(slices.Clip(resetByHelpdesk),
		helpdeskAdministrator, userAdministrator,
		directoryRole("fdd7a751-b60b-444a-984c-02652fe8fa1c"), // Groups Administrator
	)
)

// CodeActions are the folded actions by which one runs code in a resource of the
// folded type, as the identity that the resource has (R26, M7). Of a type that
// is not in the table, whoever may write the resource may put code into it.
func CodeActions(resourceType string) []string {
	if resourceType == "" {
		return nil // no code runs in what is no resource
	}
	if actions, ok := codeActions[resourceType]; ok {
		return actions
	}
	return []string{resourceType + "/write"}
}

var codeActions = map[string][]string{
	"microsoft.compute/virtualmachines": {
		"microsoft.compute/virtualmachines/write",
		"microsoft.compute/virtualmachines/runcommand/action",
		"microsoft.compute/virtualmachines/runcommands/write",
		"microsoft.compute/virtualmachines/extensions/write",
	},
	"microsoft.compute/virtualmachinescalesets": {
		"microsoft.compute/virtualmachinescalesets/write",
		"microsoft.compute/virtualmachinescalesets/extensions/write",
		"microsoft.compute/virtualmachinescalesets/virtualmachines/runcommand/action",
		"microsoft.compute/virtualmachinescalesets/virtualmachines/runcommands/write",
	},
	"microsoft.automation/automationaccounts": {
		"microsoft.automation/automationaccounts/write",
		"microsoft.automation/automationaccounts/runbooks/write",
		"microsoft.automation/automationaccounts/runbooks/draft/write",
		"microsoft.automation/automationaccounts/jobs/write",
	},
	"microsoft.web/sites": {
		"microsoft.web/sites/write",
		"microsoft.web/sites/publishxml/action",
		"microsoft.web/sites/host/listkeys/action",
	},
	"microsoft.managedidentity/userassignedidentities": {
		"microsoft.managedidentity/userassignedidentities/assign/action",
		"microsoft.managedidentity/userassignedidentities/federatedidentitycredentials/write",
	},
	"microsoft.resources/deploymentscripts": {"microsoft.resources/deploymentscripts/write"},
	"microsoft.logic/workflows":             {"microsoft.logic/workflows/write"},
	"microsoft.containerinstance/containergroups": {
		"microsoft.containerinstance/containergroups/write",
		"microsoft.containerinstance/containergroups/containers/exec/action",
	},
}

// typeOf is the resource type in a folded scope: the last provider's namespace
// and the types after it.
func typeOf(scope string) string {
	i := strings.LastIndex(scope, "/providers/")
	if i < 0 {
		return ""
	}
	words := strings.Split(scope[i+len("/providers/"):], "/")
	parts := []string{words[0]}
	for n := 1; n < len(words); n += 2 {
		parts = append(parts, words[n])
	}
	return strings.Join(parts, "/")
}
