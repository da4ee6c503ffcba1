package policy_test

import (
	"encoding/json"
	"strings"
	"testing"

	"latchkey/emulator/policy"
)

const (
	roleField = "Microsoft.Authorization/roleAssignments/roleDefinitionId"
	owner     = "8e3af657-a8ff-443c-a75c-2fe8c4bcb635"
	reader    = "acdd72a7-3385-48ef-bd42-f606fba81ae7"
)

func fields(pairs ...string) policy.Fields {
	f := policy.Fields{}
	for i := 0; i+1 < len(pairs); i += 2 {
		f.Set(pairs[i], pairs[i+1])
	}
	return f
}

func TestDenies(t *testing.T) {
	assigning := fields("type", "Microsoft.Authorization/roleAssignments", roleField, owner)
	for _, test := range []struct {
		name, condition, effect string
		parameters              policy.Parameters
		fields                  policy.Fields
		want                    bool
	}{
		{name: "a field that is equal, in another case", condition: `{"field":"TYPE","equals":"microsoft.authorization/ROLEASSIGNMENTS"}`, fields: assigning, want: true},
		{name: "a field that is not", condition: `{"field":"type","equals":"x"}`, fields: assigning},
		{name: "notEquals", condition: `{"field":"type","notEquals":"x"}`, fields: assigning, want: true},
		{name: "a missing field is not equal", condition: `{"field":"location","equals":"x"}`, fields: assigning},
		{name: "a missing field is unequal", condition: `{"field":"location","notEquals":"x"}`, fields: assigning, want: true},
		{name: "exists", condition: `{"field":"location","exists":"true"}`, fields: assigning},
		{name: "does not exist", condition: `{"field":"location","exists":false}`, fields: assigning, want: true},
		{name: "in", condition: `{"field":"` + roleField + `","in":["` + reader + `","` + owner + `"]}`, fields: assigning, want: true},
		{name: "notIn", condition: `{"field":"` + roleField + `","notIn":["` + owner + `"]}`, fields: assigning},
		{name: "notIn a parameter", condition: `{"field":"` + roleField + `","notIn":"[parameters('Roles')]"}`, parameters: policy.Parameters{"roles": []any{reader}}, fields: assigning, want: true},
		{name: "a role with its path", condition: `{"field":"` + roleField + `","equals":"/providers/Microsoft.Authorization/roleDefinitions/` + owner + `"}`, fields: assigning, want: true},
		{name: "like", condition: `{"field":"type","like":"Microsoft.*/roleAssignments"}`, fields: assigning, want: true},
		{name: "notLike", condition: `{"field":"type","notLike":"Microsoft.*"}`, fields: assigning},
		{name: "contains", condition: `{"field":"type","contains":"role"}`, fields: assigning, want: true},
		{name: "notContains a missing field", condition: `{"field":"location","notContains":"role"}`, fields: assigning, want: true},
		{name: "all of them", condition: `{"allOf":[{"field":"type","exists":"true"},{"not":{"field":"` + roleField + `","equals":"` + reader + `"}}]}`, fields: assigning, want: true},
		{name: "not all of them", condition: `{"allOf":[{"field":"type","exists":"true"},{"field":"location","exists":"true"}]}`, fields: assigning},
		{name: "any of them", condition: `{"anyOf":[{"field":"location","exists":"true"},{"field":"type","exists":"true"}]}`, fields: assigning, want: true},
		{name: "an audit denies nothing", condition: `{"field":"type","exists":"true"}`, effect: "Audit", fields: assigning},
		{name: "an effect by parameter", condition: `{"field":"type","exists":"true"}`, effect: "[parameters('effect')]", parameters: policy.Parameters{"effect": "Deny"}, fields: assigning, want: true},
		{name: "an effect by a parameter that is not given", condition: `{"field":"type","exists":"true"}`, effect: "[parameters('effect')]", fields: assigning},
	} {
		t.Run(test.name, func(t *testing.T) {
			if test.effect == "" {
				test.effect = "deny"
			}
			rule, err := policy.Parse(json.RawMessage(`{"if":` + test.condition + `,"then":{"effect":"` + test.effect + `"}}`))
			if err != nil {
				t.Fatal(err)
			}
			if got := rule.Denies(test.fields, test.parameters); got != test.want {
				t.Errorf("denies = %v, want %v", got, test.want)
			}
		})
	}
}

func TestTheZeroRuleDeniesNothing(t *testing.T) {
	if (policy.Rule{}).Denies(fields("type", "x"), nil) {
		t.Error("it denies")
	}
}

func TestParseRefuses(t *testing.T) {
	deep := strings.Repeat(`{"not":`, 60) + `{"field":"a","equals":"b"}` + strings.Repeat("}", 60)
	for _, raw := range []string{
		``, `[]`, `{}`, `{"if":{}}`, `{"if":{},"then":{"effect":"deny"}}`,
		`{"if":{"field":"a"},"then":{"effect":"deny"}}`,
		`{"if":{"field":1,"equals":"b"},"then":{"effect":"deny"}}`,
		`{"if":{"field":"a","equals":"b","like":"c"},"then":{"effect":"deny"}}`,
		`{"if":{"field":"a","greater":1},"then":{"effect":"deny"}}`,
		`{"if":{"allOf":[]},"then":{"effect":"deny"}}`,
		`{"if":{"anyOf":["x"]},"then":{"effect":"deny"}}`,
		`{"if":{"anyOf":[{}]},"then":{"effect":"deny"}}`,
		`{"if":{"not":[]},"then":{"effect":"deny"}}`,
		`{"if":` + deep + `,"then":{"effect":"deny"}}`,
		`{"if":{"field":"` + strings.Repeat("a", 300_000) + `","equals":"b"},"then":{"effect":"deny"}}`,
	} {
		if _, err := policy.Parse(json.RawMessage(raw)); err == nil {
			t.Errorf("Parse(%.60s) was accepted", raw)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add(`{"if":{"allOf":[{"field":"type","equals":"a"},{"not":{"field":"b","in":"[parameters('x')]"}}]},"then":{"effect":"deny"}}`)
	f.Add(`{"if":{"field":"a","like":"*"},"then":{"effect":["deny"]}}`)
	f.Fuzz(func(_ *testing.T, raw string) {
		rule, err := policy.Parse(json.RawMessage(raw))
		if err != nil {
			return
		}
		rule.Denies(fields("type", "a", "b", "c"), policy.Parameters{"x": []any{"c", 1.5, nil}})
	})
}
