package csp_test

import (
	"encoding/json"
	"strings"
	"testing"

	"latchkey/csp"
)

func TestADomainNamesItsTenantInEitherCase(t *testing.T) { // R1
	for _, text := range []string{"contoso.onmicrosoft.com", "Contoso.OnMicrosoft.com", "CONTOSO.ONMICROSOFT.COM"} {
		domain, err := csp.ParseDomain(text)
		if err != nil || domain != "contoso.onmicrosoft.com" || domain.String() != "contoso.onmicrosoft.com" {
			t.Errorf("%q was read as %q (%v)", text, domain, err)
		}
	}
	for _, text := range []string{"xn--mller-kva.de", "a.b", "3m.com", "a-b.c-d"} {
		if domain := csp.MustParseDomain(text); domain.String() != text {
			t.Errorf("%q was read as %q", text, domain)
		}
	}
}

func TestTextThatIsNoDomainIsRefused(t *testing.T) {
	tests := []struct{ name, text, want string }{
		{"nothing", "", "want one such as"},
		{"a GUID", guid, "want one such as"},
		{"one label", "contoso", "want one such as"},
		{"a dot in front", ".contoso.com", "two dots"},
		{"a dot at the end", "contoso.com.", "two dots"},
		{"doubled dots", "contoso..com", "two dots"},
		{"a hyphen at a start", "-contoso.com", "hyphen"},
		{"a hyphen at an end", "contoso-.com", "hyphen"},
		{"an address", "ann@contoso.com", "may not stand"},
		{"a path", "contoso.com/x", "may not stand"},
		{"a line break", "contoso.com\n", "may not stand"},
		{"a letter beyond ASCII", "müller.de", "may not stand"},
		{"a look-alike", "c\u043entoso.com", "may not stand"},
		{"a long label", strings.Repeat("a", 64) + ".com", "63"},
		{"a long name", strings.Repeat("a.", 127) + "com", "253"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			domain, err := csp.ParseDomain(test.text)
			if err == nil || !strings.Contains(err.Error(), test.want) || domain != "" {
				t.Errorf("got %q and %v, want an error with %q", domain, err, test.want)
			}
		})
	}
}

func TestMustParseDomainPanicsOnAMalformedConstant(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("it did not panic")
		}
	}()
	csp.MustParseDomain("nonsense")
}

func TestADomainGoesThroughJSON(t *testing.T) {
	type holder struct {
		Domain csp.Domain `json:"domain"`
	}
	var h holder
	if err := json.Unmarshal([]byte(`{"domain":"Contoso.com"}`), &h); err != nil || h.Domain != "contoso.com" {
		t.Errorf("got %q, %v", h.Domain, err)
	}
	if err := json.Unmarshal([]byte(`{"domain":"no domain"}`), &h); err == nil || h.Domain != "contoso.com" {
		t.Errorf("nonsense was read: %v, %q", err, h.Domain)
	}
	if err := json.Unmarshal([]byte(`{"domain":""}`), &h); err != nil || h.Domain != "" {
		t.Errorf("the empty domain: %v, %q", err, h.Domain)
	}
}

func FuzzParseDomain(f *testing.F) {
	for _, seed := range []string{"contoso.onmicrosoft.com", "A.B", "", "a..b", "a.b.", "xn--a.b", "\u212a.com"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		domain, err := csp.ParseDomain(text)
		if err != nil {
			return
		}
		if again, err := csp.ParseDomain(domain.String()); err != nil || again != domain {
			t.Errorf("%q does not read back: %q, %v", domain, again, err)
		}
		if domain.String() != strings.ToLower(text) {
			t.Errorf("%q was read as %q", text, domain)
		}
	})
}
