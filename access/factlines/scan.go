package factlines

import (
	"strings"
	"time"
	"unicode/utf8"

	"latchkey/csp"
)

// scanLine reads a line of one of the frequent kinds, spelt as Write spells it. It
// says no to every other line, right or wrong.
func scanLine(text string, f *csp.Facts) bool {
	s := scanner{rest: text, ok: true}
	switch {
	case s.cut(`{"resource":{`):
		var r resource
		for key := range s.fields {
			s.ok = key == "scope" && scanScope(&s, &r.Scope)
		}
		if s.end() {
			f.Resources = append(f.Resources, csp.Resource(r))
		}
	case s.cut(`{"assignment":{`):
		var a assignment
		for key := range s.fields {
			s.ok = s.assignment(key, &a)
		}
		if s.end() {
			f.Assignments = append(f.Assignments, a.fact())
		}
	case s.cut(`{"membership":{`):
		var m membership
		for key := range s.fields {
			s.ok = s.membership(key, &m)
		}
		if s.end() {
			f.Memberships = append(f.Memberships, csp.Membership{Group: m.Group, Member: m.Member, Term: m.term.fact()})
		}
	case s.cut(`{"principal":{`):
		var p principal
		for key := range s.fields {
			s.ok = s.principal(key, &p)
		}
		if s.end() {
			f.Principals = append(f.Principals, csp.Principal(p))
		}
	default:
		return s.lessFrequent(f)
	}
	return s.ok
}

// lessFrequent reads a line of one of the kinds that there are a good many of still.
func (s *scanner) lessFrequent(f *csp.Facts) bool {
	switch {
	case s.cut(`{"identity":{`):
		var i identity
		for key := range s.fields {
			s.ok = key == "resource" && scanScope(s, &i.Resource) || key == "principal" && scanID(s, &i.Principal)
		}
		if s.end() {
			f.Identities = append(f.Identities, csp.ManagedIdentity(i))
		}
	case s.cut(`{"subscription":{`):
		var sub subscription
		for key := range s.fields {
			s.ok = key == "id" && scanID(s, &sub.ID) || key == "tenant" && scanID(s, &sub.Tenant) ||
				key == "name" && scanText(s, &sub.Name) || key == "creator" && scanID(s, &sub.Creator)
		}
		if s.end() {
			f.Subscriptions = append(f.Subscriptions, csp.Subscription(sub))
		}
	case s.cut(`{"placement":{`):
		var p placement
		for key := range s.fields {
			s.ok = key == "tenant" && scanID(s, &p.Tenant) || key == "child" && scanScope(s, &p.Child) || key == "parent" && scanScope(s, &p.Parent)
		}
		if s.end() {
			f.Placements = append(f.Placements, csp.Placement(p))
		}
	case s.cut(`{"directoryAssignment":{`):
		var a directoryAssignment
		for key := range s.fields {
			s.ok = key == "tenant" && scanID(s, &a.Tenant) || key == "principal" && scanID(s, &a.Principal) ||
				key == "role" && scanID(s, &a.Role) || s.term(key, &a.term)
		}
		if s.end() {
			f.DirectoryAssignments = append(f.DirectoryAssignments, csp.DirectoryAssignment{
				Tenant: a.Tenant, Principal: a.Principal, Role: a.Role, Term: a.term.fact(),
			})
		}
	case s.cut(`{"reseller":{`):
		var r reseller
		for key := range s.fields {
			s.ok = key == "partner" && scanID(s, &r.Partner) || key == "customer" && scanID(s, &r.Customer) ||
				key == "kind" && scanText(s, &r.Kind) || s.period(key, &r.period)
		}
		if s.end() {
			f.Resellers = append(f.Resellers, csp.ResellerRelationship{Partner: r.Partner, Customer: r.Customer, Kind: r.Kind, Period: r.period.fact()})
		}
	default:
		return false
	}
	return s.ok
}

func (s *scanner) assignment(key string, a *assignment) bool {
	switch key {
	case "name":
		return scanID(s, &a.Name)
	case "tenant":
		return scanID(s, &a.Tenant)
	case "scope":
		return scanScope(s, &a.Scope)
	case "role":
		return scanID(s, &a.Role)
	case "principal":
		return scanID(s, &a.Principal)
	case "principalType":
		return scanText(s, &a.PrincipalType)
	case "description":
		return scanText(s, &a.Description)
	case "condition":
		return scanText(s, &a.Condition)
	}
	return s.term(key, &a.term)
}

func (s *scanner) membership(key string, m *membership) bool {
	switch key {
	case "group":
		return scanID(s, &m.Group)
	case "member":
		return scanID(s, &m.Member)
	}
	return s.term(key, &m.term)
}

