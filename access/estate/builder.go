package estate

import "latchkey/csp"

// Builder takes facts in any order, and makes an Estate of them.
type Builder struct{}

// NewBuilder is a Builder without facts.
func NewBuilder() *Builder { panic("to be written") }

// Add takes facts. Their lists may be in any order, and an id may be named before
// the fact that lists it. Add may be called any number of times; Build says what
// is wrong. Slices inside rows (permissions, roles) are shared from then on and
// may not be written any more.
func (b *Builder) Add(csp.Facts) { panic("to be written") }

// Build arranges the facts. It fails on facts that contradict each other or name
// nothing, such as one id with two names or a scope in two tenants; a fact told
// twice in the same words is one fact. Facts that merely point to something
// unlisted are kept. The Builder cannot be used afterwards.
func (b *Builder) Build() (*Estate, error) { panic("to be written") }
