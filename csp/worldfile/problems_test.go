package worldfile_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"latchkey/csp/worldfile"
)

// problems are texts with something wrong, and all that is said about them.
var problems = []struct{ text, want string }{
	{"a: 1", `1:1: a world file has no key "a"; want one of: partners, customers, not collected, people, role definitions, directory role definitions, memberships, places`},
	{`- a
- b`, `1:1: a world file is a map of partners, customers, not collected, people, role definitions, directory role definitions, memberships and places, not a list`},
	{"customers: Contoso", `1:12: "customers" is a map, with an entry "name: ..." for each, not a text`},
	{"customers: {Contoso: {domian: x.example}}", `1:23: a tenant has no key "domian"; nearest: domain`},
	{"customers: {Contoso: {domain: localhost}}", `1:31: "localhost" is no domain: want one such as contoso.onmicrosoft.com`},
	{"customers: {Contoso: {domain: [a.example]}}", `1:31: "domain" wants a text here, not a list`},
	{`customers:
  Contoso: {domain: a.example}
  Fabrikam: {domain: A.example}`, `3:22: the domain a.example already belongs to the tenant at line 2, and a domain has one tenant`},
	{"customers:\n  Contoso: {}\n  Contoso:", `3:3: "Contoso" is already written at line 2`},
	{`customers:
  Contoso:
  contoso:`, `3:3: the tenant "contoso" is already written at line 2, with the same name or id; leave one out, or give it another (id: 91d36ab4-c99b-86b8-b532-aabded847872)`},
	{"customers: {Contoso: {id: 12}}", `1:27: "12" is no tenant id: want a GUID such as 8e3af657-a8ff-443c-a75c-2fe8c4bcb635`},
	{"customers: {Contoso: {id: [x]}}", `1:27: "id" wants a text here, not a list`},
	{"customers: {5f3759df-0000-4000-8000-000000000001: {id: 5f3759df-0000-4000-8000-000000000001}}", `1:56: the id is already written as the key of this entry`},
	{"customers: {Contoso: {name: Contoso}}", `1:29: the name is already written as the key of this entry; only below a GUID a name is written`},
	{"customers: {'': {}}", `1:13: a name is missing here; what has none is written by its id`},
	{"customers: {Contoso: {old rules: maybe}}", `1:34: "maybe" is no value of "old rules"; want one of: yes, no`},
	{"customers: {Contoso: {users: {ann: {source: guest}}}}", `1:45: "guest" is no value of "source"; want one of: cloud, synced, microsoft account`},
	{"customers: {Contoso: {users: [[ann]]}}", `1:31: "users" wants a text here, not a list`},
	{"customers: {Contoso: {users: [ann, anna], groups: {Ops: [anne, bob]}}}", `1:58: no principal "anne" in Contoso; nearest: ann, anna
1:64: no principal "bob" in Contoso`},
	{`customers:
  Contoso:
    users: [ann]
    service principals: [ann]
    groups: {Ops: ann}`, `5:19: "ann" in Contoso may be the user c39e5e7a-d0e7-800d-acdf-456b8ffa9b55 of Contoso or the service principal 6288868c-fa62-8918-8d81-e3991c685948 of Contoso; write the id of the one you mean`},
	{`partners: {Alder: {domain: alder.example, users: [bob]}}
customers: {Contoso: {groups: {Ops: [bob, bob@alder.example, x@alder.exmple]}}}`, `2:38: no principal "bob" in Contoso; nearest: bob @ Alder
2:62: no tenant "alder.exmple"; nearest: alder.example`},
	{"customers: {Contoso: {guests: [zed@alder.example]}}", `1:32: no tenant "alder.example"`},
	{"customers: {Contoso: {groups: {Ops: [{until: 2027-01-01}, {who: x, until: soon}]}}}", `1:38: "who" is missing: whom is this about?
1:65: no principal "x" in Contoso`},
	{"customers: {Contoso: {users: [a], groups: {Ops: {who: a, from: 2027-01-01, until: 2026-01-01}}}}", `1:83: it ends at 2026-01-01T00:00:00Z, before it begins`},
	{"customers: {Contoso: {users: [a], groups: {Ops: [{who: a, from: 2027-01-01, until: 2026-01-01}]}}}", `1:84: it ends at 2026-01-01T00:00:00Z, before it begins`},
	{"customers: {Contoso: {reseller: Alder}}", `1:33: no tenant "Alder"`},
	{"customers: {Contoso: {reseller: {Contoso: {kind: friend}}}}", `1:50: "friend" is no value of "kind"; want one of: direct, indirect provider, indirect reseller`},
	{"customers: {Contoso: {gdap: {X: {groups: {}}}}}", `1:30: "partner" is missing: whose groups get the roles?`},
	{"customers: {Contoso: {gdap: {X: {partner: Contoso, extends by: 1000, status: dead, groups: {Y: Owner}}}}}", `1:64: "1000" is no number of days from 0 to 730
1:78: "dead" is no value of "status"; want one of: created, approvalPending, approved, activating, pending, active, expiring, expired, terminating, terminated, deleting, deleted
1:93: no principal "Y" in Contoso`},
	{"customers: {Contoso: {directory roles: {Global Admin: x}}}", `1:41: no directory role "Global Admin"; nearest: Global Administrator`},
	{"customers: {Contoso: {subscriptions: {P: {createdby: x}}}}", `1:43: a subscription has no key "createdby"; nearest: created by`},
	{"customers: {Contoso: {subscriptions: {P: {created by: Contoso}}}}", `1:55: Contoso has no AdminAgents here, whose foreign principal would be Owner; write it under "partners", or "foreign principal: no"`},
	{"customers: {Contoso: {subscriptions: {P: {foreign principal: no}}}}", `1:62: "foreign principal" says what became of the creator's; write "created by" as well`},
	{"customers: {Contoso: {subscriptions: {P: {in: nowhere}}}}", `1:47: no management group "nowhere" in this tenant`},
	{"customers: {Contoso: {management groups: {a b: , c: {in: d}}}}", `1:43: "/providers/Microsoft.Management/managementGroups/a b" is no scope: ' ' may not stand in it; only ASCII letters, digits and .-_()/ may
1:58: no management group "d" in this tenant; nearest: c`},
	{"customers: {Contoso: {subscriptions: {P: {access: {Ownr: x}, resource groups: {a/b: }, resources: {x: }}}}}", `1:52: no Azure role "Ownr"; nearest: Owner
1:80: "/subscriptions/d96331f6-5f9b-8ce2-a6ca-20f267ad401e/resourceGroups/a/b" is no scope: after the resource group only /providers/... can follow, not "b"
1:100: "/subscriptions/d96331f6-5f9b-8ce2-a6ca-20f267ad401e/providers/x" is no scope: "x" is no resource provider; one looks like Microsoft.Compute`},
	{"customers: {Contoso: {users: [x], subscriptions: {P: {access: {Owner: [x, x]}}}}}", `1:75: the assignment of "Owner" is already written at line 1, with the same name or id; leave one out, or give it another (id: 85f529d0-57ab-89fd-bff7-6e576d4c3af9)`},
	{"customers: {Contoso: {users: [x], subscriptions: {P: {access: {Owner: {who: x, type: Person, id: 7}}}}}}", `1:86: "Person" is no value of "type"; want one of: User, Group, ServicePrincipal, ForeignGroup, unknown
1:98: "7" is no role assignment id: want a GUID such as 8e3af657-a8ff-443c-a75c-2fe8c4bcb635`},
	{"customers: {Contoso: {subscriptions: {P: {locks: {keep: , l: Delete}, gaps: {roles: x, everything: [[]]}}}}}", `1:56: a lock is CanNotDelete or ReadOnly
1:62: "Delete" is no value of "locks"; want one of: CanNotDelete, ReadOnly
1:78: no fact "roles" can be missing; want one of: everything, principals, group memberships, relationships with partners, Lighthouse delegations, subscriptions, management groups, managed identities, role definitions, role assignments, deny assignments, directory roles
1:101: "gaps" wants a text here, not a list`},
	{"customers: {Contoso: {subscriptions: {P: {lighthouse: {Reader: 5f3759df-0000-4000-8000-000000000001}}}}}", `1:64: "manager" is missing: 5f3759df-0000-4000-8000-000000000001 is not described, so say which tenant manages`},
	{"customers: {Contoso: {places: {/subscriptions/x: {}, /: {exists: yes}}}}", `1:32: "/subscriptions/x" is no scope: "x" is no subscription id: want a GUID such as 8e3af657-a8ff-443c-a75c-2fe8c4bcb635`},
	{"places: {/: {access: {}}}", `1:14: a place of nobody has no key "access"; want one of: exists, lighthouse, locks, artefacts, usage, identity, gaps`},
	{"not collected: {Contoso: {domain: a.example}}", `1:17: a tenant that was not collected has no domain and no rules; write its id where it is meant`},
	{`role definitions: {Ownr: }
directory role definitions: {Nobody: , X: {gdap: perhaps}}`, `1:20: "Ownr" is no built-in role; write below it what it allows: actions, not actions, data actions, not data actions
2:30: "Nobody" is no built-in directory role; write below it what it allows: actions, privileged, gdap
2:50: "perhaps" is no value of "gdap"; want one of: supported, unsupported, unknown`},
	{"people: {Ann: nobody}", `1:15: no principal "nobody"`},
	{"memberships: {nobody: x}", `1:15: no principal "nobody"`},
	{`a: &x 1
b: *x`, `1:4: anchors (&) and aliases (*) are not read; write the value out, or put a text that begins so in quotation marks`},
	{`a: {b: [c
`, `1:8: "[" is never closed`},
	{"a:\n\tb: 1", `2:1: a tab stands here; indent with blanks`},
	{"a: b: c", `1:5: a colon is not expected here; a text with ": " in it needs quotation marks`},
	{`a: "x`, `1:4: the quotation marks that open here are never closed`},
	{"a: @x", `1:4: this is no YAML: '@' is a reserved character; a text with such characters needs quotation marks`},
	{`a:
  b: 1
 c: 2`, `3:2: "c" is not expected here; is the line indented as the others beside it?`},
	{"- - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - a", `1:67: this is nested more than 32 levels deep`},
	{"a: [b: c]", `1:5: an entry with a colon inside [ ] needs braces: {key: value}`},
	{"a: {b, c}", `1:5: want "key: value" inside the braces`},
	{"a: [b c] d", `1:10: "d" is not expected here; is the line indented as the others beside it?`},
	{"a: - b", `1:4: a list begins on a line of its own; or write it as [a, b]`},
	{`a
b: c`, `2:2: a colon is not expected here; a text with ": " in it needs quotation marks`},
	{`? a
: b`, `1:1: keys after "? " are not read; write "key: value"`},
	{"a: !t b", `1:4: tags (!) are not read; put a text that begins so in quotation marks`},
	{`%YAML 1.2
---
a: b`, `1:1: directives (%) are not read; put a text that begins so in quotation marks`},
	{`a: b
---
c: d`, `2:1: a second document begins here; one file holds one world`},
	{"a: \x01", `1:4: a control character (0x01) stands here; write it as an escape in double quotes`},
	{"a: \xff", `1:4: this is not UTF-8`},
	{"<<: a", `1:1: merge keys (<<) are not read; write the entries out`},
	{"customers: {Contoso: {gaps: {everythin: }}}", `1:30: no fact "everythin" can be missing; nearest: everything`},
	{"customers: {Contoso: {directory roles: {[a]: x}}}", `1:41: want "key: value" inside the braces`},
	{"customers: {Contoso: {users: [ann], directory roles: {Global Reader: [{eligible: yes}, {who: [ann]}]}}}", `1:71: "who" is missing: whom is this about?
1:94: "who" wants a text here, not a list`},
	{"customers: {Contoso: {dap: [[x]], reseller: {Nobody: }}}", `1:29: "dap" wants a text here, not a list
1:46: no tenant "Nobody"`},
	{`customers: {Contoso: {reseller: 5f3759df-0000-4000-8000-000000000001, gdap: {X: {partner: Nobody}, Y: {partner: Contoso, roles: Emperor, until: tomorrow, extends by: x}}}}`, `1:91: no tenant "Nobody"
1:129: no directory role "Emperor"
1:145: "tomorrow" is no time: write 2026-12-24, which is midnight UTC, or 2026-12-24T18:30:00Z
1:167: "x" is no number of days from 0 to 730`},
	{"customers: {Contoso: {guests: {x: {home tenant: Nobody}, y: {of: [z]}}, other domains: [[x]]}}", `1:49: no tenant "Nobody"
1:66: "who" wants a text here, not a list
1:89: "domain" wants a text here, not a list`},
	{`customers: {Contoso: {subscriptions: {5f3759df-0000-4000-8000-000000000001: , P: {id: 5f3759df-0000-4000-8000-000000000001, in: [x]}, Q: {in: /x}, R: {created by: [x]}}}}`, `1:79: the subscription "P" is already written at line 1, with the same name or id; leave one out, or give it another (id: 5f3759df-0000-4000-8000-000000000001)
1:129: "in" wants a text here, not a list
1:143: "/x" is no scope: it must begin with /subscriptions/ or /providers/Microsoft.Management/managementGroups/
1:164: "created by" wants a text here, not a list`},
	{`customers: {Contoso: {subscriptions: {P: {identity: [[x], nobody], artefacts: {a: b}, usage: {nobody: x}, policies: {p: {spares: [[x], Emperor]}}, denials: {d: {who: nobody, permissions: x}}, lighthouse: {Emperor: x, Reader: [{}]}, access: {Reader: [{}, nobody]}}}}}`, `1:54: "identity" wants a text here, not a list
1:59: no principal "nobody" in Contoso
1:79: "artefacts" wants a text here, not a map
1:95: no principal "nobody" in Contoso
1:131: "role" wants a text here, not a list
1:136: no Azure role "Emperor"
1:167: no principal "nobody" in Contoso
1:188: a permission is a map of condition, actions, not actions, data actions and not data actions, not a text
1:206: no Azure role "Emperor"
1:227: "who" is missing: whom is this about?
1:251: "who" is missing: whom is this about?
1:255: no principal "nobody" in Contoso`},
	{"partners: {Alder: {groups: {g: {agents: x}}, agents: x}}", `1:41: "x" is no value of "agents"; want one of: AdminAgents, HelpdeskAgents, SalesAgents
1:54: agents is a map of AdminAgents, HelpdeskAgents and SalesAgents, not a text`},
	{"partners: {Alder: {users: [x], subscriptions: {P: {usage: {x: {a: {last: [x], data: 3}, b: [1]}}}}}}", `1:74: "last" wants a text here, not a list
1:85: "3" is no value of "data"; want one of: yes, no
1:93: "1" is no time: write 2026-12-24, which is midnight UTC, or 2026-12-24T18:30:00Z`},
	{"role definitions: {R: {actions: {a: b}, permissions: [x]}, S: {custom: , id: x}}", `1:33: "actions" wants a text here, not a map
1:55: a permission is a map of condition, actions, not actions, data actions and not data actions, not a text
1:71: "custom" wants a text here, not nothing
1:78: "x" is no role definition id: want a GUID such as 8e3af657-a8ff-443c-a75c-2fe8c4bcb635`},
	{"people: {P: {id: x, accounts: [a, [b]]}}", `1:18: "x" is no person id: want a GUID such as 8e3af657-a8ff-443c-a75c-2fe8c4bcb635
1:32: no principal "a"
1:35: "who" wants a text here, not a list`},
	{`customers:
  A: {name: x, domain: y, old rules: z, users: {a: {b: c, d: e, f: g, h: i}}, groups: {j: {k: l, m: n, o: p}}, q: r, s: t, u: v, w: x, y: z, aa: bb, cc: dd, ee: ff, gg: hh, ii: jj, kk: ll}`, `2:13: the name is already written as the key of this entry; only below a GUID a name is written
2:24: "y" is no domain: want one such as contoso.onmicrosoft.com
2:38: "z" is no value of "old rules"; want one of: yes, no
2:53: a user has no key "b"; want one of: id, name, sign in, source
2:59: a user has no key "d"; nearest: id
2:65: a user has no key "f"; want one of: id, name, sign in, source
2:71: a user has no key "h"; want one of: id, name, sign in, source
2:92: a group has no key "k"; want one of: id, name, members, agents, role assignable, dynamic
2:98: a group has no key "m"; want one of: id, name, members, agents, role assignable, dynamic
2:112: a tenant has no key "q"; want one of: id, name, domain, other domains, old rules, users, guests, groups, agents, service principals, directory roles, reseller, dap, gdap, root, management groups, subscriptions, places, gaps
2:118: a tenant has no key "s"; want one of: id, name, domain, other domains, old rules, users, guests, groups, agents, service principals, directory roles, reseller, dap, gdap, root, management groups, subscriptions, places, gaps
2:124: a tenant has no key "u"; want one of: id, name, domain, other domains, old rules, users, guests, groups, agents, service principals, directory roles, reseller, dap, gdap, root, management groups, subscriptions, places, gaps
2:130: a tenant has no key "w"; want one of: id, name, domain, other domains, old rules, users, guests, groups, agents, service principals, directory roles, reseller, dap, gdap, root, management groups, subscriptions, places, gaps
2:136: a tenant has no key "y"; want one of: id, name, domain, other domains, old rules, users, guests, groups, agents, service principals, directory roles, reseller, dap, gdap, root, management groups, subscriptions, places, gaps
2:142: a tenant has no key "aa"; want one of: id, name, domain, other domains, old rules, users, guests, groups, agents, service principals, directory roles, reseller, dap, gdap, root, management groups, subscriptions, places, gaps
2:150: a tenant has no key "cc"; want one of: id, name, domain, other domains, old rules, users, guests, groups, agents, service principals, directory roles, reseller, dap, gdap, root, management groups, subscriptions, places, gaps
2:158: a tenant has no key "ee"; want one of: id, name, domain, other domains, old rules, users, guests, groups, agents, service principals, directory roles, reseller, dap, gdap, root, management groups, subscriptions, places, gaps
2:166: a tenant has no key "gg"; want one of: id, name, domain, other domains, old rules, users, guests, groups, agents, service principals, directory roles, reseller, dap, gdap, root, management groups, subscriptions, places, gaps
2:174: a tenant has no key "ii"; nearest: id
2:182: a tenant has no key "kk"; want one of: id, name, domain, other domains, old rules, users, guests, groups, agents, service principals, directory roles, reseller, dap, gdap, root, management groups, subscriptions, places, gaps
there may be more: reading ended after 20 problems`},
	{`customers: {Contoso: {service principals: {web1: }, subscriptions: {P: {resources: {A.B/c/d: {identity: system assigned}, a.b/C/D: {identity: [system assigned, x]}}}}}}`, `1:123: the place "D" is already written at line 1, with the same name or id; leave one out, or give it another (id: /subscriptions/d96331f6-5f9b-8ce2-a6ca-20f267ad401e/providers/a.b/c/d)
1:144: the principal "D" is already written at line 1, with the same name or id; leave one out, or give it another (id: 5e85285d-3bd5-828b-a6ee-9a0fd3059e80)
1:161: no principal "x" in Contoso; nearest: d`},
	{"customers: {Contoso: {subscriptions: {P: {id: x, access: {Owner: y}}, Q: {policies: {p: x, q: [y]}}}}}", `1:47: "x" is no subscription id: want a GUID such as 8e3af657-a8ff-443c-a75c-2fe8c4bcb635
1:89: a policy is a map of spares, not a text
1:96: a policy is a map of spares, not a text`},
	{"customers: {Contoso: {gdap: {X: {partner: Contoso, roles: [[x]]}}}}", `1:60: "role" wants a text here, not a list`},
	{"role definitions: {" + strings.Repeat("x", 100) + ": }", "1:20: \"" + strings.Repeat("x", 80) + "...\" is no built-in role; write below it what it allows: actions, not actions, data actions, not data actions"},
	{"customers: {Contoso: {domain: }}", `1:30: "domain" wants a text here, not nothing`},
	{"customers: {Contoso: {old rules: , id: }}", `1:33: "old rules" wants a text here, not nothing
1:39: "id" wants a text here, not nothing`},
	{"customers: {Contoso: {name: [x]}, 5f3759df-0000-4000-8000-000000000001: {id: [x]}}", `1:29: the name is already written as the key of this entry; only below a GUID a name is written
1:78: the id is already written as the key of this entry`},
	{"customers: {Contoso: {guests: [zed, [y]]}}", `1:32: no principal "zed"
1:37: "who" wants a text here, not a list`},
	{"customers: {Contoso: {groups: {Ops: [a]}, users: {a: {sign in: [x]}, b: {source: [x]}}}}", `1:64: "sign in" wants a text here, not a list
1:82: "source" wants a text here, not a list`},
	{"places: {/: {usage: {5f3759df-0000-4000-8000-000000000001: {a/read: }}}}", "1:61: when was a/read last used? write a time behind it"},
}

