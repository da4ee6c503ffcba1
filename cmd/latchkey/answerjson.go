package main

import (
	"time"

	"latchkey/access"
	"latchkey/csp"
)

// The JSON of answers. Ids are for programs, names for people; what is empty is
// left out, but for the lists that a program will want to count.

type principalView struct {
	ID   csp.ObjectID `json:"id"`
	Name string       `json:"name"`
}

type placeView struct {
	Scope     string `json:"scope,omitempty"`
	Directory string `json:"directory,omitempty"` // the tenant's id
	Name      string `json:"name"`
}

type questionView struct {
	Principal principalView `json:"principal,omitzero"`
	Action    string        `json:"action"`
	Data      bool          `json:"data,omitempty"`
	Place     placeView     `json:"place,omitzero"`
	At        time.Time     `json:"at"`
}

type answerView struct {
	questionView
	Verdict string     `json:"verdict"`
	Paths   []pathView `json:"paths,omitempty"`
	More    bool       `json:"more,omitempty"`
	Denied  []string   `json:"denied,omitempty"`
	Misses  []missView `json:"misses,omitempty"`
	Gaps    []string   `json:"gaps,omitempty"`
	Notes   []noteView `json:"notes,omitempty"`
	SignIn  []signIn   `json:"signIn,omitempty"`
	Note    string     `json:"note,omitempty"`
}

type pathView struct {
	Gives       string    `json:"gives"`
	Hops        []hopView `json:"hops"`
	Entry       string    `json:"entry,omitempty"`
	EntryHops   []hopView `json:"entryHops,omitempty"`
	PartnerWide bool      `json:"partnerWide,omitempty"`
	Missing     string    `json:"missing,omitempty"`
}

type hopView struct {
	From     string    `json:"from"`
	Verb     string    `json:"verb"`
	To       string    `json:"to"`
	ToKind   string    `json:"toKind"`
	Scope    string    `json:"scope,omitempty"`
	Rule     string    `json:"rule"`
	Detail   string    `json:"detail,omitempty"`
	Eligible bool      `json:"eligible,omitempty"`
	Until    time.Time `json:"until,omitzero"`
}

type missView struct {
	Text string `json:"text"`
	Next string `json:"next,omitempty"`
}

type noteView struct {
	Rule string `json:"rule"`
	Text string `json:"text"`
}

type signIn struct {
	Tenant     string `json:"tenant"`
	By         string `json:"by"`
	Portal     string `json:"portal,omitempty"`
	PowerShell string `json:"powerShell,omitempty"`
	CLI        string `json:"cli,omitempty"`
}

func (w *world) principalView(id csp.ObjectID) principalView {
	return principalView{id, w.principalName(id)}
}

func (w *world) placeView(p access.Place) placeView {
	v := placeView{Scope: p.Scope.String(), Name: w.placeName(p)}
	if p.IsDirectory() {
		v.Directory = p.Tenant.String()
	}
	return v
}

// viewOf is an answer as JSON; only the verdict of it unless why is asked.
func (w *world) viewOf(a access.Answer, note string, why bool) answerView {
	q := a.Question
	v := answerView{
		questionView: questionView{w.principalView(q.Principal), q.Action.String(), q.Action.IsData(), w.placeView(q.Place), q.At},
		Verdict:      a.Verdict.String(), Note: note,
	}
	if !why {
		return v
	}
	v.More = a.More
	for _, p := range a.Paths {
		path := pathView{Gives: p.Gives.String(), Hops: hopViews(p.Hops), Entry: p.Entry.String(), EntryHops: hopViews(p.Entry.Hops), PartnerWide: p.PartnerWide()}
		if p.Gives == access.Unknown {
			path.Missing = p.Gap.String()
		}
		v.Paths = append(v.Paths, path)
	}
	for _, d := range a.Denied {
		v.Denied = append(v.Denied, d.Name)
	}
	for _, m := range a.Misses {
		v.Misses = append(v.Misses, missView{m.Text, m.Next})
	}
	v.Gaps = w.gapViews(a.Gaps)
	for _, n := range a.Notes {
		v.Notes = append(v.Notes, noteView(n))
	}
	for _, c := range a.Contexts {
		v.SignIn = append(v.SignIn, signIn{c.Tenant.Name, c.Entry.String(), c.Portal, c.PowerShell, c.CLI})
	}
	return v
}

func hopViews(hops []access.Hop) []hopView {
	views := make([]hopView, len(hops))
	for i, h := range hops {
		views[i] = hopView{
			From: h.From.Name, Verb: h.Kind.String(), To: h.To.Name, ToKind: h.To.Kind.String(), Scope: h.To.Scope.String(),
			Rule: h.Rule, Detail: h.Detail, Eligible: h.Term.Eligible, Until: h.Term.Until,
		}
	}
	return views
}

func (w *world) gapViews(gaps []csp.Gap) []string {
	var texts []string
	for _, g := range gaps {
		texts = append(texts, w.gapText(g))
	}
	return texts
}

type holdersView struct {
	Action  string          `json:"action"`
	Data    bool            `json:"data,omitempty"`
	Place   placeView       `json:"place"`
	At      time.Time       `json:"at"`
	Has     []principalView `json:"has"`
	CanGet  []principalView `json:"canGet"`
	Unknown []principalView `json:"unknown"`
	Gaps    []string        `json:"gaps,omitempty"`
	Note    string          `json:"note,omitempty"`
}

func (w *world) holdersView(a access.Action, p access.Place, h access.Holders, note string) holdersView {
	views := func(ids []csp.ObjectID) []principalView {
		list := make([]principalView, len(ids))
		for i, id := range ids {
			list[i] = w.principalView(id)
		}
		return list
	}
	return holdersView{a.String(), a.IsData(), w.placeView(p), w.at, views(h.Has), views(h.CanGet), views(h.Unknown), w.gapViews(h.Gaps), note}
}

type territoryView struct {
	Principal principalView `json:"principal"`
	Action    string        `json:"action"`
	Data      bool          `json:"data,omitempty"`
	At        time.Time     `json:"at"`
	Spans     []spanView    `json:"spans"`
	Gaps      []string      `json:"gaps,omitempty"`
	Note      string        `json:"note,omitempty"`
}

type spanView struct {
	Verdict string `json:"verdict,omitempty"`
	placeView
	Except []placeView `json:"except,omitempty"`
}

func (w *world) territoryView(who csp.ObjectID, a access.Action, t access.Territory, note string) territoryView {
	v := territoryView{w.principalView(who), a.String(), a.IsData(), w.at, []spanView{}, w.gapViews(t.Gaps), note}
	for _, spans := range [][]access.Span{t.Directories, t.Spans} {
		for _, s := range spans {
			span := spanView{Verdict: s.Verdict.String(), placeView: w.placeView(s.Place)}
			for _, place := range s.Except {
				span.Except = append(span.Except, w.placeView(place))
			}
			v.Spans = append(v.Spans, span)
		}
	}
	return v
}
