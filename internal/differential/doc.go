// Package differential holds the two readings of docs/model.md against each
// other: package access, which predicts from facts, and package emulator, which
// enforces like the platform. It has tests only.
//
// Each test draws random worlds, loads the same facts into both, and asks both
// about the same account, tenant, action and place. Has must be allowed; CanGet
// and HasNot must be refused; Unknown must have a reason in the facts. Part of the
// questions go the whole way: the account signs in to the emulator over HTTP and
// the official Azure client tries the act with its token.
//
// A difference is a mistake in one of the two readings. The model says in which.
package differential
