package audit

import (
	"golang.org/x/mod/sumdb/tlog"
)

// Leaves is what a store's transaction offers the log: the tree's size and
// stored hashes, and room for one more leaf. A store keeps bodies and hashes as
// they are and understands neither.
type Leaves interface {
	// AuditSize is the number of entries in the log. It also locks the log
	// against other writers until the transaction ends, so that numbers have no
	// gaps and no fork.
	AuditSize() (int64, error)
	// AuditHashes reads stored hashes by their tlog index, in the order asked.
	AuditHashes(indexes []int64) ([]tlog.Hash, error)
	// InsertAuditLeaf stores entry n and the hashes that become known with it;
	// the first of them has tlog index tlog.StoredHashIndex(0, n).
	InsertAuditLeaf(n int64, entry Entry, body []byte, hashes []tlog.Hash) error
}

// Append writes the entry at the end of the log and returns its number.
func Append(leaves Leaves, entry Entry) (int64, error) { panic("contract") }
