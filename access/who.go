package access

import (
	"slices"
	"time"

	"latchkey/access/estate"
	"latchkey/csp"
)

// Holders say who may do something somewhere, by verdict. They are users and
// service principals, of whichever tenant. A guest is listed by the account that
// is his home, and as himself only if that is not known. Groups are not listed.
type Holders struct {
	Has     []csp.ObjectID // sorted, as the others
	CanGet  []csp.ObjectID
	Unknown []csp.ObjectID
	// Gaps say, for Unknown, what is missing.
	Gaps []csp.Gap
}

// Who finds everybody for whom Can does not say HasNot: among the accounts of the
// place's tenant and of all tenants from which one can come into it.
func (x *Index) Who(action Action, place Place, at time.Time) Holders {
	var h Holders
	probe := &asking{x: x, at: at, node: estate.None, home: estate.None}
	question := Question{Principal: csp.ObjectID{1}, Action: action, Place: place, At: at}
	if err := question.check(); err != nil {
		return Holders{Gaps: []csp.Gap{{Fact: csp.MissingQuestion, Why: err.Error()}}}
	}
	if gap := probe.locate(place); gap != nil {
		return Holders{Gaps: []csp.Gap{*gap}}
	}
	probe.row = x.row(action)
	from := probe.leads()
	if len(probe.gapsOfStrangers()) > 0 {
		from = x.everywhere() // from wherever: then nobody can be ruled out
	}
	for _, t := range from {
		for p := x.TenantFirst[t]; p < x.TenantFirst[t+1]; p++ {
			if x.PrincipalKind[p].Type() != estate.KindGroup && !x.isAlias(p) {
				probe.ask(p, &h)
			}
		}
	}
	for _, list := range [][]csp.ObjectID{h.Has, h.CanGet, h.Unknown} {
		slices.SortFunc(list, csp.ObjectID.Compare)
	}
	return h
}

// isAlias says whether the principal is a guest of an account that is listed.
func (x *Index) isAlias(p estate.Principal) bool {
	home := x.PrincipalHome[p]
	return home != estate.None && x.PrincipalTenant[home] != estate.None
}

// everywhere are all tenants.
func (x *Index) everywhere() []estate.Tenant {
	list := make([]estate.Tenant, len(x.TenantID))
	for t := range list {
		list[t] = estate.Tenant(t)
	}
	return list
}

// ask puts the question for one principal.
func (q *asking) ask(p estate.Principal, h *Holders) {
	one := *q
	one.principal, one.home = account(p), q.x.PrincipalTenant[p]
	one.firmly, one.taken, one.hasty = map[account]standing{}, nil, true
	id := q.x.PrincipalID[p]
	switch one.verdict() {
	case Has:
		h.Has = append(h.Has, id)
	case CanGet:
		h.CanGet = append(h.CanGet, id)
	case Unknown:
		h.Unknown = append(h.Unknown, id)
		one.hasty = false
		h.Gaps = appendGaps(h.Gaps, &one)
	}
}

// mostGaps is as many missing facts as are listed for many questions at once.
const mostGaps = 256

// appendGaps adds what the answer to an open question would depend on.
func appendGaps(gaps []csp.Gap, q *asking) []csp.Gap {
	if len(gaps) >= mostGaps {
		return gaps
	}
	t := telling{asking: q}
	t.tell()
	for _, g := range t.answer.Gaps {
		if !slices.Contains(gaps, g) {
			gaps = append(gaps, g)
		}
	}
	return gaps
}
