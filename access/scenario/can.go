package scenario

import (
	"fmt"
	"slices"
	"strings"

	"latchkey/access"
)

// evidence is one thing that an answer must show; it says what is not so, or
// nothing.
type evidence func(Names, access.Answer) string

// can reads "can WHO ACTION at PLACE: VERDICT; evidence ...".
func (p *parser) can(words []word, clauses [][]word) (func(asked) []string, access.Verdict, error) {
	name, action, rest, err := p.actor(words)
	if err != nil {
		return nil, 0, err
	}
	principal, err := p.names.Principal(name)
	if err != nil {
		return nil, 0, err
	}
	place, err := p.place(rest)
	if err != nil {
		return nil, 0, err
	}
	if len(clauses) == 0 {
		return nil, 0, fmt.Errorf("no answer stands behind the colon: write has, can get, has not or unknown")
	}
	want, first, ok := takeVerdict(clauses[0])
	if !ok {
		return nil, 0, fmt.Errorf("%q is no answer: write has, can get, has not or unknown", joined(clauses[0]))
	}
	shown, err := p.evidence(want, append([][]word{first}, clauses[1:]...))
	if err != nil {
		return nil, 0, err
	}
	return func(a asked) []string {
		answer := a.Why(access.Question{Principal: principal, Action: action, Place: place, At: a.at})
		if answer.Verdict != want {
			return []string{fmt.Sprintf("want %s, got %s", want, describe(answer))}
		}
		var wrong []string
		for _, ev := range shown {
			if text := ev(a.names, answer); text != "" {
				wrong = append(wrong, text+", got "+describe(answer))
			}
		}
		return wrong
	}, want, nil
}

// describe is an answer in full, for whoever has to see why it is not the one he
// wrote.
func describe(answer access.Answer) string {
	var b strings.Builder
	b.WriteString(answer.Verdict.String())
	for _, path := range answer.Paths {
		fmt.Fprintf(&b, "\n\t  path: %s", pathText(path))
	}
	for _, denial := range answer.Denied {
		fmt.Fprintf(&b, "\n\t  denied by: %s", denial.Name)
	}
	for _, miss := range answer.Misses {
		fmt.Fprintf(&b, "\n\t  miss: %s: %s", missWords[miss.Kind], miss.Text)
	}
	for _, gap := range answer.Gaps {
		fmt.Fprintf(&b, "\n\t  gap: %s", gap)
	}
	for _, note := range answer.Notes {
		fmt.Fprintf(&b, "\n\t  note: %s %s", note.Rule, note.Text)
	}
	for _, context := range answer.Contexts {
		fmt.Fprintf(&b, "\n\t  context: %s by %s", context.Tenant.Name, context.Entry)
	}
	return b.String()
}

// evidence reads the clauses behind a verdict.
func (p *parser) evidence(want access.Verdict, clauses [][]word) ([]evidence, error) {
	var shown []evidence
	for _, clause := range clauses {
		if len(clause) == 0 {
			continue // nothing stands behind the verdict itself
		}
		ev, err := p.clause(want, clause)
		if err != nil {
			return nil, err
		}
		shown = append(shown, ev)
	}
	return shown, nil
}

func (p *parser) clause(want access.Verdict, clause []word) (evidence, error) {
	switch {
	case startsWith(clause, []string{"by"}):
		return byPath(want, clause[1:], true)
	case startsWith(clause, []string{"not", "by"}):
		return byPath(want, clause[2:], false)
	case startsWith(clause, []string{"partner-wide"}) && len(clause) == 1:
		return partnerWide(want, true), nil
	case startsWith(clause, []string{"not", "partner-wide"}) && len(clause) == 2:
		return partnerWide(want, false), nil
	case startsWith(clause, []string{"because"}):
		return because(want, clause[1:])
	case startsWith(clause, []string{"denied", "by"}) && len(clause) > 2:
		return deniedBy(joined(clause[2:])), nil
	case startsWith(clause, []string{"note"}):
		return note(clause[1:], true)
	case startsWith(clause, []string{"no", "note"}):
		return note(clause[2:], false)
	case startsWith(clause, []string{"sign", "in", "to"}):
		return p.context(clause[3:])
	}
	return nil, fmt.Errorf("%q is no evidence: write by, not by, because, denied by, note, no note, sign in to, partner-wide or shows", joined(clause))
}

