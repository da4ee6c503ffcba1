package change

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"latchkey/access"
	"latchkey/access/estate"
	"latchkey/access/naming"
	"latchkey/csp"
)

// reader reads the names of one sentence.
type reader struct {
	n *naming.Names
	e *estate.Estate
}

// form is one way to write a change: words, and names in braces between them.
type form struct {
	text string
	read func(r reader, names []string) (Change, error)
}

// forms are all sentences, the more special before the more general.
var forms = []form{
	{"remove partner {partner} from {customer}'s partners", reader.endDAP},
	{"remove guest {account} from {tenant}", reader.removeGuest},
	{"remove {principal}'s {role} at {place}", reader.unassign},
	{"remove {member} from {group}", reader.leave},
	{"add {member} to {group}", reader.join},
	{"end gdap {name}", reader.endGDAP},
	{"end reseller {partner} of {customer}", reader.endReseller},
	{"end reseller {partner} {customer}", reader.endReseller},
	{"delete the foreign principal's assignment of {partner} at {place}", reader.dropForeignOf},
	{"delete the foreign principal's assignment at {place}", reader.dropForeign},
	{"assign {role} to {principal} at {place}", reader.assign},
	{"invite {account} to {tenant}", reader.invite},
	{"give directory role {role} to {principal} in {tenant}", reader.give},
	{"take directory role {role} from {principal} in {tenant}", reader.take},
	{"activate directory role {role} of {principal} in {tenant}", reader.activateDirectory},
	{"activate {principal}'s {role} at {place}", reader.activateAssignment},
	{"activate {member} in {group}", reader.activateMembership},
}

// Forms are the sentences that Parse reads, with the names in braces.
func Forms() []string {
	texts := make([]string, len(forms))
	for i, f := range forms {
		texts[i] = f.text
	}
	return texts
}

// maxSentence bounds the length of a sentence, in bytes.
const maxSentence = 2000

// Parse reads a change from a sentence in one of the Forms, in any case. Names are
// read by package naming, and may stand in quotation marks. Which of several
// people of one name is meant may follow from the rest of the sentence: whoever is
// put into a group is of the group's tenant.
func Parse(sentence string, e *estate.Estate) (Change, error) {
	text := strings.Join(strings.Fields(strings.TrimSuffix(strings.TrimSpace(sentence), ".")), " ")
	if len(text) > maxSentence {
		return nil, fmt.Errorf("a change is one sentence of at most %d characters", maxSentence)
	}
	r := reader{naming.New(e), e}
	var first error
	for _, f := range forms {
		for _, names := range split(text, f.text) {
			c, err := f.read(r, names)
			if err == nil {
				return c, nil
			}
			if first == nil {
				first = err
			}
		}
	}
	if first == nil {
		return nil, fmt.Errorf("%q is no change that can be asked about; write one of:\n  %s", naming.Clean(text), strings.Join(Forms(), "\n  "))
	}
	return nil, first
}

// mostSplits bounds the ways to read one sentence by one form.
const mostSplits = 64

// split finds the names that stand in the text where the form has braces: in all
// ways there are, since a name may contain the words of the form.
func split(text, form string) [][]string {
	words, rest, _ := strings.Cut(form, "{")
	if len(text) < len(words) || !strings.EqualFold(text[:len(words)], words) {
		return nil
	}
	return splitNames(text[len(words):], rest)
}

// splitNames is split behind an opening brace.
func splitNames(text, form string) [][]string {
	_, form, _ = strings.Cut(form, "}")
	next := strings.IndexByte(form, '{')
	if next < 0 { // the last name; words may follow it, and may be left out
		name := text
		if len(form) > 0 && len(name) > len(form) && strings.EqualFold(name[len(name)-len(form):], form) {
			name = name[:len(name)-len(form)]
		}
		return [][]string{{unquote(name)}}
	}
	words := form[:next]
	var ways [][]string
	for at := 1; at+len(words) < len(text) && len(ways) < mostSplits; at++ {
		if !strings.EqualFold(text[at:at+len(words)], words) || strings.Count(text[:at], `"`)%2 == 1 {
			continue
		}
		for _, others := range splitNames(text[at+len(words):], form[next+1:]) {
			ways = append(ways, append([]string{unquote(text[:at])}, others...))
		}
	}
	return ways
}

// unquote takes the quotation marks off a name.
func unquote(name string) string {
	name = strings.TrimSpace(name)
	if len(name) > 1 && name[0] == '"' && name[len(name)-1] == '"' {
		return name[1 : len(name)-1]
	}
	return name
}

func (r reader) tenant(text string) (csp.TenantID, error) {
	t, err := r.n.Tenant(text)
	if err != nil {
		return csp.TenantID{}, err
	}
	return r.e.TenantID[t], nil
}

