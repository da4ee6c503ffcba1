// Package reconcile makes grants real in customers' tenants and takes them away
// again: it reads what should be, looks at what is, and closes the difference.
//
// It is level-triggered, as a Kubernetes controller is. An episode is one row
// with a due time and a lease; the row is the timer. Whoever claims a due row
// starts from what the row says and what the provider shows, never from what an
// earlier worker remembered, so a worker may die at any point.
//
// # A visit
//
//	claim a lease --> what should be?
//
//	  a grant lives, object not seen        a grant lives, object seen    no grant lives
//	        |                                        |                          |
//	   write "granting"                        write "active"            write "removing"
//	   preflight, observe                      due at the next end       delete, read back
//	   send, read back                                                          |
//	        |                                                             write "absent"
//	   write what was seen                                                re-read at +1, +5,
//	                                                                      +15, +60 min: closed
//
// That something is about to be sent is on disk before it is sent. What a
// provider answers is done, not done, or unknown: an unknown grant counts as
// maybe there, an unknown removal as still there, and only what was read back
// counts at all.
//
// # Promises
//
//   - I1: a removal is sent, and the object read absent, within 60 s of its end,
//     or of the moment the provider answers again.
//   - I5: an object is never there without a row, and the row stays open until
//     the object was read absent.
//   - I6: no grant is sent in the last five and a half minutes before its end;
//     one that arrives late is found within the quarantine and removed.
//   - I7: only objects under the name that follows from their episode are
//     removed. The same access under another name is neither taken over nor
//     touched.
//   - I8: ending one grant neither cuts nor prolongs another on the same object.
//   - I20: removals are repeated for ever, on every kind of failure. After five
//     minutes the operators are told, once, and it goes on.
//   - I21, I22: tenants take turns, none holds more than half of the workers, and
//     a quarter of the workers never takes a grant.
//   - I24: every quarter of an hour, and at the start, every place that ever had
//     an episode is swept for objects of ours without a live grant.
//
// # Replicas
//
// Every claim raises the episode's epoch, and every write names it: a worker
// that lost its lease, or whose episode was hurried by an early end, is refused.
// That protects the row, not the provider, which knows no epochs. So a worker
// that finds itself replaced after it sent a grant makes the episode due at once
// again, and one that can no longer say so is caught by the quarantine.
//
//	lease 40 s > visit 30 s       nobody else works on it meanwhile
//	lease 40 s + poll 15 s < 60 s a dead worker's removal is taken over in time
//
// # When something fails
//
//   - Grant lost on the way out or back: observed, and sent again under the same
//     name, until the last safe moment; then given up, and proven absent.
//   - Removal lost on the way out or back: read back, repeated. A silent provider
//     is asked again within 45 s, one that refuses within 5 min.
//   - Lock found, role changed, access there before: given up. The grant fails
//     when the absence of our object is proven.
//   - A new grant while the old object is still being removed: it waits for it.
//   - The database loses a race or an answer: the visit ends, the lease runs out,
//     the next one starts from what is.
//   - The database is lost altogether: Reap removes by the markers alone what has
//     ended.
package reconcile
