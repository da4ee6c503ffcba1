package schedule_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"latchkey/csp"
	"latchkey/emulator/schedule"
)

var (
	noon  = time.Date(2026, 11, 2, 12, 0, 0, 0, time.UTC)
	anna  = csp.MustParseID[csp.Principal]("a0000000-0000-4000-8000-000000000001")
	boss  = csp.MustParseID[csp.Principal]("b0000000-0000-4000-8000-000000000002")
	team  = csp.MustParseID[csp.Principal]("c0000000-0000-4000-8000-000000000003")
	right = schedule.Target{Principal: anna, Role: "reader", Scope: "/"}
)

func assign(kind schedule.Kind, length time.Duration) schedule.Request {
	r := schedule.Request{Kind: kind, Action: schedule.AdminAssign, Target: right, By: boss, Justification: "work"}
	if length > 0 {
		r.Expiration = schedule.Expiration{Kind: schedule.AfterDuration, Duration: length}
	}
	return r
}

func activate(length time.Duration) schedule.Request {
	return schedule.Request{
		Kind: schedule.Active, Action: schedule.SelfActivate, Target: right, By: anna, MFA: true, Justification: "work",
		Expiration: schedule.Expiration{Kind: schedule.AfterDuration, Duration: length},
	}
}

func codeOf(err error) schedule.Code {
	if r, ok := errors.AsType[*schedule.Refusal](err); ok {
		return r.Code
	}
	return ""
}

func submit(t *testing.T, b *schedule.Book, now time.Time, p schedule.Policy, r schedule.Request) (schedule.Request, []schedule.Change) {
	t.Helper()
	got, changes, err := b.Submit(now, p, r, false)
	if err != nil {
		t.Fatalf("%s: %v", r.Action, err)
	}
	return got, changes
}

func TestAssignmentBeginsAndEndsOnTime(t *testing.T) {
	var b schedule.Book
	r := assign(schedule.Active, 2*time.Hour)
	r.Start = noon.Add(time.Hour)
	got, changes := submit(t, &b, noon, schedule.DirectoryPolicy(), r)
	if got.Status != schedule.Granted || len(changes) != 0 || len(b.Instances(schedule.Active, noon)) != 0 || len(b.Schedules(schedule.Active)) != 1 {
		t.Errorf("before it begins: %+v %v", got, changes)
	}
	if due := b.Due(); !due.Equal(noon.Add(time.Hour)) {
		t.Errorf("due %v", due)
	}
	changes = b.Advance(noon.Add(90 * time.Minute))
	if len(changes) != 1 || !changes[0].Begins || !changes[0].At.Equal(noon.Add(time.Hour)) {
		t.Errorf("at its beginning: %+v", changes)
	}
	if kept, _ := b.Request(got.ID); kept.Status != schedule.Provisioned {
		t.Errorf("the request is %s", kept.Status)
	}
	changes = b.Advance(noon.Add(3 * time.Hour))
	if len(changes) != 1 || changes[0].Begins || len(b.Schedules(schedule.Active)) != 0 || !b.Due().IsZero() {
		t.Errorf("at its end: %+v", changes)
	}
}

func TestJumpOverAWholeAssignmentTellsBothEnds(t *testing.T) {
	var b schedule.Book
	r := assign(schedule.Active, time.Hour)
	r.Start = noon.Add(time.Hour)
	submit(t, &b, noon, schedule.DirectoryPolicy(), r)
	changes := b.Advance(noon.Add(24 * time.Hour))
	if len(changes) != 2 || !changes[0].Begins || changes[1].Begins || !changes[1].At.Equal(noon.Add(2*time.Hour)) {
		t.Errorf("%+v", changes)
	}
}

