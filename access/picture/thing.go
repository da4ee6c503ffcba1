package picture

import (
	"cmp"
	"strings"

	"latchkey/access"
	"latchkey/csp"
)

// kind is what a box stands for: a stop of a path, or what keeps one from its end.
type kind uint8

const (
	anybody kind = iota // who was asked about, if no path says what he is
	user
	guest
	group
	service
	foreign
	unlisted
	relationship
	role
	directoryRole
	tenant
	action
	denial
	doubt // a missing fact
	lack  // what is not there
	door  // a way in
)

var kindOf = map[access.StopKind]kind{
	access.UserStop: user, access.GuestStop: guest, access.GroupStop: group, access.ServicePrincipalStop: service,
	access.ForeignPrincipalStop: foreign, access.UnlistedStop: unlisted, access.RelationshipStop: relationship,
	access.RoleStop: role, access.DirectoryRoleStop: directoryRole, access.TenantStop: tenant, access.ActionStop: action,
}

var (
	words = [...]string{
		anybody: "principal", user: "user", guest: "guest", group: "group", service: "service principal",
		foreign: "foreign principal", unlisted: "unlisted principal", relationship: "relationship", role: "role",
		directoryRole: "directory role", tenant: "tenant", action: "action", denial: "deny assignment",
		doubt: "missing fact", lack: "missing", door: "way in",
	}
	plurals = [...]string{
		anybody: "principals", user: "users", guest: "guests", group: "groups", service: "service principals",
		foreign: "foreign principals", unlisted: "unlisted principals", relationship: "relationships", role: "roles",
		directoryRole: "directory roles", tenant: "tenants", action: "actions", denial: "deny assignments",
		doubt: "missing facts", lack: "missing things", door: "ways in",
	}
)

// thing is what a box shows. Two are the same exactly when they are equal.
type thing struct {
	kind   kind
	id     string
	name   string
	tenant string
	scope  csp.Scope
	// more is what else there is to say about it, as a sentence.
	more string
}

func thingOf(s access.Stop) thing {
	return thing{kind: kindOf[s.Kind], id: s.ID, name: cmp.Or(s.Name, s.ID), tenant: s.Tenant, scope: s.Scope}
}

// link is how an arrow looks. Two that end at the same box and are equal are
// drawn as one.
type link struct {
	verb     string
	himself  bool // a step that somebody takes himself
	eligible bool // it must be activated first
	wide     bool // the partner cannot limit it
	crossed  bool // denied
	doubted  bool // a fact is missing
	lacking  bool // there is no such thing
}

// step is whether somebody must do something first.
func (l link) step() bool { return l.himself || l.eligible }

// leg is one step of a trail: the link, and the thing it leads to.
type leg struct {
	link
	to     thing
	hop    access.HopKind // zero for what is no hop
	rule   string
	detail string
}

// trail is a way as boxes and arrows. way is the number of the path in the
// answer, or -1 for what would be one, were it not for what is missing.
type trail struct {
	from thing
	legs []leg
	way  int
}

func legOf(h access.Hop) leg {
	return leg{
		link: link{verb: h.Kind.String(), himself: h.Kind.ByHimself(), eligible: h.Term.Eligible, wide: h.PartnerWide},
		to:   thingOf(h.To), hop: h.Kind, rule: h.Rule, detail: h.Detail,
	}
}

func legsOf(hops []access.Hop) []leg {
	legs := make([]leg, len(hops))
	for i, h := range hops {
		legs[i] = legOf(h)
	}
	return legs
}

// told is an answer on its way to being shown.
type told struct {
	access.Answer
	options
	who thing
	end thing
}

func tell(a access.Answer, list []Option) told {
	t := told{Answer: a, options: optionsOf(list)}
	t.who, t.end = t.asked(), t.action()
	return t
}

// asked is who was asked about: a path says it, or a miss, or a name.
func (t told) asked() thing {
	id := t.Question.Principal.String()
	for _, p := range t.Paths {
		if len(p.Hops) > 0 && p.Hops[0].From.ID == id {
			return thingOf(p.Hops[0].From)
		}
	}
	for _, m := range t.Misses {
		if len(m.There) > 0 && m.There[0].From.ID == id {
			return thingOf(m.There[0].From)
		}
	}
	return thing{id: id, name: cmp.Or(t.principal(t.Question.Principal), "somebody")}
}

// action is what was asked for: what the paths end in, or the misses.
func (t told) action() thing {
	end := thing{kind: action, id: t.Question.Action.String(), name: t.Question.Action.String(), scope: t.Question.Place.Scope}
	ways := make([][]access.Hop, 0, len(t.Paths)+len(t.Misses))
	for _, p := range t.Paths {
		ways = append(ways, p.Hops)
	}
	for _, m := range t.Misses {
		ways = append(ways, m.There)
	}
	for _, hops := range ways {
		if len(hops) == 0 {
			continue
		}
		if last := thingOf(hops[len(hops)-1].To); last.kind == action && strings.EqualFold(last.id, end.id) {
			return last
		}
	}
	return end
}

