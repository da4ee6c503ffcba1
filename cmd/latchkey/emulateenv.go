package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"latchkey/emulator"
	"latchkey/emulator/origin"
	"latchkey/emulator/seed"
	"latchkey/internal/rundir"
	"latchkey/internal/shellenv"
)

// The files in the emulator's private directory.
const (
	stateFile = "state.json"
	caFile    = "ca.pem"
	// azureDir keeps what the Azure CLI remembers apart from what it remembers of
	// the real cloud.
	azureDir = "azure"
)

// running is a running emulator, as it is told and written down.
type running struct {
	PID           int    `json:"pid"`
	Login         string `json:"login"`
	ARM           string `json:"arm"`
	Graph         string `json:"graph"`
	PartnerCenter string `json:"partnercenter"`
	Page          string `json:"page"`
	Proxy         string `json:"proxy"`
	Control       string `json:"control,omitempty"`
	ControlToken  string `json:"controlToken,omitempty"`
	CAFile        string `json:"caFile"`
	AzureConfig   string `json:"azureConfigDir"`
	ClientID      string `json:"clientId"`
	ClientSecret  string `json:"clientSecret"`
	PublicClient  string `json:"publicClientId"`
	Password      string `json:"password"`
}

func (e *emulateCall) running(ends *emulator.Endpoints, dir rundir.Dir) running {
	return running{
		PID: os.Getpid(), Login: ends.Login, ARM: ends.ARM, Graph: ends.Graph, PartnerCenter: ends.PartnerCenter,
		Page: ends.Browser + "/", Proxy: ends.Proxy, Control: ends.Control, ControlToken: ends.ControlToken,
		CAFile: dir.Join(caFile), AzureConfig: dir.Join(azureDir),
		ClientID: seed.OwnClient.String(), ClientSecret: e.secret, PublicClient: seed.PublicClient.String(), Password: e.password,
	}
}

// table is where everything is, for people.
func (r running) table() [][2]string {
	list := [][2]string{
		{origin.Login.Title(), r.Login},
		{origin.ARM.Title(), r.ARM},
		{origin.Graph.Title(), r.Graph},
		{origin.PartnerCenter.Title(), r.PartnerCenter},
		{"Page", r.Page},
		{"Proxy", r.Proxy},
		{"CA", r.CAFile},
	}
	if r.Control != "" {
		list = append(list, [2]string{"Control", r.Control}) // its token is in the private directory, not in whatever keeps this output
	}
	return list
}

func (r running) write(dir rundir.Dir, ends *emulator.Endpoints) error {
	if _, err := rundir.Make(dir.Join(azureDir)); err != nil {
		return err
	}
	if err := dir.Write(caFile, ends.CAPEM); err != nil {
		return err
	}
	text, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	return dir.Write(stateFile, append(text, '\n'))
}

// readRunning finds the emulator that wrote the state, if it still answers.
func readRunning(ctx context.Context, dir rundir.Dir) (running, bool) {
	text, err := dir.Read(stateFile)
	if err != nil {
		return running{}, false
	}
	var r running
	if json.Unmarshal(text, &r) != nil {
		return running{}, false // half of something; it is written anew
	}
	return r, answers(ctx, r.Page)
}

// answers says whether an emulator shows its page there.
func answers(ctx context.Context, page string) bool {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodHead, page, nil)
	if err != nil {
		return false
	}
	response, err := (&http.Transport{DisableKeepAlives: true}).RoundTrip(request)
	if err != nil {
		return false
	}
	return response.Body.Close() == nil && response.Header.Get("x-emulator") != ""
}

