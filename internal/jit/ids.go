package jit

import (
	"crypto/rand"
	"fmt"
	"strings"

	"latchkey/csp"
)

// Identifiers of the life cycle. All but EpisodeID are 130 random bits in base
// 32 (crypto/rand.Text): they appear in addresses, point, and carry no authority.
type (
	RequestID  string
	DecisionID string
	GrantID    string
	LinkID     string
	ApproverID string
	NoticeID   string
	// PersonID is the short name the estate's configuration gives a human ("james").
	PersonID string
	// EpisodeID is a GUID, since the provider object's name is derived from it.
	EpisodeID = csp.ID[Episode]
)

// newID makes a fresh identifier of any of the text kinds.
func newID[T ~string]() T { return T(rand.Text()) }

// ParseTextID checks that s has the shape of a text identifier; foreign text is
// refused before it reaches a query.
func ParseTextID[T ~string](s string) (T, error) {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
	if len(s) != 26 || strings.Trim(s, alphabet) != "" {
		return "", fmt.Errorf("not an identifier of ours")
	}
	return T(s), nil
}
