package access_test

import (
	"strings"
	"testing"
	"time"

	"latchkey/access"
	"latchkey/csp"
)

func conditioned(a *access.Assignment)           { a.Condition = "@Request[x] StringEquals 'y'" }
func eligible(a *access.Assignment)              { a.Eligible = true }
func until(t time.Time) func(*access.Assignment) { return func(a *access.Assignment) { a.Until = t } }

func from(t time.Time) func(*access.Assignment)   { return func(a *access.Assignment) { a.From = t } }
func foreignGroup(a *access.Assignment)           { a.PrincipalType = csp.ForeignGroup }
func denyActions(list ...string) []csp.Permission { return []csp.Permission{actions(list...)} }
func ids(names ...string) (list []csp.ObjectID) {
	for _, name := range names {
		list = append(list, idOf[csp.Principal](name))
	}
	return list
}

// powerRole is a role of class standard, so that holding it opens nothing else.
const powerRole = "Desktop Virtualization Power On Off Contributor"

func TestCan(t *testing.T) {
	everyone := csp.DenyAssignment{Everyone: true, Permissions: denyActions("Microsoft.Compute/*")}
	tests := []struct {
		name   string
		world  func(*world)
		action string // restart if empty
		scope  string // shop/rg/vm if empty
		want   access.Verdict
		fact   access.FactKind // of the first gap, for Unknown
		miss   access.MissKind // of the first miss, for HasNot
	}{
		// R17
		{name: "R17: assigned at the scope itself", world: func(w *world) { w.assign("ann", powerRole, "shop/rg/vm") }, want: access.Has},
		{name: "R17: assigned at the group above", world: func(w *world) { w.assign("ann", powerRole, "shop/rg") }, want: access.Has},
		{name: "R17: assigned at the subscription", world: func(w *world) { w.assign("ann", powerRole, "shop") }, want: access.Has},
		{name: "R17: assigned at the root", world: func(w *world) { w.assign("ann", powerRole, "/") }, want: access.Has},
		{name: "R17: assigned at the management group that holds the subscription", world: func(w *world) { w.place("shop", "mg:online").assign("ann", powerRole, "mg:online") }, want: access.Has},
		{name: "R17: assigned two management groups up", world: func(w *world) {
			w.place("shop", "mg:online").place("mg:online", "mg:all").assign("ann", powerRole, "mg:all")
		}, want: access.Has},
		{name: "R17: assigned at another management group", world: func(w *world) { w.place("shop", "mg:online").assign("ann", powerRole, "mg:other") }, want: access.HasNot, miss: access.MissScope},
		{name: "R17: management groups that hold each other", world: func(w *world) {
			w.place("shop", "mg:a").place("mg:a", "mg:b").place("mg:b", "mg:a").assign("ann", powerRole, "mg:b")
		}, want: access.Has},
		{name: "R17: the scope in other letters", world: func(w *world) {
			w.assign("ann", powerRole, "shop", func(a *access.Assignment) { a.Scope = csp.MustParseScope(strings.ToUpper(at(w.t, "shop/rg").String())) })
		}, want: access.Has},
		{name: "R17: rg is not rg2", world: func(w *world) { w.assign("ann", powerRole, "shop/rg") }, scope: "shop/rg2/vm", want: access.HasNot, miss: access.MissScope},
		{name: "R17: assigned below", world: func(w *world) { w.assign("ann", powerRole, "shop/rg/vm") }, scope: "shop/rg", want: access.HasNot, miss: access.MissScope},
		{name: "R17: the root of another tenant", world: func(w *world) {
			w.assign("ann", powerRole, "/", func(a *access.Assignment) { a.Tenant = idOf[csp.Tenant]("partner") })
		}, want: access.HasNot, miss: access.MissAssignment},

		// R18
		{name: "R18: nothing assigned", world: func(*world) {}, want: access.HasNot, miss: access.MissAssignment},
		{name: "R18: the role does not allow it", world: func(w *world) { w.role("looks", actions("*/read")).assign("ann", "looks", "shop") }, want: access.HasNot, miss: access.MissRole},
		{name: "R18: a member of the group", world: func(w *world) { w.member("ops", "ann").assign("ops", powerRole, "shop") }, want: access.Has},
		{name: "R18: a member of a group in the group", world: func(w *world) {
			w.member("ops", "night").member("night", "ann").assign("ops", powerRole, "shop")
		}, want: access.Has},
		{name: "R18: groups that are members of each other", world: func(w *world) {
			w.member("ops", "night").member("night", "ops", "ann").assign("ops", powerRole, "shop")
		}, want: access.Has},
		{name: "R18: a group that is a member of itself and of nothing", world: func(w *world) {
			w.member("night", "night", "ann").assign("ops", powerRole, "shop")
		}, want: access.HasNot, miss: access.MissAssignment},
		{name: "R18: the group is a member of him, as it were", world: func(w *world) { w.member("ann", "ops").assign("ops", powerRole, "shop") }, want: access.HasNot, miss: access.MissAssignment},
		{name: "R18: an asterisk reaches across slashes", world: func(w *world) { w.role("r", actions("Microsoft.Compute/*/action")).assign("ann", "r", "shop") }, want: access.Has},
		{name: "R18: case does not matter", world: func(w *world) { w.role("r", actions("MICROSOFT.compute/VIRTUALmachines/*")).assign("ann", "r", "shop") }, want: access.Has},
		{name: "R18: subtracted in the same entry", world: func(w *world) {
			w.role("r", csp.Permission{Actions: []string{"A.B/*", restart}, NotActions: []string{"*/RESTART/action"}}).assign("ann", "r", "shop")
		}, want: access.HasNot, miss: access.MissRole},
		{name: "R18: subtracted in one entry and allowed by another", world: func(w *world) {
			w.role("r", csp.Permission{Actions: []string{"*/action"}, NotActions: []string{"*/restart/action"}}, actions(restart)).assign("ann", "r", "shop")
		}, want: access.Has},
		{name: "R18: subtracted in one role and allowed by another", world: func(w *world) {
			w.role("less", csp.Permission{Actions: []string{"A.B/x/action", restart}, NotActions: []string{restart}}).assign("ann", "less", "shop").assign("ann", powerRole, "shop")
		}, want: access.Has},
		{name: "R18: a condition on the assignment", world: func(w *world) { w.assign("ann", powerRole, "shop", conditioned) }, want: access.Unknown, fact: access.MissingCondition},
		{name: "R18: a condition in the role", world: func(w *world) {
			w.role("r", csp.Permission{Actions: []string{restart}, Condition: "@x"}).assign("ann", "r", "shop")
		}, want: access.Unknown, fact: access.MissingCondition},
		{name: "R18: a condition in the role, beside an entry without one", world: func(w *world) {
			w.role("r", csp.Permission{Actions: []string{restart}, Condition: "@x"}, actions("*/action")).assign("ann", "r", "shop")
		}, want: access.Has},
		{name: "R18: a condition on one of two assignments", world: func(w *world) {
			w.assign("ann", powerRole, "shop", conditioned).assign("ann", powerRole, "shop/rg")
		}, want: access.Has},
		{name: "R18: a condition on an assignment that would not help", world: func(w *world) {
			w.role("looks", actions("*/read")).assign("ann", "looks", "shop", conditioned)
		}, want: access.HasNot, miss: access.MissRole},
		{name: "R18: a role nobody collected", world: func(w *world) { w.assign("ann", "mystery", "shop") }, want: access.Unknown, fact: access.MissingRole},

		// R19
		{name: "R19: denied to everyone", world: func(w *world) { w.assign("ann", powerRole, "shop").deny("d", "shop", everyone) }, want: access.HasNot, miss: access.MissDenied},
		{name: "R19: denied to him", world: func(w *world) {
			w.assign("ann", powerRole, "shop").deny("d", "shop", csp.DenyAssignment{Principals: ids("ann"), Permissions: everyone.Permissions})
		}, want: access.HasNot, miss: access.MissDenied},
		{name: "R19: denied to a group he is in", world: func(w *world) {
			w.member("ops", "night").member("night", "ann").assign("ann", powerRole, "shop").deny("d", "shop", csp.DenyAssignment{Principals: ids("ops"), Permissions: everyone.Permissions})
		}, want: access.HasNot, miss: access.MissDenied},
		{name: "R19: denied to somebody else", world: func(w *world) {
			w.assign("ann", powerRole, "shop").deny("d", "shop", csp.DenyAssignment{Principals: ids("bob"), Permissions: everyone.Permissions})
		}, want: access.Has},
		{name: "R19: denied to everyone but him", world: func(w *world) {
			w.assign("ann", powerRole, "shop").deny("d", "shop", csp.DenyAssignment{Everyone: true, Excluded: ids("ann"), Permissions: everyone.Permissions})
		}, want: access.Has},
		{name: "R19: denied to everyone but a group he is in", world: func(w *world) {
			w.member("ops", "ann").assign("ann", powerRole, "shop").deny("d", "shop", csp.DenyAssignment{Everyone: true, Excluded: ids("ops"), Permissions: everyone.Permissions})
		}, want: access.Has},
		{name: "R19: denied above, not for children", world: func(w *world) {
			w.assign("ann", powerRole, "shop").deny("d", "shop", csp.DenyAssignment{Everyone: true, ThisScopeOnly: true, Permissions: everyone.Permissions})
		}, want: access.Has},
		{name: "R19: denied here, not for children", world: func(w *world) {
			w.assign("ann", powerRole, "shop").deny("d", "shop/rg/vm", csp.DenyAssignment{Everyone: true, ThisScopeOnly: true, Permissions: everyone.Permissions})
		}, want: access.HasNot, miss: access.MissDenied},
		{name: "R19: denied in an audit only", world: func(w *world) {
			w.assign("ann", powerRole, "shop").deny("d", "shop", csp.DenyAssignment{Everyone: true, AuditOnly: true, Permissions: everyone.Permissions})
		}, want: access.Has},
		{name: "R19: something else is denied", world: func(w *world) {
			w.assign("ann", powerRole, "shop").deny("d", "shop", csp.DenyAssignment{Everyone: true, Permissions: []csp.Permission{{Actions: []string{"*"}, NotActions: []string{restart}}}})
		}, want: access.Has},
		{name: "R19: denied elsewhere", world: func(w *world) { w.assign("ann", powerRole, "shop").deny("d", "shop/other", everyone) }, want: access.Has},
		{name: "R19: denied at the management group", world: func(w *world) {
			w.place("shop", "mg:online").assign("ann", powerRole, "shop").deny("d", "mg:online", everyone)
		}, want: access.HasNot, miss: access.MissDenied},
		{name: "R19: denied under a condition", world: func(w *world) {
			w.assign("ann", powerRole, "shop").deny("d", "shop", csp.DenyAssignment{Everyone: true, Condition: "@x", Permissions: everyone.Permissions})
		}, want: access.Unknown, fact: access.MissingCondition},
		{name: "R19: denied under a condition what he has not", world: func(w *world) {
			w.deny("d", "shop", csp.DenyAssignment{Everyone: true, Condition: "@x", Permissions: everyone.Permissions})
		}, want: access.HasNot, miss: access.MissAssignment},
		{name: "R19: Owner is denied too", world: func(w *world) { w.assign("ann", "Owner", "shop").deny("d", "shop", everyone) }, want: access.HasNot, miss: access.MissDenied},
		{name: "R19, R26: an Owner who is denied could run code as somebody who is not", world: func(w *world) {
			w.assign("ann", "Owner", "shop").deny("d", "shop", csp.DenyAssignment{Principals: ids("ann"), Permissions: everyone.Permissions})
		}, want: access.Unknown, fact: access.MissingTakeover},

		// R20
		{name: "R20: a member from another tenant is none", world: func(w *world) {
			w.principal(csp.Group, "partner", "theirs")
			w.member("theirs", "ann").assign("theirs", powerRole, "shop", foreignGroup)
		}, want: access.HasNot, miss: access.MissAssignment},
		{name: "R20: a member the facts do not list", world: func(w *world) { w.member("unlisted", "ann").assign("unlisted", powerRole, "shop") }, want: access.Has},

		// R15, R24
		{name: "R24: a Global Administrator", world: func(w *world) { w.directory("ann", "Global Administrator") }, want: access.CanGet},
		{name: "R15: a Privileged Role Administrator", world: func(w *world) { w.directory("ann", "Privileged Role Administrator") }, want: access.CanGet},
		{name: "R14: a Global Administrator by a group", world: func(w *world) { w.member("ops", "ann").directory("ops", "Global Administrator") }, want: access.CanGet},
		{name: "R14: not by a group in the group", world: func(w *world) {
			w.member("ops", "night").member("night", "ann").directory("ops", "Global Administrator")
		}, want: access.HasNot, miss: access.MissAssignment},
		{name: "R24: a Global Reader", world: func(w *world) { w.directory("ann", "Directory Readers") }, want: access.HasNot, miss: access.MissAssignment},
		{name: "R15: somebody who resets passwords", world: func(w *world) { w.directory("ann", "Helpdesk Administrator") }, want: access.Unknown, fact: access.MissingTakeover},
		{name: "R24: the administrator of another tenant", world: func(w *world) {
			w.directory("ann", "Global Administrator")
			w.facts.DirectoryAssignments[0].Tenant = idOf[csp.Tenant]("partner")
		}, want: access.HasNot, miss: access.MissAssignment},
		{name: "R24: an administrator who was one", world: func(w *world) {
			w.directory("ann", "Global Administrator")
			w.facts.DirectoryAssignments[0].Until = noon
		}, want: access.HasNot, miss: access.MissAssignment},
		{name: "R24, R19: an administrator, where it is denied to everyone", world: func(w *world) {
			w.directory("ann", "Global Administrator").deny("d", "shop", everyone)
		}, want: access.HasNot, miss: access.MissDenied},
		{name: "R24, R19: an administrator, where it is denied to him", world: func(w *world) {
			w.directory("ann", "Global Administrator").deny("d", "shop", csp.DenyAssignment{Principals: ids("ann"), Permissions: everyone.Permissions})
		}, want: access.Unknown, fact: access.MissingTakeover},
		{name: "R24, R19: an administrator who may write no assignments", world: func(w *world) {
			w.directory("ann", "Global Administrator").deny("d", "shop", csp.DenyAssignment{Everyone: true, Permissions: denyActions(writeAssign)})
		}, want: access.Unknown, fact: access.MissingTakeover},

		// R26
		{name: "R26: User Access Administrator", world: func(w *world) { w.assign("ann", "User Access Administrator", "shop") }, want: access.CanGet},
		{name: "R26: he writes assignments by a group", world: func(w *world) {
			w.member("ops", "ann").assign("ops", "Role Based Access Control Administrator", "shop")
		}, want: access.CanGet},
		{name: "R26: within a condition", world: func(w *world) {
			w.assign("ann", "Role Based Access Control Administrator", "shop", conditioned)
		}, want: access.Unknown, fact: access.MissingCondition},
		{name: "R26: where he may not write, he cannot get", world: func(w *world) {
			w.role("rbac", actions(writeAssign)).assign("ann", "rbac", "shop").deny("d", "shop", csp.DenyAssignment{Everyone: true, Permissions: denyActions(writeAssign)})
		}, want: access.Unknown, fact: access.MissingTakeover},
		{name: "R26: writing where it is denied perhaps", world: func(w *world) {
			w.assign("ann", "User Access Administrator", "shop").deny("d", "shop", csp.DenyAssignment{Everyone: true, Condition: "@x", Permissions: denyActions(writeAssign)})
		}, want: access.Unknown, fact: access.MissingCondition},
		{name: "R26: Has is not mixed with CanGet", world: func(w *world) { w.assign("ann", "Owner", "shop") }, want: access.Has},
		{name: "R26: the right to write is his own", world: func(w *world) { w.assign("ann", "User Access Administrator", "shop") }, action: writeAssign, want: access.Has},
		{name: "R26: who runs code may become somebody", world: func(w *world) { w.assign("ann", "Virtual Machine Contributor", "shop/rg2") }, want: access.Unknown, fact: access.MissingTakeover},
		{name: "R26: an unknown role elsewhere may be one of those", world: func(w *world) { w.assign("ann", "mystery", "shop/rg2") }, want: access.Unknown, fact: access.MissingTakeover},

		// R29
		{name: "R29: in its time", world: func(w *world) {
			w.assign("ann", powerRole, "shop", from(noon), until(noon.Add(time.Second)))
		}, want: access.Has},
		{name: "R29: ended at this instant", world: func(w *world) { w.assign("ann", powerRole, "shop", until(noon)) }, want: access.HasNot, miss: access.MissTerm},
		{name: "R29: not begun", world: func(w *world) { w.assign("ann", powerRole, "shop", from(noon.Add(1))) }, want: access.HasNot, miss: access.MissTerm},
		{name: "R29: eligible", world: func(w *world) { w.assign("ann", powerRole, "shop", eligible) }, want: access.CanGet},
		{name: "R29: eligible and no more", world: func(w *world) { w.assign("ann", powerRole, "shop", eligible, until(noon)) }, want: access.HasNot, miss: access.MissTerm},
		{name: "R29: eligible for the group", world: func(w *world) {
			w.memberFor("ops", "ann", access.Term{Eligible: true}).assign("ops", powerRole, "shop")
		}, want: access.CanGet},
		{name: "R29: eligible for the group and its member otherwise", world: func(w *world) {
			w.memberFor("ops", "ann", access.Term{Eligible: true}).member("night", "ann").member("ops", "night").assign("ops", powerRole, "shop")
		}, want: access.Has},
		{name: "R29: a membership that ended", world: func(w *world) {
			w.memberFor("ops", "ann", access.Term{Until: noon}).assign("ops", powerRole, "shop")
		}, want: access.HasNot, miss: access.MissAssignment},
		{name: "R29: eligible, under a condition", world: func(w *world) { w.assign("ann", powerRole, "shop", eligible, conditioned) }, want: access.Unknown, fact: access.MissingCondition},
		{name: "R29: eligible under a condition, and eligible without", world: func(w *world) {
			w.assign("ann", powerRole, "shop", eligible, conditioned).assign("ann", powerRole, "shop/rg", eligible)
		}, want: access.CanGet},
		{name: "R29, R26: eligible to write assignments", world: func(w *world) { w.assign("ann", "User Access Administrator", "shop", eligible) }, want: access.CanGet},
		{name: "R29, R19: activating puts him into a group that is denied", world: func(w *world) {
			w.memberFor("ops", "ann", access.Term{Eligible: true}).assign("ops", powerRole, "shop").deny("d", "shop", csp.DenyAssignment{Principals: ids("ops"), Permissions: everyone.Permissions})
		}, want: access.Unknown, fact: access.MissingActivation},
		{name: "R29, R19: activating takes him out of a denial", world: func(w *world) {
			w.memberFor("ops", "ann", access.Term{Eligible: true}).assign("ann", powerRole, "shop").deny("d", "shop", csp.DenyAssignment{Everyone: true, Excluded: ids("ops"), Permissions: everyone.Permissions})
		}, want: access.Unknown, fact: access.MissingActivation},

		// R21, R22, R28: not worked out yet, and said so
		{name: "R22: the partner's agent, by a foreign principal", world: func(w *world) {
			w.principal(csp.Group, "partner", "AdminAgents")
			w.facts.Principals[0].Tenant = idOf[csp.Tenant]("partner")
			w.member("AdminAgents", "ann").assign("AdminAgents", "Owner", "shop", foreignGroup)
		}, want: access.Unknown, fact: access.MissingSignIn},
		{name: "R22: a partner's user with nothing at all", world: func(w *world) { w.facts.Principals[0].Tenant = idOf[csp.Tenant]("partner") }, want: access.Unknown, fact: access.MissingSignIn},
		{name: "R22, R19: a partner's user where everyone is denied", world: func(w *world) {
			w.facts.Principals[0].Tenant = idOf[csp.Tenant]("partner")
			w.deny("d", "shop", everyone)
		}, want: access.HasNot, miss: access.MissAssignment},

		// R31
		{name: "R31: Owner of the scope, and a control action", world: func(w *world) { w.assign("ann", "Owner", "shop") }, want: access.Has},
		{name: "R31: a custom role", world: func(w *world) { w.role("mine", actions(restart)).assign("ann", "mine", "shop") }, want: access.Has},

		// Facts that are missing
		{name: "role assignments not collected", world: func(w *world) { w.gap(access.MissingAssignments, csp.Scope{}) }, want: access.Unknown, fact: access.MissingAssignments},
		{name: "role assignments not collected above", world: func(w *world) { w.gap(access.MissingAssignments, at(w.t, "shop")) }, want: access.Unknown, fact: access.MissingAssignments},
		{name: "role assignments not collected elsewhere", world: func(w *world) { w.gap(access.MissingAssignments, at(w.t, "shop/rg2")) }, want: access.HasNot, miss: access.MissAssignment},
		{name: "role assignments not collected, and he has it anyway", world: func(w *world) {
			w.assign("ann", powerRole, "shop").gap(access.MissingAssignments, csp.Scope{})
		}, want: access.Has},
		{name: "memberships not collected", world: func(w *world) { w.gap(access.MissingMemberships, csp.Scope{}) }, want: access.Unknown, fact: access.MissingMemberships},
		{name: "memberships not collected, and a group is denied", world: func(w *world) {
			w.assign("ann", powerRole, "shop").gap(access.MissingMemberships, csp.Scope{}).deny("d", "shop", csp.DenyAssignment{Principals: ids("ops"), Permissions: everyone.Permissions})
		}, want: access.Unknown, fact: access.MissingMemberships},
		{name: "memberships not collected, and a group is excluded", world: func(w *world) {
			w.assign("ann", powerRole, "shop").gap(access.MissingMemberships, csp.Scope{}).deny("d", "shop", csp.DenyAssignment{Everyone: true, Excluded: ids("ops"), Permissions: everyone.Permissions})
		}, want: access.Unknown, fact: access.MissingMemberships},
		{name: "memberships not collected, and everyone is denied", world: func(w *world) {
			w.assign("ann", powerRole, "shop").gap(access.MissingMemberships, csp.Scope{}).deny("d", "shop", everyone)
		}, want: access.HasNot, miss: access.MissDenied},
		{name: "management groups not collected", world: func(w *world) { w.gap(access.MissingPlacements, csp.Scope{}) }, want: access.Unknown, fact: access.MissingPlacements},
		{name: "management groups not collected, and he has it anyway", world: func(w *world) {
			w.assign("ann", powerRole, "shop").gap(access.MissingPlacements, csp.Scope{})
		}, want: access.Has},
		{name: "management groups not collected, and one of them denies", world: func(w *world) {
			w.assign("ann", powerRole, "shop").gap(access.MissingPlacements, csp.Scope{}).deny("d", "mg:online", everyone)
		}, want: access.Unknown, fact: access.MissingPlacements},
		{name: "deny assignments not collected", world: func(w *world) { w.assign("ann", powerRole, "shop").gap(access.MissingDenials, csp.Scope{}) }, want: access.Unknown, fact: access.MissingDenials},
		{name: "deny assignments not collected, and he has nothing", world: func(w *world) { w.gap(access.MissingDenials, csp.Scope{}) }, want: access.HasNot, miss: access.MissAssignment},
		{name: "deny assignments not collected, and he could get it", world: func(w *world) {
			w.assign("ann", powerRole, "shop", eligible).gap(access.MissingDenials, csp.Scope{})
		}, want: access.Unknown, fact: access.MissingDenials},
		{name: "directory roles not collected", world: func(w *world) { w.gap(access.MissingDirectoryRoles, csp.Scope{}) }, want: access.Unknown, fact: access.MissingDirectoryRoles},
		{name: "the tenant not collected", world: func(w *world) { w.facts.Tenants = w.facts.Tenants[1:] }, want: access.Unknown, fact: access.MissingTenant},
		{name: "the tenant only announced", world: func(w *world) { w.gap(access.MissingTenant, csp.Scope{}) }, want: access.Unknown, fact: access.MissingTenant},
		{name: "the subscription not known", world: func(*world) {}, scope: "stranger/rg", want: access.Unknown, fact: access.MissingSubscription},
		{name: "nobody of that id", world: func(w *world) { w.facts.Principals = nil }, want: access.Unknown, fact: access.MissingPrincipal},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			w := newWorld(t).users("ann", "bob").groups("ops", "night")
			test.world(w)
			if test.action == "" {
				test.action = restart
			}
			if test.scope == "" {
				test.scope = "shop/rg/vm"
			}
			answer := w.ask(test.action, test.scope)
			if answer.Verdict != test.want {
				t.Fatalf("got %q, want %q\n%s", answer.Verdict, test.want, dump(answer))
			}
			if (answer.Verdict == access.Unknown) != (len(answer.Gaps) > 0) || (answer.Verdict == access.HasNot) != (len(answer.Misses) > 0) {
				t.Errorf("gaps belong to Unknown and misses to HasNot\n%s", dump(answer))
			}
			if test.fact != 0 && answer.Gaps[0].Fact != test.fact {
				t.Errorf("the first gap is %q, want %q\n%s", answer.Gaps[0].Fact, test.fact, dump(answer))
			}
			if test.miss != 0 && answer.Misses[0].Kind != test.miss {
				t.Errorf("the first miss is of kind %d, want %d\n%s", answer.Misses[0].Kind, test.miss, dump(answer))
			}
		})
	}
}

// dump is the answer on some lines.
func dump(a access.Answer) string {
	var b strings.Builder
	b.WriteString(a.Verdict.String() + "\n")
	for _, p := range a.Paths {
		b.WriteString("  " + p.String() + "\n")
	}
	for _, id := range a.Denied {
		b.WriteString("  denied by " + id.String() + "\n")
	}
	for _, m := range a.Misses {
		b.WriteString("  short: " + m.Text + "\n")
	}
	for _, g := range a.Gaps {
		b.WriteString("  missing: " + g.String() + "\n")
	}
	return b.String()
}