func emulateEnvCommand(s streams, getenv func(string) string, state *string) *cobra.Command {
	var shell string
	var asJSON, unset bool
	command := &cobra.Command{
		Use: "env", Short: "Print the settings that point clients to the running emulator", Args: cobra.NoArgs,
		Long: "Prints the environment variables under which unmodified clients reach the running emulator\nby Microsoft's names. A shell that has them reaches nothing else over https.\n\n  eval \"$(latchkey emulate env)\"          bash, zsh, sh\n  latchkey emulate env --shell fish | source\n  latchkey emulate env --shell powershell | Out-String | Invoke-Expression\n\nWith --unset it prints what takes them away again.",
		RunE: func(c *cobra.Command, _ []string) error {
			in := shellenv.Guess(getenv)
			if shell != "" {
				var err error
				if in, err = shellenv.Parse(shell); err != nil {
					return usage(c, err)
				}
			}
			r, err := findRunning(c.Context(), *state, unset)
			if err != nil {
				return err
			}
			variables := r.environment(getenv)
			if asJSON {
				return printVariables(s, variables, unset)
			}
			return printLines(s, in, variables, unset)
		},
	}
	command.Flags().StringVar(&shell, "shell", "", "the `shell` to write for: "+shellenv.Names+"; by default the one in use")
	command.Flags().BoolVar(&asJSON, "json", false, "print the variables as JSON")
	command.Flags().BoolVar(&unset, "unset", false, "print what takes the variables away again")
	return command
}

// findRunning finds the running emulator. To take variables away, none need run.
func findRunning(ctx context.Context, state string, unset bool) (running, error) {
	path, err := emulatorPath(state)
	if err != nil {
		return running{}, err
	}
	dir, err := rundir.Find(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return running{}, err
	}
	if err == nil {
		if r, ok := readRunning(ctx, dir); ok {
			return r, nil
		}
	}
	if unset {
		return running{Control: "-"}, nil
	}
	return running{}, errors.New("no emulator is running here: start one with `latchkey emulate`, in another shell or in the background")
}

// environment are the variables under which clients reach the emulator. A
// variable that the caller has in lower case is set in lower case too, since some
// clients look there first.
func (r running) environment(getenv func(string) string) []shellenv.Variable {
	list := []shellenv.Variable{
		{Name: "HTTPS_PROXY", Value: r.Proxy},
		{Name: "NO_PROXY", Value: "localhost,127.0.0.1,::1"},
		{Name: "REQUESTS_CA_BUNDLE", Value: r.CAFile},  // Azure CLI and what else is written in Python
		{Name: "SSL_CERT_FILE", Value: r.CAFile},       // Go, OpenSSL
		{Name: "CURL_CA_BUNDLE", Value: r.CAFile},      // curl
		{Name: "NODE_EXTRA_CA_CERTS", Value: r.CAFile}, // Node
		{Name: "AZURE_CONFIG_DIR", Value: r.AzureConfig},
		{Name: "AZURE_CORE_COLLECT_TELEMETRY", Value: "false"},
	}
	for _, v := range slices.Clone(list[:2]) {
		if lower := strings.ToLower(v.Name); getenv(lower) != "" {
			list = append(list, shellenv.Variable{Name: lower, Value: v.Value})
		}
	}
	if r.Control != "" {
		list = append(list, shellenv.Variable{Name: "LATCHKEY_CONTROL", Value: r.Control}, shellenv.Variable{Name: "LATCHKEY_CONTROL_TOKEN", Value: r.ControlToken})
	}
	return list
}

func printVariables(s streams, variables []shellenv.Variable, unset bool) error {
	values := make(map[string]*string, len(variables))
	for _, v := range variables {
		values[v.Name] = nil
		if !unset {
			values[v.Name] = &v.Value
		}
	}
	encoder := json.NewEncoder(s.out)
	encoder.SetIndent("", "  ")
	return encoder.Encode(values)
}

func printLines(s streams, shell shellenv.Shell, variables []shellenv.Variable, unset bool) error {
	var b strings.Builder
	for _, v := range variables {
		line, err := shell.Set(v)
		if unset {
			line, err = shell.Unset(v.Name)
		}
		if err != nil {
			return err
		}
		b.WriteString(line + "\n")
	}
	_, err := fmt.Fprint(s.out, b.String())
	return err
}
