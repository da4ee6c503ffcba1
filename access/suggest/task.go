package suggest

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"latchkey/access"
	"latchkey/access/estate"
	"latchkey/access/leastrole"
	"latchkey/csp"
	"latchkey/csp/builtin"
)

// Task is what somebody needs.
type Task struct {
	// People are users of one partner's tenant.
	People []csp.ObjectID
	// Actions are of Azure or of directories.
	Actions []access.Action
	// Places are scopes below a subscription, and directories, of customers. The
	// actions of Azure are needed at all the scopes, those of directories in all the
	// directories.
	Places []access.Place
	// At is the instant from which it is needed.
	At time.Time
	// For is how long; it bounds what is timed. Zero means DefaultFor.
	For time.Duration
	// KeepOut are the customers that must stay out of reach. Empty means all that are
	// not among the places.
	KeepOut []csp.TenantID
}

// DefaultFor is how long a task takes if it does not say.
const DefaultFor = 8 * time.Hour

// job is a task that was found to make sense, with what is known about it.
type job struct {
	Task
	x       *access.Index
	facts   csp.Facts
	partner estate.Tenant
	tenants []csp.TenantID // of the places, each once and sorted
	azure   part
	entra   part
	before  map[reachKey]access.Territory
	roles   *leastrole.Azure
	entries *leastrole.Directory
}

// part is the side of a task that is about Azure, or about directories.
type part struct {
	actions []access.Action
	places  []access.Place // each with its tenant
}

type reachKey struct {
	person csp.ObjectID
	action string
	data   bool
}

// newJob checks a task against the facts.
func newJob(x *access.Index, facts csp.Facts, t Task) (*job, error) {
	t.For = cmp.Or(t.For, DefaultFor)
	j := &job{Task: t, x: x, facts: facts, before: make(map[reachKey]access.Territory)}
	for _, step := range []func() error{j.checkShape, j.checkPeople, j.checkPlaces, j.checkParts} {
		if err := step(); err != nil {
			return nil, err
		}
	}
	j.roles = leastrole.NewAzure(builtin.AzureRoles())
	j.entries = leastrole.NewDirectory(builtin.EntraRoles())
	return j, nil
}

func (j *job) checkShape() error {
	switch {
	case len(j.People) == 0:
		return errors.New("a task needs at least one person")
	case len(j.Actions) == 0:
		return errors.New("a task needs at least one action")
	case len(j.Places) == 0:
		return errors.New("a task needs at least one place: a scope, or a customer's directory")
	case j.At.IsZero():
		return errors.New("a task needs an instant from which it is needed")
	case j.For < 0:
		return fmt.Errorf("a task cannot last %s: name a duration above zero", j.For)
	}
	return nil
}

func (j *job) checkPeople() error {
	j.partner = estate.None
	for _, id := range j.People {
		p, found := j.x.FindPrincipal(id)
		switch {
		case !found || j.x.PrincipalTenant[p] == estate.None:
			return fmt.Errorf("no user has the object id %s; name the account in the partner's own tenant", id)
		case j.x.PrincipalKind[p].Type() != estate.KindUser:
			return fmt.Errorf("%s is no user; name people, and groups will be proposed", j.x.Principal(p).Name)
		case j.x.PrincipalKind[p]&estate.IsGuest != 0:
			return fmt.Errorf("%s is a guest; name the account in the partner's own tenant", j.x.Principal(p).Name)
		case j.partner != estate.None && j.partner != j.x.PrincipalTenant[p]:
			return fmt.Errorf("%s is of another tenant than the others; make a task for each partner", j.x.Principal(p).Name)
		}
		j.partner = j.x.PrincipalTenant[p]
	}
	return nil
}

