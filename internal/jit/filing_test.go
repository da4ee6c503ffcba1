package jit_test

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"latchkey/access/roleclass"
	"latchkey/csp"
	"latchkey/internal/audit"
	"latchkey/internal/fault"
	"latchkey/internal/jit"
	"latchkey/internal/jit/jittest"
)

// house plays in a bubble of its own; nothing reconciles unless asked to.
func house(t *testing.T, play func(h *jittest.House), bends ...func(*jit.Estate)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		h := jittest.Build(t, bends...)
		play(h)
		h.CheckInvariants()
	})
}

// wantRefusal checks that an error is a fault of the kind with a sentence that
// says so, and that it was written down.
func wantRefusal(h *jittest.House, err error, kind fault.Kind, sentence string) {
	h.Helper()
	if !fault.Is(err, kind) {
		h.Fatalf("got %v (%v), want a fault of kind %v", err, fault.KindOf(err), kind)
	}
	public := fault.PublicOf(err)
	if !strings.Contains(public, sentence) {
		h.Errorf("it says %q, want %q in it", public, sentence)
	}
	if e := h.Last(); e.Outcome != audit.Refused || e.Text != public {
		h.Errorf("the log's last entry is %+v, want the refusal", e)
	}
}

// unchanged checks that what play does changes nothing but the log.
func unchanged(h *jittest.House, play func()) {
	h.Helper()
	before := everything(h)
	play()
	if after := everything(h); after != before {
		h.Errorf("something was changed:\nbefore %s\nafter  %s", before, after)
	}
}

func everything(h *jittest.House) string {
	h.Helper()
	var all strings.Builder
	h.View(func(tx jit.Tx) error {
		requests, err := tx.Requests(jit.RequestQuery{Most: 1000})
		if err != nil {
			return err
		}
		for _, r := range requests {
			all.WriteString(string(r.ID) + " " + string(r.State) + " ")
			if _, err := tx.DecisionOf(r.ID); err == nil {
				all.WriteString("decided ")
			}
		}
		grants, err := tx.Grants(jit.GrantQuery{Most: 1000})
		if err != nil {
			return err
		}
		for _, g := range grants {
			all.WriteString(string(g.ID) + " " + string(g.State) + " " + g.EndNowBy + " ")
		}
		for _, c := range h.Estate.Customers {
			approvers, err := tx.ApproversOf(c.Tenant.ID)
			if err != nil {
				return err
			}
			for _, a := range approvers {
				all.WriteString(a.Name + " " + a.Account.Object.String() + " ")
			}
		}
		return nil
	})
	all.WriteString(strings.Repeat("mail ", len(h.Mail())))
	return all.String()
}

