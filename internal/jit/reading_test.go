package jit_test

import (
	"testing"
	"time"

	"latchkey/internal/fault"
	"latchkey/internal/jit"
	"latchkey/internal/jit/jittest"
)

func TestWhoSeesAStory(t *testing.T) {
	house(t, func(h *jittest.House) {
		r := h.File(jittest.Restarter)
		h.Approve(r)
		sees := map[string]struct {
			by   jit.Caller
			want bool
		}{
			"James": {h.James(), true}, "Mia": {h.Mia(), true}, "Anna": {h.Anna(), true},
			"nobody": {jit.Caller{}, false}, "Otto": {h.Otto(), false}, "Bert, not enrolled": {h.Bert(), false},
			"Carla": {h.Carla(), false}, "James as guest": {h.JamesAsGuest(), false},
			"Anna's account as a guest's": {func() jit.Caller { c := h.Anna(); c.Guest = true; return c }(), false},
		}
		var sentence string
		for name, s := range sees {
			story, err := h.Service.Story(h.Context(), s.by, r.ID)
			if s.want {
				if err != nil || story.Request.ID != r.ID || story.Grant == nil || story.Episode == nil || story.Decision == nil || story.Approver.Name != "Anna" || story.Engineer.Name != "James" {
					h.Errorf("%s: %+v, %v", name, story, err)
				}
				continue
			}
			if !fault.Is(err, fault.NotFound) {
				h.Errorf("%s: %v", name, err)
			}
			sentence = fault.PublicOf(err)
		}
		_, err := h.Service.Story(h.Context(), h.Otto(), "ABCDEFGHIJKLMNOPQRSTUVWXYZ")
		if !fault.Is(err, fault.NotFound) || fault.PublicOf(err) != sentence {
			h.Errorf("missing says %q, not yours says %q", fault.PublicOf(err), sentence)
		}
		h.Estate.Customers[0].Contacts = nil
		if _, err := h.Service.Story(h.Context(), h.Anna(), r.ID); !fault.Is(err, fault.NotFound) {
			h.Errorf("Anna, no longer named: %v", err)
		}
	})
}

func TestMine(t *testing.T) {
	house(t, func(h *jittest.House) {
		first, second := h.File(jittest.Restarter), h.File(jittest.Reader)
		h.FileAsk(h.Otto(), h.AskFor(jittest.Reader))
		h.Approve(first)
		mine, err := h.Service.Mine(h.Context(), h.James())
		if err != nil || len(mine) != 2 || mine[0].Request.ID != second.ID || mine[1].Request.ID != first.ID {
			h.Fatalf("Mine = %+v, %v", mine, err)
		}
		if mine[0].Grant != nil || mine[1].Grant == nil {
			h.Error("not each request has what came of it")
		}
		for _, by := range []jit.Caller{{}, h.Anna(), h.JamesAsGuest()} {
			if _, err := h.Service.Mine(h.Context(), by); err == nil {
				h.Errorf("%+v has a list", by)
			}
		}
	})
}

func TestInbox(t *testing.T) {
	house(t, func(h *jittest.House) {
		first, second := h.File(jittest.Restarter), h.File(jittest.Machinist)
		h.Approve(first)
		inbox, err := h.Service.Inbox(h.Context(), h.Anna())
		if err != nil || len(inbox) != 2 {
			h.Fatalf("Inbox = %+v, %v", inbox, err)
		}
		if inbox[0].Story.Request.ID != second.ID || inbox[0].Link != h.LinkTo("Anna", second.ID) {
			h.Errorf("the open one: %+v", inbox[0])
		}
		if inbox[1].Link != "" {
			h.Error("there is a link to what was answered")
		}
		carlas, err := h.Service.Inbox(h.Context(), h.Carla())
		if err != nil || len(carlas) != 0 {
			h.Errorf("Carla sees %+v, %v", carlas, err)
		}
		for _, by := range []jit.Caller{{}, h.Bert(), h.James(), h.JamesAsGuest()} {
			if _, err := h.Service.Inbox(h.Context(), by); err == nil {
				h.Errorf("%+v has an inbox", by)
			}
		}
		time.Sleep(4 * time.Hour)
		inbox, err = h.Service.Inbox(h.Context(), h.Anna())
		if err != nil || inbox[0].Link != "" {
			h.Errorf("after the time to answer: %+v, %v", inbox, err)
		}
	})
}

func TestWithdraw(t *testing.T) {
	house(t, func(h *jittest.House) {
		r := h.File(jittest.Restarter)
		for name, by := range map[string]jit.Caller{"Otto": h.Otto(), "Mia": h.Mia()} {
			unchanged(h, func() {
				if err := h.Service.Withdraw(h.Context(), by, r.ID); !fault.Is(err, fault.NotFound) {
					h.Errorf("%s: %v", name, err)
				}
			})
		}
		for name, by := range map[string]jit.Caller{"nobody": {}, "Anna": h.Anna(), "James as guest": h.JamesAsGuest()} {
			unchanged(h, func() {
				if err := h.Service.Withdraw(h.Context(), by, r.ID); err == nil {
					h.Errorf("%s may withdraw", name)
				}
			})
		}
		if err := h.Service.Withdraw(h.Context(), h.James(), r.ID); err != nil {
			h.Fatal(err)
		}
		if got := h.Request(r.ID).State; got != jit.Withdrawn {
			h.Errorf("the request is %s", got)
		}
		if told := h.Mail(jit.NoticeWithdrawn); len(told) != 2 {
			h.Errorf("told: %+v", told)
		}
		unchanged(h, func() {
			wantRefusal(h, h.Service.Withdraw(h.Context(), h.James(), r.ID), fault.Conflict, "it is withdrawn")
		})
	})
}

func TestWhoMayEndNow(t *testing.T) {
	house(t, func(h *jittest.House) {
		r := h.File(jittest.Restarter)
		g := h.Approve(r)
		h.Drain()
		for name, by := range map[string]jit.Caller{
			"nobody": {}, "Otto": h.Otto(), "Bert, not enrolled": h.Bert(), "Carla": h.Carla(), "James as guest": h.JamesAsGuest(),
		} {
			unchanged(h, func() {
				if err := h.Service.EndNow(h.Context(), by, g.ID); !fault.Is(err, fault.NotFound) {
					h.Errorf("%s: %v", name, err)
				}
			})
		}
		if err := h.Service.EndNow(h.Context(), h.Anna(), g.ID); err != nil {
			h.Fatal(err)
		}
		if got := h.GrantOf(r).EndNowBy; got != "approver" {
			h.Errorf("ended by %q", got)
		}
		entries := len(h.Log())
		unchanged(h, func() {
			if err := h.Service.EndNow(h.Context(), h.James(), g.ID); err != nil {
				h.Errorf("asking twice: %v", err)
			}
		})
		if len(h.Log()) != entries {
			h.Error("asking twice wrote something")
		}
		h.Drain()
		unchanged(h, func() {
			wantRefusal(h, h.Service.EndNow(h.Context(), h.James(), g.ID), fault.Gone, "ended already")
		})
	})
}
