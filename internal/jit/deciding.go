package jit

import (
	"context"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"latchkey/access/roleclass"
	"latchkey/internal/audit"
	"latchkey/internal/fault"
)

// DecisionPage is what the holder of a decide link may see. Opening it changes
// nothing and decides nothing: mail scanners open links (finding 3). What is
// asked for is shown to whoever holds the link in the mail tier only; otherwise
// the link's own contact must have signed in.
func (s *Service) DecisionPage(ctx context.Context, by Caller, link LinkID) (DecisionPage, error) {
	const op = "jit.DecisionPage"
	var page DecisionPage
	err := s.store.View(ctx, func(tx Tx) error {
		o, err := s.openLink(tx, link, DecideLink)
		if err != nil {
			return err
		}
		r, err := tx.Request(o.link.Request)
		if err != nil {
			return err
		}
		if err := s.answerable(o, r); err != nil {
			return err
		}
		page = DecisionPage{
			Link: o.link, Approver: Approver{ID: o.approver.ID, Tenant: o.approver.Tenant, Name: o.approver.Name},
			Customer: Customer{Tenant: o.customer.Tenant}, Need: r.Tier,
		}
		proof := s.prove(by, o, r.Tier)
		page.Met, page.Trouble = proof.met, fault.PublicOf(proof.refusal)
		if !proof.sees {
			return nil
		}
		story, err := s.story(tx, r)
		if err != nil {
			return err
		}
		page.Approver, page.Customer, page.Story = o.approver, o.customer, &story
		return nil
	})
	if err != nil {
		return DecisionPage{}, fault.In(op, err)
	}
	return page, nil
}

// opened is a link with whom it was mailed to.
type opened struct {
	link     Link
	approver Approver
	customer Customer
}

// openLink finds a link and whom it belongs to. It says nothing about whether
// the link still works.
func (s *Service) openLink(tx Tx, id LinkID, kind LinkKind) (opened, error) {
	const op = "jit.openLink"
	nothing := fault.New(op, fault.NotFound, "This link opens nothing. Check that it was copied whole, or open it again from the mail.")
	if _, err := ParseTextID[LinkID](string(id)); err != nil {
		return opened{}, nothing
	}
	link, err := tx.Link(id)
	if fault.Is(err, fault.NotFound) || err == nil && link.Kind != kind {
		return opened{}, nothing
	}
	if err != nil {
		return opened{}, err
	}
	approver, err := tx.Approver(link.Approver)
	if err != nil {
		return opened{}, err
	}
	customer, ok := s.estate.CustomerByTenant(approver.Tenant)
	if !ok || !customer.Designates(approver) {
		return opened{}, fault.New(op, fault.Gone, "This link no longer works: the contact it was sent to is not named by the customer any more.")
	}
	return opened{link, approver, customer}, nil
}

// answerable says, without telling anything about the request, why there is
// nothing to answer any more.
func (s *Service) answerable(o opened, r Request) error {
	const op = "jit.answerable"
	switch {
	case r.State != Pending:
		return fault.New(op, fault.Gone, "Nothing is left to answer here: the request has been answered, withdrawn or has lapsed.")
	case !s.now().Before(r.AnswerBy), !s.now().Before(o.link.Expires):
		return fault.Newf(op, fault.Gone, "This link expired on %s. Nobody answered in time, and silence is a no; the engineer may ask again.", spellMoment(o.link.Expires))
	case !o.link.VoidAt.IsZero():
		return fault.New(op, fault.Gone, "This link no longer works: a wrong number was typed too often. Another contact can still answer, or the engineer may ask again.")
	}
	return nil
}

// proof is what a caller's sign-in is worth for an answer.
type proof struct {
	sees    bool // the caller may see what is asked for
	met     bool // the sign-in is enough for the tier; in the mail tier the number is still missing
	tier    Tier // what was proven by signing in; zero if nothing
	refusal error
}

// prove judges the caller's sign-in. Whom the link was mailed to is compared
// by exact account; a tenant proves nothing, since guests have tokens of it too.
func (s *Service) prove(by Caller, o opened, need Tier) proof {
	const op = "jit.prove"
	if refusal := s.refuseOurs(by, o); refusal != nil {
		return proof{refusal: refusal}
	}
	if by.SignedIn() && !by.Guest && o.approver.Enrolled() && by.Account == o.approver.Account {
		p := proof{sees: true, tier: SignInTier}
		if by.SecondFactor && s.isFresh(by.SignedAt) {
			p.tier = FreshTier
		}
		p.met = p.tier >= need
		if !p.met {
			p.refusal = fault.Newf(op, fault.Denied, "This needs a sign-in with a second factor that is no older than %s. Sign in again.", Spell(s.estate.Policy.FreshSignIn))
		}
		return p
	}
	if need == MailTier {
		return proof{sees: true, met: true}
	}
	if !by.SignedIn() {
		return proof{refusal: fault.Newf(op, fault.Unauthenticated, "Sign in to %s's tenant as %s to see and answer this.", o.customer.Tenant.Name, o.approver.Name)}
	}
	return proof{refusal: fault.Newf(op, fault.Denied, "You are signed in, but not as %s at %s, to whom this was sent. Sign in with that account.", o.approver.Name, o.customer.Tenant.Name)}
}

