package token

import "strings"

// Claims is what a token says. One type serves identity tokens, and access
// tokens of version 1.0 as Azure Resource Manager gets them; a claim that is
// empty is left out.
type Claims struct {
	Issuer    string `json:"iss"`
	Audience  string `json:"aud"`
	Subject   string `json:"sub"`
	Expires   int64  `json:"exp"`
	NotBefore int64  `json:"nbf"`
	IssuedAt  int64  `json:"iat"`
	Version   string `json:"ver"`

	// Tenant is where the sign-in took place; Object is who that is there (R2).
	Tenant string `json:"tid"`
	Object string `json:"oid"`
	// Acct is 0 for a member of Tenant and 1 for a guest.
	Acct *int `json:"acct,omitempty"`
	// IdentityProvider is the issuer of the home tenant, for guests only.
	IdentityProvider string `json:"idp,omitempty"`

	Name              string `json:"name,omitempty"`
	PreferredUsername string `json:"preferred_username,omitempty"`
	UPN               string `json:"upn,omitempty"`
	UniqueName        string `json:"unique_name,omitempty"`
	Email             string `json:"email,omitempty"`

	Nonce    string   `json:"nonce,omitempty"`
	AuthTime int64    `json:"auth_time,omitempty"`
	AMR      []string `json:"amr,omitempty"`
	ACR      string   `json:"acr,omitempty"`
	ACRS     []string `json:"acrs,omitempty"`

	// Groups are frozen when the token is issued: a membership that ends later
	// is still in it until it expires.
	Groups []string `json:"groups,omitempty"`

	AppID          string   `json:"appid,omitempty"`
	AppIDACR       string   `json:"appidacr,omitempty"`
	AppDisplayName string   `json:"app_displayname,omitempty"`
	IDType         string   `json:"idtyp,omitempty"` // "app" or "user"
	Scopes         string   `json:"scp,omitempty"`
	XMSCC          []string `json:"xms_cc,omitempty"` // ["CP1"]: the client understands claims challenges
	TokenID        string   `json:"uti,omitempty"`
}

// IsForResourceManager says whether the audience is one of Azure's own names for
// Azure Resource Manager, with or without a slash at its end.
func IsForResourceManager(audience string) bool {
	switch strings.TrimSuffix(audience, "/") {
	case "https://management.azure.com", "https://management.core.windows.net", "797f4846-ba00-4fd7-ba71-dac1f8f63013":
		return true
	}
	return false
}
