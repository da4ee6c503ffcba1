package finding

import (
	"cmp"
	"slices"
	"time"

	"latchkey/access"
	"latchkey/access/estate"
	"latchkey/csp"
)

// Severity says how soon somebody should look.
type Severity uint8

// The severities, from the least up.
const (
	// Info: good to know; nothing need be done.
	Info Severity = iota + 1
	// Low: untidy; it gives nobody more than he should have today.
	Low
	// Medium: it will break something, or gives more than is needed.
	Medium
	// High: standing power over customers, or a way to it.
	High
)

var severityNames = [...]string{Info: "info", Low: "low", Medium: "medium", High: "high"}

// String names the severity.
func (s Severity) String() string {
	if int(s) < len(severityNames) {
		return severityNames[s]
	}
	return ""
}

// MarshalText prints the severity as String does.
func (s Severity) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// Finding is one thing that a person should know.
type Finding struct {
	Kind     Kind
	Severity Severity
	// Subject is whom or what it is about; its kind is zero if that is nothing in
	// particular, such as for what was not collected.
	Subject access.Stop
	// Text is one or two sentences: what is so.
	Text string
	// Count is how much is concerned, all of it.
	Count Count
	// Examples are some of what is concerned, in a stable order.
	Examples []Example
	// More is how many are concerned besides the examples.
	More int
	// Paths show it: the engine's answer for one example, or the hop that is wrong.
	Paths []access.Path
	// Answer is the engine's whole answer for one example, if it was asked.
	Answer access.Answer
	// Change is what to do about it.
	Change Change
	// Others is how many further subjects of the kind this finding stands for. It is
	// zero but for the last finding of a kind that has very many.
	Others int

	ask access.Question // which the paths answer; zero: none
}

// Rule is the rule of docs/model.md that the finding follows, such as "R22".
func (f Finding) Rule() string { return f.Kind.About().Rule }

// Count is how many customers, subscriptions and things a finding concerns.
type Count struct {
	Customers     int `json:"customers"`
	Subscriptions int `json:"subscriptions"`
	// Items are what the kind counts: assignments, members, relationships.
	Items int `json:"items"`
}

// Example is one of the things that a finding is about.
type Example struct {
	// Text says what, in a few words.
	Text string
	// Tenant is the customer or partner in whose tenant it is.
	Tenant csp.Tenant
	// Scope is where; zero if it is not about a place in Azure.
	Scope csp.Scope
}

// Change is a proposal. Nothing carries it out but a person.
type Change struct {
	// Text is what to do, in words.
	Text string
	// Commands do it, as far as commands can. All ids in them are quoted, and they
	// name nothing that was free text in the facts.
	Commands []Command
}

// Command is a line to type.
type Command struct {
	// Tenant is the tenant to be signed in to.
	Tenant csp.TenantID
	Line   string
}

// Progress says how far a search is.
type Progress struct {
	Done, Of int
	// Doing is the title of the kind that is looked for now; empty at the end.
	Doing string
}

// Options set the thresholds. Zero values mean the defaults.
type Options struct {
	// Kinds are those to look for; nil means all.
	Kinds []Kind
	// EndsWithin is how long before its end a relationship is reported; 30 days.
	EndsWithin time.Duration
	// UnusedFor is how long a right must not have been used to count as not needed;
	// 90 days.
	UnusedFor time.Duration
	// MostOwners is how many people may hand out access to a subscription before it
	// is reported; 3, as Microsoft advises.
	MostOwners int
	// MostExamples is how many examples a finding lists; 10.
	MostExamples int
	// MostFindings is how many findings there may be of one kind; 100.
	MostFindings int
	// Progress, if not nil, is called before each kind and at the end.
	Progress func(Progress)
}

// The defaults of Options.
const (
	DefaultEndsWithin   = 30 * 24 * time.Hour
	DefaultUnusedFor    = 90 * 24 * time.Hour
	DefaultMostOwners   = 3
	DefaultMostExamples = 10
	DefaultMostFindings = 100
)

func (o Options) withDefaults() Options {
	o.EndsWithin = cmp.Or(o.EndsWithin, DefaultEndsWithin)
	o.UnusedFor = cmp.Or(o.UnusedFor, DefaultUnusedFor)
	o.MostOwners = cmp.Or(o.MostOwners, DefaultMostOwners)
	o.MostExamples = cmp.Or(o.MostExamples, DefaultMostExamples)
	o.MostFindings = cmp.Or(o.MostFindings, DefaultMostFindings)
	if o.Progress == nil {
		o.Progress = func(Progress) {}
	}
	return o
}

