package registry

import (
	"latchkey/csp"
)

// Microsoft's own applications that the emulator plays or that its clients come
// as. They are known in every tenant without a service principal.
var (
	MicrosoftGraph     = csp.MustParseID[App]("00000003-0000-0000-c000-000000000000")
	AzureManagement    = csp.MustParseID[App]("797f4846-ba00-4fd7-ba71-dac1f8f63013")
	PartnerCenter      = csp.MustParseID[App]("fa3d9a0c-3fb0-42cc-9193-47c7ecd2edbd")
	AzureCLI           = csp.MustParseID[App]("04b07795-8ddb-461a-bbee-02f9e1bf7b46")
	AzurePowerShell    = csp.MustParseID[App]("1950a258-227b-4e31-a9cf-717495945fc2")
	GraphCommandLine   = csp.MustParseID[App]("14d82eec-204b-4c2f-b7e8-296a70dab67e")
	PartnerDelegation  = csp.MustParseID[App]("2832473f-ec63-45fb-976f-5d45a7d4bb91")
	TokenExchange      = csp.MustParseID[App]("fb60f99c-7a34-4190-8149-302f77469936")
	AdminCenter        = csp.MustParseID[App]("00000006-0000-0ff1-ce00-000000000000")
	nativeClientReturn = "https://login.microsoftonline.com/common/oauth2/nativeclient"
)

// microsoft holds them. Nothing writes to it.
var microsoft = index(
	App{ID: MicrosoftGraph, Name: "Microsoft Graph", URIs: []string{"https://graph.microsoft.com"}, Scopes: []string{"openid", "profile", "email", "offline_access"}},
	App{ID: AzureManagement, Name: "Windows Azure Service Management API", URIs: []string{"https://management.azure.com", "https://management.core.windows.net"}, Scopes: []string{"user_impersonation"}},
	App{ID: PartnerCenter, Name: "Microsoft Partner Center", URIs: []string{"https://api.partnercenter.microsoft.com"}, Scopes: []string{"user_impersonation"}},
	App{ID: PartnerDelegation, Name: "Partner Customer Delegated Administration"},
	App{ID: AdminCenter, Name: "Microsoft 365 admin center", MultiTenant: true},
	App{ID: TokenExchange, Name: "AAD Token Exchange Endpoint", URIs: []string{TokenExchangeAudience}, TokenVersion: 2},
	App{ID: AzureCLI, Name: "Microsoft Azure CLI", MultiTenant: true, RedirectURIs: []string{"http://localhost", "http://127.0.0.1", nativeClientReturn}},
	App{ID: AzurePowerShell, Name: "Microsoft Azure PowerShell", MultiTenant: true, RedirectURIs: []string{"http://localhost", "http://127.0.0.1", nativeClientReturn}},
	App{ID: GraphCommandLine, Name: "Microsoft Graph Command Line Tools", MultiTenant: true, RedirectURIs: []string{"http://localhost", "http://127.0.0.1", nativeClientReturn}},
)

func index(list ...App) map[ClientID]*App {
	m := make(map[ClientID]*App, len(list))
	for i := range list {
		m[list[i].ID] = &list[i]
	}
	return m
}

// Preauthorized are the permissions a client of Microsoft's own has without
// anybody's consent; nil for every other client. The Graph command line is an
// application like any other in this.
func Preauthorized(client, resource ClientID) []string {
	if client != AzureCLI && client != AzurePowerShell {
		return nil
	}
	if resource != MicrosoftGraph {
		return []string{"user_impersonation"}
	}
	return []string{
		"Application.ReadWrite.All", "AppRoleAssignment.ReadWrite.All", "AuditLog.Read.All", "DelegatedPermissionGrant.ReadWrite.All",
		"Directory.AccessAsUser.All", "Group.ReadWrite.All", "User.Read.All", "User.ReadWrite.All", "email", "openid", "profile",
	}
}

// Everything stands for all that an application can ask of a resource in a
// person's name.
func Everything(resource ClientID) []string {
	if resource == MicrosoftGraph {
		return []string{"Directory.AccessAsUser.All", "User.Read"}
	}
	return []string{"user_impersonation"}
}

// OfMicrosoft says whether the application is one of Microsoft's own.
func (a App) OfMicrosoft() bool {
	_, ok := microsoft[a.ID]
	return ok
}

// Microsoft finds an application of Microsoft's own.
func Microsoft(id ClientID) (*App, bool) {
	a, ok := microsoft[id]
	return a, ok
}

// MicrosoftNamed finds the resource of Microsoft's own that the audience names.
func MicrosoftNamed(audience string) (*App, bool) {
	for _, a := range microsoft {
		if a.Named(audience) {
			return a, true
		}
	}
	return nil, false
}
