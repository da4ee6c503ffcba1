package jit

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"latchkey/csp"
	"latchkey/internal/audit"
	"latchkey/internal/fault"
)

// enrolWithin is how long an enrolment link works. It may be long, since the
// link alone opens nothing: its holder must also type the number from the mail
// and sign in to the customer's own tenant.
const enrolWithin = 30 * 24 * time.Hour

// Invite makes a contact of the estate known as an approver and mails him his
// enrolment link. A contact who is known already is answered as he is, and
// nothing is mailed.
func (s *Service) Invite(ctx context.Context, customer csp.TenantID, contact Contact) (Approver, error) {
	const op = "jit.Invite"
	act := audit.Act{Verb: "approver.invite", Actor: Latchkey()}
	fresh := Approver{ID: newID[ApproverID](), Tenant: customer, Name: contact.Name, Address: contact.Address}
	link := Link{ID: newID[LinkID](), Kind: EnrolLink, Approver: fresh.ID, Expires: s.now().Add(enrolWithin)}
	var approver Approver
	err := s.gate.Do(ctx, act, func(tx Tx, note *audit.Entry) error {
		approver = fresh
		c, ok := s.estate.CustomerByTenant(customer)
		if !ok {
			return missing(op, "customer")
		}
		note.Tenant = customer
		if !c.Designates(fresh) {
			return fault.Newf(op, fault.Invalid, "%s does not name %s as a contact.", c.Tenant.Name, contact.Name)
		}
		if s.isOurs(fresh) {
			return fault.Newf(op, fault.Denied, "%s works for %s and cannot approve for %s.", contact.Name, s.estate.Partner.Name, c.Tenant.Name)
		}
		known, err := tx.ApproversOf(customer)
		if err != nil {
			return err
		}
		for _, a := range known {
			if strings.EqualFold(a.Address, contact.Address) {
				approver = a
				return audit.ErrUnchanged
			}
		}
		note.Text = fmt.Sprintf("%s was invited to approve for %s.", contact.Name, c.Tenant.Name)
		note.Detail = map[string]string{"approver": string(fresh.ID)}
		notice := Notice{
			ID: newID[NoticeID](), Kind: NoticeEnrol, At: s.now(), ToName: contact.Name, ToAddress: contact.Address,
			Link: link.ID, Tenant: customer, CustomerName: c.Tenant.Name, PartnerName: s.estate.Partner.Name, AnswerBy: link.Expires,
		}
		return errors.Join(tx.SaveApprover(fresh), tx.InsertLink(link), tx.Enqueue(notice))
	})
	if err != nil {
		return Approver{}, fault.In(op, err)
	}
	return approver, nil
}

// EnrolPage is what the holder of an enrolment link may see. Opening it changes
// nothing.
func (s *Service) EnrolPage(ctx context.Context, by Caller, link LinkID) (EnrolPage, error) {
	var page EnrolPage
	err := s.store.View(ctx, func(tx Tx) error {
		o, err := s.openLink(tx, link, EnrolLink)
		if err != nil {
			return err
		}
		if err := s.enrollable(o); err != nil {
			return err
		}
		page = EnrolPage{Link: o.link, Approver: o.approver, Customer: Customer{Tenant: o.customer.Tenant}}
		page.Trouble = fault.PublicOf(s.mayEnrol(by, o))
		return nil
	})
	if err != nil {
		return EnrolPage{}, fault.In("jit.EnrolPage", err)
	}
	return page, nil
}

// enrollable says why an enrolment link no longer works.
func (s *Service) enrollable(o opened) error {
	const op = "jit.enrollable"
	switch {
	case o.approver.Enrolled():
		return fault.Newf(op, fault.Conflict, "%s is enrolled already. Nothing was changed.", o.approver.Name)
	case !o.link.live():
		return fault.New(op, fault.Gone, "This link no longer works: a wrong number was typed too often.")
	case !s.now().Before(o.link.Expires):
		return fault.Newf(op, fault.Gone, "This link expired on %s.", spellMoment(o.link.Expires))
	}
	return nil
}

// mayEnrol says why the caller cannot be bound to the contact.
func (s *Service) mayEnrol(by Caller, o opened) error {
	const op = "jit.mayEnrol"
	if !by.SignedIn() {
		return fault.Newf(op, fault.Unauthenticated, "Sign in to %s's tenant to enrol.", o.customer.Tenant.Name)
	}
	if err := s.refuseOurs(by, o); err != nil {
		return err
	}
	if by.Account.Tenant != o.customer.Tenant.ID {
		return fault.Newf(op, fault.Denied, "You are signed in to another tenant. Sign in with your account at %s.", o.customer.Tenant.Name)
	}
	return nil
}

// Enrol binds the contact who was mailed the link to the account he is signed in
// with, from then on and for good.
func (s *Service) Enrol(ctx context.Context, by Caller, link LinkID, number string) (Approver, error) {
	const op = "jit.Enrol"
	act := audit.Act{Verb: "approver.enrol", Actor: s.holder(by)}
	var enrolled Approver
	err := s.gate.Do(ctx, act, func(tx Tx, note *audit.Entry) error {
		o, err := s.openLink(tx, link, EnrolLink)
		if err != nil {
			return err
		}
		note.Tenant = o.customer.Tenant.ID
		if err := s.enrollable(o); err != nil {
			return err
		}
		if err := s.mayEnrol(by, o); err != nil {
			return err
		}
		if err := s.accountIsFree(tx, by, o); err != nil {
			return err
		}
		if err := s.takeNumber(tx, o.link, number); err != nil {
			return err
		}
		enrolled = o.approver
		enrolled.Account, enrolled.EnrolledAt = by.Account, s.now()
		o.link.VoidAt = enrolled.EnrolledAt
		note.Text = fmt.Sprintf("%s enrolled to approve for %s.", enrolled.Name, o.customer.Tenant.Name)
		note.Detail = map[string]string{"approver": string(enrolled.ID), "link": string(link)}
		return errors.Join(tx.SaveApprover(enrolled), tx.SaveLink(o.link))
	})
	if err != nil {
		return Approver{}, fault.In(op, err)
	}
	return enrolled, nil
}

// accountIsFree refuses an account that another contact is bound to: one human
// counts once (I4).
func (s *Service) accountIsFree(tx Tx, by Caller, o opened) error {
	others, err := tx.ApproversOf(o.customer.Tenant.ID)
	if err != nil {
		return err
	}
	for _, a := range others {
		if a.ID != o.approver.ID && a.Enrolled() && a.Account == by.Account {
			return fault.Newf("jit.accountIsFree", fault.Conflict, "This account is enrolled already, as %s. One person is one contact.", a.Name)
		}
	}
	return nil
}
