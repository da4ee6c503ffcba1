package graph

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"latchkey/csp"
	"latchkey/emulator/odata"
	"latchkey/emulator/registry"
	"latchkey/emulator/wire"
	"latchkey/emulator/world"
)

const writeApps = "Application.ReadWrite.All Application.ReadWrite.OwnedBy " + writeDirectory

// applicationRoutes are those that change registrations and service principals.
func (h *Handler) applicationRoutes() []route {
	table := []route{
		{"POST", "/applications", writeApps, "", h.createApplication},
		{"POST", "/servicePrincipals", writeApps, "", h.createPrincipal},
	}
	for _, one := range []string{"/applications/{application}", "/applications/{appId=client}"} {
		table = append(table,
			route{"PATCH", one, writeApps, "", h.patchApplication},
			route{"DELETE", one, writeApps, "", h.deleteApplication},
			route{"POST", one + "/addPassword", writeApps, "", h.addPassword},
			route{"POST", one + "/removePassword", writeApps, "", h.removePassword},
			route{"GET", one + "/owners", readApps, actionReadApps, h.listAppOwners},
			route{"POST", one + "/owners/$ref", writeApps, "", h.addAppOwner},
			route{"DELETE", one + "/owners/{owner}/$ref", writeApps, "", h.removeAppOwner},
		)
	}
	for _, one := range []string{"/servicePrincipals/{principal}", "/servicePrincipals/{appId=client}"} {
		table = append(table,
			route{"PATCH", one, writeApps, "", h.patchPrincipal},
			route{"DELETE", one, writeApps, "", h.deletePrincipal},
			route{"POST", one + "/addPassword", writeApps, "", h.addPassword},
			route{"POST", one + "/removePassword", writeApps, "", h.removePassword},
			route{"GET", one + "/owners", readApps, actionReadSPs, h.listPrincipalOwners},
		)
	}
	return table
}

func applicationEntity(c *call, app registry.App) odata.Entity {
	e := blank(applicationType)
	maps.Copy(e, odata.Entity{
		"appRoles": []odata.Entity{}, "requiredResourceAccess": []odata.Entity{}, "api": odata.Entity{"oauth2PermissionScopes": []odata.Entity{}},
	})
	maps.Copy(e, app.Shown)
	texts := func(list []string) []string { return slices.Concat([]string{}, list) }
	maps.Copy(e, odata.Entity{
		// The object id of a registration is not its client id; the world keeps
		// none, so that it is the client id turned round.
		"id": registrationID(app.ID), "appId": app.ID.String(), "displayName": app.Name, "signInAudience": audienceOf(app), "publisherDomain": c.tenant.DefaultDomain.String(),
		"web":          odata.Entity{"redirectUris": texts(app.RedirectURIs), "implicitGrantSettings": odata.Entity{"enableIdTokenIssuance": app.IDTokens, "enableAccessTokenIssuance": false}},
		"spa":          odata.Entity{"redirectUris": texts(app.BrowserURIs)},
		"publicClient": odata.Entity{"redirectUris": []string{}}, "isFallbackPublicClient": app.PublicFlows, "identifierUris": texts(app.URIs),
		"keyCredentials": keyEntities(app), "passwordCredentials": passwordEntities(app),
	})
	return e
}

func keyEntities(app registry.App) []odata.Entity {
	list := []odata.Entity{}
	for _, kept := range app.Certificates {
		cert, err := kept.Parse()
		if err != nil {
			continue
		}
		sha1, _ := kept.Thumbprints()
		list = append(list, odata.Entity{
			"keyId": keyID(kept), "type": "AsymmetricX509Cert", "usage": "Verify", "key": nil, "displayName": cert.Subject.String(), "customKeyIdentifier": fmt.Sprintf("%X", sha1),
			"startDateTime": odata.Moment(cert.NotBefore), "endDateTime": odata.Moment(cert.NotAfter),
		})
	}
	return list
}

// keyID is made of the certificate's thumbprint.
func keyID(c registry.Certificate) string {
	_, sum := c.Thumbprints()
	return csp.ID[registry.Secret](sum[:16]).String()
}

func passwordEntities(app registry.App) []odata.Entity {
	list := []odata.Entity{}
	if app.Secret != "" { // one without an end, which has no id of its own
		list = append(list, passwordEntity(registry.Secret{ID: csp.ID[registry.Secret](app.ID), Value: app.Secret}))
	}
	for _, s := range app.Secrets {
		list = append(list, passwordEntity(s))
	}
	return list
}

