package arm

import (
	"errors"
	"net/http"
	"strconv"
	"time"

	"latchkey/csp"
	"latchkey/emulator/world"
)

type machineBody struct {
	ID         string      `json:"id"`
	Name       string      `json:"name"`
	Type       string      `json:"type"`
	Location   string      `json:"location"`
	Properties provisioned `json:"properties"`
}

func machineOf(m world.Machine) machineBody {
	return machineBody{ID: m.Scope.String(), Name: m.Scope.Name(), Type: "Microsoft.Compute/virtualMachines", Location: m.Location, Properties: provisioned{"Succeeded"}}
}

const readMachines = "Microsoft.Compute/virtualMachines/read"

// listMachines shows those at or below the scope that the caller may read.
func (h *Handler) listMachines(c *call) (reply, *failure) {
	var bodies []machineBody
	for _, m := range h.World.VMs(c.route.scope) {
		if h.may(c, readMachines, m.Scope) == nil {
			bodies = append(bodies, machineOf(m))
		}
	}
	return listOf(bodies)
}

func (h *Handler) getMachine(c *call) (reply, *failure) {
	if f := h.may(c, readMachines, c.route.scope); f != nil {
		return reply{}, f
	}
	m, f := h.findMachine(c)
	if f != nil {
		return reply{}, f
	}
	return ok(machineOf(m))
}

func (h *Handler) findMachine(c *call) (world.Machine, *failure) {
	if group, err := csp.ResourceGroupScopeOf(c.route.scope.Subscription(), c.route.scope.ResourceGroup()); err != nil || !h.World.Exists(group) {
		return world.Machine{}, missingScope(group)
	}
	m, known := h.World.VM(c.route.scope)
	if !known {
		return world.Machine{}, missingScope(c.route.scope)
	}
	return m, nil
}

// machineAction finds the POST action a path ends in.
func (h *Handler) machineAction(c *call) (operation, *failure) {
	if c.method == http.MethodPost {
		switch c.route.verb {
		case "restart":
			return h.restart, nil
		case "runcommand":
			return h.runCommand, nil
		}
	}
	return nil, notFound("InvalidResourceType", "The action '"+clip(c.route.verb)+"' with method '"+clip(c.method)+"' is not known for virtual machines on this emulator.")
}

// restart is done at once and says so, where Azure would answer 202 and be asked again.
func (h *Handler) restart(c *call) (reply, *failure) {
	if f := h.may(c, "Microsoft.Compute/virtualMachines/restart/action", c.route.scope); f != nil {
		return reply{}, f
	}
	if _, f := h.findMachine(c); f != nil {
		return reply{}, f
	}
	if err := h.World.Restart(c.actor, c.route.scope); err != nil {
		return reply{}, h.machineRefusal(c, err)
	}
	return reply{status: http.StatusOK}, nil
}

// runCommand lets the caller run a script as the machine: what makes a role
// that allows it more dangerous than its name. Nothing is really run.
func (h *Handler) runCommand(c *call) (reply, *failure) {
	if f := h.may(c, "Microsoft.Compute/virtualMachines/runCommand/action", c.route.scope); f != nil {
		return reply{}, f
	}
	if _, f := h.findMachine(c); f != nil {
		return reply{}, f
	}
	var body struct {
		CommandID string   `json:"commandId"`
		Script    []string `json:"script"`
	}
	if f := decode(c.body, &body); f != nil {
		return reply{}, f
	}
	if body.CommandID == "" {
		return reply{}, badRequest("InvalidParameter", "Required parameter 'commandId' is missing (null).")
	}
	if err := h.World.RunCommand(c.actor, c.route.scope); err != nil {
		return reply{}, h.machineRefusal(c, err)
	}
	return ok(map[string]any{"value": []map[string]any{{
		"code": "ComponentStatus/StdOut/succeeded", "level": "Info", "displayStatus": "Provisioning succeeded",
		"message": "emulated: " + strconv.Itoa(len(body.Script)) + " lines would have run at " + h.World.Now().Format(time.RFC3339),
	}}})
}

func (h *Handler) machineRefusal(c *call, err error) *failure {
	if refusal, isRefusal := errors.AsType[*world.Refusal](err); isRefusal && refusal.Law == world.ScopeLocked {
		return locked(c.route.scope.String(), "write", refusal)
	}
	return missingScope(c.route.scope)
}
