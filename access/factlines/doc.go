// Package factlines writes facts as lines of JSON, one fact a line, and reads
// them. Collectors write them as they go, other programs can make and read them,
// and line tools can cut, sort and compare them. The order of the lines does not
// matter.
//
// A line is an object with one member, named after the kind of fact:
//
//	{"tenant":{"id":"...","name":"Contoso","domain":"contoso.example"}}
//	{"principal":{"id":"...","tenant":"...","type":"User","name":"Ann","signIn":"ann@contoso.example"}}
//	{"resource":{"scope":"/subscriptions/.../resourceGroups/shop"}}
//	{"assignment":{"name":"...","tenant":"...","scope":"...","role":"...","principal":"...","principalType":"User"}}
//
// The kinds are tenant, domain, principal, person, membership, reseller, dap,
// gdap, lighthouse, subscription, placement, resource, identity, role, assignment,
// denial, directoryRole, directoryAssignment, lock, policy, artefact, usage and
// gap; their fields are those of package csp, and what is empty is left out. Terms
// stand in the fact itself as from, until and eligible. Times are as in RFC 3339.
//
// Reading is strict: an unknown or a repeated field, a word that is none of those
// allowed, a second fact in a line are errors, and so is a line longer than
// MaxLine. Errors begin with the name of the file and the number of the line.
//
// The four kinds that there are millions of are read by a scanner of their own,
// which reads them as Write writes them and leaves every other spelling to
// encoding/json. What the two make of a line is the same.
package factlines
