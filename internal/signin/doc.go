// Package signin proves who is asking: OpenID Connect at the Entra tenants
// Latchkey serves, and the sessions that follow from it.
//
// A sign-in has two halves. Begin sends the browser to one tenant's sign-in page
// and leaves it a sealed cookie with everything the answer must match. Complete
// takes the answer, redeems the code (PKCE) and believes the token only if all
// of this holds:
//
//   - it was signed with RS256 by a key that this tenant's own key set lists, and
//     whose own issuer, where the set names one, is this tenant's;
//   - its issuer is exactly {authority}/{tenant}/v2.0, its tenant claim the same
//     tenant, its audience Latchkey's client id and nothing else;
//   - it is a version 2.0 token for a user (never an application), not expired,
//     and carries the nonce of this very sign-in;
//   - after a fresh sign-in was asked for, it says when the person signed in, and
//     that was after the asking.
//
// What is believed is only (tenant, object id): mail addresses and names are the
// tenant administrator's to choose, and are for showing (TH-S2). Whether the
// account is a guest comes from the acct claim; a customer's tenant that does not
// send it has, for Latchkey, guests only (TH-S3).
//
// Sessions live on the server. The cookie holds 256 random bits, the store their
// SHA-256 digest and a body sealed under a key the store does not have. Every
// sign-in makes a new session and ends the one before (TH-E5).
//
// Whatever goes wrong on the way leaves the person signed out, with a sentence
// that says what to do.
package signin
