package web

import (
	"context"
	"net/http"
	"strconv"
	"strings"

	"latchkey/csp"
	"latchkey/internal/audit"
	"latchkey/internal/fault"
	"latchkey/internal/jit"
)

const (
	logPage = 50   // entries on a page
	logScan = 1000 // entries looked through for them
)

// logView is a part of the audit log, with what pins it.
type logView struct {
	frame
	Scope      string // which part the visitor may read, in words
	Entries    []logEntry
	Size       int64
	Checkpoint *checkpointView
	PublicKey  string
	Customers  []choice // for operators
	Outcomes   []choice
	Request    string
	Older      string // address of the entries before these; empty at the beginning
	Newest     string // address of the newest, when these are not
	Looked     string // which entries were looked through
}

type checkpointView struct {
	Size int64
	Root string
	At   *moment
	// Since is how many entries came after it; they are pinned by the next.
	Since int64
}

type logEntry struct {
	N        int64
	At       *moment
	What     string
	Verb     string
	Outcome  badge
	Who      string
	Address  string // operators only
	Customer string
	Request  string // its page
}

// logRight is the part of the log a visitor may read.
type logRight struct {
	words    string
	query    audit.Query
	operator bool
	keep     func(audit.Entry) bool // nil keeps everything
}

// logRight says which part: operators the whole, an approver what concerns his
// organization, an engineer what he did and what came of his requests (TH-I4).
func (p *Portal) logRight(v *visit) (logRight, error) {
	const op = "web.logRight"
	switch {
	case v.person != nil && v.person.Operator:
		return logRight{words: "You are an operator: this is the whole log.", operator: true}, nil
	case v.person != nil:
		mine, err := p.options.Service.Mine(v.r.Context(), v.caller)
		if err != nil {
			return logRight{}, fault.In(op, err)
		}
		requests := make(map[string]bool, len(mine))
		for _, s := range mine {
			requests[string(s.Request.ID)] = true
		}
		me := string(v.person.ID)
		return logRight{words: "These are the entries about what you did, and about your own requests.", keep: func(e audit.Entry) bool {
			return e.Actor.Person == me || requests[e.Request]
		}}, nil
	case v.approver != nil:
		return logRight{words: "These are all entries that concern " + v.organization() + ".", query: audit.Query{Tenant: v.approver.Tenant}}, nil
	}
	return logRight{}, fault.New(op, fault.Denied, "The log is for operators, enrolled approvers and engineers, each for the part that concerns them.")
}

// logFilter is what the visitor looks for.
type logFilter struct {
	customer csp.TenantID
	outcome  audit.Outcome
	request  string
	from     int64
}

func readLogFilter(v *visit) logFilter {
	q := v.r.URL.Query()
	f := logFilter{request: strings.TrimSpace(q.Get("request"))}
	if tenant, err := csp.ParseID[csp.Tenant](q.Get("customer")); err == nil {
		f.customer = tenant
	}
	switch o := audit.Outcome(q.Get("outcome")); o {
	case audit.Allowed, audit.Refused, audit.Failed:
		f.outcome = o
	}
	if from, err := strconv.ParseInt(q.Get("from"), 10, 64); err == nil && from > 0 {
		f.from = from
	}
	if _, err := jit.ParseTextID[jit.RequestID](f.request); err != nil {
		f.request = ""
	}
	return f
}

func (f logFilter) admits(e audit.Entry) bool {
	return (f.outcome == "" || e.Outcome == f.outcome) && (f.request == "" || e.Request == f.request)
}

func (p *Portal) log(v *visit) error {
	const op = "web.log"
	right, err := p.logRight(v)
	if err != nil {
		return fault.In(op, err)
	}
	filter := readLogFilter(v)
	if right.operator {
		right.query.Tenant = filter.customer
	}
	rows, next, err := p.readLog(v.r.Context(), right, filter)
	if err != nil {
		return fault.In(op, err)
	}
	page := logView{frame: v.frame("Log", "/log"), Scope: right.words, PublicKey: p.options.PublicKey, Request: filter.request}
	if page.Size, err = p.options.Log.AuditSize(v.r.Context()); err != nil {
		return fault.In(op, err)
	}
	if page.Checkpoint, err = p.checkpoint(v, page.Size); err != nil {
		return fault.In(op, err)
	}
	p.fillLog(v, &page, right, filter, rows, next)
	for _, row := range rows {
		page.Entries = append(page.Entries, v.logEntry(row, right.operator))
	}
	return render(v, http.StatusOK, p.pages.log, page)
}

