package control_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"latchkey/csp"
	"latchkey/csp/builtin"
	"latchkey/csp/worldfile"
	"latchkey/emulator"
	"latchkey/emulator/control"
	"latchkey/emulator/world"
	"latchkey/emulator/worldclock"
)

// small is a world of a partner with one customer, by every kind of relationship.
const small = `
partners:
  Alder:
    domain: alder.example
    users: [ann]
    agents: {AdminAgents: [ann]}
    groups: {Support: [ann]}
customers:
  Contoso:
    domain: contoso.example
    users: [cleo]
    directory roles: {Global Administrator: cleo}
    reseller: Alder
    dap: Alder
    gdap:
      Work: {partner: Alder, until: 2090-01-01, groups: {Support: [Directory Readers]}}
    subscriptions:
      Shop: {created by: Alder}
`

// desk is a control API in front of a small world.
type desk struct {
	clock  *worldclock.Clock
	server *emulator.Server
	api    *control.Handler
}

const token = "a token of the tests"

func newDesk(tb testing.TB) *desk {
	tb.Helper()
	d := &desk{clock: &worldclock.Clock{}}
	compose := func(f csp.Facts) (*world.World, error) {
		w := world.New(world.Options{Now: d.clock.Now, Roles: builtin.AzureRoles()})
		return w, w.Load(f)
	}
	w, err := compose(must(worldfile.Parse("small.yaml", []byte(small)))(tb))
	ok(tb, err)
	w.MarkSeed()
	d.server = must(emulator.New(emulator.Options{World: w, Clock: d.clock}))(tb)
	d.api = control.New(control.Options{Cloud: d.server, Clock: d.clock, Make: compose, Token: token})
	return d
}

// ask sends a request with the token.
func (d *desk) ask(tb testing.TB, method, path, body string) (int, map[string]any) {
	tb.Helper()
	r := httptest.NewRequestWithContext(tb.Context(), method, path, strings.NewReader(body))
	r.Header.Set("Authorization", "Bearer "+token)
	w := httptest.NewRecorder()
	d.api.ServeHTTP(w, r)
	var got map[string]any
	if strings.HasPrefix(w.Header().Get("Content-Type"), "application/json") {
		if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil {
			tb.Fatalf("%s %s: %v in %s", method, path, err, w.Body)
		}
	} else {
		got = map[string]any{"text": w.Body.String()}
	}
	return w.Code, got
}

// want is ask for a call that must be answered with 200.
func (d *desk) want(tb testing.TB, method, path, body string) map[string]any {
	tb.Helper()
	status, got := d.ask(tb, method, path, body)
	if status != http.StatusOK {
		tb.Fatalf("%s %s %s: %d %v", method, path, body, status, got)
	}
	return got
}

func TestNothingIsAnsweredWithoutTheToken(t *testing.T) {
	d := newDesk(t)
	for _, header := range []string{"", "Bearer", "Bearer ", "Bearer wrong", "Basic " + token, token} {
		for _, path := range []string{"/", "/clock", "/nothing"} {
			r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, http.NoBody)
			r.Header.Set("Authorization", header)
			w := httptest.NewRecorder()
			d.api.ServeHTTP(w, r)
			if w.Code != http.StatusUnauthorized || w.Header().Get("WWW-Authenticate") == "" || w.Header().Get("x-emulator") == "" || strings.Contains(w.Body.String(), token) {
				t.Errorf("with %q, %s: %d %s", header, path, w.Code, w.Body)
			}
		}
	}
	one, other := control.NewToken(), control.New(control.Options{Cloud: d.server})
	if len(one) < 40 || one == other.Token || other.Token == "" {
		t.Errorf("tokens %q and %q", one, other.Token)
	}
}

// TestReadingChangesNothing: every GET leaves the world, the clock and the faults
// as they were.
func TestReadingChangesNothing(t *testing.T) {
	d := newDesk(t)
	d.clock.Freeze()
	stands := func() string {
		got := d.want(t, http.MethodGet, "/", "")
		delete(got["clock"].(map[string]any), "ahead") // the machine's goes on
		return fmt.Sprint(got)
	}
	before := stands()
	for _, path := range []string{"/", "/clock", "/settings", "/faults", "/outages", "/world", "/snapshots", "/history", "/calls"} {
		d.want(t, http.MethodGet, path+"?speed=9&move=2h", `{"move":"2h"}`)
	}
	if after := stands(); before != after {
		t.Errorf("before %v, after %v", before, after)
	}
	for _, path := range []string{"/world/reset", "/snapshots/a/restore", "/partners/remove", "/nothing"} {
		if status, got := d.ask(t, http.MethodGet, path, ""); status != http.StatusNotFound || got["error"] == nil {
			t.Errorf("GET %s: %d %v", path, status, got)
		}
	}
}

