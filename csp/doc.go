// Package csp holds the words of the field: tenants, principals, scopes, role
// definitions, role assignments and the relationships between a Cloud Solution
// Provider partner and its customers.
//
// It parses, prints and checks the shape of these things and knows no rule
// about who may do what; those live in package access (as a prediction) and in
// package emulator (as enforcement). It imports nothing but the standard
// library, and nothing in it touches a network, a database or a clock.
package csp
