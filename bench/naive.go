package main

// naive is the meaning of the questions in the fewest words, by hash tables. It
// is the judge of all answers, and too simple to be an engine: it knows no
// denials, conditions, times, foreign principals, and gives no reasons.
type naive struct {
	principal map[string]int
	scope     map[string]int
	groups    [][]int // by principal: the groups it is directly in
	held      map[holding][]int
	rows      *rows
}

type holding struct{ principal, scope int }

func loadNaive(r *rows) *naive {
	n := &naive{
		principal: make(map[string]int, len(r.principals)),
		scope:     make(map[string]int, len(r.scopes)),
		groups:    make([][]int, len(r.principals)),
		held:      make(map[holding][]int, len(r.assignments)),
		rows:      r,
	}
	for i, p := range r.principals {
		n.principal[p.id] = i
	}
	for i, s := range r.scopes {
		n.scope[s.id] = i
	}
	for _, m := range r.members {
		n.groups[m.member] = append(n.groups[m.member], m.group)
	}
	for _, a := range r.assignments {
		key := holding{a.principal, a.scope}
		n.held[key] = append(n.held[key], a.role)
	}
	return n
}

// standing is the principal and all groups that a chain of memberships leads to.
func (n *naive) standing(principal int) []int {
	list := []int{principal}
	for at := 0; at < len(list); at++ {
		for _, group := range n.groups[list[at]] {
			known := false
			for _, p := range list {
				known = known || p == group
			}
			if !known {
				list = append(list, group)
			}
		}
	}
	return list
}

func (n *naive) can(q question) (bool, error) {
	standing := n.standing(n.principal[q.principal])
	for at := n.scope[q.scope]; at >= 0; at = n.rows.scopes[at].parent {
		for _, p := range standing {
			for _, role := range n.held[holding{p, at}] {
				if n.rows.roles[role].allows[q.action] {
					return true, nil
				}
			}
		}
	}
	return false, nil
}