func (j *job) checkPlaces() error {
	for i, place := range j.Places {
		if !place.IsDirectory() {
			n, _ := j.x.FindNode(estate.None, place.Scope.String())
			if place.Scope.Subscription().IsZero() || n == estate.None || j.x.NodeTenant[n] == estate.None {
				return fmt.Errorf("it is not known whose %s is: name a scope at or below a known subscription", place)
			}
			place.Tenant = j.x.Tenant(j.x.NodeTenant[n]).ID
		}
		t, found := j.x.FindTenant(place.Tenant)
		switch {
		case !found:
			return fmt.Errorf("no tenant has the id %s", place.Tenant)
		case t == j.partner:
			return fmt.Errorf("%s is of the people's own tenant: assign them a role there", place)
		}
		j.Places = slices.Clone(j.Places)
		j.Places[i] = place
		j.tenants = append(j.tenants, place.Tenant)
	}
	slices.SortFunc(j.tenants, csp.TenantID.Compare)
	j.tenants = slices.Compact(j.tenants)
	return nil
}

// ofDirectory says whether an action is one of directories.
func ofDirectory(a access.Action) bool {
	name := strings.ToLower(a.String())
	return strings.HasPrefix(name, "microsoft.directory/") || strings.HasPrefix(name, "microsoft.office365.")
}

func (j *job) checkParts() error {
	for _, a := range j.Actions {
		if ofDirectory(a) {
			j.entra.actions = append(j.entra.actions, a)
		} else {
			j.azure.actions = append(j.azure.actions, a)
		}
	}
	for _, place := range j.Places {
		if place.IsDirectory() {
			j.entra.places = append(j.entra.places, place)
		} else {
			j.azure.places = append(j.azure.places, place)
		}
	}
	for _, side := range []struct {
		part
		action, place string
	}{{j.azure, "action of Azure", "scope"}, {j.entra, "action of directories", "directory"}} {
		switch {
		case len(side.actions) > 0 && len(side.places) == 0:
			return fmt.Errorf("%s is an %s: name a %s where it is needed", side.actions[0], side.action, side.place)
		case len(side.actions) == 0 && len(side.places) > 0:
			return fmt.Errorf("name an %s that is needed in %s", side.action, side.places[0])
		}
	}
	return nil
}

// questions are everything that must come out as Has, of one person after the
// other.
func (j *job) questions() []access.Question {
	var all []access.Question
	for _, person := range j.People {
		for _, side := range []part{j.azure, j.entra} {
			for _, action := range side.actions {
				for _, place := range side.places {
					all = append(all, access.Question{Principal: person, Action: action, Place: place, At: j.At})
				}
			}
		}
	}
	return all
}

// reachBefore is what a person reaches with an action as things are.
func (j *job) reachBefore(person csp.ObjectID, action access.Action) access.Territory {
	key := reachKey{person, strings.ToLower(action.String()), action.IsData()}
	if _, known := j.before[key]; !known {
		j.before[key] = j.x.Reach(person, action, j.At)
	}
	return j.before[key]
}

func (j *job) person(id csp.ObjectID) csp.Principal {
	p, _ := j.x.FindPrincipal(id) // checked by checkPeople
	return j.x.Principal(p)
}

func (j *job) tenantName(id csp.TenantID) string {
	t, _ := j.x.FindTenant(id) // checked by checkPlaces
	return cmp.Or(j.x.Tenant(t).Name, id.String())
}

func (j *job) partnerID() csp.TenantID { return j.x.TenantID[j.partner] }

// placeName is what people call a place.
func (j *job) placeName(place access.Place) string {
	if place.IsDirectory() {
		return "the directory of " + j.tenantName(place.Tenant)
	}
	id := place.Scope.Subscription()
	i, found := j.x.FindSubscription(id)
	name := ""
	if found {
		name = j.x.SubscriptionName.At(i)
	}
	if name == "" {
		return place.Scope.String()
	}
	if below := strings.TrimPrefix(place.Scope.String(), csp.SubscriptionScopeOf(id).String()); below != "" {
		return strings.TrimPrefix(below, "/") + " of subscription " + name
	}
	return "subscription " + name
}
