package factlines

import (
	"fmt"
	"time"

	"latchkey/csp"
)

// line is one line. One of its members is there.
type line struct {
	Tenant              *tenant              `json:"tenant,omitempty"`
	Domain              *domain              `json:"domain,omitempty"`
	Principal           *principal           `json:"principal,omitempty"`
	Person              *person              `json:"person,omitempty"`
	Membership          *membership          `json:"membership,omitempty"`
	Reseller            *reseller            `json:"reseller,omitempty"`
	DAP                 *dap                 `json:"dap,omitempty"`
	GDAP                *gdap                `json:"gdap,omitempty"`
	Lighthouse          *lighthouse          `json:"lighthouse,omitempty"`
	Subscription        *subscription        `json:"subscription,omitempty"`
	Placement           *placement           `json:"placement,omitempty"`
	Resource            *resource            `json:"resource,omitempty"`
	Identity            *identity            `json:"identity,omitempty"`
	Role                *role                `json:"role,omitempty"`
	Assignment          *assignment          `json:"assignment,omitempty"`
	Denial              *denial              `json:"denial,omitempty"`
	DirectoryRole       *directoryRole       `json:"directoryRole,omitempty"`
	DirectoryAssignment *directoryAssignment `json:"directoryAssignment,omitempty"`
	Lock                *lock                `json:"lock,omitempty"`
	Policy              *policy              `json:"policy,omitempty"`
	Artefact            *artefact            `json:"artefact,omitempty"`
	Usage               *usage               `json:"usage,omitempty"`
	Gap                 *gap                 `json:"gap,omitempty"`
}

type period struct {
	From  time.Time `json:"from,omitzero"`
	Until time.Time `json:"until,omitzero"`
}

func (p period) fact() csp.Period { return csp.Period(p) }

type term struct {
	period
	Eligible bool `json:"eligible,omitempty"`
}

func termOf(t csp.Term) term  { return term{period(t.Period), t.Eligible} }
func (t term) fact() csp.Term { return csp.Term{Period: t.period.fact(), Eligible: t.Eligible} }

type tenant struct {
	ID       csp.TenantID `json:"id,omitzero"`
	Name     string       `json:"name,omitempty"`
	Domain   csp.Domain   `json:"domain,omitempty"`
	OldRules bool         `json:"oldRules,omitempty"`
}

func (t *tenant) fact() csp.Tenant {
	return csp.Tenant{ID: t.ID, Name: t.Name, DefaultDomain: t.Domain, OldRules: t.OldRules}
}

type domain struct {
	Tenant csp.TenantID `json:"tenant,omitzero"`
	Domain csp.Domain   `json:"domain,omitempty"`
}

type principal struct {
	ID             csp.ObjectID      `json:"id,omitzero"`
	Tenant         csp.TenantID      `json:"tenant,omitzero"`
	Type           csp.PrincipalType `json:"type,omitempty"`
	Name           string            `json:"name,omitempty"`
	SignInName     string            `json:"signIn,omitempty"`
	Source         csp.Source        `json:"source,omitempty"`
	Home           csp.ObjectID      `json:"home,omitzero"`
	HomeTenant     csp.TenantID      `json:"homeTenant,omitzero"`
	Agents         csp.AgentRole     `json:"agents,omitempty"`
	RoleAssignable bool              `json:"roleAssignable,omitempty"`
	Dynamic        bool              `json:"dynamic,omitempty"`
}

type person struct {
	ID       csp.PersonID   `json:"id,omitzero"`
	Name     string         `json:"name,omitempty"`
	Accounts []csp.ObjectID `json:"accounts,omitempty"`
}

type membership struct {
	Group  csp.ObjectID `json:"group,omitzero"`
	Member csp.ObjectID `json:"member,omitzero"`
	term
}

type reseller struct {
	Partner  csp.TenantID     `json:"partner,omitzero"`
	Customer csp.TenantID     `json:"customer,omitzero"`
	Kind     csp.ResellerKind `json:"kind,omitempty"`
	period
}

type dap struct {
	Partner  csp.TenantID `json:"partner,omitzero"`
	Customer csp.TenantID `json:"customer,omitzero"`
	period
}

