package diff

import (
	"cmp"
	"encoding/binary"
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

// unit is what a role allows, by which lines name it.
type unit struct {
	name string
	on   []uint64 // the candidates it is about
}

// kinds are the actions that are asked for, and what tells them apart: roles,
// denials and conditions. Azure and the directory have lists of their own: an
// action of the one is never asked of the other.
type kinds struct {
	azure, directory kindTable

	// The units of roles by side and number, -1 of those that are not in use.
	roles       [2][]int
	directories [2][]int

	// What each role and condition certainly lets through and each denial denies, by
	// side and number, as sets of kinds.
	given   [2][]set
	lent    [2][]set // by directory roles
	let     [2][]set
	denied  [2][]set
	control set // the kinds that are no data actions
}

// kindTable is one of the two lists.
type kindTable struct {
	candidates []Action
	folded     []operation // the candidates', made when all are there
	units      []unit
	// kindOf has the kind of each candidate, and first the first candidate of each kind.
	kindOf []int
	first  []int
	known  map[string]*actionSet
}

// set is a set of kinds of actions: two actions are of one kind if no role, denial
// or condition of either side tells them apart.
type set []uint64

func (s set) has(n int) bool { return s[n/64]>>(n%64)&1 != 0 }

func (s set) add(other set) {
	for i, word := range other {
		s[i] |= word
	}
}

func (s set) remove(other set) {
	for i, word := range other {
		s[i] &^= word
	}
}

func (s set) keep(other set) {
	for i, word := range other {
		s[i] &= word
	}
}

func (s set) meets(other set) bool {
	for i, word := range other {
		if s[i]&word != 0 {
			return true
		}
	}
	return false
}

func (s set) isEmpty() bool { return isEmpty(s) }

func newKinds(p *pair) *kinds {
	k := &kinds{}
	for _, a := range Standing {
		if naming.WhereIs(a.Action) == naming.InDirectory {
			k.directory.candidates = append(k.directory.candidates, a)
		} else {
			k.azure.candidates = append(k.azure.candidates, a)
		}
	}
	azure, directory := gather{t: &k.azure}, gather{t: &k.directory}
	var used [2][]bool
	for i, s := range p.sides() {
		used[i] = rolesInUse(s)
		for n, role := range s.e.Roles {
			if used[i][n] && !p.isSameRole(i, n, used) {
				azure.permissions(role.Permissions)
			}
		}
		azure.conditions(s)
		for _, d := range s.e.Denials {
			azure.permissions(d.Permissions)
		}
		for n, role := range s.e.DirectoryRoles {
			if i == 0 || !p.isSameDirectoryRole(n) {
				for _, action := range role.Actions {
					directory.addDirectory(action)
				}
			}
		}
	}
	azure.finish()
	directory.finish()
	k.tellApart(p, used)
	return k
}

// isSameRole says whether a role is in use on the old side already, by the same words.
func (p *pair) isSameRole(i, n int, used [2][]bool) bool {
	if i == 0 || p.toOld.roles[n] == none || !used[0][p.toOld.roles[n]] {
		return false
	}
	return p.old.e.Roles[p.toOld.roles[n]].Content() == p.new.e.Roles[n].Content() && p.old.e.RoleListed[p.toOld.roles[n]] == p.new.e.RoleListed[n]
}

func (p *pair) isSameDirectoryRole(n int) bool {
	from := p.toOld.directory[n]
	return from != none && p.old.e.DirectoryListed[from] == p.new.e.DirectoryListed[n] && slices.Equal(p.old.e.DirectoryRoles[from].Actions, p.new.e.DirectoryRoles[n].Actions)
}

func rolesInUse(s side) []bool {
	used := make([]bool, len(s.e.Roles))
	for _, role := range s.e.AssignmentRole {
		used[role] = true
	}
	for _, l := range s.e.Lighthouses {
		used[l.Role] = true
	}
	return used
}

// tellApart finds which candidates each role, condition and denial is about, and
// makes kinds of those that none tells apart.
func (k *kinds) tellApart(p *pair, used [2][]bool) {
	var given, let, denied, lent [2][][]uint64
	for i, s := range p.sides() {
		k.roles[i], given[i] = make([]int, len(s.e.Roles)), make([][]uint64, len(s.e.Roles))
		for n, role := range s.e.Roles {
			switch {
			case !used[i][n]:
				k.roles[i][n] = -1
			case p.isSameRole(i, n, used):
				from := p.toOld.roles[n]
				k.roles[i][n], given[i][n] = k.roles[0][from], given[0][from]
			default:
				k.roles[i][n] = k.azure.unit(role.Name, about(role.Permissions))
				given[i][n] = k.azure.on(func(a Action, _ string) bool { return s.Index.RoleGives(estate.Role(n), a.Action) })
			}
		}
		for n := 1; n < s.e.Conditions.Len(); n++ {
			let[i] = append(let[i], k.azure.on(func(a Action, _ string) bool { return s.Index.Lets(estate.ConditionNo(n), a.Action) }))
		}
		byContent := map[string][]uint64{}
		for n, d := range s.e.Denials {
			content := csp.RoleDefinition{Permissions: d.Permissions}.Content()
			on, known := byContent[content]
			if !known {
				on = k.azure.on(func(a Action, _ string) bool { return s.Index.Denies(int32(n), a.Action) })
				byContent[content] = on
			}
			denied[i] = append(denied[i], on)
		}
		k.directories[i], lent[i] = make([]int, len(s.e.DirectoryRoles)), make([][]uint64, len(s.e.DirectoryRoles))
		for n, role := range s.e.DirectoryRoles {
			if i == 1 && p.isSameDirectoryRole(n) {
				from := p.toOld.directory[n]
				k.directories[i][n], lent[i][n] = k.directories[0][from], lent[0][from]
				continue
			}
			k.directories[i][n] = k.directory.unit(role.Name, aboutDirectory(pattern.FoldAll(role.Actions)))
			if s.e.DirectoryListed[n] != 0 {
				lent[i][n] = k.directory.units[k.directories[i][n]].on
			}
		}
	}
	isControl := k.azure.on(func(a Action, _ string) bool { return !a.IsData() })
	k.azure.classify(slices.Concat(given[0], given[1], let[0], let[1], denied[0], denied[1], [][]uint64{isControl}))
	k.directory.classify(slices.Concat(lent[0], lent[1]))
	k.control = k.azure.kindsOn(isControl)
	for i := range p.sides() {
		k.given[i], k.let[i], k.denied[i] = k.azure.allKindsOn(given[i]), append([]set{nil}, k.azure.allKindsOn(let[i])...), k.azure.allKindsOn(denied[i])
		k.lent[i] = k.directory.allKindsOn(lent[i])
	}
}

// on are the candidates of which something is true, as bits.
func (t *kindTable) on(is func(a Action, folded string) bool) []uint64 {
	bits := make([]uint64, len(t.candidates)/64+1)
	for i, a := range t.candidates {
		if is(a, t.folded[i].name) {
			bits[i/64] |= 1 << (i % 64)
		}
	}
	return bits
}

func (t *kindTable) unit(name string, has func(string, bool) bool) int {
	t.units = append(t.units, unit{name, t.on(func(a Action, folded string) bool { return has(folded, a.IsData()) })})
	return len(t.units) - 1
}

// classify makes kinds of the candidates that all of the sets agree about.
func (t *kindTable) classify(sets [][]uint64) {
	t.known = map[string]*actionSet{}
	t.kindOf = make([]int, len(t.candidates))
	seen := map[*uint64]bool{}
	sets = slices.DeleteFunc(sets, func(on []uint64) bool {
		again := on == nil || seen[&on[0]]
		if on != nil {
			seen[&on[0]] = true
		}
		return again
	})
	number := map[string]int{}
	signature := make([]byte, len(sets))
	for i := range t.candidates {
		for n, on := range sets {
			signature[n] = byte(on[i/64] >> (i % 64) & 1)
		}
		n, known := number[string(signature)]
		if !known {
			n = len(t.first)
			number[string(signature)] = n
			t.first = append(t.first, i)
		}
		t.kindOf[i] = n
	}
}

// kindsOn is a set of candidates as a set of kinds.
func (t *kindTable) kindsOn(on []uint64) set {
	s := make(set, len(t.first)/64+1)
	if on == nil {
		return s
	}
	for n, i := range t.first {
		s[n/64] |= (on[i/64] >> (i % 64) & 1) << (n % 64)
	}
	return s
}

func (t *kindTable) allKindsOn(list [][]uint64) []set {
	sets := make([]set, len(list))
	for i, on := range list {
		sets[i] = t.kindsOn(on)
	}
	return sets
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

// conditions gathers the actions that conditions name, and one of the two actions
// for which conditions are not judged (M3).
func (g *gather) conditions(s side) {
	texts := make([]string, 0, s.e.Conditions.Len())
	for n := range s.e.Conditions.Len() {
		texts = append(texts, s.e.Conditions.At(n))
	}
	for _, role := range s.e.Roles {
		for _, p := range role.Permissions {
			texts = append(texts, p.Condition)
		}
	}
	for _, text := range texts {
		if text == "" {
			continue
		}
		for _, found := range inCondition.FindAllStringSubmatch(text, -1) {
			g.add(found[1], false)
			g.add(found[1], true)
		}
		g.add("Microsoft.Authorization/roleAssignments/delete", false)
	}
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

// actionSet is a set of candidates.
type actionSet struct {
	on      []uint64
	members []int
}

// setOf are the candidates of a set of kinds.
func (t *kindTable) setOf(s set) *actionSet {
	key := make([]byte, 0, 8*len(s))
	for _, word := range s {
		key = binary.LittleEndian.AppendUint64(key, word)
	}
	known := t.known[string(key)]
	if known == nil {
		known = t.newSet(func(i int) bool { return s.has(t.kindOf[i]) })
		t.known[string(key)] = known
	}
	return known
}

func (t *kindTable) newSet(is func(int) bool) *actionSet {
	a := &actionSet{on: make([]uint64, len(t.candidates)/64+1)}
	for i := range t.candidates {
		if is(i) {
			a.on[i/64] |= 1 << (i % 64)
			a.members = append(a.members, i)
		}
	}
	return a
}

// firsts are the first candidates of a set of each kind that some units tell
// apart; without units, all. Lighthouse gives no data actions, so these are another
// kind always (R28).
func (t *kindTable) firsts(a *actionSet, units []int) []int {
	if len(units) == 0 {
		return a.members
	}
	var list []int
	seen := map[string]bool{}
	signature := make([]byte, len(units)+1)
	for _, i := range a.members {
		signature[len(units)] = 0
		if t.candidates[i].IsData() {
			signature[len(units)] = 1
		}
		for n, u := range units {
			signature[n] = byte(t.units[u].on[i/64] >> (i % 64) & 1)
		}
		if !seen[string(signature)] {
			seen[string(signature)] = true
			list = append(list, i)
		}
	}
	return list
}

func sorted[T cmp.Ordered](list []T) []T {
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

// directoryUnits are the units of the directory roles that an account may have
// anywhere: given, lent by GDAP, or those of DAP (M4).
func (k *kinds) directoryUnits(i int, w *world, who estate.Principal) []int {
	var units []int
	for _, identity := range w.identities(who) {
		units = append(units, k.directoryUnitsOf(i, w, identity)...)
	}
	return units
}

func (k *kinds) directoryUnitsOf(i int, w *world, who estate.Principal) []int {
	if list, ok := w.directoryUnitsOf[who]; ok {
		return list
	}
	var units []int
	for _, d := range w.e.DirectoryAssignmentsOf(who) {
		units = append(units, k.directories[i][d.Role])
	}
	for _, g := range w.e.GDAPGrantsOf(who) {
		units = append(units, k.directories[i][g.Role])
	}
	if w.e.PrincipalKind[who]&(estate.IsAdminAgents|estate.IsHelpdeskAgents) != 0 {
		units = append(units, k.agentUnits(i, w)...)
	}
	units = sorted(units)
	w.directoryUnitsOf[who] = units
	return units
}

// agentUnits are the units of the two roles that DAP gives, as far as the facts
// list them. Of a role that they do not list nothing is known.
func (k *kinds) agentUnits(i int, w *world) []int {
	var units []int
	for _, id := range []csp.DirectoryRoleID{globalAdministrator, helpdeskAdministrator} {
		if n, ok := w.e.FindDirectoryRole(id); ok {
			units = append(units, k.directories[i][n])
		}
	}
	return units
}

var (
	globalAdministrator   = csp.MustParseID[csp.DirectoryRole]("62e90394-69f5-4237-9190-012177145e10")
	helpdeskAdministrator = csp.MustParseID[csp.DirectoryRole]("729827e3-9c14-49f7-bb1b-9608f156bbb8")
)
