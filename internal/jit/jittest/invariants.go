package jittest

import (
	"strings"
	"time"

	"latchkey/internal/audit"
	"latchkey/internal/jit"
)

// Slack is how late a removal may be while everything answers (I1).
const Slack = time.Minute

// CheckInvariants holds the database, the log and the truth in the cloud against
// what must be true at every moment, whatever went wrong before.
func (h *House) CheckInvariants() {
	h.Helper()
	f := h.facts()
	h.checkRequests(f)
	h.checkGrants(f)
	h.checkObjects(f)
	h.checkCalls(f)
	h.checkLog()
}

// facts are everything there is. Workers may go on meanwhile, so what must be
// explained is read before what explains it: first the cloud, then the database,
// then the log.
type facts struct {
	now       time.Time
	calls     []Call
	objects   []Assignment
	requests  []jit.Request
	grants    []jit.Grant
	decisions map[jit.RequestID]jit.Decision
	approvers map[jit.ApproverID]jit.Approver
	episodes  map[jit.EpisodeID]jit.Episode
	log       []audit.Entry
}

func (h *House) facts() facts {
	h.Helper()
	f := facts{
		now: h.Clock.Now(), decisions: map[jit.RequestID]jit.Decision{}, approvers: map[jit.ApproverID]jit.Approver{},
		episodes: map[jit.EpisodeID]jit.Episode{}, calls: h.Cloud.Calls(Grant, Revoke), objects: h.Cloud.Assignments(),
	}
	h.View(func(tx jit.Tx) error {
		var err error
		if f.requests, err = tx.Requests(jit.RequestQuery{Most: 10_000}); err != nil {
			return err
		}
		if f.grants, err = tx.Grants(jit.GrantQuery{Most: 10_000}); err != nil {
			return err
		}
		for _, g := range f.grants {
			if f.episodes[g.Episode], err = tx.Episode(g.Episode); err != nil {
				return err
			}
		}
		for _, r := range f.requests {
			if d, err := tx.DecisionOf(r.ID); err == nil {
				f.decisions[r.ID] = d
				if f.approvers[d.Approver], err = tx.Approver(d.Approver); err != nil {
					return err
				}
			}
		}
		return nil
	})
	f.log = h.Log()
	return f
}

// wrote says whether the log tells that it happened.
func (f facts) wrote(verb string, about func(audit.Entry) bool) bool {
	for _, e := range f.log {
		if e.Verb == verb && e.Outcome == audit.Allowed && about(e) {
			return true
		}
	}
	return false
}

// checkRequests: every request's state has its entry (I16), and every decision
// is about exactly what was filed, by somebody who is not the asker (I2, I3).
func (h *House) checkRequests(f facts) {
	h.Helper()
	verbs := map[jit.RequestState]string{
		jit.Approved: "request.approve", jit.Declined: "request.decline",
		jit.Withdrawn: "request.withdraw", jit.Lapsed: "request.lapse",
	}
	for _, r := range f.requests {
		about := func(e audit.Entry) bool { return e.Request == string(r.ID) }
		if !f.wrote("request.file", about) {
			h.Errorf("I16: nothing in the log tells that LK-%d was filed", r.Number)
		}
		if verb, ok := verbs[r.State]; ok && !f.wrote(verb, about) {
			h.Errorf("I16: LK-%d is %s, and nothing in the log tells of it", r.Number, r.State)
		}
		if d, ok := f.decisions[r.ID]; ok {
			if d.Digest != r.Digest || d.Tier < r.Tier {
				h.Errorf("I2: LK-%d was decided as %s in tier %s, needing %s", r.Number, d.Digest, d.Tier, r.Tier)
			}
			if p, ok := h.Estate.PersonByAccount(d.Account); ok {
				h.Errorf("I3: LK-%d was decided by %s of the partner", r.Number, p.Name)
			}
		}
	}
}

