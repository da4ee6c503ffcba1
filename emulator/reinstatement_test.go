package emulator_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"latchkey/csp"
	"latchkey/csp/builtin"
	"latchkey/emulator"
	"latchkey/emulator/world"
)

const (
	graphAPI      = "https://" + emulator.GraphHost + "/v1.0"
	partnerAPI    = "https://" + emulator.PartnerCenterHost + "/v1"
	partnerScope  = "https://api.partnercenter.microsoft.com/user_impersonation"
	graphGDAP     = "https://graph.microsoft.com/DelegatedAdminRelationship.ReadWrite.All"
	graphGroups   = "https://graph.microsoft.com/Group.Read.All"
	relationships = graphAPI + "/tenantRelationships/delegatedAdminRelationships"
)

func entraRole(name string) csp.DirectoryRoleID {
	for _, role := range builtin.EntraRoles() {
		if role.Name == name {
			return role.ID
		}
	}
	panic("no directory role " + name)
}

// loss is a town whose partner has lost everything it had at the customer: Ian is
// an admin agent and nobody's guest; Anna is the customer's Global Administrator,
// who also owns its subscription.
type loss struct {
	*town
	ian world.User
	// refresh is Ian's refresh token, as the partner's portal keeps it.
	refresh string
	azure   world.Group // those who look after customers' Azure
}

func newLoss(tb testing.TB) *loss {
	tb.Helper()
	v := &loss{town: newTown(tb)}
	v.ian = must(v.partner.AddUser(world.User{Name: "Ian Frost", UPN: "ian", Password: "frost", MFA: true}))(tb)
	v.azure = must(v.partner.AddGroup(world.Group{Name: "Azure managers"}))(tb)
	for _, pair := range [][2]csp.ObjectID{{v.azure.ID, v.ian.ID}, {v.agents.ID, v.azure.ID}} {
		if err := v.partner.AddMember(pair[0], pair[1]); err != nil {
			tb.Fatal(err)
		}
	}
	must(v.customer.AssignDirectoryRole(world.DirectoryAssignment{Principal: v.anna.ID, Role: entraRole("Global Administrator")}))(tb)
	must(v.customer.Assign(csp.RoleAssignment{Scope: v.sub.Scope(), Role: owner.ID, Principal: v.anna.ID}))(tb)

	back := newBrowser(tb, v.server.Transport()).signIn(tb, v.authorizeURL(v.partner.ID.String(), "scope", "offline_access "+partnerScope), "Ian Frost", "frost")
	_, body := v.town.token(tb, v.partner.ID.String(), v.codeForm(back.Get("code")))
	if v.refresh = body.RefreshToken; v.refresh == "" {
		tb.Fatalf("no refresh token: %s", body.Description)
	}
	return v
}

// tokenFor exchanges Ian's refresh token for one for the scope in the tenant.
func (v *loss) tokenFor(tb testing.TB, in world.Tenant, scope string) (string, tokenBody) {
	tb.Helper()
	_, body := v.town.token(tb, in.ID.String(), url.Values{
		"grant_type": {"refresh_token"}, "client_id": {v.app.ID.String()}, "client_secret": {appSecret}, "refresh_token": {v.refresh}, "scope": {scope},
	})
	return body.AccessToken, body
}

// ask sends JSON to any of the APIs.
func (v *loss) ask(tb testing.TB, bearer, method, address, body string) (int, map[string]any, http.Header) {
	tb.Helper()
	r, err := http.NewRequestWithContext(tb.Context(), method, address, strings.NewReader(body))
	if err != nil {
		tb.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+bearer)
	r.Header.Set("Content-Type", "application/json")
	got := v.send(tb, r)
	var parsed map[string]any
	if len(got.body) > 0 {
		if err := json.Unmarshal(got.body, &parsed); err != nil {
			tb.Fatalf("%s %s: %v in %s", method, address, err, got.body)
		}
	}
	return got.status, parsed, got.header
}

// anna's browser, signed in for the page at the path of the pages' origin.
func (v *loss) annaAt(tb testing.TB, b *browser, address string) page {
	tb.Helper()
	p := b.open(tb, address)
	if !strings.Contains(p.text, "Pick an account") {
		return p
	}
	p = b.press(tb, p, "Anna Berg", nil)
	p = b.press(tb, p, "Sign in", url.Values{"password": {"conto"}})
	return b.press(tb, p, "it is me", nil)
}

