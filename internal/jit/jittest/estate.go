package jittest

import (
	"time"

	"latchkey/csp"
	"latchkey/internal/jit"
)

// The made-up partner, its people and its customers. Contoso lets harmless roles
// be approved from the mail; Wingtip lets nothing be approved without signing in.
var (
	Instance = csp.MustParseID[csp.Tenant]("0b8f3c1e-5d2a-4c77-9f10-2f6a4e9d7c01")
	Fabrikam = csp.Tenant{ID: csp.MustParseID[csp.Tenant]("11111111-aaaa-4aaa-8aaa-000000000001"), Name: "Fabrikam Cloud"}
	Contoso  = csp.Tenant{ID: csp.MustParseID[csp.Tenant]("22222222-bbbb-4bbb-8bbb-000000000001"), Name: "Contoso"}
	Wingtip  = csp.Tenant{ID: csp.MustParseID[csp.Tenant]("33333333-cccc-4ccc-8ccc-000000000001"), Name: "Wingtip"}

	ContosoProd = csp.MustParseID[csp.Subscription]("22222222-bbbb-4bbb-8bbb-00000000aaaa")
	WingtipProd = csp.MustParseID[csp.Subscription]("33333333-cccc-4ccc-8ccc-00000000aaaa")

	Desktops = csp.MustParseScope("/subscriptions/22222222-bbbb-4bbb-8bbb-00000000aaaa/resourceGroups/desktops")
	Shop     = csp.MustParseScope("/subscriptions/33333333-cccc-4ccc-8ccc-00000000aaaa/resourceGroups/shop")

	// Reader is of class read, Restarter standard, Machinist privileged.
	Reader = csp.RoleDefinition{
		ID: csp.MustParseID[csp.RoleDefinition]("acdd72a7-3385-48ef-bd42-f606fba81ae7"), Name: "Reader",
		Permissions: []csp.Permission{{Actions: []string{"*/read"}}},
	}
	Restarter = csp.RoleDefinition{
		ID: csp.MustParseID[csp.RoleDefinition]("40c5ff49-9181-41f8-ae61-143b0e78555e"), Name: "Desktop Virtualization Power On Off Contributor",
		Permissions: []csp.Permission{{Actions: []string{
			"Microsoft.Compute/virtualMachines/read", "Microsoft.Compute/virtualMachines/start/action",
			"Microsoft.Compute/virtualMachines/restart/action", "Microsoft.Compute/virtualMachines/powerOff/action",
		}}},
	}
	Machinist = csp.RoleDefinition{
		ID: csp.MustParseID[csp.RoleDefinition]("9980e02c-c2be-4d73-94e8-173b1dc7cf3c"), Name: "Virtual Machine Contributor",
		Permissions: []csp.Permission{{Actions: []string{"Microsoft.Compute/virtualMachines/*", "Microsoft.Compute/disks/*"}}},
	}
)

// Ids of the people's accounts.
var (
	jamesHome  = object("00000000-0000-4000-8000-000000000a01")
	jamesGuest = object("00000000-0000-4000-8000-000000000a02")
	jamesAtWin = object("00000000-0000-4000-8000-000000000a03")
	miaHome    = object("00000000-0000-4000-8000-000000000b01")
	ottoHome   = object("00000000-0000-4000-8000-000000000c01")
	ottoGuest  = object("00000000-0000-4000-8000-000000000c02")
	annaObject = object("00000000-0000-4000-8000-000000000d01")
	bertObject = object("00000000-0000-4000-8000-000000000d02")
	carlaAtWin = object("00000000-0000-4000-8000-000000000e01")
)

func object(s string) csp.ObjectID { return csp.MustParseID[csp.Principal](s) }

// Estate is a fresh copy of the made-up estate, to be bent by a test.
func Estate() *jit.Estate {
	return &jit.Estate{
		Instance: Instance,
		Partner:  Fabrikam,
		People: []jit.Person{
			{
				ID: "james", Name: "James", Mail: "james@fabrikam.example", Home: jit.Account{Tenant: Fabrikam.ID, Object: jamesHome},
				Accounts: []jit.Account{{Tenant: Contoso.ID, Object: jamesGuest}, {Tenant: Wingtip.ID, Object: jamesAtWin}},
			},
			{
				ID: "otto", Name: "Otto", Mail: "otto@fabrikam.example", Home: jit.Account{Tenant: Fabrikam.ID, Object: ottoHome},
				Accounts: []jit.Account{{Tenant: Contoso.ID, Object: ottoGuest}},
			},
			{ID: "mia", Name: "Mia", Mail: "mia@fabrikam.example", Home: jit.Account{Tenant: Fabrikam.ID, Object: miaHome}, Operator: true},
		},
		Customers: []jit.Customer{
			{
				Tenant: Contoso, MailTier: true,
				Subscriptions: []csp.Subscription{{ID: ContosoProd, Tenant: Contoso.ID, Name: "Contoso production"}},
				Contacts:      []jit.Contact{{Name: "Anna", Address: "anna@contoso.example"}, {Name: "Bert", Address: "bert@contoso.example"}},
				Roles:         []jit.Offer{{Role: Reader}, {Role: Restarter, Longest: 4 * time.Hour}, {Role: Machinist}},
			},
			{
				Tenant:        Wingtip,
				Subscriptions: []csp.Subscription{{ID: WingtipProd, Tenant: Wingtip.ID, Name: "Wingtip production"}},
				Contacts:      []jit.Contact{{Name: "Carla", Address: "carla@wingtip.example"}},
				Roles:         []jit.Offer{{Role: Reader}, {Role: Restarter}},
			},
		},
		Policy: jit.Policy{
			Shortest: 15 * time.Minute, Longest: 8 * time.Hour, AnswerWithin: 4 * time.Hour,
			PendingEach: 3, NumberTries: 5, FreshSignIn: 5 * time.Minute,
		},
	}
}
