package graph

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"latchkey/csp"
	"latchkey/emulator/odata"
	"latchkey/emulator/wire"
	"latchkey/emulator/world"
)

func (h *Handler) userRoutes() []route {
	self := "User.Read User.ReadWrite User.ReadBasic.All " + readUsers
	member := self + " GroupMember.Read.All Group.Read.All"
	return []route{
		{"GET", "/users", "User.ReadBasic.All " + readUsers, actionReadUsers, h.listUsers},
		{"GET", "/users/$count", readUsers, actionReadUsers, h.countUsers},
		{"GET", "/users/delta", "User.ReadBasic.All " + readUsers, actionReadUsers, h.deltaUsers},
		{"POST", "/users", writeUsers, "microsoft.directory/users/create", h.createUser},
		{"GET", "/users/{user}", self, "", h.getUser},
		{"PATCH", "/users/{user}", "User.EnableDisableAccount.All User-PasswordProfile.ReadWrite.All " + writeUsers, "", h.patchUser},
		{"DELETE", "/users/{user}", writeUsers + " User.DeleteRestore.All", "", h.deleteUser},
		{"POST", "/users/{user}/revokeSignInSessions", "User.RevokeSessions.All " + writeUsers, "", h.revokeSessions},
		{"GET", "/users/{user}/memberOf", member, "", h.userMemberOf},
		{"GET", "/users/{user}/memberOf/{cast}", member, "", h.userMemberOf},
		{"GET", "/users/{user}/transitiveMemberOf", member, "", h.userMemberOf},
		{"GET", "/users/{user}/transitiveMemberOf/{cast}", member, "", h.userMemberOf},
		{"POST", "/users/{user}/getMemberGroups", member, "", h.userMemberGroups},
		{"POST", "/users/{user}/getMemberObjects", member, "", h.userMemberGroups},
		{"POST", "/users/{user}/checkMemberGroups", member, "", h.userCheckMemberGroups},
	}
}

// userEntity is a user with all that is known of him.
func (h *Handler) userEntity(t world.Tenant, u world.User) odata.Entity {
	e := odata.Entity{"@odata.type": "#" + userType.Name}
	for name, kind := range userType.Properties {
		e[name] = nil
		if kind == odata.Texts {
			e[name] = []string{}
		}
	}
	e["identities"], e["assignedLicenses"], e["assignedPlans"] = []odata.Entity{}, []odata.Entity{}, []odata.Entity{}
	nickname, _, _ := strings.Cut(u.UPN, "@")
	maps.Copy(e, map[string]any{
		"id": u.ID.String(), "displayName": u.Name, "userPrincipalName": u.UPN, "mail": odata.OrNull(u.Mail), "mailNickname": nickname,
		"accountEnabled": !u.Disabled, "userType": "Member", "createdDateTime": odata.Moment(u.Created), "signInSessionsValidFromDateTime": odata.Moment(u.ValidFrom),
	})
	if u.IsGuest() {
		e["userType"], e["creationType"], e["externalUserState"] = "Guest", "Invitation", "Accepted"
		if u.Pending {
			e["externalUserState"] = "PendingAcceptance"
		}
		e["externalUserStateChangeDateTime"] = odata.Moment(u.Created)
	}
	if u.Source == csp.Synced {
		e["onPremisesSyncEnabled"] = true
	}
	maps.Copy(e, t.Details(u.ID))
	return e
}

// briefUser has only what the world itself knows of the user: enough to choose
// by, unless somebody chooses by something rarer.
func briefUser(u world.User) odata.Entity {
	kind := "Member"
	if u.IsGuest() {
		kind = "Guest"
	}
	return odata.Entity{
		"id": u.ID.String(), "displayName": u.Name, "userPrincipalName": u.UPN, "mail": odata.OrNull(u.Mail), "accountEnabled": !u.Disabled, "userType": kind,
		"createdDateTime": odata.Moment(u.Created),
	}
}

// brief are the properties that briefUser has.
var brief = []string{"id", "displayName", "userPrincipalName", "mail", "accountEnabled", "userType", "createdDateTime"}

func isBrief(properties []string) bool {
	return properties != nil && !slices.ContainsFunc(properties, func(name string) bool { return !slices.Contains(brief, name) })
}

func (h *Handler) users(c *call) collection {
	shown := slices.DeleteFunc(c.tenant.Users(), func(u world.User) bool { return !h.isVisible(u.Created) })
	return collection{on: userType, context: "users", expand: h.expandObject(c), n: len(shown), make: func(i int, only []string) odata.Entity {
		if isBrief(only) {
			return briefUser(shown[i])
		}
		return h.userEntity(c.tenant, shown[i])
	}}
}

func (h *Handler) listUsers(c *call) (reply, *failure)  { return c.list(h.users(c)) }
func (h *Handler) countUsers(c *call) (reply, *failure) { return c.count(h.users(c)) }

