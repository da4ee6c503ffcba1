// Package leastrole finds the built-in roles that allow given actions and as
// little else as possible.
//
// # The measure
//
// A set of roles covers actions if each of them is allowed by one of the roles,
// without a condition (R18). Of two sets that cover, the less is, in this order:
//
//  1. the one whose most dangerous role is of the lower class (read before
//     standard before privileged);
//  2. the one with fewer rights, counted role by role;
//  3. the one with fewer roles;
//  4. the one whose names come first, so that the answer is always the same.
//
// The rights of a role are the published operations that it allows. No full list
// of operations is published with the roles, so the list used is every operation
// that some role of the catalogue names without an asterisk. An asterisk that
// covers operations no role names counts one more.
//
// The cover is exact, not a guess: all sets are weighed, by working up from
// the covers of fewer actions. That takes time that doubles with each action, and
// so no more than [MostActions] can be asked about at once.
package leastrole
