package world

import (
	"slices"
	"strings"
	"sync"
	"time"

	"latchkey/csp"
	"latchkey/csp/builtin"
	"latchkey/emulator/gdap"
	"latchkey/emulator/guid"
	"latchkey/emulator/registry"
	"latchkey/emulator/schedule"
)

// Options are what a world is made with.
type Options struct {
	// Now is the world's clock; nil means the machine's.
	Now func() time.Time
	// Roles are the built-in role definitions (R31). The world neither copies
	// nor writes into their lists.
	Roles []csp.RoleDefinition
	// DirectoryRoles are those of Entra directories; nil means the built-in ones.
	DirectoryRoles []csp.DirectoryRole
	// Delays are how long asynchronous things take.
	Delays Delays
	// KeepEvents bounds the history: once there are more events, the oldest are
	// dropped and counted (Dropped). Zero means 100,000, a negative number all.
	KeepEvents int
	// Password is what accounts get that are loaded, since facts hold none; empty
	// means DefaultPassword.
	Password string
}

// DefaultPassword is the password of loaded accounts unless Options name another.
const DefaultPassword = "Latchkey-emulator-1"

// Delays are how long asynchronous things take by the world's clock. Zero means
// that they are done by the next call.
type Delays struct {
	// Relationship: from a customer's approval to active, from a request to
	// terminate to terminated, and to take a role out of an active relationship.
	Relationship time.Duration
	// AccessAssignment: from pending to active, from deleting to deleted, and a change of roles.
	AccessAssignment time.Duration
	// RoleAssignment: until a change of Azure role assignments is seen by all.
	RoleAssignment time.Duration
	// Principal: until a new principal is known to Azure.
	Principal time.Duration
}

// World is the whole state behind the emulated endpoints.
//
// Everything that can change stands in state, so that a snapshot has the whole
// of it: what a further topic keeps goes there and nowhere else.
type World struct {
	now            func() time.Time
	roles          map[csp.RoleDefinitionID]csp.RoleDefinition
	directoryRoles map[csp.DirectoryRoleID]csp.DirectoryRole
	delays         Delays
	keepEvents     int
	password       string

	mu sync.RWMutex
	*state
	lastCall  int64 // numbers go on rising when an earlier state is restored
	lastEvent int64
	lastDue   int64
	seed      *Snapshot
}

// state is what a snapshot holds, guarded by the world's mutex.
type state struct {
	tenants       map[csp.TenantID]*tenant
	domains       map[csp.Domain]csp.TenantID
	objects       map[csp.ObjectID]csp.TenantID // the directory of every principal
	guests        map[Account][]Account         // the guest accounts of a home account
	fresh         map[csp.ObjectID]time.Time    // new principals, and when Azure will know them
	subscriptions map[csp.SubscriptionID]*subscription
	apps          map[registry.ClientID]*registry.App
	partnerships  map[pairing]*partnership
	relationships map[csp.GDAPID]*gdap.Relationship
	between       map[pairing][]csp.GDAPID // those with a customer
	projections   map[csp.SubscriptionID][]csp.LighthouseDelegation
	registrations map[csp.SubscriptionID][]*Registration
	loaded        loaded
	queue         queue
	settling      time.Time // the instant that Settle is carrying out; zero: now
	events        []Event
	dropped       int64
	calls         []*Call
	blind         bool // no continuous access evaluation
	trade         trade
}

func newState() *state {
	return &state{
		tenants:       make(map[csp.TenantID]*tenant),
		domains:       make(map[csp.Domain]csp.TenantID),
		objects:       make(map[csp.ObjectID]csp.TenantID),
		guests:        make(map[Account][]Account),
		fresh:         make(map[csp.ObjectID]time.Time),
		subscriptions: make(map[csp.SubscriptionID]*subscription),
		apps:          make(map[registry.ClientID]*registry.App),
		partnerships:  make(map[pairing]*partnership),
		relationships: make(map[csp.GDAPID]*gdap.Relationship),
		between:       make(map[pairing][]csp.GDAPID),
		projections:   make(map[csp.SubscriptionID][]csp.LighthouseDelegation),
		registrations: make(map[csp.SubscriptionID][]*Registration),
		loaded:        newLoaded(),
		trade:         newTrade(),
	}
}

