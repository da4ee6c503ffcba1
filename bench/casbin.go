package main

import (
	"fmt"

	"github.com/casbin/casbin/v3"
	"github.com/casbin/casbin/v3/model"
)

// casbinPeer keeps groups and assignments in a role manager and a single policy
// line per role. With a line per assignment every question would look at all
// lines, which takes seconds.
var casbinPeer = peer{
	name:   "Casbin",
	module: "github.com/casbin/casbin/v3",
	most:   0.1,
	how:    "groups and assignments in the role manager g (user, group, role@scope), actions of roles in g2, one policy line per role; asked once for each scope upwards until one allows",
	load:   loadCasbin,
}

const casbinModel = `
[request_definition]
r = sub, act, scope
[policy_definition]
p = role
[role_definition]
g = _, _
g2 = _, _
[policy_effect]
e = some(where (p.eft == allow))
[matchers]
m = g2(r.act, p.role) && g(r.sub, p.role + "@" + r.scope)
`

type casbinAsker struct {
	enforcer *casbin.Enforcer
	above    map[string]string
}

func loadCasbin(r *rows) (asker, error) {
	m, err := model.NewModelFromString(casbinModel)
	if err != nil {
		return nil, err
	}
	enforcer, err := casbin.NewEnforcer(m)
	if err != nil {
		return nil, err
	}
	var policies, allowed [][]string
	for _, role := range r.roles {
		policies = append(policies, []string{role.Name})
		for _, action := range actions {
			if role.allows[action] {
				allowed = append(allowed, []string{action, role.Name})
			}
		}
	}
	if _, err := enforcer.AddPolicies(policies); err != nil {
		return nil, err
	}
	if _, err := enforcer.AddNamedGroupingPolicies("g2", allowed); err != nil {
		return nil, err
	}
	links := make([][]string, 0, len(r.members)+len(r.assignments))
	for _, m := range r.members {
		links = append(links, []string{r.principals[m.member].id, r.principals[m.group].id})
	}
	for _, a := range r.assignments {
		links = append(links, []string{r.principals[a.principal].id, r.roles[a.role].Name + "@" + r.scopes[a.scope].id})
	}
	if _, err := enforcer.AddGroupingPolicies(links); err != nil {
		return nil, err
	}
	return &casbinAsker{enforcer, parents(r)}, nil
}

// parents says which scope each scope lies in.
func parents(r *rows) map[string]string {
	above := make(map[string]string, len(r.scopes))
	for _, s := range r.scopes {
		if s.parent >= 0 {
			above[s.id] = r.scopes[s.parent].id
		}
	}
	return above
}

func (c *casbinAsker) can(q question) (bool, error) {
	for at := q.scope; at != ""; at = c.above[at] {
		allowed, err := c.enforcer.Enforce(q.principal, q.action, at)
		if err != nil {
			return false, fmt.Errorf("casbin: %w", err)
		}
		if allowed {
			return true, nil
		}
	}
	return false, nil
}
