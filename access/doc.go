// Package access is the engine: facts about tenants go in, the truth about who
// can do what comes out. It is pure: no I/O, no clock, no randomness, and an
// Index is never changed once compiled.
//
//	Facts -- Compile --> Index -- Can(Question) --> Answer
//
// # How an answer is made
//
//  1. The question is placed: whose tenant the principal belongs to, whose the
//     scope. If either is not among the facts, the answer ends here as Unknown.
//  2. The principal's standing: every group a chain of memberships leads to, with
//     the firmest such chain. Cycles end where they began. Memberships and
//     assignments count as they are at the question's instant (R29).
//  3. The places at or above the scope: its text upwards to the subscription, from
//     there by the facts about management groups, up to the tenant's root (R17).
//  4. What gives it: each assignment at those places to someone in the standing
//     whose role allows the action (R18, R20, R31), once for each chain.
//  5. What he could do himself: activate what he is eligible for (R29), write
//     himself an assignment (R26), elevate as an administrator of the directory
//     (R15, R24).
//  6. What takes it away: deny assignments (R19).
//  7. The verdict is weighed from these, and what is missing is named.
//
// # What is promised
//
//   - Unknown means that a fact is missing which could change the verdict, and the
//     answer names the fact, the tenant and why. Facts that could change nothing
//     are not asked for: who surely has it, has it, whatever was not collected.
//   - Has is never mixed with CanGet. Every path says which of the two it gives.
//   - All paths are in the answer, and for HasNot what falls short. Where groups are
//     nested so densely that chains run into hundreds, the answer says that there
//     are more; the verdict is right all the same.
//   - The order of facts and the names of things change nothing. Taking an
//     assignment away never adds access.
//
// # What is not worked out yet
//
// It is Unknown, never No:
//
//   - a principal of one tenant and a scope of another, by DAP, GDAP, a foreign
//     principal or Lighthouse (R10-R13, R21, R22, R28): MissingSignIn;
//   - whom the holder of a privileged role could become by using it, as running
//     code on a machine makes one the machine's identity (R15, R26): MissingTakeover;
//   - conditions, on assignments, in roles and in denials: MissingCondition;
//   - a denial of a group whose membership the principal could activate:
//     MissingActivation.
//
// # When facts are bad
//
// Compile refuses facts that contradict each other or name nothing. Facts that
// point to something unlisted are kept: an assignment of a role whose definition
// was not collected makes answers Unknown where it matters. What could not be
// collected must be said by a Gap; a list that is silently short is believed.
package access
