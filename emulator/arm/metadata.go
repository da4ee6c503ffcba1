package arm

import "strings"

// metadata describes the cloud to clients that ask where everything is. The
// shape changed with the versions: one object in 2015, a list of clouds in 2019,
// one cloud with all its endpoints since 2022.
func (h *Handler) metadata(c *call) (reply, *failure) {
	login := strings.TrimSuffix(h.LoginOrigin(), "/") + "/"
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
	graph := strings.TrimSuffix(h.GraphOrigin(), "/") + "/"
	return map[string]any{
		"name": "AzureCloud", "portal": "https://portal.azure.com", "resourceManager": c.origin, "graph": "https://graph.windows.net/",
		"microsoftGraphResourceId": graph, "graphAudience": "https://graph.windows.net/", "gallery": c.origin + "/", "batch": "https://batch.core.windows.net/",
		"media": "https://rest.media.azure.net", "vmImageAliasDoc": "https://raw.githubusercontent.com/Azure/azure-rest-api-specs/main/arm-compute/quickstart-templates/aliases.json",
		"sqlManagement": "https://management.core.windows.net:8443/", "activeDirectoryDataLake": "https://datalake.azure.net/",
		"authentication": map[string]any{"loginEndpoint": strings.TrimSuffix(login, "/"), "audiences": audiences, "tenant": "common", "identityProvider": "AAD"},
		"suffixes":       map[string]any{"keyVaultDns": "vault.azure.net", "storage": "core.windows.net", "acrLoginServer": "azurecr.io", "sqlServerHostname": "database.windows.net"},
	}
}
