package audit

import (
	"encoding/json"
	"fmt"
	"iter"

	"golang.org/x/mod/sumdb/tlog"
)

// Record is an entry as it is stored: its number and its exact text.
type Record struct {
	N    int64
	Body []byte
	// Leaf is the hash stored beside the text, if the source keeps one; it only
	// helps to name the entry that was changed and proves nothing.
	Leaf tlog.Hash
}

// Finding is one thing that is wrong with a log.
type Finding struct {
	Kind FindingKind `json:"kind"`
	// From and To bound the entries in which it lies: From is the first bad one
	// when To is From+1, else the first that may be. -1 where none can be named.
	From     int64  `json:"from"`
	To       int64  `json:"to"`
	Sentence string `json:"sentence"`
}

// FindingKind says what is wrong.
type FindingKind string

// The kinds of finding.
const (
	Edited        FindingKind = "edited"         // an entry's text was changed
	Missing       FindingKind = "missing"        // a number is not there, or not in its place
	Rewritten     FindingKind = "rewritten"      // text and hashes were changed together
	RolledBack    FindingKind = "rolled back"    // fewer entries than were signed
	BadCheckpoint FindingKind = "bad checkpoint" // not signed by the key, or the archive contradicts itself
	Unreadable    FindingKind = "unreadable"     // an entry is no entry
)

// Report is what Verify found.
type Report struct {
	Entries     int64     `json:"entries"`
	Checkpoints int       `json:"checkpoints"`
	Signed      int64     `json:"signed"`   // entries covered by a checkpoint that matched
	Unsigned    int64     `json:"unsigned"` // entries after the newest checkpoint: nothing outside the database vouches for them
	Root        tlog.Hash `json:"root"`
	Findings    []Finding `json:"findings"` // in the order of the entries
}

// Whole says whether nothing was found.
func (r Report) Whole() bool { return len(r.Findings) == 0 }

// Sentence sums the report up for a person.
func (r Report) Sentence() string {
	if !r.Whole() {
		return r.Findings[0].Sentence
	}
	switch {
	case r.Checkpoints == 0:
		return fmt.Sprintf("The log has %d entries and no signed checkpoint yet, so nothing outside the database vouches for it.", r.Entries)
	case r.Unsigned == 0:
		return fmt.Sprintf("The log is whole: all %d entries match %d signed checkpoints.", r.Entries, r.Checkpoints)
	}
	return fmt.Sprintf("The log is whole: %d entries match %d signed checkpoints; the last %d entries are not signed yet.", r.Signed, r.Checkpoints, r.Unsigned)
}

// Verify recomputes the whole log from its records and holds it against every
// signed checkpoint, with nothing but the public key (I17). It keeps no more
// than the hashes in memory: 64 bytes an entry. The error is about reading; all
// that is wrong with the log itself is in the report.
func Verify(records iter.Seq2[Record, error], archive [][]byte, publicKey string) (Report, error) {
	v := verifier{}
	v.openCheckpoints(archive, publicKey)
	for record, err := range records {
		if err != nil {
			return v.report, fmt.Errorf("audit: reading the log: %w", err)
		}
		if !v.add(record) {
			break
		}
	}
	if err := v.finish(); err != nil {
		return v.report, err
	}
	return v.report, nil
}

type verifier struct {
	report      Report
	hashes      []tlog.Hash // of the tree so far, by tlog index
	checkpoints []Checkpoint
	size        int64
	suspects    []Finding // edits the stored leaf hashes point at
}

func (v *verifier) find(f Finding) { v.report.Findings = append(v.report.Findings, f) }

func (v *verifier) openCheckpoints(archive [][]byte, publicKey string) {
	for i, signed := range archive {
		c, err := OpenCheckpoint(signed, publicKey)
		if err != nil {
			v.find(Finding{Kind: BadCheckpoint, From: -1, To: -1, Sentence: fmt.Sprintf("Checkpoint %d is not signed by this key: %v.", i+1, err)})
			continue
		}
		if len(v.checkpoints) > 0 && c.Size < v.checkpoints[len(v.checkpoints)-1].Size {
			v.find(Finding{
				Kind: BadCheckpoint, From: c.Size, To: v.checkpoints[len(v.checkpoints)-1].Size,
				Sentence: fmt.Sprintf("Checkpoint %d speaks of %d entries, the one before it of %d: the log was rolled back in between.", i+1, c.Size, v.checkpoints[len(v.checkpoints)-1].Size),
			})
			continue
		}
		v.checkpoints = append(v.checkpoints, c)
	}
	v.report.Checkpoints = len(v.checkpoints)
}

