package suggest

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"latchkey/access"
	"latchkey/access/roleclass"
	"latchkey/csp"
)

// Mechanism is a way to let a partner's people in.
type Mechanism uint8

// The mechanisms: first those for Azure, then those for directories.
const (
	// TimedGuest: a grant through Latchkey, an Azure role of a guest with an end.
	TimedGuest Mechanism = iota + 1
	// LighthouseEligible: a role projected to a group, to be activated (R28).
	LighthouseEligible
	// Lighthouse: a role projected to a group for good (R28).
	Lighthouse
	// ForeignGroup: a role of a partner's group as foreign principal, with the
	// smallest GDAP role as sign-in (R21, R22).
	ForeignGroup
	// NestedGroup: a group nested in AdminAgents, with the smallest GDAP role as
	// sign-in; it has what AdminAgents has there (R22).
	NestedGroup
	// GuestGroup: guests in a group of the customer with an Azure role; the fifth of
	// R33.
	GuestGroup
	// GuestRole: guests, each with an Azure role; the third of R33.
	GuestRole

	// TimedGDAP: a grant through Latchkey, a membership with an end in a group that
	// GDAP gives directory roles.
	TimedGDAP
	// GDAPGroup: a group that GDAP gives directory roles (R11).
	GDAPGroup
	// TimedGuestDirectory: a grant through Latchkey, directory roles of a guest with an
	// end.
	TimedGuestDirectory
	// GuestDirectory: guests, each with directory roles; the second and fourth of R33.
	GuestDirectory
	// HelpdeskAgent: membership in HelpdeskAgents, where DAP is in force (R10); the
	// first of R33.
	HelpdeskAgent
)

var mechanismNames = [...]string{
	TimedGuest: "grant through Latchkey (guest with an Azure role)", LighthouseEligible: "Lighthouse, eligible", Lighthouse: "Lighthouse, permanent",
	ForeignGroup: "foreign principal of a group of its own", NestedGroup: "group nested in AdminAgents",
	GuestGroup: "group of guests with an Azure role", GuestRole: "guest with an Azure role",
	TimedGDAP: "grant through Latchkey (GDAP group)", GDAPGroup: "GDAP group", TimedGuestDirectory: "grant through Latchkey (guest with a directory role)", GuestDirectory: "guest with a directory role", HelpdeskAgent: "helpdesk agent under DAP",
}

// String names the mechanism.
func (m Mechanism) String() string {
	if int(m) < len(mechanismNames) {
		return mechanismNames[m]
	}
	return ""
}

// Standing says how long what is given stays. Less is better.
type Standing uint8

// The standings.
const (
	// Timed: it ends by itself, or Latchkey ends it.
	Timed Standing = iota
	// Eligible: it must be activated each time (R29).
	Eligible
	// Permanent: it stays until somebody removes it.
	Permanent
)

// String names the standing.
func (s Standing) String() string {
	return [...]string{"timed", "eligible", "permanent"}[min(s, Permanent)]
}

// Suggestion is one way to do it, proved.
type Suggestion struct {
	// Mechanisms are one, or one for Azure and one for directories.
	Mechanisms []Mechanism
	// Custom says that the role is a custom one, made for the task.
	Custom bool
	Roles  []Role
	Steps  []Step
	// Needs are what must be so before the steps, met or not.
	Needs []Need
	// Conflicts are what one should know before choosing it.
	Conflicts []Conflict
	Over      Measure
	Proof     Proof
	// Adds are the facts that it makes.
	Adds csp.Facts
}

// Name is the mechanisms' names in one line.
func (s Suggestion) Name() string {
	names := make([]string, len(s.Mechanisms))
	for i, m := range s.Mechanisms {
		names[i] = m.String()
	}
	name := strings.Join(names, " and ")
	if s.Custom {
		name += ", custom role"
	}
	return name
}

// Role is a role that people would have at a place.
type Role struct {
	Name  string
	ID    string
	Class roleclass.Class
	Place access.Place
}

// Step is something that somebody must do.
type Step struct {
	// Who does it.
	Who  string
	Text string
	// Command does it, if a command can; all ids in it are quoted. Angle brackets are
	// not used: what is not known yet is named in the text, and there is no command.
	Command string
}

// Need is a precondition.
type Need struct {
	Text string
	Met  bool
}

// Conflict is a side effect or a limit, with the rule that says so.
type Conflict struct {
	Rule string
	Text string
}

// Measure is what a suggestion gives too much; see the package's comment.
type Measure struct {
	Customers     int
	Subscriptions int
	Class         roleclass.Class
	Standing      Standing
	Rights        int
	Steps         int
}

