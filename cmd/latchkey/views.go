package main

import (
	"encoding/json"
	"io"
	"time"

	"latchkey/access"
	"latchkey/access/diff"
	"latchkey/access/estate"
	"latchkey/access/picture"
	"latchkey/csp"
)

// The JSON of questions. Words, ids, places and gaps are those of picture.View;
// lists are never null. docs/asking.md tells the fields.

// answerView is what why prints.
type answerView struct {
	picture.View

	Note string `json:"note,omitempty"`
}

// verdictView is what can prints: the answer without its reasons.
type verdictView struct {
	Verdict   string            `json:"verdict"`
	Sentence  string            `json:"sentence"`
	Principal picture.ThingView `json:"principal"`
	Action    string            `json:"action"`
	Data      bool              `json:"dataAction"`
	Place     picture.PlaceView `json:"place"`
	At        time.Time         `json:"at"`
	Note      string            `json:"note,omitempty"`
}

// answerView is the answer, its principal and place told as in other answers.
func (w *world) answerView(a access.Answer, note string) answerView {
	v := picture.ViewOf(a, picture.Named(sayNames{w}))
	v.Principal, v.Place = w.principalView(a.Question.Principal), w.placeView(a.Question.Place)
	return answerView{v, note}
}

// verdict is the answer without its reasons.
func (v answerView) verdict() verdictView {
	return verdictView{v.Verdict, v.Sentence, v.Principal, v.Action, v.Data, v.Place, v.At, v.Note}
}

// verdictWords are the verdicts as picture.View has them.
var verdictWords = map[access.Verdict]string{access.Has: "has", access.CanGet: "canGet", access.HasNot: "hasNot", access.Unknown: "unknown"}

// holdersView is what who prints.
type holdersView struct {
	Action  string              `json:"action"`
	Data    bool                `json:"dataAction"`
	Place   picture.PlaceView   `json:"place"`
	At      time.Time           `json:"at"`
	Has     []picture.ThingView `json:"has"`
	CanGet  []picture.ThingView `json:"canGet"`
	Unknown []picture.ThingView `json:"unknown"`
	Gaps    []picture.GapView   `json:"gaps"`
	Note    string              `json:"note,omitempty"`
}

func (w *world) holdersView(q access.Question, h access.Holders, note string) holdersView {
	return holdersView{
		q.Action.String(), q.Action.IsData(), w.placeView(q.Place), q.At,
		w.principalViews(h.Has), w.principalViews(h.CanGet), w.principalViews(h.Unknown), w.gapViews(h.Gaps), note,
	}
}

// territoryView is what reach prints.
type territoryView struct {
	Principal picture.ThingView    `json:"principal"`
	Action    string               `json:"action"`
	Data      bool                 `json:"dataAction"`
	At        time.Time            `json:"at"`
	Counts    map[string]countView `json:"counts"` // by verdict
	Spans     []spanView           `json:"spans"`
	Gaps      []picture.GapView    `json:"gaps"`
	Note      string               `json:"note,omitempty"`
}

type countView struct {
	Tenants       int `json:"tenants"`
	Subscriptions int `json:"subscriptions"`
	Places        int `json:"knownPlaces"`
}

// spanView is a place with all in it but for some parts.
type spanView struct {
	Verdict string `json:"verdict,omitempty"`
	picture.PlaceView

	Except []picture.PlaceView `json:"except"`
}

func (w *world) territoryView(q access.Question, t access.Territory, note string) territoryView {
	v := territoryView{w.principalView(q.Principal), q.Action.String(), q.Action.IsData(), q.At, map[string]countView{}, []spanView{}, w.gapViews(t.Gaps), note}
	for verdict, count := range t.Counts {
		v.Counts[verdictWords[verdict]] = countView(count)
	}
	for _, spans := range [][]access.Span{t.Directories, t.Spans} {
		for _, s := range spans {
			span := spanView{Verdict: verdictWords[s.Verdict], PlaceView: w.placeView(s.Place), Except: []picture.PlaceView{}}
			for _, place := range s.Except {
				span.Except = append(span.Except, w.placeView(place))
			}
			v.Spans = append(v.Spans, span)
		}
	}
	return v
}

func (w *world) principalViews(ids []csp.ObjectID) []picture.ThingView {
	views := make([]picture.ThingView, len(ids))
	for i, id := range ids {
		views[i] = w.principalView(id)
	}
	return views
}

var stopKinds = map[estate.PrincipalKind]access.StopKind{
	estate.KindUser: access.UserStop, estate.KindGroup: access.GroupStop, estate.KindServicePrincipal: access.ServicePrincipalStop,
}