// findUser finds the user by object id or by sign-in name.
func (h *Handler) findUser(c *call) (world.User, *failure) {
	name := c.params["user"]
	if id, err := csp.ParseID[csp.Principal](name); err == nil {
		if u, known := h.World.User(c.tenant.ID, id); known {
			return u, nil
		}
		return world.User{}, notFound(name)
	}
	if u, known := c.tenant.UserNamed(name); known {
		return u, nil
	}
	return world.User{}, notFound(name)
}

// readableUser is findUser for whoever may read him: himself always.
func (h *Handler) readableUser(c *call, action string) (world.User, *failure) {
	u, f := h.findUser(c)
	if u.ID == c.caller.Object && f == nil {
		return u, nil
	}
	if c.isApp() && !c.hasPermission(readUsers+" GroupMember.Read.All") && !h.mayInDirectory(c, action) || !c.isApp() && (!h.mayInDirectory(c, action) || !c.hasPermission("User.ReadBasic.All GroupMember.Read.All Group.Read.All "+readUsers)) {
		return u, denied()
	}
	return u, f
}

func (h *Handler) getUser(c *call) (reply, *failure) {
	u, f := h.readableUser(c, actionReadUsers)
	if f != nil {
		return reply{}, f
	}
	return c.one(collection{on: userType, context: "users", expand: h.expandObject(c)}, h.userEntity(c.tenant, u))
}

// passwordProfile is the part of a user that is written and never read.
type passwordProfile struct {
	Password string `json:"password"`
}

func (h *Handler) createUser(c *call) (reply, *failure) {
	var body struct {
		AccountEnabled  *bool            `json:"accountEnabled"`
		DisplayName     string           `json:"displayName"`
		MailNickname    string           `json:"mailNickname"`
		UPN             string           `json:"userPrincipalName"`
		Mail            string           `json:"mail"`
		PasswordProfile *passwordProfile `json:"passwordProfile"`
	}
	if f := c.decode(&body); f != nil {
		return reply{}, f
	}
	for property, missing := range map[string]bool{
		"accountEnabled": body.AccountEnabled == nil, "displayName": body.DisplayName == "", "mailNickname": body.MailNickname == "",
		"userPrincipalName": !strings.Contains(body.UPN, "@"), "passwordProfile": body.PasswordProfile == nil || body.PasswordProfile.Password == "",
	} {
		if missing {
			return reply{}, badRequest("A value is required for property '" + property + "' of resource 'User'.")
		}
	}
	details, f := c.details(userType, "accountEnabled", "displayName", "mailNickname", "userPrincipalName", "mail", "passwordProfile")
	if f != nil {
		return reply{}, f
	}
	u, err := c.as().AddUser(world.User{Name: body.DisplayName, UPN: body.UPN, Mail: body.Mail, Password: body.PasswordProfile.Password, Disabled: !*body.AccountEnabled})
	if err != nil {
		if world.LawOf(err) == world.BadName {
			return reply{}, badRequest("The domain portion of the userPrincipalName property is invalid. You must use one of the verified domain names in your organization.")
		}
		return reply{}, refusalFailure(err, body.UPN)
	}
	if err := c.as().SetDetails(u.ID, details); err != nil {
		return reply{}, refusalFailure(err, u.ID.String())
	}
	return c.createdOne(collection{on: userType, context: "users"}, h.userEntity(c.tenant, u), "/users/"+u.ID.String())
}

// createdOne answers 201 with where the new entity is.
func (c *call) createdOne(l collection, e odata.Entity, path string) (reply, *failure) {
	body, f := c.shaped(l, e)
	if f != nil {
		return reply{}, f
	}
	return reply{status: 201, body: body, headers: map[string]string{"Location": c.base + path}}, nil
}

// details reads the properties of the body that are only kept and shown. Others
// of the type are left out by name; what the type does not have is refused.
func (c *call) details(of *odata.Type, others ...string) (map[string]any, *failure) {
	var body map[string]json.RawMessage
	if f := c.decode(&body); f != nil {
		return nil, f
	}
	details := make(map[string]any)
	for name, raw := range body {
		kind, known := of.Properties[name]
		switch {
		case strings.Contains(name, "@odata") || slices.Contains(others, name):
			continue
		case !known:
			return nil, badRequest("Invalid property '" + wire.Clip(name) + "'.")
		case slices.Contains([]string{"id", "createdDateTime", "deletedDateTime", "userType", "externalUserState", "securityIdentifier"}, name):
			return nil, badRequest("Property '" + name + "' is read-only and cannot be set.")
		}
		value, fits := decodeDetail(raw, kind)
		if !fits {
			return nil, badRequest("Invalid value specified for property '" + name + "' of resource '" + strings.TrimPrefix(of.Name, "microsoft.graph.") + "'.")
		}
		details[name] = value
	}
	return details, nil
}

