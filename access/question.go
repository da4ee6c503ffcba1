package access

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"latchkey/access/pattern"
	"latchkey/csp"
)

// Action is one operation that a role can allow. Control actions manage Azure
// resources, data actions reach what is in them, and no role for the one gives
// the other (R31). Asked of a directory, a control action is one of the
// directory's own, such as microsoft.directory/users/password/update.
type Action struct {
	name string // folded
	text string // as it was asked
	data bool
}

// ParseAction reads the name of an operation: a control action of Azure, such as
// Microsoft.Compute/virtualMachines/restart/action, or one of a directory. A
// pattern is refused: who may do "anything like this" is not one question.
func ParseAction(s string) (Action, error) { return parseAction(s, false) }

// ParseDataAction reads the name of a data action, such as
// Microsoft.Storage/storageAccounts/blobServices/containers/blobs/read.
func ParseDataAction(s string) (Action, error) { return parseAction(s, true) }

// MustParseAction is ParseAction for constants; it panics on what is none.
func MustParseAction(s string) Action {
	a, err := ParseAction(s)
	if err != nil {
		panic(err)
	}
	return a
}

func parseAction(s string, data bool) (Action, error) {
	switch {
	case strings.Contains(s, "*"):
		return Action{}, fmt.Errorf("%.200q is a pattern: name one action, without an asterisk", s)
	case strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r > '~' }):
		return Action{}, fmt.Errorf("%.200q is no action: only printable ASCII characters without blanks may stand in one", s)
	case strings.Count(s, "/") < 1 || strings.HasPrefix(s, "/") || strings.HasSuffix(s, "/") || strings.Contains(s, "//"):
		return Action{}, fmt.Errorf("%.200q is no action: want one such as Microsoft.Compute/virtualMachines/restart/action", s)
	}
	return Action{name: pattern.Fold(s), text: s, data: data}, nil
}

// String is the action's name as it was asked.
func (a Action) String() string { return a.text }

// Equal says whether both are the same operation, however they are spelt.
func (a Action) Equal(other Action) bool { return a.name == other.name && a.data == other.data }

// IsData says whether the action is a data action.
func (a Action) IsData() bool { return a.data }

// IsZero says whether there is no action.
func (a Action) IsZero() bool { return a.name == "" }

// directoryNamespace begins the names of the directory's own operations.
const directoryNamespace = "microsoft.directory/"

// Place is where something is done: a scope in a tenant, or, if Scope is zero,
// the tenant's directory. Below a subscription the tenant may be left out, since
// a subscription trusts only one.
type Place struct {
	Tenant csp.TenantID
	Scope  csp.Scope
}

// At is the place of a scope below a subscription.
func At(scope csp.Scope) Place { return Place{Scope: scope} }

// DirectoryOf is the directory of a tenant.
func DirectoryOf(tenant csp.TenantID) Place { return Place{Tenant: tenant} }

// IsDirectory says whether the place is a directory.
func (p Place) IsDirectory() bool { return p.Scope.IsZero() }

// String is the scope, or "the directory of tenant <id>".
func (p Place) String() string {
	if p.IsDirectory() {
		return "the directory of tenant " + p.Tenant.String()
	}
	return p.Scope.String()
}

// Question asks whether a principal may do something somewhere at an instant.
type Question struct {
	Principal csp.ObjectID
	Action    Action
	Place     Place
	// At is the instant at which time-bound facts are judged (R29). A question
	// without one is not answered: time is data here, never a clock.
	At time.Time
}

// check says what is wrong with the question itself.
func (q Question) check() error {
	switch {
	case q.Principal.IsZero():
		return errors.New("it must name a principal")
	case q.Action.IsZero():
		return errors.New("it must name an action")
	case q.Place == Place{}:
		return errors.New("it must name a place")
	case q.At.IsZero():
		return errors.New("it must name an instant")
	case q.Place.IsDirectory() && q.Action.data:
		return fmt.Errorf("%s is a data action of Azure and cannot be done in a directory: name a scope", q.Action)
	case !q.Place.IsDirectory() && strings.HasPrefix(q.Action.name, directoryNamespace):
		return fmt.Errorf("%s is an action of a directory and cannot be done at a scope: name a tenant", q.Action)
	}
	return nil
}
