package storetest

import (
	"encoding/json"
	"errors"
	"fmt"
	"testing"

	"golang.org/x/mod/sumdb/tlog"

	"latchkey/csp"
	"latchkey/internal/audit"
	"latchkey/internal/fault"
	"latchkey/internal/jit"
)

// appendLeaf appends an entry as package audit does, from tlog's own parts, so
// that what is tested here is the store and nothing else.
func appendLeaf(leaves audit.Leaves, what string, tenant csp.TenantID) error {
	n, err := leaves.AuditSize()
	if err != nil {
		return err
	}
	entry := anEntry(what, tenant)
	body, err := json.Marshal(entry)
	if err != nil {
		return err
	}
	hashes, err := tlog.StoredHashes(n, body, tlog.HashReaderFunc(leaves.AuditHashes))
	if err != nil {
		return err
	}
	return leaves.InsertAuditLeaf(n, entry, body, hashes)
}

func anEntry(what string, tenant csp.TenantID) audit.Entry {
	return audit.Entry{
		At: noon, Verb: "test", Outcome: audit.Allowed, Actor: audit.Actor{Kind: "latchkey"},
		Tenant: tenant, Text: what, Detail: map[string]string{"quoted": `"'`},
	}
}

// checkTree builds the log's tree again from its bodies and compares it with
// the hashes that the store kept, and proves each entry to be in it.
func checkTree(tb testing.TB, s Store, size int64) {
	tb.Helper()
	var hashes []tlog.Hash
	rebuilt := tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		found := make([]tlog.Hash, len(indexes))
		for i, index := range indexes {
			found[i] = hashes[index]
		}
		return found, nil
	})
	n := int64(0)
	for record, err := range s.AuditRecords(tb.Context()) {
		if err != nil {
			tb.Fatal(err)
		}
		if n == size {
			break // the tree as it was then
		}
		if record.N != n || record.Leaf != tlog.RecordHash(record.Body) {
			tb.Fatalf("record %d comes as number %d, or with another's hash", n, record.N)
		}
		more, err := tlog.StoredHashes(n, record.Body, rebuilt)
		if err != nil {
			tb.Fatal(err)
		}
		hashes = append(hashes, more...)
		n++
	}
	if n != size {
		tb.Fatalf("the log yields %d entries, want %d", n, size)
	}
	stored := s.AuditHashReader(tb.Context())
	root, err := tlog.TreeHash(size, stored)
	if err != nil {
		tb.Fatal(err)
	}
	if want, err := tlog.TreeHash(size, rebuilt); err != nil || root != want {
		tb.Fatalf("the stored root is %v, that of the bodies %v (%v)", root, want, err)
	}
	for i := range size {
		proof, err := tlog.ProveRecord(size, i, stored)
		if err != nil {
			tb.Fatal(err)
		}
		if err := tlog.CheckRecord(proof, size, root, i, hashes[tlog.StoredHashIndex(0, i)]); err != nil {
			tb.Errorf("entry %d: %v", i, err)
		}
	}
}

// RunAudit tests the log's rows: they are kept as they are, in order, without
// a gap, and can be read for proofs and for people.
func RunAudit(t *testing.T, fresh Fresh) {
	t.Run("an empty log", func(t *testing.T) {
		s := fresh(t)()
		if size, err := s.AuditSize(t.Context()); size != 0 || err != nil {
			t.Errorf("size %d, %v", size, err)
		}
		rows, err := s.AuditEntries(t.Context(), audit.Query{})
		if len(rows) != 0 || err != nil {
			t.Errorf("rows %v, %v", rows, err)
		}
	})
	t.Run("the tree can be built and proven from what is kept", func(t *testing.T) {
		s := fresh(t)()
		const many = 37
		fillLog(t, s, many)
		for size := int64(1); size <= many; size += 6 {
			checkTree(t, s, size)
		}
	})
	t.Run("entries go to the end or nowhere", func(t *testing.T) { testOnlyAtEnd(t, fresh(t)()) })
	t.Run("a hash that is not there is an error", func(t *testing.T) {
		s := fresh(t)()
		fillLog(t, s, 3)
		if _, err := s.AuditHashReader(t.Context()).ReadHashes([]int64{0, 99}); err == nil {
			t.Error("hash 99 of a log of three was read")
		}
	})
	t.Run("bodies come as they were hashed, also many", func(t *testing.T) { testManyBodies(t, fresh(t)()) })
	t.Run("people read it from either end, by customer", func(t *testing.T) { testAuditQueries(t, fresh(t)()) })
}

