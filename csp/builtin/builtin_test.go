package builtin_test

import (
	"slices"
	"strings"
	"testing"

	"latchkey/csp"
	"latchkey/csp/builtin"
)

func TestTheCataloguesAreWhole(t *testing.T) {
	azure, entra := builtin.AzureRoles(), builtin.EntraRoles()
	if len(azure) != 928 || len(entra) != 146 {
		t.Fatalf("got %d Azure and %d Entra roles, want 928 and 146 as README.md says", len(azure), len(entra))
	}
	entries, conditions := 0, 0
	for _, role := range azure {
		if role.Custom {
			t.Errorf("%s is marked as a custom role", role.Name)
		}
		for _, p := range role.Permissions {
			for _, list := range [][]string{p.Actions, p.NotActions, p.DataActions, p.NotDataActions} {
				entries += len(list)
				checkActions(t, role.Name, list)
			}
			if p.Condition != "" {
				conditions++
			}
		}
	}
	if entries != 11066 || conditions != 31 {
		t.Errorf("got %d action entries and %d conditions, want 11066 and 31", entries, conditions)
	}
	entries = 0
	gdap := map[csp.GDAPSupport]int{}
	privileged := 0
	for _, role := range entra {
		checkActions(t, role.Name, role.Actions)
		entries += len(role.Actions)
		gdap[role.GDAP]++
		if role.Privileged {
			privileged++
		}
	}
	if entries != 2084 || privileged != 35 || gdap[csp.GDAPSupported] != 59 || gdap[csp.GDAPUnsupported] != 3 || gdap[csp.GDAPUnknown] != 84 {
		t.Errorf("got %d actions, %d privileged, gdap %v", entries, privileged, gdap)
	}
}

func checkActions(t *testing.T, role string, actions []string) {
	t.Helper()
	for _, a := range actions {
		if a == "" || strings.ContainsFunc(a, func(r rune) bool { return r <= ' ' || r > '~' }) {
			t.Errorf("%s: odd action %q", role, a)
		}
	}
}

func TestRolesAreFoundByIdAndByName(t *testing.T) {
	tests := []struct{ id, name string }{
		{"8e3af657-a8ff-443c-a75c-2fe8c4bcb635", "Owner"},
		{"b24988ac-6180-42a0-ab88-20f7382dd24c", "Contributor"},
		{"acdd72a7-3385-48ef-bd42-f606fba81ae7", "Reader"},
		{"18d7d88d-d35e-4fb5-a5c3-7773c20a72d9", "User Access Administrator"},
		{"f58310d9-a9f6-439a-9e8d-f62e7b41a168", "Role Based Access Control Administrator"},
		{"9980e02c-c2be-4d73-94e8-173b1dc7cf3c", "Virtual Machine Contributor"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			id := csp.MustParseID[csp.RoleDefinition](test.id)
			byID, ok := builtin.AzureRole(id)
			if !ok || byID.Name != test.name {
				t.Errorf("by id: got %q, %t", byID.Name, ok)
			}
			byName, ok := builtin.AzureRoleNamed(strings.ToUpper(test.name))
			if !ok || byName.ID != id {
				t.Errorf("by name: got %s, %t", byName.ID, ok)
			}
		})
	}
}

func TestAnUnknownRoleIsNotFound(t *testing.T) {
	if role, ok := builtin.AzureRole(csp.MustParseID[csp.RoleDefinition]("00000000-0000-0000-0000-000000000001")); ok {
		t.Errorf("found %q", role.Name)
	}
	if role, ok := builtin.AzureRoleNamed("Ownr"); ok {
		t.Errorf("found %q", role.Name)
	}
}

func TestEveryRoleIsFoundAgain(t *testing.T) {
	for _, role := range builtin.AzureRoles() {
		byID, _ := builtin.AzureRole(role.ID)
		byName, _ := builtin.AzureRoleNamed(role.Name)
		if byID.Name != role.Name || byName.ID != role.ID {
			t.Errorf("%s is hidden by another role of the same id or name", role.Name)
		}
	}
}

func TestReorderingAReturnedListReachesNobodyElse(t *testing.T) {
	slices.Reverse(builtin.AzureRoles())
	slices.Reverse(builtin.EntraRoles())
	byName := func(a, b csp.RoleDefinition) int { return strings.Compare(a.Name, b.Name) }
	if !slices.IsSortedFunc(builtin.AzureRoles(), byName) {
		t.Error("the Azure catalogue lost its order")
	}
	if !slices.IsSortedFunc(builtin.EntraRoles(), func(a, b csp.DirectoryRole) int { return strings.Compare(a.Name, b.Name) }) {
		t.Error("the Entra catalogue lost its order")
	}
}
