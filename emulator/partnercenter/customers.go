package partnercenter

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"

	"latchkey/csp"
	"latchkey/emulator/world"
)

type customerBody struct {
	ID                    string           `json:"id"`
	CommerceID            string           `json:"commerceId"`
	CompanyProfile        companyBody      `json:"companyProfile"`
	BillingProfile        *billingBody     `json:"billingProfile,omitempty"`
	RelationshipToPartner string           `json:"relationshipToPartner"`
	AllowDelegatedAccess  *bool            `json:"allowDelegatedAccess,omitempty"`
	UserCredentials       *credentialsBody `json:"userCredentials,omitempty"`
	EnableGDAPByDefault   *bool            `json:"enableGDAPByDefault,omitempty"`
	AssociatedPartnerID   string           `json:"associatedPartnerId,omitempty"`
	Links                 *links           `json:"links,omitempty"`
	Attributes            attributes       `json:"attributes"`
}

type companyBody struct {
	TenantID    string       `json:"tenantId"`
	Domain      string       `json:"domain"`
	CompanyName string       `json:"companyName"`
	Email       string       `json:"email,omitempty"`
	Address     *addressBody `json:"address,omitempty"`
	Attributes  attributes   `json:"attributes"`
}

type billingBody struct {
	ID             string      `json:"id"`
	Email          string      `json:"email"`
	FirstName      string      `json:"firstName"`
	LastName       string      `json:"lastName"`
	Culture        string      `json:"culture"`
	Language       string      `json:"language"`
	CompanyName    string      `json:"companyName"`
	DefaultAddress addressBody `json:"defaultAddress"`
	Attributes     attributes  `json:"attributes"`
}

type addressBody struct {
	Country      string `json:"country"`
	Region       string `json:"region,omitempty"`
	City         string `json:"city"`
	State        string `json:"state,omitempty"`
	AddressLine1 string `json:"addressLine1"`
	AddressLine2 string `json:"addressLine2,omitempty"`
	PostalCode   string `json:"postalCode"`
	FirstName    string `json:"firstName,omitempty"`
	LastName     string `json:"lastName,omitempty"`
	PhoneNumber  string `json:"phoneNumber,omitempty"`
}

type credentialsBody struct {
	UserName string `json:"userName"`
	Password string `json:"password"`
}

// reseller is what every customer of this API is; the other kinds of relationship
// that the real service knows do not occur here.
const reseller = "reseller"

func (h *Handler) company(c *call, t world.Tenant) companyBody {
	b := companyBody{TenantID: t.ID.String(), Domain: t.DefaultDomain.String(), CompanyName: t.Name, Attributes: isA("CustomerCompanyProfile")}
	if h.World.IsDelegated(c.partner.ID, t.ID) {
		p := h.World.Profile(t.ID)
		address := addressBody(p.Address)
		b.Email, b.Address = p.Email, &address
	}
	return b
}

func (h *Handler) billing(t world.Tenant) billingBody {
	p := h.World.Profile(t.ID)
	b := billingBody{
		ID: h.World.CommerceID(t.ID), Email: p.Email, FirstName: p.FirstName, LastName: p.LastName, Culture: p.Culture, Language: p.Language,
		CompanyName: p.CompanyName, DefaultAddress: addressBody(p.Address), Attributes: isA("CustomerBillingProfile"),
	}
	raw, _ := json.Marshal(b) // a struct of strings always can be
	sum := sha256.Sum256(raw)
	b.Attributes.ETag = base64.RawURLEncoding.EncodeToString(sum[:12])
	return b
}

func (h *Handler) inList(c *call, t world.Tenant) customerBody {
	b := customerBody{
		ID: t.ID.String(), CommerceID: h.World.CommerceID(t.ID), CompanyProfile: h.company(c, t), RelationshipToPartner: reseller,
		Links: &links{Self: linkTo("/customers/" + t.ID.String())}, Attributes: isA("Customer"),
	}
	b.CompanyProfile.Email, b.CompanyProfile.Address = "", nil
	return b
}

func (h *Handler) listCustomers(c *call) (reply, *failure) {
	keep, f := h.readFilter(c)
	if f != nil {
		return reply{}, f
	}
	items := []customerBody{}
	for _, t := range h.World.CustomersOf(c.partner.ID) {
		if keep(t) {
			items = append(items, h.inList(c, t))
		}
	}
	return page(c, items, func(b customerBody) string { return strings.ToLower(b.CompanyProfile.CompanyName) + "\x00" + b.ID })
}

