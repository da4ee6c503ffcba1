// Package change holds single changes to facts: somebody joins a group, a
// partner is removed, an assignment is deleted. They are for asking "what if":
// a change is read from a sentence, applied to a copy of the facts, and package
// diff says what it would do.
//
// Each of the four switches of R23 is a change of its own, and turning one
// leaves the others as they are.
//
// A change that would change nothing, or that the platform would refuse, is an
// error that says why: who asks what would happen if Ann left a group wants to
// know that she is not in it.
package change

import (
	"crypto/sha256"
	"fmt"
	"slices"

	"latchkey/access/naming"
	"latchkey/csp"
)

// Change is one of the changes of this package.
type Change interface {
	// Apply makes the change on facts, which it leaves as they are: lists that
	// change are copied, all others are shared.
	Apply(csp.Facts) (csp.Facts, error)
	// Sentence is the change as Parse reads it.
	Sentence(*naming.Names) string
	change() // the list is closed
}

// All applies one change after the other.
func All(f csp.Facts, changes ...Change) (csp.Facts, error) {
	for i, c := range changes {
		var err error
		if f, err = c.Apply(f); err != nil {
			if len(changes) > 1 {
				return csp.Facts{}, fmt.Errorf("change %d: %w", i+1, err)
			}
			return csp.Facts{}, err
		}
	}
	return f, nil
}

// without is the list without the rows that fit, and whether there were any.
func without[T any](list []T, fits func(T) bool) ([]T, bool) {
	kept := slices.DeleteFunc(slices.Clone(list), fits)
	return kept, len(kept) < len(list)
}

// with is the list with one more row; the list itself is not written to.
func with[T any](list []T, row T) []T { return append(slices.Clip(list), row) }

// madeID is an id for something that a change makes: always the same for the same
// change, and like no other.
func madeID[T csp.Named](parts ...string) csp.ID[T] {
	hash := sha256.New()
	for _, part := range parts {
		fmt.Fprintf(hash, "%d:%s", len(part), part)
	}
	var id csp.ID[T]
	copy(id[:], hash.Sum(nil))
	id[6] = id[6]&0x0f | 0x80 // version 8: made by a rule of one's own
	id[8] = id[8]&0x3f | 0x80
	return id
}

// principal finds a principal among the facts.
func principal(f csp.Facts, id csp.ObjectID) (csp.Principal, bool) {
	i := slices.IndexFunc(f.Principals, func(p csp.Principal) bool { return p.ID == id })
	if i < 0 {
		return csp.Principal{}, false
	}
	return f.Principals[i], true
}

// nameOf is what people call a principal.
func nameOf(f csp.Facts, id csp.ObjectID) string {
	if p, ok := principal(f, id); ok && p.Name != "" {
		return naming.Clean(p.Name)
	}
	return id.String()
}

// tenantName is what people call a tenant.
func tenantName(f csp.Facts, id csp.TenantID) string {
	for _, t := range f.Tenants {
		if t.ID == id && t.Name != "" {
			return naming.Clean(t.Name)
		}
	}
	return id.String()
}

// tenantOf is the tenant of a place, zero if the facts do not tell it.
func tenantOf(f csp.Facts, tenant csp.TenantID, scope csp.Scope) csp.TenantID {
	if scope.Subscription().IsZero() {
		return tenant
	}
	for _, s := range f.Subscriptions {
		if s.ID == scope.Subscription() {
			return s.Tenant
		}
	}
	return tenant
}
