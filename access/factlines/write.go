package factlines

import (
	"bytes"
	"encoding/json"
	"io"

	"latchkey/csp"
)

// Write writes facts as lines. It may be called again and again with the same w
// for facts that come in parts.
func Write(w io.Writer, f csp.Facts) error {
	var buffer bytes.Buffer
	out := writer{json.NewEncoder(&buffer), nil}
	out.json.SetEscapeHTML(false)
	out.all(f)
	if out.err != nil {
		return out.err
	}
	_, err := w.Write(buffer.Bytes())
	return err
}

type writer struct {
	json *json.Encoder
	err  error
}

// put writes a line, unless one before could not be written.
func (w *writer) put(l line) {
	if w.err == nil {
		w.err = w.json.Encode(l)
	}
}

func (w *writer) all(f csp.Facts) {
	for _, t := range f.Tenants {
		w.put(line{Tenant: &tenant{ID: t.ID, Name: t.Name, Domain: t.DefaultDomain, OldRules: t.OldRules}})
	}
	for _, d := range f.Domains {
		w.put(line{Domain: new(domain(d))})
	}
	for _, p := range f.Principals {
		w.put(line{Principal: new(principal(p))})
	}
	for _, p := range f.People {
		w.put(line{Person: new(person(p))})
	}
	for _, m := range f.Memberships {
		w.put(line{Membership: &membership{m.Group, m.Member, termOf(m.Term)}})
	}
	for _, r := range f.Resellers {
		w.put(line{Reseller: &reseller{r.Partner, r.Customer, r.Kind, period(r.Period)}})
	}
	for _, r := range f.DAPs {
		w.put(line{DAP: &dap{r.Partner, r.Customer, period(r.Period)}})
	}
	for _, r := range f.GDAPs {
		w.put(line{GDAP: gdapOf(r)})
	}
	for _, l := range f.Lighthouses {
		w.put(line{Lighthouse: &lighthouse{l.Manager, l.Principal, l.Role, l.Scope, termOf(l.Term)}})
	}
	for _, s := range f.Subscriptions {
		w.put(line{Subscription: new(subscription(s))})
	}
	for _, p := range f.Placements {
		w.put(line{Placement: new(placement(p))})
	}
	for _, r := range f.Resources {
		w.put(line{Resource: new(resource(r))})
	}
	for _, i := range f.Identities {
		w.put(line{Identity: new(identity(i))})
	}
	w.rights(f)
	for _, l := range f.Locks {
		w.put(line{Lock: new(lock(l))})
	}
	for _, p := range f.Policies {
		w.put(line{Policy: new(policy(p))})
	}
	for _, a := range f.Artefacts {
		w.put(line{Artefact: new(artefact(a))})
	}
	for _, u := range f.Usage {
		w.put(line{Usage: new(usage(u))})
	}
	for _, g := range f.Gaps {
		w.put(line{Gap: &gap{factKind(g.Fact), g.Tenant, g.Scope, g.Why}})
	}
}

func (w *writer) rights(f csp.Facts) {
	for _, r := range f.Roles {
		w.put(line{Role: &role{r.ID, r.Name, r.Custom, permissionsOf(r.Permissions)}})
	}
	for _, a := range f.Assignments {
		w.put(line{Assignment: assignmentOf(a)})
	}
	for _, d := range f.Denials {
		w.put(line{Denial: denialOf(d)})
	}
	for _, r := range f.DirectoryRoles {
		w.put(line{DirectoryRole: new(directoryRole(r))})
	}
	for _, a := range f.DirectoryAssignments {
		w.put(line{DirectoryAssignment: &directoryAssignment{a.Tenant, a.Principal, a.Role, termOf(a.Term)}})
	}
}
