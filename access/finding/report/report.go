package report

import (
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"

	"latchkey/access"
	"latchkey/access/finding"
)

// Report is what was found at an instant.
type Report struct {
	// At is the instant at which everything was judged (R29).
	At       time.Time
	Findings []finding.Finding
}

// visible shows what a terminal or a spreadsheet would not: control characters,
// line ends, and the characters that turn the direction of text or have no width.
func visible(s string) string {
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

func hidden(r rune) bool {
	return unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || unicode.Is(unicode.Zl, r) || unicode.Is(unicode.Zp, r) || r == unicode.ReplacementChar
}

// about names the subject with its tenant: "group Support of Alder Cloud".
func about(s access.Stop) string {
	switch {
	case s.Kind == 0:
		return ""
	case s.Tenant == "" || s.Kind == access.TenantStop:
		return s.Kind.String() + " " + s.Name
	}
	return s.Kind.String() + " " + s.Name + " of " + s.Tenant
}

// told is a path in one line. A path that nobody asked the engine for is only how
// things are, and has no verdict.
func told(p access.Path) string { return strings.TrimPrefix(p.String(), access.HasNot.String()+": ") }

// counted says what a finding concerns: "2 customers, 3 subscriptions, 7 assignments".
func counted(f finding.Finding) string {
	var parts []string
	for _, part := range []struct {
		n    int
		noun string
	}{{f.Count.Customers, "customer"}, {f.Count.Subscriptions, "subscription"}, {f.Count.Items, f.Kind.About().Items}} {
		if part.n > 0 && !slices.Contains(parts, plural(part.n, part.noun)) {
			parts = append(parts, plural(part.n, part.noun))
		}
	}
	return strings.Join(parts, ", ")
}

// plural counts a thing. "assignment of AdminAgents" becomes "assignments of
// AdminAgents".
func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	head, tail, of := strings.Cut(noun, " of ")
	first, second, or := strings.Cut(head, " or ")
	switch {
	case or:
		head = plural(0, first)[2:] + " and " + plural(0, second)[2:]
	case head == "person":
		head = "people"
	case strings.HasSuffix(head, "ry"):
		head = strings.TrimSuffix(head, "y") + "ies"
	default:
		head += "s"
	}
	if of {
		head += " of " + tail
	}
	return fmt.Sprintf("%d %s", n, head)
}

// severities are all of them, the worst first.
var severities = []finding.Severity{finding.High, finding.Medium, finding.Low, finding.Info}

// bySeverity counts the findings of a severity; those that stand for many count as
// many.
func (r Report) bySeverity(s finding.Severity) int {
	n := 0
	for _, f := range r.Findings {
		if f.Severity == s {
			n += max(1, f.Others)
		}
	}
	return n
}

// summary is one sentence about all of it.
func (r Report) summary() string {
	if len(r.Findings) == 0 {
		return "Nothing was found."
	}
	var parts []string
	all := 0
	for _, s := range severities {
		if n := r.bySeverity(s); n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, s))
			all += n
		}
	}
	return fmt.Sprintf("%s: %s.", plural(all, "finding"), strings.Join(parts, ", "))
}
