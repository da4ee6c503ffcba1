package csp

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// ScopeKind is the level of the Azure tree a scope stands on.
type ScopeKind uint8

// The levels, from the widest down (R17).
const (
	NoScope ScopeKind = iota
	RootScope
	ManagementGroupScope
	SubscriptionScope
	ResourceGroupScope
	ResourceScope
)

// String names the level as people say it.
func (k ScopeKind) String() string {
	switch k {
	case RootScope:
		return "root"
	case ManagementGroupScope:
		return "management group"
	case SubscriptionScope:
		return "subscription"
	case ResourceGroupScope:
		return "resource group"
	case ResourceScope:
		return "resource"
	}
	return "no scope"
}

// Scope is a place in the Azure tree where an assignment can hold, together
// with everything below it (R17). The only way to make one is ParseScope or a
// constructor, so a Scope's text is always well formed: segments that are not
// empty, no dots that climb, nothing that a URL would read as a query.
// That matters because the Azure SDK puts a scope into its URL unescaped.
//
// Names keep the letters they were given in; Equal and Contains ignore case, as
// Azure does. The zero Scope is no place at all.
type Scope struct {
	text         string // canonical: keywords spelt as Azure does, GUIDs in lower case
	kind         ScopeKind
	subscription SubscriptionID
}

const (
	subscriptionsKey  = "subscriptions"
	resourceGroupsKey = "resourceGroups"
	providersKey      = "providers"
	managementKey     = "Microsoft.Management"
	groupsKey         = "managementGroups"

	maxScopeLength   = 1024
	maxGroupLength   = 90
	maxSegmentLength = 260
)

// Root is the scope above every management group of a tenant.
func Root() Scope { return Scope{text: "/", kind: RootScope} }

// SubscriptionScopeOf is the scope of a whole subscription; of the zero id it is
// the zero Scope.
func SubscriptionScopeOf(id SubscriptionID) Scope {
	if id.IsZero() {
		return Scope{}
	}
	return Scope{text: "/" + subscriptionsKey + "/" + id.String(), kind: SubscriptionScope, subscription: id}
}

// ResourceGroupScopeOf is the scope of one resource group. It fails on a name
// Azure would not allow, also on one that would reach beyond a group.
func ResourceGroupScopeOf(id SubscriptionID, group string) (Scope, error) {
	scope, err := ParseScope(SubscriptionScopeOf(id).text + "/" + resourceGroupsKey + "/" + group)
	if err == nil && scope.kind != ResourceGroupScope {
		return Scope{}, fmt.Errorf("%q is no name of a resource group: leave out the slashes", clip(group))
	}
	return scope, err
}

// ParseScope reads the id of a scope. It refuses everything that is not exactly
// a scope, and says what to write instead: relative segments, doubled or
// trailing slashes, quotes, percent signs, queries and fragments. One trailing
// slash more or less is not forgiven either, since a text that two readers read
// differently has no place in a request for access.
//
// Azure lets a few kinds of resource have names with blanks or letters beyond
// ASCII. Those are refused too: access to them is given at their resource group.
func ParseScope(s string) (Scope, error) {
	if scope, ok := parseUsual(s); ok {
		return scope, nil
	}
	if err := refuseForeignCharacters(s); err != nil {
		return Scope{}, err
	}
	if s == "/" {
		return Root(), nil
	}
	var room [20]string // enough for nearly all scopes, and then nothing is allocated
	segments := room[:0]
	for segment := range strings.SplitSeq(s[1:], "/") {
		if err := checkSegment(s, segment); err != nil {
			return Scope{}, err
		}
		segments = append(segments, segment)
	}
	switch {
	case strings.EqualFold(segments[0], subscriptionsKey):
		return parseSubscription(s, segments)
	case strings.EqualFold(segments[0], providersKey):
		return parseManagementGroup(s, segments)
	}
	return Scope{}, scopeError(s, "it must begin with /subscriptions/ or /providers/Microsoft.Management/managementGroups/")
}

