package graph

import (
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"latchkey/emulator/odata"
)

// plain is a body that goes out as text, such as the number behind /$count.
type plain string

// collection is what a list operation has to say.
type collection struct {
	on *odata.Type
	// context names the list in @odata.context, as in "users".
	context string
	// all are the entities, whole and in order.
	all []odata.Entity
	// n and make stand for all where there may be many: make gives the i-th with
	// at least the properties of the list, or whole when that is nil.
	n    int
	make func(i int, only []string) odata.Entity
	// expand gives the value of a relation; nil if nothing can be expanded.
	expand func(of odata.Entity, name string) any
	limits odata.Limits
	// typed: each entity says its own type, as lists of directory objects do.
	typed bool
}

// list answers with one page of what the query asks for.
func (c *call) list(l collection) (reply, *failure) {
	q, f := c.ask(l.on)
	if f != nil {
		return reply{}, f
	}
	if l.limits == (odata.Limits{}) {
		l.limits = odata.Limits{Default: odata.DefaultTop, Most: odata.MaxTop}
	}
	if q.Top > l.limits.Most && l.on.Directory {
		return reply{}, badRequest("Invalid page size specified: '" + c.values.Get("$top") + "'. Must be between 1 and 999 inclusive.")
	}
	page := l.run(q)
	values := make([]odata.Entity, 0, len(page.Items))
	for _, e := range page.Items {
		shaped := l.shape(q, e)
		if !l.typed {
			delete(shaped, "@odata.type")
		}
		values = append(values, shaped)
	}
	body := map[string]any{"@odata.context": c.context(l.context + selection(q)), "value": values}
	if q.Count {
		body["@odata.count"] = page.Count
	}
	if page.Next != "" {
		body["@odata.nextLink"] = odata.Next(c.address(), c.values, page.Next)
	}
	return ok(body)
}

func (l collection) size() int {
	if l.make == nil {
		return len(l.all)
	}
	return l.n
}

// at is the i-th entity, whole.
func (l collection) at(i int) odata.Entity {
	if l.make == nil {
		return l.all[i]
	}
	return l.make(i, nil)
}

// run chooses a page, and makes whole what is on it.
func (l collection) run(q *odata.Query) odata.Page {
	if l.make == nil {
		return q.Run(l.all, l.limits)
	}
	needs := q.Needs()
	chosen, page := q.Choose(l.n, func(i int) odata.Entity { return l.make(i, needs) }, l.limits)
	for _, i := range chosen {
		page.Items = append(page.Items, l.make(i, nil))
	}
	return page
}

// count answers /$count, which the directory takes as an advanced query only.
func (c *call) count(l collection) (reply, *failure) {
	if l.on.Directory && !strings.EqualFold(c.header.Get("ConsistencyLevel"), "eventual") {
		return reply{}, badRequest("$count is not currently supported.").coded("Request_BadRequest")
	}
	c.values.Set("$count", "true")
	q, f := c.ask(l.on)
	if f != nil {
		return reply{}, f
	}
	l.limits = odata.Limits{Default: 1, Most: 1}
	n := l.run(q).Count
	return ok(plain(strconv.Itoa(n)))
}

// one answers with a single entity.
func (c *call) one(l collection, e odata.Entity) (reply, *failure) {
	body, f := c.shaped(l, e)
	if f != nil {
		return reply{}, f
	}
	return ok(body)
}

func (c *call) shaped(l collection, e odata.Entity) (odata.Entity, *failure) {
	q, f := c.ask(l.on)
	if f != nil {
		return nil, f
	}
	body := l.shape(q, e)
	if !l.typed {
		delete(body, "@odata.type")
	}
	body["@odata.context"] = c.context(l.context + selection(q) + "/$entity")
	return body, nil
}

// shape expands and selects.
func (l collection) shape(q *odata.Query, e odata.Entity) odata.Entity {
	whole := make(odata.Entity, len(e)+len(q.Expand))
	for name, value := range e {
		whole[name] = value
	}
	for _, x := range q.Expand {
		if l.expand == nil {
			continue
		}
		whole[x.Name] = l.expand(e, x.Name)
		if one, isEntity := whole[x.Name].(odata.Entity); isEntity {
			for _, inner := range x.Expand {
				one[inner] = l.expand(one, inner)
			}
		}
	}
	shaped := q.Shape(whole)
	if l.typed && q.Select == nil && e["@odata.type"] == "#"+userType.Name {
		for name := range shaped { // in a list of many types, a user shows what it shows by itself
			if userType.Default != nil && !slices.Contains(userType.Default, name) && !strings.Contains(name, "@odata") && !q.Expands(name) {
				delete(shaped, name)
			}
		}
	}
	return shaped
}

func (c *call) ask(on *odata.Type) (*odata.Query, *failure) {
	q, err := odata.Parse(c.values, c.header.Get("ConsistencyLevel"), on)
	if err != nil {
		return nil, queryFailure(err)
	}
	if c.beta { // where everything is shown
		if q.Select == nil && on.Default != nil {
			for name := range on.Properties {
				q.Select = append(q.Select, name)
			}
			q.Implicit = true
		}
	}
	return q, nil
}

func queryFailure(err error) *failure {
	if r, ok := errors.AsType[*odata.Refusal](err); ok {
		return &failure{status: http.StatusBadRequest, code: r.Code, message: r.Message}
	}
	return badRequest(err.Error())
}

// selection is how @odata.context tells what was selected.
func selection(q *odata.Query) string {
	if len(q.Select) == 0 || q.Implicit {
		return ""
	}
	return "(" + strings.Join(q.Select, ",") + ")"
}

// address is where the call went, for the link to the next page.
func (c *call) address() string {
	segments, _ := splitAsSent(c.path)
	return c.base + "/" + segments
}

// splitAsSent is the path behind the version, as the client wrote it.
func splitAsSent(escaped string) (string, bool) {
	trimmed := strings.TrimLeft(escaped, "/")
	_, rest, found := strings.Cut(trimmed, "/")
	return strings.TrimLeft(rest, "/"), found
}
