package partnercenter

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"latchkey/csp"
	"latchkey/emulator/wire"
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

// entry is how an event stands in the audit records.
type entry struct{ operation, resource string }

// audited are the events that stand there under one name, whatever they say.
var audited = map[world.EventKind]entry{
	world.CustomerCreated:     {"add_customer", "customer"},
	world.CustomerDeleted:     {"delete_customer", "customer"},
	world.ProfileChanged:      {"update_customer_billing_profile", "customer"},
	world.ResellerAccepted:    {"create_partner_relationship", "partner_customer_relationship"},
	world.ResellerRemoved:     {"remove_partner_customer_relationship", "partner_customer_relationship"},
	world.DAPRemoved:          {"dap_admin_relationship_terminated", "partner_customer_dap"},
	world.CommerceChanged:     {"update_subscription", "subscription"},
	world.SubscriptionChanged: {"update_subscription", "subscription"},
	world.AgentAdded:          {"update_partner_user", "partner_user"},
	world.AgentRemoved:        {"update_partner_user", "partner_user"},
	world.RelationshipCreated: {"granular_admin_relationship_created", "granular_admin_relationship"},
}

// inDirectory are the events about a directory: of a customer, or of the partner.
var inDirectory = map[world.EventKind]struct{ customers, own entry }{
	world.UserAdded:             {entry{"create_customer_user", "customer_user"}, entry{"create_partner_user", "partner_user"}},
	world.UserChanged:           {entry{"update_customer_user", "customer_user"}, entry{"update_partner_user", "partner_user"}},
	world.UserRemoved:           {entry{"delete_customer_user", "customer_user"}, entry{"remove_partner_user", "partner_user"}},
	world.DirectoryRoleAssigned: {entry{"add_user_member", "customer_directory_role"}, entry{"update_partner_user", "partner_user"}},
	world.DirectoryRoleRemoved:  {entry{"remove_user_member", "customer_directory_role"}, entry{"update_partner_user", "partner_user"}},
}

// delegations name what becomes of GDAP, by the state that it comes to.
var delegations = map[world.EventKind]map[string]entry{
	world.RelationshipChanged: {
		"approved": {"granular_admin_relationship_approved", "granular_admin_relationship"},
		"active":   {"granular_admin_relationship_activated", "granular_admin_relationship"},
		"created":  {"granular_admin_relationship_updated", "granular_admin_relationship"},
	},
	world.RelationshipEnded: {
		"terminated": {"granular_admin_relationship_terminated", "granular_admin_relationship"},
		"expired":    {"granular_admin_relationship_expired", "granular_admin_relationship"},
		"deleted":    {"granular_admin_relationship_deleted", "granular_admin_relationship"},
	},
	world.AccessChanged: {
		"pending": {"granular_admin_access_assignment_created", "granular_admin_access_assignment"},
		"active":  {"granular_admin_access_assignment_activated", "granular_admin_access_assignment"},
		"deleted": {"granular_admin_access_assignment_deleted", "granular_admin_access_assignment"},
	},
}

// entryOf says how an event stands in the partner's audit records, if it does.
func entryOf(e world.Event, partner csp.TenantID) (entry, bool) {
	if found, ok := audited[e.Kind]; ok {
		return found, true
	}
	if both, ok := inDirectory[e.Kind]; ok {
		if e.Tenant == partner {
			return both.own, true
		}
		return both.customers, true
	}
	state := e.Subject[strings.LastIndexByte(e.Subject, ' ')+1:]
	found, ok := delegations[e.Kind][state]
	return found, ok
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
		name, isAudited := entryOf(e, c.partner.ID)
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
	return missing, invalidInput("The date " + wire.Clip(raw) + " could not be read: want 2026-11-02.")
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
