package web_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"latchkey/csp"
	"latchkey/internal/audit"
	"latchkey/internal/jit"
	"latchkey/internal/web"
)

func TestAskingKeepsWhatWasTypedAndSaysWhatIsWrong(t *testing.T) {
	s := newScene(t)
	b := s.as("james")
	ask := "/ask/" + contosoID.String()
	form := b.get(ask)
	for name, c := range map[string]struct {
		typed url.Values
		field string
		says  string
	}{
		"climbing group":  {url.Values{"group": {"../other"}, "role": {roleID.String()}, "reason": {"Session hosts hang."}}, "where", "no slash"},
		"scope climbs":    {url.Values{"scope": {"/subscriptions/" + subID.String() + "/resourceGroups/../x"}, "role": {roleID.String()}, "reason": {"Session hosts hang."}}, "where", "climbs"},
		"no subscription": {url.Values{"subscription": {""}, "role": {roleID.String()}, "reason": {"Session hosts hang."}}, "where", "Choose the subscription"},
		"no role":         {url.Values{"reason": {"Session hosts hang."}}, "role", "Choose the role"},
		"no duration":     {url.Values{"minutes": {"soon"}, "role": {roleID.String()}, "reason": {"Session hosts hang."}}, "duration", "Choose how long"},
		"short reason":    {url.Values{"role": {roleID.String()}, "reason": {"pls"}}, "reason", "Say why"},
	} {
		t.Run(name, func(t *testing.T) {
			p := b.submit(form, ask, c.typed)
			p.t = t
			p.says(http.StatusUnprocessableEntity, "Your request was not sent", c.says)
			if p.find("fieldset#"+c.field+".wrong .problem") == nil {
				t.Errorf("nothing beside the field %s", c.field)
			}
			if p.find(`.summary a[href="#`+c.field+`"]`) == nil {
				t.Error("the summary does not lead to the field")
			}
			if reason := c.typed.Get("reason"); reason != "" && !strings.Contains(textOf(p.find("textarea")), reason) {
				t.Error("the reason is lost")
			}
			if scope := c.typed.Get("scope"); attribute(p.find("#scope"), "value") != scope {
				t.Error("the scope is lost")
			}
		})
	}
	t.Run("a rule's refusal stands on top", func(t *testing.T) {
		b.submit(form, ask, url.Values{"group": {"rg-avd"}, "role": {roleID.String()}, "minutes": {"600"}, "reason": {"Session hosts hang."}}).says(422, "At most 8 hours may be asked for.")
	})
	if len(s.service.asked) != 0 {
		t.Errorf("%d requests were filed", len(s.service.asked))
	}
	t.Run("a good one is filed as typed", func(t *testing.T) {
		p := b.submit(form, ask, url.Values{"group": {" rg-avd "}, "role": {roleID.String()}, "minutes": {"60"}, "reason": {"Session hosts hang."}})
		p.leads(s.server.URL, "/requests/"+text26("REQ", 0)+"?done=asked")
		want, err := csp.ResourceGroupScopeOf(subID, "rg-avd")
		if err != nil {
			t.Fatal(err)
		}
		if got := s.service.asked[0]; got.Scope != want || got.Role != roleID || got.Duration != time.Hour || got.Customer != contosoID || got.Service != jit.Azure {
			t.Errorf("filed %+v", got)
		}
		b.get("/requests/"+text26("REQ", 0)+"?done=asked").says(200, "Your request was sent", "Waiting for an answer", "LK-1000")
	})
}