// entryWords are the ways into a tenant as "by" names them.
var entryWords = map[string]access.EntryKind{
	"home": access.ByHome, "guest": access.ByGuest, "GDAP": access.ByGDAP, "DAP": access.ByDAP,
	"direct link": access.ByDirectLink, "Lighthouse": access.ByLighthouse,
}

// pathText is a path with all that it says, on one line.
func pathText(path access.Path) string {
	var b strings.Builder
	b.WriteString(path.String())
	for _, hop := range slices.Concat(path.Entry.Hops, path.Hops) {
		fmt.Fprintf(&b, "; %s %s %s", hop, hop.Rule, hop.Detail)
	}
	return b.String()
}

// shows says whether the path has the feature: a rule that a hop of it follows,
// or a way into the tenant, or, in quotation marks, a part of its text.
func shows(path access.Path, feature string, quoted bool) bool {
	if entry, ok := entryWords[feature]; ok && !quoted {
		return path.Entry.Kind == entry
	}
	if !quoted {
		return slices.ContainsFunc(slices.Concat(path.Entry.Hops, path.Hops), func(h access.Hop) bool { return h.Rule == feature })
	}
	return holds(pathText(path), feature)
}

// holds says whether the text holds the part, in any case.
func holds(text, part string) bool {
	return strings.Contains(strings.ToLower(text), strings.ToLower(part))
}

// byPath wants, or forbids, one path with all the features.
func byPath(want access.Verdict, words []word, there bool) (evidence, error) {
	features := parted(words, ",")
	if len(features) == 0 {
		return nil, fmt.Errorf("nothing stands behind \"by\": write a rule, a way in (home, guest, GDAP, DAP, direct link, Lighthouse), or a part of the path in quotation marks")
	}
	if want == access.HasNot {
		return nil, fmt.Errorf("who has not has it by nothing: write \"because\" and what is missing")
	}
	for _, f := range features {
		if _, entry := entryWords[joined(f)]; !entry && !f[0].quoted && !ruleName.MatchString(joined(f)) {
			return nil, fmt.Errorf("%q is neither a rule nor a way in (home, guest, GDAP, DAP, direct link, Lighthouse): put a part of the path in quotation marks", joined(f))
		}
	}
	return func(_ Names, answer access.Answer) string {
		found := slices.ContainsFunc(answer.Paths, func(path access.Path) bool {
			return path.Gives == want && path.Blocked.IsZero() && !slices.ContainsFunc(features, func(f []word) bool {
				return !shows(path, joined(f), f[0].quoted)
			})
		})
		switch {
		case there && !found:
			return fmt.Sprintf("want a path by %s", featureText(features))
		case !there && found:
			return fmt.Sprintf("want no path by %s", featureText(features))
		}
		return ""
	}, nil
}

func featureText(features [][]word) string {
	texts := make([]string, len(features))
	for i, f := range features {
		texts[i] = joined(f)
	}
	return strings.Join(texts, ", ")
}

func partnerWide(want access.Verdict, there bool) evidence {
	return func(_ Names, answer access.Answer) string {
		found := slices.ContainsFunc(answer.Paths, func(path access.Path) bool { return path.Gives == want && path.PartnerWide() })
		switch {
		case there && !found:
			return "want a path that the partner cannot limit to one customer"
		case !there && found:
			return "want no path that the partner cannot limit to one customer"
		}
		return ""
	}
}

