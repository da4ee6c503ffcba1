package snapshot

import (
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"latchkey/access/estate"
	"latchkey/csp"
)

// coder writes fields to bytes, or reads them. What is written and what is read
// are told by the same lines, so they cannot come to differ. After an error it
// does nothing any more.
type coder struct {
	reading bool
	data    []byte // reading: what is left
	err     error
}

var errShort = errors.New("it ends too early")

// bytes are the next n bytes: to be filled, or to be read.
func (c *coder) bytes(n int) []byte {
	if !c.reading {
		c.data = append(c.data, make([]byte, n)...)
		return c.data[len(c.data)-n:]
	}
	if c.err == nil && n > len(c.data) {
		c.err = errShort
	}
	if c.err != nil {
		return make([]byte, n)
	}
	taken := c.data[:n]
	c.data = c.data[n:]
	return taken
}

func number[N ~int32 | ~uint32](c *coder, n *N) {
	b := c.bytes(4)
	if c.reading {
		*n = N(binary.LittleEndian.Uint32(b))
	} else {
		binary.LittleEndian.PutUint32(b, uint32(*n))
	}
}

func small[N ~uint8](c *coder, n *N) {
	b := c.bytes(1)
	if c.reading {
		*n = N(b[0])
	} else {
		b[0] = byte(*n)
	}
}

func (c *coder) flag(f *bool) {
	var n uint8
	if *f {
		n = 1
	}
	small(c, &n)
	if n > 1 && c.err == nil {
		c.err = fmt.Errorf("a flag is %d", n)
	}
	*f = n == 1
}

func id[T csp.Named](c *coder, id *csp.ID[T]) {
	b := c.bytes(len(id))
	if c.reading {
		copy(id[:], b)
	} else {
		copy(b, id[:])
	}
}

// count writes how many there are of something, or reads it. What is read is not
// more than there are bytes left, as everything takes one at least.
func (c *coder) count(n int) int {
	count := uint32(n)
	number(c, &count)
	if c.reading && int64(count) > int64(len(c.data)) && c.err == nil {
		c.err = errShort
	}
	if c.err != nil {
		return 0
	}
	return int(count)
}

func text[S ~string](c *coder, s *S) {
	n := c.count(len(*s))
	if c.reading {
		*s = S(c.bytes(n))
	} else {
		copy(c.bytes(n), *s)
	}
}

// list codes the entries of a list. The memory it takes grows with what is read,
// not with what is claimed.
func list[R any](c *coder, rows *[]R, code func(*coder, *R)) {
	n := c.count(len(*rows))
	if !c.reading {
		for i := range *rows {
			code(c, &(*rows)[i])
		}
		return
	}
	*rows = nil
	for range n {
		var row R
		code(c, &row)
		if c.err != nil {
			return
		}
		*rows = append(*rows, row)
	}
}

// instant codes a time in UTC; years beyond 9999 are looked for later.
func (c *coder) instant(t *time.Time) {
	b := c.bytes(12)
	if c.reading {
		nanoseconds := binary.LittleEndian.Uint32(b[8:])
		if nanoseconds > 999_999_999 && c.err == nil {
			c.err = fmt.Errorf("a second has %d nanoseconds", nanoseconds)
		}
		*t = time.Unix(int64(binary.LittleEndian.Uint64(b)), int64(nanoseconds)).UTC()
		return
	}
	binary.LittleEndian.PutUint64(b, uint64(t.Unix()))
	binary.LittleEndian.PutUint32(b[8:], uint32(t.Nanosecond()))
}

func (c *coder) scope(s *csp.Scope) {
	written := s.String()
	text(c, &written)
	if !c.reading || c.err != nil || written == "" {
		return
	}
	read, err := csp.ParseScope(written)
	if err == nil && read.String() != written {
		err = fmt.Errorf("%q is spelt %q", read, written)
	}
	*s, c.err = read, err
}

func actions(c *coder, names *[]string) { list(c, names, text[string]) }

