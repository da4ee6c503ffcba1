package jit_test

import (
	"strings"
	"sync"
	"testing"
	"time"

	"latchkey/csp"
	"latchkey/internal/audit"
	"latchkey/internal/fault"
	"latchkey/internal/jit"
	"latchkey/internal/jit/jittest"
)

// Who may answer, by the tier a request needs.
func TestWhoMayAnswer(t *testing.T) {
	nobody := func(*jittest.House) jit.Caller { return jit.Caller{} }
	with := func(who func(*jittest.House) jit.Caller, change func(h *jittest.House, c *jit.Caller)) func(*jittest.House) jit.Caller {
		return func(h *jittest.House) jit.Caller {
			c := who(h)
			change(h, &c)
			return c
		}
	}
	anna := (*jittest.House).Anna
	guest := with(anna, func(_ *jittest.House, c *jit.Caller) { c.Guest = true })
	oneFactor := with(anna, func(_ *jittest.House, c *jit.Caller) { c.SecondFactor = false })
	stale := with(anna, func(h *jittest.House, c *jit.Caller) { c.SignedAt = h.Clock.Now().Add(-5*time.Minute - time.Second) })
	future := with(anna, func(h *jittest.House, c *jit.Caller) { c.SignedAt = h.Clock.Now().Add(time.Hour) })

	const wrong = "000000"
	tests := []struct {
		name   string
		role   csp.RoleDefinition
		who    func(*jittest.House) jit.Caller
		number string // empty: the right one
		kind   fault.Kind
		says   string
	}{
		{"mail tier: the number alone", jittest.Restarter, nobody, "", 0, ""},
		{"mail tier: no number", jittest.Restarter, nobody, " ", fault.Denied, "not the number in the mail"},
		{"mail tier: a wrong number", jittest.Restarter, nobody, wrong, fault.Denied, "4 tries are left"},
		{"mail tier: the contact signed in needs no number", jittest.Restarter, anna, wrong, 0, ""},
		{"mail tier: another member of the tenant with the number", jittest.Restarter, (*jittest.House).Bert, "", 0, ""},
		{"mail tier: the engineer as guest, with the number", jittest.Restarter, (*jittest.House).JamesAsGuest, "", fault.Denied, "own people cannot"},
		{"mail tier: the engineer at home, with the number", jittest.Restarter, (*jittest.House).James, "", fault.Denied, "own people cannot"},
		{"mail tier: the engineer's guest account passed off as a member", jittest.Restarter, with((*jittest.House).JamesAsGuest, func(_ *jittest.House, c *jit.Caller) { c.Guest = false }), "", fault.Denied, "own people cannot"},
		{"mail tier: a colleague of the engineer, with the number", jittest.Restarter, (*jittest.House).Otto, "", fault.Denied, "own people cannot"},
		{"mail tier: any guest of the tenant", jittest.Restarter, with((*jittest.House).Bert, func(_ *jittest.House, c *jit.Caller) { c.Guest = true }), "", fault.Denied, "as a guest"},
		{"fresh tier: the contact, freshly and with a second factor", jittest.Machinist, anna, wrong, 0, ""},
		{"fresh tier: the number alone", jittest.Machinist, nobody, "", fault.Unauthenticated, "Sign in to Contoso's tenant as Anna"},
		{"fresh tier: another member of the tenant", jittest.Machinist, (*jittest.House).Bert, "", fault.Denied, "not as Anna"},
		{"fresh tier: a contact of another customer", jittest.Machinist, (*jittest.House).Carla, "", fault.Denied, "not as Anna"},
		{"fresh tier: one factor only", jittest.Machinist, oneFactor, "", fault.Denied, "second factor"},
		{"fresh tier: a sign-in too long ago", jittest.Machinist, stale, "", fault.Denied, "second factor"},
		{"fresh tier: a sign-in from the future", jittest.Machinist, future, "", fault.Denied, "second factor"},
		{"fresh tier: the contact's account as a guest's", jittest.Machinist, guest, "", fault.Denied, "as a guest"},
		{"fresh tier: the engineer as guest", jittest.Machinist, (*jittest.House).JamesAsGuest, "", fault.Denied, "own people cannot"},
	}
	for _, verdict := range []jit.Verdict{jit.Approve, jit.Decline} {
		for _, tt := range tests {
			t.Run(string(verdict)+" in "+tt.name, func(t *testing.T) {
				house(t, func(h *jittest.House) {
					r := h.File(tt.role)
					answer := h.Answer("Anna", r, verdict)
					if tt.number != "" {
						answer.Number = tt.number
					}
					if tt.kind != 0 {
						unchanged(h, func() {
							_, err := h.Service.Decide(h.Context(), tt.who(h), answer)
							wantRefusal(h, err, tt.kind, tt.says)
						})
						if e := h.Last(); e.Verb != "request."+string(verdict) || e.Request != string(r.ID) {
							h.Errorf("entry: %+v", e)
						}
						return
					}
					decided, err := h.Service.Decide(h.Context(), tt.who(h), answer)
					if err != nil {
						h.Fatal(err)
					}
					want := map[jit.Verdict]jit.RequestState{jit.Approve: jit.Approved, jit.Decline: jit.Declined}[verdict]
					if decided.State != want || h.Request(r.ID).State != want {
						h.Errorf("the request is %s, want %s", decided.State, want)
					}
				})
			})
		}
	}
}

