package worldfile

import "slices"

// grammar says which keys a map of each kind has. docs/worldfile.md explains them.
var grammar = map[string][]string{
	"a world file": {
		"partners", "customers", "not collected", "people", "role definitions", "directory role definitions", "memberships", "places",
	},
	"a tenant": {
		"id", "name", "domain", "other domains", "old rules", "users", "guests", "groups", "agents", "service principals",
		"directory roles", "reseller", "dap", "gdap", "root", "management groups", "subscriptions", "places", "gaps",
	},

	"a user":                       {"id", "name", "sign in", "source"},
	"a guest":                      {"id", "name", "of", "home tenant", "sign in"},
	"a service principal":          {"id", "name"},
	"a group":                      {"id", "name", "members", "agents", "role assignable", "dynamic"},
	"agents":                       agentRoles,
	"a member":                     {"who", "eligible", "from", "until"},
	"a holder of a directory role": {"who", "eligible", "from", "until"},
	"a person":                     {"id", "name", "accounts"},

	"a reseller":                {"kind", "from", "until"},
	"a delegated administrator": {"from", "until"},
	"a GDAP relationship":       {"id", "name", "partner", "groups", "roles", "status", "from", "until", "extends by"},
	"an access assignment":      {"roles", "status"},

	"a role definition":           append([]string{"id", "name", "custom", "condition", "permissions"}, actionKeys...),
	"a permission":                append([]string{"condition"}, actionKeys...),
	"a directory role definition": {"id", "name", "actions", "privileged", "gdap"},

	"the root":           placeKeys,
	"a management group": append([]string{"in"}, placeKeys...),
	"a subscription": append([]string{"id", "name", "in", "created by", "foreign principal", "resource groups", "resources"},
		placeKeys...),
	"a resource group": append([]string{"resources"}, placeKeys...),
	"a resource":       placeKeys,
	"a place":          append([]string{"exists", "in"}, placeKeys...),
	// Of a place of which the file does not say whose it is, there is nothing that
	// needs a tenant.
	"a place of nobody": append([]string{"exists"}, tenantlessKeys...),

	"an assignment":           {"who", "type", "eligible", "from", "until", "condition", "description", "id"},
	"a Lighthouse delegation": {"who", "manager", "eligible", "from", "until"},
	"a denial": append([]string{"id", "name", "who", "everyone", "except", "only here", "audit only", "condition", "permissions"},
		actionKeys...),
	"a policy": {"spares"},
	"usage":    {"last", "data"},
}

// What can hold at a place.
var (
	tenantlessKeys = []string{"lighthouse", "locks", "artefacts", "usage", "identity", "gaps"}
	placeKeys      = slices.Concat([]string{"access", "denials", "policies"}, tenantlessKeys)
)

// actionKeys are the lists of a permission entry, in the order of its fields.
var actionKeys = []string{"actions", "not actions", "data actions", "not data actions"}
