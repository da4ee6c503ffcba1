package suggest

import (
	"cmp"
	"fmt"
	"slices"

	"latchkey/access"
	"latchkey/access/estate"
	"latchkey/access/roleclass"
	"latchkey/csp"
)

// Proof is what the engine said about the facts that a suggestion would make.
type Proof struct {
	// Checks are every question of the task, with what came out.
	Checks []Check
	// KeptOut is how many customers were looked at and stayed out of reach.
	KeptOut int
	// Wider are customers that came into reach and were not to be kept out.
	Wider []csp.TenantID
}

// Check is one question and its verdict in the changed facts.
type Check struct {
	Question access.Question
	Verdict  access.Verdict
	// When says when it was asked: "before activating", "at the end"; or nothing.
	When string
}

// prove compiles the changed facts and asks. Why is empty if everything holds.
func (d *draft) prove() (proof Proof, over Measure, why string) {
	after, err := d.compile(csp.Facts{})
	if err != nil {
		return Proof{}, Measure{}, "the facts it would make contradict the others: " + err.Error()
	}
	if why := d.proveActions(after, &proof); why != "" {
		return Proof{}, Measure{}, why
	}
	tenants, subscriptions := d.widened(after)
	for _, t := range tenants {
		if len(d.KeepOut) == 0 || slices.Contains(d.KeepOut, t) {
			return Proof{}, Measure{}, fmt.Sprintf("it would bring %s into reach, %s among them, which must stay out", plural(len(tenants), "other tenant"), d.tenantNameOf(t))
		}
	}
	proof.Wider = tenants
	proof.KeptOut = d.keptOut()
	return proof, d.measure(len(tenants), subscriptions), ""
}

// compile adds the draft's facts, and more, to a copy of the job's.
func (d *draft) compile(more csp.Facts) (*access.Index, error) {
	base := d.facts
	base.GDAPs = d.gdaps
	b := estate.NewBuilder()
	for _, f := range []csp.Facts{base, d.adds, more} {
		b.Add(f)
	}
	e, err := b.Build()
	if err != nil {
		return nil, err
	}
	return access.New(e), nil
}

// proveActions asks everything that the task needs.
func (d *draft) proveActions(after *access.Index, proof *Proof) string {
	active := after
	when := ""
	if len(d.activates.Lighthouses) > 0 {
		for _, q := range d.questions() {
			verdict := after.Can(q)
			proof.Checks = append(proof.Checks, Check{q, verdict, "before activating"})
			if verdict != access.CanGet && verdict != access.Has {
				return d.whyNot(after, q, verdict)
			}
		}
		active, _ = d.compile(d.activates) // rows like those that compiled a moment ago
		when = "after activating"
	}
	for _, q := range d.questions() {
		verdict := active.Can(q)
		proof.Checks = append(proof.Checks, Check{q, verdict, when})
		if verdict != access.Has {
			return d.whyNot(active, q, verdict)
		}
	}
	if d.standing == Timed {
		return d.proveEnd(after, proof)
	}
	return ""
}

// proveEnd asks the same at the end, when all must be as it was.
func (d *draft) proveEnd(after *access.Index, proof *Proof) string {
	for _, q := range d.questions() {
		q.At = d.ends()
		verdict := after.Can(q)
		proof.Checks = append(proof.Checks, Check{q, verdict, "at the end"})
		if rank(verdict) > rank(d.x.Can(q)) {
			return fmt.Sprintf("%s would keep %s at %s when the task has ended", d.person(q.Principal).Name, q.Action, d.placeName(q.Place))
		}
	}
	return ""
}

// whyNot says what is missing in words.
func (d *draft) whyNot(x *access.Index, q access.Question, verdict access.Verdict) string {
	answer := x.Why(q)
	text := fmt.Sprintf("%s would not have %s at %s", d.person(q.Principal).Name, q.Action, d.placeName(q.Place))
	if verdict == access.CanGet {
		text = fmt.Sprintf("%s would only be able to get %s at %s", d.person(q.Principal).Name, q.Action, d.placeName(q.Place))
	}
	switch {
	case len(answer.Misses) > 0:
		text += ": " + answer.Misses[0].Text
	case len(answer.Gaps) > 0:
		text += ": " + answer.Gaps[0].String()
	}
	return text
}

// widened are the customers, sorted, and the number of subscriptions that come
// into reach of somebody, besides the task's own.
func (d *draft) widened(after *access.Index) (tenants []csp.TenantID, subscriptions int) {
	more := make(map[csp.TenantID]bool)
	subs := make(map[csp.SubscriptionID]bool)
	for _, person := range d.People {
		for _, action := range d.Actions {
			before, now := reached(d.reachBefore(person, action)), reached(after.Reach(person, action, d.At))
			for t := range now {
				if now[t] > before[t] && !slices.Contains(d.tenants, t) {
					more[t] = true
				}
				if !ofDirectory(action) {
					d.widenedIn(after, t, access.Question{Principal: person, Action: action, At: d.At}, subs)
				}
			}
		}
	}
	for t := range more {
		tenants = append(tenants, t)
	}
	slices.SortFunc(tenants, csp.TenantID.Compare)
	return tenants, len(subs)
}

// rank orders verdicts by how much is in reach: nothing, maybe, by a step, now.
func rank(v access.Verdict) int {
	if v == access.Unknown {
		return 1
	}
	return [...]int{access.HasNot: 0, access.CanGet: 2, access.Has: 3}[v]
}

// reached are the tenants in which a territory has anything, with the best of it.
func reached(t access.Territory) map[csp.TenantID]int {
	found := make(map[csp.TenantID]int)
	for _, s := range slices.Concat(t.Spans, t.Directories) {
		found[s.Place.Tenant] = max(found[s.Place.Tenant], rank(s.Verdict))
	}
	return found
}

// widenedIn adds the subscriptions of a tenant that are in reach now and were not,
// but for those the task is about.
func (d *draft) widenedIn(after *access.Index, tenant csp.TenantID, q access.Question, subs map[csp.SubscriptionID]bool) {
	t, _ := d.x.FindTenant(tenant)
	for i, n := range d.x.SubscriptionNode {
		if d.x.NodeTenant[n] != t {
			continue
		}
		q.Place = access.Place{Tenant: tenant, Scope: csp.SubscriptionScopeOf(d.x.SubscriptionID[i])}
		if !d.asksFor(q.Place.Scope) && rank(after.Can(q)) > rank(d.x.Can(q)) {
			subs[d.x.SubscriptionID[i]] = true
		}
	}
}

// asksFor says whether the whole scope is among the task's places.
func (d *draft) asksFor(scope csp.Scope) bool {
	return slices.ContainsFunc(d.azure.places, func(p access.Place) bool { return p.Scope.Contains(scope) })
}

// keptOut counts the customers that the proof looked at: those to keep out, or all
// but the task's and the partner itself.
func (d *draft) keptOut() int {
	if len(d.KeepOut) > 0 {
		return len(d.KeepOut)
	}
	return d.x.Tenants() - len(d.tenants) - 1
}

func (d *draft) measure(customers, subscriptions int) Measure {
	m := Measure{Customers: customers, Subscriptions: subscriptions, Class: roleclass.Read, Standing: d.standing, Rights: d.rights, Steps: len(d.Steps)}
	for _, role := range d.Roles {
		m.Class = min(m.Class, role.Class)
	}
	return m
}

// tenantNameOf names any tenant of the facts.
func (d *draft) tenantNameOf(id csp.TenantID) string {
	t, _ := d.x.FindTenant(id)
	return cmp.Or(d.x.Tenant(t).Name, id.String())
}
