package estatetest_test

import (
	"math/rand/v2"
	"reflect"
	"testing"

	"latchkey/access/estate"
	"latchkey/access/estate/estatetest"
)

func TestEveryListIsFilledBySomeSeed(t *testing.T) {
	filled := map[string]bool{}
	for seed := range uint64(30) {
		r := rand.New(rand.NewPCG(seed, 0))
		facts := estatetest.Facts(r)
		for name, list := range reflect.ValueOf(facts).Fields() {
			filled[name.Name] = filled[name.Name] || list.Len() > 0
		}
		b := estate.NewBuilder()
		b.Add(estatetest.Shuffle(r, facts))
		if _, err := b.Build(); err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
	}
	for name, is := range filled {
		if !is {
			t.Errorf("no seed fills %s", name)
		}
	}
}
