package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"
)

// output is in which form a command prints, and where.
type output struct {
	format string
	asJSON bool
	out    string
	forms  []string // that the command has; the first is the usual one
	form   string   // that was settled on
}

func (o *output) flags(c *cobra.Command, forms ...string) {
	o.forms = forms
	c.Flags().StringVar(&o.format, "format", "", "the `form` of the output: "+oneOf(forms)+"; by default what the output file's name ends in, or else "+forms[0])
	c.Flags().BoolVar(&o.asJSON, "json", false, "print JSON, as --format json does")
	c.Flags().StringVarP(&o.out, "output", "o", "", "write to a `file` instead")
}

// formsBySuffix are the forms that names of files ask for.
var formsBySuffix = map[string]string{
	".txt": "text", ".json": "json", ".svg": "svg", ".dot": "dot", ".gv": "dot", ".mmd": "mermaid", ".mermaid": "mermaid",
	".csv": "csv", ".sarif": "sarif", ".html": "html", ".htm": "html",
}

// settle finds out the form that is meant.
func (o *output) settle() error {
	bySuffix := formsBySuffix[strings.ToLower(filepath.Ext(o.out))]
	switch {
	case o.asJSON && o.format != "" && o.format != "json":
		return fmt.Errorf("--json and --format %s are two forms: leave one of them out", o.format)
	case o.asJSON:
		o.form = "json"
	case o.format != "":
		o.form = o.format
	case bySuffix != "":
		o.form = bySuffix
	default:
		o.form = o.forms[0]
	}
	if !slices.Contains(o.forms, o.form) {
		return fmt.Errorf("there is no form %q of this: want %s", o.form, oneOf(o.forms))
	}
	return nil
}

// oneOf is "a, b or c".
func oneOf(words []string) string {
	last := len(words) - 1
	return strings.Join(words[:last], ", ") + " or " + words[last]
}

// write gives what a command says to its output: all of it, or nothing.
func (o *output) write(s streams, say func(io.Writer) error) error {
	var b bytes.Buffer
	if err := say(&b); err != nil {
		return err
	}
	if o.out == "" {
		_, err := s.out.Write(b.Bytes())
		return err
	}
	return os.WriteFile(o.out, b.Bytes(), 0o644)
}
