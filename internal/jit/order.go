package jit

import (
	"strings"
	"time"

	"github.com/google/uuid"

	"latchkey/csp"
)

// Margin is how long before its end a grant is no longer sent to a provider: a
// client's time-out and five minutes in which a delayed one may still arrive
// and be found (I6). It is also why Policy.Shortest has a floor.
const Margin = 5*time.Minute + 30*time.Second

// newEpisodeID makes a fresh random one.
func newEpisodeID() EpisodeID { return EpisodeID(uuid.New()) }

// ObjectName is the name of the provider object that an episode owns: a UUIDv5
// in the installation's namespace over the target and the episode. Repeating a
// grant names the same object; a removal of an old episode that comes late
// cannot hit the object of a newer one; and anybody who knows the instance can
// tell whether a marked object is truly ours.
func ObjectName(instance csp.TenantID, t Target, episode EpisodeID) csp.RoleAssignmentID {
	tuple := strings.Join([]string{
		string(t.Service), t.Tenant.String(), t.Scope.Key(), t.Role.String(), t.Principal.String(), episode.String(),
	}, "|")
	return csp.RoleAssignmentID(uuid.NewSHA1(uuid.UUID(instance), []byte(tuple)))
}

// LastSafe is the last moment at which a grant that ends then may be sent.
func LastSafe(ends time.Time) time.Time { return ends.Add(-Margin) }

// Order is what a connector is told about the episode's object.
func (e Episode) Order(instance csp.TenantID) Order {
	return Order{
		Target:      e.Target,
		Name:        e.Name,
		Marker:      Marker{Instance: instance, Episode: e.ID, Ends: e.Until},
		StartBefore: LastSafe(e.Until),
	}
}

// Owns says whether the marked object is one that the instance made: marked
// with it, and under the very name that follows from the marker. A copy of our
// marker on somebody else's object is not ours (I7).
func (m MarkedObject) Owns(instance csp.TenantID) bool {
	return m.Parsed && m.Order.Marker.Instance == instance &&
		m.Order.Name == ObjectName(instance, m.Order.Target, m.Order.Marker.Episode)
}
