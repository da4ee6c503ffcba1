package factlines_test

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"latchkey/access/estate"
	"latchkey/access/estate/estatetest"
	"latchkey/access/estate/largeworld"
	"latchkey/access/factlines"
	"latchkey/csp"
)

// exact compares facts; times are equal if they are the same instant.
var exact = cmp.Options{
	cmpopts.EquateEmpty(),
	cmp.Comparer(func(a, b csp.Scope) bool { return a.String() == b.String() }),
	cmp.Comparer(func(a, b time.Time) bool { return a.Equal(b) }),
}

// read puts the parts together that Read hands out.
func read(in io.Reader) (f csp.Facts, err error) {
	b := &all{}
	err = factlines.Read("facts.jsonl", in, b.add)
	return b.facts, err
}

type all struct{ facts csp.Facts }

func (a *all) add(f csp.Facts) {
	a.facts.Tenants = append(a.facts.Tenants, f.Tenants...)
	a.facts.Domains = append(a.facts.Domains, f.Domains...)
	a.facts.Principals = append(a.facts.Principals, f.Principals...)
	a.facts.People = append(a.facts.People, f.People...)
	a.facts.Memberships = append(a.facts.Memberships, f.Memberships...)
	a.facts.Resellers = append(a.facts.Resellers, f.Resellers...)
	a.facts.DAPs = append(a.facts.DAPs, f.DAPs...)
	a.facts.GDAPs = append(a.facts.GDAPs, f.GDAPs...)
	a.facts.Lighthouses = append(a.facts.Lighthouses, f.Lighthouses...)
	a.facts.Subscriptions = append(a.facts.Subscriptions, f.Subscriptions...)
	a.facts.Placements = append(a.facts.Placements, f.Placements...)
	a.facts.Resources = append(a.facts.Resources, f.Resources...)
	a.facts.Identities = append(a.facts.Identities, f.Identities...)
	a.facts.Roles = append(a.facts.Roles, f.Roles...)
	a.facts.Assignments = append(a.facts.Assignments, f.Assignments...)
	a.facts.Denials = append(a.facts.Denials, f.Denials...)
	a.facts.DirectoryRoles = append(a.facts.DirectoryRoles, f.DirectoryRoles...)
	a.facts.DirectoryAssignments = append(a.facts.DirectoryAssignments, f.DirectoryAssignments...)
	a.facts.Locks = append(a.facts.Locks, f.Locks...)
	a.facts.Policies = append(a.facts.Policies, f.Policies...)
	a.facts.Artefacts = append(a.facts.Artefacts, f.Artefacts...)
	a.facts.Usage = append(a.facts.Usage, f.Usage...)
	a.facts.Gaps = append(a.facts.Gaps, f.Gaps...)
}

func write(tb testing.TB, f csp.Facts) []byte {
	tb.Helper()
	var out bytes.Buffer
	if err := factlines.Write(&out, f); err != nil {
		tb.Fatal(err)
	}
	return out.Bytes()
}

func random(seed uint64) csp.Facts { return estatetest.Facts(rand.New(rand.NewPCG(seed, 0))) }

func TestFactsComeBackFromTheirLines(t *testing.T) {
	for seed := range uint64(100) {
		want := random(seed)
		got, err := read(iotest.OneByteReader(bytes.NewReader(write(t, want))))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got, exact); diff != "" {
			t.Fatalf("seed %d: facts differ (-want +got):\n%s", seed, diff)
		}
	}
}

func TestManyBlocksAreReadInOrder(t *testing.T) {
	var file bytes.Buffer
	const lines = 60_000
	for i := range lines {
		fmt.Fprintf(&file, `{"domain":{"tenant":"8e3af657-a8ff-443c-a75c-2fe8c4bcb635","domain":"d%d.example"}}`+"\n", i)
	}
	parts := 0
	next := 0
	err := factlines.Read("facts.jsonl", &file, func(f csp.Facts) {
		parts++
		for _, d := range f.Domains {
			if want := csp.Domain(fmt.Sprintf("d%d.example", next)); d.Domain != want {
				t.Fatalf("%q comes where %q should", d.Domain, want)
			}
			next++
		}
	})
	if err != nil || next != lines || parts < 3 {
		t.Errorf("%d of %d lines in %d parts: %v", next, lines, parts, err)
	}
}

