package access_test

import (
	"math/rand/v2"
	"reflect"
	"regexp"
	"strings"

	"latchkey/access"
	"latchkey/csp"
	"latchkey/csp/builtin"
)

// renaming gives every thing another id and another name, and every text that is
// read without regard to case other letters. The ids of built-in roles mean
// something and stay.
type renaming struct{ *rand.Rand }

func newRenaming(seed uint64) renaming { return renaming{rand.New(rand.NewPCG(seed, 1))} }

var builtinIDs = func() map[[16]byte]bool {
	known := map[[16]byte]bool{}
	for _, role := range builtin.AzureRoles() {
		known[role.ID] = true
	}
	for id := range builtinDirectory {
		known[id] = true
	}
	return known
}()

// id is the other id: turned round, so that the order changes too.
func (n renaming) id(id [16]byte) [16]byte {
	if builtinIDs[id] || id == ([16]byte{}) {
		return id
	}
	var other [16]byte
	for i, b := range id {
		other[15-i] = ^b
	}
	return other
}

// letters gives each letter either case.
func (n renaming) letters(s string) string {
	return strings.Map(func(r rune) rune {
		if n.IntN(2) == 0 {
			return []rune(strings.ToUpper(string(r)))[0]
		}
		return []rune(strings.ToLower(string(r)))[0]
	}, s)
}

var guid = regexp.MustCompile(`[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}`)

// ids gives the ids in a text, such as a scope or a condition, their other ones.
func (n renaming) ids(s string) string {
	return guid.ReplaceAllStringFunc(s, func(s string) string {
		return csp.ID[csp.Principal](n.id(csp.MustParseID[csp.Principal](s))).String()
	})
}

// scope has other names below subscriptions and of management groups; namespaces
// and types mean something and stay.
func (n renaming) scope(s csp.Scope) csp.Scope {
	if s.IsZero() || s.Kind() == csp.RootScope {
		return s
	}
	parts := strings.Split(n.ids(s.String()), "/")
	for i := 2; i < len(parts); i += 2 {
		if key := strings.ToLower(parts[i-1]); key != "subscriptions" && key != "providers" {
			parts[i] += "q"
		}
	}
	return csp.MustParseScope(n.letters(strings.Join(parts, "/")))
}

func (n renaming) facts(f csp.Facts) csp.Facts {
	return n.value("", reflect.ValueOf(f)).Interface().(csp.Facts)
}

func (n renaming) question(q access.Question) access.Question {
	q.Principal = n.id(q.Principal)
	q.Place = access.Place{Tenant: n.id(q.Place.Tenant), Scope: n.scope(q.Place.Scope)}
	parse := access.ParseAction
	if q.Action.IsData() {
		parse = access.ParseDataAction
	}
	action, err := parse(n.letters(q.Action.String()))
	if err != nil {
		panic(err)
	}
	q.Action = action
	return q
}

// value is a copy with other names; field is the field that it stands in.
func (n renaming) value(field string, v reflect.Value) reflect.Value {
	switch x := v.Interface().(type) {
	case csp.Scope:
		return reflect.ValueOf(n.scope(x))
	case interface{ UnixNano() int64 }:
		return v
	}
	copied := reflect.New(v.Type()).Elem()
	copied.Set(v)
	switch v.Kind() {
	case reflect.Array:
		copied.Set(reflect.ValueOf(n.id(v.Convert(reflect.TypeFor[[16]byte]()).Interface().([16]byte))).Convert(v.Type()))
	case reflect.Struct:
		for i := range v.NumField() {
			copied.Field(i).Set(n.value(v.Type().Field(i).Name, v.Field(i)))
		}
	case reflect.Slice:
		if v.IsNil() {
			break
		}
		copied.Set(reflect.MakeSlice(v.Type(), v.Len(), v.Len()))
		for i := range v.Len() {
			copied.Index(i).Set(n.value(field, v.Index(i)))
		}
	case reflect.String:
		switch field {
		case "Condition":
			copied.SetString(n.ids(v.String()))
		case "Actions", "NotActions", "DataActions", "NotDataActions":
			copied.SetString(n.letters(v.String()))
		case "Name", "SignInName", "Description", "Why":
			copied.SetString("another " + v.String())
		}
	}
	return copied
}