func passwordEntity(s registry.Secret) odata.Entity {
	return odata.Entity{
		"keyId": s.ID.String(), "displayName": odata.OrNull(s.Name), "hint": s.Value[:min(3, len(s.Value))], "secretText": nil, "customKeyIdentifier": nil,
		"startDateTime": odata.Moment(s.Created), "endDateTime": odata.Moment(s.Expires),
	}
}

// redirects is the part of a registration that has addresses to return to.
type redirects struct {
	URIs     []string `json:"redirectUris"`
	Implicit *struct {
		IDTokens *bool `json:"enableIdTokenIssuance"`
	} `json:"implicitGrantSettings"`
}

type applicationAsk struct {
	Name         *string          `json:"displayName"`
	Audience     *string          `json:"signInAudience"`
	URIs         []string         `json:"identifierUris"`
	Web          *redirects       `json:"web"`
	SPA          *redirects       `json:"spa"`
	PublicClient *redirects       `json:"publicClient"`
	Public       *bool            `json:"isFallbackPublicClient"`
	Keys         *[]keyCredential `json:"keyCredentials"`
}

type keyCredential struct {
	ID   string `json:"keyId"`
	Type string `json:"type"`
	Key  string `json:"key"`
}

// read changes the registration by what was sent.
func (ask applicationAsk) read(c *call, app *registry.App) *failure {
	if ask.Name != nil {
		app.Name = *ask.Name
	}
	if app.Name == "" {
		return badRequest("A value is required for property 'displayName' of resource 'Application'.")
	}
	if ask.Audience != nil {
		switch *ask.Audience {
		case "AzureADMyOrg":
			app.MultiTenant = false
		case "AzureADMultipleOrgs", "AzureADandPersonalMicrosoftAccount":
			app.MultiTenant = true
		default:
			return badRequest("Invalid value specified for property 'signInAudience' of resource 'Application'.")
		}
	}
	if ask.URIs != nil {
		app.URIs = ask.URIs
	}
	if ask.Public != nil {
		app.PublicFlows = *ask.Public
	}
	if web := ask.Web; web != nil {
		if web.URIs != nil {
			app.RedirectURIs = web.URIs
		}
		if web.Implicit != nil && web.Implicit.IDTokens != nil {
			app.IDTokens = *web.Implicit.IDTokens
		}
	}
	if ask.PublicClient != nil && len(ask.PublicClient.URIs) > 0 { // kept among the others
		app.RedirectURIs = slices.Concat(app.RedirectURIs, slices.DeleteFunc(ask.PublicClient.URIs, func(u string) bool { return slices.Contains(app.RedirectURIs, u) }))
	}
	if ask.SPA != nil {
		app.BrowserURIs = ask.SPA.URIs
	}
	if ask.Keys != nil {
		if f := readKeys(*ask.Keys, app); f != nil {
			return f
		}
	}
	return ask.readShown(c, app)
}

// readKeys replaces the certificates; one that is named by its id alone stays.
func readKeys(keys []keyCredential, app *registry.App) *failure {
	var certificates []registry.Certificate
	for _, k := range keys {
		if k.Key == "" {
			at := slices.IndexFunc(app.Certificates, func(kept registry.Certificate) bool { return strings.EqualFold(keyID(kept), k.ID) })
			if at < 0 {
				return badRequest("New credentials need a value for the property 'key'.")
			}
			certificates = append(certificates, app.Certificates[at])
			continue
		}
		der, err := base64.StdEncoding.DecodeString(k.Key)
		if err != nil {
			return badRequest("Key credential has an invalid format.")
		}
		one := registry.Certificate{DER: der}
		if _, err := one.Parse(); err != nil || k.Type != "" && !strings.EqualFold(k.Type, "AsymmetricX509Cert") {
			return badRequest("Key credential has an invalid format: this emulator takes X.509 certificates.")
		}
		certificates = append(certificates, one)
	}
	app.Certificates = certificates
	return nil
}