// checkGrants: no grant without an approval of its own, none active past its
// end, and each step of its life in the log.
func (h *House) checkGrants(f facts) {
	h.Helper()
	requests := map[jit.RequestID]jit.Request{}
	for _, r := range f.requests {
		requests[r.ID] = r
	}
	seen := map[jit.RequestID]bool{}
	for _, g := range f.grants {
		r, d, e := requests[g.Request], f.decisions[g.Request], f.episodes[g.Episode]
		if seen[g.Request] {
			h.Errorf("I4: LK-%d has two grants", r.Number)
		}
		seen[g.Request] = true
		if r.State != jit.Approved || d.Verdict != jit.Approve {
			h.Errorf("I2: grant %s exists, yet LK-%d is %s", g.ID, r.Number, r.State)
		}
		if got := g.Ends.Sub(g.Begins); got != d.Duration || got > r.Duration {
			h.Errorf("I9: LK-%d runs for %v; %v were asked for and %v approved", r.Number, got, r.Duration, d.Duration)
		}
		if g.State == jit.Active && f.now.After(g.Ends.Add(Slack)) {
			h.Errorf("I1: LK-%d counts as active %v after its end", r.Number, f.now.Sub(g.Ends))
		}
		if g.State.Open() && e.Phase == jit.Closed {
			h.Errorf("I5: LK-%d is %s, yet its episode is closed", r.Number, g.State)
		}
		about := func(e audit.Entry) bool { return e.Episode == g.Episode.String() }
		if !g.ActiveAt.IsZero() && !f.wrote("grant.active", about) {
			h.Errorf("I16: LK-%d was active, and nothing in the log tells of it", r.Number)
		}
		if e.Phase == jit.Closed && !f.wrote("episode.closed", about) {
			h.Errorf("I16: episode %s is closed, and nothing in the log tells of it", e.ID)
		}
	}
}

// checkObjects: every object of ours in the cloud has an episode that is open.
func (h *House) checkObjects(f facts) {
	h.Helper()
	for _, a := range f.objects {
		marker, ok := jit.ParseMarker(a.Description)
		if !ok || marker.Instance != h.Estate.Instance {
			continue
		}
		e, ok := f.episodes[marker.Episode]
		if !ok || e.Name != a.Name {
			h.Errorf("I5: object %s belongs to no episode", a.Name)
		}
	}
}

// checkCalls: nothing was sent to the cloud whose intent was not in the log
// before (I5, I16), and no grant in the stretch before its end (I6).
func (h *House) checkCalls(f facts) {
	h.Helper()
	named := map[string]jit.Episode{}
	for _, e := range f.episodes {
		named[e.Name.String()] = e
	}
	for _, call := range f.calls {
		e, ok := named[call.Name.String()]
		if !ok {
			continue // an object the sweep found
		}
		intent := false
		for _, entry := range f.log {
			removal := entry.Verb == "episode.removal" || entry.Verb == "episode.returned" || entry.Verb == "sweep.found"
			if entry.Episode == e.ID.String() && !entry.At.After(call.At) &&
				(call.Op == Grant && entry.Verb == "grant.granting" || call.Op == Revoke && removal) {
				intent = true
			}
		}
		if !intent {
			h.Errorf("I16: a %s of %s was sent without an entry before it", call.Op, e.ID)
		}
		if latest := h.latestEnd(f, e.ID); call.Op == Grant && !call.At.Before(jit.LastSafe(latest)) {
			h.Errorf("I6: a grant was sent %v before its end", latest.Sub(call.At))
		}
	}
}

func (h *House) latestEnd(f facts, id jit.EpisodeID) time.Time {
	var latest time.Time
	for _, g := range f.grants {
		if g.Episode == id && g.Ends.After(latest) {
			latest = g.Ends
		}
	}
	return latest
}

// checkLog: the log's texts and hashes agree (I17).
func (h *House) checkLog() {
	h.Helper()
	ctx := h.Context()
	size, err := h.Store.AuditSize(ctx)
	if err != nil {
		h.Fatal(err)
	}
	report, err := audit.Verify(h.Store.AuditRecords(ctx), nil, "")
	if err != nil {
		h.Fatal(err)
	}
	if !report.Whole() || report.Entries < size {
		h.Errorf("I17: %s", report.Sentence())
	}
}

// CheckStays holds every stay of an object of ours in the cloud against the
// grants it was for: it began after an approval, and ended with the last of them
// and the slack at the latest (I1). Call it where the cloud always answered.
func (h *House) CheckStays() {
	h.Helper()
	f := h.facts()
	for _, stay := range h.Cloud.Stays() {
		marker, ok := jit.ParseMarker(stay.Description)
		if !ok || !strings.HasPrefix(stay.Description, "latchkey/") {
			continue
		}
		var begins, ends time.Time
		for _, g := range f.grants {
			if g.Episode != marker.Episode {
				continue
			}
			if begins.IsZero() || g.Begins.Before(begins) {
				begins = g.Begins
			}
			if g.Ends.After(ends) {
				ends = g.Ends
			}
		}
		if begins.IsZero() || stay.From.Before(begins) {
			h.Errorf("I2: object %s was there at %v, approved only at %v", stay.Name, stay.From, begins)
		}
		to := stay.To
		if to.IsZero() {
			to = f.now
		}
		if to.After(ends.Add(Slack)) {
			h.Errorf("I1: object %s was there until %v, %v after its end", stay.Name, to, to.Sub(ends))
		}
	}
}
