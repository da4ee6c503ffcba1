package audit

import (
	"context"
	"fmt"

	"golang.org/x/mod/sumdb/tlog"

	"latchkey/internal/clock"
)

// Archive holds signed checkpoints in the order they were made, outside the
// database. It only grows. Package archive keeps one in a file.
type Archive interface {
	// Append adds one signed checkpoint; when it returns nil, it is on disk.
	Append(signed []byte) error
	// All lists every signed checkpoint, the oldest first.
	All() ([][]byte, error)
}

// Keeper signs the log from time to time and puts the checkpoint away. Before
// it signs it checks that the log still begins with what was signed last: it
// never puts its name under a rewritten story.
type Keeper struct {
	view    func(context.Context, func(Tree) error) error
	archive Archive
	signer  *Signer
	clock   clock.Clock
	last    *Checkpoint // the newest in the archive, once read
}

// NewKeeper makes a keeper over a way to look at the log inside one transaction.
func NewKeeper(view func(context.Context, func(Tree) error) error, archive Archive, signer *Signer, clk clock.Clock) *Keeper {
	return &Keeper{view: view, archive: archive, signer: signer, clock: clk}
}

// RolledBackError says that the log does not continue what was signed: it is
// shorter, or its beginning differs. The database was restored or rewritten; a
// person must look before anything is granted again.
type RolledBackError struct {
	Signed Checkpoint
	Size   int64 // entries the log has now
}

func (e *RolledBackError) Error() string {
	if e.Size < e.Signed.Size {
		return fmt.Sprintf("audit: the log has %d entries, yet %d were signed at %s: it was rolled back", e.Size, e.Signed.Size, e.Signed.At)
	}
	return fmt.Sprintf("audit: the log's first %d entries are not those that were signed at %s: it was rewritten", e.Signed.Size, e.Signed.At)
}

// Keep signs the log if it grew since the last checkpoint, and says whether it
// did. It answers a *RolledBackError when the log does not continue what was
// signed. A Keeper is used by one goroutine at a time.
func (k *Keeper) Keep(ctx context.Context) (signed bool, err error) {
	if err := k.remember(); err != nil {
		return false, err
	}
	var size int64
	var root tlog.Hash
	err = k.view(ctx, func(tree Tree) error {
		if size, err = tree.AuditSize(); err != nil {
			return err
		}
		if err := k.continues(tree, size); err != nil {
			return err
		}
		root, err = Root(tree, size)
		return err
	})
	if err != nil {
		return false, err
	}
	if size == 0 || k.last != nil && size == k.last.Size {
		return false, nil
	}
	note, err := k.signer.Sign(size, root, k.clock.Now())
	if err != nil {
		return false, fmt.Errorf("audit: signing: %w", err)
	}
	if err := k.archive.Append(note); err != nil {
		return false, fmt.Errorf("audit: putting the checkpoint away: %w", err)
	}
	k.last = &Checkpoint{Origin: k.signer.origin, Size: size, Root: root, At: k.clock.Now()}
	return true, nil
}

// continues checks that the tree begins with what was signed last.
func (k *Keeper) continues(tree Tree, size int64) error {
	if k.last == nil {
		return nil
	}
	broken := &RolledBackError{Signed: *k.last, Size: size}
	if size < k.last.Size {
		return broken
	}
	root, err := Root(tree, k.last.Size)
	if err != nil {
		return err
	}
	if root != k.last.Root {
		return broken
	}
	return nil
}

// remember reads the newest checkpoint of the archive, once.
func (k *Keeper) remember() error {
	if k.last != nil {
		return nil
	}
	all, err := k.archive.All()
	if err != nil {
		return fmt.Errorf("audit: reading the checkpoints: %w", err)
	}
	if len(all) == 0 {
		return nil
	}
	last, err := OpenCheckpoint(all[len(all)-1], k.signer.public)
	if err != nil {
		return err
	}
	k.last = &last
	return nil
}