func TestFileRefuses(t *testing.T) {
	ask := func(change func(*jit.Ask)) func(h *jittest.House) (jit.Caller, jit.Ask) {
		return func(h *jittest.House) (jit.Caller, jit.Ask) {
			a := h.AskFor(jittest.Restarter)
			change(&a)
			return h.James(), a
		}
	}
	by := func(who func(h *jittest.House) jit.Caller) func(h *jittest.House) (jit.Caller, jit.Ask) {
		return func(h *jittest.House) (jit.Caller, jit.Ask) { return who(h), h.AskFor(jittest.Restarter) }
	}
	tests := []struct {
		name     string
		who      func(h *jittest.House) (jit.Caller, jit.Ask)
		kind     fault.Kind
		sentence string
	}{
		{"nobody", by(func(*jittest.House) jit.Caller { return jit.Caller{} }), fault.Unauthenticated, "Sign in with your account at Fabrikam Cloud"},
		{"a guest account of an engineer's", by((*jittest.House).JamesAsGuest), fault.Denied, "guest or second account"},
		{"an engineer's account that claims to be a guest", by(func(h *jittest.House) jit.Caller { c := h.James(); c.Guest = true; return c }), fault.Denied, "guest or second account"},
		{"a customer's contact", by((*jittest.House).Anna), fault.Denied, "Only engineers of Fabrikam Cloud"},
		{"an engineer without an account there", by((*jittest.House).Mia), fault.Conflict, "no account in Contoso's tenant"},
		{"an unknown customer", ask(func(a *jit.Ask) { a.Customer = jittest.Fabrikam.ID }), fault.NotFound, "no such customer"},
		{"an unknown service", ask(func(a *jit.Ask) { a.Service = "mainframe" }), fault.Invalid, `"mainframe"`},
		{"a role not offered", ask(func(a *jit.Ask) { a.Role = csp.MustParseID[csp.RoleDefinition]("8e3af657-a8ff-443c-a75c-2fe8c4bcb635") }), fault.Invalid, "does not offer"},
		{"no role", ask(func(a *jit.Ask) { a.Role = csp.RoleDefinitionID{} }), fault.Invalid, "does not offer"},
		{"the root", ask(func(a *jit.Ask) { a.Scope = csp.Root() }), fault.Invalid, "not on a root"},
		{"a management group", ask(func(a *jit.Ask) {
			a.Scope = csp.MustParseScope("/providers/Microsoft.Management/managementGroups/all")
		}), fault.Invalid, "not on a management group"},
		{"no scope", ask(func(a *jit.Ask) { a.Scope = csp.Scope{} }), fault.Invalid, "not on a no scope"},
		{"another customer's subscription", ask(func(a *jit.Ask) { a.Scope = jittest.Shop }), fault.Invalid, "no subscription of Contoso"},
		{"too short", ask(func(a *jit.Ask) { a.Duration = 14 * time.Minute }), fault.Invalid, "15 minutes to 4 hours"},
		{"longer than the offer", ask(func(a *jit.Ask) { a.Duration = 4*time.Hour + time.Minute }), fault.Invalid, "15 minutes to 4 hours"},
		{"longer than the policy", ask(func(a *jit.Ask) { a.Role, a.Duration = jittest.Reader.ID, 9*time.Hour }), fault.Invalid, "15 minutes to 8 hours"},
		{"a negative time", ask(func(a *jit.Ask) { a.Duration = -time.Hour }), fault.Invalid, "15 minutes"},
		{"no reason", ask(func(a *jit.Ask) { a.Reason = "  " }), fault.Invalid, "This has 0"},
		{"a reason of hidden characters", ask(func(a *jit.Ask) { a.Reason = strings.Repeat("\u200b", 50) }), fault.Invalid, "This has 0"},
		{"a reason without end", ask(func(a *jit.Ask) { a.Reason = strings.Repeat("ä", 501) }), fault.Invalid, "This has 501"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			house(t, func(h *jittest.House) {
				caller, ask := tt.who(h)
				unchanged(h, func() {
					_, err := h.Service.File(h.Context(), caller, ask)
					wantRefusal(h, err, tt.kind, tt.sentence)
				})
				if h.Last().Verb != "request.file" {
					h.Errorf("the entry's verb is %q", h.Last().Verb)
				}
			})
		})
	}
}

