package diff

import (
	"slices"

	"latchkey/access/estate"
)

// standing are the groups that any chain of memberships leads to from a
// principal, whatever their terms, and itself first.
func (w *world) standing(p estate.Principal) []estate.Principal {
	return follow(p, w.e.GroupsFrom, w.e.GroupOf)
}

// follow collects what can be reached from a principal along edges.
func follow(p estate.Principal, from []uint32, to []estate.Principal) []estate.Principal {
	list := []estate.Principal{p}
	var seen map[estate.Principal]bool
	const few = 16
	for next := 0; next < len(list); next++ {
		for _, q := range to[from[list[next]]:from[list[next]+1]] {
			if len(list) < few {
				if !slices.Contains(list, q) {
					list = append(list, q)
				}
				continue
			}
			if seen == nil {
				seen = map[estate.Principal]bool{}
				for _, known := range list {
					seen[known] = true
				}
			}
			if !seen[q] {
				seen[q] = true
				list = append(list, q)
			}
		}
	}
	return list
}

// identities are all principals as which an account can act anywhere: itself, its
// guest accounts, and the groups they are in.
func (w *world) identities(p estate.Principal) []estate.Principal {
	list := w.standing(p)
	for _, g := range w.e.Guest[w.e.GuestsFrom[p]:w.e.GuestsFrom[p+1]] {
		list = append(list, w.standing(g)...)
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// holdingOf are those identities that have a role anywhere, assigned or projected.
func (w *world) holdingOf(p estate.Principal) []estate.Principal {
	return slices.DeleteFunc(w.identities(p), func(p estate.Principal) bool {
		return w.e.HeldFrom[p] == w.e.HeldFrom[p+1] && len(w.projected[p]) == 0
	})
}

// acting are the accounts that act as a principal: itself, the members of a group
// by however long a chain, and the homes of guests among them. A guest whose home
// is listed is not told beside it.
func (w *world) acting(p estate.Principal) []estate.Principal {
	if list, ok := w.holders[p]; ok {
		return list
	}
	var list []estate.Principal
	for _, q := range follow(p, w.e.MembersFrom, w.e.MemberOf) {
		if a := w.account(q); a != none {
			list = append(list, a)
		}
	}
	slices.Sort(list)
	list = slices.Compact(list)
	w.holders[p] = list
	return list
}

// account is the account under which a principal is told, none if it is no
// listed account.
func (w *world) account(p estate.Principal) estate.Principal {
	if w.e.PrincipalTenant[p] == none || w.e.PrincipalKind[p].Type() == estate.KindGroup {
		return none
	}
	if home := w.e.PrincipalHome[p]; home != none && w.e.PrincipalTenant[home] != none {
		return home
	}
	return p
}

// term says what a term comes to at the side's instant.
type term uint8

const (
	over term = iota // it does not hold
	eligible
	firm
)

func (w *world) term(n estate.TermNo) term {
	t := w.e.Terms[n]
	switch {
	case !t.Holds(w.At):
		return over
	case t.Eligible:
		return eligible
	}
	return firm
}
