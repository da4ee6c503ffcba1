package demo

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"
)

// Told is one step of the tour as it went.
type Told struct {
	Chapter string   `json:"chapter"`
	Step    int      `json:"step"`
	Title   string   `json:"title"`
	Proven  []string `json:"proven"`
	Failed  string   `json:"failed,omitempty"`
}

// Teller tells the story: as text while it happens, or as JSON lines.
type Teller struct {
	out     io.Writer
	asJSON  bool
	chapter string
	step    int
	proofs  int
}

// NewTeller tells to out.
func NewTeller(out io.Writer, asJSON bool) *Teller { return &Teller{out: out, asJSON: asJSON} }

// Chapter opens a chapter.
func (t *Teller) Chapter(title string) {
	t.chapter = title
	if !t.asJSON {
		fmt.Fprintf(t.out, "\n%s\n%s\n", title, strings.Repeat("-", len(title)))
	}
}

// Step plays one step and tells what was proven, or why it did not hold.
func (t *Teller) Step(ctx context.Context, title string, play func(ctx context.Context, proven func(format string, args ...any)) error) error {
	t.step++
	told := Told{Chapter: t.chapter, Step: t.step, Title: title, Proven: []string{}}
	if !t.asJSON {
		fmt.Fprintf(t.out, "%3d. %s\n", t.step, title)
	}
	err := play(ctx, func(format string, args ...any) {
		proof := fmt.Sprintf(format, args...)
		told.Proven = append(told.Proven, proof)
		t.proofs++
		if !t.asJSON {
			fmt.Fprintf(t.out, "     ok: %s\n", proof)
		}
	})
	if err != nil {
		told.Failed = err.Error()
		if !t.asJSON {
			fmt.Fprintf(t.out, "     FAILED: %v\n", err)
		}
	}
	if t.asJSON {
		if encodeErr := json.NewEncoder(t.out).Encode(told); encodeErr != nil {
			return encodeErr
		}
	}
	if err != nil {
		return fmt.Errorf("step %d, %s: %w", t.step, title, err)
	}
	return nil
}

// Counts are how many steps were played and how much was proven.
func (t *Teller) Counts() (steps, proofs int) { return t.step, t.proofs }
