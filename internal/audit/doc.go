// Package audit keeps the log nobody can quietly rewrite, and the one gate
// through which every change of state goes.
//
// The log is a Merkle tree over entries in the order they happened
// (golang.org/x/mod/sumdb/tlog). An entry is written in the same database
// transaction as the change it tells of, so there is neither a change without
// its entry nor an entry without its change.
//
//	change ----> Gate.Do ----> one transaction: the change + its entry + the tree's new hashes
//	                |
//	                `-- refused: rolled back, then the refusal's entry by itself
//
//	Keeper, now and then: does the tree continue what was signed last?
//	                |-- yes: sign its size and root, put the checkpoint into the archive
//	                `-- no:  RolledBackError; nothing is signed any more
//
//	Verify, anywhere: texts + archive + public key ----> Report
//
// # Promises
//
//   - I16: a change and its entry are committed together or not at all, and a
//     refusal that could not be written down is an error.
//   - I17: what was edited, dropped, reordered or rolled back before the newest
//     checkpoint is found with nothing but the texts, the archive and the public
//     key. The report says how many entries came after it: nothing outside the
//     database vouches for those yet.
//   - I18: entries hold who acted, how he proved it, on what, and with what
//     outcome; Prove shows a customer that one of them is in the log, without
//     showing him any other.
//
// # When something fails
//
//   - The program dies between a checkpoint's signing and its keeping: it is
//     signed again. A checkpoint cut short in the archive never counted.
//   - An old copy of the database is put back: the tree is shorter than what was
//     signed, or differs. Keeper and Verify both say so.
//   - The signing key is stolen: checkpoints made before the theft, kept
//     elsewhere, still pin everything up to them.
package audit
