package clients_test

import (
	"strings"
	"testing"
)

// TestReinstatementByAzureCLI plays Microsoft's procedure for a partner whose
// rights in a customer's subscription were removed, by its own commands: the
// partner looks up the id of its AdminAgents, the customer assigns them Owner.
// The procedure as printed has two mistakes in its scopes; what they lead to is
// played as well.
func TestReinstatementByAzureCLI(t *testing.T) {
	need(t, "az")
	t.Parallel()
	v := newTown(t)
	subscription := v.sub.ID.String()

	// Before: Sue comes into the customer's tenant and sees no subscription.
	partner := v.az(t)
	sue := v.person(t, sueUPN, suePassword)
	if seen := partner.byDevice(t, sue, "--tenant", v.customer.ID.String(), "--allow-no-subscriptions"); strings.Contains(seen, subscription) {
		t.Fatalf("Sue sees the subscription before: %s", seen)
	}

	// The partner, in its own tenant: the id of the group.
	partner.byDevice(t, sue, "--tenant", v.partner.ID.String(), "--allow-no-subscriptions")
	agents := strings.TrimSpace(partner.run(t, "ad", "group", "show", "--group", "AdminAgents", "--query", "id", "--output", "tsv"))
	if agents != v.agents.ID.String() {
		t.Fatalf("AdminAgents: %q", agents)
	}
	// Still with the partner's token: the customer's subscription refuses it.
	partner.refused(t, []string{"InvalidAuthenticationTokenTenant"},
		"role", "assignment", "create", "--role", "Owner", "--assignee-object-id", agents, "--assignee-principal-type", "ForeignGroup", "--scope", "/subscriptions/"+subscription)

	// The customer: somebody who owns the subscription.
	customer := v.az(t)
	customer.byDevice(t, v.person(t, annaUPN, annaPassword), "--tenant", v.customer.ID.String())
	customer.run(t, "account", "set", "--subscription", subscription)
	create := func(scope string, more ...string) []string {
		return append([]string{"role", "assignment", "create", "--role", "Owner", "--assignee-object-id", agents, "--scope", scope}, more...)
	}

	// As printed: a doubled slash, which az itself refuses, and an id in quotation
	// marks, which it sends.
	before := len(v.world.Calls())
	customer.refused(t, []string{"Invalid scope"}, create("/subscriptions/"+subscription+"//resourceGroups/rg-desktops")...)
	for _, c := range v.callsSince(before) {
		if strings.Contains(c.Path, "roleAssignments") {
			t.Errorf("az sent %s %s", c.Method, c.Path)
		}
	}
	customer.refused(t, []string{"InvalidSubscriptionId", "malformed or invalid"}, create("/subscriptions/'"+subscription+"'", "--assignee-principal-type", "ForeignGroup")...)

	// As it must be, with the type and, as printed, without.
	for scope, more := range map[string][]string{
		"/subscriptions/" + subscription:                                 nil,
		"/subscriptions/" + subscription + "/resourceGroups/rg-desktops": {"--assignee-principal-type", "ForeignGroup"},
	} {
		var made assigned
		customer.read(t, &made, create(scope, more...)...)
		if made.PrincipalType != "ForeignGroup" || made.PrincipalID != agents || made.Scope != scope {
			t.Errorf("made: %+v", made)
		}
	}

	// After: Sue has it back.
	if seen := partner.byDevice(t, sue, "--tenant", v.customer.ID.String()); !strings.Contains(seen, subscription) {
		t.Errorf("Sue does not see the subscription after: %s", seen)
	}
	partner.run(t, "account", "set", "--subscription", subscription)
	partner.run(t, "group", "create", "--name", "rg-reinstated", "--location", "westeurope")
	if _, there := v.sub.ResourceGroup("rg-reinstated"); !there {
		t.Error("Sue's resource group is not there")
	}
}
