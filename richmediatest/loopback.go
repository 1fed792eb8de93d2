package richmediatest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"syscall"
	"time"
)

// WithLoopbackURLs makes the platform's downloader fetch URLs on loopback addresses over the network, any port: a bot that is
// tried against a playground serves its pictures there. The real platform reaches no such address. Hosted URLs work as
// always; any other URL is refused as a failed download, whose message says that the playground is offline. By default
// loopback addresses are refused like other private ones.
func WithLoopbackURLs() Option { return func(c *config) { c.loopback = true } }

// fetchLimit is how long the download of one loopback URL may take.
const fetchLimit = 30 * time.Second

// loopback reports whether the URL names a loopback address.
func loopback(u *url.URL) bool {
	host := strings.ToLower(strings.TrimSuffix(u.Hostname(), "."))
	if addr, err := netip.ParseAddr(host); err == nil {
		return addr.Unmap().IsLoopback()
	}
	return host == "localhost" || strings.HasSuffix(host, ".localhost")
}

// dial fetches a loopback URL over the network.
func (p *Platform) dial(ctx context.Context, u *url.URL) (data []byte, to string, why error) {
	ctx, cancel := context.WithTimeout(ctx, fetchLimit)
	defer cancel()
	defer context.AfterFunc(p.life.ctx, cancel)() //nolint:contextcheck // Close ends the download, too
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), http.NoBody)
	if err != nil {
		return nil, "", err
	}
	dialer := &net.Dialer{Control: loopbackOnly}
	client := &http.Client{
		Transport:     &http.Transport{DialContext: dialer.DialContext, DisableKeepAlives: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	resp, err := client.Do(req)
	if err != nil {
		return nil, "", errors.New("the server on the loopback address does not answer")
	}
	defer func() { _ = resp.Body.Close() }()
	data, err = io.ReadAll(io.LimitReader(resp.Body, hardLimit+1)) // one byte more is over the limit
	if err != nil {
		return nil, "", errors.New("the server on the loopback address broke off")
	}
	return fetched(resp.StatusCode, resp.Header, data)
}

// loopbackOnly refuses to connect to an address that a name such as localhost should not have.
func loopbackOnly(_, address string, _ syscall.RawConn) error {
	addr, err := netip.ParseAddrPort(address)
	if err != nil || !addr.Addr().Unmap().IsLoopback() {
		return fmt.Errorf("%s is no loopback address", address)
	}
	return nil
}
