package roleclass_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"latchkey/access/roleclass"
	"latchkey/csp"
	"latchkey/csp/builtin"
)

var update = flag.Bool("update", false, "write the golden files anew")

// wantGolden compares with a file under testdata, or writes it with -update.
func wantGolden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s differs (-file +now); if that is meant, run the test with -update\n%s", path, diff)
	}
}

func builtinRole(tb testing.TB, name string) csp.RoleDefinition {
	tb.Helper()
	role, ok := builtin.AzureRoleNamed(name)
	if !ok {
		tb.Fatalf("no built-in role is called %q", name)
	}
	return role
}

func custom(entries ...csp.Permission) csp.RoleDefinition {
	return csp.RoleDefinition{ID: csp.RoleDefinitionID{1}, Name: "Custom", Custom: true, Permissions: entries}
}

func actions(list ...string) csp.Permission { return csp.Permission{Actions: list} }

func TestWellKnownRolesHaveTheirClass(t *testing.T) {
	tests := map[string]roleclass.Class{
		"Owner":                     roleclass.Privileged,
		"Contributor":               roleclass.Privileged,
		"User Access Administrator": roleclass.Privileged,
		"Role Based Access Control Administrator":         roleclass.Privileged,
		"Virtual Machine Contributor":                     roleclass.Privileged,
		"Virtual Machine User Login":                      roleclass.Privileged,
		"Key Vault Secrets User":                          roleclass.Privileged,
		"Key Vault Contributor":                           roleclass.Privileged,
		"Storage Account Contributor":                     roleclass.Privileged,
		"Reader and Data Access":                          roleclass.Privileged,
		"Managed Identity Operator":                       roleclass.Privileged,
		"Automation Operator":                             roleclass.Privileged,
		"Website Contributor":                             roleclass.Privileged,
		"Logic App Contributor":                           roleclass.Privileged,
		"Azure Kubernetes Service Cluster Admin Role":     roleclass.Privileged,
		"Backup Operator":                                 roleclass.Privileged,
		"Data Operator for Managed Disks":                 roleclass.Privileged,
		"Desktop Virtualization Power On Off Contributor": roleclass.Standard,
		"Storage Blob Data Reader":                        roleclass.Standard,
		"Storage Blob Data Contributor":                   roleclass.Standard,
		"Key Vault Reader":                                roleclass.Standard,
		"DNS Zone Contributor":                            roleclass.Standard,
		"Resource Policy Contributor":                     roleclass.Standard,
		"Locks Contributor":                               roleclass.Standard,
		"Support Request Contributor":                     roleclass.Standard,
		"Monitoring Reader":                               roleclass.Standard,
		"Log Analytics Reader":                            roleclass.Standard,
		"Reader":                                          roleclass.Read,
		"Workbook Reader":                                 roleclass.Read,
		"Management Group Reader":                         roleclass.Read,
	}
	for name, want := range tests {
		t.Run(name, func(t *testing.T) {
			if got := roleclass.Of(builtinRole(t, name)); got != want {
				t.Errorf("%s is %s, want %s", name, got, want)
			}
		})
	}
}

func TestTheClassComesFromWhatThePermissionsAllow(t *testing.T) {
	const write = "Microsoft.Authorization/roleAssignments/write"
	tests := []struct {
		name string
		role csp.RoleDefinition
		want roleclass.Class
	}{
		{"writing role assignments", custom(actions(write)), roleclass.Privileged},
		{"the same in other letters", custom(actions(strings.ToUpper(write))), roleclass.Privileged},
		{"the same by a wildcard", custom(actions("Microsoft.Authorization/*")), roleclass.Privileged},
		{"the same by a wildcard in the middle", custom(actions("microsoft.authorization/*/write")), roleclass.Privileged},
		{"the same by a wildcard across providers", custom(actions("*/write")), roleclass.Privileged},
		{"the same in the second entry", custom(actions("A.B/read"), actions(write)), roleclass.Privileged},
		{"taken away in the same entry", custom(csp.Permission{Actions: []string{write, "A.B/write"}, NotActions: []string{write}}), roleclass.Standard},
		{"taken away by a wildcard", custom(csp.Permission{Actions: []string{"Microsoft.Authorization/*"}, NotActions: []string{"Microsoft.Authorization/*/*"}}), roleclass.Standard},
		{"taken away in another entry only", custom(actions(write), csp.Permission{Actions: []string{"A.B/read"}, NotActions: []string{"*"}}), roleclass.Privileged},
		{"under a condition", custom(csp.Permission{Actions: []string{write}, Condition: "@Request[x] StringEquals 'y'"}), roleclass.Privileged},
		{"assigning an identity, as built-in roles write it", custom(actions("Microsoft.ManagedIdentity/userAssignedIdentities/*/assign/action")), roleclass.Privileged},
		{"locks", custom(actions("Microsoft.Authorization/locks/write")), roleclass.Standard},
		{"policies", custom(actions("Microsoft.Authorization/policyAssignments/*")), roleclass.Standard},
		{"taking access away", custom(actions("Microsoft.Authorization/roleAssignments/delete")), roleclass.Standard},
		{"deploying templates", custom(actions("Microsoft.Resources/deployments/*")), roleclass.Standard},
		{"a script inside a deployment", custom(actions("Microsoft.Resources/deploymentScripts/write")), roleclass.Privileged},
		{"a key of a provider nobody knows", custom(actions("Contoso.Safe/boxes/listKeys/action")), roleclass.Privileged},
		{"a token of a provider nobody knows", custom(actions("Contoso.Safe/boxes/generateAccessToken/action")), roleclass.Privileged},
		{"a connection string among the data actions", custom(csp.Permission{DataActions: []string{"Contoso.Safe/boxes/listConnectionStrings/action"}}), roleclass.Privileged},
		{"a key that is taken away again", custom(csp.Permission{Actions: []string{"Contoso.Safe/boxes/*", "Contoso.Safe/boxes/listKeys/action"}, NotActions: []string{"Contoso.Safe/boxes/listKeys/action"}}), roleclass.Standard},
		{"a key that reaches no further than its holder", custom(actions("Microsoft.Storage/storageAccounts/blobServices/generateUserDelegationKey/action")), roleclass.Standard},
		{"a word that only begins like a secret", custom(actions("Contoso.Safe/boxes/getKeyboardLayout/action")), roleclass.Standard},
		{"reading what is called a secret", custom(actions("Contoso.Safe/boxes/secrets/read")), roleclass.Read},
		{"reading data", custom(csp.Permission{DataActions: []string{"Contoso.Safe/boxes/read"}}), roleclass.Standard},
		{"reading everything", custom(actions("*/read")), roleclass.Read},
		{"reading, with something taken away", custom(csp.Permission{Actions: []string{"*/read"}, NotActions: []string{"A.B/read"}}), roleclass.Read},
		{"an action below read", custom(actions("Contoso.Safe/boxes/read/action")), roleclass.Standard},
		{"everything below read", custom(actions("Contoso.Safe/boxes/read/*")), roleclass.Standard},
		{"no permissions", custom(), roleclass.Privileged},
		{"only subtractions", custom(csp.Permission{NotActions: []string{"*"}}), roleclass.Privileged},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if got := roleclass.Of(test.role); got != test.want {
				t.Errorf("got %s, want %s", got, test.want)
			}
			if reasons := roleclass.Reasons(test.role); (len(reasons) > 0) != (test.want == roleclass.Privileged) {
				t.Errorf("a %s role has the reasons %q", test.want, reasons)
			}
		})
	}
}

