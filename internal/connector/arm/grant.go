package arm

import (
	"context"
	"net/http"

	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/authorization/armauthorization/v2"

	"latchkey/csp"
	"latchkey/internal/fault"
	"latchkey/internal/jit"
)

// Grant makes the order's role assignment, or finds that it is there. The whole
// of it, looking included, happens before the order's StartBefore.
func (c *Connector) Grant(ctx context.Context, o jit.Order) jit.Outcome {
	const op = "arm.Grant"
	d, err := c.doorTo(op, o.Target)
	if err != nil {
		return jit.Outcome{Result: jit.NotDone, Err: err}
	}
	if o.Name.IsZero() || o.Marker.Episode.IsZero() || o.Marker.Instance.IsZero() {
		return jit.Outcome{Result: jit.NotDone, Err: fault.New(op, fault.Internal, "")}
	}
	left := o.StartBefore.Sub(c.clock.Now())
	if left <= 0 {
		return tooLate(op)
	}
	ctx, cancel := context.WithTimeout(ctx, min(left, exchange))
	defer cancel()

	// An object of this name that is not ours would be overwritten by a PUT that
	// Azure takes for an update: its description is not protected.
	sighting, err := c.observe(ctx, d, o)
	switch {
	case sighting == jit.SeenForeign:
		return nameTaken(op)
	case sighting == jit.Unseen:
		return notSent(err, c.clock.Now())
	case c.clock.Now().After(o.StartBefore):
		return tooLate(op)
	}
	_, err = d.assignments.Create(expectAssignment(ctx, http.MethodPut, o), o.Target.Scope.String(), o.Name.String(), parameters(o), nil)
	out := c.outcome(op, http.MethodPut, err)
	if out.Result == jit.Preexisting {
		return c.whose(ctx, d, o, out)
	}
	return out
}

func parameters(o jit.Order) armauthorization.RoleAssignmentCreateParameters {
	return armauthorization.RoleAssignmentCreateParameters{
		Properties: &armauthorization.RoleAssignmentProperties{
			RoleDefinitionID: new(csp.RoleDefinitionRefAt(o.Target.Scope, o.Target.Role).String()),
			PrincipalID:      new(o.Target.Principal.String()),
			PrincipalType:    new(armauthorization.PrincipalType(o.Target.PrincipalType)),
			Description:      new(o.Marker.String()),
		},
	}
}

// whose finds out what "exists already" was about: our own object after a lost
// answer, or somebody else's under another name.
func (c *Connector) whose(ctx context.Context, d *door, o jit.Order, exists jit.Outcome) jit.Outcome {
	sighting, err := c.observe(ctx, d, o)
	switch sighting {
	case jit.SeenOurs:
		return jit.Outcome{Result: jit.Done}
	case jit.SeenAbsent:
		return exists
	case jit.SeenForeign:
		return nameTaken("arm.Grant")
	}
	return jit.Outcome{Result: jit.UnknownResult, Err: err}
}

func tooLate(op string) jit.Outcome {
	return jit.Outcome{Result: jit.NotDone, Err: fault.New(op, fault.Gone, "It is too late to grant this: so close to its end, the access could outlive it.")}
}

func nameTaken(op string) jit.Outcome {
	return jit.Outcome{Result: jit.NotDone, Err: fault.New(op, fault.Conflict, "An assignment that is not Latchkey's stands under the name chosen for this grant. It was left alone, and nothing was granted.")}
}

// Revoke removes the order's role assignment if it is there and ours. An absent
// one is Done; one that is not ours is left alone and NotDone.
func (c *Connector) Revoke(ctx context.Context, o jit.Order) jit.Outcome {
	const op = "arm.Revoke"
	d, err := c.doorTo(op, o.Target)
	if err != nil {
		return jit.Outcome{Result: jit.NotDone, Retry: true, Err: err}
	}
	ctx, cancel := context.WithTimeout(ctx, exchange)
	defer cancel()

	sighting, err := c.observe(ctx, d, o)
	switch sighting {
	case jit.SeenAbsent:
		return jit.Outcome{Result: jit.Done}
	case jit.SeenForeign:
		return jit.Outcome{Result: jit.NotDone, Err: fault.New(op, fault.Conflict, "The assignment under this name is not Latchkey's any more. It was left alone.")}
	case jit.Unseen:
		out := notSent(err, c.clock.Now())
		out.Retry = true
		return out
	}
	_, err = d.assignments.Delete(expectAssignment(ctx, http.MethodDelete, o), o.Target.Scope.String(), o.Name.String(), nil)
	out := c.outcome(op, http.MethodDelete, err)
	if answerOf(err).code == codeScopeLocked {
		out.Err = fault.Wrap(op, fault.Upstream, err, c.lockedSentence(ctx, d, o.Target.Scope))
	}
	return out
}
