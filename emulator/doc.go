// Package emulator is the Microsoft cloud on loopback: the part of it that a
// Cloud Solution Provider partner's access runs through, faithful enough that
// Microsoft's own client libraries take it for the real one.
//
//	     browser               API clients (azidentity, az, go-oidc ...)
//	        |                                |
//	   plain http          TLS, by itself or through package connect
//	        |                                |
//	+---------------+  +-------+  +-----+  +-------+  +---------------+
//	| Browser       |  | Login |  | ARM |  | Graph |  | PartnerCenter |
//	| entra,        |  | entra |  | arm |  | graph |  | partnercenter |
//	| admincenter,  |  |       |  |     |  | odata |  |               |
//	| livepage      |  |       |  |     |  |       |  |               |
//	+---------------+  +-------+  +-----+  +-------+  +---------------+
//	        \_____________|__________|_________|_____________/
//	           calls, faults, outages (package fault, by control)
//	                                 |
//	                           package world
//	                 state, laws, judgement, history
//	                                 |
//	          gdap, schedule, policy, abac, registry: no lock, no clock
//
// # What it is for
//
// Developing, showing, testing and attacking Latchkey without a cloud. Tests
// compose a [world.World], run the product against a [Server], and then hold
// what the product believes against [world.World.History], which nobody but the
// world writes.
//
// # How it is reached
//
// Either over sockets, with [Server.Start]: TLS under a certificate authority
// that lives in memory, on ports of its own, and one plain http origin for what
// a browser opens. Or without any, with [Server.Transport], which works inside a
// testing/synctest bubble.
//
// # Promises
//
//   - It listens on loopback only, unless forced ([Options.AllowRemote]).
//   - It says that it is an emulator: on every page, in the header x-emulator of
//     every answer, and in the JOSE header of every token.
//   - It reads time from the world's clock alone, so that moving it expires
//     tokens and dates answers. Certificates hold for a century and do not care.
//   - No request makes it panic. What Microsoft would refuse it refuses in
//     Microsoft's shape.
//   - It never calls out.
//   - It shares no rule with the product: what a caller may do is judged by
//     package world alone.
//
// # When it fails, on request
//
// [Server.Inject] makes chosen calls fail: before they take effect, or after it
// with the answer lost, throttled, broken or slow. [Server.SetOutage] takes
// everything of one tenant away. The history keeps apart when a change took
// effect and when its answer was sent, and the second stays empty when the
// answer was lost.
//
// What differs from Microsoft is listed, with the test that shows it, in
// docs/emulator.md.
package emulator
