package archtest_test

import (
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"strings"
	"testing"
)

// listed is what `go list` says of a package, without its tests.
type listed struct {
	ImportPath string
	Imports    []string
}

func packages(t *testing.T) []listed {
	t.Helper()
	command := exec.CommandContext(t.Context(), "go", "list", "-json=ImportPath,Imports", "latchkey/...")
	out, err := command.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	var list []listed
	for decoder := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p listed
		if err := decoder.Decode(&p); errors.Is(err, io.EOF) {
			return list
		} else if err != nil {
			t.Fatal(err)
		}
		list = append(list, p)
	}
}

// under says whether path is one of the rooms or lies inside one.
func under(path string, rooms ...string) bool {
	for _, room := range rooms {
		if path == room || strings.HasPrefix(path, room+"/") {
			return true
		}
	}
	return false
}

// arrows say, for the packages of a room, what they must never import and why.
// testRooms ship fakes and suites; they may know what they stand in for.
var arrows = []struct {
	rooms []string
	never []string
	why   string
}{
	{[]string{"latchkey/csp"}, []string{"latchkey/access/roleclass", "latchkey/emulator", "latchkey/internal", "net/http", "database/sql"}, "csp is the vocabulary"},
	{[]string{"latchkey/access/roleclass"}, []string{"latchkey/internal", "latchkey/emulator", "net/http", "database/sql", "os"}, "the engine is pure"},
	{[]string{"latchkey/emulator"}, []string{"latchkey/access/roleclass", "latchkey/internal"}, "engine and emulator are two readings of one model"},
	{[]string{"latchkey/internal/jit", "latchkey/internal/audit"}, []string{"latchkey/internal/store", "latchkey/internal/connector", "latchkey/internal/cloud", "latchkey/internal/mail", "latchkey/internal/web", "latchkey/internal/signin", "latchkey/emulator", "net/http", "database/sql"}, "the heart declares ports and knows no technology"},
	{[]string{"latchkey/internal/store"}, []string{"latchkey/internal/connector", "latchkey/internal/cloud", "latchkey/internal/mail", "latchkey/internal/web", "latchkey/internal/signin", "latchkey/emulator"}, "rooms beside each other do not know each other"},
	{[]string{"latchkey/internal/connector", "latchkey/internal/cloud"}, []string{"latchkey/internal/store", "latchkey/internal/mail", "latchkey/internal/web", "latchkey/internal/signin", "latchkey/emulator"}, "rooms beside each other do not know each other"},
	{[]string{"latchkey/internal/mail"}, []string{"latchkey/internal/store", "latchkey/internal/connector", "latchkey/internal/cloud", "latchkey/internal/web", "latchkey/internal/signin", "latchkey/emulator"}, "rooms beside each other do not know each other"},
	{[]string{"latchkey/internal/web", "latchkey/internal/signin"}, []string{"latchkey/internal/store", "latchkey/internal/connector", "latchkey/internal/cloud", "latchkey/internal/mail", "latchkey/emulator"}, "pages call the heart"},
	{[]string{"latchkey/internal/fault", "latchkey/internal/clock"}, []string{"latchkey/csp", "latchkey/access/roleclass", "latchkey/internal", "latchkey/emulator"}, "the lowest rooms stand alone"},
	{[]string{"latchkey/csp", "latchkey/access/roleclass", "latchkey/emulator", "latchkey/internal"}, []string{"latchkey/cmd"}, "nobody imports the front door"},
}

func TestNoRoomKnowsWhatItMustNot(t *testing.T) {
	all := packages(t)
	if len(all) < 15 {
		t.Fatalf("go list found only %d packages", len(all))
	}
	for _, p := range all {
		if strings.HasSuffix(p.ImportPath, "test") || under(p.ImportPath, "latchkey/csp/builtin") {
			continue
		}
		for _, arrow := range arrows {
			if !under(p.ImportPath, arrow.rooms...) {
				continue
			}
			for _, imported := range p.Imports {
				if under(imported, arrow.never...) && !under(imported, p.ImportPath) && !sameRoom(p.ImportPath, imported, arrow.rooms) {
					t.Errorf("%s imports %s: %s", p.ImportPath, imported, arrow.why)
				}
			}
		}
	}
}

// sameRoom says whether both lie in one of the arrow's rooms.
func sameRoom(a, b string, rooms []string) bool {
	for _, room := range rooms {
		if under(a, room) && under(b, room) {
			return true
		}
	}
	return false
}

func TestOnlyTheDemoKnowsTheEmulator(t *testing.T) {
	for _, p := range packages(t) {
		if under(p.ImportPath, "latchkey/emulator", "latchkey/internal/demo", "latchkey/cmd/latchkey") || strings.HasSuffix(p.ImportPath, "test") {
			continue
		}
		for _, imported := range p.Imports {
			if under(imported, "latchkey/emulator") {
				t.Errorf("%s imports %s: the product does not know the emulator", p.ImportPath, imported)
			}
		}
	}
}
