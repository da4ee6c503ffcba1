package csp_test

import (
	"strings"
	"testing"
	"time"

	"latchkey/csp"
)

func TestAPeriodHoldsFromItsBeginningUntilItsEnd(t *testing.T) {
	begin := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	end := begin.Add(time.Hour)
	for _, c := range []struct {
		name   string
		period csp.Period
		at     time.Time
		want   bool
	}{
		{"before it", csp.Period{From: begin, Until: end}, begin.Add(-time.Nanosecond), false},
		{"at its beginning", csp.Period{From: begin, Until: end}, begin, true},
		{"just before its end", csp.Period{From: begin, Until: end}, end.Add(-time.Nanosecond), true},
		{"at its end", csp.Period{From: begin, Until: end}, end, false},
		{"elsewhere on the clock", csp.Period{From: begin, Until: end}, end.In(time.FixedZone("", 7200)), false},
		{"since ever", csp.Period{Until: end}, time.Time{}, true},
		{"for ever", csp.Period{From: begin}, end.AddDate(1000, 0, 0), true},
		{"always", csp.Period{}, begin, true},
	} {
		if got := c.period.Holds(c.at); got != c.want {
			t.Errorf("%s: %t; want %t", c.name, got, c.want)
		}
	}
}

func TestAGapSaysWhatIsMissing(t *testing.T) {
	tenant := csp.MustParseID[csp.Tenant]("5f3759df-0000-4000-8000-000000000001")
	scope := csp.MustParseScope("/subscriptions/5f3759df-0000-4000-8000-000000000002")
	for _, c := range []struct {
		gap  csp.Gap
		want string
	}{
		{csp.Gap{}, "a fact"},
		{csp.Gap{Fact: 99}, "a fact"},
		{csp.Gap{Fact: csp.MissingTenant, Tenant: tenant}, "everything of tenant 5f3759df-0000-4000-8000-000000000001"},
		{csp.Gap{Fact: csp.MissingQuestion, Why: "it must name a place"}, "a proper question: it must name a place"},
		{
			csp.Gap{Fact: csp.MissingAssignments, Tenant: tenant, Scope: scope, Why: "not allowed to read them"},
			"role assignments at /subscriptions/5f3759df-0000-4000-8000-000000000002 of tenant 5f3759df-0000-4000-8000-000000000001: not allowed to read them",
		},
	} {
		if got := c.gap.String(); got != c.want {
			t.Errorf("%q; want %q", got, c.want)
		}
	}
}

func TestEveryKindOfFactHasAName(t *testing.T) {
	names := map[string]csp.FactKind{}
	for kind := csp.MissingTenant; kind <= csp.MissingQuestion; kind++ {
		if other, taken := names[kind.String()]; taken || kind.String() == "a fact" {
			t.Errorf("kind %d is called %q, as is %d", kind, kind, other)
		}
		names[kind.String()] = kind
	}
}

func TestNounsStandInErrors(t *testing.T) {
	_, person := csp.ParseID[csp.Person]("x")
	_, relationship := csp.ParseID[csp.GDAPRelationship]("x")
	for want, err := range map[string]error{"person": person, "GDAP relationship": relationship} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v; want the word %q in it", err, want)
		}
	}
}
