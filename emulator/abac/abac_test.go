package abac_test

import (
	"strings"
	"testing"

	"latchkey/csp/builtin"
	"latchkey/emulator/abac"
)

const (
	write    = "Microsoft.Authorization/roleAssignments/write"
	remove   = "Microsoft.Authorization/roleAssignments/delete"
	roleID   = "Microsoft.Authorization/roleAssignments:RoleDefinitionId"
	kindOf   = "Microsoft.Authorization/roleAssignments:PrincipalType"
	owner    = "8e3af657-a8ff-443c-a75c-2fe8c4bcb635"
	powerOn  = "40c5ff49-9181-41f8-ae61-143b0e78555e"
	delegate = `((!(ActionMatches{'` + write + `'}) OR (@Request[` + roleID + `] ForAnyOfAnyValues:GuidEquals {` + powerOn + `}
		AND @Request[` + kindOf + `] StringEqualsIgnoreCase 'user'))
		AND (!(ActionMatches{'` + remove + `'}) OR (@Resource[` + roleID + `] ForAnyOfAnyValues:GuidEquals {` + powerOn + `})))`
)

func asking(role, kind string) abac.Attributes {
	a := abac.Attributes{}
	a.Set(roleID, role)
	a.Set(kindOf, kind)
	return a
}

func TestConditionHolds(t *testing.T) {
	for _, test := range []struct {
		name, condition string
		facts           abac.Facts
		want            bool
	}{
		{"no condition holds always", "", abac.Facts{Action: write}, true},
		{"the listed role may be assigned", delegate, abac.Facts{Action: write, Request: asking(powerOn, "User")}, true},
		{"another role may not", delegate, abac.Facts{Action: write, Request: asking(owner, "User")}, false},
		{"the listed role, but to a group, may not", delegate, abac.Facts{Action: write, Request: asking(powerOn, "Group")}, false},
		{"the listed role may be removed", delegate, abac.Facts{Action: remove, Resource: asking(powerOn, "Group")}, true},
		{"another role may not be removed", delegate, abac.Facts{Action: remove, Resource: asking(owner, "User")}, false},
		{"the request's attributes do not stand in for the resource's", delegate, abac.Facts{Action: remove, Request: asking(powerOn, "User")}, false},
		{"what the condition does not speak of passes", delegate, abac.Facts{Action: "Microsoft.Compute/virtualMachines/read"}, true},
		{"all but some roles: another passes", `@Request[` + roleID + `] ForAnyOfAllValues:GuidNotEquals {` + owner + `}`, abac.Facts{Action: write, Request: asking(powerOn, "User")}, true},
		{"all but some roles: the excluded one does not", `@Request[` + roleID + `] ForAnyOfAllValues:GuidNotEquals {` + owner + `, ` + powerOn + `}`, abac.Facts{Action: write, Request: asking(owner, "User")}, false},
		{"a GUID without dashes is the same GUID", `@Request[` + roleID + `] ForAnyOfAnyValues:GuidEquals{` + strings.ReplaceAll(owner, "-", "") + `}`, abac.Facts{Request: asking(owner, "User")}, true},
		{"types in any case among several", `@Request[` + kindOf + `] ForAnyOfAnyValues:StringEqualsIgnoreCase {'group', 'USER'}`, abac.Facts{Request: asking(owner, "User")}, true},
		{"StringEquals minds case", `@Request[` + kindOf + `] StringEquals 'user'`, abac.Facts{Request: asking(owner, "User")}, false},
		{"a missing attribute is not true", `@Request[x:y] StringEquals 'a'`, abac.Facts{}, false},
		{"nor is its negation", `!(@Request[x:y] StringEquals 'a')`, abac.Facts{}, false},
		{"a missing attribute is not unequal either", `@Request[x:y] StringNotEquals 'a'`, abac.Facts{}, false},
		{"a true side saves a missing one", `@Request[x:y] StringEquals 'a' || ActionMatches{'*'}`, abac.Facts{Action: write}, true},
		{"AND binds closer than OR", `ActionMatches{'*'} OR ActionMatches{'*'} AND ActionMatches{'no'}`, abac.Facts{Action: write}, true},
		{"booleans, in lower case, joined by signs", `@Resource[HasObotoken] boolequals true && ActionMatches{'*/write'}`, abac.Facts{Action: write, Resource: abac.Attributes{"hasobotoken": {"True"}}}, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			condition, err := abac.Parse(test.condition)
			if err != nil {
				t.Fatal(err)
			}
			if got := condition.Holds(test.facts); got != test.want {
				t.Errorf("holds = %v, want %v", got, test.want)
			}
		})
	}
}