// isFresh says whether a sign-in is recent. One from the future is not: the
// clock that dated it is not ours (I12).
func (s *Service) isFresh(at time.Time) bool {
	age := s.now().Sub(at)
	return age >= -30*time.Second && age <= s.estate.Policy.FreshSignIn
}

// refuseOurs refuses the partner's own people under any of their accounts or
// addresses, and every guest: an engineer who is a guest in the customer's
// tenant holds a token of that tenant, and is still no customer (I3, TH-S3).
func (s *Service) refuseOurs(by Caller, o opened) error {
	const op = "jit.refuseOurs"
	if _, ok := s.estate.PersonByAccount(by.Account); by.SignedIn() && ok || s.isOurs(o.approver) {
		return fault.Newf(op, fault.Denied, "Only %s can answer this; %s's own people cannot, whichever account they use.", o.customer.Tenant.Name, s.estate.Partner.Name)
	}
	if by.SignedIn() && by.Guest {
		return fault.Newf(op, fault.Denied, "You are signed in as a guest of %s. Only members of that tenant can answer.", o.customer.Tenant.Name)
	}
	return nil
}

// Decide takes an approver's answer. Approving uses the approval at once, in the
// same transaction: all rules are judged again, and the grant is written down
// together with its end before anything is done about it (I2, I16).
func (s *Service) Decide(ctx context.Context, by Caller, a Answer) (Request, error) {
	const op = "jit.Decide"
	act := audit.Act{Verb: "request.decide", Actor: s.holder(by)}
	switch a.Verdict {
	case Approve, Decline:
		act.Verb = "request." + string(a.Verdict)
	default:
		return Request{}, s.gate.Refuse(ctx, act, nil, fault.New(op, fault.Invalid, "Answer with approve or decline."))
	}
	decision := Decision{ID: newID[DecisionID](), Verdict: a.Verdict, Digest: a.Digest, Duration: a.Duration, Note: CleanText(a.Note), At: s.now()}
	var decided Request
	err := s.gate.Do(ctx, act, func(tx Tx, note *audit.Entry) error {
		var err error
		decided, err = s.decide(tx, note, by, a, decision)
		return err
	})
	if err != nil {
		return Request{}, fault.In(op, err)
	}
	s.wake()
	return decided, nil
}

func (s *Service) decide(tx Tx, note *audit.Entry, by Caller, a Answer, d Decision) (Request, error) {
	o, err := s.openLink(tx, a.Link, DecideLink)
	if err != nil {
		return Request{}, err
	}
	note.Tenant = o.customer.Tenant.ID
	r, err := tx.Request(o.link.Request)
	if err != nil {
		return Request{}, err
	}
	note.Request = string(r.ID)
	d.Request, d.Approver = r.ID, o.approver.ID
	if r.State != Pending {
		return Request{}, s.tooLate(tx, by, o, r, a.Number)
	}
	if err := s.answerable(o, r); err != nil {
		return Request{}, err
	}
	if d.Tier, err = s.proven(tx, by, o, r, a.Number); err != nil {
		return Request{}, err
	}
	if d.Tier > MailTier {
		d.Account = by.Account
	}
	if err := s.judgeAnswer(r, &d); err != nil {
		return Request{}, err
	}
	note.Detail = map[string]string{
		"digest": r.Digest, "approver": string(o.approver.ID), "tier": d.Tier.String(),
		"link": string(o.link.ID), "decision": string(d.ID), "duration": d.Duration.String(),
	}
	if d.Verdict == Decline {
		note.Text = fmt.Sprintf("%s declined LK-%d.", o.approver.Name, r.Number)
		return s.decline(tx, r, d)
	}
	if err := s.held("jit.Decide"); err != nil {
		return Request{}, err
	}
	note.Text = fmt.Sprintf("%s approved LK-%d for %s.", o.approver.Name, r.Number, Spell(d.Duration))
	return s.useApproval(tx, note, r, d)
}

