package access_test

import (
	"reflect"
	"slices"

	"latchkey/csp"
)

// without is the facts without one row of a list. The lists of the original stay
// as they are.
func without(f csp.Facts, list, row int) csp.Facts {
	v := reflect.ValueOf(&f).Elem().Field(list)
	shorter := reflect.MakeSlice(v.Type(), 0, v.Len())
	shorter = reflect.AppendSlice(shorter, v.Slice(0, row))
	v.Set(reflect.AppendSlice(shorter, v.Slice(row+1, v.Len())))
	return f
}

// rows is how many rows a list has.
func rows(f csp.Facts, list int) int { return reflect.ValueOf(f).Field(list).Len() }

// lists is how many lists of facts there are.
var lists = reflect.TypeFor[csp.Facts]().NumField()

var kept = []int{listNamed("Tenants"), listNamed("Subscriptions"), listNamed("Roles"), listNamed("DirectoryRoles")}

// smallest takes away facts for as long as what is wrong stays wrong, so that a
// failing test shows only what matters. Tenants, subscriptions and roles stay,
// since without them the questions would be others.
func smallest(f csp.Facts, wrong func(csp.Facts) bool) csp.Facts {
	for again := true; again; {
		again = false
		for list := range lists {
			if slices.Contains(kept, list) {
				continue
			}
			for row := rows(f, list) - 1; row >= 0; row-- {
				if less := without(f, list, row); wrong(less) {
					f, again = less, true
				}
			}
		}
	}
	return f
}

// shuffled has every list in another order, by the numbers that are drawn.
func shuffled(f csp.Facts, number func(n int) int) csp.Facts {
	v := reflect.ValueOf(&f).Elem()
	for i := range lists {
		old := v.Field(i)
		list := reflect.MakeSlice(old.Type(), old.Len(), old.Len())
		reflect.Copy(list, old)
		swap := reflect.Swapper(list.Interface())
		for j := list.Len() - 1; j > 0; j-- {
			swap(j, number(j+1))
		}
		old.Set(list)
	}
	return f
}

// joined is the facts with one row of each list of more.
func joined(f, more csp.Facts) csp.Facts {
	v, add := reflect.ValueOf(&f).Elem(), reflect.ValueOf(more)
	for i := range lists {
		list := v.Field(i)
		list.Set(reflect.AppendSlice(list.Slice3(0, list.Len(), list.Len()), add.Field(i)))
	}
	return f
}

// listNamed is the number of a list.
func listNamed(name string) int {
	field, found := reflect.TypeFor[csp.Facts]().FieldByName(name)
	if !found {
		panic("facts have no list " + name)
	}
	return field.Index[0]
}
