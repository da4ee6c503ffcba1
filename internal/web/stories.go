package web

import (
	"net/http"
	"time"

	"latchkey/access/roleclass"
	"latchkey/csp"
	"latchkey/internal/audit"
	"latchkey/internal/fault"
	"latchkey/internal/jit"
)

// storyNow is when all stories happen.
var storyNow = time.Date(2026, time.November, 24, 14, 5, 0, 0, time.UTC)

// Ids of made-up things.
var (
	storyPartner  = csp.MustParseID[csp.Tenant]("7b1f0a52-4c1d-4f6e-9a51-0c5d3b8a1e01")
	storyCustomer = csp.MustParseID[csp.Tenant]("c0ffee00-5a0c-4d2b-8e57-2f1b6a9d3c02")
	storySub      = csp.MustParseID[csp.Subscription]("5ab5c41b-7e0d-4a56-9c0e-1f2d3c4b5a03")
	storyJames    = jit.Account{Tenant: storyPartner, Object: csp.MustParseID[csp.Principal]("1a3e5000-0000-4000-8000-00000000aa04")}
	storyPriya    = jit.Account{Tenant: storyPartner, Object: csp.MustParseID[csp.Principal]("1a3e5000-0000-4000-8000-00000000aa05")}
	storyDana     = jit.Account{Tenant: storyCustomer, Object: csp.MustParseID[csp.Principal]("da4a0000-0000-4000-8000-00000000bb06")}
	storyScope    = csp.MustParseScope("/subscriptions/5ab5c41b-7e0d-4a56-9c0e-1f2d3c4b5a03/resourceGroups/rg-avd-prod")
	storyRestart  = csp.MustParseID[csp.RoleDefinition]("40c5ff49-9181-41f8-ae61-143b0e78555e")
	storyMachines = csp.MustParseID[csp.RoleDefinition]("9980e02c-c2be-4d73-94e8-173b1dc7cf3c")
	storyReader   = csp.MustParseID[csp.RoleDefinition]("acdd72a7-3385-48ef-bd42-f606fba81ae7")
)

const (
	storyRequest = jit.RequestID("REQAAAAAAAAAAAAAAAAAAAAAAA")
	storyGrantID = jit.GrantID("GRANTAAAAAAAAAAAAAAAAAAAAA")
	storyLink    = jit.LinkID("LINKAAAAAAAAAAAAAAAAAAAAAA")
)

func storyEstate() *jit.Estate {
	return &jit.Estate{
		Partner: csp.Tenant{ID: storyPartner, Name: "Northwind Cloud", DefaultDomain: "northwind.example"},
		People: []jit.Person{
			{ID: "james", Name: "James Okoro", Home: storyJames, Accounts: []jit.Account{{Tenant: storyCustomer, Object: csp.MustParseID[csp.Principal]("1a3e5000-0000-4000-8000-00000000cc07")}}},
			{ID: "priya", Name: "Priya Raman", Home: storyPriya, Operator: true},
		},
		Customers: []jit.Customer{
			storyContoso(),
			{Tenant: csp.Tenant{ID: csp.MustParseID[csp.Tenant]("fab00000-0000-4000-8000-00000000dd08"), Name: "Fabrikam Werke", DefaultDomain: "fabrikam.example"}},
		},
		Policy: jit.Policy{Shortest: 15 * time.Minute, Longest: 8 * time.Hour, AnswerWithin: 4 * time.Hour, PendingEach: 5, NumberTries: 5, FreshSignIn: 5 * time.Minute},
	}
}

func storyContoso() jit.Customer {
	return jit.Customer{
		Tenant:        csp.Tenant{ID: storyCustomer, Name: "Contoso Clinics", DefaultDomain: "contoso.example"},
		Subscriptions: []csp.Subscription{{ID: storySub, Tenant: storyCustomer, Name: "Contoso Production"}, {ID: csp.MustParseID[csp.Subscription]("5ab5c41b-7e0d-4a56-9c0e-1f2d3c4b5a09"), Tenant: storyCustomer, Name: "Contoso Test"}},
		MailTier:      true,
	}
}

func storyApprover() jit.Approver {
	return jit.Approver{ID: "APPROVERAAAAAAAAAAAAAAAAAA", Tenant: storyCustomer, Name: "Dana Reyes", Address: "dana@contoso.example", Account: storyDana}
}

func callerJames() jit.Caller {
	return jit.Caller{Account: storyJames, Name: "James Okoro", Session: "story", SignedAt: storyNow}
}