// readFilter reads the search that stands in a list's address as JSON.
func (h *Handler) readFilter(c *call) (keep func(world.Tenant) bool, f *failure) {
	raw := c.query.Get("filter")
	if raw == "" {
		return func(world.Tenant) bool { return true }, nil
	}
	var ask struct{ Field, Value, Operator string }
	if err := json.Unmarshal([]byte(raw), &ask); err != nil {
		return nil, invalidInput("The filter could not be read: want JSON with Field, Value and Operator.")
	}
	if operator := strings.ToLower(strings.ReplaceAll(ask.Operator, "_", "")); operator != "startswith" {
		return nil, invalidInput("The filter's operator must be starts_with.")
	}
	value := strings.ToLower(ask.Value)
	switch strings.ToLower(ask.Field) {
	case "companyname":
		return func(t world.Tenant) bool { return strings.HasPrefix(strings.ToLower(t.Name), value) }, nil
	case "domain":
		return func(t world.Tenant) bool {
			for _, d := range t.Domains() {
				if strings.HasPrefix(d.String(), value) {
					return true
				}
			}
			return false
		}, nil
	case "indirectreseller":
		id, err := csp.ParseID[csp.Tenant](ask.Value)
		if err != nil {
			return nil, invalidInput("The filter's value must be the tenant id of an indirect reseller.")
		}
		return func(t world.Tenant) bool { return h.World.IsReseller(id, t.ID) }, nil
	}
	return nil, invalidInput("The filter's field must be CompanyName, Domain or IndirectReseller.")
}

func (h *Handler) getCustomer(c *call) (reply, *failure) {
	b := h.whole(c, c.customer)
	return ok(b)
}

func (h *Handler) whole(c *call, t world.Tenant) customerBody {
	billing, delegated := h.billing(t), h.World.IsDelegated(c.partner.ID, t.ID)
	return customerBody{
		ID: t.ID.String(), CommerceID: h.World.CommerceID(t.ID), CompanyProfile: h.company(c, t), BillingProfile: &billing,
		RelationshipToPartner: reseller, AllowDelegatedAccess: &delegated,
		Links: &links{Self: linkTo("/customers/" + t.ID.String())}, Attributes: isA("Customer"),
	}
}

type createBody struct {
	CompanyProfile      struct{ Domain string }
	BillingProfile      *profileBody
	EnableGDAPByDefault *bool
	AssociatedPartnerID string
	UserCredentials     *struct{ Password string }
}

type profileBody struct {
	Email, FirstName, LastName, Culture, Language, CompanyName string
	DefaultAddress                                             *addressBody
}

// missing lists what a billing profile needs and does not have.
func (p *profileBody) missing() []string {
	if p == nil {
		return []string{"billingProfile"}
	}
	var list []string
	for _, one := range []struct{ name, value string }{
		{"email", p.Email}, {"culture", p.Culture}, {"language", p.Language}, {"companyName", p.CompanyName},
	} {
		if strings.TrimSpace(one.value) == "" {
			list = append(list, "billingProfile."+one.name)
		}
	}
	if p.DefaultAddress == nil || p.DefaultAddress.Country == "" {
		list = append(list, "billingProfile.defaultAddress")
	}
	if p.Email != "" && strings.Count(p.Email, "@") != 1 {
		list = append(list, "billingProfile.email")
	}
	return list
}

func (p *profileBody) profile() world.Profile {
	return world.Profile{
		CompanyName: p.CompanyName, Email: p.Email, FirstName: p.FirstName, LastName: p.LastName,
		Culture: p.Culture, Language: p.Language, Address: world.Address(*p.DefaultAddress),
	}
}

// createCustomer makes the customer's tenant with its first administrator, whose
// password is in this answer and nowhere else (R4).
func (h *Handler) createCustomer(c *call) (reply, *failure) {
	var ask createBody
	if f := c.decode(&ask); f != nil {
		return reply{}, f
	}
	wrong := ask.BillingProfile.missing()
	domain, err := csp.ParseDomain(ask.CompanyProfile.Domain)
	if err != nil || !isInitialDomain(domain) {
		wrong = append(wrong, "companyProfile.domain")
	}
	if ask.UserCredentials != nil && ask.UserCredentials.Password != "" {
		wrong = append(wrong, "userCredentials.password")
	}
	var indirect csp.TenantID
	if ask.AssociatedPartnerID != "" {
		if indirect, err = csp.ParseID[csp.Tenant](ask.AssociatedPartnerID); err != nil {
			wrong = append(wrong, "associatedPartnerId")
		}
	}
	if len(wrong) > 0 {
		return reply{}, invalidProperty(wrong...)
	}
	order := world.NewCustomer{
		Domain: domain, Profile: ask.BillingProfile.profile(), Reseller: indirect,
		DefaultGDAP: ask.EnableGDAPByDefault == nil || *ask.EnableGDAPByDefault,
	}
	made, err := h.World.CreateCustomer(c.actor, c.partner.ID, order)
	if err != nil {
		return reply{}, refusalFailure(err)
	}
	b := h.whole(c, made.Tenant)
	local, _, _ := strings.Cut(made.Administrator.UPN, "@")
	b.UserCredentials = &credentialsBody{local, made.Password}
	b.EnableGDAPByDefault, b.AssociatedPartnerID = &order.DefaultGDAP, ask.AssociatedPartnerID
	r, _ := created(b)
	r.header = map[string]string{"Location": "/customers/" + b.ID}
	return r, nil
}