func text(of map[string]any, key string) string {
	s, _ := of[key].(string)
	return s
}

// TestReinstatement walks the whole way back (R34, R35), each step through the
// interface that people and programs have for it, and then takes the switches
// apart again (R23).
func TestReinstatement(t *testing.T) {
	v := newLoss(t)
	anna := newBrowser(t, v.server.Transport())
	restart := v.vm.Scope.String() + "/restart"

	if _, refused := v.tokenFor(t, v.customer, audience+"/.default"); !slices.Contains(refused.Codes, 50020) {
		t.Fatalf("before anything the partner's engineer gets %v %s", refused.Codes, refused.Description)
	}

	// The partner asks for a link and mails it; the customer's administrator opens
	// it, signs in and accepts.
	center, _ := v.tokenFor(t, v.partner, partnerScope)
	status, request, _ := v.ask(t, center, "GET", partnerAPI+"/customers/relationshiprequests", "")
	if status != 200 {
		t.Fatalf("relationship request: %d %v", status, request)
	}
	invitation := v.annaAt(t, anna, text(request, "url"))
	if !strings.Contains(invitation.text, "Ravenhill IT wants to be your reseller") {
		t.Fatalf("the invitation is %s", invitation.text)
	}
	if v.world.IsReseller(v.partner.ID, v.customer.ID) {
		t.Fatal("opening the link was enough")
	}
	if accepted := anna.press(t, invitation, "Accept", nil); !strings.Contains(accepted.text, "is a reseller of Contoso") {
		t.Fatalf("accepting: %d %s", accepted.status, accepted.text)
	}
	if status, got, _ := v.ask(t, center, "GET", partnerAPI+"/customers/"+v.customer.ID.String(), ""); status != 200 || got["allowDelegatedAccess"] != false {
		t.Fatalf("the customer is in Partner Center: %d %v", status, got)
	}

	// A GDAP relationship: proposed, locked, approved on the page.
	gdap, _ := v.tokenFor(t, v.partner, graphGDAP)
	status, proposal, header := v.ask(t, gdap, "POST", relationships, `{"displayName":"LK Contoso","duration":"P365D","customer":{"tenantId":"`+v.customer.ID.String()+
		`"},"accessDetails":{"unifiedRoles":[{"roleDefinitionId":"`+entraRole("Directory Readers").String()+`"}]}}`)
	if status != 201 || header.Get("ETag") == "" {
		t.Fatalf("proposing: %d %v", status, proposal)
	}
	at := relationships + "/" + text(proposal, "id")
	if status, got, _ := v.ask(t, gdap, "POST", at+"/requests", `{"action":"lockForApproval"}`); status != 201 {
		t.Fatalf("locking: %d %v", status, got)
	}
	front := v.annaAt(t, anna, pages+"/AdminPortal/Home#/partners/invitation/granularAdminRelationships/"+text(proposal, "id"))
	link := "https://admin.microsoft.com/AdminPortal/Home#/partners/invitation/granularAdminRelationships/" + text(proposal, "id")
	if !strings.Contains(front.text, "LK Contoso") {
		t.Errorf("the first page does not show what waits: %s", front.text)
	}
	approval := anna.open(t, pages+"/AdminPortal/Home?link="+url.QueryEscape(link))
	if !strings.Contains(approval.text, "Directory Readers") {
		t.Fatalf("the approval page is %s", approval.text)
	}
	if approved := anna.press(t, approval, "Approve all", nil); approved.status != 200 {
		t.Fatalf("approving: %d %s", approved.status, approved.text)
	}
	if _, got, _ := v.ask(t, gdap, "GET", at, ""); text(got, "status") != "active" {
		t.Fatalf("the relationship is %v", got)
	}
	status, access, _ := v.ask(t, gdap, "POST", at+"/accessAssignments", `{"accessContainer":{"accessContainerId":"`+v.azure.ID.String()+
		`","accessContainerType":"securityGroup"},"accessDetails":{"unifiedRoles":[{"roleDefinitionId":"`+entraRole("Directory Readers").String()+`"}]}}`)
	if status != 201 {
		t.Fatalf("access assignment: %d %v", status, access)
	}
	if _, got, _ := v.ask(t, gdap, "GET", at+"/accessAssignments/"+text(access, "id"), ""); text(got, "status") != "active" {
		t.Fatalf("the access assignment is %v", got)
	}

	// Now the engineer gets into the tenant, and has nothing in Azure yet (R22).
	ian, refused := v.tokenFor(t, v.customer, audience+"/.default")
	if ian == "" {
		t.Fatalf("the exchange into the customer's tenant: %s", refused.Description)
	}
	if c := claimsOf(t, v.town, ian); c.Tenant != v.customer.ID.String() || c.Object != v.ian.ID.String() || !slices.Contains(c.Groups, v.agents.ID.String()) || !slices.Contains(c.WIDs, entraRole("Directory Readers").String()) {
		t.Errorf("the token says %+v", c)
	}
	if status, _ := v.call(t, ian, http.MethodPost, restart, ""); status != 403 {
		t.Errorf("without an assignment he restarts: %d", status)
	}

	// The object id of AdminAgents is from the partner's directory (R35); an owner
	// of the subscription makes the assignment (R36).
	directory, _ := v.tokenFor(t, v.partner, graphGroups)
	_, groups, _ := v.ask(t, directory, "GET", graphAPI+"/groups?$filter="+url.QueryEscape("displayName eq 'AdminAgents'"), "")
	found, _ := groups["value"].([]any)
	if len(found) != 1 {
		t.Fatalf("the partner's AdminAgents: %v", groups)
	}
	group, _ := found[0].(map[string]any)
	if text(group, "id") != v.agents.ID.String() {
		t.Fatalf("its id is %v", group)
	}
	customers := v.userToken(t, v.customer, "Anna Berg", "conto")
	name := newName()
	status, body := v.call(t, customers, http.MethodPut, v.assignmentPath(v.sub.Scope(), name), put(owner, v.agents.ID, "ForeignGroup"))
	if status != 201 || body.Properties.PrincipalType != "ForeignGroup" {
		t.Fatalf("assigning the foreign group: %d %s", status, body.Error.Message)
	}
	if status, body := v.call(t, ian, http.MethodPost, restart, ""); status >= 300 {
		t.Fatalf("the engineer restarts the machine: %d %s", status, body.Error.Message)
	}
	if vm, _ := v.world.VM(v.vm.Scope); vm.Restarts != 1 {
		t.Errorf("restarted %d times", vm.Restarts)
	}

	v.takeApart(t, anna, ian, restart, name)
}

