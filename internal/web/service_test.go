package web_test

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"latchkey/access/roleclass"
	"latchkey/csp"
	"latchkey/internal/audit"
	"latchkey/internal/fault"
	"latchkey/internal/jit"
)

// service is a small heart in memory: it keeps requests, answers and grants by
// plain rules, so that pages can be walked through from end to end.
type service struct {
	t      *testing.T
	estate *jit.Estate

	mu        sync.Mutex
	frozen    bool // no write may come
	requests  []jit.Request
	decisions map[jit.RequestID]jit.Decision
	grants    map[jit.RequestID]jit.Grant
	links     map[jit.LinkID]jit.Link
	approvers []jit.Approver
	asked     []jit.Ask
	answers   []jit.Answer
	broken    error // what every call answers, when set
}

const theNumber = "314159"

func text26(prefix string, n int) string {
	s := prefix + strings.Repeat("A", 26)
	return s[:24] + string(rune('A'+n/26)) + string(rune('A'+n%26))
}

// write is called by everything that changes something.
func (s *service) write() error {
	if s.frozen {
		s.t.Error("something was written")
	}
	return s.broken
}

func (s *service) engineer(by jit.Caller) (jit.Person, error) {
	person, ok := s.estate.PersonByAccount(by.Account)
	if !ok || person.Home != by.Account {
		return person, fault.New("service", fault.Denied, "Only engineers can do that.")
	}
	return person, nil
}

func (s *service) approver(by jit.Caller) (jit.Approver, bool) {
	for _, a := range s.approvers {
		if a.Enrolled() && a.Account == by.Account && !by.Guest {
			return a, true
		}
	}
	return jit.Approver{}, false
}

func (s *service) File(_ context.Context, by jit.Caller, ask jit.Ask) (jit.Request, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.write(); err != nil {
		return jit.Request{}, err
	}
	person, err := s.engineer(by)
	if err != nil {
		return jit.Request{}, err
	}
	if ask.Duration > s.estate.Policy.Longest {
		return jit.Request{}, fault.New("service.File", fault.Invalid, "At most 8 hours may be asked for.")
	}
	s.asked = append(s.asked, ask)
	return s.add(person.ID, ask), nil
}

func (s *service) add(engineer jit.PersonID, ask jit.Ask) jit.Request {
	n := len(s.requests)
	r := jit.Request{
		ID: jit.RequestID(text26("REQ", n)), Number: int64(1000 + n), Engineer: engineer, Customer: ask.Customer, Service: ask.Service, Scope: ask.Scope,
		Role: ask.Role, RoleName: "Power On Off", Class: roleclass.Standard, Duration: ask.Duration, Reason: ask.Reason, Tier: jit.MailTier,
		FiledAt: now, AnswerBy: now.Add(4 * time.Hour), State: jit.Pending, Digest: fmt.Sprintf("digest-%d", n),
	}
	s.requests = append(s.requests, r)
	link := jit.Link{ID: jit.LinkID(text26("LINK", n)), Kind: jit.DecideLink, Approver: s.approvers[0].ID, Request: r.ID, Expires: r.AnswerBy}
	s.links[link.ID] = link
	return r
}

func (s *service) story(r jit.Request) jit.Story {
	engineer, _ := s.estate.PersonByID(r.Engineer)
	customer, _ := s.estate.CustomerByTenant(r.Customer)
	story := jit.Story{Request: r, Engineer: engineer, Customer: customer, Allows: []string{"Restart machines."}}
	if d, ok := s.decisions[r.ID]; ok {
		story.Decision, story.Approver = &d, &s.approvers[0]
	}
	if g, ok := s.grants[r.ID]; ok {
		story.Grant = &g
		story.Episode = &jit.Episode{Phase: jit.Present, Until: g.Ends}
	}
	return story
}

func (s *service) find(id jit.RequestID) (*jit.Request, error) {
	for i := range s.requests {
		if s.requests[i].ID == id {
			return &s.requests[i], nil
		}
	}
	return nil, fault.New("service", fault.NotFound, "There is no such request, or it is not yours.")
}

func (s *service) mine(by jit.Caller, id jit.RequestID) (*jit.Request, error) {
	r, err := s.find(id)
	if err != nil {
		return nil, err
	}
	person, err := s.engineer(by)
	if err == nil && (person.ID == r.Engineer || person.Operator) {
		return r, nil
	}
	if a, ok := s.approver(by); ok && a.Tenant == r.Customer {
		return r, nil
	}
	return nil, fault.New("service", fault.NotFound, "There is no such request, or it is not yours.")
}

