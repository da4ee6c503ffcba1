package config

// The file as it is written, before anything is checked. Values are text where
// a person may misspell them, so that the mistake can be shown.
type file struct {
	Listen  string `yaml:"listen"`
	BaseURL string `yaml:"base_url"`
	TLS     struct {
		CertificateFile string `yaml:"certificate_file"`
		KeyFile         string `yaml:"key_file"`
	} `yaml:"tls"`
	TrustedProxies []string `yaml:"trusted_proxies"`
	Database       string   `yaml:"database"`
	SecretFile     string   `yaml:"secret_file"`
	CheckpointFile string   `yaml:"checkpoint_file"`
	StepUpContext  string   `yaml:"step_up_context"`
	Instance       string   `yaml:"instance"`

	Cloud struct {
		Authority       string `yaml:"authority"`
		ResourceManager string `yaml:"resource_manager"`
		Audience        string `yaml:"audience"`
		CAFile          string `yaml:"ca_file"`
	} `yaml:"cloud"`
	App struct {
		ClientID        string `yaml:"client_id"`
		ClientSecret    string `yaml:"client_secret"`
		CertificateFile string `yaml:"certificate_file"`
	} `yaml:"app"`
	Mail struct {
		Server   string `yaml:"server"`
		TLS      string `yaml:"tls"`
		User     string `yaml:"user"`
		Password string `yaml:"password"`
		From     string `yaml:"from"`
	} `yaml:"mail"`

	Partner   tenantEntry     `yaml:"partner"`
	Policy    policyEntry     `yaml:"policy"`
	People    []personEntry   `yaml:"people"`
	Customers []customerEntry `yaml:"customers"`
}

type tenantEntry struct {
	Tenant string `yaml:"tenant"`
	Name   string `yaml:"name"`
	Domain string `yaml:"domain"`
}

type policyEntry struct {
	Shortest     string `yaml:"shortest"`
	Longest      string `yaml:"longest"`
	AnswerWithin string `yaml:"answer_within"`
	FreshSignIn  string `yaml:"fresh_sign_in"`
	PendingEach  *int   `yaml:"pending_each"`
	NumberTries  *int   `yaml:"number_tries"`
}

type personEntry struct {
	ID       string         `yaml:"id"`
	Name     string         `yaml:"name"`
	Mail     string         `yaml:"mail"`
	Object   string         `yaml:"object"`
	Operator bool           `yaml:"operator"`
	Accounts []accountEntry `yaml:"accounts"`
}

type accountEntry struct {
	Tenant string `yaml:"tenant"`
	Object string `yaml:"object"`
}

type customerEntry struct {
	Tenant        string              `yaml:"tenant"`
	Name          string              `yaml:"name"`
	Domain        string              `yaml:"domain"`
	MailTier      bool                `yaml:"mail_tier"`
	Subscriptions []subscriptionEntry `yaml:"subscriptions"`
	Contacts      []contactEntry      `yaml:"contacts"`
	Roles         []offerEntry        `yaml:"roles"`
}

type subscriptionEntry struct {
	ID   string `yaml:"id"`
	Name string `yaml:"name"`
}

type contactEntry struct {
	Name string `yaml:"name"`
	Mail string `yaml:"mail"`
}

type offerEntry struct {
	Role    string `yaml:"role"`
	Longest string `yaml:"longest"`
}
