package access_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"latchkey/access"
	"latchkey/csp"
)

// TestAnswersSayEveryPath keeps the wording of answers, with all their paths.
func TestAnswersSayEveryPath(t *testing.T) {
	w := newWorld(t).users("ann", "bob", "eve", "root").groups("ops", "night")
	w.principal(csp.User, "partner", "james")
	w.principal(csp.Group, "partner", "AdminAgents")
	w.member("ops", "ann", "night").member("night", "ann").memberFor("night", "bob", access.Term{Eligible: true}).member("AdminAgents", "james")
	w.assign("ops", powerRole, "shop/rg").assign("ann", "Owner", "shop", conditioned)
	w.assign("eve", powerRole, "shop/other").assign("eve", "Reader", "shop").assign("eve", "Contributor", "shop", until(noon), func(a *access.Assignment) { a.Name = idOf[csp.RoleAssignment]("old") })
	w.assign("AdminAgents", "Owner", "shop", foreignGroup).assign("unlisted", powerRole, "shop")
	w.directory("root", "Privileged Role Administrator")
	w.deny("managed application", "shop/rg/locked", csp.DenyAssignment{Everyone: true, Permissions: denyActions("*/action")})
	x := w.compile()
	var text strings.Builder
	for _, q := range []struct{ who, scope string }{
		{"ann", "shop/rg/vm"}, {"ann", "shop/rg/locked"}, {"bob", "shop/rg/vm"}, {"eve", "shop/rg/vm"}, {"root", "shop/rg/vm"}, {"james", "shop/rg/vm"}, {"nobody", "shop"},
	} {
		fmt.Fprintf(&text, "May %s restart %s? %s\n", q.who, q.scope, dump(x.Can(question(t, q.who, restart, q.scope))))
	}
	names := strings.NewReplacer(
		idOf[csp.Tenant]("contoso").String(), "<contoso>",
		idOf[csp.Subscription]("shop").String(), "<shop>",
		idOf[csp.DenyAssignment]("managed application").String(), "<managed application>",
		idOf[csp.Principal]("nobody").String(), "<nobody>",
	)
	wantGolden(t, "answers.txt", names.Replace(text.String()))
}

func TestHopsCarryTheFactsTheyStandFor(t *testing.T) {
	w := newWorld(t).users("ann").groups("ops")
	w.member("ops", "ann").assign("ops", powerRole, "shop/rg")
	answer := w.ask(restart, "shop/rg/vm")
	if len(answer.Paths) != 1 || answer.Paths[0].Gives != access.Has || len(answer.Paths[0].Hops) != 3 {
		t.Fatalf("want one path of three hops\n%s", dump(answer))
	}
	hops := answer.Paths[0].Hops
	member, ok := hops[0].(access.MemberOf)
	if !ok || member.Member.Name != "ann" || member.Group.Name != "ops" {
		t.Errorf("the first hop is %#v", hops[0])
	}
	assigned, ok := hops[1].(access.Assigned)
	if !ok || assigned.Role != powerRole || assigned.Assignment.Name != w.facts.Assignments[0].Name {
		t.Errorf("the second hop is %#v", hops[1])
	}
	allows, ok := hops[2].(access.RoleAllows)
	if !ok || allows.Pattern != strings.ToLower(restart) {
		t.Errorf("the third hop is %#v", hops[2])
	}
}

func TestDataActionsNeedDataRoles(t *testing.T) { // R31
	data, err := access.ParseDataAction(readBlob)
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		role string
		want access.Verdict
	}{
		{"Owner", access.CanGet}, // not by Owner itself, but an Owner may assign himself a data role
		{"Storage Blob Data Reader", access.Has},
		{"Reader", access.HasNot},
	}
	for _, test := range tests {
		t.Run(test.role, func(t *testing.T) {
			w := newWorld(t).users("ann").assign("ann", test.role, "shop")
			q := access.Question{Principal: idOf[csp.Principal]("ann"), Action: data, Scope: at(t, "shop/rg"), At: noon}
			if answer := w.compile().Can(q); answer.Verdict != test.want {
				t.Errorf("want %s\n%s", test.want, dump(answer))
			}
		})
	}
}

func TestTheInstantDecides(t *testing.T) { // R29
	w := newWorld(t).users("ann").assign("ann", powerRole, "shop", from(noon), until(noon.Add(2*time.Hour)))
	x := w.compile()
	q := question(t, "ann", restart, "shop")
	for offset, want := range map[time.Duration]access.Verdict{
		-1: access.HasNot, 0: access.Has, 2*time.Hour - 1: access.Has, 2 * time.Hour: access.HasNot, 24 * time.Hour: access.HasNot,
	} {
		q.At = noon.Add(offset)
		if answer := x.Can(q); answer.Verdict != want {
			t.Errorf("%s after noon: %s, want %s", offset, answer.Verdict, want)
		}
	}
}

func TestAQuestionThatIsNoneIsUnknown(t *testing.T) {
	w := newWorld(t).users("ann").assign("ann", "Owner", "/")
	good := question(t, "ann", restart, "shop")
	for name, spoil := range map[string]func(*access.Question){
		"no action":  func(q *access.Question) { q.Action = access.Action{} },
		"no scope":   func(q *access.Question) { q.Scope = csp.Scope{} },
		"no instant": func(q *access.Question) { q.At = time.Time{} },
	} {
		t.Run(name, func(t *testing.T) {
			q := good
			spoil(&q)
			if answer := w.compile().Can(q); answer.Verdict != access.Unknown || answer.Gaps[0].Fact != access.MissingQuestion {
				t.Error(dump(answer))
			}
		})
	}
}