// pair reads a member and a group of one tenant. A user of another tenant stands
// for his guest account.
func (r reader) pair(names []string, are func(member, group estate.Principal) bool) (member, group csp.ObjectID, err error) {
	members, err := r.n.Principals(names[0], naming.Anybody, estate.None)
	if err != nil {
		return member, group, err
	}
	groups, err := r.n.Principals(names[1], naming.Group, estate.None)
	if err != nil {
		return member, group, err
	}
	type both struct{ member, group estate.Principal }
	var found, better []both
	for _, g := range groups {
		for _, m := range members {
			m = r.in(m, r.e.PrincipalTenant[g])
			if r.e.PrincipalTenant[m] != r.e.PrincipalTenant[g] || m == g {
				continue
			}
			found = append(found, both{m, g})
			if are(m, g) {
				better = append(better, both{m, g})
			}
		}
	}
	if len(better) > 0 {
		found = better
	}
	if len(found) == 1 {
		return r.e.PrincipalID[found[0].member], r.e.PrincipalID[found[0].group], nil
	}
	m, err := r.n.Principal(names[0], naming.Anybody, estate.None)
	if err != nil {
		return member, group, err
	}
	g, err := r.n.Principal(names[1], naming.Group, estate.None)
	if err != nil {
		return member, group, err
	}
	return r.e.PrincipalID[m], r.e.PrincipalID[g], nil
}

// in is the guest account of a principal in a tenant if it has one, else itself.
func (r reader) in(p estate.Principal, t estate.Tenant) estate.Principal {
	if t == estate.None || r.e.PrincipalTenant[p] == t {
		return p
	}
	for _, g := range r.e.Guest[r.e.GuestsFrom[p]:r.e.GuestsFrom[p+1]] {
		if r.e.PrincipalTenant[g] == t {
			return g
		}
	}
	return p
}

// holder reads a principal that holds, or shall hold, something in a tenant.
func (r reader) holder(text string, t estate.Tenant, holds func(csp.ObjectID) bool) (csp.ObjectID, error) {
	found, err := r.n.Principals(text, naming.Anybody, estate.None)
	if err != nil {
		return csp.ObjectID{}, err
	}
	for i, p := range found {
		found[i] = r.in(p, t)
	}
	for _, better := range []func(estate.Principal) bool{
		func(p estate.Principal) bool { return holds(r.e.PrincipalID[p]) },
		func(p estate.Principal) bool { return r.e.PrincipalTenant[p] == t },
	} {
		fit := slices.DeleteFunc(slices.Clone(found), func(p estate.Principal) bool { return !better(p) })
		if len(fit) > 0 {
			found = fit
		}
	}
	if len(found) == 1 {
		return r.e.PrincipalID[found[0]], nil
	}
	_, err = r.n.Principal(text, naming.Anybody, estate.None) // as an error: there are several
	return csp.ObjectID{}, err
}

func (r reader) join(names []string) (Change, error) {
	member, group, err := r.pair(names, func(_, _ estate.Principal) bool { return false })
	return orError(Join{Group: group, Member: member}, err)
}

func (r reader) leave(names []string) (Change, error) {
	member, group, err := r.pair(names, r.isMember)
	return orError(Leave{Group: group, Member: member}, err)
}

func (r reader) activateMembership(names []string) (Change, error) {
	member, group, err := r.pair(names, r.isMember)
	return orError(ActivateMembership{Group: group, Member: member}, err)
}

func (r reader) isMember(member, group estate.Principal) bool {
	return slices.Contains(r.e.GroupOf[r.e.GroupsFrom[member]:r.e.GroupsFrom[member+1]], group)
}

// orError is the change, or no change at all if there is an error.
func orError(c Change, err error) (Change, error) {
	if err != nil {
		return nil, err
	}
	return c, nil
}

func (r reader) endDAP(names []string) (Change, error) {
	partner, customer, err := r.tenants(names)
	return orError(EndDAP{partner, customer}, err)
}

func (r reader) endReseller(names []string) (Change, error) {
	partner, customer, err := r.tenants(names)
	return orError(EndReseller{partner, customer}, err)
}

func (r reader) tenants(names []string) (partner, customer csp.TenantID, err error) {
	if partner, err = r.tenant(names[0]); err == nil {
		customer, err = r.tenant(names[1])
	}
	return partner, customer, err
}

func (r reader) endGDAP(names []string) (Change, error) {
	var found []csp.GDAPID
	var all []string
	for _, g := range r.e.GDAPs {
		if strings.EqualFold(g.Name, names[0]) || strings.EqualFold(g.ID.String(), names[0]) {
			found = append(found, g.ID)
		}
		all = append(all, naming.Clean(g.Name))
	}
	switch len(found) {
	case 1:
		return EndGDAP{found[0]}, nil
	case 0:
		return nil, r.n.UnknownAmong("GDAP relationship", names[0], all)
	}
	return nil, fmt.Errorf("%d GDAP relationships are called %q: write the id of one, such as %s", len(found), naming.Clean(names[0]), found[0])
}

