package finding

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"latchkey/access"
	"latchkey/access/estate"
	"latchkey/access/leastrole"
	"latchkey/access/roleclass"
	"latchkey/csp"
)

// hold says whether a fact with a term holds at the survey's instant (R29).
type hold uint8

const (
	never    hold = iota // not at this instant
	eligible             // after an activation
	firm
)

// roleFacts are what detectors ask about an Azure role.
type roleFacts struct {
	class    roleclass.Class
	handsOut bool // may write role assignments, perhaps within a condition (R26)
	listed   bool
}

// survey is an estate with what several detectors need to know of it.
type survey struct {
	*access.Index
	at    time.Time
	opt   Options
	found []Finding

	terms         []hold // by TermNo
	roles         []roleFacts
	subscriptions []estate.Node                     // sorted
	subscription  map[estate.Node]int               // the number of a listed subscription
	related       map[pair]bool                     // some relationship holds
	dap           map[pair]bool                     // a DAP relationship holds
	listedBy      map[estate.Tenant][]estate.Tenant // by partner: the customers under DAP
	presence      map[estate.Principal]*own         // of foreign groups
	presences     []estate.Principal                // their keys, sorted
	lent          map[estate.Principal]set          // by group of a partner: the customers where GDAP gives it something
	obscure       map[estate.Tenant]bool            // customers with a partner whose groups are not known
	agents        map[estate.PrincipalKind][]estate.Principal
	groups        map[estate.Principal][]estate.Principal
	members       map[estate.Principal][]estate.Principal
	catalogue     *leastrole.Azure
}

// pair is a partner and a customer.
type pair struct{ partner, customer estate.Tenant }

// own is what a foreign group holds, customer by customer.
type own struct{ shares []share }

// share is what a foreign group holds at one customer.
type share struct {
	customer      estate.Tenant
	assignments   []uint32
	subscriptions map[estate.Node]bool
	owned         estate.Node // a place where it may hand out access; None: nowhere
}

func newSurvey(x *access.Index, at time.Time, o Options) *survey {
	s := &survey{
		Index: x, at: at, opt: o,
		subscription: make(map[estate.Node]int),
		related:      make(map[pair]bool),
		dap:          make(map[pair]bool),
		listedBy:     make(map[estate.Tenant][]estate.Tenant),
		presence:     make(map[estate.Principal]*own),
		lent:         make(map[estate.Principal]set),
		obscure:      make(map[estate.Tenant]bool),
		agents:       make(map[estate.PrincipalKind][]estate.Principal),
		groups:       make(map[estate.Principal][]estate.Principal),
		members:      make(map[estate.Principal][]estate.Principal),
	}
	s.readTerms()
	s.readRoles()
	s.readSubscriptions()
	s.readRelationships()
	s.readPresence()
	s.readAgents()
	return s
}

func (s *survey) readTerms() {
	s.terms = make([]hold, len(s.Terms))
	for i, t := range s.Terms {
		switch {
		case !t.Holds(s.at):
		case t.Eligible:
			s.terms[i] = eligible
		default:
			s.terms[i] = firm
		}
	}
}

// writesAssignments is the action that hands out access (R26).
var writesAssignments = access.MustParseAction("Microsoft.Authorization/roleAssignments/write")

func (s *survey) readRoles() {
	s.roles = make([]roleFacts, len(s.Roles))
	for i, role := range s.Roles {
		s.roles[i] = roleFacts{
			class:    roleclass.Of(role),
			handsOut: mayAtAll(role, writesAssignments.String(), false),
			listed:   s.RoleListed[i] != 0,
		}
	}
}

func (s *survey) readSubscriptions() {
	s.subscriptions = slices.Clone(s.SubscriptionNode)
	slices.Sort(s.subscriptions)
	for i, n := range s.SubscriptionNode {
		s.subscription[n] = i
	}
}

func (s *survey) readRelationships() {
	for _, r := range s.Resellers {
		if s.terms[r.Term] == firm {
			s.related[pair{r.Partner, r.Customer}] = true
		}
	}
	for _, r := range s.DAPs {
		both := pair{r.Partner, r.Customer}
		if s.terms[r.Term] == firm && !s.dap[both] {
			s.related[both], s.dap[both] = true, true
			s.listedBy[r.Partner] = append(s.listedBy[r.Partner], r.Customer)
		}
	}
	for _, g := range s.GDAPs {
		if s.inForce(g) {
			s.related[pair{g.Partner, g.Customer}] = true
		}
	}
	for _, g := range s.GDAPGrants {
		if s.terms[g.Term] == firm {
			if s.lent[g.Group] == nil {
				s.lent[g.Group] = newSet(s.Tenants())
			}
			s.lent[g.Group].add(g.Customer)
		}
	}
}

