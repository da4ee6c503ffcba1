package emulator_test

import (
	"runtime"
	"testing"
)

// TestSoak writes and reads for long and asks that nothing piles up but the
// history, which is bounded by itself (world.Options.KeepEvents).
func TestSoak(t *testing.T) {
	v := newTown(t)
	anna := v.annaOwns(t)
	const rounds = 1500
	work := func() {
		for range rounds {
			path := v.assignmentPath(v.group.Scope, newName())
			v.take(t, step{anna, "PUT", path, put(reader, v.guest.ID, "User"), 201, ""},
				step{anna, "GET", path, "", 200, ""},
				step{anna, "POST", v.vm.Scope.String() + "/restart", "", 200, ""},
				step{anna, "DELETE", path, "", 200, ""})
		}
	}
	heap := func() int64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return int64(m.HeapAlloc)
	}
	work() // fills what is kept anyway
	before := heap()
	work()
	// Three events of some hundred bytes in a round, and the room their list grows into.
	if grown := heap() - before; grown > rounds*3*1500 {
		t.Errorf("%d rounds left %d bytes behind, %d each", rounds, grown, grown/rounds)
	}
	if left := len(v.customer.AssignmentsBelow(v.sub.Scope())); left != 0 {
		t.Errorf("%d assignments are left", left)
	}
}
