package scenario_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"latchkey/access"
	"latchkey/access/picture"
	"latchkey/access/scenario"
)

// printed are the answers of docs/answers.md, each to a question that is asked
// again and again, in the world of a scenario.
var printed = []struct {
	file, picture       string
	who, action, at, in string
	heading             string // empty: the scenario's own
}{
	{"asked-can-azure-be-managed-after-the-customer-removed-the-partner", "answer-removed-old-rules", "adam", "Microsoft.Authorization/roleAssignments/write", "shop", "", ""},
	{"asked-can-azure-be-managed-after-the-customer-removed-the-partner", "answer-removed-today", "adam", "Microsoft.Authorization/roleAssignments/write", "box", "", "And the same today, where the old rules hold no more?"},
	{"asked-who-could-make-himself-an-agent", "answer-makes-himself-agent", "ulla", "Microsoft.Compute/virtualMachines/restart/action", "shop", "", ""},
	{"asked-is-a-helpdesk-agent-with-a-guest-account-still-a-helpdesk-agent", "answer-guest-shuts-gdap", "james", "microsoft.directory/users/password/update", "", "brightwater.example", ""},
	{"asked-can-a-customers-global-administrator-manage-azure", "answer-global-administrator", "admin", "Microsoft.Compute/virtualMachines/restart/action", "shop", "", ""},
	{"asked-can-an-admin-agent-be-limited-to-one-customer", "answer-admin-agent", "adam", "Microsoft.Compute/virtualMachines/restart/action", "box", "", ""},
}

const answersDocument = "../../docs/answers.md"

// TestTheAnswersDocumentIsWhatTheEngineSays keeps the printed answers and their
// pictures current.
func TestTheAnswersDocumentIsWhatTheEngineSays(t *testing.T) {
	var b strings.Builder
	b.WriteString("# Six answers\n\nQuestions that are asked about partners and customers again and again, answered by the engine in small worlds. The text below each is what `latchkey why` prints, the picture what `--format svg` draws; how to read it is told in [asking](asking.md). The worlds are in `access/scenario/testdata`, and a test keeps this page as the engine says it.\n")
	for _, p := range printed {
		answer, names, title := answerTo(t, p.file, p.who, p.action, p.at, p.in)
		if p.heading != "" {
			title = p.heading
		}
		fmt.Fprintf(&b, "\n## %s\n\n![%s](pictures/%s.svg)\n\n```text\n%s\n```\n\nThe world: [`%s`](../access/scenario/testdata/%s.txtar)\n", title, picture.Title(answer, names), p.picture, strings.TrimSpace(picture.Text(answer, 110, names)), p.file, p.file)
		current(t, filepath.Join("../../docs/pictures", p.picture+".svg"), string(picture.SVG(answer, names, picture.StandAlone())))
	}
	current(t, answersDocument, b.String())
}

// answerTo asks one question in the world of a scenario.
func answerTo(t *testing.T, file, who, action, at, in string) (access.Answer, picture.Option, string) {
	t.Helper()
	name := file + ".txtar"
	text, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	s, err := scenario.Parse(name, string(text))
	if err != nil {
		t.Fatal(err)
	}
	x, err := access.Compile(s.Facts)
	if err != nil {
		t.Fatal(err)
	}
	q := access.Question{Action: access.MustParseAction(action), At: s.Questions[0].At}
	names := scenario.NamesOf(s.Facts)
	if q.Principal, err = names.Principal(who); err != nil {
		t.Fatal(err)
	}
	if in != "" {
		tenant, err := names.Tenant(in)
		if err != nil {
			t.Fatal(err)
		}
		q.Place = access.DirectoryOf(tenant)
	} else if q.Place, err = names.Place(at); err != nil {
		t.Fatal(err)
	}
	return x.Why(q), picture.Named(picture.NamesIn(x)), s.Title
}

// current compares a file with what it should hold, or writes it with -update.
func current(t *testing.T, path, want string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != want {
		t.Errorf("%s is not what the engine says: go test ./access/scenario -run TheAnswers -update", path)
	}
}
