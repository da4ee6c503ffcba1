package finding

import (
	"fmt"

	"latchkey/access"
	"latchkey/access/estate"
	"latchkey/csp"
)

// stop is a principal as a finding names it.
func (s *survey) stop(p estate.Principal) access.Stop {
	row := s.Principal(p)
	stop := access.Stop{Kind: access.UnlistedStop, ID: row.ID.String(), Name: row.Name, Tenant: s.tenantName(s.PrincipalTenant[p])}
	switch {
	case s.PrincipalTenant[p] == estate.None:
		stop.Name = "an unlisted principal"
	case row.Type == csp.Group:
		stop.Kind = access.GroupStop
	case row.Type == csp.ServicePrincipal:
		stop.Kind = access.ServicePrincipalStop
	case row.Source == csp.Guest:
		stop.Kind = access.GuestStop
	default:
		stop.Kind = access.UserStop
	}
	if stop.Name == "" {
		stop.Name = stop.ID
	}
	return stop
}

func (s *survey) nameOf(p estate.Principal) string { return s.stop(p).Name }

func (s *survey) tenantName(t estate.Tenant) string {
	row := s.Tenant(t)
	if row.Name == "" {
		return row.ID.String()
	}
	return row.Name
}

func (s *survey) tenantStop(t estate.Tenant) access.Stop {
	name := s.tenantName(t)
	return access.Stop{Kind: access.TenantStop, ID: s.Tenant(t).ID.String(), Name: name, Tenant: name}
}

// placeName is what people call a place: a subscription's name, or the scope.
func (s *survey) placeName(n estate.Node) string {
	if i, ok := s.subscription[n]; ok {
		if name := s.SubscriptionName.At(i); name != "" {
			return "subscription " + name
		}
	}
	return s.Scope(n).String()
}

func (s *survey) roleName(r estate.Role) string {
	if role := s.Roles[r]; role.Name != "" {
		return role.Name
	}
	return "role " + s.Roles[r].ID.String()
}

func (s *survey) directoryRoleName(r estate.DirectoryRole) string {
	if role := s.DirectoryRoles[r]; role.Name != "" {
		return role.Name
	}
	return "directory role " + s.DirectoryRoles[r].ID.String()
}

// held is an assignment as an example: "Owner of Ann at subscription Web".
func (s *survey) held(i uint32) Example {
	n := s.AssignmentNode(i)
	e := s.here(n)
	e.Text = fmt.Sprintf("%s of %s at %s", s.roleName(s.AssignmentRole[i]), s.nameOf(s.AssignmentPrincipal[i]), s.placeName(n))
	if s.terms[s.AssignmentTerm[i]] == eligible {
		e.Text += ", eligible"
	}
	return e
}

// here is a place as an example.
func (s *survey) here(n estate.Node) Example {
	return Example{Text: s.placeName(n), Tenant: s.Tenant(s.NodeTenant[n]), Scope: s.Scope(n)}
}

// tenantExample is a tenant as an example.
func (s *survey) tenantExample(t estate.Tenant) Example {
	return Example{Text: s.tenantName(t), Tenant: s.Tenant(t)}
}

// heldPath is the one hop of an assignment.
func (s *survey) heldPath(i uint32) access.Path {
	n, r := s.AssignmentNode(i), s.AssignmentRole[i]
	from := s.stop(s.AssignmentPrincipal[i])
	rule := "R18"
	if s.AssignmentType[i] == estate.AssignedToForeignGroup {
		from.Kind, rule = access.ForeignPrincipalStop, "R21"
	}
	return access.Path{Gives: access.HasNot, Hops: []access.Hop{{
		Kind: access.Holds, From: from, Rule: rule, Term: s.Terms[s.AssignmentTerm[i]],
		To: access.Stop{
			Kind: access.RoleStop, ID: s.Roles[r].ID.String(), Name: s.roleName(r),
			Tenant: s.tenantName(s.NodeTenant[n]), Scope: s.Scope(n),
		},
	}}}
}

// removal is the command that removes an assignment by its id.
func (s *survey) removal(i uint32) Command {
	n := s.AssignmentNode(i)
	scope := s.Scope(n).String()
	if scope == csp.Root().String() {
		scope = ""
	}
	return Command{
		Tenant: s.Tenant(s.NodeTenant[n]).ID,
		Line:   fmt.Sprintf("az role assignment delete --ids '%s/providers/Microsoft.Authorization/roleAssignments/%s'", scope, s.AssignmentName[i]),
	}
}

// removals are the commands for the assignments that a finding lists.
func (s *survey) removals(assignments []uint32) []Command {
	var lines []Command
	for _, i := range assignments[:min(len(assignments), s.opt.MostExamples)] {
		lines = append(lines, s.removal(i))
	}
	return lines
}

// leaving is the command that takes a member out of a group.
func (s *survey) leaving(group, member estate.Principal) Command {
	return Command{
		Tenant: s.Tenant(s.PrincipalTenant[group]).ID,
		Line:   fmt.Sprintf("az ad group member remove --group '%s' --member-id '%s'", s.PrincipalID[group], s.PrincipalID[member]),
	}
}
