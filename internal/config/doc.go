// Package config reads how an installation is set up: one YAML file, a few
// environment variables for secrets, and nothing else. No other package reads
// the environment.
//
// Load either gives a Config in which everything is parsed and checked, or
// Problems: every mistake at once, each with its line, its key, what was found
// and what is allowed. Unknown keys are mistakes. The file is documented by
// example.yaml, which `latchkey config example` prints and a test loads.
package config
