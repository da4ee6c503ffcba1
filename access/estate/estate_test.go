package estate_test

import (
	"math/rand/v2"
	"reflect"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"latchkey/access/estate"
	"latchkey/access/estate/estatetest"
	"latchkey/csp"
)

// sameColumns tells in what two estates differ.
func sameColumns(t *testing.T, got, want *estate.Estate) {
	t.Helper()
	if reflect.DeepEqual(got.Columns, want.Columns) {
		return
	}
	exact := cmp.Options{cmpopts.EquateEmpty(), cmp.Comparer(func(a, b csp.Scope) bool { return a.String() == b.String() })}
	if diff := cmp.Diff(want.Columns, got.Columns, exact); diff != "" {
		t.Fatalf("columns differ (-want +got):\n%s", diff)
	}
}

func build(t *testing.T, facts ...csp.Facts) *estate.Estate {
	t.Helper()
	b := estate.NewBuilder()
	for _, f := range facts {
		b.Add(f)
	}
	e, err := b.Build()
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func random(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 0)) }

func TestFactsComeBackAsTheyWent(t *testing.T) {
	for seed := range uint64(300) {
		e := build(t, estatetest.Facts(random(seed)))
		sameColumns(t, build(t, e.Facts()), e)
	}
}

func TestColumnsOfABuilderAreTaken(t *testing.T) {
	for seed := range uint64(300) {
		e := build(t, estatetest.Facts(random(seed)))
		again, err := estate.FromColumns(e.Columns)
		if err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		sameColumns(t, again, e)
	}
}

func TestTheOrderOfFactsChangesNothing(t *testing.T) {
	for seed := range uint64(300) {
		facts := estatetest.Facts(random(seed))
		e := build(t, facts)
		sameColumns(t, build(t, estatetest.Shuffle(random(seed+1), facts)), e)
		sameColumns(t, build(t, facts, facts), e)
	}
}
