package pattern_test

import (
	"testing"

	"latchkey/access/pattern"
)

func TestFoldingTouchesASCIILettersOnly(t *testing.T) {
	for text, want := range map[string]string{
		"Microsoft.Compute/*/Read": "microsoft.compute/*/read",
		"MÜLLER":                   "mÜller",
		"\u212aelvin":              "\u212aelvin", // the Kelvin sign is no k
		"":                         "",
	} {
		if got := pattern.Fold(text); got != want {
			t.Errorf("%q folds to %q, want %q", text, got, want)
		}
	}
}

func TestASetAllowsWhatItsActionsMatchAndItsExceptionsDoNot(t *testing.T) { // R18
	set := pattern.NewSet(
		[]string{"Microsoft.Compute/*", "Microsoft.Storage/storageAccounts/read"},
		[]string{"Microsoft.Compute/virtualMachines/*"},
	)
	for action, want := range map[string]bool{
		"microsoft.compute/disks/read":                  true,
		"microsoft.compute/virtualmachines/read":        false,
		"microsoft.compute/virtualmachinescalesets/x":   true,
		"microsoft.storage/storageaccounts/read":        true,
		"microsoft.storage/storageaccounts/write":       false,
		"microsoft.storage/storageaccounts/read/deeper": false,
	} {
		if got := set.Has(action); got != want {
			t.Errorf("the set has %s: %t, want %t", action, got, want)
		}
	}
	if !set.Matches(0, "microsoft.compute/virtualmachines/read") || set.Matches(1, "microsoft.compute/disks/read") {
		t.Error("a single action of the set matches by itself, exceptions aside")
	}
}

func TestASetMayAllowAPatternUnlessAllOfItIsTakenAway(t *testing.T) {
	set := pattern.NewSet([]string{"Microsoft.Compute/*/read", "Microsoft.Web/sites/*"}, []string{"Microsoft.Web/*", "Microsoft.Compute/disks/read"})
	for asked, want := range map[string]bool{
		"microsoft.compute/*":          true,
		"*/read":                       true,
		"microsoft.compute/disks/read": false, // the exception covers it
		"microsoft.web/sites/*":        false, // the exception covers the action that overlaps it
		"*/write":                      false, // nothing overlaps
		"microsoft.network/*":          false,
	} {
		if got := set.May(asked); got != want {
			t.Errorf("the set may allow %s: %t, want %t", asked, got, want)
		}
	}
}

func TestDirectoryPatternsHaveWordsForWildcards(t *testing.T) {
	for _, c := range []struct {
		pattern, action string
		want            bool
	}{
		{"microsoft.directory/users/password/update", "microsoft.directory/users/password/update", true},
		{"microsoft.directory/users/password/update", "microsoft.directory/users/password", false},
		{"microsoft.directory/users/password", "microsoft.directory/users/password/update", false},
		{"microsoft.directory/users/alltasks", "microsoft.directory/users/create", true},
		{"microsoft.directory/users/alltasks", "microsoft.directory/users/password/update", false},
		{"microsoft.directory/users/allproperties/alltasks", "microsoft.directory/users/password/update", true},
		{"microsoft.directory/users/allproperties/alltasks", "microsoft.directory/users/create", true}, // allProperties stands for none
		{"microsoft.directory/allentities/allproperties/read", "microsoft.directory/groups/members/read", true},
		{"microsoft.directory/allentities/allproperties/read", "microsoft.directory/groups/members/update", false},
		{"microsoft.directory/allentities", "microsoft.directory", false},
		{"microsoft.directory/users/standard/read", "microsoft.directory/users/basic/read", false},
	} {
		if got := pattern.MatchesDirectory(c.pattern, c.action); got != c.want {
			t.Errorf("%s matches %s: %t, want %t", c.pattern, c.action, got, c.want)
		}
	}
}
