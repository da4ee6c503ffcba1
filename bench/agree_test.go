package main

import (
	"testing"
)

// What is compared must be the same question: all engines agree with the plain
// meaning on every one of them.
func TestAllEnginesAgree(t *testing.T) {
	r, err := generate(1, 0.0005)
	if err != nil {
		t.Fatal(err)
	}
	asked := r.questions(1, 600)
	want, yes := loadNaive(r), 0
	for _, q := range asked {
		if allowed, _ := want.can(q); allowed {
			yes++
		}
	}
	if yes < len(asked)/5 || yes > len(asked)*4/5 {
		t.Fatalf("%d of %d questions are answered yes: they tell little apart", yes, len(asked))
	}
	for _, p := range peers {
		t.Run(p.name, func(t *testing.T) {
			engine, err := p.load(r)
			if err != nil {
				t.Fatal(err)
			}
			defer closeAsker(engine)
			if err := compare(engine, want, asked); err != nil {
				t.Error(err)
			}
		})
	}
}
