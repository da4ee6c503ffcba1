package jit

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"latchkey/access/roleclass"
	"latchkey/csp"
	"latchkey/internal/audit"
	"latchkey/internal/fault"
)

// Bounds of an engineer's reason and an approver's note, in characters.
const (
	ShortestReason = 10
	LongestReason  = 500
	LongestNote    = 500
)

// preflightTime is how long filing waits for a provider.
const preflightTime = 20 * time.Second

// File files a request: everything about it is checked against the estate, then
// against the customer's tenant as it is now, and then it is written down with a
// link and a mail for each contact who may answer. Nothing is filed when the
// tenant cannot be reached (I11).
func (s *Service) File(ctx context.Context, by Caller, ask Ask) (Request, error) {
	const op = "jit.File"
	act := audit.Act{Verb: "request.file", Actor: s.actor(by)}
	concerning := func(e *audit.Entry) {
		if _, ok := s.estate.CustomerByTenant(ask.Customer); ok {
			e.Tenant = ask.Customer
		}
	}
	d, err := s.draft(by, ask)
	if err == nil {
		err = s.held(op)
	}
	if err == nil {
		err = s.preflight(ctx, d)
	}
	if err != nil {
		return Request{}, s.gate.Refuse(ctx, act, concerning, fault.In(op, err))
	}
	var filed Request
	err = s.gate.Do(ctx, act, func(tx Tx, note *audit.Entry) error {
		concerning(note)
		filed = d.request
		if err := s.insert(tx, d, &filed); err != nil {
			return fault.In(op, err)
		}
		note.Request = string(filed.ID)
		note.Text = fmt.Sprintf("%s asked %s for %s on %s for %s.", d.engineer.Name, d.customer.Tenant.Name, filed.RoleName, filed.Scope, Spell(filed.Duration))
		note.Detail = requestDetail(filed)
		return nil
	})
	if err != nil {
		return Request{}, err
	}
	s.wake()
	return filed, nil
}

func requestDetail(r Request) map[string]string {
	return map[string]string{
		"digest": r.Digest, "scope": r.Scope.String(), "role": r.Role.String(), "roleContent": r.RoleContent,
		"class": r.Class.String(), "principal": r.Principal.String(), "duration": r.Duration.String(),
		"tier": r.Tier.String(), "answerBy": r.AnswerBy.UTC().Format(time.RFC3339), "reason": r.Reason,
	}
}

// draft is a request on its way to being filed, with what it was judged by.
type draft struct {
	request  Request
	engineer Person
	customer Customer
	offer    Offer
}

// draft judges everything that can be judged from the estate alone.
func (s *Service) draft(by Caller, ask Ask) (draft, error) {
	const op = "jit.draft"
	engineer, err := s.engineer(op, by)
	if err != nil {
		return draft{}, err
	}
	customer, ok := s.estate.CustomerByTenant(ask.Customer)
	if !ok {
		return draft{}, missing(op, "customer")
	}
	d := draft{engineer: engineer, customer: customer}
	if _, ok := s.connectors[ask.Service]; !ok {
		return draft{}, fault.Newf(op, fault.Invalid, "Latchkey gives no access to the service %q; ask for %s.", ask.Service, Azure)
	}
	own, ok := engineer.AccountIn(customer.Tenant.ID)
	if !ok {
		return draft{}, fault.Newf(op, fault.Conflict, "You have no account in %s's tenant yet, so there is nobody to give access to. Ask your operator to have you invited as a guest there.", customer.Tenant.Name)
	}
	if d.offer, ok = customer.OfferOf(ask.Role); !ok {
		return draft{}, fault.Newf(op, fault.Invalid, "%s does not offer this role. Choose one of those offered.", customer.Tenant.Name)
	}
	if err := s.judgeScope(customer, ask.Scope); err != nil {
		return draft{}, err
	}
	if err := s.judgeDuration(d.offer, ask.Duration); err != nil {
		return draft{}, err
	}
	reason := CleanText(ask.Reason)
	if n := utf8.RuneCountInString(reason); n < ShortestReason || n > LongestReason {
		return draft{}, fault.Newf(op, fault.Invalid, "Say in %d to %d characters what you need the access for; the customer decides by it. This has %d.", ShortestReason, LongestReason, n)
	}
	now := s.now()
	class := roleclass.Of(d.offer.Role)
	d.request = Request{
		ID: newID[RequestID](), Engineer: engineer.ID, Customer: customer.Tenant.ID, Service: ask.Service,
		Scope: ask.Scope, Role: ask.Role, RoleName: d.offer.Role.Name, RoleContent: d.offer.Role.Content(),
		Class: class, Principal: own.Object, Duration: ask.Duration, Reason: reason,
		Tier: customer.tierFor(class), FiledAt: now, AnswerBy: now.Add(s.estate.Policy.AnswerWithin), State: Pending,
	}
	d.request.Digest, err = digestOf(d.request)
	return d, err
}

