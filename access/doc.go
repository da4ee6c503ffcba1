// Package access is the engine: facts about tenants go in, the truth about who
// can do what comes out. It is pure: no I/O, no clock, no randomness, and an
// Index is never changed once compiled.
//
//	                      +-- Can(question) --> Verdict
//	Facts -- Compile --> Index -- Why(question) --> Answer, with every path
//	                      +-- Who(action, place) --> Holders
//	                      +-- Reach(principal, action) --> Territory
//
// # How an answer is made
//
// The reading of the rules is written down as M1-M9 in docs/model.md, and the
// files follow it:
//
//  1. ask.go places the question: whose the principal is, whose the place. If
//     either is not among the facts, the answer ends here as Unknown.
//  2. stand.go follows memberships upwards (M1).
//  3. enter.go finds the ways into the tenant: home, guest, GDAP, DAP, the direct
//     link of the old rules; and Lighthouse, which needs none (M2).
//  4. right.go and directory.go find what each way may do there, on Azure and in
//     the directory (M3, M4).
//  5. deny.go takes away what is denied (M5).
//  6. become.go finds everybody he can act as by steps of his own (M7).
//  7. verdict.go weighs all of it, in three values: yes, no, and maybe where a fact
//     is missing (M6, M8, M9).
//
// Why goes the same way and tells what it meets (why.go, takes.go, miss.go). Who
// and Reach ask for everybody and everywhere. fast.go answers from tables what
// needs none of this, which is most of what is asked.
//
// # What is promised
//
//   - Unknown means that a fact is missing which could change the verdict, and the
//     answer names the fact, the tenant and why.
//   - Has is never mixed with CanGet. Every path says which of the two it gives.
//   - All paths are in the answer, and for HasNot what falls short. Where groups are
//     nested so densely that paths run into hundreds, the answer says that there
//     are more; the verdict is right all the same.
//   - The order of facts and the names of things change nothing. Taking a fact away
//     never adds access, but for those that take access away themselves: a
//     denial (R19), a guest account (R13), a GDAP assignment (R12).
//   - Can, Why, Who and Reach never disagree.
//
// # When facts are bad
//
// Compile refuses facts that contradict each other or name nothing. Facts that
// point to something unlisted are kept: an assignment of a role whose definition
// was not collected makes answers Unknown where it matters. What could not be
// collected must be said by a Gap; a list that is silently short is believed.
package access