func TestBlocksOfOneKindAreReadWhole(t *testing.T) {
	assignment := `{"assignment":{"name":"00000001-0000-4000-8000-%012x","tenant":"8e3af657-a8ff-443c-a75c-2fe8c4bcb635","scope":"/subscriptions/8e3af657-a8ff-443c-a75c-2fe8c4bcb635","role":"8e3af657-a8ff-443c-a75c-2fe8c4bcb635","principal":"8e3af657-a8ff-443c-a75c-2fe8c4bcb635"}}`
	const lines = 20_000
	var file bytes.Buffer
	for i := range lines {
		fmt.Fprintf(&file, assignment+"\n", i)
	}
	got, err := read(&file)
	if err != nil || len(got.Assignments) != lines {
		t.Fatalf("%d of %d lines: %v", len(got.Assignments), lines, err)
	}
	for i, a := range got.Assignments {
		if want := csp.MustParseID[csp.RoleAssignment](fmt.Sprintf("00000001-0000-4000-8000-%012x", i)); a.Name != want {
			t.Fatalf("%s comes where %s should", a.Name, want)
		}
	}
}

// Every kind of fact, as it is written.
func TestLinesLookAsTheyDid(t *testing.T) {
	at := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	term := csp.Term{Period: csp.Period{From: at, Until: at.Add(time.Hour)}, Eligible: true}
	scope := csp.MustParseScope("/subscriptions/8e3af657-a8ff-443c-a75c-2fe8c4bcb635/resourceGroups/Shop")
	tenant, object := csp.MustParseID[csp.Tenant]("8e3af657-a8ff-443c-a75c-2fe8c4bcb635"), csp.MustParseID[csp.Principal]("acdd72a7-3385-48ef-bd42-f606fba81ae7")
	role, directoryRole := csp.RoleDefinitionID(object), csp.DirectoryRoleID(object)
	permissions := []csp.Permission{{Actions: []string{"*"}, NotActions: []string{"a/b"}, DataActions: []string{"c"}, NotDataActions: []string{"d"}, Condition: "x"}}
	facts := csp.Facts{
		Tenants:     []csp.Tenant{{ID: tenant, Name: "A & <B>", DefaultDomain: "a.example", OldRules: true}},
		Domains:     []csp.TenantDomain{{Tenant: tenant, Domain: "b.example"}},
		Principals:  []csp.Principal{{ID: object, Tenant: tenant, Type: csp.User, Name: "Ann", SignInName: "ann@a.example", Source: csp.Guest, Home: object, HomeTenant: tenant, Agents: csp.AdminAgents, RoleAssignable: true, Dynamic: true}},
		People:      []csp.Person{{ID: csp.PersonID(object), Name: "Ann", Accounts: []csp.ObjectID{object}}},
		Memberships: []csp.Membership{{Group: object, Member: object, Term: term}},
		Resellers:   []csp.ResellerRelationship{{Partner: tenant, Customer: tenant, Kind: csp.IndirectReseller, Period: term.Period}},
		DAPs:        []csp.DAPRelationship{{Partner: tenant, Customer: tenant}},
		GDAPs: []csp.GDAPRelationship{{
			ID: csp.GDAPID(object), Name: "g", Partner: tenant, Customer: tenant, Status: csp.GDAPActive, Period: term.Period, Roles: []csp.DirectoryRoleID{directoryRole}, ExtendsBy: 180,
			Assignments: []csp.AccessAssignment{{Group: object, Roles: []csp.DirectoryRoleID{directoryRole}, Status: csp.GDAPActive}},
		}},
		Lighthouses:          []csp.LighthouseDelegation{{Manager: tenant, Principal: object, Role: role, Scope: scope, Term: term}},
		Subscriptions:        []csp.Subscription{{ID: scope.Subscription(), Tenant: tenant, Name: "s", Creator: tenant}},
		Placements:           []csp.Placement{{Tenant: tenant, Child: scope.Parent(), Parent: csp.Root()}},
		Resources:            []csp.Resource{{Scope: scope}},
		Identities:           []csp.ManagedIdentity{{Resource: scope, Principal: object}},
		Roles:                []csp.RoleDefinition{{ID: role, Name: "r", Custom: true, Permissions: permissions}},
		Assignments:          []csp.Assignment{{Tenant: tenant, Term: term, RoleAssignment: csp.RoleAssignment{Name: csp.RoleAssignmentID(object), Scope: scope, Role: role, Principal: object, PrincipalType: csp.ForeignGroup, Description: "d", Condition: "c"}}},
		Denials:              []csp.Denial{{Tenant: tenant, DenyAssignment: csp.DenyAssignment{ID: csp.DenyAssignmentID(object), Name: "d", Scope: scope, Permissions: permissions, Principals: []csp.ObjectID{object}, Everyone: true, Excluded: []csp.ObjectID{object}, ThisScopeOnly: true, AuditOnly: true, Condition: "c"}}},
		DirectoryRoles:       []csp.DirectoryRole{{ID: directoryRole, Name: "r", Privileged: true, GDAP: csp.GDAPSupported, Actions: []string{"a"}}},
		DirectoryAssignments: []csp.DirectoryAssignment{{Tenant: tenant, Principal: object, Role: directoryRole, Term: term}},
		Locks:                []csp.Lock{{Name: "l", Scope: scope, Level: csp.ReadOnly}},
		Policies:             []csp.PolicyDenial{{Name: "p", Tenant: tenant, Scope: scope, Spares: []csp.RoleDefinitionID{role}}},
		Artefacts:            []csp.Artefact{{Scope: scope, Name: "Subscription Admins"}},
		Usage:                []csp.Usage{{Principal: object, Action: "a", Data: true, Scope: scope, Last: at}},
		Gaps:                 []csp.Gap{{Fact: csp.MissingDenials, Tenant: tenant, Scope: scope, Why: "w"}},
	}
	got := write(t, facts)
	golden := filepath.Join("testdata", "lines.jsonl")
	if *update {
		if err := os.WriteFile(golden, got, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("lines differ (-want +got); if that is meant, run with -update:\n%s", diff)
	}
	again, err := read(bytes.NewReader(want))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(facts, again, exact); diff != "" {
		t.Errorf("facts differ (-want +got):\n%s", diff)
	}
}

var update = flag.Bool("update", false, "write golden files anew")

const (
	id    = "8e3af657-a8ff-443c-a75c-2fe8c4bcb635"
	scope = "/subscriptions/" + id + "/resourceGroups/shop"
)

func TestBadLinesAreRefusedWithTheirPlace(t *testing.T) {
	good := `{"resource":{"scope":"` + scope + `"}}` + "\n"
	tests := []struct{ name, text, want string }{
		{"no JSON", good + "hello\n" + good, `facts.jsonl:2: this is no JSON at character 1: `},
		{"nothing in it", good + good + "{}", `facts.jsonl:3: the line has 0 facts; want one`},
		{"two facts", `{"lock":{},"gap":{"fact":"everything"}}`, `facts.jsonl:1: the line has 2 facts`},
		{"two lines in one", `{"lock":{}}{"lock":{}}`, `facts.jsonl:1: something stands behind the fact`},
		{"a list", `[{"lock":{}}]`, `facts.jsonl:1:  cannot be a array`},
		{"a number", `7`, `cannot be a number`},
		{"an unknown kind", `{"lok":{}}`, `facts.jsonl:1: json: unknown field "lok"`},
		{"an unknown field", `{"resource":{"scop":"/"}}`, `unknown field "scop"`},
		{"a field of another kind", `{"resource":{"name":"x"}}`, `unknown field "name"`},
		{"a field twice", `{"resource":{"scope":"` + scope + `","scope":"/"}}`, `the name "scope" is there twice`},
		{"a field twice in two cases", `{"resource":{"scope":"` + scope + `","Scope":"/"}}`, `the name "Scope" is there twice`},
		{"half a line", `{"resource":{"scope":"` + scope, `the line ends within the fact`},
		{"half an object", `{"resource":{`, `the line ends within the fact`},
		{"a bad scope", `{"resource":{"scope":"` + scope + `/"}}`, `two slashes follow each other`},
		{"a bad id", `{"membership":{"group":"ann"}}`, `"ann" is no principal id`},
		{"the zero id", `{"membership":{"group":"00000000-0000-0000-0000-000000000000"}}`, `the zero GUID names no principal`},
		{"a bad domain", `{"domain":{"domain":"x"}}`, `"x" is no domain`},
		{"a bad time", `{"membership":{"from":"yesterday"}}`, `cannot parse "yesterday"`},
		{"a word for a flag", `{"principal":{"dynamic":"yes"}}`, `cannot be a string`},
		{"nothing that is missing", `{"gap":{"fact":"money"}}`, `"money" is nothing that can be missing: want "everything"`},
		{"control characters", "{\"principal\":{\"name\":\"a\tb\"}}", `this is no JSON`},
		{"a long line", `{"principal":{"name":"` + strings.Repeat("a", factlines.MaxLine) + `"}}`, `facts.jsonl:1: the line is longer than`},
		{"an endless line", good + strings.Repeat("a", 3*factlines.MaxLine), `facts.jsonl:2: the line is longer than`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := read(strings.NewReader(test.text))
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want an error with %q", err, test.want)
			}
		})
	}
}

