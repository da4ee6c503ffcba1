package worldfile

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"latchkey/csp/worldfile/internal/yamltree"
)

// Problem is one thing wrong with a world file, and where.
type Problem struct {
	File         string
	Line, Column int // from 1; a column is a letter
	Text         string
}

// Error is the problem as compilers write them: contoso.yaml:12:9: no principal "anne" in Contoso; nearest: ann.
func (p Problem) Error() string {
	return fmt.Sprintf("%s:%d:%d: %s", p.File, p.Line, p.Column, p.Text)
}

// mostProblems is how many problems of one file are told.
const mostProblems = 20

// Problems are what is wrong with a world file, in the order of its lines.
type Problems struct {
	List []Problem
	// More: reading was given up at that many problems.
	More bool
}

// Error has one line for each problem.
func (p *Problems) Error() string {
	lines := make([]string, 0, len(p.List)+1)
	for _, problem := range p.List {
		lines = append(lines, problem.Error())
	}
	if p.More {
		lines = append(lines, fmt.Sprintf("there may be more: reading ended after %d problems", len(p.List)))
	}
	return strings.Join(lines, "\n")
}

// Unwrap are the problems one by one.
func (p *Problems) Unwrap() []error {
	list := make([]error, 0, len(p.List))
	for _, problem := range p.List {
		list = append(list, problem)
	}
	return list
}

// problem notes something wrong at the node.
func (r *reader) problem(n *yamltree.Node, format string, values ...any) {
	r.problemAt(n.Line, n.Column, fmt.Sprintf(format, values...))
}

func (r *reader) problemAt(line, column int, text string) {
	if r.full() {
		r.problems.More = true
		return
	}
	r.problems.List = append(r.problems.List, Problem{File: r.name, Line: line, Column: column, Text: text})
}

// full says that enough problems are known: what else is wrong is not looked for.
func (r *reader) full() bool { return len(r.problems.List) >= mostProblems }

// err is all problems, or nil.
func (r *reader) err() error {
	if len(r.problems.List) == 0 {
		return nil
	}
	slices.SortStableFunc(r.problems.List, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
	return &r.problems
}
