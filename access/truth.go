package access

import "latchkey/access/condition"

// truth is what can be said of a statement: Kleene's three values. Judging twice,
// with every doubt against and with every doubt for (M9), comes to the same:
// the statement holds either way exactly if it is yes, and only with the doubts
// for it if it is maybe.
type truth uint8

const (
	no truth = iota
	maybe
	yes
)

func truthOf(b bool) truth {
	if b {
		return yes
	}
	return no
}

func (t truth) not() truth { return yes - t }

// judged is the outcome of a condition.
func judged(t condition.Truth) truth {
	switch t {
	case condition.True:
		return yes
	case condition.False:
		return no
	}
	return maybe
}