func permission(c *coder, p *csp.Permission) {
	actions(c, &p.Actions)
	actions(c, &p.NotActions)
	actions(c, &p.DataActions)
	actions(c, &p.NotDataActions)
	text(c, &p.Condition)
}

func role(c *coder, r *csp.RoleDefinition) {
	id(c, &r.ID)
	text(c, &r.Name)
	c.flag(&r.Custom)
	list(c, &r.Permissions, permission)
}

func directoryRole(c *coder, r *csp.DirectoryRole) {
	id(c, &r.ID)
	text(c, &r.Name)
	c.flag(&r.Privileged)
	text(c, &r.GDAP)
	actions(c, &r.Actions)
}

func term(c *coder, t *csp.Term) {
	c.instant(&t.From)
	c.instant(&t.Until)
	c.flag(&t.Eligible)
}

func denial(c *coder, d *estate.Denial) {
	number(c, &d.Node)
	id(c, &d.ID)
	text(c, &d.Name)
	c.scope(&d.Scope)
	list(c, &d.Permissions, permission)
	list(c, &d.DenyAssignment.Principals, id[csp.Principal])
	list(c, &d.DenyAssignment.Excluded, id[csp.Principal])
	c.flag(&d.Everyone)
	c.flag(&d.ThisScopeOnly)
	c.flag(&d.AuditOnly)
	text(c, &d.Condition)
	list(c, &d.Principals, number[estate.Principal])
	list(c, &d.Excluded, number[estate.Principal])
}

func directoryAssignment(c *coder, a *estate.DirectoryAssignment) {
	number(c, &a.Principal)
	number(c, &a.Tenant)
	number(c, &a.Role)
	number(c, &a.Term)
}

func relationship(c *coder, r *estate.Relationship) {
	number(c, &r.Customer)
	number(c, &r.Partner)
	text(c, &r.Kind)
	number(c, &r.Term)
}

func gdap(c *coder, r *estate.GDAP) {
	number(c, &r.Customer)
	number(c, &r.Partner)
	id(c, &r.ID)
	text(c, &r.Name)
	text(c, &r.Status)
	number(c, &r.Term)
	number(c, &r.ExtendsBy)
	list(c, &r.Roles, number[estate.DirectoryRole])
}

func accessAssignment(c *coder, a *estate.AccessAssignment) {
	number(c, &a.GDAP)
	number(c, &a.Group)
	text(c, &a.Status)
	list(c, &a.Roles, number[estate.DirectoryRole])
}

func lighthouse(c *coder, l *estate.Lighthouse) {
	number(c, &l.Node)
	number(c, &l.Manager)
	number(c, &l.Principal)
	number(c, &l.Role)
	number(c, &l.Term)
}

func managedIdentity(c *coder, i *estate.Identity) {
	number(c, &i.Node)
	number(c, &i.Principal)
}

func person(c *coder, p *csp.Person) {
	id(c, &p.ID)
	text(c, &p.Name)
	list(c, &p.Accounts, id[csp.Principal])
}

func lock(c *coder, l *csp.Lock) {
	text(c, &l.Name)
	c.scope(&l.Scope)
	text(c, &l.Level)
}

func policy(c *coder, d *csp.PolicyDenial) {
	text(c, &d.Name)
	id(c, &d.Tenant)
	c.scope(&d.Scope)
	list(c, &d.Spares, id[csp.RoleDefinition])
}

func artefact(c *coder, a *csp.Artefact) {
	c.scope(&a.Scope)
	text(c, &a.Name)
}

func usage(c *coder, u *csp.Usage) {
	id(c, &u.Principal)
	text(c, &u.Action)
	c.flag(&u.Data)
	c.scope(&u.Scope)
	c.instant(&u.Last)
}

func gap(c *coder, g *estate.Gap) {
	number(c, &g.Tenant)
	number(c, &g.Node)
	small(c, &g.Fact)
	id(c, &g.Gap.Tenant)
	c.scope(&g.Scope)
	text(c, &g.Why)
}
