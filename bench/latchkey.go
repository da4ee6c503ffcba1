package main

import (
	"fmt"
	"time"

	"latchkey/access"
	"latchkey/access/estate"
	"latchkey/csp"
)

// latchkey is the engine that the peers are compared with. It is asked like them:
// with the texts of a question, which it has to read first.
var latchkey = peer{
	name:   "Latchkey",
	module: "latchkey",
	most:   1,
	how:    "facts as they are, wildcards and exceptions of roles included; each question read from its texts",
	load:   loadLatchkey,
}

// now is the instant of all questions. Nothing in the rows begins or ends.
var now = time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)

type latchkeyAsker struct{ index *access.Index }

func loadLatchkey(r *rows) (asker, error) {
	b := estate.NewBuilder()
	if err := r.facts(b.Add); err != nil {
		return nil, err
	}
	e, err := b.Build()
	if err != nil {
		return nil, err
	}
	return latchkeyAsker{access.New(e)}, nil
}

func (l latchkeyAsker) can(q question) (bool, error) {
	verdict, err := l.index.CanText(q.principal, q.action, q.scope, now)
	switch {
	case err != nil:
		return false, fmt.Errorf("latchkey: %w", err)
	case verdict == access.Unknown:
		return false, fmt.Errorf("latchkey: %+v is %s", q, verdict)
	}
	return verdict == access.Has, nil // what he can get he has not, and the peers know no difference
}

// facts tells the rows as facts, in parts of a size that is easily held.
func (r *rows) facts(add func(csp.Facts)) error {
	var roles csp.Facts
	for _, role := range r.roles {
		roles.Roles = append(roles.Roles, role.RoleDefinition)
	}
	add(roles)
	t := teller{rows: r, ids: make([]csp.ObjectID, len(r.principals)), at: make([]csp.Scope, len(r.scopes))}
	for _, tell := range []func() error{t.principals, t.scopes, t.memberships, t.assignments} {
		t.add = add
		if err := tell(); err != nil {
			return err
		}
		t.flush()
	}
	return nil
}

// teller turns rows into facts.
type teller struct {
	*rows
	ids   []csp.ObjectID // by principal
	at    []csp.Scope    // by scope
	part  csp.Facts
	count int
	add   func(csp.Facts)
}

// one counts a row, and hands the part on when it is large.
func (t *teller) one() {
	if t.count++; t.count%100_000 == 0 {
		t.flush()
	}
}

func (t *teller) flush() {
	t.add(t.part)
	t.part = csp.Facts{}
}

func tenantID(n int) csp.TenantID {
	return csp.MustParseID[csp.Tenant](fmt.Sprintf("7e4a4e70-0000-4000-8000-%012x", n))
}

func (t *teller) principals() error {
	for n, p := range t.rows.principals {
		id, err := csp.ParseID[csp.Principal](p.id)
		if err != nil {
			return err
		}
		t.ids[n] = id
		kind := csp.User
		if p.group {
			kind = csp.Group
		}
		if n == 0 || p.tenant != t.rows.principals[n-1].tenant {
			t.part.Tenants = append(t.part.Tenants, csp.Tenant{ID: tenantID(p.tenant), Name: fmt.Sprintf("Customer %d", p.tenant)})
		}
		t.part.Principals = append(t.part.Principals, csp.Principal{ID: id, Tenant: tenantID(p.tenant), Type: kind, Name: fmt.Sprintf("%s %d", kind, n)})
		t.one()
	}
	return nil
}

func (t *teller) scopes() error {
	for n, s := range t.rows.scopes {
		scope, err := csp.ParseScope(s.id)
		if err != nil {
			return err
		}
		t.at[n] = scope
		switch scope.Kind() {
		case csp.SubscriptionScope:
			t.part.Subscriptions = append(t.part.Subscriptions, csp.Subscription{ID: scope.Subscription(), Tenant: tenantID(s.tenant), Name: fmt.Sprintf("Subscription %d", n)})
			t.part.Placements = append(t.part.Placements, csp.Placement{Tenant: tenantID(s.tenant), Child: scope, Parent: t.at[s.parent]})
		case csp.ResourceGroupScope, csp.ResourceScope:
			t.part.Resources = append(t.part.Resources, csp.Resource{Scope: scope})
		}
		t.one()
	}
	return nil
}

func (t *teller) memberships() error {
	for _, m := range t.members {
		t.part.Memberships = append(t.part.Memberships, csp.Membership{Group: t.ids[m.group], Member: t.ids[m.member]})
		t.one()
	}
	return nil
}

func (t *teller) assignments() error {
	for n, a := range t.rows.assignments {
		holder := t.rows.principals[a.principal]
		kind := csp.User
		if holder.group {
			kind = csp.Group
		}
		name, err := csp.ParseID[csp.RoleAssignment](fmt.Sprintf("a55169ed-0000-4000-8000-%012x", n))
		if err != nil {
			return err
		}
		t.part.Assignments = append(t.part.Assignments, csp.Assignment{
			Tenant: tenantID(holder.tenant),
			RoleAssignment: csp.RoleAssignment{
				Name: name, Scope: t.at[a.scope], Role: t.roles[a.role].ID, Principal: t.ids[a.principal], PrincipalType: kind,
			},
		})
		t.one()
	}
	return nil
}