// missWords are the kinds of miss as "because" names them.
var missWords = map[access.MissKind]string{
	access.MissDenied: "denied", access.MissSignIn: "sign-in", access.MissGuest: "guest", access.MissTerm: "term",
	access.MissRole: "role", access.MissScope: "scope", access.MissAssignment: "assignment", access.MissEntry: "entry",
}

// because wants a miss of the kind, or with the text; of what is unknown, a gap
// with the text.
func because(want access.Verdict, words []word) (evidence, error) {
	reason := joined(words)
	switch {
	case reason == "":
		return nil, fmt.Errorf("nothing stands behind \"because\"")
	case want == access.Unknown:
		return func(_ Names, answer access.Answer) string { return gapHolding(answer.Gaps, reason) }, nil
	case want != access.HasNot:
		return nil, fmt.Errorf("\"because\" says why he has not, or why it is unknown: write \"by\" and a path")
	case words[0].quoted:
		return func(_ Names, answer access.Answer) string {
			if slices.ContainsFunc(answer.Misses, func(m access.Miss) bool { return holds(m.Text, reason) }) {
				return ""
			}
			return fmt.Sprintf("want %q to be missing", reason)
		}, nil
	}
	for kind, text := range missWords {
		if text == reason {
			return func(_ Names, answer access.Answer) string {
				if slices.ContainsFunc(answer.Misses, func(m access.Miss) bool { return m.Kind == kind }) {
					return ""
				}
				return fmt.Sprintf("want a miss of kind %s", reason)
			}, nil
		}
	}
	return nil, fmt.Errorf("%q is no kind of miss: write denied, sign-in, guest, term, role, scope, assignment, entry, or a text in quotation marks", reason)
}

func deniedBy(name string) evidence {
	return func(_ Names, answer access.Answer) string {
		for _, denial := range answer.Denied {
			if holds(denial.Name, name) {
				return ""
			}
		}
		return fmt.Sprintf("want it denied by %q", name)
	}
}

// note wants, or forbids, a note that follows the rule, perhaps with a text.
func note(words []word, there bool) (evidence, error) {
	if len(words) == 0 || !ruleName.MatchString(words[0].text) {
		return nil, fmt.Errorf("%q: a note is named by its rule, such as R16, and may have a text behind it", joined(words))
	}
	rule, text := words[0].text, joined(words[1:])
	return func(_ Names, answer access.Answer) string {
		found := slices.ContainsFunc(answer.Notes, func(n access.Note) bool { return n.Rule == rule && holds(n.Text, text) })
		switch {
		case there && !found:
			return fmt.Sprintf("want a note on %s %s", rule, text)
		case !there && found:
			return fmt.Sprintf("want no note on %s %s", rule, text)
		}
		return ""
	}, nil
}

// context reads "contoso" or "contoso by guest".
func (p *parser) context(words []word) (evidence, error) {
	at := slices.IndexFunc(words, func(w word) bool { return w.is("by") })
	kind := access.EntryKind(0)
	if at >= 0 {
		var ok bool
		if kind, ok = entryWords[joined(words[at+1:])]; !ok {
			return nil, fmt.Errorf("%q is no way in: write home, guest, GDAP, DAP, direct link or Lighthouse", joined(words[at+1:]))
		}
		words = words[:at]
	}
	tenant, err := p.names.Tenant(joined(words))
	if err != nil {
		return nil, err
	}
	return func(names Names, answer access.Answer) string {
		for _, c := range answer.Contexts {
			if c.Tenant.ID == tenant && (kind == 0 || c.Entry == kind) {
				return ""
			}
		}
		return strings.TrimSuffix(fmt.Sprintf("want to be told to sign in to %s by %s", names.TenantName(tenant), kind), " by ")
	}, nil
}

// gapHolding says that no gap holds the text, or nothing.
func gapHolding[G fmt.Stringer](gaps []G, text string) string {
	var all []string
	for _, gap := range gaps {
		if holds(gap.String(), text) {
			return ""
		}
		all = append(all, gap.String())
	}
	return fmt.Sprintf("want %q to be unknown, and the gaps are %q", text, all)
}
