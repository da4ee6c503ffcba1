package emulator_test

import (
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"latchkey/csp"
	"latchkey/emulator/gdap"
	"latchkey/emulator/world"
)

const home = pages + "/AdminPortal/Home"

// proposed makes a relationship that waits for the customer.
func (v *loss) proposed(tb testing.TB, name string, customer csp.TenantID, roles ...string) gdap.Relationship {
	tb.Helper()
	r := gdap.Relationship{Partner: v.partner.ID, Customer: customer, Name: name, Days: 365}
	for _, role := range roles {
		r.Roles = append(r.Roles, entraRole(role))
	}
	r = must(v.world.CreateRelationship(world.Actor{}, r))(tb)
	must(v.world.LockForApproval(world.Actor{}, r.ID))(tb)
	return r
}

func (v *loss) statusOf(tb testing.TB, id csp.GDAPID) csp.GDAPStatus {
	tb.Helper()
	v.world.Settle()
	r, known := v.world.Relationship(id)
	if !known {
		tb.Fatalf("there is no relationship %s", id)
	}
	return r.Status
}

// post sends a form without having opened its page.
func (b *browser) post(tb testing.TB, address string, form url.Values, headers ...string) page {
	tb.Helper()
	r, err := http.NewRequestWithContext(tb.Context(), http.MethodPost, address, strings.NewReader(form.Encode()))
	if err != nil {
		tb.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	return b.do(tb, r)
}

// TestCustomerApprovesOnThePage: the customer's yes and no, and who may give them.
func TestCustomerApprovesOnThePage(t *testing.T) {
	v := newLoss(t)
	greta := must(v.customer.AddUser(world.User{Name: "Greta Lind", UPN: "greta", Password: "lind"}))(t)
	anna := newBrowser(t, v.server.Transport())
	address := func(r gdap.Relationship) string {
		return home + "/partners/invitation/granularAdminRelationships/" + r.WireID()
	}
	yes := v.proposed(t, "Yes", v.customer.ID, "Directory Readers", "Global Administrator")
	t.Run("opening decides nothing", func(t *testing.T) {
		p := v.annaAt(t, anna, address(yes))
		for _, want := range []string{"Ravenhill IT asks for roles", "Global Administrator (privileged)", "365 days", "approvalPending"} {
			if !strings.Contains(p.text, want) {
				t.Errorf("the page does not say %q", want)
			}
		}
		if got := v.statusOf(t, yes.ID); got != csp.GDAPApprovalPending {
			t.Errorf("it is %s", got)
		}
	})
	t.Run("a form of another site decides nothing", func(t *testing.T) {
		p := anna.post(t, address(yes), url.Values{"decision": {"approve"}}, "Origin", "http://evil.example", "Sec-Fetch-Site", "cross-site")
		if got := v.statusOf(t, yes.ID); p.status != 403 || got != csp.GDAPApprovalPending {
			t.Errorf("answered %d, it is %s", p.status, got)
		}
	})
	t.Run("nobody signed in decides nothing", func(t *testing.T) {
		p := newBrowser(t, v.server.Transport()).post(t, address(yes), url.Values{"decision": {"approve"}})
		if got := v.statusOf(t, yes.ID); p.status != 401 || got != csp.GDAPApprovalPending {
			t.Errorf("answered %d, it is %s", p.status, got)
		}
	})
	t.Run("a member without the role sees no button, and his form is refused", func(t *testing.T) {
		b := newBrowser(t, v.server.Transport())
		p := b.press(t, b.press(t, b.open(t, address(yes)), "Greta Lind", nil), "Sign in", url.Values{"password": {"lind"}})
		if !strings.Contains(p.text, "You are none") || strings.Contains(p.text, "Approve all") {
			t.Errorf("the page is %s", p.text)
		}
		if p := b.post(t, address(yes), url.Values{"decision": {"approve"}}); p.status != 409 && p.status != 403 {
			t.Errorf("answered %d", p.status)
		}
		if got := v.statusOf(t, yes.ID); got != csp.GDAPApprovalPending {
			t.Errorf("it is %s", got)
		}
	})
	t.Run("nor does the partner's own agent", func(t *testing.T) {
		b := newBrowser(t, v.server.Transport())
		p := b.press(t, b.press(t, b.open(t, address(yes)), "Ian Frost", nil), "Sign in", url.Values{"password": {"frost"}})
		if p = b.press(t, p, "it is me", nil); p.status != 404 {
			t.Errorf("answered %d %s", p.status, p.text)
		}
	})
	t.Run("the administrator's yes makes it active", func(t *testing.T) {
		anna.press(t, anna.open(t, address(yes)), "Approve all", nil)
		if got := v.statusOf(t, yes.ID); got != csp.GDAPActive {
			t.Errorf("it is %s", got)
		}
		if p := anna.post(t, address(yes), url.Values{"decision": {"approve"}}); p.status != 409 {
			t.Errorf("again: %d", p.status)
		}
	})
	t.Run("his no ends it", func(t *testing.T) {
		no := v.proposed(t, "No", v.customer.ID, "Directory Readers")
		anna.press(t, anna.open(t, address(no)), "Reject", nil)
		if _, known := v.world.Relationship(no.ID); known {
			if got := v.statusOf(t, no.ID); got == csp.GDAPApprovalPending || got == csp.GDAPActive {
				t.Errorf("it is %s", got)
			}
		}
	})
	t.Run("the role for just this may answer too", func(t *testing.T) {
		must(v.customer.AssignDirectoryRole(world.DirectoryAssignment{Principal: greta.ID, Role: entraRole("Customer Delegated Admin Relationship Administrator")}))(t)
		open := v.proposed(t, "For whoever takes it", csp.TenantID{}, "Directory Readers")
		b := newBrowser(t, v.server.Transport())
		p := b.press(t, b.press(t, b.open(t, address(open)), "Greta Lind", nil), "Sign in", url.Values{"password": {"lind"}})
		b.press(t, p, "Approve all", nil)
		if r, _ := v.world.Relationship(open.ID); r.Customer != v.customer.ID {
			t.Errorf("it belongs to %s", r.Customer)
		}
	})
	t.Run("what was not sent yet is not shown", func(t *testing.T) {
		draft := must(v.world.CreateRelationship(world.Actor{}, gdap.Relationship{Partner: v.partner.ID, Customer: v.customer.ID, Name: "Draft", Days: 1, Roles: yes.Roles}))(t)
		if p := anna.open(t, address(draft)); p.status != 404 {
			t.Errorf("answered %d", p.status)
		}
	})
}

func TestAdminCenterPages(t *testing.T) {
	v := newLoss(t)
	anna := newBrowser(t, v.server.Transport())
	v.annaAt(t, anna, home)
	for _, test := range []struct {
		name, path string
		status     int
		says       string
	}{
		{"the first page", "", 200, "What stands behind the # in a link does not reach this page"},
		{"in another case of letters", "/PARTNERS/", 200, "Partner relationships"},
		{"a link without a relationship", "?link=https://admin.microsoft.com/", 400, "no relationship in that link"},
		{"no relationship", "/partners/invitation/granularAdminRelationships/x", 404, "no such invitation"},
		{"no partner in an invitation", "?invType=ResellerRelationship&partnerId=x", 400, "Ask the partner for another link"},
		{"an invitation by somebody who is no partner", "?invType=ResellerRelationship&partnerId=" + v.customer.ID.String(), 400, "another link"},
		{"an invitation of an unknown kind", "?invType=Friendship&partnerId=" + v.partner.ID.String(), 400, "another link"},
		{"no page", "/billing", 404, "only the pages about partners"},
	} {
		t.Run(test.name, func(t *testing.T) {
			p := anna.open(t, home+test.path)
			if p.status != test.status || !strings.Contains(p.text, test.says) || p.header.Get("x-emulator") != "latchkey" || !strings.Contains(p.header.Get("Content-Security-Policy"), "form-action 'self'") {
				t.Errorf("%d %s", p.status, p.text)
			}
		})
	}
	t.Run("signing in leads back to this origin only", func(t *testing.T) {
		for _, back := range []string{"https://evil.example/", "//evil.example", `/\evil.example`, "javascript:alert(1)", ""} {
			b := newBrowser(t, v.server.Transport())
			p := b.press(t, b.open(t, pages+"/organizations/signin?back="+url.QueryEscape(back)), "Ian Frost", nil)
			p = b.press(t, b.press(t, p, "Sign in", url.Values{"password": {"frost"}}), "it is me", nil)
			if p.url.Host != strings.TrimPrefix(pages, "http://") {
				t.Errorf("%q leads to %s", back, p.url)
			}
		}
	})
}

// TestCustomerRemovesPartner reads R23 on the page: four switches, each by itself.
func TestCustomerRemovesPartner(t *testing.T) {
	v := newLoss(t)
	if err := v.world.SetPartnership(world.Partnership{Partner: v.partner.ID, Customer: v.customer.ID, Reseller: true, DAP: true}); err != nil {
		t.Fatal(err)
	}
	must(v.customer.Assign(csp.RoleAssignment{Scope: v.sub.Scope(), Role: owner.ID, Principal: v.agents.ID}))(t)
	must(v.partner.AddUser(world.User{Name: "Direct Dan", UPN: "dan"}))(t)
	anna := newBrowser(t, v.server.Transport())
	p := v.annaAt(t, anna, home+"/partners")
	p = anna.press(t, p, "Remove delegated administration of Ravenhill IT", nil)
	if got, _ := v.world.Partnership(v.partner.ID, v.customer.ID); got.DAP || !got.Reseller {
		t.Errorf("after the end of DAP there is %+v", got)
	}
	anna.press(t, p, "Remove Ravenhill IT as reseller", nil)
	if got, has := v.world.Partnership(v.partner.ID, v.customer.ID); has {
		t.Errorf("after the end of the reseller relationship there is %+v", got)
	}
	if kind, ok := v.customer.Resolve(v.agents.ID); ok {
		t.Errorf("the partner's group can still be assigned anew, as %s", kind)
	}
	if p := anna.open(t, home+"/partners"); !strings.Contains(p.text, "Owner at "+v.sub.Scope().String()) || !strings.Contains(p.text, "removed in Azure") {
		t.Errorf("the assignment that stays (R21) is not shown: %s", p.text)
	}
	if p := anna.post(t, home+"/partners", url.Values{"switch": {"reseller"}, "partner": {v.partner.ID.String()}}); p.status != 409 {
		t.Errorf("removing it again: %d", p.status)
	}
}

// TestAdminCenterInChromium: nothing in the console under the pages' policy, and
// no finding of axe.
func TestAdminCenterInChromium(t *testing.T) {
	if _, err := exec.LookPath("chromium"); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("chromium is not installed, and CI skips nothing")
		}
		t.Skip("chromium is not installed: the admin center is not tried in a real browser")
	}
	axe, err := os.ReadFile("../cmd/latchkey/testdata/axe.min.js")
	if err != nil {
		t.Fatal(err)
	}
	for _, scheme := range []string{"light", "dark"} {
		t.Run(scheme, func(t *testing.T) { adminCenterWithChromium(t, scheme, string(axe)) })
	}
}

