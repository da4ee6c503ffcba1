package graph

import (
	"latchkey/csp"
	"latchkey/emulator/odata"
	"latchkey/emulator/world"
)

// deletedRoutes are the directory's bin, which keeps accounts for thirty days, and
// its administrative units, of which there are none.
func (h *Handler) deletedRoutes() []route {
	const bin = "/directory/deletedItems"
	permissions := "User.DeleteRestore.All " + writeUsers
	readUnits := "AdministrativeUnit.Read.All AdministrativeUnit.ReadWrite.All " + readDirectory
	return []route{
		{"GET", "/directory/administrativeUnits", readUnits, actionReadUsers, h.listNoUnits},
		{"GET", "/directory/administrativeUnits/{unit}", readUnits, actionReadUsers, h.getNoUnit},
		{"GET", "/administrativeUnits", readUnits, actionReadUsers, h.listNoUnits},
		{"GET", bin + "/microsoft.graph.user", readUsers, "", h.listDeleted},
		{"GET", bin + "/microsoft.graph.group", readGroups, actionReadGroups, h.listNoGroups},
		{"GET", bin + "/{object}", readUsers, "", h.getDeleted},
		{"POST", bin + "/{object}/restore", permissions, "", h.restoreDeleted},
		{"DELETE", bin + "/{object}", permissions, "", h.purgeDeleted},
	}
}

func (h *Handler) deletedEntity(c *call, u world.DeletedUser) odata.Entity {
	e := h.userEntity(c.tenant, u.User)
	e["userPrincipalName"], e["deletedDateTime"] = u.HiddenUPN(), odata.Moment(u.Deleted)
	return e
}

// deletedUserType is a user that always tells when it was deleted.
var deletedUserType = &odata.Type{
	Name: userType.Name, Directory: true, Properties: userType.Properties, Links: userType.Links,
	Default: append([]string{"deletedDateTime"}, userType.Default...),
}

// mayReadBin: who was deleted is shown to those who hold a role, and to
// applications that may read users.
func mayReadBin(c *call) *failure {
	if c.isApp() || len(c.caller.Roles) > 0 {
		return nil
	}
	return denied()
}

func (h *Handler) listDeleted(c *call) (reply, *failure) {
	if f := mayReadBin(c); f != nil {
		return reply{}, f
	}
	l := collection{on: deletedUserType, context: "users"}
	for _, u := range c.tenant.DeletedUsers() {
		l.all = append(l.all, h.deletedEntity(c, u))
	}
	return c.list(l)
}

// listNoGroups: security groups are deleted at once, and for good.
func (h *Handler) listNoGroups(c *call) (reply, *failure) {
	return c.list(collection{on: groupType, context: "groups"})
}

func (h *Handler) findDeleted(c *call) (world.DeletedUser, *failure) {
	id, err := csp.ParseID[csp.Principal](c.params["object"])
	if u, known := c.tenant.DeletedUser(id); err == nil && known {
		return u, nil
	}
	return world.DeletedUser{}, notFound(c.params["object"])
}

func (h *Handler) getDeleted(c *call) (reply, *failure) {
	if f := mayReadBin(c); f != nil {
		return reply{}, f
	}
	u, f := h.findDeleted(c)
	if f != nil {
		return reply{}, f
	}
	return c.one(collection{on: deletedUserType, context: "directoryObjects", typed: true}, h.deletedEntity(c, u))
}

// mayEmpty asks for one of the rights to restore an account, or to delete it for good.
func (h *Handler) mayEmpty(c *call, u world.User, actions ...string) *failure {
	for _, action := range actions {
		if h.mayTouch(c, "User.DeleteRestore.All "+writeUsers, "microsoft.directory/"+action, u) {
			return nil
		}
	}
	return denied()
}

func (h *Handler) restoreDeleted(c *call) (reply, *failure) {
	gone, f := h.findDeleted(c)
	if f != nil {
		return reply{}, f
	}
	if f := h.mayEmpty(c, gone.User, "deletedItems.users/restore", "deletedItems/restore", "users/restore"); f != nil {
		return reply{}, f
	}
	u, err := c.as().RestoreUser(gone.ID)
	if err != nil {
		return reply{}, refusalFailure(err, gone.ID.String())
	}
	return c.one(collection{on: userType, context: "directoryObjects", typed: true}, h.userEntity(c.tenant, u))
}

func (h *Handler) purgeDeleted(c *call) (reply, *failure) {
	gone, f := h.findDeleted(c)
	if f != nil {
		return reply{}, f
	}
	if f := h.mayEmpty(c, gone.User, "users/delete", "deletedItems/delete"); f != nil {
		return reply{}, f
	}
	if err := c.as().PurgeUser(gone.ID); err != nil {
		return reply{}, refusalFailure(err, gone.ID.String())
	}
	return noContent()
}

var unitType = &odata.Type{
	Name: "microsoft.graph.administrativeUnit", Directory: true,
	Properties: properties([]string{"id", "displayName", "description", "visibility", "membershipType", "membershipRule"}, []string{"isMemberManagementRestricted"}, []string{"deletedDateTime"}, nil, nil, nil),
}

func (h *Handler) listNoUnits(c *call) (reply, *failure) {
	return c.list(collection{on: unitType, context: "administrativeUnits"})
}

func (h *Handler) getNoUnit(c *call) (reply, *failure) {
	return reply{}, notFound(c.params["unit"])
}
