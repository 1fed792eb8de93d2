// Package guard has the HTTP client for addresses that strangers may have chosen: it connects to public hosts only.
package guard

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"syscall"
	"time"

	"code.dny.dev/ssrf"
)

// ErrPrivate is the reason of a connection that was not opened. Its text follows "ADDRESS is".
var ErrPrivate = errors.New("no public address on port 80 or 443; for an intranet pass a client of your own to WithURLFallback or WithDownloads")

// ErrRedirect is the reason of a redirect that was not followed.
var ErrRedirect = errors.New("the redirect is not followed")

// The bounds of a fetch. They do not bound the body: its duration depends on its size, so the reader of the body sets the
// deadline of the context.
const (
	dialTimeout     = 10 * time.Second
	tlsTimeout      = 10 * time.Second
	responseTimeout = 30 * time.Second
	idleTimeout     = 30 * time.Second
	maxHeaderBytes  = 64 << 10
	maxIdle         = 8
	maxRedirects    = 5
)

// Client returns a new client that connects to public unicast addresses on the ports 80 and 443 only, whatever name, redirect
// or answer of a name server leads to another one. A refused connection fails with ErrPrivate. A host that reaches IPv4
// addresses through NAT64 only needs another client: a NAT64 address may lead anywhere.
//
// The client uses no proxy, because only the proxy would know the address that is connected to. It keeps no cookies, and
// returns bodies as they are on the wire. It follows at most 5 redirects, and none from https to http: with an https address
// nobody on the way can change what is fetched or read the query, which may be a credential. A redirected request carries no
// credentials and no Referer, which has the query of the previous address. The client is safe for concurrent use;
// CloseIdleConnections releases its connections.
func Client() *http.Client { return client([]uint16{80, 443}) }

// client returns Client for other ports. Connections to the addresses in allow are always opened: tests need that.
func client(ports []uint16, allow ...netip.AddrPort) *http.Client {
	g := &guard{addresses: newGuardian(ports), allow: allow}
	return &http.Client{
		CheckRedirect: redirect,
		Transport: &http.Transport{
			Proxy:                  nil,
			DialContext:            (&net.Dialer{Timeout: dialTimeout, Control: g.control}).DialContext,
			TLSHandshakeTimeout:    tlsTimeout,
			ResponseHeaderTimeout:  responseTimeout,
			MaxResponseHeaderBytes: maxHeaderBytes,
			MaxIdleConns:           maxIdle,
			MaxIdleConnsPerHost:    2,
			IdleConnTimeout:        idleTimeout,
			DisableCompression:     true,
			ForceAttemptHTTP2:      true, // without it the DialContext above switches HTTP/2 off
		},
	}
}

// guard decides which addresses are connected to.
type guard struct {
	addresses *ssrf.Guardian
	allow     []netip.AddrPort
}

// newGuardian returns a guardian that refuses the special-purpose blocks of IANA, everything outside 2000::/3, where the forms
// that embed an IPv4 address are, and 6to4 and Teredo within it. An address that is public by its number alone has to be named:
func newGuardian(ports []uint16) *ssrf.Guardian {
	return ssrf.New(ssrf.WithPorts(ports...), ssrf.WithDeniedV4Prefixes(
		netip.MustParsePrefix("168.63.129.16/32"), // on Azure the host of a virtual machine, as 169.254.169.254 is on other clouds
	))
}

// control is net.Dialer.Control, which is called before every connection with its address.
func (g *guard) control(network, address string, raw syscall.RawConn) error {
	if to, err := netip.ParseAddrPort(address); err == nil && slices.Contains(g.allow, to) {
		return nil
	}
	if err := g.addresses.Safe(network, address, raw); err != nil {
		return fmt.Errorf("%s is %w", address, ErrPrivate)
	}
	return nil
}

// redirect decides whether next, the request of a redirect, is sent, and removes from it what the next server must not know.
func redirect(next *http.Request, via []*http.Request) error {
	from := via[len(via)-1].URL
	switch {
	case len(via) > maxRedirects:
		return fmt.Errorf("%w: it is one more than %d", ErrRedirect, maxRedirects)
	case next.URL.Scheme != "http" && next.URL.Scheme != "https":
		return fmt.Errorf("%w: %s leads to neither http nor https", ErrRedirect, from.Host)
	case from.Scheme == "https" && next.URL.Scheme == "http":
		return fmt.Errorf("%w: %s leads from https to http", ErrRedirect, from.Host)
	}
	next.URL.User = nil
	for _, name := range []string{"Authorization", "Proxy-Authorization", "Cookie", "Referer"} {
		next.Header.Del(name)
	}
	return nil
}