func TestClockIsMovedThroughTheAPI(t *testing.T) {
	d := newDesk(t)
	d.want(t, http.MethodPost, "/clock", `{"set":"2030-01-01T00:00:00Z","freeze":true}`)
	if got := d.want(t, http.MethodPost, "/clock", `{"move":"2h"}`); got["now"] != "2030-01-01T02:00:00Z" || got["frozen"] != true {
		t.Errorf("moved: %v", got)
	}
	if now := d.server.World().Now(); !now.Equal(time.Date(2030, 1, 1, 2, 0, 0, 0, time.UTC)) {
		t.Errorf("the world says %v", now)
	}
	if got := d.want(t, http.MethodPost, "/clock", `{"speed":60}`); got["speed"] != 60.0 || got["frozen"] != false {
		t.Errorf("run fast: %v", got)
	}
	if got := d.want(t, http.MethodPost, "/clock", `{"reset":true}`); got["ahead"] != "0s" {
		t.Errorf("reset: %v", got)
	}
	for body, says := range map[string]string{
		``: "a body", `{`: "cannot be read", `{} {}`: "there is more", `{}`: "nothing is asked", `{"mvoe":"2h"}`: "mvoe", `{"move":2}`: `"2h30m"`, `{"move":"soon"}`: "no duration",
		`{"move":"1h","set":"2030-01-01T00:00:00Z"}`: "not both", `{"freeze":true,"speed":2}`: "not both", `{"reset":true,"freeze":true}`: "nothing goes beside", `{"speed":-1}`: "from 0",
		`{"set":"1066-10-14T00:00:00Z"}`: "range", `{"move":"2000000h"}`: "range", `{"move":"-2540400h"}`: "range",
	} {
		if status, got := d.ask(t, http.MethodPost, "/clock", body); status != http.StatusBadRequest || !strings.Contains(fmt.Sprint(got["error"]), says) {
			t.Errorf("%s: %d %v, want %q", body, status, got, says)
		}
	}
	fixed := control.New(control.Options{Cloud: d.server, Token: token})
	d.api = fixed
	if status, _ := d.ask(t, http.MethodPost, "/clock", `{"move":"2h"}`); status != http.StatusConflict {
		t.Errorf("without a clock: %d", status)
	}
	if got := d.want(t, http.MethodGet, "/clock", ""); got["movable"] != false {
		t.Errorf("without a clock: %v", got)
	}
}

func TestSettingsAreChangedThroughTheAPI(t *testing.T) {
	d := newDesk(t)
	d.want(t, http.MethodPatch, "/settings", `{"latency":{"arm":"5ms"},"accessTokenLife":"10m","delays":{"relationship":"1h","principal":"2m"}}`)
	d.want(t, http.MethodPatch, "/settings", `{"delays":{"roleAssignment":"30s"}}`)
	got, err := json.Marshal(d.want(t, http.MethodGet, "/settings", ""))
	ok(t, err)
	for _, want := range []string{`"arm":"5ms"`, `"login":"0s"`, `"accessTokenLife":"10m0s"`, `"relationship":"1h0m0s"`, `"principal":"2m0s"`, `"roleAssignment":"30s"`} {
		if !strings.Contains(string(got), want) {
			t.Errorf("%s lacks %s", got, want)
		}
	}
	if d.server.TokenLife() != 10*time.Minute || d.server.Latency(emulator.ARM) != 5*time.Millisecond || d.server.World().Delays().Relationship != time.Hour {
		t.Error("the server has not heard of it")
	}
	for body, says := range map[string]string{
		`{"latency":{"moon":"1s"}}`: "no origin", `{"latency":{"arm":"2m"}}`: "from 0", `{"accessTokenLife":"0s"}`: "live from", `{"delays":{"principal":"-1s"}}`: "from 0 to a year", `{"color":"red"}`: "color",
	} {
		if status, got := d.ask(t, http.MethodPatch, "/settings", body); status != http.StatusBadRequest || !strings.Contains(fmt.Sprint(got["error"]), says) {
			t.Errorf("%s: %d %v, want %q", body, status, got, says)
		}
	}
}