func (s *service) Withdraw(_ context.Context, by jit.Caller, id jit.RequestID) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.write(); err != nil {
		return err
	}
	r, err := s.mine(by, id)
	if err != nil {
		return err
	}
	if r.State != jit.Pending {
		return fault.New("service.Withdraw", fault.Conflict, "This request was answered already.")
	}
	r.State = jit.Withdrawn
	return nil
}

func (s *service) Story(_ context.Context, by jit.Caller, id jit.RequestID) (jit.Story, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.broken != nil {
		return jit.Story{}, s.broken
	}
	r, err := s.mine(by, id)
	if err != nil {
		return jit.Story{}, err
	}
	return s.story(*r), nil
}

func (s *service) Mine(_ context.Context, by jit.Caller) ([]jit.Story, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.broken != nil {
		return nil, s.broken
	}
	person, err := s.engineer(by)
	if err != nil {
		return nil, err
	}
	var stories []jit.Story
	for _, r := range slices.Backward(s.requests) {
		if r.Engineer == person.ID {
			stories = append(stories, s.story(r))
		}
	}
	return stories, nil
}

func (s *service) Inbox(_ context.Context, by jit.Caller) ([]jit.InboxItem, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	a, ok := s.approver(by)
	if !ok {
		return nil, fault.New("service.Inbox", fault.Denied, "Only enrolled approvers have an inbox.")
	}
	var items []jit.InboxItem
	for _, l := range s.links {
		r, err := s.find(l.Request)
		if err != nil || r.Customer != a.Tenant {
			continue
		}
		item := jit.InboxItem{Story: s.story(*r)}
		if r.State == jit.Pending {
			item.Link = l.ID
		}
		items = append(items, item)
	}
	return items, nil
}

func (s *service) DecisionPage(_ context.Context, by jit.Caller, link jit.LinkID) (jit.DecisionPage, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	l, ok := s.links[link]
	if !ok || l.Kind != jit.DecideLink {
		return jit.DecisionPage{}, fault.New("service.DecisionPage", fault.NotFound, "There is no such link.")
	}
	r, err := s.find(l.Request)
	if err != nil {
		return jit.DecisionPage{}, err
	}
	if r.State != jit.Pending {
		return jit.DecisionPage{}, fault.New("service.DecisionPage", fault.Gone, "This request was answered already.")
	}
	customer, _ := s.estate.CustomerByTenant(r.Customer)
	page := jit.DecisionPage{Link: l, Approver: s.approvers[0], Customer: customer, Need: r.Tier, Met: r.Tier == jit.MailTier}
	if a, ok := s.approver(by); ok && a.ID == l.Approver {
		page.Met = true
	}
	if page.Met {
		story := s.story(*r)
		page.Story = &story
	}
	return page, nil
}

func (s *service) Decide(_ context.Context, by jit.Caller, a jit.Answer) (jit.Request, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.write(); err != nil {
		return jit.Request{}, err
	}
	l, ok := s.links[a.Link]
	if !ok {
		return jit.Request{}, fault.New("service.Decide", fault.NotFound, "There is no such link.")
	}
	r, err := s.find(l.Request)
	if err != nil {
		return jit.Request{}, err
	}
	switch {
	case r.State != jit.Pending:
		return jit.Request{}, fault.New("service.Decide", fault.Conflict, "This request was answered already.")
	case a.Digest != r.Digest:
		return jit.Request{}, fault.New("service.Decide", fault.Conflict, "The request is not what you were shown. Read it again.")
	case r.Tier == jit.MailTier && a.Number != theNumber:
		return jit.Request{}, fault.New("service.Decide", fault.Denied, "That is not the number in your mail.")
	}
	s.answers = append(s.answers, a)
	s.decisions[r.ID] = jit.Decision{Request: r.ID, Verdict: a.Verdict, Tier: r.Tier, At: now, Note: a.Note, Account: by.Account}
	r.State = jit.Declined
	if a.Verdict == jit.Approve {
		r.State = jit.Approved
		s.grants[r.ID] = jit.Grant{ID: jit.GrantID(text26("GRANT", len(s.grants))), Request: r.ID, Engineer: r.Engineer, Customer: r.Customer, State: jit.Active, Begins: now, ActiveAt: now, Ends: now.Add(r.Duration)}
	}
	return *r, nil
}

