package jit

import (
	"context"
	"fmt"
	"time"

	"latchkey/csp"
	"latchkey/internal/audit"
	"latchkey/internal/fault"
)

// Withdraw takes a pending request back. Only the engineer who filed it can.
func (s *Service) Withdraw(ctx context.Context, by Caller, id RequestID) error {
	const op = "jit.Withdraw"
	act := audit.Act{Verb: "request.withdraw", Actor: s.actor(by)}
	err := s.gate.Do(ctx, act, func(tx Tx, note *audit.Entry) error {
		engineer, err := s.engineer(op, by)
		if err != nil {
			return err
		}
		r, err := tx.Request(id)
		if fault.Is(err, fault.NotFound) || err == nil && r.Engineer != engineer.ID {
			return missing(op, "request")
		}
		if err != nil {
			return err
		}
		note.Tenant, note.Request = r.Customer, string(r.ID)
		if r.State != Pending {
			return fault.Newf(op, fault.Conflict, "LK-%d can no longer be withdrawn: it is %s.", r.Number, r.State)
		}
		note.Text = fmt.Sprintf("%s withdrew LK-%d.", engineer.Name, r.Number)
		return s.withdraw(tx, r)
	})
	return fault.In(op, err)
}

func (s *Service) withdraw(tx Tx, r Request) error {
	links, err := tx.LinksOf(r.ID)
	if err != nil {
		return err
	}
	if err := s.settleRequest(tx, &r, Withdrawn, nil); err != nil {
		return err
	}
	telling := s.estate.Tell(r, s.now())
	for _, l := range links {
		a, err := tx.Approver(l.Approver)
		if err != nil {
			return err
		}
		if err := tx.Enqueue(telling.Approver(NoticeWithdrawn, a)); err != nil {
			return err
		}
	}
	return nil
}

// EndNow ends a grant before its time: the engineer whose it is, an enrolled
// approver of the customer, or an operator may. Asking twice changes nothing.
// When it returns, the end is written down and due; the removal follows.
func (s *Service) EndNow(ctx context.Context, by Caller, id GrantID) error {
	const op = "jit.EndNow"
	act := audit.Act{Verb: "grant.endnow", Actor: s.actor(by)}
	err := s.gate.Do(ctx, act, func(tx Tx, note *audit.Entry) error {
		g, err := tx.Grant(id)
		if fault.Is(err, fault.NotFound) {
			return missing(op, "grant")
		}
		if err != nil {
			return err
		}
		who, role, err := s.standing(tx, by, g.Engineer, g.Customer)
		if err != nil {
			return err
		}
		if role == stranger {
			return missing(op, "grant")
		}
		note.Tenant, note.Request, note.Grant, note.Episode = g.Customer, string(g.Request), string(g.ID), g.Episode.String()
		if !g.State.Open() {
			return fault.Newf(op, fault.Gone, "This access ended already, on %s.", spellMoment(g.EndedAt))
		}
		if g.EndNowBy != "" {
			return audit.ErrUnchanged
		}
		note.Text = fmt.Sprintf("%s asked to end the access now.", who)
		g.EndNowBy = string(role)
		if role != asContact {
			g.EndNowBy = s.actor(by).Person
		}
		return s.endNow(tx, g)
	})
	if err != nil {
		return fault.In(op, err)
	}
	s.wake()
	return nil
}

// standing is what a caller is to a grant or request.
type standing string

const (
	stranger   standing = ""
	asEngineer standing = "engineer"
	asOperator standing = "operator"
	asContact  standing = "approver"
)

// standing finds out what the caller is to something an engineer has at a
// customer, and his name. It is the one rule of who may see and end (TH-E6).
func (s *Service) standing(tx Tx, by Caller, engineer PersonID, customer csp.TenantID) (string, standing, error) {
	if !by.SignedIn() {
		return "", stranger, nil
	}
	if p, ok := s.estate.PersonByAccount(by.Account); ok {
		switch {
		case by.Guest || p.Home != by.Account:
			return "", stranger, nil
		case p.ID == engineer:
			return p.Name, asEngineer, nil
		case p.Operator:
			return p.Name, asOperator, nil
		}
		return "", stranger, nil
	}
	a, c, ok, err := s.asApprover(tx, by)
	if err != nil || !ok || c.Tenant.ID != customer {
		return "", stranger, err
	}
	return a.Name, asContact, nil
}

// endNow marks the grant and makes its episode due at once. The grant stays as
// it is until absence was read, or until it is seen that another grant still
// needs the access.
func (s *Service) endNow(tx Tx, g Grant) error {
	now := s.now()
	if err := tx.SaveGrant(g, g.State); err != nil {
		return err
	}
	e, err := tx.Episode(g.Episode)
	if err != nil {
		return err
	}
	if e.Phase != Intended && e.Phase != Present {
		return nil // its removal is on the way
	}
	grants, err := tx.GrantsOfEpisode(e.ID)
	if err != nil {
		return err
	}
	e.Until = LatestEnd(grants, now)
	if err := tx.SaveEpisode(e); err != nil {
		return err
	}
	return tx.HurryEpisode(e.ID, RevokeLane, now)
}

// Lives says whether the grant still asks for its access at the moment.
func (g Grant) Lives(at time.Time) bool {
	return g.State.Open() && g.EndNowBy == "" && g.Ends.After(at)
}

// LatestEnd is when the last of the grants that still live ends; now if none
// does.
func LatestEnd(grants []Grant, now time.Time) time.Time {
	latest := now
	for _, g := range grants {
		if g.Lives(now) && g.Ends.After(latest) {
			latest = g.Ends
		}
	}
	return latest
}
