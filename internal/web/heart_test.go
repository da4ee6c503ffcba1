package web_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"latchkey/internal/jit"
	"latchkey/internal/jit/jittest"
	"latchkey/internal/web"
)

// TestTheWholeWayWithARealHeart walks from asking to ending over the real
// service on a real database: what the pages send is what it understands, and
// what it answers is what they can show.
func TestTheWholeWayWithARealHeart(t *testing.T) {
	h := jittest.Build(t)
	s := newScene(t, func(o *web.Options) {
		o.Estate, o.Service, o.Log, o.Clock, o.LastCheckpoint = h.Estate, h.Service, h.Store, h.Clock, nil
	})
	s.signIn.people = map[string]jit.Caller{"james": h.James(), "guest": h.JamesAsGuest(), "anna": h.Anna(), "carla": h.Carla(), "mia": h.Mia(), "otto": h.Otto()}
	james, anna, nobody := s.as("james"), s.as("anna"), s.as("")

	james.get("/").says(200, "You hold no access through Latchkey right now.")
	ask := "/ask/" + jittest.Contoso.ID.String()
	form := james.get(ask)
	form.says(200, "Ask for access to Contoso", "Virtual Machine Contributor", "Privileged", "At most 4 hours.")
	typed := url.Values{"group": {"desktops"}, "role": {jittest.Restarter.ID.String()}, "minutes": {"480"}, "reason": {"The desktops hang since this morning."}}
	james.submit(form, ask, typed).says(422, "Your request was not sent", "can be had for 15 minutes to 4 hours")
	typed.Set("minutes", "120")
	sent := james.submit(form, ask, typed)
	request := strings.TrimPrefix(strings.TrimSuffix(sent.header.Get("Location"), "?done=asked"), s.server.URL)
	sent.leads(s.server.URL, request+"?done=asked")
	id := jit.RequestID(strings.TrimPrefix(request, "/requests/"))
	james.get(request).says(200, "Waiting for an answer", "Withdraw the request")
	for _, who := range []string{"guest", "carla", "otto"} {
		s.as(who).get(request).says(http.StatusNotFound)
	}

	link := h.LinkTo("Anna", id)
	page := "/decide/" + string(link)
	s.as("guest").get(page).says(200, "own people cannot, whichever account they use")
	shown := nobody.get(page)
	shown.says(200, "James of Fabrikam Cloud asks for the role Desktop Virtualization Power On Off Contributor on resource group desktops in subscription Contoso production for 2 hours")
	nobody.submit(shown, page+"/approve", url.Values{"number": {"000000"}}).says(403, "That is not the number in the mail. 4 tries are left")
	anna.get("/inbox").says(200, "James asks for Desktop Virtualization Power On Off Contributor", "Read and answer")
	number := h.Numbers.For(link)
	nobody.submit(shown, page+"/approve", url.Values{"number": {number[:3] + " " + number[3:]}, "minutes": {"60"}}).says(200, "Approved", "for 1 hour")
	nobody.get(page).says(http.StatusGone, "Nothing is left to answer here")

	james.get("/").says(200, "Being set up", "Desktop Virtualization Power On Off Contributor")
	anna.get("/inbox").says(200, "Open at your organization now", "Being set up")
	end := "/grants/" + string(h.GrantOf(h.Request(id)).ID) + "/end"
	james.submit(james.get(request), end, nil).leads(s.server.URL, request+"?done=ending")
	james.get(request).says(200, "Anna approved, with the number from the mail, for 1 hour only.")

	s.as("mia").get("/log").says(200, "this is the whole log", "James asked Contoso for", "Anna approved LK-", "That is not the number in the mail")
	anna.get("/log").says(200, "all entries that concern Contoso", "Anna approved LK-")
	s.as("carla").get("/log").says(200, "all entries that concern Wingtip")
	if p := s.as("carla").get("/log"); strings.Contains(p.body, "James") || strings.Contains(p.body, "Contoso") {
		t.Error("Wingtip sees what concerns Contoso")
	}
	s.as("guest").get("/log").says(http.StatusForbidden)
}
