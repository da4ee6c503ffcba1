package suggest

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"
	"unicode"

	"latchkey/csp"
)

// visible shows control characters and invisible ones by number: names come from
// other people's directories.
func visible(s string) string {
	hidden := func(r rune) bool {
		return unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || r == '\u2028' || r == '\u2029'
	}
	if !strings.ContainsFunc(s, hidden) {
		return s
	}
	var b strings.Builder
	for _, r := range s {
		if hidden(r) {
			fmt.Fprintf(&b, "<U+%04X>", r)
		} else {
			b.WriteRune(r)
		}
	}
	return b.String()
}

// Text writes a result for people at a terminal: at most the given number of
// suggestions in full, and the others by name. Zero means all in full.
func (r Result) Text(w io.Writer, most int) error {
	b := bufio.NewWriter(w)
	line := func(format string, args ...any) { fmt.Fprintln(b, visible(fmt.Sprintf(format, args...))) }
	switch {
	case r.Already:
		line("Everybody has it already; nothing need be done.")
	case len(r.Suggestions) == 0:
		line("No way was found that gives it all and keeps the others out.")
	}
	for i, s := range r.Suggestions {
		if most > 0 && i >= most {
			line("%d. %s: %s.", i+1, s.Name(), s.Over)
			continue
		}
		s.text(line, i+1)
	}
	if len(r.Refusals) > 0 {
		line("What will not do:")
	}
	for _, f := range r.Refusals {
		line("- %s: %s.", f.Name, f.Why)
	}
	return b.Flush()
}

func (s Suggestion) text(line func(string, ...any), number int) {
	line("%d. %s", number, s.Name())
	line("   Too much: %s.", s.Over)
	for _, role := range s.Roles {
		line("   Role: %s (%s) at %s", role.Name, role.Class, role.Place)
	}
	for _, n := range s.Needs {
		mark := "missing"
		if n.Met {
			mark = "met"
		}
		line("   Needs (%s): %s", mark, n.Text)
	}
	for i, step := range s.Steps {
		line("   Step %d, %s: %s", i+1, step.Who, step.Text)
		if step.Command != "" {
			line("      %s", step.Command)
		}
	}
	for _, c := range s.Conflicts {
		line("   Mind (%s): %s", c.Rule, c.Text)
	}
	line("   Proved: %s answered by the engine as they should be; %s looked at and kept out.",
		plural(len(s.Proof.Checks), "question"), plural(s.Proof.KeptOut, "other tenant"))
	line("")
}

// The forms that JSON writes. Names of fields are promised; new ones may be added.
type (
	jsonResult struct {
		Already     bool             `json:"already"`
		Suggestions []jsonSuggestion `json:"suggestions"`
		Refusals    []jsonRefusal    `json:"refusals"`
	}
	jsonRefusal struct {
		Name string `json:"name"`
		Why  string `json:"why"`
	}
	jsonSuggestion struct {
		Name      string         `json:"name"`
		Over      jsonMeasure    `json:"tooMuch"`
		Roles     []jsonRole     `json:"roles"`
		Needs     []jsonNeed     `json:"needs"`
		Steps     []jsonStep     `json:"steps"`
		Conflicts []jsonConflict `json:"conflicts"`
		Checks    []jsonCheck    `json:"proof"`
		KeptOut   int            `json:"keptOut"`
		Wider     []csp.TenantID `json:"wider"`
	}
	jsonMeasure struct {
		Customers     int    `json:"customers"`
		Subscriptions int    `json:"subscriptions"`
		Class         string `json:"class"`
		Standing      string `json:"standing"`
		Rights        int    `json:"rights"`
		Steps         int    `json:"steps"`
	}
	jsonRole struct {
		Name  string    `json:"name"`
		ID    string    `json:"id"`
		Class string    `json:"class"`
		Place jsonPlace `json:"place"`
	}
	jsonPlace struct {
		Tenant csp.TenantID `json:"tenant"`
		Scope  csp.Scope    `json:"scope,omitzero"`
	}
	jsonNeed struct {
		Text string `json:"text"`
		Met  bool   `json:"met"`
	}
	jsonStep struct {
		Who     string `json:"who"`
		Text    string `json:"text"`
		Command string `json:"command,omitempty"`
	}
	jsonConflict struct {
		Rule string `json:"rule"`
		Text string `json:"text"`
	}
	jsonCheck struct {
		Principal csp.ObjectID `json:"principal"`
		Action    string       `json:"action"`
		Data      bool         `json:"data,omitempty"`
		Place     jsonPlace    `json:"place"`
		At        time.Time    `json:"at"`
		When      string       `json:"when,omitempty"`
		Verdict   string       `json:"verdict"`
	}
)

// JSON writes all of a result.
func (r Result) JSON(w io.Writer) error {
	out := jsonResult{Already: r.Already, Suggestions: []jsonSuggestion{}, Refusals: []jsonRefusal{}}
	for _, s := range r.Suggestions {
		out.Suggestions = append(out.Suggestions, jsonOf(s))
	}
	for _, f := range r.Refusals {
		out.Refusals = append(out.Refusals, jsonRefusal(f))
	}
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	return encoder.Encode(out)
}

func jsonOf(s Suggestion) jsonSuggestion {
	out := jsonSuggestion{
		Name: s.Name(), KeptOut: s.Proof.KeptOut, Wider: append([]csp.TenantID{}, s.Proof.Wider...),
		Over:  jsonMeasure{s.Over.Customers, s.Over.Subscriptions, s.Over.Class.String(), s.Over.Standing.String(), s.Over.Rights, s.Over.Steps},
		Roles: []jsonRole{}, Needs: []jsonNeed{}, Steps: []jsonStep{}, Conflicts: []jsonConflict{}, Checks: []jsonCheck{},
	}
	for _, role := range s.Roles {
		out.Roles = append(out.Roles, jsonRole{role.Name, role.ID, role.Class.String(), jsonPlace(role.Place)})
	}
	for _, n := range s.Needs {
		out.Needs = append(out.Needs, jsonNeed(n))
	}
	for _, step := range s.Steps {
		out.Steps = append(out.Steps, jsonStep(step))
	}
	for _, c := range s.Conflicts {
		out.Conflicts = append(out.Conflicts, jsonConflict(c))
	}
	for _, c := range s.Proof.Checks {
		out.Checks = append(out.Checks, jsonCheck{
			c.Question.Principal, c.Question.Action.String(), c.Question.Action.IsData(), jsonPlace(c.Question.Place), c.Question.At, c.When, c.Verdict.String(),
		})
	}
	return out
}