// isInitialDomain says whether a new tenant can begin with the domain: one label
// below onmicrosoft.com.
func isInitialDomain(d csp.Domain) bool {
	label, found := strings.CutSuffix(d.String(), ".onmicrosoft.com")
	return found && label != "" && !strings.Contains(label, ".")
}

// patchCustomer ends the reseller relationship; nothing else of a customer can be
// changed this way. Delegation and role assignments stay (R23).
func (h *Handler) patchCustomer(c *call) (reply, *failure) {
	var ask struct{ RelationshipToPartner string }
	if f := c.decode(&ask); f != nil {
		return reply{}, f
	}
	if !strings.EqualFold(ask.RelationshipToPartner, "none") {
		return reply{}, invalidProperty("relationshipToPartner")
	}
	if err := h.World.RemoveReseller(c.actor, c.partner.ID, c.customer.ID); err != nil {
		return reply{}, refusalFailure(err)
	}
	b := h.inList(c, c.customer)
	b.RelationshipToPartner = "none"
	return ok(b)
}

// deleteCustomer sweeps a customer away, with everything in its tenant: only for
// partners of the integration sandbox.
func (h *Handler) deleteCustomer(c *call) (reply, *failure) {
	if err := h.World.DeleteCustomer(c.actor, c.partner.ID, c.customer.ID); err != nil {
		if world.LawOf(err) == world.OnlyInSandbox {
			return reply{}, accessDenied("Customers can only be deleted in the integration sandbox.")
		}
		return reply{}, refusalFailure(err)
	}
	return done()
}

func (h *Handler) getBillingProfile(c *call) (reply, *failure) { return ok(h.billing(c.customer)) }

func (h *Handler) getCompanyProfile(c *call) (reply, *failure) { return ok(h.company(c, c.customer)) }

func (h *Handler) putBillingProfile(c *call) (reply, *failure) {
	var ask profileBody
	if f := c.decode(&ask); f != nil {
		return reply{}, f
	}
	if wrong := ask.missing(); len(wrong) > 0 {
		return reply{}, invalidProperty(wrong...)
	}
	if tag := strings.Trim(c.header.Get("If-Match"), `"`); tag != "" && tag != "*" && tag != h.billing(c.customer).Attributes.ETag {
		return reply{}, &failure{status: http.StatusBadRequest, code: "2055", description: "Etag is no longer valid."}
	}
	if err := h.World.SetProfile(c.actor, c.customer.ID, ask.profile()); err != nil {
		return reply{}, refusalFailure(err)
	}
	return ok(h.billing(c.customer))
}

// headDomain says whether the domain is taken.
func (h *Handler) headDomain(c *call) (reply, *failure) {
	domain, err := csp.ParseDomain(c.names[0])
	if err != nil {
		return reply{}, invalidInput("That is no domain.")
	}
	if _, taken := h.World.TenantNamed(domain.String()); !taken {
		return reply{}, notFound("The domain")
	}
	return reply{status: http.StatusOK}, nil
}

// relationshipRequest gives the link that the partner mails to a customer; who
// opens it as the customer's Global Administrator accepts the partner as reseller.
func (h *Handler) relationshipRequest(c *call) (reply, *failure) {
	origin := h.AdminCenter()
	if origin == "" {
		origin = "https://admin.microsoft.com"
	}
	q := url.Values{"invType": {"ResellerRelationship"}, "partnerId": {c.partner.ID.String()}, "msppId": {"0"}, "DAP": {"false"}}
	return ok(struct {
		URL        string     `json:"url"`
		Attributes attributes `json:"attributes"`
	}{origin + "/Adminportal/Home?" + q.Encode() + "#/BillingAccounts/partner-invitation", isA("CustomerRelationshipRequest")})
}
