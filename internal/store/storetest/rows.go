package storetest

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"latchkey/csp"
	"latchkey/internal/fault"
	"latchkey/internal/jit"
)

// Run tests that what is written is what is read, and what finders and savers
// answer when they cannot do as asked.
func Run(t *testing.T, fresh Fresh) {
	t.Run("everything is read as it was written", func(t *testing.T) { testRoundTrip(t, fresh(t)()) })
	t.Run("what is not there is not found", func(t *testing.T) { testNotFound(t, fresh(t)()) })
	t.Run("text of any kind survives", func(t *testing.T) { testHostileText(t, fresh(t)()) })
	t.Run("text that cannot be kept is refused as invalid", func(t *testing.T) { testImpossibleText(t, fresh(t)()) })
	t.Run("requests", func(t *testing.T) { testRequests(t, fresh(t)()) })
	t.Run("decisions", func(t *testing.T) { testDecisions(t, fresh(t)()) })
	t.Run("grants", func(t *testing.T) { testGrants(t, fresh(t)()) })
	t.Run("episodes", func(t *testing.T) { testEpisodes(t, fresh(t)()) })
	t.Run("approvers and links", func(t *testing.T) { testApprovers(t, fresh(t)()) })
	t.Run("claims", func(t *testing.T) { runClaims(t, fresh) })
}

func testRoundTrip(t *testing.T, s Store) {
	full := aStory(t)
	update(t, s, full.tell)
	if full.request.Number != 1001 {
		t.Errorf("the first request has number %d, want 1001", full.request.Number)
	}
	bare := aStory(t) // with every optional field empty
	bare.request.Scope, bare.episode.Target.Scope = csp.Root(), csp.Root()
	bare.approver.Account, bare.approver.EnrolledAt = jit.Account{}, time.Time{}
	bare.link.Kind, bare.link.Request, bare.link.Tries, bare.link.VoidAt = jit.EnrolLink, "", 0, time.Time{}
	bare.decision.Account, bare.decision.Note = jit.Account{}, ""
	bare.episode.Owner, bare.episode.Lease, bare.episode.AbsentAt, bare.episode.Stuck = "", time.Time{}, time.Time{}, false
	bare.grant.ActiveAt, bare.grant.EndedAt, bare.grant.EndNowBy, bare.grant.Why = time.Time{}, time.Time{}, "", ""
	update(t, s, bare.tell)

	for _, want := range []story{full, bare} {
		view(t, s, func(tx jit.Tx) error {
			expect(t, want.request)(tx.Request(want.request.ID))
			expect(t, want.approver)(tx.Approver(want.approver.ID))
			expect(t, want.link)(tx.Link(want.link.ID))
			expect(t, want.decision)(tx.DecisionOf(want.request.ID))
			expect(t, want.episode)(tx.Episode(want.episode.ID))
			expect(t, want.episode)(tx.LiveEpisode(want.episode.Target))
			expect(t, want.grant)(tx.Grant(want.grant.ID))
			expect(t, want.grant)(tx.GrantOf(want.request.ID))
			expect(t, []jit.Grant{want.grant})(tx.GrantsOfEpisode(want.episode.ID))
			expect(t, []jit.Approver{want.approver})(tx.ApproversOf(want.approver.Tenant))
			return nil
		})
	}
}

// expect takes a finder's answer and compares it with want.
func expect[T any](tb testing.TB, want T) func(T, error) {
	return func(got T, err error) {
		tb.Helper()
		if err != nil {
			tb.Errorf("%T: %v", want, err)
			return
		}
		same(tb, got, want)
	}
}

