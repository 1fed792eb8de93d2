package guard

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// private is a server on the loopback addresses that nobody should reach.
type private struct {
	port  uint16
	v6    bool // [::1] is there too
	taken atomic.Int64
}

func newPrivate(t *testing.T) *private {
	t.Helper()
	l4, err := net.Listen("tcp4", "127.0.0.1:0") //nolint:noctx // at once
	require.NoError(t, err)
	p := &private{port: l4.Addr().(*net.TCPAddr).AddrPort().Port()} //nolint:forcetypeassert // it is TCP
	srv := &http.Server{
		ReadHeaderTimeout: time.Minute,
		Handler:           http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "secret") }),
		ConnState: func(_ net.Conn, state http.ConnState) {
			if state == http.StateNew {
				p.taken.Add(1)
			}
		},
	}
	t.Cleanup(func() { require.NoError(t, srv.Close()) })
	go func() { _ = srv.Serve(l4) }()
	if l6, err := net.Listen("tcp6", fmt.Sprintf("[::1]:%d", p.port)); err == nil { //nolint:noctx // at once
		p.v6 = true
		go func() { _ = srv.Serve(l6) }()
	}
	return p
}

// get fetches address, for at most 5 s: some hosts are names, which may be looked up far away.
func get(t *testing.T, c *http.Client, address string) error {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return err
	}
	resp, err := c.Do(req)
	if err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, resp.Body)
	return errors.Join(err, resp.Body.Close())
}

// said is err without the address that net/http puts before it.
func said(t *testing.T, err error) string {
	t.Helper()
	var u *url.Error
	require.ErrorAs(t, err, &u)
	return u.Err.Error()
}

var privateAddrs = []string{
	"0.0.0.0", "0.1.2.3", "10.0.0.1", "10.255.255.255", "100.64.0.1", "100.100.100.200", "127.0.0.1", "127.255.255.254",
	"168.63.129.16", "169.254.0.1", "169.254.169.254", "172.16.0.1", "172.31.255.255", "192.0.0.1", "192.0.0.192",
	"192.0.2.1", "192.88.99.1", "192.168.1.1", "198.18.0.1", "198.19.255.255", "198.51.100.1", "203.0.113.1", "224.0.0.1",
	"239.255.255.255", "240.0.0.1", "255.255.255.255",
	"::", "::1", "::2", "::127.0.0.1", "::8.8.8.8", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254",
	"::ffff:0:127.0.0.1", "64:ff9b::7f00:1", "64:ff9b::8.8.8.8", "64:ff9b:1::10.0.0.1", "100::1", "100:0:0:1::1",
	"2001::1", "2001:0:7f00:1::", "2001:2::1", "2001:10::1", "2001:20::1", "2001:db8::1", "2002:7f00:1::", "2002:a00:1::1",
	"2002:808:808::1", "3fff::1", "5f00::1", "fc00::1", "fd00:ec2::254", "fdff::1", "fe80::1", "fe80::1%lo", "fec0::1",
	"ff02::1", "ff0e::1", "2606:4700::1%lo",
}

var publicAddrs = []string{
	"1.1.1.1", "8.8.8.8", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0", "168.63.129.15", "172.15.255.255",
	"172.32.0.0", "192.167.255.255", "192.169.0.0", "198.17.255.255", "198.20.0.0", "223.255.255.255",
	"2400:3200::1", "2606:4700:4700::1111", "2a00:1450:4001::200e", "2001:4860:4860::8888",
}

func TestOnlyPublicAddressesAreConnectedTo(t *testing.T) {
	g := &guard{addresses: newGuardian([]uint16{80, 443})}
	verdict := func(addr string, port uint16) error {
		to := netip.AddrPortFrom(netip.MustParseAddr(addr), port)
		network := "tcp6"
		if to.Addr().Is4() {
			network = "tcp4"
		}
		return g.control(network, to.String(), nil)
	}
	for _, addr := range privateAddrs {
		require.ErrorIs(t, verdict(addr, 443), ErrPrivate, addr)
	}
	for _, addr := range publicAddrs {
		require.NoError(t, verdict(addr, 80), addr)
		require.NoError(t, verdict(addr, 443), addr)
		for _, port := range []uint16{0, 22, 81, 444, 6379, 8080, 65535} {
			require.ErrorIs(t, verdict(addr, port), ErrPrivate, "%s port %d", addr, port)
		}
	}
	for _, address := range []string{"", "8.8.8.8", "example.com:80", "8.8.8.8:http"} {
		require.ErrorIs(t, g.control("tcp4", address, nil), ErrPrivate, "what is not understood is refused")
	}
	require.ErrorIs(t, g.control("udp4", "8.8.8.8:443", nil), ErrPrivate)
}