// tenant is one directory. Its maps are guarded by the world's mutex.
type tenant struct {
	csp.Tenant
	domains     []csp.Domain
	users       map[csp.ObjectID]*User
	groups      map[csp.ObjectID]*group
	principals  map[csp.ObjectID]*ServicePrincipal
	memberOf    map[csp.ObjectID][]csp.Membership  // principal or group -> its direct memberships
	byUPN       map[string]csp.ObjectID            // by sign-in name in lower case
	byClient    map[registry.ClientID]csp.ObjectID // service principals by application
	agents      map[csp.AgentRole]csp.ObjectID     // the agent groups (R7)
	roles       map[csp.RoleDefinitionID]csp.RoleDefinition
	assignments map[csp.RoleAssignmentID]*assignment
	at          map[string][]*assignment // scope key -> assignments exactly there
	held        map[holding][]*assignment
	holds       map[csp.ObjectID]int // how many assignments name the principal
	foreign     map[csp.ObjectID]int // and how many as a ForeignGroup (R21)
	denials     []csp.Denial
	consent     consents
	directory   []*DirectoryAssignment
	given       map[csp.ObjectID][]*DirectoryAssignment // by principal
	trusting    map[csp.SubscriptionID]*subscription    // the subscriptions that trust it
	parents     map[string]csp.Scope                    // key of a subscription or management group -> where it is placed
	managed     map[string]*ManagementGroup             // by scope key
	policies    policies
	custom      map[csp.RoleDefinitionID]CustomRole // what Azure keeps beside roles
	activations schedule.Book                       // privileged identity management of Azure roles
	watching    time.Time                           // when they are looked at next
	demands     map[string]schedule.Policy          // what it demands, by scope and role, where that was changed
	unnamed     bool                                // its domain was made up while loading
	extras      extras
	gone        bool // it was deleted; handles on it find nothing
}

func newTenant(t csp.Tenant) *tenant {
	return &tenant{
		Tenant:      t,
		users:       make(map[csp.ObjectID]*User),
		groups:      make(map[csp.ObjectID]*group),
		principals:  make(map[csp.ObjectID]*ServicePrincipal),
		memberOf:    make(map[csp.ObjectID][]csp.Membership),
		byUPN:       make(map[string]csp.ObjectID),
		byClient:    make(map[registry.ClientID]csp.ObjectID),
		agents:      make(map[csp.AgentRole]csp.ObjectID),
		roles:       make(map[csp.RoleDefinitionID]csp.RoleDefinition),
		assignments: make(map[csp.RoleAssignmentID]*assignment),
		at:          make(map[string][]*assignment),
		held:        make(map[holding][]*assignment),
		holds:       make(map[csp.ObjectID]int),
		foreign:     make(map[csp.ObjectID]int),
		given:       make(map[csp.ObjectID][]*DirectoryAssignment),
		trusting:    make(map[csp.SubscriptionID]*subscription),
		parents:     make(map[string]csp.Scope),
		managed:     make(map[string]*ManagementGroup),
		policies:    newPolicies(),
		custom:      make(map[csp.RoleDefinitionID]CustomRole),
		demands:     make(map[string]schedule.Policy),
	}
}

// New makes an empty world.
func New(o Options) *World {
	w := &World{
		now:            o.Now,
		roles:          make(map[csp.RoleDefinitionID]csp.RoleDefinition, len(o.Roles)),
		directoryRoles: make(map[csp.DirectoryRoleID]csp.DirectoryRole),
		delays:         o.Delays,
		keepEvents:     o.KeepEvents,
		password:       o.Password,
		state:          newState(),
	}
	if w.now == nil {
		w.now = time.Now
	}
	if w.keepEvents == 0 {
		w.keepEvents = 100_000
	}
	if w.password == "" {
		w.password = DefaultPassword
	}
	for _, role := range o.Roles {
		w.roles[role.ID] = role
	}
	if o.DirectoryRoles == nil {
		o.DirectoryRoles = builtin.EntraRoles()
	}
	for _, role := range o.DirectoryRoles {
		w.directoryRoles[role.ID] = role
	}
	return w
}

// Now is the world's time, in UTC.
func (w *World) Now() time.Time { return w.now().UTC().Round(0) }

// Tenant is a handle on one directory: methods on it change the world, on behalf
// of the world's author or of the actor that As names.
type Tenant struct {
	csp.Tenant
	w  *World
	by Actor
}

// As is the handle for what the actor does; it is written into the history in
// his name.
func (t Tenant) As(by Actor) Tenant {
	t.by = by
	return t
}

// AddTenant adds a directory with its first verified domain (R1). A zero ID is
// replaced by a random one.
func (w *World) AddTenant(t csp.Tenant) (Tenant, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	guid.Fill(&t.ID)
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
	d := newTenant(t)
	d.domains = []csp.Domain{t.DefaultDomain}
	w.tenants[t.ID] = d
	w.record(Event{Kind: TenantAdded, Tenant: t.ID, Subject: t.Name})
	return w.handle(d), nil
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
	w.record(Event{Kind: DomainAdded, Tenant: t.ID, By: t.by, Subject: domain.String()})
	return nil
}

func (w *World) handle(d *tenant) Tenant { return Tenant{Tenant: d.Tenant, w: w} }

// Tenant finds a directory by its id.
func (w *World) Tenant(id csp.TenantID) (Tenant, bool) {
	w.mu.RLock()
	defer w.mu.RUnlock()
	t, ok := w.tenants[id]
	if !ok || t.gone {
		return Tenant{}, false
	}
	return w.handle(t), true
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
	return w.handle(w.tenants[id]), true
}

// Tenants lists the directories by name.
func (w *World) Tenants() []Tenant {
	w.mu.RLock()
	defer w.mu.RUnlock()
	var list []Tenant
	for _, t := range w.tenants {
		if !t.gone {
			list = append(list, w.handle(t))
		}
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

// NewID is a random GUID (version 4).
func NewID[T csp.Named]() csp.ID[T] { return guid.New[T]() }
