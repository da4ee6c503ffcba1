package condition_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"latchkey/access/condition"
	"latchkey/csp"
	"latchkey/csp/builtin"
)

const (
	write  = "Microsoft.Authorization/roleAssignments/write"
	remove = "Microsoft.Authorization/roleAssignments/delete"
	start  = "Microsoft.Compute/virtualMachines/start/action"

	owner   = "8e3af657-a8ff-443c-a75c-2fe8c4bcb635"
	admin   = "18d7d88d-d35e-4fb5-a5c3-7773c20a72d9"
	reader  = "acdd72a7-3385-48ef-bd42-f606fba81ae7"
	backup  = "5e467623-bb1f-42f4-a55d-6e525e11384b"
	sales   = "86951b8b-723a-407b-a74a-1bca3f0c95d0"
	someone = "28c35fea-2099-4cf5-8ad9-473547bc9423"

	wantsRole = "@Request[Microsoft.Authorization/roleAssignments:RoleDefinitionId]"
	wantsWho  = "@Request[Microsoft.Authorization/roleAssignments:PrincipalId]"
	wantsType = "@Request[Microsoft.Authorization/roleAssignments:PrincipalType]"
	hasRole   = "@Resource[Microsoft.Authorization/roleAssignments:RoleDefinitionId]"
	hasType   = "@Resource[Microsoft.Authorization/roleAssignments:PrincipalType]"
)

// The templates that the portal offers, and what stands beside them in practice.
const (
	constrainRoles = `
(
 (
  !(ActionMatches{'Microsoft.Authorization/roleAssignments/write'})
 )
 OR
 (
  @Request[Microsoft.Authorization/roleAssignments:RoleDefinitionId] ForAnyOfAnyValues:GuidEquals {5e467623-bb1f-42f4-a55d-6e525e11384b, acdd72a7-3385-48ef-bd42-f606fba81ae7}
 )
)
AND
(
 (
  !(ActionMatches{'Microsoft.Authorization/roleAssignments/delete'})
 )
 OR
 (
  @Resource[Microsoft.Authorization/roleAssignments:RoleDefinitionId] ForAnyOfAnyValues:GuidEquals {5e467623-bb1f-42f4-a55d-6e525e11384b, acdd72a7-3385-48ef-bd42-f606fba81ae7}
 )
)`
	constrainTypes = `((!(ActionMatches{'` + write + `'})) OR (` + wantsRole + ` ForAnyOfAnyValues:GuidEquals {` + reader + `} AND ` +
		wantsType + ` ForAnyOfAnyValues:StringEqualsIgnoreCase {'User', 'Group'}))`
	constrainWho = `((!(ActionMatches{'` + write + `'})) OR (` + wantsRole + ` ForAnyOfAnyValues:GuidEquals {` + reader + `} AND ` +
		wantsWho + ` ForAnyOfAnyValues:GuidEquals {` + sales + `, ` + someone + `}))`
	allButPrivileged = `((!(ActionMatches{'` + write + `'})) OR (` + wantsRole + ` ForAnyOfAllValues:GuidNotEquals {` + owner + `, ` + admin + `})) AND ` +
		`((!(ActionMatches{'` + remove + `'})) OR (` + hasRole + ` ForAnyOfAllValues:GuidNotEquals {` + owner + `, ` + admin + `}))`
	blobs = `((!(ActionMatches{'Microsoft.Storage/storageAccounts/blobServices/containers/blobs/read'} AND NOT SubOperationMatches{'Blob.List'})) OR ` +
		`(@Resource[Microsoft.Storage/storageAccounts/blobServices/containers/blobs/tags:Project<$key_case_sensitive$>] StringEquals 'Cascade'))`
	readBlob = "Microsoft.Storage/storageAccounts/blobServices/containers/blobs/read"
)