const (
	usualTop   = "/" + subscriptionsKey + "/"
	usualGroup = "/" + resourceGroupsKey + "/"
	usualPath  = "/" + providersKey + "/"
)

// parseUsual reads a subscription, a resource group, or a resource right in a
// group, spelt as Azure spells them: nearly all that there are, and fast. It says
// no to all others, right or wrong.
func parseUsual(s string) (scope Scope, ok bool) {
	if len(s) < len(usualTop)+guidLength || len(s) > maxScopeLength || s[:len(usualTop)] != usualTop {
		return scope, false
	}
	rest := s[len(usualTop):]
	id, err := ParseID[Subscription](rest[:guidLength])
	if err != nil || hasCapital(rest[:guidLength]) {
		return scope, false
	}
	scope = Scope{text: s, kind: SubscriptionScope, subscription: id}
	if rest = rest[guidLength:]; rest == "" {
		return scope, true
	}
	scope.kind = ResourceGroupScope
	name, rest, ok := usualName(rest, usualGroup)
	if !ok || len(name) > maxGroupLength || rest == "" {
		return scope, ok && len(name) <= maxGroupLength
	}
	scope.kind = ResourceScope
	namespace, rest, ok := usualName(rest, usualPath)
	if !ok || strings.IndexByte(namespace, '.') < 0 {
		return scope, false
	}
	kind, rest, ok := usualName(rest, "/")
	if !ok || strings.EqualFold(kind, providersKey) {
		return scope, false
	}
	_, rest, ok = usualName(rest, "/")
	return scope, ok && rest == ""
}

// usualName cuts a prefix and the name behind it, up to the next slash.
func usualName(s, prefix string) (name, rest string, ok bool) {
	if len(s) <= len(prefix) || s[:len(prefix)] != prefix {
		return "", "", false
	}
	s = s[len(prefix):]
	end := 0
	for end < len(s) && s[end] != '/' {
		if !scopeCharacters[s[end]] {
			return "", "", false
		}
		end++
	}
	if end == 0 || end > maxSegmentLength || s[end-1] == '.' {
		return "", "", false
	}
	return s[:end], s[end:], true
}

func hasCapital(guid string) bool {
	for i := range len(guid) {
		if 'A' <= guid[i] && guid[i] <= 'F' {
			return true
		}
	}
	return false
}

// MustParseScope is ParseScope for constants; it panics on a malformed one.
func MustParseScope(s string) Scope {
	scope, err := ParseScope(s)
	if err != nil {
		panic(err)
	}
	return scope
}

func scopeError(s, hint string) error { return fmt.Errorf("%q is no scope: %s", clip(s), hint) }

func refuseForeignCharacters(s string) error {
	switch {
	case s == "":
		return fmt.Errorf("the scope is empty: write /subscriptions/<id> or something below it")
	case len(s) > maxScopeLength:
		return scopeError(s, fmt.Sprintf("it is longer than %d characters", maxScopeLength))
	case s[0] != '/':
		return scopeError(s, "it must begin with a slash")
	}
	for i := range len(s) {
		if scopeCharacters[s[i]] {
			continue
		}
		r, _ := utf8.DecodeRuneInString(s[i:])
		return scopeError(s, foreignCharacterHint(r))
	}
	return nil
}

// scopeCharacters are the bytes that may stand in a scope.
var scopeCharacters = func() (may [256]bool) {
	for _, c := range []byte("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/.-_()") {
		may[c] = true
	}
	return may
}()

// foreignCharacterHint says of a character that may not stand in a scope what its
// writer most likely meant.
func foreignCharacterHint(r rune) string {
	switch r {
	case '?', '#':
		return fmt.Sprintf("%q starts a query or a fragment, which is no part of a scope", r)
	case '%':
		return "a percent sign would be decoded on the way; write the name itself"
	case '\\':
		return "segments are parted by /, not by a backslash"
	case '\'', '"', '`':
		return "leave out the quotation marks around the id"
	case '<', '>', '{', '}', '[', ']':
		return "replace the placeholder by the real name"
	}
	return fmt.Sprintf("%q may not stand in it; only ASCII letters, digits and .-_()/ may", r)
}

