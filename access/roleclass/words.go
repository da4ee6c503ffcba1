package roleclass

// thing is what a customer calls the resources behind an action's beginning.
type thing struct {
	prefix string // folded, whole segments
	name   string // plural
}

// things are looked up by the longest prefix, and named in this order: what a
// customer cares about most comes first. A provider that is not here is called
// by Azure's name for it.
var things = []thing{
	{"microsoft.compute/virtualmachines", "virtual machines"},
	{"microsoft.azurestackhci/virtualmachineinstances", "virtual machines"},
	{"microsoft.compute/virtualmachinescalesets", "sets of virtual machines"},
	{"microsoft.classiccompute/virtualmachines", "virtual machines of the old kind"},
	{"microsoft.storage/storageaccounts", "storage accounts"},
	{"microsoft.classicstorage/storageaccounts", "storage accounts of the old kind"},
	{"microsoft.storage/storageaccounts/blobservices/containers", "storage containers"},
	{"microsoft.keyvault", "key vaults"},
	{"microsoft.sql/servers/databases", "SQL databases"},
	{"microsoft.sql/servers", "SQL servers"},
	{"microsoft.sql/managedinstances", "SQL servers"},
	{"microsoft.documentdb/databaseaccounts", "Cosmos databases"},
	{"microsoft.web/sites", "web apps"},
	{"microsoft.logic/workflows", "logic apps"},
	{"microsoft.containerservice/managedclusters", "Kubernetes clusters"},
	{"microsoft.containerregistry/registries", "container registries"},
	{"microsoft.automation/automationaccounts", "automation accounts"},
	{"microsoft.recoveryservices", "backups"},
	{"microsoft.dataprotection", "backups"},
	{"microsoft.compute/disks", "disks"},
	{"microsoft.compute/snapshots", "copies of disks"},
	{"microsoft.network", "everything about networks"},
	{"microsoft.network/virtualnetworks", "networks"},
	{"microsoft.network/networksecuritygroups", "firewall rules"},
	{"microsoft.network/publicipaddresses", "public addresses"},
	{"microsoft.network/loadbalancers", "load balancers"},
	{"microsoft.network/applicationgateways", "load balancers"},
	{"microsoft.network/networkinterfaces", "network cards"},
	{"microsoft.network/dnszones", "DNS zones"},
	{"microsoft.network/privatednszones", "private DNS zones"},
	{"microsoft.desktopvirtualization", "virtual desktops"},
	{"microsoft.desktopvirtualization/hostpools", "virtual desktop pools"},
	{"microsoft.desktopvirtualization/hostpools/sessionhosts/usersessions", "people's desktop sessions"},
	{"microsoft.apimanagement/service", "API gateways"},
	{"microsoft.cdn/profiles", "content delivery networks"},
	{"microsoft.cognitiveservices/accounts", "AI services"},
	{"microsoft.managedidentity/userassignedidentities", "managed identities"},
	{"microsoft.sqlvirtualmachine", "SQL servers on virtual machines"},
	{"microsoft.compute/availabilitysets", "groups of virtual machines"},
	{"microsoft.compute/images", "machine images"},
	{"microsoft.web/serverfarms", "hosting plans of web apps"},
	{"microsoft.web/certificates", "certificates of web apps"},
	{"microsoft.web/connections", "connections of logic apps"},
	{"microsoft.operationalinsights", "log workspaces"},
	{"microsoft.insights", "monitoring"},
	{"microsoft.insights/alertrules", "alerts"},
	{"microsoft.insights/metricalerts", "alerts"},
	{"microsoft.alertsmanagement", "alerts"},
	{"microsoft.insights/diagnosticsettings", "where logs are sent"},
	{"microsoft.security", "security findings"},
	{"microsoft.policyinsights", "how well rules are kept"},
	{"microsoft.authorization", "who has access and which rules apply"},
	{"microsoft.costmanagement", "costs"},
	{"microsoft.consumption", "costs"},
	{"microsoft.billing", "bills"},
	{"microsoft.advisor", "Azure's recommendations"},
	{"microsoft.management/managementgroups", "management groups"},
	{"microsoft.resources/subscriptions", "subscriptions"},
	{"microsoft.resources/subscriptions/resourcegroups", "resource groups"},
	{"microsoft.resources/deployments", "deployments"},
	{"microsoft.resources/tags", "tags"},
	{"microsoft.resourcehealth", "the health of resources"},
	{"microsoft.support", "support requests"},
}