func (s *Service) judgeScope(c Customer, scope csp.Scope) error {
	const op = "jit.judgeScope"
	switch scope.Kind() {
	case csp.SubscriptionScope, csp.ResourceGroupScope, csp.ResourceScope:
	default:
		return fault.Newf(op, fault.Invalid, "Access is given on a subscription, a resource group or a resource, not on a %s.", scope.Kind())
	}
	for _, sub := range c.Subscriptions {
		if sub.ID == scope.Subscription() && sub.Tenant == c.Tenant.ID {
			return nil
		}
	}
	return fault.Newf(op, fault.Invalid, "The scope lies in no subscription of %s that Latchkey looks after.", c.Tenant.Name)
}

func (s *Service) judgeDuration(o Offer, d time.Duration) error {
	p := s.estate.Policy
	if d < p.Shortest || d > p.longest(o) || d%time.Second != 0 {
		return fault.Newf("jit.judgeDuration", fault.Invalid, "%s can be had for %s to %s, not for %s.", o.Role.Name, Spell(p.Shortest), Spell(p.longest(o)), Spell(d))
	}
	return nil
}

// preflight judges the request against the customer's tenant as it is now. It
// runs before any transaction: no lock is held while a provider thinks.
func (s *Service) preflight(ctx context.Context, d draft) error {
	const op = "jit.preflight"
	ctx, cancel := context.WithTimeout(ctx, preflightTime)
	defer cancel()
	target := d.request.Target()
	shared, err := s.sharesEpisode(ctx, target)
	if err != nil {
		return err
	}
	found, err := s.connectors[d.request.Service].Preflight(ctx, target)
	if err != nil {
		if kind := fault.KindOf(err); kind != fault.Internal && fault.PublicOf(err) != "" {
			return fault.In(op, err)
		}
		return fault.Wrap(op, fault.Unavailable, err, fmt.Sprintf("%s's cloud does not answer just now, so nothing was filed. Try again in a few minutes.", d.customer.Tenant.Name))
	}
	switch {
	case found.Role.Content() != d.request.RoleContent:
		return fault.Newf(op, fault.Conflict, "The role %s at %s does not allow what it did when it was offered. Nothing was filed; ask your operator to review the offer.", d.request.RoleName, d.customer.Tenant.Name)
	case len(found.Locks) > 0:
		return fault.Newf(op, fault.Conflict, "A delete lock (%s) stands on this scope or above it: access could be given but not taken back. Ask %s to remove the lock first.", strings.Join(found.Locks, ", "), d.customer.Tenant.Name)
	case found.Existing && !shared:
		return fault.Newf(op, fault.Conflict, "You already have %s on exactly this scope, and not through a running request. Latchkey neither takes that over nor removes it.", d.request.RoleName)
	}
	return nil
}

// sharesEpisode says whether an episode of ours already holds this access.
func (s *Service) sharesEpisode(ctx context.Context, target Target) (bool, error) {
	found := false
	err := s.store.View(ctx, func(tx Tx) error {
		_, err := tx.LiveEpisode(target)
		found = err == nil
		if fault.Is(err, fault.NotFound) {
			return nil
		}
		return err
	})
	return found, err
}