func fillLog(tb testing.TB, s Store, many int) {
	tb.Helper()
	update(tb, s, func(tx jit.Tx) error {
		for i := range many {
			if err := appendLeaf(tx, fmt.Sprint("entry ", i), csp.TenantID{}); err != nil {
				return err
			}
		}
		return nil
	})
}

func testOnlyAtEnd(t *testing.T, s Store) {
	fillLog(t, s, 2)
	for _, n := range []int64{0, 1, 3} {
		err := s.Update(t.Context(), func(tx jit.Tx) error {
			return tx.InsertAuditLeaf(n, anEntry("forged", csp.TenantID{}), []byte("forged"), []tlog.Hash{{}})
		})
		if !fault.Is(err, fault.Conflict) {
			t.Errorf("entry %d of a log of two: %v, want a conflict", n, err)
		}
	}
	if size, err := s.AuditSize(t.Context()); size != 2 || err != nil {
		t.Errorf("size %d, %v", size, err)
	}
	checkTree(t, s, 2)
}

func testManyBodies(t *testing.T, s Store) {
	const many = 1203 // more than two batches
	fillLog(t, s, many)
	checkTree(t, s, many)
	next := int64(0)
	for record, err := range s.AuditRecords(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		var entry audit.Entry
		if err := json.Unmarshal(record.Body, &entry); err != nil || entry.Text != fmt.Sprint("entry ", next) {
			t.Fatalf("record %d is %q (%v)", next, entry.Text, err)
		}
		if next++; next == 705 {
			break // a reader may stop
		}
	}
}

func testAuditQueries(t *testing.T, s Store) {
	mine, other := newGUID[csp.Tenant](), newGUID[csp.Tenant]()
	tenants := []csp.TenantID{mine, other, mine, {}, mine, other}
	update(t, s, func(tx jit.Tx) error {
		var failed error
		for i, tenant := range tenants {
			failed = errors.Join(failed, appendLeaf(tx, fmt.Sprint("entry ", i), tenant))
		}
		return failed
	})
	for name, c := range map[string]struct {
		query audit.Query
		want  []int64
	}{
		"in order":                   {audit.Query{}, []int64{0, 1, 2, 3, 4, 5}},
		"in order from a number":     {audit.Query{From: 4}, []int64{4, 5}},
		"as many as asked":           {audit.Query{From: 1, Most: 2}, []int64{1, 2}},
		"newest first":               {audit.Query{NewestFirst: true, Most: 2}, []int64{5, 4}},
		"back from a number":         {audit.Query{NewestFirst: true, From: 2}, []int64{1, 0}},
		"one customer":               {audit.Query{Tenant: mine}, []int64{0, 2, 4}},
		"one customer, newest first": {audit.Query{Tenant: mine, NewestFirst: true, From: 4, Most: 1}, []int64{2}},
		"a customer without entries": {audit.Query{Tenant: newGUID[csp.Tenant]()}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			rows, err := s.AuditEntries(t.Context(), c.query)
			if err != nil {
				t.Fatal(err)
			}
			var numbers []int64
			for _, row := range rows {
				numbers = append(numbers, row.N)
				same(t, row.Entry, anEntry(fmt.Sprint("entry ", row.N), tenants[row.N]))
			}
			same(t, numbers, c.want)
		})
	}
}
