// Package archtest holds tests about the house itself: which room may know
// which, and that documents and code name the same things.
package archtest