const maxDetail = 4096

func decodeDetail(raw json.RawMessage, kind odata.Kind) (any, bool) {
	if string(raw) == "null" {
		return nil, true
	}
	switch kind {
	case odata.Text:
		var s string
		return fitting(&s, raw)
	case odata.Bool:
		var b bool
		return fitting(&b, raw)
	case odata.Texts:
		var list []string
		return fitting(&list, raw)
	}
	return nil, false
}

func fitting[T any](into *T, raw json.RawMessage) (any, bool) {
	err := json.Unmarshal(raw, into)
	return *into, err == nil && len(raw) <= maxDetail
}

func (h *Handler) patchUser(c *call) (reply, *failure) {
	u, f := h.findUser(c)
	if f != nil {
		return reply{}, f
	}
	var body struct {
		AccountEnabled  *bool            `json:"accountEnabled"`
		DisplayName     *string          `json:"displayName"`
		Mail            *string          `json:"mail"`
		PasswordProfile *passwordProfile `json:"passwordProfile"`
	}
	if f := c.decode(&body); f != nil {
		return reply{}, f
	}
	details, f := c.details(userType, "accountEnabled", "displayName", "mail", "passwordProfile")
	if f != nil {
		return reply{}, f
	}
	if body.AccountEnabled != nil {
		action := world.EnableUser
		if !*body.AccountEnabled {
			action = world.DisableUser
		}
		if !h.mayTouch(c, "User.EnableDisableAccount.All "+writeUsers, action, u) {
			return reply{}, denied()
		}
		u.Disabled = !*body.AccountEnabled
	}
	if body.PasswordProfile != nil {
		if !h.mayTouch(c, "User-PasswordProfile.ReadWrite.All "+writeUsers, world.ResetPassword, u) {
			return reply{}, denied()
		}
		u.Password = body.PasswordProfile.Password
	}
	if body.DisplayName != nil || body.Mail != nil || len(details) > 0 {
		if !h.may(c, writeUsers, world.UpdateUser) || touches(details) && !h.mayTouch(c, writeUsers, world.UpdateUser, u) {
			return reply{}, denied()
		}
	}
	if body.DisplayName != nil {
		u.Name = *body.DisplayName
	}
	if body.Mail != nil {
		u.Mail = *body.Mail
	}
	if body.AccountEnabled != nil || body.PasswordProfile != nil || body.DisplayName != nil || body.Mail != nil {
		if err := c.as().SetUser(u); err != nil {
			return reply{}, refusalFailure(err, u.ID.String())
		}
	}
	if err := c.as().SetDetails(u.ID, details); err != nil {
		return reply{}, refusalFailure(err, u.ID.String())
	}
	return noContent()
}

// touches says whether a change of details helps to take the account over: what
// somebody proves with who he is when he forgot his password.
func touches(details map[string]any) bool {
	for _, name := range []string{"businessPhones", "mobilePhone", "otherMails", "onPremisesImmutableId"} {
		if _, sent := details[name]; sent {
			return true
		}
	}
	return false
}

func (h *Handler) deleteUser(c *call) (reply, *failure) {
	u, f := h.findUser(c)
	if f != nil {
		return reply{}, f
	}
	if !h.mayTouch(c, writeUsers+" User.DeleteRestore.All", world.DeleteUser, u) {
		return reply{}, denied()
	}
	if err := c.as().RemoveUser(u.ID); err != nil {
		return reply{}, refusalFailure(err, u.ID.String())
	}
	return noContent()
}

func (h *Handler) revokeSessions(c *call) (reply, *failure) {
	u, f := h.findUser(c)
	if f != nil {
		return reply{}, f
	}
	self := u.ID == c.caller.Object
	if !self && !h.mayTouch(c, "User.RevokeSessions.All "+writeUsers, world.RevokeUser, u) {
		return reply{}, denied()
	}
	if err := c.as().RevokeSessions(u.ID); err != nil {
		return reply{}, refusalFailure(err, u.ID.String())
	}
	return ok(map[string]any{"@odata.context": c.context("Edm.Boolean"), "value": true})
}

func (h *Handler) userMemberOf(c *call) (reply, *failure) {
	u, f := h.readableUser(c, actionReadMember)
	if f != nil {
		return reply{}, f
	}
	return h.memberOf(c, u.ID)
}

func (h *Handler) userMemberGroups(c *call) (reply, *failure) {
	u, f := h.readableUser(c, actionReadMember)
	if f != nil {
		return reply{}, f
	}
	return h.memberGroups(c, u.ID)
}

func (h *Handler) userCheckMemberGroups(c *call) (reply, *failure) {
	u, f := h.readableUser(c, actionReadMember)
	if f != nil {
		return reply{}, f
	}
	return h.checkMemberGroups(c, u.ID)
}
