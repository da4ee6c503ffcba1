package gdap_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"latchkey/csp"
	"latchkey/emulator/gdap"
	"latchkey/emulator/guid"
)

var (
	begin  = time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)
	global = csp.MustParseID[csp.DirectoryRole]("62e90394-69f5-4237-9190-012177145e10")
	reader = csp.MustParseID[csp.DirectoryRole]("88d8e3e3-8f55-4a1e-953a-9b9898b8876b")
	writer = csp.MustParseID[csp.DirectoryRole]("9360feb5-f418-4baa-8175-e2a00bac4301")
	unlent = csp.MustParseID[csp.DirectoryRole]("c430b396-e693-46cc-96f3-db01bf8bb62a")
	agents = guid.New[csp.Principal]()
)

func catalogue(id csp.DirectoryRoleID) (csp.DirectoryRole, bool) {
	if id == unlent {
		return csp.DirectoryRole{ID: id, Name: "Not lent", GDAP: csp.GDAPUnsupported}, true
	}
	return csp.DirectoryRole{ID: id}, slices.Contains([]csp.DirectoryRoleID{global, reader, writer}, id)
}

func proposal(roles ...csp.DirectoryRoleID) *gdap.Relationship {
	return gdap.Propose(gdap.Relationship{
		ID: guid.New[csp.GDAPRelationship](), Partner: guid.New[csp.Tenant](), Customer: guid.New[csp.Tenant](), Name: "Support", Days: 10, Roles: roles,
	}, begin)
}

func active(t *testing.T, roles ...csp.DirectoryRoleID) *gdap.Relationship {
	t.Helper()
	r := proposal(roles...)
	if _, err := r.Lock(begin); err != nil {
		t.Fatal(err)
	}
	for _, step := range [][2]csp.GDAPStatus{{csp.GDAPApprovalPending, csp.GDAPApproved}, {csp.GDAPApproved, csp.GDAPActivating}, {csp.GDAPActivating, csp.GDAPActive}} {
		if !r.Pass(step[0], step[1], begin) {
			t.Fatalf("it is %s, not %s", r.Status, step[0])
		}
	}
	return r
}

func breaks(t *testing.T, what string, err error, law gdap.Law) {
	t.Helper()
	if r, ok := errors.AsType[*gdap.Refusal](err); !ok || r.Law != law || !strings.Contains(err.Error(), string(law)) {
		t.Errorf("%s: %v, want %q", what, err, law)
	}
}

func TestWhatAPartnerMayPropose(t *testing.T) {
	if err := proposal(writer, reader, writer).Check(catalogue); err != nil {
		t.Error(err)
	}
	for what, c := range map[string]struct {
		spoil func(*gdap.Relationship)
		law   gdap.Law
	}{
		"no name":                   {func(r *gdap.Relationship) { r.Name = "" }, gdap.BadName},
		"a long name":               {func(r *gdap.Relationship) { r.Name = strings.Repeat("ü", 51) }, gdap.BadName},
		"no time":                   {func(r *gdap.Relationship) { r.Days = 0 }, gdap.BadDuration},
		"more than two years":       {func(r *gdap.Relationship) { r.Days = 731 }, gdap.BadDuration},
		"no role":                   {func(r *gdap.Relationship) { r.Roles = nil }, gdap.NoSuchRole},
		"an unknown role":           {func(r *gdap.Relationship) { r.Roles = []csp.DirectoryRoleID{guid.New[csp.DirectoryRole]()} }, gdap.NoSuchRole},
		"a role that is never lent": {func(r *gdap.Relationship) { r.Roles = []csp.DirectoryRoleID{unlent} }, gdap.RoleNotLent},
		"another extension":         {func(r *gdap.Relationship) { r.ExtendDays = 90 }, gdap.BadDuration},
		"extension of everything":   {func(r *gdap.Relationship) { r.ExtendDays, r.Roles = 180, []csp.DirectoryRoleID{global} }, gdap.NoExtension},
	} {
		r := proposal(reader)
		c.spoil(r)
		breaks(t, what, r.Check(catalogue), c.law)
	}
}

