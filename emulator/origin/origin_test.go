package origin_test

import (
	"slices"
	"testing"

	"latchkey/emulator/origin"
)

func TestMicrosoftsNamesLeadToTheirOrigins(t *testing.T) {
	for host, want := range map[string]origin.Origin{
		"login.microsoftonline.com":       origin.Login,
		"LOGIN.MicrosoftOnline.com":       origin.Login,
		"sts.windows.net:443":             origin.Login,
		"management.azure.com":            origin.ARM,
		"graph.microsoft.com:443":         origin.Graph,
		"graph.windows.net":               origin.Graph,
		"api.partnercenter.microsoft.com": origin.PartnerCenter,
		"admin.microsoft.com":             origin.Browser,
	} {
		if got, ok := origin.Of(host); !ok || got != want {
			t.Errorf("%s leads to %q, want %q", host, got, want)
		}
	}
	for _, host := range []string{"", "microsoft.com", "x.graph.microsoft.com", "graph.microsoft.com.example", "graph.microsoft.com:80", "graph.microsoft.com.", "localhost", "[::1]:443", "graph.microsoft.com:443:443"} {
		if got, ok := origin.Of(host); ok {
			t.Errorf("%s leads to %q", host, got)
		}
	}
}

func TestEveryOriginHasANameAHostAndATitle(t *testing.T) {
	var all []string
	for _, o := range origin.All() {
		if o.Title() == "" || o.Host() == "" || len(o.Names()) == 0 {
			t.Errorf("%q lacks something: %q %q %v", o, o.Title(), o.Host(), o.Names())
		}
		all = append(all, append(o.Names(), o.Host())...)
	}
	slices.Sort(all)
	if len(slices.Compact(slices.Clone(all))) != len(all) {
		t.Errorf("a name stands twice in %v", all)
	}
	if origin.ARM.Address() != "https://management.emulator.test" || origin.Browser.Address() != "http://pages.emulator.test" {
		t.Errorf("%s, %s", origin.ARM.Address(), origin.Browser.Address())
	}
	if got := origin.Origin("nonsense"); got.Title() != "" || got.Names() != nil {
		t.Errorf("an origin that does not exist is called %q", got.Title())
	}
}
