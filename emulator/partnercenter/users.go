package partnercenter

import (
	"strings"

	"latchkey/csp"
	"latchkey/emulator/world"
)

type userBody struct {
	ID                string           `json:"id"`
	UserPrincipalName string           `json:"userPrincipalName"`
	DisplayName       string           `json:"displayName"`
	FirstName         string           `json:"firstName"`
	LastName          string           `json:"lastName"`
	UsageLocation     string           `json:"usageLocation,omitempty"`
	UserDomainType    string           `json:"userDomainType"`
	State             string           `json:"state"`
	PasswordProfile   *passwordProfile `json:"passwordProfile,omitempty"`
	Links             *links           `json:"links"`
	Attributes        attributes       `json:"attributes"`
}

type passwordProfile struct {
	Password            string `json:"password"`
	ForceChangePassword bool   `json:"forceChangePassword"`
}

func userOf(u world.User) userBody {
	first, last, _ := strings.Cut(u.Name, " ")
	b := userBody{
		ID: u.ID.String(), UserPrincipalName: u.UPN, DisplayName: u.Name, FirstName: first, LastName: last, UserDomainType: "none", State: "active",
		Links: &links{Self: linkTo("/customers/" + u.Tenant.String() + "/users/" + u.ID.String())}, Attributes: isA("CustomerUser"),
	}
	if u.Disabled {
		b.State = "inactive"
	}
	return b
}

func (h *Handler) listUsers(c *call) (reply, *failure) {
	items := []userBody{}
	for _, u := range c.customer.Users() {
		items = append(items, userOf(u))
	}
	return page(c, items, func(b userBody) string { return strings.ToLower(b.DisplayName) + "\x00" + b.ID })
}

func (h *Handler) getUser(c *call) (reply, *failure) {
	u, f := h.findUser(c.customer, c.names[1])
	if f != nil {
		return reply{}, f
	}
	return ok(userOf(u))
}

type userAsk struct {
	UserPrincipalName, DisplayName, FirstName, LastName, UsageLocation, State *string
	PasswordProfile                                                           *passwordProfile
}

func (a userAsk) name() string {
	switch {
	case a.DisplayName != nil:
		return strings.TrimSpace(*a.DisplayName)
	case a.FirstName != nil && a.LastName != nil:
		return strings.TrimSpace(*a.FirstName + " " + *a.LastName)
	}
	return ""
}

// createUser makes an account in the customer's directory; without a password in
// the request one is made up, and stands in this answer only.
func (h *Handler) createUser(c *call) (reply, *failure) {
	var ask userAsk
	if f := c.decode(&ask); f != nil {
		return reply{}, f
	}
	var wrong []string
	if ask.UserPrincipalName == nil || *ask.UserPrincipalName == "" {
		wrong = append(wrong, "userPrincipalName")
	}
	if ask.name() == "" {
		wrong = append(wrong, "displayName")
	}
	if ask.UsageLocation == nil || len(*ask.UsageLocation) != 2 {
		wrong = append(wrong, "usageLocation")
	}
	if len(wrong) > 0 {
		return reply{}, invalidProperty(wrong...)
	}
	password := passwordProfile{ForceChangePassword: true}
	if ask.PasswordProfile != nil {
		password = *ask.PasswordProfile
	}
	if password.Password == "" {
		password.Password = world.NewPassword()
	}
	u, err := c.customer.As(c.actor).AddUser(world.User{UPN: *ask.UserPrincipalName, Name: ask.name(), Password: password.Password})
	if err != nil {
		if world.LawOf(err) == world.BadName {
			return reply{}, invalidProperty("userPrincipalName")
		}
		return reply{}, refusalFailure(err)
	}
	b := userOf(u)
	b.UsageLocation, b.PasswordProfile = strings.ToUpper(*ask.UsageLocation), &password
	return created(b)
}

