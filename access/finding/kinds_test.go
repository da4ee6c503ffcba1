package finding_test

import (
	"strings"
	"testing"

	"latchkey/access"
	"latchkey/access/finding"
)

func TestACleanWorldHasNoFindings(t *testing.T) {
	for _, f := range finding.Find(compile(t, read(t, "clean.yaml")), noon, finding.Options{}) {
		t.Errorf("%s about %s: %s", f.Kind, f.Subject.Name, f.Text)
	}
}

// troubles add one thing to the clean world, and a kind of finding with it.
var troubles = []struct {
	name  string
	kind  finding.Kind
	edits []string
	// what the finding must be
	severity finding.Severity
	subject  string
	count    finding.Count
	says     string // part of its text, an example or a command
}{
	{
		name: "an admin agent who can sign in", kind: finding.StandingAdminAgent,
		edits:    []string{"AdminAgents: []\n      HelpdeskAgents", "AdminAgents: [bob]\n      HelpdeskAgents"},
		severity: finding.High, subject: "bob", count: finding.Count{Customers: 1, Subscriptions: 1, Items: 1},
		says: "He can use them now at 1 customer",
	},
	{
		name: "an admin agent who cannot sign in", kind: finding.StandingAdminAgent,
		edits:    []string{"AdminAgents: []\n      HelpdeskAgents", "AdminAgents: [ann]\n      HelpdeskAgents"},
		severity: finding.Low, subject: "ann", says: "He can use them now at 0 customers",
	},
	{
		name: "an admin agent of a partner without customers", kind: finding.StandingAdminAgent,
		edits:    []string{"    users: [bea]\n    agents:\n      AdminAgents: []", "    users: [bea]\n    agents:\n      AdminAgents: [bea]"},
		severity: finding.Low, subject: "bea", says: "roles on 0 subscriptions of 0 customers",
	},
	{
		name: "an admin agent under DAP", kind: finding.StandingAdminAgent,
		edits:    []string{"AdminAgents: []\n      HelpdeskAgents", "AdminAgents: [ann]\n      HelpdeskAgents", "dap: []", "dap: Alder Cloud"},
		severity: finding.High, subject: "ann", count: finding.Count{Customers: 1, Subscriptions: 1, Items: 1},
		says: "Under DAP he is Global Administrator of 1 customer",
	},
	{
		name: "an admin agent of a partner with nothing but DAP", kind: finding.StandingAdminAgent,
		edits:    []string{"    users: [bea]\n    agents:\n      AdminAgents: []", "    users: [bea]\n    agents:\n      AdminAgents: [bea]", "dap: []", "dap: Birch Distribution"},
		severity: finding.High, subject: "bea", count: finding.Count{Customers: 1},
		says: "Under DAP he is Global Administrator of 1 customer",
	},
	{
		name: "a nested group", kind: finding.NestedInAdminAgents,
		edits:    []string{"AdminAgents: []\n      HelpdeskAgents", "AdminAgents: [Support]\n      HelpdeskAgents"},
		severity: finding.Medium, subject: "Support", count: finding.Count{Customers: 1, Subscriptions: 1, Items: 1},
		says: "Support is nested in AdminAgents",
	},
	{
		name: "a user administrator of the partner", kind: finding.CanBecomeAdminAgent,
		edits:    []string{"    groups:\n      Support: [bob]", "    directory roles: {User Administrator: ada}\n    groups:\n      Support: [bob]"},
		severity: finding.High, subject: "ada", count: finding.Count{Customers: 1, Subscriptions: 1, Items: 1},
		says: "ada is no admin agent of Alder Cloud and can become one",
	},
	{
		name: "somebody who may reset an agent's password", kind: finding.CanBecomeAdminAgent,
		edits: []string{
			"    groups:\n      Support: [bob]", "    directory roles: {Helpdesk Administrator: ada}\n    groups:\n      Support: [bob]",
			"AdminAgents: []\n      HelpdeskAgents", "AdminAgents: [bob]\n      HelpdeskAgents",
		},
		severity: finding.High, subject: "ada", count: finding.Count{Customers: 1, Subscriptions: 1, Items: 1},
	},
	{
		name: "a global administrator of a partner without customers", kind: finding.CanBecomeAdminAgent,
		edits:    []string{"    users: [bea]\n", "    users: [bea]\n    directory roles: {Global Administrator: bea}\n"},
		severity: finding.High, subject: "bea", count: finding.Count{Items: 1}, says: "0 customers",
	},
	{
		name: "a user administrator of a partner under DAP", kind: finding.CanBecomeAdminAgent,
		edits:    []string{"    users: [bea]\n", "    users: [bea]\n    directory roles: {User Administrator: bea}\n", "dap: []", "dap: Birch Distribution"},
		severity: finding.High, subject: "bea", count: finding.Count{Items: 1},
	},
	{
		name: "helpdesk agents under DAP", kind: finding.HelpdeskAgentUnderDAP,
		edits:    []string{"HelpdeskAgents: []", "HelpdeskAgents: [ann]", "dap: []", "dap: Alder Cloud"},
		severity: finding.Medium, subject: "HelpdeskAgents", count: finding.Count{Customers: 1, Items: 1}, says: "reset passwords at 1 customer",
	},
	{
		name: "DAP", kind: finding.DAPInForce, edits: []string{"dap: []", "dap: Alder Cloud"},
		severity: finding.High, subject: "Alder Cloud", count: finding.Count{Customers: 1, Items: 1}, says: "1 customer still lists Alder Cloud",
	},
	{
		name: "a relationship that ends in a week", kind: finding.GDAPEndsSoon,
		edits:    []string{"until: 2027-06-01\n        extends by: 180", "until: 2026-11-29"},
		severity: finding.Medium, subject: "Everyday work", count: finding.Count{Customers: 1, Items: 1}, says: "ends on 2026-11-29, in 6 days",
	},
	{
		name: "a relationship that is expiring", kind: finding.GDAPEndsSoon,
		edits:    []string{"until: 2027-06-01\n        extends by: 180", "status: expiring\n        until: 2026-11-29"},
		severity: finding.Medium, subject: "Everyday work", count: finding.Count{Customers: 1, Items: 1},
	},
	{
		name: "a relationship past its date", kind: finding.GDAPEndedWithRights,
		edits:    []string{"until: 2027-06-01\n        extends by: 180", "until: 2026-11-01"},
		severity: finding.Low, subject: "Everyday work", count: finding.Count{Customers: 1, Items: 1}, says: "is over, and 1 access assignment is still active",
	},
	{
		name: "a relationship that was terminated", kind: finding.GDAPEndedWithRights,
		edits:    []string{"        partner: Alder Cloud\n        until", "        partner: Alder Cloud\n        status: terminated\n        until"},
		severity: finding.Low, subject: "Everyday work", count: finding.Count{Customers: 1, Items: 1},
	},
	{
		name: "a relationship with Global Administrator", kind: finding.GDAPCannotExtend,
		edits:    []string{"extends by: 180\n        roles: [", "roles: [Global Administrator, "},
		severity: finding.Medium, subject: "Everyday work", count: finding.Count{Customers: 1, Items: 1}, says: "cannot extend itself",
	},
	{
		name: "a relationship that is not set to extend", kind: finding.GDAPNeverExtends,
		edits:    []string{"        extends by: 180\n", ""},
		severity: finding.Low, subject: "Alder Cloud", count: finding.Count{Customers: 1, Items: 1}, says: "1 GDAP relationship of Alder Cloud is not set to extend itself",
	},
	{
		name: "agents who cannot sign in", kind: finding.SignInMissing,
		edits:    []string{"AdminAgents: []\n      HelpdeskAgents", "AdminAgents: [ann]\n      HelpdeskAgents"},
		severity: finding.Medium, subject: "AdminAgents", count: finding.Count{Customers: 1, Subscriptions: 1, Items: 1}, says: "none of its members can sign in",
	},
	{
		name: "a guest who has GDAP too", kind: finding.GuestShutsGDAP,
		edits:    []string{"guests: []", "guests: [bob@alder.example]"},
		severity: finding.Medium, subject: "bob", count: finding.Count{Customers: 1, Subscriptions: 1, Items: 1}, says: "a guest account shuts them",
	},
	{
		name: "a foreign principal that somebody deleted", kind: finding.ForeignPrincipalGone,
		edits:    []string{"created by: Alder Cloud", "created by: Alder Cloud\n        foreign principal: no"},
		severity: finding.Medium, subject: "Contoso", count: finding.Count{Customers: 1, Subscriptions: 1, Items: 1},
		says: "--assignee-principal-type ForeignGroup --role 'Owner' --scope '/subscriptions/",
	},
	{
		name: "one owner", kind: finding.SoleOwner,
		edits:    []string{"        created by: Alder Cloud\n", "", "Owners: [cleo, finn]", "Owners: [cleo]"},
		severity: finding.Medium, subject: "Contoso", count: finding.Count{Customers: 1, Subscriptions: 1, Items: 1}, says: "subscription Production: cleo",
	},
	{
		name: "no owner", kind: finding.SoleOwner,
		edits:    []string{"        created by: Alder Cloud\n", "", "Owners: [cleo, finn]", "Owners: []"},
		severity: finding.Medium, subject: "Contoso", count: finding.Count{Customers: 1, Subscriptions: 1, Items: 1}, says: "subscription Production: nobody",
	},
	{
		name: "only the partner", kind: finding.SoleOwner,
		edits:    []string{"Owners: [cleo, finn]", "Owners: []"},
		severity: finding.Low, subject: "Contoso", count: finding.Count{Customers: 1, Subscriptions: 1, Items: 1}, says: "the foreign principal AdminAgents",
	},
	{
		name: "roles of a partner who is gone", kind: finding.LeftOverPartner,
		edits:    []string{"Reader: [lea]", "Reader: [lea, AdminAgents @ Birch Distribution]"},
		severity: finding.High, subject: "Contoso", count: finding.Count{Customers: 1, Subscriptions: 1, Items: 1}, says: "az role assignment delete --ids '/subscriptions/",
	},
	{
		name: "roles of a partner nobody knows", kind: finding.LeftOverPartner,
		edits:    []string{"Reader: [lea]", "Reader: [lea, {who: 5f3759df-0000-4000-8000-000000000031, type: ForeignGroup}]"},
		severity: finding.High, subject: "Contoso", count: finding.Count{Customers: 1, Subscriptions: 1, Items: 1}, says: "Reader of an unlisted principal",
	},
	{
		name: "an artefact", kind: finding.Artefact, edits: []string{"artefacts: []", "artefacts: Subscription Admins"},
		severity: finding.Info, subject: "Contoso", count: finding.Count{Customers: 1, Subscriptions: 1, Items: 1}, says: "Subscription Admins at /subscriptions/",
	},
	{
		name: "an assignment to nobody", kind: finding.OrphanedAssignment,
		edits:    []string{"Reader: [lea]", "Reader: [lea, 5f3759df-0000-4000-8000-000000000031]"},
		severity: finding.Low, subject: "Contoso", count: finding.Count{Customers: 1, Subscriptions: 1, Items: 1}, says: "Reader of an unlisted principal at subscription Production",
	},
	{
		name: "a group of another tenant as if it were one of this", kind: finding.ImpossibleAssignment,
		edits:    []string{"Reader: [lea]", "Reader: [lea, {who: Support @ Alder Cloud, type: Group}]"},
		severity: finding.Medium, subject: "Contoso", count: finding.Count{Customers: 1, Subscriptions: 1, Items: 1}, says: "Reader of Support",
	},
	{
		name: "a user as a foreign group", kind: finding.ImpossibleAssignment,
		edits:    []string{"Reader: [lea]", "Reader: [{who: lea, type: ForeignGroup}]"},
		severity: finding.Medium, subject: "Contoso", count: finding.Count{Customers: 1, Subscriptions: 1, Items: 1},
	},
	{
		name: "a contributor who only restarts", kind: finding.WiderThanUse,
		edits: []string{
			"Reader: [lea]", "Contributor: lea",
			"usage: {}", "usage: {lea: {Microsoft.Compute/virtualMachines/restart/action: 2026-11-20}}",
		},
		severity: finding.Medium, subject: "lea", count: finding.Count{Customers: 1, Subscriptions: 1, Items: 1}, says: "Contributor of lea at subscription Production: 1 action used; ",
	},
	{
		name: "a group whose members use little", kind: finding.WiderThanUse,
		edits: []string{
			"usage: {}", "usage: {cleo: {Microsoft.Compute/virtualMachines/read: 2026-11-20}, finn: {Microsoft.Compute/virtualMachines/read: 2026-11-20}}",
		},
		severity: finding.Medium, subject: "Owners", count: finding.Count{Customers: 1, Subscriptions: 1, Items: 1}, says: "--assignee-principal-type 'Group'",
	},
	{
		name: "somebody who used nothing for long", kind: finding.WiderThanUse,
		edits: []string{
			"usage: {}", "usage: {lea: {Microsoft.Compute/virtualMachines/read: 2026-01-01, Microsoft.Storage/storageAccounts/blobServices/containers/blobs/read: {last: 2026-01-01, data: yes}}}",
		},
		severity: finding.Low, subject: "lea", count: finding.Count{Customers: 1, Subscriptions: 1, Items: 1}, says: "Reader of lea at subscription Production: nothing was used",
	},
	{
		name: "four owners", kind: finding.ManyOwners,
		edits:    []string{"Owners: [cleo, finn]", "Owners: [cleo, finn, kim]"},
		severity: finding.Medium, subject: "Contoso", count: finding.Count{Customers: 1, Subscriptions: 1, Items: 4}, says: "Up to 4 people",
	},
	{
		name: "a global administrator", kind: finding.Elevation,
		edits:    []string{"Global Reader: cleo", "Global Administrator: kim"},
		severity: finding.Info, subject: "Contoso", count: finding.Count{Customers: 1, Subscriptions: 1, Items: 1}, says: "can take 1 subscription",
	},
	{
		name: "a delete lock", kind: finding.LockTrapsRemoval,
		edits:    []string{"locks: {}", "locks: {keep: CanNotDelete}"},
		severity: finding.Low, subject: "Contoso", count: finding.Count{Customers: 1, Subscriptions: 1, Items: 1}, says: "CanNotDelete lock keep at /subscriptions/",
	},
	{
		name: "a delete lock above something with an end", kind: finding.LockTrapsRemoval,
		edits:    []string{"locks: {}", "locks: {keep: CanNotDelete}", "Reader: [lea]", "Reader: [{who: lea, until: 2026-12-24}, {who: kim, eligible: yes, until: 2026-12-24}]"},
		severity: finding.Medium, subject: "Contoso", count: finding.Count{Customers: 1, Subscriptions: 1, Items: 1}, says: "Below them 2 assignments are meant to end",
	},
	{
		name: "an eligible assignment without end", kind: finding.EligibleWithoutEnd,
		edits:    []string{"Reader: [lea]", "Reader: [{who: lea, eligible: yes}]"},
		severity: finding.Low, subject: "Contoso", count: finding.Count{Customers: 1, Subscriptions: 1, Items: 1}, says: "Reader of lea at subscription Production, eligible",
	},
	{
		name: "an eligible membership and an eligible directory role without end", kind: finding.EligibleWithoutEnd,
		edits: []string{
			"Owners: [cleo, finn]", "Owners: [cleo, finn, {who: lea, eligible: yes}]",
			"Global Reader: cleo", "Global Reader: [cleo, {who: kim, eligible: yes}]",
		},
		severity: finding.Low, subject: "Contoso", count: finding.Count{Customers: 1, Items: 2}, says: "lea in Owners",
	},
	{
		name: "an application that is owner", kind: finding.PrivilegedApplication,
		edits:    []string{"Reader: [lea]", "User Access Administrator: pipeline"},
		severity: finding.High, subject: "pipeline", count: finding.Count{Customers: 1, Subscriptions: 1, Items: 1}, says: "User Access Administrator of pipeline",
	},
	{
		name: "an application that is contributor", kind: finding.PrivilegedApplication,
		edits:    []string{"Reader: [lea]", "Contributor: pipeline"},
		severity: finding.Medium, subject: "pipeline", count: finding.Count{Customers: 1, Subscriptions: 1, Items: 1},
	},
	{
		name: "an application with a directory role by a group", kind: finding.PrivilegedApplication,
		edits: []string{
			"Owners: [cleo, finn]", "Owners: [cleo, finn]\n      Robots: [pipeline]",
			"Global Reader: cleo", "Application Administrator: Robots",
		},
		severity: finding.High, subject: "pipeline", count: finding.Count{Customers: 1, Items: 1}, says: "Application Administrator in the directory",
	},
	{
		name: "a machine stronger than its operator", kind: finding.StrongerIdentity,
		edits: []string{
			"Reader: [lea]", "Contributor: machine",
			"                identity: machine\n                access: {}", "                identity: machine\n                access: {Virtual Machine Contributor: lea}",
		},
		severity: finding.High, subject: "machine", count: finding.Count{Customers: 1, Subscriptions: 1, Items: 1}, says: "web1 at ",
	},
	{
		name: "a machine somewhat stronger than its operator", kind: finding.StrongerIdentity,
		edits: []string{
			"Reader: [lea]", "Tag Contributor: machine",
			"                identity: machine\n                access: {}", "                identity: machine\n                access: {Virtual Machine Contributor: lea}",
		},
		severity: finding.Medium, subject: "machine", count: finding.Count{Customers: 1, Subscriptions: 1, Items: 1},
	},
	{
		name: "a machine that owns what its operator contributes to", kind: finding.StrongerIdentity,
		edits:    []string{"Reader: [lea]", "Owner of the machine: machine\n          Contributor: lea", "directory role definitions:", "role definitions:\n  Owner of the machine: {actions: '*'}\ndirectory role definitions:"},
		severity: finding.High, subject: "machine", count: finding.Count{Customers: 1, Subscriptions: 1, Items: 1}, says: "Microsoft.Authorization/roleAssignments/write",
	},
	{
		name: "a machine that reads data its operator does not", kind: finding.StrongerIdentity,
		edits: []string{
			"Reader: [lea]", "Storage Blob Data Contributor: machine",
			"                identity: machine\n                access: {}", "                identity: machine\n                access: {Virtual Machine Contributor: lea}",
		},
		severity: finding.Medium, subject: "machine", count: finding.Count{Customers: 1, Subscriptions: 1, Items: 1}, says: "lea can run code as machine",
	},
	{
		name: "a machine whose role its operator has in two parts", kind: finding.StrongerIdentity,
		edits: []string{
			"Reader: [lea]", "Both: machine\n          One: lea\n          Other: lea",
			"                identity: machine\n                access: {}", "                identity: machine\n                access: {Virtual Machine Contributor: lea}",
			"directory role definitions:", "role definitions:\n  Both: {actions: [Example.One/write, Example.Other/write]}\n  One: {actions: Example.One/write}\n  Other: {actions: Example.Other/write}\ndirectory role definitions:",
		},
		severity: finding.Medium, subject: "machine", count: finding.Count{Customers: 1, Subscriptions: 1, Items: 1}, says: "without holding that role",
	},
	{
		name: "a privileged role by Lighthouse", kind: finding.PrivilegedLighthouse,
		edits:    []string{"lighthouse: {}", "lighthouse: {Contributor: Support @ Alder Cloud}"},
		severity: finding.High, subject: "Support", count: finding.Count{Customers: 1, Subscriptions: 1, Items: 1}, says: "Contributor at subscription Production",
	},
	{
		name: "an eligible privileged role by Lighthouse", kind: finding.PrivilegedLighthouse,
		edits:    []string{"lighthouse: {}", "lighthouse: {Contributor: {who: Support @ Alder Cloud, eligible: yes, until: 2027-01-01}}"},
		severity: finding.Low, subject: "Support", count: finding.Count{Customers: 1, Subscriptions: 1, Items: 1}, says: "may activate",
	},
	{
		name: "a gap", kind: finding.NotCollected,
		edits:    []string{"    gaps: {}", "    gaps: {role assignments: not allowed to read them}"},
		severity: finding.Medium, count: finding.Count{Customers: 1, Items: 1}, says: "role assignments were not collected: not allowed to read them",
	},
}

