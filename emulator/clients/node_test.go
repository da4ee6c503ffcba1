package clients_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"latchkey/emulator"
	"latchkey/emulator/registry"
	"latchkey/emulator/world"
)

// told is one line that a script prints: a step, or a question to a person.
type told struct {
	Step  string `json:"step"`
	OK    bool   `json:"ok"`
	Got   any    `json:"got"`
	Error string `json:"error"`
	Cause string `json:"cause"`
	Ask   *struct {
		Who     string `json:"who"`
		Address string `json:"address"`
		Device  string `json:"device"`
	} `json:"ask"`
}

// want is what the steps of a script give, by their names.
type want map[string]any

// refusedWith is what a step gives that must be refused: status and code, either
// empty when the client does not show it, and words of the message.
type refusedWith struct {
	status int
	code   string
	words  string
}

func (r refusedWith) equal(got any) bool {
	said, _ := got.(map[string]any)
	message, _ := said["message"].(string)
	status, _ := said["status"].(float64)
	return (r.status == 0 || int(status) == r.status) && (r.code == "" || said["code"] == r.code) && strings.Contains(message, r.words)
}

// node runs a script of the folder node and holds each of its steps against what
// is wanted.
func (v *town) node(t *testing.T, script string, told map[string]any, wanted want) {
	t.Helper()
	steps := v.steps(t, script, told)
	var done []string
	for _, s := range steps {
		done = append(done, s.Step)
		expected, known := wanted[s.Step]
		refused, isRefusal := expected.(refusedWith)
		switch {
		case !s.OK:
			t.Errorf("%s, %s: %s %s", script, s.Step, s.Error, s.Cause)
		case !known:
			t.Errorf("%s, %s: nobody says what is wanted; it gives %v", script, s.Step, s.Got)
		case isRefusal && !refused.equal(s.Got):
			t.Errorf("%s, %s: want refused with %+v, got %v", script, s.Step, refused, s.Got)
		case !isRefusal:
			if diff := cmp.Diff(plain(t, expected), s.Got); diff != "" {
				t.Errorf("%s, %s (-want +got):\n%s", script, s.Step, diff)
			}
		}
	}
	for name := range wanted {
		if !slices.Contains(done, name) {
			t.Errorf("%s: it did not get to %q", script, name)
		}
	}
}

// plain is the value as JSON has it.
func plain(tb testing.TB, value any) (p any) {
	tb.Helper()
	if err := json.Unmarshal(must(json.Marshal(value))(tb), &p); err != nil {
		tb.Fatal(err)
	}
	return p
}

// steps runs the script, plays the people it asks for, and gives what it prints.
func (v *town) steps(t *testing.T, script string, more map[string]any) []told {
	t.Helper()
	town := map[string]any{
		"login": v.at.Login, "arm": v.at.ARM, "graph": v.at.Graph,
		"partner": v.partner.ID, "customer": v.customer.ID, "subscription": v.sub.ID, "agents": v.agents.ID, "tool": registry.AzureCLI,
		"robot":  map[string]any{"id": v.robot.ID, "secret": robotSecret, "certificate": v.certificateFile(t), "federated": v.federatedToken(t)},
		"portal": map[string]any{"id": v.portal.ID, "secret": portalSecret, "callback": callback, "uri": portalURI},
		"bo":     map[string]any{"id": v.bo.ID, "account": boUPN, "password": boPassword},
	}
	maps.Copy(town, more)
	env := append(v.bareEnvironment(t), "NODE_EXTRA_CA_CERTS="+v.ca, "NODE_NO_WARNINGS=1",
		"AZURE_TENANT_ID="+v.customer.ID.String(), "AZURE_CLIENT_ID="+v.robot.ID.String(), "AZURE_CLIENT_SECRET="+robotSecret,
		"TOWN="+string(must(json.Marshal(town))(t)))
	if more["proxied"] == true {
		env = append(env, v.proxied()...)
	}
	people := map[string]*person{"anna": v.person(t, annaUPN, annaPassword), "james": v.person(t, jamesUPN, jamesPassword)}
	questions, answers, err := os.Pipe() // a file, so that nothing waits for it but the script
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _, _ = questions.Close(), answers.Close() }()

	var lines []told
	got := process{
		name: "node", args: []string{script}, dir: "node", env: env, stdin: questions,
		takes: func(line string) {
			var said told
			if err := json.Unmarshal([]byte(line), &said); err != nil {
				t.Errorf("%s prints %q", script, line)
				return
			}
			if said.Ask == nil {
				lines = append(lines, said)
				return
			}
			go func() {
				_ = json.NewEncoder(answers).Encode(play(people[said.Ask.Who], said.Ask.Address, said.Ask.Device))
			}()
		},
	}.run(t)
	if got.code != 0 {
		t.Errorf("%s: exit code %d\n%s", script, got.code, got.stderr)
	}
	return lines
}

