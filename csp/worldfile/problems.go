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

// String is the problem as compilers write them: contoso.yaml:12:9: no principal "anne" in Contoso; nearest: ann.
func (p Problem) String() string {
	return fmt.Sprintf("%s:%d:%d: %s", p.File, p.Line, p.Column, p.Text)
}

// mostProblems is how many problems of one file are told.
const mostProblems = 20

// Error is all that is wrong with a world file.
type Error struct {
	Problems []Problem // in the order of the lines
	// More: reading ended at that many problems, and there may be others.
	More bool
}

// Error has one line for each problem.
func (e *Error) Error() string {
	lines := make([]string, 0, len(e.Problems)+1)
	for _, problem := range e.Problems {
		lines = append(lines, problem.String())
	}
	if e.More {
		lines = append(lines, fmt.Sprintf("there may be more: reading ended after %d problems", len(e.Problems)))
	}
	return strings.Join(lines, "\n")
}

// problem notes something wrong at the node.
func (r *reader) problem(n *yamltree.Node, format string, values ...any) {
	r.problemAt(n.Line, n.Column, fmt.Sprintf(format, values...))
}

func (r *reader) problemAt(line, column int, text string) {
	if r.full() {
		return
	}
	r.wrong.Problems = append(r.wrong.Problems, Problem{File: r.name, Line: line, Column: column, Text: text})
}

// full says that enough problems are known: what else is wrong is not looked for.
func (r *reader) full() bool { return len(r.wrong.Problems) >= mostProblems }

// err is all problems, or nil.
func (r *reader) err() error {
	if len(r.wrong.Problems) == 0 {
		return nil
	}
	slices.SortStableFunc(r.wrong.Problems, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
	r.wrong.More = r.full()
	return &r.wrong
}
