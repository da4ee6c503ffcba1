package factlines

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"

	"latchkey/csp"
)

const (
	// MaxLine is how many bytes a line may have.
	MaxLine = 4 << 20

	blockSize = 1 << 20 // read and parsed at once, if it holds a whole line
	readers   = 2       // that parse
)

// Read reads lines from r and hands the facts to add in parts, in the order of
// the lines and one part at a time. The name stands for r in errors. The scopes of
// the facts share the text they were read from, about a megabyte of it: whoever
// keeps a few of many should copy them.
func Read(name string, r io.Reader, add func(csp.Facts)) error {
	blocks, inOrder, stop := make(chan *block), make(chan *block, 2*readers), make(chan struct{})
	var wait sync.WaitGroup
	defer wait.Wait()
	defer close(stop)
	wait.Go(func() { split(r, blocks, inOrder, stop) })
	for range readers {
		wait.Go(func() {
			for b := range blocks {
				b.parse()
			}
		})
	}
	lines := 0
	for b := range inOrder {
		<-b.done
		if b.err != nil {
			return fmt.Errorf("%s:%d: %w", name, lines+b.lines, b.err)
		}
		add(b.facts)
		lines += b.lines
	}
	return nil
}

// block is some whole lines, and what is in them.
type block struct {
	text  string
	facts csp.Facts
	lines int
	err   error // of the last of the lines
	done  chan struct{}
}

// split cuts what it reads into blocks. Every block goes to whoever parses next,
// and to the queue in which they are taken.
func split(r io.Reader, blocks, inOrder chan<- *block, stop <-chan struct{}) {
	defer close(blocks)
	defer close(inOrder)
	send := func(b *block) bool {
		b.done = make(chan struct{})
		select {
		case inOrder <- b:
		case <-stop:
			return false
		}
		if b.err != nil {
			close(b.done)
			return false
		}
		blocks <- b // is always taken, until blocks is closed
		return true
	}
	var text []byte // that was read and not sent, less than a line before it is read on
	for {
		text = slices.Grow(text, blockSize)
		n, err := io.ReadFull(r, text[len(text):len(text)+blockSize])
		text = text[:len(text)+n]
		end := bytes.LastIndexByte(text, '\n') + 1
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			send(&block{text: string(text)})
			return
		}
		if end > 0 && !send(&block{text: string(text[:end])}) {
			return
		}
		text = append(text[:0], text[end:]...)
		if err == nil && len(text) > MaxLine {
			err = errLong
		}
		if err != nil {
			send(&block{lines: 1, err: err})
			return
		}
	}
}

var errLong = fmt.Errorf("the line is longer than %d bytes", MaxLine)

func (b *block) parse() {
	defer close(b.done)
	b.makeRoom()
	for rest := b.text; rest != "" && b.err == nil; {
		var text string
		text, rest, _ = strings.Cut(rest, "\n")
		b.lines++
		b.err = parseLine(text, &b.facts)
	}
}

// makeRoom makes room for as many facts of the first line's kind as there may be
// lines like it: in the blocks of a large file they are mostly of one kind.
func (b *block) makeRoom() {
	const shortest = 100 // lines of those kinds are longer
	end := strings.IndexByte(b.text, '\n')
	room := len(b.text)/max(end, shortest) + 1
	switch {
	case strings.HasPrefix(b.text, `{"resource"`):
		b.facts.Resources = make([]csp.Resource, 0, room)
	case strings.HasPrefix(b.text, `{"assignment"`):
		b.facts.Assignments = make([]csp.Assignment, 0, room)
	}
}

// parseLine adds the fact of a line. A line without anything is none.
func parseLine(text string, f *csp.Facts) error {
	if len(text) > MaxLine {
		return errLong
	}
	if scanLine(text, f) {
		return nil
	}
	if strings.TrimSpace(text) == "" {
		return nil
	}
	return decodeLine(text, f)
}

// decodeLine reads any line.
func decodeLine(text string, f *csp.Facts) error {
	if err := refuseRepeated(text); err != nil {
		return err
	}
	in := json.NewDecoder(strings.NewReader(text))
	in.DisallowUnknownFields()
	var l line
	if err := in.Decode(&l); err != nil {
		return sayWhere(err)
	}
	if n := l.add(f); n != 1 {
		return fmt.Errorf("the line has %d facts; want one, such as {\"tenant\":{...}}", n)
	}
	return nil
}

// refuseRepeated refuses what is no JSON, more than one value, and objects that
// have one name twice: which of the two would count, readers do not agree on.
func refuseRepeated(text string) error {
	in := json.NewDecoder(strings.NewReader(text))
	var names []map[string]bool // of the objects that are open; nil for lists
	wantName := false
	for {
		token, err := in.Token()
		if errors.Is(err, io.EOF) && len(names) == 0 {
			return nil
		}
		if err != nil {
			return sayWhere(err)
		}
		switch token {
		case json.Delim('{'):
			names = append(names, map[string]bool{})
		case json.Delim('['):
			names = append(names, nil)
		case json.Delim('}'), json.Delim(']'):
			names = names[:len(names)-1]
		default:
			if name, ok := token.(string); ok && wantName {
				folded := strings.ToLower(name)
				if names[len(names)-1][folded] {
					return fmt.Errorf("the name %q is there twice", name)
				}
				names[len(names)-1][folded] = true
				wantName = false
				continue
			}
		}
		wantName = len(names) > 0 && names[len(names)-1] != nil
		if len(names) == 0 && in.More() {
			return errors.New("something stands behind the fact; write it on a line of its own")
		}
	}
}