// play does what a script asks of a person, and says where that ended.
func play(who *person, address, device string) map[string]string {
	if who == nil {
		return map[string]string{"error": "there is no such person"}
	}
	if device != "" {
		if err := who.enterCode(address, device); err != nil {
			return map[string]string{"error": err.Error()}
		}
		return map[string]string{"address": address}
	}
	at, err := who.signIn(address)
	if err == nil && at.sentTo == nil {
		err = fmt.Errorf("the sign-in ends on a page:\n%s", at.text)
	}
	if err != nil {
		return map[string]string{"error": err.Error()}
	}
	return map[string]string{"address": at.sentTo.String()}
}

// needNode skips the test unless Node and the packages are there.
func needNode(t *testing.T) {
	t.Helper()
	need(t, "node")
	if _, err := os.Stat("node/node_modules"); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("the packages are not installed, and CI skips nothing: npm ci in emulator/clients/node")
		}
		t.Skip("the packages are not installed: run npm ci in emulator/clients/node")
	}
}

func TestAzureIdentityForJavaScript(t *testing.T) {
	needNode(t)
	t.Parallel()
	// Without instance discovery it does not read why there is no document.
	unknown := map[bool]string{false: "endpoints_resolution_error", true: "AADSTS90002"}
	for _, proxied := range []bool{false, true} {
		v := newTown(t)
		robot := want{"tid": v.customer.ID, "oid": v.robotThere.ID, "appid": v.robot.ID, "idtyp": "app", "aud": "https://management.azure.com", "lives": true}
		person := func(who world.User, app registry.ClientID, scope any, audience string) want {
			return want{"tid": v.customer.ID, "oid": who.ID, "appid": app, "idtyp": "user", "scp": scope, "aud": audience, "lives": true}
		}
		arm := person(v.anna, registry.AzureCLI, "user_impersonation", "https://management.azure.com")
		portal := must(v.servicePrincipal(v.portal.ID))(t)
		v.node(t, "identity.mjs", map[string]any{"proxied": proxied}, want{
			"secret": robot, "certificate": robot, "assertion": robot, "environment": robot,
			"wrong secret":       refusedWith{words: "AADSTS7000215"},
			"unknown tenant":     refusedWith{words: unknown[proxied]},
			"another tenant":     want{"tid": v.customer.ID, "oid": portal.ID, "appid": v.portal.ID, "idtyp": "app", "aud": "https://management.azure.com", "lives": true},
			"password":           person(v.bo, registry.AzureCLI, "user_impersonation", "https://management.azure.com"),
			"device code":        arm,
			"silently for Graph": person(v.anna, registry.AzureCLI, true, "https://graph.microsoft.com"),
			"on behalf of":       person(v.anna, v.portal.ID, "user_impersonation", "https://management.azure.com"),
		})
	}
}

func (v *town) servicePrincipal(app registry.ClientID) (world.ServicePrincipal, error) {
	sp, ok := v.customer.ServicePrincipal(app)
	if !ok {
		return sp, fmt.Errorf("no service principal of %s", app)
	}
	return sp, nil
}

