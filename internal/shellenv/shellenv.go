// Package shellenv writes settings of environment variables as the lines that a
// shell reads them from, so that one command can set up another's surroundings:
//
//	eval "$(latchkey emulate env)"
//
// Values are quoted in the shell's own way; none of them is ever run.
package shellenv

import (
	"fmt"
	"path/filepath"
	"strings"
)

// Variable is one setting.
type Variable struct {
	Name  string
	Value string
}

// Shell is the language of a command line.
type Shell string

// The shells.
const (
	Bash       Shell = "bash" // and sh, dash, zsh, ksh
	Fish       Shell = "fish"
	PowerShell Shell = "powershell"
	Cmd        Shell = "cmd" // of Windows
)

// Names lists the shells by the names that Parse takes.
const Names = "bash, fish, powershell or cmd"

// Parse reads a shell's name, or the path of its program.
func Parse(name string) (Shell, error) {
	base := filepath.Base(strings.ReplaceAll(strings.ToLower(strings.TrimSpace(name)), `\`, "/"))
	switch strings.TrimSuffix(base, ".exe") {
	case "bash", "sh", "dash", "zsh", "ksh", "ash":
		return Bash, nil
	case "fish":
		return Fish, nil
	case "powershell", "pwsh":
		return PowerShell, nil
	case "cmd":
		return Cmd, nil
	}
	return "", fmt.Errorf("%q is no shell that is known here: want %s", name, Names)
}

// Guess is the shell of the environment: PowerShell where its module path is set
// and no other shell is named, else the one that SHELL names, else bash.
func Guess(getenv func(string) string) Shell {
	if shell, err := Parse(getenv("SHELL")); err == nil {
		return shell
	}
	if getenv("PSModulePath") != "" {
		return PowerShell
	}
	return Bash
}

// Set gives the line that sets the variable, here and for what is started from
// here.
func (s Shell) Set(v Variable) (string, error) {
	if err := check(v); err != nil {
		return "", err
	}
	switch s {
	case Fish:
		return "set -gx " + v.Name + " '" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(v.Value) + "'", nil
	case PowerShell:
		return "$Env:" + v.Name + " = '" + strings.ReplaceAll(v.Value, "'", "''") + "'", nil
	case Cmd:
		// There is no way to quote these that holds both typed and in a file.
		if strings.ContainsAny(v.Value, `"%!`) {
			return "", fmt.Errorf("%s=%q cannot be written for cmd, which has no way to quote \", %% and !", v.Name, v.Value)
		}
		return `set "` + v.Name + "=" + v.Value + `"`, nil
	}
	return "export " + v.Name + "='" + strings.ReplaceAll(v.Value, "'", `'\''`) + "'", nil
}

// Unset gives the line that takes the variable away.
func (s Shell) Unset(name string) (string, error) {
	if err := check(Variable{Name: name}); err != nil {
		return "", err
	}
	switch s {
	case Fish:
		return "set -e " + name, nil
	case PowerShell:
		return "Remove-Item Env:" + name + " -ErrorAction SilentlyContinue", nil
	case Cmd:
		return `set "` + name + `="`, nil
	}
	return "unset " + name, nil
}

// Use gives the command line that runs what a command prints.
func (s Shell) Use(command string) string {
	switch s {
	case Fish:
		return command + " --shell fish | source"
	case PowerShell:
		return command + " --shell powershell | Out-String | Invoke-Expression"
	case Cmd:
		return `for /f "delims=" %i in ('` + command + ` --shell cmd') do @%i`
	}
	return `eval "$(` + command + `)"`
}

func check(v Variable) error {
	if v.Name == "" || strings.Trim(v.Name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_0123456789") != "" || v.Name[0] >= '0' && v.Name[0] <= '9' {
		return fmt.Errorf("%q is no name of an environment variable", v.Name)
	}
	if strings.ContainsFunc(v.Value, func(r rune) bool { return r < ' ' || r == 0x7f }) {
		return fmt.Errorf("%s=%q holds a line break or another control character", v.Name, v.Value)
	}
	return nil
}