func TestSignInTierNeedsTheContactButNoSecondFactor(t *testing.T) {
	ask := jit.Ask{Customer: jittest.Wingtip.ID, Service: jit.Azure, Scope: jittest.Shop, Role: jittest.Reader.ID, Duration: time.Hour, Reason: "Looking after the shop."}
	house(t, func(h *jittest.House) {
		r := h.FileAsk(h.James(), ask)
		if r.Tier != jit.SignInTier {
			h.Fatalf("the tier is %v", r.Tier)
		}
		answer := h.Answer("Carla", r, jit.Approve)
		for _, who := range []jit.Caller{{}, h.Anna(), h.JamesAsGuest(), h.James()} {
			if _, err := h.Service.Decide(h.Context(), who, answer); err == nil {
				h.Errorf("%+v may approve", who)
			}
		}
		carla := h.Carla()
		carla.SecondFactor, carla.SignedAt = false, h.Clock.Now().Add(-3*time.Hour)
		if _, err := h.Service.Decide(h.Context(), carla, answer); err != nil {
			h.Error(err)
		}
	})
}

func TestAWrongNumberFiveTimesSpoilsTheLink(t *testing.T) {
	house(t, func(h *jittest.House) {
		r := h.File(jittest.Restarter)
		answer := h.Answer("Anna", r, jit.Approve)
		right := answer.Number
		answer.Number = "999999"
		if right == answer.Number {
			answer.Number = "999998"
		}
		for _, says := range []string{"4 tries are left", "3 tries are left", "2 tries are left", "One try is left"} {
			_, err := h.Service.Decide(h.Context(), jit.Caller{}, answer)
			wantRefusal(h, err, fault.Denied, says)
		}
		_, err := h.Service.Decide(h.Context(), jit.Caller{}, answer)
		wantRefusal(h, err, fault.Gone, "for the 5th time. This link no longer works")
		answer.Number = right
		unchanged(h, func() {
			_, err = h.Service.Decide(h.Context(), jit.Caller{}, answer)
			wantRefusal(h, err, fault.Gone, "typed too often")
			_, err = h.Service.Decide(h.Context(), h.Anna(), answer)
			wantRefusal(h, err, fault.Gone, "typed too often")
		})
		if _, err := h.Service.DecisionPage(h.Context(), jit.Caller{}, answer.Link); !fault.Is(err, fault.Gone) {
			h.Errorf("the page: %v", err)
		}
		// Another contact can still answer.
		if _, err := h.Service.Decide(h.Context(), jit.Caller{}, h.Answer("Bert", r, jit.Approve)); err != nil {
			h.Error(err)
		}
	})
}

