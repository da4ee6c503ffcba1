package world

import (
	"crypto/rand"
	"slices"
	"strings"
	"sync"
	"time"

	"latchkey/csp"
)

// Options are what a world is made with.
type Options struct {
	// Now is the world's clock; nil means the machine's.
	Now func() time.Time
	// Roles are the built-in role definitions (R31). The world neither copies
	// nor writes into their lists.
	Roles []csp.RoleDefinition
}

// World is the whole state behind the emulated endpoints.
type World struct {
	now   func() time.Time
	roles map[csp.RoleDefinitionID]csp.RoleDefinition

	mu            sync.RWMutex
	tenants       map[csp.TenantID]*tenant
	domains       map[csp.Domain]csp.TenantID
	subscriptions map[csp.SubscriptionID]*subscription
	apps          map[ClientID]*App
	partnerships  map[pairing]*Partnership
	events        []Event
	calls         []*Call
	lastCall      int64
	blind         bool // no continuous access evaluation
}

// tenant is one directory. Its maps are guarded by the world's mutex.
type tenant struct {
	csp.Tenant
	domains     []csp.Domain
	users       map[csp.ObjectID]*User
	groups      map[csp.ObjectID]*group
	principals  map[csp.ObjectID]*ServicePrincipal
	memberOf    map[csp.ObjectID][]csp.ObjectID // principal or group -> groups it is directly in
	roles       map[csp.RoleDefinitionID]csp.RoleDefinition
	assignments map[csp.RoleAssignmentID]*assignment
	at          map[string][]*assignment // scope key -> assignments exactly there
	denials     []Denial
	consent     consents
}

// New makes an empty world.
func New(o Options) *World {
	w := &World{
		now:           o.Now,
		roles:         make(map[csp.RoleDefinitionID]csp.RoleDefinition, len(o.Roles)),
		tenants:       make(map[csp.TenantID]*tenant),
		domains:       make(map[csp.Domain]csp.TenantID),
		subscriptions: make(map[csp.SubscriptionID]*subscription),
		apps:          make(map[ClientID]*App),
		partnerships:  make(map[pairing]*Partnership),
	}
	if w.now == nil {
		w.now = time.Now
	}
	for _, role := range o.Roles {
		w.roles[role.ID] = role
	}
	return w
}

// Now is the world's time, in UTC.
func (w *World) Now() time.Time { return w.now().UTC().Round(0) }

// Tenant is a handle on one directory: methods on it change the world.
type Tenant struct {
	csp.Tenant
	w *World
}

// AddTenant adds a directory with its first verified domain (R1). A zero ID is
// replaced by a random one.
func (w *World) AddTenant(t csp.Tenant) (Tenant, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	fillID(&t.ID)
	if _, ok := w.tenants[t.ID]; ok {
		return Tenant{}, refuse(IDTaken, "a tenant with the id %s exists", t.ID)
	}
	domain, err := csp.ParseDomain(t.DefaultDomain.String())
	if err != nil {
		return Tenant{}, refuse(BadDomain, "%v", err)
	}
	t.DefaultDomain = domain
	if owner, ok := w.domains[t.DefaultDomain]; ok {
		return Tenant{}, refuse(DomainTaken, "the domain %s belongs to tenant %s", t.DefaultDomain, owner)
	}
	w.domains[t.DefaultDomain] = t.ID
	w.tenants[t.ID] = &tenant{
		Tenant:      t,
		domains:     []csp.Domain{t.DefaultDomain},
		users:       make(map[csp.ObjectID]*User),
		groups:      make(map[csp.ObjectID]*group),
		principals:  make(map[csp.ObjectID]*ServicePrincipal),
		memberOf:    make(map[csp.ObjectID][]csp.ObjectID),
		roles:       make(map[csp.RoleDefinitionID]csp.RoleDefinition),
		assignments: make(map[csp.RoleAssignmentID]*assignment),
		at:          make(map[string][]*assignment),
	}
	w.record(Event{Kind: TenantAdded, Tenant: t.ID, Subject: t.Name})
	return Tenant{t, w}, nil
}

// AddDomain gives the tenant one more verified domain (R1).
func (t Tenant) AddDomain(name string) error {
	w := t.w
	w.mu.Lock()
	defer w.mu.Unlock()
	domain, err := csp.ParseDomain(name)
	if err != nil {
		return refuse(BadDomain, "%v", err)
	}
	if owner, ok := w.domains[domain]; ok {
		return refuse(DomainTaken, "the domain %s belongs to tenant %s", domain, owner)
	}
	w.domains[domain] = t.ID
	w.tenants[t.ID].domains = append(w.tenants[t.ID].domains, domain)
	w.record(Event{Kind: DomainAdded, Tenant: t.ID, Subject: domain.String()})
	return nil
}

// Tenant finds a directory by its id.
func (w *World) Tenant(id csp.TenantID) (Tenant, bool) {
	w.mu.RLock()
	defer w.mu.RUnlock()
	t, ok := w.tenants[id]
	if !ok {
		return Tenant{}, false
	}
	return Tenant{t.Tenant, w}, true
}

// TenantNamed finds a directory by its GUID or by any of its verified domains,
// in either case of letters (R1).
func (w *World) TenantNamed(name string) (Tenant, bool) {
	if id, err := csp.ParseID[csp.Tenant](name); err == nil {
		return w.Tenant(id)
	}
	domain, err := csp.ParseDomain(name)
	if err != nil {
		return Tenant{}, false
	}
	w.mu.RLock()
	defer w.mu.RUnlock()
	id, ok := w.domains[domain]
	if !ok {
		return Tenant{}, false
	}
	return Tenant{w.tenants[id].Tenant, w}, true
}

// Tenants lists the directories by name.
func (w *World) Tenants() []Tenant {
	w.mu.RLock()
	defer w.mu.RUnlock()
	var list []Tenant
	for _, t := range w.tenants {
		list = append(list, Tenant{t.Tenant, w})
	}
	slices.SortFunc(list, func(a, b Tenant) int { return orderBy(a.Name, b.Name, a.ID.Compare(b.ID)) })
	return list
}

// Domains are the tenant's verified domains, the default one first.
func (t Tenant) Domains() []csp.Domain {
	t.w.mu.RLock()
	defer t.w.mu.RUnlock()
	return slices.Clone(t.w.tenants[t.ID].domains)
}

func orderBy(a, b string, tie int) int {
	if c := strings.Compare(strings.ToLower(a), strings.ToLower(b)); c != 0 {
		return c
	}
	return tie
}

// fillID replaces a zero id by a random GUID (version 4).
func fillID[T csp.Named](id *csp.ID[T]) {
	if !id.IsZero() {
		return
	}
	_, _ = rand.Read(id[:]) // never fails
	id[6] = id[6]&0x0f | 0x40
	id[8] = id[8]&0x3f | 0x80
}

// NewID is a random GUID (version 4).
func NewID[T csp.Named]() csp.ID[T] {
	var id csp.ID[T]
	fillID(&id)
	return id
}
