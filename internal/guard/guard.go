// Package guard makes the HTTP client for addresses that strangers may have chosen: it connects to public hosts only.
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

// ErrPrivate is a connection that was not begun. Its text ends a sentence that begins with the address.
var ErrPrivate = errors.New("no public address on port 80 or 443; pass a client of your own to WithURLFallback for an intranet")

// ErrRedirect is a redirect that was not followed.
var ErrRedirect = errors.New("the redirect is not followed")

// The bounds of a fetch. The body has none of them: how long it may take depends on its size, so that its reader sets
// the context's deadline.
const (
	dialTimeout     = 10 * time.Second
	tlsTimeout      = 10 * time.Second
	responseTimeout = 30 * time.Second
	idleTimeout     = 30 * time.Second
	maxHeaderBytes  = 64 << 10
	maxIdle         = 8
	maxRedirects    = 5
)

// Client returns a new client that connects to public unicast addresses on the ports 80 and 443 and to nothing else,
// whatever name, redirect or answer of a name server led there. A connection that it does not begin fails with
// ErrPrivate. Deployments that reach IPv4 hosts through NAT64 only need another client: such addresses may lead anywhere.
//
// It uses no proxy, since only the proxy would know what is connected to, keeps no cookies, and gives bodies as they are
// on the wire. It follows at most 5 redirects, from http to https but not back: who gave an https address relies on
// nobody on the way changing what is fetched or reading the query that may unlock it. A redirected request tells no
// credentials, and no Referer, which holds the query of the address before. The client is safe for concurrent use;
// CloseIdleConnections gives back what it holds.
func Client() *http.Client { return client([]uint16{80, 443}) }

// client lets tests connect to ports of their own, and to allow.
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
			ForceAttemptHTTP2:      true, // a dialer of one's own would switch it off
		},
	}
}

// guard decides on addresses.
type guard struct {
	addresses *ssrf.Guardian
	allow     []netip.AddrPort
}

// newGuardian refuses IANA's special-purpose blocks, everything outside 2000::/3, which has the forms that embed an IPv4
// address, and 6to4 and Teredo within it. The library takes for public what is so by number only:
func newGuardian(ports []uint16) *ssrf.Guardian {
	return ssrf.New(ssrf.WithPorts(ports...), ssrf.WithDeniedV4Prefixes(
		netip.MustParsePrefix("168.63.129.16/32"), // Azure's host answers its guests there, as others do on 169.254.169.254
	))
}

// control is net.Dialer.Control: it is called for every attempt, with the address that is about to be connected to.
func (g *guard) control(network, address string, raw syscall.RawConn) error {
	if to, err := netip.ParseAddrPort(address); err == nil && slices.Contains(g.allow, to) {
		return nil
	}
	if err := g.addresses.Safe(network, address, raw); err != nil {
		return fmt.Errorf("%s is %w", address, ErrPrivate)
	}
	return nil
}

// redirect decides on the request that a redirect asks for, and takes from it what the next server need not know.
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
