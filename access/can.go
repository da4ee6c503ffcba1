package access

import (
	"slices"

	"latchkey/csp"
)

// Directory roles that lead to Azure (R15, R24): the one that can elevate
// itself, and the one that can give itself that one.
var (
	globalAdministrator         = csp.MustParseID[csp.DirectoryRole]("62e90394-69f5-4237-9190-012177145e10")
	privilegedRoleAdministrator = csp.MustParseID[csp.DirectoryRole]("e8611ab8-c189-46e8-94e1-60213ab1f814")
)

var writeAssignments = Action{name: fold("Microsoft.Authorization/roleAssignments/write")}

// Can answers the question with every path (R17-R20, R26, R29, R31; of R15 and
// R24 the administrators' own steps). It never fails: what is wrong with the
// question or missing in the facts is in the answer.
func (x *Index) Can(q Question) Answer {
	c, gaps := x.open(q)
	if len(gaps) > 0 {
		return Answer{Gaps: gaps}
	}
	has, get, denied := c.through(q.Action), c.byHimself(q.Action), c.denied(q.Action)
	answer := Answer{
		Paths:  slices.Concat(has.paths, get.paths),
		More:   has.more || get.more,
		Denied: denied.by,
	}
	best := max(has.best, get.best)
	couldGet := slices.Concat(has.couldGet, get.couldGet)
	switch {
	case denied.sure && denied.everyone:
		answer.Verdict = HasNot
	case denied.sure: // but perhaps not for an identity that he can become
		answer.Verdict, answer.Gaps = orUnknown(HasNot, slices.Concat(c.takeovers(), get.takeovers, denied.later))
	case best == firm:
		answer.Verdict, answer.Gaps = orUnknown(Has, denied.doubts)
	case len(has.couldHave) > 0: // what is missing could make it a Has
		answer.Gaps = slices.Concat(has.couldHave, denied.doubts)
	case best == ripe:
		answer.Verdict, answer.Gaps = orUnknown(CanGet, slices.Concat(denied.doubts, denied.later))
	case len(couldGet) > 0:
		answer.Gaps = slices.Concat(couldGet, denied.doubts, denied.later)
	default:
		answer.Verdict = HasNot
	}
	if answer.Verdict == HasNot {
		answer.Misses = c.misses(q.Action, denied, best)
	}
	answer.Gaps = distinct(answer.Gaps)
	return answer
}

// orUnknown is the verdict, unless there are gaps that could overturn it.
func orUnknown(v Verdict, gaps []Gap) (Verdict, []Gap) {
	if len(gaps) > 0 {
		return Unknown, gaps
	}
	return v, nil
}

// distinct drops repeated gaps and keeps the order.
func distinct(gaps []Gap) []Gap {
	var list []Gap
	for _, g := range gaps {
		if !slices.Contains(list, g) {
			list = append(list, g)
		}
	}
	return list
}

// asking is a question that has found its place in the facts.
type asking struct {
	x        *Index
	q        Question
	standing standing
	tenant   csp.TenantID // of the scope
	foreign  bool         // the principal is of another tenant
	places   []place      // at or above the scope
}

// open finds the question's place, or says what it would need to know first.
func (x *Index) open(q Question) (*asking, []Gap) {
	if q.Action.name == "" || q.Scope.IsZero() || q.At.IsZero() {
		return nil, []Gap{{Fact: MissingQuestion, Why: "it must name an action, a scope and an instant"}}
	}
	principal, known := x.principals[q.Principal]
	if !known {
		return nil, []Gap{{Fact: MissingPrincipal, Why: "nobody has the object id " + q.Principal.String()}}
	}
	tenant := principal.Tenant // above subscriptions a scope is one of his own tenant
	if id := q.Scope.Subscription(); !id.IsZero() {
		if tenant, known = x.home[id]; !known {
			return nil, []Gap{{Fact: MissingSubscription, Scope: csp.SubscriptionScopeOf(id), Why: "which tenant it belongs to is not known"}}
		}
	}
	var gaps []Gap
	for _, id := range []csp.TenantID{tenant, principal.Tenant} {
		if _, collected := x.tenants[id]; !collected {
			gaps = append(gaps, Gap{Fact: MissingTenant, Tenant: id, Why: "nothing was collected from it"})
		}
	}
	return &asking{
		x: x, q: q, tenant: tenant, foreign: principal.Tenant != tenant,
		standing: x.stand(q.Principal, q.At), places: x.atOrAbove(tenant, q.Scope),
	}, distinct(gaps)
}

// finding is what one way of looking turned up: the paths, the firmest of them,
// and the missing facts that could turn up more.
type finding struct {
	paths     []Path
	best      grade
	more      bool
	couldHave []Gap // with these it could be Has
	couldGet  []Gap // with these it could be CanGet
	takeovers []Gap // roles in the directory that may let him become someone else
}

