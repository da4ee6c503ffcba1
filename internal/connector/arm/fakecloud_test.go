package arm_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	azfake "github.com/Azure/azure-sdk-for-go/sdk/azcore/fake"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/authorization/armauthorization/v2"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/authorization/armauthorization/v2/fake"

	"latchkey/csp"
	"latchkey/internal/clock"
	"latchkey/internal/cloud"
	"latchkey/internal/connector/arm"
	"latchkey/internal/connector/connectortest"
	"latchkey/internal/jit"
)

var (
	tenantID       = csp.MustParseID[csp.Tenant]("fab00000-0000-4000-8000-00000000c001")
	subscriptionID = csp.MustParseID[csp.Subscription]("5ab1c0de-0000-4000-8000-00000000f001")
	clientID       = csp.MustParseID[cloud.Application]("a99c0000-0000-4000-8000-0000000000a1")
	engineer       = csp.MustParseID[csp.Principal]("0b1ec700-0000-4000-8000-000000000001")
	colleague      = csp.MustParseID[csp.Principal]("0b1ec700-0000-4000-8000-000000000002")
	shop           = csp.MustParseScope("/subscriptions/5ab1c0de-0000-4000-8000-00000000f001/resourceGroups/shop")
	role           = csp.RoleDefinition{
		ID: csp.MustParseID[csp.RoleDefinition]("40c5ff49-9181-41f8-ae61-143b0e78555e"), Name: "Power Operator",
		Permissions: []csp.Permission{{
			Actions: []string{"Microsoft.Compute/virtualMachines/restart/action"}, NotActions: []string{"Microsoft.Compute/virtualMachines/write"},
			Condition: "@Request[a:b] StringEquals 'c'",
		}},
	}
)

// fakeCloud is one tenant of Azure behind the SDK's own fake servers: a request
// that they cannot decode is wrong, whoever built it.
type fakeCloud struct {
	assignments *fake.RoleAssignmentsServerTransport
	definitions *fake.RoleDefinitionsServerTransport

	mu      sync.Mutex
	made    map[csp.RoleAssignmentID]csp.RoleAssignment
	locks   map[string]csp.Scope
	issued  int // tokens
	oldest  int // the oldest token still taken
	pages   int // of a list of assignments; 0 means one
	refusal func(*http.Request) *http.Response
}

func newFakeCloud() *fakeCloud {
	f := &fakeCloud{made: map[csp.RoleAssignmentID]csp.RoleAssignment{}, locks: map[string]csp.Scope{}}
	f.assignments = fake.NewRoleAssignmentsServerTransport(&fake.RoleAssignmentsServer{
		Create: f.create, Delete: f.delete, Get: f.get, NewListForScopePager: f.list,
	})
	f.definitions = fake.NewRoleDefinitionsServerTransport(&fake.RoleDefinitionsServer{Get: f.definition})
	return f
}

const (
	authorityHost = "login.cloud.example"
	armHost       = "management.cloud.example"
)

// RoundTrip routes as the hosts' names say.
func (f *fakeCloud) RoundTrip(r *http.Request) (*http.Response, error) {
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	if r.URL.Host == authorityHost {
		return f.signIn(r), nil
	}
	if !f.accepts(r.Header.Get("Authorization")) {
		return problem(r, http.StatusUnauthorized, "ExpiredAuthenticationToken"), nil
	}
	if f.refusal != nil {
		if resp := f.refusal(r); resp != nil {
			return resp, nil
		}
	}
	var resp *http.Response
	var err error
	switch path := r.URL.Path; {
	case strings.Contains(path, "/locks"):
		return f.listLocks(r), nil
	case strings.Contains(path, "/roleDefinitions/"):
		named := r.WithContext(context.WithValue(r.Context(), runtime.CtxAPINameKey{}, "RoleDefinitionsClient.Get"))
		if resp, err = f.definitions.Do(named); err == nil {
			resp = withCondition(resp)
		}
	default:
		resp, err = f.assignments.Do(r)
		if err == nil && f.pages > 0 && strings.HasSuffix(path, "/roleAssignments") {
			resp = f.paged(r, resp)
		}
	}
	if refused, ok := errors.AsType[*azcore.ResponseError](err); ok {
		return problem(r, refused.StatusCode, refused.ErrorCode), nil
	}
	return resp, err
}

func (f *fakeCloud) accepts(header string) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	var number int
	n, err := fmt.Sscanf(header, "Bearer token-%d", &number)
	return err == nil && n == 1 && number >= f.oldest
}

