package scenario_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"latchkey/access"
	"latchkey/access/scenario"
	"latchkey/csp"
)

func TestAWrongAnswerIsShown(t *testing.T) {
	tests := []struct {
		name, question string
		want           []string // parts of the failure; none: there is no failure
	}{
		{"a verdict", "can olga restart at shop: has not", []string{"want has not, got has", "path: has: olga holds Owner"}},
		{"a verdict of who can get", "can uwe restart at shop: has", []string{"want has, got can get", "path: can get"}},
		{"a verdict that is unknown", "can uwe restart at shop/data: can get", []string{"want can get, got unknown", "gap: role definitions"}},
		{"a path that is not there", `can olga restart at shop: has by "Reader"`, []string{"want a path by Reader"}},
		{"a rule that is not followed", "can olga restart at shop: has by R28", []string{"want a path by R28"}},
		{"another way in", "can olga restart at shop: has by guest", []string{"want a path by guest"}},
		{"a path that should not be there", "can olga restart at shop: has; not by home", []string{"want no path by home"}},
		{"a missing reason", "can olga restart at box: has not because sign-in", []string{"want a miss of kind sign-in", "miss: scope:"}},
		{"a missing reason in words", `can olga restart at box: has not because "no way"`, []string{`want "no way" to be missing`}},
		{"a reason in words", `can olga restart at box: has not because "does not contain the place"`, nil},
		{"marks without blanks", `can olga restart at shop :has; by home,"Owner"`, nil},
		{"a missing gap", `can uwe restart at shop/data: unknown because "denials"`, []string{`want "denials" to be unknown, and the gaps are`}},
		{"a denial of another name", "can olga restart at shop/data: has not; denied by watched", []string{`want it denied by "watched"`, "denied by: hands off"}},
		{"a note that is not there", "can olga assign at shop: has; note R16 users", []string{"want a note on R16 users"}},
		{"a note that is there", "can Ann Arbor assign at shop: has; no note R16", []string{"want no note on R16", "note: R16"}},
		{"another tenant to sign in to", "can Ann Arbor assign at shop: has; sign in to Alder", []string{"want to be told to sign in to Alder, got", "context: Contoso by guest"}},
		{"another way to sign in", "can Ann Arbor assign at shop: has; sign in to Contoso by GDAP", []string{"want to be told to sign in to Contoso by GDAP"}},
		{"a path for one customer", "can olga restart at shop: has; partner-wide", []string{"want a path that the partner cannot limit to one customer"}},
		{"somebody who has not", "who restart at shop/web: has olga, Ann Arbor, james; can get uwe", []string{"want has, and not among them: james"}},
		{"somebody who has", "who restart at shop: has olga; can get uwe", []string{"got has, and not wanted: Ann Arbor"}},
		{"another verdict", "who restart at shop: has olga, Ann Arbor, uwe", []string{"want has, and not among them: uwe", "got can get, and not wanted: carl, uwe"}},
		{"a guest is told by his home account", "who restart at shop: has olga, Ann Arbor, Ann Arbor @ Contoso; can get uwe, carl", []string{"want has, and not among them: Ann Arbor @ Contoso"}},
		{"somewhere he has not", "reach olga restart: has shop", []string{"want has, and not among them: shop/data"}},
		{"somewhere he has", "reach olga restart: has shop/web", []string{"got has, and not wanted: shop"}},
		{"somewhere nobody lists", "reach olga restart: has shop except shop/data and shop/nothing, shop/web2", []string{"the world does not list shop/nothing, and reach is about listed places", "does not list shop/web2"}},
		{"two things of one place", "reach olga restart: has shop except shop/data; can get shop/web", []string{"the scenario says both has and can get of shop/web"}},
		{"a gap of who", `who restart at shop/data: has Ann Arbor; unknown uwe; because "weather"`, []string{`want "weather" to be unknown`}},
		{"a gap of reach", `reach uwe restart: can get shop except shop/data; unknown shop/data; because "weather"`, []string{`want "weather" to be unknown`}},
		{"a verb", "finds ghosts at night: loud, white; soft", []string{`looked for ["ghosts" "at" "night"] ["loud , white" "soft"] at 2026-01-01`}},
		{"a verb that comes true", "finds nothing: shows R25", nil},
		{"a resource right below the subscription", "can olga restart at shop/providers/Microsoft.Security/pricings/x: has", nil},
		{"a scope in full", "can olga assign at /subscriptions/00000000-0000-4000-8000-000000000001: has not", []string{"want has not, got unknown"}},
		{"a management group", "can olga assign at management group europe of Contoso: has not", nil},
		{"the root", "reach carl restart: has root of Contoso", []string{"want has, and not among them: box, management group europe of Contoso, root of Contoso, shop, shop/data, shop/web"}},
		{"a directory", "reach carl microsoft.directory/users/create: has in Alder", []string{"want has, and not among them: Alder", "got has, and not wanted: Contoso"}},
		{"a principal that nobody lists", "can 00000000-0000-4000-8000-000000000002 assign at shop: has", []string{"want has, got unknown"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			failures, err := scenario.Check("small.txtar", small+test.question+"\n", finds)
			if err != nil {
				t.Fatal(err)
			}
			var all []string
			for _, failure := range failures {
				all = append(all, failure.String())
			}
			text := strings.Join(all, "\n")
			for _, part := range test.want {
				if !strings.Contains(text, part) {
					t.Errorf("want %q in\n%s", part, text)
				}
			}
			if len(test.want) == 0 && text != "" || len(test.want) > 0 && !strings.HasPrefix(text, "small.txtar:31: "+test.question) {
				t.Errorf("got %s", text)
			}
		})
	}
}

