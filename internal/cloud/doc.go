// Package cloud speaks to Microsoft: where its services answer, how the portal's
// own application proves itself in a customer's tenant, and what may leave.
//
// A Cloud is one set of endpoints. A Tenant is the way into one customer's
// tenant: it has a credential for that tenant alone, and lets out only requests
//
//   - to the configured host, over TLS,
//   - below a subscription that trusts this tenant (I10, TH-E3), and
//   - that are, letter by letter, the ones the caller announced with Expect
//     (TH-T2: the official SDK puts a scope into its URL unescaped, so a hostile
//     one could walk into another subscription).
//
// These checks sit where the request leaves, after everything that could still
// change it. No redirect is followed (TH-I5), answers are capped, and no token
// or secret appears in an error or a log.
//
// Nothing is sent twice on its own account, except a request that was answered
// "401" and thus not carried out: that one is repeated once with a new token.
// Everything else is for the caller to decide, who alone knows whether a second
// try is still in time.
package cloud