func TestFile(t *testing.T) {
	t.Run("writes down what was asked, cleaned, with a link and a mail for each contact", func(t *testing.T) {
		house(t, func(h *jittest.House) {
			ask := h.AskFor(jittest.Restarter)
			ask.Reason = "  The desktops\r\nhang \u202eagain. "
			r := h.FileAsk(h.James(), ask)
			if r.Number != 1001 || r.State != jit.Pending || r.Reason != "The desktops hang again." || r.Tier != jit.MailTier || r.Class != roleclass.Standard {
				h.Errorf("filed %+v", r)
			}
			if got := r.AnswerBy.Sub(r.FiledAt); got != 4*time.Hour {
				h.Errorf("an answer is awaited for %v", got)
			}
			asked := h.Mail(jit.NoticeAsk)
			if len(asked) != 2 || asked[0].ToName == asked[1].ToName || asked[0].Link == asked[1].Link {
				h.Fatalf("mails: %+v", asked)
			}
			for _, n := range asked {
				if n.EngineerName != "James" || n.CustomerName != "Contoso" || n.RoleName != r.RoleName || n.Duration != r.Duration || n.Number != r.Number {
					h.Errorf("mail: %+v", n)
				}
			}
			if e := h.Last(); e.Request != string(r.ID) || e.Detail["digest"] != r.Digest || e.Actor.Person != "james" || e.Tenant != r.Customer {
				h.Errorf("entry: %+v", e)
			}
			if stored := h.Request(r.ID); stored != r {
				h.Errorf("stored %+v, filed %+v", stored, r)
			}
		})
	})
	t.Run("asks only enrolled contacts where a sign-in is needed", func(t *testing.T) {
		house(t, func(h *jittest.House) {
			r := h.File(jittest.Machinist)
			if r.Tier != jit.FreshTier || r.Class != roleclass.Privileged {
				h.Errorf("tier %v, class %v", r.Tier, r.Class)
			}
			if asked := h.Mail(jit.NoticeAsk); len(asked) != 1 || asked[0].ToName != "Anna" {
				h.Errorf("asked: %+v", asked)
			}
		})
	})
	t.Run("refuses where nobody could answer", func(t *testing.T) {
		house(t, func(h *jittest.House) {
			unchanged(h, func() {
				_, err := h.Service.File(h.Context(), h.James(), jit.Ask{
					Customer: jittest.Wingtip.ID, Service: jit.Azure, Scope: jittest.Shop, Role: jittest.Reader.ID, Duration: time.Hour, Reason: "Looking after the shop.",
				})
				wantRefusal(h, err, fault.Conflict, "Nobody at Wingtip can approve")
			})
		}, func(e *jit.Estate) {
			e.Customers[1].Contacts[0] = jit.Contact{Name: "Dora", Address: "dora@wingtip.example"}
		})
	})
	t.Run("never asks the partner's own people", func(t *testing.T) {
		house(t, func(h *jittest.House) {
			h.Estate.People[1].Mail = "BERT@contoso.example" // Otto uses Bert's address
			h.File(jittest.Reader)
			if asked := h.Mail(jit.NoticeAsk); len(asked) != 1 || asked[0].ToName != "Anna" {
				h.Errorf("asked: %+v", asked)
			}
		})
	})
	t.Run("lets only so many wait at once", func(t *testing.T) {
		house(t, func(h *jittest.House) {
			var first jit.Request
			for i := range 3 {
				r := h.File(jittest.Restarter)
				if i == 0 {
					first = r
				}
			}
			unchanged(h, func() {
				_, err := h.Service.File(h.Context(), h.James(), h.AskFor(jittest.Restarter))
				wantRefusal(h, err, fault.Conflict, "You have 3 requests waiting")
			})
			if err := h.Service.Withdraw(h.Context(), h.James(), first.ID); err != nil {
				h.Fatal(err)
			}
			h.File(jittest.Restarter)
			if _, err := h.Service.File(h.Context(), h.Otto(), h.AskFor(jittest.Restarter)); err != nil {
				h.Errorf("another engineer is held up by James's requests: %v", err)
			}
		})
	})
	t.Run("a lapsed request does not count", func(t *testing.T) {
		house(t, func(h *jittest.House) {
			for range 3 {
				h.File(jittest.Restarter)
			}
			time.Sleep(4 * time.Hour) // nothing reconciles, so they still stand as pending
			h.File(jittest.Restarter)
		})
	})
}

func TestFileLooksAtTheTenant(t *testing.T) {
	tests := []struct {
		name     string
		bend     func(h *jittest.House)
		sentence string
	}{
		{"a role that allows something else there", func(h *jittest.House) {
			role := jittest.Restarter
			role.Permissions = []csp.Permission{{Actions: []string{"Microsoft.Compute/*"}}}
			h.Cloud.Define(role)
		}, "does not allow what it did"},
		{"a delete lock above the scope", func(h *jittest.House) {
			h.Cloud.Lock(csp.SubscriptionScopeOf(jittest.ContosoProd), "keep-all")
		}, "given but not taken back"},
	}
	for _, tt := range tests {
		t.Run(tt.name+" refuses", func(t *testing.T) {
			house(t, func(h *jittest.House) {
				tt.bend(h)
				unchanged(h, func() {
					_, err := h.Service.File(h.Context(), h.James(), h.AskFor(jittest.Restarter))
					wantRefusal(h, err, fault.Conflict, tt.sentence)
				})
			})
		})
	}
	t.Run("a tenant that does not answer files nothing", func(t *testing.T) {
		house(t, func(h *jittest.House) {
			h.Cloud.Always(jittest.Down)
			entries := len(h.Log())
			unchanged(h, func() {
				_, err := h.Service.File(h.Context(), h.James(), h.AskFor(jittest.Restarter))
				if !fault.Is(err, fault.Unavailable) || !strings.Contains(fault.PublicOf(err), "nothing was filed") {
					h.Errorf("File = %v", err)
				}
			})
			if len(h.Log()) != entries {
				h.Error("an outage is written down as a refusal")
			}
		})
	})
}

