package emulator_test

import (
	"context"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/url"
	"strings"

	"latchkey/csp"
	"latchkey/csp/builtin"
	"latchkey/emulator"
	"latchkey/emulator/registry"
	"latchkey/emulator/world"
)

// A world of one tenant, an application with the role Reader on a subscription,
// and a call to Azure Resource Manager with a token it fetched, all without a
// socket. A program that needs sockets calls [emulator.Server.Start] instead.
func Example() {
	w := world.New(world.Options{Roles: builtin.AzureRoles()})
	tenant, err := w.AddTenant(csp.Tenant{Name: "Contoso", DefaultDomain: "contoso.example"})
	if err != nil {
		log.Fatal(err)
	}
	subscription, err := tenant.AddSubscription(csp.Subscription{Name: "Production"})
	if err != nil {
		log.Fatal(err)
	}
	app, err := tenant.AddApp(registry.App{Name: "Inventory", Secret: "not so secret"})
	if err != nil {
		log.Fatal(err)
	}
	account, err := tenant.AddServicePrincipal(app.ID, csp.ObjectID{})
	if err != nil {
		log.Fatal(err)
	}
	reader, _ := builtin.AzureRoleNamed("Reader")
	if _, err := tenant.Assign(csp.RoleAssignment{Scope: subscription.Scope(), Role: reader.ID, Principal: account.ID}); err != nil {
		log.Fatal(err)
	}
	server, err := emulator.New(emulator.Options{World: w})
	if err != nil {
		log.Fatal(err)
	}

	client := &http.Client{Transport: server.Transport()}
	ask := func(method, address, token string, form url.Values) string {
		r, err := http.NewRequestWithContext(context.Background(), method, address, strings.NewReader(form.Encode()))
		if err != nil {
			log.Fatal(err)
		}
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Authorization", "Bearer "+token)
		response, err := client.Do(r)
		if err != nil {
			log.Fatal(err)
		}
		defer func() { _ = response.Body.Close() }()
		body, err := io.ReadAll(response.Body)
		if err != nil {
			log.Fatal(err)
		}
		return string(body)
	}
	answer := ask(http.MethodPost, "https://"+emulator.LoginHost+"/contoso.example/oauth2/v2.0/token", "", url.Values{
		"grant_type": {"client_credentials"}, "client_id": {app.ID.String()}, "client_secret": {"not so secret"},
		"scope": {"https://management.azure.com/.default"},
	})
	_, rest, _ := strings.Cut(answer, `"access_token":"`)
	token, _, _ := strings.Cut(rest, `"`)
	list := ask(http.MethodGet, "https://"+emulator.ARMHost+"/subscriptions?api-version=2022-12-01", token, nil)
	fmt.Println(strings.Contains(list, `"displayName":"Production"`))

	for _, e := range w.History()[5:] {
		fmt.Printf("%s, by %s\n", e.Kind, e.By.Name)
	}
	// Output:
	// true
	// token issued, by Inventory
}