func checkSegment(whole, segment string) error {
	switch {
	case segment == "":
		return scopeError(whole, "two slashes follow each other, or one stands at the end; leave the extra one out")
	case segment == "." || segment == "..":
		return scopeError(whole, "it climbs with dots; write the full path from the top")
	case strings.HasSuffix(segment, "."):
		return scopeError(whole, "no Azure name ends in a dot")
	case len(segment) > maxSegmentLength:
		return scopeError(whole, fmt.Sprintf("a name in it is longer than %d characters", maxSegmentLength))
	}
	return nil
}

func parseSubscription(s string, segments []string) (Scope, error) {
	if len(segments) < 2 {
		return Scope{}, scopeError(s, "the subscription's id is missing after /subscriptions/")
	}
	id, err := ParseID[Subscription](segments[1])
	if err != nil {
		return Scope{}, scopeError(s, err.Error())
	}
	segments[0], segments[1] = subscriptionsKey, strings.ToLower(segments[1])
	scope := Scope{kind: SubscriptionScope, subscription: id}
	rest := segments[2:]
	if len(rest) > 0 && strings.EqualFold(rest[0], resourceGroupsKey) {
		if err := descendToGroup(s, &scope, rest); err != nil {
			return Scope{}, err
		}
		rest = rest[2:]
	}
	if len(rest) > 0 {
		if err := descendToResource(s, &scope, rest); err != nil {
			return Scope{}, err
		}
	}
	scope.text = spelt(s, segments)
	return scope, nil
}

// spelt is the scope's text with its segments spelt as given. It is s itself if
// that has the same letters, as nearly all have.
func spelt(s string, segments []string) string {
	at := 0
	for _, segment := range segments {
		if at++; s[at:at+len(segment)] != segment {
			return "/" + strings.Join(segments, "/")
		}
		at += len(segment)
	}
	return s
}

func descendToGroup(s string, scope *Scope, rest []string) error {
	if len(rest) < 2 {
		return scopeError(s, "the resource group's name is missing after /resourceGroups/")
	}
	if len(rest[1]) > maxGroupLength {
		return scopeError(s, fmt.Sprintf("a resource group's name has at most %d characters", maxGroupLength))
	}
	rest[0] = resourceGroupsKey
	scope.kind = ResourceGroupScope
	return nil
}

// descendToResource reads providers/<namespace>/<type>/<name>[/<type>/<name>...],
// and once more the same for a resource that extends another.
func descendToResource(s string, scope *Scope, rest []string) error {
	if !strings.EqualFold(rest[0], providersKey) {
		return scopeError(s, fmt.Sprintf("after the %s only /providers/... can follow, not %q", scope.kind, rest[0]))
	}
	named := false // whether the last namespace was followed by a type and a name
	for ; len(rest) >= 2; rest = rest[2:] {
		namespace := strings.EqualFold(rest[0], providersKey)
		if namespace {
			if !named && scope.kind == ResourceScope {
				break
			}
			if !strings.Contains(rest[1], ".") {
				return scopeError(s, fmt.Sprintf("%q is no resource provider; one looks like Microsoft.Compute", rest[1]))
			}
			rest[0] = providersKey
		}
		named = !namespace
		scope.kind = ResourceScope
	}
	if !named || len(rest) != 0 {
		return scopeError(s, "a resource is /providers/<namespace>/<type>/<name>, with further /<type>/<name> pairs for what lies inside it")
	}
	return nil
}

