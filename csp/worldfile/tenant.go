package worldfile

import (
	"strings"

	"latchkey/csp"
	"latchkey/csp/worldfile/internal/yamltree"
)

// section is the part of a world file that a tenant stands in.
type section uint8

const (
	partner section = iota
	customer
	uncollected // it is no fact that the tenant was collected
)

// tenant reads one tenant (R1).
func (r *reader) tenant(key, body *node, in section) {
	f := r.fields(body, "a tenant")
	id, name := named[csp.Tenant](f, key, "tenant")
	r.once(key, "tenant", name, id.String())
	t := csp.Tenant{ID: id, Name: name, OldRules: f.yes("old rules"), DefaultDomain: f.domain("domain", id)}
	if in != uncollected {
		r.facts.Tenants = append(r.facts.Tenants, t)
	} else if f.has("domain") || f.has("old rules") {
		r.problem(key, `a tenant that was not collected has no domain and no rules; write its id where it is meant`)
	}
	f.each("other domains", func(n *node) {
		if domain := r.domain(n, id); domain != "" {
			r.facts.Domains = append(r.facts.Domains, csp.TenantDomain{Tenant: id, Domain: domain})
		}
	})
	r.directoryOf(f, t, in)
	r.relations(f, id)
	r.azure(f, id)
	r.gaps(f, csp.Gap{Tenant: id})
}

// domain is the domain under a key, empty where none is written.
func (f fields) domain(key string, of csp.TenantID) csp.Domain {
	if !f.has(key) {
		return ""
	}
	return f.r.domain(f.get(key), of)
}

// domain reads a domain of the tenant; another tenant cannot have it (R1).
func (r *reader) domain(n *node, of csp.TenantID) csp.Domain {
	text, ok := r.text(n, "domain")
	if !ok {
		return ""
	}
	domain, err := csp.ParseDomain(text)
	if err != nil {
		r.problem(n, "%v", err)
		return ""
	}
	if owner, ok := r.domains[domain]; ok && owner != of {
		r.problem(n, "the domain %s already belongs to the tenant at line %d, and a domain has one tenant", domain, r.seen["tenant "+owner.String()])
	}
	r.domains[domain] = of
	return domain
}

// directoryOf reads the principals of a tenant and their roles in its directory.
func (r *reader) directoryOf(f fields, t csp.Tenant, in section) {
	r.listOrMap(f.get("users"), "users", func(key, body *node) { r.user(t, key, body) })
	r.listOrMap(f.get("service principals"), "service principals", func(key, body *node) { r.servicePrincipal(t.ID, key, body) })
	f.entries("groups", func(key, body *node) { r.group(t.ID, key, body, "") })
	r.agents(f, t.ID, in)
	r.guestsOf(f.get("guests"), t.ID)
	f.entries("directory roles", func(key, body *node) { r.directoryRole(t.ID, key, body) })
}

// listOrMap visits the names of a list, or the entries of a map.
func (r *reader) listOrMap(n *node, what string, visit func(key, body *node)) {
	if n.Kind == yamltree.Map {
		r.entries(n, what, visit)
		return
	}
	for _, item := range many(n) {
		if r.full() {
			return
		}
		if _, ok := r.text(item, what); ok {
			visit(item, &node{Line: item.Line, Column: item.Column})
		}
	}
}

func (r *reader) add(p csp.Principal, key *node) {
	r.once(key, "principal", p.Name, p.ID.String())
	r.facts.Principals = append(r.facts.Principals, p)
	r.principals[p.ID] = p
}

func (r *reader) user(t csp.Tenant, key, body *node) {
	f := r.fields(body, "a user")
	p := csp.Principal{Tenant: t.ID, Type: csp.User}
	p.ID, p.Name = named[csp.Principal](f, key, "user", t.ID.String())
	p.Source = csp.Source(f.choice("source", string(csp.Cloud), string(csp.Synced), string(csp.MicrosoftAccount)))
	p.SignInName = signInName(p.Name, t.DefaultDomain)
	if f.has("sign in") {
		p.SignInName = f.text("sign in")
	}
	r.add(p, key)
}

// signInName is what a user signs in with where the file does not say: the name
// in lower case, with dots for blanks, at the default domain of the tenant. It is
// empty without a domain, and for a name with other characters than letters,
// digits and ._- in it.
func signInName(name string, domain csp.Domain) string {
	local := strings.ReplaceAll(strings.ToLower(name), " ", ".")
	odd := func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < '0' || r > '9') && !strings.ContainsRune("._-", r)
	}
	if domain == "" || local == "" || strings.ContainsFunc(local, odd) {
		return ""
	}
	return local + "@" + domain.String()
}

func (r *reader) servicePrincipal(tenant csp.TenantID, key, body *node) {
	f := r.fields(body, "a service principal")
	p := csp.Principal{Tenant: tenant, Type: csp.ServicePrincipal}
	p.ID, p.Name = named[csp.Principal](f, key, "service principal", tenant.String())
	r.add(p, key)
}

