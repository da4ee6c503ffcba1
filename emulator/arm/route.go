package arm

import (
	"errors"
	"net/http"
	"slices"
	"strings"

	"latchkey/csp"
	"latchkey/emulator/wire"
)

// route is a path taken apart: what kind of thing is asked for, where, and by
// what names.
type route struct {
	// kind is the path in lower case with an asterisk for each name, from its last
	// provider on if it has one: "subscriptions/*/resourcegroups",
	// "microsoft.authorization/roleassignments/*".
	kind string
	// scope is the place that is asked about: for what extends other places, such
	// as a role assignment, the place it stands at; else the thing itself, or the
	// place a list is of. It is zero when there is none (/subscriptions).
	scope csp.Scope
	// names are what stands where kind has its asterisks.
	names []string
	// actions is the type in the spelling of the path, for the names of actions:
	// "Microsoft.Web/sites".
	actions string
	verb    string // of a POST on a resource, in lower case
	path    string
}

// name is the last of the names, or empty.
func (r route) name() string {
	if len(r.names) == 0 {
		return ""
	}
	return r.names[len(r.names)-1]
}

var pathLimits = wire.PathLimits{Bytes: 4096, Segments: 64}

// parseRoute reads an escaped path. What is not a plain path is refused.
func parseRoute(escaped string) (route, *failure) {
	segments, err := wire.Segments(escaped, pathLimits)
	switch {
	case errors.Is(err, wire.ErrPathTooLong):
		return route{}, &failure{status: http.StatusRequestURITooLong, code: "RequestUriTooLong", message: "The request path is too long."}
	case errors.Is(err, wire.ErrTooManySegments):
		return route{}, badRequest("InvalidRequestUri", "The request path has too many segments.")
	case err != nil:
		return route{}, badRequest("InvalidRequestUri", "The request path is not valid.")
	}
	r, f := readSegments(segments)
	r.path = "/" + strings.Join(segments, "/")
	return r, f
}

// extensions are the providers whose resources extend any place: what stands in
// front of them is the place, whatever it is.
var extensions = []string{"microsoft.authorization", "microsoft.managedservices"}

// readSegments finds the place in front and the thing at the end.
func readSegments(s []string) (route, *failure) {
	at := lastProvider(s)
	switch {
	case at < 0:
		return coreRoute(s)
	case at+2 == len(s): // the provider itself
		return scoped(s[:at], route{kind: strings.TrimPrefix(patternOf(s[:at])+"/providers/*", "/"), names: s[at+1:]})
	case at+3 == len(s) && strings.EqualFold(s[at+2], "register"):
		return scoped(s[:at], route{kind: strings.TrimPrefix(patternOf(s[:at])+"/providers/*/register", "/"), names: s[at+1 : at+2]})
	}
	r := providerRoute(s[at+1], s[at+2:])
	namespace := strings.ToLower(s[at+1])
	switch {
	case slices.Contains(extensions, namespace), strings.HasPrefix(r.kind, "microsoft.resources/tags"):
		return scoped(s[:at], r)
	case namespace == "microsoft.management" && at == 0:
		return managementRoute(s, r)
	case r.verb != "" || len(s[at+2:])%2 == 1: // a list, or an action, which may turn out to be on a resource
		return r.listOrAction(s, at)
	}
	return scoped(s, r)
}

// lastProvider is where the last provider begins that something follows.
func lastProvider(s []string) int {
	for at := len(s) - 2; at >= 0; at-- {
		if strings.EqualFold(s[at], "providers") {
			return at
		}
	}
	return -1
}

// coreRoute reads a path without a provider. Every second segment is a name.
func coreRoute(s []string) (route, *failure) {
	r := route{kind: patternOf(s)}
	for i := 1; i < len(s); i += 2 {
		r.names = append(r.names, s[i])
	}
	switch {
	case len(s) < 2 || !strings.EqualFold(s[0], "subscriptions"):
		return r, nil
	case len(s) >= 4 && strings.EqualFold(s[2], "resourcegroups"):
		return scoped(s[:4], r)
	}
	return scoped(s[:2], r)
}

// patternOf is the path in lower case, with an asterisk for every name.
func patternOf(s []string) string {
	var b strings.Builder
	for i, segment := range s {
		if i > 0 {
			b.WriteByte('/')
		}
		if i%2 == 1 && !strings.EqualFold(s[0], "metadata") {
			b.WriteByte('*')
		} else {
			b.WriteString(strings.ToLower(segment))
		}
	}
	return b.String()
}

// providerRoute reads a provider's name and the types and names after it.
func providerRoute(namespace string, rest []string) route {
	var kind, actions strings.Builder
	kind.WriteString(strings.ToLower(namespace))
	actions.WriteString(namespace)
	r := route{}
	for i, segment := range rest {
		kind.WriteByte('/')
		if i%2 == 1 {
			kind.WriteByte('*')
			r.names = append(r.names, segment)
			continue
		}
		kind.WriteString(strings.ToLower(segment))
		actions.WriteByte('/')
		actions.WriteString(segment)
	}
	r.kind, r.actions = kind.String(), actions.String()
	return r
}

// managementRoute reads what is asked of a management group: all are at the top.
func managementRoute(s []string, r route) (route, *failure) {
	if len(s) < 4 || !strings.EqualFold(s[2], "managementGroups") {
		return r, nil
	}
	return scoped(s[:4], r)
}

// listOrAction reads a path with a type at its end: the list of a place, or the
// last word of an action on a resource.
func (r route) listOrAction(s []string, at int) (route, *failure) {
	last := len(s) - 1
	if last == at+2 { // providers/<namespace>/<type>
		return scoped(s[:at], r)
	}
	r.verb = strings.ToLower(s[last])
	r.actions = r.actions[:strings.LastIndexByte(r.actions, '/')]
	return scoped(s[:last], r)
}

// scoped reads the segments as the route's scope; none are the root.
// csp.ParseScope refuses what Azure would not take for one, such as an id in
// quotation marks.
func scoped(segments []string, r route) (route, *failure) {
	scope, err := csp.ParseScope("/" + strings.Join(segments, "/"))
	if err == nil {
		r.scope = scope
		return r, nil
	}
	if len(segments) >= 2 && strings.EqualFold(segments[0], "subscriptions") {
		if _, err := csp.ParseID[csp.Subscription](segments[1]); err != nil {
			return route{}, badRequest("InvalidSubscriptionId", "The provided subscription identifier '"+wire.Clip(segments[1])+"' is malformed or invalid.")
		}
	}
	return route{}, badRequest("BadRequest", "The request scope is not valid: "+err.Error()+".")
}

func noSuchType(path string) *failure {
	return notFound("InvalidResourceType", "The resource type could not be found at '"+wire.Clip(path)+"' on this emulator.")
}
