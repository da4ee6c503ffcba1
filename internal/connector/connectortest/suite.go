package connectortest

import (
	"cmp"
	"context"
	"crypto/rand"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"latchkey/csp"
	"latchkey/internal/fault"
	"latchkey/internal/jit"
)

// World is a service with one customer tenant, as the suite sees and disturbs it.
type World interface {
	// Connector is the one under test, working in this world.
	Connector() jit.Connector
	// Target is an access that the connector may grant and nobody has.
	Target() jit.Target
	// Role is the target's role as the world has it.
	Role() csp.RoleDefinition
	// Elsewhere is another principal of the tenant, and scopes beside and below
	// the target's.
	Elsewhere() Elsewhere
	// Now is the time by the connector's clock.
	Now() time.Time
	// Assignments is the truth: all there are in the tenant.
	Assignments() []csp.RoleAssignment
	// Put makes an assignment by somebody else's hand, and Take takes it away.
	Put(a csp.RoleAssignment)
	Take(a csp.RoleAssignment)
	// Lock forbids removals at the scope and below it, until Unlock.
	Lock(at csp.Scope, name string)
	Unlock(at csp.Scope, name string)
	// Faults stands between the connector and the world.
	Faults() *Faults
}

// Elsewhere is what else a world has.
type Elsewhere struct {
	Principal csp.ObjectID
	Below     csp.Scope
	Beside    csp.Scope
}

// suite is one test's world with the words the tests are told in.
type suite struct {
	*testing.T
	World
	before []csp.RoleAssignment
}

// Instance names the installation in the suite's markers.
var instance = csp.MustParseID[csp.Tenant]("1a7c4be1-0000-4000-8000-000000000001")

// Run holds a connector against everything a connector must do.
func Run(t *testing.T, makeWorld func(t *testing.T) World) {
	t.Helper()
	for name, test := range map[string]func(suite){
		"a grant appears, is repeated without harm, and goes":         lifeCycle,
		"preflight reads the role as the tenant has it":               preflightRole,
		"access that was there before is neither ours nor removed":    preexisting,
		"an object that is not ours under our name is left alone":     foreignName,
		"another installation's object is left alone":                 otherInstallation,
		"a later end moves the marker and nothing else":               extension,
		"a lost or broken answer to a grant is resolved by looking":   lostGrants,
		"a lost or broken answer to a removal is resolved by looking": lostRevokes,
		"throttling says how long to wait":                            throttling,
		"an outage grants nothing, hides nothing, and passes":         outage,
		"a redirect is not followed":                                  redirect,
		"a delete lock lets a grant pass and is named":                locked,
		"marked objects are found at the place and below it":          marked,
		"nothing is granted after the last safe moment":               tooLate,
		"a caller who has gone gets nothing done":                     cancelled,
		"an order for elsewhere is not even sent":                     elsewhere,
	} {
		t.Run(name, func(t *testing.T) {
			w := makeWorld(t)
			test(suite{T: t, World: w, before: w.Assignments()})
		})
	}
}

// order is for a fresh episode on the world's target.
func (s suite) order() jit.Order { return s.orderFor(s.Target()) }

func (s suite) orderFor(t jit.Target) jit.Order {
	var episode jit.EpisodeID
	var name csp.RoleAssignmentID
	_, _ = rand.Read(episode[:]) // never fails
	_, _ = rand.Read(name[:])
	now := s.Now()
	return jit.Order{
		Target: t, Name: name,
		Marker:      jit.Marker{Instance: instance, Episode: episode, Ends: now.Add(2 * time.Hour).Truncate(time.Second)},
		StartBefore: now.Add(time.Hour),
	}
}

// there is the assignment an order asks for.
func there(o jit.Order) csp.RoleAssignment {
	return csp.RoleAssignment{
		Name: o.Name, Scope: o.Target.Scope, Role: o.Target.Role, Principal: o.Target.Principal,
		PrincipalType: o.Target.PrincipalType, Description: o.Marker.String(),
	}
}

