package config_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"latchkey/internal/config"
)

// env gives the environment of a test: only what it names.
func env(pairs ...string) func(string) string {
	return func(name string) string {
		for i := 0; i < len(pairs); i += 2 {
			if pairs[i] == name {
				return pairs[i+1]
			}
		}
		return ""
	}
}

var mailPassword = env("LATCHKEY_MAIL_PASSWORD", "canary-password")

func TestTheExampleIsComplete(t *testing.T) {
	c, err := config.Parse("example.yaml", []byte(config.Example()), mailPassword)
	if err != nil {
		t.Fatal(err)
	}
	if got := len(c.Estate.Customers[0].Roles); got != 3 {
		t.Errorf("offers %d roles, want 3", got)
	}
	if got := c.Estate.Customers[0].Roles[2].Role.Name; got != "Virtual Machine Contributor" {
		t.Errorf("the third role is %q", got)
	}
	if p := c.Estate.People[0]; p.Home.Tenant != c.Estate.Partner.ID || len(p.Accounts) != 1 {
		t.Errorf("James is %+v", p)
	}
	if c.Mail.FromAddress.String() != "latchkey@contoso-cloud.example" || c.Mail.TLS != "mandatory" {
		t.Errorf("mail is %+v", c.Mail)
	}
}

func TestSecretsNeverPrint(t *testing.T) {
	c, err := config.Parse("example.yaml", []byte(config.Example()),
		env("LATCHKEY_MAIL_PASSWORD", "canary-password", "LATCHKEY_DATABASE", "postgres://latchkey:canary-db@db.example/latchkey"))
	if err != nil {
		t.Fatal(err)
	}
	asJSON, err := json.Marshal(c.Mail)
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{fmt.Sprint(c), fmt.Sprintf("%+v %#v", c.Mail, c.Database), string(asJSON)} {
		if strings.Contains(text, "canary") {
			t.Errorf("a secret is printed in %s", text)
		}
	}
	if c.Mail.Password.Reveal() != "canary-password" {
		t.Error("the password did not come from the environment")
	}
}