func (s *survey) readAgents() {
	for p, kind := range s.PrincipalKind {
		if flag := kind & (estate.IsAdminAgents | estate.IsHelpdeskAgents); flag != 0 {
			s.agents[flag] = append(s.agents[flag], estate.Principal(p))
		}
	}
	for both := range s.related {
		if s.blind(both.partner, csp.MissingPrincipals) {
			s.obscure[both.customer] = true
		}
	}
}

// inForce says whether the relationship is active, by status and dates (R11).
func (s *survey) inForce(g estate.GDAP) bool {
	return g.Status == csp.GDAPActive && s.terms[g.Term] == firm
}

// readPresence finds which foreign groups hold what (R21).
func (s *survey) readPresence() {
	for n := range estate.Node(s.Nodes()) {
		for i := s.AssignmentsFrom[n]; i < s.AssignmentsFrom[n+1]; i++ {
			if s.AssignmentType[i] != estate.AssignedToForeignGroup || s.terms[s.AssignmentTerm[i]] == never {
				continue
			}
			p := s.AssignmentPrincipal[i]
			if s.presence[p] == nil {
				s.presence[p] = &own{}
				s.presences = append(s.presences, p)
			}
			s.presence[p].add(s, n, i)
		}
	}
	slices.Sort(s.presences)
}

// add takes an assignment; they come tenant by tenant.
func (o *own) add(s *survey, n estate.Node, i uint32) {
	customer := s.NodeTenant[n]
	if len(o.shares) == 0 || o.shares[len(o.shares)-1].customer != customer {
		o.shares = append(o.shares, share{customer: customer, subscriptions: make(map[estate.Node]bool), owned: estate.None})
	}
	last := &o.shares[len(o.shares)-1]
	last.assignments = append(last.assignments, i)
	s.markSubscriptions(last.subscriptions, n)
	if last.owned == estate.None && s.roles[s.AssignmentRole[i]].handsOut {
		last.owned = n
	}
}

// at is the group's share at a customer.
func (o *own) at(customer estate.Tenant) (share, bool) {
	i, ok := slices.BinarySearchFunc(o.shares, customer, func(x share, t estate.Tenant) int { return cmp.Compare(x.customer, t) })
	if !ok {
		return share{}, false
	}
	return o.shares[i], true
}

// countOf adds up shares.
func countOf(shares []share) Count {
	count := Count{Customers: len(shares)}
	for _, x := range shares {
		count.Subscriptions += len(x.subscriptions)
		count.Items += len(x.assignments)
	}
	return count
}

// markSubscriptions marks the subscription in which a place lies, or all below it.
func (s *survey) markSubscriptions(marked map[estate.Node]bool, n estate.Node) {
	if sub := s.subscriptionOf(n); sub != estate.None {
		marked[sub] = true
		return
	}
	for _, sub := range s.subscriptionsBelow(n) {
		marked[sub] = true
	}
}

// holdsAt calls yield for each assignment at the place or above it that holds or
// can be activated, with its number.
func (s *survey) holdsAt(n estate.Node, yield func(i uint32)) {
	for ; n != estate.None; n = s.NodeParent[n] {
		for i := s.AssignmentsFrom[n]; i < s.AssignmentsFrom[n+1]; i++ {
			if s.terms[s.AssignmentTerm[i]] != never {
				yield(i)
			}
		}
	}
}

// subscriptionOf is the subscription in which the place lies, or None.
func (s *survey) subscriptionOf(n estate.Node) estate.Node {
	for ; n != estate.None; n = s.NodeParent[n] {
		if s.NodeType[n] == estate.TypeSubscription {
			return n
		}
	}
	return estate.None
}

// subscriptionsBelow are the listed subscriptions at or below the place.
func (s *survey) subscriptionsBelow(n estate.Node) []estate.Node {
	from, _ := slices.BinarySearch(s.subscriptions, n)
	to, _ := slices.BinarySearch(s.subscriptions, s.NodeLast[n]+1)
	return s.subscriptions[from:to]
}

// groupsOf are all groups that firm memberships lead to, sorted.
func (s *survey) groupsOf(p estate.Principal) []estate.Principal {
	if known, ok := s.groups[p]; ok {
		return known
	}
	found := walk(p, func(x estate.Principal, yield func(estate.Principal)) {
		for i := s.GroupsFrom[x]; i < s.GroupsFrom[x+1]; i++ {
			if s.terms[s.GroupTerm[i]] == firm {
				yield(s.GroupOf[i])
			}
		}
	})
	s.groups[p] = found
	return found
}

