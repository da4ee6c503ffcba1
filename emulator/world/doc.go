// Package world is the state of the emulated Microsoft cloud: tenants with their
// people, groups and applications, subscriptions with what lies in them, who
// holds which role where, and which partner has a relationship with which
// customer.
//
// It keeps the laws that Microsoft keeps and refuses, with a [Refusal], whatever
// would break one: a domain belongs to one tenant (R1), assignments go to
// principals of the subscription's tenant (R20) or to a related partner's group
// (R21), an assignment's name is unique in its tenant, locks hold (R27). It
// judges who may do what (R17-R19) by a plain and slow reading of the rules. The
// product's engine reads the same rules in another way; the two share no code,
// so that each can find the other's mistakes.
//
// Every change is written into a history with the moment it took effect and the
// moment its answer was sent, which tests hold against what the product
// believes. Time is the world's own: [Options].Now.
//
// A World is safe for concurrent use. What its methods return are copies.
package world
