package estate

import (
	"encoding/binary"
	"math"
	"slices"
	"strings"

	"latchkey/access/estate/internal/lookup"
	"latchkey/csp"
)

// The first four types are those of the places that are no resources. A resource
// type can have one of these names too, inside another resource (API Management
// has "subscriptions" of its own), so places are told apart by the number.
const (
	TypeRoot uint16 = iota
	TypeManagementGroup
	TypeSubscription
	TypeResourceGroup
	firstResourceType
)

var placeTypes = [firstResourceType]string{"/", "managementGroups", "subscriptions", "resourceGroups"}

const (
	subscriptionsPath    = "/subscriptions/"
	managementGroupsPath = "/providers/Microsoft.Management/managementGroups/"
	providersKey         = "providers"

	maxScopeLength   = 1024
	maxSegmentLength = 260
	maxGroupLength   = 90
	// maxTypeLength is of "providers", a namespace and a type with slashes between.
	maxTypeLength = len(providersKey) + 2 + 2*maxSegmentLength
	maxTypes      = 1 << 16
)

// cutPair cuts a type and a name off the rest of a scope's text: "resourceGroups"
// and "a" off "/resourceGroups/a/providers/B.C/d/e", then "providers/B.C/d" and "e".
func cutPair(rest string) (kind, name, after string) {
	end := segmentEnd(rest, 1)
	if rest[1:end] == providersKey {
		end = segmentEnd(rest, segmentEnd(rest, end+1)+1)
	}
	last := segmentEnd(rest, end+1)
	return rest[1:end], rest[end+1 : last], rest[last:]
}

// segmentEnd is where the segment that begins at from ends.
func segmentEnd(text string, from int) int {
	if slash := strings.IndexByte(text[from:], '/'); slash >= 0 {
		return from + slash
	}
	return len(text)
}

// A place is found by what it lies in by its text, its type and its name. The
// key begins with the first two, so that one name in a thousand groups is hashed
// to a thousand slots. A management group lies in its tenant's root by its text,
// wherever it is placed, and a subscription in nothing.
type placeKey [6 + maxSegmentLength]byte

// write writes the key and returns it with the part that is the lowered name.
func (k *placeKey) write(parent int32, kind uint16, name string) (key, lowered []byte) {
	binary.LittleEndian.PutUint32(k[:4], uint32(parent))
	binary.LittleEndian.PutUint16(k[4:6], kind)
	lowered = lookup.Lower(k[6:], name)
	return k[:6+len(name)], lowered
}

// places are the places while facts come in, numbered as they come. Only their
// last segments are kept: three million whole scopes would not fit.
type places struct {
	slots    lookup.Slots
	hash     []uint32
	parent   []int32 // by the text; see placeKey
	kind     []uint16
	name     Strings
	kinds    map[string]uint16 // by the type in lower case
	kindName []string
	rootOf   map[int32]int32 // of tenants
	tenant   map[int32]int32 // of roots and, if a fact says, of subscriptions
	group    map[int32]int32 // the management group that a place was put in

	// Resources come by group: the text of the last one's group with a slash behind,
	// and its place and subscription. And so do groups by subscription: the id of the
	// last one.
	lastText              string
	lastPlace, lastBelong int32
	lastID                string
	lastSubscription      int32
}

func newPlaces() *places {
	return &places{
		slots: lookup.MakeSlots(0), name: makeStrings(0),
		kinds: map[string]uint16{}, kindName: slices.Clone(placeTypes[:]),
		rootOf: map[int32]int32{}, tenant: map[int32]int32{}, group: map[int32]int32{},
	}
}

// root is the root of a tenant's tree.
func (p *places) root(tenant int32) int32 {
	if n, ok := p.rootOf[tenant]; ok {
		return n
	}
	n := p.add(0, lookup.None, TypeRoot, "")
	p.rootOf[tenant], p.tenant[n] = n, tenant
	return n
}