func TestRefusals(t *testing.T) {
	p := schedule.DirectoryPolicy()
	for _, test := range []struct {
		name   string
		before func(*testing.T, *schedule.Book)
		ask    func() schedule.Request
		change func(*schedule.Policy)
		want   schedule.Code
		rules  []string
	}{
		{name: "the same twice", before: given(assign(schedule.Active, 0)), ask: func() schedule.Request { return assign(schedule.Active, time.Hour) }, want: schedule.Exists},
		{name: "under five minutes", ask: func() schedule.Request { return assign(schedule.Active, 4*time.Minute) }, want: schedule.TooShort},
		{name: "an end before the beginning", ask: func() schedule.Request {
			r := assign(schedule.Active, 0)
			r.Expiration = schedule.Expiration{Kind: schedule.AfterDateTime, End: noon.Add(-time.Hour)}
			return r
		}, want: schedule.AgainstRules, rules: []string{schedule.ExpirationRule}},
		{
			name: "longer than the policy lets administrators", ask: func() schedule.Request { return assign(schedule.Active, 48*time.Hour) },
			change: func(p *schedule.Policy) { p.MaxActive = 24 * time.Hour }, want: schedule.AgainstRules, rules: []string{schedule.ExpirationRule},
		},
		{
			name: "for ever where the policy forbids it", ask: func() schedule.Request { return assign(schedule.Eligible, 0) },
			change: func(p *schedule.Policy) { p.MaxEligible = 24 * time.Hour }, want: schedule.AgainstRules, rules: []string{schedule.ExpirationRule},
		},
		{name: "an administrator without a reason or a second step", ask: func() schedule.Request {
			r := assign(schedule.Active, time.Hour)
			r.Justification = ""
			return r
		}, change: func(p *schedule.Policy) { p.AdminMFA = true }, want: schedule.AgainstRules, rules: []string{schedule.JustificationRule, schedule.MFARule}},
		{name: "removing what is not there", ask: func() schedule.Request {
			return schedule.Request{Kind: schedule.Active, Action: schedule.AdminRemove, Target: right, By: boss}
		}, want: schedule.DoesNotExist},
		{name: "removing within five minutes", before: given(assign(schedule.Active, time.Hour)), ask: func() schedule.Request {
			return schedule.Request{Kind: schedule.Active, Action: schedule.AdminRemove, Target: right, By: boss}
		}, want: schedule.TooShort},
		{name: "activating without being eligible", ask: func() schedule.Request { return activate(time.Hour) }, want: schedule.AgainstRules, rules: []string{schedule.EligibilityRule}},
		{
			name: "activating against every rule", before: given(assign(schedule.Eligible, 0)), ask: func() schedule.Request {
				r := activate(9 * time.Hour)
				r.MFA, r.Justification = false, ""
				return r
			}, change: func(p *schedule.Policy) { p.Ticket = true }, want: schedule.AgainstRules,
			rules: []string{schedule.ExpirationRule, schedule.JustificationRule, schedule.MFARule, schedule.TicketingRule},
		},
		{name: "activating without an end", before: given(assign(schedule.Eligible, 0)), ask: func() schedule.Request {
			r := activate(0)
			r.Expiration = schedule.Expiration{}
			return r
		}, want: schedule.AgainstRules, rules: []string{schedule.ExpirationRule}},
		{name: "activating what is active", before: given(assign(schedule.Eligible, 0), assign(schedule.Active, 0)), ask: func() schedule.Request { return activate(time.Hour) }, want: schedule.Exists},
		{name: "activating for another", ask: func() schedule.Request {
			r := activate(time.Hour)
			r.By = boss
			return r
		}, want: schedule.Invalid},
		{name: "activating an eligibility", ask: func() schedule.Request {
			r := activate(time.Hour)
			r.Kind = schedule.Eligible
			return r
		}, want: schedule.Invalid},
		{name: "an unknown kind of end", ask: func() schedule.Request {
			r := activate(time.Hour)
			r.Expiration.Kind = "sometime"
			return r
		}, want: schedule.Invalid},
		{name: "an unknown action", ask: func() schedule.Request {
			r := assign(schedule.Active, time.Hour)
			r.Action = "wish"
			return r
		}, want: schedule.Invalid},
		{name: "extending what is not there", ask: func() schedule.Request {
			r := assign(schedule.Active, time.Hour)
			r.Action = schedule.AdminExtend
			return r
		}, want: schedule.DoesNotExist},
	} {
		t.Run(test.name, func(t *testing.T) {
			var b schedule.Book
			p := p
			if test.before != nil {
				test.before(t, &b)
			}
			if test.change != nil {
				test.change(&p)
			}
			requests := len(b.Requests(schedule.Active)) + len(b.Requests(schedule.Eligible))
			_, changes, err := b.Submit(noon, p, test.ask(), false)
			if codeOf(err) != test.want || len(changes) != 0 {
				t.Fatalf("got %v, %v", err, changes)
			}
			if r, _ := errors.AsType[*schedule.Refusal](err); test.rules != nil && !slices.Equal(r.Rules, test.rules) {
				t.Errorf("rules %v", r.Rules)
			}
			if got := len(b.Requests(schedule.Active)) + len(b.Requests(schedule.Eligible)); got != requests {
				t.Error("a refused request was kept")
			}
		})
	}
}

