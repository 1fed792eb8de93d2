package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"net"
	"net/http"
	"os"
)

// usePlayground sends what http.DefaultTransport connects to the platform's hosts to the playground's TLS listener, such as
// "127.0.0.1:7472", and trusts its CA. It is the recipe of docs/playground.md.
func usePlayground(listener, caFile string) error {
	ca, err := os.ReadFile(caFile)
	if err != nil {
		return err
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(ca)
	official := map[string]bool{
		"api.sgroup.qq.com:443": true, "sandbox.api.sgroup.qq.com:443": true, "bots.qq.com:443": true, "api.bot.qq.com:443": true,
	}
	transport := http.DefaultTransport.(*http.Transport)
	transport.TLSClientConfig = &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}
	transport.DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
		if official[address] {
			address = listener
		}
		return new(net.Dialer).DialContext(ctx, network, address)
	}
	return nil
}