func TestDecidingFromTheMail(t *testing.T) {
	s := newScene(t)
	r := s.ask()
	link := "/decide/" + s.linkOf(r)
	b := s.as("") // nobody signed in
	p := b.get(link)
	p.says(200, "James Okoro of Northwind Cloud asks for the role Power On Off on resource group rg-avd in subscription Production for 2 hours, until 16:05 UTC if approved now, because:", "Session hosts hang.", "Restart machines.", "Written by the engineer")
	for _, form := range p.all("form.card") {
		if len((&page{root: form}).all("button")) != 1 {
			t.Error("an answer has not exactly one button")
		}
	}
	t.Run("a wrong number changes nothing and the page comes back", func(t *testing.T) {
		b.submit(p, link+"/approve", url.Values{"number": {"000000"}}).says(403, "Your answer was not taken", "That is not the number in your mail.", "Restart machines.")
	})
	t.Run("what was not shown cannot be approved", func(t *testing.T) {
		b.submit(p, link+"/approve", url.Values{"number": {theNumber}, "digest": {"another"}}).says(409, "not what you were shown")
	})
	t.Run("nonsense for a duration is refused", func(t *testing.T) {
		b.submit(p, link+"/approve", url.Values{"number": {theNumber}, "minutes": {"-60"}}).says(422, "Choose for how long")
	})
	if len(s.service.answers) != 0 {
		t.Fatal("an answer was taken")
	}
	t.Run("the right one is taken once", func(t *testing.T) {
		b.submit(p, link+"/approve", url.Values{"number": {theNumber}, "minutes": {"30"}, "note": {"Mind the ward."}}).says(200, "Approved", "for 30 minutes")
		got := s.service.answers[0]
		if got.Verdict != jit.Approve || got.Digest != r.Digest || got.Duration != 30*time.Minute || got.Note != "Mind the ward." || got.Number != theNumber {
			t.Errorf("answer %+v", got)
		}
		b.submit(p, link+"/decline", url.Values{"number": {theNumber}}).says(409, "answered already")
		b.get(link).says(http.StatusGone, "answered already")
	})
}

func TestDecidingWithASignIn(t *testing.T) {
	s := newScene(t)
	r := s.ask(func(r *jit.Request) { r.Tier = jit.FreshTier })
	link := "/decide/" + s.linkOf(r)
	t.Run("nobody sees what is asked", func(t *testing.T) {
		p := s.as("").get(link)
		p.says(200, "waits for an answer", "Dana Reyes")
		if strings.Contains(p.body, "Session hosts") || strings.Contains(p.body, "James") || p.find(`form[method="post"]`) != nil {
			t.Errorf("the page gives away the request:\n%s", p.body)
		}
		if p.find(fmt.Sprintf(`a[href="/sign-in?fresh=1&return=%s&tenant=%s"]`, url.QueryEscape(link), contosoID)) == nil {
			t.Errorf("no way to sign in anew:\n%s", p.body)
		}
	})
	t.Run("another member does not either", func(t *testing.T) {
		p := s.as("member").get(link)
		p.says(200, "You are signed in as Sam Member")
		if strings.Contains(p.body, "Session hosts") {
			t.Error("the page gives away the request")
		}
	})
	t.Run("the approver answers without a number", func(t *testing.T) {
		b := s.as("dana")
		p := b.get(link)
		if p.find(`input[name="number"]`) != nil {
			t.Error("the page asks for a number")
		}
		b.submit(p, link+"/decline", url.Values{"note": {"Not today."}}).says(200, "Declined", "Nothing was granted")
	})
	t.Run("in the mail tier he needs no number either", func(t *testing.T) {
		p := s.as("dana").get("/decide/" + s.linkOf(s.ask()))
		if p.find(`input[name="number"]`) != nil || p.find(`form[action$="/approve"]`) == nil {
			t.Errorf("the page asks for a number, or takes no answer:\n%s", p.body)
		}
	})
}

func TestEndingNow(t *testing.T) {
	s := newScene(t)
	r := s.ask()
	link := "/decide/" + s.linkOf(r)
	nobody := s.as("")
	nobody.submit(nobody.get(link), link+"/approve", url.Values{"number": {theNumber}}).says(200, "Approved")
	end := "/grants/" + text26("GRANT", 0) + "/end"
	james := s.as("james")
	home := james.get("/")
	home.says(200, "Open now", "2 hours left", "Ends", "After the end Azure itself can take up to 10 minutes")
	if n := home.find("[data-until]"); n == nil || attribute(n, "data-until") != "2026-11-24T16:05:00Z" {
		t.Error("nothing counts down")
	}
	s.as("dana").get("/inbox").says(200, "Open at your organization now", "James Okoro")
	james.submit(home, end, nil).leads(s.server.URL, "/?done=ending")
	james.get("/?done=ending").says(200, "The access is being ended now.", "Being removed")
	if p := james.get("/"); p.find(`form[action="`+end+`"]`) != nil {
		t.Error("it can be ended twice")
	}
}