func TestASecondDecisionChangesNothing(t *testing.T) {
	for _, first := range []jit.Verdict{jit.Approve, jit.Decline} {
		for _, second := range []jit.Verdict{jit.Approve, jit.Decline} {
			for _, who := range []string{"Anna", "Bert"} {
				t.Run(string(first)+" then "+string(second)+" by "+who, func(t *testing.T) {
					house(t, func(h *jittest.House) {
						r := h.File(jittest.Restarter)
						if _, err := h.Service.Decide(h.Context(), h.Anna(), h.Answer("Anna", r, first)); err != nil {
							h.Fatal(err)
						}
						unchanged(h, func() {
							_, err := h.Service.Decide(h.Context(), jit.Caller{}, h.Answer(who, r, second))
							wantRefusal(h, err, fault.Conflict, "was already "+string(first)+"d by Anna on ")
						})
						unchanged(h, func() {
							answer := h.Answer(who, r, second)
							answer.Number = "x"
							_, err := h.Service.Decide(h.Context(), jit.Caller{}, answer)
							wantRefusal(h, err, fault.Gone, "answered, withdrawn or has lapsed")
						})
					})
				})
			}
		}
	}
}

func TestManyAnswersAtOnceMakeOneDecision(t *testing.T) {
	house(t, func(h *jittest.House) {
		r := h.File(jittest.Restarter)
		answers := []jit.Answer{h.Answer("Anna", r, jit.Approve), h.Answer("Bert", r, jit.Approve), h.Answer("Anna", r, jit.Decline), h.Answer("Bert", r, jit.Decline)}
		var won sync.WaitGroup
		errs := make([]error, 16)
		for i := range errs {
			won.Go(func() { _, errs[i] = h.Service.Decide(h.Context(), jit.Caller{}, answers[i%len(answers)]) })
		}
		won.Wait()
		yes := 0
		for _, err := range errs {
			switch {
			case err == nil:
				yes++
			case !fault.Is(err, fault.Conflict):
				h.Errorf("a loser got %v", err)
			}
		}
		if yes != 1 {
			h.Errorf("%d answers counted", yes)
		}
	})
}

func TestLateAndForeignAnswers(t *testing.T) {
	tests := []struct {
		name string
		bend func(h *jittest.House, r jit.Request, a *jit.Answer)
		kind fault.Kind
		says string
	}{
		{"after the time to answer", func(*jittest.House, jit.Request, *jit.Answer) { time.Sleep(4 * time.Hour) }, fault.Gone, "expired"},
		{"after it lapsed", func(h *jittest.House, _ jit.Request, _ *jit.Answer) { time.Sleep(4 * time.Hour); h.Drain() }, fault.Gone, "lapsed on"},
		{"after it was withdrawn", func(h *jittest.House, r jit.Request, _ *jit.Answer) {
			if err := h.Service.Withdraw(h.Context(), h.James(), r.ID); err != nil {
				h.Fatal(err)
			}
		}, fault.Gone, "was withdrawn"},
		{"with a link that is none", func(_ *jittest.House, _ jit.Request, a *jit.Answer) { a.Link = "nonsense" }, fault.NotFound, "opens nothing"},
		{"with a made-up link", func(_ *jittest.House, _ jit.Request, a *jit.Answer) { a.Link = "ABCDEFGHIJKLMNOPQRSTUVWXYZ" }, fault.NotFound, "opens nothing"},
		{"with an enrolment link", func(h *jittest.House, _ jit.Request, a *jit.Answer) {
			for _, n := range h.Mail(jit.NoticeEnrol) {
				if n.ToName == "Bert" {
					a.Link = n.Link
				}
			}
		}, fault.NotFound, "opens nothing"},
		{"of another page than was shown", func(_ *jittest.House, _ jit.Request, a *jit.Answer) { a.Digest = strings.Repeat("0", 64) }, fault.Conflict, "does not show this request"},
		{"without saying what was shown", func(_ *jittest.House, _ jit.Request, a *jit.Answer) { a.Digest = "" }, fault.Conflict, "does not show this request"},
		{"for longer than asked", func(_ *jittest.House, r jit.Request, a *jit.Answer) { a.Duration = r.Duration + time.Minute }, fault.Invalid, "not lengthen"},
		{"for too short a time", func(_ *jittest.House, _ jit.Request, a *jit.Answer) { a.Duration = time.Minute }, fault.Invalid, "shorten the access to 15 minutes"},
		{"for a negative time", func(_ *jittest.House, _ jit.Request, a *jit.Answer) { a.Duration = -time.Hour }, fault.Invalid, "shorten"},
		{"with an endless note", func(_ *jittest.House, _ jit.Request, a *jit.Answer) { a.Note = strings.Repeat("x", 501) }, fault.Invalid, "500 characters"},
		{"neither yes nor no", func(_ *jittest.House, _ jit.Request, a *jit.Answer) { a.Verdict = "perhaps" }, fault.Invalid, "approve or decline"},
		{"by a contact no longer named", func(h *jittest.House, _ jit.Request, _ *jit.Answer) {
			h.Estate.Customers[0].Contacts = h.Estate.Customers[0].Contacts[1:]
		}, fault.Gone, "not named by the customer any more"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			house(t, func(h *jittest.House) {
				r := h.File(jittest.Restarter)
				answer := h.Answer("Anna", r, jit.Approve)
				tt.bend(h, r, &answer)
				unchanged(h, func() {
					_, err := h.Service.Decide(h.Context(), h.Anna(), answer)
					wantRefusal(h, err, tt.kind, tt.says)
				})
			})
		})
	}
}

