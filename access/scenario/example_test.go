package scenario_test

import (
	"fmt"

	"latchkey/access/scenario"
)

func ExampleCheck() {
	failures, err := scenario.Check("shop.txtar", `Can a Contributor let others in?

-- world --
customers:
  Contoso:
    users: [ann]
    subscriptions: {shop: {access: {Contributor: ann}}}
-- questions --
restart means Microsoft.Compute/virtualMachines/restart/action
assign means Microsoft.Authorization/roleAssignments/write

can ann restart at shop: has
can ann assign at shop: has
`)
	if err != nil {
		fmt.Println(err)
	}
	for _, failure := range failures {
		fmt.Println(failure.Line, failure.Text[:len("can ann assign at shop: has")])
	}
	// Output:
	// 13 can ann assign at shop: has
}
