package audit

import (
	"encoding/json"
	"fmt"

	"golang.org/x/mod/sumdb/tlog"
)

// Tree is the log as far as hashes go. What AuditSize and AuditHashes answer
// must belong to one moment: call them inside one transaction.
type Tree interface {
	// AuditSize is the number of entries in the log.
	AuditSize() (int64, error)
	// AuditHashes reads stored hashes by their tlog index, in the order asked.
	AuditHashes(indexes []int64) ([]tlog.Hash, error)
}

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

// Append writes the entry at the end of the log and returns its number. The
// moment is kept in UTC and to the millisecond, as every database can.
func Append(leaves Leaves, entry Entry) (int64, error) {
	if entry.Verb == "" || entry.Outcome == "" || entry.Actor.Kind == "" || entry.At.IsZero() {
		return 0, fmt.Errorf("audit: an entry needs a moment, a verb, an outcome and an actor, got %+v", entry)
	}
	entry.At = entry.At.UTC().Truncate(Precision)
	body, err := json.Marshal(entry)
	if err != nil {
		return 0, fmt.Errorf("audit: writing the entry's text: %w", err)
	}
	n, err := leaves.AuditSize()
	if err != nil {
		return 0, fmt.Errorf("audit: reading the log's size: %w", err)
	}
	hashes, err := tlog.StoredHashes(n, body, tlog.HashReaderFunc(leaves.AuditHashes))
	if err != nil {
		return 0, fmt.Errorf("audit: hashing entry %d: %w", n, err)
	}
	if err := leaves.InsertAuditLeaf(n, entry, body, hashes); err != nil {
		return 0, fmt.Errorf("audit: storing entry %d: %w", n, err)
	}
	return n, nil
}

// Root is the hash over the first size entries.
func Root(tree Tree, size int64) (tlog.Hash, error) {
	return tlog.TreeHash(size, tlog.HashReaderFunc(tree.AuditHashes))
}
