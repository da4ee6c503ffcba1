package graph_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"latchkey/csp"
	"latchkey/emulator/world"
)

func (v *town) invitation(address string) string {
	return `{"invitedUserEmailAddress":"` + address + `","inviteRedirectUrl":"https://myapps.example/","sendInvitationMessage":false}`
}

// redeem opens the link of an invitation and presses its button.
func (v *town) redeem(link, method, account string) answer {
	v.tb.Helper()
	form := url.Values{"account": {account}}
	if at, err := url.Parse(link); err == nil {
		form.Set("rd", at.Query().Get("rd"))
	}
	r := v.request("", method, strings.TrimPrefix(link, origin), form.Encode(), "Content-Type", "application/x-www-form-urlencoded")
	if method == http.MethodPost {
		r.URL.RawQuery = ""
	}
	return v.raw(r)
}

func TestInvitationIsRedeemedOnItsPage(t *testing.T) {
	v := newTown(t)
	kim := must(v.partner.AddUser(world.User{Name: "Kim Roe", UPN: "kim", Mail: "kim@ravenhill.example"}))(t)
	inviter := v.asApp("User.Invite.All")
	got := v.call(inviter, "POST", "/v1.0/invitations", v.invitation("kim@ravenhill.example"))
	if got.status != 201 || got.text("status") != "PendingAcceptance" || !strings.HasPrefix(got.text("inviteRedeemUrl"), origin+"/redeem?") {
		t.Fatalf("%d %s", got.status, got.raw)
	}
	link := got.text("inviteRedeemUrl")
	invited, _ := got.body["invitedUser"].(map[string]any)
	id, _ := invited["id"].(string)
	shown := v.call(inviter, "GET", "/v1.0/users/"+id+"?$select=userType,externalUserState", "")
	v.want(shown, 403, "Authorization_RequestDenied")
	shown = v.call(v.asUser(v.anna, everything), "GET", "/v1.0/users/"+id+"?$select=userType,externalUserState,userPrincipalName", "")
	if shown.text("externalUserState") != "PendingAcceptance" || shown.text("userPrincipalName") != "kim_ravenhill.example#EXT#@contoso.example" {
		t.Errorf("%s", shown.raw)
	}
	if _, err := v.world.Enter(kim.Account(), v.customer.ID); world.LawOf(err) != world.InvitationPending {
		t.Errorf("before he accepted: %v", err)
	}
	again := v.call(inviter, "POST", "/v1.0/invitations", v.invitation("KIM@ravenhill.example"))
	if invited, _ = again.body["invitedUser"].(map[string]any); again.status != 201 || invited["id"] != id {
		t.Errorf("invited again: %d %s", again.status, again.raw)
	}
	if got := v.redeem(link, "GET", ""); got.status != 200 || !strings.Contains(got.raw, "Contoso invited you") {
		t.Errorf("the page: %d %s", got.status, got.raw)
	}
	if _, err := v.world.Enter(kim.Account(), v.customer.ID); world.LawOf(err) != world.InvitationPending {
		t.Errorf("opening the link accepted: %v", err)
	}
	if got := v.redeem(link, "POST", ""); got.status != 200 || !strings.Contains(got.raw, "has accepted") {
		t.Errorf("the button: %d %s", got.status, got.raw)
	}
	if who, err := v.world.Enter(kim.Account(), v.customer.ID); err != nil || !who.Guest || who.Object.String() != id {
		t.Errorf("after he accepted: %+v %v", who, err)
	}
	history := v.world.History()
	if e := history[len(history)-1]; e.Kind != world.GuestRedeemed || e.By.Name != kim.UPN || e.Answered.IsZero() {
		t.Errorf("the history says %+v", e)
	}
	got = v.call(inviter, "POST", "/v1.0/invitations", strings.Replace(v.invitation("kim@ravenhill.example"), `"sendInv`, `"resetRedemption":true,"sendInv`, 1))
	if got.text("status") != "PendingAcceptance" {
		t.Errorf("reset: %s", got.raw)
	}
	if _, err := v.world.Enter(kim.Account(), v.customer.ID); world.LawOf(err) != world.InvitationPending {
		t.Errorf("after a reset: %v", err)
	}
}

func TestInvitationOfAnAddressNobodyHas(t *testing.T) {
	v := newTown(t)
	got := v.call(v.asUser(v.anna, everything), "POST", "/v1.0/invitations", v.invitation("lee@freemail.example"))
	if got.status != 201 {
		t.Fatalf("%d %s", got.status, got.raw)
	}
	link := got.text("inviteRedeemUrl")
	if got := v.redeem(link, "POST", "nobody@nowhere.example"); got.status != 400 {
		t.Errorf("by nobody: %d %s", got.status, got.raw)
	}
	lee := must(v.partner.AddUser(world.User{Name: "Lee", UPN: "lee"}))(t)
	if got := v.redeem(link, "POST", "lee@ravenhill.example"); got.status != 200 {
		t.Errorf("by an account: %d %s", got.status, got.raw)
	}
	if who, err := v.world.Enter(lee.Account(), v.customer.ID); err != nil || !who.Guest {
		t.Errorf("%+v %v", who, err)
	}
}

func TestInvitationsThatAreRefused(t *testing.T) {
	v := newTown(t)
	inviter := v.asApp("User.Invite.All")
	v.want(v.call(v.asApp("User.Read.All"), "POST", "/v1.0/invitations", v.invitation("x@y.example")), 403, "Authorization_RequestDenied")
	v.want(v.call(v.asUser(v.guest, everything), "POST", "/v1.0/invitations", v.invitation("x@y.example")), 403, "Authorization_RequestDenied")
	for _, body := range []string{`{}`, v.invitation(""), v.invitation("nonsense"), v.invitation("anna@contoso.example"), `{"invitedUserEmailAddress":"x@y.example"}`, strings.Replace(v.invitation("x@y.example"), "{", `{"invitedUserType":"Member",`, 1)} {
		v.want(v.call(inviter, "POST", "/v1.0/invitations", body), 400, "BadRequest")
	}
	for _, link := range []string{"/redeem", "/redeem?rd=x", "/redeem?rd=%zz"} {
		if got := v.redeem(origin+link, "POST", ""); got.status != 404 && got.status != 400 {
			t.Errorf("%s: %d", link, got.status)
		}
	}
	got := v.call(inviter, "POST", "/v1.0/invitations", v.invitation("gone@y.example"))
	invited, _ := got.body["invitedUser"].(map[string]any)
	id, _ := invited["id"].(string)
	if err := v.world.RemoveUser(v.customer.ID, csp.MustParseID[csp.Principal](id)); err != nil {
		t.Fatal(err)
	}
	if got := v.redeem(got.text("inviteRedeemUrl"), "POST", ""); got.status != http.StatusGone {
		t.Errorf("a withdrawn one: %d", got.status)
	}
}
