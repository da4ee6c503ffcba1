package picture_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"latchkey/access"
	"latchkey/access/picture"
	"latchkey/csp"
	"latchkey/csp/names"
	"latchkey/csp/worldfile"
)

var update = flag.Bool("update", false, "write the golden files and docs/pictures anew")

var noon = time.Date(2026, time.November, 2, 12, 0, 0, 0, time.UTC)

const (
	restart = "Microsoft.Compute/virtualMachines/restart/action"
	assign  = "Microsoft.Authorization/roleAssignments/write"
	reset   = "microsoft.directory/users/password/update"
)

// world is the world of testdata/world.yaml.
type world struct {
	facts csp.Facts
	index *access.Index
	names *names.Directory
}

var readWorld = sync.OnceValues(func() (world, error) {
	text, err := os.ReadFile("testdata/world.yaml")
	if err != nil {
		return world{}, err
	}
	facts, err := worldfile.Parse("world.yaml", text)
	if err != nil {
		return world{}, err
	}
	index, err := access.Compile(facts)
	return world{facts, index, names.New(facts)}, err
})

func theWorld(t testing.TB) world {
	t.Helper()
	w, err := readWorld()
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func (w world) principal(t testing.TB, name string) csp.ObjectID {
	t.Helper()
	for _, p := range w.facts.Principals {
		if p.Name == name && p.Source != csp.Guest {
			return p.ID
		}
	}
	t.Fatalf("the world has no %s", name)
	return csp.ObjectID{}
}

// place is a subscription, a resource group as "shop-web/web", or a tenant.
func (w world) place(t testing.TB, name string) access.Place {
	t.Helper()
	if tenant, err := w.names.Tenant(name); err == nil {
		return access.DirectoryOf(tenant)
	}
	subscription, group := name, ""
	for i := range name {
		if name[i] == '/' {
			subscription, group = name[:i], name[i+1:]
		}
	}
	id, err := w.names.Subscription(csp.TenantID{}, subscription)
	if err != nil {
		t.Fatal(err)
	}
	if group == "" {
		return access.At(csp.SubscriptionScopeOf(id))
	}
	scope, err := csp.ResourceGroupScopeOf(id, group)
	if err != nil {
		t.Fatal(err)
	}
	return access.At(scope)
}

// asked are questions to the world. Their answers are of every kind.
var asked = []struct{ name, who, action, place string }{
	{"own-role", "pat", assign, "shop-web"},
	{"nested-groups", "cleo", restart, "shop-web/web"},
	{"admin-agent", "james", restart, "shop-web"},
	{"dap", "ada", reset, "Brightwater"},
	{"gdap-directory", "helga", reset, "Contoso"},
	{"guest", "nils", restart, "shop-web/web"},
	{"guest-shuts-gdap", "nils", reset, "Contoso"},
	{"lighthouse", "luis", restart, "shop-web/web"},
	{"eligible", "emil", restart, "shop-web/web"},
	{"adds-himself", "gina", restart, "shop-web"},
	{"assigns-himself", "pat", restart, "shop-web"},
	{"elevates", "mia", restart, "ledger"},
	{"denied", "cleo", restart, "shop-web/vault"},
	{"sign-in-missing", "ada", restart, "forge"},
	{"role-missing", "sam", restart, "shop-web"},
	{"no-way", "fay", restart, "shop-web"},
	{"unknown", "emil", restart, "ledger"},
	{"not-collected", "gil", restart, "foundry"},
	{"several", "sam", restart, "shop-web/web"},
}

// answers are those of the world, and some made by hand that take too large a
// world, by name.
func answers(t testing.TB) map[string]access.Answer {
	t.Helper()
	w := theWorld(t)
	all := map[string]access.Answer{"twenty-groups": fan(20, 1), "three-hundred": fan(20, 15), "many-roles": roles(40)}
	for _, a := range asked {
		action, err := access.ParseAction(a.action)
		if err != nil {
			t.Fatal(err)
		}
		all[a.name] = w.index.Why(access.Question{Principal: w.principal(t, a.who), Action: action, Place: w.place(t, a.place), At: noon})
	}
	return all
}

func number[T csp.Named](n int) csp.ID[T] { return csp.ID[T]{15: byte(n), 14: byte(n >> 8), 0: 1} }

var shop = csp.SubscriptionScopeOf(number[csp.Subscription](7))

func question() access.Question {
	return access.Question{Principal: number[csp.Principal](1), Action: access.MustParseAction(restart), Place: access.At(shop), At: noon}
}

// fan is an answer with a way through each of the outer groups and each of the
// inner ones.
func fan(outer, inner int) access.Answer {
	a := access.Answer{Question: question(), Verdict: access.Has}
	me := access.Stop{Kind: access.UserStop, ID: number[csp.Principal](1).String(), Name: "James Alder", Tenant: "Contoso"}
	owner := access.Stop{Kind: access.RoleStop, ID: "owner", Name: "Owner", Tenant: "Contoso", Scope: shop}
	act := access.Stop{Kind: access.ActionStop, ID: restart, Name: restart, Tenant: "Contoso", Scope: shop}
	group := func(kind string, n int) access.Stop {
		return access.Stop{Kind: access.GroupStop, ID: fmt.Sprint(kind, n), Name: fmt.Sprint(kind, " ", n+1), Tenant: "Contoso"}
	}
	for o := range outer {
		for i := range inner {
			a.Paths = append(a.Paths, access.Path{Gives: access.Has, Entry: access.Entry{Kind: access.ByHome}, Hops: []access.Hop{
				{Kind: access.MemberOf, From: me, To: group("Team", o), Rule: "R18"},
				{Kind: access.MemberOf, From: group("Team", o), To: group("Department", i), Rule: "R18"},
				{Kind: access.Holds, From: group("Department", i), To: owner, Rule: "R18"},
				{Kind: access.Allows, From: owner, To: act, Rule: "R18", Detail: "*"},
			}})
		}
	}
	return a
}

// roles is an answer with ever different ways, too many for a picture.
func roles(n int) access.Answer {
	a := access.Answer{Question: question(), Verdict: access.Has, More: true}
	me := access.Stop{Kind: access.UserStop, ID: number[csp.Principal](1).String(), Name: "James Alder", Tenant: "Contoso"}
	act := access.Stop{Kind: access.ActionStop, ID: restart, Name: restart, Tenant: "Contoso", Scope: shop}
	for i := range n {
		group := access.Stop{Kind: access.GroupStop, ID: fmt.Sprint("group", i), Name: fmt.Sprint("Team ", i+1), Tenant: "Contoso"}
		scope, _ := csp.ResourceGroupScopeOf(shop.Subscription(), fmt.Sprint("rg", i))
		role := access.Stop{Kind: access.RoleStop, ID: "owner", Name: "Owner", Tenant: "Contoso", Scope: scope}
		a.Paths = append(a.Paths, access.Path{Gives: access.Has, Entry: access.Entry{Kind: access.ByHome}, Hops: []access.Hop{
			{Kind: access.MemberOf, From: me, To: group, Rule: "R18"},
			{Kind: access.Holds, From: group, To: role, Rule: "R18"},
			{Kind: access.Allows, From: role, To: act, Rule: "R18", Detail: "*"},
		}})
	}
	return a
}

// golden compares with a file, or writes it.
func golden(t *testing.T, path string, got []byte) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s is out of date; look at the change, and run the test with -update if it is meant. Got:\n%s", path, got)
	}
}

