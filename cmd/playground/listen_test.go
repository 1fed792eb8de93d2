package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestAnAddressThatOnlyOthersKnowIsHandedOutAndNotDialled(t *testing.T) {
	const public = "http://playground.invalid:7471"
	pg, err := start(t.Context(), config{
		addr: "127.0.0.1:0", url: public, bot: true, webhook: true, appID: defaultAppID, secret: defaultSecret,
	}, func(err error) { t.Error(err) })
	require.NoError(t, err)
	group := pg.platform.Group("cats")
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	for i, word := range []string{"cat", "big", "photo"} { // in one call, in parts, by URL
		group.Say("ann", word)
		_, err := group.WaitAnswers(ctx, i+1)
		require.NoError(t, err, word)
	}
	presigned := 0
	for _, c := range pg.platform.Calls() {
		if c.Op == "prepare" {
			presigned += strings.Count(string(c.Answer), public+"/presigned/")
		}
	}
	assert.Equal(t, 8, presigned, "other bots are told the public address")
	require.NoError(t, pg.close())
}

func TestAnAddressThatIsNoneIsRefused(t *testing.T) {
	for _, address := range []string{"host.docker.internal:7471", "ftp://host:1", "http://", "http://host/play", "http://host:x"} {
		_, err := start(t.Context(), config{addr: "127.0.0.1:0", url: address, appID: "1", secret: "s"}, func(error) {})
		require.ErrorContains(t, err, "-url", address)
	}
}

// official returns a client that dials the TLS listener for every host and trusts the CA at path.
func official(t *testing.T, listener, path string) *http.Client {
	t.Helper()
	ca, err := os.ReadFile(path)
	require.NoError(t, err)
	roots := x509.NewCertPool()
	require.True(t, roots.AppendCertsFromPEM(ca))
	transport := &http.Transport{
		TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}, ForceAttemptHTTP2: true,
		DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, network, listener)
		},
	}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport}
}

func TestClientsWithFixedHostsReachThePlatformOverTLS(t *testing.T) {
	ca := filepath.Join(t.TempDir(), "new", "ca.pem")
	pg := begin(t, config{tls: "127.0.0.1:0", ca: ca})
	defer func() { require.NoError(t, pg.close()) }()
	client := official(t, pg.secure.Addr().String(), pg.ca)
	ask := func(method, address, body string) (status int, text string) {
		req, err := http.NewRequestWithContext(t.Context(), method, address, strings.NewReader(body))
		require.NoError(t, err)
		req.Header.Set("Content-Type", "application/json")
		resp, err := client.Do(req)
		require.NoError(t, err, address)
		defer func() { _ = resp.Body.Close() }()
		raw, err := io.ReadAll(resp.Body)
		require.NoError(t, err)
		return resp.StatusCode, string(raw)
	}
	for _, host := range officialHosts {
		status, text := ask(http.MethodPost, "https://"+host+"/app/getAppAccessToken", `{"appId":"`+defaultAppID+`","clientSecret":"`+defaultSecret+`"}`)
		assert.Equal(t, http.StatusOK, status, host)
		assert.Contains(t, text, "access_token", host)
		for _, page := range []string{"/", "/api/state", "/assets/app.js", "/media/x"} {
			status, _ := ask(http.MethodGet, "https://"+host+page, "")
			assert.Equal(t, http.StatusNotFound, status, "%s%s is the playground's, not the platform's", host, page)
		}
	}
	status, state := ask(http.MethodGet, "https://127.0.0.1:"+port(t, pg.secure)+"/api/state", "")
	assert.Equal(t, http.StatusOK, status, "the page is there under the listener's own address")
	assert.Contains(t, state, ca, "and says where the CA is")
	for _, foreign := range []string{"qq.com", "evil.example", "x.api.sgroup.qq.com"} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://"+foreign+"/", nil)
		require.NoError(t, err)
		resp, err := client.Do(req)
		if err == nil {
			_ = resp.Body.Close()
		}
		require.ErrorContains(t, err, "certificate", foreign)
	}
}

func port(t *testing.T, ln net.Listener) string {
	t.Helper()
	_, port, err := net.SplitHostPort(ln.Addr().String())
	require.NoError(t, err)
	return port
}

func TestTheCASignsForThePlatformsHostsOnlyAndIsAnotherInEveryRun(t *testing.T) {
	cert, first, err := newCertificate(time.Now())
	require.NoError(t, err)
	_, second, err := newCertificate(time.Now())
	require.NoError(t, err)
	assert.NotEqual(t, first, second)
	block, rest := pem.Decode(first)
	require.NotNil(t, block)
	assert.Equal(t, "CERTIFICATE", block.Type, "no key")
	assert.Empty(t, rest)
	root, err := x509.ParseCertificate(block.Bytes)
	require.NoError(t, err)
	assert.ElementsMatch(t, append([]string{"localhost"}, officialHosts...), root.PermittedDNSDomains)
	assert.True(t, root.PermittedDNSDomainsCritical)
	leaf, err := x509.ParseCertificate(cert.Certificate[0])
	require.NoError(t, err)
	roots := x509.NewCertPool()
	roots.AddCert(root)
	for _, host := range append([]string{"localhost", "127.0.0.1", "::1"}, officialHosts...) {
		_, err := leaf.Verify(x509.VerifyOptions{Roots: roots, DNSName: host})
		require.NoError(t, err, host)
	}
}

func TestATLSAddressThatIsTakenIsTold(t *testing.T) {
	ln, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer func() { _ = ln.Close() }()
	_, err = start(t.Context(), config{addr: "127.0.0.1:0", tls: ln.Addr().String(), appID: "1", secret: "s"}, func(error) {})
	require.ErrorContains(t, err, "-tls")
}