// readShown keeps the properties that are only shown.
func (ask applicationAsk) readShown(c *call, app *registry.App) *failure {
	var body map[string]json.RawMessage
	if f := c.decode(&body); f != nil {
		return f
	}
	played := []string{"displayName", "signInAudience", "identifierUris", "web", "spa", "publicClient", "isFallbackPublicClient", "keyCredentials"}
	for name, raw := range body {
		_, known := applicationType.Properties[name]
		switch {
		case strings.Contains(name, "@odata") || slices.Contains(played, name):
			continue
		case !known:
			return badRequest("Invalid property '" + wire.Clip(name) + "'.")
		case slices.Contains([]string{"id", "appId", "createdDateTime", "deletedDateTime", "publisherDomain", "passwordCredentials"}, name):
			return badRequest("Property '" + name + "' is read-only and cannot be set.")
		case len(raw) > maxDetail:
			return badRequest("Invalid value specified for property '" + name + "' of resource 'Application'.")
		}
		var value any
		if err := json.Unmarshal(raw, &value); err != nil || value == nil {
			delete(app.Shown, name)
			continue
		}
		if app.Shown == nil {
			app.Shown = make(map[string]any)
		}
		app.Shown[name] = value
	}
	return nil
}

// createApplication registers an application. Every member of a directory may, and
// then owns it.
func (h *Handler) createApplication(c *call) (reply, *failure) {
	if !h.may(c, writeApps, "microsoft.directory/applications/create") && (c.isApp() || !h.isMember(c)) {
		return reply{}, denied()
	}
	var ask applicationAsk
	if f := c.decode(&ask); f != nil {
		return reply{}, f
	}
	var app registry.App
	if f := ask.read(c, &app); f != nil {
		return reply{}, f
	}
	if _, known := h.objectEntity(c.tenant, c.caller.Object); known {
		app.Owners = []csp.ObjectID{c.caller.Object}
	}
	app, err := c.as().AddApp(app)
	if err != nil {
		return reply{}, applicationFailure(err, app.Name)
	}
	return c.createdOne(collection{on: applicationType, context: "applications"}, applicationEntity(c, app), "/applications/"+registrationID(app.ID))
}

func applicationFailure(err error, name string) *failure {
	switch world.LawOf(err) {
	case world.NameTaken:
		return badRequest("Another object with the same value for property identifierUris already exists.")
	case world.BadName:
		return badRequest(err.Error())
	}
	return refusalFailure(err, name)
}

// findApplication is the registration that the path names, by its object id or
// its client id, if the caller may do something with it.
func (h *Handler) findApplication(c *call, what string) (registry.App, *failure) {
	for _, app := range c.tenant.Apps() {
		if strings.EqualFold(registrationID(app.ID), c.params["application"]) || strings.EqualFold(app.ID.String(), c.params["client"]) {
			return app, h.mayChangeApp(c, app, "microsoft.directory/applications/"+what)
		}
	}
	return registry.App{}, notFound(c.params["application"] + c.params["client"])
}

// mayChangeApp asks for the right to change an application: by a role or, for its
// owners, without one. An application that may change only its own has to own it.
func (h *Handler) mayChangeApp(c *call, app registry.App, action string) *failure {
	owns := slices.Contains(app.Owners, c.caller.Object)
	switch {
	case c.isApp() && c.hasPermission("Application.ReadWrite.All Directory.ReadWrite.All"):
	case h.mayInDirectory(c, action):
	case owns && c.hasPermission(writeApps):
	default:
		return denied()
	}
	return nil
}

func (h *Handler) patchApplication(c *call) (reply, *failure) {
	var ask applicationAsk
	if f := c.decode(&ask); f != nil {
		return reply{}, f
	}
	what := "basic/update"
	if ask.Keys != nil {
		what = "credentials/update"
	}
	app, f := h.findApplication(c, what)
	if f != nil {
		return reply{}, f
	}
	if f := ask.read(c, &app); f != nil {
		return reply{}, f
	}
	if err := c.as().SetApp(app); err != nil {
		return reply{}, applicationFailure(err, app.Name)
	}
	return noContent()
}

func (h *Handler) deleteApplication(c *call) (reply, *failure) {
	app, f := h.findApplication(c, "delete")
	if f != nil {
		return reply{}, f
	}
	if err := c.as().RemoveApp(app.ID); err != nil {
		return reply{}, refusalFailure(err, app.Name)
	}
	return noContent()
}