func callerPriya() jit.Caller {
	return jit.Caller{Account: storyPriya, Name: "Priya Raman", Session: "story", SignedAt: storyNow}
}

func callerDana() jit.Caller {
	return jit.Caller{Account: storyDana, Name: "Dana Reyes", Session: "story", SignedAt: storyNow, SecondFactor: true}
}

// storyOffers are what may be asked for.
func storyOffers() []jit.OfferView {
	return []jit.OfferView{
		{Offer: jit.Offer{Role: csp.RoleDefinition{ID: storyReader, Name: "Reader"}}, Class: roleclass.Read, Tier: jit.MailTier, Longest: 8 * time.Hour, Allows: []string{"Look at everything there, but at no secret.", "Change nothing."}},
		{Offer: jit.Offer{Role: csp.RoleDefinition{ID: storyRestart, Name: "Desktop Virtualization Power On Off Contributor"}}, Class: roleclass.Standard, Tier: jit.MailTier, Longest: 8 * time.Hour, Allows: []string{"Start, restart and stop virtual machines.", "Look at machines, host pools and session hosts."}},
		{Offer: jit.Offer{Role: csp.RoleDefinition{ID: storyMachines, Name: "Virtual Machine Contributor"}, Longest: time.Hour}, Class: roleclass.Privileged, Tier: jit.FreshTier, Longest: time.Hour, Allows: []string{"Create, change and delete virtual machines.", "Run commands on a machine, and so act as that machine's own identity."}},
	}
}

// storyOf makes a request that has come to a state.
func storyOf(state jit.RequestState, change ...func(*jit.Story)) jit.Story {
	s := jit.Story{
		Request: jit.Request{
			ID: storyRequest, Number: 1042, Engineer: "james", Customer: storyCustomer, Service: jit.Azure, Scope: storyScope,
			Role: storyRestart, RoleName: "Desktop Virtualization Power On Off Contributor", Class: roleclass.Standard, Duration: 2 * time.Hour,
			Reason: "Session hosts in ward B hang at sign-in since this morning (ticket 58213).\nI want to restart them one after another.",
			Tier:   jit.MailTier, FiledAt: storyNow.Add(-8 * time.Minute), AnswerBy: storyNow.Add(232 * time.Minute), State: state, Digest: "0f1e2d",
		},
		Engineer: storyEstate().People[0], Customer: storyContoso(),
		Allows: []string{"Start, restart and stop virtual machines.", "Look at machines, host pools and session hosts."},
	}
	for _, c := range change {
		c(&s)
	}
	return s
}

// answered adds a decision.
func answered(verdict jit.Verdict, note string) func(*jit.Story) {
	return func(s *jit.Story) {
		approver := storyApprover()
		s.Approver = &approver
		s.Decision = &jit.Decision{Request: s.Request.ID, Verdict: verdict, Tier: jit.MailTier, Note: note, At: storyNow.Add(-42 * time.Minute)}
		s.Request.FiledAt = storyNow.Add(-50 * time.Minute)
	}
}

// granted adds a grant in a state, begun 40 minutes ago.
func granted(state jit.GrantState, change ...func(*jit.Grant, *jit.Episode)) func(*jit.Story) {
	return func(s *jit.Story) {
		answered(jit.Approve, "Please tell the ward before you start.")(s)
		s.Grant = &jit.Grant{ID: storyGrantID, Request: s.Request.ID, Engineer: "james", Customer: storyCustomer, State: state, Begins: storyNow.Add(-42 * time.Minute), Ends: storyNow.Add(78 * time.Minute), ActiveAt: storyNow.Add(-41 * time.Minute)}
		s.Episode = &jit.Episode{Phase: jit.Present, Until: s.Grant.Ends}
		for _, c := range change {
			c(s.Grant, s.Episode)
		}
		s.Decision.At, s.Request.FiledAt = s.Grant.Begins, s.Grant.Begins.Add(-8*time.Minute)
	}
}

// over ends a grant some time ago.
func over(ago time.Duration, phase jit.Phase) func(*jit.Grant, *jit.Episode) {
	return func(g *jit.Grant, e *jit.Episode) {
		g.Ends, g.EndedAt = storyNow.Add(-ago), storyNow.Add(-ago+9*time.Second)
		g.Begins, g.ActiveAt = g.Ends.Add(-2*time.Hour), g.Ends.Add(-119*time.Minute)
		e.Phase, e.Checked = phase, 2
	}
}

