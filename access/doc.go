// Package access is the engine: facts about tenants in, the truth about who can
// do what out. It is pure: no I/O, no clock, and an Index is never changed once
// compiled.
package access