// dataThings name what data actions reach, which is the content and not the
// resource around it.
var dataThings = []thing{
	{"microsoft.appconfiguration/configurationstores", "settings in configuration stores"},
	{"microsoft.cognitiveservices/accounts", "the content of AI services"},
	{"microsoft.containerservice/managedclusters", "what runs in Kubernetes clusters"},
	{"microsoft.eventhub", "event streams"},
	{"microsoft.insights", "metrics and logs"},
	{"microsoft.keyvault/vaults", "the names and dates of keys and certificates"},
	{"microsoft.kubernetes/connectedclusters", "what runs in Kubernetes clusters"},
	{"microsoft.operationalinsights/workspaces", "the content of logs"},
	{"microsoft.search/searchservices", "search indexes"},
	{"microsoft.servicebus", "messages"},
	{"microsoft.storage/storageaccounts/blobservices", "files in storage containers"},
	{"microsoft.storage/storageaccounts/fileservices", "files on file shares"},
	{"microsoft.storage/storageaccounts/queueservices", "messages in storage queues"},
	{"microsoft.storage/storageaccounts/tableservices", "rows in storage tables"},
}

// Doings, in the order in which a sentence names them.
var doingOrder = []string{
	"create", "read", "write", "change", "delete", "use", "start", "restart", "switch off", "put to sleep",
	"enable", "disable", "connect to", "disconnect", "send messages to", "back up", "fail over", "move", "swap", "search", "check",
}

// doings are what named actions of any provider do, by their last word.
var doings = map[string]string{
	"start":       "start",
	"restart":     "restart",
	"stop":        "switch off",
	"poweroff":    "switch off",
	"deallocate":  "switch off",
	"hibernate":   "put to sleep",
	"enable":      "enable",
	"disable":     "disable",
	"join":        "use",
	"connect":     "connect to",
	"disconnect":  "disconnect",
	"sendmessage": "send messages to",
	"backup":      "back up",
	"failover":    "fail over",
	"move":        "move",
	"swap":        "swap",
	"search":      "search",
	"query":       "search",
	"validate":    "check",
	// of a key or certificate, as the things' name says
	"readmetadata": "read",
}

// line is a sentence of its own for actions that no general wording fits.
type line struct {
	patterns []string // folded
	says     string
	// minor lines are common and harmless; they share one sentence.
	minor bool
}

// lines tell changes by any of their patterns, and reads only by one that ends
// in /read itself. The first that fits counts.
var lines = []line{
	{
		patterns: []string{"microsoft.authorization/policy*", "microsoft.authorization/*policy*/write", "microsoft.policyinsights/*"},
		says:     "Set the rules that everything in the scope must follow, and have them repair what breaks them with rights of their own",
	},
	{
		patterns: []string{"microsoft.authorization/locks/*"},
		says:     "Set and lift locks that protect resources from being changed or deleted",
	},
	{patterns: []string{"microsoft.authorization/roleassignments/delete"}, says: "Take away anyone's access"},
	{patterns: []string{"microsoft.authorization/*"}, says: "Change who has access and which rules apply"},
	{
		patterns: []string{
			"microsoft.computeschedule/locations/virtualmachines*start/action",
			"microsoft.computeschedule/locations/virtualmachines*deallocate/action",
			"microsoft.computeschedule/locations/virtualmachines*hibernate/action",
			"microsoft.computeschedule/locations/virtualmachinescanceloperations/action",
			"microsoft.computeschedule/locations/virtualmachinesgetoperation*/action",
		},
		says: "Plan when virtual machines start, switch off or are put to sleep",
	},
	{patterns: []string{"*/protecteditems/backup/action"}, says: "Start backups"},
	{patterns: []string{"microsoft.containerregistry/registries/pull/read"}, says: "Download container images"},
	{patterns: []string{"microsoft.containerregistry/registries/push/write"}, says: "Replace container images"},
	{patterns: []string{"microsoft.insights/diagnosticsettings/*"}, says: "Decide where logs are sent"},
	{patterns: []string{"microsoft.insights/alertrules/*", "microsoft.insights/metricalerts/*"}, says: "set alerts", minor: true},
	{patterns: []string{"microsoft.support/*"}, says: "open support requests with Microsoft", minor: true},
	{
		patterns: []string{"microsoft.resources/deployments/*", "microsoft.resources/subscriptions/resourcegroups/deployments/*"},
		says:     "roll out templates as far as the other rights here go", minor: true,
	},
	{patterns: []string{"*/generateuserdelegationkey/action"}, says: "share files by links as far as the other rights here go", minor: true},
	{patterns: []string{"*/register/action", "*/unregister/action"}, says: "switch services of Azure on or off for the subscription", minor: true},
	{patterns: []string{"*/operations/read"}, says: "see which operations Azure offers", minor: true},
}