func asks(role string, kind csp.PrincipalType) condition.Request {
	return condition.Request{
		Role:      csp.MustParseID[csp.RoleDefinition](role),
		Principal: csp.MustParseID[csp.Principal](someone),
		Type:      kind,
	}
}

func TestConditionsHoldAsAzureReadsThem(t *testing.T) { // R18, R26
	equals := wantsRole + " GuidEquals " + reader
	yes, no := "ActionMatches{'*'}", "ActionMatches{'none'}"
	for _, c := range []struct {
		does   string
		text   string
		action string
		asks   condition.Request
		want   condition.Truth
	}{
		{"no condition lets all through", " \n", write, condition.Request{}, condition.True},

		{"a role of the list can be given", constrainRoles, write, asks(reader, csp.User), condition.True},
		{"another cannot", constrainRoles, write, asks(owner, csp.User), condition.False},
		{"a role of the list can be removed", constrainRoles, remove, asks(backup, csp.User), condition.True},
		{"another cannot be", constrainRoles, remove, asks(owner, csp.User), condition.False},
		{"other actions are not touched", constrainRoles, start, condition.Request{}, condition.True},
		{"the action's case does not matter", constrainRoles, strings.ToUpper(write), asks(owner, csp.User), condition.False},
		{"a type of the list", constrainTypes, write, asks(reader, csp.Group), condition.True},
		{"a type not of the list", constrainTypes, write, asks(reader, csp.ServicePrincipal), condition.False},
		{"removing is free where only giving is limited", constrainTypes, remove, asks(owner, csp.ServicePrincipal), condition.True},
		{"a principal of the list", constrainWho, write, asks(reader, csp.User), condition.True},
		{
			"a principal not of the list", constrainWho, write,
			condition.Request{Role: csp.MustParseID[csp.RoleDefinition](reader), Principal: csp.MustParseID[csp.Principal](owner)},
			condition.False,
		},
		{"all but the privileged roles: a plain one", allButPrivileged, write, asks(reader, csp.User), condition.True},
		{"all but the privileged roles: the first", allButPrivileged, write, asks(owner, csp.User), condition.False},
		{"all but the privileged roles: the second", allButPrivileged, remove, asks(admin, csp.User), condition.False},

		{"the attribute of a request is not the resource's", hasRole + " GuidEquals " + reader, write, asks(reader, csp.User), condition.False},
		{"nor the other way round", equals, remove, asks(reader, csp.User), condition.False},
		{"nor has another action any", equals, start, asks(reader, csp.User), condition.False},

		{"a GUID without dashes", wantsRole + " GuidEquals " + strings.ReplaceAll(reader, "-", ""), write, asks(reader, csp.User), condition.True},
		{"a GUID in capitals", wantsRole + " GuidEquals " + strings.ToUpper(reader), write, asks(reader, csp.User), condition.True},
		{"a GUID in quotes", wantsRole + " GuidEquals '" + reader + "'", write, asks(reader, csp.User), condition.True},
		{"the zero GUID is nobody", wantsRole + " GuidEquals 00000000-0000-0000-0000-000000000000", write, condition.Request{}, condition.False},
		{"names in any case", strings.ToLower(equals), write, asks(reader, csp.User), condition.True},
		{"words in any case", "not " + no + " and (" + no + " or " + equals + ")", write, asks(reader, csp.User), condition.True},
		{"signs for words", "!" + no + "&&(" + no + "||" + equals + ")", write, asks(reader, csp.User), condition.True},
		{"NOT binds to what follows it", "NOT " + no + " AND " + no, write, asks(reader, csp.User), condition.False},

		{"GuidNotEquals", wantsRole + " GuidNotEquals " + reader, write, asks(owner, csp.User), condition.True},
		{"unequal to any of two is everything", wantsRole + " ForAnyOfAnyValues:GuidNotEquals {" + reader + "," + owner + "}", write, asks(owner, csp.User), condition.True},
		{"equal to all of two is nothing", wantsRole + " ForAllOfAllValues:GuidEquals {" + reader + "," + owner + "}", write, asks(owner, csp.User), condition.False},
		{"every value of one is one value", wantsRole + " ForAllOfAnyValues:GuidEquals {" + reader + "," + owner + "}", write, asks(owner, csp.User), condition.True},
		{"StringEquals minds case", wantsType + " StringEquals 'user'", write, asks(reader, csp.User), condition.False},
		{"StringEqualsIgnoreCase does not", wantsType + " StringEqualsIgnoreCase 'user'", write, asks(reader, csp.User), condition.True},
		{"StringNotEqualsIgnoreCase", wantsType + " StringNotEqualsIgnoreCase 'USER'", write, asks(reader, csp.User), condition.False},
		{"NOT of what is true", "NOT " + equals, write, asks(reader, csp.User), condition.False},

		{"an absent attribute equals nothing", equals, write, condition.Request{}, condition.False},
		{"whether it is unequal is not known", wantsType + " StringNotEquals 'User'", write, condition.Request{}, condition.Unknown},
		{"nor what its negation is", "!(" + wantsWho + " GuidEquals " + someone + ")", write, condition.Request{}, condition.Unknown},
		{"nor whether all of none hold", wantsWho + " ForAllOfAnyValues:GuidEquals {" + someone + "}", write, condition.Request{}, condition.Unknown},
		{"a true side of OR saves it", equals + " OR " + yes, write, condition.Request{}, condition.True},

		{"a foreign group is a foreign group", wantsType + " StringEqualsIgnoreCase 'foreigngroup'", write, asks(reader, csp.ForeignGroup), condition.True},
		{"it is no user", wantsType + " StringEquals 'User'", write, asks(reader, csp.ForeignGroup), condition.False},
		{"whether it is a group is not known", wantsType + " StringNotEquals 'Group'", write, asks(reader, csp.ForeignGroup), condition.Unknown},
		{"nor its negation", "!" + wantsType + " StringEquals 'Group'", write, asks(reader, csp.ForeignGroup), condition.Unknown},
		{"which does not matter if all roles are forbidden", constrainTypes, write, asks(owner, csp.ForeignGroup), condition.False},

		{"blobs are not worked out", blobs, readBlob, condition.Request{}, condition.Unknown},
		{"but nothing else hangs on them", blobs, write, asks(owner, csp.User), condition.True},
		{"the unknown AND false", no + " AND Exists @Resource[x:y]", write, condition.Request{}, condition.False},
		{"the unknown AND true", yes + " AND Exists @Resource[x:y]", write, condition.Request{}, condition.Unknown},
		{"NOT the unknown", "!(Exists @Resource[x:y])", write, condition.Request{}, condition.Unknown},

		{"AND beside OR: where the order matters", no + " AND " + no + " OR " + yes, write, condition.Request{}, condition.Unknown},
		{"AND beside OR: where it does not", yes + " OR " + no + " AND " + yes, write, condition.Request{}, condition.True},
		{"the negation of such a chain", "!(" + no + " AND " + no + " OR " + yes + ")", write, condition.Request{}, condition.Unknown},
		{"parentheses settle it", no + " AND (" + no + " OR " + yes + ")", write, condition.Request{}, condition.False},
	} {
		t.Run(c.does, func(t *testing.T) {
			if got := condition.Parse(c.text).Holds(c.action, c.asks); got != c.want {
				t.Errorf("%s for %s by %+v: %s, want %s", c.text, c.action, c.asks, got, c.want)
			}
		})
	}
}

