package odata

import (
	"encoding/base64"
	"encoding/json"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"latchkey/emulator/wire"
)

// DefaultTop and MaxTop bound a page, unless a Limits says otherwise.
const (
	DefaultTop = 100
	MaxTop     = 999
)

// Limits are how large pages are.
type Limits struct{ Default, Most int }

// Query is what the options behind a question mark say.
type Query struct {
	Filter *Filter
	Select []string
	Expand []Expansion
	Order  []Order
	Top    int // zero: the default
	Skip   int
	// Count: the number of all that match is asked for, and given.
	Count bool
	// Eventual: the caller takes what a replica knows, as advanced queries demand.
	Eventual bool

	// Implicit: Select was filled in by whoever runs the query.
	Implicit bool

	search []term
	after  mark
	on     *Type
}

// Expansion is one relation of $expand, with its own $select and, outside of the
// directory, relations to expand in turn.
type Expansion struct {
	Name   string
	Select []string
	Expand []string
	to     *Type
}

// Order is one criterion of $orderby.
type Order struct {
	Property   string
	Descending bool
}

// mark says where a page begins: behind the entity with the id, or if that is
// gone, at the offset.
type mark struct {
	ID     string `json:"i"`
	Offset int    `json:"o"`
}

// Parse reads the options on entities of the type. Their names are in lower
// case, with the dollar sign. An error is a *Refusal.
func Parse(values url.Values, consistency string, t *Type) (*Query, error) {
	q := &Query{on: t, Eventual: strings.EqualFold(consistency, "eventual")}
	var err error
	for _, read := range []func(url.Values) error{q.readCounts, q.readFilter, q.readSelect, q.readExpand, q.readOrder, q.readSearch, q.readMark} {
		if err = read(values); err != nil {
			return nil, err
		}
	}
	if !t.Directory {
		return q, nil
	}
	return q, q.checkAdvanced()
}

// checkAdvanced refuses what the directory answers only as an advanced query.
func (q *Query) checkAdvanced() error {
	if q.Eventual && q.Count {
		return nil
	}
	switch {
	case q.Filter != nil && q.Filter.Advanced():
		return unsupported("Operator is not supported because the required parameters might be missing. Try adding $count=true query parameter and ConsistencyLevel:eventual header. Refer to https://aka.ms/graph-docs/advanced-queries for more information.")
	case q.Filter != nil && len(q.Order) > 0:
		return unsupported("Sorting not supported for current query.")
	case len(q.search) > 0 && !q.Eventual:
		return unsupported("Request with $search query parameter only works through MSGraph with a special request header: 'ConsistencyLevel: eventual'")
	}
	if !q.Eventual {
		q.Count = false // the directory leaves the number out without saying so
	}
	return nil
}

func (q *Query) readCounts(values url.Values) error {
	for _, option := range []struct {
		name string
		into *int
		most int
	}{{"$top", &q.Top, 1 << 20}, {"$skip", &q.Skip, 1 << 30}} {
		text := values.Get(option.name)
		if text == "" {
			continue
		}
		n, err := strconv.Atoi(text)
		if err != nil || n < 0 || n > option.most || n == 0 && option.name == "$top" {
			return bad("Invalid page size specified: '" + wire.Clip(text) + "'. Must be between 1 and 999 inclusive.")
		}
		*option.into = n
	}
	if text := values.Get("$count"); text != "" {
		yes, err := strconv.ParseBool(strings.ToLower(text))
		if err != nil {
			return bad("Invalid value '" + wire.Clip(text) + "' for $count.")
		}
		q.Count = yes
	}
	return nil
}

func (q *Query) readFilter(values url.Values) (err error) {
	if text := values.Get("$filter"); strings.TrimSpace(text) != "" {
		q.Filter, err = ParseFilter(text, q.on)
	}
	return err
}

func (q *Query) readSelect(values url.Values) (err error) {
	q.Select, err = readSelect(values.Get("$select"), q.on)
	return err
}

func readSelect(text string, t *Type) ([]string, error) {
	var list []string
	for name := range strings.SplitSeq(text, ",") {
		name = strings.TrimSpace(name)
		if name == "" {
			continue
		}
		if name == "*" {
			return nil, nil
		}
		bare, _, _ := strings.Cut(name, "/")
		known, _, ok := t.property(bare)
		if !ok {
			if _, _, ok = t.link(bare); ok {
				continue // a relation is shown by $expand alone
			}
			return nil, unknownProperty("Parsing OData Select and Expand failed", name, t)
		}
		list = append(list, known)
	}
	return list, nil
}