// compare orders measures, the least first.
func (m Measure) compare(other Measure) int {
	return cmp.Or(
		cmp.Compare(m.Customers, other.Customers),
		cmp.Compare(m.Subscriptions, other.Subscriptions),
		cmp.Compare(other.Class, m.Class), // privileged is the smallest number
		cmp.Compare(m.Standing, other.Standing),
		cmp.Compare(m.Rights, other.Rights),
		cmp.Compare(m.Steps, other.Steps),
	)
}

// String is the measure in words.
func (m Measure) String() string {
	return fmt.Sprintf("%s and %s too many; class %s; %s; %s too many; %s",
		plural(m.Customers, "customer"), plural(m.Subscriptions, "subscription"), m.Class, m.Standing, plural(m.Rights, "right"), plural(m.Steps, "step"))
}

func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// Refusal is a way that will not do.
type Refusal struct {
	Name string
	Why  string
}

// Result is everything there is to say about a task.
type Result struct {
	// Already: everybody has it all now; nothing need be done.
	Already bool
	// Suggestions are the least first.
	Suggestions []Suggestion
	Refusals    []Refusal
}

// Progress says how many ways of how many have been tried.
type Progress struct{ Done, Of int }

// For finds the ways to do a task. The facts are those the index was made of; they
// are not changed. It fails on a task that makes no sense, and says why.
func For(x *access.Index, facts csp.Facts, t Task, progress func(Progress)) (Result, error) {
	j, err := newJob(x, facts, t)
	if err != nil {
		return Result{}, err
	}
	if j.isDone() {
		return Result{Already: true}, nil
	}
	plans, err := j.plans()
	if err != nil {
		return Result{}, err
	}
	var result Result
	for i, p := range plans {
		if progress != nil {
			progress(Progress{i, len(plans)})
		}
		s, why := j.try(p)
		if why != "" {
			result.Refusals = append(result.Refusals, Refusal{p.name(), why})
			continue
		}
		result.Suggestions = append(result.Suggestions, s)
	}
	slices.SortStableFunc(result.Suggestions, func(a, b Suggestion) int {
		return cmp.Or(a.Over.compare(b.Over), slices.Compare(a.Mechanisms, b.Mechanisms))
	})
	return result, nil
}

func (j *job) isDone() bool {
	return !slices.ContainsFunc(j.questions(), func(q access.Question) bool { return j.x.Can(q) != access.Has })
}

// plan is a combination of ways to try.
type plan struct {
	mechanisms []Mechanism
	custom     bool
}

func (p plan) name() string { return Suggestion{Mechanisms: p.mechanisms, Custom: p.custom}.Name() }

// mostBeyond is how many operations too many make a custom role worth a thought.
const mostBeyond = 10

// plans are all combinations of a way for Azure and one for directories.
func (j *job) plans() ([]plan, error) {
	azure, entra := []Mechanism{0}, []Mechanism{0}
	customs := []bool{false}
	if len(j.azure.actions) > 0 {
		for m := TimedGuest; m <= GuestRole; m++ {
			if m != GuestGroup || len(j.People) > 1 {
				azure = append(azure, m)
			}
		}
		azure = azure[1:]
		cover, ok, err := j.roles.Cover(j.azure.actions, nil)
		if err != nil {
			return nil, err
		}
		if !ok || cover.Beyond > mostBeyond {
			customs = append(customs, true)
		}
	}
	if len(j.entra.actions) > 0 {
		entra = []Mechanism{TimedGDAP, GDAPGroup, TimedGuestDirectory, GuestDirectory, HelpdeskAgent}
		if _, _, err := j.entries.Cover(j.entra.actions, nil); err != nil {
			return nil, err
		}
	}
	var all []plan
	for _, custom := range customs {
		for _, a := range azure {
			for _, e := range entra {
				both := slices.DeleteFunc([]Mechanism{a, e}, func(m Mechanism) bool { return m == 0 })
				if !custom || takesCustom(a) {
					all = append(all, plan{both, custom})
				}
			}
		}
	}
	return all, nil
}

// takesCustom says whether a custom role can be given that way: Lighthouse takes
// none, and what is in AdminAgents has what AdminAgents has.
func takesCustom(m Mechanism) bool {
	return slices.Contains([]Mechanism{TimedGuest, ForeignGroup, GuestGroup, GuestRole}, m)
}

// try makes a suggestion of a plan and proves it, or says why it will not do.
func (j *job) try(p plan) (Suggestion, string) {
	d := newDraft(j, p)
	for _, m := range p.mechanisms {
		if why := d.add(m); why != "" {
			return Suggestion{}, why
		}
	}
	proof, over, why := d.prove()
	if why != "" {
		return Suggestion{}, why
	}
	d.Proof = proof
	d.Over = over
	d.Adds = d.adds
	return d.Suggestion, ""
}

// ends is the instant at which what is timed ends.
func (j *job) ends() time.Time { return j.At.Add(j.For) }