// add takes the next record; false means that going on makes no sense.
func (v *verifier) add(r Record) bool {
	if r.N != v.size {
		v.find(Finding{
			Kind: Missing, From: v.size, To: v.size + 1,
			Sentence: fmt.Sprintf("Entry %d is missing: number %d stands in its place.", v.size, r.N),
		})
		return false
	}
	leaf := tlog.RecordHash(r.Body)
	if r.Leaf != (tlog.Hash{}) && r.Leaf != leaf {
		v.suspects = append(v.suspects, Finding{
			Kind: Edited, From: r.N, To: r.N + 1,
			Sentence: fmt.Sprintf("Entry %d was changed after it was written: its text no longer has the hash it was stored with.", r.N),
		})
	}
	var entry Entry
	if err := json.Unmarshal(r.Body, &entry); err != nil {
		v.suspects = append(v.suspects, Finding{
			Kind: Unreadable, From: r.N, To: r.N + 1,
			Sentence: fmt.Sprintf("Entry %d cannot be read as an entry.", r.N),
		})
	}
	hashes, err := tlog.StoredHashesForRecordHash(r.N, leaf, v)
	if err != nil {
		v.find(Finding{Kind: Unreadable, From: r.N, To: r.N + 1, Sentence: fmt.Sprintf("Entry %d cannot be hashed: %v.", r.N, err)})
		return false
	}
	v.hashes = append(v.hashes, hashes...)
	v.size++
	return true
}

// ReadHashes lets tlog read the tree recomputed so far.
func (v *verifier) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	out := make([]tlog.Hash, len(indexes))
	for i, x := range indexes {
		if x < 0 || x >= int64(len(v.hashes)) {
			return nil, fmt.Errorf("audit: hash %d is not there", x)
		}
		out[i] = v.hashes[x]
	}
	return out, nil
}

// finish holds the recomputed tree against the checkpoints.
func (v *verifier) finish() error {
	v.report.Entries = v.size
	root, err := tlog.TreeHash(v.size, v)
	if err != nil {
		return fmt.Errorf("audit: hashing the log: %w", err)
	}
	v.report.Root = root
	v.report.Findings = append(v.report.Findings, v.suspects...)
	var signed int64
	for i, c := range v.checkpoints {
		if c.Size > v.size {
			v.tooShort(v.checkpoints[len(v.checkpoints)-1])
			break
		}
		root, err := tlog.TreeHash(c.Size, v)
		if err != nil {
			return fmt.Errorf("audit: hashing the log: %w", err)
		}
		if root != c.Root {
			v.differs(i, signed, c)
			break
		}
		signed = c.Size
	}
	v.report.Signed = signed
	if n := len(v.checkpoints); n > 0 {
		v.report.Unsigned = max(0, v.size-v.checkpoints[n-1].Size)
	} else {
		v.report.Unsigned = v.size
	}
	return nil
}

func (v *verifier) tooShort(c Checkpoint) {
	if v.has(Missing) {
		return // said already, and more exactly
	}
	v.find(Finding{
		Kind: RolledBack, From: v.size, To: c.Size,
		Sentence: fmt.Sprintf("Entries %d to %d are gone: %d were signed on %s and only %d are here. The log was cut off or an old copy of the database was put back.", v.size, c.Size-1, c.Size, c.At.Format("2 January 2006 15:04 MST"), v.size),
	})
}

// differs names the first entry that can be bad: an edit that the stored hashes
// give away, or else the stretch since the last checkpoint that matched.
func (v *verifier) differs(i int, from int64, c Checkpoint) {
	for _, s := range v.suspects {
		if s.From >= from && s.From < c.Size {
			return
		}
	}
	v.find(Finding{
		Kind: Rewritten, From: from, To: c.Size,
		Sentence: fmt.Sprintf("The log was rewritten: among entries %d to %d at least one is not what checkpoint %d, signed on %s, vouches for.", from, c.Size-1, i+1, c.At.Format("2 January 2006 15:04 MST")),
	})
}

func (v *verifier) has(kind FindingKind) bool {
	for _, f := range v.report.Findings {
		if f.Kind == kind {
			return true
		}
	}
	return false
}