func late(g *jit.Grant, e *jit.Episode) {
	over(12*time.Minute, jit.Removing)(g, e)
	g.EndedAt, e.Stuck, e.LastWhy = time.Time{}, true, "Azure answered that a delete lock stands on the resource group."
}

// privileged makes the request one that needs the strongest proof.
func privileged(s *jit.Story) {
	s.Request.Role, s.Request.RoleName, s.Request.Class, s.Request.Tier = storyMachines, "Virtual Machine Contributor", roleclass.Privileged, jit.FreshTier
	s.Allows = []string{"Create, change and delete virtual machines.", "Run commands on a machine, and so act as that machine's own identity."}
}

func decisionOf(s *jit.Story, need jit.Tier, met bool, trouble string) jit.DecisionPage {
	return jit.DecisionPage{
		Link:     jit.Link{ID: storyLink, Kind: jit.DecideLink, Request: storyRequest, Expires: storyNow.Add(232 * time.Minute)},
		Approver: storyApprover(), Customer: storyContoso(), Story: s, Need: need, Met: met, Trouble: trouble,
	}
}

func ask(typed draft, problems ...problem) func(*visit) error {
	return func(v *visit) error {
		return render(v, http.StatusOK, v.portal.pages.ask, v.askPage(storyContoso(), storyOffers(), typed, problems))
	}
}

func request(s jit.Story) func(*visit) error {
	return func(v *visit) error {
		return render(v, http.StatusOK, v.portal.pages.request, v.requestPage(s))
	}
}

func decide(d jit.DecisionPage, wrong string) func(*visit) error {
	return func(v *visit) error {
		return render(v, http.StatusOK, v.portal.pages.decision, v.decisionPage(d, wrong))
	}
}

func enrolling(trouble, wrong string) func(*visit) error {
	return func(v *visit) error {
		e := jit.EnrolPage{Link: jit.Link{ID: storyLink, Kind: jit.EnrolLink, Expires: storyNow.Add(72 * time.Hour)}, Approver: storyApprover(), Customer: storyContoso(), Trouble: trouble}
		return render(v, http.StatusOK, v.portal.pages.enrol, v.enrolPage(e, wrong))
	}
}

func failing(err error) func(*visit) error { return func(*visit) error { return err } }

