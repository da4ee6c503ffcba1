package config

import (
	"fmt"
	"sort"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
)

// Problem is one mistake in a configuration.
type Problem struct {
	Line int    `json:"line"` // in the file, 0 when the key is missing altogether or comes from the environment
	Key  string `json:"key"`  // "customers[0].tenant"
	Text string `json:"text"` // what was found, what is allowed
}

// Problems is every mistake found in one file.
type Problems struct { //nolint:errname // a list of mistakes, before it is an error
	File string
	List []Problem
}

// Error lists the mistakes, one a line, in the file's order.
func (p *Problems) Error() string {
	lines := make([]string, 0, len(p.List)+1)
	for _, problem := range p.List {
		place := p.File
		if problem.Line > 0 {
			place = fmt.Sprintf("%s:%d", p.File, problem.Line)
		}
		lines = append(lines, fmt.Sprintf("%s: %s: %s", place, problem.Key, problem.Text))
	}
	return strings.Join(lines, "\n")
}

// checker collects problems and knows where each key stands.
type checker struct {
	name  string
	root  ast.Node
	found []Problem
}

// bad notes a mistake at the key.
func (c *checker) bad(key, format string, args ...any) {
	c.found = append(c.found, Problem{Line: c.line(key), Key: key, Text: fmt.Sprintf(format, args...)})
}

// line finds the key's line, or the line of the nearest key above it that is there.
func (c *checker) line(key string) int {
	for key != "" && c.root != nil {
		if line := c.lineOf(key); line > 0 {
			return line
		}
		key = parentKey(key)
	}
	return 0
}

func (c *checker) lineOf(key string) int {
	path, err := yaml.PathString("$." + key)
	if err != nil {
		return 0
	}
	node, err := path.FilterNode(c.root)
	if err != nil || node == nil || node.GetToken() == nil {
		return 0
	}
	return node.GetToken().Position.Line
}

func parentKey(key string) string {
	dot, bracket := strings.LastIndexByte(key, '.'), strings.LastIndexByte(key, '[')
	return key[:max(dot, bracket, 0)]
}

// err is nil when nothing was wrong.
func (c *checker) err() error {
	if len(c.found) == 0 {
		return nil
	}
	sort.SliceStable(c.found, func(i, j int) bool { return c.found[i].Line < c.found[j].Line })
	return &Problems{File: c.name, List: c.found}
}
