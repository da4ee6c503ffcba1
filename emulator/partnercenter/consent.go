package partnercenter

import (
	"net/http"
	"strings"

	"latchkey/csp"
	"latchkey/emulator/registry"
)

type consentBody struct {
	ApplicationID     string      `json:"applicationId"`
	DisplayName       string      `json:"displayName"`
	ApplicationGrants []grantBody `json:"applicationGrants"`
	Attributes        attributes  `json:"attributes"`
}

type grantBody struct {
	EnterpriseApplicationID string `json:"enterpriseApplicationId"`
	Scope                   string `json:"scope"`
}

// consent gives one of the partner's applications an account in the customer's
// tenant and permissions there, in the name of the customer's people and of
// those the customer has delegated administration to.
func (h *Handler) consent(c *call) (reply, *failure) {
	var ask consentBody
	if f := c.decode(&ask); f != nil {
		return reply{}, f
	}
	app, f := h.application(c, ask.ApplicationID)
	if f != nil {
		return reply{}, f
	}
	type grant struct {
		resource registry.ClientID
		scopes   []string
	}
	var grants []grant
	for _, g := range ask.ApplicationGrants {
		id, err := csp.ParseID[registry.App](g.EnterpriseApplicationID)
		if err != nil || g.Scope == "" {
			return reply{}, invalidProperty("applicationGrants")
		}
		grants = append(grants, grant{id, strings.FieldsFunc(g.Scope, func(r rune) bool { return r == ',' || r == ' ' })})
	}
	if _, there := c.customer.ServicePrincipal(app.ID); there {
		return reply{}, &failure{status: http.StatusConflict, code: "600008", description: "Permission entry already exists."}
	}
	sp, err := c.customer.Install(c.actor, app.ID)
	if err != nil {
		return reply{}, refusalFailure(err)
	}
	for _, g := range grants {
		if _, err := c.customer.Consent(c.actor, app.ID, g.resource, csp.ObjectID{}, g.scopes...); err != nil {
			_ = c.customer.RemoveServicePrincipal(c.actor, sp.ID) // all or nothing
			return reply{}, refusalFailure(err)
		}
	}
	ask.DisplayName, ask.Attributes = app.Name, isA("ApplicationConsent")
	return created(ask)
}

// application reads the id of one of the partner's own applications, or of one
// that many tenants may use.
func (h *Handler) application(c *call, raw string) (registry.App, *failure) {
	id, err := csp.ParseID[registry.App](raw)
	if err != nil {
		return registry.App{}, invalidProperty("applicationId")
	}
	app, known := h.World.App(id)
	if !known || app.Home != c.partner.ID && !app.MultiTenant {
		return registry.App{}, notFound("The application")
	}
	return app, nil
}

func (h *Handler) withdrawConsent(c *call) (reply, *failure) {
	id, err := csp.ParseID[registry.App](c.names[1])
	if err != nil {
		return reply{}, invalidProperty("applicationId")
	}
	sp, there := c.customer.ServicePrincipal(id)
	if !there {
		return reply{}, notFound("The application consent")
	}
	if err := c.customer.RemoveServicePrincipal(c.actor, sp.ID); err != nil {
		return reply{}, refusalFailure(err)
	}
	return done()
}
