// Package audit keeps the log nobody can quietly rewrite, and the one gate
// through which every change of state goes.
//
// The log is a Merkle tree over entries in the order they happened
// (golang.org/x/mod/sumdb/tlog). An entry is written in the same database
// transaction as the change it tells of, so there is neither a change without
// its entry nor an entry without its change. Signed checkpoints of the tree are
// exported to a file outside the database; with the file and the public key
// anyone can prove that nothing before the last checkpoint was edited, dropped,
// reordered or rolled back (invariants I16-I18).
//
// The Gate decides and records in one place: a refusal is rolled back and then
// written down by itself.
package audit