func TestWhoSeesWhichPartOfTheLog(t *testing.T) {
	s := newScene(t)
	r := s.ask()
	entry := func(text, person string, tenant csp.TenantID, request string) audit.Entry {
		return audit.Entry{At: now, Verb: "v", Outcome: audit.Allowed, Actor: audit.Actor{Kind: "person", Person: person, Address: "203.0.113.7"}, Tenant: tenant, Request: request, Text: text}
	}
	*s.log = auditLog{
		entry("by james", "james", contosoID, ""), entry("by dana on james's", "", contosoID, string(r.ID)),
		entry("by kim at contoso", "kim", contosoID, ""), entry("by kim at adatum", "kim", otherID, ""), entry("of the house", "", csp.TenantID{}, ""),
	}
	for who, want := range map[string][]string{
		"priya": {"by james", "by dana on james's", "by kim at contoso", "by kim at adatum", "of the house"},
		"james": {"by james", "by dana on james's"},
		"kim":   {"by kim at contoso", "by kim at adatum"},
		"dana":  {"by james", "by dana on james's", "by kim at contoso"},
		"other": {"by kim at adatum"},
	} {
		p := s.as(who).get("/log")
		p.says(200, want...)
		if n := len(p.all("tbody tr")); n != len(want) {
			t.Errorf("%s sees %d entries, want %d", who, n, len(want))
		}
		if strings.Contains(p.body, "203.0.113.7") != (who == "priya") {
			t.Errorf("%s: network addresses are for operators", who)
		}
	}
	for _, who := range []string{"guest", "member"} {
		s.as(who).get("/log").says(403, "each for the part that concerns them")
	}
	t.Run("a filter narrows and never widens", func(t *testing.T) {
		if n := len(s.as("dana").get("/log?customer=" + otherID.String()).all("tbody tr")); n != 3 {
			t.Errorf("dana sees %d entries, want her own 3", n)
		}
		if n := len(s.as("priya").get("/log?customer=" + otherID.String()).all("tbody tr")); n != 1 {
			t.Errorf("priya sees %d entries, want 1", n)
		}
		if n := len(s.as("priya").get("/log?request=" + string(r.ID)).all("tbody tr")); n != 1 {
			t.Errorf("priya sees %d entries of the request, want 1", n)
		}
		if n := len(s.as("priya").get("/log?outcome=refused").all("tbody tr")); n != 0 {
			t.Errorf("priya sees %d refusals, want none", n)
		}
	})
	s.as("priya").get("/log").says(200, "Entries in the whole log\n5", "the first 2; 3 came after", "latchkey audit verify")
}

func TestALongLogIsReadPageByPage(t *testing.T) {
	s := newScene(t)
	for n := range 1200 {
		person := "kim"
		if n%400 == 0 {
			person = "james"
		}
		*s.log = append(*s.log, audit.Entry{At: now, Verb: "v", Outcome: audit.Allowed, Actor: audit.Actor{Kind: "person", Person: person}, Text: fmt.Sprintf("entry %d.", n)})
	}
	read := func(who string) (seen int) {
		b := s.as(who)
		path := "/log"
		for range 60 {
			p := b.get(path)
			p.says(200)
			seen += len(p.all("tbody tr"))
			older := p.find(`a[rel="next"]`)
			if older == nil {
				return seen
			}
			path = attribute(older, "href")
		}
		t.Fatal("the log has no beginning")
		return 0
	}
	if n := read("priya"); n != 1200 {
		t.Errorf("the operator sees %d entries, want every one of 1200 once", n)
	}
	if n := read("james"); n != 3 {
		t.Errorf("james sees %d entries, want his 3 once each", n)
	}
}

