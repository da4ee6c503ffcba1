package jit

import (
	"context"

	"latchkey/access/roleclass"
	"latchkey/internal/fault"
)

// listed is how many requests a person's own lists hold at most.
const listed = 50

// Story is a request with all that came of it, for the engineer who asked, the
// customer's enrolled approvers, and operators. All others get the same answer
// as for a request that is not there.
func (s *Service) Story(ctx context.Context, by Caller, id RequestID) (Story, error) {
	const op = "jit.Story"
	var story Story
	err := s.store.View(ctx, func(tx Tx) error {
		r, err := tx.Request(id)
		if fault.Is(err, fault.NotFound) {
			return missing(op, "request")
		}
		if err != nil {
			return err
		}
		_, role, err := s.standing(tx, by, r.Engineer, r.Customer)
		if err != nil {
			return err
		}
		if role == stranger {
			return missing(op, "request")
		}
		story, err = s.story(tx, r)
		return err
	})
	if err != nil {
		return Story{}, fault.In(op, err)
	}
	return story, nil
}

// Mine are the caller's own requests with what came of them, newest first.
func (s *Service) Mine(ctx context.Context, by Caller) ([]Story, error) {
	const op = "jit.Mine"
	engineer, err := s.engineer(op, by)
	if err != nil {
		return nil, err
	}
	var mine []Story
	err = s.store.View(ctx, func(tx Tx) error {
		mine = nil
		requests, err := tx.Requests(RequestQuery{Engineer: engineer.ID, Most: listed})
		if err != nil {
			return err
		}
		for _, r := range requests {
			story, err := s.story(tx, r)
			if err != nil {
				return err
			}
			mine = append(mine, story)
		}
		return nil
	})
	if err != nil {
		return nil, fault.In(op, err)
	}
	return mine, nil
}

// Inbox are the requests of an enrolled approver's customer, newest first, with
// his link to each that he can still answer.
func (s *Service) Inbox(ctx context.Context, by Caller) ([]InboxItem, error) {
	const op = "jit.Inbox"
	if !by.SignedIn() {
		return nil, fault.New(op, fault.Unauthenticated, "Sign in to your own tenant first.")
	}
	var inbox []InboxItem
	err := s.store.View(ctx, func(tx Tx) error {
		inbox = nil
		approver, customer, ok, err := s.asApprover(tx, by)
		if err != nil {
			return err
		}
		if !ok {
			return fault.New(op, fault.Denied, "The account you are signed in with is not enrolled to answer requests. Follow the enrolment mail first.")
		}
		requests, err := tx.Requests(RequestQuery{Customer: customer.Tenant.ID, Most: listed})
		if err != nil {
			return err
		}
		for _, r := range requests {
			item := InboxItem{}
			if item.Story, err = s.story(tx, r); err != nil {
				return err
			}
			if item.Link, err = s.linkFor(tx, r, approver); err != nil {
				return err
			}
			inbox = append(inbox, item)
		}
		return nil
	})
	if err != nil {
		return nil, fault.In(op, err)
	}
	return inbox, nil
}

// linkFor is the approver's own live link to a request that waits for an answer.
func (s *Service) linkFor(tx Tx, r Request, a Approver) (LinkID, error) {
	if r.State != Pending || !s.now().Before(r.AnswerBy) {
		return "", nil
	}
	links, err := tx.LinksOf(r.ID)
	if err != nil {
		return "", err
	}
	for _, l := range links {
		if l.Approver == a.ID && l.live() {
			return l.ID, nil
		}
	}
	return "", nil
}

// story gathers what came of a request.
func (s *Service) story(tx Tx, r Request) (Story, error) {
	story := Story{Request: r}
	// Who left the estate since is shown by his short name.
	story.Engineer = Person{ID: r.Engineer, Name: string(r.Engineer)}
	if p, ok := s.estate.PersonByID(r.Engineer); ok {
		story.Engineer = p
	}
	story.Customer.Tenant.ID = r.Customer
	if c, ok := s.estate.CustomerByTenant(r.Customer); ok {
		story.Customer = c
		if offer, ok := c.OfferOf(r.Role); ok {
			story.Allows = roleclass.Plain(offer.Role)
		}
	}
	switch r.State {
	case Approved, Declined, RefusedAtUse:
		return story, s.decided(tx, &story)
	}
	return story, nil
}

func (s *Service) decided(tx Tx, story *Story) error {
	decision, err := tx.DecisionOf(story.Request.ID)
	if err != nil {
		return err
	}
	approver, err := tx.Approver(decision.Approver)
	if err != nil {
		return err
	}
	story.Decision, story.Approver = &decision, &approver
	if story.Request.State != Approved {
		return nil
	}
	grant, err := tx.GrantOf(story.Request.ID)
	if err != nil {
		return err
	}
	episode, err := tx.Episode(grant.Episode)
	if err != nil {
		return err
	}
	story.Grant, story.Episode = &grant, &episode
	return nil
}