// Target is the access a request is about.
func (r Request) Target() Target {
	return Target{Service: r.Service, Tenant: r.Customer, Scope: r.Scope, Role: r.Role, Principal: r.Principal, PrincipalType: csp.User}
}

// insert writes the request with a link and a mail for each contact who may
// answer it.
func (s *Service) insert(tx Tx, d draft, r *Request) error {
	if err := s.judgePending(tx, d); err != nil {
		return err
	}
	asked, err := s.approversFor(tx, d)
	if err != nil {
		return err
	}
	if err := tx.InsertRequest(r); err != nil {
		return err
	}
	telling := s.estate.Tell(*r, r.FiledAt)
	for _, a := range asked {
		link := Link{ID: newID[LinkID](), Kind: DecideLink, Approver: a.ID, Request: r.ID, Expires: r.AnswerBy}
		if err := errors.Join(tx.InsertLink(link), tx.Enqueue(telling.Asking(a, link.ID))); err != nil {
			return err
		}
	}
	return nil
}

func (s *Service) judgePending(tx Tx, d draft) error {
	most := s.estate.Policy.PendingEach
	pending, err := tx.Requests(RequestQuery{Engineer: d.engineer.ID, State: Pending, Most: most})
	if err != nil {
		return err
	}
	open := 0
	for _, r := range pending {
		if r.AnswerBy.After(d.request.FiledAt) {
			open++
		}
	}
	if open >= most {
		return fault.Newf("jit.judgePending", fault.Conflict, "You have %d requests waiting for an answer, and no more may wait at once. Withdraw one you no longer need.", open)
	}
	return nil
}

// approversFor lists the contacts who may answer the request: designated, not
// the engineer himself under any of his accounts or addresses, and enrolled
// where the tier needs a sign-in. None at all is a refusal.
func (s *Service) approversFor(tx Tx, d draft) ([]Approver, error) {
	all, err := tx.ApproversOf(d.customer.Tenant.ID)
	if err != nil {
		return nil, err
	}
	var able []Approver
	for _, a := range all {
		if d.customer.Designates(a) && !s.isOurs(a) && (d.request.Tier == MailTier || a.Enrolled()) {
			able = append(able, a)
		}
	}
	if len(able) > 0 {
		return able, nil
	}
	if d.request.Tier == MailTier {
		return nil, fault.Newf("jit.approversFor", fault.Conflict, "%s has named nobody who could answer, so nothing was filed. Ask your operator to add a contact.", d.customer.Tenant.Name)
	}
	return nil, fault.Newf("jit.approversFor", fault.Conflict, "Nobody at %s can approve %s yet, so nothing was filed: a role of class %s needs a contact who has enrolled by signing in to %s's own tenant. Ask one to follow the enrolment mail.", d.customer.Tenant.Name, d.request.RoleName, d.request.Class, d.customer.Tenant.Name)
}

// isOurs says whether the contact is one of the partner's people, by account or
// by address. Such a one never approves, whoever asks (I3).
func (s *Service) isOurs(a Approver) bool {
	if a.Enrolled() {
		if _, ok := s.estate.PersonByAccount(a.Account); ok {
			return true
		}
	}
	for _, p := range s.estate.People {
		if p.Mail != "" && strings.EqualFold(p.Mail, a.Address) {
			return true
		}
	}
	return false
}

// Offers says what the caller may ask for at a customer, with each role's
// class, the proof its approval needs, and what it allows in plain sentences.
func (s *Service) Offers(_ context.Context, by Caller, customer csp.TenantID) ([]OfferView, error) {
	const op = "jit.Offers"
	if _, err := s.engineer(op, by); err != nil {
		return nil, err
	}
	c, ok := s.estate.CustomerByTenant(customer)
	if !ok {
		return nil, missing(op, "customer")
	}
	views := make([]OfferView, 0, len(c.Roles))
	for _, o := range c.Roles {
		class := roleclass.Of(o.Role)
		views = append(views, OfferView{
			Offer: o, Class: class, Tier: c.tierFor(class), Longest: s.estate.Policy.longest(o), Allows: roleclass.Plain(o.Role),
		})
	}
	return views, nil
}
