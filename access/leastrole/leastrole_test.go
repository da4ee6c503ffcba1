package leastrole_test

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"latchkey/access"
	"latchkey/access/leastrole"
	"latchkey/access/roleclass"
	"latchkey/csp"
	"latchkey/csp/builtin"
)

func role(number int, name string, permissions ...csp.Permission) csp.RoleDefinition {
	return csp.RoleDefinition{ID: csp.RoleDefinitionID{1, byte(number)}, Name: name, Permissions: permissions}
}

func allows(actions ...string) csp.Permission { return csp.Permission{Actions: actions} }

func parse(t rapid.TB, names ...string) []access.Action {
	var list []access.Action
	for _, name := range names {
		read := access.ParseAction
		if rest, ok := strings.CutPrefix(name, "data "); ok {
			read, name = access.ParseDataAction, rest
		}
		a, err := read(name)
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, a)
	}
	return list
}

func namesOf(roles []csp.RoleDefinition) string {
	var names []string
	for _, r := range roles {
		names = append(names, r.Name)
	}
	return strings.Join(names, " + ")
}

func TestTheLeastRolesAreFoundInTheBuiltinCatalogue(t *testing.T) {
	catalogue := leastrole.NewAzure(builtin.AzureRoles())
	for _, c := range []struct {
		actions []string
		roles   string
		class   roleclass.Class
	}{
		{[]string{"Microsoft.Authorization/roleAssignments/write"}, "", roleclass.Privileged},
		{[]string{"Microsoft.Compute/virtualMachines/restart/action"}, "Desktop Virtualization Power On Off Contributor", roleclass.Standard},
		{[]string{"microsoft.support/supporttickets/WRITE"}, "", roleclass.Standard},
		{[]string{"data Microsoft.Storage/storageAccounts/blobServices/containers/blobs/read"}, "", roleclass.Standard},
	} {
		found, ok, err := catalogue.Cover(parse(t, c.actions...), nil)
		if err != nil || !ok {
			t.Errorf("%v: %v, %v", c.actions, ok, err)
			continue
		}
		if found.Class != c.class || c.roles != "" && namesOf(found.Roles) != c.roles {
			t.Errorf("%v: %s of class %s, want %s of class %s", c.actions, namesOf(found.Roles), found.Class, c.roles, c.class)
		}
		if found.Beyond < 0 || found.Rights < len(c.actions) {
			t.Errorf("%v: %d rights, %d beyond", c.actions, found.Rights, found.Beyond)
		}
	}
}

func TestWhichRolesAreLeast(t *testing.T) {
	small, large := role(1, "small", allows("A.B/x/read")), role(2, "large", allows("A.B/x/read", "A.B/y/read", "A.B/z/read"))
	writer := role(3, "writer", allows("A.B/x/read", "A.B/y/read", "A.B/y/write"))
	y := role(4, "y", allows("A.B/y/read"))
	twin := role(5, "another y", allows("a.b/Y/read"))
	wild := role(6, "wild", allows("A.B/*/read"))
	conditional := role(7, "conditional", csp.Permission{Actions: []string{"A.B/only/read"}, Condition: "true"})
	less := role(8, "all but z", csp.Permission{Actions: []string{"A.B/*", "C.D/*"}, NotActions: []string{"A.B/z/*", "C.D/*"}})
	all := []csp.RoleDefinition{small, large, writer, y, twin, wild, conditional, less}
	for _, c := range []struct {
		name    string
		actions []string
		except  string
		want    string
		rights  int
		beyond  int
	}{
		{"one role that fits exactly", []string{"A.B/x/read"}, "", "small", 1, 0},
		{"two small roles before a large one", []string{"A.B/x/read", "A.B/y/read"}, "", "another y + small", 2, 0},
		{"the large one before a class more", []string{"A.B/x/read", "A.B/z/read"}, "", "large", 3, 1},
		{"the more dangerous one if there is no other", []string{"A.B/y/write"}, "", "writer", 3, 2},
		{"none with a condition", []string{"A.B/only/read"}, "", "wild", 4, 3},
		{"what is excepted is not used", []string{"A.B/x/read"}, "small", "large", 3, 2},
	} {
		found, ok, err := leastrole.NewAzure(all).Cover(parse(t, c.actions...), func(r csp.RoleDefinition) bool { return r.Name == c.except })
		if err != nil || !ok || namesOf(found.Roles) != c.want || found.Rights != c.rights || found.Beyond != c.beyond {
			t.Errorf("%s: %s with %d rights and %d beyond (%v, %v), want %s with %d and %d",
				c.name, namesOf(found.Roles), found.Rights, found.Beyond, ok, err, c.want, c.rights, c.beyond)
		}
	}
	if _, ok, err := leastrole.NewAzure(all).Cover(parse(t, "X.Y/z/read"), nil); ok || err != nil {
		t.Errorf("an action that no role allows is covered: %v, %v", ok, err)
	}
	if n := leastrole.NewAzure(all).Rights(less); n != 4 {
		t.Errorf("a role with exceptions has %d rights, want 4", n)
	}
}

