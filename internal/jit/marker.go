package jit

import (
	"time"

	"latchkey/csp"
)

// Marker is what Latchkey writes into the description of every provider object
// it makes, so that `latchkey reap` can clean up with an empty database.
type Marker struct {
	Instance csp.TenantID
	Episode  EpisodeID
	Ends     time.Time // absolute, UTC
}

// String is the marker's text: "latchkey/1 instance=<guid> episode=<guid> ends=<RFC 3339>".
func (m Marker) String() string { panic("contract") }

// ParseMarker reads a description. ok is false for a text that is not ours.
func ParseMarker(s string) (m Marker, ok bool) { panic("contract") }
