package leastrole

import (
	"slices"
	"strings"

	"latchkey/access"
	"latchkey/access/pattern"
	"latchkey/access/roleclass"
	"latchkey/csp"
)

// Azure is a catalogue of Azure roles to choose from. It remembers what it has
// counted, so it is for one goroutine.
type Azure struct {
	roles   []csp.RoleDefinition // by name
	control universe
	data    universe
	rights  map[csp.RoleDefinitionID]int
}

// AzureCover is the least set of Azure roles.
type AzureCover struct {
	Roles []csp.RoleDefinition // by name
	// Class is that of the most dangerous of them.
	Class roleclass.Class
	// Rights is how many published operations the roles allow, counted role by role.
	Rights int
	// Beyond is how many operations they allow that were not asked for.
	Beyond int
}

// NewAzure makes a catalogue of the roles. Roles with a condition of their own
// are left out of covers: whether it holds depends on the request.
func NewAzure(roles []csp.RoleDefinition) *Azure {
	a := &Azure{roles: slices.Clone(roles), rights: make(map[csp.RoleDefinitionID]int)}
	slices.SortFunc(a.roles, func(x, y csp.RoleDefinition) int { return strings.Compare(x.Name, y.Name) })
	var control, data []string
	for _, role := range a.roles {
		for _, p := range role.Permissions {
			control = append(append(control, p.Actions...), p.NotActions...)
			data = append(append(data, p.DataActions...), p.NotDataActions...)
		}
	}
	a.control, a.data = newUniverse(control), newUniverse(data)
	return a
}

// Cover finds the least roles that together allow all the actions. ok is false
// if the catalogue has none. Roles for which except is true are not used; except
// may be nil. It fails on no action at all and on more than MostActions.
func (a *Azure) Cover(actions []access.Action, except func(csp.RoleDefinition) bool) (found AzureCover, ok bool, err error) {
	if err := checkCount(len(actions)); err != nil {
		return AzureCover{}, false, err
	}
	var candidates []candidate
	for i, role := range a.roles {
		allows := allowedBy(actions, func(action access.Action) bool { return Allows(role, action) })
		if allows == 0 || except != nil && except(role) {
			continue
		}
		candidates = append(candidates, candidate{allows: allows, class: roleclass.Of(role), rights: a.Rights(role), index: i})
	}
	best, ok := least(candidates, len(actions))
	if !ok {
		return AzureCover{}, false, nil
	}
	found = AzureCover{Class: roleclass.Read, Rights: best.rights, Beyond: best.rights}
	for _, i := range best.indexes {
		found.Roles = append(found.Roles, a.roles[i])
		found.Class = min(found.Class, roleclass.Of(a.roles[i]))
	}
	found.Beyond = a.beyond(found.Roles, actions)
	return found, true, nil
}

// Rights is how many published operations the role allows.
func (a *Azure) Rights(role csp.RoleDefinition) int {
	if n, ok := a.rights[role.ID]; ok {
		return n
	}
	n := len(a.allowed([]csp.RoleDefinition{role}))
	a.rights[role.ID] = n
	return n
}

// beyond counts what the roles allow together and nobody asked for.
func (a *Azure) beyond(roles []csp.RoleDefinition, actions []access.Action) int {
	allowed := a.allowed(roles)
	for _, action := range actions {
		delete(allowed, right{pattern.Fold(action.String()), action.IsData()})
	}
	return len(allowed)
}

// right is one operation, or a pattern of which no operation is published.
type right struct {
	name string
	data bool
}

func (a *Azure) allowed(roles []csp.RoleDefinition) map[right]bool {
	found := make(map[right]bool)
	for _, role := range roles {
		for _, p := range role.Permissions {
			for _, name := range a.control.allowed(pattern.NewSet(p.Actions, p.NotActions)) {
				found[right{name, false}] = true
			}
			for _, name := range a.data.allowed(pattern.NewSet(p.DataActions, p.NotDataActions)) {
				found[right{name, true}] = true
			}
		}
	}
	return found
}

// Allows says whether an entry of the role without a condition allows the action (R18).
func Allows(role csp.RoleDefinition, action access.Action) bool {
	for _, p := range role.Permissions {
		set := pattern.NewSet(p.Actions, p.NotActions)
		if action.IsData() {
			set = pattern.NewSet(p.DataActions, p.NotDataActions)
		}
		if p.Condition == "" && set.Has(pattern.Fold(action.String())) {
			return true
		}
	}
	return false
}

// allowedBy sets a bit for each action that is allowed.
func allowedBy(actions []access.Action, allowed func(access.Action) bool) uint32 {
	var found uint32
	for i, action := range actions {
		if allowed(action) {
			found |= 1 << i
		}
	}
	return found
}

// universe is every operation that some role names, sorted and folded.
type universe []string

func newUniverse(patterns []string) universe {
	var names []string
	for _, p := range patterns {
		if !strings.Contains(p, "*") {
			names = append(names, pattern.Fold(p))
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// allowed lists the operations in the set, and each pattern of it that covers none.
func (u universe) allowed(set pattern.Set) []string {
	var found []string
	for _, p := range set.Actions {
		if pattern.Any(set.Except, p) {
			continue
		}
		matched := false
		for _, name := range u.startingWith(p) {
			if pattern.Matches(p, name) && !pattern.Any(set.Except, name) {
				found, matched = append(found, name), true
			}
		}
		if !matched {
			found = append(found, p)
		}
	}
	return found
}

// startingWith is the part of the universe in which the pattern's matches lie.
func (u universe) startingWith(p string) universe {
	head, _, _ := strings.Cut(p, "*")
	from, _ := slices.BinarySearch(u, head)
	part := u[from:]
	to := slices.IndexFunc(part, func(name string) bool { return !strings.HasPrefix(name, head) })
	if to < 0 {
		return part
	}
	return part[:to]
}