// signIn answers discovery and the token endpoint.
func (f *fakeCloud) signIn(r *http.Request) *http.Response {
	base := "https://" + authorityHost + "/" + tenantID.String()
	if strings.HasSuffix(r.URL.Path, "/.well-known/openid-configuration") {
		return answer(r, http.StatusOK, map[string]any{
			"issuer": base + "/v2.0", "authorization_endpoint": base + "/oauth2/v2.0/authorize", "token_endpoint": base + "/oauth2/v2.0/token",
		})
	}
	body, err := io.ReadAll(r.Body)
	form, _ := url.ParseQuery(string(body))
	if err != nil || form.Get("client_secret") != "demo-secret" || form.Get("client_id") != clientID.String() {
		return answer(r, http.StatusUnauthorized, map[string]any{"error": "invalid_client", "error_description": "AADSTS7000215"})
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.issued++
	return answer(r, http.StatusOK, map[string]any{"token_type": "Bearer", "expires_in": 3600, "access_token": fmt.Sprintf("token-%d", f.issued)})
}

func answer(r *http.Request, status int, body any) *http.Response {
	encoded, err := json.Marshal(body)
	if err != nil {
		panic(err)
	}
	return &http.Response{
		StatusCode: status, Status: http.StatusText(status), Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Request: r,
		Header: http.Header{"Content-Type": {"application/json"}}, Body: io.NopCloser(strings.NewReader(string(encoded))),
	}
}

func problem(r *http.Request, status int, code string) *http.Response {
	return answer(r, status, map[string]any{"error": map[string]string{"code": code, "message": "the fake says " + code}})
}

// withCondition adds what the SDK's type cannot hold.
func withCondition(resp *http.Response) *http.Response {
	var body map[string]any
	if err := json.NewDecoder(resp.Body).Decode(&body); err != nil {
		return resp
	}
	entry := body["properties"].(map[string]any)["permissions"].([]any)[0].(map[string]any)
	entry["condition"] = role.Permissions[0].Condition
	properties := body["properties"].(map[string]any)
	properties["type"] = "BuiltInRole"
	return answer(resp.Request, http.StatusOK, body)
}

func (f *fakeCloud) create(_ context.Context, scope, name string, p armauthorization.RoleAssignmentCreateParameters, _ *armauthorization.RoleAssignmentsClientCreateOptions) (resp azfake.Responder[armauthorization.RoleAssignmentsClientCreateResponse], refused azfake.ErrorResponder) {
	f.mu.Lock()
	defer f.mu.Unlock()
	a := assignment(scope, name, p.Properties)
	for _, other := range f.made {
		same := other.Scope.Equal(a.Scope) && other.Role == a.Role && other.Principal == a.Principal
		switch {
		case other.Name == a.Name && !same:
			refused.SetResponseError(http.StatusBadRequest, "RoleAssignmentUpdateNotPermitted")
			return resp, refused
		case other.Name != a.Name && same:
			refused.SetResponseError(http.StatusConflict, "RoleAssignmentExists")
			return resp, refused
		}
	}
	f.made[a.Name] = a
	resp.SetResponse(http.StatusCreated, armauthorization.RoleAssignmentsClientCreateResponse{RoleAssignment: onTheWire(a)}, nil)
	return resp, refused
}

func (f *fakeCloud) delete(_ context.Context, scope, name string, _ *armauthorization.RoleAssignmentsClientDeleteOptions) (resp azfake.Responder[armauthorization.RoleAssignmentsClientDeleteResponse], refused azfake.ErrorResponder) {
	f.mu.Lock()
	defer f.mu.Unlock()
	a, ok := f.find(scope, name)
	if !ok {
		resp.SetResponse(http.StatusNoContent, armauthorization.RoleAssignmentsClientDeleteResponse{}, nil)
		return resp, refused
	}
	for _, at := range f.locks {
		if at.Contains(a.Scope) {
			refused.SetResponseError(http.StatusConflict, "ScopeLocked")
			return resp, refused
		}
	}
	delete(f.made, a.Name)
	resp.SetResponse(http.StatusOK, armauthorization.RoleAssignmentsClientDeleteResponse{RoleAssignment: onTheWire(a)}, nil)
	return resp, refused
}

func (f *fakeCloud) get(_ context.Context, scope, name string, _ *armauthorization.RoleAssignmentsClientGetOptions) (resp azfake.Responder[armauthorization.RoleAssignmentsClientGetResponse], refused azfake.ErrorResponder) {
	f.mu.Lock()
	defer f.mu.Unlock()
	a, ok := f.find(scope, name)
	if !ok {
		refused.SetResponseError(http.StatusNotFound, "RoleAssignmentNotFound")
		return resp, refused
	}
	resp.SetResponse(http.StatusOK, armauthorization.RoleAssignmentsClientGetResponse{RoleAssignment: onTheWire(a)}, nil)
	return resp, refused
}

func (f *fakeCloud) find(scope, name string) (csp.RoleAssignment, bool) {
	a, ok := f.made[csp.MustParseID[csp.RoleAssignment](name)]
	return a, ok && a.Scope.Equal(scopeOf(scope))
}

func (f *fakeCloud) list(scope string, o *armauthorization.RoleAssignmentsClientListForScopeOptions) (resp azfake.PagerResponder[armauthorization.RoleAssignmentsClientListForScopeResponse]) {
	f.mu.Lock()
	defer f.mu.Unlock()
	at := scopeOf(scope)
	var all []*armauthorization.RoleAssignment
	for _, a := range f.made {
		above := a.Scope.Contains(at)
		below := at.Contains(a.Scope) && (o == nil || o.Filter == nil || *o.Filter != "atScope()")
		if above || below {
			all = append(all, new(onTheWire(a)))
		}
	}
	resp.AddPage(http.StatusOK, armauthorization.RoleAssignmentsClientListForScopeResponse{
		RoleAssignmentListResult: armauthorization.RoleAssignmentListResult{Value: all},
	}, nil)
	return resp
}

// paged cuts a list into pages as Azure does: the next one's address is this
// one's with a place to go on from. (The SDK's fake makes up addresses of its own.)
func (f *fakeCloud) paged(r *http.Request, resp *http.Response) *http.Response {
	var body struct {
		Value    []json.RawMessage `json:"value"`
		NextLink string            `json:"nextLink,omitempty"`
	}
	if err := json.NewDecoder(resp.Body).Decode(&body); err != nil {
		panic(err)
	}
	slices.SortFunc(body.Value, func(a, b json.RawMessage) int { return strings.Compare(string(a), string(b)) })
	skip, size := 0, len(body.Value)/f.pages+1
	_, _ = fmt.Sscan(r.URL.Query().Get("$skipToken"), &skip)
	if rest := body.Value[skip:]; len(rest) > size {
		body.Value, body.NextLink = rest[:size], goOn(r.URL, skip+size)
	} else {
		body.Value = rest
	}
	return answer(r, http.StatusOK, body)
}

func goOn(u *url.URL, at int) string {
	next := *u
	q := next.Query()
	q.Set("$skipToken", strconv.Itoa(at))
	next.RawQuery = q.Encode()
	return next.String()
}

func (f *fakeCloud) definition(_ context.Context, _, id string, _ *armauthorization.RoleDefinitionsClientGetOptions) (resp azfake.Responder[armauthorization.RoleDefinitionsClientGetResponse], refused azfake.ErrorResponder) {
	if id != role.ID.String() {
		refused.SetResponseError(http.StatusNotFound, "RoleDefinitionDoesNotExist")
		return resp, refused
	}
	p := role.Permissions[0]
	resp.SetResponse(http.StatusOK, armauthorization.RoleDefinitionsClientGetResponse{RoleDefinition: armauthorization.RoleDefinition{
		Name: new(id),
		Properties: &armauthorization.RoleDefinitionProperties{
			RoleName:    new(role.Name),
			Permissions: []*armauthorization.Permission{{Actions: []*string{new(p.Actions[0])}, NotActions: []*string{new(p.NotActions[0])}}},
		},
	}}, nil)
	return resp, refused
}

// listLocks answers a lock to a page, and every lock there is: the list may hold
// more than it was asked for.
func (f *fakeCloud) listLocks(r *http.Request) *http.Response {
	f.mu.Lock()
	defer f.mu.Unlock()
	if r.URL.Query().Get("api-version") != "2020-05-01" || r.URL.Query().Get("$filter") != "atScope()" {
		return problem(r, http.StatusBadRequest, "InvalidApiVersionParameter")
	}
	names := slices.Sorted(func(yield func(string) bool) {
		for name := range f.locks {
			if !yield(name) {
				return
			}
		}
	})
	skip := 0
	_, _ = fmt.Sscan(r.URL.Query().Get("$skipToken"), &skip)
	body := map[string]any{"value": []any{}}
	if skip < len(names) {
		name := names[skip]
		body["value"] = []any{map[string]any{
			"id":   f.locks[name].String() + "/providers/Microsoft.Authorization/locks/" + name,
			"name": name, "properties": map[string]string{"level": "CanNotDelete"},
		}}
	}
	if skip+1 < len(names) {
		body["nextLink"] = goOn(r.URL, skip+1)
	}
	return answer(r, http.StatusOK, body)
}

func scopeOf(s string) csp.Scope { return csp.MustParseScope("/" + strings.TrimPrefix(s, "/")) }

func assignment(scope, name string, p *armauthorization.RoleAssignmentProperties) csp.RoleAssignment {
	ref, err := csp.ParseRoleDefinitionRef(*p.RoleDefinitionID)
	if err != nil {
		panic(err)
	}
	return csp.RoleAssignment{
		Name: csp.MustParseID[csp.RoleAssignment](name), Scope: scopeOf(scope), Role: ref.Role,
		Principal: csp.MustParseID[csp.Principal](*p.PrincipalID), PrincipalType: csp.PrincipalType(*p.PrincipalType), Description: *p.Description,
	}
}

func onTheWire(a csp.RoleAssignment) armauthorization.RoleAssignment {
	return armauthorization.RoleAssignment{
		ID:   new(a.Scope.String() + "/providers/Microsoft.Authorization/roleAssignments/" + a.Name.String()),
		Name: new(a.Name.String()), Type: new("Microsoft.Authorization/roleAssignments"),
		Properties: &armauthorization.RoleAssignmentProperties{
			// Azure is free to change the letters of a scope, and does.
			Scope:            new(strings.Replace(a.Scope.String(), "/resourceGroups/", "/resourcegroups/", 1)),
			RoleDefinitionID: new(csp.RoleDefinitionRefAt(a.Scope, a.Role).String()),
			PrincipalID:      new(a.Principal.String()), PrincipalType: new(armauthorization.PrincipalType(a.PrincipalType)),
			Description: new(a.Description),
		},
	}
}

// fakeWorld is the fake cloud with a connector in it.
type fakeWorld struct {
	t         *testing.T
	cloud     *fakeCloud
	faults    *connectortest.Faults
	connector *arm.Connector
	clock     *clock.Movable
}

func newFakeWorld(t *testing.T) *fakeWorld {
	t.Helper()
	w := &fakeWorld{t: t, cloud: newFakeCloud(), clock: &clock.Movable{}}
	w.faults = &connectortest.Faults{Base: w.cloud}
	c, err := cloud.New(cloud.Endpoints{
		Authority:       &url.URL{Scheme: "https", Host: authorityHost},
		ResourceManager: &url.URL{Scheme: "https", Host: armHost},
		Audience:        "https://" + armHost,
		Transport:       w.faults,
	})
	if err != nil {
		t.Fatal(err)
	}
	estate := &jit.Estate{Customers: []jit.Customer{{
		Tenant: csp.Tenant{ID: tenantID}, Subscriptions: []csp.Subscription{{ID: subscriptionID, Tenant: tenantID}},
	}}}
	if w.connector, err = arm.New(c, cloud.Application{ClientID: clientID, Secret: "demo-secret"}, estate, w.clock); err != nil {
		t.Fatal(err)
	}
	return w
}

func (w *fakeWorld) Connector() jit.Connector { return w.connector }

func (w *fakeWorld) Target() jit.Target {
	return jit.Target{Service: jit.Azure, Tenant: tenantID, Scope: shop, Role: role.ID, Principal: engineer, PrincipalType: csp.User}
}

func (w *fakeWorld) Role() csp.RoleDefinition { return role }

func (w *fakeWorld) Elsewhere() connectortest.Elsewhere {
	return connectortest.Elsewhere{
		Principal: colleague,
		Below:     csp.MustParseScope(shop.String() + "/providers/Microsoft.Compute/virtualMachines/web1"),
		Beside:    csp.MustParseScope(shop.String() + "2"),
	}
}

func (w *fakeWorld) Now() time.Time { return w.clock.Now() }

func (w *fakeWorld) Assignments() []csp.RoleAssignment {
	w.cloud.mu.Lock()
	defer w.cloud.mu.Unlock()
	var all []csp.RoleAssignment
	for _, a := range w.cloud.made {
		all = append(all, a)
	}
	return all
}

func (w *fakeWorld) Put(a csp.RoleAssignment) {
	w.cloud.mu.Lock()
	defer w.cloud.mu.Unlock()
	w.cloud.made[a.Name] = a
}

func (w *fakeWorld) Take(a csp.RoleAssignment) {
	w.cloud.mu.Lock()
	defer w.cloud.mu.Unlock()
	delete(w.cloud.made, a.Name)
}

func (w *fakeWorld) Lock(at csp.Scope, name string) {
	w.cloud.mu.Lock()
	defer w.cloud.mu.Unlock()
	w.cloud.locks[name] = at
}

func (w *fakeWorld) Unlock(_ csp.Scope, name string) {
	w.cloud.mu.Lock()
	defer w.cloud.mu.Unlock()
	delete(w.cloud.locks, name)
}

func (w *fakeWorld) Faults() *connectortest.Faults { return w.faults }

// revokeTokens lets every token issued so far count as expired.
func (f *fakeCloud) revokeTokens() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.oldest = f.issued + 1
}
