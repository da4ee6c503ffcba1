package main

import (
	"fmt"
	"iter"

	"github.com/cedar-policy/cedar-go"
	"github.com/cedar-policy/cedar-go/ast"
	"github.com/cedar-policy/cedar-go/types"
)

// cedarPeer holds one policy per role assignment, as a policy store does that
// links a template for each. For a question it picks the policies of the scopes
// at and above (Cedar calls it slicing) and serves entities as they are asked for.
var cedarPeer = peer{
	name:   "Cedar",
	module: "github.com/cedar-policy/cedar-go",
	most:   1,
	how:    "one policy per assignment: permit(principal in group, action in role, resource in scope); policies sliced by the scope and those above it; entities served from hash tables",
	load:   loadCedar,
}

type cedarAsker struct {
	entities types.EntityMap
	policies map[cedar.EntityUID][]*cedar.Policy // by scope
}

func loadCedar(r *rows) (asker, error) {
	c := &cedarAsker{
		entities: make(types.EntityMap, len(r.principals)+len(r.scopes)+len(actions)),
		policies: make(map[cedar.EntityUID][]*cedar.Policy),
	}
	c.addPrincipals(r)
	c.addScopes(r)
	for _, action := range actions {
		var roles []cedar.EntityUID
		for _, role := range r.roles {
			if role.allows[action] {
				roles = append(roles, cedarRole(role))
			}
		}
		c.addEntity(cedar.NewEntityUID("Action", cedar.String(action)), roles...)
	}
	for _, a := range r.assignments {
		at := cedarScope(r.scopes[a.scope])
		policy := ast.Permit().PrincipalIn(cedarPrincipal(r.principals[a.principal])).ActionIn(cedarRole(r.roles[a.role])).ResourceIn(at)
		c.policies[at] = append(c.policies[at], cedar.NewPolicyFromAST(policy))
	}
	return c, nil
}

func (c *cedarAsker) addPrincipals(r *rows) {
	groups := make([][]cedar.EntityUID, len(r.principals))
	for _, m := range r.members {
		groups[m.member] = append(groups[m.member], cedarPrincipal(r.principals[m.group]))
	}
	for n, p := range r.principals {
		c.addEntity(cedarPrincipal(p), groups[n]...)
	}
}

func (c *cedarAsker) addScopes(r *rows) {
	for _, s := range r.scopes {
		if s.parent < 0 {
			c.addEntity(cedarScope(s))
			continue
		}
		c.addEntity(cedarScope(s), cedarScope(r.scopes[s.parent]))
	}
}

func (c *cedarAsker) addEntity(uid cedar.EntityUID, parents ...cedar.EntityUID) {
	c.entities[uid] = cedar.Entity{UID: uid, Parents: cedar.NewEntityUIDSet(parents...)}
}

func cedarPrincipal(p principal) cedar.EntityUID {
	if p.group {
		return cedar.NewEntityUID("Group", cedar.String(p.id))
	}
	return cedar.NewEntityUID("User", cedar.String(p.id))
}

func cedarScope(s scope) cedar.EntityUID { return cedar.NewEntityUID("Scope", cedar.String(s.id)) }

func cedarRole(r role) cedar.EntityUID { return cedar.NewEntityUID("Action", cedar.String(r.Name)) }

// slice is the policies of a scope and of those above it.
type slice struct {
	*cedarAsker
	from cedar.EntityUID
}

// All implements [cedar.PolicyIterator].
func (s slice) All() iter.Seq2[cedar.PolicyID, *cedar.Policy] {
	return func(yield func(cedar.PolicyID, *cedar.Policy) bool) {
		for at, more := s.from, true; more; {
			for _, policy := range s.policies[at] {
				if !yield("", policy) {
					return
				}
			}
			more = false
			for parent := range s.entities[at].Parents.All() {
				at, more = parent, true
			}
		}
	}
}

func (c *cedarAsker) can(q question) (bool, error) {
	resource := cedar.NewEntityUID("Scope", cedar.String(q.scope))
	decision, diagnostic := cedar.Authorize(slice{c, resource}, c.entities, cedar.Request{
		Principal: cedar.NewEntityUID("User", cedar.String(q.principal)),
		Action:    cedar.NewEntityUID("Action", cedar.String(q.action)),
		Resource:  resource,
	})
	if len(diagnostic.Errors) > 0 {
		return false, fmt.Errorf("cedar: %s", diagnostic.Errors[0].Message)
	}
	return decision == cedar.Allow, nil
}
