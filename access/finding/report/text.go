package report

import (
	"bufio"
	"fmt"
	"io"
	"strings"
	"time"

	"latchkey/access/finding"
)

// Text writes the findings for people at a terminal.
func Text(w io.Writer, r Report) error {
	b := bufio.NewWriter(w)
	for _, f := range r.Findings {
		writeText(b, f)
	}
	fmt.Fprintf(b, "%s Judged at %s.\n", r.summary(), r.At.UTC().Format(time.RFC3339))
	return b.Flush()
}

func writeText(b *bufio.Writer, f finding.Finding) {
	k := f.Kind.About()
	fmt.Fprintf(b, "%-6s %s %s", strings.ToUpper(f.Severity.String()), k.ID, k.Title)
	if subject := about(f.Subject); subject != "" {
		fmt.Fprintf(b, ": %s", visible(subject))
	}
	fmt.Fprintf(b, "\n       %s\n", visible(f.Text))
	if n := counted(f); n != "" {
		fmt.Fprintf(b, "       %s (%s)\n", n, k.Rule)
	}
	for _, e := range f.Examples {
		text := e.Text
		if name := e.Tenant.Name; name != "" && !strings.Contains(text, name) && name != f.Subject.Name {
			text += " (" + name + ")"
		}
		fmt.Fprintf(b, "       - %s\n", visible(text))
	}
	if f.More > 0 {
		fmt.Fprintf(b, "       - and %d more\n", f.More)
	}
	for i, p := range f.Paths {
		if i == 3 {
			fmt.Fprintf(b, "       and %s\n", plural(len(f.Paths)-i, "further path"))
			break
		}
		fmt.Fprintf(b, "       %s\n", visible(told(p)))
	}
	fmt.Fprintf(b, "       What to do: %s\n", f.Change.Text)
	for _, c := range f.Change.Commands {
		fmt.Fprintf(b, "         %s\n", visible(c.Line))
	}
	fmt.Fprintln(b)
}
