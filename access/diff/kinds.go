package diff

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"latchkey/access"
	"latchkey/access/estate"
	"latchkey/access/naming"
	"latchkey/access/pattern"
	"latchkey/csp"
)

// Standing are the questions that people ask first. Every comparison asks them.
var Standing = []Action{
	{access.MustParseAction("Microsoft.Resources/subscriptions/resourceGroups/read"), "read resources"},
	{access.MustParseAction("Microsoft.Resources/subscriptions/resourceGroups/write"), "write resources"},
	{access.MustParseAction("Microsoft.Resources/subscriptions/resourceGroups/delete"), "delete resources"},
	{access.MustParseAction("Microsoft.Authorization/roleAssignments/write"), "assign roles"},
	{access.MustParseAction("Microsoft.Compute/virtualMachines/runCommand/action"), "run code on machines"},
	{dataAction("Microsoft.KeyVault/vaults/secrets/getSecret/action"), "read secrets"},
	{dataAction("Microsoft.Storage/storageAccounts/blobServices/containers/blobs/read"), "read blobs"},
	{access.MustParseAction("microsoft.directory/users/standard/read"), "read the directory"},
	{access.MustParseAction("microsoft.directory/users/password/update"), "reset passwords"},
	{access.MustParseAction("microsoft.directory/users/create"), "make users"},
	{access.MustParseAction("microsoft.directory/groups/members/update"), "change members of groups"},
	{access.MustParseAction("microsoft.directory/applications/credentials/update"), "make secrets for applications"},
	{access.MustParseAction("microsoft.directory/roleAssignments/allProperties/update"), "assign directory roles"},
}

// dataAction is a data action of the list above; a test reads the whole of it.
func dataAction(s string) access.Action {
	a, _ := access.ParseDataAction(s)
	return a
}

// unit is something that tells actions apart: a role with what it allows, a
// denial with what it denies, a condition with the actions it names.
type unit struct {
	// name is the role's, for lines; empty for other units.
	name string
	// has says whether the unit is about an action, by its folded name.
	has func(name string, data bool) bool
	// on are the candidates it is about; made when first needed.
	on []uint64
}

// kinds are the actions that are asked for, and the units that tell them apart.
// Azure and the directory have lists of their own: an action of the one is never
// asked of the other.
type kinds struct {
	azure, directory kindTable

	// The units by side and number. Roles that are the same on both sides are two
	// units that tell the same actions apart.
	roles       [2][]int
	directories [2][]int
	conditions  [2][]int
	denials     [2][]int
}

// kindTable is one of the two lists.
type kindTable struct {
	candidates []Action
	folded     []operation // the candidates', made when all are there
	units      []unit
	byUnits    map[string][]kind
}

// kind is a set of actions that the same units are about.
type kind struct {
	ask     Action
	members []int // into candidates
}

func newKinds(p *pair) *kinds {
	k := &kinds{}
	k.azure.byUnits, k.directory.byUnits = map[string][]kind{}, map[string][]kind{}
	for _, a := range Standing {
		if naming.WhereIs(a.Action) == naming.InDirectory {
			k.directory.candidates = append(k.directory.candidates, a)
		} else {
			k.azure.candidates = append(k.azure.candidates, a)
		}
	}
	azure, directory := gather{t: &k.azure}, gather{t: &k.directory}
	for i, s := range p.sides() {
		k.addRoles(i, s, &azure)
		k.addConditions(i, s, &azure)
		k.addDenials(i, s, &azure)
		k.addDirectoryRoles(i, p, s, &directory)
	}
	azure.finish()
	directory.finish()
	return k
}

func (k *kinds) addRoles(i int, s side, g *gather) {
	used := make([]bool, len(s.e.Roles))
	for _, role := range s.e.AssignmentRole {
		used[role] = true
	}
	for _, l := range s.e.Lighthouses {
		used[l.Role] = true
	}
	k.roles[i] = make([]int, len(s.e.Roles))
	for n, role := range s.e.Roles {
		k.roles[i][n] = -1
		if used[n] {
			k.roles[i][n] = k.azure.unit(role.Name, about(role.Permissions))
			g.permissions(role.Permissions)
		}
	}
}

func (k *kinds) addDenials(i int, s side, g *gather) {
	byContent := map[string]int{}
	k.denials[i] = make([]int, len(s.e.Denials))
	for n, d := range s.e.Denials {
		content := csp.RoleDefinition{Permissions: d.Permissions}.Content()
		number, known := byContent[content]
		if !known {
			number = k.azure.unit("", about(d.Permissions))
			byContent[content] = number
			g.permissions(d.Permissions)
		}
		k.denials[i][n] = number
	}
}