// truth checks that the tenant holds what it held before, and these.
func (s suite) truth(more ...csp.RoleAssignment) {
	s.Helper()
	byName := func(a, b csp.RoleAssignment) int { return cmp.Compare(a.Name.String(), b.Name.String()) }
	want := slices.SortedFunc(slices.Values(slices.Concat(s.before, more)), byName)
	got := slices.SortedFunc(slices.Values(s.Assignments()), byName)
	if diff := gocmp.Diff(want, got, gocmp.Comparer(csp.Scope.Equal)); diff != "" {
		s.Errorf("the tenant's assignments (-want +got):\n%s", diff)
	}
}

func (s suite) grant(o jit.Order, want jit.Result) jit.Outcome {
	s.Helper()
	out := s.Connector().Grant(s.Context(), o)
	s.outcome("Grant", out, want)
	return out
}

func (s suite) revoke(o jit.Order, want jit.Result) jit.Outcome {
	s.Helper()
	out := s.Connector().Revoke(s.Context(), o)
	s.outcome("Revoke", out, want)
	return out
}

var resultNames = map[jit.Result]string{jit.UnknownResult: "unknown", jit.Done: "done", jit.NotDone: "not done", jit.Preexisting: "preexisting"}

// outcome checks the result, and that people are told why unless it is done.
func (s suite) outcome(call string, out jit.Outcome, want jit.Result) {
	s.Helper()
	if out.Result != want {
		s.Fatalf("%s: %s (%v), want %s", call, resultNames[out.Result], out.Err, resultNames[want])
	}
	if (out.Err == nil) != (want == jit.Done) {
		s.Errorf("%s: %s with error %v", call, resultNames[out.Result], out.Err)
	}
	if out.Err != nil && fault.PublicOf(out.Err) == "" {
		s.Errorf("%s: no sentence for people in %v", call, out.Err)
	}
}

func (s suite) observe(o jit.Order, want jit.Sighting) {
	s.Helper()
	got, err := s.Connector().Observe(s.Context(), o)
	if got != want || (err != nil) != (want == jit.Unseen) {
		s.Errorf("Observe = %d, %v; want %d", got, err, want)
	}
	if err != nil && fault.PublicOf(err) == "" {
		s.Errorf("Observe: no sentence for people in %v", err)
	}
}

func lifeCycle(s suite) {
	o := s.order()
	s.observe(o, jit.SeenAbsent)
	s.grant(o, jit.Done)
	s.truth(there(o))
	s.observe(o, jit.SeenOurs)
	s.grant(o, jit.Done)
	s.truth(there(o))
	s.revoke(o, jit.Done)
	s.truth()
	s.observe(o, jit.SeenAbsent)
	s.revoke(o, jit.Done)
	s.truth()
}

func preflightRole(s suite) {
	got, err := s.Connector().Preflight(s.Context(), s.Target())
	if err != nil {
		s.Fatal(err)
	}
	if got.Role.Content() != s.Role().Content() || got.Role.ID != s.Role().ID || got.Role.Name != s.Role().Name {
		s.Errorf("role %+v, want %+v", got.Role, s.Role())
	}
	if got.Existing || len(got.Locks) > 0 {
		s.Errorf("existing %t, locks %q in a world that has neither", got.Existing, got.Locks)
	}
	unknown := s.Target()
	unknown.Role = csp.MustParseID[csp.RoleDefinition]("0badc0de-0000-4000-8000-00000000dead")
	if _, err := s.Connector().Preflight(s.Context(), unknown); fault.PublicOf(err) == "" {
		s.Errorf("Preflight of a role that is not there = %v", err)
	}
}

func preexisting(s suite) {
	o := s.order()
	standing := there(s.order())
	standing.Description = "made by hand"
	s.Put(standing)
	found, err := s.Connector().Preflight(s.Context(), o.Target)
	if err != nil || !found.Existing {
		s.Errorf("Preflight = %+v, %v; want it to find the access", found, err)
	}
	s.grant(o, jit.Preexisting)
	s.truth(standing)
	s.observe(o, jit.SeenAbsent)
	s.revoke(o, jit.Done)
	s.truth(standing)
}