func TestRegardlessSaysWhatHoldsForEveryRequest(t *testing.T) { // R26
	for _, c := range []struct {
		does, text, action string
		want               condition.Truth
	}{
		{"no condition", "", write, condition.True},
		{"it depends on the role", constrainRoles, write, condition.Unknown},
		{"and when removing as well", constrainRoles, remove, condition.Unknown},
		{"it does not when removing is free", constrainTypes, remove, condition.True},
		{"other actions have no request", constrainRoles, start, condition.True},
		{"nobody gets through", "!(ActionMatches{'*/write'}) AND " + wantsType + " StringEquals 'User'", write, condition.False},
		{"the other source is not there", hasType + " StringEquals 'User'", write, condition.False},
		{"not even its negation is known", "! " + hasType + " StringEquals 'User'", write, condition.Unknown},
	} {
		t.Run(c.does, func(t *testing.T) {
			if got := condition.Parse(c.text).Regardless(c.action); got != c.want {
				t.Errorf("%s for %s: %s, want %s", c.text, c.action, got, c.want)
			}
		})
	}
}

func TestWhatIsNotUnderstoodIsSaid(t *testing.T) {
	const notComparison = "it is neither ActionMatches with one action nor a comparison of an attribute"
	set := wantsRole + " ForAnyOfAnyValues:GuidEquals "
	for _, c := range []struct {
		text string
		want []string
	}{
		{"", nil},
		{constrainRoles, nil},
		{blobs, []string{
			"SubOperationMatches{'Blob.List'}: " + notComparison,
			"@Resource[Microsoft.Storage/storageAccounts/blobServices/containers/blobs/tags:Project<$key_case_sensitive$>] StringEquals 'Cascade': " +
				"@Resource[Microsoft.Storage/storageAccounts/blobServices/containers/blobs/tags:Project<$key_case_sensitive$>] is no attribute of a role assignment that is asked for or removed",
		}},
		{"@Environment[UtcNow] DateTimeLessThan '2026-01-01T00:00:00Z' OR @Environment[UtcNow]  DateTimeLessThan '2026-01-01T00:00:00Z'", []string{
			"@Environment[UtcNow] DateTimeLessThan '2026-01-01T00:00:00Z': @Environment[UtcNow] is no attribute of a role assignment that is asked for or removed",
		}},
		{wantsRole + " NumericEquals 3", []string{wantsRole + " NumericEquals 3: NumericEquals is not known as a comparison of this attribute"}},
		{wantsRole + " StringEquals '" + reader + "'", []string{wantsRole + " StringEquals '" + reader + "': StringEquals is not known as a comparison of this attribute"}},
		{wantsType + " GuidEquals " + reader, []string{wantsType + " GuidEquals " + reader + ": GuidEquals is not known as a comparison of this attribute"}},
		{wantsRole + " ForMost:GuidEquals " + reader, []string{wantsRole + " ForMost:GuidEquals " + reader + ": ForMost:GuidEquals is not known as a comparison of this attribute"}},
		{wantsRole + " GuidEquals abc", []string{wantsRole + ` GuidEquals abc: "abc" is no GUID`}},
		{wantsRole + " GuidEquals " + strings.Repeat("x", 32), []string{wantsRole + " GuidEquals " + strings.Repeat("x", 32) + `: "` + strings.Repeat("x", 32) + `" is no GUID`}},
		{wantsRole + " GuidEquals " + reader + " " + reader, []string{wantsRole + " GuidEquals " + reader + " " + reader + ": more follows than one value"}},
		{wantsRole + " GuidEquals {" + reader + ", " + owner + "}", []string{wantsRole + " GuidEquals {" + reader + ", " + owner + "}: several values need a quantifier such as ForAnyOfAnyValues"}},
		{set + "{}", []string{set + "{}: its values are not listed as {a, b, c}"}},
		{set + "{" + reader + " x " + owner + "}", []string{set + "{" + reader + " x " + owner + "}: its values are not listed as {a, b, c}"}},
		{set + "{{" + reader + "}}", []string{set + "{{" + reader + "}}: its values are not GUIDs"}},
		{wantsType + " StringEquals User", []string{wantsType + " StringEquals User: a principal type stands in quotes, as 'User'"}},
		{"ActionMatches{'a', 'b'}", []string{"ActionMatches{'a', 'b'}: " + notComparison}},
		{"word", []string{"word: " + notComparison}},
		{"(word) word(AND) OR ActionMatches{'*'}", []string{"(word) word(AND): " + notComparison}},
		{"{'red'} ForAnyOfAnyValues:StringEquals {'red'}", []string{"{'red'} ForAnyOfAnyValues:StringEquals {'red'}: " + notComparison}},
		{"a&b|c != d", []string{"a&b|c != d: " + notComparison}},
		{"one OR two AND three", []string{"one: " + notComparison, "two: " + notComparison, "three: " + notComparison}},
		{"x" + strings.Repeat("ä", 150), []string{"x" + strings.Repeat("ä", 99) + "...: " + notComparison}},
	} {
		if diff := cmp.Diff(c.want, condition.Parse(c.text).NotUnderstood()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.text, diff)
		}
	}
}