// about says for which actions some entry of the permissions is.
func about(permissions []csp.Permission) func(string, bool) bool {
	type entry struct{ control, data pattern.Set }
	entries := make([]entry, len(permissions))
	for i, p := range permissions {
		entries[i] = entry{pattern.NewSet(p.Actions, p.NotActions), pattern.NewSet(p.DataActions, p.NotDataActions)}
	}
	return func(name string, data bool) bool {
		for _, e := range entries {
			if data && e.data.Has(name) || !data && e.control.Has(name) {
				return true
			}
		}
		return false
	}
}

// inCondition finds the actions that a condition names.
var inCondition = regexp.MustCompile(`'([A-Za-z0-9.*_-]+/[A-Za-z0-9.*/_-]+)'`)

// addConditions makes a unit of each action that a condition names, one of each
// entry of a role with a condition, and one of the two actions for which
// conditions are not judged (M3).
func (k *kinds) addConditions(i int, s side, g *gather) {
	texts := make([]string, 0, s.e.Conditions.Len())
	for n := range s.e.Conditions.Len() {
		texts = append(texts, s.e.Conditions.At(n))
	}
	for _, role := range s.e.Roles {
		for _, p := range role.Permissions {
			if p.Condition != "" {
				texts = append(texts, p.Condition)
				k.conditions[i] = append(k.conditions[i], k.azure.unit("", about([]csp.Permission{p})))
			}
		}
	}
	conditional := false
	for _, text := range texts {
		conditional = conditional || text != ""
		for _, found := range inCondition.FindAllStringSubmatch(text, -1) {
			named := pattern.Fold(found[1])
			g.add(found[1], false)
			g.add(found[1], true)
			k.conditions[i] = append(k.conditions[i], k.azure.unit("", func(name string, _ bool) bool { return pattern.Matches(named, name) }))
		}
	}
	if conditional {
		g.add("Microsoft.Authorization/roleAssignments/delete", false)
		k.conditions[i] = append(k.conditions[i], k.azure.unit("", func(name string, _ bool) bool {
			return name == "microsoft.authorization/roleassignments/write" || name == "microsoft.authorization/roleassignments/delete"
		}))
	}
}

func (k *kinds) addDirectoryRoles(i int, p *pair, s side, g *gather) {
	k.directories[i] = make([]int, len(s.e.DirectoryRoles))
	for n, role := range s.e.DirectoryRoles {
		if i == 1 && k.sameDirectoryRole(p, n) {
			k.directories[i][n] = k.directories[0][p.toOld.directory[n]]
			continue
		}
		k.directories[i][n] = k.directory.unit(role.Name, aboutDirectory(pattern.FoldAll(role.Actions)))
		for _, action := range role.Actions {
			g.addDirectory(action)
		}
	}
}

func (k *kinds) sameDirectoryRole(p *pair, n int) bool {
	from := p.toOld.directory[n]
	return from != none && slices.Equal(p.old.e.DirectoryRoles[from].Actions, p.new.e.DirectoryRoles[n].Actions)
}

// aboutDirectory says for which actions a directory role is. Most of its actions
// have no wildcards and are looked up.
func aboutDirectory(actions []string) func(string, bool) bool {
	exact := map[string]bool{}
	var wild []string
	for _, action := range actions {
		exact[action] = true
		if strings.Contains(action, "/all") {
			wild = append(wild, action)
		}
	}
	return func(name string, _ bool) bool {
		return exact[name] || slices.ContainsFunc(wild, func(one string) bool {
			first, _, _ := strings.Cut(one, "/")
			return strings.HasPrefix(name, first) && pattern.MatchesDirectory(one, name)
		})
	}
}

func (t *kindTable) unit(name string, has func(string, bool) bool) int {
	t.units = append(t.units, unit{name: name, has: has})
	return len(t.units) - 1
}

// operation is an action whatever its spelling.
type operation struct {
	name string
	data bool
}

func (a Action) operation() operation { return operation{pattern.Fold(a.String()), a.IsData()} }

// gather collects candidates: the actions that roles and denials name, and for
// each pattern an action that only it matches, as far as that can be had.
type gather struct {
	t        *kindTable
	patterns []Action // made of patterns; they come last
	seen     map[operation]bool
}

func (g *gather) permissions(list []csp.Permission) {
	for _, p := range list {
		for _, actions := range [][]string{p.Actions, p.NotActions} {
			for _, action := range actions {
				g.add(action, false)
			}
		}
		for _, actions := range [][]string{p.DataActions, p.NotDataActions} {
			for _, action := range actions {
				g.add(action, true)
			}
		}
	}
}

