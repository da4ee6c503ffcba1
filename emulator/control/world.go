package control

import (
	"fmt"
	"io"
	"net/http"
	"regexp"
	"slices"
	"time"

	"latchkey/csp"
	"latchkey/csp/worldfile"
	"latchkey/emulator/wire"
	"latchkey/emulator/world"
)

// readWorld gives the world as it stands, as a world file. Applications and
// passwords are no facts and are not in it.
func (h *Handler) readWorld(*http.Request) (any, error) {
	file, err := worldfile.Format(h.Cloud.World().Facts())
	if err != nil {
		return nil, fmt.Errorf("the world cannot be written as a world file: %w", err)
	}
	return text{"application/yaml; charset=utf-8", file}, nil
}

// standing is which world stands behind the endpoints.
type standing struct {
	Generation int `json:"generation"`
	Tenants    int `json:"tenants"`
}

func (h *Handler) standing() standing {
	return standing{h.Cloud.Generation(), len(h.Cloud.World().Tenants())}
}

// putWorld puts the world of a world file in place of the present one.
func (h *Handler) putWorld(r *http.Request) (any, error) {
	if h.Make == nil {
		return nil, conflict("the emulator was made for one world: it was not told how to make another")
	}
	raw, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	facts, err := worldfile.Parse("world.yaml", raw)
	if err != nil {
		return nil, err
	}
	w, err := h.Make(facts)
	if err != nil {
		return nil, err
	}
	w.MarkSeed()
	if err := h.Cloud.Replace(w); err != nil {
		return nil, err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	clear(h.snapshots) // they are of a world that is gone
	return h.standing(), nil
}

func (h *Handler) resetWorld(*http.Request) (any, error) {
	h.Cloud.ClearFaults()
	h.Cloud.World().Reset()
	return h.standing(), nil
}

// snapshot is a state of the world that was kept.
type snapshot struct {
	state *world.Snapshot
	at    time.Time
}

type snapshotView struct {
	Name string    `json:"name"`
	At   time.Time `json:"at"`
}

// maxSnapshots bounds what is kept in memory.
const maxSnapshots = 20

var goodName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$`)

func (h *Handler) listSnapshots(*http.Request) (any, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	list := []snapshotView{}
	for name, s := range h.snapshots {
		list = append(list, snapshotView{name, s.at})
	}
	slices.SortFunc(list, func(a, b snapshotView) int { return a.At.Compare(b.At) })
	return map[string][]snapshotView{"snapshots": list}, nil
}

func (h *Handler) takeSnapshot(r *http.Request) (any, error) {
	name := r.PathValue("name")
	if !goodName.MatchString(name) {
		return nil, bad("%q is no name for a snapshot: use letters, digits, dots, dashes and underscores, at most 64", wire.Clip(name))
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if _, ok := h.snapshots[name]; !ok && len(h.snapshots) >= maxSnapshots {
		return nil, conflict("%d snapshots are kept, which is as many as there can be: drop one", maxSnapshots)
	}
	w := h.Cloud.World()
	s := snapshot{w.Snapshot(), w.Now()}
	h.snapshots[name] = s
	return snapshotView{name, s.at}, nil
}

// kept finds a snapshot, under the mutex held by the caller.
func (h *Handler) kept(r *http.Request) (string, snapshot, error) {
	name := r.PathValue("name")
	s, ok := h.snapshots[name]
	if !ok {
		return name, s, absent("no snapshot is called %q", wire.Clip(name))
	}
	return name, s, nil
}

func (h *Handler) dropSnapshot(r *http.Request) (any, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	name, s, err := h.kept(r)
	if err != nil {
		return nil, err
	}
	delete(h.snapshots, name)
	return snapshotView{name, s.at}, nil
}

func (h *Handler) restoreSnapshot(r *http.Request) (any, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	_, s, err := h.kept(r)
	if err != nil {
		return nil, err
	}
	h.Cloud.World().Restore(s.state)
	return h.standing(), nil
}

// removal is what a customer does who has had enough of a partner. Without any
// switch it is the delegated administration that ends, DAP and GDAP, as in the
// customer's admin center; what was sold and what stands in Azure stays (R23).
type removal struct {
	Customer string `json:"customer"`
	Partner  string `json:"partner"`
	DAP      bool   `json:"dap"`
	GDAP     bool   `json:"gdap"`
	Reseller bool   `json:"reseller"`
	Azure    bool   `json:"azure"`
}

func (h *Handler) removePartner(r *http.Request) (any, error) {
	var asked removal
	if err := read(r, &asked); err != nil {
		return nil, err
	}
	customer, err := h.tenant(asked.Customer)
	if err != nil {
		return nil, err
	}
	partner, err := h.tenant(asked.Partner)
	if err != nil {
		return nil, err
	}
	what := world.Removal{DAP: asked.DAP, GDAP: asked.GDAP, Reseller: asked.Reseller, Azure: asked.Azure}
	if what == (world.Removal{}) {
		what.DAP, what.GDAP = true, true
	}
	ended, err := h.Cloud.World().RemovePartner(customer.ID, partner.ID, what)
	if err != nil {
		return nil, bad("%v", err)
	}
	return map[string]int{"ended": ended}, nil
}

// eventView is a change of the world.
type eventView struct {
	Number   int64      `json:"number"`
	Effect   time.Time  `json:"effect"`
	Answered *time.Time `json:"answered"` // null: nobody was told
	Kind     string     `json:"kind"`
	Tenant   string     `json:"tenant,omitempty"`
	By       *actorView `json:"by"` // null: the world's author
	Subject  string     `json:"subject"`
	Scope    string     `json:"scope,omitempty"`
	// Assignment is the whole role assignment, as put or as it was when deleted.
	Assignment *assignmentView `json:"assignment,omitempty"`
}

type actorView struct {
	Tenant string `json:"tenant"`
	Object string `json:"object"`
	Client string `json:"client,omitempty"`
	Name   string `json:"name"`
}

type assignmentView struct {
	Name          string `json:"name"`
	Scope         string `json:"scope"`
	Role          string `json:"role"`
	Principal     string `json:"principal"`
	PrincipalType string `json:"principalType"`
	Description   string `json:"description,omitempty"`
	Condition     string `json:"condition,omitempty"`
}

func viewOf(e world.Event) eventView {
	v := eventView{Number: e.Number, Effect: e.Effect, Kind: string(e.Kind), Subject: e.Subject}
	if !e.Answered.IsZero() {
		v.Answered = &e.Answered
	}
	if !e.Tenant.IsZero() {
		v.Tenant = e.Tenant.String()
	}
	if !e.By.IsAuthor() {
		v.By = &actorView{Tenant: e.By.Tenant.String(), Object: e.By.Object.String(), Name: e.By.Name}
		if !e.By.Client.IsZero() {
			v.By.Client = e.By.Client.String()
		}
	}
	if !e.Scope.IsZero() {
		v.Scope = e.Scope.String()
	}
	if a := e.Assignment; !a.Name.IsZero() {
		v.Assignment = &assignmentView{
			Name: a.Name.String(), Scope: a.Scope.String(), Role: a.Role.String(), Principal: a.Principal.String(),
			PrincipalType: string(a.PrincipalType), Description: a.Description, Condition: a.Condition,
		}
	}
	return v
}

// historyView is a stretch of what happened, oldest first.
type historyView struct {
	Generation int         `json:"generation"`
	Events     []eventView `json:"events"`
	// Next is what to ask for with after=; More says whether there is more already.
	Next int64 `json:"next"`
	More bool  `json:"more"`
	// Dropped is how many of the oldest events are not kept any more.
	Dropped int64 `json:"dropped"`
}

// The sizes of a stretch of history.
const usualEvents, mostEvents = 1000, 10_000

func (h *Handler) history(r *http.Request) (any, error) {
	after, err := number(r, "after", 0)
	if err != nil {
		return nil, err
	}
	limit, err := number(r, "limit", usualEvents)
	if err != nil {
		return nil, err
	}
	if limit < 1 || limit > mostEvents {
		return nil, bad("limit is from 1 to %d", mostEvents)
	}
	var of csp.TenantID
	if name := r.URL.Query().Get("tenant"); name != "" {
		t, err := h.tenant(name)
		if err != nil {
			return nil, err
		}
		of = t.ID
	}
	w := h.Cloud.World()
	list := w.Since(after, int(limit))
	view := historyView{Generation: h.Cloud.Generation(), Events: []eventView{}, Next: after, Dropped: w.Dropped()}
	for _, e := range list {
		view.Next = e.Number
		if of.IsZero() || e.Tenant == of {
			view.Events = append(view.Events, viewOf(e))
		}
	}
	view.More = len(w.Since(view.Next, 1)) > 0
	return view, nil
}

// callView is one request that came in.
type callView struct {
	Number   int64      `json:"number"`
	Received time.Time  `json:"received"`
	Method   string     `json:"method"`
	Origin   string     `json:"origin"`
	Path     string     `json:"path"`
	By       string     `json:"by,omitempty"`
	Status   int        `json:"status"` // 0: at work, or cut before an answer
	Answered *time.Time `json:"answered"`
	Lost     bool       `json:"lost"`
}

func (h *Handler) calls(*http.Request) (any, error) {
	list := []callView{}
	for _, c := range h.Cloud.World().Calls() {
		v := callView{c.Number, c.Received, c.Method, c.Host, c.Path, c.By, c.Status, nil, c.Lost}
		if !c.Answered.IsZero() {
			v.Answered = &c.Answered
		}
		list = append(list, v)
	}
	return map[string][]callView{"calls": list}, nil
}