// add takes a path that is at most as firm as ceiling, and only that if there is
// no gap.
func (f *finding) add(hops []Hop, ceiling grade, gaps []Gap) {
	path := Path{Hops: hops}
	switch {
	case len(gaps) > 0:
		path.Gap = gaps[0]
		if ceiling == firm {
			f.couldHave = append(f.couldHave, gaps...)
		} else {
			f.couldGet = append(f.couldGet, gaps...)
		}
	case ceiling == firm:
		path.Gives = Has
	default:
		path.Gives = CanGet
	}
	if len(gaps) == 0 {
		f.best = max(f.best, ceiling)
	}
	f.paths = append(f.paths, path)
}

// through finds the role assignments at or above the scope that allow the
// action, for the principal or a group he is in (R18).
func (c *asking) through(action Action) finding {
	f := finding{couldHave: c.relevantGaps(MissingMemberships, MissingAssignments, MissingPlacements)}
	if c.foreign {
		f.couldHave = append(f.couldHave, c.signInGap())
	}
	for _, p := range c.places {
		for _, a := range c.x.assigned[p] {
			if c.standing.grades[a.Principal] != never && a.grade(c.q.At) != never && c.validIn(a) {
				c.follow(&f, a, action)
			}
		}
	}
	return f
}

// validIn says whether the assignment's principal is of the scope's tenant, or
// else a foreign principal (R20, R21). Other assignments cannot exist.
func (c *asking) validIn(a Assignment) bool {
	p, known := c.x.principals[a.Principal]
	return !known || p.Tenant == a.Tenant || a.PrincipalType == csp.ForeignGroup
}

// follow adds the paths that end in the assignment, if its role allows the action.
func (c *asking) follow(f *finding, a Assignment, action Action) {
	var gaps []Gap
	role, known := c.x.roles[a.Role]
	assigned := Assigned{Holder: c.x.principal(a.Principal), Assignment: a, Role: role.name}
	hops := []Hop{assigned}
	if known {
		pattern, conditional := role.allows(action)
		if pattern == "" {
			return
		}
		if conditional {
			gaps = append(gaps, Gap{Fact: MissingCondition, Tenant: c.tenant, Scope: a.Scope, Why: "the role " + role.name + " allows it under a condition"})
		}
		hops = append(hops, RoleAllows{Role: role.name, Pattern: pattern, Action: action.name})
	} else {
		assigned.Role = "role " + a.Role.String()
		hops[0] = assigned
		gaps = append(gaps, Gap{Fact: MissingRole, Tenant: c.tenant, Why: "the definition of role " + a.Role.String() + " was not collected"})
	}
	if a.Condition != "" {
		gaps = append(gaps, Gap{Fact: MissingCondition, Tenant: c.tenant, Scope: a.Scope, Why: "the assignment there has a condition"})
	}
	if c.foreign {
		gaps = append(gaps, c.signInGap())
	}
	chains, more := c.x.chains(c.standing, a.Principal)
	f.more = f.more || more
	for _, chain := range chains {
		joined, ceiling := c.join(chain, hops, a.grade(c.q.At))
		f.add(joined, ceiling, gaps)
	}
}

// join puts a chain of memberships before hops of the given grade.
func (c *asking) join(chain []Membership, hops []Hop, g grade) ([]Hop, grade) {
	joined := make([]Hop, 0, len(chain)+len(hops)+1)
	for _, m := range chain {
		joined = append(joined, MemberOf{Member: c.x.principal(m.Member), Group: c.x.principal(m.Group), Term: m.Term})
		g = min(g, m.grade(c.q.At))
	}
	return append(joined, hops...), g
}

// principal is the principal as listed, or just his id.
func (x *Index) principal(id csp.ObjectID) csp.Principal {
	if p, ok := x.principals[id]; ok {
		return p
	}
	return csp.Principal{ID: id}
}

// allows finds the pattern that allows the action; conditional says that only an
// entry with a condition does (R18).
func (r compiledRole) allows(action Action) (pattern string, conditional bool) {
	for _, e := range r.entries {
		list := e.control
		if action.data {
			list = e.data
		}
		if !list.has(action.name) {
			continue
		}
		i := slices.IndexFunc(list.actions, func(p string) bool { return matches(p, action.name) })
		if e.condition == "" {
			return list.actions[i], false
		}
		pattern, conditional = list.actions[i], true
	}
	return pattern, conditional
}

// byHimself finds the steps by which the principal can give himself the action:
// by writing a role assignment (R26), or as an administrator of the directory
// (R15, R24). None of them gives more than CanGet.
func (c *asking) byHimself(action Action) finding {
	var f finding
	blocked := c.denied(writeAssignments)
	onward := AssignsAnything{Scope: c.q.Scope, Action: action.name}
	if action != writeAssignments && !blocked.final() {
		c.byWriting(&f, onward, slices.Concat(blocked.doubts, blocked.later))
	}
	c.byDirectory(&f, onward, blocked)
	if f.best == never {
		f.couldGet = append(f.couldGet, c.takeovers()...)
	}
	return f
}