func TestFaultsComeAndGoThroughTheAPI(t *testing.T) {
	d := newDesk(t)
	made := d.want(t, http.MethodPost, "/faults", `{"origin":"login","path":"*/discovery/instance","times":-1,"status":503,"retryAfter":"3s","tenant":""}`)
	id := fmt.Sprint(made["id"])
	d.want(t, http.MethodPost, "/faults", `{"tenant":"contoso.example","delay":"1ms","answerDelay":"1ms","duplicate":true,"method":"put"}`)
	r := must(http.NewRequestWithContext(t.Context(), http.MethodGet, "https://login.microsoftonline.com/common/discovery/instance", nil))(t)
	response := must(d.server.Transport().RoundTrip(r))(t)
	ok(t, response.Body.Close())
	if response.StatusCode != http.StatusServiceUnavailable || response.Header.Get("Retry-After") != "3" {
		t.Errorf("the fault did not strike: %s", response.Status)
	}
	if got := d.want(t, http.MethodGet, "/faults/"+id, ""); got["hits"] != 1.0 {
		t.Errorf("hits: %v", got)
	}
	if got, err := json.Marshal(d.want(t, http.MethodGet, "/faults", "")); err != nil || strings.Count(string(got), `"id"`) != 2 || !strings.Contains(string(got), `"delay":"1ms"`) {
		t.Errorf("%s, %v", got, err)
	}
	d.want(t, http.MethodDelete, "/faults/"+id, "")
	for _, gone := range []string{id, "x", "999"} {
		if status, _ := d.ask(t, http.MethodDelete, "/faults/"+gone, ""); status != http.StatusNotFound {
			t.Errorf("fault %s: %d", gone, status)
		}
		if status, _ := d.ask(t, http.MethodGet, "/faults/"+gone, ""); status != http.StatusNotFound {
			t.Errorf("fault %s: %d", gone, status)
		}
	}
	d.want(t, http.MethodDelete, "/faults", "")
	if len(d.server.Faults()) != 0 {
		t.Error("faults are left")
	}
	for body, want := range map[string]int{`{"status":200}`: 400, `{"tenant":"nobody.example"}`: 404, `{"delay":"11m"}`: 400, `[]`: 400, `{"cut":"yes"}`: 400} {
		if status, got := d.ask(t, http.MethodPost, "/faults", body); status != want || got["error"] == "" {
			t.Errorf("%s: %d %v", body, status, got)
		}
	}
	for range 1000 {
		d.server.Inject(emulator.Fault{Path: "/never"})
	}
	if status, _ := d.ask(t, http.MethodPost, "/faults", `{"cut":true}`); status != http.StatusConflict {
		t.Errorf("one too many: %d", status)
	}
}

func TestOutagesComeAndGoThroughTheAPI(t *testing.T) {
	d := newDesk(t)
	got := d.want(t, http.MethodPut, "/outages/contoso.example", "")
	if list, _ := got["outages"].([]any); len(list) != 1 {
		t.Errorf("away: %v", got)
	}
	if got := d.want(t, http.MethodDelete, "/outages/contoso.example", ""); len(got["outages"].([]any)) != 0 {
		t.Errorf("back: %v", got)
	}
	if status, _ := d.ask(t, http.MethodPut, "/outages/nobody", ""); status != http.StatusNotFound {
		t.Errorf("a tenant nobody knows: %d", status)
	}
}

