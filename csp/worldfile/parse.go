package worldfile

import (
	"errors"

	"latchkey/csp"
	"latchkey/csp/names"
	"latchkey/csp/worldfile/internal/yamltree"
)

// Parse reads a world file. The name stands in front of every problem. An error
// is an *[Error]; facts come only with none.
//
// What contradicts itself only as a whole, such as management groups in a ring,
// is left to whoever builds on the facts.
func Parse(name string, text []byte) (csp.Facts, error) {
	r := &reader{
		name: name, seen: make(map[string]int), domains: make(map[csp.Domain]csp.TenantID),
		roles: make(map[csp.RoleDefinitionID]bool), directoryRoles: make(map[csp.DirectoryRoleID]bool),
		principals: make(map[csp.ObjectID]csp.Principal), adminAgents: make(map[csp.TenantID]csp.ObjectID),
	}
	root, err := yamltree.Read(text)
	if p, ok := errors.AsType[yamltree.SyntaxError](err); ok {
		r.problemAt(p.Line, p.Column, p.Text)
		return csp.Facts{}, r.err()
	}
	r.world(root)
	if err := r.err(); err != nil {
		return csp.Facts{}, err
	}
	return r.facts, nil
}

// reader makes facts of a tree. It goes over the tree once and writes down what
// exists; what names something else waits until all that can be named is known.
type reader struct {
	name    string
	wrong   Error
	facts   csp.Facts
	seen    map[string]int // line by noun and id
	domains map[csp.Domain]csp.TenantID

	guests []func() // they name accounts
	later  []func() // they name anything
	dir    *names.Directory

	roles          map[csp.RoleDefinitionID]bool // those in facts
	directoryRoles map[csp.DirectoryRoleID]bool
	principals     map[csp.ObjectID]csp.Principal
	adminAgents    map[csp.TenantID]csp.ObjectID
}

func (r *reader) world(root *node) {
	f := r.fields(root, "a world file")
	f.entries("partners", func(key, body *node) { r.tenant(key, body, partner) })
	f.entries("customers", func(key, body *node) { r.tenant(key, body, customer) })
	f.entries("not collected", func(key, body *node) { r.tenant(key, body, uncollected) })
	f.entries("role definitions", r.roleDefinition)
	f.entries("directory role definitions", r.directoryRoleDefinition)
	f.entries("people", r.person)
	f.entries("memberships", r.membershipsOf)
	f.entries("places", func(key, body *node) { r.anywhere(csp.TenantID{}, nil, key, body) })

	r.dir = names.New(r.facts)
	r.run(r.guests)
	r.dir = names.New(r.facts)
	r.run(r.later)
}

func (r *reader) run(steps []func()) {
	for _, step := range steps {
		if r.full() {
			return
		}
		step()
	}
}

// person reads all accounts of one human (R3).
func (r *reader) person(key, body *node) {
	f := r.shortOr(body, "accounts", "a person")
	id, name := named[csp.Person](f, key, "person")
	r.once(key, "person", name, id.String())
	r.later = append(r.later, func() {
		p := csp.Person{ID: id, Name: name}
		f.each("accounts", func(n *node) {
			if account, ok := r.principal(csp.TenantID{}, n); ok {
				p.Accounts = append(p.Accounts, account)
			}
		})
		r.facts.People = append(r.facts.People, p)
	})
}

// shortOr reads a map; what is no map is short for a map with this key only.
func (r *reader) shortOr(n *node, key, what string) fields {
	if n.Kind == yamltree.Text || n.Kind == yamltree.List {
		return fields{r: r, node: n, of: map[string]*node{key: n}}
	}
	return r.fields(n, what)
}

// principal finds whom the node names, seen from the tenant.
func (r *reader) principal(in csp.TenantID, n *node) (csp.ObjectID, bool) {
	text, ok := r.text(n, "who")
	if !ok {
		return csp.ObjectID{}, false
	}
	id, err := r.dir.Principal(in, text)
	if err != nil {
		r.problem(n, "%v", err)
	}
	return id, err == nil
}

// who finds the principal that must be named.
func (f fields) who(in csp.TenantID) (csp.ObjectID, bool) {
	if !f.has("who") {
		f.r.problem(f.node, `"who" is missing: whom is this about?`)
		return csp.ObjectID{}, false
	}
	return f.r.principal(in, f.get("who"))
}

// tenantRef finds the tenant the node names.
func (r *reader) tenantRef(n *node, what string) (csp.TenantID, bool) {
	text, ok := r.text(n, what)
	if !ok {
		return csp.TenantID{}, false
	}
	id, err := r.dir.Tenant(text)
	if err != nil {
		r.problem(n, "%v", err)
	}
	return id, err == nil
}

// tenantUnder finds the tenant under a key; where nothing is written, none.
func (f fields) tenantUnder(key string) (csp.TenantID, bool) {
	if !f.has(key) {
		return csp.TenantID{}, false
	}
	return f.r.tenantRef(f.get(key), key)
}