func TestStatesComeInOrder(t *testing.T) {
	r := proposal(reader)
	_, err := r.Terminate(begin)
	breaks(t, "ending a proposal", err, gdap.WrongStatus)
	_, err = r.Give(gdap.AccessAssignment{Group: agents, Roles: []csp.DirectoryRoleID{reader}}, begin)
	breaks(t, "access by a proposal", err, gdap.WrongStatus)
	if r.Pass(csp.GDAPApproved, csp.GDAPActivating, begin) || r.Status != csp.GDAPCreated || r.Version != 1 {
		t.Errorf("it passed on from a state it was not in: %+v", r)
	}
	if q, err := r.Lock(begin.Add(time.Hour)); err != nil || q.Action != "lockForApproval" || r.Status != csp.GDAPApprovalPending || r.Version != 2 || !r.Modified.Equal(begin.Add(time.Hour)) {
		t.Errorf("%+v, %v: %+v", q, err, r)
	}
	_, err = r.Lock(begin)
	breaks(t, "locking twice", err, gdap.WrongStatus)
	if r = active(t, reader); !r.Activated.Equal(begin) || !r.Ends.Equal(begin.Add(240*time.Hour)) {
		t.Errorf("ten days are from %s to %s", r.Activated, r.Ends)
	}
	if _, err := r.Terminate(begin); err != nil || r.Status != gdap.TerminationRequested || r.Gives(begin) {
		t.Errorf("%v: %+v", err, r)
	}
}

func TestAtItsEndItExpiresOrExtendsItself(t *testing.T) {
	r := active(t, reader)
	if r.ReachEnd(r.Ends) || r.Status != csp.GDAPExpiring {
		t.Errorf("it is %s", r.Status)
	}
	r = active(t, reader)
	r.ExtendDays = gdap.ExtensionDays
	if end := r.Ends; !r.ReachEnd(end) || r.Status != csp.GDAPActive || !r.Ends.Equal(end.Add(180*24*time.Hour)) {
		t.Errorf("it is %s until %s", r.Status, r.Ends)
	}
}

func TestOnlyTheExtensionOfAnActiveOneChangesAndGlobalAdministratorGoes(t *testing.T) {
	r := active(t, global, reader)
	given, err := r.Give(gdap.AccessAssignment{Group: agents, Roles: []csp.DirectoryRoleID{global, reader}}, begin)
	if err != nil {
		t.Fatal(err)
	}
	name, days, extend := "Other", 20, 180
	for what, c := range map[string]gdap.Change{
		"name": {Name: &name}, "days": {Days: &days}, "customer": {Customer: &r.Partner}, "another role": {Roles: []csp.DirectoryRoleID{global}},
	} {
		_, err := r.CheckActive(r.With(c))
		breaks(t, what, err, gdap.WrongStatus)
	}
	_, err = r.CheckActive(r.With(gdap.Change{ExtendDays: &extend}))
	breaks(t, "extension with Global Administrator", err, gdap.NoExtension)
	if withdrawal, err := r.CheckActive(r.With(gdap.Change{Roles: []csp.DirectoryRoleID{reader}, ExtendDays: &extend})); err != nil || !withdrawal {
		t.Errorf("%v, %v", withdrawal, err)
	}
	r.Withdraw(begin)
	if !slices.Equal(r.Roles, []csp.DirectoryRoleID{reader}) || !slices.Equal(r.Access[0].Roles, r.Roles) {
		t.Errorf("%+v", r)
	}
	if len(given.Roles) != 2 {
		t.Errorf("what was given out changed with it: %+v", given)
	}
	alone := active(t, global)
	_, err = alone.CheckActive(alone.With(gdap.Change{Roles: []csp.DirectoryRoleID{}}))
	breaks(t, "the last role", err, gdap.NoSuchRole)
}

