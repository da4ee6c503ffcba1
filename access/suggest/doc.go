// Package suggest finds the least right for a task: given people, actions and
// places at customers, the ways in which a partner's people can be let in, each
// with its roles, its steps, what stands in its way, what it gives too much, and
// a proof.
//
//	Facts + Task -- For --> suggestions, the least first
//
// # The ways
//
// They are the five of R33, their modern counterparts, and a grant through
// Latchkey; see [Mechanism]. A task that is about Azure and about directories needs
// a way for each, and all pairs of ways are tried.
//
// # The roles
//
// They are the least built-in ones that allow the actions; package leastrole says
// what least means. Where even these allow much more, a custom role with just the
// actions is tried as well.
//
// # The measure
//
// Suggestions are compared by what they give too much, in this order; the first
// difference decides:
//
//  1. customers that come into reach besides those of the task;
//  2. subscriptions that come into reach besides those of the task;
//  3. the class of the most dangerous role: read, standard, privileged;
//  4. how it stands: until an end, eligible, for ever;
//  5. published operations that the roles allow besides those of the task;
//  6. how many steps it takes to set up.
//
// "In reach" is meant for the actions of the task and includes what could be got
// and what is unknown.
//
// # The proof
//
// The facts that a suggestion would make are added to a copy of the facts, the copy
// is compiled, and the engine is asked. Everybody must have every action at every
// place (for what is eligible: be able to get it, and have it once activated);
// what is timed must be gone at its end; and no customer that is to stay out may
// have come into reach for anybody of the task. What fails is never suggested, and
// the result says why.
package suggest
