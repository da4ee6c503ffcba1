package mail

import (
	"errors"
	"fmt"
	"strings"
)

// Address is one mail address of the narrow kind Latchkey writes to. The zero
// Address is nobody's.
//
// The grammar is our own because the ones in the standards are generous, and
// generosity in an address has been a way to reach other mailboxes: quoted
// local parts that smuggle SMTP parameters, second at-signs, comments, routes.
// None of them can be written down in an Address.
type Address struct{ local, domain string }

// Limits of RFC 5321 in bytes.
const (
	maxAddress = 254
	maxLocal   = 64
	maxLabel   = 63
)

// atomMarks are the characters besides letters and digits that may stand in a
// local part. RFC 5322 allows four more: "!" and "%" once meant a route through
// other hosts, "|" and "`" a command, and no mailbox of a company has them.
const atomMarks = "#$&'*+-/=?^_{}~"

// ParseAddress reads a bare address, such as ada@contoso.example: a local part
// of dot-separated atoms, one at-sign, and a domain name of at least two labels
// in ASCII (an international domain in its xn-- form). The domain comes back in
// lower case, the local part as written.
func ParseAddress(s string) (Address, error) {
	if len(s) > maxAddress {
		return Address{}, fmt.Errorf("the mail address is longer than %d characters", maxAddress)
	}
	local, domain, found := strings.Cut(s, "@")
	if !found {
		return Address{}, addressError(s, errors.New("it has no @; write one like ada@contoso.example"))
	}
	if err := checkLocal(local); err != nil {
		return Address{}, addressError(s, err)
	}
	domain = strings.ToLower(domain)
	if err := checkDomain(domain); err != nil {
		return Address{}, addressError(s, err)
	}
	return Address{local: local, domain: domain}, nil
}

func addressError(s string, hint error) error {
	return fmt.Errorf("%q is no mail address: %w", s, hint)
}

// String is the address as SMTP wants it, without angle brackets; empty for the
// zero Address.
func (a Address) String() string {
	if a.IsZero() {
		return ""
	}
	return a.local + "@" + a.domain
}

// Domain is the part after the at-sign, in lower case.
func (a Address) Domain() string { return a.domain }

// IsZero says whether the address is nobody's.
func (a Address) IsZero() bool { return a == Address{} }

func checkLocal(local string) error {
	if len(local) > maxLocal {
		return fmt.Errorf("the part before the @ is longer than %d characters", maxLocal)
	}
	for atom := range strings.SplitSeq(local, ".") {
		if atom == "" {
			return errors.New("before the @ there must be text, and dots only between text")
		}
		for i := range len(atom) {
			if !isLetterOrDigit(atom[i]) && strings.IndexByte(atomMarks, atom[i]) < 0 {
				return fmt.Errorf("before the @ only letters, digits, dots and %s may stand", atomMarks)
			}
		}
	}
	return nil
}

func checkDomain(domain string) error {
	labels := strings.Split(domain, ".")
	if len(labels) < 2 {
		return errors.New("after the @ there must be a full domain name such as contoso.example")
	}
	for _, label := range labels {
		if err := checkLabel(label); err != nil {
			return err
		}
	}
	if strings.Trim(labels[len(labels)-1], "0123456789") == "" {
		return errors.New("after the @ there must be a domain name, not a number")
	}
	return nil
}

func checkLabel(label string) error {
	if label == "" || len(label) > maxLabel {
		return fmt.Errorf("each part of the domain name has 1 to %d characters", maxLabel)
	}
	for i := range len(label) {
		if !isLetterOrDigit(label[i]) && label[i] != '-' {
			return errors.New("a domain name has only ASCII letters, digits, hyphens and dots; write an international one in its xn-- form")
		}
	}
	if label[0] == '-' || label[len(label)-1] == '-' {
		return errors.New("no part of a domain name begins or ends with a hyphen")
	}
	if len(label) >= 4 && label[2:4] == "--" && !strings.HasPrefix(label, "xn--") {
		return errors.New("a domain name has two hyphens in third place only after xn")
	}
	return nil
}

func isLetterOrDigit(b byte) bool {
	return 'a' <= b && b <= 'z' || 'A' <= b && b <= 'Z' || '0' <= b && b <= '9'
}
