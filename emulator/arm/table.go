package arm

import (
	"net/http"
	"strings"

	"latchkey/emulator/wire"
)

// operation does what a call asks for.
type operation func(*call) (reply, *failure)

// endpoint is what can be asked of one kind of thing, by method.
type endpoint struct {
	family
	methods map[string]operation
	// open: it is answered without a token.
	open bool
}

type does = map[string]operation

const (
	get  = http.MethodGet
	head = http.MethodHead
	put  = http.MethodPut
	post = http.MethodPost
	edit = http.MethodPatch
	del  = http.MethodDelete
)

// endpoints is the table of everything there is. A further kind is one line.
func (h *Handler) endpoints() map[string]endpoint {
	const authorization, machines = "microsoft.authorization/", "microsoft.compute/virtualmachines"
	table := map[string]endpoint{
		"metadata/endpoints": {core, does{get: h.metadata}, true},

		"subscriptions":                                           {core, does{get: h.listSubscriptions}, false},
		"subscriptions/*":                                         {core, does{get: h.getSubscription}, false},
		"subscriptions/*/locations":                               {core, does{get: h.listLocations}, false},
		"subscriptions/*/operationresults/*":                      {core, does{get: h.operationResult}, false},
		"subscriptions/*/resources":                               {core, does{get: h.listResources}, false},
		"subscriptions/*/tagnames":                                {core, does{get: h.listTagNames}, false},
		"subscriptions/*/resourcegroups":                          {core, does{get: h.listResourceGroups}, false},
		"subscriptions/*/resourcegroups/*":                        {core, does{get: h.getResourceGroup, head: h.headResourceGroup, put: h.putResourceGroup, edit: h.patchResourceGroup, del: h.deleteResourceGroup}, false},
		"subscriptions/*/resourcegroups/*/resources":              {core, does{get: h.listResources}, false},
		"subscriptions/*/providers":                               {core, does{get: h.listProviders}, false},
		"subscriptions/*/providers/*":                             {core, does{get: h.getProvider}, false},
		"subscriptions/*/providers/*/register":                    {core, does{post: h.registerProvider}, false},
		"providers":                                               {core, does{get: h.listProviders}, false},
		"providers/*":                                             {core, does{get: h.getProvider}, false},
		"tenants":                                                 {core, does{get: h.listTenants}, false},
		"microsoft.resources/tags/*":                              {core, does{get: h.getTags, put: h.putTags, edit: h.patchTags, del: h.deleteTags}, false},
		"microsoft.compute/locations/*/operations/*":              {compute, does{get: h.operationStatus}, false},
		"microsoft.management/managementgroups":                   {management, does{get: h.listManagementGroups}, false},
		"microsoft.management/getentities":                        {management, does{post: h.getEntities}, false},
		"microsoft.management/managementgroups/*":                 {management, does{get: h.getManagementGroup, put: h.putManagementGroup, edit: h.patchManagementGroup, del: h.deleteManagementGroup}, false},
		"microsoft.management/managementgroups/*/descendants":     {management, does{get: h.listDescendants}, false},
		"microsoft.management/managementgroups/*/subscriptions":   {management, does{get: h.listGroupSubscriptions}, false},
		"microsoft.management/managementgroups/*/subscriptions/*": {management, does{get: h.getGroupSubscription, put: h.placeSubscription, del: h.unplaceSubscription}, false},

		authorization + "roledefinitions":       {roles, does{get: h.listRoleDefinitions}, false},
		authorization + "roledefinitions/*":     {roles, does{get: h.getRoleDefinition, put: h.putRoleDefinition, del: h.deleteRoleDefinition}, false},
		authorization + "roleassignments":       {roles, does{get: h.listAssignments}, false},
		authorization + "roleassignments/*":     {roles, does{get: h.getAssignment, put: h.putAssignment, del: h.deleteAssignment}, false},
		authorization + "denyassignments":       {roles, does{get: h.listDenials}, false},
		authorization + "denyassignments/*":     {roles, does{get: h.getDenial}, false},
		authorization + "permissions":           {roles, does{get: h.listPermissions}, false},
		authorization + "checkaccess":           {roles, does{post: h.checkAccess}, false},
		authorization + "elevateaccess":         {classic, does{post: h.elevateAccess}, false},
		authorization + "classicadministrators": {classic, does{get: h.listClassicAdministrators}, false},
		authorization + "locks":                 {locking, does{get: h.listLocks}, false},
		authorization + "locks/*":               {locking, does{get: h.getLock, put: h.putLock, del: h.deleteLock}, false},
		authorization + "policydefinitions":     {policing, does{get: h.listPolicyDefinitions}, false},
		authorization + "policydefinitions/*":   {policing, does{get: h.getPolicyDefinition, put: h.putPolicyDefinition, del: h.deletePolicyDefinition}, false},
		authorization + "policyassignments":     {policing, does{get: h.listPolicyAssignments}, false},
		authorization + "policyassignments/*":   {policing, does{get: h.getPolicyAssignment, put: h.putPolicyAssignment, del: h.deletePolicyAssignment}, false},

		"microsoft.managedservices/registrationdefinitions":   {managedServices, does{get: h.listRegistrations}, false},
		"microsoft.managedservices/registrationdefinitions/*": {managedServices, does{get: h.getRegistration, put: h.putRegistration, del: h.deleteRegistration}, false},
		"microsoft.managedservices/registrationassignments":   {managedServices, does{get: h.listRegistrationAssignments}, false},
		"microsoft.managedservices/registrationassignments/*": {managedServices, does{get: h.getRegistrationAssignment, put: h.putRegistrationAssignment, del: h.deleteRegistrationAssignment}, false},

		machines:                                            {compute, does{get: h.listResourcesOfType}, false},
		machines + "/*":                                     {compute, does{get: h.getResource, put: h.putResource, edit: h.patchResource, del: h.deleteResource}, false},
		machines + "/*/start":                               {compute, does{post: h.start}, false},
		machines + "/*/restart":                             {compute, does{post: h.restart}, false},
		machines + "/*/poweroff":                            {compute, does{post: h.powerOff}, false},
		machines + "/*/deallocate":                          {compute, does{post: h.deallocate}, false},
		machines + "/*/runcommand":                          {compute, does{post: h.runCommand}, false},
		machines + "/*/instanceview":                        {compute, does{get: h.instanceView}, false},
		"microsoft.storage/storageaccounts":                 {storage, does{get: h.listResourcesOfType}, false},
		"microsoft.storage/storageaccounts/*":               {storage, does{get: h.getResource, put: h.putResource, edit: h.patchResource, del: h.deleteResource}, false},
		"microsoft.storage/storageaccounts/*/listkeys":      {storage, does{post: h.listKeys}, false},
		"microsoft.storage/storageaccounts/*/regeneratekey": {storage, does{post: h.regenerateKey}, false},
		"microsoft.keyvault/vaults":                         {keyVault, does{get: h.listResourcesOfType}, false},
		"microsoft.keyvault/vaults/*":                       {keyVault, does{get: h.getResource, put: h.putResource, edit: h.patchResource, del: h.deleteResource}, false},
	}
	for kind, e := range h.activationEndpoints() {
		table[authorization+kind] = e
	}
	return table
}

