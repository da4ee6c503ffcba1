// Package demo is a made-up partner with made-up customers, and everything one
// needs to watch Latchkey at work with no cloud: the world behind the emulated
// Microsoft endpoints, the configuration that points a portal at it, the people
// who open pages and press buttons, the engineer's own command line, and the
// tour that plays the whole story and proves each step.
//
// Nothing here is used by `serve`. The portal itself is started by whoever uses
// this package (House), as the same binary would run it for real: only addresses
// and a certificate authority differ.
package demo
