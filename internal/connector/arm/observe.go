package arm

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/authorization/armauthorization/v2"

	"latchkey/csp"
	"latchkey/internal/fault"
	"latchkey/internal/jit"
)

// Observe looks at the order's object by its name, which is current where the
// lists lag behind. The error is set exactly when the sighting is Unseen.
func (c *Connector) Observe(ctx context.Context, o jit.Order) (jit.Sighting, error) {
	d, err := c.doorTo("arm.Observe", o.Target)
	if err != nil {
		return jit.Unseen, err
	}
	ctx, cancel := context.WithTimeout(ctx, exchange)
	defer cancel()
	return c.observe(ctx, d, o)
}

func (c *Connector) observe(ctx context.Context, d *door, o jit.Order) (jit.Sighting, error) {
	const op = "arm.Observe"
	resp, err := d.assignments.Get(expectAssignment(ctx, http.MethodGet, o), o.Target.Scope.String(), o.Name.String(), nil)
	if err != nil {
		if answerOf(err).meansAbsent() {
			return jit.SeenAbsent, nil
		}
		return jit.Unseen, faultOf(op, http.MethodGet, err)
	}
	found, err := assignmentOf(resp.RoleAssignment)
	if err != nil || found.Name != o.Name {
		return jit.Unseen, fault.Wrap(op, fault.Upstream, errors.Join(errors.New("answer about another object"), err), sentenceOdd)
	}
	if !isOurs(found, o) {
		return jit.SeenForeign, nil
	}
	return jit.SeenOurs, nil
}

// isOurs says whether the assignment is the order's: the same access, with the
// marker of the same episode of the same installation. The end in the marker may
// differ, since a further grant can have moved it.
func isOurs(a csp.RoleAssignment, o jit.Order) bool {
	marker, ok := jit.ParseMarker(a.Description)
	return ok && marker.Instance == o.Marker.Instance && marker.Episode == o.Marker.Episode &&
		a.Name == o.Name && a.Scope.Equal(o.Target.Scope) && a.Role == o.Target.Role && a.Principal == o.Target.Principal
}

// assignmentOf reads the SDK's form of an assignment. An error means that the
// answer lacks what every assignment has, or has it in a form we never write.
func assignmentOf(a armauthorization.RoleAssignment) (csp.RoleAssignment, error) {
	if a.Name == nil || a.Properties == nil {
		return csp.RoleAssignment{}, errors.New("an assignment without a name or properties")
	}
	p := a.Properties
	name, err := csp.ParseID[csp.RoleAssignment](*a.Name)
	if err != nil {
		return csp.RoleAssignment{}, err
	}
	scope, err := csp.ParseScope(text(p.Scope))
	if err != nil {
		return csp.RoleAssignment{}, err
	}
	role, err := csp.ParseRoleDefinitionRef(text(p.RoleDefinitionID))
	if err != nil {
		return csp.RoleAssignment{}, err
	}
	principal, err := csp.ParseID[csp.Principal](text(p.PrincipalID))
	if err != nil {
		return csp.RoleAssignment{}, err
	}
	found := csp.RoleAssignment{
		Name: name, Scope: scope, Role: role.Role, Principal: principal,
		Description: text(p.Description), Condition: text(p.Condition),
	}
	if p.PrincipalType != nil {
		found.PrincipalType = csp.PrincipalType(*p.PrincipalType)
	}
	return found, nil
}

func text(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

// markerPrefix begins every marker of every version.
const markerPrefix = "latchkey/"

// Marked lists the assignments at the place and below it that carry a marker,
// ours or another installation's.
func (c *Connector) Marked(ctx context.Context, p jit.Place) ([]jit.MarkedObject, error) {
	const op = "arm.Marked"
	d, err := c.door(op, p)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, exchange)
	defer cancel()
	var marked []jit.MarkedObject
	// Without a filter the list holds what is above, at and below the scope.
	err = c.each(ctx, d, p.Scope, "", func(a csp.RoleAssignment) {
		if strings.HasPrefix(a.Description, markerPrefix) && p.Scope.Contains(a.Scope) {
			marked = append(marked, markedObject(p.Tenant, a))
		}
	})
	if err != nil {
		return nil, faultOf(op, http.MethodGet, err)
	}
	return marked, nil
}

func markedObject(tenant csp.TenantID, a csp.RoleAssignment) jit.MarkedObject {
	marker, ok := jit.ParseMarker(a.Description)
	return jit.MarkedObject{
		Order: jit.Order{
			Target: jit.Target{
				Service: jit.Azure, Tenant: tenant, Scope: a.Scope, Role: a.Role,
				Principal: a.Principal, PrincipalType: a.PrincipalType,
			},
			Name:   a.Name,
			Marker: marker,
		},
		Raw:    a.Description,
		Parsed: ok,
	}
}

// maxPages bounds a list: Azure allows a few thousand assignments in a
// subscription, and a list that never ends must not hold anybody up.
const maxPages = 500

// each calls f for the assignments of a list. One that cannot be read is left
// out: it has a scope or role in a form Latchkey never writes, such as a
// resource whose name has blanks, so it can be none of ours.
func (c *Connector) each(ctx context.Context, d *door, scope csp.Scope, filter string, f func(csp.RoleAssignment)) error {
	options := &armauthorization.RoleAssignmentsClientListForScopeOptions{}
	if filter != "" {
		// This client writes the filter into the address as it is; ours has no
		// character that would need escaping.
		options.Filter = &filter
	}
	pager := d.assignments.NewListForScopePager(scope.String(), options)
	for range maxPages {
		if !pager.More() {
			return nil
		}
		page, err := pager.NextPage(expectList(ctx, scope, filter))
		if err != nil {
			return err
		}
		for _, a := range page.Value {
			if a == nil {
				continue
			}
			if found, err := assignmentOf(*a); err == nil {
				f(found)
			}
		}
	}
	return fmt.Errorf("more than %d pages of assignments", maxPages)
}
