package access_test

import (
	"crypto/sha256"
	"strings"
	"testing"
	"time"

	"latchkey/access"
	"latchkey/csp"
	"latchkey/csp/builtin"
)

// idOf makes the same id of the same name, so that tests can speak in names.
func idOf[T csp.Named](name string) csp.ID[T] {
	sum := sha256.Sum256([]byte(name))
	return csp.ID[T](sum[:16])
}

// noon is the instant that tests ask about unless they say otherwise.
var noon = time.Date(2026, 9, 1, 12, 0, 0, 0, time.UTC)

const (
	restart     = "Microsoft.Compute/virtualMachines/restart/action"
	readVM      = "Microsoft.Compute/virtualMachines/read"
	readBlob    = "Microsoft.Storage/storageAccounts/blobServices/containers/blobs/read"
	writeAssign = "Microsoft.Authorization/roleAssignments/write"
)

// world builds facts by name: tenant "contoso" with subscription "shop" and
// tenant "partner", to begin with, and nobody in them.
type world struct {
	t     testing.TB
	facts access.Facts
}

func newWorld(tb testing.TB) *world {
	tb.Helper()
	w := &world{t: tb}
	for _, name := range []string{"contoso", "partner"} {
		w.facts.Tenants = append(w.facts.Tenants, csp.Tenant{ID: idOf[csp.Tenant](name), Name: name})
	}
	w.facts.Subscriptions = []csp.Subscription{{ID: idOf[csp.Subscription]("shop"), Tenant: idOf[csp.Tenant]("contoso"), Name: "shop"}}
	w.facts.DirectoryRoles = builtin.EntraRoles()
	return w
}

// at is a scope by a short text: "shop", "shop/rg", "shop/rg/vm", "mg:name" or "/".
func at(tb testing.TB, short string) csp.Scope {
	tb.Helper()
	if short == "/" {
		return csp.Root()
	}
	if name, ok := strings.CutPrefix(short, "mg:"); ok {
		return csp.MustParseScope("/providers/Microsoft.Management/managementGroups/" + name)
	}
	parts := strings.Split(short, "/")
	text := csp.SubscriptionScopeOf(idOf[csp.Subscription](parts[0])).String()
	if len(parts) > 1 {
		text += "/resourceGroups/" + parts[1]
	}
	if len(parts) > 2 {
		text += "/providers/Microsoft.Compute/virtualMachines/" + parts[2]
	}
	return csp.MustParseScope(text)
}

func (w *world) principal(kind csp.PrincipalType, tenant, name string) {
	w.facts.Principals = append(w.facts.Principals, csp.Principal{ID: idOf[csp.Principal](name), Tenant: idOf[csp.Tenant](tenant), Type: kind, Name: name})
}

// users adds users of contoso.
func (w *world) users(names ...string) *world {
	for _, name := range names {
		w.principal(csp.User, "contoso", name)
	}
	return w
}

// groups adds groups of contoso.
func (w *world) groups(names ...string) *world {
	for _, name := range names {
		w.principal(csp.Group, "contoso", name)
	}
	return w
}

func (w *world) member(group string, members ...string) *world {
	for _, member := range members {
		w.memberFor(group, member, access.Term{})
	}
	return w
}

func (w *world) memberFor(group, member string, term access.Term) *world {
	w.facts.Memberships = append(w.facts.Memberships, access.Membership{Group: idOf[csp.Principal](group), Member: idOf[csp.Principal](member), Term: term})
	return w
}

// role adds a role definition by the name it can then be assigned by.
func (w *world) role(name string, entries ...csp.Permission) *world {
	w.facts.Roles = append(w.facts.Roles, csp.RoleDefinition{ID: idOf[csp.RoleDefinition](name), Name: name, Custom: true, Permissions: entries})
	return w
}

// assign gives a role, built-in or added before, in contoso.
func (w *world) assign(who, role, scope string, change ...func(*access.Assignment)) *world {
	w.t.Helper()
	id := idOf[csp.RoleDefinition](role)
	if found, ok := builtin.AzureRoleNamed(role); ok {
		id = found.ID
		w.facts.Roles = append(w.facts.Roles, found)
	}
	a := access.Assignment{
		Tenant: idOf[csp.Tenant]("contoso"),
		RoleAssignment: csp.RoleAssignment{
			Name: idOf[csp.RoleAssignment](who + role + scope), Scope: at(w.t, scope), Role: id,
			Principal: idOf[csp.Principal](who), PrincipalType: csp.User,
		},
	}
	for _, f := range change {
		f(&a)
	}
	w.facts.Assignments = append(w.facts.Assignments, a)
	return w
}

func (w *world) deny(name, scope string, d csp.DenyAssignment) *world {
	w.t.Helper()
	d.ID, d.Name, d.Scope = idOf[csp.DenyAssignment](name), name, at(w.t, scope)
	w.facts.Denials = append(w.facts.Denials, access.Denial{DenyAssignment: d, Tenant: idOf[csp.Tenant]("contoso")})
	return w
}

// directory gives a role of contoso's directory by its name.
func (w *world) directory(who, role string) *world {
	for _, r := range builtin.EntraRoles() {
		if r.Name == role {
			w.facts.DirectoryAssignments = append(w.facts.DirectoryAssignments, access.DirectoryAssignment{Tenant: idOf[csp.Tenant]("contoso"), Principal: idOf[csp.Principal](who), Role: r.ID})
			return w
		}
	}
	w.t.Fatalf("no directory role is called %q", role)
	return w
}

func (w *world) place(child, parent string) *world {
	w.facts.Placements = append(w.facts.Placements, access.Placement{Tenant: idOf[csp.Tenant]("contoso"), Child: at(w.t, child), Parent: at(w.t, parent)})
	return w
}

func (w *world) gap(fact access.FactKind, scope csp.Scope) *world {
	w.facts.Gaps = append(w.facts.Gaps, access.Gap{Fact: fact, Tenant: idOf[csp.Tenant]("contoso"), Scope: scope, Why: "not allowed to read"})
	return w
}

func (w *world) compile() *access.Index {
	w.t.Helper()
	x, err := access.Compile(w.facts)
	if err != nil {
		w.t.Fatal(err)
	}
	return x
}

// ask asks at noon whether Ann may.
func (w *world) ask(action, scope string) access.Answer {
	w.t.Helper()
	return w.compile().Can(question(w.t, "ann", action, scope))
}

func question(tb testing.TB, who, action, scope string) access.Question {
	tb.Helper()
	parsed, err := access.ParseAction(action)
	if err != nil {
		tb.Fatal(err)
	}
	return access.Question{Principal: idOf[csp.Principal](who), Action: parsed, Scope: at(tb, scope), At: noon}
}