// trails are the ways of the answer, and where it is a no, what there is of ways
// and what they lack.
func (t told) trails() []trail {
	var list []trail
	for n, p := range t.Paths {
		if len(p.Hops) > 0 {
			list = append(list, trail{from: thingOf(p.Hops[0].From), legs: t.ended(p), way: n})
		}
	}
	switch {
	case t.Verdict == access.Unknown && len(list) == 0:
		for _, g := range t.Gaps {
			what := t.missing(g)
			list = append(list, trail{from: t.who, legs: []leg{{to: what, link: link{doubted: true}}, {to: t.end, link: link{verb: "perhaps", doubted: true}}}, way: -1})
		}
		return list
	case t.Verdict != access.HasNot:
		return list
	}
	for _, m := range t.Misses {
		if m.Kind != access.MissDenied { // which its path shows already
			list = append(list, t.lacking(m))
		}
	}
	return list
}

// ended are the legs of a path, with what stands before its end.
func (t told) ended(p access.Path) []leg {
	legs := legsOf(p.Hops)
	last := legs[len(legs)-1]
	switch {
	case !p.Blocked.IsZero():
		stop := thing{kind: denial, id: p.Blocked.String(), name: p.Blocked.String()}
		for _, d := range t.Denied {
			if d.ID == p.Blocked {
				stop.name, stop.scope = cmp.Or(d.Name, stop.name), d.Scope
			}
		}
		return t.before(legs, stop, link{verb: "denied", crossed: true}, last.to)
	case p.Gives == access.Unknown:
		return t.before(legs, t.missing(p.Gap), link{verb: "perhaps", doubted: true}, last.to)
	}
	return legs
}

// missing is a gap as a thing.
func (t told) missing(g csp.Gap) thing {
	what := thing{kind: doubt, id: g.String(), name: g.Fact.String(), scope: g.Scope, more: g.Why}
	if !g.Tenant.IsZero() && t.names != nil {
		what.tenant = t.tenant(g.Tenant)
	}
	return what
}

// before puts a thing between the last leg and its end.
func (t told) before(legs []leg, stop thing, l link, end thing) []leg {
	legs[len(legs)-1].to = stop
	return append(legs, leg{link: l, to: end})
}

var lackNames = [...]string{
	access.MissDenied: "it is denied", access.MissSignIn: "no way to sign in", access.MissGuest: "the guest account shuts it",
	access.MissTerm: "it does not hold at that time", access.MissRole: "it does not allow this", access.MissScope: "it does not reach this place",
	access.MissAssignment: "no role is assigned", access.MissEntry: "no way into the tenant",
}

// lacking is what there is of a way, and what it lacks.
func (t told) lacking(m access.Miss) trail {
	name := "something"
	if int(m.Kind) < len(lackNames) {
		name = cmp.Or(lackNames[m.Kind], name)
	}
	what := thing{kind: lack, id: name, name: name}
	way := trail{from: t.who, legs: legsOf(m.There), way: -1}
	if len(m.There) == 0 {
		what.more = m.Text
		way.legs = []leg{{to: what, link: link{lacking: true}}, {to: t.end, link: link{lacking: true}}}
		return way
	}
	if first := thingOf(m.There[0].From); first.id != t.who.id {
		way.legs = append(t.legsTo(first), way.legs...)
	} else {
		way.from = first
	}
	if last := way.legs[len(way.legs)-1].to; last == t.end {
		way.legs = t.before(way.legs, what, link{lacking: true}, t.end)
		return way
	}
	way.legs = append(way.legs, leg{to: what, link: link{verb: "but", lacking: true}}, leg{to: t.end, link: link{lacking: true}})
	return way
}

// legsTo lead from him to whom he acts as, as a path tells it, or else in one.
func (t told) legsTo(what thing) []leg {
	for _, p := range t.Paths {
		if len(p.Hops) == 0 || thingOf(p.Hops[0].From) != t.who {
			continue
		}
		for i, h := range p.Hops {
			if thingOf(h.To) == what {
				return legsOf(p.Hops[:i+1])
			}
		}
	}
	return []leg{{link: link{verb: "acts as"}, to: what}}
}

// doors are the ways in that take something of their own, which the paths do not
// show already.
func (t told) doors() []trail {
	var list []trail
	for n, p := range t.Paths {
		if len(p.Entry.Hops) == 0 || shows(p.Hops, p.Entry.Hops) {
			continue
		}
		way := trail{from: thingOf(p.Entry.Hops[0].From), legs: legsOf(p.Entry.Hops), way: n}
		what := thing{kind: door, id: p.Entry.Kind.String() + " " + p.Entry.Tenant.ID.String(), name: p.Entry.String(), tenant: p.Entry.Tenant.Name}
		way.legs = append(way.legs, leg{link: link{verb: "lets him in"}, to: what})
		list = append(list, way)
	}
	return list
}

// shows says whether all hops are among others.
func shows(all, some []access.Hop) bool {
	for _, h := range some {
		found := false
		for _, other := range all {
			found = found || other.Kind == h.Kind && other.From == h.From && other.To == h.To
		}
		if !found {
			return false
		}
	}
	return true
}
