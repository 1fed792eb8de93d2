#!/usr/bin/env bash
# Go's http.Transport writes a small request in one piece or in two, depending on the Go type of the body's reader.
#
# Versions:  the Go toolchain on this machine (seen with go1.26.8), net/http and the standard library only
# Behaviour: a POST of 20 bytes whose Body is a *bytes.Reader (or a *strings.Reader, a *bytes.Buffer, or one of them in
#            io.NopCloser) reaches the connection in one Write. The same bytes behind any other type, with the same
#            ContentLength, take two: net/http flushes the header before it reads a body that might block. A wrapper that
#            only counts bytes is enough. Each Write is a packet, because Go sets TCP_NODELAY.
# Expected:  the same number of packets for the same request: ContentLength is known, the body is far below the
#            transport's 4 KiB buffer, and the documentation of Request.Body names no types. A client that wraps each body
#            to count or to retry it pays for a second packet and a second wake-up of the server with each small message.
# Seen:      bytes.Reader: 1 write
#            io.NopCloser(bytes.Reader): 1 write
#            a reader that counts: 2 writes
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

cat >main.go <<'GO'
package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
)

// counted is a connection that counts its writes.
type counted struct {
	net.Conn
	writes *atomic.Int64
}

func (c counted) Write(b []byte) (int, error) { c.writes.Add(1); return c.Conn.Write(b) }

// counting is what a progress bar or a retry needs.
type counting struct {
	io.Reader
	n int
}

func (c *counting) Read(b []byte) (int, error) {
	n, err := c.Reader.Read(b)
	c.n += n
	return n, err
}

func main() {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { io.Copy(io.Discard, r.Body) }))
	defer server.Close()
	body := []byte(`{"content":"a text"}`)
	for _, c := range []struct {
		name   string
		reader io.Reader
	}{
		{"bytes.Reader", bytes.NewReader(body)},
		{"io.NopCloser(bytes.Reader)", io.NopCloser(bytes.NewReader(body))},
		{"a reader that counts", &counting{Reader: bytes.NewReader(body)}},
	} {
		var writes atomic.Int64
		client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true, DialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
			conn, err := new(net.Dialer).DialContext(ctx, network, addr)
			return counted{conn, &writes}, err
		}}}
		req, err := http.NewRequest(http.MethodPost, server.URL, c.reader)
		if err != nil {
			panic(err)
		}
		req.ContentLength = int64(len(body))
		resp, err := client.Do(req)
		if err != nil {
			panic(err)
		}
		resp.Body.Close()
		fmt.Printf("%s: %d writes\n", c.name, writes.Load())
	}
}
GO
go mod init finding 2>/dev/null
got=$(go run . | sed 's/ 1 writes/ 1 write/')
echo "$got"
[ "$got" = 'bytes.Reader: 1 write
io.NopCloser(bytes.Reader): 1 write
a reader that counts: 2 writes' ] || { echo 'The behaviour has changed.' >&2; exit 1; }