func TestNoSpellingOfAPrivateAddressIsConnectedTo(t *testing.T) {
	p := newPrivate(t)
	c := client([]uint16{p.port})
	plain := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	reached := int64(0)
	for host, sure := range map[string]bool{ // whether any client would get there from here
		"127.0.0.1": true, "127.0.0.2": false, "[::1]": p.v6, "[::ffff:127.0.0.1]": true, "[::ffff:7f00:1]": true,
		"[::127.0.0.1]": false, "0.0.0.0": false, "[::]": false, "localhost": true, "LOCALHOST": true, "localhost.": false,
		"127.0.0.1.": false, "example.com@127.0.0.1": true, "example.com:80@127.0.0.1": true, "8.8.8.8%20@127.0.0.1": true,
		"[fe80::1%25lo]": false, "[::1%25lo]": false, "[64:ff9b::7f00:1]": false, "[2002:7f00:1::]": false,
		"2130706433": false, "0x7f000001": false, "0x7f.1": false, "0177.0.0.1": false, "017700000001": false,
		"127.1": false, "0": false, "127.0.0.1%00.example.com": false, "１２７.0.0.1": false, "127。0。0。1": false,
	} {
		address := fmt.Sprintf("http://%s:%d/?sign=secret", host, p.port)
		err := get(t, c, address)
		require.Error(t, err, host)
		if !sure {
			continue
		}
		require.ErrorIs(t, err, ErrPrivate, host)
		assert.NotContains(t, said(t, err), "secret")
		assert.Contains(t, said(t, err), "WithURLFallback")
		assert.Contains(t, said(t, err), fmt.Sprint(p.port))
		require.NoError(t, get(t, plain, address), "%s would have been reached", host)
		reached++
	}
	assert.Equal(t, reached, p.taken.Load(), "only what was reached without the guard")
}

func TestTheDefaultPortsAreGuardedToo(t *testing.T) {
	c := Client()
	for _, address := range []string{"http://127.0.0.1/", "https://127.0.0.1/", "http://[::1]/", "http://localhost/", "http://169.254.169.254/latest/meta-data"} {
		require.ErrorIs(t, get(t, c, address), ErrPrivate, address)
	}
	p := newPrivate(t)
	err := get(t, c, fmt.Sprintf("http://127.0.0.1:%d/", p.port))
	require.ErrorIs(t, err, ErrPrivate)
	assert.Contains(t, err.Error(), fmt.Sprintf("127.0.0.1:%d is no public address on port 80 or 443", p.port))
	assert.Zero(t, p.taken.Load())
}

func TestAProxyOfTheEnvironmentIsNotUsed(t *testing.T) {
	p := newPrivate(t)
	t.Setenv("HTTP_PROXY", fmt.Sprintf("http://127.0.0.1:%d", p.port))
	transport := Client().Transport.(*http.Transport) //nolint:forcetypeassert // it is ours
	assert.Nil(t, transport.Proxy)
	assert.True(t, transport.DisableCompression)
	assert.Nil(t, Client().Jar)
}

// public is a server that stands for a public one.
func public(t *testing.T, secure bool, h http.HandlerFunc) (*httptest.Server, netip.AddrPort) {
	t.Helper()
	srv := httptest.NewUnstartedServer(h)
	srv.Config.ErrorLog = nil
	if secure {
		srv.StartTLS()
	} else {
		srv.Start()
	}
	t.Cleanup(srv.Close)
	return srv, srv.Listener.Addr().(*net.TCPAddr).AddrPort() //nolint:forcetypeassert // it is TCP
}

func TestARedirectToAPrivateAddressIsNotConnectedTo(t *testing.T) {
	p := newPrivate(t)
	var to string
	srv, addr := public(t, false, func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, to, http.StatusFound)
	})
	c := client([]uint16{p.port}, addr)
	t.Cleanup(c.CloseIdleConnections)
	for _, host := range []string{"127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]", "0.0.0.0", "example.com@127.0.0.1"} {
		to = fmt.Sprintf("http://%s:%d/?sign=secret", host, p.port)
		err := get(t, c, srv.URL)
		require.ErrorIs(t, err, ErrPrivate, host)
		assert.NotContains(t, said(t, err), "secret")
	}
	assert.Zero(t, p.taken.Load())
}

func TestARedirectTellsNothingOfWhereItCameFrom(t *testing.T) {
	var last http.Header
	srv, addr := public(t, false, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/end" {
			last = r.Header.Clone()
			return
		}
		http.SetCookie(w, &http.Cookie{Name: "id", Value: "7"})
		http.Redirect(w, r, "/end", http.StatusFound)
	})
	c := client(nil, addr)
	t.Cleanup(c.CloseIdleConnections)
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, strings.Replace(srv.URL, "http://", "http://user:password@", 1)+"/?sign=secret", nil)
	require.NoError(t, err)
	req.Header.Set("Cookie", "id=6")
	resp, err := c.Do(req)
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	require.NotNil(t, last)
	for _, name := range []string{"Authorization", "Cookie", "Referer", "Accept-Encoding"} {
		assert.Empty(t, last.Get(name), name)
	}
}

