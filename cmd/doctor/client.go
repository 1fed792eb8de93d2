package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"syscall"
	"time"
)

const (
	// maxAnswer bounds an answer: the largest, of a prepare, has some kilobytes a part.
	maxAnswer = 4 << 20
	// maxSilent is how many requests in a row may go unanswered before the network is called gone.
	maxSilent = 3
	// slowest is the rate that is granted to the bytes of an upload, in bytes a second.
	slowest = 64 << 10
)

// client makes the requests, one at a time.
type client struct {
	http        *http.Client
	api, tokens string // base URLs without a slash at the end
	appID       string
	token       string
	timeout     time.Duration // of an answer, beside the time for the bytes of the request
	slowest     int           // bytes a second that are granted to a request; 0 is no time
	pace        pace
	silent      int // requests in a row without an answer
}

// newHTTP returns the HTTP client of the live doctor. It works through HTTPS_PROXY and follows no redirect: the platform has
// none, and a captive portal has.
func newHTTP() *http.Client {
	return &http.Client{
		Transport: &http.Transport{
			Proxy:               http.ProxyFromEnvironment,
			DialContext:         (&net.Dialer{Timeout: 10 * time.Second}).DialContext,
			TLSHandshakeTimeout: 10 * time.Second,
			MaxIdleConnsPerHost: 2,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// answer is what came back.
type answer struct {
	status int
	header http.Header
	body   map[string]any // nil if it is no JSON object
	empty  bool
	silent masked // why no answer came
	took   time.Duration
}

// code is err_code, else code; 0 for a success.
func (a answer) code() int64 {
	if n := integer(a.body["err_code"]); n != 0 {
		return n
	}
	return integer(a.body["code"])
}

// accepted reports whether the platform did what it was asked for.
func (a answer) accepted() bool {
	return a.silent == "" && a.status/100 == 2 && a.code() == 0 && (a.body != nil || a.empty)
}

const accepted masked = "accepted"

// outcome is the answer in a few words.
func (a answer) outcome() masked {
	switch {
	case a.silent != "":
		return "no answer: " + a.silent
	case a.accepted() && a.empty:
		return "empty answer, HTTP " + number(int64(a.status))
	case a.accepted():
		return accepted
	case a.code() != 0:
		return "refused: " + number(a.code()) + ", HTTP " + number(int64(a.status))
	}
	return "no JSON, HTTP " + number(int64(a.status))
}

// call makes one request of the API. The error is the end of ctx, or trouble if the network is gone.
func (c *client) call(ctx context.Context, to endpoint, method, path string, body any) (answer, error) {
	base := c.api
	if to == toToken {
		base = c.tokens
	}
	var data []byte
	if body != nil {
		var err error
		if data, err = json.Marshal(body); err != nil {
			return answer{}, err
		}
	}
	return c.do(ctx, to, method, base+path, data)
}

// do makes one request, with the token unless it goes to the token endpoint or to the object store.
func (c *client) do(ctx context.Context, to endpoint, method, address string, body []byte) (answer, error) {
	if err := c.pace.wait(ctx, to); err != nil {
		return answer{}, err
	}
	limit := c.timeout
	if c.slowest > 0 {
		limit += time.Duration(len(body)/c.slowest) * time.Second
	}
	call, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	a := c.exchange(call, to, method, address, body)
	if err := context.Cause(ctx); err != nil {
		return answer{}, err
	}
	if a.silent == "" {
		c.silent = 0
	} else if c.silent++; c.silent == maxSilent {
		return a, a.unusable()
	}
	return a, nil
}

// exchange makes the request and reads its answer.
func (c *client) exchange(ctx context.Context, to endpoint, method, address string, body []byte) answer {
	req, err := http.NewRequestWithContext(ctx, method, address, bytes.NewReader(body))
	if err != nil {
		return answer{silent: broken}
	}
	switch to {
	case toPart:
		req.Header.Set("Content-Type", "application/octet-stream")
	default:
		req.Header.Set("Content-Type", "application/json")
		req.Header.Set("Accept", "application/json") // without it the token endpoint was seen to answer a misleading 100007
		if to != toToken {
			req.Header.Set("Authorization", "QQBot "+c.token)
			req.Header.Set("X-Union-Appid", c.appID)
		}
	}
	began := time.Now()
	resp, err := c.http.Do(req)
	if err != nil {
		return answer{silent: silence(err), took: time.Since(began)}
	}
	defer func() { _ = resp.Body.Close() }()
	raw, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	a := answer{status: resp.StatusCode, header: resp.Header, took: time.Since(began)}
	if err != nil {
		a.silent = silence(err)
		return a
	}
	raw = bytes.TrimSpace(raw)
	a.empty = len(raw) == 0
	a.body, _ = decode(raw).(map[string]any)
	return a
}

// silence is why no answer came, without the address that the error holds.
func silence(err error) masked {
	var dns *net.DNSError
	var unknown x509.UnknownAuthorityError
	var host x509.HostnameError
	var invalid x509.CertificateInvalidError
	var record tls.RecordHeaderError
	switch {
	case errors.As(err, &dns):
		return unresolved
	case errors.As(err, &unknown), errors.As(err, &host), errors.As(err, &invalid), errors.As(err, &record):
		return insecure
	case errors.Is(err, context.DeadlineExceeded), os.IsTimeout(err):
		return timedOut
	case errors.Is(err, syscall.ECONNREFUSED):
		return refusedTCP
	}
	return broken
}

// base returns a base URL without a slash at the end.
func base(address string) string {
	if !strings.Contains(address, "://") {
		address = "https://" + address
	}
	return strings.TrimRight(address, "/")
}
