package sqlstore

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"strings"

	"golang.org/x/mod/sumdb/tlog"

	"latchkey/internal/audit"
	"latchkey/internal/fault"
)

// Statements about the audit log. There is none that changes or deletes.
const (
	auditSize = `select coalesce(max(n) + 1, 0) from audit_entries`

	auditHashes = `select i, hash from audit_hashes where i in (select cast(value as bigint) from `

	// An entry goes to the end of the log or nowhere.
	insertAuditEntry = `insert into audit_entries (n, tenant, body)
		select cast($1 as bigint), $2, $3 where cast($1 as bigint) = (` + auditSize + `)`

	insertAuditHashes = `insert into audit_hashes (i, hash) values `

	selectAuditEntries = `select n, body from audit_entries`
)

type auditHash struct {
	index int64
	hash  []byte
}

func auditHashFields(h *auditHash) []field { return []field{count(&h.index), raw(&h.hash)} }

type auditBody struct {
	n    int64
	body []byte
}

func auditBodyFields(b *auditBody) []field { return []field{count(&b.n), raw(&b.body)} }

// AuditSize needs no lock of its own: Updates do not overlap.
func (t *tx) AuditSize() (int64, error) {
	var n int64
	err := t.row("store.AuditSize", auditSize, []field{count(&n)})
	return n, err
}

func (t *tx) AuditHashes(indexes []int64) ([]tlog.Hash, error) {
	const op = "store.AuditHashes"
	if len(indexes) == 0 {
		return nil, nil
	}
	elements, err := elementsOf(indexes)
	if err != nil {
		return nil, err
	}
	found, err := list(t, op, auditHashes+t.store.dialect.Elements+`)`, auditHashFields, elements)
	if err != nil {
		return nil, err
	}
	known := make(map[int64][]byte, len(found))
	for _, h := range found {
		known[h.index] = h.hash
	}
	hashes := make([]tlog.Hash, len(indexes))
	for i, index := range indexes {
		if len(known[index]) != tlog.HashSize {
			return nil, fault.Wrap(op, fault.Internal, fmt.Errorf("the log has no hash %d", index), "")
		}
		copy(hashes[i][:], known[index])
	}
	return hashes, nil
}

func (t *tx) InsertAuditLeaf(n int64, entry audit.Entry, body []byte, hashes []tlog.Hash) error {
	const op = "store.InsertAuditLeaf"
	touched, err := t.exec(op, insertAuditEntry, count(&n), spelled(&entry.Tenant), raw(&body))
	if err != nil {
		return err
	}
	if touched != 1 {
		return fault.Wrap(op, fault.Conflict, fmt.Errorf("entry %d is not the log's next", n), "")
	}
	var f filter
	first := tlog.StoredHashIndex(0, n)
	rows := make([]string, len(hashes))
	for k, hash := range hashes {
		row := auditHashFields(&auditHash{index: first + int64(k), hash: hash[:]})
		rows[k] = "(" + f.parameter(row[0]) + ", " + f.parameter(row[1]) + ")"
	}
	if len(rows) == 0 {
		return nil
	}
	_, err = t.exec(op, insertAuditHashes+strings.Join(rows, ", "), f.fields...)
	return err
}

// AuditSize is the number of entries in the log.
func (s *Store) AuditSize(ctx context.Context) (int64, error) {
	var n int64
	err := s.view(ctx, func(t *tx) error {
		var err error
		n, err = t.AuditSize()
		return err
	})
	return n, err
}

// AuditHashReader reads the log's stored hashes for package tlog, each batch
// from the log as it is then; hashes never change, so batches agree.
func (s *Store) AuditHashReader(ctx context.Context) tlog.HashReader {
	return tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		var hashes []tlog.Hash
		err := s.view(ctx, func(t *tx) error {
			var err error
			hashes, err = t.AuditHashes(indexes)
			return err
		})
		return hashes, err
	})
}

// AuditEntries reads a part of the log for people.
func (s *Store) AuditEntries(ctx context.Context, q audit.Query) ([]audit.Row, error) {
	const op = "store.AuditEntries"
	var f filter
	order := "n"
	if !q.Tenant.IsZero() {
		f.add("tenant = %s", spelled(&q.Tenant))
	}
	switch {
	case !q.NewestFirst:
		f.add("n >= %s", count(&q.From))
	case q.From > 0:
		f.add("n < %s", count(&q.From))
	}
	if q.NewestFirst {
		order = "n desc"
	}
	most := atMost(q.Most)
	query := selectAuditEntries + f.where() + ` order by ` + order + ` limit ` + f.parameter(count(&most))

	bodies, err := s.auditBodies(ctx, op, query, f.fields...)
	if err != nil {
		return nil, err
	}
	rows := make([]audit.Row, len(bodies))
	for i, b := range bodies {
		rows[i].N = b.n
		if err := json.Unmarshal(b.body, &rows[i].Entry); err != nil {
			return nil, fault.Wrap(op, fault.Internal, fmt.Errorf("entry %d of the log cannot be read: %w", b.n, err), "")
		}
	}
	return rows, nil
}

// AuditRecords yields every entry as it is stored, in order, with the hash that
// was stored beside it. It takes a damaged log as it is: what is missing is
// missing, for whoever verifies it to see. Entries are read in batches, so that a
// slow reader holds no transaction open.
func (s *Store) AuditRecords(ctx context.Context) iter.Seq2[audit.Record, error] {
	const (
		op    = "store.AuditRecords"
		most  = 500
		query = selectAuditEntries + ` where n >= $1 order by n limit $2`
	)
	return func(yield func(audit.Record, error) bool) {
		for from := int64(0); ; {
			batch := most
			bodies, err := s.auditBodies(ctx, op, query, count(&from), count(&batch))
			if err != nil {
				yield(audit.Record{}, err)
				return
			}
			leaves := s.leafHashes(ctx, bodies)
			for i, b := range bodies {
				if !yield(audit.Record{N: b.n, Body: b.body, Leaf: leaves[i]}, nil) {
					return
				}
				from = b.n + 1
			}
			if len(bodies) < most {
				return
			}
		}
	}
}

// leafHashes are the stored hashes of the entries, or zeros when some are not
// there: they only help to name an entry that was changed.
func (s *Store) leafHashes(ctx context.Context, bodies []auditBody) []tlog.Hash {
	indexes := make([]int64, len(bodies))
	for i, b := range bodies {
		indexes[i] = tlog.StoredHashIndex(0, b.n)
	}
	hashes, err := s.AuditHashReader(ctx).ReadHashes(indexes)
	if err != nil || len(hashes) != len(bodies) {
		return make([]tlog.Hash, len(bodies))
	}
	return hashes
}

func (s *Store) auditBodies(ctx context.Context, op, query string, fields ...field) ([]auditBody, error) {
	var bodies []auditBody
	err := s.view(ctx, func(t *tx) error {
		var err error
		bodies, err = list(t, op, query, auditBodyFields, fields...)
		return err
	})
	return bodies, err
}