// at is the place of a scope, and the subscription it lies in. Tenant is needed
// above subscriptions only; without it there is no such place.
func (p *places) at(tenant int32, scope csp.Scope) (place, subscription int32) {
	switch scope.Kind() {
	case csp.NoScope:
		return lookup.None, lookup.None
	case csp.RootScope, csp.ManagementGroupScope:
		if tenant == lookup.None {
			return lookup.None, lookup.None
		}
		n := p.root(tenant)
		if scope.Kind() == csp.ManagementGroupScope {
			n = p.child(n, TypeManagementGroup, scope.Name())
		}
		return n, lookup.None
	}
	text := scope.String()
	if p.lastText != "" && strings.HasPrefix(text, p.lastText) {
		return p.below(p.lastPlace, text[len(p.lastText)-1:]), p.lastBelong
	}
	rest := text[len(subscriptionsPath):]
	end := segmentEnd(rest, 0)
	if rest[:end] != p.lastID {
		p.lastID, p.lastSubscription = rest[:end], p.child(lookup.None, TypeSubscription, rest[:end])
	}
	subscription = p.lastSubscription
	place, rest = subscription, rest[end:]
	if rest == "" {
		return place, subscription
	}
	if kind, name, after := cutPair(rest); kind == placeTypes[TypeResourceGroup] {
		place, rest = p.child(place, TypeResourceGroup, name), after
		if rest != "" {
			p.lastText, p.lastPlace, p.lastBelong = text[:len(text)-len(rest)+1], place, subscription
		}
	}
	return p.below(place, rest), subscription
}

// below follows the rest of a scope's text down to a resource.
func (p *places) below(place int32, rest string) int32 {
	for rest != "" {
		var kind, name string
		kind, name, rest = cutPair(rest)
		place = p.child(place, p.kindNumber(kind), name)
	}
	return place
}

// child is the place of that type and name, which is added if it is new. Of
// several spellings it keeps the smallest, so that their order does not matter.
func (p *places) child(parent int32, kind uint16, name string) int32 {
	var buffer placeKey
	key, lowered := buffer.write(parent, kind, name)
	hash := p.slots.Hash(key)
	for step := 0; ; step++ {
		var n int32
		if n, step = p.slots.Next(hash, step); n == lookup.None {
			n = p.add(hash, parent, kind, name)
			p.slots.Put(hash, step, n)
			if p.slots.Full() {
				p.slots.Grow(len(p.hash), func(n int32) (uint32, bool) { return p.hash[n], p.kind[n] != TypeRoot })
			}
			return n
		}
		if stored := p.name.Bytes(int(n)); p.parent[n] == parent && p.kind[n] == kind && lookup.EqualLower(stored, lowered) {
			if name < string(stored) {
				copy(stored, name)
			}
			return n
		}
	}
}

func (p *places) add(hash uint32, parent int32, kind uint16, name string) int32 {
	p.hash = append(p.hash, hash)
	p.parent = append(p.parent, parent)
	p.kind = append(p.kind, kind)
	p.name.add(name)
	return int32(len(p.parent) - 1)
}

// kindNumber is the number of a resource type, whose spelling is kept as a name's.
func (p *places) kindNumber(kind string) uint16 {
	var buffer [maxTypeLength]byte
	lowered := lookup.Lower(buffer[:], kind)
	number, ok := p.kinds[string(lowered)]
	if !ok {
		number = uint16(len(p.kindName))
		p.kinds[string(lowered)] = number
		p.kindName = append(p.kindName, kind)
		return number
	}
	if kind < p.kindName[number] {
		p.kindName[number] = kind
	}
	return number
}

// full says that there may be no room for one more scope, whose names have at
// most maxScopeLength bytes together.
func (p *places) full(mostText int) bool {
	return len(p.name.Text) > mostText-maxScopeLength || len(p.parent) > math.MaxInt32-maxScopeLength || len(p.kindName) > maxTypes-maxScopeLength
}

// put says which management group a place lies in.
func (p *places) put(place, group int32) (ok bool) {
	if other, known := p.group[place]; known && other != group {
		return false
	}
	p.group[place] = group
	return true
}

// claim says which tenant a subscription belongs to, and which one it was said
// to belong to before.
func (p *places) claim(subscription, tenant int32) (before int32, ok bool) {
	if before, known := p.tenant[subscription]; known {
		return before, before == tenant
	}
	p.tenant[subscription] = tenant
	return tenant, true
}
