package csp_test

import (
	"encoding/json"
	"strings"
	"testing"

	"latchkey/csp"
)

const guid = "4d97b98b-1d4f-4787-a291-c67834d212e7"

func TestAnIDIsReadInEitherCaseAndPrintedInLower(t *testing.T) {
	for _, text := range []string{guid, strings.ToUpper(guid), "4D97b98b-1d4f-4787-A291-c67834d212E7"} {
		id, err := csp.ParseID[csp.Tenant](text)
		if err != nil {
			t.Fatal(err)
		}
		if id.String() != guid || id.IsZero() {
			t.Errorf("%q was read as %q", text, id)
		}
	}
}

func TestTextThatIsNoGUIDIsRefused(t *testing.T) {
	tests := []struct{ name, text, want string }{
		{"nothing", "", "want a GUID"},
		{"braces", "{" + guid + "}", "want a GUID"},
		{"no hyphens", strings.ReplaceAll(guid, "-", ""), "want a GUID"},
		{"a blank in front", " " + guid[1:], "only the digits"},
		{"a blank behind", guid + " ", "want a GUID"},
		{"a digit too few", guid[1:], "want a GUID"},
		{"hyphens elsewhere", "4d97b98b1-d4f-4787-a291-c67834d212e7", "want a GUID"},
		{"a letter beyond f", "4d97b98b-1d4f-4787-a291-c67834d212eg", "only the digits"},
		{"a slash among the digits", "4d97b98b-1d4f-4787-a291-c67834d21/..", "only the digits"},
		{"a hyphen too many", "4d97b98b-1d4f-4787-a291-c67834d212-7", "only the digits"},
		{"wide digits", "４d97b98b-1d4f-4787-a291-c67834d212", "want a GUID"},
		{"the zero GUID", "00000000-0000-0000-0000-000000000000", "the zero GUID names no tenant"},
		{"a domain", "contoso.onmicrosoft.com", "no tenant id"},
		{"something endless", strings.Repeat("4", 4000), `..." is no tenant id`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			id, err := csp.ParseID[csp.Tenant](test.text)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want an error with %q", err, test.want)
			}
			if !id.IsZero() {
				t.Errorf("an id came out: %s", id)
			}
			if err != nil && len(err.Error()) > 300 {
				t.Errorf("the sentence has %d characters", len(err.Error()))
			}
		})
	}
}

func TestAnErrorSaysWhatTheIDWouldHaveNamed(t *testing.T) {
	wants := map[string]error{
		"tenant":          errorOf[csp.Tenant](),
		"principal":       errorOf[csp.Principal](),
		"subscription":    errorOf[csp.Subscription](),
		"role definition": errorOf[csp.RoleDefinition](),
		"role assignment": errorOf[csp.RoleAssignment](),
		"directory role":  errorOf[csp.DirectoryRole](),
		"deny assignment": errorOf[csp.DenyAssignment](),
	}
	for noun, err := range wants {
		if !strings.Contains(err.Error(), " is no "+noun+" id") {
			t.Errorf("got %v, want it to name a %s", err, noun)
		}
	}
}

func errorOf[T csp.Named]() error {
	_, err := csp.ParseID[T]("nonsense")
	return err
}

func TestIDsAreOrderedByTheirBytes(t *testing.T) {
	low := csp.MustParseID[csp.Tenant]("00000000-0000-0000-0000-000000000001")
	high := csp.MustParseID[csp.Tenant](guid)
	if low.Compare(high) >= 0 || high.Compare(low) <= 0 || low.Compare(low) != 0 {
		t.Error("the order is not that of the bytes")
	}
}

func TestMustParseIDPanicsOnAMalformedConstant(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("it did not panic")
		}
	}()
	csp.MustParseID[csp.Tenant]("nonsense")
}

func TestAnIDGoesThroughJSON(t *testing.T) {
	type holder struct {
		ID csp.TenantID `json:"id"`
	}
	for _, text := range []string{`{"id":"` + guid + `"}`, `{"id":""}`} {
		var h holder
		if err := json.Unmarshal([]byte(text), &h); err != nil {
			t.Fatal(err)
		}
		if back, err := json.Marshal(h); err != nil || string(back) != text {
			t.Errorf("%s came back as %s (%v)", text, back, err)
		}
	}
	h := holder{ID: csp.MustParseID[csp.Tenant](guid)}
	if err := json.Unmarshal([]byte(`{"id":"nonsense"}`), &h); err == nil {
		t.Error("nonsense was read")
	}
	if h.ID.String() != guid {
		t.Error("a failed reading changed the id")
	}
}

func FuzzParseID(f *testing.F) {
	for _, seed := range []string{guid, strings.ToUpper(guid), "", "00000000-0000-0000-0000-000000000000", guid[:35] + "g", guid + "/.."} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		id, err := csp.ParseID[csp.Subscription](text)
		if (err == nil) == id.IsZero() {
			t.Fatalf("%q: id %s with error %v", text, id, err)
		}
		if err != nil {
			return
		}
		if !strings.EqualFold(id.String(), text) {
			t.Errorf("%q prints as %q", text, id)
		}
		if again, err := csp.ParseID[csp.Subscription](id.String()); err != nil || again != id {
			t.Errorf("%q does not read back: %v", id, err)
		}
	})
}