func (w *world) principalView(id csp.ObjectID) picture.ThingView {
	v := picture.ThingView{ID: id.String()}
	p, ok := w.x.FindPrincipal(id)
	if !ok {
		return v
	}
	kind := w.x.PrincipalKind[p]
	v.Kind, v.Name = stopKinds[kind.Type()].String(), w.names.PrincipalName(id)
	if kind&estate.IsGuest != 0 {
		v.Kind = access.GuestStop.String()
	}
	if t := w.x.PrincipalTenant[p]; t != estate.None {
		v.Tenant = w.names.TenantName(w.x.TenantID[t])
	}
	return v
}

// placeView is a place with the tenant that it is of, if the facts tell.
func (w *world) placeView(place access.Place) picture.PlaceView {
	v := picture.PlaceView{Name: w.names.PlaceName(place), Scope: place.Scope.String()}
	if t := w.names.TenantOf(place); t != estate.None {
		v.Tenant = w.tenantView(w.x.TenantID[t])
	}
	return v
}

func (w *world) tenantView(id csp.TenantID) *picture.TenantView {
	if id.IsZero() {
		return nil
	}
	return &picture.TenantView{ID: id.String(), Name: w.names.TenantName(id)}
}

func (w *world) gapViews(gaps []csp.Gap) []picture.GapView {
	views := make([]picture.GapView, len(gaps))
	for i, g := range gaps {
		views[i] = picture.GapView{Fact: g.Fact.String(), Tenant: w.tenantView(g.Tenant), Scope: g.Scope.String(), Why: g.Why}
	}
	return views
}

// diffView is what diff, what-if and compare print.
type diffView struct {
	Accounts int            `json:"accounts"`
	Lines    []diffLineView `json:"lines"`
}

type diffLineView struct {
	Who           []picture.ThingView `json:"who"`
	Gained        bool                `json:"gained"`
	Before        string              `json:"before"`
	After         string              `json:"after"`
	Roles         []string            `json:"roles"`
	PartOf        string              `json:"partOf,omitempty"`
	Actions       []actionView        `json:"actions"`
	Places        []spanView          `json:"places"`
	Tenants       []string            `json:"tenants"`
	Subscriptions int                 `json:"subscriptions"`
	KnownPlaces   int                 `json:"knownPlaces"`
	Because       []causeView         `json:"because"`
}

type actionView struct {
	Action string `json:"action"`
	Data   bool   `json:"dataAction"`
	Words  string `json:"words,omitempty"`
}

type causeView struct {
	Text string `json:"text"`
	Rule string `json:"rule,omitempty"`
}

func diffViewOf(r diff.Result) diffView {
	v := diffView{Accounts: r.Accounts, Lines: []diffLineView{}}
	for _, l := range r.Lines {
		v.Lines = append(v.Lines, diffLineViewOf(l))
	}
	return v
}

func diffLineViewOf(l diff.Line) diffLineView {
	v := diffLineView{
		Gained: l.Gained(), Before: verdictWords[l.Before], After: verdictWords[l.After], PartOf: l.PartOf,
		Subscriptions: l.Count.Subscriptions, KnownPlaces: l.Count.Places,
		Who: []picture.ThingView{}, Roles: append([]string{}, l.Roles...), Tenants: append([]string{}, l.Tenants...), Because: []causeView{},
	}
	for _, p := range l.Who {
		v.Who = append(v.Who, picture.ThingView{ID: p.ID.String(), Name: p.Name, Tenant: p.Tenant})
	}
	for _, a := range l.Actions {
		action := actionView{Action: a.String(), Data: a.IsData()}
		if a.Words != action.Action {
			action.Words = a.Words
		}
		v.Actions = append(v.Actions, action)
	}
	for _, s := range l.Spans {
		v.Places = append(v.Places, diffSpanView(s))
	}
	for _, c := range l.Because {
		v.Because = append(v.Because, causeView(c))
	}
	return v
}

func diffSpanView(s diff.Span) spanView {
	v := spanView{PlaceView: picture.PlaceView{Name: s.Label, Scope: s.Place.Scope.String()}, Except: []picture.PlaceView{}}
	if !s.Place.Tenant.IsZero() {
		v.Tenant = &picture.TenantView{ID: s.Place.Tenant.String()}
	}
	for _, e := range s.Except {
		v.Except = append(v.Except, diffSpanView(e).PlaceView)
	}
	return v
}

func printJSON(out io.Writer, v any) error {
	encoder := json.NewEncoder(out)
	encoder.SetIndent("", "  ")
	encoder.SetEscapeHTML(false)
	return encoder.Encode(v)
}
