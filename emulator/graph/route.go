package graph

import (
	"errors"
	"maps"
	"net/http"
	"slices"
	"strings"

	"latchkey/emulator/wire"
)

// operation does what a call asks for.
type operation func(*call) (reply, *failure)

// route is one row of the table.
type route struct {
	method string
	// pattern has {names} for what varies; {key=name} stands for key=value, as in
	// directoryRoles/roleTemplateId=...
	pattern string
	// permissions of which one must be in the token, with blanks between.
	permissions string
	// action is what a person, or an application without the permission, must be
	// allowed in the directory; empty: the operation asks for itself.
	action string
	do     operation
}

// routes is the table: one line for each topic.
func (h *Handler) routes() []route {
	return slices.Concat(
		h.userRoutes(),
		h.groupRoutes(),
		h.objectRoutes(),
		h.deletedRoutes(),
		h.applicationRoutes(),
		h.invitationRoutes(),
		h.roleRoutes(),
		h.pimRoutes(),
		h.groupPIMRoutes(),
		h.pimPolicyRoutes(),
		h.approvalRoutes(),
		h.batchRoutes(),
		h.gdapRoutes(),
	)
}

var pathLimits = wire.PathLimits{Bytes: 4096, Segments: 32}

// splitPath reads an escaped path. Empty segments are dropped, which collapses
// doubled slashes. A key in parentheses becomes a segment of its own:
// users('x') is users/x, and applications(appId='x') is applications/appId=x.
func splitPath(escaped string) ([]string, *failure) {
	plain, err := wire.Segments(escaped, pathLimits)
	switch {
	case errors.Is(err, wire.ErrPathTooLong):
		return nil, &failure{status: http.StatusRequestURITooLong, code: "BadRequest", message: "The request path is too long."}
	case errors.Is(err, wire.ErrPath):
		return nil, badRequest("The request path is not valid.").coded("BadRequest")
	}
	var segments []string
	for _, s := range plain {
		name, key, found := strings.Cut(s, "(")
		if !found || !strings.HasSuffix(key, ")") || name == "" {
			segments = append(segments, s)
			continue
		}
		segments = append(segments, name)
		if key = strings.ReplaceAll(strings.TrimSuffix(key, ")"), "'", ""); key != "" {
			segments = append(segments, key)
		}
	}
	if err != nil || len(segments) > pathLimits.Segments {
		return nil, badRequest("The request path has too many segments.").coded("BadRequest")
	}
	return segments, nil
}

// expandMe turns /me into the path of the person who asks.
func (c *call) expandMe(segments []string) ([]string, *failure) {
	if len(segments) == 0 || !strings.EqualFold(segments[0], "me") {
		return segments, nil
	}
	if c.isApp() {
		return nil, badRequest("/me request is only valid with delegated authentication flow.").coded("BadRequest")
	}
	return slices.Concat([]string{"users", c.caller.Object.String()}, segments[1:]), nil
}

// node is a place in the tree of patterns. Names compare in either case.
type node struct {
	fixed map[string]*node // by segment in lower case
	keyed map[string]*node // by the key before the equals sign in lower case
	any   *node
	rows  map[string]row // by method
}

// row is a route with the names of what varies in its pattern, in order.
type row struct {
	*route
	names []string
}

func newNode() *node {
	return &node{fixed: map[string]*node{}, keyed: map[string]*node{}, rows: map[string]row{}}
}

// plant makes the tree of a table.
func plant(table []route) *node {
	root := newNode()
	for _, r := range table {
		at, names := root, []string(nil)
		for s := range strings.SplitSeq(strings.Trim(r.pattern, "/"), "/") {
			below, name := at.below(s)
			if at = below; name != "" {
				names = append(names, name)
			}
		}
		if _, twice := at.rows[r.method]; twice {
			panic("graph: two routes for " + r.method + " " + r.pattern)
		}
		at.rows[r.method] = row{&r, names}
	}
	return root
}

// below is the node of one segment of a pattern, and the name of what varies there.
func (n *node) below(pattern string) (*node, string) {
	name, varies := strings.CutPrefix(strings.TrimSuffix(pattern, "}"), "{")
	key, keyed, isKeyed := strings.Cut(name, "=")
	switch {
	case !varies:
		return sprout(n.fixed, pattern), ""
	case isKeyed:
		return sprout(n.keyed, key), keyed
	}
	if n.any == nil {
		n.any = newNode()
	}
	return n.any, name
}

func sprout(among map[string]*node, name string) *node {
	name = strings.ToLower(name)
	if among[name] == nil {
		among[name] = newNode()
	}
	return among[name]
}

// find walks down the tree and notes what the varying segments are.
func (n *node) find(c *call, segments []string) (*route, *failure) {
	at, values := n.walk(segments)
	if at == nil {
		return nil, badRequest("Resource not found for the segment '" + wire.Clip(last(segments)) + "'.").coded("BadRequest")
	}
	found, known := at.rows[c.method]
	if !known && c.method == http.MethodHead {
		found, known = at.rows[http.MethodGet]
	}
	if !known {
		return nil, &failure{
			status: http.StatusMethodNotAllowed, code: "Request_BadRequest",
			message: "Specified HTTP method is not allowed for the request target.",
			headers: map[string]string{"Allow": strings.Join(slices.Sorted(maps.Keys(at.rows)), ", ")},
		}
	}
	for i, name := range found.names {
		c.params[name] = values[i]
	}
	return found.route, nil
}

func last(segments []string) string {
	if len(segments) == 0 {
		return ""
	}
	return segments[len(segments)-1]
}

// walk prefers the fixed segment to the keyed one, and that to any.
func (n *node) walk(segments []string) (*node, []string) {
	if len(segments) == 0 {
		if len(n.rows) == 0 {
			return nil, nil
		}
		return n, nil
	}
	segment, rest := segments[0], segments[1:]
	if below := n.fixed[strings.ToLower(segment)]; below != nil {
		if at, values := below.walk(rest); at != nil {
			return at, values
		}
	}
	key, value, isKeyed := strings.Cut(segment, "=")
	if below := n.keyed[strings.ToLower(key)]; isKeyed && below != nil {
		if at, values := below.walk(rest); at != nil {
			return at, slices.Insert(values, 0, value)
		}
	}
	if n.any != nil {
		if at, values := n.any.walk(rest); at != nil {
			return at, slices.Insert(values, 0, segment)
		}
	}
	return nil, nil
}