func (o Options) wants(k Kind) bool { return o.Kinds == nil || slices.Contains(o.Kinds, k) }

// Find looks for everything that the options ask for, as it is at the instant
// (R29). The worst come first: by severity, then by how many customers,
// subscriptions and things are concerned.
func Find(x *access.Index, at time.Time, o Options) []Finding {
	o = o.withDefaults()
	var found []Finding
	wanted := slices.DeleteFunc(Kinds(), func(k Kind) bool { return !o.wants(k) })
	o.Progress(Progress{Of: len(wanted), Doing: "reading the estate"})
	s := newSurvey(x, at, o)
	for i, kind := range wanted {
		o.Progress(Progress{Done: i, Of: len(wanted), Doing: kind.About().Title})
		s.found = nil
		detectors[kind](s)
		found = append(found, s.finish(kind)...)
	}
	slices.SortStableFunc(found, compare)
	o.Progress(Progress{Done: len(wanted), Of: len(wanted)})
	return found
}

// finish ranks the findings of a kind, folds the last ones into one if there are
// too many, and asks the engine about those that are left.
func (s *survey) finish(kind Kind) []Finding {
	for i := range s.found {
		f := &s.found[i]
		f.Kind = kind
		f.Severity = cmp.Or(f.Severity, kind.About().Severity)
		f.Change.Text = cmp.Or(f.Change.Text, kind.About().Change)
	}
	slices.SortFunc(s.found, compare)
	found := s.found
	if most := s.opt.MostFindings; len(found) > most {
		rest := foldRest(kind, found[most-1:])
		found = append(slices.Clone(found[:most-1]), rest)
	}
	for i := range found {
		s.illustrate(&found[i])
	}
	return found
}

// foldRest is one finding that stands for many. Tenants and relationships are
// added up; what several people reach is mostly the same, so that the most that
// one of them reaches is told.
func foldRest(kind Kind, rest []Finding) Finding {
	all := Finding{
		Kind: kind, Severity: rest[0].Severity, Others: len(rest),
		Text:   "There are " + plural(len(rest), "further finding") + " of this kind, counted here together.",
		Change: Change{Text: kind.About().Change},
	}
	for _, f := range rest {
		all.Count.Items += f.Count.Items
		switch f.Subject.Kind {
		case access.TenantStop, access.RelationshipStop:
			all.Count.Customers += f.Count.Customers
			all.Count.Subscriptions += f.Count.Subscriptions
		default:
			all.Count.Customers = max(all.Count.Customers, f.Count.Customers)
			all.Count.Subscriptions = max(all.Count.Subscriptions, f.Count.Subscriptions)
		}
	}
	return all
}

// illustrate asks the engine for the paths that show a finding. An account that
// administers a large directory could become so many others that all its paths
// take long to tell; for it the detector's own path must do.
func (s *survey) illustrate(f *Finding) {
	if f.ask.Principal.IsZero() {
		return
	}
	if p, _ := s.FindPrincipal(f.ask.Principal); s.isMighty(p) {
		return
	}
	f.Answer = s.Why(f.ask)
	if len(f.Answer.Paths) > 0 {
		f.Paths = f.Answer.Paths[:min(len(f.Answer.Paths), s.opt.MostExamples)]
	}
}

// large is how many principals make a directory large.
const large = 500

// isMighty says whether the account holds roles in a large directory.
func (s *survey) isMighty(p estate.Principal) bool {
	t := s.PrincipalTenant[p]
	return t != estate.None && s.TenantFirst[t+1]-s.TenantFirst[t] > large && len(s.directoryRolesOf(p)) > 0
}

// compare puts the worst first.
func compare(a, b Finding) int {
	return cmp.Or(
		cmp.Compare(b.Severity, a.Severity),
		cmp.Compare(a.Others, b.Others),
		cmp.Compare(b.Count.Customers, a.Count.Customers),
		cmp.Compare(b.Count.Subscriptions, a.Count.Subscriptions),
		cmp.Compare(b.Count.Items, a.Count.Items),
		cmp.Compare(a.Kind, b.Kind),
		cmp.Compare(a.Subject.Name, b.Subject.Name),
		cmp.Compare(a.Subject.ID, b.Subject.ID),
		cmp.Compare(a.Text, b.Text),
	)
}