func TestAboveSubscriptionsAScopeIsOneOfHisOwnTenant(t *testing.T) { // R17
	w := newWorld(t).users("ann").assign("ann", "Reader", "/")
	for _, scope := range []string{"/", "mg:online"} {
		if answer := w.ask(readVM, scope); answer.Verdict != access.Has {
			t.Errorf("at %s:\n%s", scope, dump(answer))
		}
	}
}

func TestActionsAreReadStrictly(t *testing.T) {
	for _, good := range []string{restart, strings.ToUpper(restart), "Microsoft.Support/register/action", "A/b"} {
		for _, parse := range []func(string) (access.Action, error){access.ParseAction, access.ParseDataAction} {
			if a, err := parse(good); err != nil || a.String() != strings.ToLower(good) {
				t.Errorf("%q was read as %q, %v", good, a, err)
			}
		}
	}
	for _, bad := range []string{"", "restart", "*", "Microsoft.Compute/*", "/read", "A/", "A//b", "A/b c", "A/b\n", "A/\u212a", strings.Repeat("a", 9000)} {
		if a, err := access.ParseAction(bad); err == nil || a != (access.Action{}) {
			t.Errorf("%.40q was read as %.40q", bad, a)
		} else if len(err.Error()) > 400 {
			t.Errorf("the sentence about %.40q has %d characters", bad, len(err.Error()))
		}
	}
}

// A diamond of groups on groups has two to the power of its height of chains.
func TestManyChainsAreCutAndTheVerdictIsNot(t *testing.T) {
	const height = 40
	w := newWorld(t).users("ann")
	under := []string{"ann"}
	for level := range height {
		var groups []string
		for side := range 2 {
			name := fmt.Sprintf("g%d-%d", level, side)
			w.groups(name).member(name, under...)
			groups = append(groups, name)
		}
		under = groups
	}
	w.assign(under[0], powerRole, "shop")
	answer := w.ask(restart, "shop")
	if answer.Verdict != access.Has || !answer.More || len(answer.Paths) == 0 {
		t.Errorf("got %s with %d paths, more: %t", answer.Verdict, len(answer.Paths), answer.More)
	}
}

func TestVerdictsAndGapsHaveNames(t *testing.T) {
	for verdict, want := range map[access.Verdict]string{access.Has: "has", access.CanGet: "can get", access.HasNot: "has not", access.Unknown: "unknown", 99: "unknown"} {
		if verdict.String() != want {
			t.Errorf("verdict %d is called %q, want %q", verdict, verdict, want)
		}
	}
	seen := map[string]bool{}
	for kind := access.MissingTenant; kind <= access.MissingQuestion; kind++ {
		name := kind.String()
		if name == "a fact" || seen[name] {
			t.Errorf("kind %d is called %q", kind, name)
		}
		seen[name] = true
	}
	if name := access.FactKind(0).String(); name != "a fact" {
		t.Errorf("no kind is called %q", name)
	}
	if got := (access.Gap{Fact: access.MissingDenials}).String(); got != "deny assignments" {
		t.Errorf("a bare gap is %q", got)
	}
}

func TestWhatIsNotListedIsCalledByItsID(t *testing.T) {
	w := newWorld(t).users("ann").member("unlisted", "ann").assign("unlisted", powerRole, "shop")
	if text := w.ask(restart, "shop").Paths[0].String(); !strings.Contains(text, "ann is a member of "+idOf[csp.Principal]("unlisted").String()) {
		t.Errorf("got %q", text)
	}
}

func TestADirectoryRoleNobodyCollectedIsNotTrusted(t *testing.T) { // R15
	w := newWorld(t).users("ann").directory("ann", "Directory Readers").directory("ann", "Global Reader")
	w.facts.DirectoryRoles = nil
	answer := w.ask(restart, "shop")
	if answer.Verdict != access.Unknown || len(answer.Gaps) != 2 || !strings.Contains(answer.Gaps[0].Why, w.facts.DirectoryAssignments[0].Role.String()) && !strings.Contains(answer.Gaps[1].Why, w.facts.DirectoryAssignments[0].Role.String()) {
		t.Error(dump(answer))
	}
}

func TestAnEligibleAdministratorIsSaidToBeOne(t *testing.T) { // R24, R29
	w := newWorld(t).users("ann").directory("ann", "Global Administrator")
	w.facts.DirectoryAssignments[0].Eligible = true
	answer := w.ask(restart, "shop")
	if answer.Verdict != access.CanGet || !strings.HasPrefix(answer.Paths[0].String(), "can get: ann may activate the directory role Global Administrator in contoso, ") {
		t.Error(dump(answer))
	}
}

func TestGapsAreSaidOnceAndInOrder(t *testing.T) {
	w := newWorld(t).users("ann")
	w.gap(access.MissingAssignments, at(t, "shop")).gap(access.MissingMemberships, csp.Scope{}).gap(access.MissingAssignments, at(t, "/")).gap(access.MissingAssignments, at(t, "shop"))
	answer := w.ask(restart, "shop/rg")
	var got []string
	for _, g := range answer.Gaps {
		got = append(got, g.Fact.String()+" "+g.Scope.Name())
	}
	want := []string{"group memberships ", "role assignments /", "role assignments " + idOf[csp.Subscription]("shop").String()}
	if strings.Join(got, "|") != strings.Join(want, "|") {
		t.Errorf("got %q, want %q", got, want)
	}
}