func (h *Handler) patchUser(c *call) (reply, *failure) {
	u, f := h.findUser(c.customer, c.names[1])
	if f != nil {
		return reply{}, f
	}
	var ask userAsk
	if f := c.decode(&ask); f != nil {
		return reply{}, f
	}
	if name := ask.name(); name != "" {
		u.Name = name
	}
	if ask.State != nil {
		action := world.EnableUser
		if u.Disabled = strings.EqualFold(*ask.State, "inactive"); u.Disabled {
			action = world.DisableUser
		}
		if f := h.admitToUser(c, action, u); f != nil {
			return reply{}, f
		}
	}
	if p := ask.PasswordProfile; p != nil && p.Password != "" {
		if f := h.admitToUser(c, world.ResetPassword, u); f != nil {
			return reply{}, f
		}
		u.Password = p.Password
	}
	if err := c.customer.As(c.actor).SetUser(u); err != nil {
		return reply{}, refusalFailure(err)
	}
	return ok(userOf(u))
}

func (h *Handler) deleteUser(c *call) (reply, *failure) {
	u, f := h.findUser(c.customer, c.names[1])
	if f != nil {
		return reply{}, f
	}
	if f := h.admitToUser(c, world.DeleteUser, u); f != nil {
		return reply{}, f
	}
	if err := c.customer.As(c.actor).RemoveUser(u.ID); err != nil {
		return reply{}, refusalFailure(err)
	}
	return done()
}

type directoryRoleBody struct {
	ID         string     `json:"id"`
	Name       string     `json:"name"`
	Attributes attributes `json:"attributes"`
}

func (h *Handler) roleOf(id csp.DirectoryRoleID) directoryRoleBody {
	role, _ := h.World.DirectoryRole(id)
	return directoryRoleBody{id.String(), role.Name, isA("DirectoryRole")}
}

// directoryRole reads the role that the path names by its template id.
func (h *Handler) directoryRole(c *call) (csp.DirectoryRoleID, *failure) {
	id, err := csp.ParseID[csp.DirectoryRole](c.names[1])
	if _, known := h.World.DirectoryRole(id); err != nil || !known {
		return id, notFound("The directory role")
	}
	return id, nil
}

// listDirectoryRoles lists the roles that somebody holds in the customer's
// directory: the others are not activated there.
func (h *Handler) listDirectoryRoles(c *call) (reply, *failure) {
	items := []directoryRoleBody{}
	seen := make(map[csp.DirectoryRoleID]bool)
	for _, a := range c.customer.DirectoryAssignments() {
		if !seen[a.Role] {
			seen[a.Role] = true
			items = append(items, h.roleOf(a.Role))
		}
	}
	return all(c, items)
}

func (h *Handler) rolesOfUser(c *call) (reply, *failure) {
	u, f := h.findUser(c.customer, c.names[1])
	if f != nil {
		return reply{}, f
	}
	items := []directoryRoleBody{}
	for _, a := range c.customer.DirectoryAssignments() {
		if a.Principal == u.ID {
			items = append(items, h.roleOf(a.Role))
		}
	}
	return all(c, items)
}

func (h *Handler) listRoleMembers(c *call) (reply, *failure) {
	role, f := h.directoryRole(c)
	if f != nil {
		return reply{}, f
	}
	items := []memberBody{}
	for _, a := range c.customer.DirectoryAssignments() {
		if u, known := h.World.User(c.customer.ID, a.Principal); known && a.Role == role {
			items = append(items, memberOf(u, role.String()))
		}
	}
	return all(c, items)
}

func (h *Handler) addRoleMember(c *call) (reply, *failure) {
	role, f := h.directoryRole(c)
	if f != nil {
		return reply{}, f
	}
	u, f := h.readMember(c, c.customer)
	if f != nil {
		return reply{}, f
	}
	_, err := c.customer.As(c.actor).AssignDirectoryRole(world.DirectoryAssignment{Principal: u.ID, Role: role})
	if err != nil && world.LawOf(err) != world.AlreadyAssigned {
		return reply{}, refusalFailure(err)
	}
	return created(memberOf(u, role.String()))
}

func (h *Handler) removeRoleMember(c *call) (reply, *failure) {
	role, f := h.directoryRole(c)
	if f != nil {
		return reply{}, f
	}
	u, f := h.findUser(c.customer, c.names[2])
	if f != nil {
		return reply{}, f
	}
	for _, a := range c.customer.DirectoryAssignments() {
		if a.Principal != u.ID || a.Role != role || a.Eligible {
			continue
		}
		if err := c.customer.As(c.actor).RemoveDirectoryRole(a.ID); err != nil {
			return reply{}, refusalFailure(err)
		}
		return done()
	}
	return reply{}, noSuchUser()
}
