package picture_test

import (
	"fmt"
	"strings"
	"testing"

	"latchkey/access"
	"latchkey/access/picture"
	"latchkey/csp"
)

func (w world) ask(t *testing.T, who, action, where string) access.Question {
	t.Helper()
	a, err := access.ParseAction(action)
	if err != nil {
		t.Fatal(err)
	}
	q := access.Question{Action: a, At: noon}
	if who != "" {
		q.Principal = w.principal(t, who)
	}
	if where != "" {
		q.Place = w.place(t, where)
	}
	return q
}

func TestPlacesAreTold(t *testing.T) {
	w := theWorld(t)
	named := picture.Named(picture.NamesIn(w.index))
	var all strings.Builder
	for _, test := range []struct{ who, action string }{
		{"james", restart},
		{"ada", reset},
		{"gina", restart},
		{"emil", restart},
		{"cleo", restart},
		{"bella", "Microsoft.Compute/virtualMachines/read"},
		{"fay", restart},
	} {
		q := w.ask(t, test.who, test.action, "")
		all.WriteString(picture.TextOfReach(q, w.index.Reach(q.Principal, q.Action, q.At), 100, named) + "\n----\n")
	}
	golden(t, "testdata/reach.txt", []byte(all.String()))
}

func TestPeopleAreTold(t *testing.T) {
	w := theWorld(t)
	named := picture.Named(picture.NamesIn(w.index))
	var all strings.Builder
	for _, test := range []struct{ action, where string }{
		{restart, "shop-web"},
		{restart, "shop-web/web"},
		{restart, "ledger"},
		{reset, "Contoso"},
		{restart, "forge"},
	} {
		q := w.ask(t, "", test.action, test.where)
		all.WriteString(picture.TextOfWho(q, w.index.Who(q.Action, q.Place, q.At), 100, named) + "\n----\n")
	}
	golden(t, "testdata/who.txt", []byte(all.String()))
}

func TestSummariesOfPlaces(t *testing.T) {
	q := question()
	counts := func(v access.Verdict, c access.Count) access.Territory {
		return access.Territory{Counts: map[access.Verdict]access.Count{v: c}}
	}
	directory := counts(access.Has, access.Count{Tenants: 1})
	directory.Directories = []access.Span{{Verdict: access.Has, Place: access.DirectoryOf(number[csp.Tenant](4))}}
	both := counts(access.CanGet, access.Count{Tenants: 3, Subscriptions: 1, Places: 1})
	both.Directories = []access.Span{{Verdict: access.CanGet}, {Verdict: access.CanGet}}
	several := access.Territory{Counts: map[access.Verdict]access.Count{
		access.Has: {Tenants: 3, Subscriptions: 1014, Places: 1234567}, access.CanGet: {Tenants: 1, Places: 2}, access.Unknown: {Tenants: 1, Places: 1},
	}}
	const me = "01000000-0000-0000-0000-000000000001"
	for _, test := range []struct {
		name string
		r    access.Territory
		want string
	}{
		{"nowhere", access.Territory{}, me + " does not have " + restart + " anywhere, and cannot get it by himself."},
		{"not known", access.Territory{Gaps: []csp.Gap{{Fact: csp.MissingTenant}}}, "It is not known where " + me + " has " + restart + "."},
		{"below subscriptions", counts(access.Has, access.Count{Tenants: 1, Places: 1}), me + " has " + restart + " at 1 place (1 tenant)."},
		{"a directory", directory, me + " has " + restart + " in 1 directory."},
		{"both", both, me + " can get " + restart + " at 1 subscription and in 2 directories (1 tenant)."},
		{"of every verdict", several, me + " has " + restart + " at 1,014 subscriptions (3 tenants), 1,234,567 known places in all, can get it at 2 places (1 tenant) and may have it at 1 place (1 tenant)."},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got, _, _ := strings.Cut(picture.TextOfReach(q, test.r, 0), "\n"); got != test.want {
				t.Errorf("got  %s\nwant %s", got, test.want)
			}
		})
	}
}

