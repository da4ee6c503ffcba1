package access_test

import (
	"regexp"
	"slices"
	"strings"

	"latchkey/access"
	"latchkey/access/condition"
	"latchkey/csp"
	"latchkey/csp/builtin"
)

var (
	ownerRole                   = azureRole("Owner")
	globalAdministrator         = directoryRole("Global Administrator")
	privilegedRoleAdministrator = directoryRole("Privileged Role Administrator")
	helpdeskAdministrator       = directoryRole("Helpdesk Administrator")
)

// azureRole is the id of a built-in role.
func azureRole(name string) csp.RoleDefinitionID {
	role, found := builtin.AzureRoleNamed(name)
	if !found {
		panic("no role of Azure is called " + name)
	}
	return role.ID
}

// directoryRole is the id of a built-in role of the directory.
func directoryRole(name string) csp.DirectoryRoleID {
	for _, role := range builtin.EntraRoles() {
		if role.Name == name {
			return role.ID
		}
	}
	panic("no role of the directory is called " + name)
}

// contains: other is the place or lies below it (R17).
func (r *plain) contains(t csp.TenantID, place, other csp.Scope) bool {
	return slices.ContainsFunc(r.atOrAbove(t, other), place.Equal)
}

// atOrAbove are the place and all above it: by its text up to the subscription,
// from there as the tenant's facts say, and the root last (R17).
func (r *plain) atOrAbove(t csp.TenantID, place csp.Scope) []csp.Scope {
	var list []csp.Scope
	for !place.IsZero() && place.Kind() != csp.RootScope {
		list = append(list, place)
		if id := place.Subscription(); !id.IsZero() && place.Kind() != csp.SubscriptionScope {
			place = place.Parent()
			continue
		}
		i := slices.IndexFunc(r.Placements, func(p csp.Placement) bool { return p.Tenant == t && p.Child.Equal(place) })
		if i < 0 {
			break
		}
		place = r.Placements[i].Parent
	}
	return append(list, csp.Root())
}

// roleAllows: one permission entry of the role has a matching action and no
// matching exception, and its own condition holds (R18). A role that is not
// listed is a doubt (M9).
func (r *plain) roleAllows(id csp.RoleDefinitionID, action access.Action, holds func(string) bool) bool {
	i := slices.IndexFunc(r.Roles, func(role csp.RoleDefinition) bool { return role.ID == id })
	if i < 0 {
		r.saw("M9 role not listed")
		return r.forHim
	}
	return slices.ContainsFunc(r.Roles[i].Permissions, func(p csp.Permission) bool {
		return entryMatches(p, action) && holds(p.Condition)
	})
}

func entryMatches(p csp.Permission, action access.Action) bool {
	allow, except := p.Actions, p.NotActions
	if action.IsData() { // R31
		allow, except = p.DataActions, p.NotDataActions
	}
	matches := func(pattern string) bool { return globs.match(pattern, action) }
	return slices.ContainsFunc(allow, matches) && !slices.ContainsFunc(except, matches)
}

// regardless: the condition holds for the action, whatever is asked for. One that
// depends on the role to be assigned is a doubt (M3).
func (r *plain) regardless(action access.Action) func(string) bool {
	return func(text string) bool {
		return r.truth(text, func(c condition.Condition) condition.Truth { return c.Regardless(action.String()) })
	}
}

// givingHolds: the condition lets him write the assignment.
func (r *plain) givingHolds(request condition.Request) func(string) bool {
	return func(text string) bool {
		return r.truth(text, func(c condition.Condition) condition.Truth { return c.Holds(writeAssignments.String(), request) })
	}
}

func (r *plain) truth(text string, judge func(condition.Condition) condition.Truth) bool {
	if text == "" {
		return true
	}
	switch judge(condition.Parse(text)) {
	case condition.True:
		r.saw("R18 condition holds")
		return true
	case condition.False:
		r.saw("R18 condition does not hold")
		return false
	}
	r.saw("M9 condition")
	return r.forHim
}

// inForce: the denial is about the action and the place (R19). With a condition it
// is a doubt (M5).
func (r *plain) inForce(d csp.Denial, t csp.TenantID, place csp.Scope, action access.Action) bool {
	if d.AuditOnly || d.Tenant != t || !r.contains(t, d.Scope, place) || d.ThisScopeOnly && !d.Scope.Equal(place) {
		return false
	}
	judged := func(text string) bool {
		if text != "" {
			r.saw("M9 denial with a condition")
		}
		return text == "" || !r.forHim
	}
	return judged(d.Condition) && slices.ContainsFunc(d.Permissions, func(p csp.Permission) bool {
		return entryMatches(p, action) && judged(p.Condition)
	})
}

