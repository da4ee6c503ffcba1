package access_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"latchkey/access"
	"latchkey/access/estate"
	"latchkey/csp"
)

// worldOf is an index of the basics and more.
func worldOf(t *testing.T, more ...fact) *access.Index {
	t.Helper()
	x, err := access.Compile(sketch(basics(), all(more...)))
	if err != nil {
		t.Fatal(err)
	}
	return x
}

func TestKindsHaveWords(t *testing.T) {
	words := map[string]bool{}
	said := func(kind fmt.Stringer, number uint8) {
		t.Helper()
		if kind.String() == "" || words[fmt.Sprintf("%T %s", kind, kind)] && kind.String() != "holds" {
			t.Errorf("%T %d is called %q", kind, number, kind)
		}
		words[fmt.Sprintf("%T %s", kind, kind)] = true
	}
	for v := access.Unknown; v <= access.Has; v++ {
		said(v, uint8(v))
	}
	for k := access.ByHome; k <= access.ByLighthouse; k++ {
		said(k, uint8(k))
	}
	for k := access.MissDenied; k <= access.MissEntry; k++ {
		said(k, uint8(k))
	}
	for k := access.UserStop; k <= access.ActionStop; k++ {
		said(k, uint8(k))
	}
	for k := access.MemberOf; k <= access.Takes; k++ {
		said(k, uint8(k))
	}
	for _, none := range []fmt.Stringer{access.EntryKind(0), access.EntryKind(99), access.MissKind(0), access.MissKind(99), access.StopKind(0), access.StopKind(99), access.HopKind(0), access.HopKind(99), access.Entry{}} {
		if none.String() != "" {
			t.Errorf("%T %v is no kind and called %q", none, none, none)
		}
	}
}

func TestHopsAreSentences(t *testing.T) {
	ann, ops := access.Stop{Kind: access.UserStop, Name: "Ann"}, access.Stop{Kind: access.GroupStop, Name: "Ops"}
	fresh := access.Stop{Kind: access.UserStop, ID: "new:1", Name: "a new account"}
	reader := access.Stop{Kind: access.RoleStop, Name: "Reader", Scope: csp.Root()}
	restart := access.Stop{Kind: access.ActionStop, Name: "restart", Scope: csp.Root()}
	eligible := csp.Term{Eligible: true}
	for _, c := range []struct {
		hop  access.Hop
		want string
	}{
		{access.Hop{Kind: access.MemberOf, From: ann, To: ops}, "Ann is a member of Ops"},
		{access.Hop{Kind: access.MemberOf, From: ann, To: ops, Term: eligible}, "Ann may activate the membership of Ops"},
		{access.Hop{Kind: access.Holds, From: ann, To: reader}, "Ann holds Reader at /"},
		{access.Hop{Kind: access.Holds, From: ann, To: reader, Term: eligible}, "Ann may activate Reader at /"},
		{access.Hop{Kind: access.Projects, From: ann, To: reader}, "Ann has Reader at / by Lighthouse"},
		{access.Hop{Kind: access.AddsHimself, From: fresh, To: ops}, "a new account can be put into Ops"},
		{access.Hop{Kind: access.AddsHimself, From: ann, To: ops}, "Ann can add himself to Ops"},
		{access.Hop{Kind: access.Allows, From: reader, To: restart}, "which allows restart"},
		{access.Hop{Kind: access.AssignsHimself, From: restart, To: restart}, "so that he can assign himself a role that allows restart"},
		{access.Hop{Kind: access.Takes, From: ops, To: restart}, "and so can take restart"},
	} {
		if got := c.hop.String(); got != c.want {
			t.Errorf("%q; want %q", got, c.want)
		}
	}
}

func TestPlacesAndActionsSayThemselves(t *testing.T) {
	contoso := idFor[csp.Tenant]("contoso")
	if got, want := access.DirectoryOf(contoso).String(), "the directory of tenant "+contoso.String(); got != want {
		t.Errorf("%q; want %q", got, want)
	}
	if got := access.At(csp.Root()).String(); got != "/" {
		t.Errorf("the root is called %q", got)
	}
	if got := access.MustParseAction("Microsoft.Compute/x/READ").String(); got != "Microsoft.Compute/x/READ" {
		t.Errorf("an action is called %q, not as it was asked", got)
	}
}