func stories() []story {
	nobody := jit.Caller{}
	guest := jit.Caller{Account: storyEstate().People[0].Accounts[0], Name: "James Okoro (Northwind)", Guest: true, Session: "story"}
	pending := storyOf(jit.Pending)
	strong := storyOf(jit.Pending, privileged)
	odd := storyOf(jit.Pending, func(s *jit.Story) {
		s.Request.Reason = "<script>alert(1)</script> \u202egpj.exe Pаypal support"
		s.Engineer.Name = "James \u202e<b>Okoro</b>"
		s.Request.RoleName = `Reader" onmouseover="x`
		s.Allows = nil
	})
	return []story{
		{"welcome", "First page, signed out", nobody, (*visit).storyWelcome},
		{"access", "My access, with one open", callerJames(), (*visit).storyAccess},
		{"access-empty", "My access, nothing yet", callerJames(), func(v *visit) error {
			return render(v, http.StatusOK, v.portal.pages.access, v.accessPage(nil))
		}},
		{"stranger", "Signed in as a guest", guest, func(v *visit) error { return v.portal.stranger(v) }},
		{"choose", "Ask: which customer", callerJames(), func(v *visit) error {
			return render(v, http.StatusOK, v.portal.pages.choose, v.choosePage())
		}},
		{"ask", "Ask: what exactly", callerJames(), ask(draft{})},
		{"ask-wrong", "Ask: with mistakes", callerJames(), ask(draft{subscription: storySub.String(), group: "rg/../other", minutes: "60"},
			problem{"where", "A resource group's name has no slash in it."}, problem{"role", "Choose the role you need."}, problem{"reason", "Say why you need it, in 10 to 500 characters. The customer reads this and decides by it."})},
		{"ask-refused", "Ask: refused by the rules", callerJames(), ask(draft{subscription: storySub.String(), group: "rg-avd-prod", role: storyMachines.String(), minutes: "480", reason: "Patch night"},
			problem{"", "This role may be asked for at most 1 hour here; you asked for 8 hours."})},
		{"request-pending", "Request: waiting", callerJames(), request(pending)},
		{"request-granting", "Request: being set up", callerJames(), request(storyOf(jit.Approved, granted(jit.Granting, func(g *jit.Grant, _ *jit.Episode) { g.ActiveAt = time.Time{} })))},
		{"request-active", "Request: active", callerJames(), request(storyOf(jit.Approved, granted(jit.Active)))},
		{"request-late", "Request: removal is late", callerJames(), request(storyOf(jit.Approved, granted(jit.Revoking, late)))},
		{"request-ended", "Request: ended, being verified", callerJames(), request(storyOf(jit.Approved, granted(jit.Ended, over(7*time.Minute, jit.Verifying))))},
		{"request-verified", "Request: removal verified", callerJames(), request(storyOf(jit.Approved, granted(jit.Ended, over(3*time.Hour, jit.Closed))))},
		{"request-declined", "Request: declined", callerJames(), request(storyOf(jit.Declined, answered(jit.Decline, "Not during visiting hours. Please ask again after 20:00.")))},
		{"request-lapsed", "Request: lapsed", callerJames(), request(storyOf(jit.Lapsed, func(s *jit.Story) { s.Request.AnswerBy = storyNow.Add(-time.Hour) }))},
		{"request-failed", "Request: nothing was granted", callerJames(), request(storyOf(jit.Approved, granted(jit.FailedGrant, func(g *jit.Grant, _ *jit.Episode) {
			g.Why, g.EndedAt = "A delete lock stands on the resource group, so the role could not have been removed again.", storyNow.Add(-41*time.Minute)
		})))},
		{"inbox", "Inbox", callerDana(), (*visit).storyInbox},
		{"decide-mail", "Decision, in the mail tier", nobody, decide(decisionOf(&pending, jit.MailTier, true, ""), "")},
		{"decide-wrong-number", "Decision, wrong number", nobody, decide(decisionOf(&pending, jit.MailTier, true, ""), "That is not the number in your mail. You have 3 tries left; after that the link is void.")},
		{"decide-sign-in", "Decision, not signed in", nobody, decide(decisionOf(nil, jit.SignInTier, false, ""), "")},
		{"decide-fresh", "Decision, needs a fresh sign-in", callerDana(), decide(decisionOf(&strong, jit.FreshTier, false, "Your sign-in is older than five minutes."), "")},
		{"decide-met", "Decision, privileged and ready", callerDana(), decide(decisionOf(&strong, jit.FreshTier, true, ""), "")},
		{"decide-other", "Decision, somebody else signed in", guest, decide(decisionOf(nil, jit.SignInTier, false, "You are signed in, but not as the approver this link was sent to."), "")},
		{"decide-hostile", "Decision, hostile text", nobody, decide(decisionOf(&odd, jit.MailTier, true, ""), "")},
		{"decide-answered", "Decision, already answered", callerDana(), decide(decisionOf(new(storyOf(jit.Declined, answered(jit.Decline, ""))), jit.SignInTier, true, ""), "")},
		{"approved", "Answer taken: approved", nobody, func(v *visit) error {
			return render(v, http.StatusOK, v.portal.pages.answered, answeredView{frame: v.frame("Your answer was taken", ""), Approved: true, Number: "LK-1042", Role: "Desktop Virtualization Power On Off Contributor", Length: "2 hours"})
		}},
		{"declined", "Answer taken: declined", nobody, func(v *visit) error {
			return render(v, http.StatusOK, v.portal.pages.answered, answeredView{frame: v.frame("Your answer was taken", ""), Number: "LK-1042"})
		}},
		{"enrol", "Enrolment, not signed in", nobody, enrolling("", "")},
		{"enrol-ready", "Enrolment, signed in", callerDana(), enrolling("", "")},
		{"enrol-guest", "Enrolment, signed in as a guest", guest, enrolling("You are signed in with a guest account; an approver must be a member of the customer's own tenant.", "")},
		{"log", "Log, for an operator", callerPriya(), (*visit).storyLog},
		{"sign-in-first", "Page that needs a sign-in", nobody, failing(errSignInFirst)},
		{"gone", "Dead link", nobody, failing(fault.New("story", fault.Gone, "This link has expired, and the request it was for has lapsed. Nothing was granted."))},
		{"nothing-changed", "GET where only a form goes", nobody, func(v *visit) error { return v.portal.nothingChanged(v) }},
	}
}

