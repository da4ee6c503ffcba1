package roleclass

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"latchkey/access/pattern"
	"latchkey/csp"
)

// mostSentences is as much as a person reads before he skips.
const mostSentences = 6

// Plain says in short sentences what the role lets its holder do, for a
// customer's contact who has to approve it and is no engineer. What is dangerous
// comes first. At most six sentences come back; if something is in none of them,
// the last one says how many of the role's actions that are.
//
// A sentence may promise more than the role gives, when an action with a
// wildcard is cut down by a subtraction or a condition. It never promises less.
func Plain(role csp.RoleDefinition) []string {
	entries := entriesOf(role)
	if len(entries) == 0 {
		return []string{"This role lists no rights, so nobody can say what it is for"}
	}
	grants := grantsOf(role)
	said := sayDangers(entries, grants)
	said = append(said, sayRest(entries, untold(said, grants))...)
	slices.SortFunc(said, func(a, b saying) int { return cmp.Or(cmp.Compare(a.rank, b.rank), cmp.Compare(a.text, b.text)) })
	return cut(said, grants)
}

// Reasons says why the role is privileged, a sentence for each danger; it is
// empty for a role of another class.
func Reasons(role csp.RoleDefinition) []string {
	entries := entriesOf(role)
	if len(entries) == 0 {
		return []string{"it lists no rights, so nothing is known about it"}
	}
	var reasons []string
	for _, i := range dangersIn(entries) {
		reasons = append(reasons, dangers[i].of+": "+dangers[i].why)
	}
	for _, action := range secretsIn(entries) {
		reasons = append(reasons, action+": by its name it hands out or resets a secret")
	}
	return reasons
}

// grant is one action of a role.
type grant struct {
	text   string // as published
	action string // folded
	data   bool
}

func (g grant) reads() bool { return strings.HasSuffix(g.action, "/read") }

// grantsOf leaves out what the same entry wholly takes away again, and repetition.
func grantsOf(role csp.RoleDefinition) []grant {
	var grants []grant
	seen := make(map[string]bool)
	add := func(actions, except []string, data bool) {
		l := pattern.NewSet(actions, except)
		for i, action := range l.Actions {
			key := fmt.Sprint(data, action)
			if pattern.Any(l.Except, action) || seen[key] {
				continue
			}
			seen[key] = true
			grants = append(grants, grant{text: actions[i], action: action, data: data})
		}
	}
	for _, p := range role.Permissions {
		add(p.Actions, p.NotActions, false)
		add(p.DataActions, p.NotDataActions, true)
	}
	return grants
}

// saying is a sentence, how early it comes, and the role's actions it tells.
type saying struct {
	rank  int
	text  string
	tells []grant
}

// Ranks of sentences. A danger has ten times its kind.
const (
	rankEverything = 5 // right after handing out access
	rankChanges    = 100
	rankLines      = 1000
	rankMinor      = 2000
	rankLooks      = 3000
)

// sayDangers says what makes the role privileged, one sentence for each kind.
func sayDangers(entries []entry, grants []grant) []saying {
	of := make(map[kind][]string)
	tells := make(map[kind][]grant)
	for _, i := range dangersIn(entries) {
		d := dangers[i]
		of[d.kind] = append(of[d.kind], d.of)
		for _, g := range grants {
			if g.data && pattern.Any(d.data, g.action) || !g.data && pattern.Any(d.actions, g.action) {
				tells[d.kind] = append(tells[d.kind], g)
			}
		}
	}
	if secrets := secretsIn(entries); len(secrets) > 0 {
		if !slices.Contains(of[opens], "other services") {
			of[opens] = append(of[opens], "certain services")
		}
		for _, g := range grants {
			if slices.Contains(secrets, g.action) {
				tells[opens] = append(tells[opens], g)
			}
		}
	}
	var said []saying
	for k, things := range of {
		said = append(said, saying{rank: int(k) * 10, text: dangerText(k, things, entries), tells: tells[k]})
	}
	return said
}

func dangerText(k kind, of []string, entries []entry) string {
	switch k {
	case handsOut:
		switch {
		case handsAny(entries):
			return "Hand out any access, to anyone"
		case of[0] == dangers[0].of:
			return "Hand out access to others, within limits that Microsoft has written into the role"
		}
		return "Change " + enumerate(of)
	case becomes:
		return "Act with the rights of " + enumerate(of) + ", which may be wider than these"
	case runsCode:
		return "Run programs in " + enumerate(of) + ", with the rights those have, which may be wider than these"
	case opens:
		return "Read or change keys and passwords of " + enumerate(of) + ", which may stay valid after this access has ended"
	}
	return "Copy whole disks or bring back backups, with everything that is on them"
}

// handsAny says whether an entry without a condition may write role assignments.
func handsAny(entries []entry) bool {
	return slices.ContainsFunc(entries, func(e entry) bool {
		return e.condition == "" && e.control.May(pattern.Fold("Microsoft.Authorization/roleAssignments/write"))
	})
}

