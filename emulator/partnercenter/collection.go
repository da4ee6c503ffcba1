package partnercenter

import (
	"encoding/base64"
	"maps"
	"net/url"
	"strconv"
	"strings"
)

// attributes say what kind of thing an object is; ETag is left out where the
// real service has none.
type attributes struct {
	ETag       string `json:"etag,omitempty"`
	ObjectType string `json:"objectType"`
}

func isA(kind string) attributes { return attributes{ObjectType: kind} }

// collection is the envelope of every list.
type collection struct {
	TotalCount int        `json:"totalCount"`
	Items      any        `json:"items"`
	Links      *links     `json:"links,omitempty"`
	Attributes attributes `json:"attributes"`
}

type links struct {
	Self *link `json:"self,omitempty"`
	Next *link `json:"next,omitempty"`
}

type link struct {
	URI     string `json:"uri"`
	Method  string `json:"method"`
	Headers []pair `json:"headers"`
}

type pair struct {
	Key   string `json:"key"`
	Value string `json:"value"`
}

func linkTo(path string, headers ...pair) *link {
	if headers == nil {
		headers = []pair{}
	}
	return &link{URI: path, Method: "GET", Headers: headers}
}

// all is a collection in one piece.
func all[T any](c *call, items []T) (reply, *failure) {
	if items == nil {
		items = []T{}
	}
	return ok(collection{len(items), items, &links{Self: linkTo(c.address())}, isA("Collection")})
}

// address is the path and query of the call as links spell it, without the
// version in front.
func (c *call) address() string {
	at := "/" + strings.Join(c.path, "/")
	if q := c.query.Encode(); q != "" {
		at += "?" + q
	}
	return at
}

const (
	defaultPage = 100
	maxPage     = 500
)

// page answers with a part of the items and, if there are more, with the link
// to the next: the same address with seekOperation=Next, to be asked with the
// MS-ContinuationToken that stands in the link. A token names the last item that
// was sent, so that a list that changes meanwhile skips and repeats nothing.
func page[T any](c *call, items []T, key func(T) string) (reply, *failure) {
	size, f := c.pageSize()
	if f != nil {
		return reply{}, f
	}
	total, from := len(items), 0
	if seek := c.query.Get("seekOperation"); seek != "" {
		last, err := base64.RawURLEncoding.DecodeString(c.header.Get("MS-ContinuationToken"))
		if err != nil || len(last) == 0 {
			return reply{}, invalidInput("MS-ContinuationToken is missing or is not one that was handed out.")
		}
		switch strings.ToLower(seek) {
		case "next":
			for from < total && key(items[from]) <= string(last) {
				from++
			}
		case "first":
		default:
			return reply{}, invalidInput("seekOperation must be Next or First.")
		}
	}
	to := min(from+size, total)
	items = items[from:to]
	if items == nil {
		items = []T{}
	}
	at := &links{Self: linkTo(c.address())}
	if to < total {
		next := url.Values{}
		maps.Copy(next, c.query)
		next.Set("size", strconv.Itoa(size))
		next.Set("seekOperation", "Next")
		token := base64.RawURLEncoding.EncodeToString([]byte(key(items[len(items)-1])))
		at.Next = linkTo("/"+strings.Join(c.path, "/")+"?"+next.Encode(), pair{"MS-ContinuationToken", token})
	}
	return ok(collection{total, items, at, isA("Collection")})
}

func (c *call) pageSize() (int, *failure) {
	raw := c.query.Get("size")
	if raw == "" {
		return defaultPage, nil
	}
	size, err := strconv.Atoi(raw)
	switch {
	case err != nil || size < 0 || size > maxPage:
		return 0, invalidInput("size must be a number from 0 to " + strconv.Itoa(maxPage) + ".")
	case size == 0:
		return defaultPage, nil
	}
	return size, nil
}