func TestParseRefuses(t *testing.T) {
	for _, text := range []string{
		"(", "()", "!", "ActionMatches", "ActionMatches{}", "ActionMatches{'a','b'}", "ActionMatches{'a'", "ActionMatches{'a}",
		"@Request[a] GuidEquals", "@Request[a] {b}", "@Request a GuidEquals {b}", "@Request[] GuidEquals {b}", "@Environment[a] GuidEquals {b}",
		"@Request[a] Sometimes:GuidEquals {b}", "@Request[a] GuidEquals {b,c}", "@Request[a] NumericLessThan 3",
		"ActionMatches{'a'} ActionMatches{'b'}", "ActionMatches{'a'} AND", "ActionMatches{'a'}; drop",
		strings.Repeat("(", 5000), strings.Repeat("!", 5000), strings.Repeat(" ActionMatches{'a'} OR", 1000),
	} {
		if _, err := abac.Parse(text); err == nil {
			t.Errorf("Parse(%.40q) was accepted", text)
		}
	}
}

func TestEveryPublishedConditionCanBeRead(t *testing.T) {
	read := 0
	for _, role := range builtin.AzureRoles() {
		for _, entry := range role.Permissions {
			if _, err := abac.Parse(entry.Condition); err != nil {
				t.Errorf("%s: %v", role.Name, err)
			}
			if entry.Condition != "" {
				read++
			}
		}
	}
	if read < 20 {
		t.Errorf("read %d conditions, want more than 20: the catalogue has lost them", read)
	}
}

func TestMatch(t *testing.T) {
	for _, test := range []struct {
		pattern, action string
		want            bool
	}{
		{"*", write, true},
		{"*/read", "Microsoft.Compute/virtualMachines/read", true},
		{"*/read", "Microsoft.Compute/virtualMachines/readX", false},
		{"microsoft.authorization/*/WRITE", write, true},
		{"Microsoft.Authorization/*/write", "Microsoft.Authorization/write", false},
		{"Microsoft.Compute/*/restart/action", "Microsoft.Compute/virtualMachines/restart/action", true},
		{"a*b*c", "aXbYbZc", true},
		{"ab*ba", "aba", false},
		{"a*a", "a", false},
		{write, write, true},
		{write, remove, false},
	} {
		if got := abac.Match(test.pattern, test.action); got != test.want {
			t.Errorf("Match(%q, %q) = %v", test.pattern, test.action, got)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add(delegate)
	f.Add("!(ActionMatches{'a*'}) || @Resource[x] ForAllOfAllValues:StringNotEquals {'a', b}")
	f.Fuzz(func(t *testing.T, text string) {
		condition, err := abac.Parse(text)
		if err != nil {
			return
		}
		condition.Holds(abac.Facts{Action: write, Request: asking(owner, "User")})
		if again, err := abac.Parse("(" + text + ")"); err == nil {
			facts := abac.Facts{Action: write, Request: asking(powerOn, "User")}
			if strings.TrimSpace(text) != "" && condition.Holds(facts) != again.Holds(facts) {
				t.Errorf("%q changes its meaning inside parentheses", text)
			}
		}
	})
}