func (c *asking) byWriting(f *finding, onward Hop, doubts []Gap) {
	writes := c.through(writeAssignments)
	f.more = writes.more
	f.couldGet = append(f.couldGet, writes.couldHave...)
	f.couldGet = append(f.couldGet, writes.couldGet...)
	for _, path := range writes.paths {
		gaps := doubts
		if path.Gives == Unknown {
			gaps = append([]Gap{path.Gap}, doubts...)
		}
		f.add(append(slices.Clip(path.Hops), onward), ripe, gaps)
	}
}

// byDirectory follows the principal's roles in the directory of the scope's
// tenant. A role may come by direct membership of a group, not by nesting (R14).
func (c *asking) byDirectory(f *finding, onward Hop, blocked denial) {
	f.couldGet = append(f.couldGet, c.relevantGaps(MissingDirectoryRoles)...)
	tenant := c.x.tenants[c.tenant]
	c.eachDirectoryRole(func(chain []Membership, a DirectoryAssignment, role csp.DirectoryRole) {
		if onlyReads(role) {
			return
		}
		takeover := Gap{Fact: MissingTakeover, Tenant: c.tenant, Why: "he holds the directory role " + role.Name + ", and what it lets him take over is not among the facts"}
		f.takeovers = append(f.takeovers, takeover)
		hops := []Hop{DirectoryRole{Holder: c.x.principal(a.Principal), Tenant: tenant, Role: role, Term: a.Term}}
		switch {
		case a.Role == globalAdministrator && !blocked.final():
		case a.Role == privilegedRoleAdministrator && !blocked.final():
			hops = append(hops, TakesDirectoryRole{Tenant: tenant, Role: c.x.directoryRole(globalAdministrator)})
		default:
			f.couldGet = append(f.couldGet, takeover)
			return
		}
		joined, _ := c.join(chain, append(hops, Elevates{Tenant: tenant}, onward), firm)
		f.add(joined, ripe, slices.Concat(blocked.doubts, blocked.later))
	})
}

// eachDirectoryRole calls do for every live role in the directory of the scope's
// tenant, with the membership it comes by.
func (c *asking) eachDirectoryRole(do func([]Membership, DirectoryAssignment, csp.DirectoryRole)) {
	chains := [][]Membership{nil}
	for _, m := range c.x.groupsOf[c.q.Principal] {
		if m.grade(c.q.At) != never {
			chains = append(chains, []Membership{m})
		}
	}
	for _, chain := range chains {
		holder := c.q.Principal
		if chain != nil {
			holder = chain[0].Group
		}
		for _, a := range c.x.directory[holder] {
			if a.Tenant == c.tenant && a.grade(c.q.At) != never {
				do(chain, a, c.x.directoryRole(a.Role))
			}
		}
	}
}

func (x *Index) directoryRole(id csp.DirectoryRoleID) csp.DirectoryRole {
	if role, ok := x.dirRoles[id]; ok {
		return role
	}
	return csp.DirectoryRole{ID: id, Name: id.String()}
}

// onlyReads says whether a directory role can take nobody over. One whose
// actions are not published is not trusted.
func onlyReads(role csp.DirectoryRole) bool {
	return len(role.Actions) > 0 && !slices.ContainsFunc(role.Actions, func(action string) bool {
		return !matches("*/read", fold(action))
	})
}

// takeovers says where the principal holds a role that might let him take
// something over, since what that would open is not among the facts (R26).
func (c *asking) takeovers() []Gap {
	var gaps []Gap
	for id, g := range c.standing.grades {
		for _, a := range c.x.held[id] {
			role, known := c.x.roles[a.Role]
			if g == never || a.Tenant != c.tenant || a.grade(c.q.At) == never || known && role.class != Privileged {
				continue
			}
			name := role.name
			if !known {
				name = "a role that was not collected"
			}
			gaps = append(gaps, Gap{Fact: MissingTakeover, Tenant: c.tenant, Scope: a.Scope, Why: "he holds " + name + " there, and what could be taken over with it is not among the facts"})
		}
	}
	slices.SortFunc(gaps, compareGaps)
	return gaps
}

func (c *asking) signInGap() Gap {
	return Gap{Fact: MissingSignIn, Tenant: c.tenant, Why: "he belongs to another tenant, and the ways from there (DAP, GDAP, Lighthouse) are not among the facts"}
}

// relevantGaps are the gaps of the given kinds that concern the question: in the
// scope's tenant at or above the scope, or about memberships in his own tenant.
func (c *asking) relevantGaps(kinds ...FactKind) []Gap {
	var gaps []Gap
	tenants := []csp.TenantID{c.tenant}
	if home := c.x.principals[c.q.Principal].Tenant; home != c.tenant {
		tenants = append(tenants, home)
	}
	for _, tenant := range tenants {
		for _, g := range c.x.gaps[tenant] {
			local := tenant == c.tenant
			here := g.Scope.IsZero() || slices.Contains(c.places, place{tenant, g.Scope.Key()})
			if slices.Contains(kinds, g.Fact) && here && (local || g.Fact == MissingMemberships) || g.Fact == MissingTenant {
				gaps = append(gaps, g)
			}
		}
	}
	return gaps
}
