package reconcile

import (
	"latchkey/csp"
	"latchkey/internal/jit"
)

// Slots lets tests count workers.
type Slots struct{ *slots }

func NewSlots(all int) Slots { return Slots{newSlots(all)} }

func (s Slots) Take(tenant csp.TenantID, lane jit.Lane) bool { return s.take(tenant, lane) }
func (s Slots) Give(tenant csp.TenantID, lane jit.Lane)      { s.give(tenant, lane) }
