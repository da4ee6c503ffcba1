package audit

import (
	"fmt"

	"golang.org/x/mod/sumdb/tlog"
)

// Proof shows that one entry is part of the log, to somebody who has nothing
// but the public key: a customer can check it offline, without seeing any other
// entry. It marshals to JSON.
type Proof struct {
	N          int64       `json:"n"`
	Body       []byte      `json:"body"` // the entry's exact text
	Hashes     []tlog.Hash `json:"hashes"`
	Checkpoint string      `json:"checkpoint"` // the signed note
}

// Prove makes the proof of an entry against a signed checkpoint that covers it.
func Prove(tree Tree, record Record, signed []byte, publicKey string) (Proof, error) {
	c, err := OpenCheckpoint(signed, publicKey)
	if err != nil {
		return Proof{}, err
	}
	if record.N < 0 || record.N >= c.Size {
		return Proof{}, fmt.Errorf("audit: entry %d is not covered by a checkpoint of %d entries", record.N, c.Size)
	}
	hashes, err := tlog.ProveRecord(c.Size, record.N, tlog.HashReaderFunc(tree.AuditHashes))
	if err != nil {
		return Proof{}, fmt.Errorf("audit: proving entry %d: %w", record.N, err)
	}
	return Proof{N: record.N, Body: record.Body, Hashes: hashes, Checkpoint: string(signed)}, nil
}

// Check says whether the proof holds, and returns the checkpoint it rests on.
func (p Proof) Check(publicKey string) (Checkpoint, error) {
	c, err := OpenCheckpoint([]byte(p.Checkpoint), publicKey)
	if err != nil {
		return Checkpoint{}, err
	}
	if err := tlog.CheckRecord(p.Hashes, c.Size, c.Root, p.N, tlog.RecordHash(p.Body)); err != nil {
		return Checkpoint{}, fmt.Errorf("audit: entry %d is not in the log that was signed: %w", p.N, err)
	}
	return c, nil
}
