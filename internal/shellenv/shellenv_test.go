package shellenv_test

import (
	"os/exec"
	"strings"
	"testing"

	"latchkey/internal/shellenv"
)

func TestLinesOfEachShell(t *testing.T) {
	v := shellenv.Variable{Name: "CA_FILE", Value: `/home/o'neil/a b/$HOME \x`}
	for shell, want := range map[shellenv.Shell][2]string{
		shellenv.Bash:       {`export CA_FILE='/home/o'\''neil/a b/$HOME \x'`, `unset CA_FILE`},
		shellenv.Fish:       {`set -gx CA_FILE '/home/o\'neil/a b/$HOME \\x'`, `set -e CA_FILE`},
		shellenv.PowerShell: {`$Env:CA_FILE = '/home/o''neil/a b/$HOME \x'`, `Remove-Item Env:CA_FILE -ErrorAction SilentlyContinue`},
		shellenv.Cmd:        {`set "CA_FILE=/home/o'neil/a b/$HOME \x"`, `set "CA_FILE="`},
	} {
		set, err := shell.Set(v)
		if err != nil || set != want[0] {
			t.Errorf("%s: %s, %v, want %s", shell, set, err, want[0])
		}
		unset, err := shell.Unset(v.Name)
		if err != nil || unset != want[1] {
			t.Errorf("%s: %s, %v, want %s", shell, unset, err, want[1])
		}
	}
}

// TestAShellReadsBackWhatWasWritten runs the lines in a real shell.
func TestAShellReadsBackWhatWasWritten(t *testing.T) {
	for _, value := range []string{"", "plain", `it's "quoted"`, "$(touch /tmp/never) `x` \\ $HOME ;& | > *", "ümlaut"} {
		line, err := shellenv.Bash.Set(shellenv.Variable{Name: "X", Value: value})
		if err != nil {
			t.Fatal(err)
		}
		out, err := exec.CommandContext(t.Context(), "sh", "-c", line+"\nprintf %s \"$X\"").Output()
		if err != nil || string(out) != value {
			t.Errorf("%q came back as %q, %v", value, out, err)
		}
	}
}

func TestWhatCannotBeWrittenIsRefused(t *testing.T) {
	for _, v := range []shellenv.Variable{{Name: ""}, {Name: "A-B"}, {Name: "1A"}, {Name: "A;rm"}, {Name: "A", Value: "x\ny"}, {Name: "A", Value: "\x1b[2J"}} {
		for _, shell := range []shellenv.Shell{shellenv.Bash, shellenv.Fish, shellenv.PowerShell, shellenv.Cmd} {
			if line, err := shell.Set(v); err == nil {
				t.Errorf("%s: %q", shell, line)
			}
		}
	}
	if line, err := shellenv.Bash.Unset("A B"); err == nil {
		t.Errorf("%q", line)
	}
	for _, value := range []string{`a"b`, "50%", "wow!"} {
		if line, err := shellenv.Cmd.Set(shellenv.Variable{Name: "A", Value: value}); err == nil {
			t.Errorf("%q", line)
		}
	}
}

func TestShellsAreKnownByNameAndPath(t *testing.T) {
	for name, want := range map[string]shellenv.Shell{
		"bash": shellenv.Bash, "/usr/bin/zsh": shellenv.Bash, "FISH": shellenv.Fish, "pwsh": shellenv.PowerShell,
		`C:\Windows\System32\cmd.exe`: shellenv.Cmd, "powershell.exe": shellenv.PowerShell,
	} {
		if got, err := shellenv.Parse(name); err != nil || got != want {
			t.Errorf("%s is %q, %v", name, got, err)
		}
	}
	if _, err := shellenv.Parse("nu"); err == nil || !strings.Contains(err.Error(), shellenv.Names) {
		t.Errorf("an unknown one: %v", err)
	}
	for _, test := range []struct {
		env  map[string]string
		want shellenv.Shell
	}{
		{map[string]string{"SHELL": "/usr/bin/fish", "PSModulePath": "x"}, shellenv.Fish},
		{map[string]string{"PSModulePath": "x"}, shellenv.PowerShell},
		{nil, shellenv.Bash},
	} {
		if got := shellenv.Guess(func(name string) string { return test.env[name] }); got != test.want {
			t.Errorf("%v: %s, want %s", test.env, got, test.want)
		}
	}
}

func TestHowToUseIt(t *testing.T) {
	for shell, want := range map[shellenv.Shell]string{
		shellenv.Bash:       `eval "$(latchkey emulate env)"`,
		shellenv.Fish:       `latchkey emulate env --shell fish | source`,
		shellenv.PowerShell: `latchkey emulate env --shell powershell | Out-String | Invoke-Expression`,
		shellenv.Cmd:        `for /f "delims=" %i in ('latchkey emulate env --shell cmd') do @%i`,
	} {
		if got := shell.Use("latchkey emulate env"); got != want {
			t.Errorf("%s: %s", shell, got)
		}
	}
}
