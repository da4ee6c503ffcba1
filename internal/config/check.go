package config

import (
	"cmp"
	"crypto/x509"
	"fmt"
	"net"
	netmail "net/mail"
	"net/netip"
	"net/url"
	"os"
	"strings"
	"time"

	"latchkey/csp"
	"latchkey/internal/mail"
)

// config checks the whole file; problems are collected, never returned early.
func (c *checker) config(raw file) *Config {
	config := &Config{
		Listen:         cmp.Or(raw.Listen, defaultListen),
		TLS:            TLS{CertificateFile: raw.TLS.CertificateFile, KeyFile: raw.TLS.KeyFile},
		BaseURL:        c.baseURL(raw.BaseURL),
		TrustedProxies: c.proxies(raw.TrustedProxies),
		Database:       c.database(raw.Database),
		SecretFile:     c.required("secret_file", raw.SecretFile),
		CheckpointFile: c.required("checkpoint_file", raw.CheckpointFile),
		StepUpContext:  cmp.Or(raw.StepUpContext, defaultStepUp),
		Cloud:          c.cloud(raw),
		App:            c.app(raw),
		Mail:           c.mailOut(raw),
		Estate:         c.estate(raw),
	}
	c.listen(config)
	return config
}

// listen refuses plain HTTP that leaves this machine, unless a proxy is named
// that will be in front.
func (c *checker) listen(config *Config) {
	host, _, err := net.SplitHostPort(config.Listen)
	if err != nil {
		c.bad("listen", "%q is no address to listen on: want host:port, such as 127.0.0.1:8080", config.Listen)
		return
	}
	if (config.TLS.CertificateFile == "") != (config.TLS.KeyFile == "") {
		c.bad("tls", "give both certificate_file and key_file, or neither")
	}
	if config.TLS.CertificateFile == "" && !isLoopback(host) && len(config.TrustedProxies) == 0 {
		c.bad("listen", "%q is reached from other machines without TLS: give tls.certificate_file and tls.key_file, or name the proxy in front in trusted_proxies", config.Listen)
	}
}

// required notes a missing value.
func (c *checker) required(key, value string) string {
	if value == "" {
		c.bad(key, "missing; `latchkey config example` shows what it is for")
	}
	return value
}

func (c *checker) baseURL(text string) *url.URL {
	if c.required("base_url", text) == "" {
		return nil
	}
	u := c.address("base_url", text)
	if u == nil {
		return nil
	}
	if u.Scheme != "https" && !isLoopback(u.Hostname()) {
		c.bad("base_url", "%q must begin with https://; plain http is for loopback addresses only", text)
	}
	if u.Path != "" && u.Path != "/" {
		c.bad("base_url", "%q must have no path: the portal lives at the top of its host", text)
	}
	u.Path = ""
	return u
}

// address parses an absolute http or https URL without credentials, query or fragment.
func (c *checker) address(key, text string) *url.URL {
	u, err := url.Parse(text)
	switch {
	case err != nil, u.Host == "", u.Scheme != "https" && u.Scheme != "http":
		c.bad(key, "%q is no address: want https://host", text)
	case u.User != nil, u.RawQuery != "", u.Fragment != "":
		c.bad(key, "%q must be an address only, without user, query or fragment", u.Redacted())
	default:
		return u
	}
	return nil
}

func (c *checker) proxies(texts []string) []netip.Prefix {
	var list []netip.Prefix
	for i, text := range texts {
		prefix, err := netip.ParsePrefix(text)
		if addr, addrErr := netip.ParseAddr(text); addrErr == nil {
			prefix, err = netip.PrefixFrom(addr, addr.BitLen()), nil
		}
		if err != nil {
			c.bad(fmt.Sprintf("trusted_proxies[%d]", i), "%q is no address or prefix: want 10.0.0.1 or 10.0.0.0/8", text)
			continue
		}
		list = append(list, prefix)
	}
	return list
}

func (c *checker) database(text string) Database {
	switch {
	case strings.HasPrefix(text, "sqlite://") && len(text) > len("sqlite://"):
		return Database{SQLite: strings.TrimPrefix(text, "sqlite://")}
	case strings.HasPrefix(text, "postgres://"), strings.HasPrefix(text, "postgresql://"):
		return Database{PostgreSQL: NewSecret(text)}
	case c.required("database", text) != "":
		c.bad("database", "want sqlite:///path/to/file or postgres://user@host/database")
	}
	return Database{}
}

