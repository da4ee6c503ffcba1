package scenario

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"latchkey/access"
)

// DefaultInstant is the instant of the questions before the first line "on ...".
var DefaultInstant = time.Date(2026, time.January, 1, 0, 0, 0, 0, time.UTC)

// parser reads the questions of one scenario.
type parser struct {
	*Scenario
	names   Names
	verbs   map[string]Verb
	aliases map[string]access.Action
	at      time.Time
	errs    []error
}

func newParser(s *Scenario, verbs []Verb) *parser {
	p := &parser{Scenario: s, names: NamesOf(s.Facts), verbs: map[string]Verb{}, aliases: map[string]access.Action{}, at: DefaultInstant}
	for _, verb := range verbs {
		p.verbs[verb.Word] = verb
	}
	return p
}

func (p *parser) read(part section) {
	found, errs := statements(p.Name, part)
	p.errs = append(p.errs, errs...)
	for _, st := range found {
		if err := p.statement(st); err != nil {
			p.errs = append(p.errs, fmt.Errorf("%s:%d: %w", p.Name, st.line, err))
		}
	}
}

// statement reads one statement by its first word.
func (p *parser) statement(st statement) error {
	if len(st.words) == 0 {
		return fmt.Errorf("nothing stands before the colon%s", p.usage())
	}
	if len(st.words) >= 2 && st.words[1].is("means") {
		return p.alias(st)
	}
	shows, clauses, err := takeShows(st.clauses)
	if err != nil {
		return err
	}
	q := Question{Line: st.line, Text: st.text, At: p.at}
	var verdict access.Verdict
	switch first := st.words[0]; {
	case first.is("on"):
		return p.instant(st)
	case first.is("can"):
		q.ask, verdict, err = p.can(st.words[1:], clauses)
	case first.is("who"):
		q.ask, verdict, err = p.who(st.words[1:], clauses)
	case first.is("reach"):
		q.ask, verdict, err = p.reach(st.words[1:], clauses)
	default:
		q.ask, verdict, err = p.verb(first, st.words[1:], clauses)
	}
	if err != nil {
		return err
	}
	if verdict == access.Unknown && len(shows) > 0 {
		return fmt.Errorf("an unknown answer shows nothing of %s: a rule is shown where it gives access or where it gives none", shows[0])
	}
	for _, rule := range shows {
		q.Shows = append(q.Shows, Show{rule, verdict != access.HasNot})
	}
	p.Questions = append(p.Questions, q)
	if !slices.ContainsFunc(p.instants, p.at.Equal) {
		p.instants = append(p.instants, p.at)
	}
	return nil
}

func (p *parser) usage() string {
	words := []string{"can", "who", "reach", "on"}
	for word := range p.verbs {
		words = append(words, word)
	}
	slices.Sort(words)
	return "; a line begins with " + strings.Join(words, ", ") + ", or says what a word means"
}

func (p *parser) verb(first word, words []word, clauses [][]word) (func(asked) []string, access.Verdict, error) {
	verb, ok := p.verbs[first.text]
	if !ok || first.quoted {
		return nil, 0, fmt.Errorf("no line begins with %q%s", first.text, p.usage())
	}
	texts := make([]string, len(words))
	for i, w := range words {
		texts[i] = w.text
	}
	parts := make([]string, len(clauses))
	for i, clause := range clauses {
		parts[i] = joined(clause)
	}
	expected, err := verb.Read(p.names, texts, parts)
	if err != nil {
		return nil, 0, err
	}
	verdict := access.HasNot
	if expected.Gives {
		verdict = access.Has
	}
	return func(a asked) []string { return expected.Run(a.index, a.at) }, verdict, nil
}

// alias reads "restart means Microsoft.Compute/virtualMachines/restart/action".
func (p *parser) alias(st statement) error {
	name, rest := st.words[0].text, st.words[2:]
	if _, twice := p.aliases[name]; twice {
		return fmt.Errorf("%s already means something: take another word", name)
	}
	if len(rest) == 0 || len(st.clauses) > 0 {
		return fmt.Errorf("%s must mean one action, such as Microsoft.Compute/virtualMachines/read", name)
	}
	action, rest, err := p.action(rest)
	if err == nil && len(rest) > 0 {
		err = fmt.Errorf("%q stands behind the action: only \"data\" may", joined(rest))
	}
	p.aliases[name] = action
	return err
}