// guestsOf reads the guests of a tenant (R2): the accounts they are at home, in a
// list, or their names here with the account behind each.
func (r *reader) guestsOf(n *node, tenant csp.TenantID) {
	if n.Kind == yamltree.Map {
		r.entries(n, "guests", func(key, body *node) {
			r.guests = append(r.guests, func() { r.guest(tenant, key, body) })
		})
		return
	}
	for _, item := range many(n) {
		r.guests = append(r.guests, func() {
			if home, ok := r.principal(csp.TenantID{}, item); ok {
				p := csp.Principal{Tenant: tenant, Type: csp.User, Source: csp.Guest, Home: home}
				p.Name, p.HomeTenant = r.principals[home].Name, r.principals[home].Tenant
				p.ID = DeriveID[csp.Principal]("guest", tenant.String(), p.Name)
				r.add(p, item)
			}
		})
	}
}

func (r *reader) guest(tenant csp.TenantID, key, body *node) {
	f := r.shortOr(body, "of", "a guest")
	p := csp.Principal{Tenant: tenant, Type: csp.User, Source: csp.Guest, SignInName: f.text("sign in")}
	p.ID, p.Name = named[csp.Principal](f, key, "guest", tenant.String())
	if f.has("of") {
		p.Home, _ = r.principal(csp.TenantID{}, f.get("of"))
		p.HomeTenant = r.principals[p.Home].Tenant
	}
	if f.get("home tenant").Text == unknownWord {
		p.HomeTenant = csp.TenantID{}
	} else if home, ok := f.tenantUnder("home tenant"); ok {
		p.HomeTenant = home
	}
	r.add(p, key)
}

// group reads a group with its members; agents is the agent role it is the
// group of, if any (R7).
func (r *reader) group(tenant csp.TenantID, key, body *node, agents csp.AgentRole) {
	if has(body, "who") {
		body = yamltree.NewList(body) // one member, of whom more is said
	}
	f := r.shortOr(body, "members", "a group")
	p := csp.Principal{Tenant: tenant, Type: csp.Group, Agents: agents, RoleAssignable: f.yes("role assignable"), Dynamic: f.yes("dynamic")}
	p.ID, p.Name = named[csp.Principal](f, key, "group", tenant.String())
	if f.has("agents") {
		p.Agents = csp.AgentRole(f.choice("agents", agentRoles...))
	}
	r.add(p, key)
	if p.Agents == csp.AdminAgents && r.adminAgents[tenant].IsZero() {
		r.adminAgents[tenant] = p.ID
	}
	r.later = append(r.later, func() { r.members(p.ID, tenant, f) })
}

var agentRoles = []string{string(csp.AdminAgents), string(csp.HelpdeskAgents), string(csp.SalesAgents)}

// agents reads the three groups of a partner's agents (R7). A tenant among the
// partners has them all; "no" says that one is missing.
func (r *reader) agents(f fields, tenant csp.TenantID, in section) {
	groups := r.fields(f.get("agents"), "agents")
	for _, role := range agentRoles {
		body := groups.get(role)
		if !groups.has(role) && in != partner || body.Kind == yamltree.Text && body.Text == "no" {
			continue
		}
		r.group(tenant, &node{Kind: yamltree.Text, Text: role, Line: body.Line, Column: body.Column}, body, csp.AgentRole(role))
	}
}

// members reads who is in a group.
func (r *reader) members(group csp.ObjectID, tenant csp.TenantID, f fields) {
	f.each("members", func(n *node) {
		m := r.shortOr(n, "who", "a member")
		if who, ok := m.who(tenant); ok {
			row := csp.Membership{Group: group, Member: who, Term: m.term()}
			r.facts.Memberships = append(r.facts.Memberships, row)
		}
	})
}

// membershipsOf reads the members of a group that is not described.
func (r *reader) membershipsOf(key, body *node) {
	r.later = append(r.later, func() {
		if group, ok := r.principal(csp.TenantID{}, key); ok {
			f := fields{r: r, node: body, of: map[string]*node{"members": body}}
			r.members(group, r.principals[group].Tenant, f)
		}
	})
}

// directoryRole reads who holds a role in the directory of a tenant (R14).
func (r *reader) directoryRole(tenant csp.TenantID, key, body *node) {
	r.later = append(r.later, func() {
		role, ok := r.directoryRoleRef(key)
		if !ok {
			return
		}
		for _, item := range many(body) {
			h := r.shortOr(item, "who", "a holder of a directory role")
			if who, ok := h.who(tenant); ok {
				r.facts.DirectoryAssignments = append(r.facts.DirectoryAssignments,
					csp.DirectoryAssignment{Tenant: tenant, Principal: who, Role: role, Term: h.term()})
			}
		}
	})
}
