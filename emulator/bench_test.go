package emulator_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

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

// BenchmarkWrite makes and removes an assignment over TLS; each counts as a write.
func BenchmarkWrite(b *testing.B) {
	v, token, client, origin := bigTown(b)
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
