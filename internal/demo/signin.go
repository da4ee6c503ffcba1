package demo

import (
	"context"
	"fmt"
)

// The accounts people pick on the sign-in page.
const (
	JamesAccount = "james@alder-cloud.example"
	OlgaAccount  = "olga@alder-cloud.example"
	CaseyAccount = "casey@brightwater.example"
)

// SignIn takes a visitor through the emulated sign-in pages, from wherever they
// were opened, with the account given; he ends up where they send him.
func SignIn(ctx context.Context, v *Visitor, page *Page, account string) (*Page, error) {
	for range 8 { // account, password, second step, continue; and once around for good measure
		var err error
		switch page.Title() {
		case "Pick an account":
			page, err = v.Press(ctx, page, account, nil)
		case "Enter password":
			page, err = v.Press(ctx, page, "Sign in", map[string]string{"password": Password})
		case "Approve the sign-in":
			page, err = v.Press(ctx, page, "Yes, it is me", nil)
		case "Signed in":
			page, err = v.Press(ctx, page, "Continue", nil)
		default:
			return page, nil
		}
		if err != nil {
			return nil, err
		}
	}
	return nil, fmt.Errorf("%s is sent round in circles by the sign-in pages", v.Name)
}

// openSignedIn opens a page of the portal that asks for a sign-in at Brightwater,
// and signs in there with the account.
func openSignedIn(ctx context.Context, v *Visitor, address, account string) (*Page, error) {
	page, err := v.Open(ctx, address)
	if err != nil {
		return nil, err
	}
	if page, err = v.Follow(ctx, page, "Sign in to Brightwater"); err != nil {
		return nil, err
	}
	return SignIn(ctx, v, page, account)
}
