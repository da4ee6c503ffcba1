package partnercenter

import (
	"net/http"
	"strings"
	"time"

	"latchkey/csp"
	"latchkey/emulator/world"
)

type subscriptionBody struct {
	ID            string     `json:"id"`
	OfferName     string     `json:"offerName"`
	FriendlyName  string     `json:"friendlyName"`
	Quantity      int        `json:"quantity"`
	UnitType      string     `json:"unitType"`
	CreationDate  string     `json:"creationDate"`
	Status        string     `json:"status"`
	AutoRenew     bool       `json:"autoRenewEnabled"`
	BillingType   string     `json:"billingType"`
	BillingCycle  string     `json:"billingCycle"`
	ContractType  string     `json:"contractType"`
	PartnerID     string     `json:"partnerId"`
	ProductType   productRef `json:"productType"`
	Links         *links     `json:"links"`
	Attributes    attributes `json:"attributes"`
	IsMicrosoft   bool       `json:"isMicrosoftProduct"`
	PublisherName string     `json:"publisherName"`
}

type productRef struct {
	ID          string `json:"id"`
	DisplayName string `json:"displayName"`
}

func subscriptionOf(s world.CommerceSubscription) subscriptionBody {
	b := subscriptionBody{
		ID: s.ID.String(), OfferName: s.Offer, FriendlyName: s.Name, Quantity: s.Quantity, UnitType: "Licenses", Status: string(s.Status),
		CreationDate: stamp(s.Created), AutoRenew: s.Status == world.CommerceActive, BillingType: "license", BillingCycle: "monthly",
		ContractType: "subscription", PartnerID: s.Partner.String(), ProductType: productRef{"OnlineServicesNCE", "OnlineServices"},
		Links:      &links{Self: linkTo("/customers/" + s.Customer.String() + "/subscriptions/" + s.ID.String())},
		Attributes: isA("Subscription"), IsMicrosoft: true, PublisherName: "Microsoft Corporation",
	}
	if s.AzurePlan {
		b.UnitType, b.BillingType, b.ProductType = "Usage", "usage", productRef{"Azure", "Azure"}
	}
	return b
}

func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format("2006-01-02T15:04:05.0000000Z")
}

func (h *Handler) listSubscriptions(c *call) (reply, *failure) {
	items := []subscriptionBody{}
	for _, s := range h.World.CommerceOf(c.partner.ID, c.customer.ID) {
		items = append(items, subscriptionOf(s))
	}
	return all(c, items)
}

// subscription finds the commerce subscription that is the second name in the path.
func (h *Handler) subscription(c *call) (world.CommerceSubscription, *failure) {
	id, err := csp.ParseID[world.CommerceSubscription](c.names[1])
	if err != nil {
		return world.CommerceSubscription{}, noSuchSubscription(c.names[1])
	}
	for _, s := range h.World.CommerceOf(c.partner.ID, c.customer.ID) {
		if s.ID == id {
			return s, nil
		}
	}
	return world.CommerceSubscription{}, noSuchSubscription(c.names[1])
}

func (h *Handler) getSubscription(c *call) (reply, *failure) {
	s, f := h.subscription(c)
	if f != nil {
		return reply{}, f
	}
	return ok(subscriptionOf(s))
}

// patchSubscription suspends a subscription or brings it back; suspending an
// Azure plan cancels every Azure subscription in it.
func (h *Handler) patchSubscription(c *call) (reply, *failure) {
	s, f := h.subscription(c)
	if f != nil {
		return reply{}, f
	}
	var ask struct{ Status string }
	if f := c.decode(&ask); f != nil {
		return reply{}, f
	}
	status := world.CommerceStatus(strings.ToLower(ask.Status))
	switch status {
	case world.CommerceActive, world.CommerceSuspended, world.CommerceDeleted:
	default:
		return reply{}, invalidProperty("status")
	}
	if s.Status == world.CommerceDeleted && status != world.CommerceDeleted {
		return reply{}, &failure{status: http.StatusBadRequest, code: "2011", description: "Subscription with id " + s.ID.String() + " and deleted status cannot be updated."}
	}
	changed, err := h.World.SetCommerceStatus(c.actor, s, status)
	if err != nil {
		return reply{}, refusalFailure(err)
	}
	return ok(subscriptionOf(changed))
}

