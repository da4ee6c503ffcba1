package arm

import (
	"net/http"
	"net/url"
	"strings"

	"latchkey/csp"
)

// route is a path taken apart: a scope, and what is asked for there. The scope
// is zero when only a collection above scopes is asked for (/subscriptions).
type route struct {
	scope csp.Scope
	kind  kind
	name  string // of the one thing, or empty for the collection
	verb  string // a POST action on it
}

type kind uint8

const (
	noKind kind = iota
	subscriptions
	tenants
	resourceGroups
	roleDefinitions
	roleAssignments
	locks
	permissions
	machines
)

const (
	maxPath     = 4096
	maxSegments = 64
)

// parseRoute reads an escaped path. Empty segments are dropped, which collapses
// doubled slashes; everything else that is not a plain path is refused.
func parseRoute(escaped string) (route, *failure) {
	if len(escaped) > maxPath {
		return route{}, &failure{status: http.StatusRequestURITooLong, code: "RequestUriTooLong", message: "The request path is too long."}
	}
	var segments []string
	for s := range strings.SplitSeq(escaped, "/") {
		if s == "" {
			continue
		}
		plain, err := url.PathUnescape(s)
		if err != nil || strings.ContainsAny(plain, "/\\") || plain == "." || plain == ".." {
			return route{}, badRequest("InvalidRequestUri", "The request path is not valid.")
		}
		segments = append(segments, plain)
	}
	if len(segments) > maxSegments {
		return route{}, badRequest("InvalidRequestUri", "The request path has too many segments.")
	}
	return readSegments(segments)
}

// readSegments finds the scope in front and the resource at the end.
func readSegments(s []string) (route, *failure) {
	lower := make([]string, len(s))
	for i := range s {
		lower[i] = strings.ToLower(s[i])
	}
	if at := lastProvider(lower, "microsoft.authorization"); at >= 0 {
		return authorizationRoute(s[:at], s[at+2:])
	}
	switch {
	case matches(lower, "subscriptions"):
		return route{kind: subscriptions}, nil
	case matches(lower, "tenants"):
		return route{kind: tenants}, nil
	case matches(lower, "subscriptions", "*"):
		return scoped(s, route{kind: subscriptions, name: s[1]})
	case matches(lower, "subscriptions", "*", "resourcegroups"):
		return scoped(s[:2], route{kind: resourceGroups})
	case matches(lower, "subscriptions", "*", "resourcegroups", "*"):
		return scoped(s, route{kind: resourceGroups, name: s[3]})
	case matches(lower, "subscriptions", "*", "providers", "microsoft.compute", "virtualmachines"):
		return scoped(s[:2], route{kind: machines})
	case matches(lower, "subscriptions", "*", "resourcegroups", "*", "providers", "microsoft.compute", "virtualmachines"):
		return scoped(s[:4], route{kind: machines})
	case matches(lower, "subscriptions", "*", "resourcegroups", "*", "providers", "microsoft.compute", "virtualmachines", "*"):
		return scoped(s, route{kind: machines, name: s[7]})
	case matches(lower, "subscriptions", "*", "resourcegroups", "*", "providers", "microsoft.compute", "virtualmachines", "*", "*"):
		return scoped(s[:8], route{kind: machines, name: s[7], verb: lower[8]})
	}
	return route{}, noSuchType(s)
}

func authorizationRoute(scope, rest []string) (route, *failure) {
	collections := map[string]kind{"roledefinitions": roleDefinitions, "roleassignments": roleAssignments, "locks": locks, "permissions": permissions}
	if len(rest) == 0 || len(rest) > 2 || collections[strings.ToLower(rest[0])] == noKind {
		return route{}, noSuchType(append([]string{"Microsoft.Authorization"}, rest...))
	}
	r := route{kind: collections[strings.ToLower(rest[0])]}
	if len(rest) == 2 {
		r.name = rest[1]
	}
	return scoped(scope, r)
}

// scoped reads the segments as the route's scope. csp.ParseScope refuses what
// Azure would not take for one, such as an id in quotation marks.
func scoped(segments []string, r route) (route, *failure) {
	scope, err := csp.ParseScope("/" + strings.Join(segments, "/"))
	if err == nil {
		r.scope = scope
		return r, nil
	}
	if len(segments) >= 2 && strings.EqualFold(segments[0], "subscriptions") {
		if _, err := csp.ParseID[csp.Subscription](segments[1]); err != nil {
			return route{}, badRequest("InvalidSubscriptionId", "The provided subscription identifier '"+clip(segments[1])+"' is malformed or invalid.")
		}
	}
	return route{}, badRequest("BadRequest", "The request scope is not valid: "+err.Error()+".")
}

func lastProvider(lower []string, provider string) int {
	for at := len(lower) - 2; at >= 0; at-- {
		if lower[at] == "providers" && lower[at+1] == provider {
			return at
		}
	}
	return -1
}

func matches(lower []string, pattern ...string) bool {
	if len(lower) != len(pattern) {
		return false
	}
	for i, want := range pattern {
		if want != "*" && want != lower[i] {
			return false
		}
	}
	return true
}

func noSuchType(segments []string) *failure {
	return notFound("InvalidResourceType", "The resource type could not be found at '/"+clip(strings.Join(segments, "/"))+"' on this emulator.")
}

// operation does what a call asks for.
type operation func(*call) (reply, *failure)

// asked is what finds an operation.
type asked struct {
	kind   kind
	named  bool
	method string
}

func (h *Handler) operations() map[asked]operation {
	return map[asked]operation{
		{subscriptions, false, http.MethodGet}:     h.listSubscriptions,
		{subscriptions, true, http.MethodGet}:      h.getSubscription,
		{tenants, false, http.MethodGet}:           h.listTenants,
		{resourceGroups, false, http.MethodGet}:    h.listResourceGroups,
		{resourceGroups, true, http.MethodGet}:     h.getResourceGroup,
		{resourceGroups, true, http.MethodHead}:    h.headResourceGroup,
		{resourceGroups, true, http.MethodPut}:     h.putResourceGroup,
		{roleDefinitions, false, http.MethodGet}:   h.listRoleDefinitions,
		{roleDefinitions, true, http.MethodGet}:    h.getRoleDefinition,
		{roleAssignments, false, http.MethodGet}:   h.listAssignments,
		{roleAssignments, true, http.MethodGet}:    h.getAssignment,
		{roleAssignments, true, http.MethodPut}:    h.putAssignment,
		{roleAssignments, true, http.MethodDelete}: h.deleteAssignment,
		{locks, false, http.MethodGet}:             h.listLocks,
		{permissions, false, http.MethodGet}:       h.listPermissions,
		{machines, false, http.MethodGet}:          h.listMachines,
		{machines, true, http.MethodGet}:           h.getMachine,
	}
}

// operation is what the route and method ask for.
func (h *Handler) operation(c *call) (operation, *failure) {
	if c.route.verb != "" {
		return h.machineAction(c)
	}
	if op, ok := h.table[asked{c.route.kind, c.route.name != "", c.method}]; ok {
		return op, nil
	}
	return nil, &failure{status: http.StatusMethodNotAllowed, code: "HttpMethodNotSupported", message: "The http method '" + clip(c.method) + "' is not supported for a resource of this type on this emulator."}
}