func testNotFound(t *testing.T, s Store) {
	told := aStory(t) // one that was never written
	missing := func(_ any, err error) {
		t.Helper()
		wantKind(t, err, fault.NotFound)
	}
	update(t, s, func(tx jit.Tx) error {
		missing(tx.Request(told.request.ID))
		missing(tx.DecisionOf(told.request.ID))
		missing(tx.Grant(told.grant.ID))
		missing(tx.GrantOf(told.request.ID))
		missing(tx.Episode(told.episode.ID))
		missing(tx.LiveEpisode(told.episode.Target))
		missing(tx.Approver(told.approver.ID))
		missing(tx.Link(told.link.ID))
		missing(nil, tx.MoveRequest(told.request.ID, jit.Pending, jit.Approved))
		missing(nil, tx.SaveGrant(told.grant, jit.Active))
		missing(nil, tx.SaveEpisode(told.episode))
		missing(nil, tx.HurryEpisode(told.episode.ID, jit.RevokeLane, noon))
		missing(nil, tx.SaveLink(told.link))
		return nil
	})
	view(t, s, func(tx jit.Tx) error {
		expect(t, []jit.Request(nil))(tx.Requests(jit.RequestQuery{}))
		expect(t, []jit.Request(nil))(tx.PendingBefore(noon, 10))
		expect(t, []jit.Grant(nil))(tx.Grants(jit.GrantQuery{}))
		expect(t, []jit.Grant(nil))(tx.GrantsOfEpisode(told.episode.ID))
		expect(t, []jit.Approver(nil))(tx.ApproversOf(told.approver.Tenant))
		expect(t, []jit.Place(nil))(tx.ScopesTouched())
		return nil
	})
	missing(nil, s.NoticeSent(t.Context(), told.notice.ID, noon))
	missing(nil, s.NoticeFailed(t.Context(), told.notice.ID, noon, "why"))
	missing(s.Session(t.Context(), "digest", noon))
	if due, ok, err := s.NextDue(t.Context()); ok || err != nil {
		t.Errorf("NextDue of nothing: %v, %v, %v", due, ok, err)
	}
}

func testHostileText(t *testing.T, s Store) {
	var long strings.Builder
	for i := range 20_000 {
		fmt.Fprintf(&long, "%d'", i)
	}
	for _, text := range append([]string{long.String()}, hostile...) {
		want := aStory(t)
		if len(text) < 1000 { // what is looked up by is never long, and PostgreSQL's index holds no more
			want.request.Engineer, want.grant.Engineer = jit.PersonID(text), jit.PersonID(text)
		}
		want.request.RoleName, want.request.RoleContent, want.request.Reason, want.request.Digest = text, text, text, text
		want.approver.Name, want.approver.Address = text, text
		want.decision.Digest, want.decision.Note = text, text
		want.episode.LastWhy, want.episode.Owner, want.episode.RoleContent = text, text, text
		want.grant.EndNowBy, want.grant.Why = text, text
		want.notice.ToName, want.notice.Reason, want.notice.Why = text, text, text
		update(t, s, want.tell)
		view(t, s, func(tx jit.Tx) error {
			expect(t, want.request)(tx.Request(want.request.ID))
			expect(t, want.approver)(tx.Approver(want.approver.ID))
			expect(t, want.decision)(tx.DecisionOf(want.request.ID))
			expect(t, want.episode)(tx.Episode(want.episode.ID))
			expect(t, want.grant)(tx.Grant(want.grant.ID))
			if text != "" { // which would not narrow
				byName := jit.RequestQuery{Engineer: want.request.Engineer, Customer: want.request.Customer}
				expect(t, []jit.Request{want.request})(tx.Requests(byName))
			}
			return nil
		})
		notices, err := s.ClaimNotices(t.Context(), text, noon, time.Minute, 10)
		if err != nil {
			t.Fatal(err)
		}
		same(t, notices, []jit.Notice{want.notice})
		if err := s.NoticeFailed(t.Context(), want.notice.ID, noon.Add(1000*time.Hour), text); err != nil {
			t.Error(err)
		}
	}
}

func testImpossibleText(t *testing.T, s Store) {
	for _, text := range impossible {
		request := aRequest(t)
		request.Reason = text
		err := s.Update(t.Context(), func(tx jit.Tx) error { return tx.InsertRequest(&request) })
		wantKind(t, err, fault.Invalid)

		_, err = read(t, s, func(tx jit.Tx) (jit.Link, error) { return tx.Link(jit.LinkID(text)) })
		wantKind(t, err, fault.Invalid)
	}
	request := aRequest(t)
	request.AnswerBy = time.Date(2500, 1, 1, 0, 0, 0, 0, time.UTC)
	err := s.Update(t.Context(), func(tx jit.Tx) error { return tx.InsertRequest(&request) })
	wantKind(t, err, fault.Invalid)
}

