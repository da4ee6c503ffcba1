package gdap

import (
	"fmt"
)

// Law is a rule of relationships.
type Law string

// The laws.
const (
	BadName         Law = "a name has the form its kind asks for"
	NoSuchRole      Law = "the role definition must exist"
	NoSuchAccess    Law = "the access assignment must exist"
	WrongStatus     Law = "a relationship goes from state to state in order (R11)"
	VersionDiffers  Law = "a change is of the version that was read"
	BadDuration     Law = "a relationship lasts 1 to 730 days (R11)"
	NoExtension     Law = "a relationship with Global Administrator does not extend itself (R11)"
	RoleNotLent     Law = "the role can be given by GDAP"
	RoleNotAgreed   Law = "an access assignment gives roles of its relationship (R11)"
	AlreadyAssigned Law = "the same is given once"
)

// Refusal says which law a change would break. Nothing was changed.
type Refusal struct { //nolint:errname // read where it is used: errors.AsType[*gdap.Refusal]
	Law    Law
	Detail string
}

// Error says which law, and what exactly.
func (r *Refusal) Error() string { return fmt.Sprintf("gdap: %s: %s", r.Law, r.Detail) }

func refuse(law Law, format string, args ...any) *Refusal {
	return &Refusal{Law: law, Detail: fmt.Sprintf(format, args...)}
}
