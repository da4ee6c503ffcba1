package finding

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"latchkey/access"
	"latchkey/access/estate"
	"latchkey/csp"
)

// globalAdministrator is the directory role that a relationship cannot have and
// extend itself (R11).
var globalAdministrator = csp.MustParseID[csp.DirectoryRole]("62e90394-69f5-4237-9190-012177145e10")

func (s *survey) hasGlobalAdministrator(g estate.GDAP) bool {
	return slices.ContainsFunc(g.Roles, func(r estate.DirectoryRole) bool { return s.DirectoryRoles[r].ID == globalAdministrator })
}

// gdapFinding is a finding about one relationship.
func (s *survey) gdapFinding(i int) Finding {
	g := s.GDAPs[i]
	given := s.givenIn(i)
	f := Finding{
		Subject: access.Stop{Kind: access.RelationshipStop, ID: g.ID.String(), Name: cmp.Or(g.Name, g.ID.String()), Tenant: s.tenantName(g.Customer)},
		Count:   Count{Customers: 1, Items: len(given)},
	}
	list(s, &f, given, func(a estate.AccessAssignment) Example {
		return Example{Text: s.nameOf(a.Group) + ": " + plural(len(a.Roles), "role"), Tenant: s.Tenant(g.Customer)}
	})
	if len(given) > 0 {
		f.Paths = []access.Path{{Gives: access.HasNot, Hops: []access.Hop{{
			Kind: access.Reaches, From: s.stop(given[0].Group), To: f.Subject, Rule: "R11", Term: s.Terms[g.Term],
		}}}}
	}
	return f
}

// givenIn are the access assignments of a relationship that are active.
func (s *survey) givenIn(i int) []estate.AccessAssignment {
	from, _ := slices.BinarySearchFunc(s.AccessAssignments, i, func(a estate.AccessAssignment, i int) int { return cmp.Compare(int(a.GDAP), i) })
	var given []estate.AccessAssignment
	for _, a := range s.AccessAssignments[from:] {
		if int(a.GDAP) != i {
			break
		}
		if a.Status == csp.GDAPActive {
			given = append(given, a)
		}
	}
	return given
}

// between names a relationship and the two it is between.
func (s *survey) between(g estate.GDAP, f Finding) string {
	return fmt.Sprintf("The GDAP relationship %s of %s with %s", f.Subject.Name, s.tenantName(g.Partner), s.tenantName(g.Customer))
}

const day = 24 * time.Hour

// endsSoon says whether the relationship is in force, ends within the threshold
// and will not extend itself.
func (s *survey) endsSoon(g estate.GDAP) bool {
	until := s.Terms[g.Term].Until
	running := s.inForce(g) || g.Status == csp.GDAPExpiring && s.terms[g.Term] == firm
	return running && !until.IsZero() && until.Sub(s.at) <= s.opt.EndsWithin && g.ExtendsBy == 0
}

func gdapEndsSoon(s *survey) {
	for i, g := range s.GDAPs {
		if !s.endsSoon(g) {
			continue
		}
		f := s.gdapFinding(i)
		until := s.Terms[g.Term].Until
		f.Text = fmt.Sprintf("%s ends on %s, in %s.", s.between(g, f), until.Format(time.DateOnly), plural(int(until.Sub(s.at)/day), "day"))
		s.emit(f)
	}
}

// hasEnded says whether the relationship was in force once and is no more.
func (s *survey) hasEnded(g estate.GDAP) bool {
	switch g.Status {
	case csp.GDAPExpired, csp.GDAPTerminating, csp.GDAPTerminated:
		return true
	}
	until := s.Terms[g.Term].Until
	return (g.Status == csp.GDAPActive || g.Status == csp.GDAPExpiring) && !until.IsZero() && !s.at.Before(until)
}

func gdapEndedWithRights(s *survey) {
	for i, g := range s.GDAPs {
		if !s.hasEnded(g) {
			continue
		}
		if f := s.gdapFinding(i); f.Count.Items > 0 {
			f.Text = fmt.Sprintf("%s is over, and %s still active in it.", s.between(g, f), isOrAre(f.Count.Items, "access assignment"))
			s.emit(f)
		}
	}
}

