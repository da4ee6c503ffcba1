package access

import (
	"maps"
	"sync"
	"sync/atomic"

	"latchkey/access/condition"
	"latchkey/access/estate"
	"latchkey/access/pattern"
	"latchkey/csp"
	"latchkey/csp/builtin"
)

// writeAssignments is the action by which one hands out access (R26).
var writeAssignments = MustParseAction("Microsoft.Authorization/roleAssignments/write")

// entry is a permission entry of a role, folded.
type entry struct {
	control   pattern.Set
	data      pattern.Set
	condition *condition.Condition // nil: none
}

func entriesOf(permissions []csp.Permission) []entry {
	entries := make([]entry, 0, len(permissions))
	for _, p := range permissions {
		e := entry{control: pattern.NewSet(p.Actions, p.NotActions), data: pattern.NewSet(p.DataActions, p.NotDataActions)}
		if p.Condition != "" {
			c := condition.Parse(p.Condition)
			e.condition = &c
		}
		entries = append(entries, e)
	}
	return entries
}

// set is the part of the entry that is about actions of this kind.
func (e entry) set(a Action) pattern.Set {
	if a.data {
		return e.data
	}
	return e.control
}

// allows says whether one of the entries allows the action (R18). Exceptions
// subtract within their own entry only.
func allows(entries []entry, a Action) truth {
	best := no
	for _, e := range entries {
		if e.set(a).Has(a.name) {
			best = max(best, holds(e.condition, a))
		}
	}
	return best
}

// holds judges a condition for an action of which nothing more is known. What is
// to be assigned to whom is not part of a question, so that a condition on
// writing or deleting assignments holds only if it lets every request through.
func holds(c *condition.Condition, a Action) truth {
	if c == nil {
		return yes
	}
	return judged(c.Regardless(a.name))
}

// row says, for one action, which roles allow it: two bits a role, so that an
// assignment is judged by one look.
type row struct {
	action    Action
	may       []uint64 // the role may allow it
	sure      []uint64 // and certainly does
	directory []truth  // by directory role
	// denied are the tenants in which a deny assignment names the action (R19).
	denied set[estate.Tenant]
}

func (r *row) role(n estate.Role) truth {
	word, bit := n>>6, uint64(1)<<(n&63)
	switch {
	case r.may[word]&bit == 0:
		return no
	case r.sure[word]&bit == 0:
		return maybe
	}
	return yes
}

func (x *Index) newRow(a Action) *row {
	words := len(x.Roles)/64 + 1
	r := &row{action: a, may: make([]uint64, words), sure: make([]uint64, words), directory: make([]truth, len(x.DirectoryRoles))}
	for n := range x.Roles {
		t := maybe // nothing is known of a role that is not listed
		if x.RoleListed[n] != 0 {
			t = allows(x.roles[n], a)
		}
		word, bit := n>>6, uint64(1)<<(n&63)
		if t >= maybe {
			r.may[word] |= bit
		}
		if t == yes {
			r.sure[word] |= bit
		}
	}
	r.denied = newSet[estate.Tenant](x.Tenants())
	for i := range x.denials {
		if d := &x.denials[i]; !d.AuditOnly && names(d.entries, a) {
			r.denied.add(x.NodeTenant[d.Node])
		}
	}
	for n := range x.DirectoryRoles {
		r.directory[n] = x.directoryAllows(estate.DirectoryRole(n), a.name)
	}
	return r
}

// directoryAllows says whether a directory role allows the folded action. A role
// that is not listed, or whose actions are not published, may allow anything.
func (x *Index) directoryAllows(n estate.DirectoryRole, action string) truth {
	return allowsAction(x.directory[n], action)
}

func allowsAction(actions []string, action string) truth {
	if len(actions) == 0 {
		return maybe
	}
	for _, p := range actions {
		if pattern.MatchesDirectory(p, action) {
			return yes
		}
	}
	return no
}

// published are the folded actions of the two roles that DAP gives without naming
// them (R10), for facts that do not list them.
var published = sync.OnceValue(func() map[csp.DirectoryRoleID][]string {
	actions := map[csp.DirectoryRoleID][]string{}
	for _, role := range builtin.EntraRoles() {
		if role.ID == globalAdministrator || role.ID == helpdeskAdministrator {
			actions[role.ID] = pattern.FoldAll(role.Actions)
		}
	}
	return actions
})

// mostRows bounds the memory that actions asked for can take: names of actions
// come from outside. Beyond it they are worked out anew each time.
const mostRows = 4096

// mostRecent is how many rows a table keeps apart, so that adding one copies few of
// the others.
const mostRecent = 64

// rows are the actions asked so far, by name as it was asked. Readers never wait.
type rows struct {
	control atomic.Pointer[rowTable]
	data    atomic.Pointer[rowTable]
	writing sync.Mutex
}

// rowTable is never changed: adding a row makes another one.
type rowTable struct{ settled, recent map[string]*row }

func (t *rowTable) find(name string) *row {
	if r := t.settled[name]; r != nil {
		return r
	}
	return t.recent[name]
}

// with is the table with one more row.
func (t *rowTable) with(name string, made *row) *rowTable {
	grown := &rowTable{t.settled, make(map[string]*row, len(t.recent)+1)}
	maps.Copy(grown.recent, t.recent)
	grown.recent[name] = made
	if len(grown.recent) < mostRecent {
		return grown
	}
	settled := make(map[string]*row, len(t.settled)+mostRecent)
	maps.Copy(settled, t.settled)
	maps.Copy(settled, grown.recent)
	return &rowTable{settled: settled}
}

func (x *Index) row(a Action) *row {
	if r := x.rows.find(a.name, a.data); r != nil {
		return r
	}
	r := x.newRow(a)
	x.rows.keep(a.name, r)
	return r
}

func (r *rows) table(data bool) *atomic.Pointer[rowTable] {
	if data {
		return &r.data
	}
	return &r.control
}

func (r *rows) find(name string, data bool) *row {
	if table := r.table(data).Load(); table != nil {
		return table.find(name)
	}
	return nil
}

func (r *rows) keep(name string, made *row) {
	r.writing.Lock()
	defer r.writing.Unlock()
	table := r.table(made.action.data)
	old := table.Load()
	if old == nil {
		old = &rowTable{}
	}
	if len(old.settled)+len(old.recent) < mostRows {
		table.Store(old.with(name, made))
	}
}