func foreignName(s suite) {
	byHand := func(a *csp.RoleAssignment) { a.Description = "made by hand" }
	for name, differs := range map[string]func(*csp.RoleAssignment){
		"somebody else's, unmarked":        func(a *csp.RoleAssignment) { a.Principal = s.Elsewhere().Principal; byHand(a) },
		"somebody else's, with our marker": func(a *csp.RoleAssignment) { a.Principal = s.Elsewhere().Principal },
		"unmarked":                         byHand,
		"of another episode": func(a *csp.RoleAssignment) {
			a.Description = s.order().Marker.String()
		},
		"with half a marker": func(a *csp.RoleAssignment) { a.Description = a.Description[:len(a.Description)/2] },
		"with more than a marker": func(a *csp.RoleAssignment) {
			a.Description += " and more"
		},
	} {
		o := s.order()
		foreign := there(o)
		differs(&foreign)
		s.Put(foreign)
		s.observe(o, jit.SeenForeign)
		if out := s.grant(o, jit.NotDone); out.Retry {
			s.Errorf("%s: a grant under a taken name is said to be worth trying again", name)
		}
		s.revoke(o, jit.NotDone)
		s.truth(foreign)
		s.Take(foreign)
	}
}

func otherInstallation(s suite) {
	o := s.order()
	theirs := there(o)
	marker := o.Marker
	marker.Instance = csp.MustParseID[csp.Tenant]("2b7c4be1-0000-4000-8000-000000000002")
	theirs.Description = marker.String()
	s.Put(theirs)
	s.observe(o, jit.SeenForeign)
	s.grant(o, jit.NotDone)
	s.revoke(o, jit.NotDone)
	s.truth(theirs)
}

func extension(s suite) {
	o := s.order()
	s.grant(o, jit.Done)
	later := o
	later.Marker.Ends = o.Marker.Ends.Add(time.Hour)
	s.grant(later, jit.Done)
	s.truth(there(later))
	s.observe(o, jit.SeenOurs) // by whoever still holds the old order
	s.revoke(o, jit.Done)
	s.truth()
}

// afterwards says what a trouble leaves behind: whether the effect happened.
var afterwards = map[Trouble]bool{
	LostAnswer: true, CutAnswer: true, BrokenAfter: true, LostRequest: false, Broken: false, Unavailable: false,
}

func lostGrants(s suite) {
	for trouble, happened := range afterwards {
		o := s.order()
		s.Faults().Break(trouble, http.MethodPut, 1)
		s.grant(o, jit.UnknownResult)
		if happened {
			s.truth(there(o))
			s.observe(o, jit.SeenOurs)
		} else {
			s.truth()
			s.observe(o, jit.SeenAbsent)
		}
		s.grant(o, jit.Done)
		s.truth(there(o))
		s.revoke(o, jit.Done)
	}
}

func lostRevokes(s suite) {
	for trouble, happened := range afterwards {
		o := s.order()
		s.grant(o, jit.Done)
		s.Faults().Break(trouble, http.MethodDelete, 1)
		s.revoke(o, jit.UnknownResult)
		if happened {
			s.truth()
			s.observe(o, jit.SeenAbsent)
		} else {
			s.truth(there(o))
			s.observe(o, jit.SeenOurs)
		}
		s.revoke(o, jit.Done)
		s.truth()
	}
}

func throttling(s suite) {
	for _, trouble := range []Trouble{ThrottledSeconds, ThrottledDate} {
		o := s.order()
		for _, method := range []string{http.MethodGet, http.MethodPut} {
			s.Faults().Break(trouble, method, 1)
			if out := s.grant(o, jit.NotDone); !out.Retry || out.After != Wait {
				s.Errorf("%s of a %s in a grant: retry %t after %s", trouble, method, out.Retry, out.After)
			}
			s.truth()
		}
		s.grant(o, jit.Done)
		for _, method := range []string{http.MethodGet, http.MethodDelete} {
			s.Faults().Break(trouble, method, 1)
			if out := s.revoke(o, jit.NotDone); !out.Retry || out.After != Wait {
				s.Errorf("%s of a %s in a removal: retry %t after %s", trouble, method, out.Retry, out.After)
			}
			s.truth(there(o))
		}
		s.revoke(o, jit.Done)
	}
}