func (s *scanner) term(key string, t *term) bool {
	return key == "eligible" && s.yes(&t.Eligible) || s.period(key, &t.period)
}

func (s *scanner) period(key string, p *period) bool {
	switch key {
	case "from":
		return s.time(&p.From)
	case "until":
		return s.time(&p.Until)
	}
	return false
}

func (s *scanner) principal(key string, p *principal) bool {
	switch key {
	case "id":
		return scanID(s, &p.ID)
	case "tenant":
		return scanID(s, &p.Tenant)
	case "type":
		return scanText(s, &p.Type)
	case "name":
		return scanText(s, &p.Name)
	case "signIn":
		return scanText(s, &p.SignInName)
	case "source":
		return scanText(s, &p.Source)
	case "home":
		return scanID(s, &p.Home)
	case "homeTenant":
		return scanID(s, &p.HomeTenant)
	case "agents":
		return scanText(s, &p.Agents)
	case "roleAssignable":
		return s.yes(&p.RoleAssignable)
	case "dynamic":
		return s.yes(&p.Dynamic)
	}
	return false
}

// scanner cuts a line from the front.
type scanner struct {
	rest string
	ok   bool
}

func (s *scanner) cut(text string) bool {
	rest, ok := strings.CutPrefix(s.rest, text)
	s.rest = rest
	return ok
}

// fields yields the names of an object's members, to the end of the object. Who
// hears a name scans the value, and sets ok.
func (s *scanner) fields(yield func(key string) bool) {
	for first := true; s.ok && !s.cut("}"); first = false {
		if !first && !s.cut(",") || !s.cut(`"`) {
			s.ok = false
			return
		}
		end := strings.IndexByte(s.rest, '"')
		if s.ok = end >= 0 && end+1 < len(s.rest) && s.rest[end+1] == ':'; s.ok {
			key := s.rest[:end]
			s.rest = s.rest[end+2:]
			yield(key)
		}
	}
}

// end says whether all went well and the line ends here.
func (s *scanner) end() bool {
	s.ok = s.ok && s.rest == "}"
	return s.ok
}

// plain cuts a string up to the next quotation mark. Whatever else may not stand in
// it unescaped, who reads it has to refuse, and refuses anyway: in ids and scopes.
func (s *scanner) plain() (text string, ok bool) {
	if !s.cut(`"`) {
		return "", false
	}
	end := strings.IndexByte(s.rest, '"')
	if end < 0 {
		return "", false
	}
	text, s.rest = s.rest[:end], s.rest[end+1:]
	return text, true
}

// text cuts a string in which nothing is escaped.
func (s *scanner) text() (text string, ok bool) {
	if !s.cut(`"`) {
		return "", false
	}
	ascii := true
	for i := range len(s.rest) {
		switch c := s.rest[i]; {
		case c == '"':
			text, s.rest = s.rest[:i], s.rest[i+1:]
			return text, ascii || utf8.ValidString(text)
		case c == '\\' || c < ' ':
			return "", false
		case c >= utf8.RuneSelf:
			ascii = false
		}
	}
	return "", false
}

// scanText scans a text that is not empty, once.
func scanText[S ~string](s *scanner, to *S) bool {
	text, ok := s.text()
	if !ok || text == "" || *to != "" {
		return false
	}
	*to = S(known(text))
	return true
}

// known is a copy of a text, so that it does not keep the whole block in memory.
// The words of which there are few are not copied again and again.
func known(text string) string {
	switch text {
	case string(csp.User):
		return string(csp.User)
	case string(csp.Group):
		return string(csp.Group)
	case string(csp.ServicePrincipal):
		return string(csp.ServicePrincipal)
	case string(csp.ForeignGroup):
		return string(csp.ForeignGroup)
	case string(csp.DirectPartner):
		return string(csp.DirectPartner)
	}
	return strings.Clone(text)
}

func scanID[T csp.Named](s *scanner, to *csp.ID[T]) bool {
	text, ok := s.plain()
	if !ok || !to.IsZero() {
		return false
	}
	id, err := csp.ParseID[T](text)
	*to = id
	return err == nil
}

func scanScope(s *scanner, to *csp.Scope) bool {
	text, ok := s.plain()
	if !ok || !to.IsZero() {
		return false
	}
	scope, err := csp.ParseScope(text)
	*to = scope
	return err == nil
}

func (s *scanner) time(to *time.Time) bool {
	text, ok := s.text()
	if !ok || !to.IsZero() {
		return false
	}
	return to.UnmarshalText([]byte(text)) == nil && !to.IsZero()
}

// yes scans true, once.
func (s *scanner) yes(to *bool) bool {
	if *to || !s.cut("true") {
		return false
	}
	*to = true
	return true
}