func TestDigestBindsEverything(t *testing.T) {
	house(t, func(h *jittest.House) {
		seen := map[string]bool{}
		base := h.AskFor(jittest.Reader)
		asks := []jit.Ask{base, base, base, base, base}
		asks[1].Duration = time.Hour
		asks[2].Reason += " Again."
		asks[3].Role = jittest.Restarter.ID
		asks[4].Scope = csp.SubscriptionScopeOf(jittest.ContosoProd)
		for _, ask := range asks {
			seen[h.FileAsk(h.James(), ask).Digest] = true
		}
		seen[h.FileAsk(h.Otto(), base).Digest] = true
		if len(seen) != len(asks)+1 {
			h.Errorf("%d digests of %d different requests", len(seen), len(asks)+1)
		}
	}, func(e *jit.Estate) { e.Policy.PendingEach = 10 })
}

func TestOffers(t *testing.T) {
	house(t, func(h *jittest.House) {
		offers, err := h.Service.Offers(h.Context(), h.James(), jittest.Contoso.ID)
		if err != nil {
			h.Fatal(err)
		}
		tiers := map[string]jit.Tier{}
		for _, o := range offers {
			tiers[o.Offer.Role.Name] = o.Tier
			if len(o.Allows) == 0 {
				h.Errorf("nothing is said about %s", o.Offer.Role.Name)
			}
		}
		if tiers["Reader"] != jit.MailTier || tiers[jittest.Restarter.Name] != jit.MailTier || tiers[jittest.Machinist.Name] != jit.FreshTier {
			h.Errorf("tiers: %v", tiers)
		}
		atWingtip, err := h.Service.Offers(h.Context(), h.James(), jittest.Wingtip.ID)
		if err != nil || atWingtip[0].Tier != jit.SignInTier {
			h.Errorf("at Wingtip: %+v, %v", atWingtip, err)
		}
		if _, err := h.Service.Offers(h.Context(), h.Anna(), jittest.Contoso.ID); !fault.Is(err, fault.Denied) {
			h.Errorf("a contact is told the offers: %v", err)
		}
		if _, err := h.Service.Offers(h.Context(), h.James(), jittest.Fabrikam.ID); !fault.Is(err, fault.NotFound) {
			h.Errorf("an unknown customer: %v", err)
		}
	})
}

func TestNewRefusesWhatCannotWork(t *testing.T) {
	for name, bend := range map[string]func(*jit.Estate){
		"no instance":                 func(e *jit.Estate) { e.Instance = csp.TenantID{} },
		"no partner":                  func(e *jit.Estate) { e.Partner.ID = csp.TenantID{} },
		"grants too short to be safe": func(e *jit.Estate) { e.Policy.Shortest = 10 * time.Minute },
		"a cap below the shortest":    func(e *jit.Estate) { e.Policy.Longest = 10 * time.Minute },
		"no time to answer":           func(e *jit.Estate) { e.Policy.AnswerWithin = 0 },
		"no tries":                    func(e *jit.Estate) { e.Policy.NumberTries = 0 },
		"no open requests":            func(e *jit.Estate) { e.Policy.PendingEach = 0 },
		"no fresh sign-in":            func(e *jit.Estate) { e.Policy.FreshSignIn = 0 },
		"the partner as its customer": func(e *jit.Estate) { e.Customers[0].Tenant.ID = e.Partner.ID },
		"an offer below the shortest": func(e *jit.Estate) { e.Customers[0].Roles[0].Longest = time.Minute },
	} {
		t.Run(name, func(t *testing.T) {
			house(t, func(h *jittest.House) {
				estate := jittest.Estate()
				bend(estate)
				_, err := jit.New(jit.Options{Estate: estate, Store: h.Store, Numbers: h.Numbers, Clock: h.Clock})
				if err == nil {
					h.Error("accepted")
				}
			})
		})
	}
}
