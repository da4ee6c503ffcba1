package access_test

import (
	"fmt"
	"reflect"
	"strings"
	"time"

	"latchkey/access"
	"latchkey/csp"
	"latchkey/csp/builtin"
)

// describe prints facts compactly, a line each, by names: what a failing test
// shows. Built-in roles are left out.
func describe(f csp.Facts) string {
	d := describer{names: map[[16]byte]string{}}
	d.learn(f)
	var b strings.Builder
	for _, list := range reflect.ValueOf(f).Fields() {
		for j := range list.Len() {
			if line := d.line(list.Index(j).Interface()); line != "" {
				fmt.Fprintln(&b, line)
			}
		}
	}
	return b.String()
}

// describeQuestion says a question about the facts in one line.
func describeQuestion(f csp.Facts, q access.Question) string {
	d := describer{names: map[[16]byte]string{}}
	d.learn(f)
	data := ""
	if q.Action.IsData() {
		data = " (data)"
	}
	place := "the directory"
	if !q.Place.IsDirectory() {
		place = d.scope(q.Place.Scope)
	}
	return fmt.Sprintf("may %s do %s%s in %s of tenant %q at %s?", d.id(q.Principal), q.Action, data, place, d.id(q.Place.Tenant), q.At.Format(time.RFC3339))
}

type describer struct{ names map[[16]byte]string }

func (d describer) learn(f csp.Facts) {
	for _, x := range f.Tenants {
		d.names[x.ID] = x.Name
	}
	for _, x := range f.Principals {
		d.names[x.ID] = x.Name
	}
	for _, x := range f.Subscriptions {
		d.names[x.ID] = x.Name
	}
	for _, x := range builtin.AzureRoles() {
		d.names[x.ID] = x.Name
	}
	for _, x := range f.Roles {
		d.names[x.ID] = x.Name
	}
	for _, x := range builtin.EntraRoles() {
		d.names[x.ID] = x.Name
	}
	for _, x := range f.DirectoryRoles {
		d.names[x.ID] = x.Name
	}
}

func (d describer) id(id [16]byte) string {
	if name, known := d.names[id]; known {
		return name
	}
	if id == ([16]byte{}) {
		return ""
	}
	return fmt.Sprintf("?%x", id[:3])
}

func (d describer) scope(s csp.Scope) string {
	text := s.String()
	if id := s.Subscription(); !id.IsZero() {
		text = strings.Replace(text, "/subscriptions/"+id.String(), d.id(id), 1)
	}
	return strings.NewReplacer("/providers/Microsoft.Management/managementGroups/", "mg:", "/resourceGroups", "", "/providers", "").Replace(text)
}

func (d describer) list(ids []csp.ObjectID) string {
	var names []string
	for _, id := range ids {
		names = append(names, d.id(id))
	}
	return strings.Join(names, ",")
}

func (d describer) roles(ids []csp.DirectoryRoleID) string {
	var names []string
	for _, id := range ids {
		names = append(names, d.id(id))
	}
	return "[" + strings.Join(names, ", ") + "]"
}

func period(p csp.Period) string {
	text := ""
	if !p.From.IsZero() {
		text += " from " + p.From.Format(time.RFC3339)
	}
	if !p.Until.IsZero() {
		text += " until " + p.Until.Format(time.RFC3339)
	}
	return text
}

func during(t csp.Term) string {
	if t.Eligible {
		return " eligible" + period(t.Period)
	}
	return period(t.Period)
}

func mark(on bool, word string) string {
	if on {
		return " " + word
	}
	return ""
}

func text(name, s string) string {
	if s == "" {
		return ""
	}
	return fmt.Sprintf(" %s %q", name, s)
}

func entriesOf(list []csp.Permission) string {
	var parts []string
	for _, p := range list {
		part := fmt.Sprintf("%q", p.Actions)
		if len(p.NotActions) > 0 {
			part += fmt.Sprintf(" but %q", p.NotActions)
		}
		if len(p.DataActions) > 0 {
			part += fmt.Sprintf(" data %q but %q", p.DataActions, p.NotDataActions)
		}
		parts = append(parts, part+text("if", p.Condition))
	}
	return strings.Join(parts, "; ")
}