// membersOf are all users and service principals that firm memberships lead
// from, sorted.
func (s *survey) membersOf(group estate.Principal) []estate.Principal {
	if known, ok := s.members[group]; ok {
		return known
	}
	found := walk(group, s.directMembers)
	found = slices.DeleteFunc(found, func(p estate.Principal) bool { return s.PrincipalKind[p].Type() == estate.KindGroup })
	s.members[group] = found
	return found
}

func (s *survey) directMembers(group estate.Principal, yield func(estate.Principal)) {
	for i := s.MembersFrom[group]; i < s.MembersFrom[group+1]; i++ {
		if s.terms[s.MemberTerm[i]] == firm {
			yield(s.MemberOf[i])
		}
	}
}

// walk is everything that steps lead to from the start, sorted, without it.
func walk(start estate.Principal, steps func(estate.Principal, func(estate.Principal))) []estate.Principal {
	seen := map[estate.Principal]bool{start: true}
	found := []estate.Principal{start}
	for i := 0; i < len(found); i++ {
		steps(found[i], func(next estate.Principal) {
			if !seen[next] {
				seen[next] = true
				found = append(found, next)
			}
		})
	}
	found = found[1:]
	slices.Sort(found)
	return found
}

// peopleOf are the accounts behind a principal: a group's members, or itself.
func (s *survey) peopleOf(p estate.Principal) []estate.Principal {
	if s.PrincipalKind[p].Type() == estate.KindGroup {
		return s.membersOf(p)
	}
	return []estate.Principal{p}
}

// agentGroups are the groups of an agent role, of all partners, sorted (R7).
func (s *survey) agentGroups(flag estate.PrincipalKind) []estate.Principal { return s.agents[flag] }

// opens are the customers where GDAP lets the account sign in (R22).
func (s *survey) opens(p estate.Principal) set {
	doors := newSet(s.Tenants())
	for _, g := range s.groupsOf(p) {
		doors.join(s.lent[g])
	}
	return doors
}

// blind says whether one of the facts was not collected of the tenant, wholly or
// in part, so that nothing follows from their absence.
func (s *survey) blind(t estate.Tenant, facts ...csp.FactKind) bool {
	return slices.ContainsFunc(s.GapsOf(t), func(g estate.Gap) bool {
		return g.Fact == csp.MissingTenant || slices.Contains(facts, g.Fact)
	})
}

// emit notes a finding; its kind is filled in by whoever called the detector.
func (s *survey) emit(f Finding) { s.found = append(s.found, f) }

// list makes a finding's examples of the first of many things.
func list[T any](s *survey, f *Finding, all []T, example func(T) Example) {
	most := min(len(all), s.opt.MostExamples)
	for _, one := range all[:most] {
		f.Examples = append(f.Examples, example(one))
	}
	f.More = len(all) - most
}

// question asks whether somebody may write role assignments at a place.
func (s *survey) question(p estate.Principal, n estate.Node) access.Question {
	return access.Question{Principal: s.PrincipalID[p], Action: writesAssignments, Place: s.placeOf(n), At: s.at}
}

func (s *survey) placeOf(n estate.Node) access.Place {
	return access.Place{Tenant: s.Tenant(s.NodeTenant[n]).ID, Scope: s.Scope(n)}
}

// tally counts customers and subscriptions, each once.
type tally struct {
	customers     map[estate.Tenant]bool
	subscriptions map[estate.Node]bool
	items         int
}

func newTally() *tally {
	return &tally{customers: make(map[estate.Tenant]bool), subscriptions: make(map[estate.Node]bool)}
}

// add counts a thing at a place.
func (t *tally) add(s *survey, n estate.Node) {
	t.items++
	t.customers[s.NodeTenant[n]] = true
	s.markSubscriptions(t.subscriptions, n)
}

func (t *tally) count() Count {
	return Count{Customers: len(t.customers), Subscriptions: len(t.subscriptions), Items: t.items}
}

// set is a set of tenants.
type set []uint64

func newSet(n int) set { return make(set, (n+63)/64) }

func (b set) add(t estate.Tenant) { b[t/64] |= 1 << (t % 64) }

func (b set) has(t estate.Tenant) bool { return b != nil && b[t/64]&(1<<(t%64)) != 0 }

func (b set) join(other set) {
	for i, word := range other {
		b[i] |= word
	}
}

// plural is "1 assignment" or "2 assignments".
func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