func TestWhatIsAddedIsFound(t *testing.T) {
	clean := read(t, "clean.yaml")
	seen := make(map[finding.Kind]bool)
	for _, trouble := range troubles {
		seen[trouble.kind] = true
		t.Run(string(trouble.kind)+" "+trouble.name, func(t *testing.T) {
			x := compile(t, edited(t, clean, trouble.edits...))
			found := of(finding.Find(x, noon, finding.Options{}), trouble.kind)
			if len(found) != 1 {
				t.Fatalf("found %d findings, want 1: %v", len(found), found)
			}
			f := found[0]
			if f.Severity != trouble.severity || f.Subject.Name != trouble.subject || f.Count != trouble.count {
				t.Errorf("it is %s about %q, counting %+v; want %s about %q, counting %+v",
					f.Severity, f.Subject.Name, f.Count, trouble.severity, trouble.subject, trouble.count)
			}
			if text := everything(f); !strings.Contains(text, trouble.says) {
				t.Errorf("it does not say %q:\n%s", trouble.says, text)
			}
			if f.Change.Text == "" || f.Rule() != trouble.kind.About().Rule {
				t.Errorf("it proposes %q by %s", f.Change.Text, f.Rule())
			}
		})
	}
	for _, kind := range finding.Kinds() {
		if !seen[kind] {
			t.Errorf("no trouble makes a finding of kind %s", kind)
		}
	}
}

