package arm

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"

	"latchkey/csp"
	"latchkey/internal/cloud"
	"latchkey/internal/fault"
	"latchkey/internal/jit"
)

// Preflight reads what matters before a grant: the role as the tenant has it
// now, the locks under which a removal would fail (R27), and whether the
// principal has the role at this very scope already. An assignment that carries
// a marker does not count as such: it is Latchkey's, and it will end.
func (c *Connector) Preflight(ctx context.Context, t jit.Target) (jit.Preflight, error) {
	const op = "arm.Preflight"
	d, err := c.doorTo(op, t)
	if err != nil {
		return jit.Preflight{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, exchange)
	defer cancel()
	var found jit.Preflight
	if found.Role, err = d.role(ctx, t.Scope, t.Role); err != nil {
		return jit.Preflight{}, faultOf(op, http.MethodGet, err)
	}
	if found.Locks, err = d.locks(ctx, t.Scope); err != nil {
		return jit.Preflight{}, faultOf(op, http.MethodGet, err)
	}
	err = c.each(ctx, d, t.Scope, atScope, func(a csp.RoleAssignment) {
		same := a.Scope.Equal(t.Scope) && a.Role == t.Role && a.Principal == t.Principal
		found.Existing = found.Existing || same && !strings.HasPrefix(a.Description, markerPrefix)
	})
	if err != nil {
		return jit.Preflight{}, faultOf(op, http.MethodGet, err)
	}
	return found, nil
}

// roleAnswer is a role definition on the wire. It is read by hand because the
// SDK's type leaves out a permission's condition, and a role that loses its
// condition allows more than was approved (TH-T3).
type roleAnswer struct {
	Name       string `json:"name"`
	Properties struct {
		RoleName    string `json:"roleName"`
		Type        string `json:"type"`
		Permissions []struct {
			Actions        []string `json:"actions"`
			NotActions     []string `json:"notActions"`
			DataActions    []string `json:"dataActions"`
			NotDataActions []string `json:"notDataActions"`
			Condition      string   `json:"condition"`
		} `json:"permissions"`
	} `json:"properties"`
}

func (d *door) role(ctx context.Context, scope csp.Scope, id csp.RoleDefinitionID) (csp.RoleDefinition, error) {
	answer, err := get[roleAnswer](ctx, d, scope.String()+definitionsPath+"/"+id.String(), map[string]string{"api-version": authorizationVersion})
	if err != nil {
		return csp.RoleDefinition{}, err
	}
	if named, err := csp.ParseID[csp.RoleDefinition](answer.Name); err != nil || named != id {
		return csp.RoleDefinition{}, fmt.Errorf("answer about another role definition")
	}
	role := csp.RoleDefinition{ID: id, Name: answer.Properties.RoleName, Custom: strings.EqualFold(answer.Properties.Type, "CustomRole")}
	for _, p := range answer.Properties.Permissions {
		role.Permissions = append(role.Permissions, csp.Permission{
			Actions: p.Actions, NotActions: p.NotActions, DataActions: p.DataActions, NotDataActions: p.NotDataActions,
			Condition: p.Condition,
		})
	}
	return role, nil
}

// lockPage is a page of locks on the wire.
type lockPage struct {
	Value []struct {
		ID         string `json:"id"`
		Name       string `json:"name"`
		Properties struct {
			Level string `json:"level"`
		} `json:"properties"`
	} `json:"value"`
	NextLink string `json:"nextLink"`
}

// locks names those at or above the scope, each with its level and place. Both
// levels forbid a removal. Management groups have no locks.
func (d *door) locks(ctx context.Context, scope csp.Scope) ([]string, error) {
	if scope.Subscription().IsZero() {
		return nil, nil
	}
	query := map[string]string{"api-version": lockVersion, "$filter": atScope}
	var names []string
	for range maxPages {
		page, err := get[lockPage](ctx, d, scope.String()+locksPath, query)
		if err != nil {
			return nil, err
		}
		for _, l := range page.Value {
			place, _, _ := cutFold(l.ID, locksPath+"/")
			at, err := csp.ParseScope(place)
			if err == nil && !at.Contains(scope) {
				continue // of something else: a list may hold more than it was asked for
			}
			names = append(names, lockWords(l.Name, l.Properties.Level, at))
		}
		if page.NextLink == "" {
			return names, nil
		}
		if query, err = nextQuery(query, page.NextLink); err != nil {
			return nil, err
		}
	}
	return nil, fmt.Errorf("more than %d pages of locks", maxPages)
}

// nextQuery takes from a next page's address the one thing that is new in it,
// the place to go on from. The rest of the address stays ours.
func nextQuery(query map[string]string, nextLink string) (map[string]string, error) {
	next, err := url.Parse(nextLink)
	if err != nil {
		return nil, fmt.Errorf("next page: %w", err)
	}
	for key, values := range next.Query() {
		if strings.EqualFold(key, "$skipToken") && len(values) == 1 && values[0] != query[key] {
			return map[string]string{"api-version": query["api-version"], "$filter": query["$filter"], key: values[0]}, nil
		}
	}
	return nil, fmt.Errorf("next page without a new place to go on from")
}

func cutFold(s, separator string) (before, after string, found bool) {
	at := strings.Index(strings.ToLower(s), strings.ToLower(separator))
	if at < 0 {
		return s, "", false
	}
	return s[:at], s[at+len(separator):], true
}

// lockWords names a lock for people: "keep-it (CanNotDelete) at resource group shop".
func lockWords(name, level string, at csp.Scope) string {
	if at.IsZero() {
		return fmt.Sprintf("%s (%s)", name, level)
	}
	return fmt.Sprintf("%s (%s) at %s %s", name, level, at.Kind(), at.Name())
}

// lockedSentence says which locks stand in a removal's way, as far as they can
// be read.
func (c *Connector) lockedSentence(ctx context.Context, d *door, scope csp.Scope) string {
	names, err := d.locks(ctx, scope)
	if err != nil || len(names) == 0 {
		return "Azure does not remove the access because a lock holds it. Somebody who may remove locks must lift it; the removal is tried again until then."
	}
	return fmt.Sprintf("Azure does not remove the access because of the lock %s. Somebody who may remove locks must lift it; the removal is tried again until then.",
		strings.Join(names, " and "))
}

// get reads one JSON object from Resource Manager.
func get[T any](ctx context.Context, d *door, path string, query map[string]string) (T, error) {
	var answer T
	ctx = cloud.Expect(ctx, cloud.Expectation{Method: http.MethodGet, Path: path, Query: query})
	request, err := runtime.NewRequest(ctx, http.MethodGet, runtime.JoinPaths(d.raw.Endpoint(), path))
	if err != nil {
		return answer, err
	}
	values := url.Values{}
	for key, value := range query {
		values.Set(key, value)
	}
	request.Raw().URL.RawQuery = values.Encode()
	request.Raw().Header.Set("Accept", "application/json")
	resp, err := d.raw.Pipeline().Do(request) //nolint:bodyclose // the pipeline reads bodies whole and closes them
	if err != nil {
		return answer, err
	}
	if !runtime.HasStatusCode(resp, http.StatusOK) {
		return answer, runtime.NewResponseError(resp)
	}
	if err := runtime.UnmarshalAsJSON(resp, &answer); err != nil {
		return answer, err
	}
	return answer, nil
}

// sentenceOdd is for answers that make no sense.
const sentenceOdd = "Azure gave an answer that cannot be understood; it is asked again."

var _ jit.Connector = (*Connector)(nil)

// faultOf gives an error from reading its kind and sentence.
func faultOf(op, method string, err error) error {
	kind, sentence := words(method, err)
	return fault.Wrap(op, kind, err, sentence)
}
