package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	openfgav1 "github.com/openfga/api/proto/openfga/v1"
	"github.com/openfga/language/pkg/go/transformer"
	"github.com/openfga/openfga/pkg/server"
	"github.com/openfga/openfga/pkg/server/config"
	"github.com/openfga/openfga/pkg/storage"
	"github.com/openfga/openfga/pkg/storage/memory"
	"github.com/openfga/openfga/pkg/tuple"
)

// fgaPeer is the whole server without its network. Its own store in memory looks
// at every tuple for every read, so the tuples lie in hash tables here: what is
// measured is OpenFGA's resolution and not that store.
var fgaPeer = peer{
	name:   "OpenFGA",
	module: "github.com/openfga/openfga",
	most:   0.1,
	how:    "server without network, its new check (weighted_graph_check) on, no check cache; a relation per role on scopes, each inherited from the parent, and one per action over its roles; tuples served from hash tables in place of its own store in memory",
	load:   loadFGA,
}

// fgaModel writes the authorization model. Roles are relations because they are
// few and fixed here. OpenFGA's other pattern, roles and assignments as objects,
// takes customers' own roles too, and gets slower as assignments get more: at a
// tenth of the reference partner three times.
func fgaModel(r *rows) string {
	var b strings.Builder
	b.WriteString("model\n  schema 1.1\n\ntype user\n\ntype group\n  relations\n    define member: [user, group#member]\n\ntype scope\n  relations\n    define parent: [scope]\n")
	for n := range r.roles {
		fmt.Fprintf(&b, "    define %[1]s: [user, group#member] or %[1]s from parent\n", fgaRole(n))
	}
	for n, action := range actions {
		var roles []string
		for m, role := range r.roles {
			if role.allows[action] {
				roles = append(roles, fgaRole(m))
			}
		}
		fmt.Fprintf(&b, "    define %s: %s\n", fgaAction(n), strings.Join(roles, " or "))
	}
	return b.String()
}

func fgaRole(n int) string   { return fmt.Sprintf("role_%d", n) }
func fgaAction(n int) string { return fmt.Sprintf("can_%d", n) }

func fgaScope(id string) string { return "scope:" + id }

func fgaHolder(p principal) string {
	if p.group {
		return "group:" + p.id + "#member"
	}
	return "user:" + p.id
}

// fgaTuples tells the rows.
func fgaTuples(r *rows) *tupleTable {
	tuples := newTupleTable(memory.New())
	for _, m := range r.members {
		tuples.add("group:"+r.principals[m.group].id, "member", fgaHolder(r.principals[m.member]))
	}
	for _, s := range r.scopes {
		if s.parent >= 0 {
			tuples.add(fgaScope(s.id), "parent", fgaScope(r.scopes[s.parent].id))
		}
	}
	for _, a := range r.assignments {
		tuples.add(fgaScope(r.scopes[a.scope].id), fgaRole(a.role), fgaHolder(r.principals[a.principal]))
	}
	return tuples
}

type fgaAsker struct {
	server       *server.Server
	store, model string
}

func loadFGA(r *rows) (asker, error) {
	ctx := context.Background()
	s, err := server.NewServerWithOpts(server.WithDatastore(fgaTuples(r)), server.WithExperimentals(config.ExperimentalWeightedGraphCheck))
	if err != nil {
		return nil, err
	}
	store, err := s.CreateStore(ctx, &openfgav1.CreateStoreRequest{Name: "bench"})
	if err != nil {
		return nil, err
	}
	model, err := transformer.TransformDSLToProto(fgaModel(r))
	if err != nil {
		return nil, err
	}
	written, err := s.WriteAuthorizationModel(ctx, &openfgav1.WriteAuthorizationModelRequest{
		StoreId: store.GetId(), SchemaVersion: model.GetSchemaVersion(), TypeDefinitions: model.GetTypeDefinitions(),
	})
	if err != nil {
		return nil, err
	}
	return &fgaAsker{server: s, store: store.GetId(), model: written.GetAuthorizationModelId()}, nil
}

func (f *fgaAsker) can(q question) (bool, error) {
	response, err := f.server.Check(context.Background(), &openfgav1.CheckRequest{
		StoreId:              f.store,
		AuthorizationModelId: f.model,
		TupleKey: &openfgav1.CheckRequestTupleKey{
			User:     "user:" + q.principal,
			Relation: fgaAction(slices.Index(actions, q.action)),
			Object:   fgaScope(q.scope),
		},
	})
	if err != nil {
		return false, fmt.Errorf("openfga: %w", err)
	}
	return response.GetAllowed(), nil
}

func (f *fgaAsker) Close() { f.server.Close() }

