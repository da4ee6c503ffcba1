package roleclass

import (
	"strings"

	"latchkey/access/pattern"
)

// kind is the sort of harm that makes a role privileged.
type kind uint8

// The kinds, worst first.
const (
	handsOut kind = iota // gives access to others, or more to its holder
	becomes              // acts as another identity
	runsCode             // runs code as a stronger identity
	opens                // reads or resets secrets that open other things
	copies               // takes away whole disks
)

// danger is one way to more than a role seems to give. Its actions are operations
// as Azure names them; a role has the danger if it may call one of them.
type danger struct {
	kind kind
	// of names the things concerned, as a customer would: "storage accounts".
	of string
	// why is the reason the operations count as privileged.
	why     string
	actions []string
	data    []string
}

// dangers is the whole judgement on what makes an Azure role privileged, besides
// the rule about verbs below it. What is not in it, and why:
//
//   - Microsoft.Resources/deployments: a deployment runs with the rights of who
//     starts it, so it adds none.
//   - generateUserDelegationKey on storage: what is signed with that key reaches
//     no further than its holder's own roles.
//   - Writing locks and policies (Microsoft.Authorization/locks, policyAssignments,
//     policyDefinitions and their kin) is standard: it forbids and changes, and
//     hands out no role. Plain says it in so many words, since a policy that
//     repairs resources does so with its own identity.
//   - Delegating to another tenant (Microsoft.ManagedServices) and moving
//     subscriptions between management groups: Azure asks for the right to write
//     role assignments as well, and that is in the table.
//   - Reads, whatever they are called. Azure keeps secrets behind actions.
//   - A wildcard over a provider that no line here names. The table knows the
//     providers of the built-in roles; a wildcard over any other is standard.
var dangers = foldDangers([]danger{
	{
		kind: handsOut, of: "role assignments",
		why: "who may write a role assignment may give anyone, himself included, any role (R26); elevating access is the same at the root (R24)",
		actions: []string{
			"Microsoft.Authorization/roleAssignments/write",
			"Microsoft.Authorization/roleAssignmentScheduleRequests/write",
			"Microsoft.Authorization/roleEligibilityScheduleRequests/write",
			"Microsoft.Authorization/elevateAccess/action",
			"Microsoft.Authorization/classicAdministrators/write",
		},
	},
	{
		kind: handsOut, of: "what existing roles allow",
		why:     "widening a custom role widens everyone who holds it",
		actions: []string{"Microsoft.Authorization/roleDefinitions/write"},
	},
	{
		kind: handsOut, of: "the safeguards around access",
		why: "approval rules of eligible roles, and denials, are what stands between a holder and more access (R19, R29)",
		actions: []string{
			"Microsoft.Authorization/roleManagementPolicies/write",
			"Microsoft.Authorization/roleManagementPolicyAssignments/write",
			"Microsoft.Authorization/denyAssignments/write",
			"Microsoft.Authorization/denyAssignments/delete",
			"Microsoft.Resources/deploymentStacks/manageDenySetting/action",
		},
	},
	{
		kind: handsOut, of: "access inside databases, clusters and workspaces",
		why: "these services keep lists of their own of who may do what, and the operation writes them",
		actions: []string{
			"Microsoft.Sql/servers/administrators/write",
			"Microsoft.Sql/managedInstances/administrators/write",
			"Microsoft.DBforPostgreSQL/flexibleServers/administrators/write",
			"Microsoft.DBforMySQL/flexibleServers/administrators/write",
			"Microsoft.DocumentDB/databaseAccounts/sqlRoleAssignments/write",
			"Microsoft.DocumentDB/databaseAccounts/mongodbUserDefinitions/write",
			"Microsoft.Kusto/clusters/principalAssignments/write",
			"Microsoft.Databricks/workspaces/assignWorkspaceAdmin/action",
			"Microsoft.Mission/virtualEnclaves/setEnclaveRoleAssignments/action",
			"Microsoft.Mission/virtualEnclaves/setWorkloadRoleAssignments/action",
			"Microsoft.ContainerService/managedClusters/trustedAccessRoleBindings/write",
			"Microsoft.Confluent/organizations/access/createRoleBinding/action",
		},
		data: []string{
			"Microsoft.ContainerService/managedClusters/rbac.authorization.k8s.io/rolebindings/write",
			"Microsoft.ContainerService/managedClusters/rbac.authorization.k8s.io/clusterrolebindings/write",
			"Microsoft.ContainerService/fleets/rbac.authorization.k8s.io/rolebindings/write",
			"Microsoft.ContainerService/fleets/members/rbac.authorization.k8s.io/rolebindings/write",
			"Microsoft.Kubernetes/connectedClusters/rbac.authorization.k8s.io/rolebindings/write",
			"Microsoft.DocumentDB/databaseAccounts/sqlRoleAssignments/write",
		},
	},
	{
		kind: becomes, of: "managed identities",
		why: "who may give an identity to a machine or an app he controls has what the identity has (R26); a federated credential lets an outside sign-in be that identity",
		actions: []string{
			"Microsoft.ManagedIdentity/userAssignedIdentities/assign/action",
			"Microsoft.ManagedIdentity/userAssignedIdentities/*/assign/action",
			"Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials/write",
		},
	},
	{
		kind: becomes, of: "blueprints",
		why:     "a blueprint is rolled out by its own identity, which may assign roles",
		actions: []string{"Microsoft.Blueprint/blueprintAssignments/write"},
	},
	{
		kind: runsCode, of: "virtual machines",
		why: "code on a machine can ask for tokens of the machine's identity (R26): by a command, an extension, a guest configuration, a sign-in, the console, or a disk swapped underneath it",
		actions: []string{
			"Microsoft.Compute/virtualMachines/runCommand/action",
			"Microsoft.Compute/virtualMachines/runCommands/write",
			"Microsoft.Compute/virtualMachines/diagnosticRunCommands/write",
			"Microsoft.Compute/virtualMachines/extensions/write",
			"Microsoft.Compute/virtualMachines/write",
			"Microsoft.Compute/virtualMachineScaleSets/write",
			"Microsoft.Compute/virtualMachineScaleSets/extensions/write",
			"Microsoft.Compute/virtualMachineScaleSets/virtualMachines/write",
			"Microsoft.Compute/virtualMachineScaleSets/virtualMachines/runCommand/action",
			"Microsoft.Compute/virtualMachineScaleSets/virtualMachines/runCommands/write",
			"Microsoft.Compute/virtualMachineScaleSets/virtualMachines/diagnosticRunCommands/write",
			"Microsoft.Compute/virtualMachineScaleSets/virtualMachines/extensions/write",
			"Microsoft.ComputeSchedule/locations/virtualMachinesExecuteCreate/action",
			"Microsoft.ComputeSchedule/locations/virtualMachinesExecuteCreateFlex/action",
			"Microsoft.AzureFleet/fleets/write",
			"Microsoft.ClassicCompute/virtualMachines/extensions/write",
			"Microsoft.ClassicCompute/virtualMachines/write",
			"Microsoft.HybridCompute/machines/addExtensions/action",
			"Microsoft.HybridCompute/machines/extensions/write",
			"Microsoft.HybridCompute/machines/runCommands/write",
			"Microsoft.HybridCompute/machines/runCommands/action",
			"Microsoft.ConnectedVMwarevSphere/virtualMachines/extensions/write",
			"Microsoft.ConnectedVMwarevSphere/virtualMachines/write",
			"Microsoft.ConnectedVMwarevSphere/virtualMachineInstances/write",
			"Microsoft.ScVmm/virtualMachines/extensions/write",
			"Microsoft.ScVmm/virtualMachineInstances/write",
			"Microsoft.AzureStackHCI/virtualMachines/extensions/write",
			"Microsoft.AzureStackHCI/virtualMachineInstances/write",
			"Microsoft.AzureStackHCI/clusters/arcSettings/extensions/write",
			"Microsoft.GuestConfiguration/guestConfigurationAssignments/write",
			"Microsoft.SerialConsole/serialPorts/connect/action",
			"Microsoft.HybridConnectivity/endpoints/listCredentials/action",
			"Microsoft.DevTestLab/labs/virtualMachines/applyArtifacts/action",
			"Microsoft.DevTestLab/labs/virtualMachines/write",
			"Microsoft.VirtualMachineImages/imageTemplates/write",
			"Microsoft.VirtualMachineImages/imageTemplates/run/action",
			"Microsoft.Batch/batchAccounts/pools/write",
			"Microsoft.HDInsight/clusters/executeScriptActions/action",
			"Microsoft.ServiceFabric/managedClusters/nodeTypes/write",
		},
		data: []string{
			"Microsoft.Compute/virtualMachines/login/action",
			"Microsoft.Compute/virtualMachines/loginAsAdmin/action",
			"Microsoft.Compute/virtualMachines/WACloginAsAdmin/action",
			"Microsoft.HybridCompute/machines/login/action",
			"Microsoft.HybridCompute/machines/loginAsAdmin/action",
			"Microsoft.HybridCompute/machines/WACLoginAsAdmin/action",
			"Microsoft.AzureStackHCI/clusters/WACloginAsAdmin/action",
			"Microsoft.ConnectedVMwarevSphere/virtualMachines/WACloginAsAdmin/action",
			"Microsoft.Batch/batchAccounts/jobs/write",
			"Microsoft.Batch/batchAccounts/jobSchedules/write",
		},
	},
	{
		kind: runsCode, of: "automation accounts",
		why: "a runbook runs with the account's identity, and starting one with chosen inputs is as good as writing it",
		actions: []string{
			"Microsoft.Automation/automationAccounts/write",
			"Microsoft.Automation/automationAccounts/runbooks/write",
			"Microsoft.Automation/automationAccounts/runbooks/draft/write",
			"Microsoft.Automation/automationAccounts/runbooks/publish/action",
			"Microsoft.Automation/automationAccounts/jobs/write",
			"Microsoft.Automation/automationAccounts/jobSchedules/write",
			"Microsoft.Automation/automationAccounts/webhooks/write",
			"Microsoft.Automation/automationAccounts/modules/write",
			"Microsoft.Automation/automationAccounts/configurations/write",
		},
	},
	{
		kind: runsCode, of: "deployment scripts",
		why:     "unlike a deployment, its script runs with an identity of its own",
		actions: []string{"Microsoft.Resources/deploymentScripts/write"},
	},
	{
		kind: runsCode, of: "web apps",
		why: "the code, the settings and the publishing door of an app decide what runs with the app's identity",
		actions: []string{
			"Microsoft.Web/sites/write",
			"Microsoft.Web/sites/config/write",
			"Microsoft.Web/sites/publish/action",
			"Microsoft.Web/sites/publishxml/action",
			"Microsoft.Web/sites/extensions/write",
			"Microsoft.Web/sites/functions/write",
			"Microsoft.Web/sites/sourcecontrols/write",
			"Microsoft.Web/sites/hostruntime/host/action",
			"Microsoft.Web/sites/slots/write",
			"Microsoft.Web/sites/slots/config/write",
			"Microsoft.Web/sites/slots/publish/action",
			"Microsoft.Web/sites/slots/publishxml/action",
			"Microsoft.Web/sites/slots/functions/write",
			"Microsoft.AppPlatform/Spring/apps/deployments/write",
		},
		data: []string{
			"Microsoft.AppPlatform/Spring/apps/deployments/remotedebugging/action",
			"Microsoft.AppPlatform/Spring/apps/deployments/connect/action",
		},
	},
	{
		kind: runsCode, of: "automated workflows",
		why: "a workflow or pipeline runs with its own identity and its stored connections; who writes it, or starts it with chosen inputs, uses them",
		actions: []string{
			"Microsoft.Logic/workflows/write",
			"Microsoft.Logic/workflows/run/action",
			"Microsoft.Logic/workflows/triggers/run/action",
			"Microsoft.Logic/workflows/listCallbackUrl/action",
			"Microsoft.Logic/workflows/triggers/listCallbackUrl/action",
			"Microsoft.Web/sites/workflows/triggers/run/action",
			"Microsoft.Web/sites/hostruntime/webhooks/api/workflows/triggers/run/action",
			"Microsoft.Web/sites/hostruntime/webhooks/api/workflows/triggers/listCallbackUrl/action",
			"Microsoft.Web/connections/listConnectionKeys/action",
			"Microsoft.Web/connections/dynamicInvoke/action",
			"Microsoft.DataFactory/factories/write",
			"Microsoft.DataFactory/factories/pipelines/write",
			"Microsoft.DataFactory/factories/pipelines/createrun/action",
			"Microsoft.DataFactory/dataFactories/write",
			"Microsoft.Synapse/workspaces/write",
			"Microsoft.MachineLearningServices/workspaces/jobs/write",
			"Microsoft.MachineLearningServices/workspaces/experiments/runs/submit/action",
			"Microsoft.MachineLearningServices/workspaces/computes/write",
			"Microsoft.MachineLearningServices/workspaces/computes/applicationaccess/action",
			"Microsoft.MachineLearningServices/workspaces/onlineEndpoints/deployments/write",
		},
	},
	{
		kind: runsCode, of: "containers",
		why: "whoever places a container, or steps into one, has its identity; in a cluster that reaches every secret and service account of the namespace",
		actions: []string{
			"Microsoft.ContainerInstance/containerGroups/write",
			"Microsoft.ContainerInstance/containerGroups/containers/exec/action",
			"Microsoft.App/containerApps/write",
			"Microsoft.App/jobs/write",
			"Microsoft.App/jobs/start/action",
			"Microsoft.ContainerRegistry/registries/tasks/write",
			"Microsoft.ContainerRegistry/registries/scheduleRun/action",
			"Microsoft.ContainerService/managedClusters/write",
			"Microsoft.ContainerService/managedClusters/runcommand/action",
			"Microsoft.ContainerService/managedClusters/listClusterAdminCredential/action",
			"Microsoft.ContainerService/managedClusters/listClusterUserCredential/action",
			"Microsoft.ContainerService/managedClusters/accessProfiles/listCredential/action",
			"Microsoft.ContainerService/managedClusters/managedNamespaces/listCredential/action",
			"Microsoft.ContainerService/fleets/listCredentials/action",
			"Microsoft.ContainerService/fleets/updateRuns/write",
			"Microsoft.ContainerService/aiManagers/listCredential/action",
			"Microsoft.Kubernetes/connectedClusters/listClusterUserCredential/action",
			"Microsoft.Kubernetes/connectedClusters/listClusterUserCredentials/action",
			"Microsoft.KubernetesConfiguration/extensions/write",
			"Microsoft.KubernetesConfiguration/fluxConfigurations/write",
			"Microsoft.HybridContainerService/provisionedClusterInstances/listAdminKubeconfig/action",
			"Microsoft.HybridContainerService/provisionedClusterInstances/listUserKubeconfig/action",
			"Microsoft.ResourceConnector/appliances/listClusterUserCredential/action",
			"Microsoft.RedHatOpenShift/openShiftClusters/listCredentials/action",
			"Microsoft.RedHatOpenShift/openShiftClusters/listAdminCredentials/action",
			"Microsoft.RedHatOpenShift/openShiftClusters/write",
		},
		data: []string{
			"Microsoft.App/containerApps/exec/action",
			"Microsoft.App/jobs/exec/action",
			"Microsoft.ContainerService/managedClusters/pods/write",
			"Microsoft.ContainerService/managedClusters/pods/exec/action",
			"Microsoft.ContainerService/managedClusters/apps/deployments/write",
			"Microsoft.ContainerService/managedClusters/secrets/read",
			"Microsoft.ContainerService/fleets/apps/deployments/write",
			"Microsoft.ContainerService/fleets/secrets/read",
			"Microsoft.ContainerService/fleets/secrets/write",
			"Microsoft.ContainerService/fleets/placement.kubernetes-fleet.io/clusterresourceplacements/write",
			"Microsoft.ContainerService/fleets/members/pods/write",
			"Microsoft.ContainerService/fleets/members/secrets/read",
			"Microsoft.ContainerService/aiManagers/secrets/read",
			"Microsoft.Kubernetes/connectedClusters/pods/write",
			"Microsoft.Kubernetes/connectedClusters/pods/exec/action",
			"Microsoft.Kubernetes/connectedClusters/apps/deployments/write",
			"Microsoft.Kubernetes/connectedClusters/secrets/read",
		},
	},
	{
		kind: opens, of: "key vaults",
		why: "the secrets in a vault open other things; writing a vault or its access policies opens the vault",
		actions: []string{
			"Microsoft.KeyVault/vaults/write",
			"Microsoft.KeyVault/vaults/accessPolicies/write",
			"Microsoft.KeyVault/managedHSMs/write",
		},
		data: []string{
			"Microsoft.KeyVault/vaults/secrets/getSecret/action",
			"Microsoft.KeyVault/vaults/secrets/setSecret/action",
			"Microsoft.KeyVault/vaults/secrets/backup/action",
			"Microsoft.KeyVault/vaults/keys/create/action",
			"Microsoft.KeyVault/vaults/keys/decrypt/action",
			"Microsoft.KeyVault/vaults/keys/unwrap/action",
			"Microsoft.KeyVault/vaults/keys/sign/action",
			"Microsoft.KeyVault/vaults/keys/release/action",
			"Microsoft.KeyVault/vaults/keys/backup/action",
			"Microsoft.KeyVault/vaults/certificates/create/action",
			"Microsoft.KeyVault/vaults/certificates/import/action",
			"Microsoft.KeyVault/vaults/certificates/backup/action",
		},
	},
	{
		kind: opens, of: "storage accounts",
		why: "an account's key opens all its data, past every role, and stays good after the access has ended",
		actions: []string{
			"Microsoft.Storage/storageAccounts/listKeys/action",
			"Microsoft.Storage/storageAccounts/listAccountSas/action",
			"Microsoft.Storage/storageAccounts/listServiceSas/action",
			"Microsoft.Storage/storageAccounts/regenerateKey/action",
			"Microsoft.Storage/storageAccounts/localUsers/listKeys/action",
			"Microsoft.Storage/storageAccounts/localUsers/regeneratePassword/action",
			"Microsoft.ClassicStorage/storageAccounts/listKeys/action",
			"Microsoft.ClassicStorage/storageAccounts/regenerateKey/action",
		},
	},
	{
		kind: copies, of: "disks and backups",
		why: "a downloaded disk or a restored backup holds every file and every secret of its machine",
		actions: []string{
			"Microsoft.Compute/disks/beginGetAccess/action",
			"Microsoft.Compute/snapshots/beginGetAccess/action",
			"Microsoft.Compute/restorePointCollections/restorePoints/retrieveSasUris/action",
			"Microsoft.RecoveryServices/Vaults/backupFabrics/protectionContainers/protectedItems/recoveryPoints/provisionInstantItemRecovery/action",
			"Microsoft.RecoveryServices/Vaults/backupFabrics/protectionContainers/protectedItems/recoveryPoints/restore/action",
			"Microsoft.RecoveryServices/Vaults/backupFabrics/protectionContainers/protectedItems/recoveryPoints/accessToken/action",
			"Microsoft.DataProtection/backupVaults/backupInstances/restore/action",
		},
		data: []string{
			"Microsoft.Compute/disks/download/action",
			"Microsoft.Compute/snapshots/download/action",
		},
	},
	{
		kind: opens, of: "databases",
		why: "writing a database server sets its administrator's password; its keys open all its data and stay good",
		actions: []string{
			"Microsoft.Sql/servers/write",
			"Microsoft.Sql/managedInstances/write",
			"Microsoft.DBforPostgreSQL/servers/write",
			"Microsoft.DBforPostgreSQL/flexibleServers/write",
			"Microsoft.DBforMySQL/servers/write",
			"Microsoft.DBforMySQL/flexibleServers/write",
			"Microsoft.DBforMariaDB/servers/write",
			"Microsoft.DocumentDB/databaseAccounts/listKeys/action",
			"Microsoft.DocumentDB/databaseAccounts/readonlykeys/action",
			"Microsoft.DocumentDB/databaseAccounts/listConnectionStrings/action",
			"Microsoft.DocumentDB/databaseAccounts/regenerateKey/action",
			"Microsoft.DocumentDB/mongoClusters/listConnectionStrings/action",
			"Microsoft.Cache/redis/listKeys/action",
			"Microsoft.Cache/redis/regenerateKey/action",
			"Microsoft.Cache/redisEnterprise/databases/listKeys/action",
		},
	},
	{
		kind: opens, of: "web apps",
		why: "an app's settings and keys hold its passwords to other services and open its functions to anyone",
		actions: []string{
			"Microsoft.Web/sites/config/list/action",
			"Microsoft.Web/sites/slots/config/list/action",
			"Microsoft.Web/sites/host/listKeys/action",
			"Microsoft.Web/sites/functions/listKeys/action",
			"Microsoft.Web/sites/functions/listSecrets/action",
			"Microsoft.Web/staticSites/listSecrets/action",
			"Microsoft.App/containerApps/listSecrets/action",
			"Microsoft.App/jobs/listSecrets/action",
			"Microsoft.App/managedEnvironments/daprComponents/listSecrets/action",
			"Microsoft.App/connectedEnvironments/daprComponents/listSecrets/action",
			"Microsoft.AppPlatform/Spring/listTestKeys/action",
		},
	},
	{
		kind: opens, of: "container registries",
		why: "the registry's own account and its tokens stay good after the access has ended",
		actions: []string{
			"Microsoft.ContainerRegistry/registries/listCredentials/action",
			"Microsoft.ContainerRegistry/registries/generateCredentials/action",
			"Microsoft.ContainerRegistry/registries/regenerateCredential/action",
			"Microsoft.ContainerRegistry/registries/tokens/write",
		},
	},
	{
		kind: opens, of: "messaging services",
		why: "their keys let anyone send and receive, and stay good after the access has ended",
		actions: []string{
			"Microsoft.ServiceBus/namespaces/authorizationRules/listKeys/action",
			"Microsoft.EventHub/namespaces/authorizationRules/listKeys/action",
			"Microsoft.Relay/namespaces/authorizationRules/listKeys/action",
			"Microsoft.NotificationHubs/namespaces/authorizationRules/listKeys/action",
			"Microsoft.EventGrid/topics/listKeys/action",
			"Microsoft.EventGrid/domains/listKeys/action",
			"Microsoft.SignalRService/SignalR/listKeys/action",
			"Microsoft.SignalRService/WebPubSub/listKeys/action",
			"Microsoft.Communication/communicationServices/listKeys/action",
			"Microsoft.Devices/iotHubs/listkeys/action",
			"Microsoft.Devices/provisioningServices/listkeys/action",
		},
		data: []string{"Microsoft.SignalRService/SignalR/auth/accessKey/action"},
	},
	{
		kind: opens, of: "log workspaces",
		why: "their keys let anyone write or read logs, and stay good after the access has ended",
		actions: []string{
			"Microsoft.OperationalInsights/workspaces/sharedKeys/action",
			"Microsoft.OperationalInsights/workspaces/listKeys/action",
			"Microsoft.Insights/components/apiKeys/action",
		},
	},
	{
		kind: opens, of: "network connections",
		why:     "who has the key of a private connection can open one from elsewhere, also after the access has ended",
		actions: []string{"Microsoft.Network/connections/sharedKey/action"},
	},
	{
		kind: opens, of: "other services",
		why: "their keys and passwords stay good after the access has ended",
		actions: []string{
			"Microsoft.ApiManagement/service/subscriptions/listSecrets/action",
			"Microsoft.ApiManagement/service/namedValues/listValue/action",
			"Microsoft.ApiManagement/service/workspaces/namedValues/listValue/action",
			"Microsoft.ApiManagement/service/workspaces/subscriptions/listSecrets/action",
			"Microsoft.ApiManagement/service/tenant/listSecrets/action",
			"Microsoft.ApiManagement/service/users/token/action",
			"Microsoft.AppConfiguration/configurationStores/listKeys/action",
			"Microsoft.Automation/automationAccounts/listKeys/action",
			"Microsoft.Batch/batchAccounts/listKeys/action",
			"Microsoft.BotService/botServices/channels/listChannelWithKeys/action",
			"Microsoft.CognitiveServices/accounts/listKeys/action",
			"Microsoft.CognitiveServices/accounts/regenerateKey/action",
			"Microsoft.DataFactory/factories/integrationRuntimes/listAuthKeys/action",
			"Microsoft.DesktopVirtualization/hostpools/retrieveRegistrationToken/action",
			"Microsoft.HDInsight/clusters/getGatewaySettings/action",
			"Microsoft.HDInsight/clusters/updateGatewaySettings/action",
			"Microsoft.LabServices/labs/virtualMachines/resetPassword/action",
			"Microsoft.MachineLearningServices/workspaces/listKeys/action",
			"Microsoft.MachineLearningServices/workspaces/connections/listsecrets/action",
			"Microsoft.MachineLearningServices/workspaces/datastores/listSecrets/action",
			"Microsoft.MachineLearningServices/workspaces/onlineEndpoints/listKeys/action",
			"Microsoft.Maps/accounts/listKeys/action",
			"Microsoft.Search/searchServices/listAdminKeys/action",
			"Microsoft.Search/searchServices/regenerateAdminKey/action",
		},
	},
})