// credentialsOf is the registration whose passwords the path is about; those of a
// service principal are its registration's, which has to be of this tenant.
func (h *Handler) credentialsOf(c *call) (registry.App, *failure) {
	if c.params["principal"] == "" && !strings.Contains(strings.ToLower(c.path), "/serviceprincipals") {
		return h.findApplication(c, "credentials/update")
	}
	sp, f := h.findPrincipal(c)
	if f != nil {
		return registry.App{}, f
	}
	app, known := h.World.App(sp.App)
	if !known || app.Home != c.tenant.ID {
		return app, badRequest("This emulator keeps no passwords with service principals of other tenants' applications.")
	}
	return app, h.mayChangeApp(c, app, "microsoft.directory/servicePrincipals/credentials/update")
}

// addPassword makes a secret. Its value is in this answer and nowhere else.
func (h *Handler) addPassword(c *call) (reply, *failure) {
	app, f := h.credentialsOf(c)
	if f != nil {
		return reply{}, f
	}
	var body struct {
		Credential struct {
			Name string     `json:"displayName"`
			End  *time.Time `json:"endDateTime"`
		} `json:"passwordCredential"`
	}
	if len(c.body) > 0 {
		if f := c.decode(&body); f != nil {
			return reply{}, f
		}
	}
	secret := registry.Secret{Name: body.Credential.Name}
	if end := body.Credential.End; end != nil {
		if secret.Expires = *end; !end.After(h.World.Now()) {
			return reply{}, badRequest("The end date of the credential must be in the future.")
		}
	}
	secret, err := h.World.AddSecret(c.actor, app.ID, secret)
	if err != nil {
		return reply{}, refusalFailure(err, app.Name)
	}
	e := passwordEntity(secret)
	e["secretText"], e["@odata.context"] = secret.Value, c.context("microsoft.graph.passwordCredential")
	return ok(e)
}

func (h *Handler) removePassword(c *call) (reply, *failure) {
	app, f := h.credentialsOf(c)
	if f != nil {
		return reply{}, f
	}
	var body struct {
		ID string `json:"keyId"`
	}
	if f := c.decode(&body); f != nil {
		return reply{}, f
	}
	id, err := csp.ParseID[registry.Secret](body.ID)
	if err != nil {
		return reply{}, badRequest("Invalid value specified for the parameter 'keyId'.")
	}
	if app.Secret != "" && id == csp.ID[registry.Secret](app.ID) {
		err = c.as().RemoveSecretOf(app.ID)
	} else {
		err = h.World.RemoveSecret(c.actor, app.ID, id)
	}
	if err != nil {
		return reply{}, badRequest("No password credential found with keyId " + id.String() + ".")
	}
	return noContent()
}

func (h *Handler) listAppOwners(c *call) (reply, *failure) {
	for _, app := range c.tenant.Apps() {
		if strings.EqualFold(registrationID(app.ID), c.params["application"]) || strings.EqualFold(app.ID.String(), c.params["client"]) {
			return c.list(collection{on: objectType, context: "directoryObjects", all: h.objects(c.tenant, app.Owners), typed: true})
		}
	}
	return reply{}, notFound(c.params["application"] + c.params["client"])
}

func (h *Handler) addAppOwner(c *call) (reply, *failure) {
	app, f := h.findApplication(c, "owners/update")
	if f != nil {
		return reply{}, f
	}
	id, f := c.reference()
	if f != nil {
		return reply{}, f
	}
	if err := c.as().AddAppOwner(app.ID, id); err != nil {
		return reply{}, memberFailure(err, "owners", id)
	}
	return noContent()
}

func (h *Handler) removeAppOwner(c *call) (reply, *failure) {
	app, f := h.findApplication(c, "owners/update")
	if f != nil {
		return reply{}, f
	}
	id, f := c.id("owner")
	if f != nil {
		return reply{}, f
	}
	if err := c.as().RemoveAppOwner(app.ID, id); err != nil {
		return reply{}, memberFailure(err, "owners", id)
	}
	return noContent()
}