func parseManagementGroup(s string, segments []string) (Scope, error) {
	if len(segments) != 4 || !strings.EqualFold(segments[1], managementKey) || !strings.EqualFold(segments[2], groupsKey) {
		return Scope{}, scopeError(s, "above subscriptions only /providers/Microsoft.Management/managementGroups/<name> is a scope")
	}
	if len(segments[3]) > maxGroupLength {
		return Scope{}, scopeError(s, fmt.Sprintf("a management group's name has at most %d characters", maxGroupLength))
	}
	return Scope{text: "/" + providersKey + "/" + managementKey + "/" + groupsKey + "/" + segments[3], kind: ManagementGroupScope}, nil
}

// String is the scope's id, with Azure's spelling of the keywords.
func (s Scope) String() string { return s.text }

// Key is the scope's id in lower case: equal for two scopes exactly when they
// are the same place. Use it as a map key and in a database index.
func (s Scope) Key() string { return strings.ToLower(s.text) }

// Kind is the level the scope stands on.
func (s Scope) Kind() ScopeKind { return s.kind }

// IsZero says whether the scope is no place at all.
func (s Scope) IsZero() bool { return s.kind == NoScope }

// Subscription is the subscription the scope lies in, zero above subscriptions.
func (s Scope) Subscription() SubscriptionID { return s.subscription }

// ResourceGroup is the name of the resource group the scope lies in, or empty.
func (s Scope) ResourceGroup() string {
	segments := strings.Split(s.text, "/")
	if len(segments) < 5 || segments[3] != resourceGroupsKey {
		return ""
	}
	return segments[4]
}

// Name is the last segment, what people call the place; of the root it is "/".
func (s Scope) Name() string {
	if s.kind == RootScope {
		return s.text
	}
	return s.text[strings.LastIndexByte(s.text, '/')+1:]
}

// Equal says whether both are the same place, ignoring case.
func (s Scope) Equal(other Scope) bool {
	return s.kind == other.kind && strings.EqualFold(s.text, other.text)
}

// Contains says whether other is this scope or lies below it, by whole segments
// and ignoring case (R17). Which subscriptions lie below a management group is a
// fact of the tenant, not of the text, so a management group contains only
// itself here.
func (s Scope) Contains(other Scope) bool {
	switch s.kind {
	case NoScope:
		return false
	case RootScope:
		return !other.IsZero()
	}
	if len(other.text) < len(s.text) || !strings.EqualFold(other.text[:len(s.text)], s.text) {
		return false
	}
	return len(other.text) == len(s.text) || other.text[len(s.text)] == '/'
}

// Parent is the next scope up by the text alone: resource, enclosing resource,
// resource group, subscription, root. Which management group a subscription lies
// in is a fact of the tenant. The parent of the root, and of the zero Scope, is
// the zero Scope.
func (s Scope) Parent() Scope {
	switch s.kind {
	case NoScope, RootScope:
		return Scope{}
	case SubscriptionScope, ManagementGroupScope:
		return Root()
	}
	// From the subscription down the text is made of pairs, and no resource type
	// is called "providers", so the key of the last pair tells what it is.
	segments := strings.Split(s.text, "/")
	segments = segments[:len(segments)-2]
	if segments[len(segments)-2] == providersKey {
		segments = segments[:len(segments)-2] // the provider goes with its last pair
	}
	up := Scope{text: strings.Join(segments, "/"), kind: ResourceScope, subscription: s.subscription}
	switch {
	case len(segments) == 3:
		up.kind = SubscriptionScope
	case len(segments) == 5 && segments[3] == resourceGroupsKey:
		up.kind = ResourceGroupScope
	}
	return up
}

// MarshalText prints the scope's id.
func (s Scope) MarshalText() ([]byte, error) { return []byte(s.text), nil }

// UnmarshalText reads a scope's id, or nothing for the zero Scope.
func (s *Scope) UnmarshalText(text []byte) error {
	if len(text) == 0 {
		*s = Scope{}
		return nil
	}
	parsed, err := ParseScope(string(text))
	if err != nil {
		return err
	}
	*s = parsed
	return nil
}
