// Package schedule is the state machine of privileged identity management: who
// asks for what from when to when, whether the policy allows it, and what stands
// at an instant. It is the same for roles of a directory, memberships of groups
// and roles on Azure resources, which are told apart by [Target] alone.
//
//	request --refused by a rule----------------> (an error; nothing is kept)
//	   |----needs somebody's decision-----------> PendingApproval, PendingAdminDecision --> Denied, Canceled, TimedOut
//	   |----begins later------------------------> Granted --at its beginning--> Provisioned
//	   |----begins now--------------------------> Provisioned
//	   |----takes away--------------------------> Revoked
//
//	schedule (what is to stand) --its time has come--> instance (what stands) --its end, or taken away--> gone
//
// A [Book] holds no clock and no lock: the instant is an argument, and whoever
// keeps it guards it. It changes nothing outside: [Book.Submit], [Book.Decide]
// and [Book.Advance] return the [Change]s that its keeper carries out, in the
// order in which they take effect.
//
// Promises: nothing stands before its beginning or at and after its end; an
// eligible schedule never stands as an active one; an activation never outlives
// the eligibility it rests on; nobody decides his own request; no active
// schedule is taken away in its first five minutes, as the service has it.
package schedule
