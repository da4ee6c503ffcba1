// Package scenario reads and runs scenarios: a small world, questions about it,
// and the answers it must give. They are how the rules of docs/model.md are
// shown to people and held against the engine at once: each says in words what
// it is about, and nothing in it can be wrong without a test failing.
//
// A scenario is a text of three parts: some paragraphs, a world file (package
// worldfile), and questions.
//
//	Does an exception in one role forbid what another role allows?
//
//	No. It subtracts from its own entry and nothing else.
//
//	-- world --
//	...
//	-- questions --
//	assign means Microsoft.Authorization/roleAssignments/write
//
//	can ann assign at shop/web: has
//	    by "Owner"; shows R18
//	who assign at shop: has ann; can get carl
//	reach ann assign: has shop, box except box/vault
//
// The first paragraph is the question in words. Others may begin with one of
// Labels and a colon: "Article: ...", "Today: ...".
//
// # Questions
//
// A statement is a line, continued by the indented lines below it. Behind its
// colon stand clauses, parted by semicolons or line ends, and lists in them by
// commas. A name with a comma, colon or number sign in it stands in quotation
// marks, which also make a keyword a name. A number sign behind a blank begins a
// comment.
//
//	on 2026-12-01                        the instant of all that follows (R29); a
//	on 2026-12-01T10:30:00Z              day means its first instant in UTC.
//	                                     Before the first such line: DefaultInstant
//	restart means Microsoft.Compute/virtualMachines/restart/action
//	                                     a word for an action; "data" behind it
//	                                     makes it a data action
//	can WHO ACTION at PLACE: ANSWER      may he? ANSWER is has, can get, has not or
//	                                     unknown, and evidence behind it
//	can WHO ACTION in TENANT: ANSWER     the same of a tenant's directory
//	who ACTION at PLACE: has WHO, WHO; can get WHO; unknown WHO
//	                                     everybody who may; "nobody" if nobody may
//	reach WHO ACTION: has PLACE, PLACE except PLACE and PLACE, in TENANT
//	                                     all places where he may; "nowhere" if none
//
// Principals, tenants and places are named as [Names] says. In who and reach
// what is not listed must not be there, but for the guest accounts of somebody
// who is listed by his account at home.
//
// # Evidence
//
//	by F, F            one path has all these features: a rule that a hop of it
//	                   follows (R21), a way into the tenant (home, guest, GDAP,
//	                   DAP, direct link, Lighthouse), or a part of its text in
//	                   quotation marks
//	not by F, F        no path has them all
//	partner-wide       some path of it cannot be limited to one customer
//	not partner-wide   none is such a path
//	because KIND       has not: what is missing (denied, sign-in, guest, term,
//	                   role, scope, assignment, entry), or a part of its text in
//	                   quotation marks
//	because "TEXT"     unknown: a part of the name of the fact that is missing
//	denied by NAME     that deny assignment stands in the way
//	note RULE TEXT     it is noted besides; the text may be left out
//	no note RULE TEXT  it is not
//	sign in to TENANT by WAY
//	                   he is told to use what he has there; the way may be left out
//	shows RULE, RULE   what the question is there for. It shows the rule giving
//	                   access or naming a danger if the answer is has or can get or
//	                   a list, and giving none if it is has not, nobody or nowhere
//
// # Agreement
//
// Besides, everybody in the world is asked about every place in it, for every
// action and instant in the file, in each of the engine's ways of asking: Can,
// CanText, Why, Who and Reach must agree, and the paths of an answer must make
// its verdict.
//
// Further kinds of questions are added as a [Verb] by whoever can answer them.
package scenario