func TestTooManyActionsAndNoneAreRefused(t *testing.T) {
	azure, directory := leastrole.NewAzure(nil), leastrole.NewDirectory(nil)
	var many []string
	for i := range leastrole.MostActions + 1 {
		many = append(many, fmt.Sprintf("A.B/x%d/read", i))
	}
	for _, actions := range [][]access.Action{nil, parse(t, many...)} {
		if _, _, err := azure.Cover(actions, nil); err == nil {
			t.Errorf("%d actions are not refused for Azure", len(actions))
		}
		if _, _, err := directory.Cover(actions, nil); err == nil {
			t.Errorf("%d actions are not refused for directories", len(actions))
		}
	}
}

func TestTheLeastDirectoryRoles(t *testing.T) {
	directory := leastrole.NewDirectory(builtin.EntraRoles())
	for _, c := range []struct {
		action, want string
		class        roleclass.Class
	}{
		{"microsoft.directory/users/password/update", "Password Administrator", roleclass.Privileged},
		{"microsoft.directory/groups/members/read", "", roleclass.Read},
		{"microsoft.directory/groups/create", "", roleclass.Standard},
	} {
		found, ok, err := directory.Cover(parse(t, c.action), nil)
		if err != nil || !ok || found.Class != c.class || c.want != "" && found.Roles[0].Name != c.want {
			t.Errorf("%s: %+v, %v, %v", c.action, found, ok, err)
		}
	}
	if _, ok, _ := directory.Cover(parse(t, "microsoft.directory/users/password/update"), func(csp.DirectoryRole) bool { return true }); ok {
		t.Error("a role was found where all are excepted")
	}
	if c := leastrole.DirectoryClass(csp.DirectoryRole{}); c != roleclass.Privileged {
		t.Errorf("a role of which nothing is published is of class %s", c)
	}
}

// The cover is held against trying every set of roles.
func TestNoSetOfRolesIsLess(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		actions := []string{"A.B/a/read", "A.B/b/read", "A.B/c/write", "A.B/d/action"}
		var roles []csp.RoleDefinition
		for i := range rapid.IntRange(0, 7).Draw(t, "roles") {
			list := rapid.SliceOfNDistinct(rapid.SampledFrom(append(actions, "A.B/*", "A.B/e/read", "Microsoft.Authorization/roleAssignments/write")), 1, 4, rapid.ID).Draw(t, "actions")
			roles = append(roles, role(i, fmt.Sprintf("role %d", i), allows(list...)))
		}
		asked := parse(t, rapid.SliceOfNDistinct(rapid.SampledFrom(actions), 1, 4, rapid.ID).Draw(t, "asked")...)
		catalogue := leastrole.NewAzure(roles)
		found, ok, err := catalogue.Cover(asked, nil)
		if err != nil {
			t.Fatal(err)
		}
		best := cheapestSet(catalogue, roles, asked)
		if ok != (best != nil) {
			t.Fatalf("found a cover: %v, and trying all: %v", ok, best)
		}
		if ok && compareCost(costOf(catalogue, found.Roles), best) != 0 {
			t.Fatalf("the cover %s costs %v, and the least %v", namesOf(found.Roles), costOf(catalogue, found.Roles), best)
		}
	})
}

// costOf is the danger, the rights and the number of roles.
func costOf(a *leastrole.Azure, roles []csp.RoleDefinition) []int {
	cost := []int{0, 0, len(roles)}
	for _, r := range roles {
		cost[0] = max(cost[0], int(roleclass.Read-roleclass.Of(r)))
		cost[1] += a.Rights(r)
	}
	return cost
}

func compareCost(a, b []int) int { return slices.CompareFunc(a, b, cmp.Compare[int]) }

func cheapestSet(a *leastrole.Azure, roles []csp.RoleDefinition, asked []access.Action) []int {
	var best []int
	for set := range 1 << len(roles) {
		var chosen []csp.RoleDefinition
		for i, r := range roles {
			if set&(1<<i) != 0 {
				chosen = append(chosen, r)
			}
		}
		covers := !slices.ContainsFunc(asked, func(action access.Action) bool {
			return !slices.ContainsFunc(chosen, func(r csp.RoleDefinition) bool { return leastrole.Allows(r, action) })
		})
		if cost := costOf(a, chosen); covers && (best == nil || compareCost(cost, best) < 0) {
			best = cost
		}
	}
	return best
}
