package report

import (
	"encoding/json"
	"io"
	"slices"
	"time"

	"latchkey/access"
	"latchkey/access/finding"
	"latchkey/csp"
)

// The forms that JSON writes. Names of fields are promised; new ones may be added.
type (
	jsonReport struct {
		At       time.Time     `json:"at"`
		Summary  string        `json:"summary"`
		Findings []jsonFinding `json:"findings"`
	}
	jsonFinding struct {
		Kind     finding.Kind     `json:"kind"`
		Name     string           `json:"name"`
		Title    string           `json:"title"`
		Rule     string           `json:"rule"`
		Severity finding.Severity `json:"severity"`
		Reason   string           `json:"reason"`
		Subject  *jsonStop        `json:"subject,omitempty"`
		Text     string           `json:"text"`
		Count    finding.Count    `json:"count"`
		Others   int              `json:"others,omitempty"`
		Examples []jsonExample    `json:"examples"`
		More     int              `json:"more,omitempty"`
		Answer   *jsonAnswer      `json:"answer,omitempty"`
		Paths    []jsonPath       `json:"paths"`
		Change   jsonChange       `json:"change"`
	}
	jsonStop struct {
		Kind   string    `json:"kind"`
		ID     string    `json:"id"`
		Name   string    `json:"name"`
		Tenant string    `json:"tenant,omitempty"`
		Scope  csp.Scope `json:"scope,omitzero"`
	}
	jsonExample struct {
		Text     string       `json:"text"`
		Tenant   csp.TenantID `json:"tenant,omitzero"`
		Customer string       `json:"tenantName,omitempty"`
		Scope    csp.Scope    `json:"scope,omitzero"`
	}
	jsonAnswer struct {
		Principal csp.ObjectID `json:"principal"`
		Action    string       `json:"action"`
		Place     string       `json:"place"`
		Verdict   string       `json:"verdict"`
	}
	jsonPath struct {
		Gives string    `json:"gives"`
		Text  string    `json:"text"`
		Hops  []jsonHop `json:"hops"`
	}
	jsonHop struct {
		Does string   `json:"does"`
		From jsonStop `json:"from"`
		To   jsonStop `json:"to"`
		Rule string   `json:"rule"`
	}
	jsonChange struct {
		Text     string        `json:"text"`
		Commands []jsonCommand `json:"commands"`
	}
	jsonCommand struct {
		Tenant csp.TenantID `json:"tenant"`
		Line   string       `json:"line"`
	}
)

// JSON writes everything that the findings say.
func JSON(w io.Writer, r Report) error {
	out := jsonReport{At: r.At.UTC(), Summary: r.summary(), Findings: []jsonFinding{}}
	for _, f := range r.Findings {
		out.Findings = append(out.Findings, jsonOf(f))
	}
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	return encoder.Encode(out)
}

func jsonOf(f finding.Finding) jsonFinding {
	k := f.Kind.About()
	out := jsonFinding{
		Kind: k.ID, Name: k.Name, Title: k.Title, Rule: k.Rule, Severity: f.Severity, Reason: k.Reason, Text: f.Text,
		Count: f.Count, Others: f.Others, Examples: []jsonExample{}, More: f.More, Paths: []jsonPath{},
		Change: jsonChange{Text: f.Change.Text, Commands: []jsonCommand{}},
	}
	if f.Subject.Kind != 0 {
		subject := stopOf(f.Subject)
		out.Subject = &subject
	}
	for _, e := range f.Examples {
		out.Examples = append(out.Examples, jsonExample{Text: e.Text, Tenant: e.Tenant.ID, Customer: e.Tenant.Name, Scope: e.Scope})
	}
	if q := f.Answer.Question; !q.Principal.IsZero() {
		out.Answer = &jsonAnswer{Principal: q.Principal, Action: q.Action.String(), Place: q.Place.String(), Verdict: f.Answer.Verdict.String()}
	}
	for _, p := range f.Paths {
		out.Paths = append(out.Paths, pathOf(p))
	}
	for _, c := range f.Change.Commands {
		out.Change.Commands = append(out.Change.Commands, jsonCommand(c))
	}
	return out
}

func stopOf(s access.Stop) jsonStop {
	return jsonStop{Kind: s.Kind.String(), ID: s.ID, Name: s.Name, Tenant: s.Tenant, Scope: s.Scope}
}

func pathOf(p access.Path) jsonPath {
	out := jsonPath{Gives: p.Gives.String(), Text: told(p), Hops: []jsonHop{}}
	for _, h := range slices.Concat(p.Entry.Hops, p.Hops) {
		out.Hops = append(out.Hops, jsonHop{Does: h.Kind.String(), From: stopOf(h.From), To: stopOf(h.To), Rule: h.Rule})
	}
	return out
}
