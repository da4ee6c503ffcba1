// Package sink is a mail server that keeps what it receives instead of passing
// it on: the demo shows it on a page, and tests read it.
//
// It listens on loopback only and reads strictly. A mail with two subjects, a
// part of the wrong kind or a line that is too long is refused in the SMTP
// conversation, with the reason, as a careful mail server would.
package sink
