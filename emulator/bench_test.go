package emulator_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"

	"latchkey/csp"
	"latchkey/emulator/world"
)

// bigTown is a town whose customer has a thousand more assignments.
func bigTown(b *testing.B) (*town, string, *http.Client, string) {
	b.Helper()
	v := newTown(b)
	for range 1000 {
		g := must(v.customer.AddGroup(world.Group{Name: "g"}))(b)
		must(v.customer.Assign(csp.RoleAssignment{Scope: v.group.Scope, Role: reader.ID, Principal: g.ID}))(b)
	}
	e := v.start(b)
	return v, v.portalToken(b), e.Client(), e.ARM
}

// spent measures the processor time of client and server together. On a machine
// with other work it says more than the time that passed: two cores do two
// seconds of it in a second.
func spent(b *testing.B, per int) func() {
	b.Helper()
	before := processorTime(b)
	return func() {
		b.ReportMetric(float64((processorTime(b)-before).Microseconds())/float64(b.N*per), "cpu-us/op")
	}
}

func processorTime(b *testing.B) time.Duration {
	b.Helper()
	var use syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &use); err != nil {
		b.Fatal(err)
	}
	return time.Duration(use.Utime.Nano() + use.Stime.Nano())
}

func exchange(ctx context.Context, client *http.Client, token, method, address, body string, want int) error {
	r, err := http.NewRequestWithContext(ctx, method, address, strings.NewReader(body))
	if err != nil {
		return err
	}
	r.Header.Set("Authorization", "Bearer "+token)
	response, err := client.Do(r)
	if err != nil {
		return err
	}
	defer func() { _ = response.Body.Close() }()
	raw, err := io.ReadAll(response.Body)
	if err != nil {
		return err
	}
	if response.StatusCode != want {
		return fmt.Errorf("%s %s answered %s: %s", method, address, response.Status, raw)
	}
	return nil
}

// BenchmarkRead reads one assignment over TLS, from as many goroutines as there are cores.
func BenchmarkRead(b *testing.B) {
	v, token, client, origin := bigTown(b)
	a := must(v.customer.Assign(csp.RoleAssignment{Scope: v.group.Scope, Role: powerOn.ID, Principal: v.guest.ID}))(b)
	address := origin + v.assignmentPath(a.Scope, a.Name.String()) + "?api-version=2022-04-01"
	defer spent(b, 1)()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if err := exchange(b.Context(), client, token, http.MethodGet, address, "", http.StatusOK); err != nil {
				b.Error(err)
				return
			}
		}
	})
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "reads/s")
}

// BenchmarkList reads the assignments at the machine, a page of a thousand's.
func BenchmarkList(b *testing.B) {
	v, token, client, origin := bigTown(b)
	address := origin + v.assignmentPath(v.group.Scope, "") + "?api-version=2022-04-01&$filter=principalId+eq+'" + v.portal.ID.String() + "'"
	defer spent(b, 1)()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if err := exchange(b.Context(), client, token, http.MethodGet, address, "", http.StatusOK); err != nil {
				b.Error(err)
				return
			}
		}
	})
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "lists/s")
}

// BenchmarkMay judges a caller with 200 groups among 4,000 assignments.
func BenchmarkMay(b *testing.B) {
	v := newTown(b)
	caller := world.Caller{Tenant: v.customer.ID, Object: v.guest.ID}
	for i := range 3900 {
		g := must(v.customer.AddGroup(world.Group{Name: "g"}))(b)
		must(v.customer.Assign(csp.RoleAssignment{Scope: v.group.Scope, Role: reader.ID, Principal: g.ID}))(b)
		if i < 200 {
			caller.Groups = append(caller.Groups, g.ID)
		}
	}
	act := world.Act{Action: "Microsoft.Compute/virtualMachines/restart/action", Scope: v.vm.Scope}
	for b.Loop() {
		if v.world.May(caller, act).Allowed {
			b.Fatal("it is allowed")
		}
	}
}

// BenchmarkWrite makes and removes an assignment over TLS; each counts as a write.
func BenchmarkWrite(b *testing.B) {
	v, token, client, origin := bigTown(b)
	defer spent(b, 2)()
	b.RunParallel(func(pb *testing.PB) {
		u, err := v.customer.AddUser(world.User{Name: "w", UPN: strings.ToLower(newName())})
		if err != nil {
			b.Error(err)
			return
		}
		address, body := origin+v.assignmentPath(v.group.Scope, newName())+"?api-version=2022-04-01", put(powerOn, u.ID, "User")
		for pb.Next() {
			if err := exchange(b.Context(), client, token, http.MethodPut, address, body, http.StatusCreated); err != nil {
				b.Error(err)
				return
			}
			if err := exchange(b.Context(), client, token, http.MethodDelete, address, "", http.StatusOK); err != nil {
				b.Error(err)
				return
			}
		}
	})
	b.ReportMetric(2*float64(b.N)/b.Elapsed().Seconds(), "writes/s")
}

// BenchmarkToken issues a token with a client secret, without a socket.
func BenchmarkToken(b *testing.B) {
	v := newTown(b)
	for b.Loop() {
		v.portalToken(b)
	}
}

// BenchmarkFill composes the world of a partner with 1,000 customers and
// 150 assignments in each.
func BenchmarkFill(b *testing.B) {
	for b.Loop() {
		w := world.New(world.Options{Roles: []csp.RoleDefinition{reader}})
		for range 1000 {
			t := must(w.AddTenant(csp.Tenant{Name: "c", DefaultDomain: csp.Domain("d" + newName() + ".example")}))(b)
			s := must(t.AddSubscription(csp.Subscription{Name: "s"}))(b)
			for range 150 {
				g := must(t.AddGroup(world.Group{Name: "g"}))(b)
				must(t.Assign(csp.RoleAssignment{Scope: s.Scope(), Role: reader.ID, Principal: g.ID}))(b)
			}
		}
	}
}
