package main

import (
	"slices"
	"strings"
	"testing"
	"time"
)

// What is compared must be the same question: all engines agree with the plain
// meaning on every one of them.
func TestAllEnginesAgree(t *testing.T) {
	r, asked, want := small(t)
	yes := 0
	for _, allowed := range want {
		yes += index(allowed)
	}
	if yes < len(asked)/5 || yes > len(asked)*4/5 {
		t.Fatalf("%d of %d questions are answered yes: they tell little apart", yes, len(asked))
	}
	for _, p := range append([]peer{latchkey}, peers...) {
		t.Run(p.name, func(t *testing.T) {
			engine, err := p.load(r)
			if err != nil {
				t.Fatal(err)
			}
			defer closeAsker(engine)
			if err := compare(engine, asked, want); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestADisagreementIsAnError(t *testing.T) {
	r, asked, want := small(t)
	want = slices.Clone(want)
	want[3] = !want[3]
	if err := compare(loadNaive(r), asked, want); err == nil || !strings.Contains(err.Error(), asked[3].principal) {
		t.Errorf("got %v", err)
	}
}

// The judge itself is held against a search through all rows.
func TestThePlainMeaningIsWhatARowByRowSearchFinds(t *testing.T) {
	r, asked, want := small(t)
	for n, q := range asked {
		standing := map[string]bool{q.principal: true}
		for grew := true; grew; {
			grew = false
			for _, m := range r.members {
				member, group := r.principals[m.member].id, r.principals[m.group].id
				if standing[member] && !standing[group] {
					standing[group], grew = true, true
				}
			}
		}
		above := map[string]bool{q.scope: true}
		for _, s := range slices.Backward(r.scopes) {
			if above[s.id] && s.parent >= 0 {
				above[r.scopes[s.parent].id] = true
			}
		}
		found := slices.ContainsFunc(r.assignments, func(a assignment) bool {
			return standing[r.principals[a.principal].id] && above[r.scopes[a.scope].id] && r.roles[a.role].allows[q.action]
		})
		if found != want[n] {
			t.Fatalf("%+v: %t, by search %t", q, want[n], found)
		}
	}
}

func TestTheSameSeedMakesTheSameRows(t *testing.T) {
	r, asked, _ := small(t)
	again, askedAgain, _ := small(t)
	if !slices.Equal(r.principals, again.principals) || !slices.Equal(r.scopes, again.scopes) ||
		!slices.Equal(r.assignments, again.assignments) || !slices.Equal(asked, askedAgain) {
		t.Error("two makings from one seed differ")
	}
}

func TestTheReportHasALineForEveryEngine(t *testing.T) {
	var b strings.Builder
	var results []result
	for _, p := range append([]peer{latchkey}, peers...) {
		results = append(results, result{peer: p, size: 0.1, answers: [2]times{{time.Microsecond}, {2 * time.Microsecond}}})
	}
	if err := report(&b, options{size: 1}, map[size]string{0.1: "some"}, results); err != nil {
		t.Fatal(err)
	}
	for _, p := range append([]peer{latchkey}, peers...) {
		if strings.Count(b.String(), "| "+p.name+" |") != 3 {
			t.Errorf("%s should stand in three lines of:\n%s", p.name, b.String())
		}
	}
}

func TestEveryPeerIsAskedAtOneSizeAndLatchkeyAtEach(t *testing.T) {
	for _, whole := range []size{1, 0.5, 0.1, 0.01} {
		asked := make(map[string]int)
		for _, s := range []size{whole, whole / smaller} {
			for _, p := range enginesAt(s, whole) {
				asked[p.name]++
			}
		}
		for _, p := range peers {
			if asked[p.name] != 1 || asked[latchkey.name] == 0 {
				t.Errorf("at size %g: %v", float64(whole), asked)
			}
		}
	}
}

func small(t *testing.T) (r *rows, asked []question, want []bool) {
	t.Helper()
	r, err := generate(1, 0.0005)
	if err != nil {
		t.Fatal(err)
	}
	asked = r.questions(1, 600)
	if want, err = answers(loadNaive(r), asked); err != nil {
		t.Fatal(err)
	}
	return r, asked, want
}