func TestAnswersAreShownInEveryForm(t *testing.T) {
	named := picture.Named(picture.NamesIn(theWorld(t).index))
	for name, a := range answers(t) {
		t.Run(name, func(t *testing.T) {
			base := filepath.Join("testdata", "answers", name)
			golden(t, base+".svg", picture.SVG(a, named, picture.StandAlone()))
			golden(t, base+".txt", []byte(picture.Text(a, 100, named)))
			golden(t, base+".dot", []byte(picture.DOT(a, named)))
			golden(t, base+".mmd", []byte(picture.Mermaid(a, named)))
			view, err := json.MarshalIndent(picture.ViewOf(a, named), "", "  ")
			if err != nil {
				t.Fatal(err)
			}
			if name != "three-hundred" && name != "many-roles" {
				golden(t, base+".json", append(view, '\n'))
			}
		})
	}
}

func TestTheDocumentsShowAPicture(t *testing.T) {
	svg := picture.SVG(answers(t)["several"], picture.Named(picture.NamesIn(theWorld(t).index)), picture.StandAlone())
	golden(t, filepath.Join("..", "..", "docs", "pictures", "answer.svg"), svg)
}

func BenchmarkSVG(b *testing.B) {
	for _, test := range []struct {
		name   string
		answer access.Answer
	}{{"300 alike", fan(20, 15)}, {"512 different", roles(512)}} {
		b.Run(test.name, func(b *testing.B) {
			for b.Loop() {
				picture.SVG(test.answer)
			}
		})
	}
}
