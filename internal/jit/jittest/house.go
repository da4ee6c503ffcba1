package jittest

import (
	"context"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"latchkey/csp"
	"latchkey/internal/audit"
	"latchkey/internal/clock"
	"latchkey/internal/jit"
	"latchkey/internal/jit/reconcile"
	"latchkey/internal/store/sqlite"
)

// House is a whole heart: service and reconciler over a real SQLite file and a
// cloud in memory, with the made-up estate and everybody but Bert enrolled. Build
// one inside a testing/synctest bubble to play hours in milliseconds.
type House struct {
	testing.TB
	Clock      *clock.Movable
	Estate     *jit.Estate
	Path       string // of the database
	Store      *sqlite.Store
	Cloud      *Cloud
	Numbers    jit.Numbers
	Service    *jit.Service
	Reconciler *reconcile.Reconciler
	// Held says why nothing may be granted; empty when it may.
	Held atomic.Value

	mails []jit.Notice
}

// Build builds a house; each bend may change the estate first.
func Build(t testing.TB, bends ...func(*jit.Estate)) *House {
	t.Helper()
	h := &House{
		TB: t, Clock: new(clock.Movable), Estate: Estate(), Path: filepath.Join(t.TempDir(), "latchkey.db"),
		Numbers: jit.NewNumbers([32]byte{1, 2, 3}),
	}
	for _, bend := range bends {
		bend(h.Estate)
	}
	h.Cloud = New(h.Clock, Reader, Restarter, Machinist)
	h.Open()
	for _, c := range h.Estate.Customers {
		for _, contact := range c.Contacts {
			if _, err := h.Service.Invite(t.Context(), c.Tenant.ID, contact); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, n := range h.Mail(jit.NoticeEnrol) {
		var by jit.Caller
		switch n.ToName {
		case "Anna":
			by = h.Anna()
		case "Carla":
			by = h.Carla()
		default:
			continue
		}
		if _, err := h.Service.Enrol(t.Context(), by, n.Link, h.Numbers.For(n.Link)); err != nil {
			t.Fatal(err)
		}
	}
	return h
}

// Open opens the database with a new service and a new reconciler on it, as a
// program does that starts; the old ones, if any, are as good as killed.
func (h *House) Open() {
	h.Helper()
	h.Store = h.OpenStore()
	h.Reconciler = h.NewReconciler("first")
	h.Service = h.NewService(h.Reconciler.Poke)
}

// OpenStore opens one more handle to the database.
func (h *House) OpenStore() *sqlite.Store {
	h.Helper()
	store, err := sqlite.Open(h.Context(), h.Path)
	if err != nil {
		h.Fatal(err)
	}
	h.Cleanup(func() {
		if err := store.Close(); err != nil {
			h.Errorf("closing the database: %v", err)
		}
	})
	return store
}

// NewService makes a service on the house's store.
func (h *House) NewService(wake func()) *jit.Service {
	h.Helper()
	s, err := jit.New(jit.Options{
		Estate: h.Estate, Store: h.Store, Connectors: h.connectors(), Numbers: h.Numbers, Clock: h.Clock, Wake: wake, Hold: h.hold,
	})
	if err != nil {
		h.Fatal(err)
	}
	return s
}

// poll is longer than in earnest: the house's service pokes its reconciler, and
// hours of looking for nothing would only cost time.
const poll = 30 * time.Minute

// NewReconciler makes one more reconciler on the house's store.
func (h *House) NewReconciler(owner string) *reconcile.Reconciler {
	h.Helper()
	r, err := reconcile.New(reconcile.Options{
		Estate: h.Estate, Store: h.Store, Connectors: h.connectors(), Clock: h.Clock, Owner: owner, Poll: poll, Hold: h.hold,
	})
	if err != nil {
		h.Fatal(err)
	}
	return r
}

func (h *House) hold() string {
	why, _ := h.Held.Load().(string)
	return why
}

func (h *House) connectors() map[jit.CloudService]jit.Connector {
	return map[jit.CloudService]jit.Connector{jit.Azure: h.Cloud}
}

// Run runs reconcilers until the returned function is called or the test ends.
func (h *House) Run(reconcilers ...*reconcile.Reconciler) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	for _, r := range reconcilers {
		running.Go(func() { r.Run(ctx) })
	}
	stop = sync.OnceFunc(func() { cancel(); running.Wait() })
	h.Cleanup(stop)
	return stop
}

// Start runs the house's reconciler.
func (h *House) Start() (stop func()) { return h.Run(h.Reconciler) }

// James is the engineer at home.
func (h *House) James() jit.Caller { return h.caller(Fabrikam.ID, jamesHome, "James") }

// JamesAsGuest is James with his guest account in Contoso's tenant.
func (h *House) JamesAsGuest() jit.Caller {
	c := h.caller(Contoso.ID, jamesGuest, "James")
	c.Guest = true
	return c
}

// Otto is another engineer.
func (h *House) Otto() jit.Caller { return h.caller(Fabrikam.ID, ottoHome, "Otto") }

// Mia is the operator.
func (h *House) Mia() jit.Caller { return h.caller(Fabrikam.ID, miaHome, "Mia") }

// Anna is Contoso's enrolled contact, freshly signed in with a second factor.
func (h *House) Anna() jit.Caller { return h.caller(Contoso.ID, annaObject, "Anna") }

// Bert is Contoso's contact who has not enrolled.
func (h *House) Bert() jit.Caller { return h.caller(Contoso.ID, bertObject, "Bert") }

// Carla is Wingtip's enrolled contact.
func (h *House) Carla() jit.Caller { return h.caller(Wingtip.ID, carlaAtWin, "Carla") }

func (h *House) caller(tenant csp.TenantID, object csp.ObjectID, name string) jit.Caller {
	return jit.Caller{
		Account: jit.Account{Tenant: tenant, Object: object}, Name: name,
		SignedAt: h.Clock.Now(), SecondFactor: true, Session: "digest", Address: "192.0.2.1",
	}
}

// AskFor is a good ask of James's at Contoso for two hours.
func (h *House) AskFor(role csp.RoleDefinition) jit.Ask {
	return jit.Ask{
		Customer: Contoso.ID, Service: jit.Azure, Scope: Desktops, Role: role.ID,
		Duration: 2 * time.Hour, Reason: "The desktops hang since this morning.",
	}
}

// File files a good ask that must succeed.
func (h *House) File(role csp.RoleDefinition) jit.Request {
	h.Helper()
	return h.FileAsk(h.James(), h.AskFor(role))
}

// FileAsk files an ask that must succeed.
func (h *House) FileAsk(by jit.Caller, ask jit.Ask) jit.Request {
	h.Helper()
	r, err := h.Service.File(h.Context(), by, ask)
	if err != nil {
		h.Fatalf("filing: %v", err)
	}
	return r
}

// LinkTo is the link mailed to a contact for a request.
func (h *House) LinkTo(contact string, id jit.RequestID) jit.LinkID {
	h.Helper()
	for _, n := range h.Mail(jit.NoticeAsk) {
		if n.ToName == contact && n.Request == id {
			return n.Link
		}
	}
	h.Fatalf("%s got no mail about request %s", contact, id)
	return ""
}

// Answer is an answer from the mail that a contact got, with its number.
func (h *House) Answer(contact string, r jit.Request, verdict jit.Verdict) jit.Answer {
	h.Helper()
	link := h.LinkTo(contact, r.ID)
	return jit.Answer{Link: link, Verdict: verdict, Number: h.Numbers.For(link), Digest: r.Digest}
}

// Approve has Anna approve a request, signed in, and returns the grant.
func (h *House) Approve(r jit.Request) jit.Grant {
	h.Helper()
	if _, err := h.Service.Decide(h.Context(), h.Anna(), h.Answer("Anna", r, jit.Approve)); err != nil {
		h.Fatalf("approving: %v", err)
	}
	return h.GrantOf(r)
}

// GrantOf is the request's grant.
func (h *House) GrantOf(r jit.Request) jit.Grant {
	h.Helper()
	var g jit.Grant
	h.View(func(tx jit.Tx) (err error) { g, err = tx.GrantOf(r.ID); return err })
	return g
}

// EpisodeOf is the grant's episode.
func (h *House) EpisodeOf(g jit.Grant) jit.Episode {
	h.Helper()
	var e jit.Episode
	h.View(func(tx jit.Tx) (err error) { e, err = tx.Episode(g.Episode); return err })
	return e
}

// Request reads a request again.
func (h *House) Request(id jit.RequestID) jit.Request {
	h.Helper()
	var r jit.Request
	h.View(func(tx jit.Tx) (err error) { r, err = tx.Request(id); return err })
	return r
}

// View reads and must succeed.
func (h *House) View(f func(jit.Tx) error) {
	h.Helper()
	if err := h.Store.View(h.Context(), f); err != nil {
		h.Fatal(err)
	}
}

// Drain does everything that is due.
func (h *House) Drain() {
	h.Helper()
	if err := h.Reconciler.Drain(h.Context()); err != nil {
		h.Fatalf("draining: %v", err)
	}
}

// Mail is every mail sent so far, oldest first; with kinds, only those.
func (h *House) Mail(kinds ...jit.NoticeKind) []jit.Notice {
	h.Helper()
	for {
		fresh, err := h.Store.ClaimNotices(h.Context(), "post", h.Clock.Now(), time.Minute, 100)
		if err != nil {
			h.Fatal(err)
		}
		if len(fresh) == 0 {
			break
		}
		for _, n := range fresh {
			if err := h.Store.NoticeSent(h.Context(), n.ID, h.Clock.Now()); err != nil {
				h.Fatal(err)
			}
		}
		h.mails = append(h.mails, fresh...)
	}
	var some []jit.Notice
	for _, n := range h.mails {
		for _, kind := range kinds {
			if n.Kind == kind {
				some = append(some, n)
			}
		}
	}
	if len(kinds) == 0 {
		return h.mails
	}
	return some
}

// Log is the audit log so far.
func (h *House) Log() []audit.Entry {
	h.Helper()
	var all []audit.Entry
	for {
		rows, err := h.Store.AuditEntries(h.Context(), audit.Query{From: int64(len(all)), Most: 500})
		if err != nil {
			h.Fatal(err)
		}
		if len(rows) == 0 {
			return all
		}
		for _, row := range rows {
			all = append(all, row.Entry)
		}
	}
}

// Last is the log's newest entry.
func (h *House) Last() audit.Entry {
	h.Helper()
	log := h.Log()
	return log[len(log)-1]
}