// What was right when it was filed is judged again when the approval is used.
func TestRefusedAtUse(t *testing.T) {
	tests := []struct {
		name string
		bend func(e *jit.Estate)
		why  string
	}{
		{"the engineer left", func(e *jit.Estate) { e.People = e.People[1:] }, "no longer works through Fabrikam Cloud"},
		{"his guest account is another one", func(e *jit.Estate) { e.People[0].Accounts[0].Object[15]++ }, "is not the one the request named"},
		{"the role is no longer offered", func(e *jit.Estate) {
			e.Customers[0].Roles = []jit.Offer{e.Customers[0].Roles[0]}
		}, "no longer offers"},
		{"the role's content changed", func(e *jit.Estate) {
			e.Customers[0].Roles[1].Role.Permissions = []csp.Permission{{Actions: []string{"Microsoft.Compute/virtualMachines/read"}}}
		}, "allows something else now"},
		{"the subscription left", func(e *jit.Estate) { e.Customers[0].Subscriptions = nil }, "no subscription of Contoso"},
		{"the cap was lowered", func(e *jit.Estate) { e.Customers[0].Roles[1].Longest = time.Hour }, "not for 2 hours"},
		{"the mail tier was closed", func(e *jit.Estate) { e.Customers[0].MailTier = false }, "stronger proof"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			house(t, func(h *jittest.House) {
				r := h.File(jittest.Restarter)
				answer := h.Answer("Bert", r, jit.Approve)
				tt.bend(h.Estate)
				_, err := h.Service.Decide(h.Context(), jit.Caller{}, answer)
				wantRefusal(h, err, fault.Conflict, tt.why)
				if got := h.Request(r.ID).State; got != jit.RefusedAtUse {
					h.Errorf("the request is %s, want refused", got)
				}
				h.View(func(tx jit.Tx) error {
					if _, err := tx.GrantOf(r.ID); !fault.Is(err, fault.NotFound) {
						h.Errorf("there is a grant: %v", err)
					}
					if d, err := tx.DecisionOf(r.ID); err != nil || d.Verdict != jit.Approve {
						h.Errorf("the decision is lost: %v", err)
					}
					return nil
				})
				h.Drain()
				if len(h.Cloud.Calls(jittest.Grant)) != 0 {
					h.Error("something was sent")
				}
			})
		})
	}
}

func TestApprovingWritesTheGrantAndItsEnd(t *testing.T) {
	house(t, func(h *jittest.House) {
		r := h.File(jittest.Restarter)
		now := h.Clock.Now().Truncate(audit.Precision)
		g := h.Approve(r)
		e := h.EpisodeOf(g)
		if g.State != jit.Scheduled || !g.Begins.Equal(now) || !g.Ends.Equal(now.Add(2*time.Hour)) {
			h.Errorf("grant: %+v", g)
		}
		if e.Phase != jit.Intended || !e.Until.Equal(g.Ends) || e.Name != jit.ObjectName(jittest.Instance, r.Target(), e.ID) || e.RoleContent != r.RoleContent {
			h.Errorf("episode: %+v", e)
		}
		if len(h.Cloud.Calls(jittest.Grant)) != 0 {
			h.Error("something was sent before the transaction was on disk")
		}
		entry := h.Last()
		if entry.Grant != string(g.ID) || entry.Episode != e.ID.String() || entry.Detail["ends"] == "" || entry.Actor.Object != h.Anna().Account.Object {
			h.Errorf("entry: %+v", entry)
		}
		due, ok, err := h.Store.NextDue(h.Context())
		if err != nil || !ok || due.After(now) {
			h.Errorf("next due: %v %v %v", due, ok, err)
		}
	})
}

