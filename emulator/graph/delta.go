package graph

import (
	"encoding/json"
	"hash/fnv"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"latchkey/csp"
	"latchkey/emulator/odata"
	"latchkey/emulator/wire"
	"latchkey/emulator/world"
)

// A delta query tells what has changed since the last one. The service keeps for
// each token what the client has seen, and compares: whatever happens to the
// world in between, a reset of it included, the difference is right.

const (
	deltaLife  = 7 * 24 * time.Hour // of a token of the directory
	deltaPage  = 200
	maxDeltas  = 500
	deltaToken = "$deltatoken"
)

// deltas are the tokens that are out, the oldest first.
type deltas struct {
	mu   sync.Mutex
	kept []*delta
}

// delta is one round of a client: what it is told, and what it knows afterwards.
type delta struct {
	token    string
	tenant   csp.TenantID
	of       string // "users" or "groups"
	selected string
	made     time.Time
	changes  []odata.Entity
	seen     map[string]seen
}

// seen is what a client knows of one object: a number that stands for its
// properties, and a group's members.
type seen struct {
	print   uint64
	members []string
}

func (d *deltas) keep(one *delta) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.kept) >= maxDeltas {
		d.kept = slices.Delete(d.kept, 0, 1)
	}
	d.kept = append(d.kept, one)
}

func (d *deltas) find(token string) *delta {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, one := range d.kept {
		if one.token == token {
			return one
		}
	}
	return nil
}

func (h *Handler) deltaUsers(c *call) (reply, *failure)  { return h.delta(c, h.users(c)) }
func (h *Handler) deltaGroups(c *call) (reply, *failure) { return h.delta(c, h.groups(c)) }

// delta answers one page of a round: the first of a new one, the first of the
// next behind $deltatoken, or a further one behind $skiptoken.
func (h *Handler) delta(c *call, l collection) (reply, *failure) {
	for name := range c.values {
		if strings.HasPrefix(name, "$") && !slices.Contains([]string{"$select", deltaToken, "$skiptoken", "$top"}, name) {
			return reply{}, badRequest("The query option '" + wire.Clip(name) + "' is not supported by this emulator with delta.")
		}
	}
	if text := c.values.Get("$skiptoken"); text != "" {
		token, number, _ := strings.Cut(text, ".")
		offset, err := strconv.Atoi(number)
		one := h.deltas.find(token)
		switch {
		case err != nil || offset < 0:
			return reply{}, badRequest("Badly formed token.")
		case !h.stands(c, one, l):
			return reply{}, c.resync(l)
		}
		return c.page(l, one, min(offset, len(one.changes)))
	}
	next := &delta{token: world.NewID[delta]().String(), tenant: c.tenant.ID, of: l.context, selected: c.values.Get("$select"), made: h.World.Now()}
	var before map[string]seen
	if token := c.values.Get(deltaToken); token != "" && !strings.EqualFold(token, "latest") {
		last := h.deltas.find(token)
		if !h.stands(c, last, l) {
			return reply{}, c.resync(l)
		}
		before, next.selected = last.seen, last.selected
	}
	c.values.Set("$select", next.selected)
	if f := h.compare(c, l, next, before); f != nil {
		return reply{}, f
	}
	if strings.EqualFold(c.values.Get(deltaToken), "latest") {
		next.changes = nil
	}
	h.deltas.keep(next)
	return c.page(l, next, 0)
}

// Noun names the thing in error sentences.
func (delta) Noun() string { return "delta token" }

func (h *Handler) stands(c *call, one *delta, l collection) bool {
	return one != nil && one.tenant == c.tenant.ID && one.of == l.context && h.World.Now().Before(one.made.Add(deltaLife))
}

// resync sends the client back to the beginning.
func (c *call) resync(l collection) *failure {
	return &failure{
		status: http.StatusGone, code: "syncStateNotFound", message: "The sync state of the token is not found or has expired: begin again without it.",
		headers: map[string]string{"Location": c.base + "/" + l.context + "/delta?" + deltaToken + "="},
	}
}