// denied: a denial blocks the entry (M5).
func (r *plain) denied(e entry, a asked) bool {
	return slices.ContainsFunc(r.Denials, func(d csp.Denial) bool {
		if !r.inForce(d, a.tenant, a.Place.Scope, a.Action) || !d.Everyone && !e.firm.meets(d.Principals) {
			return false
		}
		if e.firm.meets(d.Excluded) {
			r.saw("R19 excluded")
			return false
		}
		return true
	})
}

// blocked: a denial blocks what he could get by this right (M8, last lines).
func (r *plain) blocked(e entry, g right, t csp.TenantID, place csp.Scope, action access.Action) bool {
	his := r.standing(g.principal, counting{})
	his[g.principal] = true
	return slices.ContainsFunc(r.Denials, func(d csp.Denial) bool {
		return r.inForce(d, t, place, action) &&
			(d.Everyone || e.firm.meets(d.Principals) || his.meets(d.Principals)) &&
			!e.as.meets(d.Excluded)
	})
}

// deniedToEveryone without exception (M8).
func (r *plain) deniedToEveryone(a asked) bool {
	return !a.Place.IsDirectory() && slices.ContainsFunc(r.Denials, func(d csp.Denial) bool {
		return d.Everyone && len(d.Excluded) == 0 && r.inForce(d, a.tenant, a.Place.Scope, a.Action)
	})
}

// directoryRoleAllows: one of the role's actions matches (M4). A role that is not
// listed, or whose actions are not published, is a doubt (M9).
func (r *plain) directoryRoleAllows(id csp.DirectoryRoleID, action access.Action) bool {
	i := slices.IndexFunc(r.DirectoryRoles, func(role csp.DirectoryRole) bool { return role.ID == id })
	if i < 0 && (id == directoryRole("Global Administrator") || id == directoryRole("Helpdesk Administrator")) {
		r.saw("M4 as published")
		return slices.ContainsFunc(publishedActions(id), func(pattern string) bool { return words.match(pattern, action) })
	}
	if i < 0 || len(r.DirectoryRoles[i].Actions) == 0 {
		r.saw("M9 directory role not known")
		return r.forHim
	}
	return slices.ContainsFunc(r.DirectoryRoles[i].Actions, func(pattern string) bool { return words.match(pattern, action) })
}

// isOfDirectory: the action is one of the directory's own.
func isOfDirectory(a access.Action) bool {
	return strings.HasPrefix(a.String(), "microsoft.directory/")
}

// patterns are patterns as regular expressions, each translated once.
type patterns struct {
	translate func(string) string
	known     map[string]*regexp.Regexp
	answers   map[[2]string]bool
}

func newPatterns(translate func(string) string) patterns {
	return patterns{translate, map[string]*regexp.Regexp{}, map[[2]string]bool{}}
}

// globs are the patterns of Azure roles, words those of directory roles.
var (
	globs = newPatterns(globToRegexp)
	words = newPatterns(wordsToRegexp)
)

func (p patterns) match(pattern string, action access.Action) bool {
	key := [2]string{pattern, action.String()}
	answer, known := p.answers[key]
	if !known {
		expression := p.known[pattern]
		if expression == nil {
			expression = regexp.MustCompile(p.translate(pattern))
			p.known[pattern] = expression
		}
		answer = expression.MatchString(action.String())
		p.answers[key] = answer
	}
	return answer
}

// globToRegexp: * stands for any text, slashes included; case does not matter (R18).
func globToRegexp(pattern string) string {
	return "(?is)^" + strings.ReplaceAll(regexp.QuoteMeta(pattern), `\*`, ".*") + "$"
}

// wordsToRegexp: allTasks stands for any last word, allEntities for any one word,
// allProperties for one word or none (M4).
func wordsToRegexp(pattern string) string {
	text := ""
	list := strings.Split(pattern, "/")
	for i, word := range list {
		slash := "/"
		if i == 0 {
			slash = ""
		}
		switch {
		case strings.EqualFold(word, "allTasks") && i == len(list)-1, strings.EqualFold(word, "allEntities"):
			text += slash + "[^/]+"
		case strings.EqualFold(word, "allProperties"):
			text += "(" + slash + "[^/]+)?"
		default:
			text += slash + regexp.QuoteMeta(word)
		}
	}
	return "(?i)^" + text + "$"
}

// publishedActions are those of a built-in directory role.
func publishedActions(id csp.DirectoryRoleID) []string {
	all := builtin.EntraRoles()
	return all[slices.IndexFunc(all, func(role csp.DirectoryRole) bool { return role.ID == id })].Actions
}