// createPrincipal gives an application an account in this tenant, which consents
// to nothing: one of this tenant, of Microsoft, or one that is for many.
func (h *Handler) createPrincipal(c *call) (reply, *failure) {
	var body struct {
		App     string `json:"appId"`
		Enabled *bool  `json:"accountEnabled"`
	}
	if f := c.decode(&body); f != nil {
		return reply{}, f
	}
	id, err := csp.ParseID[registry.App](body.App)
	app, known := h.World.App(id)
	if err != nil || !known {
		return reply{}, badRequest("The appId '" + wire.Clip(body.App) + "' of the service principal does not reference a valid application object.")
	}
	if f := h.mayChangeApp(c, app, "microsoft.directory/servicePrincipals/create"); f != nil {
		return reply{}, f
	}
	if app.Home != c.tenant.ID && !app.MultiTenant && !app.OfMicrosoft() {
		return reply{}, &failure{status: http.StatusForbidden, code: "Authorization_RequestDenied", message: "When using this permission, the backing application of the service principal being created must in the local tenant"}
	}
	sp, err := c.tenant.Install(c.actor, id)
	if err != nil {
		if world.LawOf(err) == world.NameTaken {
			return reply{}, &failure{status: http.StatusConflict, code: "Request_MultipleObjectsWithSameKeyValue", message: "The service principal cannot be created, updated, or restored because the service principal name " + id.String() + " is already in use."}
		}
		return reply{}, refusalFailure(err, body.App)
	}
	if body.Enabled != nil && !*body.Enabled {
		sp.Disabled = true
		if err := c.tenant.SetServicePrincipal(c.actor, sp); err != nil {
			return reply{}, refusalFailure(err, sp.ID.String())
		}
	}
	return c.createdOne(collection{on: principalType, context: "servicePrincipals"}, h.principalEntity(sp), "/servicePrincipals/"+sp.ID.String())
}

func (h *Handler) findPrincipal(c *call) (world.ServicePrincipal, *failure) {
	for _, sp := range c.tenant.ServicePrincipals() {
		if strings.EqualFold(sp.ID.String(), c.params["principal"]) || strings.EqualFold(sp.App.String(), c.params["client"]) {
			return sp, nil
		}
	}
	return world.ServicePrincipal{}, notFound(c.params["principal"] + c.params["client"])
}

// changeablePrincipal is findPrincipal for whoever may do something with it.
func (h *Handler) changeablePrincipal(c *call, what string) (world.ServicePrincipal, *failure) {
	sp, f := h.findPrincipal(c)
	if f != nil {
		return sp, f
	}
	app, _ := h.World.App(sp.App)
	if app.Home != c.tenant.ID {
		app.Owners = nil // they own it where it is registered
	}
	return sp, h.mayChangeApp(c, app, "microsoft.directory/servicePrincipals/"+what)
}

func (h *Handler) patchPrincipal(c *call) (reply, *failure) {
	var body struct {
		Enabled  *bool `json:"accountEnabled"`
		Required *bool `json:"appRoleAssignmentRequired"`
	}
	if f := c.decode(&body); f != nil {
		return reply{}, f
	}
	what := "basic/update"
	if body.Enabled != nil {
		what = "enable"
		if !*body.Enabled {
			what = "disable"
		}
	}
	sp, f := h.changeablePrincipal(c, what)
	if f != nil {
		return reply{}, f
	}
	details, f := c.details(principalType, "accountEnabled", "appRoleAssignmentRequired")
	if f != nil {
		return reply{}, f
	}
	for _, fixed := range []string{"appId", "displayName", "appDisplayName", "appOwnerOrganizationId", "servicePrincipalType", "signInAudience", "servicePrincipalNames", "replyUrls"} {
		if _, sent := details[fixed]; sent {
			return reply{}, badRequest("Property '" + fixed + "' follows the application and cannot be set in this emulator.")
		}
	}
	if body.Enabled != nil {
		sp.Disabled = !*body.Enabled
	}
	if body.Required != nil {
		sp.AssignmentRequired = *body.Required
	}
	if body.Enabled != nil || body.Required != nil {
		if err := c.tenant.SetServicePrincipal(c.actor, sp); err != nil {
			return reply{}, refusalFailure(err, sp.ID.String())
		}
	}
	if err := c.as().SetDetails(sp.ID, details); err != nil {
		return reply{}, refusalFailure(err, sp.ID.String())
	}
	return noContent()
}

func (h *Handler) deletePrincipal(c *call) (reply, *failure) {
	sp, f := h.changeablePrincipal(c, "delete")
	if f != nil {
		return reply{}, f
	}
	if err := c.tenant.RemoveServicePrincipal(c.actor, sp.ID); err != nil {
		return reply{}, refusalFailure(err, sp.ID.String())
	}
	return noContent()
}

// listPrincipalOwners: a service principal has no owners here.
func (h *Handler) listPrincipalOwners(c *call) (reply, *failure) {
	if _, f := h.findPrincipal(c); f != nil {
		return reply{}, f
	}
	return c.list(collection{on: objectType, context: "directoryObjects", typed: true})
}
