package graph_test

import (
	"slices"
	"testing"

	"latchkey/csp"
	"latchkey/emulator/world"
)

// TestWhoMayResetWhom goes through Microsoft's table: the columns are who acts,
// the rows whom he acts on (R15).
func TestWhoMayResetWhom(t *testing.T) {
	v := newTown(t)
	actors := []string{"Password Administrator", "Helpdesk Administrator", "Authentication Administrator", "User Administrator", "Privileged Authentication Administrator", "Global Administrator", "Partner Tier2 Support", "Partner Tier1 Support"}
	tokens := map[string]string{}
	for _, role := range actors {
		_, tokens[role] = v.admin("actor-"+string(rune('a'+len(tokens))), role)
	}
	everyone := []string{"Privileged Authentication Administrator", "Global Administrator", "Partner Tier2 Support"}
	all := slices.Concat(everyone, []string{"Password Administrator", "Helpdesk Administrator", "Authentication Administrator", "User Administrator"})
	withoutPassword := slices.DeleteFunc(slices.Clone(all), func(s string) bool { return s == "Password Administrator" })
	for role, may := range map[string][]string{
		"":                                        append(slices.Clone(all), "Partner Tier1 Support"),
		"Directory Readers":                       all,
		"Guest Inviter":                           all,
		"Password Administrator":                  all,
		"Message Center Reader":                   withoutPassword,
		"Reports Reader":                          withoutPassword,
		"Usage Summary Reports Reader":            withoutPassword,
		"User Experience Success Manager":         withoutPassword,
		"Helpdesk Administrator":                  append(slices.Clone(everyone), "Helpdesk Administrator", "User Administrator"),
		"Authentication Administrator":            append(slices.Clone(everyone), "Authentication Administrator"),
		"Groups Administrator":                    append(slices.Clone(everyone), "User Administrator"),
		"User Administrator":                      append(slices.Clone(everyone), "User Administrator"),
		"Exchange Administrator":                  everyone,
		"Privileged Role Administrator":           everyone,
		"Privileged Authentication Administrator": everyone,
		"Global Administrator":                    everyone,
	} {
		target := must(v.customer.AddUser(world.User{Name: "Target " + role, UPN: "target-" + string(rune('a'+len(v.customer.Users())))}))(t)
		if role != "" {
			must(v.customer.AssignDirectoryRole(world.DirectoryAssignment{Principal: target.ID, Role: csp.MustParseID[csp.DirectoryRole](entraRole(role))}))(t)
		}
		for _, actor := range actors {
			got := v.call(tokens[actor], "PATCH", "/v1.0/users/"+target.ID.String(), `{"passwordProfile":{"password":"another-1"}}`)
			want := 403
			if slices.Contains(may, actor) {
				want = 204
			}
			if got.status != want {
				t.Errorf("a %s resets the password of a user with the role %q: %d, want %d", actor, role, got.status, want)
			}
		}
	}
}

func TestSensitiveActionsAskForTheSame(t *testing.T) {
	v := newTown(t)
	_, password := v.admin("paul", "Password Administrator")
	_, helpdesk := v.admin("hedy", "Helpdesk Administrator")
	_, users := v.admin("ursula", "User Administrator")
	_, privileged := v.admin("priya", "Privileged Authentication Administrator")
	exchange, _ := v.admin("edgar", "Exchange Administrator")
	at := "/v1.0/users/" + exchange.ID.String()
	for body, plainUserAdministrator := range map[string]int{
		`{"accountEnabled":false}`:       403,
		`{"mobilePhone":"1"}`:            403,
		`{"otherMails":["x@y.example"]}`: 403,
		`{"businessPhones":["1"]}`:       403,
		`{"jobTitle":"Postmaster"}`:      204,
	} {
		v.want(v.call(users, "PATCH", at, body), plainUserAdministrator, map[int]string{403: "Authorization_RequestDenied"}[plainUserAdministrator])
	}
	v.want(v.call(users, "DELETE", at, ""), 403, "Authorization_RequestDenied")
	v.want(v.call(users, "POST", at+"/revokeSignInSessions", ""), 403, "Authorization_RequestDenied")
	v.want(v.call(helpdesk, "PATCH", "/v1.0/users/"+v.anna.ID.String(), `{"accountEnabled":false}`), 403, "Authorization_RequestDenied") // resets, and does not disable
	v.want(v.call(helpdesk, "POST", "/v1.0/users/"+v.anna.ID.String()+"/revokeSignInSessions", ""), 200, "")
	v.want(v.call(password, "DELETE", "/v1.0/users/"+v.anna.ID.String(), ""), 403, "Authorization_RequestDenied")
	v.want(v.call(privileged, "PATCH", at, `{"accountEnabled":false}`), 204, "")
	v.want(v.call(privileged, "DELETE", at, ""), 204, "")
}

func TestGroupsForDirectoryRolesProtectTheirPeople(t *testing.T) {
	v := newTown(t)
	_, users := v.admin("ursula", "User Administrator")
	_, global := v.admin("greta", "Global Administrator")
	g := must(v.customer.AddGroup(world.Group{Name: "Admins", RoleAssignable: true}))(t)
	reset := func(bearer string, u world.User) int {
		return v.call(bearer, "PATCH", "/v1.0/users/"+u.ID.String(), `{"passwordProfile":{"password":"another-1"}}`).status
	}
	bo := must(v.customer.AddUser(world.User{Name: "Bo", UPN: "bo"}))(t)
	cy := must(v.customer.AddUser(world.User{Name: "Cy", UPN: "cy"}))(t)
	if err := v.customer.AddMembership(csp.Membership{Group: g.ID, Member: cy.ID, Term: csp.Term{Eligible: true}}); err != nil {
		t.Fatal(err)
	}
	for name, join := range map[string]func() error{
		"member": func() error { return v.customer.AddMember(g.ID, v.anna.ID) },
		"owner":  func() error { return v.customer.AddOwner(g.ID, bo.ID) },
	} {
		who := map[string]world.User{"member": v.anna, "owner": bo}[name]
		if got := reset(users, who); got != 204 {
			t.Errorf("before being a %s: %d", name, got)
		}
		if err := join(); err != nil {
			t.Fatal(err)
		}
		if got := reset(users, who); got != 403 {
			t.Errorf("a %s: %d", name, got)
		}
		if got := reset(global, who); got != 204 {
			t.Errorf("a %s, by a Global Administrator: %d", name, got)
		}
	}
	if got := reset(users, cy); got != 204 {
		t.Errorf("somebody who could become a member is not protected yet (R29): %d", got)
	}
}

// TestApplicationsReachAccountsWithoutRoles: what they hold in permissions is not
// enough for others, and never for a password.
func TestApplicationsReachAccountsWithoutRoles(t *testing.T) {
	v := newTown(t)
	boss, _ := v.admin("boss", "Helpdesk Administrator")
	robot := v.asApp("User.ReadWrite.All", "User-PasswordProfile.ReadWrite.All")
	v.want(v.call(robot, "PATCH", "/v1.0/users/"+v.anna.ID.String(), `{"accountEnabled":false}`), 204, "")
	v.want(v.call(robot, "PATCH", "/v1.0/users/"+boss.ID.String(), `{"accountEnabled":false}`), 403, "Authorization_RequestDenied")
	v.want(v.call(robot, "DELETE", "/v1.0/users/"+boss.ID.String(), ""), 403, "Authorization_RequestDenied")
	v.want(v.call(robot, "PATCH", "/v1.0/users/"+v.anna.ID.String(), `{"passwordProfile":{"password":"another-1"}}`), 403, "Authorization_RequestDenied")
}