type gdap struct {
	ID       csp.GDAPID     `json:"id,omitzero"`
	Name     string         `json:"name,omitempty"`
	Partner  csp.TenantID   `json:"partner,omitzero"`
	Customer csp.TenantID   `json:"customer,omitzero"`
	Status   csp.GDAPStatus `json:"status,omitempty"`
	period
	Roles       []csp.DirectoryRoleID `json:"roles,omitempty"`
	ExtendsBy   int                   `json:"extendsBy,omitempty"` // days
	Assignments []accessAssignment    `json:"assignments,omitempty"`
}

type accessAssignment struct {
	Group  csp.ObjectID          `json:"group,omitzero"`
	Roles  []csp.DirectoryRoleID `json:"roles,omitempty"`
	Status csp.GDAPStatus        `json:"status,omitempty"`
}

func gdapOf(r csp.GDAPRelationship) *gdap {
	g := &gdap{
		ID: r.ID, Name: r.Name, Partner: r.Partner, Customer: r.Customer, Status: r.Status,
		period: period(r.Period), Roles: r.Roles, ExtendsBy: r.ExtendsBy,
	}
	for _, a := range r.Assignments {
		g.Assignments = append(g.Assignments, accessAssignment(a))
	}
	return g
}

func (g *gdap) fact() csp.GDAPRelationship {
	r := csp.GDAPRelationship{
		ID: g.ID, Name: g.Name, Partner: g.Partner, Customer: g.Customer, Status: g.Status,
		Period: g.period.fact(), Roles: g.Roles, ExtendsBy: g.ExtendsBy,
	}
	for _, a := range g.Assignments {
		r.Assignments = append(r.Assignments, csp.AccessAssignment(a))
	}
	return r
}

type lighthouse struct {
	Manager   csp.TenantID         `json:"manager,omitzero"`
	Principal csp.ObjectID         `json:"principal,omitzero"`
	Role      csp.RoleDefinitionID `json:"role,omitzero"`
	Scope     csp.Scope            `json:"scope,omitzero"`
	term
}

type subscription struct {
	ID      csp.SubscriptionID `json:"id,omitzero"`
	Tenant  csp.TenantID       `json:"tenant,omitzero"`
	Name    string             `json:"name,omitempty"`
	Creator csp.TenantID       `json:"creator,omitzero"`
}

type placement struct {
	Tenant csp.TenantID `json:"tenant,omitzero"`
	Child  csp.Scope    `json:"child,omitzero"`
	Parent csp.Scope    `json:"parent,omitzero"`
}

type resource struct {
	Scope csp.Scope `json:"scope,omitzero"`
}

type identity struct {
	Resource  csp.Scope    `json:"resource,omitzero"`
	Principal csp.ObjectID `json:"principal,omitzero"`
}

type permission struct {
	Actions        []string `json:"actions,omitempty"`
	NotActions     []string `json:"notActions,omitempty"`
	DataActions    []string `json:"dataActions,omitempty"`
	NotDataActions []string `json:"notDataActions,omitempty"`
	Condition      string   `json:"condition,omitempty"`
}

func permissionsOf(list []csp.Permission) (lines []permission) {
	for _, p := range list {
		lines = append(lines, permission(p))
	}
	return lines
}

func permissionFacts(lines []permission) (list []csp.Permission) {
	for _, p := range lines {
		list = append(list, csp.Permission(p))
	}
	return list
}

type role struct {
	ID          csp.RoleDefinitionID `json:"id,omitzero"`
	Name        string               `json:"name,omitempty"`
	Custom      bool                 `json:"custom,omitempty"`
	Permissions []permission         `json:"permissions,omitempty"`
}

type assignment struct {
	Name          csp.RoleAssignmentID `json:"name,omitzero"`
	Tenant        csp.TenantID         `json:"tenant,omitzero"`
	Scope         csp.Scope            `json:"scope,omitzero"`
	Role          csp.RoleDefinitionID `json:"role,omitzero"`
	Principal     csp.ObjectID         `json:"principal,omitzero"`
	PrincipalType csp.PrincipalType    `json:"principalType,omitempty"`
	Description   string               `json:"description,omitempty"`
	Condition     string               `json:"condition,omitempty"`
	term
}

func (a *assignment) fact() csp.Assignment {
	return csp.Assignment{Tenant: a.Tenant, Term: a.term.fact(), RoleAssignment: csp.RoleAssignment{
		Name: a.Name, Scope: a.Scope, Role: a.Role, Principal: a.Principal, PrincipalType: a.PrincipalType,
		Description: a.Description, Condition: a.Condition,
	}}
}

