package main

import (
	"fmt"
	"runtime"
	"slices"
	"time"
)

// result is what one engine did with one list of questions.
type result struct {
	peer    peer
	size    size
	answers [2]times // no, yes
	loaded  time.Duration
	memory  uint64 // bytes that it holds, its part of the rows' texts not counted
}

// times are those of single questions, ascending.
type times []time.Duration

func (t times) at(part float64) time.Duration {
	if len(t) == 0 {
		return 0
	}
	return t[min(int(part*float64(len(t))), len(t)-1)]
}

// measure loads the rows, checks every answer, and then asks round and round
// until the time is up. Each question is timed alone.
func measure(p peer, s size, r *rows, asked []question, want []bool, limit time.Duration) (result, error) {
	before, begin := heap(), time.Now()
	engine, err := p.load(r)
	if err != nil {
		return result{}, fmt.Errorf("%s: load: %w", p.name, err)
	}
	defer closeAsker(engine)
	done := result{peer: p, size: s, loaded: time.Since(begin)}
	if after := heap(); after > before {
		done.memory = after - before
	}
	if err := compare(engine, asked, want); err != nil {
		return result{}, fmt.Errorf("%s: %w", p.name, err)
	}
	for end := time.Now().Add(limit); time.Now().Before(end); {
		for n, q := range asked {
			start := time.Now()
			got, err := engine.can(q)
			took := time.Since(start)
			if err != nil {
				return result{}, fmt.Errorf("%s: %w", p.name, err)
			}
			if got != want[n] {
				return result{}, fmt.Errorf("%s: %+v: asked again, it says %t", p.name, q, got)
			}
			done.answers[index(got)] = append(done.answers[index(got)], took)
			if start.After(end) {
				break
			}
		}
	}
	for _, list := range done.answers {
		slices.Sort(list)
	}
	return done, nil
}

func index(yes bool) int {
	if yes {
		return 1
	}
	return 0
}

// compare fails at the first answer that is not the right one.
func compare(engine asker, asked []question, want []bool) error {
	for n, q := range asked {
		got, err := engine.can(q)
		if err != nil {
			return err
		}
		if got != want[n] {
			return fmt.Errorf("%+v: it says %t, and %t is right", q, got, want[n])
		}
	}
	return nil
}

// answers are the right ones.
func answers(judge asker, asked []question) ([]bool, error) {
	list := make([]bool, len(asked))
	for n, q := range asked {
		yes, err := judge.can(q)
		if err != nil {
			return nil, err
		}
		list[n] = yes
	}
	return list, nil
}

// heap is what is in use after collecting garbage.
func heap() uint64 {
	runtime.GC()
	runtime.GC() // what pools held goes the second time
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// clock is what timing a question adds to it.
func clock() time.Duration {
	list := make(times, 10_000)
	for n := range list {
		start := time.Now()
		list[n] = time.Since(start)
	}
	slices.Sort(list)
	return list.at(0.5)
}
