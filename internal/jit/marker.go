package jit

import (
	"fmt"
	"strings"
	"time"

	"latchkey/csp"
)

// Marker is what Latchkey writes into the description of every provider object
// it makes, so that `latchkey reap` can clean up with an empty database.
type Marker struct {
	Instance csp.TenantID
	Episode  EpisodeID
	Ends     time.Time // absolute, UTC, whole seconds
}

const markerProduct = "latchkey/1"

// String is the marker's text: "latchkey/1 instance=<guid> episode=<guid> ends=<RFC 3339>".
// A fraction of a second is rounded up, so that nothing is taken for ended
// before it is.
func (m Marker) String() string {
	ends := m.Ends.UTC()
	if whole := ends.Truncate(time.Second); whole.Before(ends) {
		ends = whole.Add(time.Second)
	}
	return fmt.Sprintf("%s instance=%s episode=%s ends=%s", markerProduct, m.Instance, m.Episode, ends.Format(time.RFC3339))
}

// ParseMarker reads a description. ok is false for a text that is not ours, and
// for one that is not exactly what String writes: what cannot be read without
// doubt is left alone.
func ParseMarker(s string) (m Marker, ok bool) {
	words := strings.Split(s, " ")
	if len(words) != 4 || words[0] != markerProduct {
		return Marker{}, false
	}
	var values [3]string
	for i, key := range []string{"instance=", "episode=", "ends="} {
		value, found := strings.CutPrefix(words[i+1], key)
		if !found {
			return Marker{}, false
		}
		values[i] = value
	}
	var err error
	if m.Instance, err = csp.ParseID[csp.Tenant](values[0]); err != nil {
		return Marker{}, false
	}
	if m.Episode, err = csp.ParseID[Episode](values[1]); err != nil {
		return Marker{}, false
	}
	if m.Ends, err = time.Parse(time.RFC3339, values[2]); err != nil {
		return Marker{}, false
	}
	m.Ends = m.Ends.UTC()
	return m, m.String() == s
}
