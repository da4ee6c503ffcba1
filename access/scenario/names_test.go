package scenario_test

import (
	"testing"

	"latchkey/access"
	"latchkey/access/scenario"
	"latchkey/csp"
)

func TestASubscriptionWhoseNameIsNotItsOwnIsCalledByItsID(t *testing.T) {
	one, other := subscriptionNumber(1), subscriptionNumber(2)
	n := scenario.NamesOf(csp.Facts{Subscriptions: []csp.Subscription{{ID: one, Name: "shop"}, {ID: other, Name: "shop"}}})
	scope := csp.SubscriptionScopeOf(other)
	if got := n.PlaceName(access.At(scope)); got != other.String() {
		t.Errorf("one of two subscriptions named shop is called %q, want its id", got)
	}
}

func subscriptionNumber(n byte) (id csp.SubscriptionID) {
	id[15] = n
	return id
}