func outage(s suite) {
	held, wanted := s.order(), s.orderFor(s.otherTarget())
	s.grant(held, jit.Done)
	for _, trouble := range []Trouble{Unreachable, Broken, LostRequest} {
		s.Faults().Break(trouble, "", -1)
		if out := s.grant(wanted, jit.NotDone); !out.Retry {
			s.Errorf("%s: a grant is not worth trying again: %v", trouble, out.Err)
		}
		if out := s.revoke(held, jit.NotDone); !out.Retry {
			s.Errorf("%s: a removal is not worth trying again: %v", trouble, out.Err)
		}
		s.observe(held, jit.Unseen)
		s.observe(wanted, jit.Unseen)
		if _, err := s.Connector().Preflight(s.Context(), wanted.Target); !fault.Is(err, fault.Unavailable) {
			s.Errorf("%s: Preflight = %v", trouble, err)
		}
		if found, err := s.Connector().Marked(s.Context(), s.place()); !fault.Is(err, fault.Unavailable) || len(found) > 0 {
			s.Errorf("%s: Marked = %v, %v", trouble, found, err)
		}
		s.truth(there(held))
		s.Faults().Mend()
	}
	s.revoke(held, jit.Done)
	s.truth()
}

func redirect(s suite) {
	o := s.order()
	s.Faults().Break(Redirected, http.MethodPut, 1)
	s.grant(o, jit.UnknownResult)
	s.truth()
	for _, sent := range s.Faults().Sent() {
		if strings.Contains(sent.Host, "evil") {
			s.Errorf("a request went to %s", sent.Host)
		}
	}
}

func locked(s suite) {
	o := s.order()
	s.Lock(o.Target.Scope, "keep-it")
	found, err := s.Connector().Preflight(s.Context(), o.Target)
	if err != nil || len(found.Locks) != 1 || !strings.Contains(found.Locks[0], "keep-it") {
		s.Errorf("Preflight names the locks %q, %v", found.Locks, err)
	}
	s.grant(o, jit.Done)
	out := s.revoke(o, jit.NotDone)
	if !out.Retry || !strings.Contains(fault.PublicOf(out.Err), "keep-it") {
		s.Errorf("Revoke = retry %t, %q; want the lock's name", out.Retry, fault.PublicOf(out.Err))
	}
	s.truth(there(o))
	s.observe(o, jit.SeenOurs)
	s.Unlock(o.Target.Scope, "keep-it")
	s.revoke(o, jit.Done)
	s.truth()
	s.Lock(s.Elsewhere().Beside, "not-here")
	if found, err := s.Connector().Preflight(s.Context(), o.Target); err != nil || len(found.Locks) > 0 {
		s.Errorf("a lock beside the scope is reported: %q, %v", found.Locks, err)
	}
}

func (s suite) place() jit.Place {
	return jit.Place{Tenant: s.Target().Tenant, Scope: s.Target().Scope}
}

// otherTarget is the target for the other principal.
func (s suite) otherTarget() jit.Target {
	t := s.Target()
	t.Principal = s.Elsewhere().Principal
	return t
}

func marked(s suite) {
	at, below, beside, byHand, broken := s.order(), s.order(), s.order(), s.orderFor(s.otherTarget()), s.orderFor(s.otherTarget())
	below.Target.Scope, beside.Target.Scope, broken.Target.Scope = s.Elsewhere().Below, s.Elsewhere().Beside, s.Elsewhere().Below
	s.grant(at, jit.Done)
	s.grant(below, jit.Done)
	s.Put(there(beside))
	unmarked, damaged := there(byHand), there(broken)
	unmarked.Description, damaged.Description = "made by hand", "latchkey/1 and then something else"
	s.Put(unmarked)
	s.Put(damaged)
	got, err := s.Connector().Marked(s.Context(), s.place())
	if err != nil {
		s.Fatal(err)
	}
	want := []jit.MarkedObject{markedAs(at, ""), markedAs(below, ""), markedAs(broken, damaged.Description)}
	byName := func(a, b jit.MarkedObject) int { return cmp.Compare(a.Order.Name.String(), b.Order.Name.String()) }
	slices.SortFunc(want, byName)
	slices.SortFunc(got, byName)
	if diff := gocmp.Diff(want, got, gocmp.Comparer(csp.Scope.Equal)); diff != "" {
		s.Errorf("marked objects (-want +got):\n%s", diff)
	}
	deeper := jit.Place{Tenant: s.Target().Tenant, Scope: below.Target.Scope}
	if found, err := s.Connector().Marked(s.Context(), deeper); err != nil || len(found) != 2 {
		s.Errorf("below the place %d objects are marked, %v; want the 2 that are there and not what is above", len(found), err)
	}
	if found, err := s.Connector().Preflight(s.Context(), at.Target); err != nil || found.Existing {
		s.Errorf("what Latchkey made counts as standing access: %+v, %v", found.Existing, err)
	}
	// What is found can be removed by what was found.
	for _, m := range got {
		if m.Parsed {
			s.revoke(m.Order, jit.Done)
		}
	}
	s.truth(there(beside), unmarked, damaged)
}

