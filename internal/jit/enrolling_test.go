package jit_test

import (
	"testing"
	"time"

	"latchkey/internal/fault"
	"latchkey/internal/jit"
	"latchkey/internal/jit/jittest"
)

func enrolLink(h *jittest.House, name string) jit.LinkID {
	h.Helper()
	for _, n := range h.Mail(jit.NoticeEnrol) {
		if n.ToName == name {
			return n.Link
		}
	}
	h.Fatalf("%s was never invited", name)
	return ""
}

func TestInvite(t *testing.T) {
	house(t, func(h *jittest.House) {
		bert := h.Estate.Customers[0].Contacts[1]
		entries := len(h.Log())
		unchanged(h, func() {
			shouted := bert
			shouted.Address = "BERT@CONTOSO.EXAMPLE"
			for _, contact := range []jit.Contact{bert, shouted} {
				a, err := h.Service.Invite(h.Context(), jittest.Contoso.ID, contact)
				if err != nil || a.Name != "Bert" || a.Address != bert.Address {
					h.Errorf("Invite again = %+v, %v", a, err)
				}
			}
		})
		if len(h.Log()) != entries {
			h.Error("inviting again wrote something")
		}
		unchanged(h, func() {
			_, err := h.Service.Invite(h.Context(), jittest.Contoso.ID, jit.Contact{Name: "Zoe", Address: "zoe@contoso.example"})
			wantRefusal(h, err, fault.Invalid, "does not name Zoe")
			_, err = h.Service.Invite(h.Context(), jittest.Fabrikam.ID, bert)
			wantRefusal(h, err, fault.NotFound, "no such customer")
		})
		h.Estate.Customers[0].Contacts = append(h.Estate.Customers[0].Contacts, jit.Contact{Name: "James", Address: "James@Fabrikam.example"})
		unchanged(h, func() {
			_, err := h.Service.Invite(h.Context(), jittest.Contoso.ID, h.Estate.Customers[0].Contacts[2])
			wantRefusal(h, err, fault.Denied, "works for Fabrikam Cloud")
		})
	})
}

func TestAContactWhoseLinkExpiredIsInvitedAnew(t *testing.T) {
	house(t, func(h *jittest.House) {
		bert := h.Estate.Customers[0].Contacts[1]
		old := enrolLink(h, bert.Name)
		time.Sleep(31 * 24 * time.Hour)
		again, err := h.Service.Invite(h.Context(), jittest.Contoso.ID, bert)
		if err != nil {
			h.Fatal(err)
		}
		notices := h.Mail(jit.NoticeEnrol)
		fresh := notices[len(notices)-1]
		if fresh.ToName != bert.Name || fresh.Link == old {
			h.Errorf("the last invitation is %+v", fresh)
		}
		page, err := h.Service.EnrolPage(h.Context(), jit.Caller{}, fresh.Link)
		if err != nil || page.Approver.ID != again.ID {
			h.Errorf("the new link opens %+v, %v", page, err)
		}
		before := len(h.Mail(jit.NoticeEnrol))
		if _, err := h.Service.Invite(h.Context(), jittest.Contoso.ID, bert); err != nil || len(h.Mail(jit.NoticeEnrol)) != before {
			h.Errorf("he was mailed twice, %v", err)
		}
	})
}

func TestEnrol(t *testing.T) {
	tests := []struct {
		name   string
		who    func(*jittest.House) jit.Caller
		number string // empty: the right one
		kind   fault.Kind
		says   string
	}{
		{"not signed in", func(*jittest.House) jit.Caller { return jit.Caller{} }, "", fault.Unauthenticated, "Sign in to Contoso's tenant"},
		{"signed in to another tenant", (*jittest.House).Carla, "", fault.Denied, "another tenant"},
		{"the engineer at home", (*jittest.House).James, "", fault.Denied, "own people cannot"},
		{"the engineer as guest", (*jittest.House).JamesAsGuest, "", fault.Denied, "own people cannot"},
		{"another guest", func(h *jittest.House) jit.Caller { c := h.Bert(); c.Guest = true; return c }, "", fault.Denied, "as a guest"},
		{"an account that is enrolled already", (*jittest.House).Anna, "", fault.Conflict, "enrolled already, as Anna"},
		{"a wrong number", (*jittest.House).Bert, "12", fault.Denied, "4 tries are left"},
	}
	for _, tt := range tests {
		t.Run(tt.name+" is refused", func(t *testing.T) {
			house(t, func(h *jittest.House) {
				link := enrolLink(h, "Bert")
				number := tt.number
				if number == "" {
					number = h.Numbers.For(link)
				}
				unchanged(h, func() {
					_, err := h.Service.Enrol(h.Context(), tt.who(h), link, number)
					wantRefusal(h, err, tt.kind, tt.says)
				})
			})
		})
	}
	t.Run("binds the contact to his account, once", func(t *testing.T) {
		house(t, func(h *jittest.House) {
			link := enrolLink(h, "Bert")
			page, err := h.Service.EnrolPage(h.Context(), jit.Caller{}, link)
			if err != nil || page.Approver.Name != "Bert" || page.Trouble == "" || len(page.Customer.Roles) != 0 {
				h.Errorf("page: %+v, %v", page, err)
			}
			if page, err = h.Service.EnrolPage(h.Context(), h.Bert(), link); err != nil || page.Trouble != "" {
				h.Errorf("page for Bert: %+v, %v", page, err)
			}
			a, err := h.Service.Enrol(h.Context(), h.Bert(), link, h.Numbers.For(link))
			if err != nil || a.Account != h.Bert().Account || a.EnrolledAt.IsZero() {
				h.Fatalf("Enrol = %+v, %v", a, err)
			}
			other := h.Bert()
			other.Account.Object[15]++
			unchanged(h, func() {
				_, err = h.Service.Enrol(h.Context(), other, link, h.Numbers.For(link))
				wantRefusal(h, err, fault.Conflict, "enrolled already")
			})
			if _, err := h.Service.EnrolPage(h.Context(), other, link); !fault.Is(err, fault.Conflict) {
				h.Errorf("page afterwards: %v", err)
			}
			r := h.File(jittest.Machinist)
			if _, err := h.Service.Decide(h.Context(), h.Bert(), h.Answer("Bert", r, jit.Approve)); err != nil {
				h.Errorf("Bert cannot approve: %v", err)
			}
		})
	})
	t.Run("five wrong numbers spoil the link", func(t *testing.T) {
		house(t, func(h *jittest.House) {
			link := enrolLink(h, "Bert")
			for range 5 {
				if _, err := h.Service.Enrol(h.Context(), h.Bert(), link, "x"); err == nil {
					h.Fatal("accepted")
				}
			}
			_, err := h.Service.Enrol(h.Context(), h.Bert(), link, h.Numbers.For(link))
			wantRefusal(h, err, fault.Gone, "typed too often")
		})
	})
	t.Run("an old link is refused", func(t *testing.T) {
		house(t, func(h *jittest.House) {
			link := enrolLink(h, "Bert")
			time.Sleep(31 * 24 * time.Hour)
			_, err := h.Service.Enrol(h.Context(), h.Bert(), link, h.Numbers.For(link))
			wantRefusal(h, err, fault.Gone, "expired")
		})
	})
	t.Run("a decide link enrols nobody", func(t *testing.T) {
		house(t, func(h *jittest.House) {
			link := h.LinkTo("Bert", h.File(jittest.Reader).ID)
			_, err := h.Service.Enrol(h.Context(), h.Bert(), link, h.Numbers.For(link))
			wantRefusal(h, err, fault.NotFound, "opens nothing")
		})
	})
}