func TestDecisionPage(t *testing.T) {
	t.Run("shows what is asked to whoever holds a link of the mail tier, and changes nothing", func(t *testing.T) {
		house(t, func(h *jittest.House) {
			r := h.File(jittest.Restarter)
			link := h.LinkTo("Bert", r.ID)
			entries := len(h.Log())
			unchanged(h, func() {
				for range 20 { // as often as a mail scanner likes
					page, err := h.Service.DecisionPage(h.Context(), jit.Caller{}, link)
					if err != nil {
						h.Fatal(err)
					}
					if page.Story == nil || page.Story.Request != r || !page.Met || page.Need != jit.MailTier || page.Trouble != "" || len(page.Story.Allows) == 0 {
						h.Fatalf("page: %+v", page)
					}
				}
			})
			if len(h.Log()) != entries {
				h.Error("looking wrote something")
			}
		})
	})
	t.Run("shows nothing of what is asked before the contact has signed in", func(t *testing.T) {
		house(t, func(h *jittest.House) {
			r := h.File(jittest.Machinist)
			link := h.LinkTo("Anna", r.ID)
			for name, by := range map[string]jit.Caller{
				"nobody": {}, "Bert": h.Bert(), "Carla": h.Carla(), "James": h.James(), "James as guest": h.JamesAsGuest(),
			} {
				page, err := h.Service.DecisionPage(h.Context(), by, link)
				if err != nil {
					h.Fatal(err)
				}
				if page.Story != nil || page.Met || page.Need != jit.FreshTier || page.Trouble == "" ||
					page.Approver.Address != "" || page.Approver.Enrolled() || len(page.Customer.Contacts)+len(page.Customer.Roles) != 0 {
					h.Errorf("%s sees %+v", name, page)
				}
			}
			page, err := h.Service.DecisionPage(h.Context(), h.Anna(), link)
			if err != nil || page.Story == nil || !page.Met || page.Trouble != "" {
				h.Errorf("Anna sees %+v, %v", page, err)
			}
			stale := h.Anna()
			stale.SecondFactor = false
			page, err = h.Service.DecisionPage(h.Context(), stale, link)
			if err != nil || page.Story == nil || page.Met || !strings.Contains(page.Trouble, "second factor") {
				h.Errorf("Anna with one factor sees %+v, %v", page, err)
			}
		})
	})
	t.Run("dead links say why, without anything of the request", func(t *testing.T) {
		house(t, func(h *jittest.House) {
			r := h.File(jittest.Restarter)
			link := h.LinkTo("Anna", r.ID)
			h.Approve(r)
			_, err := h.Service.DecisionPage(h.Context(), jit.Caller{}, link)
			if !fault.Is(err, fault.Gone) || strings.Contains(fault.PublicOf(err), "LK-") {
				h.Errorf("after the answer: %v", err)
			}
			second := h.File(jittest.Reader)
			link = h.LinkTo("Anna", second.ID)
			time.Sleep(4 * time.Hour)
			if _, err := h.Service.DecisionPage(h.Context(), jit.Caller{}, link); !fault.Is(err, fault.Gone) || !strings.Contains(fault.PublicOf(err), "expired") {
				h.Errorf("after its time: %v", err)
			}
			if _, err := h.Service.DecisionPage(h.Context(), jit.Caller{}, "ABCDEFGHIJKLMNOPQRSTUVWXYZ"); !fault.Is(err, fault.NotFound) {
				h.Errorf("a made-up one: %v", err)
			}
		})
	})
}
