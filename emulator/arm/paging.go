package arm

import (
	"encoding/base64"
	"maps"
	"slices"
	"strings"

	"latchkey/emulator/wire"
)

// list is the body of every collection.
type list[T any] struct {
	Value    []T    `json:"value"`
	NextLink string `json:"nextLink,omitempty"`
}

func listOf[T any](values []T) (reply, *failure) {
	if values == nil {
		values = []T{}
	}
	return ok(list[T]{Value: values})
}

// pageOf shows the part of a list that the query's $skipToken asks for, in the
// order of the keys, each of which is one entry's own. The token is the key of
// the last entry shown, so that what is made or removed between two pages makes
// no other entry come twice or not at all.
func pageOf[F, T any](h *Handler, c *call, from []F, key func(F) string, body func(F) T) (reply, *failure) {
	after, f := skipToken(c)
	if f != nil {
		return reply{}, f
	}
	type entry struct {
		key string
		of  F
	}
	entries := make([]entry, 0, len(from))
	for _, one := range from {
		if k := strings.ToLower(key(one)); k > after {
			entries = append(entries, entry{k, one})
		}
	}
	slices.SortFunc(entries, func(a, b entry) int { return strings.Compare(a.key, b.key) })
	page := list[T]{Value: make([]T, 0, min(len(entries), h.PageSize))}
	for _, e := range entries[:min(len(entries), h.PageSize)] {
		page.Value = append(page.Value, body(e.of))
	}
	if len(entries) > h.PageSize {
		page.NextLink = c.next(entries[h.PageSize-1].key)
	}
	return ok(page)
}

func skipToken(c *call) (string, *failure) {
	given := c.query.Get("$skiptoken")
	if given == "" {
		return "", nil
	}
	raw, err := base64.RawURLEncoding.DecodeString(given)
	if err != nil {
		return "", badRequest("InvalidSkipToken", "The skip token '"+wire.Clip(given)+"' is not valid.")
	}
	return string(raw), nil
}

// next is the address of the page after the entry with the key.
func (c *call) next(key string) string {
	query := maps.Clone(c.query)
	delete(query, "$skiptoken")
	return c.origin + c.route.path + "?" + query.Encode() + "&%24skiptoken=" + base64.RawURLEncoding.EncodeToString([]byte(key))
}
