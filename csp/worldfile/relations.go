package worldfile

import (
	"slices"

	"latchkey/csp"
	"latchkey/csp/worldfile/internal/yamltree"
)

// relations reads which partners a tenant has as their customer (R5).
func (r *reader) relations(f fields, id csp.TenantID) {
	r.later = append(r.later, func() {
		r.byPartner(f.get("reseller"), "reseller", func(p csp.TenantID, n *node) { r.reseller(p, id, n) })
		r.byPartner(f.get("dap"), "dap", func(p csp.TenantID, n *node) {
			d := r.fields(n, "a delegated administrator")
			r.facts.DAPs = append(r.facts.DAPs, csp.DAPRelationship{Partner: p, Customer: id, Period: d.period()})
		})
	})
	f.entries("gdap", func(key, body *node) { r.gdap(id, key, body) })
}

// byPartner visits relationships: partners by name, one or a list, or a map with
// more about each; a list there stands for several relationships with one partner.
func (r *reader) byPartner(n *node, what string, visit func(csp.TenantID, *node)) {
	if n.Kind != yamltree.Map {
		for _, item := range many(n) {
			if id, ok := r.tenantRef(item, what); ok {
				visit(id, &node{Line: item.Line, Column: item.Column})
			}
		}
		return
	}
	r.entries(n, what, func(key, body *node) {
		id, ok := r.tenantRef(key, what)
		if !ok {
			return
		}
		bodies := []*node{body}
		if body.Kind == yamltree.List {
			bodies = body.Items
		}
		for _, b := range bodies {
			visit(id, b)
		}
	})
}

func (r *reader) reseller(p, id csp.TenantID, n *node) {
	f := r.shortOr(n, "kind", "a reseller")
	row := csp.ResellerRelationship{Partner: p, Customer: id, Kind: csp.DirectPartner, Period: f.period()}
	if f.has("kind") {
		row.Kind = csp.ResellerKind(f.choice("kind", string(csp.DirectPartner), string(csp.IndirectProvider), string(csp.IndirectReseller)))
	}
	r.facts.Resellers = append(r.facts.Resellers, row)
}

var relationshipStates = []string{
	string(csp.GDAPCreated), string(csp.GDAPApprovalPending), string(csp.GDAPApproved), string(csp.GDAPActivating), string(csp.GDAPPending),
	string(csp.GDAPActive), string(csp.GDAPExpiring), string(csp.GDAPExpired), string(csp.GDAPTerminating), string(csp.GDAPTerminated),
	string(csp.GDAPDeleting), string(csp.GDAPDeleted),
}

// status is the state under the key; active where none is written.
func (f fields) status() csp.GDAPStatus {
	if !f.has("status") {
		return csp.GDAPActive
	}
	return csp.GDAPStatus(f.choice("status", relationshipStates...))
}

// gdap reads a GDAP relationship (R11).
func (r *reader) gdap(tenant csp.TenantID, key, body *node) {
	f := r.fields(body, "a GDAP relationship")
	row := csp.GDAPRelationship{Customer: tenant, Status: f.status(), Period: f.period(), ExtendsBy: f.number("extends by")}
	row.ID, row.Name = named[csp.GDAPRelationship](f, key, "GDAP relationship", tenant.String())
	r.once(key, "GDAP relationship", row.Name, row.ID.String())
	r.later = append(r.later, func() {
		if !f.has("partner") {
			r.problem(key, `"partner" is missing: whose groups get the roles?`)
			return
		}
		var ok bool
		if row.Partner, ok = f.tenantUnder("partner"); !ok {
			return
		}
		f.entries("groups", func(key, body *node) {
			row.Assignments = append(row.Assignments, r.accessAssignments(row.Partner, key, body)...)
		})
		row.Roles = r.directoryRoleRefs(f, "roles")
		if !f.has("roles") {
			row.Roles = assigned(row.Assignments)
		}
		r.facts.GDAPs = append(r.facts.GDAPs, row)
	})
}

// accessAssignments reads what a group gets: its roles, or a map with their
// status, or a list of such maps.
func (r *reader) accessAssignments(partner csp.TenantID, key, body *node) []csp.AccessAssignment {
	group, ok := r.principal(partner, key)
	if !ok {
		return nil
	}
	bodies := []*node{body}
	if body.Kind == yamltree.List && len(body.Items) > 0 && body.Items[0].Kind == yamltree.Map {
		bodies = body.Items
	}
	rows := make([]csp.AccessAssignment, 0, len(bodies))
	for _, b := range bodies {
		f := r.shortOr(b, "roles", "an access assignment")
		rows = append(rows, csp.AccessAssignment{Group: group, Roles: r.directoryRoleRefs(f, "roles"), Status: f.status()})
	}
	return rows
}

// assigned are the roles that access assignments give, which the customer must
// have agreed to.
func assigned(rows []csp.AccessAssignment) []csp.DirectoryRoleID {
	var roles []csp.DirectoryRoleID
	for _, row := range rows {
		roles = append(roles, row.Roles...)
	}
	slices.SortFunc(roles, csp.DirectoryRoleID.Compare)
	return slices.Compact(roles)
}