// markedAs is how an order's object is listed; raw replaces a damaged marker.
func markedAs(o jit.Order, raw string) jit.MarkedObject {
	o.StartBefore = time.Time{}
	if raw != "" {
		o.Marker = jit.Marker{}
		return jit.MarkedObject{Order: o, Raw: raw}
	}
	return jit.MarkedObject{Order: o, Raw: o.Marker.String(), Parsed: true}
}

func tooLate(s suite) {
	for _, start := range []time.Time{{}, s.Now(), s.Now().Add(-time.Second), s.Now().Add(-time.Hour)} {
		o := s.order()
		o.StartBefore = start
		if out := s.grant(o, jit.NotDone); out.Retry {
			s.Errorf("a grant to be started before %s is said to be worth trying again", start)
		}
	}
	s.truth()
	for _, sent := range s.Faults().Sent() {
		if sent.Method == http.MethodPut {
			s.Error("a PUT was sent")
		}
	}
}

func cancelled(s suite) {
	held, wanted := s.order(), s.orderFor(s.otherTarget())
	s.grant(held, jit.Done)
	ctx, cancel := context.WithCancel(s.Context())
	cancel()
	if out := s.Connector().Grant(ctx, wanted); out.Result != jit.NotDone {
		s.Errorf("Grant = %s, %v", resultNames[out.Result], out.Err)
	}
	if out := s.Connector().Revoke(ctx, held); out.Result != jit.NotDone || !out.Retry {
		s.Errorf("Revoke = %s, %v", resultNames[out.Result], out.Err)
	}
	if got, err := s.Connector().Observe(ctx, held); got != jit.Unseen || err == nil {
		s.Errorf("Observe = %d, %v", got, err)
	}
	s.truth(there(held))
}

func elsewhere(s suite) {
	good := s.Target()
	foreign := csp.MustParseScope("/subscriptions/0badc0de-0000-4000-8000-00000000beef/resourceGroups/other")
	for name, change := range map[string]func(*jit.Target){
		"another tenant":                func(t *jit.Target) { t.Tenant = csp.MustParseID[csp.Tenant]("0badc0de-0000-4000-8000-00000000cafe") },
		"no tenant":                     func(t *jit.Target) { t.Tenant = csp.TenantID{} },
		"another customer's place":      func(t *jit.Target) { t.Scope = foreign },
		"everything":                    func(t *jit.Target) { t.Scope = csp.Root() },
		"no place":                      func(t *jit.Target) { t.Scope = csp.Scope{} },
		"nobody":                        func(t *jit.Target) { t.Principal = csp.ObjectID{} },
		"no role":                       func(t *jit.Target) { t.Role = csp.RoleDefinitionID{} },
		"somebody of a kind not stated": func(t *jit.Target) { t.PrincipalType = "" },
	} {
		target := good
		change(&target)
		o := s.orderFor(target)
		sent := len(s.Faults().Sent())
		s.grant(o, jit.NotDone)
		s.revoke(o, jit.NotDone)
		s.observe(o, jit.Unseen)
		if _, err := s.Connector().Preflight(s.Context(), target); fault.PublicOf(err) == "" {
			s.Errorf("%s: Preflight = %v", name, err)
		}
		if now := len(s.Faults().Sent()); now != sent {
			s.Errorf("%s: %d requests were sent", name, now-sent)
		}
	}
	s.truth()
}