// sayRest says what the role allows besides, by what is done to which things.
func sayRest(entries []entry, grants []grant) []saying {
	done := make(map[string]*deed)
	byLine := make(map[int][]grant)
	var looks []grant
	for _, g := range grants {
		if i := lineOf(g); i >= 0 {
			byLine[i] = append(byLine[i], g)
			continue
		}
		if g.reads() && !g.data {
			looks = append(looks, g)
			continue
		}
		name, verbs := whatItDoes(g)
		if len(verbs) == 0 {
			continue
		}
		if done[name] == nil {
			done[name] = &deed{verbs: make(map[string]bool)}
		}
		done[name].add(g, verbs)
	}
	said := sayLooks(entries, looks, done)
	said = append(said, sayLines(byLine)...)
	return append(said, sayDeeds(entries, done)...)
}

// deed is all that a role does to one sort of things.
type deed struct {
	verbs map[string]bool
	tells []grant
}

func (d *deed) add(g grant, verbs []string) {
	for _, verb := range verbs {
		d.verbs[verb] = true
	}
	d.tells = append(d.tells, g)
}

// phrase is what is done, as a sentence names it.
func (d *deed) phrase() string {
	return join(slices.DeleteFunc(slices.Clone(doingOrder), func(verb string) bool { return !d.verbs[verb] }))
}

func sayLines(byLine map[int][]grant) []saying {
	var said []saying
	var minor []string
	all := saying{rank: rankMinor}
	for i, l := range lines {
		switch told := byLine[i]; {
		case len(told) == 0:
		case l.minor:
			minor = append(minor, l.says)
			all.tells = append(all.tells, told...)
		default:
			said = append(said, saying{rank: rankLines + i, text: l.says, tells: told})
		}
	}
	if len(minor) > 0 {
		all.text = capital(join(minor))
		said = append(said, all)
	}
	return said
}

// lineOf is the index of the line that tells the grant, or -1.
func lineOf(g grant) int {
	return slices.IndexFunc(lines, func(l line) bool {
		return !g.data && slices.ContainsFunc(l.patterns, func(p string) bool {
			return pattern.Matches(p, g.action) && g.reads() == strings.HasSuffix(p, "/read")
		})
	})
}

// everything is the thing that an action about no provider in particular is about.
const everything = "everything in the scope"

// whatItDoes names the things an action is about and what it does to them; no
// verb comes back for an action that no word is known for.
func whatItDoes(g grant) (name string, verbs []string) {
	name, rest := thingOf(g)
	head, word := "", rest
	if slash := strings.LastIndexByte(rest, '/'); slash >= 0 {
		head, word = rest[:slash], rest[slash+1:]
	}
	whole := head == "" || head == "*"
	switch {
	case word == "*" && g.data:
		return name, []string{"read", "write", "delete"}
	case word == "*" && whole:
		return name, []string{"create", "change", "delete", "use"}
	case word == "write" && whole && !g.data:
		return name, []string{"create", "change"}
	case word == "read", word == "delete" && (whole || g.data), word == "write" && g.data:
		return name, []string{word}
	case word == "*", word == "write", word == "delete":
		return name, []string{"change"}
	case word != "action":
		return name, nil
	case head == "*":
		return name, []string{"use"}
	}
	slash := strings.LastIndexByte(head, '/')
	verb, ok := doings[head[slash+1:]]
	switch {
	case !ok:
		return name, nil
	case slash >= 0 && !g.data: // done to a part of the thing
		return name, []string{"use"}
	}
	return name, []string{verb}
}

// thingOf finds the longest known beginning of an action. rest is what follows it.
func thingOf(g grant) (name, rest string) {
	if strings.HasPrefix(g.action, "*") {
		return everything, g.action
	}
	known, prefix := things, ""
	if g.data {
		known = dataThings
	}
	for _, t := range known {
		if len(t.prefix) > len(prefix) && strings.HasPrefix(g.action, t.prefix+"/") {
			name, prefix = t.name, t.prefix
		}
	}
	if prefix == "" {
		provider, _, _ := strings.Cut(g.text, "/")
		name, prefix = resourcesOf+provider, provider
		if g.data {
			name = contentOf + provider
		}
		if kind, _, ok := strings.Cut(strings.TrimPrefix(g.action[len(provider):], "/"), "/"); ok && kind != "*" {
			prefix += "/" + kind
		}
	}
	return name, strings.TrimPrefix(g.action[len(prefix):], "/")
}