// compare finds what is new, changed or gone since the client has seen it.
func (h *Handler) compare(c *call, l collection, next *delta, before map[string]seen) *failure {
	asked, members := c.selectsMembers(l)
	q, f := asked.ask(l.on)
	if f != nil {
		return f
	}
	next.seen = make(map[string]seen)
	for i := range l.size() {
		whole := l.at(i)
		shaped := q.Shape(whole)
		delete(shaped, "@odata.type")
		id, _ := whole["id"].(string)
		shaped["id"] = id
		now := seen{print: fingerprint(shaped)}
		if members {
			group, _ := csp.ParseID[csp.Principal](id)
			now.members = idTexts(c.tenant.ListedMembers(group))
		}
		last, known := before[id]
		if changed := h.memberChanges(c, last.members, now.members); len(changed) > 0 {
			shaped["members@delta"] = changed
		}
		if !known || last.print != now.print || shaped["members@delta"] != nil {
			next.changes = append(next.changes, shaped)
		}
		next.seen[id] = now
	}
	for _, id := range slices.Sorted(maps.Keys(before)) {
		if _, there := next.seen[id]; !there {
			next.changes = append(next.changes, odata.Entity{"id": id, "@removed": odata.Entity{"reason": h.reasonGone(c, id)}})
		}
	}
	return nil
}

// reasonGone says whether what is gone can be restored.
func (h *Handler) reasonGone(c *call, id string) string {
	object, err := csp.ParseID[csp.Principal](id)
	if _, deleted := c.tenant.DeletedUser(object); err == nil && deleted {
		return "changed"
	}
	return "deleted"
}

// selectsMembers says whether a group's members are asked for, which they are
// unless other properties are; they are no property, so that the query that is
// returned leaves them out.
func (c *call) selectsMembers(l collection) (*call, bool) {
	text := c.values.Get("$select")
	if l.on != groupType || text == "" {
		return c, l.on == groupType
	}
	names := strings.Split(text, ",")
	left := slices.DeleteFunc(slices.Clone(names), func(n string) bool { return strings.EqualFold(strings.TrimSpace(n), "members") })
	inner := *c
	inner.values = maps.Clone(c.values)
	if inner.values.Set("$select", strings.Join(left, ",")); len(left) == 0 {
		inner.values.Set("$select", "id")
	}
	return &inner, len(left) < len(names)
}

func (h *Handler) memberChanges(c *call, before, now []string) []odata.Entity {
	var list []odata.Entity
	for _, id := range now {
		if slices.Contains(before, id) {
			continue
		}
		object, _ := csp.ParseID[csp.Principal](id)
		if e, known := h.objectEntity(c.tenant, object); known {
			list = append(list, odata.Entity{"@odata.type": e["@odata.type"], "id": id})
		}
	}
	for _, id := range before {
		if !slices.Contains(now, id) {
			list = append(list, odata.Entity{"@odata.type": "#microsoft.graph.user", "id": id, "@removed": odata.Entity{"reason": "deleted"}})
		}
	}
	return list
}

func fingerprint(e odata.Entity) uint64 {
	hash := fnv.New64a()
	_ = json.NewEncoder(hash).Encode(e) // of what goes out as JSON
	return hash.Sum64()
}

// page answers with some of the changes, and where the rest or the next round is.
func (c *call) page(l collection, one *delta, from int) (reply, *failure) {
	size := deltaPage
	if n, err := strconv.Atoi(c.values.Get("$top")); err == nil && n > 0 {
		size = min(n, deltaPage)
	}
	to := min(from+size, len(one.changes))
	at := c.base + "/" + l.context + "/delta?"
	body := map[string]any{"@odata.context": c.context(l.context), "value": slices.Concat([]odata.Entity{}, one.changes[from:to])}
	if to < len(one.changes) {
		body["@odata.nextLink"] = at + "$skiptoken=" + one.token + "." + strconv.Itoa(to)
		if size < deltaPage {
			body["@odata.nextLink"] = body["@odata.nextLink"].(string) + "&$top=" + strconv.Itoa(size)
		}
	} else {
		body["@odata.deltaLink"] = at + deltaToken + "=" + one.token
	}
	return ok(body)
}