func TestMustParseActionPanicsOnWhatIsNone(t *testing.T) {
	defer func() {
		if err, ok := recover().(error); !ok || !strings.Contains(err.Error(), "is a pattern") {
			t.Errorf("it panics with %v", err)
		}
	}()
	access.MustParseAction("*/read")
}

// TestQuestionsThatMeanNothing: the answer is Unknown and says what is wrong, in
// every way of asking.
func TestQuestionsThatMeanNothing(t *testing.T) {
	x := worldOf(t)
	good := ask("carl", readVM, "shop")
	change := func(edit func(*access.Question)) access.Question {
		q := good
		edit(&q)
		return q
	}
	blob, err := access.ParseDataAction(readBlob)
	if err != nil {
		t.Fatal(err)
	}
	birch, contoso, nowhere := idFor[csp.Tenant]("birch"), idFor[csp.Tenant]("contoso"), idFor[csp.Tenant]("nowhere")
	for _, c := range []struct {
		name string
		asks access.Question
		want string
	}{
		{"no principal", change(func(q *access.Question) { q.Principal = csp.ObjectID{} }), "a proper question: it must name a principal"},
		{"no action", change(func(q *access.Question) { q.Action = access.Action{} }), "a proper question: it must name an action"},
		{"no place", change(func(q *access.Question) { q.Place = access.Place{} }), "a proper question: it must name a place"},
		{"no instant", change(func(q *access.Question) { q.At = time.Time{} }), "a proper question: it must name an instant"},
		{"data in a directory", change(func(q *access.Question) { q.Action, q.Place = blob, access.DirectoryOf(contoso) }), "is a data action of Azure and cannot be done in a directory: name a scope"},
		{"a directory's action at a scope", change(func(q *access.Question) { q.Action = access.MustParseAction(resetUser) }), "is an action of a directory and cannot be done at a scope: name a tenant"},
		{"a principal that no list has", change(func(q *access.Question) { q.Principal = idFor[csp.Principal]("nobody") }), "principals: no list has the object id " + idFor[csp.Principal]("nobody").String()},
		{"a tenant that no list has", change(func(q *access.Question) { q.Place = access.DirectoryOf(nowhere) }), "everything of tenant " + nowhere.String() + ": nothing was collected from it"},
		{"a subscription that no list has", change(func(q *access.Question) { q.Place = access.At(scopeOf("elsewhere")) }), "subscriptions at " + scopeOf("elsewhere").String() + ": which tenant it belongs to is not known"},
		{"another tenant's subscription", change(func(q *access.Question) { q.Place.Tenant = birch }), "belongs to another tenant than the question says"},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := x.Why(c.asks)
			if a.Verdict != access.Unknown || len(a.Gaps) != 1 || !strings.HasSuffix(a.Gaps[0].String(), c.want) {
				t.Errorf("%s %v; want unknown, %q", a.Verdict, a.Gaps, c.want)
			}
			if x.Can(c.asks) != access.Unknown || x.Has(c.asks) {
				t.Error("Can and Has say otherwise")
			}
			whose := c.name == "no principal" || c.name == "a principal that no list has"
			if h := x.Who(c.asks.Action, c.asks.Place, c.asks.At); !whose && !slices.Equal(h.Gaps, a.Gaps) {
				t.Errorf("Who says %v; want %v", h.Gaps, a.Gaps)
			}
		})
	}
	unknown := idFor[csp.Principal]("nobody")
	if r := x.Reach(unknown, good.Action, noon); len(r.Gaps) != 1 || len(r.Spans) != 0 {
		t.Errorf("Reach of nobody: %+v", r)
	}
	if r := x.Intervals(unknown, good.Action, noon); r != nil {
		t.Errorf("nobody has %v", r)
	}
}