func given(list ...schedule.Request) func(*testing.T, *schedule.Book) {
	return func(t *testing.T, b *schedule.Book) {
		t.Helper()
		for _, r := range list {
			submit(t, b, noon, schedule.DirectoryPolicy(), r)
		}
	}
}

func TestActivationRestsOnEligibility(t *testing.T) {
	var b schedule.Book
	p := schedule.DirectoryPolicy()
	ofTeam := assign(schedule.Eligible, 4*time.Hour)
	ofTeam.Principal = team
	submit(t, &b, noon, p, ofTeam)
	ask := activate(6 * time.Hour)
	if _, _, err := b.Submit(noon, p, ask, false); codeOf(err) != schedule.AgainstRules {
		t.Fatalf("without the group: %v", err)
	}
	ask.Groups = []csp.ObjectID{team}
	if _, changes, err := b.Submit(noon, p, ask, true); err != nil || changes != nil || len(b.Schedules(schedule.Active)) != 0 {
		t.Fatalf("only validating: %v", err)
	}
	got, changes := submit(t, &b, noon, p, ask)
	if got.Status != schedule.Provisioned || len(changes) != 1 || changes[0].Schedule.Type != schedule.Activated || !changes[0].Schedule.End.Equal(noon.Add(4*time.Hour)) {
		t.Fatalf("%+v %+v", got, changes)
	}
	end := schedule.Request{Kind: schedule.Active, Action: schedule.SelfDeactivate, Target: right, By: anna}
	if _, _, err := b.Submit(noon.Add(4*time.Minute), p, end, false); codeOf(err) != schedule.TooShort {
		t.Errorf("within five minutes: %v", err)
	}
	if r, changes := submit(t, &b, noon.Add(5*time.Minute), p, end); r.Status != schedule.Revoked || len(changes) != 1 || changes[0].Begins {
		t.Errorf("%+v %+v", r, changes)
	}
	submit(t, &b, noon.Add(time.Hour), p, ask)
	off := ofTeam
	off.Action = schedule.AdminRemove
	if _, changes := submit(t, &b, noon.Add(2*time.Hour), p, off); len(changes) != 2 || len(b.Schedules(schedule.Active)) != 0 {
		t.Errorf("with the eligibility goes the activation: %+v", changes)
	}
}