func testRequests(t *testing.T, s Store) {
	const many = 5
	requests := make([]jit.Request, many)
	for i := range requests {
		requests[i] = aRequest(t)
		requests[i].AnswerBy = noon.Add(time.Duration(i) * time.Hour)
		update(t, s, func(tx jit.Tx) error { return tx.InsertRequest(&requests[i]) })
	}
	ids := func(found []jit.Request) []jit.RequestID {
		var ids []jit.RequestID
		for _, r := range found {
			ids = append(ids, r.ID)
		}
		return ids
	}
	search := func(q jit.RequestQuery) []jit.RequestID {
		t.Helper()
		return ids(mustRead(t, s, func(tx jit.Tx) ([]jit.Request, error) { return tx.Requests(q) }))
	}
	t.Run("numbers rise", func(t *testing.T) {
		for i := range many - 1 {
			if requests[i].Number >= requests[i+1].Number {
				t.Errorf("number %d is followed by %d", requests[i].Number, requests[i+1].Number)
			}
		}
	})
	t.Run("the newest come first, as many as asked", func(t *testing.T) {
		same(t, search(jit.RequestQuery{Most: 2}), []jit.RequestID{requests[4].ID, requests[3].ID})
	})
	t.Run("a query narrows by customer, engineer and state together", func(t *testing.T) {
		one := jit.RequestQuery{Engineer: "james", Customer: requests[2].Customer, State: jit.Pending}
		same(t, search(one), []jit.RequestID{requests[2].ID})
		one.Engineer = "sarah"
		same(t, search(one), []jit.RequestID(nil))
	})
	t.Run("pending ones whose time is up come by how long it has been, the moment itself included", func(t *testing.T) {
		found := mustRead(t, s, func(tx jit.Tx) ([]jit.Request, error) { return tx.PendingBefore(requests[1].AnswerBy, 10) })
		same(t, ids(found), []jit.RequestID{requests[0].ID, requests[1].ID})
		found = mustRead(t, s, func(tx jit.Tx) ([]jit.Request, error) { return tx.PendingBefore(requests[4].AnswerBy, 3) })
		same(t, ids(found), []jit.RequestID{requests[0].ID, requests[1].ID, requests[2].ID})
	})
	t.Run("a request moves once, and only from where it is", func(t *testing.T) {
		id := requests[0].ID
		update(t, s, func(tx jit.Tx) error { return tx.MoveRequest(id, jit.Pending, jit.Declined) })
		err := s.Update(t.Context(), func(tx jit.Tx) error { return tx.MoveRequest(id, jit.Pending, jit.Approved) })
		wantKind(t, err, fault.Conflict)
		got := mustRead(t, s, func(tx jit.Tx) (jit.Request, error) { return tx.Request(id) })
		if got.State != jit.Declined {
			t.Errorf("the request is %s, want declined", got.State)
		}
		same(t, search(jit.RequestQuery{State: jit.Declined}), []jit.RequestID{id})
		found := mustRead(t, s, func(tx jit.Tx) ([]jit.Request, error) { return tx.PendingBefore(noon, 10) })
		same(t, ids(found), []jit.RequestID(nil))
	})
	t.Run("the same request twice is a conflict", func(t *testing.T) {
		err := s.Update(t.Context(), func(tx jit.Tx) error { return tx.InsertRequest(&requests[0]) })
		wantKind(t, err, fault.Conflict)
	})
}

func testDecisions(t *testing.T, s Store) {
	told := aStory(t)
	update(t, s, told.tell)
	t.Run("a second decision on a request is a conflict and the first one stands", func(t *testing.T) {
		second := aDecision(told.request, told.approver)
		second.Verdict = jit.Decline
		update(t, s, func(tx jit.Tx) error {
			wantKind(t, tx.InsertDecision(second), fault.Conflict)
			// The transaction is still good for the rest of what it does.
			expect(t, told.decision)(tx.DecisionOf(told.request.ID))
			return nil
		})
	})
	t.Run("a decision on nothing is not kept", func(t *testing.T) {
		orphan := aDecision(aRequest(t), told.approver)
		err := s.Update(t.Context(), func(tx jit.Tx) error { return tx.InsertDecision(orphan) })
		wantKind(t, err, fault.Internal)
		_, err = read(t, s, func(tx jit.Tx) (jit.Decision, error) { return tx.DecisionOf(orphan.Request) })
		wantKind(t, err, fault.NotFound)
	})
}