func TestAboveSubscriptionsAPlaceWithoutTenantIsOnesOwn(t *testing.T) {
	x := worldOf(t, assigned("carl", "Reader", "/"))
	q := ask("carl", readVM, "/")
	q.Place.Tenant = csp.TenantID{}
	if got := x.Can(q); got != access.Has {
		t.Errorf("%s", got)
	}
}

func TestCompileRefusesFactsThatContradict(t *testing.T) {
	x, err := access.Compile(sketch(basics(), subscription("shop", "birch")))
	if err == nil || x != nil {
		t.Error("one subscription of two tenants compiles")
	}
}

func TestHasIsWhatCanCallsHas(t *testing.T) {
	for _, c := range cases() {
		x := worldOf(t, c.facts)
		if got := x.Has(c.asks); got != (c.want == access.Has) {
			t.Errorf("%s %s: %t; Can says %s", c.rule, c.says, got, c.want)
		}
	}
}

func TestResettable(t *testing.T) {
	weak, everyone := access.Resettable(directoryRoleID("Password Administrator"))
	want := []csp.DirectoryRoleID{directoryRoleID("Directory Readers"), directoryRoleID("Guest Inviter"), directoryRoleID("Password Administrator")}
	if diff := cmp.Diff(want, weak); diff != "" || everyone {
		t.Errorf("a Password Administrator may reset (-want +got), everyone: %t\n%s", everyone, diff)
	}
	if _, everyone := access.Resettable(directoryRoleID("Privileged Authentication Administrator")); !everyone {
		t.Error("a Privileged Authentication Administrator may reset everyone")
	}
	if weak, everyone := access.Resettable(directoryRoleID("Global Reader")); len(weak) > 0 || everyone {
		t.Error("a Global Reader may reset nobody with a role")
	}
}

func TestCodeActions(t *testing.T) {
	for _, c := range []struct{ of, want string }{
		{"microsoft.compute/virtualmachines", "microsoft.compute/virtualmachines/runcommand/action"},
		{"microsoft.unheard/things", "microsoft.unheard/things/write"},
	} {
		if got := access.CodeActions(c.of); !slices.Contains(got, c.want) {
			t.Errorf("code runs in %s by %q; want %s among them", c.of, got, c.want)
		}
	}
	if got := access.CodeActions(""); got != nil {
		t.Errorf("code runs in no resource by %q", got)
	}
	// An identity of a resource group is nobody's way to anything.
	x := worldOf(t, identity("shop/rg", "runner"), assigned("carl", "Contributor", "shop/rg"), assigned("runner", "Owner", "spare"))
	if got := x.Can(ask("carl", restartVM, "spare")); got != access.HasNot {
		t.Errorf("by the identity of a resource group: %s", got)
	}
}

// TestMembersOfManyGroups: a right of any of them is found, and none of a group
// that he is not in.
func TestMembersOfManyGroups(t *testing.T) {
	var facts []fact
	for n := range 20 {
		name := fmt.Sprint("club ", n)
		facts = append(facts, group(name, "contoso"), assigned(name, "Contributor", fmt.Sprint("shop/rg-", n)))
		if n%2 == 0 {
			facts = append(facts, in("carl", name))
		}
	}
	x := worldOf(t, facts...)
	for n := range 20 {
		want := access.Has
		if n%2 == 1 {
			want = access.HasNot
		}
		if got := x.Can(ask("carl", restartVM, fmt.Sprint("shop/rg-", n))); got != want {
			t.Errorf("by club %d: %s; want %s", n, got, want)
		}
	}
}

// layers are groups, each of a layer a member of each of the next, so that there
// are width to the power of depth chains from the member to the top.
func layers(member, top string, depth, width int) fact {
	var facts []fact
	name := func(layer, n int) string { return fmt.Sprintf("layer %d.%d", layer, n) }
	for layer := range depth {
		for n := range width {
			facts = append(facts, group(name(layer, n), "contoso"))
			for below := range width {
				if layer > 0 {
					facts = append(facts, in(name(layer-1, below), name(layer, n)))
				}
			}
			if layer == 0 {
				facts = append(facts, in(member, name(layer, n)))
			}
			if layer == depth-1 {
				facts = append(facts, in(name(layer, n), top))
			}
		}
	}
	return all(facts...)
}

