package graph

import (
	"strings"

	"latchkey/csp"
	"latchkey/emulator/world"
)

const readUsers = "User.Read.All User.ReadWrite.All Directory.Read.All Directory.ReadWrite.All Directory.AccessAsUser.All"

func (h *Handler) userRoutes() []route {
	return []route{
		{"GET", "/users", "User.ReadBasic.All " + readUsers, "microsoft.directory/users/standard/read", h.listUsers},
		{"GET", "/users/{user}", "User.Read User.ReadWrite User.ReadBasic.All " + readUsers, "", h.getUser},
	}
}

func userBody(u world.User) map[string]any {
	return map[string]any{"id": u.ID.String(), "displayName": u.Name, "userPrincipalName": u.UPN, "mail": u.Mail}
}

func (h *Handler) listUsers(c *call) (reply, *failure) {
	list := []any{}
	for _, u := range c.tenant.Users() {
		list = append(list, userBody(u))
	}
	return ok(map[string]any{"@odata.context": c.context("users"), "value": list})
}

// findUser finds the user by object id or by sign-in name.
func (h *Handler) findUser(c *call, name string) (world.User, *failure) {
	if id, err := csp.ParseID[csp.Principal](name); err == nil {
		if u, known := h.World.User(c.tenant.ID, id); known {
			return u, nil
		}
		return world.User{}, notFound(name)
	}
	for _, u := range c.tenant.Users() {
		if strings.EqualFold(u.UPN, name) {
			return u, nil
		}
	}
	return world.User{}, notFound(name)
}

func (h *Handler) getUser(c *call) (reply, *failure) {
	u, f := h.findUser(c, c.params["user"])
	if f != nil {
		return reply{}, f
	}
	if u.ID != c.caller.Object && !h.mayInDirectory(c, "microsoft.directory/users/standard/read") {
		return reply{}, denied()
	}
	body := userBody(u)
	body["@odata.context"] = c.context("users/$entity")
	return ok(body)
}
