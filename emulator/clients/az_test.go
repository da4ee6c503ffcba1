package clients_test

import (
	"encoding/json"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// azureCLI is one installation's worth of the Azure CLI's state: who is signed
// in, which subscription and which cloud are chosen.
type azureCLI struct {
	v   *town
	env []string
}

// az is the Azure CLI with nothing configured, reaching the emulator by
// Microsoft's own names.
func (v *town) az(tb testing.TB) *azureCLI {
	tb.Helper()
	return v.azWith(tb, v.proxied()...)
}

func (v *town) azWith(tb testing.TB, env ...string) *azureCLI {
	tb.Helper()
	shim := must(filepath.Abs("azcli"))(tb)
	return &azureCLI{v, append(append(v.bareEnvironment(tb),
		"AZURE_CONFIG_DIR="+tb.TempDir(),
		"REQUESTS_CA_BUNDLE="+v.ca, // MSAL and the SDK read this one
		"SSL_CERT_FILE="+v.ca,      // and what uses urllib this one
		"AZURE_CORE_COLLECT_TELEMETRY=false",
		"AZURE_CORE_SURVEY_MESSAGE=false",
		"AZURE_CORE_NO_COLOR=true",
		"AZURE_CORE_OUTPUT=json",
		"AZURE_CORE_INSTANCE_DISCOVERY=false", // for newer ones than Debian's, which asks for instances all the same
		"PYTHONPATH="+shim,
		"PYTHONDONTWRITEBYTECODE=1",
		"PYTHONWARNINGS=ignore",
	), env...)}
}

// try runs az and gives how it ended.
func (a *azureCLI) try(tb testing.TB, args ...string) outcome {
	tb.Helper()
	return process{name: "az", args: args, env: a.env}.run(tb)
}

// run runs az, which must succeed.
func (a *azureCLI) run(tb testing.TB, args ...string) string {
	tb.Helper()
	got := a.try(tb, args...)
	if got.code != 0 {
		tb.Fatalf("az %s: exit code %d\n%s%s", strings.Join(args, " "), got.code, got.stdout, got.stderr)
	}
	return got.stdout
}

// read runs az, which must succeed, and reads what it prints.
func (a *azureCLI) read(tb testing.TB, into any, args ...string) {
	tb.Helper()
	out := a.run(tb, args...)
	if err := json.Unmarshal([]byte(out), into); err != nil {
		tb.Fatalf("az %s: %v in %s", strings.Join(args, " "), err, out)
	}
}

// refused runs az, which must fail and say each of the words.
func (a *azureCLI) refused(tb testing.TB, words []string, args ...string) {
	tb.Helper()
	got := a.try(tb, args...)
	if got.code == 0 {
		tb.Errorf("az %s: it succeeded\n%s", strings.Join(args, " "), got.stdout)
	}
	for _, word := range words {
		if !strings.Contains(got.stderr, word) {
			tb.Errorf("az %s: it does not say %q:\n%s", strings.Join(args, " "), word, got.stderr)
		}
	}
}

// asRobot signs the robot in.
func (a *azureCLI) asRobot(tb testing.TB) *azureCLI {
	tb.Helper()
	a.run(tb, "login", "--service-principal", "--username", a.v.robot.ID.String(), "--password", robotSecret, "--tenant", a.v.customer.ID.String())
	return a
}

var deviceMessage = regexp.MustCompile(`open the page (\S+) and enter the code (\S+) to`)

// byDevice signs in with a device code: az says the code, the person enters it.
func (a *azureCLI) byDevice(tb testing.TB, who *person, more ...string) string {
	tb.Helper()
	failed := make(chan error, 1)
	asked := false
	got := process{
		name: "az", args: append([]string{"login", "--use-device-code"}, more...), env: a.env, hopeless: failed,
		hears: func(line string) {
			said := deviceMessage.FindStringSubmatch(line)
			if said == nil {
				return
			}
			asked = true
			go func() {
				if err := who.enterCode(said[1], said[2]); err != nil {
					failed <- err
				}
			}()
		},
	}.run(tb)
	if got.code != 0 || !asked {
		tb.Fatalf("az login --use-device-code: exit code %d, a code was shown: %t\n%s%s", got.code, asked, got.stdout, got.stderr)
	}
	return got.stdout
}

// account is a subscription as `az account` shows it.
type account struct {
	ID        string `json:"id"`
	Name      string `json:"name"`
	State     string `json:"state"`
	TenantID  string `json:"tenantId"`
	IsDefault bool   `json:"isDefault"`
	Cloud     string `json:"cloudName"`       // as listed
	InCloud   string `json:"environmentName"` // as shown
	User      struct {
		Name string `json:"name"`
		Type string `json:"type"`
	} `json:"user"`
}