func TestOfThousandsOfPathsSomeAreTold(t *testing.T) {
	dense := layers("carl", "ops", 4, 6)
	a := worldOf(t, dense, assigned("ops", "Owner", "shop")).Why(ask("carl", restartVM, "shop"))
	if a.Verdict != access.Has || !a.More || len(a.Paths) < 10 || len(a.Paths) > 512 {
		t.Errorf("%s by %d paths, more: %t", a.Verdict, len(a.Paths), a.More)
	}
	var many []fact
	for n := range 12 {
		name := fmt.Sprint("role ", n)
		many = append(many, role(name, csp.Permission{Actions: []string{"*"}}), assigned("ops", name, "shop"))
	}
	a = worldOf(t, dense, all(many...)).Why(ask("carl", restartVM, "shop"))
	if !a.More || len(a.Paths) != 512 {
		t.Errorf("%d paths, more: %t; want 512 and more", len(a.Paths), a.More)
	}
}

// TestAPathIsToldThroughATangle: where groups are all in each other, the one short
// way out is found, however many wrong turns there are.
func TestAPathIsToldThroughATangle(t *testing.T) {
	const size = 9
	var facts []fact
	last := csp.ObjectID{}
	for i := range size {
		name := fmt.Sprint("tangle ", i)
		facts = append(facts, group(name, "contoso"))
		if id := idFor[csp.Principal](name); id.Compare(last) > 0 {
			last = id
		}
		for j := range size {
			if i != j {
				facts = append(facts, in(name, fmt.Sprint("tangle ", j)))
			}
		}
	}
	way := ""
	for n := 0; way == ""; n++ { // groups are tried in the order of their ids: the way out comes last
		if name := fmt.Sprint("way out ", n); idFor[csp.Principal](name).Compare(last) > 0 {
			way = name
		}
	}
	x := worldOf(t, all(facts...), in("carl", "tangle 0"), group(way, "contoso"), in("tangle 0", way), in(way, "ops"), assigned("ops", "Owner", "shop"))
	a := x.Why(ask("carl", restartVM, "shop"))
	if a.Verdict != access.Has || !a.More || len(a.Paths) == 0 {
		t.Fatalf("%s by %d paths, more: %t", a.Verdict, len(a.Paths), a.More)
	}
	want := "has: carl is a member of tangle 0, which is a member of " + way + ", which is a member of ops, which holds Owner at " +
		scopeOf("shop").String() + ", which allows " + restartVM
	if got := a.Paths[0].String(); got != want {
		t.Errorf("%s\nwant %s", got, want)
	}
}

func TestMissesAndGapsAreBounded(t *testing.T) {
	var readers, gaps []fact
	for n := range 300 {
		at := fmt.Sprint("shop/rg-", n)
		readers = append(readers, assigned("carl", "Contributor", at))
		gaps = append(gaps, missing(csp.MissingAssignments, "contoso", at))
	}
	a := worldOf(t, readers...).Why(ask("carl", restartVM, "spare"))
	if a.Verdict != access.HasNot || len(a.Misses) != 64 {
		t.Errorf("%s with %d misses; want 64", a.Verdict, len(a.Misses))
	}
	h := worldOf(t, gaps...).Who(access.MustParseAction(restartVM), access.At(scopeOf("shop/rg-1")), noon)
	if len(h.Unknown) < 2 || len(h.Gaps) < 256 || len(h.Gaps) > 600 {
		t.Errorf("%d are unknown, for want of %d facts", len(h.Unknown), len(h.Gaps))
	}
}

func TestActionsWithoutNumberAreAnswered(t *testing.T) {
	x := worldOf(t, assigned("carl", "Contributor", "shop"))
	for n := range 4200 {
		q := ask("carl", fmt.Sprintf("Microsoft.Compute/things%d/read", n), "shop")
		if got := x.Can(q); got != access.Has {
			t.Fatalf("%s: %s", q.Action, got)
		}
		// Those that are kept, and those beyond, are answered again.
		if got := x.Can(ask("carl", fmt.Sprintf("Microsoft.Compute/things%d/read", n*37%(n+1)), "spare")); got != access.HasNot {
			t.Fatalf("the same elsewhere: %s", got)
		}
	}
}

