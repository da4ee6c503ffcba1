package report

import (
	"encoding/csv"
	"io"
	"strconv"
	"strings"
)

// CSV writes a line for each finding, after a line of headings.
//
// A cell that begins with a character by which spreadsheets know a formula is
// written with an apostrophe in front, which they take for "this is text".
func CSV(w io.Writer, r Report) error {
	out := csv.NewWriter(w)
	lines := [][]string{{
		"kind", "name", "severity", "rule", "subject kind", "subject id", "subject", "tenant",
		"customers", "subscriptions", "items", "others", "text", "examples", "what to do",
	}}
	for _, f := range r.Findings {
		k := f.Kind.About()
		kind := ""
		if f.Subject.Kind != 0 {
			kind = f.Subject.Kind.String()
		}
		var examples []string
		for _, e := range f.Examples {
			examples = append(examples, e.Text)
		}
		lines = append(lines, []string{
			string(k.ID), k.Name, f.Severity.String(), k.Rule, kind, f.Subject.ID, f.Subject.Name, f.Subject.Tenant,
			strconv.Itoa(f.Count.Customers), strconv.Itoa(f.Count.Subscriptions), strconv.Itoa(f.Count.Items), strconv.Itoa(f.Others),
			f.Text, strings.Join(examples, "; "), f.Change.Text,
		})
	}
	for _, line := range lines {
		for i := range line {
			line[i] = cell(line[i])
		}
	}
	return out.WriteAll(lines)
}

// formula are the characters by which some spreadsheet knows a formula, the wide
// forms among them.
const formula = "=+-@\uFF1D\uFF0B\uFF0D\uFF20|%"

// cell makes text safe to open in a spreadsheet.
func cell(s string) string {
	s = visible(s)
	if strings.IndexAny(strings.TrimLeft(s, " \u00A0\u3000"), formula) == 0 {
		return "'" + s
	}
	return s
}
