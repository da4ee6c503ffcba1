package picture_test

import (
	"encoding/hex"
	"math"
	"regexp"
	"strings"
	"testing"

	"latchkey/access"
	"latchkey/access/picture"
	"latchkey/csp"
	"latchkey/csp/worldfile"
)

func TestTheVerdictIsASentence(t *testing.T) {
	data, err := access.ParseDataAction("Microsoft.Storage/storageAccounts/read")
	if err != nil {
		t.Fatal(err)
	}
	hop := access.Hop{From: access.Stop{Kind: access.UserStop, ID: question().Principal.String(), Name: "james"}, PartnerWide: true}
	wide, narrow := access.Path{Gives: access.Has, Hops: []access.Hop{hop}}, access.Path{Gives: access.Has}
	const x = restart + " at <01000000-0000-0000-0000-000000000007>"
	for _, test := range []struct {
		name            string
		answer          access.Answer
		title, sentence string
	}{
		{"has", access.Answer{Verdict: access.Has}, "Kim Doe has " + x, "Kim Doe has " + x + "."},
		{"has, partner-wide", access.Answer{Verdict: access.Has, Paths: []access.Path{wide}}, "james has " + x, "james has " + x + ". The partner cannot limit that to this customer."},
		{"has, also otherwise", access.Answer{Verdict: access.Has, Paths: []access.Path{wide, narrow}}, "james has " + x, "james has " + x + "."},
		{"can get", access.Answer{Verdict: access.CanGet}, "Kim Doe can get " + x, "Kim Doe can get " + x + " by a step of his own."},
		{"has not", access.Answer{Verdict: access.HasNot}, "Kim Doe does not have " + x, "Kim Doe does not have " + x + ", and cannot get it by himself."},
		{"unknown", access.Answer{}, "it is not known whether Kim Doe has " + x, "It is not known whether Kim Doe has " + x + "."},
	} {
		t.Run(test.name, func(t *testing.T) {
			test.answer.Question = question()
			if got := picture.Title(test.answer, picture.Named(labels{})); got != test.title {
				t.Errorf("the title is %q, want %q", got, test.title)
			}
			if got := picture.Sentence(test.answer, picture.Named(labels{})); got != test.sentence {
				t.Errorf("the sentence is %q, want %q", got, test.sentence)
			}
		})
	}
	a := access.Answer{Verdict: access.Has, Question: access.Question{Action: data, Place: access.DirectoryOf(number[csp.Tenant](4))}}
	if got, want := picture.Title(a), "somebody has the data action Microsoft.Storage/storageAccounts/read in the directory of 01000000-0000-0000-0000-000000000004"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestDenialsAreTold(t *testing.T) {
	some := []csp.ObjectID{number[csp.Principal](1), number[csp.Principal](2)}
	for _, test := range []struct {
		name   string
		denial csp.DenyAssignment
		want   string
	}{
		{"everyone", csp.DenyAssignment{Name: "stack", Everyone: true}, `"stack" at P denies it to everyone.`},
		{"some", csp.DenyAssignment{Name: "stack", Principals: some}, `"stack" at P denies it to 2 principals.`},
		{"one", csp.DenyAssignment{Name: "stack", Principals: some[:1]}, `"stack" at P denies it to 1 principal.`},
		{"all but", csp.DenyAssignment{Name: "stack", Everyone: true, Excluded: some, ThisScopeOnly: true, Condition: "c"}, `"stack" at P denies it to everyone, except 2, at that place only, under a condition.`},
		{"without a name", csp.DenyAssignment{ID: number[csp.DenyAssignment](5), Everyone: true}, `01000000-0000-0000-0000-000000000005 at P denies it to everyone.`},
	} {
		t.Run(test.name, func(t *testing.T) {
			test.denial.Scope = shop
			got := picture.Text(access.Answer{Question: question(), Denied: []csp.DenyAssignment{test.denial}}, 0)
			if got = strings.ReplaceAll(got, shop.String(), "P"); !strings.Contains(got, "\n  - "+test.want+"\n") {
				t.Errorf("got\n%s\nwant\n%s", got, test.want)
			}
		})
	}
}

func TestWaysInAreTold(t *testing.T) {
	for kind, want := range map[access.EntryKind]string{
		access.ByHome: "sign in to Contoso:", access.ByGuest: "sign in to Contoso, by the guest account:", access.ByGDAP: "sign in to Contoso, by GDAP:",
		access.ByDirectLink: "sign in to Contoso, by a direct link:",
	} {
		got := picture.Text(access.Answer{Question: question(), Contexts: []access.Context{{Entry: kind, Tenant: csp.Tenant{Name: "Contoso"}, CLI: "az login"}}}, 0)
		if !strings.Contains(got, want) || !strings.Contains(got, "  az login\n") || strings.Contains(got, "portal") {
			t.Errorf("%v: got\n%s\nwant %q", kind, got, want)
		}
	}
}

func TestNamesOfAnIndex(t *testing.T) {
	facts, err := worldfile.Parse("world.yaml", []byte(`customers:
  Contoso:
    domain: contoso.example
    users:
      ann:
      01000000-0000-0000-0000-000000000002: {name: '', sign in: kim@contoso.example}
      01000000-0000-0000-0000-000000000003: {name: '', sign in: ''}
    subscriptions:
      shop: {id: 01000000-0000-0000-0000-000000000007}
      01000000-0000-0000-0000-000000000008: {name: ''}
`))
	if err != nil {
		t.Fatal(err)
	}
	index, err := access.Compile(facts)
	if err != nil {
		t.Fatal(err)
	}
	n := picture.NamesIn(index)
	contoso := facts.Tenants[0].ID
	for _, test := range []struct{ got, want string }{
		{n.PrincipalName(number[csp.Principal](2)), "kim@contoso.example"},
		{n.PrincipalName(number[csp.Principal](3)), "01000000-0000-0000-0000-000000000003"},
		{n.PrincipalName(number[csp.Principal](4)), "01000000-0000-0000-0000-000000000004"},
		{n.TenantName(contoso), "Contoso"},
		{n.TenantName(number[csp.Tenant](9)), "01000000-0000-0000-0000-000000000009"},
		{n.PlaceName(access.DirectoryOf(contoso)), "Contoso"},
		{n.PlaceName(access.At(shop)), "shop"},
		{n.PlaceName(access.At(csp.MustParseScope(shop.String() + "/resourceGroups/web/providers/Microsoft.Compute/virtualMachines/vm1"))), "shop/web/Microsoft.Compute/virtualMachines/vm1"},
		{n.PlaceName(access.At(csp.MustParseScope(shop.String() + "/providers/Microsoft.Security/pricings/x"))), "shop/providers/Microsoft.Security/pricings/x"},
		{n.PlaceName(access.At(csp.SubscriptionScopeOf(number[csp.Subscription](8)))), "/subscriptions/01000000-0000-0000-0000-000000000008"},
		{n.PlaceName(access.At(csp.SubscriptionScopeOf(number[csp.Subscription](9)))), "/subscriptions/01000000-0000-0000-0000-000000000009"},
		{n.PlaceName(access.Place{Tenant: contoso, Scope: csp.Root()}), "the root of Contoso"},
		{n.PlaceName(access.Place{Tenant: contoso, Scope: csp.MustParseScope("/providers/Microsoft.Management/managementGroups/sea")}), "management group sea of Contoso"},
	} {
		if test.got != test.want {
			t.Errorf("got %q, want %q", test.got, test.want)
		}
	}
}

func TestPlacesAboveSubscriptionsAreToldWithoutNames(t *testing.T) {
	q := question()
	q.Place = access.Place{Scope: csp.Root()}
	if got := picture.Title(access.Answer{Verdict: access.Has, Question: q}); !strings.HasSuffix(got, " at the root") {
		t.Errorf("got %q", got)
	}
	q.Place.Tenant = number[csp.Tenant](4)
	if got := picture.Title(access.Answer{Verdict: access.Has, Question: q}); !strings.HasSuffix(got, " at the root of 01000000-0000-0000-0000-000000000004") {
		t.Errorf("got %q", got)
	}
}

func TestTwoEqualThingsAreShownAsTwoAndThreeAsOne(t *testing.T) {
	for groups, want := range map[int]int{2: 2, 3: 1, 20: 1} {
		boxes := strings.Count(string(picture.SVG(fan(groups, 1))), `class="lk-box`) - 4 // user, department, role and action
		if boxes != want {
			t.Errorf("%d groups make %d boxes, want %d", groups, boxes, want)
		}
	}
}

func TestWhatFindsNoPlaceIsCounted(t *testing.T) {
	a := roles(40)
	a.More = false
	for _, text := range []string{string(picture.SVG(a)), picture.Text(a, 0), picture.DOT(a), picture.Mermaid(a)} {
		if !strings.Contains(text, "And 26 further ways.") {
			t.Errorf("the ways that are left out are not counted in\n%s", text)
		}
	}
}

// A way that comes to a group twice from two sides is drawn with the group twice,
// so that every arrow leads right.
func TestWaysRoundACircleAreUnrolled(t *testing.T) {
	stop := func(name string) access.Stop { return access.Stop{Kind: access.GroupStop, ID: name, Name: name} }
	way := func(names ...string) access.Path {
		p := access.Path{Gives: access.Has}
		for i := range names[1:] {
			p.Hops = append(p.Hops, access.Hop{Kind: access.MemberOf, From: stop(names[i]), To: stop(names[i+1])})
		}
		return p
	}
	a := access.Answer{Question: question(), Verdict: access.Has, Paths: []access.Path{way("me", "a", "b", "end"), way("me", "b", "a", "end")}}
	if got := strings.Count(string(picture.SVG(a)), `class="lk-box`); got != 5 {
		t.Errorf("drawn with %d boxes, want 5: one of the groups twice", got)
	}
}

func TestTheLegendExplainsEveryLine(t *testing.T) {
	me := access.Stop{Kind: access.UserStop, ID: "me", Name: "me"}
	act := access.Stop{Kind: access.ActionStop, ID: "act", Name: "act"}
	role := access.Stop{Kind: access.RoleStop, ID: "owner", Name: "Owner", Tenant: "Contoso", Scope: csp.MustParseScope("/providers/Microsoft.Management/managementGroups/a")}
	way := func(p access.Path, eligible, wide bool) access.Path {
		p.Hops = []access.Hop{{Kind: access.Holds, From: me, To: act, Term: csp.Term{Eligible: eligible}, PartnerWide: wide}}
		return p
	}
	a := access.Answer{Question: question(), Verdict: access.HasNot, Paths: []access.Path{
		way(access.Path{Gives: access.CanGet}, true, false),
		way(access.Path{Gives: access.CanGet}, true, true),
		way(access.Path{Gives: access.Has}, false, true),
		way(access.Path{Blocked: number[csp.DenyAssignment](1)}, false, false),
		way(access.Path{Gives: access.Unknown}, false, false),
		{Gives: access.Has, Hops: []access.Hop{{Kind: access.Holds, From: me, To: role}, {Kind: access.Allows, From: role, To: act}}},
	}, Misses: []access.Miss{{Kind: access.MissEntry}}}
	svg := string(picture.SVG(a, picture.Named(labels{})))
	for _, text := range []string{"holds for all customers alike", "a step to be taken first", "such a step, for all customers", ">denied<", ">not known<", ">missing<", ">management group a<"} {
		if !strings.Contains(svg, text) {
			t.Errorf("the picture does not say %q", text)
		}
	}
	if err := lawfulSVG([]byte(svg), false); err != nil {
		t.Error(err)
	}
	if got := string(picture.SVG(fan(1, 1))); strings.Contains(got, "a step to be taken first") {
		t.Error("the legend explains a line that is not there")
	}
}

// contrast is that of two colours, as WCAG 2 reckons it.
func contrast(t *testing.T, a, b string) float64 {
	t.Helper()
	luminance := func(colour string) float64 {
		if len(colour) == 4 {
			colour = "#" + strings.Repeat(colour[1:2], 2) + strings.Repeat(colour[2:3], 2) + strings.Repeat(colour[3:4], 2)
		}
		rgb, err := hex.DecodeString(colour[1:])
		if err != nil {
			t.Fatal(err)
		}
		sum := 0.0
		for i, weight := range []float64{.2126, .7152, .0722} {
			c := float64(rgb[i]) / 255
			if c <= .03928 {
				c /= 12.92
			} else {
				c = math.Pow((c+.055)/1.055, 2.4)
			}
			sum += weight * c
		}
		return sum
	}
	x, y := luminance(a), luminance(b)
	return (max(x, y) + .05) / (min(x, y) + .05)
}

var stroke = regexp.MustCompile(`stroke="(#[0-9a-f]{6})"`)

func TestColoursCanBeSeenOnLightAndOnDark(t *testing.T) {
	seen := map[string]bool{}
	for _, a := range answers(t) {
		for _, match := range stroke.FindAllStringSubmatch(string(picture.SVG(a)), -1) {
			seen[match[1]] = true
		}
	}
	if len(seen) < 9 {
		t.Errorf("the answers have only %d colours", len(seen))
	}
	for colour := range seen {
		for _, ground := range []string{"#ffffff", "#f7f6f2", "#1b211f", "#131716"} {
			if c := contrast(t, colour, ground); c < 3 {
				t.Errorf("%s on %s has a contrast of %.2f, and needs 3", colour, ground, c)
			}
		}
	}
}

var rules = regexp.MustCompile(`--t:(#[0-9a-f]+);--f:(#[0-9a-f]+)`)

func TestColoursOfAFileCanBeSeen(t *testing.T) {
	sheet := string(picture.SVG(fan(1, 1), picture.StandAlone()))
	light, dark, found := strings.Cut(sheet, "@media(prefers-color-scheme:dark)")
	if !found {
		t.Fatal("the sheet has nothing for the dark")
	}
	for _, part := range []struct{ text, ground, ink string }{{light, "#ffffff", "#1b2321"}, {dark, "#1b211f", "#ebefed"}} {
		found := rules.FindAllStringSubmatch(part.text, -1)
		if len(found) < 10 {
			t.Fatalf("only %d rules", len(found))
		}
		for _, match := range found {
			for _, pair := range [][2]string{{match[1], part.ground}, {match[1], match[2]}, {part.ink, match[2]}} {
				if c := contrast(t, pair[0], pair[1]); c < 4.5 {
					t.Errorf("%s on %s has a contrast of %.2f, and needs 4.5", pair[0], pair[1], c)
				}
			}
		}
	}
}