// TestMachinesWithoutNumber: he can run code as more identities than are followed
// fast, of which one has the right, or none that he can come to.
func TestMachinesWithoutNumber(t *testing.T) {
	facts := []fact{assigned("carl", "Virtual Machine Contributor", "spare/rg"), identity("spare/rg2/vm", "runner"), assigned("runner", "Owner", "shop")}
	for n := range 70 {
		name := fmt.Sprint("butler ", n)
		facts = append(facts, robot(name, "contoso"), identity(fmt.Sprint("spare/rg/vm", n), name), assigned(name, "Contributor", fmt.Sprint("shop/rg-", n)))
	}
	x := worldOf(t, all(facts...))
	for place, want := range map[string]access.Verdict{"shop": access.HasNot, "shop/rg-1": access.CanGet, "shop/rg-35": access.CanGet, "shop/rg-69": access.CanGet} {
		if got := x.Can(ask("carl", restartVM, place)); got != want {
			t.Errorf("%s: %s; want %s", place, got, want)
		}
	}
}

// TestHoldersWhoComeByDelegation: agents are listed whose sign-in takes a look at
// the instant, and those are not who have a guest account, unless by that. A group that no list
// has may be of either side.
func TestHoldersWhoComeByDelegation(t *testing.T) {
	world := all(
		foreign("team", "Reader", "shop"), foreign("unheard", "Reader", "shop"), in("cora", "unheard"), in("ines", "unheard"), user("ines", "alder"), in("ines", "night"),
		in("ann", "team"), in("abe", "team", "now"),
		user("dora", "alder"), in("dora", "team", "now"), in("dora", "AdminAgents", "now"),
		user("elsa", "alder"), in("elsa", "team", "now"), in("elsa", "AdminAgents", "later"), in("elsa", "SalesAgents"),
		user("gus", "alder"), in("gus", "team"), in("gus", "night"), guest("gus#", "contoso", "gus", "alder"), user("hugo", "alder"), guest("hugo#", "contoso", "hugo", "alder"), assigned("hugo#", "Reader", "shop"),
		user("fay", "alder"), in("fay", "team"), in("fay", "HelpdeskAgents"), user("nina", "alder"), in("nina", "team"),
		in("abe", "night"), in("ann", "night"), gdap("alder", "contoso", "night", "Directory Readers"),
		dap("alder", "contoso"),
	)
	x := worldOf(t, world)
	node, _ := x.FindNode(estate.None, scopeOf("shop").String())
	list, certain := x.AppendHolders(nil, access.MustParseAction(readVM), node, noon)
	var got []string
	for _, p := range list {
		got = append(got, x.Principal(p).Name)
	}
	slices.Sort(got)
	if diff := cmp.Diff([]string{"abe", "ann", "cora", "dora", "fay", "hugo", "ines"}, got); diff != "" || !certain {
		t.Errorf("certain: %t (-want +got)\n%s", certain, diff)
	}
}

// TestIntervalsOfATenantThatTakesAJudgement: what is plain there is told once, with
// what is judged.
func TestIntervalsOfATenantThatTakesAJudgement(t *testing.T) {
	x := worldOf(t, assigned("carl", "Reader", "shop"), conditional("carl", "Reader", "spare", `!(ActionMatches{'Microsoft.Compute/disks/read'})`))
	var want []access.Interval
	for n := range estate.Node(x.Nodes()) {
		if id := x.Scope(n).String(); id == scopeOf("shop").String() || id == scopeOf("spare").String() {
			want = append(want, access.Interval{From: n, To: x.NodeLast[n]})
		}
	}
	if len(want) == 2 && want[0].To+1 == want[1].From {
		want = []access.Interval{{From: want[0].From, To: want[1].To}}
	}
	if got := x.Intervals(idFor[csp.Principal]("carl"), access.MustParseAction(readVM), noon); !slices.Equal(got, want) {
		t.Errorf("%v; want %v", got, want)
	}
}
