package picture

import (
	"cmp"
	"time"

	"latchkey/access"
	"latchkey/csp"
)

// View is an answer for JSON. Its fields are stable: new ones may come, and none
// goes or changes what it means. Lists are never null. Verdicts are "has",
// "canGet", "hasNot" and "unknown"; ids and scopes are written as Microsoft
// writes them, actions as they were asked, and times in RFC 3339. Names are as
// people gave them: whoever prints them must take care.
type View struct {
	Verdict   string        `json:"verdict"`
	Sentence  string        `json:"sentence"`
	Principal ThingView     `json:"principal"`
	Action    string        `json:"action"`
	Data      bool          `json:"dataAction"`
	Place     PlaceView     `json:"place"`
	At        time.Time     `json:"at"`
	Paths     []PathView    `json:"paths"`
	More      bool          `json:"morePaths"` // there are further paths, left out
	Denied    []DenialView  `json:"denied"`
	Misses    []MissView    `json:"misses"`
	Gaps      []GapView     `json:"gaps"`
	Notes     []NoteView    `json:"notes"`
	Contexts  []ContextView `json:"contexts"`
}

// ThingView is something with an id and a name, such as a stop of a path. Kind is
// a word of [access.StopKind].
type ThingView struct {
	Kind   string `json:"kind,omitempty"`
	ID     string `json:"id"`
	Name   string `json:"name,omitempty"`
	Tenant string `json:"tenant,omitempty"` // its name
	Scope  string `json:"scope,omitempty"`  // where a role holds, or an action is done
}

// TenantView names a tenant.
type TenantView struct {
	ID   string `json:"id"`
	Name string `json:"name,omitempty"`
}

// PlaceView is a scope, or the directory of a tenant if it has no scope.
type PlaceView struct {
	Name   string      `json:"name"`
	Scope  string      `json:"scope,omitempty"`
	Tenant *TenantView `json:"tenant,omitempty"`
}

// PathView is one way.
type PathView struct {
	Gives       string     `json:"gives"` // a verdict
	PartnerWide bool       `json:"partnerWide"`
	Entry       *EntryView `json:"entry,omitempty"`
	Hops        []HopView  `json:"hops"`
	BlockedBy   string     `json:"blockedBy,omitempty"` // the id of a deny assignment
	Gap         *GapView   `json:"gap,omitempty"`
}

// EntryView is a way into a tenant. Kind is a word of [access.EntryKind].
type EntryView struct {
	Kind   string     `json:"kind"`
	Tenant TenantView `json:"tenant"`
	Hops   []HopView  `json:"hops"`
}

// HopView is one step. ByHimself: somebody must take it first; eligible: he must
// activate it first.
type HopView struct {
	Verb        string     `json:"verb"`
	From        ThingView  `json:"from"`
	To          ThingView  `json:"to"`
	Rule        string     `json:"rule,omitempty"`
	Detail      string     `json:"detail,omitempty"`
	ByHimself   bool       `json:"byHimself"`
	Eligible    bool       `json:"eligible"`
	PartnerWide bool       `json:"partnerWide"`
	Since       *time.Time `json:"since,omitempty"`
	Until       *time.Time `json:"until,omitempty"` // the first instant at which it holds no more
}

// DenialView is a deny assignment in the way.
type DenialView struct {
	ID            string   `json:"id"`
	Name          string   `json:"name,omitempty"`
	Scope         string   `json:"scope"`
	Everyone      bool     `json:"everyone"`
	Principals    []string `json:"principals"`
	Excluded      []string `json:"excluded"`
	ThisScopeOnly bool     `json:"thisScopeOnly"`
	Condition     string   `json:"condition,omitempty"`
}

// MissView is what is there and what is missing.
type MissView struct {
	Kind  string    `json:"kind"` // denied, signIn, guest, term, role, scope, assignment or entry
	Text  string    `json:"text"`
	Next  string    `json:"next,omitempty"`
	There []HopView `json:"there"`
}

// GapView is a fact that is missing, and why.
type GapView struct {
	Fact   string      `json:"fact"`
	Tenant *TenantView `json:"tenant,omitempty"`
	Scope  string      `json:"scope,omitempty"`
	Why    string      `json:"why,omitempty"`
}

// NoteView is something to know besides.
type NoteView struct {
	Rule string `json:"rule"`
	Text string `json:"text"`
}

// ContextView is where to sign in.
type ContextView struct {
	Entry      string     `json:"entry"`
	Tenant     TenantView `json:"tenant"`
	Portal     string     `json:"portal,omitempty"`
	PowerShell string     `json:"powerShell,omitempty"`
	CLI        string     `json:"cli,omitempty"`
}

