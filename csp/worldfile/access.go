package worldfile

import (
	"strconv"
	"time"

	"latchkey/csp"
	"latchkey/csp/worldfile/internal/yamltree"
)

// access reads who holds a role at a place: role: who.
func (r *reader) access(key, body *node, at place) {
	role, ok := r.role(key)
	if !ok {
		return
	}
	for _, item := range many(body) {
		f := r.shortOr(item, "who", "an assignment")
		who, ok := f.who(at.tenant)
		if !ok {
			continue
		}
		a := csp.Assignment{Tenant: at.tenant, Term: f.term(), RoleAssignment: csp.RoleAssignment{
			Scope: at.scope, Role: role, Principal: who, PrincipalType: seenFrom(at.tenant, r.principals[who]),
			Description: f.text("description"), Condition: f.text("condition"),
		}}
		if f.has("type") {
			a.PrincipalType = principalType(f)
		}
		switch id := f.get("id"); {
		case !f.has("id"):
			a.Name = assignmentID(a)
		case id.Text != unknownWord:
			a.Name = identifier[csp.RoleAssignment](f, "id")
		}
		r.once(item, "assignment of", key.Text, a.Name.String(), at.scope.Key(), at.tenant.String())
		r.facts.Assignments = append(r.facts.Assignments, a)
	}
}

// seenFrom is the type an assignment in the tenant gives the principal (R20,
// R21); empty for one that is not known.
func seenFrom(tenant csp.TenantID, p csp.Principal) csp.PrincipalType {
	if p.Type == csp.Group && p.Tenant != tenant {
		return csp.ForeignGroup
	}
	return p.Type
}

// unknownWord is written where the platform has something and the facts do not
// say what: the type or id of an assignment, the home of a guest.
const unknownWord = "unknown"

var principalTypes = []string{string(csp.User), string(csp.Group), string(csp.ServicePrincipal), string(csp.ForeignGroup)}

func principalType(f fields) csp.PrincipalType {
	word := f.choice("type", append(principalTypes, unknownWord)...)
	if word == unknownWord {
		return ""
	}
	return csp.PrincipalType(word)
}

// assignmentID is the id of an assignment for which the file gives none.
func assignmentID(a csp.Assignment) csp.RoleAssignmentID {
	return DeriveID[csp.RoleAssignment]("role assignment", a.Tenant.String(), a.Scope.Key(), a.Role.String(), a.Principal.String(),
		strconv.FormatBool(a.Eligible), instant(a.From), instant(a.Until), a.Condition)
}

// instant is empty for the zero time.
func instant(at time.Time) string {
	if at.IsZero() {
		return ""
	}
	return at.UTC().Format(time.RFC3339Nano)
}

// lighthouse reads what is projected to principals of managing tenants (R28). No
// guest stands for them there: they do not enter.
func (r *reader) lighthouse(key, body *node, at place) {
	role, ok := r.role(key)
	if !ok {
		return
	}
	for _, item := range many(body) {
		f := r.shortOr(item, "who", "a Lighthouse delegation")
		who, ok := f.who(csp.TenantID{})
		if !ok {
			continue
		}
		row := csp.LighthouseDelegation{Principal: who, Manager: r.principals[who].Tenant, Role: role, Scope: at.scope, Term: f.term()}
		if manager, ok := f.tenantUnder("manager"); ok {
			row.Manager = manager
		} else if row.Manager.IsZero() {
			r.problem(item, `"manager" is missing: %s is not described, so say which tenant manages`, who)
		}
		r.facts.Lighthouses = append(r.facts.Lighthouses, row)
	}
}

// denial reads a deny assignment (R19).
func (r *reader) denial(key, body *node, at place) {
	f := r.fields(body, "a denial")
	d := csp.Denial{Tenant: at.tenant, DenyAssignment: csp.DenyAssignment{
		Scope: at.scope, Everyone: f.yes("everyone"), ThisScopeOnly: f.yes("only here"), AuditOnly: f.yes("audit only"),
		Condition: f.text("condition"), Permissions: r.permissions(f, ""),
	}}
	d.ID, d.Name = named[csp.DenyAssignment](f, key, "denial", at.tenant.String(), at.scope.Key())
	r.once(key, "denial", d.Name, d.ID.String(), at.scope.Key(), at.tenant.String())
	d.Principals, d.Excluded = r.whoever(f, "who", at.tenant), r.whoever(f, "except", at.tenant)
	r.facts.Denials = append(r.facts.Denials, d)
}

// whoever are the principals under a key, one or a list.
func (r *reader) whoever(f fields, key string, in csp.TenantID) []csp.ObjectID {
	var ids []csp.ObjectID
	f.each(key, func(n *node) {
		if id, ok := r.principal(in, n); ok {
			ids = append(ids, id)
		}
	})
	return ids
}

// policy reads an Azure Policy that refuses role assignments (R27).
func (r *reader) policy(key, body *node, at place) {
	bodies := []*node{body}
	if body.Kind == yamltree.List {
		bodies = body.Items
	}
	for _, b := range bodies {
		f := r.fields(b, "a policy")
		row := csp.PolicyDenial{Name: key.Text, Tenant: at.tenant, Scope: at.scope}
		f.each("spares", func(n *node) {
			if role, ok := r.role(n); ok {
				row.Spares = append(row.Spares, role)
			}
		})
		r.facts.Policies = append(r.facts.Policies, row)
	}
}

// usage reads when a principal was last seen using actions: action: when.
func (r *reader) usage(key, body *node, at place) {
	who, ok := r.principal(at.tenant, key)
	if !ok {
		return
	}
	r.entries(body, "usage", func(key, body *node) {
		if body.Kind == yamltree.Nothing {
			r.problem(key, "when was %s last used? write a time behind it", clip(key.Text))
		}
		for _, n := range many(body) {
			f := r.shortOr(n, "last", "usage")
			row := csp.Usage{Principal: who, Action: key.Text, Data: f.yes("data"), Scope: at.scope, Last: f.time("last")}
			r.facts.Usage = append(r.facts.Usage, row)
		}
	})
}
