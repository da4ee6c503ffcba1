package main

import (
	"context"
	"log/slog"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"latchkey/csp/builtin"
	"latchkey/internal/demo"
	"latchkey/internal/mail/sink"
)

// liveDemo is a running demo: portal, cloud, mails and clock in this process.
type liveDemo struct {
	t     *testing.T
	stage *demo.Stage
}

func startDemo(t *testing.T) *liveDemo {
	t.Helper()
	log := slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelWarn}))
	stage, p, err := openDemo(t.Context(), t.TempDir(), demo.Preferred{}, log)
	ok(t, err)
	ctx, stop := context.WithCancel(context.WithoutCancel(t.Context()))
	done := make(chan error, 1)
	go func() { done <- p.run(ctx, stage.Door) }()
	t.Cleanup(func() {
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
		if err := stage.Close(); err != nil {
			t.Error(err)
		}
	})
	return &liveDemo{t: t, stage: stage}
}

// mail waits for a mail to the address about the subject and gives its place on
// the board and its number.
func (d *liveDemo) mail(to, subject string, after int) sink.Message {
	d.t.Helper()
	ctx, cancel := context.WithTimeout(d.t.Context(), bound)
	defer cancel()
	m, err := d.stage.Mails.Wait(ctx, func(m sink.Message) bool {
		return m.Number > after && m.To.Address == to && strings.Contains(m.Subject, subject)
	})
	if err != nil {
		d.t.Fatalf("no mail about %q came to %s: %v", subject, to, err)
	}
	return m
}

var sixDigits = regexp.MustCompile(`Your number: ([0-9]{6})`)

func numberOf(t *testing.T, m sink.Message) string {
	t.Helper()
	found := sixDigits.FindStringSubmatch(m.Text)
	if found == nil {
		t.Fatalf("the mail %q shows no number", m.Subject)
	}
	return found[1]
}

// The story's steps 1 to 4 and 7, as people see it, in both colour schemes: no
// accessibility rule is broken and the console stays silent.
func TestTheStoryInABrowser(t *testing.T) {
	for _, scheme := range []string{"light", "dark"} {
		t.Run(scheme, func(t *testing.T) {
			d := startDemo(t)
			casey, phone, james := openTab(t, scheme), openTab(t, scheme), openTab(t, scheme)
			d.enrol(casey)
			d.ask(james)
			casey.open(d.stage.Portal + "/inbox")
			casey.sees("James Rivera")
			casey.fit("inbox")
			casey.open(d.stage.Board + "/") // or the page would look on after her session has ended
			granted := d.approve(phone)     // not signed in there: the number is her proof
			james.open(d.stage.Portal + "/")
			james.sees("left") // the countdown runs
			james.fit("access")
			d.tryAsJames(james, "Done")
			d.twoHours(james, granted)
			for _, person := range []*tab{casey, phone, james} {
				person.silent()
			}
		})
	}
}

// A form sent with mistakes comes back with what was written, and accessible.
// The browser itself notes the answer's status on the console.
func TestMistakesInABrowser(t *testing.T) {
	d := startDemo(t)
	james := openTab(t, "light")
	james.open(d.stage.Portal + "/ask")
	james.follow("Sign in at Alder Cloud")
	james.press("james@alder-cloud.example")
	james.press("Yes, it is me")
	james.follow("Brightwater Clinics")
	james.fill("#reason-text", "too short")
	james.press("Send the request")
	james.sees("Your request was not sent")
	james.fit("ask-mistakes")
	if kept := james.value("#reason-text"); kept != "too short" {
		t.Errorf("what was written is gone: %q", kept)
	}
}

func (d *liveDemo) enrol(casey *tab) {
	m := d.mail("casey@brightwater.example", "Will you answer", 0)
	casey.open(d.stage.Board + "/")
	casey.fit("mails")
	casey.open(d.stage.Board + "/mail/1")
	casey.fit("mail-enrol")
	casey.open(m.Links[0])
	casey.fit("enrol")
	casey.follow("Sign in to Brightwater")
	casey.fit("pick-account")
	casey.press("casey@brightwater.example")
	casey.fit("second-step")
	casey.press("Yes, it is me")
	casey.fill("#number", numberOf(d.t, m))
	casey.press("Enrol me")
	casey.sees("Nothing waits for your answer")
	casey.fit("inbox-empty")
}

