package jit

import (
	"time"
)

// Telling makes the notices about one request: the same facts, one recipient
// each.
type Telling struct {
	estate  *Estate
	about   Request
	at      time.Time
	Begins  time.Time
	Ends    time.Time
	Why     string
	Granted time.Duration // how long was granted, if less than was asked for
}

// Tell begins notices about the request.
func (e *Estate) Tell(about Request, at time.Time) *Telling {
	return &Telling{estate: e, about: about, at: at}
}

func (t *Telling) notice(kind NoticeKind) Notice {
	n := Notice{
		ID: newID[NoticeID](), Kind: kind, At: t.at,
		Request: t.about.ID, Number: t.about.Number, Tenant: t.about.Customer, Tier: t.about.Tier,
		PartnerName: t.estate.Partner.Name, RoleName: t.about.RoleName, Scope: t.about.Scope,
		Duration: t.about.Duration, Reason: t.about.Reason, AnswerBy: t.about.AnswerBy,
		Begins: t.Begins, Ends: t.Ends, Why: t.Why,
	}
	if t.Granted > 0 {
		n.Duration = t.Granted
	}
	if c, ok := t.estate.CustomerByTenant(t.about.Customer); ok {
		n.CustomerName = c.Tenant.Name
	}
	if p, ok := t.estate.PersonByID(t.about.Engineer); ok {
		n.EngineerName = p.Name
	}
	return n
}

// Engineer tells the engineer who asked; false if the estate knows no address
// of his any more.
func (t *Telling) Engineer(kind NoticeKind) (Notice, bool) {
	p, ok := t.estate.PersonByID(t.about.Engineer)
	if !ok || p.Mail == "" {
		return Notice{}, false
	}
	n := t.notice(kind)
	n.ToName, n.ToAddress = p.Name, p.Mail
	return n, true
}

// Approver tells a contact of the customer.
func (t *Telling) Approver(kind NoticeKind, a Approver) Notice {
	n := t.notice(kind)
	n.ToName, n.ToAddress = a.Name, a.Address
	return n
}

// Asking is the mail that asks a contact for his answer and points to his link.
func (t *Telling) Asking(a Approver, link LinkID) Notice {
	n := t.Approver(NoticeAsk, a)
	n.Link = link
	return n
}

// Operators tells everybody who operates the installation.
func (t *Telling) Operators(kind NoticeKind) []Notice {
	var all []Notice
	for _, p := range t.estate.People {
		if p.Operator && p.Mail != "" {
			n := t.notice(kind)
			n.ToName, n.ToAddress = p.Name, p.Mail
			all = append(all, n)
		}
	}
	return all
}

// BothSides tells the engineer who asked and the contact who decided. It reads
// who decided in tx, and puts the notices into its outbox.
func (t *Telling) BothSides(tx Tx, kind NoticeKind) error {
	if n, ok := t.Engineer(kind); ok {
		if err := tx.Enqueue(n); err != nil {
			return err
		}
	}
	decision, err := tx.DecisionOf(t.about.ID)
	if err != nil {
		return err
	}
	approver, err := tx.Approver(decision.Approver)
	if err != nil {
		return err
	}
	return tx.Enqueue(t.Approver(kind, approver))
}
