package csp_test

import (
	"math/rand/v2"
	"strings"
	"testing"

	"latchkey/csp"
)

// TestUsualSpellingChangesNothing holds the fast reading of usual scopes against
// the full one, which a capital in the first word calls for.
func TestUsualSpellingChangesNothing(t *testing.T) {
	segments := []string{
		"resourceGroups", "resourcegroups", "providers", "Providers", "Microsoft.Compute", "Microsoft", "virtualMachines", "vm", "a-b_(c).d",
		"", ".", "..", "ends.", "bla nk", "quo'te", "%41", strings.Repeat("a", 90), strings.Repeat("a", 91), strings.Repeat("a", 260), strings.Repeat("a", 261),
	}
	ids := []string{
		"8e3af657-a8ff-443c-a75c-2fe8c4bcb635", "8E3AF657-a8ff-443c-a75c-2fe8c4bcb635", "00000000-0000-0000-0000-000000000000",
		"8e3af657-a8ff-443c-a75c-2fe8c4bcb63g", "8e3af657-a8ff-443c-a75c-2fe8c4bcb6351", "x",
	}
	usual := []string{"", "/resourceGroups/rg", "/resourceGroups/rg/providers/Microsoft.Compute/virtualMachines/vm"}
	r := rand.New(rand.NewPCG(1, 1))
	read := 0
	for range 200_000 {
		rest := "/" + ids[min(r.IntN(20), len(ids)-1)*r.IntN(2)] + usual[r.IntN(len(usual))]
		more := make([]string, 1+r.IntN(4)) // the first is empty, for the slash
		for i := range more[1:] {
			more[i+1] = segments[r.IntN(len(segments))]
		}
		rest += strings.Join(more, "/")
		if r.IntN(4) == 0 { // a letter is another
			at := 1 + r.IntN(len(rest)-1)
			rest = rest[:at] + string("aZ0/.%"[r.IntN(6)]) + rest[at+1:]
		}
		fast, err := csp.ParseScope("/subscriptions" + rest)
		full, fullErr := csp.ParseScope("/Subscriptions" + rest)
		if fast != full || (err == nil) != (fullErr == nil) {
			t.Fatalf("%q is read as %q (%v) and in another spelling as %q (%v)", rest, fast, err, full, fullErr)
		}
		if err == nil {
			read++
		}
	}
	if read < 20_000 {
		t.Errorf("only %d of the texts are scopes", read)
	}
}