// instant reads "on 2026-12-01", the first instant of that day, or "on
// 2026-12-01T10:30:00Z".
func (p *parser) instant(st statement) error {
	text := joined(st.words[1:])
	for _, layout := range []string{time.DateOnly, time.RFC3339} {
		if at, err := time.Parse(layout, text); err == nil && len(st.clauses) == 0 {
			p.at = at.UTC()
			return nil
		}
	}
	return fmt.Errorf("%q is no instant: write a day such as 2026-12-01, or a time such as 2026-12-01T10:30:00Z", text)
}

// action reads an action's name or a word that means one, and "data" behind it.
func (p *parser) action(words []word) (access.Action, []word, error) {
	if action, ok := p.aliases[words[0].text]; ok && !words[0].quoted {
		return action, words[1:], nil
	}
	parse, rest := access.ParseAction, words[1:]
	if len(rest) > 0 && rest[0].is("data") {
		parse, rest = access.ParseDataAction, rest[1:]
	}
	action, err := parse(words[0].text)
	return action, rest, err
}

// isAction says whether a word can be nothing but an action.
func (p *parser) isAction(w word) bool {
	_, alias := p.aliases[w.text]
	return !w.quoted && (alias || strings.Contains(w.text, "/"))
}

// asking notes that the action is asked about in this file.
func (p *parser) asking(action access.Action) {
	if !slices.Contains(p.actions, action) {
		p.actions = append(p.actions, action)
	}
}

// actor reads "WHO ACTION ...".
func (p *parser) actor(words []word) (name string, action access.Action, rest []word, err error) {
	at := slices.IndexFunc(words, p.isAction)
	if at < 0 {
		return "", access.Action{}, nil, fmt.Errorf("%q names no action: write one such as Microsoft.Compute/virtualMachines/read, or say above what a word means", joined(words))
	}
	if at == 0 {
		return "", access.Action{}, nil, fmt.Errorf("nobody is named before %s", words[0].text)
	}
	action, rest, err = p.action(words[at:])
	if err == nil {
		p.asking(action)
	}
	return joined(words[:at]), action, rest, err
}

// place reads "at SCOPE" or "in TENANT".
func (p *parser) place(words []word) (access.Place, error) {
	if len(words) < 2 || !words[0].is("at") && !words[0].is("in") {
		return access.Place{}, fmt.Errorf("%q names no place: write \"at\" and a scope, or \"in\" and the tenant whose directory you mean", joined(words))
	}
	if words[0].is("at") {
		return p.names.Place(joined(words[1:]))
	}
	tenant, err := p.names.Tenant(joined(words[1:]))
	return access.DirectoryOf(tenant), err
}

var ruleName = regexp.MustCompile(`^[RM][1-9][0-9]?$`)

// takeShows takes the clauses "shows R18" out of the others.
func takeShows(clauses [][]word) (rules []string, others [][]word, err error) {
	for _, clause := range clauses {
		if !clause[0].is("shows") {
			others = append(others, clause)
			continue
		}
		shown := list(clause[1:])
		for _, rule := range shown {
			if !ruleName.MatchString(rule) {
				return nil, nil, fmt.Errorf("%q is no rule: write one such as R18", rule)
			}
		}
		if len(shown) == 0 {
			return nil, nil, fmt.Errorf("nothing is shown: write a rule such as R18 behind \"shows\"")
		}
		rules = append(rules, shown...)
	}
	return rules, others, nil
}

// verdictWords are what a clause with a verdict begins with; the longer first.
var verdictWords = []struct {
	words   []string
	verdict access.Verdict
}{
	{[]string{"has", "not"}, access.HasNot},
	{[]string{"has"}, access.Has},
	{[]string{"can", "get"}, access.CanGet},
	{[]string{"unknown"}, access.Unknown},
}

// takeVerdict reads the verdict that a clause begins with.
func takeVerdict(clause []word) (verdict access.Verdict, rest []word, ok bool) {
	for _, v := range verdictWords {
		if startsWith(clause, v.words) {
			return v.verdict, clause[len(v.words):], true
		}
	}
	return 0, clause, false
}

func startsWith(clause []word, words []string) bool {
	if len(clause) < len(words) {
		return false
	}
	for i, text := range words {
		if !clause[i].is(text) {
			return false
		}
	}
	return true
}