// tooLate tells whoever could have answered what became of the request, and
// everybody else only that it is over.
func (s *Service) tooLate(tx Tx, by Caller, o opened, r Request, number string) error {
	const op = "jit.tooLate"
	p := s.prove(by, o, r.Tier)
	if p.refusal != nil || p.tier == 0 && !s.numbers.Match(o.link.ID, number) {
		return fault.New(op, fault.Gone, "Nothing is left to answer here: the request has been answered, withdrawn or has lapsed.")
	}
	switch r.State {
	case Withdrawn:
		return fault.Newf(op, fault.Gone, "LK-%d was withdrawn by the engineer. Nothing was changed.", r.Number)
	case Lapsed:
		return fault.Newf(op, fault.Gone, "LK-%d lapsed on %s, since nobody had answered. Nothing was changed.", r.Number, spellMoment(r.AnswerBy))
	}
	d, err := tx.DecisionOf(r.ID)
	if err != nil {
		return err
	}
	who, err := tx.Approver(d.Approver)
	if err != nil {
		return err
	}
	did := "declined"
	if d.Verdict == Approve {
		did = "approved"
	}
	return fault.Newf(op, fault.Conflict, "LK-%d was already %s by %s on %s. Nothing was changed.", r.Number, did, who.Name, spellMoment(d.At))
}

// live says whether the link was neither used nor spoilt.
func (l Link) live() bool { return l.VoidAt.IsZero() }

// proven is the tier the answer was proven by, or the refusal. A wrong number is
// counted, and the count stays although the answer is refused.
func (s *Service) proven(tx Tx, by Caller, o opened, r Request, number string) (Tier, error) {
	p := s.prove(by, o, r.Tier)
	switch {
	case p.refusal != nil:
		return 0, p.refusal
	case p.tier >= r.Tier: // a stronger proof serves a weaker tier
		return p.tier, nil
	}
	if err := s.takeNumber(tx, o.link, number); err != nil {
		return 0, err
	}
	return MailTier, nil
}

// takeNumber checks the number typed for a link, counts a wrong one, and voids
// the link at the last allowed try.
func (s *Service) takeNumber(tx Tx, link Link, typed string) error {
	const op = "jit.takeNumber"
	if s.numbers.Match(link.ID, typed) {
		return nil
	}
	link.Tries++
	left := s.estate.Policy.NumberTries - link.Tries
	if left <= 0 {
		link.VoidAt = s.now()
	}
	if err := tx.SaveLink(link); err != nil {
		return err
	}
	if left <= 0 {
		return audit.Keep(fault.Newf(op, fault.Gone, "That is not the number in the mail, for the %s time. This link no longer works.", ordinal(link.Tries)))
	}
	return audit.Keep(fault.Newf(op, fault.Denied, "That is not the number in the mail. %s left before this link stops working.", tries(left)))
}

func tries(n int) string {
	if n == 1 {
		return "One try is"
	}
	return fmt.Sprintf("%d tries are", n)
}

func ordinal(n int) string {
	suffix := "th"
	if n%100 < 11 || n%100 > 13 {
		switch n % 10 {
		case 1:
			suffix = "st"
		case 2:
			suffix = "nd"
		case 3:
			suffix = "rd"
		}
	}
	return fmt.Sprintf("%d%s", n, suffix)
}

// judgeAnswer checks that the answer is about exactly this request, and that it
// does not widen it.
func (s *Service) judgeAnswer(r Request, d *Decision) error {
	const op = "jit.judgeAnswer"
	if d.Digest != r.Digest {
		return fault.New(op, fault.Conflict, "The page you answered from does not show this request as it is. Open the link again, read it, and answer then.")
	}
	if utf8.RuneCountInString(d.Note) > LongestNote {
		return fault.Newf(op, fault.Invalid, "A note to the engineer may have %d characters at most.", LongestNote)
	}
	if d.Verdict == Decline || d.Duration == 0 {
		d.Duration = r.Duration
	}
	if d.Duration < s.estate.Policy.Shortest || d.Duration > r.Duration || d.Duration%time.Second != 0 {
		return fault.Newf(op, fault.Invalid, "You may shorten the access to %s at least, and not lengthen it beyond the %s asked for.", Spell(s.estate.Policy.Shortest), Spell(r.Duration))
	}
	return nil
}

func (s *Service) decline(tx Tx, r Request, d Decision) (Request, error) {
	telling := s.estate.Tell(r, d.At)
	telling.Why = d.Note
	if err := s.settleRequest(tx, &r, Declined, &d); err != nil {
		return Request{}, err
	}
	if n, ok := telling.Engineer(NoticeDeclined); ok {
		if err := tx.Enqueue(n); err != nil {
			return Request{}, err
		}
	}
	return r, nil
}

// settleRequest moves a pending request to where it stays, keeps the decision if
// there is one, and voids every link to it.
func (s *Service) settleRequest(tx Tx, r *Request, to RequestState, d *Decision) error {
	if err := tx.MoveRequest(r.ID, Pending, to); err != nil {
		return err
	}
	r.State = to
	if d != nil {
		if err := tx.InsertDecision(*d); err != nil {
			return err
		}
	}
	return VoidLinks(tx, r.ID, s.now())
}

