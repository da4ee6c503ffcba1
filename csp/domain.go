package csp

import (
	"fmt"
	"strings"
)

// Domain is a verified domain name of a tenant, such as contoso.onmicrosoft.com.
// Each belongs to one tenant and names it as well as its id does (R1). It is
// kept in lower case, so that two are equal exactly when they are the same
// domain; make one with ParseDomain.
type Domain string

const (
	maxDomainLength = 253
	maxLabelLength  = 63
)

// ParseDomain reads a domain name in either case: at least two labels of ASCII
// letters, digits and inner hyphens. A domain in another script is written in
// its xn-- form.
func ParseDomain(s string) (Domain, error) {
	if len(s) > maxDomainLength {
		return "", domainError(s, fmt.Sprintf("it is longer than %d characters", maxDomainLength))
	}
	labels := strings.Split(s, ".")
	if len(labels) < 2 {
		return "", domainError(s, "want one such as contoso.onmicrosoft.com")
	}
	for _, label := range labels {
		if hint := labelHint(label); hint != "" {
			return "", domainError(s, hint)
		}
	}
	return Domain(strings.ToLower(s)), nil
}

// MustParseDomain is ParseDomain for constants; it panics on a malformed one.
func MustParseDomain(s string) Domain {
	domain, err := ParseDomain(s)
	if err != nil {
		panic(err)
	}
	return domain
}

func domainError(s, hint string) error { return fmt.Errorf("%q is no domain: %s", clip(s), hint) }

func labelHint(label string) string {
	switch {
	case label == "":
		return "two dots follow each other, or one stands at an end"
	case len(label) > maxLabelLength:
		return fmt.Sprintf("a part between two dots is longer than %d characters", maxLabelLength)
	case label[0] == '-' || label[len(label)-1] == '-':
		return "a hyphen stands at the end of a part"
	}
	for _, r := range label {
		switch {
		case 'a' <= r && r <= 'z', 'A' <= r && r <= 'Z', '0' <= r && r <= '9', r == '-':
		default:
			return fmt.Sprintf("%q may not stand in it; only ASCII letters, digits and hyphens may", r)
		}
	}
	return ""
}

// String is the domain in lower case.
func (d Domain) String() string { return string(d) }

// UnmarshalText reads a domain, or nothing for the empty one.
func (d *Domain) UnmarshalText(text []byte) error {
	if len(text) == 0 {
		*d = ""
		return nil
	}
	parsed, err := ParseDomain(string(text))
	if err != nil {
		return err
	}
	*d = parsed
	return nil
}