func (v *visit) storyWelcome() error {
	return render(v, http.StatusOK, v.portal.pages.welcome, welcomeView{frame: v.frame("Access that ends", ""), SignIn: v.portal.signInTo("/")})
}

func (v *visit) storyAccess() error {
	other := storyOf(jit.Pending, privileged, func(s *jit.Story) { s.Request.Number = 1043 })
	recent := storyOf(jit.Approved, granted(jit.Ended, over(4*time.Minute, jit.Verifying)), func(s *jit.Story) {
		s.Request.Number, s.Request.RoleName = 1040, "Reader"
	})
	earlier := storyOf(jit.Approved, granted(jit.Ended, over(30*time.Hour, jit.Closed)), func(s *jit.Story) { s.Request.Number = 1031 })
	declined := storyOf(jit.Declined, answered(jit.Decline, ""), func(s *jit.Story) { s.Request.Number = 1022 })
	lapsed := storyOf(jit.Lapsed, func(s *jit.Story) { s.Request.Number = 1019 })
	return render(v, http.StatusOK, v.portal.pages.access, v.accessPage([]jit.Story{other, storyOf(jit.Approved, granted(jit.Active)), recent, earlier, declined, lapsed}))
}

func (v *visit) storyInbox() error {
	waiting := storyOf(jit.Pending, func(s *jit.Story) { s.Request.Number = 1044 })
	return render(v, http.StatusOK, v.portal.pages.inbox, v.inboxPage([]jit.InboxItem{
		{Story: waiting, Link: storyLink},
		{Story: storyOf(jit.Approved, granted(jit.Active))},
		{Story: storyOf(jit.Approved, granted(jit.Ended, over(30*time.Hour, jit.Closed)))},
		{Story: storyOf(jit.Lapsed)},
	}))
}

func (v *visit) storyLog() error {
	page := logView{
		frame: v.frame("Log", "/log"), Scope: "You are an operator: this is the whole log.", Size: 2318,
		Checkpoint: &checkpointView{Size: 2311, Root: "m3Jp0bJ4v1p4l0hU6rQw8m0yq3m6n2o5p8s1t4v7x0A=", At: v.moment(storyNow.Add(-3 * time.Minute)), Since: 7},
		PublicKey:  "latchkey.audit/7b1f0a52-4c1d-4f6e-9a51-0c5d3b8a1e01+5c7d2a91+AbCdEfGhIjKlMnOpQrStUvWxYz0123456789+/AbCdEf",
		Older:      "/log?from=2260",
	}
	v.portal.fillLog(v, &page, logRight{operator: true}, logFilter{}, nil, 0)
	page.Older = "/log?from=2260"
	for i, e := range storyEntries() {
		page.Entries = append(page.Entries, v.logEntry(audit.Row{N: 2317 - int64(i), Entry: e}, true))
	}
	return render(v, http.StatusOK, v.portal.pages.log, page)
}

func storyEntries() []audit.Entry {
	james := audit.Actor{Kind: "person", Tenant: storyPartner, Object: storyJames.Object, Person: "james", Address: "203.0.113.7"}
	dana := audit.Actor{Kind: "person", Tenant: storyCustomer, Object: storyDana.Object, Address: "198.51.100.20"}
	latchkey := audit.Actor{Kind: "latchkey"}
	at := func(minutes int) time.Time { return storyNow.Add(-time.Duration(minutes) * time.Minute) }
	request := string(storyRequest)
	return []audit.Entry{
		{At: at(41), Verb: "episode.present", Outcome: audit.Allowed, Actor: latchkey, Tenant: storyCustomer, Request: request, Text: "The role was read back as present."},
		{At: at(42), Verb: "request.decide", Outcome: audit.Allowed, Actor: dana, Tenant: storyCustomer, Request: request, Text: "Dana Reyes approved LK-1042 for 2 hours."},
		{At: at(44), Verb: "request.decide", Outcome: audit.Refused, Actor: audit.Actor{Kind: "nobody", Address: "198.51.100.77"}, Tenant: storyCustomer, Request: request, Text: "That is not the number in the mail."},
		{At: at(50), Verb: "request.file", Outcome: audit.Allowed, Actor: james, Tenant: storyCustomer, Request: request, Text: "James Okoro asked for Desktop Virtualization Power On Off Contributor on rg-avd-prod for 2 hours."},
		{At: at(1900), Verb: "episode.revoke", Outcome: audit.Failed, Actor: latchkey, Tenant: storyCustomer, Text: "Azure did not answer; the removal is tried again."},
	}
}
