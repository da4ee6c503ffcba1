package arm

import (
	"strings"

	"latchkey/emulator/origin"
)

// metadata describes the cloud to clients that ask where everything is. The
// shape changed with the versions: one object in 2015, a list of clouds in 2019,
// one cloud with all its endpoints since 2022. A client that asked Microsoft's
// name, through the proxy, is given Microsoft's names.
func (h *Handler) metadata(c *call) (reply, *failure) {
	login := strings.TrimSuffix(h.origin(c, origin.Login, h.LoginOrigin), "/") + "/"
	switch version := c.query.Get("api-version"); {
	case version < "2019":
		return ok(map[string]any{
			"galleryEndpoint": c.origin + "/", "graphEndpoint": "https://graph.windows.net/", "portalEndpoint": "https://portal.azure.com/",
			"authentication": map[string]any{"loginEndpoint": login, "audiences": audiences},
		})
	case version < "2022-09":
		return ok([]any{h.cloud(c, login)})
	}
	return ok(h.cloud(c, login))
}

var audiences = []string{"https://management.core.windows.net/", "https://management.azure.com/"}

func (h *Handler) cloud(c *call, login string) map[string]any {
	graph := strings.TrimSuffix(h.origin(c, origin.Graph, h.GraphOrigin), "/") + "/"
	return map[string]any{
		"name": "AzureCloud", "portal": "https://portal.azure.com", "resourceManager": c.origin, "graph": "https://graph.windows.net/",
		"microsoftGraphResourceId": graph, "graphAudience": "https://graph.windows.net/", "gallery": c.origin + "/", "batch": "https://batch.core.windows.net/",
		"media": "https://rest.media.azure.net", "vmImageAliasDoc": "https://raw.githubusercontent.com/Azure/azure-rest-api-specs/main/arm-compute/quickstart-templates/aliases.json",
		"sqlManagement": "https://management.core.windows.net:8443/", "activeDirectoryDataLake": "https://datalake.azure.net/",
		"authentication": map[string]any{"loginEndpoint": strings.TrimSuffix(login, "/"), "audiences": audiences, "tenant": "common", "identityProvider": "AAD"},
		"suffixes":       map[string]any{"keyVaultDns": "vault.azure.net", "storage": "core.windows.net", "acrLoginServer": "azurecr.io", "sqlServerHostname": "database.windows.net"},
	}
}

// origin is the address of a service, in the kind of name that the client asked.
func (h *Handler) origin(c *call, of origin.Origin, own func() string) string {
	if _, microsoft := origin.Of(strings.TrimPrefix(c.origin, "https://")); microsoft {
		return "https://" + of.Names()[0]
	}
	return own()
}