// sayDeeds makes one sentence for all things to which the same is done.
func sayDeeds(entries []entry, done map[string]*deed) []saying {
	names := make(map[string][]string)
	for name, d := range done {
		phrase := d.phrase()
		names[phrase] = append(names[phrase], name)
	}
	var said []saying
	for phrase, of := range names {
		of = inOrder(of)
		s := saying{rank: rankChanges + placeInSentence(of[0]), text: capital(phrase) + " " + enumerateThings(of)}
		for _, name := range of {
			s.tells = append(s.tells, done[name].tells...)
		}
		if slices.Contains(of, everything) {
			s.rank = rankEverything
			if !handsAny(entries) {
				s.text += ", but not who has access to it"
			}
		}
		said = append(said, s)
	}
	return said
}

// inOrder sorts names as the tables of things do, and unknown ones behind.
func inOrder(names []string) []string {
	slices.SortFunc(names, func(a, b string) int {
		return cmp.Or(cmp.Compare(placeInSentence(a), placeInSentence(b)), cmp.Compare(a, b))
	})
	return names
}

func placeInSentence(name string) int {
	if i := slices.IndexFunc(things, func(t thing) bool { return t.name == name }); i >= 0 {
		return i
	}
	return len(things)
}

// sayLooks makes one sentence of all that the role only looks at. Where it may
// change things too, looking at them goes without saying.
func sayLooks(entries []entry, looks []grant, done map[string]*deed) []saying {
	s := saying{rank: rankLooks}
	var names []string
	all := false
	for _, g := range looks {
		name, _ := thingOf(g)
		all = all || name == everything
		if d := done[name]; d != nil {
			d.tells = append(d.tells, g)
			continue
		}
		s.tells = append(s.tells, g)
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	switch {
	case all && done[everything] == nil:
		s.text = "Look at " + everything + unseen(entries, done)
	case len(names) > 0:
		s.text = "Look at " + enumerateThings(inOrder(names))
	default:
		return nil
	}
	return []saying{s}
}

// unseen says what stays hidden from a role that may look at everything.
func unseen(entries []entry, done map[string]*deed) string {
	if len(secretsIn(entries)) > 0 || slices.ContainsFunc(dangersIn(entries), func(i int) bool { return dangers[i].kind >= opens }) {
		return ""
	}
	if len(done) > 0 || slices.ContainsFunc(entries, func(e entry) bool { return len(e.data.Actions) > 0 }) {
		return ", but at no secret"
	}
	return ", but at no stored data and no secret"
}

// cut keeps what fits and counts the rest.
func cut(said []saying, grants []grant) []string {
	left := untold(said[:min(len(said), mostSentences)], grants)
	if len(left) > 0 && len(said) >= mostSentences { // the count needs the last place
		said = said[:mostSentences-1]
		left = untold(said, grants)
	}
	return append(texts(said), further(left)...)
}

func texts(said []saying) []string {
	list := make([]string, len(said))
	for i, s := range said {
		list[i] = s.text
	}
	return list
}

func untold(said []saying, grants []grant) []grant {
	return slices.DeleteFunc(slices.Clone(grants), func(g grant) bool {
		return slices.ContainsFunc(said, func(s saying) bool { return slices.Contains(s.tells, g) })
	})
}

func further(left []grant) []string {
	if len(left) == 0 {
		return nil
	}
	text := fmt.Sprintf("And %d further actions", len(left))
	if len(left) == 1 {
		text = "And 1 further action"
	}
	looking := 0
	for _, g := range left {
		if g.reads() {
			looking++
		}
	}
	switch looking {
	case 0:
	case len(left):
		text += ", only to look"
	default:
		text += fmt.Sprintf(", %d of them only to look", looking)
	}
	return []string{text}
}

// How resources and data of a provider without a common name are called.
const (
	resourcesOf = "resources of the service "
	contentOf   = "the content of the service "
)

// enumerateThings is enumerate with the providers that have no common name put
// together at the end.
func enumerateThings(names []string) string {
	var list []string
	services := make(map[string][]string)
	for _, name := range names {
		what := ""
		for _, start := range []string{resourcesOf, contentOf} {
			if strings.HasPrefix(name, start) {
				what = start
			}
		}
		if what == "" {
			list = append(list, name)
		} else {
			services[what] = append(services[what], strings.TrimPrefix(name, what))
		}
	}
	for _, what := range []string{resourcesOf, contentOf} {
		switch of := services[what]; {
		case len(of) == 1:
			list = append(list, what+of[0])
		case len(of) > 1:
			list = append(list, strings.TrimSpace(what)+"s "+enumerate(of))
		}
	}
	return enumerate(list)
}

// enumerate joins names as a sentence does, and counts those beyond the fifth.
func enumerate(names []string) string {
	const most = 5
	if len(names) > most+1 {
		return strings.Join(names[:most], ", ") + fmt.Sprintf(" and %d others", len(names)-most)
	}
	return join(names)
}

func join(names []string) string {
	if len(names) == 1 {
		return names[0]
	}
	last := len(names) - 1
	return strings.Join(names[:last], ", ") + " and " + names[last]
}

func capital(s string) string { return strings.ToUpper(s[:1]) + s[1:] }
