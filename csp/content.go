package csp

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
)

// Content is a digest of what the role allows: hex SHA-256 over its permission
// entries in a form where the order of entries and actions, their case, and
// repetition make no difference. Id and name are not in it.
//
// Two roles with the same digest allow the same (TH-T3: a role edited between
// request and grant is found by its digest). The reverse is only nearly true: a
// role rewritten to say the same in other words, such as an action added that a
// wildcard already covered, gets another digest and counts as changed.
func (r RoleDefinition) Content() string {
	entries := make([]string, 0, len(r.Permissions))
	for _, p := range r.Permissions {
		if entry := p.canonical(); entry != "" {
			entries = append(entries, entry)
		}
	}
	slices.Sort(entries)
	sum := sha256.Sum256([]byte("role content 1\n" + strings.Join(slices.Compact(entries), "")))
	return hex.EncodeToString(sum[:])
}

// canonical is the entry as text, every part with its length in front so that
// no two different entries print alike. It is empty for an entry that allows
// nothing: what it subtracts, it subtracts from nothing.
func (p Permission) canonical() string {
	control := canonicalActions("action", p.Actions, "notAction", p.NotActions)
	data := canonicalActions("dataAction", p.DataActions, "notDataAction", p.NotDataActions)
	if control == "" && data == "" {
		return ""
	}
	return fmt.Sprintf("entry %d:%s\n", len(p.Condition), p.Condition) + control + data
}

func canonicalActions(allowKey string, allow []string, exceptKey string, except []string) string {
	if len(allow) == 0 {
		return ""
	}
	var b strings.Builder
	for _, list := range []struct {
		key     string
		actions []string
	}{{allowKey, allow}, {exceptKey, except}} {
		folded := make([]string, 0, len(list.actions))
		for _, action := range list.actions {
			folded = append(folded, strings.Map(lowerASCII, action))
		}
		slices.Sort(folded)
		for _, action := range slices.Compact(folded) {
			fmt.Fprintf(&b, "%s %d:%s\n", list.key, len(action), action)
		}
	}
	return b.String()
}

// lowerASCII leaves letters beyond ASCII alone: no action has any, and folding
// them would make look-alikes equal.
func lowerASCII(r rune) rune {
	if 'A' <= r && r <= 'Z' {
		return r + ('a' - 'A')
	}
	return r
}