func TestSigningInAndOut(t *testing.T) {
	s := newScene(t)
	b := s.as("")
	for query, want := range map[string]string{
		"tenant=" + contosoID.String() + "&return=/inbox":    contosoID.String() + " /inbox false",
		"tenant=contoso.example&return=/decide/X&fresh=1":    contosoID.String() + " /decide/X true",
		"tenant=CONTOSO.example":                             contosoID.String() + "  false",
		"tenant=+northwind.example+&return=https://evil.com": partnerID.String() + " https://evil.com false", // the sign-in itself refuses it
	} {
		s.signIn.begun = nil
		p := b.get("/sign-in?" + query)
		if p.status != 302 || !strings.HasPrefix(p.header.Get("Location"), "https://login.example/") || p.header.Get("Set-Cookie") == "" {
			t.Errorf("%s: status %d to %s", query, p.status, p.header.Get("Location"))
		}
		if len(s.signIn.begun) != 1 || s.signIn.begun[0] != want {
			t.Errorf("%s: begun %q, want %q", query, s.signIn.begun, want)
		}
	}
	for _, query := range []string{"", "tenant=", "tenant=nobody.example", "tenant=<script>"} {
		b.get("/sign-in?"+query).says(404, "No organization by that name signs in here.")
	}
	b.get("/sign-in/callback?code=dana").leads(s.server.URL, "/inbox")
	home := b.get("/inbox")
	home.says(200, "Dana Reyes", "Contoso")
	b.get("/").leads(s.server.URL, "/inbox")
	b.submit(home, "/sign-out", nil).leads(s.server.URL, "/?done=signed-out")
	b.get("/?done=signed-out").says(200, "You are signed out of Latchkey.", "Sign in at Northwind Cloud")
	b.get("/sign-in/callback?code=wrong").says(401, "not started in this browser")
	b.get("/?done=<script>alert(1)</script>").says(200, "Access that ends.")
	s.as("guest").get("/").says(200, "guest account of Contoso")
	s.as("member").get("/").says(200, "you have no part in this portal")
}

func TestEnrolling(t *testing.T) {
	s := newScene(t)
	path := "/enrol/" + text26("ENROL", 0)
	s.service.approvers[0].Account = jit.Account{}
	p := s.as("").get(path)
	p.says(200, "Become an approver for Contoso", "Dana Reyes")
	if p.find(`form[method="post"]`) != nil || p.find(`a[href*="`+contosoID.String()+`"]`) == nil {
		t.Error("the sign-in comes first")
	}
	if q := s.as("james").get(path); q.find(`form[action="`+path+`"]`) != nil {
		t.Error("somebody of another organization is asked for the number")
	}
	b := s.as("dana")
	form := b.get(path)
	b.submit(form, path, url.Values{"number": {"111111"}}).says(403, "You are not enrolled yet", "That is not the number")
	b.submit(form, path, url.Values{"number": {"314 159"}}).leads(s.server.URL, "/inbox?done=enrolled")
	b.get("/inbox?done=enrolled").says(200, "You are enrolled.")
}

func TestWords(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0: "now", 40 * time.Second: "now", -40 * time.Second: "now", time.Minute: "in 1 minute", -90 * time.Second: "2 minutes ago", 59*time.Minute + 40*time.Second: "in 1 hour",
		61 * time.Minute: "in 1 hour 1 minute", 2 * time.Hour: "in 2 hours", -26 * time.Hour: "1 day 2 hours ago", 48 * time.Hour: "in 2 days",
	} {
		if got := web.Relative(d); got != want {
			t.Errorf("Relative(%v) = %q, want %q", d, got, want)
		}
	}
	for s, want := range map[string]bool{"James Okoro": false, "Pаypal": true, "Οkoro": true, "Анна": false, "Анна Smith": false, "": false} {
		if got := web.MixesAlphabets(s); got != want {
			t.Errorf("MixesAlphabets(%q) = %v", s, got)
		}
	}
	if got := web.Line("a\u202eb\x00c\nd" + strings.Repeat("x", 400)); !strings.HasPrefix(got, "abc dx") || len([]rune(got)) != 301 {
		t.Errorf("Line: %q", got)
	}
	customer := jit.Customer{Subscriptions: []csp.Subscription{{ID: subID, Name: "Production"}}}
	base := "/subscriptions/" + subID.String()
	for scope, want := range map[string]string{
		"/subscriptions/" + jitNothing: "the whole subscription " + jitNothing,
		base:                           "the whole subscription Production",
		base + "/resourceGroups/rg":    "resource group rg in subscription Production",
		base + "/resourceGroups/rg/providers/Microsoft.Compute/virtualMachines/vm1": "vm1 in resource group rg, subscription Production",
	} {
		if got := web.PlaceOf(jit.Request{Scope: csp.MustParseScope(scope)}, customer); got != want {
			t.Errorf("%s: %q, want %q", scope, got, want)
		}
	}
}