// readExpand reads name(option;option), with commas between.
func (q *Query) readExpand(values url.Values) error {
	for _, one := range splitOutside(values.Get("$expand"), ',') {
		name, options, _ := strings.Cut(strings.TrimSpace(one), "(")
		if name == "" {
			continue
		}
		known, to, ok := q.on.link(name)
		if !ok {
			return unknownProperty("Parsing OData Select and Expand failed", name, q.on)
		}
		e := Expansion{Name: known, to: to}
		for _, option := range splitOutside(strings.TrimSuffix(options, ")"), ';') {
			key, value, _ := strings.Cut(strings.TrimSpace(option), "=")
			var err error
			switch strings.ToLower(strings.TrimPrefix(key, "$")) {
			case "":
			case "select":
				e.Select, err = readSelect(value, to)
			case "expand":
				e.Expand, err = q.readInner(value, to)
			default:
				return bad("Parsing OData Select and Expand failed: the option '" + wire.Clip(key) + "' is not supported inside $expand.")
			}
			if err != nil {
				return err
			}
		}
		q.Expand = append(q.Expand, e)
	}
	if len(q.Expand) > 1 && q.on.Directory {
		return bad("Only one property can be expanded in a query.")
	}
	return nil
}

// readInner reads the relations of a relation.
func (q *Query) readInner(text string, t *Type) ([]string, error) {
	if q.on.Directory {
		return nil, bad("Parsing OData Select and Expand failed: the directory expands one level only.")
	}
	var list []string
	for one := range strings.SplitSeq(text, ",") {
		known, _, ok := t.link(strings.TrimSpace(one))
		if !ok {
			return nil, unknownProperty("Parsing OData Select and Expand failed", one, t)
		}
		list = append(list, known)
	}
	return list, nil
}

// splitOutside cuts at the separator where no parenthesis is open.
func splitOutside(text string, separator byte) []string {
	var list []string
	depth, start := 0, 0
	for i := range len(text) {
		switch text[i] {
		case '(':
			depth++
		case ')':
			depth--
		case separator:
			if depth == 0 {
				list = append(list, text[start:i])
				start = i + 1
			}
		}
	}
	return append(list, text[start:])
}

func (q *Query) readOrder(values url.Values) error {
	for one := range strings.SplitSeq(values.Get("$orderby"), ",") {
		words := strings.Fields(one)
		if len(words) == 0 {
			continue
		}
		known, _, ok := q.on.property(words[0])
		if !ok {
			return unknownProperty("Invalid orderby clause", words[0], q.on)
		}
		down := len(words) > 1 && strings.EqualFold(words[1], "desc")
		if len(words) > 2 || len(words) == 2 && !down && !strings.EqualFold(words[1], "asc") {
			return bad("Invalid orderby clause: Syntax error in '" + wire.Clip(one) + "'.")
		}
		q.Order = append(q.Order, Order{known, down})
	}
	return nil
}

// term is one "property:words" of $search; alternatives are joined by OR.
type term struct {
	property string
	words    []string
	or       bool
}

func (q *Query) readSearch(values url.Values) error {
	rest := strings.TrimSpace(values.Get("$search"))
	or := false
	for rest != "" {
		if rest[0] != '"' {
			return bad("Syntax error: character is not valid at position 0 in '" + wire.Clip(rest) + "'.")
		}
		text, after, closed := strings.Cut(rest[1:], `"`)
		property, words, found := strings.Cut(text, ":")
		if !closed || !found {
			return bad("The $search clause must be of the form \"property:value\".")
		}
		known, _, ok := q.on.property(property)
		if !ok {
			return unknownProperty("Invalid search clause", property, q.on)
		}
		q.search = append(q.search, term{known, strings.Fields(strings.ToLower(words)), or})
		rest = strings.TrimSpace(after)
		word, behind, _ := strings.Cut(rest, " ")
		switch {
		case rest == "":
		case word == "OR" || word == "AND":
			or, rest = word == "OR", strings.TrimSpace(behind)
		default:
			or = false // terms side by side are joined by AND
		}
	}
	return nil
}

func (q *Query) readMark(values url.Values) error {
	text := values.Get("$skiptoken")
	if text == "" {
		return nil
	}
	raw, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil || json.Unmarshal(raw, &q.after) != nil || q.after.Offset < 0 {
		return &Refusal{"Directory_ExpiredPageToken", "The specified page token value has expired and can no longer be included in your request."}
	}
	return nil
}

// found says whether the terms of $search hold: each word begins a word of
// the property.
func (q *Query) found(e Entity) bool {
	holds := true
	for i, t := range q.search {
		text, _ := e[t.property].(string)
		words := strings.FieldsFunc(strings.ToLower(text), func(r rune) bool { return strings.ContainsRune(" -_.@,", r) })
		one := true
		for _, want := range t.words {
			one = one && (slices.ContainsFunc(words, func(w string) bool { return strings.HasPrefix(w, want) }) || strings.HasPrefix(strings.ToLower(text), want))
		}
		switch {
		case i == 0:
			holds = one
		case t.or:
			holds = holds || one
		default:
			holds = holds && one
		}
	}
	return holds
}

// Page is what one request gets of a collection.
type Page struct {
	Items []Entity
	// Count is how many there are on all pages.
	Count int
	// Next is the $skiptoken of the next page, or empty.
	Next string
}

