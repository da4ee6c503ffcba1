package scenario_test

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"latchkey/access"
	"latchkey/access/scenario"
)

var guid = regexp.MustCompile(`[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}`)

// small is a world for tests of the language.
const small = `Who may restart the machine?

-- world --
partners:
  Alder:
    domain: alder.example
    users: [james, Ann Arbor]
    agents: {AdminAgents: [james]}
customers:
  Contoso:
    domain: contoso.example
    users: [olga, uwe, carl]
    guests: [Ann Arbor @ Alder]
    directory roles: {User Administrator: carl}
    management groups: {europe: }
    subscriptions:
      shop:
        in: europe
        created by: Alder
        access: {Owner: [olga, Ann Arbor], User Access Administrator: uwe}
        resource groups:
          web:
            resources: {Microsoft.Compute/virtualMachines/vm1: }
          data:
            access: {7d6a2f10-5c1b-4b5c-9a57-0f2a3f1d9e11: uwe}
            denials: {hands off: {who: olga, actions: Microsoft.Compute/*}}
      box:
-- questions --
restart means Microsoft.Compute/virtualMachines/restart/action
assign means Microsoft.Authorization/roleAssignments/write
`

// finds is a verb as another package would make one.
var finds = scenario.Verb{Word: "finds", Read: func(names scenario.Names, words, clauses []string) (scenario.Expectation, error) {
	if len(words) == 0 {
		return scenario.Expectation{}, errors.New("name a kind of finding")
	}
	return scenario.Expectation{Gives: words[0] != "no", Run: func(_ *access.Index, at time.Time) []string {
		if words[0] == "nothing" {
			return nil
		}
		return []string{fmt.Sprintf("looked for %q %q at %s", words, clauses, at.Format(time.DateOnly))}
	}}, nil
}}

