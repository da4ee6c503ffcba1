package arm

import (
	"strings"

	"latchkey/csp"
	"latchkey/emulator/wire"
	"latchkey/emulator/world"
)

type lockBody struct {
	ID         string         `json:"id"`
	Name       string         `json:"name"`
	Type       string         `json:"type"`
	Properties lockProperties `json:"properties"`
}

type lockProperties struct {
	Level string `json:"level"`
	Notes string `json:"notes,omitempty"`
}

func lockID(l world.Lock) string {
	return l.Scope.String() + "/providers/Microsoft.Authorization/locks/" + l.Name
}

func lockOf(l world.Lock) lockBody {
	return lockBody{lockID(l), l.Name, "Microsoft.Authorization/locks", lockProperties{string(l.Level), l.Notes}}
}

const locksAction = "Microsoft.Authorization/locks/"

// listLocks shows the locks that hold at the scope, inherited ones included, and
// those below it unless the filter is atScope().
func (h *Handler) listLocks(c *call) (reply, *failure) {
	if f := h.may(c, locksAction+"read", c.route.scope); f != nil {
		return reply{}, f
	}
	want, f := lockFilter.parse(c.query.Get("$filter"))
	if f != nil {
		return reply{}, f
	}
	var list []world.Lock
	for _, l := range h.World.Locks(c.route.scope) {
		if l.Scope.Contains(c.route.scope) || c.route.scope.Contains(l.Scope) && !want.atScope {
			list = append(list, l)
		}
	}
	return pageOf(h, c, list, lockID, lockOf)
}

func (h *Handler) findLock(c *call) (world.Lock, bool) {
	for _, l := range h.World.Locks(c.route.scope) {
		if l.Scope.Equal(c.route.scope) && strings.EqualFold(l.Name, c.route.name()) {
			return l, true
		}
	}
	return world.Lock{}, false
}

func (h *Handler) getLock(c *call) (reply, *failure) {
	if f := h.may(c, locksAction+"read", c.route.scope); f != nil {
		return reply{}, f
	}
	l, known := h.findLock(c)
	if !known {
		return reply{}, notFound("LockNotFound", "The lock '"+wire.Clip(c.route.name())+"' could not be found.")
	}
	return ok(lockOf(l))
}

func (h *Handler) putLock(c *call) (reply, *failure) {
	if f := h.may(c, locksAction+"write", c.route.scope); f != nil {
		return reply{}, f
	}
	if !hasName(c.route.name()) {
		return reply{}, badRequest("InvalidLockName", "The lock name '"+wire.Clip(c.route.name())+"' is not valid.")
	}
	var body struct {
		Properties lockProperties `json:"properties"`
	}
	if f := decode(c.body, &body); f != nil {
		return reply{}, f
	}
	level, f := lockLevel(body.Properties.Level)
	if f != nil {
		return reply{}, f
	}
	l := world.Lock{Name: c.route.name(), Scope: c.route.scope, Level: level, Notes: body.Properties.Notes}
	created, err := h.World.PutLock(c.actor, l)
	if err != nil {
		return reply{}, h.refusal(c, err, "write")
	}
	return putReply(created, lockOf(l))
}

func lockLevel(text string) (world.LockLevel, *failure) {
	for _, level := range []world.LockLevel{world.CanNotDelete, world.ReadOnly} {
		if strings.EqualFold(text, string(level)) {
			return level, nil
		}
	}
	return "", badRequest("InvalidLockLevel", "The lock level '"+wire.Clip(text)+"' is not valid. The allowed values are 'CanNotDelete, ReadOnly'.")
}

// hasName says whether a name can stand in an id.
func hasName(name string) bool {
	return name != "" && len(name) <= 260 && !strings.ContainsAny(name, "<>%&\\?/'\"") && strings.IndexFunc(name, func(r rune) bool { return r < ' ' }) < 0
}

func (h *Handler) deleteLock(c *call) (reply, *failure) {
	if f := h.may(c, locksAction+"delete", c.route.scope); f != nil {
		return reply{}, f
	}
	if _, known := h.findLock(c); !known {
		return noContent()
	}
	if err := h.World.DeleteLock(c.actor, c.route.scope, c.route.name()); err != nil {
		return reply{}, h.refusal(c, err, "delete")
	}
	return done()
}

// listClassicAdministrators is always empty: there are none any more.
func (h *Handler) listClassicAdministrators(c *call) (reply, *failure) {
	if c.route.scope.Kind() != csp.SubscriptionScope {
		return reply{}, noSuchType(c.route.path)
	}
	if f := h.may(c, "Microsoft.Authorization/classicAdministrators/read", c.route.scope); f != nil {
		return reply{}, f
	}
	return listOf[any](nil)
}
