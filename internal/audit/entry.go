package audit

import (
	"time"

	"latchkey/csp"
)

// Precision is how finely the log and everything beside it tells time: no finer
// than any of our databases keeps it.
const Precision = time.Millisecond

// Outcome says how an act ended.
type Outcome string

// The outcomes.
const (
	Allowed Outcome = "allowed" // it happened
	Refused Outcome = "refused" // somebody was not entitled, or asked for what cannot be
	Failed  Outcome = "failed"  // it was tried and did not work
)

// Actor is who acted, as far as it was proven. It carries no mail address and
// no token.
type Actor struct {
	// Kind is "person" (signed in), "link" (holder of a mailed link who typed
	// its number), "latchkey" (the product itself) or "nobody".
	Kind    string       `json:"kind"`
	Tenant  csp.TenantID `json:"tenant,omitzero"`
	Object  csp.ObjectID `json:"object,omitzero"`
	Person  string       `json:"person,omitempty"`  // id in the estate
	Session string       `json:"session,omitempty"` // digest of the session id, never the id
	Address string       `json:"address,omitempty"` // network address
}

// Entry is one line of the story. Marshalled to JSON it is the log's leaf, so
// fields are only ever added at the end, with omitempty.
type Entry struct {
	At      time.Time    `json:"at"` // UTC
	Verb    string       `json:"verb"`
	Outcome Outcome      `json:"outcome"`
	Actor   Actor        `json:"actor"`
	Tenant  csp.TenantID `json:"tenant,omitzero"` // the customer it concerns
	Request string       `json:"request,omitempty"`
	Grant   string       `json:"grant,omitempty"`
	Episode string       `json:"episode,omitempty"`
	// Text is one sentence for people.
	Text string `json:"text,omitempty"`
	// Detail holds further facts by name: digests, durations, scope, role, proof.
	Detail map[string]string `json:"detail,omitempty"`
}
