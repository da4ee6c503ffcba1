package access

import (
	"slices"

	"latchkey/access/estate"
)

// Has says whether the verdict of Can is Has. It is faster where it is not: what
// somebody could become is not looked at.
func (x *Index) Has(question Question) bool {
	q, gaps := x.open(question)
	if len(gaps) > 0 {
		return false
	}
	if !q.isDirectory() && !q.below {
		if v, certain := x.atOnce(estate.Principal(q.principal), q.row, q.node, q.at); certain {
			return v == Has
		}
	}
	return slices.Contains(q.leads(), q.home) && q.weigh(q.has(q.principal, false), nil) == yes
}
