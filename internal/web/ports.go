package web

import (
	"context"
	"net/http"

	"latchkey/csp"
	"latchkey/internal/audit"
	"latchkey/internal/jit"
)

// Service is what the pages ask of the heart. Its faults carry the sentences
// that pages show.
type Service interface {
	AsApprover(ctx context.Context, by jit.Caller) (a jit.Approver, ok bool, err error)
	File(ctx context.Context, by jit.Caller, ask jit.Ask) (jit.Request, error)
	Withdraw(ctx context.Context, by jit.Caller, id jit.RequestID) error
	Story(ctx context.Context, by jit.Caller, id jit.RequestID) (jit.Story, error)
	Mine(ctx context.Context, by jit.Caller) ([]jit.Story, error)
	Inbox(ctx context.Context, by jit.Caller) ([]jit.InboxItem, error)
	DecisionPage(ctx context.Context, by jit.Caller, link jit.LinkID) (jit.DecisionPage, error)
	Decide(ctx context.Context, by jit.Caller, a jit.Answer) (jit.Request, error)
	EnrolPage(ctx context.Context, by jit.Caller, link jit.LinkID) (jit.EnrolPage, error)
	Enrol(ctx context.Context, by jit.Caller, link jit.LinkID, number string) (jit.Approver, error)
	EndNow(ctx context.Context, by jit.Caller, id jit.GrantID) error
	Offers(ctx context.Context, by jit.Caller, customer csp.TenantID) ([]jit.OfferView, error)
}

// SignIn proves who is asking. Cookies it returns are set even when it fails.
type SignIn interface {
	Begin(ctx context.Context, at csp.TenantID, returnTo string, fresh bool) (redirect string, cookie *http.Cookie, err error)
	Complete(r *http.Request) (returnTo string, cookies []*http.Cookie, err error)
	Caller(r *http.Request) (jit.Caller, error)
	Leave(r *http.Request) ([]*http.Cookie, error)
}

// Log reads the audit log for people.
type Log interface {
	AuditSize(ctx context.Context) (int64, error)
	AuditEntries(ctx context.Context, q audit.Query) ([]audit.Row, error)
}
