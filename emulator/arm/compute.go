package arm

import (
	"strconv"
	"strings"
	"time"

	"latchkey/csp"
	"latchkey/emulator/world"
)

// act does something to a resource: asks for the right, looks whether it is
// there, does it, and answers as long-running or at once.
func (h *Handler) act(c *call, action string, do func(world.Actor, csp.Scope) error) (reply, *failure) {
	r, f := h.findResource(c, action+"/action")
	if f != nil {
		return reply{}, f
	}
	if err := do(c.actor, r.Scope); err != nil {
		return reply{}, h.refusal(c, err, "write")
	}
	return h.begin(c, true, r.Location, nil)
}

func (h *Handler) restart(c *call) (reply, *failure) { return h.act(c, "restart", h.World.Restart) }

func (h *Handler) start(c *call) (reply, *failure) {
	return h.act(c, "start", func(by world.Actor, m csp.Scope) error { return h.World.Power(by, m, true) })
}

func (h *Handler) powerOff(c *call) (reply, *failure) {
	return h.act(c, "powerOff", func(by world.Actor, m csp.Scope) error { return h.World.Power(by, m, false) })
}

func (h *Handler) deallocate(c *call) (reply, *failure) {
	return h.act(c, "deallocate", func(by world.Actor, m csp.Scope) error { return h.World.Power(by, m, false) })
}

// instanceView says whether the machine runs.
func (h *Handler) instanceView(c *call) (reply, *failure) {
	if _, f := h.findResource(c, "instanceView/read"); f != nil {
		return reply{}, f
	}
	m, known := h.World.VM(c.route.scope)
	if !known {
		return reply{}, missingScope(c.route.scope)
	}
	state, display := "PowerState/running", "VM running"
	if m.Stopped {
		state, display = "PowerState/deallocated", "VM deallocated"
	}
	return ok(map[string]any{"statuses": []map[string]string{
		{"code": "ProvisioningState/succeeded", "level": "Info", "displayStatus": "Provisioning succeeded"},
		{"code": state, "level": "Info", "displayStatus": display},
	}})
}

// runCommand lets the caller run a script as the machine: what makes a role
// that allows it more dangerous than its name. Nothing is really run.
func (h *Handler) runCommand(c *call) (reply, *failure) {
	r, f := h.findResource(c, "runCommand/action")
	if f != nil {
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
	if m, _ := h.World.VM(r.Scope); m.Stopped {
		return reply{}, conflict("OperationNotAllowed", "Cannot modify extensions in the VM when the VM is not running.")
	}
	if err := h.World.RunCommand(c.actor, r.Scope); err != nil {
		return reply{}, h.refusal(c, err, "write")
	}
	return h.begin(c, true, r.Location, map[string]any{"value": []map[string]any{{
		"code": "ComponentStatus/StdOut/succeeded", "level": "Info", "displayStatus": "Provisioning succeeded",
		"message": "emulated: " + strconv.Itoa(len(body.Script)) + " lines would have run at " + h.World.Now().Format(time.RFC3339),
	}}})
}

var keyNames = [2]string{"key1", "key2"}

func keysReply(keys [2]string) (reply, *failure) {
	list := make([]map[string]string, 0, len(keys))
	for i, key := range keys {
		list = append(list, map[string]string{"keyName": keyNames[i], "value": key, "permissions": "FULL"})
	}
	return ok(map[string]any{"keys": list})
}

// listKeys tells the keys of a storage account, which open its data without any
// role: what makes a role that allows it more than a reader.
func (h *Handler) listKeys(c *call) (reply, *failure) {
	r, f := h.findResource(c, "listKeys/action")
	if f != nil {
		return reply{}, f
	}
	keys, err := h.World.StorageKeys(c.actor, r.Scope)
	if err != nil {
		return reply{}, h.refusal(c, err, "write")
	}
	return keysReply(keys)
}

func (h *Handler) regenerateKey(c *call) (reply, *failure) {
	r, f := h.findResource(c, "regenerateKey/action")
	if f != nil {
		return reply{}, f
	}
	var body struct {
		Name string `json:"keyName"`
	}
	if f := decode(c.body, &body); f != nil {
		return reply{}, f
	}
	for number, name := range keyNames {
		if strings.EqualFold(name, body.Name) {
			keys, err := h.World.RegenerateKey(c.actor, r.Scope, number)
			if err != nil {
				return reply{}, h.refusal(c, err, "write")
			}
			return keysReply(keys)
		}
	}
	return reply{}, badRequest("InvalidValuesForRequestParameters", "Values for request parameters are invalid: keyName.")
}