func TestBlankLinesAreNone(t *testing.T) {
	f, err := read(strings.NewReader("\n \n{\"resource\": {\"scope\": \"" + scope + "\"} }\r\n\n"))
	if err != nil || len(f.Resources) != 1 {
		t.Errorf("%d resources: %v", len(f.Resources), err)
	}
}

func TestAReaderThatFailsIsReported(t *testing.T) {
	broken := errors.New("the line is dead")
	in := io.MultiReader(strings.NewReader(`{"resource":{"scope":"`+scope+`"}}`+"\n{"), iotest.ErrReader(broken))
	f, err := read(in)
	if !errors.Is(err, broken) || !strings.Contains(err.Error(), "facts.jsonl:2") || len(f.Resources) != 1 {
		t.Errorf("%d resources: %v", len(f.Resources), err)
	}
}

func TestAnErrorEndsTheReading(t *testing.T) {
	line := `{"resource":{"scope":"` + scope + `"}}` + "\n"
	endless := io.MultiReader(strings.NewReader("x\n"), strings.NewReader(strings.Repeat(line, 200_000)))
	if _, err := read(endless); err == nil {
		t.Error("read on")
	}
}

func TestWhatCannotBeWrittenIsReported(t *testing.T) {
	year := time.Date(10_000, 1, 1, 0, 0, 0, 0, time.UTC)
	bad := csp.Facts{Memberships: []csp.Membership{{Term: csp.Term{Period: csp.Period{From: year}}}, {}}}
	if err := factlines.Write(io.Discard, bad); err == nil {
		t.Error("the year 10000 was written")
	}
}