func TestWorldsAreReadKeptAndPutInPlace(t *testing.T) {
	d := newDesk(t)
	file := d.want(t, http.MethodGet, "/world", "")["text"].(string)
	if !strings.Contains(file, "Contoso") || !strings.Contains(file, "Directory Readers") {
		t.Errorf("the world file lacks something: %s", file)
	}
	d.want(t, http.MethodPut, "/snapshots/before", "")
	contoso, _ := d.server.World().TenantNamed("contoso.example")
	must(contoso.AddUser(world.User{Name: "New", UPN: "new"}))(t)
	people := func() int {
		contoso, _ := d.server.World().TenantNamed("contoso.example")
		return len(contoso.Users())
	}
	if people() != 2 {
		t.Fatalf("%d people", people())
	}
	d.want(t, http.MethodPost, "/snapshots/before/restore", "")
	if people() != 1 {
		t.Errorf("restored: %d people", people())
	}
	contoso, _ = d.server.World().TenantNamed("contoso.example")
	must(contoso.AddUser(world.User{Name: "New", UPN: "new"}))(t)
	d.server.Inject(emulator.Fault{Cut: true})
	d.want(t, http.MethodPost, "/world/reset", "")
	if people() != 1 || len(d.server.Faults()) != 0 {
		t.Errorf("reset: %d people, %d faults", people(), len(d.server.Faults()))
	}
	if got := d.want(t, http.MethodPut, "/world", "customers: {Fabrikam: {domain: fabrikam.example}}"); got["generation"] != 2.0 || got["tenants"] != 1.0 {
		t.Errorf("another world: %v", got)
	}
	if _, known := d.server.World().TenantNamed("fabrikam.example"); !known {
		t.Error("the other world is not there")
	}
	if got := d.want(t, http.MethodGet, "/snapshots", ""); len(got["snapshots"].([]any)) != 0 {
		t.Errorf("snapshots of a world that is gone: %v", got)
	}
	d.want(t, http.MethodPost, "/world/reset", "")
	if len(d.server.World().Tenants()) != 1 {
		t.Error("a reset does not go back to the other world's beginning")
	}
	if status, got := d.ask(t, http.MethodPut, "/world", "customers: {Fabrikam: {domian: x}}"); status != http.StatusBadRequest || !strings.Contains(fmt.Sprint(got["error"]), "domian") {
		t.Errorf("a world file with a mistake: %d %v", status, got)
	}
	d.api = control.New(control.Options{Cloud: d.server, Token: token})
	if status, _ := d.ask(t, http.MethodPut, "/world", small); status != http.StatusConflict {
		t.Errorf("without a way to make worlds: %d", status)
	}
}

func TestSnapshotsAreNamedAndBounded(t *testing.T) {
	d := newDesk(t)
	for n := range 20 {
		d.want(t, http.MethodPut, fmt.Sprintf("/snapshots/s%d", n), "")
	}
	d.want(t, http.MethodPut, "/snapshots/s0", "") // once more under the same name
	if status, _ := d.ask(t, http.MethodPut, "/snapshots/more", ""); status != http.StatusConflict {
		t.Errorf("one too many: %d", status)
	}
	d.want(t, http.MethodDelete, "/snapshots/s0", "")
	d.want(t, http.MethodPut, "/snapshots/more", "")
	for method, path := range map[string]string{http.MethodDelete: "/snapshots/s0", http.MethodPost: "/snapshots/s0/restore"} {
		if status, _ := d.ask(t, method, path, ""); status != http.StatusNotFound {
			t.Errorf("%s %s: %d", method, path, status)
		}
	}
	for _, name := range []string{".hidden", "a%20b", "a%2Fb", strings.Repeat("x", 65)} {
		if status, _ := d.ask(t, http.MethodPut, "/snapshots/"+name, ""); status != http.StatusBadRequest {
			t.Errorf("%s: %d", name, status)
		}
	}
	if got := d.want(t, http.MethodGet, "/snapshots", ""); len(got["snapshots"].([]any)) != 20 {
		t.Errorf("%v", got)
	}
}

