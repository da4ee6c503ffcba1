package guid_test

import (
	"regexp"
	"testing"

	"latchkey/csp"
	"latchkey/emulator/guid"
)

func TestIDsAreRandomGUIDsOfVersionFour(t *testing.T) {
	form := regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`)
	seen := map[string]bool{}
	for range 100 {
		id := guid.New[csp.Tenant]().String()
		if !form.MatchString(id) || seen[id] {
			t.Errorf("%s", id)
		}
		seen[id] = true
	}
}

func TestOnlyAMissingIDIsFilledIn(t *testing.T) {
	var id csp.TenantID
	guid.Fill(&id)
	if id.IsZero() {
		t.Error("it is still missing")
	}
	kept := id
	guid.Fill(&id)
	if id != kept {
		t.Errorf("%s became %s", kept, id)
	}
}