// line is one fact, or nothing for one that is in a catalogue.
func (d describer) line(x any) string {
	switch x := x.(type) {
	case csp.Tenant:
		return fmt.Sprintf("tenant %s%s", x.Name, mark(x.OldRules, "under old rules"))
	case csp.Principal:
		kind := strings.ToLower(string(x.Type))
		if x.Source == csp.Guest {
			kind = fmt.Sprintf("guest (home %s of %s)", d.id(x.Home), d.id(x.HomeTenant))
		}
		return fmt.Sprintf("%s %s of %s%s%s%s", kind, x.Name, d.id(x.Tenant), text("agents", string(x.Agents)), mark(x.RoleAssignable, "role-assignable"), mark(x.Dynamic, "dynamic"))
	case csp.Membership:
		return fmt.Sprintf("%s in %s%s", d.id(x.Member), d.id(x.Group), during(x.Term))
	case csp.ResellerRelationship:
		return fmt.Sprintf("reseller %s > %s%s", d.id(x.Partner), d.id(x.Customer), period(x.Period))
	case csp.DAPRelationship:
		return fmt.Sprintf("dap %s > %s%s", d.id(x.Partner), d.id(x.Customer), period(x.Period))
	case csp.GDAPRelationship:
		parts := []string{fmt.Sprintf("gdap %s > %s %s%s agreed %s", d.id(x.Partner), d.id(x.Customer), x.Status, period(x.Period), d.roles(x.Roles))}
		for _, a := range x.Assignments {
			parts = append(parts, fmt.Sprintf("%s %s %s", d.id(a.Group), a.Status, d.roles(a.Roles)))
		}
		return strings.Join(parts, "; ")
	case csp.LighthouseDelegation:
		return fmt.Sprintf("lighthouse %s: %s has %s at %s%s", d.id(x.Manager), d.id(x.Principal), d.id(x.Role), d.scope(x.Scope), during(x.Term))
	case csp.Subscription:
		return fmt.Sprintf("subscription %s of %s", x.Name, d.id(x.Tenant))
	case csp.Placement:
		return fmt.Sprintf("%s below %s (%s)", d.scope(x.Child), d.scope(x.Parent), d.id(x.Tenant))
	case csp.Resource:
		return "place " + d.scope(x.Scope)
	case csp.ManagedIdentity:
		return fmt.Sprintf("%s runs as %s", d.scope(x.Resource), d.id(x.Principal))
	case csp.RoleDefinition:
		if !x.Custom {
			return ""
		}
		return fmt.Sprintf("role %s %s", x.Name, entriesOf(x.Permissions))
	case csp.Assignment:
		return fmt.Sprintf("%s %s has %s at %s (%s)%s%s", strings.ToLower(string(x.PrincipalType)), d.id(x.Principal), d.id(x.Role), d.scope(x.Scope), d.id(x.Tenant), during(x.Term), text("if", x.Condition))
	case csp.Denial:
		return fmt.Sprintf("%s denies %s at %s (%s) to %s%s; excluded: %s%s%s%s", x.Name, entriesOf(x.Permissions), d.scope(x.Scope), d.id(x.Tenant), d.list(x.Principals),
			mark(x.Everyone, "everyone"), d.list(x.Excluded), mark(x.ThisScopeOnly, "this scope only"), mark(x.AuditOnly, "audit"), text("if", x.Condition))
	case csp.DirectoryRole:
		if _, catalogued := builtinDirectory[x.ID]; catalogued {
			return ""
		}
		return fmt.Sprintf("directory role %s %q", x.Name, x.Actions)
	case csp.DirectoryAssignment:
		return fmt.Sprintf("%s has %s in the directory of %s%s", d.id(x.Principal), d.id(x.Role), d.id(x.Tenant), during(x.Term))
	case csp.Gap:
		line := fmt.Sprintf("gap: %s of %s", x.Fact, d.id(x.Tenant))
		if !x.Scope.IsZero() {
			line += " at " + d.scope(x.Scope)
		}
		return line
	}
	return fmt.Sprintf("%+v", x)
}

var builtinDirectory = func() map[csp.DirectoryRoleID]bool {
	known := map[csp.DirectoryRoleID]bool{}
	for _, role := range builtin.EntraRoles() {
		known[role.ID] = true
	}
	return known
}()