func TestWhatIsAskedWronglyIsTold(t *testing.T) {
	tests := []struct{ name, questions, want string }{
		{"a verb nobody knows", "may james restart at shop: has", `no line begins with "may"; a line begins with can, finds, on, reach, who, or says what a word means`},
		{"a quoted keyword", `"can" james restart at shop: has`, `no line begins with "can"; a line begins with can, finds, on, reach, who, or says what a word means`},
		{"nothing before the colon", ": has", `nothing stands before the colon; a line begins with can, finds, on, reach, who, or says what a word means`},
		{"an open quotation", `can "james restart at shop: has`, `a quotation mark is opened and not closed: "james restart at shop: has`},
		{"a word that means two things", "restart means Microsoft.Compute/virtualMachines/read", "restart already means something: take another word"},
		{"a word that means nothing", "stop means", "stop must mean one action, such as Microsoft.Compute/virtualMachines/read"},
		{"a word that means more than an action", "stop means Microsoft.Compute/virtualMachines/read now", `"now" stands behind the action: only "data" may`},
		{"a word that means a pattern", "stop means Microsoft.Compute/*", `"Microsoft.Compute/*" is a pattern: name one action, without an asterisk`},
		{"no instant", "on Monday", `"Monday" is no instant: write a day such as 2026-12-01, or a time such as 2026-12-01T10:30:00Z`},
		{"an instant with an answer", "on 2026-12-01: has", `"2026-12-01" is no instant: write a day such as 2026-12-01, or a time such as 2026-12-01T10:30:00Z`},
		{"can without an action", "can james at shop: has", `"james at shop" names no action: write one such as Microsoft.Compute/virtualMachines/read, or say above what a word means`},
		{"can without a person", "can restart at shop: has", "nobody is named before restart"},
		{"can with a malformed action", "can james /x at shop: has", `"/x" is no action: want one such as Microsoft.Compute/virtualMachines/restart/action`},
		{"a person nobody knows", "can jimes restart at shop: has", `no principal "jimes"; nearest: james`},
		{"a group", "can AdminAgents restart at shop: has", `"AdminAgents" is a group: ask about one of its members`},
		{"a place without a preposition", "can james restart shop: has", `"shop" names no place: write "at" and a scope, or "in" and the tenant whose directory you mean`},
		{"a subscription nobody knows", "can james restart at shopp: has", `no subscription "shopp"; nearest: shop`},
		{"a tenant nobody knows", "can james restart in Kontoso: has", `no tenant "Kontoso"; nearest: Contoso`},
		{"a malformed id of a scope", "can james restart at /subscriptions//x: has", `"/subscriptions//x" is no scope: two slashes follow each other, or one stands at the end; leave the extra one out`},
		{"the root of no tenant", "can james restart at /: has", `/ is there in every tenant: write "root of" or "management group ... of" and the tenant`},
		{"the root of a tenant nobody knows", "can james restart at root of Kontoso: has", `no tenant "Kontoso"; nearest: Contoso`},
		{"a management group of no tenant", "can james restart at management group europe: has", `management group "europe": write "of" and the tenant after its name`},
		{"a management group of an unknown tenant", "can james restart at management group europe of Kontoso: has", `no tenant "Kontoso"; nearest: Contoso`},
		{"a resource nobody lists", "can james restart at shop/web/vm2: has", `the world lists 0 resources called "vm2" in web: write its type, as in web/Microsoft.Compute/virtualMachines/vm2`},
		{"a malformed resource group", "can james restart at shop/a?b: has", `"/subscriptions/ID/resourceGroups/a?b" is no scope: '?' starts a query or a fragment, which is no part of a scope`},
		{"no answer", "can james restart at shop", "no answer stands behind the colon: write has, can get, has not or unknown"},
		{"an answer of another kind", "can james restart at shop: perhaps", `"perhaps" is no answer: write has, can get, has not or unknown`},
		{"evidence of another kind", "can james restart at shop: has; why not", `"why not" is no evidence: write by, not by, because, denied by, note, no note, sign in to, partner-wide or shows`},
		{"by nothing", "can james restart at shop: has by", `nothing stands behind "by": write a rule, a way in (home, guest, GDAP, DAP, direct link, Lighthouse), or a part of the path in quotation marks`},
		{"by a bare word", "can james restart at shop: has by Owner", `"Owner" is neither a rule nor a way in (home, guest, GDAP, DAP, direct link, Lighthouse): put a part of the path in quotation marks`},
		{"has not by something", "can james restart at shop: has not by home", `who has not has it by nothing: write "because" and what is missing`},
		{"has because", "can james restart at shop: has because role", `"because" says why he has not, or why it is unknown: write "by" and a path`},
		{"because of nothing", "can james restart at shop: has not because", `nothing stands behind "because"`},
		{"because of an unknown kind", "can james restart at shop: has not because weather", `"weather" is no kind of miss: write denied, sign-in, guest, term, role, scope, assignment, entry, or a text in quotation marks`},
		{"a note without a rule", "can james restart at shop: has; note guest", `"guest": a note is named by its rule, such as R16, and may have a text behind it`},
		{"signing in by something else", "can james restart at shop: has; sign in to Contoso by bus", `"bus" is no way in: write home, guest, GDAP, DAP, direct link or Lighthouse`},
		{"signing in to nothing known", "can james restart at shop: has; sign in to Kontoso", `no tenant "Kontoso"; nearest: Contoso`},
		{"shows nothing", "can james restart at shop: has; shows", `nothing is shown: write a rule such as R18 behind "shows"`},
		{"shows no rule", "can james restart at shop: has; shows 18", `"18" is no rule: write one such as R18`},
		{"an unknown answer that shows", "can james restart at shop: unknown; shows R18", "an unknown answer shows nothing of R18: a rule is shown where it gives access or where it gives none"},
		{"who without an action", "who at shop: has james", `"at shop" names no action behind "who"`},
		{"who with a malformed action", "who /x at shop: has james", `"/x" is no action: want one such as Microsoft.Compute/virtualMachines/restart/action`},
		{"who without a place", "who restart: has james", `"" names no place: write "at" and a scope, or "in" and the tenant whose directory you mean`},
		{"who without an answer", "who restart at shop:", "no answer stands behind the colon: write has, can get or unknown and a list, or nobody"},
		{"who has not", "who restart at shop: has not james", `"has not james" is no answer: write has, can get or unknown and a list, or nobody`},
		{"who has nobody", "who restart at shop: has", `"has" is no answer: write has, can get or unknown and a list, or nobody`},
		{"who lists somebody twice", "who restart at shop: has james; can get james", "james is listed twice"},
		{"who lists somebody unknown", "who restart at shop: has jimes", `no principal "jimes"; nearest: james`},
		{"who because of nothing unknown", `who restart at shop: has james; because "roles"`, `"because" says why something is unknown, and nothing is said to be`},
		{"reach without an action", "reach james: nowhere", `"james" names no action: write one such as Microsoft.Compute/virtualMachines/read, or say above what a word means`},
		{"reach with a place", "reach james restart at shop: nowhere", `"at shop" stands behind the action: reach asks about all places, so write the colon there`},
		{"reach of somebody unknown", "reach jimes restart: nowhere", `no principal "jimes"; nearest: james`},
		{"reach without an answer", "reach james restart: anywhere", `"anywhere" is no answer: write has, can get or unknown and a list, or nowhere`},
		{"reach to a place unknown", "reach james restart: has shopp", `no subscription "shopp"; nearest: shop`},
		{"reach except a place unknown", "reach james restart: has shop except shop/web and shopp", `no subscription "shopp"; nearest: shop`},
		{"reach into a tenant unknown", "reach james restart: has in Kontoso", `no tenant "Kontoso"; nearest: Contoso`},
		{"a verb of another package", "finds: x", "name a kind of finding"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := scenario.Parse("small.txtar", small+test.questions+"\n", finds)
			if err == nil {
				t.Fatal("it was taken")
			}
			want := fmt.Sprintf("small.txtar:%d: %s", strings.Count(small, "\n")+1, test.want)
			if got := guid.ReplaceAllString(err.Error(), "ID"); got != want {
				t.Errorf("got  %s\nwant %s", got, want)
			}
		})
	}
}

