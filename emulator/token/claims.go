package token

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"time"

	"latchkey/csp"
)

// Claims is what a token says. One type serves identity tokens and access tokens
// of both versions; a claim that is empty is left out.
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
	// IdentityProvider is the issuer of the home tenant, where that is another
	// one: for guests and delegated administrators. For applications it is
	// their own tenant's.
	IdentityProvider string `json:"idp,omitempty"`

	Name              string `json:"name,omitempty"`
	PreferredUsername string `json:"preferred_username,omitempty"`
	UPN               string `json:"upn,omitempty"`
	UniqueName        string `json:"unique_name,omitempty"`
	Email             string `json:"email,omitempty"`

	Nonce    string   `json:"nonce,omitempty"`
	CodeHash string   `json:"c_hash,omitempty"`
	AuthTime int64    `json:"auth_time,omitempty"`
	AMR      []string `json:"amr,omitempty"` // "pwd", "mfa"
	ACR      string   `json:"acr,omitempty"`
	ACRS     []string `json:"acrs,omitempty"` // authentication contexts that were satisfied

	// Groups are frozen when the token is issued: a membership that ends later
	// is still in it until it expires. Above 200 there are none; ClaimNames and
	// ClaimSources then say where to ask (see GroupsElsewhere).
	Groups       []string               `json:"groups,omitempty"`
	ClaimNames   map[string]string      `json:"_claim_names,omitempty"`
	ClaimSources map[string]ClaimSource `json:"_claim_sources,omitempty"`
	// WIDs are the template ids of the directory roles held in the whole tenant.
	WIDs []string `json:"wids,omitempty"`

	AppID          string   `json:"appid,omitempty"`    // version 1.0
	AppIDACR       string   `json:"appidacr,omitempty"` // "0" public, "1" secret, "2" certificate
	AZP            string   `json:"azp,omitempty"`      // version 2.0
	AZPACR         string   `json:"azpacr,omitempty"`
	AppDisplayName string   `json:"app_displayname,omitempty"`
	IDType         string   `json:"idtyp,omitempty"` // "app" or "user"
	Scopes         string   `json:"scp,omitempty"`   // delegated permissions, separated by spaces
	Roles          []string `json:"roles,omitempty"` // application permissions
	XMSCC          []string `json:"xms_cc,omitempty"`
	TokenID        string   `json:"uti,omitempty"`
	// Carried is opaque to all but the sign-in service: the session behind the
	// token, from which on-behalf-of goes on.
	Carried string `json:"rh,omitempty"`
}

// ClaimSource is where a claim that did not fit is to be had.
type ClaimSource struct {
	Endpoint string `json:"endpoint"`
}

// ForApp says whether an application holds the token as itself.
func (c Claims) ForApp() bool { return c.IDType == "app" }

// Client is the id of the application that asked for the token.
func (c Claims) Client() string {
	if c.AZP != "" {
		return c.AZP
	}
	return c.AppID
}

// HasScope says whether a delegated permission is among Scopes.
func (c Claims) HasScope(name string) bool {
	for s := range strings.FieldsSeq(c.Scopes) {
		if strings.EqualFold(s, name) {
			return true
		}
	}
	return false
}

// GroupsElsewhere says whether the groups were too many for the token: the
// reader has to ask the directory for them.
func (c Claims) GroupsElsewhere() bool { return c.ClaimNames["groups"] != "" }

// HandlesChallenges says whether the client told that it understands claims
// challenges (CP1): it may be refused before the token expires.
func (c Claims) HandlesChallenges() bool {
	for _, capability := range c.XMSCC {
		if strings.EqualFold(capability, "CP1") {
			return true
		}
	}
	return false
}

// Holder is whom a token speaks for.
type Holder struct {
	Tenant csp.TenantID
	Object csp.ObjectID
	// Home is the tenant of the account; for members and applications it is Tenant.
	Home   csp.TenantID
	Issued time.Time
}

// Holder reads the ids of the token. A token of this package has them all.
func (c Claims) Holder() (Holder, error) {
	tenant, err1 := csp.ParseID[csp.Tenant](c.Tenant)
	object, err2 := csp.ParseID[csp.Principal](c.Object)
	h := Holder{Tenant: tenant, Object: object, Home: tenant, Issued: c.Issued()}
	if c.IdentityProvider == "" {
		return h, errors.Join(err1, err2)
	}
	home, found := strings.CutPrefix(strings.TrimSuffix(c.IdentityProvider, "/"), "https://sts.windows.net/")
	if !found {
		return h, fmt.Errorf("token: %q is no tenant's issuer", c.IdentityProvider)
	}
	var err3 error
	h.Home, err3 = csp.ParseID[csp.Tenant](home)
	return h, errors.Join(err1, err2, err3)
}

// NewID is a token id that remembers, for Issued, when it was made.
func NewID(at time.Time, random [16]byte) string {
	binary.BigEndian.PutUint64(random[:8], uint64(at.UnixNano()))
	return base64.RawURLEncoding.EncodeToString(random[:])
}

// Issued is when the token was made, to the nanosecond where its id says so:
// whoever revokes a session in the same second must not hit the next token.
func (c Claims) Issued() time.Time {
	second := time.Unix(c.IssuedAt, 0)
	raw, err := base64.RawURLEncoding.DecodeString(c.TokenID)
	if err != nil || len(raw) != 16 {
		return second
	}
	exact := time.Unix(0, int64(binary.BigEndian.Uint64(raw[:8])))
	if exact.Before(second) || exact.Sub(second) >= time.Second {
		return second
	}
	return exact
}

// Half is what c_hash and at_hash are: the left half of the text's SHA-256; empty
// for no text.
func Half(text string) string {
	if text == "" {
		return ""
	}
	sum := sha256.Sum256([]byte(text))
	return base64.RawURLEncoding.EncodeToString(sum[:sha256.Size/2])
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

// IsForGraph says whether the audience is one of Microsoft's own names for
// Microsoft Graph, with or without a slash at its end.
func IsForGraph(audience string) bool {
	switch strings.TrimSuffix(audience, "/") {
	case "https://graph.microsoft.com", "00000003-0000-0000-c000-000000000000":
		return true
	}
	return false
}

// IsForPartnerCenter says whether the audience is one of Microsoft's own names
// for the Partner Center API, with or without a slash at its end.
func IsForPartnerCenter(audience string) bool {
	switch strings.TrimSuffix(audience, "/") {
	case "https://api.partnercenter.microsoft.com", "fa3d9a0c-3fb0-42cc-9193-47c7ecd2edbd":
		return true
	}
	return false
}
