package arm

import (
	"context"
	"net/http"
	"sync"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/arm"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/authorization/armauthorization/v2"

	"latchkey/csp"
	"latchkey/internal/clock"
	"latchkey/internal/cloud"
	"latchkey/internal/fault"
	"latchkey/internal/jit"
)

// Connector is jit's connector for Azure. It is safe for concurrent use.
type Connector struct {
	cloud  *cloud.Cloud
	app    cloud.Application
	estate *jit.Estate
	clock  clock.Clock

	mu    sync.Mutex
	doors map[csp.TenantID]*door
}

// New makes a connector for the customers of the estate, whom the application
// serves. It speaks to nobody yet; it fails for an application that could never
// sign in.
func New(c *cloud.Cloud, app cloud.Application, estate *jit.Estate, clk clock.Clock) (*Connector, error) {
	if err := app.Check(); err != nil {
		return nil, fault.In("arm.New", err)
	}
	return &Connector{cloud: c, app: app, estate: estate, clock: clk, doors: make(map[csp.TenantID]*door)}, nil
}

// exchange is the longest that one call may take, all its requests together.
const exchange = 30 * time.Second

// door is the way into one customer's tenant, with its clients. It is made when
// it is first needed: an estate may have ten thousand customers.
type door struct {
	tenant      *cloud.Tenant
	assignments *armauthorization.RoleAssignmentsClient
	raw         *arm.Client
}

const moduleName, moduleVersion = "latchkey", "v1.0.0" // of the User-Agent

// door finds the way to a place, which must lie in its own tenant (I10).
func (c *Connector) door(op string, place jit.Place) (*door, error) {
	d, err := c.doorOf(place.Tenant)
	if err != nil {
		return nil, fault.In(op, err)
	}
	if !d.tenant.Owns(place.Scope) {
		return nil, fault.New(op, fault.Invalid, "The scope does not lie in the customer's tenant: choose one below its own subscriptions.")
	}
	return d, nil
}

func (c *Connector) doorOf(id csp.TenantID) (*door, error) {
	const op = "arm.door"
	c.mu.Lock()
	defer c.mu.Unlock()
	if d := c.doors[id]; d != nil {
		return d, nil
	}
	customer, ok := c.estate.CustomerByTenant(id)
	if !ok {
		return nil, fault.New(op, fault.Invalid, "This tenant is no customer's, so nothing can be granted or removed there.")
	}
	var subscriptions []csp.SubscriptionID
	for _, s := range customer.Subscriptions {
		subscriptions = append(subscriptions, s.ID)
	}
	tenant, err := c.cloud.Tenant(id, c.app, subscriptions)
	if err != nil {
		return nil, err
	}
	d := &door{tenant: tenant}
	if d.assignments, err = armauthorization.NewRoleAssignmentsClient("", tenant.Credential(), tenant.ClientOptions()); err != nil {
		return nil, fault.Wrap(op, fault.Internal, err, "")
	}
	if d.raw, err = arm.NewClient(moduleName, moduleVersion, tenant.Credential(), tenant.ClientOptions()); err != nil {
		return nil, fault.Wrap(op, fault.Internal, err, "")
	}
	c.doors[id] = d
	return d, nil
}

// doorTo checks the whole target.
func (c *Connector) doorTo(op string, t jit.Target) (*door, error) {
	switch {
	case t.Service != jit.Azure:
		return nil, fault.New(op, fault.Internal, "This connector serves Azure only.")
	case t.Scope.Kind() == csp.RootScope:
		return nil, fault.New(op, fault.Invalid, "Nothing is granted above a tenant's management groups: choose a narrower scope.")
	case t.Role.IsZero() || t.Principal.IsZero():
		return nil, fault.New(op, fault.Invalid, "A grant needs both a role and somebody to hold it.")
	}
	switch t.PrincipalType {
	case csp.User, csp.Group, csp.ServicePrincipal, csp.ForeignGroup:
	default:
		// Azure would guess, and guesses wrong for a partner's group (R36).
		return nil, fault.New(op, fault.Invalid, "The kind of the principal is not known: it must be a user, a group, a service principal or a foreign group.")
	}
	return c.door(op, jit.Place{Tenant: t.Tenant, Scope: t.Scope})
}

const (
	authorizationVersion = "2022-04-01"
	lockVersion          = "2020-05-01"
	assignmentsPath      = "/providers/Microsoft.Authorization/roleAssignments"
	definitionsPath      = "/providers/Microsoft.Authorization/roleDefinitions"
	locksPath            = "/providers/Microsoft.Authorization/locks"
	atScope              = "atScope()"
)

// expectAssignment announces the request for the order's object.
func expectAssignment(ctx context.Context, method string, o jit.Order) context.Context {
	return cloud.Expect(ctx, cloud.Expectation{
		Method: method,
		Path:   o.Target.Scope.String() + assignmentsPath + "/" + o.Name.String(),
		Query:  map[string]string{"api-version": authorizationVersion},
	})
}

// expectList announces the list of assignments at a scope.
func expectList(ctx context.Context, scope csp.Scope, filter string) context.Context {
	query := map[string]string{"api-version": authorizationVersion}
	if filter != "" {
		query["$filter"] = filter
	}
	return cloud.Expect(ctx, cloud.Expectation{Method: http.MethodGet, Path: scope.String() + assignmentsPath, Query: query})
}