type entitlementBody struct {
	ID             string     `json:"id"`
	FriendlyName   string     `json:"friendlyName"`
	Status         string     `json:"status"`
	SubscriptionID string     `json:"subscriptionId"`
	Links          *links     `json:"links"`
	Attributes     attributes `json:"attributes"`
}

func entitlementOf(plan world.CommerceSubscription, s world.Subscription, disabled bool) entitlementBody {
	b := entitlementBody{
		ID: s.ID.String(), FriendlyName: s.Name, Status: "active", SubscriptionID: s.ID.String(), Attributes: isA("AzureEntitlement"),
		Links: &links{Self: linkTo("/customers/" + plan.Customer.String() + "/subscriptions/" + plan.ID.String() + "/azureEntitlements/" + s.ID.String())},
	}
	if disabled {
		b.Status = "canceled"
	}
	return b
}

func (h *Handler) listEntitlements(c *call) (reply, *failure) {
	plan, f := h.azurePlan(c)
	if f != nil {
		return reply{}, f
	}
	items := []entitlementBody{}
	for _, s := range h.World.AzureSubscriptionsOf(plan) {
		items = append(items, entitlementOf(plan, s, h.World.IsDisabled(s.ID)))
	}
	return all(c, items)
}

func (h *Handler) azurePlan(c *call) (world.CommerceSubscription, *failure) {
	plan, f := h.subscription(c)
	if f == nil && !plan.AzurePlan {
		return plan, invalidInput("The subscription is no Azure plan.")
	}
	return plan, f
}

// entitlement finds the Azure subscription that is the third name in the path.
func (h *Handler) entitlement(c *call) (world.CommerceSubscription, world.Subscription, *failure) {
	plan, f := h.azurePlan(c)
	if f != nil {
		return plan, world.Subscription{}, f
	}
	id, err := csp.ParseID[csp.Subscription](c.names[2])
	if err == nil {
		for _, s := range h.World.AzureSubscriptionsOf(plan) {
			if s.ID == id {
				return plan, s, nil
			}
		}
	}
	return plan, world.Subscription{}, notFound("The Azure entitlement")
}

func (h *Handler) getEntitlement(c *call) (reply, *failure) {
	plan, s, f := h.entitlement(c)
	if f != nil {
		return reply{}, f
	}
	return ok(entitlementOf(plan, s, h.World.IsDisabled(s.ID)))
}

func (h *Handler) patchEntitlement(c *call) (reply, *failure) {
	var ask struct{ Status string }
	if f := c.decode(&ask); f != nil {
		return reply{}, f
	}
	switch strings.ToLower(ask.Status) {
	case "canceled", "cancelled", "suspended":
		return h.setEntitlement(c, true, http.StatusOK)
	case "active":
		return h.setEntitlement(c, false, http.StatusOK)
	}
	return reply{}, invalidProperty("status")
}

func (h *Handler) cancelEntitlement(c *call) (reply, *failure) {
	return h.setEntitlement(c, true, http.StatusAccepted)
}

func (h *Handler) reactivateEntitlement(c *call) (reply, *failure) {
	return h.setEntitlement(c, false, http.StatusAccepted)
}

// setEntitlement cancels an Azure subscription or brings it back. The partner
// needs no role in it for that, nor a way into the customer's tenant.
func (h *Handler) setEntitlement(c *call, disabled bool, status int) (reply, *failure) {
	plan, s, f := h.entitlement(c)
	if f != nil {
		return reply{}, f
	}
	if err := h.World.SetDisabled(c.actor, s.ID, disabled); err != nil {
		return reply{}, refusalFailure(err)
	}
	return reply{status: status, body: entitlementOf(plan, s, disabled)}, nil
}