func (g *gather) add(name string, data bool) {
	parse := access.ParseAction
	if data {
		parse = access.ParseDataAction
	}
	concrete := name
	if strings.Contains(name, "*") {
		concrete = strings.Trim(strings.ReplaceAll(name, "*", "_"), "/")
		if !strings.Contains(concrete, "/") {
			concrete += "/_"
		}
	}
	if a, err := parse(concrete); err == nil {
		g.take(Action{a, name}, concrete != name)
	}
}

// addDirectory does the same for an action of directory roles, in which words are wildcards.
func (g *gather) addDirectory(name string) {
	words := strings.Split(name, "/")
	for i, word := range words {
		switch pattern.Fold(word) {
		case "alltasks", "allentities", "allproperties":
			words[i] = "_"
		}
	}
	if a, err := access.ParseAction(strings.Join(words, "/")); err == nil {
		g.take(Action{a, name}, strings.Join(words, "/") != name)
	}
}

func (g *gather) take(a Action, made bool) {
	if g.seen == nil {
		g.seen = map[operation]bool{}
		for _, known := range g.t.candidates {
			g.seen[known.operation()] = true
		}
	}
	if g.seen[a.operation()] {
		return
	}
	g.seen[a.operation()] = true
	if made {
		g.patterns = append(g.patterns, a)
	} else {
		g.t.candidates = append(g.t.candidates, a)
	}
}

// finish puts the standing questions first, real actions next, and those made of
// patterns last, each sorted, so that the first of a kind is the one to show.
func (g *gather) finish() {
	byName := func(a, b Action) int {
		return cmp.Or(cmp.Compare(a.operation().name, b.operation().name), strings.Compare(a.Words, b.Words))
	}
	first := slices.IndexFunc(g.t.candidates, func(a Action) bool {
		return !slices.ContainsFunc(Standing, func(s Action) bool { return s.operation() == a.operation() })
	})
	if first >= 0 {
		slices.SortFunc(g.t.candidates[first:], byName)
	}
	slices.SortFunc(g.patterns, byName)
	g.t.candidates = append(g.t.candidates, g.patterns...)
	for _, a := range g.t.candidates {
		g.t.folded = append(g.t.folded, a.operation())
	}
}

// bits are the candidates that a unit is about.
func (t *kindTable) bits(n int) []uint64 {
	u := &t.units[n]
	if u.on == nil {
		u.on = make([]uint64, len(t.candidates)/64+1)
		for i, a := range t.folded {
			if u.has(a.name, a.data) {
				u.on[i/64] |= 1 << (i % 64)
			}
		}
	}
	return u.on
}

// of are the kinds of actions that the first units, which allow them, and the
// others, which only tell them apart, make. Actions that no allowing unit is
// about are left out: nobody has them by these units.
func (t *kindTable) of(allowing, others []int) []kind {
	allowing, others = sorted(allowing), sorted(others)
	key := fmt.Sprint(allowing, others)
	if list, ok := t.byUnits[key]; ok {
		return list
	}
	var list []kind
	at := map[string]int{}
	signature := make([]byte, len(allowing)+len(others)+1)
	for i, a := range t.candidates {
		some := false
		signature[len(signature)-1] = 0
		if a.IsData() {
			signature[len(signature)-1] = 1 // Lighthouse gives no data actions (R28)
		}
		for n, u := range slices.Concat(allowing, others) {
			signature[n] = byte(t.bits(u)[i/64] >> (i % 64) & 1)
			some = some || n < len(allowing) && signature[n] == 1
		}
		if !some {
			continue
		}
		number, known := at[string(signature)]
		if !known {
			number = len(list)
			at[string(signature)] = number
			list = append(list, kind{ask: a})
		}
		list[number].members = append(list[number].members, i)
	}
	t.byUnits[key] = list
	return list
}

func sorted(list []int) []int {
	list = slices.Clone(list)
	slices.Sort(list)
	return slices.Compact(list)
}

// unitsHeld are the units of the roles that an account of a side has anywhere.
func (k *kinds) unitsHeld(i int, w *world, who estate.Principal) []int {
	var units []int
	for _, identity := range w.identities(who) {
		units = append(units, k.unitsOf(i, w, identity)...)
	}
	return units
}

// unitsOf are the units of the roles that a principal itself has anywhere.
func (k *kinds) unitsOf(i int, w *world, who estate.Principal) []int {
	if list, ok := w.unitsOf[who]; ok {
		return list
	}
	var units []int
	for _, n := range w.e.Held[w.e.HeldFrom[who]:w.e.HeldFrom[who+1]] {
		if u := k.roles[i][w.e.AssignmentRole[n]]; len(units) == 0 || units[len(units)-1] != u {
			units = append(units, u)
		}
	}
	for _, role := range w.projectedRoles[who] {
		units = append(units, k.roles[i][role])
	}
	units = sorted(units)
	w.unitsOf[who] = units
	return units
}