func TestAccessAssignmentsGoFromPendingToDeleted(t *testing.T) {
	r := active(t, reader, writer)
	_, err := r.Give(gdap.AccessAssignment{Group: agents}, begin)
	breaks(t, "no role", err, gdap.NoSuchRole)
	_, err = r.Give(gdap.AccessAssignment{Group: agents, Roles: []csp.DirectoryRoleID{global}}, begin)
	breaks(t, "a role that was not agreed", err, gdap.RoleNotAgreed)
	a, err := r.Give(gdap.AccessAssignment{Group: agents, Roles: []csp.DirectoryRoleID{reader}}, begin)
	if err != nil || a.Status != csp.GDAPPending {
		t.Fatalf("%+v, %v", a, err)
	}
	_, err = r.Give(gdap.AccessAssignment{Group: agents, Roles: []csp.DirectoryRoleID{writer}}, begin)
	breaks(t, "the group twice", err, gdap.AlreadyAssigned)
	if roles, reached := r.Lent([]csp.ObjectID{agents}); reached || roles != nil {
		t.Errorf("a pending one gives %v", roles)
	}
	_, _, _, err = r.CheckAccess(a.ID, "", []csp.DirectoryRoleID{writer})
	breaks(t, "changing a pending one", err, gdap.WrongStatus)
	a, passed := r.PassAccess(a.ID, csp.GDAPPending, csp.GDAPActive, begin)
	if roles, reached := r.Lent([]csp.ObjectID{agents}); !passed || !reached || !slices.Equal(roles, []csp.DirectoryRoleID{reader}) {
		t.Errorf("an active one gives %v", roles)
	}
	_, _, _, err = r.CheckAccess(a.ID, `W/"old"`, nil)
	breaks(t, "an old version", err, gdap.VersionDiffers)
	_, _, _, err = r.CheckAccess(guid.New[gdap.AccessAssignment](), "", nil)
	breaks(t, "one that is not there", err, gdap.NoSuchAccess)
	if _, _, differ, err := r.CheckAccess(a.ID, a.ETag(), []csp.DirectoryRoleID{reader, reader}); err != nil || differ {
		t.Errorf("the same roles: %v, %v", differ, err)
	}
	_, wanted, differ, err := r.CheckAccess(a.ID, "*", []csp.DirectoryRoleID{writer, reader})
	if got, given := r.Regive(a.ID, wanted, begin); err != nil || !differ || !given || len(got.Roles) != 2 || got.Version != a.Version+1 {
		t.Errorf("%+v, %v", got, err)
	}
	if gone, err := r.Take(a.ID, "", begin); err != nil || gone.Status != csp.GDAPDeleting {
		t.Errorf("%+v, %v", gone, err)
	}
	if _, reached := r.Lent([]csp.ObjectID{agents}); reached {
		t.Error("one that is deleting gives roles")
	}
	_, err = r.Take(a.ID, "", begin)
	breaks(t, "taking twice", err, gdap.NoSuchAccess)
	if _, passed := r.PassAccess(a.ID, csp.GDAPPending, csp.GDAPActive, begin); passed {
		t.Error("one that was taken away came back")
	}
}

func TestAnOperationFailsOnceTheRelationshipIsNotActive(t *testing.T) {
	r := active(t, reader)
	first, second := r.Begin(gdap.RelationshipUpdate, begin), r.Begin(gdap.AccessAssignmentUpdate, begin)
	if !r.Advance(first.ID, "succeeded", begin) {
		t.Error("it failed")
	}
	r.Status = csp.GDAPTerminated
	if r.Advance(second.ID, "succeeded", begin) || r.Operations[0].Status != "succeeded" || r.Operations[1].Status != "failed" {
		t.Errorf("%+v", r.Operations)
	}
}

func TestARelationshipSurvivesAsAFact(t *testing.T) {
	r := active(t, reader)
	if _, err := r.Give(gdap.AccessAssignment{Group: agents, Roles: []csp.DirectoryRoleID{reader}}, begin); err != nil {
		t.Fatal(err)
	}
	name := func(csp.ObjectID, int) gdap.AccessID { return r.Access[0].ID }
	again := gdap.FromFact(r.Fact(), begin, name)
	if again.Status != r.Status || again.Days != r.Days || !again.Ends.Equal(r.Ends) || len(again.Access) != 1 || again.Access[0].ID != r.Access[0].ID || again.WireID() != r.WireID() {
		t.Errorf("%+v\nbecame\n%+v", r, again)
	}
	if _, err := r.Terminate(begin); err != nil {
		t.Fatal(err)
	}
	if f := r.Fact(); f.Status != csp.GDAPTerminating {
		t.Errorf("as a fact it is %s", f.Status)
	}
	endless := gdap.FromFact(csp.GDAPRelationship{Name: "old"}, begin, name)
	if endless.Days != gdap.MaxDays || !endless.Created.Equal(begin) {
		t.Errorf("%+v", endless)
	}
}
