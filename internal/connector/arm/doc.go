// Package arm makes grants real in Azure: as role assignments, through Azure
// Resource Manager and Microsoft's own SDK.
//
// Its promises, each tested by package connectortest:
//
//   - It touches the one object an order names, and only while that object is
//     provably ours: our name, scope, role and principal, and our marker in its
//     description (I7). It looks before it makes and before it removes.
//   - An answer is done, not done, or unknown. What might have been carried out
//     is unknown, however likely the opposite (security by outcome.go's table).
//   - No PUT is sent after the order's StartBefore (I6), and none is repeated
//     here: the heart decides whether a second try is still in time.
//   - Absence is only what Azure calls absence. A subscription that cannot be
//     seen any more, a refusal or silence is no proof that access is gone.
//
// Azure may take up to ten minutes to let a change work everywhere; nothing here
// can see or shorten that.
package arm