func isOrAre(n int, noun string) string {
	if n == 1 {
		return "1 " + noun + " is"
	}
	return plural(n, noun) + " are"
}

func gdapCannotExtend(s *survey) {
	for i, g := range s.GDAPs {
		if !s.inForce(g) || !s.hasGlobalAdministrator(g) {
			continue
		}
		f := s.gdapFinding(i)
		f.Text = s.between(g, f) + " has Global Administrator among its roles and cannot extend itself."
		s.emit(f)
	}
}

// gdapNeverExtends counts by partner what could extend itself and will not. What
// is reported as ending soon is left out.
func gdapNeverExtends(s *survey) {
	byPartner := make(map[estate.Tenant][]estate.GDAP)
	for _, g := range s.GDAPs {
		if s.inForce(g) && g.ExtendsBy == 0 && !s.Terms[g.Term].Until.IsZero() && !s.hasGlobalAdministrator(g) && !s.endsSoon(g) {
			byPartner[g.Partner] = append(byPartner[g.Partner], g)
		}
	}
	for partner, all := range byPartner {
		slices.SortStableFunc(all, func(a, b estate.GDAP) int { return s.Terms[a.Term].Until.Compare(s.Terms[b.Term].Until) })
		f := Finding{Subject: s.tenantStop(partner), Count: Count{Items: len(all)}}
		customers := make(map[estate.Tenant]bool)
		for _, g := range all {
			customers[g.Customer] = true
		}
		f.Count.Customers = len(customers)
		f.Text = fmt.Sprintf("%s not set to extend itself.", isOrAre(len(all), "GDAP relationship of "+f.Subject.Name))
		if len(all) > 1 {
			f.Text = fmt.Sprintf("%d GDAP relationships of %s are not set to extend themselves.", len(all), f.Subject.Name)
		}
		list(s, &f, all, func(g estate.GDAP) Example {
			e := s.tenantExample(g.Customer)
			e.Text += ", until " + s.Terms[g.Term].Until.Format(time.DateOnly)
			return e
		})
		s.emit(f)
	}
}

// guestShutsGDAP finds people whose guest accounts keep them from what GDAP gives
// their groups (R13).
func guestShutsGDAP(s *survey) {
	shut := make(map[estate.Principal][]estate.Principal) // guests by home
	doors := make(map[estate.Principal]set)
	for g, kind := range s.PrincipalKind {
		home := s.PrincipalHome[g]
		if kind&estate.IsGuest == 0 || home == estate.None {
			continue
		}
		if doors[home] == nil {
			doors[home] = s.opens(home)
		}
		if doors[home].has(s.PrincipalTenant[g]) {
			shut[home] = append(shut[home], estate.Principal(g))
		}
	}
	for home, guests := range shut {
		s.emit(s.shutOut(home, guests))
	}
}

func (s *survey) shutOut(home estate.Principal, guests []estate.Principal) Finding {
	f := Finding{Subject: s.stop(home), Count: Count{Items: len(guests)}}
	for _, g := range guests {
		customer := s.PrincipalTenant[g]
		f.Count.Customers++
		for _, p := range s.presences {
			x, ok := s.presence[p].at(customer)
			if !ok || s.PrincipalTenant[p] != s.PrincipalTenant[home] {
				continue
			}
			f.Count.Subscriptions += len(x.subscriptions)
			if x.owned != estate.None && f.ask == (access.Question{}) {
				f.ask = s.question(home, x.owned)
			}
		}
	}
	f.Text = fmt.Sprintf("%s has GDAP roles at %s where a guest account shuts them.", f.Subject.Name, plural(len(guests), "customer"))
	list(s, &f, guests, func(g estate.Principal) Example { return s.tenantExample(s.PrincipalTenant[g]) })
	f.Paths = []access.Path{{Gives: access.HasNot, Hops: []access.Hop{{Kind: access.IsGuest, From: f.Subject, To: s.stop(guests[0]), Rule: "R13"}}}}
	return f
}