func TestFiveRedirectsAreFollowedAndNotSix(t *testing.T) {
	left := 0
	srv, addr := public(t, false, func(w http.ResponseWriter, r *http.Request) {
		if left--; left >= 0 {
			http.Redirect(w, r, "/?sign=secret", http.StatusFound)
		}
	})
	c := client(nil, addr)
	t.Cleanup(c.CloseIdleConnections)
	left = 5
	require.NoError(t, get(t, c, srv.URL))
	left = 6
	err := get(t, c, srv.URL)
	require.ErrorIs(t, err, ErrRedirect)
	assert.NotContains(t, said(t, err), "secret")
}

func TestARedirectGoesToHTTPSAndNotBack(t *testing.T) {
	reached := ""
	plain, plainAddr := public(t, false, func(_ http.ResponseWriter, r *http.Request) { reached = r.URL.Path })
	var to string
	secure, secureAddr := public(t, true, func(w http.ResponseWriter, r *http.Request) {
		if reached = r.URL.Path; reached != "/end" {
			http.Redirect(w, r, to, http.StatusFound)
		}
	})
	up, upAddr := public(t, false, func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, secure.URL+"/end", http.StatusFound)
	})
	c := client(nil, plainAddr, secureAddr, upAddr)
	roots := x509.NewCertPool()
	roots.AddCert(secure.Certificate())
	c.Transport.(*http.Transport).TLSClientConfig = &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12} //nolint:forcetypeassert // it is ours
	t.Cleanup(c.CloseIdleConnections)

	require.NoError(t, get(t, c, up.URL))
	assert.Equal(t, "/end", reached)
	for name, target := range map[string]string{"http": plain.URL + "/down?sign=secret", "ftp": "ftp://example.com/", "file": "file:///etc/passwd"} {
		to = target
		err := get(t, c, secure.URL+"/start")
		require.ErrorIs(t, err, ErrRedirect, name)
		assert.Equal(t, "/start", reached)
		assert.NotContains(t, said(t, err), "secret")
	}
}

func TestAnotherSchemeIsNotFetched(t *testing.T) {
	for _, address := range []string{"ftp://example.com/", "file:///etc/passwd", "gopher://127.0.0.1:70/", "//example.com"} {
		require.Error(t, get(t, Client(), address), address)
	}
}

// FuzzVerdict compares the verdict with a list that was written down without the library.
func FuzzVerdict(f *testing.F) {
	for _, list := range [][]string{privateAddrs, publicAddrs} {
		for _, addr := range list {
			f.Add(netip.MustParseAddr(addr).WithZone("").AsSlice())
		}
	}
	g := &guard{addresses: newGuardian([]uint16{443})}
	f.Fuzz(func(t *testing.T, b []byte) {
		addr, ok := netip.AddrFromSlice(b)
		if !ok {
			return
		}
		network := "tcp6"
		if addr.Is4() {
			network = "tcp4"
		}
		err := g.control(network, netip.AddrPortFrom(addr, 443).String(), nil)
		if isPublic(addr) != (err == nil) {
			t.Fatalf("%s: %v", addr, err)
		}
		if err != nil && !errors.Is(err, ErrPrivate) {
			t.Fatal(err)
		}
	})
}

// isPublic goes by the bytes.
func isPublic(addr netip.Addr) bool {
	b := addr.AsSlice()
	if addr.Is4() {
		switch {
		case b[0] == 0, b[0] == 10, b[0] == 127, b[0] >= 224,
			b[0] == 100 && b[1]>>6 == 1,
			b[0] == 168 && b[1] == 63 && b[2] == 129 && b[3] == 16,
			b[0] == 169 && b[1] == 254,
			b[0] == 172 && b[1]>>4 == 1,
			b[0] == 192 && b[1] == 168,
			b[0] == 198 && b[1]>>1 == 9:
			return false
		case b[0] == 192 || b[0] == 198 || b[0] == 203: // the small ones
			switch [3]byte(b[:3]) {
			case [3]byte{192, 0, 0}, [3]byte{192, 0, 2}, [3]byte{192, 31, 196}, [3]byte{192, 52, 193}, [3]byte{192, 88, 99},
				[3]byte{192, 175, 48}, [3]byte{198, 51, 100}, [3]byte{203, 0, 113}:
				return false
			}
		}
		return true
	}
	group := func(i int) int { return int(b[2*i])<<8 | int(b[2*i+1]) }
	switch {
	case b[0]>>5 != 1, // 2000::/3 is all that was ever given out, and has no form that embeds an IPv4 address but these two
		group(0) == 0x2002,
		group(0) == 0x2001 && group(1) < 0x200,
		group(0) == 0x2001 && group(1) == 0xdb8,
		group(0) == 0x2620 && group(1) == 0x4f && group(2) == 0x8000,
		group(0) == 0x3fff && group(1) < 0x1000:
		return false
	}
	return true
}