func adminCenterWithChromium(t *testing.T, scheme, axe string) {
	t.Helper()
	v := newLoss(t)
	r := v.proposed(t, "LK Contoso", v.customer.ID, "Directory Readers", "Global Administrator")
	e := v.start(t)
	ctx, console := newChromium(t, scheme)
	step := func(what string, steps ...chromedp.Action[chromedp.Void]) {
		t.Helper()
		if err := chromedp.Do(ctx, steps...); err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		if found := axeFindings(t, ctx, axe); len(found) > 0 {
			t.Errorf("%s: axe finds %v", what, found)
		}
	}
	step("sign in", chromedp.Navigate(e.Browser+"/AdminPortal/Home"), chromedp.Click(`button[value="anna@contoso.example"]`),
		chromedp.WaitVisible("#password"), chromedp.SendKeys("#password", "conto\r"), chromedp.WaitVisible("#confirm"), chromedp.Click("#confirm"), chromedp.WaitVisible("#link"))
	step("put the link in", chromedp.SendKeys("#link", "https://admin.microsoft.com/AdminPortal/Home#/partners/invitation/granularAdminRelationships/"+r.WireID()+"\r"), chromedp.WaitVisible("#approve"))
	step("approve", chromedp.Click("#approve"), chromedp.WaitVisible("#status"))
	if got := v.statusOf(t, r.ID); got != csp.GDAPActive {
		t.Errorf("it is %s", got)
	}
	step("accept a reseller", chromedp.Navigate(e.Browser+"/AdminPortal/Home?invType=ResellerRelationship&partnerId="+v.partner.ID.String()), chromedp.Click("#accept"), chromedp.WaitVisible("#accepted"))
	step("the partners", chromedp.Navigate(e.Browser+"/AdminPortal/Home/partners"), chromedp.WaitVisible(".wide"))
	if said := console(); len(said) > 0 {
		t.Errorf("the console says %q", said)
	}
}