// TestCustomerRemovesPartner: the switches are independent (R23), and without any
// it is the delegated administration that ends.
func TestCustomerRemovesPartner(t *testing.T) {
	both := `"customer":"contoso.example","partner":"alder.example"`
	has := func(d *desk) string {
		customer, _ := d.server.World().TenantNamed("contoso.example")
		partner, _ := d.server.World().TenantNamed("alder.example")
		ship, _ := d.server.World().Partnership(partner.ID, customer.ID)
		active, foreign := 0, 0
		for _, r := range d.server.World().RelationshipsOf(customer.ID) {
			if r.Status == csp.GDAPActive {
				active++
			}
		}
		for _, a := range customer.AssignmentsBelow(csp.Root()) {
			if a.PrincipalType == csp.ForeignGroup {
				foreign++
			}
		}
		return fmt.Sprintf("reseller %v, DAP %v, GDAP %d, foreign %d", ship.Reseller, ship.DAP, active, foreign)
	}
	for body, want := range map[string]struct {
		ended float64
		left  string
	}{
		`{` + both + `}`:                 {2, "reseller true, DAP false, GDAP 0, foreign 1"},
		`{` + both + `,"dap":true}`:      {1, "reseller true, DAP false, GDAP 1, foreign 1"},
		`{` + both + `,"gdap":true}`:     {1, "reseller true, DAP true, GDAP 0, foreign 1"},
		`{` + both + `,"reseller":true}`: {1, "reseller false, DAP true, GDAP 1, foreign 1"},
		`{` + both + `,"azure":true}`:    {1, "reseller true, DAP true, GDAP 1, foreign 0"},
		`{"customer":"contoso.example","partner":"alder.example","dap":true,"gdap":true,"reseller":true,"azure":true}`: {4, "reseller false, DAP false, GDAP 0, foreign 0"},
	} {
		d := newDesk(t)
		if before := has(d); before != "reseller true, DAP true, GDAP 1, foreign 1" {
			t.Fatalf("before: %s", before)
		}
		if got := d.want(t, http.MethodPost, "/partners/remove", body); got["ended"] != want.ended || has(d) != want.left {
			t.Errorf("%s: ended %v, left %s, want %s", body, got["ended"], has(d), want.left)
		}
	}
	d := newDesk(t)
	for body, want := range map[string]int{`{"customer":"contoso.example"}`: 404, `{"partner":"alder.example"}`: 404, `{"customer":"alder.example","partner":"alder.example"}`: 400, `{`: 400} {
		if status, _ := d.ask(t, http.MethodPost, "/partners/remove", body); status != want {
			t.Errorf("%s: %d, want %d", body, status, want)
		}
	}
}

// TestPeopleAreChanged: one account's second step, and what else happens to it.
func TestPeopleAreChanged(t *testing.T) {
	d := newDesk(t)
	account := func() world.User {
		alder, _ := d.server.World().TenantNamed("alder.example")
		users := alder.Users()
		at := slices.IndexFunc(users, func(u world.User) bool { return u.UPN == "ann@alder.example" })
		if at < 0 {
			t.Fatal("ann is gone")
		}
		return users[at]
	}
	before := account()
	got := d.want(t, http.MethodPatch, "/people/ANN@alder.example", `{"mfa":true,"password":"another"}`)
	if got["mfa"] != true || got["disabled"] != false || got["password"] != nil {
		t.Errorf("%v", got)
	}
	if u := account(); !u.MFA || u.Password != "another" || u.Disabled || u.ValidFrom.Equal(before.ValidFrom) {
		t.Errorf("%+v", u) // a new password ends sessions too
	}
	before = account()
	d.want(t, http.MethodPatch, "/people/ann@alder.example", `{"disabled":true,"revokeSessions":true}`)
	if u := account(); !u.MFA || !u.Disabled || u.ValidFrom.Equal(before.ValidFrom) {
		t.Errorf("%+v", u)
	}
	if got := d.want(t, http.MethodGet, "/people/ann@alder.example", ""); got["disabled"] != true {
		t.Errorf("%v", got)
	}
	for path, want := range map[string]int{"/people/ann": 400, "/people/ann@nowhere.example": 404, "/people/nobody@alder.example": 404} {
		if status, _ := d.ask(t, http.MethodPatch, path, `{"mfa":true}`); status != want {
			t.Errorf("%s: %d, want %d", path, status, want)
		}
	}
	for _, body := range []string{`{"password":""}`, `{"admin":true}`, `[]`} {
		if status, _ := d.ask(t, http.MethodPatch, "/people/ann@alder.example", body); status != http.StatusBadRequest {
			t.Errorf("%s: %d", body, status)
		}
	}
}

func TestHistoryIsReadInStretches(t *testing.T) {
	d := newDesk(t)
	contoso, _ := d.server.World().TenantNamed("contoso.example")
	role, _ := builtin.AzureRoleNamed("Reader")
	cleo := contoso.Users()[0]
	must(contoso.Assign(csp.RoleAssignment{Scope: contoso.Subscriptions()[0].Scope(), Role: role.ID, Principal: cleo.ID}))(t)
	for n := range 5 {
		must(contoso.AddGroup(world.Group{Name: fmt.Sprint("g", n)}))(t)
	}
	seen, after, stretches := 0, 0.0, 0
	for {
		got := d.want(t, http.MethodGet, fmt.Sprintf("/history?limit=2&after=%.0f", after), "")
		seen += len(got["events"].([]any))
		after = got["next"].(float64)
		stretches++
		if got["more"] == false {
			break
		}
	}
	if all := len(d.server.World().History()); seen != all || stretches != (all+1)/2 {
		t.Errorf("%d of %d events in %d stretches", seen, all, stretches)
	}
	got, err := json.Marshal(d.want(t, http.MethodGet, "/history?tenant=contoso.example", ""))
	ok(t, err)
	if !strings.Contains(string(got), `"kind":"role assignment put"`) || !strings.Contains(string(got), `"principalType":"User"`) || !strings.Contains(string(got), `"by":null`) {
		t.Errorf("%s", got)
	}
	for query, want := range map[string]int{"?after=-1": 400, "?after=x": 400, "?limit=0": 400, "?limit=99999": 400, "?limit=y": 400, "?tenant=nobody": 404} {
		if status, _ := d.ask(t, http.MethodGet, "/history"+query, ""); status != want {
			t.Errorf("%s: %d, want %d", query, status, want)
		}
	}
}

