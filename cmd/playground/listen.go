package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"
)

// listen opens the plain listener, and the one for TLS if -tls is set.
func (pg *playground) listen(ctx context.Context, cfg config) error {
	var lc net.ListenConfig
	ln, err := lc.Listen(ctx, "tcp", cfg.addr)
	if err != nil {
		return fmt.Errorf("%w (try another -addr, such as 127.0.0.1:0 for any free port)", err)
	}
	pg.plain, pg.local = ln, address(ln.Addr(), "")
	pg.url = address(ln.Addr(), cfg.url)
	if cfg.tls == "" {
		return nil
	}
	if ln, err = lc.Listen(ctx, "tcp", cfg.tls); err != nil {
		return fmt.Errorf("-tls: %w", err)
	}
	pg.secure = ln
	cert, ca, err := newCertificate(time.Now())
	if err != nil {
		return fmt.Errorf("-tls: %w", err)
	}
	if pg.ca, err = writeCA(cfg.ca, ca); err != nil {
		return fmt.Errorf("-tls: %w", err)
	}
	pg.cert = cert
	return nil
}

// address returns the URL for bots and the page: told, or the listening address. An unspecified address becomes the loopback
// address.
func address(ln net.Addr, told string) string {
	if told != "" {
		return strings.TrimSuffix(told, "/")
	}
	at, err := netip.ParseAddrPort(ln.String())
	if err == nil && at.Addr().IsUnspecified() {
		at = netip.AddrPortFrom(netip.MustParseAddr("127.0.0.1"), at.Port())
	}
	return (&url.URL{Scheme: "http", Host: at.String()}).String()
}

// checkURL reports whether -url is usable.
func checkURL(address string) error {
	if address == "" {
		return nil
	}
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" || strings.Trim(u.Path, "/") != "" {
		return errors.New("-url: must be an address such as http://host.docker.internal:7471")
	}
	return nil
}

// serve serves the listeners.
func (pg *playground) serve() {
	streams, end := context.WithCancel(context.Background())
	pg.ending = end
	pg.server = &http.Server{
		Handler: pg.page, ReadHeaderTimeout: 10 * time.Second,
		BaseContext: func(net.Listener) context.Context { return streams },
	}
	go func() { pg.served <- pg.server.Serve(pg.plain) }()
	if pg.secure != nil {
		// Only HTTP/1.1: websockets over HTTP/2 need an extension that botgo's clients lack.
		cfg := &tls.Config{Certificates: []tls.Certificate{pg.cert}, MinVersion: tls.VersionTLS12, NextProtos: []string{"http/1.1"}}
		go func() { pg.served <- pg.server.Serve(tls.NewListener(pg.secure, cfg)) }()
	}
	pg.bounded = bound(streams, pg.platform)
}

// homeward sends requests for the address of -url to the listening address, so that the demonstration bot works if the name
// in -url is known to other machines only.
type homeward struct {
	host  string // of -url
	local string // host:port
	next  http.RoundTripper
}

// RoundTrip implements http.RoundTripper.
func (h homeward) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.URL.Host == h.host {
		r = r.Clone(r.Context())
		r.URL.Scheme, r.URL.Host, r.Host = "http", h.local, ""
	}
	return h.next.RoundTrip(r)
}

// listened returns the addresses of -addr and -tls.
func (c config) listened() []string {
	if c.tls == "" {
		return []string{c.addr}
	}
	return []string{c.addr, c.tls}
}

// public reports whether other machines may reach the playground.
func (c config) public() bool {
	return slices.ContainsFunc(c.listened(), func(address string) bool {
		host, _, err := net.SplitHostPort(address)
		return err != nil || !loopback(host)
	})
}

func loopback(host string) bool {
	if host == "localhost" {
		return true
	}
	at, err := netip.ParseAddr(host)
	return err == nil && at.IsLoopback()
}