// takeApart turns the switches off one by one, and sees what each leaves (R23).
func (v *loss) takeApart(t *testing.T, anna *browser, ian, restart, name string) {
	t.Helper()
	stands := func(what string) {
		t.Helper()
		list := v.customer.AssignmentsAbove(v.sub.Scope())
		if !slices.ContainsFunc(list, func(a world.Assignment) bool { return a.Name.String() == name && a.PrincipalType == csp.ForeignGroup }) {
			t.Errorf("%s: the foreign group's assignment has gone (R21)", what)
		}
	}
	partners := v.annaAt(t, anna, pages+"/AdminPortal/Home/partners")
	for _, want := range []string{"Ravenhill IT", "LK Contoso", "Owner at " + v.sub.Scope().String(), "Remove Ravenhill IT as reseller"} {
		if !strings.Contains(partners.text, want) {
			t.Errorf("the page of partners does not say %q", want)
		}
	}
	partners = anna.press(t, partners, "Remove Ravenhill IT as reseller", nil)
	stands("without a reseller relationship")
	if status, _ := v.call(t, ian, http.MethodPost, restart, ""); status >= 300 {
		t.Errorf("without a reseller relationship the engineer is refused: %d", status)
	}
	anna.press(t, partners, "End LK Contoso", nil)
	stands("without GDAP")
	if _, refused := v.tokenFor(t, v.customer, audience+"/.default"); !slices.Contains(refused.Codes, 50020) {
		t.Errorf("without GDAP the engineer still gets a token: %v %s", refused.Codes, refused.Description)
	}
	if left := anna.open(t, pages+"/AdminPortal/Home/partners"); !strings.Contains(left.text, "Owner at "+v.sub.Scope().String()) || strings.Contains(left.text, "End LK Contoso") {
		t.Errorf("afterwards the page says %s", left.text)
	}
}
