package audit

import (
	"crypto/ed25519"
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"latchkey/csp"
)

// Checkpoint says how the log stood: that many entries, with that hash over
// them. Signed and kept outside the database it pins everything before it (I17).
type Checkpoint struct {
	Origin string // which log
	Size   int64
	Root   tlog.Hash
	At     time.Time // when it was signed; UTC
}

// Origin is the name of an installation's log. It is also the name of its key.
func Origin(instance csp.TenantID) string { return "latchkey.audit/" + instance.String() }

// text is the signed part: origin, size and root hash on a line each, as
// transparency logs commonly write them, then the time as an extension line.
func (c Checkpoint) text() string {
	return fmt.Sprintf("%s\n%d\n%s\nat %s\n", c.Origin, c.Size, c.Root, c.At.UTC().Format(time.RFC3339))
}

func parseCheckpoint(text string) (Checkpoint, error) {
	lines := strings.Split(text, "\n")
	if len(lines) != 5 || lines[4] != "" {
		return Checkpoint{}, fmt.Errorf("audit: a checkpoint has four lines")
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil || size < 0 || strconv.FormatInt(size, 10) != lines[1] {
		return Checkpoint{}, fmt.Errorf("audit: %q is no number of entries", lines[1])
	}
	root, err := base64.StdEncoding.Strict().DecodeString(lines[2])
	if err != nil || len(root) != tlog.HashSize {
		return Checkpoint{}, fmt.Errorf("audit: a checkpoint's third line is its root hash")
	}
	at, err := time.Parse("at "+time.RFC3339, lines[3])
	if err != nil {
		return Checkpoint{}, fmt.Errorf("audit: a checkpoint's fourth line is the time: %w", err)
	}
	return Checkpoint{Origin: lines[0], Size: size, Root: tlog.Hash(root), At: at.UTC()}, nil
}

// Signer signs checkpoints of one log.
type Signer struct {
	origin   string
	key      ed25519.PrivateKey
	verifier note.Verifier
	public   string
}

// NewSigner makes a signer from 32 secret bytes used for nothing else.
func NewSigner(origin string, seed [32]byte) (*Signer, error) {
	key := ed25519.NewKeyFromSeed(seed[:])
	public, err := note.NewEd25519VerifierKey(origin, key.Public().(ed25519.PublicKey))
	if err != nil {
		return nil, fmt.Errorf("audit: naming the key %q: %w", origin, err)
	}
	verifier, err := note.NewVerifier(public)
	if err != nil {
		return nil, fmt.Errorf("audit: naming the key %q: %w", origin, err)
	}
	return &Signer{origin: origin, key: key, verifier: verifier, public: public}, nil
}

// PublicKey is what a verifier needs, on one line; it may be given to anybody.
func (s *Signer) PublicKey() string { return s.public }

// Sign writes a checkpoint of the log as a signed note.
func (s *Signer) Sign(size int64, root tlog.Hash, at time.Time) ([]byte, error) {
	c := Checkpoint{Origin: s.origin, Size: size, Root: root, At: at}
	return note.Sign(&note.Note{Text: c.text()}, noteSigner{s})
}

// noteSigner shows a Signer to package note.
type noteSigner struct{ s *Signer }

func (n noteSigner) Name() string                    { return n.s.verifier.Name() }
func (n noteSigner) KeyHash() uint32                 { return n.s.verifier.KeyHash() }
func (n noteSigner) Sign(msg []byte) ([]byte, error) { return ed25519.Sign(n.s.key, msg), nil }

// OpenCheckpoint reads a signed checkpoint and checks its signature and origin
// against a public key as PublicKey printed it.
func OpenCheckpoint(signed []byte, publicKey string) (Checkpoint, error) {
	verifier, err := note.NewVerifier(strings.TrimSpace(publicKey))
	if err != nil {
		return Checkpoint{}, fmt.Errorf("audit: reading the public key: %w", err)
	}
	opened, err := note.Open(signed, note.VerifierList(verifier))
	if err != nil {
		return Checkpoint{}, fmt.Errorf("audit: checking a checkpoint's signature: %w", err)
	}
	c, err := parseCheckpoint(opened.Text)
	if err != nil {
		return Checkpoint{}, err
	}
	if c.Origin != verifier.Name() {
		return Checkpoint{}, fmt.Errorf("audit: the checkpoint is of log %q, the key belongs to %q", c.Origin, verifier.Name())
	}
	return c, nil
}