func assignmentOf(a csp.Assignment) *assignment {
	return &assignment{
		Name: a.Name, Tenant: a.Tenant, Scope: a.Scope, Role: a.Role, Principal: a.Principal, PrincipalType: a.PrincipalType,
		Description: a.Description, Condition: a.Condition, term: termOf(a.Term),
	}
}

type denial struct {
	ID            csp.DenyAssignmentID `json:"id,omitzero"`
	Tenant        csp.TenantID         `json:"tenant,omitzero"`
	Name          string               `json:"name,omitempty"`
	Scope         csp.Scope            `json:"scope,omitzero"`
	Permissions   []permission         `json:"permissions,omitempty"`
	Principals    []csp.ObjectID       `json:"principals,omitempty"`
	Everyone      bool                 `json:"everyone,omitempty"`
	Excluded      []csp.ObjectID       `json:"excluded,omitempty"`
	ThisScopeOnly bool                 `json:"thisScopeOnly,omitempty"`
	AuditOnly     bool                 `json:"auditOnly,omitempty"`
	Condition     string               `json:"condition,omitempty"`
}

func denialOf(d csp.Denial) *denial {
	return &denial{
		ID: d.ID, Tenant: d.Tenant, Name: d.Name, Scope: d.Scope, Permissions: permissionsOf(d.Permissions), Principals: d.Principals,
		Everyone: d.Everyone, Excluded: d.Excluded, ThisScopeOnly: d.ThisScopeOnly, AuditOnly: d.AuditOnly, Condition: d.Condition,
	}
}

func (d *denial) fact() csp.Denial {
	return csp.Denial{Tenant: d.Tenant, DenyAssignment: csp.DenyAssignment{
		ID: d.ID, Name: d.Name, Scope: d.Scope, Permissions: permissionFacts(d.Permissions), Principals: d.Principals,
		Everyone: d.Everyone, Excluded: d.Excluded, ThisScopeOnly: d.ThisScopeOnly, AuditOnly: d.AuditOnly, Condition: d.Condition,
	}}
}

type directoryRole struct {
	ID         csp.DirectoryRoleID `json:"id,omitzero"`
	Name       string              `json:"name,omitempty"`
	Privileged bool                `json:"privileged,omitempty"`
	GDAP       csp.GDAPSupport     `json:"gdap,omitempty"`
	Actions    []string            `json:"actions,omitempty"`
}

type directoryAssignment struct {
	Tenant    csp.TenantID        `json:"tenant,omitzero"`
	Principal csp.ObjectID        `json:"principal,omitzero"`
	Role      csp.DirectoryRoleID `json:"role,omitzero"`
	term
}

type lock struct {
	Name  string        `json:"name,omitempty"`
	Scope csp.Scope     `json:"scope,omitzero"`
	Level csp.LockLevel `json:"level,omitempty"`
}

type policy struct {
	Name   string                 `json:"name,omitempty"`
	Tenant csp.TenantID           `json:"tenant,omitzero"`
	Scope  csp.Scope              `json:"scope,omitzero"`
	Spares []csp.RoleDefinitionID `json:"spares,omitempty"`
}

type artefact struct {
	Scope csp.Scope `json:"scope,omitzero"`
	Name  string    `json:"name,omitempty"`
}

type usage struct {
	Principal csp.ObjectID `json:"principal,omitzero"`
	Action    string       `json:"action,omitempty"`
	Data      bool         `json:"data,omitempty"`
	Scope     csp.Scope    `json:"scope,omitzero"`
	Last      time.Time    `json:"last,omitzero"`
}

type gap struct {
	Fact   factKind     `json:"fact,omitempty"`
	Tenant csp.TenantID `json:"tenant,omitzero"`
	Scope  csp.Scope    `json:"scope,omitzero"`
	Why    string       `json:"why,omitempty"`
}

// factKind is written as the words of csp.FactKind.
type factKind csp.FactKind

func (k factKind) MarshalText() ([]byte, error) { return []byte(csp.FactKind(k).String()), nil }

func (k *factKind) UnmarshalText(text []byte) error {
	for kind := csp.MissingTenant; kind <= csp.MissingQuestion; kind++ {
		if kind.String() == string(text) {
			*k = factKind(kind)
			return nil
		}
	}
	return fmt.Errorf("%q is nothing that can be missing: want %q, %q or another that package csp names", text, csp.MissingTenant, csp.MissingAssignments)
}