// place reads a scope, with the tenant that it is of if the facts tell it.
func (r reader) place(text string) (access.Place, estate.Tenant, error) {
	p, err := r.n.Place(text, naming.InAzure, estate.None)
	if err != nil {
		return access.Place{}, estate.None, err
	}
	return p, r.n.TenantOf(p), nil
}

func (r reader) dropForeign(names []string) (Change, error) {
	p, _, err := r.place(names[0])
	return orError(DropForeignPrincipal{Tenant: p.Tenant, Scope: p.Scope}, err)
}

func (r reader) dropForeignOf(names []string) (Change, error) {
	partner, err := r.tenant(names[0])
	p, _, placeErr := r.place(names[1])
	return orError(DropForeignPrincipal{Tenant: p.Tenant, Scope: p.Scope, Partner: partner}, firstOf(err, placeErr))
}

// firstOf is the first of the errors that is one.
func firstOf(list ...error) error {
	for _, err := range list {
		if err != nil {
			return err
		}
	}
	return nil
}

func (r reader) assign(names []string) (Change, error) {
	return orError(r.readAssignment(names[0], names[1], names[2]))
}

func (r reader) unassign(names []string) (Change, error) {
	c, err := r.readAssignment(names[1], names[0], names[2])
	return orError(Unassign(c), err)
}

func (r reader) activateAssignment(names []string) (Change, error) {
	c, err := r.readAssignment(names[1], names[0], names[2])
	return orError(ActivateAssignment(c), err)
}

func (r reader) readAssignment(role, principal, place string) (Assign, error) {
	p, tenant, err := r.place(place)
	if err != nil {
		return Assign{}, err
	}
	definition, err := r.n.Role(role)
	if err != nil {
		return Assign{}, err
	}
	holder, err := r.holder(principal, tenant, func(id csp.ObjectID) bool { return r.holds(id, definition.ID, p) })
	return Assign{Tenant: p.Tenant, Scope: p.Scope, Role: definition, Principal: holder}, err
}

// holds says whether the role is assigned to the principal at exactly the place.
func (r reader) holds(id csp.ObjectID, role csp.RoleDefinitionID, place access.Place) bool {
	p, _ := r.e.FindPrincipal(id)
	node, exact := r.e.FindNode(r.n.TenantOf(place), place.Scope.String())
	if !exact {
		return false
	}
	for i := r.e.AssignmentsFrom[node]; i < r.e.AssignmentsFrom[node+1]; i++ {
		if r.e.AssignmentPrincipal[i] == p && r.e.Roles[r.e.AssignmentRole[i]].ID == role {
			return true
		}
	}
	return false
}

func (r reader) invite(names []string) (Change, error) {
	tenant, err := r.tenant(names[1])
	if err != nil {
		return nil, err
	}
	account, err := r.n.Principal(names[0], naming.Account, estate.None)
	if err != nil {
		return nil, err
	}
	return Invite{Account: r.e.PrincipalID[account], Tenant: tenant}, nil
}

func (r reader) removeGuest(names []string) (Change, error) {
	t, err := r.n.Tenant(names[1])
	if err != nil {
		return nil, err
	}
	found, err := r.n.Principals(names[0], naming.Account, t)
	if missing, ok := errors.AsType[*naming.Error](err); ok && len(missing.Candidates) == 0 {
		found, err = r.n.Principals(names[0], naming.Account, estate.None)
	}
	if err != nil {
		return nil, err
	}
	for _, p := range found {
		if g := r.in(p, t); r.e.PrincipalTenant[g] == t && r.e.PrincipalKind[g]&estate.IsGuest != 0 {
			return RemoveGuest{Account: r.e.PrincipalID[g], Tenant: r.e.TenantID[t]}, nil
		}
	}
	return RemoveGuest{Account: r.e.PrincipalID[found[0]], Tenant: r.e.TenantID[t]}, nil
}

func (r reader) give(names []string) (Change, error) { return orError(r.readDirectory(names)) }

func (r reader) take(names []string) (Change, error) {
	c, err := r.readDirectory(names)
	return orError(TakeDirectoryRole(c), err)
}

func (r reader) activateDirectory(names []string) (Change, error) {
	c, err := r.readDirectory(names)
	return orError(ActivateDirectoryRole(c), err)
}

func (r reader) readDirectory(names []string) (GiveDirectoryRole, error) {
	role, err := r.n.DirectoryRole(names[0])
	if err != nil {
		return GiveDirectoryRole{}, err
	}
	t, err := r.n.Tenant(names[2])
	if err != nil {
		return GiveDirectoryRole{}, err
	}
	holder, err := r.holder(names[1], t, func(id csp.ObjectID) bool {
		return slices.ContainsFunc(r.e.DirectoryAssignments, func(a estate.DirectoryAssignment) bool {
			return a.Tenant == t && r.e.PrincipalID[a.Principal] == id && r.e.DirectoryRoles[a.Role].ID == role.ID
		})
	})
	return GiveDirectoryRole{Tenant: r.e.TenantID[t], Role: role, Principal: holder}, err
}
