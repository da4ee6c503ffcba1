package naming

import (
	"strings"

	"latchkey/access/estate"
	"latchkey/csp"
	"latchkey/csp/names"
)

// Sort says which principals are meant.
type Sort uint8

// The sorts of principal.
const (
	// Anybody is a user, a group or a service principal.
	Anybody Sort = iota
	// Account is a user or a service principal: what can ask for something.
	Account
	// Group is a group.
	Group
)

// noun is what people call the sort.
func (s Sort) noun() string {
	switch s {
	case Account:
		return "user or service principal"
	case Group:
		return "group"
	}
	return "user, group or service principal"
}

// nouns are more than one of the sort.
func (s Sort) nouns() string {
	switch s {
	case Account:
		return "users and service principals"
	case Group:
		return "groups"
	}
	return "users, groups and service principals"
}

func (s Sort) fits(kind estate.PrincipalKind) bool {
	switch s {
	case Account:
		return kind.Type() != estate.KindGroup
	case Group:
		return kind.Type() == estate.KindGroup
	}
	return true
}

// Principal finds a principal by its object id, its sign-in name, its name with
// the name or a domain of its tenant behind an @, its name alone, the part of
// its sign-in name before the @, or the first words of its name, in that order
// and in any case. With in other than None, only that tenant is searched.
//
// A guest and the account that is its home are one person: where both fit, the
// account at home is meant (R2).
func (n *Names) Principal(text string, sort Sort, in estate.Tenant) (estate.Principal, error) {
	found, err := n.Principals(text, sort, in)
	if err != nil {
		return estate.None, err
	}
	if len(found) > 1 {
		return estate.None, n.principalAmbiguous(text, sort, in, found)
	}
	return found[0], nil
}

// Principals finds all principals that Principal would have to choose from. There
// is at least one, or an error.
func (n *Names) Principals(text string, sort Sort, in estate.Tenant) ([]estate.Principal, error) {
	text = strings.TrimSpace(text)
	if id, err := csp.ParseID[csp.Principal](text); err == nil {
		if p, ok := n.e.FindPrincipal(id); ok && sort.fits(n.e.PrincipalKind[p]) {
			return []estate.Principal{p}, nil
		}
		return nil, &Error{Noun: sort.noun(), Text: text}
	}
	if found := n.where(sort, in, func(p estate.Principal) bool { return same(n.e.PrincipalSignIn.Bytes(int(p)), text) }); found != nil {
		return found, nil
	}
	if at := strings.LastIndexByte(text, '@'); at >= 0 && in == estate.None {
		if t, err := n.Tenant(text[at+1:]); err == nil {
			return n.Principals(text[:at], sort, t)
		}
	}
	for _, step := range []func(estate.Principal) bool{
		func(p estate.Principal) bool { return same(n.e.PrincipalName.Bytes(int(p)), text) },
		func(p estate.Principal) bool { return same(localPart(n.e.PrincipalSignIn.Bytes(int(p))), text) },
		func(p estate.Principal) bool { return beginsWithWords(n.e.PrincipalName.Bytes(int(p)), text) },
	} {
		if found := n.where(sort, in, step); found != nil {
			return found, nil
		}
	}
	return nil, n.principalUnknown(text, sort, in)
}

// where finds the listed principals that fit, without guests of others that fit.
func (n *Names) where(sort Sort, in estate.Tenant, fits func(estate.Principal) bool) []estate.Principal {
	first, end := n.principalsOf(in)
	var found []estate.Principal
	for p := first; p < end; p++ {
		if sort.fits(n.e.PrincipalKind[p]) && fits(p) {
			found = append(found, p)
		}
	}
	if len(found) < 2 {
		return found
	}
	among := make(map[estate.Principal]bool, len(found))
	for _, p := range found {
		among[p] = true
	}
	var own []estate.Principal
	for _, p := range found {
		if home := n.e.PrincipalHome[p]; home == estate.None || !among[home] {
			own = append(own, p)
		}
	}
	return own
}

// principalsOf is the interval of the listed principals of a tenant, or of all.
func (n *Names) principalsOf(in estate.Tenant) (first, end estate.Principal) {
	if len(n.e.TenantID) == 0 {
		return 0, 0
	}
	if in == estate.None {
		return n.e.TenantFirst[0], n.e.TenantFirst[len(n.e.TenantID)]
	}
	return n.e.TenantFirst[in], n.e.TenantFirst[in+1]
}

func (n *Names) principalAmbiguous(text string, sort Sort, in estate.Tenant, found []estate.Principal) error {
	candidates := make([]string, len(found))
	for i, p := range found {
		candidates[i] = n.PrincipalLabel(p)
	}
	return ambiguous(sort.noun(), text, n.tenantName(in), candidates)
}

func (n *Names) principalUnknown(text string, sort Sort, in estate.Tenant) error {
	near := names.NearTo(text)
	first, end := n.principalsOf(in)
	for p := first; p < end; p++ {
		if !sort.fits(n.e.PrincipalKind[p]) {
			continue
		}
		say := func() string { return n.PrincipalLabel(p) }
		near.Offer(n.e.PrincipalName.At(int(p)), say)
		signIn := n.e.PrincipalSignIn.Bytes(int(p))
		near.Offer(string(signIn), say)
		near.Offer(string(localPart(signIn)), say)
	}
	err := unknown(sort.noun(), text, n.tenantName(in), near)
	if sort == Account {
		if _, groupErr := n.Principals(text, Group, in); groupErr == nil {
			err.Hint = "it is a group: ask about one of its members"
			return err
		}
	}
	return err.orKnown(sort.nouns(), func() []string { return n.principalNames(sort, in) })
}

// PrincipalLabel is a principal as people read it, with what tells it from
// others: "Ann Archer (ann@alder.example, Alder Cloud)".
func (n *Names) PrincipalLabel(p estate.Principal) string {
	name, signIn := Clean(n.e.PrincipalName.At(int(p))), Clean(n.e.PrincipalSignIn.At(int(p)))
	id := n.e.PrincipalID[p].String()
	if name == "" {
		name = id
	}
	tells := []string{}
	switch {
	case signIn != "" && !strings.EqualFold(signIn, name):
		tells = append(tells, signIn)
	case signIn == "" && name != id:
		tells = append(tells, id)
	}
	if tenant := n.tenantName(n.e.PrincipalTenant[p]); tenant != "" {
		tells = append(tells, tenant)
	}
	if len(tells) == 0 {
		return name
	}
	return name + " (" + strings.Join(tells, ", ") + ")"
}
