package picture

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"latchkey/access"
	"latchkey/access/picture/internal/lettering"
	"latchkey/csp"
)

// mostListed is how many names of a list a text shows.
const mostListed = 50

// verdicts in the order in which people want to read them.
var verdicts = []access.Verdict{access.Has, access.CanGet, access.Unknown}

// TextOfReach says where a principal can do something: a summary first, then all
// places by verdict and tenant. who and what are told by the question; its place
// does not matter.
func TextOfReach(q access.Question, r access.Territory, width int, options ...Option) string {
	t := tell(access.Answer{Question: q}, options)
	p := page{width: width}
	p.line(t.reachSentence(r))
	for _, v := range verdicts {
		items := t.spans(r, v)
		p.list(map[access.Verdict]string{access.Has: "Has it:", access.CanGet: "Can get it:", access.Unknown: "Not known:"}[v], shorten(items))
	}
	p.gaps(t, r.Gaps)
	return p.String()
}

// reachSentence is the summary: "James has X at 14 subscriptions in 3 tenants, and
// can get it at 2 places in 1 tenant."
func (t told) reachSentence(r access.Territory) string {
	var parts []string
	for _, v := range verdicts {
		c := r.Counts[v]
		if c == (access.Count{}) {
			continue
		}
		verb := map[access.Verdict]string{access.Has: "has it", access.CanGet: "can get it", access.Unknown: "may have it"}[v]
		parts = append(parts, verb+" "+amount(c, directories(r, v)))
	}
	name, what := clean(t.who.name), clean(t.Question.Action.String())
	if len(parts) == 0 {
		text := name + " does not have " + what + " anywhere, and cannot get it by himself."
		if len(r.Gaps) > 0 {
			text = "It is not known where " + name + " has " + what + "."
		}
		return text
	}
	parts[0] = strings.Replace(parts[0], " it ", " "+what+" ", 1)
	return name + " " + list(parts, len(parts)) + "."
}

// amount says how much a count is, in the largest units that fit.
func amount(c access.Count, directories int) string {
	var parts []string
	switch {
	case c.Subscriptions > 0:
		parts = append(parts, "at "+count(c.Subscriptions, "subscription", "subscriptions"))
	case c.Places > 0:
		parts = append(parts, "at "+count(c.Places, "place", "places"))
	}
	if directories > 0 {
		parts = append(parts, "in "+count(directories, "directory", "directories"))
	}
	text := strings.Join(parts, " and ")
	if tenants := max(c.Tenants-directories, 0); c.Places > 0 && tenants > 0 {
		text += " (" + count(tenants, "tenant", "tenants") + ")"
	}
	if c.Subscriptions > 0 && c.Places > c.Subscriptions {
		text += ", " + count(c.Places, "known place", "known places") + " in all"
	}
	return text
}

func directories(r access.Territory, v access.Verdict) (n int) {
	for _, s := range r.Directories {
		if s.Verdict == v {
			n++
		}
	}
	return n
}

// spans are the places of one verdict, as people name them.
func (t told) spans(r access.Territory, v access.Verdict) []string {
	var items []string
	for _, s := range slices.Concat(r.Spans, r.Directories) {
		if s.Verdict != v {
			continue
		}
		text := upper(t.place(s.Place))
		if !s.Place.IsDirectory() && !s.Place.Scope.Subscription().IsZero() && !s.Place.Tenant.IsZero() {
			text = t.place(s.Place) + ", of " + t.tenant(s.Place.Tenant)
		}
		if s.Known > 1 {
			text += " and all in it (" + count(s.Known, "known place", "known places") + ")"
		}
		if len(s.Except) > 0 {
			names := make([]string, len(s.Except))
			for i, except := range s.Except {
				names[i] = t.place(except)
			}
			text += ", except " + list(names, 5)
		}
		items = append(items, lettering.Clip(lettering.Clean(text), 4*longest))
	}
	return items
}

// TextOfWho says who can do something somewhere: a summary first, then the names
// by verdict. action and place are told by the question; its principal does not
// matter.
func TextOfWho(q access.Question, h access.Holders, width int, options ...Option) string {
	t := tell(access.Answer{Question: q}, options)
	p := page{width: width}
	p.line(t.whoSentence(h))
	p.list("Has it:", shorten(t.people(h.Has)))
	p.list("Can get it:", shorten(t.people(h.CanGet)))
	p.list("Not known:", shorten(t.people(h.Unknown)))
	p.gaps(t, h.Gaps)
	return p.String()
}

// whoSentence is the summary: "3 principals have X at shop, and 2 can get it."
func (t told) whoSentence(h access.Holders) string {
	var parts []string
	for _, one := range []struct {
		n          int
		verb, many string
	}{
		{len(h.Has), "has", "have"},
		{len(h.CanGet), "can get", "can get"},
		{len(h.Unknown), "may have", "may have"},
	} {
		what := "it"
		if len(parts) == 0 {
			what = t.what()
		}
		switch {
		case one.n == 1:
			parts = append(parts, "1 principal "+one.verb+" "+what)
		case one.n > 1:
			parts = append(parts, count(one.n, "", "principals")+" "+one.many+" "+what)
		}
	}
	if len(parts) == 0 {
		if len(h.Gaps) > 0 {
			return "It is not known who has " + t.what() + "."
		}
		return "Nobody has " + t.what() + ", and nobody can get it by himself."
	}
	return list(parts, len(parts)) + "."
}

// people are the names of principals, sorted; those whom only an id tells, last.
// Of several of one name, each has its id beside it.
func (t told) people(list []csp.ObjectID) []string {
	type one struct{ name, id string }
	all, times := make([]one, len(list)), map[string]int{}
	for i, id := range list {
		all[i] = one{lettering.Clip(lettering.Clean(t.principal(id)), longest), id.String()}
		times[all[i].name]++
	}
	slices.SortFunc(all, func(a, b one) int {
		return cmp.Or(cmp.Compare(number(a.name == a.id), number(b.name == b.id)), strings.Compare(a.name, b.name), strings.Compare(a.id, b.id))
	})
	names := make([]string, len(all))
	for i, o := range all {
		names[i] = o.name
		if times[o.name] > 1 {
			names[i] += " (" + o.id + ")"
		}
	}
	return names
}

func number(b bool) int {
	if b {
		return 1
	}
	return 0
}

// shorten keeps the first items of a list, and says how many there are besides.
func shorten(items []string) []string {
	if len(items) <= mostListed {
		return items
	}
	return append(slices.Clone(items[:mostListed]), fmt.Sprintf("and %s more", thousands(len(items)-mostListed)))
}
