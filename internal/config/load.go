package config

import (
	"bytes"
	_ "embed"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
)

//go:embed example.yaml
var example string

// Example is a complete, commented configuration file.
func Example() string { return example }

// mostBytes bounds the file; a configuration is written by hand.
const mostBytes = 4 << 20

// Environment variables that override the file, so that secrets need not stand in it.
const (
	envDatabase     = "LATCHKEY_DATABASE"
	envClientSecret = "LATCHKEY_APP_CLIENT_SECRET"
	envMailPassword = "LATCHKEY_MAIL_PASSWORD"
)

// Load reads the file and the environment. A mistake in the file's content is
// *Problems; everything else is an error of the file system.
func Load(path string, getenv func(string) string) (*Config, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("reading the configuration: %w", err)
	}
	if info.Size() > mostBytes {
		return nil, fmt.Errorf("the configuration %s is larger than %d MiB", path, mostBytes>>20)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("reading the configuration: %w", err)
	}
	return Parse(path, text, getenv)
}

// Parse is Load on text; name stands in the problems in place of a path.
func Parse(name string, text []byte, getenv func(string) string) (*Config, error) {
	root, problems := parseTree(name, text)
	if problems != nil {
		return nil, problems
	}
	var raw file
	if root != nil {
		decoder := yaml.NewDecoder(bytes.NewReader(text), yaml.DisallowUnknownField())
		if err := decoder.Decode(&raw); err != nil {
			return nil, syntaxProblem(name, err)
		}
	}
	override(&raw, getenv)
	c := &checker{name: name, root: root}
	config := c.config(raw)
	if err := c.err(); err != nil {
		return nil, err
	}
	return config, nil
}

// parseTree gives the file's tree, nil for an empty file.
func parseTree(name string, text []byte) (ast.Node, error) {
	tree, err := parser.ParseBytes(text, 0)
	if err != nil {
		return nil, syntaxProblem(name, err)
	}
	switch {
	case len(tree.Docs) == 0 || tree.Docs[0].Body == nil:
		return nil, nil
	case len(tree.Docs) > 1:
		return nil, &Problems{File: name, List: []Problem{{Key: "file", Text: "it holds several documents (---); write one"}}}
	}
	return tree.Docs[0].Body, nil
}

// syntaxProblem turns the reader's complaint into ours, without its source
// excerpt: the line might hold a password.
func syntaxProblem(name string, err error) error {
	problem := Problem{Key: "file", Text: "it cannot be read as YAML"}
	if positioned, ok := errors.AsType[yaml.Error](err); ok {
		if token := positioned.GetToken(); token != nil {
			problem.Line = token.Position.Line
		}
		problem.Text = strings.ReplaceAll(positioned.GetMessage(), "\n", " ")
	}
	if unknown, ok := errors.AsType[*yaml.UnknownFieldError](err); ok {
		problem.Key = unknown.Token.Value
		problem.Text = "no such key; `latchkey config example` shows all there are"
	}
	return &Problems{File: name, List: []Problem{problem}}
}

func override(raw *file, getenv func(string) string) {
	for name, field := range map[string]*string{
		envDatabase:     &raw.Database,
		envClientSecret: &raw.App.ClientSecret,
		envMailPassword: &raw.Mail.Password,
	} {
		if value := getenv(name); value != "" {
			*field = value
		}
	}
}
