package odata

import (
	"strings"
	"time"

	"latchkey/emulator/wire"
)

// Entity is one object as it goes out. Values are string, bool, int, time.Time,
// []string, nil, Entity, []Entity, or anything else that is only shown.
type Entity map[string]any

// Kind is what a property holds.
type Kind uint8

// The kinds of properties.
const (
	Text Kind = iota
	Bool
	Number
	Time
	Texts   // a collection of strings
	Complex // an Entity with properties of its own, or nothing
	Objects // a collection of Entities
)

// Type says what entities of one kind have.
type Type struct {
	// Name with its namespace, as in "microsoft.graph.user".
	Name string
	// Properties by name. One that is not here cannot be asked for.
	Properties map[string]Kind
	// Default are the properties shown without $select; nil means all.
	Default []string
	// Links are the relations that $expand takes.
	Links map[string]*Type
	// Directory: its queries are limited as the directory's are.
	Directory bool
}

// property finds a property by its name in either case.
func (t *Type) property(name string) (string, Kind, bool) {
	if kind, ok := t.Properties[name]; ok {
		return name, kind, true
	}
	for known, kind := range t.Properties {
		if strings.EqualFold(known, name) {
			return known, kind, true
		}
	}
	return "", 0, false
}

func (t *Type) link(name string) (string, *Type, bool) {
	for known, to := range t.Links {
		if strings.EqualFold(known, name) {
			return known, to, true
		}
	}
	return "", nil, false
}

// at follows a path of properties, in either case of letters.
func (e Entity) at(path []string) any {
	var value any = e
	for _, name := range path {
		inner, ok := value.(Entity)
		if !ok {
			return nil
		}
		if value, ok = inner[name]; ok {
			continue
		}
		for known, v := range inner {
			if strings.EqualFold(known, name) {
				value = v
				break
			}
		}
	}
	return value
}

// Moment is a time as an entity shows it; a zero one is null.
func Moment(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t.UTC()
}

// OrNull is the text, or null when it is empty.
func OrNull(s string) any {
	if s == "" {
		return nil
	}
	return s
}

// Refusal is why a query is not answered, with the code of Graph's error.
type Refusal struct { //nolint:errname // read where it is used: errors.AsType[*odata.Refusal]
	Code    string
	Message string
}

// Error is the sentence.
func (r *Refusal) Error() string { return r.Message }

func bad(message string) *Refusal { return &Refusal{"BadRequest", message} }

func unsupported(message string) *Refusal { return &Refusal{"Request_UnsupportedQuery", message} }

func unknownProperty(where, name string, t *Type) *Refusal {
	return bad(where + ": Could not find a property named '" + wire.Clip(name) + "' on type '" + t.Name + "'.")
}