func TestApproval(t *testing.T) {
	p := schedule.DirectoryPolicy()
	p.Approvers = []csp.ObjectID{boss, anna}
	fresh := func(t *testing.T) (*schedule.Book, schedule.Request) {
		t.Helper()
		b := new(schedule.Book)
		submit(t, b, noon, p, assign(schedule.Eligible, 0))
		r, changes := submit(t, b, noon, p, activate(time.Hour))
		if r.Status != schedule.PendingApproval || r.Approval.IsZero() || changes != nil {
			t.Fatalf("%+v", r)
		}
		return b, r
	}
	t.Run("the time runs from the decision", func(t *testing.T) {
		b, r := fresh(t)
		if _, _, err := b.Submit(noon, p, activate(time.Hour), false); codeOf(err) != schedule.Pending {
			t.Errorf("a second request: %v", err)
		}
		if _, _, err := b.Decide(noon, p, r.ID, anna, true); codeOf(err) != schedule.Invalid {
			t.Errorf("deciding one's own: %v", err)
		}
		if _, _, err := b.Decide(noon, p, r.ID, team, true); codeOf(err) != schedule.Invalid {
			t.Errorf("deciding as a stranger: %v", err)
		}
		later := noon.Add(2 * time.Hour)
		got, changes, err := b.Decide(later, p, r.ID, boss, true)
		if err != nil || got.Status != schedule.Provisioned || len(changes) != 1 || !changes[0].Schedule.End.Equal(later.Add(time.Hour)) {
			t.Errorf("%+v %+v %v", got, changes, err)
		}
		if _, _, err := b.Decide(later, p, r.ID, boss, true); codeOf(err) != schedule.Invalid {
			t.Errorf("deciding twice: %v", err)
		}
	})
	t.Run("a denied one gives nothing", func(t *testing.T) {
		b, r := fresh(t)
		got, changes, err := b.Decide(noon, p, r.ID, boss, false)
		if err != nil || got.Status != schedule.Denied || changes != nil {
			t.Errorf("%+v %v", got, err)
		}
	})
	t.Run("nobody decides for a day", func(t *testing.T) {
		b, r := fresh(t)
		b.Advance(noon.Add(24 * time.Hour))
		if got, _ := b.Request(r.ID); got.Status != schedule.TimedOut {
			t.Errorf("%+v", got)
		}
	})
	t.Run("it is withdrawn", func(t *testing.T) {
		b, r := fresh(t)
		if _, err := b.Cancel(noon, r.ID); err != nil {
			t.Error(err)
		}
		if _, err := b.Cancel(noon, r.ID); codeOf(err) != schedule.Invalid {
			t.Errorf("twice: %v", err)
		}
		if _, err := b.Cancel(noon, schedule.NewID()); codeOf(err) != schedule.NoSuch {
			t.Errorf("what is not there: %v", err)
		}
	})
	t.Run("the eligibility has gone meanwhile", func(t *testing.T) {
		b, r := fresh(t)
		off := assign(schedule.Eligible, 0)
		off.Action = schedule.AdminRemove
		submit(t, b, noon, p, off)
		if _, changes, err := b.Decide(noon, p, r.ID, boss, true); codeOf(err) != schedule.AgainstRules || changes != nil {
			t.Errorf("%v", err)
		}
	})
}

func TestExtendingAndRenewing(t *testing.T) {
	var b schedule.Book
	p := schedule.DirectoryPolicy()
	submit(t, &b, noon, p, assign(schedule.Active, time.Hour))
	longer := assign(schedule.Active, 3*time.Hour)
	longer.Action = schedule.AdminExtend
	submit(t, &b, noon, p, longer)
	if got := b.Schedules(schedule.Active); len(got) != 1 || !got[0].End.Equal(noon.Add(3*time.Hour)) {
		t.Fatalf("%+v", got)
	}
	asked := longer
	asked.Action, asked.By = schedule.SelfExtend, anna
	asked.Expiration.Duration = 5 * time.Hour
	r, _ := submit(t, &b, noon, p, asked)
	if r.Status != schedule.PendingAdminDecision {
		t.Fatalf("%+v", r)
	}
	if _, _, err := b.Decide(noon, p, r.ID, boss, true); err != nil {
		t.Fatal(err)
	}
	if got := b.Schedules(schedule.Active); !got[0].End.Equal(noon.Add(5 * time.Hour)) {
		t.Fatalf("%+v", got)
	}
	b.Advance(noon.Add(6 * time.Hour))
	again := longer
	again.Action = schedule.AdminRenew
	if _, changes := submit(t, &b, noon.Add(6*time.Hour), p, again); len(changes) != 1 || !changes[0].Begins {
		t.Errorf("%+v", changes)
	}
}

