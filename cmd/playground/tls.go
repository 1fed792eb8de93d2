package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"time"
)

// officialHosts are the platform's API and token hosts, which many clients have in their code (docs 2025-04 and 2026-08).
var officialHosts = []string{"api.sgroup.qq.com", "sandbox.api.sgroup.qq.com", "bots.qq.com", "api.bot.qq.com"}

// newCertificate returns a certificate for the official hosts and loopback, and the PEM of the CA that signed it. The CA is
// constrained to these names and its key is dropped, so that trusting the CA allows nothing else. Both end after 30 days.
func newCertificate(now time.Time) (cert tls.Certificate, ca []byte, err error) {
	names := append([]string{"localhost"}, officialHosts...)
	ips := []net.IP{net.IPv4(127, 0, 0, 1).To4(), net.IPv6loopback}
	root := &x509.Certificate{
		SerialNumber: serial(), Subject: pkix.Name{CommonName: "botgo rich media playground"},
		NotBefore: now.Add(-time.Hour), NotAfter: now.AddDate(0, 0, 30),
		KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature, BasicConstraintsValid: true, IsCA: true, MaxPathLenZero: true,
		PermittedDNSDomainsCritical: true, PermittedDNSDomains: names,
	}
	for _, ip := range ips {
		root.PermittedIPRanges = append(root.PermittedIPRanges, &net.IPNet{IP: ip, Mask: net.CIDRMask(8*len(ip), 8*len(ip))})
	}
	leaf := &x509.Certificate{
		SerialNumber: serial(), Subject: pkix.Name{CommonName: officialHosts[0]}, DNSNames: names, IPAddresses: ips,
		NotBefore: root.NotBefore, NotAfter: root.NotAfter,
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	rootKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return cert, nil, err
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return cert, nil, err
	}
	rootDER, err := x509.CreateCertificate(rand.Reader, root, root, rootKey.Public(), rootKey)
	if err != nil {
		return cert, nil, err
	}
	if root, err = x509.ParseCertificate(rootDER); err != nil { // its key id goes into the leaf
		return cert, nil, err
	}
	der, err := x509.CreateCertificate(rand.Reader, leaf, root, key.Public(), rootKey)
	if err != nil {
		return cert, nil, err
	}
	return tls.Certificate{Certificate: [][]byte{der, rootDER}, PrivateKey: key},
		pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: rootDER}), nil
}

func serial() *big.Int {
	n, _ := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120)) // never fails
	return n
}

// writeCA writes the CA's certificate to path, or to a file in the user's cache folder if path is "", and returns the absolute
// path.
func writeCA(path string, ca []byte) (string, error) {
	if path == "" {
		dir, err := os.UserCacheDir()
		if err != nil {
			return "", err
		}
		path = filepath.Join(dir, "richmedia-playground", "ca.pem")
	}
	path, err := filepath.Abs(path)
	if err != nil {
		return "", err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil { //nolint:gosec // other programs read the certificate
		return "", err
	}
	return path, os.WriteFile(path, ca, 0o644) //nolint:gosec // as above
}