// find is what the route asks for. A resource of a type that is not in the table
// is kept and played as any other, as long as Microsoft's providers have it.
func (h *Handler) find(c *call) (endpoint, *failure) {
	if e, ok := h.table[c.route.kind]; ok {
		return e, nil
	}
	namespace, kind := c.route.typed()
	switch {
	case c.route.kind == "" || namespace == "":
		return endpoint{}, noSuchType(c.route.path)
	case !strings.HasPrefix(strings.ToLower(namespace), "microsoft."):
		return endpoint{}, notFound("InvalidResourceNamespace", "The resource namespace '"+wire.Clip(namespace)+"' is invalid.")
	case kind == "" || c.route.verb != "" || isPlayed(namespace) || c.route.scope.Subscription().IsZero():
		return endpoint{}, noSuchType(c.route.path)
	case strings.HasSuffix(c.route.kind, "/*"):
		return endpoint{anything, does{get: h.getResource, put: h.putResource, edit: h.patchResource, del: h.deleteResource}, false}, nil
	}
	return endpoint{anything, does{get: h.listResourcesOfType}, false}, nil
}

// isPlayed says whether the table has all there is of a provider.
func isPlayed(namespace string) bool {
	switch strings.ToLower(namespace) {
	case "microsoft.authorization", "microsoft.managedservices", "microsoft.management", "microsoft.resources":
		return true
	}
	return false
}

// operation is what the route and method ask for.
func (e endpoint) operation(c *call) (operation, *failure) {
	if do, ok := e.methods[c.method]; ok {
		return do, nil
	}
	if do, ok := e.methods[get]; ok && c.method == head {
		return do, nil
	}
	return nil, methodNotAllowed(c.method)
}