func TestTheNameOfARoleDoesNotMatter(t *testing.T) {
	role := builtinRole(t, "Owner")
	role.Name, role.ID, role.Custom = "Reader", builtinRole(t, "Reader").ID, true
	if got := roleclass.Of(role); got != roleclass.Privileged {
		t.Errorf("an Owner called Reader is %s", got)
	}
}

func TestAnUnreadClassCountsAsPrivileged(t *testing.T) {
	var unread roleclass.Class
	if unread != roleclass.Privileged {
		t.Errorf("the zero class is %s", unread)
	}
	for class, name := range map[roleclass.Class]string{roleclass.Read: "read", roleclass.Standard: "standard", roleclass.Privileged: "privileged", 99: "privileged"} {
		if class.String() != name {
			t.Errorf("class %d is called %q, want %q", class, class, name)
		}
	}
}

// TestClassesOfAllBuiltinRoles keeps the judgement on every built-in role in a
// file, so that a new edition of the catalogue, or a change of the table, shows
// whom it moves.
func TestClassesOfAllBuiltinRoles(t *testing.T) {
	counts := make(map[roleclass.Class]int)
	var lines strings.Builder
	for _, role := range builtin.AzureRoles() {
		class := roleclass.Of(role)
		counts[class]++
		fmt.Fprintf(&lines, "%-10s %s", class, role.Name)
		var because []string
		for _, reason := range roleclass.Reasons(role) {
			of, _, _ := strings.Cut(reason, ":")
			because = append(because, of)
		}
		if len(because) > 0 {
			lines.WriteString(" <- " + strings.Join(because, "; "))
		}
		lines.WriteByte('\n')
	}
	head := fmt.Sprintf("# %d privileged, %d standard, %d read\n", counts[roleclass.Privileged], counts[roleclass.Standard], counts[roleclass.Read])
	wantGolden(t, "classes.txt", head+lines.String())
}

func TestPlainWordsForWellKnownRoles(t *testing.T) {
	names := []string{
		"Owner", "Contributor", "Reader", "User Access Administrator", "Role Based Access Control Administrator",
		"Key Vault Data Access Administrator", "Virtual Machine Contributor", "Desktop Virtualization Power On Off Contributor",
		"Network Contributor", "Storage Account Contributor", "Storage Blob Data Contributor", "Storage Blob Data Reader",
		"Key Vault Secrets User", "Key Vault Reader", "Website Contributor", "SQL DB Contributor", "Backup Operator",
		"Automation Operator", "Logic App Operator", "Resource Policy Contributor", "Locks Contributor", "DNS Zone Contributor",
		"Monitoring Reader", "Security Reader", "Cost Management Reader", "Tag Contributor", "AcrPull", "AcrPush",
		"Virtual Machine User Login", "Azure Kubernetes Service RBAC Writer", "Azure Maps Data Reader", "Liftr Datadog Contributor",
		"Azure Center for SAP solutions Management role",
	}
	var text strings.Builder
	for _, name := range names {
		role := builtinRole(t, name)
		fmt.Fprintf(&text, "%s (%s)\n", role.Name, roleclass.Of(role))
		for _, sentence := range roleclass.Plain(role) {
			fmt.Fprintf(&text, "  %s.\n", sentence)
		}
	}
	wantGolden(t, "plain.txt", text.String())
}

const writeAssign = "Microsoft.Authorization/roleAssignments/write"