// The scanner reads what Write writes, and reads it as encoding/json does.
func TestTheScannerReadsTheFrequentKinds(t *testing.T) {
	for seed := range uint64(100) {
		want := random(seed)
		frequent := csp.Facts{
			Principals: want.Principals, Memberships: want.Memberships, Resources: want.Resources, Assignments: want.Assignments,
			Identities: want.Identities, Subscriptions: want.Subscriptions, Placements: want.Placements,
			DirectoryAssignments: want.DirectoryAssignments, Resellers: want.Resellers,
		}
		var got csp.Facts
		for text := range strings.Lines(string(write(t, frequent))) {
			if !factlines.ScanLine(strings.TrimSuffix(text, "\n"), &got) {
				t.Fatalf("the scanner leaves %s", text)
			}
		}
		if diff := cmp.Diff(frequent, got, exact); diff != "" {
			t.Fatalf("facts differ (-want +got):\n%s", diff)
		}
	}
}

// checkAgreement holds the scanner against encoding/json on one line.
func checkAgreement(t *testing.T, text string) {
	t.Helper()
	var scanned, decoded csp.Facts
	if !factlines.ScanLine(text, &scanned) {
		if diff := cmp.Diff(csp.Facts{}, scanned, exact); diff != "" {
			t.Fatalf("the scanner leaves %q and took something of it:\n%s", text, diff)
		}
		return
	}
	if err := factlines.DecodeLine(text, &decoded); err != nil {
		t.Fatalf("the scanner takes %q: %v", text, err)
	}
	if diff := cmp.Diff(decoded, scanned, exact); diff != "" {
		t.Fatalf("%q is read in two ways (-encoding/json +scanner):\n%s", text, diff)
	}
}

