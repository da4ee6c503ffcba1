package admincenter

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"latchkey/csp"
	"latchkey/emulator/gdap"
	"latchkey/emulator/world"
)

type relationshipView struct {
	Person                personView
	Partner, Name, Status string
	Days, Extends         int
	Roles                 []roleView
	Pending, May          bool
}

type roleView struct {
	Name       string
	Privileged bool
}

// relationship shows a GDAP relationship, and takes the customer's decision while
// it waits for one. A relationship that no customer is named in yet is shown to
// whoever has its link.
func (h *Handler) relationship(v *visit, rawID string) {
	id, err := gdap.ParseID(rawID)
	r, known := h.World.Relationship(id)
	if err != nil || !known || !r.Customer.IsZero() && r.Customer != v.tenant.ID || r.Status == csp.GDAPCreated {
		h.say(v.w, http.StatusNotFound, "There is no such invitation", "It does not exist, is not for your organization, or has not been sent yet.")
		return
	}
	if v.r.Method == http.MethodPost {
		switch v.r.PostForm.Get("decision") {
		case "approve":
			_, err = h.World.ApproveRelationship(v.actor, id, v.tenant.ID)
		case "reject":
			_, err = h.World.RejectRelationship(v.actor, id, v.tenant.ID)
		default:
			h.say(v.w, http.StatusBadRequest, "The form could not be read", "Nothing was done.")
			return
		}
		if err != nil {
			h.refuse(v, err)
			return
		}
		http.Redirect(v.w, v.r, v.r.URL.Path, http.StatusSeeOther)
		return
	}
	view := relationshipView{
		Person: v.person(), Partner: h.nameOf(r.Partner), Name: r.Name, Status: string(r.Status),
		Days: r.Days, Extends: r.ExtendDays, Pending: r.Status == csp.GDAPApprovalPending, May: h.World.MayAnswer(v.actor, v.tenant.ID),
	}
	for _, id := range r.Roles {
		role, _ := h.World.DirectoryRole(id)
		view.Roles = append(view.Roles, roleView{role.Name, role.Privileged})
	}
	h.show(v, http.StatusOK, "relationship.html", view)
}

type partnersView struct {
	Person   personView
	Message  string
	May      bool
	Partners []partnerView
}

type partnerView struct {
	ID, Name      string
	Reseller, DAP bool
	Kind          string
	Relationships []gdapView
	Azure         []string
}

type gdapView struct {
	ID, Name, Status, Until, Address string
	Active                           bool
}

// partners shows what each partner has, switch by switch (R23), and turns one off.
func (h *Handler) partners(v *visit) {
	message := ""
	if v.r.Method == http.MethodPost {
		var err error
		if message, err = h.turnOff(v); err != nil {
			h.refuse(v, err)
			return
		}
	}
	view := partnersView{Person: v.person(), Message: message, May: h.mayDecide(v)}
	for _, t := range h.World.PartnersOf(v.tenant.ID) {
		view.Partners = append(view.Partners, h.partnerView(v, t))
	}
	h.show(v, http.StatusOK, "partners.html", view)
}

func (h *Handler) turnOff(v *visit) (string, error) {
	form := v.r.PostForm
	if form.Get("switch") == "gdap" {
		id, err := gdap.ParseID(form.Get("relationship"))
		if err != nil {
			return "", err
		}
		_, err = h.World.TerminateRelationship(v.actor, id)
		return "The relationship ends. The other switches are as they were.", err
	}
	partner, err := csp.ParseID[csp.Tenant](form.Get("partner"))
	if err != nil {
		return "", err
	}
	if form.Get("switch") == "dap" {
		return "Delegated administration has ended. The other switches are as they were.", h.World.RemoveDAP(v.actor, partner, v.tenant.ID)
	}
	return "The partner is no longer your reseller. The other switches are as they were.", h.World.DismissReseller(v.actor, partner, v.tenant.ID)
}

func (h *Handler) partnerView(v *visit, t world.Tenant) partnerView {
	view := partnerView{ID: t.ID.String(), Name: t.Name}
	for _, p := range h.World.Partnerships() {
		if p.Partner == t.ID && p.Customer == v.tenant.ID {
			view.Reseller, view.DAP, view.Kind = p.Reseller, p.DAP, string(p.Kind)
		}
	}
	for _, r := range h.World.RelationshipsOf(v.tenant.ID) {
		if r.Partner == t.ID {
			view.Relationships = append(view.Relationships, gdapView{
				ID: r.ID.String(), Name: r.Name, Status: string(r.Status), Until: day(r.Ends),
				Address: invitation + r.ID.String(), Active: r.Status == csp.GDAPActive,
			})
		}
	}
	view.Azure = h.azure(v, t.ID)
	return view
}

// azure lists the partner's groups that hold roles in the tenant's subscriptions.
func (h *Handler) azure(v *visit, partner csp.TenantID) []string {
	var groups []csp.ObjectID
	for _, g := range h.World.AgentGroups(partner) {
		groups = append(groups, g.ID)
	}
	var list []string
	for _, a := range append(v.tenant.AssignmentsAbove(csp.Root()), v.tenant.AssignmentsBelow(csp.Root())...) {
		if a.PrincipalType == csp.ForeignGroup && slices.Contains(groups, a.Principal) {
			role, _ := v.tenant.Role(a.Role)
			list = append(list, strings.Join([]string{role.Name, "at", a.Scope.String()}, " "))
		}
	}
	return list
}

func day(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.Format("2 January 2006")
}
