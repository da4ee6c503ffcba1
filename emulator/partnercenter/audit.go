package partnercenter

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"latchkey/csp"
	"latchkey/emulator/world"
)

type auditBody struct {
	PartnerID         string         `json:"partnerId"`
	CustomerID        string         `json:"customerId"`
	CustomerName      string         `json:"customerName"`
	UserPrincipalName string         `json:"userPrincipalName"`
	ApplicationID     string         `json:"applicationId"`
	ResourceType      string         `json:"resourceType"`
	ResourceOldValue  string         `json:"resourceOldValue"`
	ResourceNewValue  string         `json:"resourceNewValue"`
	OperationType     string         `json:"operationType"`
	OperationDate     string         `json:"operationDate"`
	OperationStatus   string         `json:"operationStatus"`
	CustomizedData    []customizedKV `json:"customizedData"`
	Attributes        attributes     `json:"attributes"`

	number int64 // of the event
}

type customizedKV struct {
	Key   string `json:"key"`
	Value string `json:"value"`
}

// audited says under which names an event of the world stands in the audit
// records; what is not here does not stand there.
var audited = map[world.EventKind]struct{ operation, resource string }{
	world.CustomerCreated:     {"add_customer", "customer"},
	world.CustomerDeleted:     {"delete_customer", "customer"},
	world.ProfileChanged:      {"update_customer_billing_profile", "customer"},
	world.ResellerAccepted:    {"create_partner_relationship", "partner_relationship"},
	world.ResellerRemoved:     {"remove_partner_customer_relationship", "customer"},
	world.CommerceChanged:     {"update_subscription", "subscription"},
	world.SubscriptionChanged: {"update_subscription", "subscription"},
	world.AgentAdded:          {"update_partner_user", "partner_user"},
	world.AgentRemoved:        {"update_partner_user", "partner_user"},
}

// listAuditRecords reads the audit records off the world's history: what this
// partner did, and what others did to its relationships.
func (h *Handler) listAuditRecords(c *call) (reply, *failure) {
	from, f := readDate(c.query.Get("startDate"), time.Time{})
	if f != nil {
		return reply{}, f
	}
	to, f := readDate(c.query.Get("endDate"), h.World.Now())
	if f != nil {
		return reply{}, f
	}
	if to.Equal(to.Truncate(24 * time.Hour)) {
		to = to.Add(24*time.Hour - 1) // a day is meant as a whole
	}
	keep, f := readAuditFilter(c.query.Get("filter"))
	if f != nil {
		return reply{}, f
	}
	items := []auditBody{}
	for _, e := range h.World.History() {
		name, isAudited := audited[e.Kind]
		if !isAudited || e.Effect.Before(from) || e.Effect.After(to) || (e.Partner != c.partner.ID && e.By.Tenant != c.partner.ID) {
			continue
		}
		b := auditBody{
			PartnerID: c.partner.ID.String(), CustomerID: e.Tenant.String(), UserPrincipalName: e.By.Name, ApplicationID: e.By.Client.String(),
			ResourceType: name.resource, ResourceNewValue: e.Subject, OperationType: name.operation, OperationDate: stamp(e.Effect),
			OperationStatus: "succeeded", CustomizedData: []customizedKV{}, Attributes: isA("AuditRecord"), number: e.Number,
		}
		if t, known := h.World.Tenant(e.Tenant); known {
			b.CustomerName = t.Name
		}
		if keep(b) {
			items = append(items, b)
		}
	}
	return page(c, items, func(b auditBody) string { return fmt.Sprintf("%012d", b.number) })
}

func readDate(raw string, missing time.Time) (time.Time, *failure) {
	if raw == "" {
		if missing.IsZero() {
			return missing, invalidInput("startDate is required.")
		}
		return missing, nil
	}
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04:05", "2006-01-02", "01/02/2006", "1/2/2006"} {
		if t, err := time.Parse(layout, raw); err == nil {
			return t.UTC(), nil
		}
	}
	return missing, invalidInput("The date " + clip(raw) + " could not be read: want 2026-11-02.")
}

func readAuditFilter(raw string) (func(auditBody) bool, *failure) {
	if raw == "" {
		return func(auditBody) bool { return true }, nil
	}
	var ask struct{ Field, Value, Operator string }
	if err := json.Unmarshal([]byte(raw), &ask); err != nil {
		return nil, invalidInput("The filter could not be read: want JSON with Field, Value and Operator.")
	}
	var field func(auditBody) string
	switch strings.ToLower(ask.Field) {
	case "customerid":
		if _, err := csp.ParseID[csp.Tenant](ask.Value); err != nil {
			return nil, invalidInput("The filter's value must be a customer id.")
		}
		field = func(b auditBody) string { return b.CustomerID }
	case "companyname":
		field = func(b auditBody) string { return b.CustomerName }
	case "resourcetype":
		field = func(b auditBody) string { return strings.ReplaceAll(b.ResourceType, "_", "") }
		ask.Value = strings.ReplaceAll(ask.Value, "_", "")
	default:
		return nil, invalidInput("The filter's field must be CustomerId, CompanyName or ResourceType.")
	}
	value := strings.ToLower(ask.Value)
	switch strings.ToLower(ask.Operator) {
	case "equals", "":
		return func(b auditBody) bool { return strings.EqualFold(field(b), value) }, nil
	case "substring":
		return func(b auditBody) bool { return strings.Contains(strings.ToLower(field(b)), value) }, nil
	}
	return nil, invalidInput("The filter's operator must be equals or substring.")
}