// sayWhere puts errors of encoding/json into words.
func sayWhere(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return errors.New("the line ends within the fact")
	}
	if e, ok := errors.AsType[*json.SyntaxError](err); ok {
		return fmt.Errorf("this is no JSON at character %d: %w", e.Offset, e)
	}
	if e, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		return fmt.Errorf("%s cannot be a %s", e.Field, e.Value)
	}
	return err
}

// add adds the facts of the line and says how many there are.
func (l *line) add(f *csp.Facts) (n int) {
	if l.Tenant != nil {
		f.Tenants, n = append(f.Tenants, l.Tenant.fact()), n+1
	}
	if l.Domain != nil {
		f.Domains, n = append(f.Domains, csp.TenantDomain(*l.Domain)), n+1
	}
	if l.Principal != nil {
		f.Principals, n = append(f.Principals, csp.Principal(*l.Principal)), n+1
	}
	if l.Person != nil {
		f.People, n = append(f.People, csp.Person(*l.Person)), n+1
	}
	if m := l.Membership; m != nil {
		f.Memberships, n = append(f.Memberships, csp.Membership{Group: m.Group, Member: m.Member, Term: m.term.fact()}), n+1
	}
	if l.Subscription != nil {
		f.Subscriptions, n = append(f.Subscriptions, csp.Subscription(*l.Subscription)), n+1
	}
	if l.Placement != nil {
		f.Placements, n = append(f.Placements, csp.Placement(*l.Placement)), n+1
	}
	if l.Resource != nil {
		f.Resources, n = append(f.Resources, csp.Resource(*l.Resource)), n+1
	}
	if l.Identity != nil {
		f.Identities, n = append(f.Identities, csp.ManagedIdentity(*l.Identity)), n+1
	}
	return n + l.addRelationships(f) + l.addRights(f) + l.addNotes(f)
}

func (l *line) addRelationships(f *csp.Facts) (n int) {
	if r := l.Reseller; r != nil {
		f.Resellers, n = append(f.Resellers, csp.ResellerRelationship{Partner: r.Partner, Customer: r.Customer, Kind: r.Kind, Period: r.period.fact()}), n+1
	}
	if r := l.DAP; r != nil {
		f.DAPs, n = append(f.DAPs, csp.DAPRelationship{Partner: r.Partner, Customer: r.Customer, Period: r.period.fact()}), n+1
	}
	if l.GDAP != nil {
		f.GDAPs, n = append(f.GDAPs, l.GDAP.fact()), n+1
	}
	if d := l.Lighthouse; d != nil {
		f.Lighthouses, n = append(f.Lighthouses, csp.LighthouseDelegation{
			Manager: d.Manager, Principal: d.Principal, Role: d.Role, Scope: d.Scope, Term: d.term.fact(),
		}), n+1
	}
	return n
}

func (l *line) addRights(f *csp.Facts) (n int) {
	if r := l.Role; r != nil {
		f.Roles, n = append(f.Roles, csp.RoleDefinition{ID: r.ID, Name: r.Name, Custom: r.Custom, Permissions: permissionFacts(r.Permissions)}), n+1
	}
	if l.Assignment != nil {
		f.Assignments, n = append(f.Assignments, l.Assignment.fact()), n+1
	}
	if l.Denial != nil {
		f.Denials, n = append(f.Denials, l.Denial.fact()), n+1
	}
	if l.DirectoryRole != nil {
		f.DirectoryRoles, n = append(f.DirectoryRoles, csp.DirectoryRole(*l.DirectoryRole)), n+1
	}
	if a := l.DirectoryAssignment; a != nil {
		f.DirectoryAssignments, n = append(f.DirectoryAssignments, csp.DirectoryAssignment{
			Tenant: a.Tenant, Principal: a.Principal, Role: a.Role, Term: a.term.fact(),
		}), n+1
	}
	return n
}

func (l *line) addNotes(f *csp.Facts) (n int) {
	if l.Lock != nil {
		f.Locks, n = append(f.Locks, csp.Lock(*l.Lock)), n+1
	}
	if l.Policy != nil {
		f.Policies, n = append(f.Policies, csp.PolicyDenial(*l.Policy)), n+1
	}
	if l.Artefact != nil {
		f.Artefacts, n = append(f.Artefacts, csp.Artefact(*l.Artefact)), n+1
	}
	if l.Usage != nil {
		f.Usage, n = append(f.Usage, csp.Usage(*l.Usage)), n+1
	}
	if g := l.Gap; g != nil {
		f.Gaps, n = append(f.Gaps, csp.Gap{Fact: csp.FactKind(g.Fact), Tenant: g.Tenant, Scope: g.Scope, Why: g.Why}), n+1
	}
	return n
}