func (c *checker) cloud(raw file) Cloud {
	cloud := Cloud{
		Authority:       c.httpsAddress("cloud.authority", cmp.Or(raw.Cloud.Authority, defaultAuthority)),
		ResourceManager: c.httpsAddress("cloud.resource_manager", cmp.Or(raw.Cloud.ResourceManager, defaultARM)),
	}
	cloud.Audience = cmp.Or(raw.Cloud.Audience, raw.Cloud.ResourceManager, defaultARM)
	if raw.Cloud.CAFile != "" {
		cloud.Roots = c.roots(raw.Cloud.CAFile)
	}
	return cloud
}

func (c *checker) httpsAddress(key, text string) *url.URL {
	u := c.address(key, text)
	if u != nil && u.Scheme != "https" {
		c.bad(key, "%q must begin with https://: tokens travel to it", text)
	}
	return u
}

func (c *checker) roots(path string) *x509.CertPool {
	pool := x509.NewCertPool()
	pem, err := os.ReadFile(path)
	if err != nil || !pool.AppendCertsFromPEM(pem) {
		c.bad("cloud.ca_file", "no certificate can be read from %q; want a PEM file", path)
	}
	return pool
}

func (c *checker) app(raw file) App {
	app := App{ClientID: raw.App.ClientID, Secret: NewSecret(raw.App.ClientSecret), CertificateFile: raw.App.CertificateFile}
	if c.required("app.client_id", raw.App.ClientID) != "" {
		if _, err := csp.ParseID[csp.Principal](raw.App.ClientID); err != nil {
			c.bad("app.client_id", "%q is no application id: want a GUID", raw.App.ClientID)
		}
	}
	if app.Secret.IsZero() == (app.CertificateFile == "") {
		c.bad("app", "give either certificate_file or a client secret (%s), not both and not neither", envClientSecret)
	}
	return app
}

func (c *checker) mailOut(raw file) Mail {
	m := Mail{Server: raw.Mail.Server, User: raw.Mail.User, Password: NewSecret(raw.Mail.Password)}
	if c.required("mail.server", m.Server) != "" {
		if _, _, err := net.SplitHostPort(m.Server); err != nil {
			c.bad("mail.server", "%q is no mail relay: want host:port, such as smtp.example.com:587", m.Server)
		}
	}
	switch m.TLS = mail.TLSPolicy(cmp.Or(raw.Mail.TLS, string(mail.TLSMandatory))); m.TLS {
	case mail.TLSMandatory, mail.TLSImplicit:
	case mail.TLSNone:
		if host, _, err := net.SplitHostPort(m.Server); err == nil && !isLoopback(host) {
			c.bad("mail.tls", "none is for a relay on this machine only; %s is elsewhere", m.Server)
		}
	default:
		c.bad("mail.tls", "%q is neither mandatory, implicit nor none", raw.Mail.TLS)
	}
	if (m.User == "") != m.Password.IsZero() {
		c.bad("mail", "give both user and password (%s), or neither", envMailPassword)
	}
	if c.required("mail.from", raw.Mail.From) != "" {
		from, err := netmail.ParseAddress(raw.Mail.From)
		if err != nil {
			c.bad("mail.from", "%q is no sender: want Name <address@domain>", raw.Mail.From)
		} else {
			m.FromName, m.FromAddress = from.Name, c.mailAddress("mail.from", from.Address)
		}
	}
	return m
}

// duration reads a duration as people write one, or takes the default.
func (c *checker) duration(key, text string, otherwise time.Duration) time.Duration {
	if text == "" {
		return otherwise
	}
	d, err := time.ParseDuration(text)
	if err != nil || d <= 0 {
		c.bad(key, "%q is no duration: want 90m, 2h or 1h30m", text)
		return otherwise
	}
	return d
}

func isLoopback(host string) bool {
	if host == "localhost" {
		return true
	}
	addr, err := netip.ParseAddr(host)
	return err == nil && addr.IsLoopback()
}