// VoidLinks voids every live link to a request: nothing is left to answer.
func VoidLinks(tx Tx, id RequestID, at time.Time) error {
	links, err := tx.LinksOf(id)
	if err != nil {
		return err
	}
	for _, l := range links {
		if !l.live() {
			continue
		}
		l.VoidAt = at
		if err := tx.SaveLink(l); err != nil {
			return err
		}
	}
	return nil
}

// useApproval is the one transaction of this product: judge everything again,
// use the approval up, write the grant and its end. What is done about it comes
// after the commit, by the reconciler.
func (s *Service) useApproval(tx Tx, note *audit.Entry, r Request, d Decision) (Request, error) {
	if why := s.judgeAgain(r, d); why != "" {
		telling := s.estate.Tell(r, d.At)
		telling.Why = why
		if err := s.settleRequest(tx, &r, RefusedAtUse, &d); err != nil {
			return Request{}, err
		}
		if err := telling.BothSides(tx, NoticeFailed); err != nil {
			return Request{}, err
		}
		return Request{}, audit.Keep(fault.Newf("jit.useApproval", fault.Conflict, "LK-%d was approved, but nothing is granted: %s", r.Number, why))
	}
	if err := s.settleRequest(tx, &r, Approved, &d); err != nil {
		return Request{}, err
	}
	grant := Grant{
		ID: newID[GrantID](), Request: r.ID, Engineer: r.Engineer, Customer: r.Customer,
		State: Scheduled, Begins: d.At, Ends: d.At.Add(d.Duration),
	}
	episode, err := s.episodeFor(tx, r, grant)
	if err != nil {
		return Request{}, err
	}
	grant.Episode = episode.ID
	if err := tx.InsertGrant(grant); err != nil {
		return Request{}, err
	}
	note.Grant, note.Episode = string(grant.ID), episode.ID.String()
	note.Detail["begins"] = grant.Begins.Format(time.RFC3339)
	note.Detail["ends"] = grant.Ends.Format(time.RFC3339)
	note.Detail["object"] = episode.Name.String()
	return r, nil
}

// judgeAgain judges at the moment of use what was judged when the request was
// filed (I2, TH-E7): the estate may have changed since. It answers one sentence,
// or nothing.
func (s *Service) judgeAgain(r Request, d Decision) string {
	customer, ok := s.estate.CustomerByTenant(r.Customer)
	if !ok {
		return "Latchkey no longer looks after this customer."
	}
	engineer, ok := s.estate.PersonByID(r.Engineer)
	if !ok {
		return fmt.Sprintf("the engineer no longer works through %s.", s.estate.Partner.Name)
	}
	if own, ok := engineer.AccountIn(r.Customer); !ok || own.Object != r.Principal {
		return "the engineer's account in the customer's tenant is not the one the request named."
	}
	offer, ok := customer.OfferOf(r.Role)
	if !ok {
		return fmt.Sprintf("%s no longer offers %s.", customer.Tenant.Name, r.RoleName)
	}
	if offer.Role.Content() != r.RoleContent {
		return fmt.Sprintf("%s allows something else now than when it was asked for.", r.RoleName)
	}
	class := roleclass.Of(offer.Role)
	if class != r.Class || customer.tierFor(class) > d.Tier {
		return fmt.Sprintf("approving %s needs a stronger proof now than when it was asked for.", r.RoleName)
	}
	if _, ok := s.connectors[r.Service]; !ok {
		return "Latchkey no longer gives access to this service."
	}
	for _, err := range []error{s.judgeScope(customer, r.Scope), s.judgeDuration(offer, d.Duration)} {
		if err != nil {
			public := fault.PublicOf(err)
			return strings.ToLower(public[:1]) + public[1:]
		}
	}
	return ""
}

// episodeFor finds the live episode that already owns this access and lets the
// grant join it, or begins one. An episode lives until the last of its grants
// ends, so that none cuts another (I8).
func (s *Service) episodeFor(tx Tx, r Request, g Grant) (Episode, error) {
	e, err := tx.LiveEpisode(r.Target())
	if err == nil {
		if g.Ends.After(e.Until) {
			e.Until = g.Ends
		}
		if err := tx.SaveEpisode(e); err != nil {
			return Episode{}, err
		}
		return e, tx.HurryEpisode(e.ID, GrantLane, g.Begins)
	}
	if !fault.Is(err, fault.NotFound) {
		return Episode{}, err
	}
	e = Episode{
		ID: newEpisodeID(), Target: r.Target(), Phase: Intended, Until: g.Ends, RoleContent: r.RoleContent,
		Lane: GrantLane, Due: g.Begins,
	}
	e.Name = ObjectName(s.estate.Instance, e.Target, e.ID)
	return e, tx.InsertEpisode(e)
}
