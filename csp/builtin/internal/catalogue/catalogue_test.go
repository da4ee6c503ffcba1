package catalogue_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"latchkey/csp"
	"latchkey/csp/builtin/internal/catalogue"
)

const (
	idA = "4d97b98b-1d4f-4787-a291-c67834d212e7"
	idB = "5ae67dd6-50cb-40e7-96ff-dc2bfa4b606b"
)

func TestAzureRolesSurviveTheTextForm(t *testing.T) {
	roles := []csp.RoleDefinition{
		{ID: csp.MustParseID[csp.RoleDefinition](idA), Name: "A role with blanks", Permissions: []csp.Permission{
			{Actions: []string{"*", "Microsoft.Web/*/read"}, NotActions: []string{"Microsoft.Web/sites/delete"}},
			{DataActions: []string{"a/b"}, NotDataActions: []string{"a/b/c"}, Condition: "@Resource[x] StringEquals 'a b'"},
			{},
		}},
		{ID: csp.MustParseID[csp.RoleDefinition](idB), Name: "Nothing"},
	}
	back := roundTrip(t, roles, catalogue.EncodeAzure, catalogue.DecodeAzure)
	if diff := cmp.Diff(roles, back); diff != "" {
		t.Errorf("read back (-written +read):\n%s", diff)
	}
}

func TestEntraRolesSurviveTheTextForm(t *testing.T) {
	roles := []csp.DirectoryRole{
		{ID: csp.MustParseID[csp.DirectoryRole](idA), Name: "A", Privileged: true, GDAP: csp.GDAPSupported, Actions: []string{"x", "y"}},
		{ID: csp.MustParseID[csp.DirectoryRole](idB), Name: "B", GDAP: csp.GDAPUnknown},
	}
	back := roundTrip(t, roles, catalogue.EncodeEntra, catalogue.DecodeEntra)
	if diff := cmp.Diff(roles, back); diff != "" {
		t.Errorf("read back (-written +read):\n%s", diff)
	}
}

// roundTrip writes the roles in the wrong order and behind a heading.
func roundTrip[T any](t *testing.T, roles []T, encode func([]T) (string, error), decode func(string) ([]T, error)) []T {
	t.Helper()
	mixed := slices.Clone(roles)
	slices.Reverse(mixed)
	text, err := encode(mixed)
	if err != nil {
		t.Fatal(err)
	}
	back, err := decode("# for people\n" + text)
	if err != nil {
		t.Fatal(err)
	}
	return back
}

func TestTextThatWouldNotSurviveIsRefused(t *testing.T) {
	for name, action := range map[string]string{"a line break": "a\nrole x", "a carriage return": "a\rb", "a blank in front": " a", "a blank behind": "a "} {
		t.Run(name, func(t *testing.T) {
			bad := csp.RoleDefinition{Name: "R", Permissions: []csp.Permission{{Actions: []string{action, action}}}}
			if text, err := catalogue.EncodeAzure([]csp.RoleDefinition{bad}); err == nil {
				t.Errorf("encoded as %q", text)
			}
			if text, err := catalogue.EncodeEntra([]csp.DirectoryRole{{Name: "R", Actions: []string{action}}}); err == nil {
				t.Errorf("encoded as %q", text)
			}
		})
	}
}

func TestDamagedTextIsAnErrorWithItsLine(t *testing.T) {
	role := "role " + idA + " A\n"
	tests := []struct{ name, text, want string }{
		{"a role without an id", "role\n", "line 1"},
		{"a role with a wrong id", "role nonsense A\n", "line 1"},
		{"a role without a name", "role " + idA + "\n", "no name"},
		{"an action before any role", "action a\n", "before the first role"},
		{"an unknown word", role + "permission\nfoo a\n", "line 3"},
		{"an unknown word right after the role", role + "foo a\n", "line 2"},
		{"an empty line", role + "\n", "line 2"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, azure := catalogue.DecodeAzure(test.text)
			_, entra := catalogue.DecodeEntra(strings.Replace(test.text, "permission", "privileged", 1))
			for form, err := range map[string]error{"azure": azure, "entra": entra} {
				if err == nil || !strings.Contains(err.Error(), test.want) {
					t.Errorf("%s: got %v, want an error with %q", form, err, test.want)
				}
			}
		})
	}
	if _, err := catalogue.DecodeAzure(role + "action a\n"); err == nil {
		t.Error("an action outside a permission was read")
	}
}