func TestForgetAndAdopt(t *testing.T) {
	var b schedule.Book
	changes := b.Adopt(noon, schedule.Schedule{Kind: schedule.Active, Target: right, Start: noon.Add(-time.Hour)})
	if len(changes) != 1 || !changes[0].Begins || changes[0].Schedule.Type != schedule.Assigned {
		t.Fatalf("%+v", changes)
	}
	if _, _, err := b.Submit(noon, schedule.DirectoryPolicy(), assign(schedule.Active, time.Hour), false); codeOf(err) != schedule.Exists {
		t.Errorf("%v", err)
	}
	if changes := b.Forget(noon, func(s schedule.Schedule) bool { return s.Principal == anna }); len(changes) != 1 || changes[0].Begins {
		t.Errorf("%+v", changes)
	}
}

// TestChangesAgreeWithWhatStands lets a Book run at random and holds what its
// changes add up to against its instances.
func TestChangesAgreeWithWhatStands(t *testing.T) {
	actions := []schedule.Action{schedule.AdminAssign, schedule.AdminRemove, schedule.SelfActivate, schedule.SelfDeactivate, schedule.AdminExtend, schedule.AdminUpdate, schedule.SelfExtend}
	rapid.Check(t, func(t *rapid.T) {
		var b schedule.Book
		p := schedule.DirectoryPolicy()
		now := noon
		standing := map[schedule.ID]schedule.Schedule{}
		carry := func(changes []schedule.Change) {
			for _, c := range changes {
				_, stands := standing[c.Schedule.ID]
				if stands == c.Begins {
					t.Fatalf("a change that is none: %+v", c)
				}
				if c.Begins {
					standing[c.Schedule.ID] = c.Schedule
				} else {
					delete(standing, c.Schedule.ID)
				}
			}
		}
		for range rapid.IntRange(1, 40).Draw(t, "steps") {
			now = now.Add(time.Duration(rapid.IntRange(0, 90).Draw(t, "minutes")) * time.Minute)
			carry(b.Advance(now))
			r := schedule.Request{
				Kind:   rapid.SampledFrom([]schedule.Kind{schedule.Active, schedule.Eligible}).Draw(t, "kind"),
				Action: rapid.SampledFrom(actions).Draw(t, "action"), Target: right, Justification: "work", MFA: true, By: boss,
				Start: now.Add(time.Duration(rapid.IntRange(-60, 60).Draw(t, "start")) * time.Minute),
			}
			if r.Action.IsSelf() {
				r.By = anna
			}
			if rapid.Bool().Draw(t, "ends") {
				r.Expiration = schedule.Expiration{Kind: schedule.AfterDuration, Duration: time.Duration(rapid.IntRange(0, 600).Draw(t, "length")) * time.Minute}
			}
			got, changes, err := b.Submit(now, p, r, false)
			if err != nil && (changes != nil || codeOf(err) == "") {
				t.Fatalf("%v %v", changes, err)
			}
			carry(changes)
			if err == nil && got.Status.IsPending() {
				_, changes, _ := b.Decide(now, p, got.ID, boss, rapid.Bool().Draw(t, "approve"))
				carry(changes)
			}
			for _, kind := range []schedule.Kind{schedule.Active, schedule.Eligible} {
				for _, s := range b.Instances(kind, now) {
					if _, known := standing[s.ID]; !known {
						t.Fatalf("%+v stands and no change said so", s)
					}
					if s.Type == schedule.Activated && !slices.ContainsFunc(b.Instances(schedule.Eligible, now), func(e schedule.Schedule) bool { return e.ID == s.Linked }) {
						t.Fatalf("%+v outlives its eligibility", s)
					}
				}
			}
			if got := len(b.Instances(schedule.Active, now)) + len(b.Instances(schedule.Eligible, now)); got != len(standing) {
				t.Fatalf("%d stand, the changes add up to %d", got, len(standing))
			}
		}
	})
}