func TestAPathForAllCustomersIsShown(t *testing.T) {
	text := strings.Replace(small, "    guests:", "    gdap: {door: {partner: Alder, groups: {AdminAgents: Directory Readers}}}\n    guests:", 1)
	failures, err := scenario.Check("small.txtar", text+"can james restart at shop: has; partner-wide\ncan james restart at shop: has; not partner-wide")
	if err != nil {
		t.Fatal(err)
	}
	if len(failures) != 1 || failures[0].Line != 33 || !strings.Contains(failures[0].Text, "want no path that the partner cannot limit to one customer") {
		t.Errorf("got %v", failures)
	}
}

func TestAWorldTooLargeForEveryQuestionIsRefused(t *testing.T) {
	var users, groups strings.Builder
	for n := range 400 {
		fmt.Fprintf(&users, "u%d, ", n)
		fmt.Fprintf(&groups, "g%d: , ", n)
	}
	text := fmt.Sprintf("Who?\n\n-- world --\ncustomers: {Contoso: {users: [%s], subscriptions: {shop: {resource groups: {%s}}}}}\n-- questions --\nwho a/b at shop: nobody\n", &users, &groups)
	failures, err := scenario.Check("large.txtar", text)
	if err != nil {
		t.Fatal(err)
	}
	want := "large.txtar: the world is too large to ask everybody about every place: that makes 161200 questions, and 100000 are the most; leave out what shows nothing"
	if len(failures) != 1 || failures[0].String() != want {
		t.Errorf("got %v", failures)
	}
}

func TestAWorldThatContradictsItselfIsNotAsked(t *testing.T) {
	text := strings.Replace(small, "{europe: }", "{europe: {in: asia}, asia: {in: europe}}", 1)
	_, err := scenario.Check("small.txtar", text+"can olga restart at shop: has\n")
	if err == nil || !strings.HasPrefix(err.Error(), "small.txtar: ") {
		t.Errorf("got %v", err)
	}
}

func TestWhatAScenarioSays(t *testing.T) {
	text := "Who\nmay?\n\nArticle: The\nowner.\n\nMore: to say.\n\n" + small[strings.Index(small, "-- world"):] +
		"on 2026-12-01T10:30:00+01:00\ncan olga restart at shop: has  # a comment\n    by home; shows R18, R17\n"
	s, err := scenario.Parse("small.txtar", strings.ReplaceAll(text, "\n", "\r\n"))
	if err != nil {
		t.Fatal(err)
	}
	if s.Title != "Who may?" || s.Remark("Article") != "The owner." || s.Remark("Today") != "" || s.Remark("") != "More: to say." {
		t.Errorf("got title %q and remarks %q", s.Title, s.Remarks)
	}
	q := s.Questions[0]
	if !q.At.Equal(time.Date(2026, 12, 1, 9, 30, 0, 0, time.UTC)) || !slices.Equal(q.Shows, []scenario.Show{{Rule: "R18", Gives: true}, {Rule: "R17", Gives: true}}) {
		t.Errorf("got %+v", q)
	}
	if q.Text != "can olga restart at shop: has  # a comment by home; shows R18, R17" {
		t.Errorf("got %q", q.Text)
	}
}

