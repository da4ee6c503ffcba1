package web

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"latchkey/csp"
	"latchkey/internal/fault"
	"latchkey/internal/jit"
)

// chooseView is the first step of asking: which customer.
type chooseView struct {
	frame
	Customers []customerChoice
}

type customerChoice struct {
	Name, Domain, Tenant, Href string
	// HasAccount: the engineer has an account in the tenant that could be given
	// access.
	HasAccount bool
}

func (p *Portal) chooseCustomer(v *visit) error {
	if v.person == nil {
		return errOnlyEngineers
	}
	return render(v, http.StatusOK, p.pages.choose, v.choosePage())
}

var errOnlyEngineers = fault.New("web.ask", fault.Denied, "Only the partner's engineers can ask for access, signed in with their own organization's account.")

func (v *visit) choosePage() chooseView {
	page := chooseView{frame: v.frame("Ask for access", "/ask")}
	for _, c := range v.portal.options.Estate.Customers {
		_, has := v.person.AccountIn(c.Tenant.ID)
		page.Customers = append(page.Customers, customerChoice{
			Name: line(c.Tenant.Name), Domain: c.Tenant.DefaultDomain.String(), Tenant: c.Tenant.ID.String(),
			Href: "/ask/" + c.Tenant.ID.String(), HasAccount: has,
		})
	}
	slices.SortFunc(page.Customers, func(a, b customerChoice) int {
		return cmp.Or(strings.Compare(a.Name, b.Name), strings.Compare(a.Tenant, b.Tenant))
	})
	return page
}

// askView is the second step: what exactly.
type askView struct {
	frame
	Form          form
	Customer      string
	Tenant        string
	Subscriptions []choice
	Group         string
	ScopeID       string
	Offers        []offerChoice
	Durations     []choice
	Reason        string
	ReasonMost    int
	AnswerWithin  string
	Afterwards    string
	Problems      []problem
	// One sentence per field that is wrong.
	WhereWrong, RoleWrong, DurationWrong, ReasonWrong string
}

type choice struct {
	Value, Label string
	Chosen       bool
}

type offerChoice struct {
	ID, Name string
	Class    badge
	Allows   []string
	Proof    string
	Longest  string
	Chosen   bool
}

// problem is a sentence with the field it is about.
type problem struct{ Field, Text string }

// draft is an ask as it was typed.
type draft struct {
	subscription, group, scope, role, minutes, reason string
}

func (p *Portal) ask(v *visit) error {
	customer, offers, err := p.askable(v)
	if err != nil {
		return err
	}
	q := v.r.URL.Query()
	typed := draft{subscription: q.Get("subscription"), group: q.Get("group"), role: q.Get("role")}
	return render(v, http.StatusOK, p.pages.ask, v.askPage(customer, offers, typed, nil))
}

// file takes the form. Whatever is wrong with it, the page comes back with
// everything as it was typed.
func (p *Portal) file(v *visit) error {
	customer, offers, err := p.askable(v)
	if err != nil {
		return err
	}
	typed := draft{
		subscription: v.field("subscription"), group: strings.TrimSpace(v.field("group")), scope: strings.TrimSpace(v.field("scope")),
		role: v.field("role"), minutes: v.field("minutes"), reason: strings.TrimSpace(v.field("reason")),
	}
	ask, problems := typed.read(customer)
	status := answers[fault.Invalid].status
	if len(problems) == 0 {
		filed, err := p.options.Service.File(v.r.Context(), v.caller, ask)
		if err == nil {
			return v.seeOther("/requests/" + string(filed.ID) + "?done=asked")
		}
		public := fault.PublicOf(err)
		if public == "" || fault.Is(err, fault.Internal) {
			return fault.In("web.file", err)
		}
		status = answers[fault.KindOf(err)].status
		problems = []problem{{Text: line(public)}}
	}
	return render(v, status, p.pages.ask, v.askPage(customer, offers, typed, problems))
}

// askable finds the customer in the address and what may be asked for there.
func (p *Portal) askable(v *visit) (jit.Customer, []jit.OfferView, error) {
	const op = "web.askable"
	if v.person == nil {
		return jit.Customer{}, nil, errOnlyEngineers
	}
	tenant, err := csp.ParseID[csp.Tenant](v.r.PathValue("tenant"))
	if err != nil {
		return jit.Customer{}, nil, errNoPage()
	}
	customer, ok := p.options.Estate.CustomerByTenant(tenant)
	if !ok {
		return jit.Customer{}, nil, errNoPage()
	}
	offers, err := p.options.Service.Offers(v.r.Context(), v.caller, tenant)
	return customer, offers, fault.In(op, err)
}