func (s *service) EnrolPage(_ context.Context, by jit.Caller, link jit.LinkID) (jit.EnrolPage, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	l, ok := s.links[link]
	if !ok || l.Kind != jit.EnrolLink {
		return jit.EnrolPage{}, fault.New("service.EnrolPage", fault.NotFound, "There is no such link.")
	}
	customer, _ := s.estate.CustomerByTenant(s.approvers[0].Tenant)
	page := jit.EnrolPage{Link: l, Approver: s.approvers[0], Customer: customer}
	if by.SignedIn() && by.Account.Tenant != customer.Tenant.ID {
		page.Trouble = "You are signed in to another organization."
	}
	return page, nil
}

func (s *service) Enrol(_ context.Context, by jit.Caller, _ jit.LinkID, number string) (jit.Approver, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.write(); err != nil {
		return jit.Approver{}, err
	}
	switch {
	case !by.SignedIn() || by.Guest:
		return jit.Approver{}, fault.New("service.Enrol", fault.Unauthenticated, "Sign in to your organization first.")
	case number != theNumber:
		return jit.Approver{}, fault.New("service.Enrol", fault.Denied, "That is not the number in your mail.")
	}
	s.approvers[0].Account = by.Account
	return s.approvers[0], nil
}

func (s *service) EndNow(_ context.Context, by jit.Caller, id jit.GrantID) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.write(); err != nil {
		return err
	}
	for request, g := range s.grants {
		if g.ID == id {
			if _, err := s.mine(by, request); err != nil {
				return err
			}
			g.State = jit.Revoking
			s.grants[request] = g
			return nil
		}
	}
	return fault.New("service.EndNow", fault.NotFound, "There is no such access, or it is not yours to end.")
}

func (s *service) Offers(_ context.Context, by jit.Caller, customer csp.TenantID) ([]jit.OfferView, error) {
	if _, err := s.engineer(by); err != nil {
		return nil, err
	}
	return []jit.OfferView{{Offer: jit.Offer{Role: csp.RoleDefinition{ID: roleID, Name: "Power On Off"}}, Class: roleclass.Standard, Tier: jit.MailTier, Allows: []string{"Restart machines."}}}, nil
}

func (s *service) AsApprover(_ context.Context, by jit.Caller) (jit.Approver, bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	a, ok := s.approver(by)
	return a, ok, s.broken
}

// auditLog is a log in memory.
type auditLog []audit.Entry

func (l auditLog) AuditSize(context.Context) (int64, error) { return int64(len(l)), nil }

func (l auditLog) AuditEntries(_ context.Context, q audit.Query) ([]audit.Row, error) {
	var rows []audit.Row
	for n, e := range slices.Backward(l) {
		if len(rows) == q.Most {
			break
		}
		if (q.From == 0 || int64(n) < q.From) && (q.Tenant.IsZero() || e.Tenant == q.Tenant) {
			rows = append(rows, audit.Row{N: int64(n), Entry: e})
		}
	}
	return rows, nil
}

// signIn takes everybody for whom he says he is, in a cookie.
type signIn struct {
	people map[string]jit.Caller
	begun  []string
	err    error
}

const whoCookie = "test-who"

func (s *signIn) Begin(_ context.Context, at csp.TenantID, returnTo string, fresh bool) (string, *http.Cookie, error) {
	if at.IsZero() {
		return "", nil, fault.New("signIn", fault.NotFound, "No organization by that name signs in here.")
	}
	s.begun = append(s.begun, fmt.Sprintf("%s %s %v", at, returnTo, fresh))
	return "https://login.example/" + at.String(), &http.Cookie{Name: "flow", Value: "x"}, nil
}

func (s *signIn) Complete(r *http.Request) (string, []*http.Cookie, error) {
	cookies := []*http.Cookie{{Name: "flow", MaxAge: -1}}
	who := r.URL.Query().Get("code")
	if _, ok := s.people[who]; !ok {
		return "", cookies, fault.New("signIn", fault.Unauthenticated, "This sign-in was not started in this browser.")
	}
	return "/inbox", append(cookies, &http.Cookie{Name: whoCookie, Value: who, Path: "/"}), nil
}

func (s *signIn) Caller(r *http.Request) (jit.Caller, error) {
	if s.err != nil {
		return jit.Caller{}, s.err
	}
	c, err := r.Cookie(whoCookie)
	if err != nil {
		return jit.Caller{Address: "192.0.2.1"}, nil //nolint:nilerr // no cookie is nobody, not a fault
	}
	caller := s.people[c.Value]
	caller.Session = "session of " + c.Value
	return caller, nil
}

func (s *signIn) Leave(*http.Request) ([]*http.Cookie, error) {
	return []*http.Cookie{{Name: whoCookie, MaxAge: -1, Path: "/"}}, s.err
}
