// Package connectortest is what every connector must do, as one suite of tests.
//
// A connector's own test makes a World - the emulator or another working fake of
// the service, never a recording - and calls Run. Every test gets a World of its
// own, and holds what the connector says against what the World knows.
//
// Faults is a transport that breaks HTTP exchanges in the ways networks and
// services do; a World whose service speaks HTTP puts it in between.
package connectortest