// tupleTable serves tuples from hash tables, and all else from another store. It
// holds the tuples of one store, without conditions.
type tupleTable struct {
	storage.OpenFGADatastore
	of    map[string][]*openfgav1.Tuple // by object#relation
	exact map[string]*openfgav1.Tuple   // by object#relation@user
	by    map[string][]*openfgav1.Tuple // by type#relation@user
}

func newTupleTable(rest storage.OpenFGADatastore) *tupleTable {
	return &tupleTable{
		OpenFGADatastore: rest,
		of:               make(map[string][]*openfgav1.Tuple),
		exact:            make(map[string]*openfgav1.Tuple),
		by:               make(map[string][]*openfgav1.Tuple),
	}
}

func (t *tupleTable) add(object, relation, user string) {
	row := &openfgav1.Tuple{Key: &openfgav1.TupleKey{Object: object, Relation: relation, User: user}}
	of := object + "#" + relation
	by := tuple.GetType(object) + "#" + relation + "@" + user
	t.of[of] = append(t.of[of], row)
	t.by[by] = append(t.by[by], row)
	t.exact[of+"@"+user] = row
}

// Read implements [storage.RelationshipTupleReader] for reads of one relation of
// one object, the only ones that a check makes.
func (t *tupleTable) Read(_ context.Context, _ string, filter storage.ReadFilter, _ storage.ReadOptions) (storage.TupleIterator, error) {
	if filter.Relation == "" || !tuple.IsObjectRelation(filter.Object+"#"+filter.Relation) || strings.HasSuffix(filter.Object, ":") {
		return nil, fmt.Errorf("a read of %+v is not expected of a check", filter)
	}
	var found []*openfgav1.Tuple
	for _, row := range t.of[filter.Object+"#"+filter.Relation] {
		user := row.GetKey().GetUser()
		if filter.User == "" || user == filter.User || strings.HasSuffix(filter.User, ":") && strings.HasPrefix(user, filter.User) {
			found = append(found, row)
		}
	}
	return storage.NewStaticTupleIterator(found), nil
}

// ReadUserTuple implements [storage.RelationshipTupleReader].
func (t *tupleTable) ReadUserTuple(_ context.Context, _ string, filter storage.ReadUserTupleFilter, _ storage.ReadUserTupleOptions) (*openfgav1.Tuple, error) {
	if row, ok := t.exact[filter.Object+"#"+filter.Relation+"@"+filter.User]; ok {
		return row, nil
	}
	return nil, storage.ErrNotFound
}

// ReadUsersetTuples implements [storage.RelationshipTupleReader].
func (t *tupleTable) ReadUsersetTuples(_ context.Context, _ string, filter storage.ReadUsersetTuplesFilter, _ storage.ReadUsersetTuplesOptions) (storage.TupleIterator, error) {
	var found []*openfgav1.Tuple
	for _, row := range t.of[filter.Object+"#"+filter.Relation] {
		object, relation := tuple.SplitObjectRelation(row.GetKey().GetUser())
		if relation == "" && !tuple.IsTypedWildcard(object) {
			continue
		}
		allowed := func(r *openfgav1.RelationReference) bool {
			return r.GetType() == tuple.GetType(object) && r.GetRelation() == relation
		}
		if len(filter.AllowedUserTypeRestrictions) == 0 || slices.ContainsFunc(filter.AllowedUserTypeRestrictions, allowed) {
			found = append(found, row)
		}
	}
	return storage.NewStaticTupleIterator(found), nil
}

// ReadStartingWithUser implements [storage.RelationshipTupleReader].
func (t *tupleTable) ReadStartingWithUser(_ context.Context, _ string, filter storage.ReadStartingWithUserFilter, _ storage.ReadStartingWithUserOptions) (storage.TupleIterator, error) {
	var found []*openfgav1.Tuple
	for _, user := range filter.UserFilter {
		name := user.GetObject()
		if user.GetRelation() != "" {
			name += "#" + user.GetRelation()
		}
		for _, row := range t.by[filter.ObjectType+"#"+filter.Relation+"@"+name] {
			_, id := tuple.SplitObject(row.GetKey().GetObject())
			if filter.ObjectIDs == nil || filter.ObjectIDs.Exists(id) {
				found = append(found, row)
			}
		}
	}
	slices.SortFunc(found, func(a, b *openfgav1.Tuple) int {
		return strings.Compare(a.GetKey().GetObject(), b.GetKey().GetObject())
	})
	return storage.NewStaticTupleIterator(found), nil
}

// Write refuses: tuples are added before the server starts.
func (t *tupleTable) Write(context.Context, string, storage.Deletes, storage.Writes, ...storage.TupleWriteOption) error {
	return errors.New("the tuples are fixed")
}
