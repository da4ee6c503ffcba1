package graph

import (
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
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
		h.invitationRoutes(),
		h.roleRoutes(),
		h.pimRoutes(),
		h.groupPIMRoutes(),
		h.batchRoutes(),
		h.gdapRoutes(),
	)
}

const (
	maxPath     = 4096
	maxSegments = 32
)

// splitPath reads an escaped path. Empty segments are dropped, which collapses
// doubled slashes. A key in parentheses becomes a segment of its own:
// users('x') is users/x, and applications(appId='x') is applications/appId=x.
func splitPath(escaped string) ([]string, *failure) {
	if len(escaped) > maxPath {
		return nil, &failure{status: http.StatusRequestURITooLong, code: "BadRequest", message: "The request path is too long."}
	}
	var segments []string
	for s := range strings.SplitSeq(escaped, "/") {
		if s == "" {
			continue
		}
		plain, err := url.PathUnescape(s)
		if err != nil || strings.ContainsAny(plain, "/\\\x00") || plain == "." || plain == ".." {
			return nil, badRequest("The request path is not valid.").coded("BadRequest")
		}
		name, key, found := strings.Cut(plain, "(")
		if !found || !strings.HasSuffix(key, ")") || name == "" {
			segments = append(segments, plain)
			continue
		}
		segments = append(segments, name)
		if key = strings.ReplaceAll(strings.TrimSuffix(key, ")"), "'", ""); key != "" {
			segments = append(segments, key)
		}
	}
	if len(segments) > maxSegments {
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
	name  map[*node]string // what the keyed and any nodes below are called
	rows  map[string]*route
}

func newNode() *node {
	return &node{fixed: map[string]*node{}, keyed: map[string]*node{}, name: map[*node]string{}, rows: map[string]*route{}}
}

// plant makes the tree of a table.
func plant(table []route) *node {
	root := newNode()
	for _, row := range table {
		at := root
		for s := range strings.SplitSeq(strings.Trim(row.pattern, "/"), "/") {
			at = at.below(s)
		}
		if _, twice := at.rows[row.method]; twice {
			panic("graph: two routes for " + row.method + " " + row.pattern)
		}
		at.rows[row.method] = &row
	}
	return root
}

func (n *node) below(pattern string) *node {
	child := newNode()
	name, varies := strings.CutPrefix(strings.TrimSuffix(pattern, "}"), "{")
	key, keyed, isKeyed := strings.Cut(name, "=")
	switch {
	case !varies:
		pattern = strings.ToLower(pattern)
		if n.fixed[pattern] == nil {
			n.fixed[pattern] = child
		}
		return n.fixed[pattern]
	case isKeyed:
		key = strings.ToLower(key)
		if n.keyed[key] == nil {
			n.keyed[key] = child
			n.name[child] = keyed
		}
		return n.keyed[key]
	}
	if n.any == nil {
		n.any = child
		n.name[child] = name
	}
	return n.any
}

// find walks down the tree and notes what the varying segments are.
func (n *node) find(c *call, segments []string) (*route, *failure) {
	at, params := n.walk(segments)
	if at == nil {
		return nil, badRequest("Resource not found for the segment '" + clip(last(segments)) + "'.").coded("BadRequest")
	}
	row, known := at.rows[c.method]
	if !known && c.method == http.MethodHead {
		row, known = at.rows[http.MethodGet]
	}
	if !known {
		return nil, &failure{
			status: http.StatusMethodNotAllowed, code: "Request_BadRequest",
			message: "Specified HTTP method is not allowed for the request target.",
			headers: map[string]string{"Allow": strings.Join(slices.Sorted(maps.Keys(at.rows)), ", ")},
		}
	}
	c.params = params
	return row, nil
}

func last(segments []string) string {
	if len(segments) == 0 {
		return ""
	}
	return segments[len(segments)-1]
}

// walk prefers the fixed segment to the keyed one, and that to any.
func (n *node) walk(segments []string) (*node, map[string]string) {
	if len(segments) == 0 {
		if len(n.rows) == 0 {
			return nil, nil
		}
		return n, map[string]string{}
	}
	segment, rest := segments[0], segments[1:]
	if below := n.fixed[strings.ToLower(segment)]; below != nil {
		if at, params := below.walk(rest); at != nil {
			return at, params
		}
	}
	key, value, isKeyed := strings.Cut(segment, "=")
	if below := n.keyed[strings.ToLower(key)]; isKeyed && below != nil {
		if at, params := below.walk(rest); at != nil {
			params[n.name[below]] = value
			return at, params
		}
	}
	if n.any != nil {
		if at, params := n.any.walk(rest); at != nil {
			params[n.name[n.any]] = segment
			return at, params
		}
	}
	return nil, nil
}