func TestProblemsAreToldWithTheirPlaceAndWhatWasExpected(t *testing.T) {
	for _, test := range problems {
		t.Run(test.text, func(t *testing.T) {
			f, err := worldfile.Parse("w.yaml", []byte(test.text))
			if err == nil {
				t.Fatalf("no problem was found; want:\n%s", test.want)
			}
			if got := strings.ReplaceAll(err.Error(), "w.yaml:", ""); got != test.want {
				t.Errorf("the problems are:\n%s\nwant:\n%s", got, test.want)
			}
			if len(f.Tenants) > 0 {
				t.Error("facts came beside the problems")
			}
		})
	}
}

// TestReadingEndsAtTwentyProblems: what else is wrong is not looked for.
func TestReadingEndsAtTwentyProblems(t *testing.T) {
	for name, text := range map[string]string{
		"in lists":   "customers: {Contoso: {users: [" + strings.Repeat("[],", 50) + "]}}",
		"in maps":    "customers: {" + manyTenants(50) + "}",
		"in names":   "customers: {Contoso: {groups: {Ops: [" + strings.Repeat("x,", 50) + "]}}}",
		"in holders": "customers: {Contoso: {groups: {Ops: [" + strings.Repeat("{},", 50) + "]}}}",
		"in bodies":  "customers: {Contoso: {groups: {" + manyGroups(50) + "}}}",
	} {
		t.Run(name, func(t *testing.T) {
			_, err := worldfile.Parse("w.yaml", []byte(text))
			all, ok := errors.AsType[*worldfile.Error](err)
			if !ok || len(all.Problems) != 20 || !strings.HasSuffix(err.Error(), "\nthere may be more: reading ended after 20 problems") {
				t.Errorf("got %v", err)
			}
		})
	}
}

func manyTenants(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "t%d: {x: y}, ", i)
	}
	return b.String()
}

func manyGroups(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "g%d: nobody, ", i)
	}
	return b.String()
}

func TestEveryProblemCanBeTakenAlone(t *testing.T) {
	_, err := worldfile.Parse("w.yaml", []byte("customers:\n  Contoso: {domian: x}\n  Fabrikam: {user: [a]}"))
	all, ok := errors.AsType[*worldfile.Error](err)
	if !ok || len(all.Problems) != 2 || all.More {
		t.Fatalf("got %#v", err)
	}
	if want := (worldfile.Problem{File: "w.yaml", Line: 2, Column: 13, Text: `a tenant has no key "domian"; nearest: domain`}); all.Problems[0] != want {
		t.Errorf("the first problem is %#v, want %#v", all.Problems[0], want)
	}
}
