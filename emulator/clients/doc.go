// Package clients holds the emulator against real, unmodified clients: the Azure
// CLI, Microsoft's libraries for JavaScript and Go, OpenID Connect relying
// parties and curl, each a process of its own that reaches it over sockets.
//
// It has only tests. They run with `make clients`, which installs what they need
// and sets LATCHKEY_CLIENTS=1; without that, those that need a program are skipped,
// so that `make test` needs neither Python nor npm. docs/emulator-clients.md lists
// what is tried, and tells how to set up each of the clients by hand.
package clients