// read makes an ask out of what was typed, or says what is wrong with it.
func (d draft) read(c jit.Customer) (jit.Ask, []problem) {
	ask := jit.Ask{Customer: c.Tenant.ID, Service: jit.Azure, Reason: d.reason}
	var problems []problem
	var err error
	if ask.Scope, err = d.readScope(); err != nil {
		problems = append(problems, problem{"where", sentence(err.Error())})
	}
	if ask.Role, err = csp.ParseID[csp.RoleDefinition](d.role); err != nil {
		problems = append(problems, problem{"role", "Choose the role you need."})
	}
	minutes, err := strconv.Atoi(d.minutes)
	if err != nil || minutes < 1 || minutes > 60*24*366 {
		problems = append(problems, problem{"duration", "Choose how long you need it."})
	}
	ask.Duration = time.Duration(minutes) * time.Minute
	if n := utf8.RuneCountInString(jit.CleanText(d.reason)); n < jit.ShortestReason || n > jit.LongestReason {
		problems = append(problems, problem{"reason", fmt.Sprintf("Say why you need it, in %d to %d characters. The customer reads this and decides by it.", jit.ShortestReason, jit.LongestReason)})
	}
	return ask, problems
}

func (d draft) readScope() (csp.Scope, error) {
	if d.scope != "" {
		return csp.ParseScope(d.scope)
	}
	subscription, err := csp.ParseID[csp.Subscription](d.subscription)
	if err != nil {
		return csp.Scope{}, errors.New("choose the subscription")
	}
	if d.group == "" {
		return csp.SubscriptionScopeOf(subscription), nil
	}
	if strings.Contains(d.group, "/") {
		return csp.Scope{}, errors.New("a resource group's name has no slash in it; for something inside a group give its full scope id")
	}
	return csp.ResourceGroupScopeOf(subscription, d.group)
}

// sentence makes an error of csp's into a sentence on a page.
func sentence(s string) string {
	if s == "" {
		return s
	}
	return line(strings.ToUpper(s[:1]) + s[1:] + ".")
}

func (v *visit) askPage(c jit.Customer, offers []jit.OfferView, typed draft, problems []problem) askView {
	policy := v.portal.options.Estate.Policy
	page := askView{
		frame: v.frame("Ask for access to "+line(c.Tenant.Name), "/ask"), Form: v.form("/ask/" + c.Tenant.ID.String()),
		Customer: line(c.Tenant.Name), Tenant: c.Tenant.ID.String(),
		Group: typed.group, ScopeID: typed.scope, Reason: typed.reason, ReasonMost: jit.LongestReason,
		AnswerWithin: jit.Spell(policy.AnswerWithin), Afterwards: afterwards,
		Durations: durations(policy, typed.minutes), Problems: problems,
	}
	for _, s := range c.Subscriptions {
		page.Subscriptions = append(page.Subscriptions, choice{s.ID.String(), line(s.Name), typed.subscription == s.ID.String() || len(c.Subscriptions) == 1})
	}
	for _, o := range offers {
		view := offerChoice{
			ID: o.Offer.Role.ID.String(), Name: line(o.Offer.Role.Name), Class: classBadge(o.Class), Proof: proofSentence(o.Tier), Longest: jit.Spell(o.Longest),
			Chosen: typed.role == o.Offer.Role.ID.String(),
		}
		for _, s := range o.Allows {
			view.Allows = append(view.Allows, line(s))
		}
		page.Offers = append(page.Offers, view)
	}
	for _, wrong := range problems {
		switch wrong.Field {
		case "where":
			page.WhereWrong = wrong.Text
		case "role":
			page.RoleWrong = wrong.Text
		case "duration":
			page.DurationWrong = wrong.Text
		case "reason":
			page.ReasonWrong = wrong.Text
		}
	}
	return page
}

// durations offers the usual lengths that the policy allows; two hours is the
// one to begin with.
func durations(policy jit.Policy, typed string) []choice {
	const usual = 2 * time.Hour
	var choices []choice
	lengths := []time.Duration{15 * time.Minute, 30 * time.Minute, time.Hour, usual, 4 * time.Hour, 8 * time.Hour, 24 * time.Hour}
	lengths = append(lengths, policy.Shortest, policy.Longest)
	slices.Sort(lengths)
	for _, d := range slices.Compact(lengths) {
		if d < max(policy.Shortest, time.Minute) || d > policy.Longest {
			continue
		}
		minutes := strconv.Itoa(int(d / time.Minute))
		choices = append(choices, choice{minutes, jit.Spell(d), typed == minutes || typed == "" && d == min(usual, policy.Longest)})
	}
	return choices
}