func TestATextWithoutStructureIsUnknownAsAWhole(t *testing.T) {
	yes := "ActionMatches{'*'}"
	for _, c := range []struct{ text, why string }{
		{"x" + strings.Repeat(" ", 8192) + "y", "it is 8194 bytes long, and no more than 8192 are read"},
		{strings.Repeat("(", 65) + yes + strings.Repeat(")", 65), "it nests deeper than 64 levels"},
		{strings.Repeat("!", 65) + yes, "it nests deeper than 64 levels"},
		{yes + " OR 'open", "the quotation at character 23 has no end"},
		{yes + ` OR 'a\' OR 'b'`, "the quotation at character 23 has a backslash before a quote, which leaves its end open"},
		{yes + " OR @Request", "the @ at character 23 names no attribute: want @Source[name]"},
		{yes + " OR @Request(x)", "the @ at character 23 names no attribute: want @Source[name]"},
		{yes + " OR @Request[x", "the attribute at character 23 has no closing bracket"},
		{"(" + yes, "the bracket at character 1 is not closed"},
		{yes + " OR x(", "the bracket at character 24 is not closed"},
		{yes + " OR (x) y(", "the bracket at character 28 is not closed"},
		{yes + " OR x(}", "the bracket at character 25 closes nothing"},
		{yes + " OR x}", "the bracket at character 24 closes nothing"},
		{yes + ")", "the parenthesis at character 19 closes nothing"},
		{yes + " OR", "it ends where a comparison should stand"},
		{"NOT", "it ends where a comparison should stand"},
		{"()", "a comparison is missing before character 2"},
		{"(AND", "a comparison is missing before character 2"},
	} {
		got := condition.Parse(c.text)
		if truth := got.Holds(write, condition.Request{}); truth != condition.Unknown {
			t.Errorf("%.80s is %s", c.text, truth)
		}
		if why := got.NotUnderstood(); len(why) != 1 || !strings.HasSuffix(why[0], ": "+c.why) {
			t.Errorf("%.80s: got %q, want %q", c.text, why, c.why)
		}
	}
}

