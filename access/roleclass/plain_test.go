package roleclass_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"latchkey/access/roleclass"
	"latchkey/csp"
	"latchkey/csp/builtin"
)

func TestPlainWordsFollowTheActions(t *testing.T) {
	tests := []struct {
		name string
		role csp.RoleDefinition
		want []string
	}{
		{"creating anything at all", custom(csp.Permission{Actions: []string{"Contoso.Safe/*/write"}}), []string{"Create and change resources of the service Contoso.Safe"}},
		{"deleting everything", custom(actions("*/delete")), []string{"Change the safeguards around access", "Delete everything in the scope, but not who has access to it"}},
		{"everything of a provider nobody knows", custom(actions("Contoso.Safe/*")), []string{"Create, change, delete and use resources of the service Contoso.Safe"}},
		{"everything of one of its kinds", custom(actions("Contoso.Safe/boxes/*")), []string{"Create, change, delete and use resources of the service Contoso.Safe"}},
		{"all that can be done with one of its kinds", custom(actions("Contoso.Safe/boxes/*/action")), []string{"Use resources of the service Contoso.Safe"}},
		{"parts of a thing", custom(actions("Microsoft.Storage/storageAccounts/tags/*", "Microsoft.Storage/storageAccounts/tags/delete")), []string{"Change storage accounts"}},
		{"doing something to a part", custom(actions("Microsoft.Compute/virtualMachines/disks/start/action")), []string{"Use virtual machines"}},
		{"an action without a word for it", custom(actions("Contoso.Safe/boxes/frobnicate/action")), []string{"And 1 further action"}},
		{"what is no operation at all", custom(actions("Contoso.Safe/boxes/frobnicate")), []string{"And 1 further action"}},
		{"a data action without a word for it", custom(csp.Permission{DataActions: []string{"Contoso.Safe/boxes/frobnicate/action", "Contoso.Safe/boxes/peek/read"}}), []string{"Read the content of the service Contoso.Safe", "And 1 further action"}},
		{"everything in it", custom(csp.Permission{DataActions: []string{"Contoso.Safe/*"}}), []string{"Read, write and delete the content of the service Contoso.Safe"}},
		{"what is taken away again", custom(csp.Permission{Actions: []string{"Contoso.Safe/boxes/write", "Contoso.Safe/boxes/delete"}, NotActions: []string{"*/delete"}}), []string{"Create and change resources of the service Contoso.Safe"}},
		{"the same twice", custom(actions("Contoso.Safe/boxes/delete"), actions("contoso.safe/Boxes/delete")), []string{"Delete resources of the service Contoso.Safe"}},
		{"looking at everything and at secrets", custom(actions("*/read", "Contoso.Safe/boxes/listKeys/action")), []string{
			"Read or change keys and passwords of certain services, which may stay valid after this access has ended", "Look at everything in the scope",
		}},
		{"looking at everything and at data", custom(csp.Permission{Actions: []string{"*/read"}, DataActions: []string{"Contoso.Safe/boxes/frobnicate/action"}}), []string{
			"Look at everything in the scope, but at no secret", "And 1 further action",
		}},
		{"writing assignments under a condition", custom(csp.Permission{Actions: []string{writeAssign}, Condition: "@x"}), []string{"Hand out access to others, within limits that Microsoft has written into the role"}},
		{"becoming an identity", custom(actions("Microsoft.ManagedIdentity/userAssignedIdentities/assign/action")), []string{"Act with the rights of managed identities, which may be wider than these"}},
		{"too much to say", custom(actions(
			"A.A/x/read", "B.B/x/write", "B.B/x/write", "C.C/x/delete", "Microsoft.Compute/virtualMachines/start/action", "D.D/x/join/action", "E.E/x/move/action", "F.F/x/swap/action", "G.G/x/validate/action",
		)), []string{
			"Start virtual machines", "Check resources of the service G.G", "Create and change resources of the service B.B", "Delete resources of the service C.C",
			"Move resources of the service E.E", "And 3 further actions, 1 of them only to look",
		}},
		{"much to look at", custom(actions(
			"Microsoft.Compute/virtualMachines/start/action", "B.B/x/delete", "C.C/x/move/action", "D.D/x/swap/action", "E.E/x/enable/action", "F.F/x/join/action", "G.G/x/read", "H.H/x/read",
		)), []string{
			"Start virtual machines", "Delete resources of the service B.B", "Enable resources of the service E.E", "Move resources of the service C.C", "Swap resources of the service D.D",
			"And 3 further actions, 2 of them only to look",
		}},
		{"nothing", custom(), []string{"This role lists no rights, so nobody can say what it is for"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, roleclass.Plain(test.role)); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

func TestWhatIsLeftMayBeOnlyToLook(t *testing.T) {
	list := []string{"Microsoft.Compute/virtualMachines/start/action", "B.B/x/delete", "C.C/x/move/action", "D.D/x/swap/action", "E.E/x/enable/action", "G.G/x/read", "H.H/x/read"}
	said := roleclass.Plain(custom(actions(list...)))
	if len(said) != 6 || said[5] != "Look at resources of the services G.G and H.H" {
		t.Errorf("got %q", said)
	}
	list = append(list, "Microsoft.Support/*")
	said = roleclass.Plain(custom(actions(list...)))
	if want := "And 3 further actions, 2 of them only to look"; len(said) != 6 || said[5] != want {
		t.Errorf("got %q, want %q at the end", said, want)
	}
	list[len(list)-1] = "G.G/operations/read"
	said = roleclass.Plain(custom(actions(list...)))
	if want := "And 3 further actions, only to look"; len(said) != 6 || said[5] != want {
		t.Errorf("got %q, want %q at the end", said, want)
	}
}

func TestPlainWordsOfAllBuiltinRolesAreReadable(t *testing.T) {
	dangers := []string{"Hand out ", "Change ", "Create, change, delete and use everything", "Act with ", "Run programs ", "Read or change keys ", "Copy whole disks "}
	for _, role := range builtin.AzureRoles() {
		said := roleclass.Plain(role)
		if len(said) == 0 || len(said) > 6 {
			t.Errorf("%s: %d sentences", role.Name, len(said))
		}
		for _, sentence := range said {
			if len(sentence) < 10 || len(sentence) > 260 || strings.HasSuffix(sentence, ".") || strings.Contains(sentence, "  ") || strings.ToUpper(sentence[:1]) != sentence[:1] || strings.Contains(sentence, "*") {
				t.Errorf("%s: %q", role.Name, sentence)
			}
		}
		empty := strings.HasPrefix(said[0], "This role lists no rights")
		warned := slices.ContainsFunc(dangers, func(start string) bool { return strings.HasPrefix(said[0], start) })
		if roleclass.Of(role) == roleclass.Privileged && !warned && !empty {
			t.Errorf("%s is privileged and begins with %q", role.Name, said[0])
		}
	}
}
