// Package mail turns notices into mails and sees to it that they leave.
//
// A mail informs and points. It never carries authority: opening a link decides
// nothing, and neither does a mail scanner that follows every link in it, runs
// the page's script and submits its forms (TH-S6, C9 "pointer link only").
//
// Three parts, each usable alone:
//
//   - Composer writes a jit.Notice as a Message: a subject, a plain text and an
//     HTML part that say the same, and the headers that keep automatic answers
//     and duplicates away.
//   - Sender hands one Message to an SMTP relay, over TLS unless the relay is on
//     this machine.
//   - Dispatcher empties the outbox that the store fills in the same transaction
//     as the change a notice tells of. Mail trouble delays mail and nothing
//     else: no grant and no removal ever waits for this package (I11).
//
// What people wrote (a reason, a note) is treated as hostile: it is cut to one
// line of visible characters, its addresses are broken so that no mail program
// turns them into links, and it is marked as theirs (TH-T5, TH-S7).
package mail