// liar is an index that does not tell the truth in one way of asking.
type liar struct {
	*access.Index
	can     func(access.Question, access.Verdict) access.Verdict
	canText func(access.Verdict) (access.Verdict, error)
	why     func(access.Answer) access.Answer
	who     func(access.Holders) access.Holders
	reach   func(access.Territory) access.Territory
}

func (l liar) Can(q access.Question) access.Verdict {
	if l.can != nil {
		return l.can(q, l.Index.Can(q))
	}
	return l.Index.Can(q)
}

func (l liar) CanText(principal, action, scope string, at time.Time) (access.Verdict, error) {
	if l.canText != nil {
		return l.canText(access.Has)
	}
	return l.Index.CanText(principal, action, scope, at)
}

func (l liar) Why(q access.Question) access.Answer {
	if l.why != nil {
		return l.why(l.Index.Why(q))
	}
	return l.Index.Why(q)
}

func (l liar) Who(a access.Action, p access.Place, at time.Time) access.Holders {
	if l.who != nil {
		return l.who(l.Index.Who(a, p, at))
	}
	return l.Index.Who(a, p, at)
}

func (l liar) Reach(p csp.ObjectID, a access.Action, at time.Time) access.Territory {
	if l.reach != nil {
		return l.reach(l.Index.Reach(p, a, at))
	}
	return l.Index.Reach(p, a, at)
}

func TestWaysOfAskingThatDisagreeAreShown(t *testing.T) {
	elsewhere := access.At(csp.MustParseScope("/subscriptions/00000000-0000-4000-8000-000000000001"))
	tests := []struct {
		name string
		liar liar
		want string
	}{
		{"Can", liar{can: func(_ access.Question, v access.Verdict) access.Verdict { return access.HasNot }}, "olga, Microsoft.Compute/virtualMachines/restart/action at shop on 2026-01-01T00:00:00Z: can says has not, can on texts says has, reach says has"},
		{"CanText", liar{canText: func(access.Verdict) (access.Verdict, error) { return access.Has, nil }}, "can on texts says has, reach says has not"},
		{"CanText with an error", liar{canText: func(access.Verdict) (access.Verdict, error) { return access.Unknown, scenarioError("no such thing") }}, "can on texts says no such thing"},
		{"Why", liar{why: func(a access.Answer) access.Answer { a.Verdict = access.CanGet; return a }}, "why says can get"},
		{"the paths of Why", liar{why: func(a access.Answer) access.Answer { a.Paths = nil; return a }}, "the paths says has not"},
		{"the gaps of Why", liar{why: func(a access.Answer) access.Answer { a.Gaps, a.Paths = nil, nil; return a }}, "the paths says has not"},
		{"Who", liar{who: func(h access.Holders) access.Holders { h.Has = nil; return h }}, "who says has not"},
		{"Reach", liar{reach: func(access.Territory) access.Territory { return access.Territory{} }}, "reach says has not"},
		{"Reach counting spans", liar{reach: func(a access.Territory) access.Territory {
			a.Spans = slices.Clone(a.Spans)
			for i := range a.Spans {
				a.Spans[i].Known++
			}
			return a
		}}, "reach counts 4 places in shop, and there are 3"},
		{"Reach counting all", liar{reach: func(a access.Territory) access.Territory { a.Counts = nil; return a }}, "reach counts 0 places with has, and its spans have 3"},
		{"Reach elsewhere", liar{reach: func(a access.Territory) access.Territory {
			a.Spans = append(slices.Clone(a.Spans), access.Span{Verdict: access.Has, Place: elsewhere, Except: []access.Place{elsewhere}})
			return a
		}}, "reach names /subscriptions/00000000-0000-4000-8000-000000000001, which the world does not list"},
		{"Reach twice", liar{reach: func(a access.Territory) access.Territory {
			for _, span := range a.Spans {
				span.Verdict = access.Unknown
				a.Spans = append(slices.Clip(a.Spans), span)
			}
			return a
		}}, "reach says both has and unknown of shop"},
	}
	s, err := scenario.Parse("small.txtar", small+"reach olga restart: has shop except shop/data\n")
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			index, err := access.Compile(s.Facts)
			if err != nil {
				t.Fatal(err)
			}
			test.liar.Index = index
			var all []string
			for _, failure := range s.RunOn(test.liar, index) {
				all = append(all, failure.String())
			}
			if text := strings.Join(all, "\n"); !strings.Contains(text, test.want) {
				t.Errorf("want %q in\n%s", test.want, text)
			}
		})
	}
}

type scenarioError string

func (e scenarioError) Error() string { return string(e) }
