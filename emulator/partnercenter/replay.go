package partnercenter

import (
	"strings"
	"sync"

	"latchkey/csp"
	"latchkey/emulator/world"
)

// keptAnswers is how many answers are remembered for clients that repeat themselves.
const keptAnswers = 1000

// answers remembers what POST requests were answered, by their MS-RequestId: a
// client that lost an answer sends the same id again and gets the same answer,
// without the thing being done twice.
type answers struct {
	world *world.World
	mu    sync.Mutex // held while the request is carried out: the repetition may overtake it
	kept  map[string]reply
	order []string
}

func newAnswers(w *world.World) *answers {
	return &answers{world: w, kept: make(map[string]reply)}
}

func (a *answers) once(c *call, do func(*call) (reply, *failure)) (reply, *failure) {
	id, err := csp.ParseID[csp.Tenant](c.header.Get("MS-RequestId"))
	if err != nil {
		return do(c)
	}
	key := c.partner.ID.String() + " " + id.String() + " " + strings.ToLower(strings.Join(c.path, "/"))
	a.mu.Lock()
	defer a.mu.Unlock()
	if got, ok := a.kept[key]; ok && a.stillTrue(got) {
		return got, nil
	}
	got, f := do(c)
	if f != nil {
		return got, f // what was refused may be tried again
	}
	if _, ok := a.kept[key]; !ok {
		a.order = append(a.order, key)
	}
	a.kept[key] = got
	if len(a.order) > keptAnswers {
		delete(a.kept, a.order[0])
		a.order = a.order[1:]
	}
	return got, nil
}

// stillTrue is no for a customer whom a reset of the world has swept away.
func (a *answers) stillTrue(r reply) bool {
	made, isCustomer := r.body.(customerBody)
	if !isCustomer {
		return true
	}
	id, err := csp.ParseID[csp.Tenant](made.ID)
	if err != nil {
		return false
	}
	_, there := a.world.Tenant(id)
	return there
}