func TestLimitsAreWhatIsPromised(t *testing.T) {
	yes := "ActionMatches{'*'}"
	for _, text := range []string{
		strings.Repeat("(", 64) + yes + strings.Repeat(")", 64),
		yes + strings.Repeat(" ", 9000),
		"ActionMatches{'" + strings.Repeat("*", 8192-len("ActionMatches{''}")) + "'}",
	} {
		if got := condition.Parse(text).Holds(write, condition.Request{}); got != condition.True {
			t.Errorf("%.80s... of %d bytes is %s", text, len(text), got)
		}
	}
}

func TestDoubtsNameWhatLeavesTheOutcomeOpen(t *testing.T) {
	const notSaid = "the request has no such attribute, and what Azure makes of that here is not documented"
	yes, no := "ActionMatches{'*'}", "ActionMatches{'none'}"
	for _, c := range []struct {
		does, text string
		asks       condition.Request
		want       []string
	}{
		{"no condition, no doubt", "", condition.Request{}, nil},
		{"a sure outcome has none", constrainRoles, asks(reader, csp.User), nil},
		{"nor one that what is unread cannot change", no + " AND word", condition.Request{}, nil},
		{"an absent attribute", "!(" + wantsWho + " GuidEquals " + someone + ")", condition.Request{}, []string{wantsWho + " GuidEquals " + someone + ": " + notSaid}},
		{
			"a foreign group, and only it", constrainTypes, asks(reader, csp.ForeignGroup),
			[]string{wantsType + " ForAnyOfAnyValues:StringEqualsIgnoreCase {'User', 'Group'}: whether a partner's foreign group passes for a Group is not documented"},
		},
		{
			"the order of a chain", no + " AND " + no + " OR " + yes,
			condition.Request{},
			[]string{no + " AND " + no + " OR " + yes + ": AND stands beside OR, and Azure does not say which binds first; it needs parentheses"},
		},
		{
			"what is unread in a chain", yes + " AND word OR " + no,
			condition.Request{},
			[]string{"word: it is neither ActionMatches with one action nor a comparison of an attribute"},
		},
	} {
		t.Run(c.does, func(t *testing.T) {
			if diff := cmp.Diff(c.want, condition.Parse(c.text).Doubts(write, c.asks)); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

func TestAConditionPrintsAsItWasGiven(t *testing.T) {
	if got := condition.Parse(" \n" + blobs + " ").String(); got != blobs {
		t.Errorf("got %s", got)
	}
	for truth, want := range map[condition.Truth]string{condition.Unknown: "unknown", condition.False: "false", condition.True: "true"} {
		if got := truth.String(); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}

// The conditions of built-in roles are the ones everybody has. Those on role
// assignments are read whole; the others say what they ask besides.
func TestTheConditionsOfBuiltInRolesAreRead(t *testing.T) { // R31
	const token, tables = "@Resource[HasObotoken]", ":protectionLevel]"
	read, unread := 0, 0
	for _, role := range builtin.AzureRoles() {
		for _, entry := range role.Permissions {
			if entry.Condition == "" {
				continue
			}
			c := condition.Parse(entry.Condition)
			rest := c.NotUnderstood()
			if len(rest) == 0 {
				read++
				checkListedRoles(t, role, entry, c)
				continue
			}
			unread++
			for _, part := range rest {
				if !strings.HasPrefix(part, token) && !strings.Contains(part, tables) {
					t.Errorf("%s: %s", role.Name, part)
				}
			}
		}
	}
	if read != 24 || unread != 7 {
		t.Errorf("%d conditions are read whole and %d in part, want 24 and 7", read, unread)
	}
}

// checkListedRoles tries each role that stands in the condition's text, and one
// that does not.
func checkListedRoles(t *testing.T, role csp.RoleDefinition, entry csp.Permission, c condition.Condition) {
	t.Helper()
	for _, action := range []string{write, remove} {
		if !slices.Contains(entry.Actions, action) || !strings.Contains(entry.Condition, map[string]string{write: wantsRole, remove: hasRole}[action]) {
			continue
		}
		if got := c.Holds(action, asks(owner, csp.ServicePrincipal)); got != condition.False {
			t.Errorf("%s gives Owner by %s: %s", role.Name, action, got)
		}
		allowed := 0
		for _, other := range builtin.AzureRoles() {
			if c.Holds(action, asks(other.ID.String(), csp.ServicePrincipal)) == condition.True {
				allowed++
				if id := other.ID.String(); !strings.Contains(strings.ReplaceAll(entry.Condition, "-", ""), strings.ReplaceAll(id, "-", "")) {
					t.Errorf("%s gives %s, which it does not list", role.Name, id)
				}
			}
		}
		if allowed == 0 {
			t.Errorf("%s gives no built-in role at all by %s", role.Name, action)
		}
	}
}