func testGrants(t *testing.T, s Store) {
	var stories [3]story
	for i := range stories {
		stories[i] = aStory(t)
		stories[i].grant.Begins = noon.Add(time.Duration(i) * time.Hour)
		update(t, s, stories[i].tell)
	}
	search := func(q jit.GrantQuery) []jit.GrantID {
		t.Helper()
		var ids []jit.GrantID
		for _, g := range mustRead(t, s, func(tx jit.Tx) ([]jit.Grant, error) { return tx.Grants(q) }) {
			ids = append(ids, g.ID)
		}
		return ids
	}
	t.Run("a grant is saved from the state it is in", func(t *testing.T) {
		g := stories[0].grant
		g.State, g.EndedAt, g.Why = jit.Ended, noon.Add(90*time.Minute), "its time was over"
		update(t, s, func(tx jit.Tx) error { return tx.SaveGrant(g, jit.Revoking) })
		same(t, mustRead(t, s, func(tx jit.Tx) (jit.Grant, error) { return tx.Grant(g.ID) }), g)

		late := stories[0].grant
		late.State = jit.Active
		err := s.Update(t.Context(), func(tx jit.Tx) error { return tx.SaveGrant(late, jit.Revoking) })
		wantKind(t, err, fault.Conflict)
		same(t, mustRead(t, s, func(tx jit.Tx) (jit.Grant, error) { return tx.Grant(g.ID) }), g)
	})
	t.Run("the latest begin comes first, as many as asked", func(t *testing.T) {
		same(t, search(jit.GrantQuery{Most: 2}), []jit.GrantID{stories[2].grant.ID, stories[1].grant.ID})
	})
	t.Run("a query narrows by customer, engineer and openness together", func(t *testing.T) {
		same(t, search(jit.GrantQuery{Open: true}), []jit.GrantID{stories[2].grant.ID, stories[1].grant.ID})
		one := jit.GrantQuery{Engineer: "james", Customer: stories[1].grant.Customer, Open: true}
		same(t, search(one), []jit.GrantID{stories[1].grant.ID})
		one.Customer = stories[0].grant.Customer // ended
		same(t, search(one), []jit.GrantID(nil))
		same(t, search(jit.GrantQuery{Engineer: "sarah"}), []jit.GrantID(nil))
	})
	t.Run("a second grant for a request is a conflict", func(t *testing.T) {
		second := aGrant(stories[1].request, stories[1].episode)
		err := s.Update(t.Context(), func(tx jit.Tx) error { return tx.InsertGrant(second) })
		wantKind(t, err, fault.Conflict)
	})
	t.Run("grants on one target share an episode", func(t *testing.T) {
		request := aRequest(t)
		shared := aGrant(request, stories[1].episode)
		shared.Begins = noon.Add(-time.Hour)
		update(t, s, func(tx jit.Tx) error {
			if err := tx.InsertGrant(shared); err != nil { // before its request: only the whole has to be right
				return err
			}
			return tx.InsertRequest(&request)
		})
		got := mustRead(t, s, func(tx jit.Tx) ([]jit.Grant, error) { return tx.GrantsOfEpisode(stories[1].episode.ID) })
		same(t, got, []jit.Grant{shared, stories[1].grant})
	})
}

func testApprovers(t *testing.T, s Store) {
	told := aStory(t)
	update(t, s, told.tell)
	t.Run("saving an approver again replaces him", func(t *testing.T) {
		a := told.approver
		a.Name, a.Address, a.Account, a.EnrolledAt = "Mary", "m@customer.example", jit.Account{}, time.Time{}
		update(t, s, func(tx jit.Tx) error { return tx.SaveApprover(a) })
		same(t, mustRead(t, s, func(tx jit.Tx) ([]jit.Approver, error) { return tx.ApproversOf(a.Tenant) }), []jit.Approver{a})
	})
	t.Run("approvers come by name, and only the customer's own", func(t *testing.T) {
		tenant := newGUID[csp.Tenant]()
		zoe, adam := anApprover(tenant), anApprover(tenant)
		zoe.Name, adam.Name = "Zoe", "Adam"
		update(t, s, func(tx jit.Tx) error {
			if err := tx.SaveApprover(zoe); err != nil {
				return err
			}
			return tx.SaveApprover(adam)
		})
		same(t, mustRead(t, s, func(tx jit.Tx) ([]jit.Approver, error) { return tx.ApproversOf(tenant) }), []jit.Approver{adam, zoe})
	})
	t.Run("a link's tries and end are saved", func(t *testing.T) {
		l := told.link
		l.Tries, l.VoidAt, l.Expires = 5, noon.Add(time.Minute), noon.Add(time.Hour)
		update(t, s, func(tx jit.Tx) error { return tx.SaveLink(l) })
		same(t, mustRead(t, s, func(tx jit.Tx) (jit.Link, error) { return tx.Link(l.ID) }), l)
	})
}