// everything is all that a finding says.
func everything(f finding.Finding) string {
	lines := []string{f.Text}
	for _, e := range f.Examples {
		lines = append(lines, e.Text)
	}
	for _, c := range f.Change.Commands {
		lines = append(lines, c.Line)
	}
	for _, p := range f.Paths {
		lines = append(lines, p.String())
	}
	return strings.Join(lines, "\n")
}

func TestEffectiveAccessIsShownByTheEngine(t *testing.T) {
	clean := read(t, "clean.yaml")
	want := map[string]access.Verdict{
		"an admin agent who can sign in":                   access.Has,
		"an admin agent of a partner with nothing but DAP": access.Has,
		"a user administrator of the partner":              access.CanGet,
		"somebody who may reset an agent's password":       access.CanGet,
		"helpdesk agents under DAP":                        access.Has,
		"agents who cannot sign in":                        access.HasNot,
		"a guest who has GDAP too":                         access.HasNot,
		"four owners":                                      access.Has,
		"a global administrator":                           access.CanGet,
		"an application that is owner":                     access.Has,
		"a machine stronger than its operator":             access.CanGet,
		"a privileged role by Lighthouse":                  access.Has,
	}
	asked := 0
	for _, trouble := range troubles {
		verdict, ok := want[trouble.name]
		if !ok {
			continue
		}
		asked++
		x := compile(t, edited(t, clean, trouble.edits...))
		f := of(finding.Find(x, noon, finding.Options{}), trouble.kind)[0]
		if f.Answer.Verdict != verdict || len(f.Paths) == 0 && verdict != access.HasNot {
			t.Errorf("%s: the engine says %s with %d paths, want %s", trouble.name, f.Answer.Verdict, len(f.Paths), verdict)
		}
	}
	if asked != len(want) {
		t.Errorf("asked about %d of %d troubles", asked, len(want))
	}
}