func TestMSALForNode(t *testing.T) {
	needNode(t)
	t.Parallel()
	v := newTown(t)
	v.node(t, "msal.mjs", nil, want{
		"client credentials":            want{"tid": v.customer.ID, "idtyp": "app"},
		"from the cache":                true,
		"authorization code":            want{"username": jamesUPN, "tenant": v.customer.ID, "oid": v.guest.ID, "scopes": true},
		"silently for another resource": want{"aud": "https://management.azure.com", "oid": v.guest.ID},
		"silently in another tenant":    want{"tid": v.partner.ID, "oid": v.james.ID},
		"device code":                   want{"username": annaUPN, "tenant": v.customer.ID},
		"password":                      want{"username": boUPN},
		"an unknown application":        refusedWith{words: "AADSTS700016"},
	})
}

func TestAzureResourceManagerForJavaScript(t *testing.T) {
	needNode(t)
	t.Parallel()
	for _, proxied := range []bool{false, true} {
		v := newTown(t)
		v.node(t, "arm.mjs", map[string]any{"proxied": proxied}, want{
			"subscriptions":                     [][]any{{v.sub.ID, "Contoso production", "Enabled"}},
			"tenants":                           []any{v.customer.ID},
			"make a resource group":             "Succeeded",
			"resource groups":                   []string{"rg-desktops", "rg-node"},
			"is it there":                       true,
			"remove it":                         nil,
			"is it gone":                        refusedWith{404, "ResourceGroupNotFound", "rg-node"},
			"role definition":                   [][]any{{"Virtual Machine Contributor", "BuiltInRole", 1}},
			"assign it":                         []any{true, v.bo.ID, "User", v.sub.Scope(), true},
			"assign it again":                   refusedWith{409, "RoleAssignmentExists", "already exists"},
			"assign it to nobody":               refusedWith{400, "PrincipalNotFound", "does not exist"},
			"assign it to the partner's agents": "ForeignGroup",
			"assignments of Bo":                 []bool{true},
			"assignments at the scope":          5,
			"take it away":                      true,
			"is it away":                        refusedWith{404, "RoleAssignmentNotFound", ""},
			"deny assignments":                  0,
			"lend it for an hour":               []string{"Provisioned", "AdminAssign", "User"},
			"what is lent":                      [][]any{{v.bo.ID, "Assigned", 60}},
			"take it back at once":              refusedWith{400, "ActiveDurationTooShort", "5 minutes"},
		})
	}
}

func TestMicrosoftGraphForJavaScript(t *testing.T) {
	needNode(t)
	t.Parallel()
	v := newTown(t)
	v.node(t, "graph.mjs", nil, want{
		"users":             []want{{"id": v.bo.ID, "displayName": "Bo Lind", "userType": "Member"}},
		"a user":            v.bo.ID,
		"nobody":            refusedWith{404, "Request_ResourceNotFound", "does not exist"},
		"page by page":      []any{[]string{"Anna Berg", "Bo Lind", "James Holt"}, true},
		"make a group":      "Node",
		"add a member":      nil,
		"members":           [][]any{{"#microsoft.graph.user", true}},
		"is he a member":    true,
		"what is this":      []string{"#microsoft.graph.directoryObjectPartnerReference", "#microsoft.graph.group", "#microsoft.graph.user"},
		"two in a batch":    []int{200, 404},
		"remove the member": nil,
		"remove the group":  nil,
		"is it gone":        refusedWith{404, "Request_ResourceNotFound", ""},
	})
}

func TestCertifiedRelyingParty(t *testing.T) {
	needNode(t)
	t.Parallel()
	v := newTown(t, func(o *emulator.Options) { o.NoBrowserOrigin = true }) // it opens no plain http page
	anna := want{"tid": v.customer.ID, "oid": v.anna.ID, "name": annaUPN, "ver": "2.0"}
	v.node(t, "oidc.mjs", nil, want{
		"discovery":                 true,
		"discovery for everybody":   refusedWith{words: "issuer"},
		"secret in the form":        anna,
		"secret in the header":      anna,
		"refresh":                   []bool{true, true},
		"a refresh token of nobody": refusedWith{400, "invalid_grant", ""},
		"client credentials":        true,
		"device code":               annaUPN,
		"signing out":               true,
	})
}