// Run answers the query from the entities, in their order unless it asks for
// another. The entities are whole; Shape makes of each what is sent.
func (q *Query) Run(list []Entity, limits Limits) Page {
	at, page := q.Choose(len(list), func(i int) Entity { return list[i] }, limits)
	for _, i := range at {
		page.Items = append(page.Items, list[i])
	}
	return page
}

// Needs are the properties by which Choose chooses.
func (q *Query) Needs() []string {
	needs := []string{"id"}
	if q.Filter != nil {
		needs = append(needs, q.Filter.properties...)
	}
	for _, t := range q.search {
		needs = append(needs, t.property)
	}
	for _, o := range q.Order {
		needs = append(needs, o.Property)
	}
	return needs
}

// Choose is Run for entities that are costly to make: it looks at as few of the n
// as it can, of each only at what Needs lists, and tells which belong on the
// page, whose Items it leaves out.
func (q *Query) Choose(n int, entity func(i int) Entity, limits Limits) ([]int, Page) {
	found := make([]int, 0, n)
	seen := make(map[int]Entity)
	for i := range n {
		if q.Filter == nil && len(q.search) == 0 {
			found = append(found, i)
			continue
		}
		if e := entity(i); (q.Filter == nil || q.Filter.Matches(e)) && q.found(e) {
			found = append(found, i)
			seen[i] = e
		}
	}
	at := func(i int) Entity {
		if _, ok := seen[i]; !ok {
			seen[i] = entity(i)
		}
		return seen[i]
	}
	if len(q.Order) > 0 {
		slices.SortStableFunc(found, func(a, b int) int { return q.order(at(a), at(b)) })
	}
	size := limits.Default
	if q.Top > 0 {
		size = min(q.Top, limits.Most)
	}
	start := min(q.start(found, at), len(found))
	end := min(start+size, len(found))
	page := Page{Count: len(found)}
	if end < len(found) && end > 0 {
		id, _ := at(found[end-1])["id"].(string)
		raw, _ := json.Marshal(mark{id, end}) // cannot fail
		page.Next = base64.RawURLEncoding.EncodeToString(raw)
	}
	return found[start:end], page
}

// start is where the page begins among what was found.
func (q *Query) start(found []int, at func(int) Entity) int {
	if q.after == (mark{}) {
		return q.Skip
	}
	is := func(i int) bool { return q.after.ID != "" && at(found[i])["id"] == q.after.ID }
	if o := q.after.Offset; o > 0 && o <= len(found) && is(o-1) {
		return o // nothing has changed in front of it, as usual
	}
	for i := range found {
		if is(i) {
			return i + 1
		}
	}
	return q.after.Offset
}

func (q *Query) order(a, b Entity) int {
	for _, by := range q.Order {
		c := orderOf(a[by.Property], b[by.Property])
		if by.Descending {
			c = -c
		}
		if c != 0 {
			return c
		}
	}
	return 0
}

// orderOf puts null in front.
func orderOf(a, b any) int {
	switch {
	case a == nil && b == nil:
		return 0
	case a == nil:
		return -1
	case b == nil:
		return 1
	}
	c, _ := compare(a, b)
	return c
}

// Shape leaves of an entity what is asked for. What begins with "@odata" always
// stays, and so do the relations that were expanded into it.
func (q *Query) Shape(e Entity) Entity {
	names := q.Select
	if names == nil {
		names = q.on.Default
	}
	shaped := choose(e, names)
	for _, x := range q.Expand {
		if value, ok := e[x.Name]; ok {
			shaped[x.Name] = x.shape(value)
		}
	}
	return shaped
}

func (x Expansion) shape(value any) any {
	names := x.Select
	if names == nil {
		names = x.to.Default
	}
	switch v := value.(type) {
	case Entity:
		return x.keep(v, names)
	case []Entity:
		list := make([]Entity, 0, len(v))
		for _, e := range v {
			list = append(list, x.keep(e, names))
		}
		return list
	}
	return value
}

func (x Expansion) keep(e Entity, names []string) Entity {
	chosen := choose(e, names)
	for _, inner := range x.Expand {
		if value, ok := e[inner]; ok {
			chosen[inner] = value
		}
	}
	return chosen
}

func choose(e Entity, names []string) Entity {
	chosen := make(Entity, len(e))
	for name, value := range e {
		if names == nil || strings.Contains(name, "@odata") || slices.Contains(names, name) {
			chosen[name] = value
		}
	}
	return chosen
}

// Expands says whether the relation is asked for.
func (q *Query) Expands(name string) bool {
	return slices.ContainsFunc(q.Expand, func(x Expansion) bool { return x.Name == name })
}

// Next is the address of the next page: the same query with the token.
func Next(address string, values url.Values, token string) string {
	next := make(url.Values, len(values)+1)
	for name, v := range values {
		if name != "$skip" {
			next[name] = v
		}
	}
	next["$skiptoken"] = []string{token}
	return address + "?" + strings.ReplaceAll(next.Encode(), "%24", "$")
}