func foldDangers(list []danger) []danger {
	for i := range list {
		list[i].actions = pattern.FoldAll(list[i].actions)
		list[i].data = pattern.FoldAll(list[i].data)
	}
	return list
}

// Words that make an action of any provider, also of one nobody here knows, an
// action on secrets: a verb that hands out or makes, and a noun that opens.
var (
	secretVerbs = []string{"list", "get", "fetch", "retrieve", "show", "read", "download", "generate", "regenerate", "create", "reset", "rotate", "refresh", "renew", "issue", "set"}
	secretNouns = []string{"key", "secret", "credential", "password", "token", "connectionstring", "kubeconfig", "sas"}
	// harmless end in such words and open nothing.
	harmless = []string{
		"*/generateuserdelegationkey/action",                           // reaches no further than its holder
		"microsoft.compute/sshpublickeys/*generatekeypair/action",      // a new pair, which opens nothing yet
		"microsoft.netapp/netappaccounts/getkeyvaultstatus/action",     // says whether a vault answers
		"microsoft.softwareplan/*/showfullkey/action",                  // licence numbers
		"microsoft.softwareplan/softwaresubscriptions/listkeys/action", // licence numbers
	}
)

// namesSecret says whether a folded action, by its own words, hands out or resets
// a secret: ".../listKeys/action".
func namesSecret(action string) bool {
	rest, ok := strings.CutSuffix(action, "/action")
	if !ok || pattern.Any(harmless, action) {
		return false
	}
	verb := rest[strings.LastIndexByte(rest, '/')+1:]
	for _, start := range secretVerbs {
		if noun, ok := strings.CutPrefix(verb, start); ok && endsInSecret(noun) {
			return true
		}
	}
	return false
}

func endsInSecret(noun string) bool {
	for _, secret := range secretNouns {
		if strings.HasSuffix(strings.TrimSuffix(noun, "s"), secret) || strings.HasSuffix(noun, secret) {
			return true
		}
	}
	return false
}