// readLog reads back from the newest until the page is full or enough was looked
// through. next is where the older entries begin, zero at the log's beginning.
func (p *Portal) readLog(ctx context.Context, right logRight, f logFilter) (rows []audit.Row, next int64, err error) {
	const batch = 200
	query := right.query
	query.NewestFirst, query.From, query.Most = true, f.from, batch
	for looked := 0; looked < logScan; looked += batch {
		some, err := p.options.Log.AuditEntries(ctx, query)
		if err != nil {
			return nil, 0, err
		}
		for _, row := range some {
			if len(rows) == logPage {
				return rows, rows[len(rows)-1].N, nil
			}
			if f.admits(row.Entry) && (right.keep == nil || right.keep(row.Entry)) {
				rows = append(rows, row)
			}
		}
		// Entry 0 is the log's beginning; to read back from 0 would mean from its end.
		if len(some) < batch || some[len(some)-1].N == 0 {
			return rows, 0, nil
		}
		query.From = some[len(some)-1].N
	}
	return rows, query.From, nil
}

func (p *Portal) fillLog(v *visit, page *logView, right logRight, f logFilter, rows []audit.Row, next int64) {
	q := v.r.URL.Query()
	q.Del("from")
	at := func(from int64) string {
		if from > 0 {
			q.Set("from", strconv.FormatInt(from, 10))
		}
		if len(q) == 0 {
			return "/log"
		}
		return "/log?" + q.Encode()
	}
	if f.from > 0 {
		page.Newest = at(0)
	}
	if next > 0 {
		page.Older = at(next)
		if len(rows) < logPage {
			page.Looked = "Looked through the last " + strconv.Itoa(logScan) + " entries" + " of this part; older ones may hold more."
		}
	}
	page.Outcomes = []choice{{"", "every outcome", f.outcome == ""}}
	for _, o := range []audit.Outcome{audit.Allowed, audit.Refused, audit.Failed} {
		page.Outcomes = append(page.Outcomes, choice{string(o), string(o), f.outcome == o})
	}
	if right.operator {
		page.Customers = []choice{{"", "every customer", f.customer.IsZero()}}
		for _, c := range p.options.Estate.Customers {
			page.Customers = append(page.Customers, choice{c.Tenant.ID.String(), line(c.Tenant.Name), f.customer == c.Tenant.ID})
		}
	}
}

func (p *Portal) checkpoint(v *visit, size int64) (*checkpointView, error) {
	if p.options.LastCheckpoint == nil {
		return nil, nil
	}
	c, ok, err := p.options.LastCheckpoint(v.r.Context())
	if err != nil || !ok {
		return nil, err
	}
	return &checkpointView{Size: c.Size, Root: c.Root.String(), At: v.moment(c.At), Since: max(size-c.Size, 0)}, nil
}

func (v *visit) logEntry(row audit.Row, operator bool) logEntry {
	e := row.Entry
	entry := logEntry{N: row.N, At: v.moment(e.At), What: orElse(line(e.Text), line(e.Verb)), Verb: line(e.Verb), Outcome: outcomeBadge(e.Outcome), Who: v.actor(e.Actor)}
	if operator {
		entry.Address = line(e.Actor.Address)
	}
	if c, ok := v.portal.options.Estate.CustomerByTenant(e.Tenant); ok {
		entry.Customer = line(c.Tenant.Name)
	}
	if request, err := jit.ParseTextID[jit.RequestID](e.Request); err == nil {
		entry.Request = "/requests/" + string(request)
	}
	return entry
}

func outcomeBadge(o audit.Outcome) badge {
	switch o {
	case audit.Allowed:
		return badge{"Allowed", "good", "check"}
	case audit.Refused:
		return badge{"Refused", "alert", "cross"}
	}
	return badge{"Failed", "wait", "warn"}
}

// actor names who acted. People of customers are not named from their tokens;
// the entry's own sentence says who an approver was.
func (v *visit) actor(a audit.Actor) string {
	if person, ok := v.portal.options.Estate.PersonByID(jit.PersonID(a.Person)); ok {
		return line(person.Name)
	}
	switch a.Kind {
	case "latchkey":
		return "Latchkey"
	case "link":
		return "Holder of a mailed link"
	case "person":
		if c, ok := v.portal.options.Estate.CustomerByTenant(a.Tenant); ok {
			return "Somebody of " + line(c.Tenant.Name) + ", account " + a.Object.String()
		}
		return "Account " + a.Object.String()
	}
	return "Nobody signed in"
}
