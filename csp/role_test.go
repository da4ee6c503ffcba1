package csp_test

import (
	"strings"
	"testing"

	"latchkey/csp"
)

func role(entries ...csp.Permission) csp.RoleDefinition {
	return csp.RoleDefinition{ID: csp.MustParseID[csp.RoleDefinition](guid), Name: "R", Permissions: entries}
}

func TestContentStaysWhenNothingTheRoleAllowsChanges(t *testing.T) {
	first := csp.Permission{Actions: []string{"A.B/c/read", "A.B/c/write"}, NotActions: []string{"A.B/c/x/write"}}
	second := csp.Permission{DataActions: []string{"A.B/d/read"}, NotDataActions: []string{"A.B/d/e/read"}, Condition: "@x"}
	want := role(first, second).Content()
	if len(want) != 64 || strings.Trim(want, "0123456789abcdef") != "" {
		t.Fatalf("%q is no hex SHA-256", want)
	}
	renamed := role(first, second)
	renamed.ID, renamed.Name, renamed.Custom = csp.RoleDefinitionID{1}, "Other", true
	tests := map[string]csp.RoleDefinition{
		"another name, id and origin": renamed,
		"entries the other way round": role(second, first),
		"actions the other way round": role(csp.Permission{Actions: []string{"A.B/c/write", "A.B/c/read"}, NotActions: first.NotActions}, second),
		"other letters":               role(csp.Permission{Actions: []string{"a.b/C/READ", "A.B/c/write"}, NotActions: []string{"A.b/c/X/write"}}, second),
		"an action said twice":        role(csp.Permission{Actions: []string{"A.B/c/read", "A.B/c/write", "A.B/c/read"}, NotActions: first.NotActions}, second),
		"an entry said twice":         role(first, second, first),
		"an empty entry":              role(first, second, csp.Permission{}),
		"a subtraction from nothing":  role(first, second, csp.Permission{NotActions: []string{"A.B/q"}, NotDataActions: []string{"A.B/q"}}),
	}
	for name, r := range tests {
		t.Run(name, func(t *testing.T) {
			if got := r.Content(); got != want {
				t.Errorf("the digest changed to %s", got)
			}
		})
	}
}

func TestContentChangesWithWhatTheRoleAllows(t *testing.T) {
	tests := map[string]csp.RoleDefinition{
		"nothing":                        role(),
		"one action":                     role(csp.Permission{Actions: []string{"A.B/c/read"}}),
		"another action":                 role(csp.Permission{Actions: []string{"A.B/c/write"}}),
		"a second action":                role(csp.Permission{Actions: []string{"A.B/c/read", "A.B/c/write"}}),
		"the same in two entries":        role(csp.Permission{Actions: []string{"A.B/c/read"}}, csp.Permission{Actions: []string{"A.B/c/write"}}),
		"on data":                        role(csp.Permission{DataActions: []string{"A.B/c/read"}}),
		"with an exception":              role(csp.Permission{Actions: []string{"A.B/c/read"}, NotActions: []string{"A.B/c/d/read"}}),
		"with an exception for data":     role(csp.Permission{DataActions: []string{"A.B/c/read"}, NotDataActions: []string{"A.B/c/d/read"}}),
		"with an exception of any kind":  role(csp.Permission{Actions: []string{"A.B/c/read"}, DataActions: []string{"x"}, NotDataActions: []string{"A.B/c/d/read"}}),
		"under a condition":              role(csp.Permission{Actions: []string{"A.B/c/read"}, Condition: "@x"}),
		"under another condition":        role(csp.Permission{Actions: []string{"A.B/c/read"}, Condition: "@X"}),
		"both in one text":               role(csp.Permission{Actions: []string{"A.B/c/readaction 11:A.B/c/write"}}),
		"a line break that looks like 2": role(csp.Permission{Actions: []string{"A.B/c/read\naction 11:A.B/c/write"}}),
		"a look-alike letter":            role(csp.Permission{Actions: []string{"A.B/c/read\u212a"}}),
		"the letter it looks like":       role(csp.Permission{Actions: []string{"A.B/c/readk"}}),
	}
	seen := map[string]string{}
	for name, r := range tests {
		digest := r.Content()
		if other, ok := seen[digest]; ok {
			t.Errorf("%q and %q have one digest", name, other)
		}
		seen[digest] = name
	}
}

func TestRoleDefinitionReferencesAreReadInBothForms(t *testing.T) {
	const path = "/providers/Microsoft.Authorization/roleDefinitions/" + guid
	id := csp.MustParseID[csp.RoleDefinition](guid)
	tests := []struct {
		text, want   string
		subscription string
	}{
		{path, path, ""},
		{sub + path, sub + path, guid},
		{strings.ToUpper(sub + path), sub + path, guid},
		{strings.ToLower(path), path, ""},
	}
	for _, test := range tests {
		t.Run(test.text, func(t *testing.T) {
			ref, err := csp.ParseRoleDefinitionRef(test.text)
			if err != nil {
				t.Fatal(err)
			}
			if ref.Role != id || ref.Subscription.String() != test.subscription || ref.String() != test.want {
				t.Errorf("got %+v, printed %q", ref, ref)
			}
		})
	}
}

func TestMalformedRoleDefinitionReferencesAreRefused(t *testing.T) {
	const path = "/providers/Microsoft.Authorization/roleDefinitions/"
	tests := []struct{ name, text, want string }{
		{"nothing", "", "too short"},
		{"only the id", guid, "want " + path},
		{"no id", path, "role definition id"},
		{"a name for an id", sub + path + "Virtual Machine Contributor - a longer name", "role definition id"},
		{"the zero GUID", path + "00000000-0000-0000-0000-000000000000", "zero GUID"},
		{"another collection", "/providers/Microsoft.Authorization/roleAssignments/" + guid, "want " + path},
		{"no slash in front", path[1:] + guid, "want " + path},
		{"a doubled slash in front", "/" + path + guid, "not below a root"},
		{"a doubled slash inside", strings.Replace(path, "/roleDefinitions", "//roleDefinitions", 1) + guid, "want " + path},
		{"a query behind", path + guid + "?a", "role definition id"},
		{"climbing", sub + "/.." + path + guid, "climbs"},
		{"a subscription that is none", "/subscriptions/mine" + path + guid, "no subscription id"},
		{"below a group", group + path + guid, "not below a resource group"},
		{"below a management group", mg + path + guid, "not below a management group"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			ref, err := csp.ParseRoleDefinitionRef(test.text)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %+v and %v, want an error with %q", ref, err, test.want)
			}
		})
	}
}

func TestAReferenceIsPrintedForAScope(t *testing.T) {
	const path = "/providers/Microsoft.Authorization/roleDefinitions/" + guid
	id := csp.MustParseID[csp.RoleDefinition](guid)
	tests := []struct{ scope, want string }{{"/", path}, {mg, path}, {sub, sub + path}, {vm, sub + path}}
	for _, test := range tests {
		if got := csp.RoleDefinitionRefAt(csp.MustParseScope(test.scope), id).String(); got != test.want {
			t.Errorf("at %s: got %q, want %q", test.scope, got, test.want)
		}
	}
	if got := (csp.RoleDefinitionRef{}).String(); got != "" {
		t.Errorf("the zero reference prints as %q", got)
	}
}
