package emulator

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"time"

	"latchkey/emulator/origin"
)

// authority is a certificate authority that lives as long as the server and
// whose key is never written anywhere. Its certificate belongs in the
// environment of one client, never in a system's trust store.
type authority struct {
	pem  []byte
	pool *x509.CertPool
	leaf tls.Certificate
}

func newAuthority() (*authority, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("emulator: key of the certificate authority: %w", err)
	}
	root := certificate("Latchkey emulator CA")
	root.IsCA, root.BasicConstraintsValid, root.MaxPathLenZero = true, true, true
	root.KeyUsage = x509.KeyUsageCertSign
	// Even with its key, this authority could vouch for nothing but loopback and
	// the names of Microsoft's that the emulator answers for; a permitted name
	// takes in the names below it, which are therefore excluded.
	root.PermittedDNSDomainsCritical = true
	for _, name := range vouchedFor() {
		root.PermittedDNSDomains = append(root.PermittedDNSDomains, name)
		root.ExcludedDNSDomains = append(root.ExcludedDNSDomains, "."+name)
	}
	root.PermittedIPRanges = []*net.IPNet{{IP: net.IPv4(127, 0, 0, 0).To4(), Mask: net.CIDRMask(8, 32)}, {IP: net.IPv6loopback, Mask: net.CIDRMask(128, 128)}}
	der, err := x509.CreateCertificate(rand.Reader, root, root, key.Public(), key)
	if err != nil {
		return nil, fmt.Errorf("emulator: certificate authority: %w", err)
	}
	root, err = x509.ParseCertificate(der)
	if err != nil {
		return nil, fmt.Errorf("emulator: certificate authority: %w", err)
	}
	a := &authority{pem: pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), pool: x509.NewCertPool()}
	a.pool.AddCert(root)
	a.leaf, err = newLeaf(root, key)
	return a, err
}

// vouchedFor lists the host names of the server.
func vouchedFor() []string { return append([]string{"localhost"}, origin.Names()...) }

func newLeaf(root *x509.Certificate, by *ecdsa.PrivateKey) (tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("emulator: key of the server: %w", err)
	}
	leaf := certificate("localhost")
	leaf.DNSNames = vouchedFor()
	leaf.IPAddresses = []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback}
	leaf.KeyUsage = x509.KeyUsageDigitalSignature
	leaf.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	der, err := x509.CreateCertificate(rand.Reader, leaf, root, key.Public(), by)
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("emulator: certificate of the server: %w", err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, nil
}

// certificate is valid for a century around now: a world's clock may stand anywhere.
func certificate(name string) *x509.Certificate {
	serial, _ := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120)) // never fails
	return &x509.Certificate{
		SerialNumber: serial,
		Subject:      pkix.Name{CommonName: name},
		NotBefore:    time.Date(1999, 1, 1, 0, 0, 0, 0, time.UTC),
		NotAfter:     time.Date(2099, 1, 1, 0, 0, 0, 0, time.UTC),
	}
}