func TestSummariesOfPeople(t *testing.T) {
	ids := func(n int) (list []csp.ObjectID) {
		for i := range n {
			list = append(list, number[csp.Principal](i+1))
		}
		return list
	}
	for _, test := range []struct {
		name string
		h    access.Holders
		want string
	}{
		{"nobody", access.Holders{}, "Nobody has X at P, and nobody can get it by himself."},
		{"not known", access.Holders{Gaps: []csp.Gap{{}}}, "It is not known who has X at P."},
		{"one", access.Holders{Has: ids(1)}, "1 principal has X at P."},
		{"many", access.Holders{Has: ids(1200), CanGet: ids(1), Unknown: ids(2)}, "1,200 principals have X at P, 1 principal can get it and 2 principals may have it."},
		{"only by a step", access.Holders{CanGet: ids(2)}, "2 principals can get X at P."},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, _, _ := strings.Cut(picture.TextOfWho(question(), test.h, 0), "\n")
			if got = strings.NewReplacer(restart, "X", shop.String(), "P").Replace(got); got != test.want {
				t.Errorf("got  %s\nwant %s", got, test.want)
			}
		})
	}
}

// labels are names for whatever has an id.
type labels struct{}

func (labels) PrincipalName(id csp.ObjectID) string {
	switch id {
	case number[csp.Principal](1), number[csp.Principal](2):
		return "Kim Doe"
	case number[csp.Principal](3):
		return "Ann"
	}
	return id.String()
}
func (labels) TenantName(csp.TenantID) string  { return "Contoso" }
func (labels) PlaceName(p access.Place) string { return "<" + p.Scope.Name() + ">" }

func TestThoseOfOneNameAreToldByTheirIDs(t *testing.T) {
	h := access.Holders{Has: []csp.ObjectID{number[csp.Principal](0), number[csp.Principal](1), number[csp.Principal](2), number[csp.Principal](3)}}
	want := `
Has it:
  - Ann
  - Kim Doe (01000000-0000-0000-0000-000000000001)
  - Kim Doe (01000000-0000-0000-0000-000000000002)
  - 01000000-0000-0000-0000-000000000000
`
	if got := picture.TextOfWho(question(), h, 0, picture.Named(labels{})); !strings.HasSuffix(got, want) {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestLongListsAreShortened(t *testing.T) {
	var h access.Holders
	for n := range 60 {
		h.Has = append(h.Has, number[csp.Principal](n))
	}
	got := picture.TextOfWho(question(), h, 0)
	if strings.Count(got, "\n  - ") != 51 || !strings.HasSuffix(got, "  - and 10 more\n") {
		t.Errorf("got\n%s", got)
	}
}

func TestSpansAreTold(t *testing.T) {
	tenant := number[csp.Tenant](4)
	var r access.Territory
	except := make([]access.Place, 7)
	for n := range except {
		scope, err := csp.ResourceGroupScopeOf(shop.Subscription(), fmt.Sprint("rg", n))
		if err != nil {
			t.Fatal(err)
		}
		except[n] = access.Place{Tenant: tenant, Scope: scope}
	}
	r.Spans = []access.Span{
		{Verdict: access.Has, Place: access.Place{Tenant: tenant, Scope: csp.Root()}, Known: 1},
		{Verdict: access.Has, Place: access.Place{Tenant: tenant, Scope: shop}, Known: 12, Except: except},
		{Verdict: access.Has, Place: except[0], Known: 1},
	}
	r.Directories = []access.Span{{Verdict: access.Has, Place: access.DirectoryOf(tenant)}}
	r.Counts = map[access.Verdict]access.Count{access.Has: {Tenants: 1, Places: 14}}
	want := `
Has it:
  - The root of Contoso
  - <01000000-0000-0000-0000-000000000007>, of Contoso and all in it (12 known places), except <rg0>, <rg1>, <rg2>, <rg3>, <rg4> and 2 more
  - <rg0>, of Contoso
  - The directory of Contoso
`
	if got := picture.TextOfReach(question(), r, 0, picture.Named(labels{})); !strings.HasSuffix(got, want) {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}