func (d *liveDemo) ask(james *tab) {
	james.open(d.stage.Portal + "/")
	james.fit("welcome")
	james.follow("Sign in at Alder Cloud")
	james.press("james@alder-cloud.example")
	james.press("Yes, it is me")
	james.sees("You hold no access")
	d.tryAsJames(james, "Refused")
	james.open(d.stage.Portal + "/ask")
	james.fit("ask-customer")
	james.follow("Brightwater Clinics")
	role, _ := builtin.AzureRoleNamed("Desktop Virtualization Power On Off Contributor")
	james.set("#subscription", "5b000000-0000-4000-8000-00000000000b")
	james.fill("#group", "rg-booking")
	james.do(clickOn(`input[name="role"][value="` + role.ID.String() + `"]`))
	james.set("#minutes", "120")
	james.fill("#reason-text", "The booking server hangs since 09:40, ticket 4711; it must be restarted.")
	james.fit("request")
	james.press("Send the request")
	james.sees("LK-")
	james.fit("request-pending")
}

// approve answers from the mail and gives the number of the mail that tells of
// the access.
func (d *liveDemo) approve(phone *tab) int {
	m := d.mail("casey@brightwater.example", "asks for access", 0)
	phone.open(m.Links[0])
	phone.sees("James Rivera of Alder Cloud asks for the role")
	phone.fit("decision")
	phone.fill("#approve-number", numberOf(d.t, m))
	phone.press("Approve")
	phone.sees("Approved")
	phone.fit("decided")
	return d.mail("james@alder-cloud.example", "has access", 0).Number
}

// tryAsJames uses his own command line, on the board.
func (d *liveDemo) tryAsJames(james *tab, want string) {
	james.open(d.stage.Board + "/try")
	james.press("Restart vm-booking-1")
	james.sees(want)
	james.fit("try-" + strings.ToLower(want))
}

func (d *liveDemo) twoHours(james *tab, after int) {
	james.open(d.stage.Board + "/clock")
	james.fit("clock")
	james.press("2 hours")
	d.mail("james@alder-cloud.example", "no longer has", after)
	d.tryAsJames(james, "Refused")
	james.open(d.stage.Portal + "/")
	james.follow("Sign in at Alder Cloud") // his session idled out meanwhile; Entra still knows him
	james.press("james@alder-cloud.example")
	james.sees("You hold no access")
	james.fit("access-ended")
	james.open(d.stage.Portal + "/log")
	james.sees("How you know it is whole")
	james.fit("log")
	james.open(d.stage.Ends.Browser + "/")
	james.fit("world")
}

// A newcomer's demo is small and quick: what a person waits for is measured by
// the benchmark BenchmarkDemoReady; here only that it answers at all.
func BenchmarkDemoReady(b *testing.B) {
	for b.Loop() {
		began := time.Now()
		stage, p, err := openDemo(b.Context(), b.TempDir(), demo.Preferred{}, slog.New(slog.DiscardHandler))
		if err != nil {
			b.Fatal(err)
		}
		ctx, stop := context.WithCancel(b.Context())
		done := make(chan error, 1)
		go func() { done <- p.run(ctx, stage.Door) }()
		request, err := http.NewRequestWithContext(b.Context(), http.MethodGet, stage.Portal+"/healthz", nil)
		if err != nil {
			b.Fatal(err)
		}
		response, err := stage.Ends.Client().Do(request)
		if err != nil {
			b.Fatal(err)
		}
		_ = response.Body.Close()
		b.ReportMetric(float64(time.Since(began).Milliseconds()), "ms/ready")
		stop()
		if err := <-done; err != nil {
			b.Fatal(err)
		}
		_ = stage.Close()
	}
}
