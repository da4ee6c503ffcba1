// Package roleclass judges a role by what it allows, never by its name: how
// dangerous it is, why, and in words for a customer what it lets its holder do.
//
// It needs no facts about tenants, only a role definition. The table of dangers
// and its reasons are in danger.go; the judgement on every built-in role is kept
// in testdata/classes.txt, where a change shows.
package roleclass
