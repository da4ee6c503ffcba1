package scenario

import "latchkey/access"

// Engine is what a scenario asks, so that tests can put one in its place that
// does not tell the truth.
type Engine = engine

// RunOn is Run with another engine over the index.
func (s *Scenario) RunOn(e Engine, index *access.Index) []Failure { return s.run(e, index) }