func TestWhatIsWrittenWronglyIsTold(t *testing.T) {
	world := "-- world --\ncustomers: {Contoso: {users: ann}}\n"
	tests := []struct{ name, text, want string }{
		{"no section", "Why?\n", "x.txtar: a section is missing: write a line \"-- world --\" and the world below it\nx.txtar: a section is missing: write a line \"-- questions --\" and the questions below it"},
		{"a section of another name", "Why?\n-- words --\n", `x.txtar:2: no section is called "words": there are world and questions`},
		{"a section twice", "Why?\n-- world --\n-- world --\n-- questions --\n", "x.txtar:3: section world stands here a second time: put both into one"},
		{"no title", world + "-- questions --\n", "x.txtar:1: the first paragraph is missing: write the question in words\nx.txtar:4: nothing is asked: write a line such as \"can ann Microsoft.Compute/virtualMachines/read at shop: has\""},
		{"an error in the world", "Why?\n\n-- world --\ncustomers: {Contoso: {userz: ann}}\n-- questions --\n", "x.txtar:4:23: a tenant has no key \"userz\"; nearest: users"},
		{"an indented line at the start", "Why?\n" + world + "-- questions --\n  by home\n", "x.txtar:5: an indented line continues the line above, and there is none"},
		{"many errors", "Why?\n" + world + "-- questions --\n" + strings.Repeat("x\n", 30), "and 10 more errors"},
		{"a whole library", strings.Repeat("x", 1<<20+1), "x.txtar: the scenario is longer than 1048576 bytes: make the world smaller"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := scenario.Check("x.txtar", test.text)
			if err == nil {
				t.Fatal("it was taken")
			}
			if got := err.Error(); got != test.want && (test.name != "many errors" || !strings.HasSuffix(got, test.want)) {
				t.Errorf("got  %s\nwant %s", got, test.want)
			}
		})
	}
}