// ViewOf is the answer as a value for JSON, with every path it has.
func ViewOf(a access.Answer, options ...Option) View {
	t := tell(a, options)
	v := View{
		Verdict: verdictWord(a.Verdict), Sentence: t.sentence(), Action: a.Question.Action.String(), Data: a.Question.Action.IsData(), At: a.Question.At, More: a.More,
		Principal: ThingView{ID: a.Question.Principal.String(), Name: t.who.name, Tenant: t.who.tenant},
		Place:     PlaceView{Name: t.place(a.Question.Place), Scope: a.Question.Place.Scope.String(), Tenant: t.tenantView(a.Question.Place.Tenant)},
		Paths:     []PathView{}, Denied: []DenialView{}, Misses: []MissView{}, Gaps: []GapView{}, Notes: []NoteView{}, Contexts: []ContextView{},
	}
	if t.who.kind != anybody {
		v.Principal.Kind = words[t.who.kind]
	}
	for _, p := range a.Paths {
		v.Paths = append(v.Paths, t.pathView(p))
	}
	for _, d := range a.Denied {
		v.Denied = append(v.Denied, DenialView{
			ID: d.ID.String(), Name: d.Name, Scope: d.Scope.String(), Everyone: d.Everyone, Principals: ids(d.Principals), Excluded: ids(d.Excluded),
			ThisScopeOnly: d.ThisScopeOnly, Condition: d.Condition,
		})
	}
	for _, m := range a.Misses {
		v.Misses = append(v.Misses, MissView{Kind: missWord(m.Kind), Text: m.Text, Next: m.Next, There: hopViews(m.There)})
	}
	for _, g := range a.Gaps {
		v.Gaps = append(v.Gaps, t.gapView(g))
	}
	for _, n := range a.Notes {
		v.Notes = append(v.Notes, NoteView(n))
	}
	for _, c := range a.Contexts {
		v.Contexts = append(v.Contexts, ContextView{Entry: c.Entry.String(), Tenant: tenantOf(c.Tenant), Portal: c.Portal, PowerShell: c.PowerShell, CLI: c.CLI})
	}
	return v
}

func verdictWord(v access.Verdict) string {
	switch v {
	case access.Has:
		return "has"
	case access.CanGet:
		return "canGet"
	case access.HasNot:
		return "hasNot"
	}
	return "unknown"
}

var missWords = [...]string{
	access.MissDenied: "denied", access.MissSignIn: "signIn", access.MissGuest: "guest", access.MissTerm: "term",
	access.MissRole: "role", access.MissScope: "scope", access.MissAssignment: "assignment", access.MissEntry: "entry",
}

func missWord(k access.MissKind) string {
	if int(k) < len(missWords) {
		return missWords[k]
	}
	return ""
}

func (t told) pathView(p access.Path) PathView {
	v := PathView{Gives: verdictWord(p.Gives), PartnerWide: p.PartnerWide(), Hops: hopViews(p.Hops)}
	if p.Entry.Kind != 0 {
		v.Entry = &EntryView{Kind: p.Entry.Kind.String(), Tenant: tenantOf(p.Entry.Tenant), Hops: hopViews(p.Entry.Hops)}
	}
	if !p.Blocked.IsZero() {
		v.BlockedBy = p.Blocked.String()
	}
	if p.Gives == access.Unknown {
		gap := t.gapView(p.Gap)
		v.Gap = &gap
	}
	return v
}

func hopViews(hops []access.Hop) []HopView {
	list := make([]HopView, len(hops))
	for i, h := range hops {
		list[i] = HopView{
			Verb: h.Kind.String(), From: thingView(h.From), To: thingView(h.To), Rule: h.Rule, Detail: h.Detail,
			ByHimself: h.Kind.ByHimself(), Eligible: h.Term.Eligible, PartnerWide: h.PartnerWide, Since: instant(h.Term.From), Until: instant(h.Term.Until),
		}
	}
	return list
}

func thingView(s access.Stop) ThingView {
	return ThingView{Kind: s.Kind.String(), ID: s.ID, Name: s.Name, Tenant: s.Tenant, Scope: s.Scope.String()}
}

func instant(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

func (t told) gapView(g csp.Gap) GapView {
	return GapView{Fact: g.Fact.String(), Tenant: t.tenantView(g.Tenant), Scope: g.Scope.String(), Why: g.Why}
}

// tenantView is a tenant of which only the id is known.
func (t told) tenantView(id csp.TenantID) *TenantView {
	if id.IsZero() {
		return nil
	}
	v := TenantView{ID: id.String()}
	if t.names != nil {
		v.Name = t.tenant(id)
	}
	return &v
}

func tenantOf(t csp.Tenant) TenantView {
	return TenantView{ID: t.ID.String(), Name: cmp.Or(t.Name, t.DefaultDomain.String())}
}

func ids(list []csp.ObjectID) []string {
	texts := make([]string, len(list))
	for i, id := range list {
		texts[i] = id.String()
	}
	return texts
}
