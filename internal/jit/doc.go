// Package jit is the life of a request for access: an engineer asks, a contact
// of the customer answers, and an approval becomes a grant with an end. What is
// then done about grants in a customer's tenant is package reconcile's.
//
// Service is the one door: web pages, the API and tools all call it, and every
// method judges by itself whether its caller may. Nothing here knows a database,
// HTTP or Microsoft; the ports Store, Tx and Connector say what is needed.
//
// # A request
//
// A request is fixed when it is filed. Only pending moves, and only once:
//
//	                 Decide(approve)
//	            +----------------------> approved ------> a grant
//	            |          \
//	            |           `----------> refused          judged again, and no longer allowed
//	            | Decide(decline)
//	pending ----+----------------------> declined
//	            | Withdraw
//	            +----------------------> withdrawn
//	            | AnswerBy goes by
//	            `----------------------> lapsed           silence is a no
//
// A request lapses, a link expires, a grant ends: three words, never mixed.
//
// # A grant
//
// A grant is an approved request's right, from Begins to Ends, both absolute and
// fixed when the approval is used:
//
//	scheduled --> granting --> active --> revoking --> ended
//	     \            \           \                     ^
//	      \            \           `--------------------+   while another grant still needs the access
//	       `------------`--> failed                         nothing was given, and that is proven
//
// # An episode
//
// An episode owns one provider object: one principal with one role on one scope
// of one tenant. Grants on the same target share it, and it lives until the last
// of them ends (I8):
//
//	intended --> present --> removing --> verifying --> closed
//	     \                     ^   ^           |
//	      \  no grant needs it |   `-----------+   seen again: a grant arrived late
//	       +-------------------'               ^
//	        `----------------------------------'   given up before it was seen; absence is proven next
//
// Stuck is a flag of an episode that should have been gone for five minutes. It
// alarms the operators, is never a state, and never final.
//
// # Proof of approval
//
// A link carries no authority: mail scanners open links, run scripts and submit
// forms. What an answer needs depends on what the role's permissions allow, never
// on its name:
//
//	class        tier                  what the approver does
//	read         mail, if the          types the number that the mail shows
//	standard       customer allows it
//	             else sign-in          is signed in to the customer's tenant as the enrolled contact
//	privileged   fresh sign-in         the same, a few minutes ago at most, with a second factor
//
// An approver is a contact whom the estate names, and from the sign-in tier up
// exactly the account that enrolled for him (tenant and object id); never a
// tenant, never an address. The partner's own people are refused under every
// account and address they have, and so are guests: an engineer who is a guest
// of the customer holds a token of the customer's tenant, and is no customer.
//
// # The one transaction
//
// Approving judges everything again at that moment, uses the approval up, and
// writes grant, episode, end and audit entry in one transaction, on disk before
// anything is sent (I2, I5, I16).
//
// # Promises
//
//   - I2: no grant without an approval of exactly this request. A decision names
//     the digest of what was shown; there is one decision per request, and one
//     grant per decision.
//   - I3: nobody approves for himself. Persons are compared, over all accounts
//     and addresses.
//   - I4: a second answer, a second click, a second replica change nothing.
//   - I9: an approver may shorten, and never lengthen.
//   - I10, TH-I4: what is not yours is answered like what is not there.
//   - I11: whatever cannot be read or reached refuses, and never grants.
//   - I13: silence is a no.
//   - I16: a change and its entry in the log are one transaction.
//
// # When something fails
//
//   - The tenant cannot be reached when a request is filed: nothing is filed.
//   - The mail is lost: the enrolled contact finds the request in his inbox;
//     otherwise it lapses.
//   - A number is guessed at: after NumberTries wrong ones the link is void; the
//     count is kept although the answers are refused.
//   - Role, offer, engineer or subscription changed between asking and approving:
//     the request is refused, both sides are told why, nothing is granted.
//   - The program dies after an approval: the episode is on disk and due.
package jit