func TestScannerAndDecoderAgreeOnDamagedLines(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	lines := strings.Split(string(write(t, random(1))), "\n")
	for range 20_000 {
		text := []byte(lines[r.IntN(len(lines))])
		for range r.IntN(3) {
			if len(text) > 0 {
				at := r.IntN(len(text))
				switch r.IntN(3) {
				case 0:
					text[at] = `"{},:\ tfn0é`[r.IntN(12)]
				case 1:
					text = append(text[:at], text[at+1:]...)
				default:
					text = append(text[:at], append([]byte{text[at]}, text[at:]...)...)
				}
			}
		}
		checkAgreement(t, string(text))
	}
}

func FuzzReadLines(f *testing.F) {
	f.Add(write(f, random(1)))
	f.Add([]byte(`{"membership":{"from":"0001-01-01T00:00:00Z","from":"2026-11-22T12:00:00+01:00","eligible":true}}`))
	f.Add([]byte(`{"principal":{"name":"\u0041\n","Dynamic":true,"dynamic":true}}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		for one := range bytes.Lines(text) {
			checkAgreement(t, strings.TrimSuffix(string(one), "\n"))
		}
		facts, err := read(bytes.NewReader(text))
		if err != nil {
			return
		}
		again, err := read(bytes.NewReader(write(t, facts)))
		if err != nil {
			t.Fatalf("what was read and written cannot be read: %v", err)
		}
		if diff := cmp.Diff(facts, again, exact); diff != "" {
			t.Fatalf("facts differ (-want +got):\n%s", diff)
		}
	})
}

var large = flag.Bool("large", false, "measure at the full size: ten thousand customers, three million resources")

// BenchmarkRead reads lines from a file and builds the estate.
func BenchmarkRead(b *testing.B) {
	size := largeworld.Large.Over(100)
	if *large {
		size = largeworld.Large
	}
	name := filepath.Join(b.TempDir(), "facts.jsonl")
	file, err := os.Create(name)
	if err != nil {
		b.Fatal(err)
	}
	defer file.Close()
	if err := largeworld.Generate(size, 1, func(f csp.Facts) error { return factlines.Write(file, f) }, nil); err != nil {
		b.Fatal(err)
	}
	length, err := file.Seek(0, io.SeekCurrent)
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(length)
	for b.Loop() {
		if _, err := file.Seek(0, io.SeekStart); err != nil {
			b.Fatal(err)
		}
		builder := estate.NewBuilder()
		if err := factlines.Read(name, file, builder.Add); err != nil {
			b.Fatal(err)
		}
		if _, err := builder.Build(); err != nil {
			b.Fatal(err)
		}
	}
}
