package finding

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"latchkey/access"
	"latchkey/access/estate"
	"latchkey/access/leastrole"
	"latchkey/access/pattern"
	"latchkey/access/roleclass"
	"latchkey/csp"
	"latchkey/csp/builtin"
)

// use is one action that a principal was seen using, and where.
type use struct {
	action access.Action
	node   estate.Node
}

// slimming is an assignment that could be less.
type slimming struct {
	assignment uint32
	used       int
	proposed   []csp.RoleDefinition // none: it was not used at all
	spared     int                  // how many rights fewer
}

// widerThanUse finds assignments that allow much more than was used (R18). It
// looks only at principals whose usage is known, and at groups if it is known of
// all their members.
func widerThanUse(s *survey) {
	used := s.uses()
	if len(used) == 0 {
		return
	}
	s.catalogue = leastrole.NewAzure(builtin.AzureRoles())
	for p := range estate.Principal(s.Principals()) {
		mine, known := s.usesOf(p, used)
		if !known {
			continue
		}
		var slim []slimming
		for _, i := range s.Held[s.HeldFrom[p]:s.HeldFrom[p+1]] {
			if s.terms[s.AssignmentTerm[i]] == never || s.AssignmentType[i] == estate.AssignedToForeignGroup {
				continue
			}
			if x, ok := s.slim(i, mine); ok {
				slim = append(slim, x)
			}
		}
		if len(slim) > 0 {
			s.emit(s.tooWide(p, slim))
		}
	}
}

// uses are the uses within the threshold, by principal; who is known to have used
// nothing has an empty list.
func (s *survey) uses() map[estate.Principal][]use {
	found := make(map[estate.Principal][]use)
	since := s.at.Add(-s.opt.UnusedFor)
	for _, u := range s.Usage {
		p, _ := s.FindPrincipal(u.Principal) // named by a fact, and so known
		list := found[p]
		if list == nil {
			list = []use{}
		}
		parse := access.ParseAction
		if u.Data {
			parse = access.ParseDataAction
		}
		action, err := parse(pattern.Fold(u.Action))
		if err == nil && !u.Last.Before(since) && !u.Last.After(s.at) {
			list = append(list, use{action, s.nodeAt(u.Scope)})
		}
		found[p] = list
	}
	return found
}

// usesOf are the uses of a principal, or of all members of a group.
func (s *survey) usesOf(p estate.Principal, used map[estate.Principal][]use) (mine []use, known bool) {
	people := s.peopleOf(p)
	for _, account := range people {
		list, ok := used[account]
		if !ok {
			return nil, false
		}
		mine = append(mine, list...)
	}
	return mine, len(people) > 0
}

// slim finds less that would have done for what was used of an assignment. ok is
// false if there is none, or what was used is too much to be judged.
func (s *survey) slim(i uint32, mine []use) (slimming, bool) {
	n := s.AssignmentNode(i)
	role := s.Roles[s.AssignmentRole[i]]
	facts := s.roles[s.AssignmentRole[i]]
	var actions []access.Action
	for _, u := range mine {
		below := n <= u.node && u.node <= s.NodeLast[n]
		if below && mayAtAll(role, u.action.String(), u.action.IsData()) && !slices.Contains(actions, u.action) {
			actions = append(actions, u.action)
		}
	}
	rights := s.catalogue.Rights(role)
	if len(actions) == 0 {
		return slimming{assignment: i, spared: rights}, facts.listed
	}
	cover, ok, err := s.catalogue.Cover(actions, nil)
	if !ok || err != nil || cover.Class < facts.class || cover.Class == facts.class && cover.Rights*2 > rights {
		return slimming{}, false
	}
	return slimming{i, len(actions), cover.Roles, rights - cover.Rights}, facts.listed
}

func (s *survey) tooWide(p estate.Principal, slim []slimming) Finding {
	f := Finding{Subject: s.stop(p), Severity: Low}
	t := newTally()
	for _, x := range slim {
		t.add(s, s.AssignmentNode(x.assignment))
		if s.roles[s.AssignmentRole[x.assignment]].class == roleclass.Privileged {
			f.Severity = Medium
		}
	}
	f.Count = t.count()
	f.Text = fmt.Sprintf("%s used little of %s in the last %s.", f.Subject.Name, plural(len(slim), "role assignment"), plural(int(s.opt.UnusedFor/day), "day"))
	list(s, &f, slim, func(x slimming) Example {
		e := s.held(x.assignment)
		if len(x.proposed) == 0 {
			e.Text += ": nothing was used"
			return e
		}
		e.Text += fmt.Sprintf(": %s used; %s would do, with %s fewer", plural(x.used, "action"), namesOf(x.proposed), plural(x.spared, "right"))
		return e
	})
	f.Paths = []access.Path{s.heldPath(slim[0].assignment)}
	for _, x := range slim[:min(len(slim), s.opt.MostExamples)] {
		f.Change.Commands = append(f.Change.Commands, s.replacement(p, x)...)
	}
	return f
}

func namesOf(roles []csp.RoleDefinition) string {
	names := make([]string, len(roles))
	for i, role := range roles {
		names[i] = role.Name
	}
	return strings.Join(names, " and ")
}

// replacement makes the proposed assignments before it removes the old one.
func (s *survey) replacement(p estate.Principal, x slimming) []Command {
	old := s.removal(x.assignment)
	var lines []Command
	for _, role := range x.proposed {
		lines = append(lines, Command{Tenant: old.Tenant, Line: fmt.Sprintf(
			"az role assignment create --assignee-object-id '%s' --assignee-principal-type '%s' --role '%s' --scope '%s'",
			s.PrincipalID[p], cmp.Or(s.Principal(p).Type, csp.User), role.ID, s.Scope(s.AssignmentNode(x.assignment)))})
	}
	return append(lines, old)
}