func TestEveryMistakeIsNamedWithKeyAndLine(t *testing.T) {
	tests := []struct {
		name          string
		change        [2]string // replace in the example
		line          string    // text the line holds after the change, "" for no line
		key, contains string
	}{
		{"unknown key", [2]string{"policy:", "policies:"}, "policies:", "policies", "no such key"},
		{"relative scope of nothing", [2]string{"listen: 127.0.0.1:8080", "listen: 8080"}, "listen: 8080", "listen", "host:port"},
		{"plain HTTP to everybody", [2]string{"listen: 127.0.0.1:8080", "listen: 0.0.0.0:8080\ntrusted_proxies: []"}, "listen: 0.0.0.0", "listen", "without TLS"},
		{"half a certificate", [2]string{"step_up_context: c1", "tls: {key_file: x}"}, "tls: {key", "tls", "both"},
		{"plain http", [2]string{"base_url: https://", "base_url: http://"}, "base_url:", "base_url", "https://"},
		{"path in the address", [2]string{"latchkey.contoso-cloud.example\n", "latchkey.contoso-cloud.example/portal\n"}, "base_url:", "base_url", "no path"},
		{"unknown database", [2]string{"database: sqlite:///var/lib/latchkey/latchkey.db", "database: mysql://x"}, "database:", "database", "sqlite:///"},
		{"proxy", [2]string{"[127.0.0.1]", "[10.0.0.0/99]"}, "trusted_proxies", "trusted_proxies[0]", "prefix"},
		{"tenant id", [2]string{"tenant: 0f0e0d0c-0b0a-4908-8706-050403020100", "tenant: contoso"}, "tenant: contoso", "partner.tenant", "GUID"},
		{"missing name", [2]string{"  name: Contoso Cloud\n", ""}, "tenant: 0f0e", "partner.name", "missing"},
		{"authority without TLS", [2]string{"authority: https:", "authority: http:"}, "authority:", "cloud.authority", "tokens"},
		{"client id", [2]string{"client_id: 7c0d6f0e", "client_id: x"}, "client_id:", "app.client_id", "GUID"},
		{"no credential", [2]string{"  certificate_file: /etc/latchkey/app.pem\n", ""}, "client_id:", "app", "either"},
		{"mail without TLS to elsewhere", [2]string{"tls: mandatory", "tls: none     "}, "tls: none", "mail.tls", "this machine only"},
		{"mail TLS word", [2]string{"tls: mandatory", "tls: maybe    "}, "tls: maybe", "mail.tls", "neither"},
		{"sender", [2]string{"from: Latchkey <latchkey@contoso-cloud.example>", "from: nobody"}, "from: nobody", "mail.from", "address"},
		{"duration", [2]string{"longest: 8h ", "longest: eight "}, "longest: eight", "policy.longest", "2h"},
		{"shortest too short", [2]string{"shortest: 15m", "shortest: 1m "}, "shortest: 1m", "policy.shortest", "15m"},
		{"tries out of bounds", [2]string{"number_tries: 5", "number_tries: 0"}, "number_tries: 0", "policy.number_tries", "1 to 10"},
		{"unknown role", [2]string{"- role: Reader", "- role: Redaer"}, "Redaer", "customers[0].roles[0].role", "built-in"},
		{"contact address", [2]string{"mail: casey@fabrikam.example", "mail: casey"}, "mail: casey", "customers[0].contacts[0].mail", "address"},
		{"same tenant twice", [2]string{"customers:\n  - tenant: 20000000-0000-4000-8000-000000000001", "customers:\n  - tenant: 0f0e0d0c-0b0a-4908-8706-050403020100"}, "- tenant: 0f0e0d0c", "customers[0].tenant", "partner"},
		{"one account of two people", [2]string{"object: 1a2b3c4d-0000-4000-8000-000000000003", "object: 1a2b3c4d-0000-4000-8000-000000000001"}, "- id: olga", "people[1]", "also one of"},
		{"person id", [2]string{"id: james", "id: James R"}, "James R", "people[0].id", "short name"},
		{"a list where a word belongs", [2]string{"listen: 127.0.0.1:8080", "listen: [1]"}, "listen: [1]", "file", ""},
		{"broken YAML", [2]string{"listen: 127.0.0.1:8080", "listen: \"127"}, "", "file", ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			text := strings.Replace(config.Example(), test.change[0], test.change[1], 1)
			if strings.Contains(test.change[1], "trusted_proxies") {
				text = strings.Replace(text, "\ntrusted_proxies: [127.0.0.1]", "", 1)
			}
			if text == config.Example() {
				t.Fatalf("the example no longer holds %q", test.change[0])
			}
			_, err := config.Parse("latchkey.yaml", []byte(text), mailPassword)
			problems, ok := errors.AsType[*config.Problems](err)
			if !ok {
				t.Fatalf("got %v, want problems", err)
			}
			problem := find(problems.List, test.key)
			if problem == nil {
				t.Fatalf("no problem at %s in:\n%s", test.key, err)
			}
			if !strings.Contains(problem.Text, test.contains) {
				t.Errorf("%q does not say %q", problem.Text, test.contains)
			}
			if want := lineHolding(text, test.line); problem.Line != want {
				t.Errorf("line %d, want %d", problem.Line, want)
			}
		})
	}
}

func TestAllMistakesAreToldAtOnce(t *testing.T) {
	_, err := config.Parse("latchkey.yaml", nil, env())
	problems, ok := errors.AsType[*config.Problems](err)
	if !ok || len(problems.List) < 8 {
		t.Fatalf("an empty file gave %v", err)
	}
}

func TestAMistakeNeverShowsASecret(t *testing.T) {
	text := strings.Replace(config.Example(), "user: latchkey", "user: latchkey\n  password: canary-secret\n  pasword: canary-secret", 1)
	_, err := config.Parse("latchkey.yaml", []byte(text), env("LATCHKEY_DATABASE", "canary-secret"))
	if err == nil || strings.Contains(err.Error(), "canary") {
		t.Errorf("got %v", err)
	}
}

func TestLoadSaysWhichFileCannotBeRead(t *testing.T) {
	missing := filepath.Join(t.TempDir(), "nowhere.yaml")
	if _, err := config.Load(missing, env()); !errors.Is(err, os.ErrNotExist) || !strings.Contains(err.Error(), missing) {
		t.Errorf("got %v", err)
	}
}

func FuzzParseNeverPanics(f *testing.F) {
	f.Add([]byte(config.Example()))
	f.Add([]byte("people: [{}]\ncustomers: [{roles: [{}]}]"))
	f.Add([]byte("a: &a [*a]"))
	f.Fuzz(func(t *testing.T, text []byte) {
		c, err := config.Parse("fuzz.yaml", text, env())
		if (c == nil) == (err == nil) {
			t.Fatalf("got %v and %v", c, err)
		}
	})
}

func find(list []config.Problem, key string) *config.Problem {
	for i := range list {
		if list[i].Key == key {
			return &list[i]
		}
	}
	return nil
}

// lineHolding is the number of the first line that holds the text.
func lineHolding(text, part string) int {
	if part == "" {
		return 1 + strings.Count(text[:strings.Index(text, "listen:")], "\n")
	}
	return 1 + strings.Count(text[:strings.Index(text, part)], "\n")
}
