package main

import (
	"context"
	"fmt"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/rego"
	"github.com/open-policy-agent/opa/v1/storage/inmem"
)

// opaPeer keeps the rows as documents that every step of the policy looks up by
// key. Scopes above and groups of groups are laid out beforehand, as is advised.
var opaPeer = peer{
	name:   "OPA",
	module: "github.com/open-policy-agent/opa",
	most:   1,
	how:    "prepared query; documents by scope, principal and role, kept as the evaluator's own values; groups of groups and the scopes above given ready made",
	load:   loadOPA,
}

const opaPolicy = `package latchkey

default allow := false

standing contains input.principal

standing contains group if some group in data.groups[input.principal]

allow if {
	some scope in input.scopes
	holders := data.held[scope]
	some holder in standing
	some role in holders[holder]
	data.allows[role][input.action]
}
`

type opaAsker struct {
	query rego.PreparedEvalQuery
	above map[string]string
}

func loadOPA(r *rows) (asker, error) {
	data := map[string]any{"groups": opaGroups(r), "held": opaHeld(r), "allows": opaAllows(r)}
	store := inmem.NewFromObjectWithOpts(data, inmem.OptRoundTripOnWrite(false), inmem.OptReturnASTValuesOnRead(true))
	query, err := rego.New(rego.Query("data.latchkey.allow"), rego.Module("latchkey.rego", opaPolicy), rego.Store(store)).
		PrepareForEval(context.Background())
	if err != nil {
		return nil, err
	}
	return &opaAsker{query, parents(r)}, nil
}

func opaGroups(r *rows) map[string]any {
	plain := loadNaive(&rows{principals: r.principals, members: r.members})
	groups := make(map[string]any, len(r.principals))
	for n, p := range r.principals {
		var list []any
		for _, group := range plain.standing(n)[1:] {
			list = append(list, r.principals[group].id)
		}
		groups[p.id] = list
	}
	return groups
}

func opaHeld(r *rows) map[string]any {
	held := make(map[string]any)
	for _, a := range r.assignments {
		holders, ok := held[r.scopes[a.scope].id].(map[string]any)
		if !ok {
			holders = make(map[string]any)
			held[r.scopes[a.scope].id] = holders
		}
		who := r.principals[a.principal].id
		roles, _ := holders[who].([]any)
		holders[who] = append(roles, r.roles[a.role].Name)
	}
	return held
}

func opaAllows(r *rows) map[string]any {
	allows := make(map[string]any)
	for _, role := range r.roles {
		list := make(map[string]any)
		for action := range role.allows {
			list[action] = true
		}
		allows[role.Name] = list
	}
	return allows
}

func (o *opaAsker) can(q question) (bool, error) {
	var scopes []*ast.Term
	for at := q.scope; at != ""; at = o.above[at] {
		scopes = append(scopes, ast.StringTerm(at))
	}
	input := ast.NewObject(
		[2]*ast.Term{ast.StringTerm("principal"), ast.StringTerm(q.principal)},
		[2]*ast.Term{ast.StringTerm("action"), ast.StringTerm(q.action)},
		[2]*ast.Term{ast.StringTerm("scopes"), ast.ArrayTerm(scopes...)},
	)
	results, err := o.query.Eval(context.Background(), rego.EvalParsedInput(input))
	if err != nil {
		return false, fmt.Errorf("opa: %w", err)
	}
	return results.Allowed(), nil
}