func TestCallsAreRead(t *testing.T) {
	d := newDesk(t)
	r := must(http.NewRequestWithContext(t.Context(), http.MethodGet, "https://login.microsoftonline.com/common/discovery/instance", nil))(t)
	response := must(d.server.Transport().RoundTrip(r))(t)
	ok(t, response.Body.Close())
	got, err := json.Marshal(d.want(t, http.MethodGet, "/calls", ""))
	ok(t, err)
	if !strings.Contains(string(got), `"path":"/common/discovery/instance"`) || !strings.Contains(string(got), `"status":200`) || !strings.Contains(string(got), `"origin":"login"`) {
		t.Errorf("%s", got)
	}
}

func TestBodiesThatAreTooLargeAreRefused(t *testing.T) {
	d := newDesk(t)
	if status, _ := d.ask(t, http.MethodPost, "/faults", `{"path":"`+strings.Repeat("x", 2<<20)+`"}`); status != http.StatusRequestEntityTooLarge {
		t.Errorf("%d", status)
	}
}

// TestControlOverASocket: Start serves the API on an origin of its own.
func TestControlOverASocket(t *testing.T) {
	d := newDesk(t)
	server := must(emulator.New(emulator.Options{World: d.server.World(), Clock: d.clock, Control: true}))(t)
	e := must(server.Start(t.Context()))(t)
	t.Cleanup(func() { ok(t, e.Close()) })
	get := func(token string) (int, string) {
		r := must(http.NewRequestWithContext(t.Context(), http.MethodGet, e.Control+"/", nil))(t)
		r.Header.Set("Authorization", "Bearer "+token)
		response, err := e.Client().Do(r)
		ok(t, err)
		defer func() { _ = response.Body.Close() }()
		return response.StatusCode, string(must(io.ReadAll(response.Body))(t))
	}
	if status, body := get(e.ControlToken); status != http.StatusOK || !strings.Contains(body, `"movable": true`) {
		t.Errorf("%d %s", status, body)
	}
	if status, _ := get("wrong"); status != http.StatusUnauthorized {
		t.Errorf("with a wrong token: %d", status)
	}
}

// FuzzBodies: whatever is sent, the answer is JSON or a world file, and nothing
// panics.
func FuzzBodies(f *testing.F) {
	paths := []string{"/clock", "/settings", "/faults", "/world", "/partners/remove", "/snapshots/x", "/outages/contoso.example", "/history", "/people/ann@alder.example", "/"}
	methods := []string{http.MethodPost, http.MethodPatch, http.MethodPut, http.MethodDelete, http.MethodGet}
	for i, body := range []string{`{"move":"2h"}`, `{"latency":{"arm":"1s"}}`, `{"status":503,"times":-1}`, small, `{"customer":"contoso.example","partner":"alder.example"}`, "", `{"set":"9999-12-31T23:59:59Z"}`, `{"speed":1e308}`} {
		f.Add(uint8(i), uint8(i), body)
	}
	d := newDesk(f)
	f.Fuzz(func(t *testing.T, path, method uint8, body string) {
		status, got := d.ask(t, methods[int(method)%len(methods)], paths[int(path)%len(paths)], body)
		if status >= 500 || status != http.StatusOK && got["error"] == nil {
			t.Errorf("%d %v", status, got)
		}
		d.server.ClearFaults()
	})
}

func must[T any](value T, err error) func(testing.TB) T {
	return func(tb testing.TB) T {
		tb.Helper()
		ok(tb, err)
		return value
	}
}

func ok(tb testing.TB, err error) {
	tb.Helper()
	if err != nil {
		tb.Fatal(err)
	}
}
