// Command bench asks Latchkey's engine and four others the same questions on the
// same data, in one process, and prints how long each took. It is a module of its
// own, so that their dependencies never become ours. README.md says more.
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"time"
)

// peers are those that Latchkey is compared with.
var peers = []peer{cedarPeer, opaPeer, casbinPeer, fgaPeer}

// smaller is how much less there is for engines that cannot hold the whole.
const smaller = 10

type options struct {
	size      size
	seed      uint64
	questions int
	limit     time.Duration // of asking, for each engine and size
}

func main() {
	var o options
	flag.Float64Var((*float64)(&o.size), "size", 1, "how much data: 1 is the reference partner with 1.5M role assignments")
	flag.Uint64Var(&o.seed, "seed", 1, "what data and questions are made from")
	flag.IntVar(&o.questions, "questions", 5000, "how many different questions")
	flag.DurationVar(&o.limit, "time", 3*time.Second, "how long to ask each engine")
	flag.Parse()
	if err := run(o); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(o options) error {
	if !(o.size > 0 && o.size <= 1) || o.questions < 1 {
		return errors.New("the size must be above 0 and at most 1, and there must be a question")
	}
	sizes := make(map[size]string)
	var results []result
	for _, s := range []size{o.size, o.size / smaller} {
		engines := enginesAt(s, o.size)
		if len(engines) == 0 {
			continue
		}
		r, err := generate(o.seed, s)
		if err != nil {
			return err
		}
		sizes[s] = r.counts()
		asked := r.questions(o.seed, o.questions)
		want, err := answers(loadNaive(r), asked)
		if err != nil {
			return err
		}
		for _, p := range engines {
			fmt.Fprintf(os.Stderr, "%s at size %g ...\n", p.name, float64(s))
			done, err := measure(p, s, r, asked, want, o.limit)
			if err != nil {
				return err
			}
			results = append(results, done)
		}
	}
	return report(os.Stdout, o, sizes, results)
}

// enginesAt are Latchkey and the peers that are asked at that size: each at the
// whole, or if that is too much for it at the smaller one. It is empty if there
// is no peer to compare Latchkey with.
func enginesAt(s, whole size) []peer {
	list := []peer{latchkey}
	for _, p := range peers {
		if (s == whole) == (p.most >= whole) {
			list = append(list, p)
		}
	}
	if len(list) == 1 {
		return nil
	}
	return list
}
