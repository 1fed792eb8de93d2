#!/usr/bin/env bash
# With resty 2.16.4 the first request of botgo's client has no token, and every later one has the token of the request before.
#
# Versions:  github.com/tencent-connect/botgo v0.2.1 with github.com/go-resty/resty/v2 v2.16.3 and v2.16.4
# Behaviour: botgo asks its token source in resty's OnBeforeRequest, and there calls SetAuthScheme and SetAuthToken on the
#            client. Up to 2.16.3 resty reads both when it writes the header, after that hook. 2.16.4 copies them into the
#            request when the request is created, before the hook runs: what the hook sets counts from the next request on.
# Expected:  the token that the source returned for this request, as with 2.16.3: the hook gets the client as its argument,
#            it is called OnBeforeRequest, and the versions differ in their last digit. The platform refuses the first
#            request, which is usually the one for the gateway, so that a bot fails at its start and works when tried again;
#            after each renewal one request goes out with the token that has expired.
# Seen:      resty v2.16.3: [QQBot token-1] [QQBot token-2] [QQBot token-3]
#            resty v2.16.4: [] [QQBot token-1] [QQBot token-2]
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

cat >main.go <<'GO'
package main

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/tencent-connect/botgo"
	"github.com/tencent-connect/botgo/constant"
	"golang.org/x/oauth2"
)

type quiet struct{}

func (quiet) Debug(...any)          {}
func (quiet) Info(...any)           {}
func (quiet) Warn(...any)           {}
func (quiet) Error(...any)          {}
func (quiet) Debugf(string, ...any) {}
func (quiet) Infof(string, ...any)  {}
func (quiet) Warnf(string, ...any)  {}
func (quiet) Errorf(string, ...any) {}
func (quiet) Sync() error           { return nil }

// tokens is a source whose tokens are short-lived.
type tokens func() (*oauth2.Token, error)

func (t tokens) Token() (*oauth2.Token, error) { return t() }

func main() {
	botgo.SetLogger(quiet{})
	var seen []string
	n := 0
	source := tokens(func() (*oauth2.Token, error) {
		n++
		return &oauth2.Token{AccessToken: fmt.Sprint("token-", n), TokenType: "QQBot"}, nil
	})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		seen = append(seen, "["+r.Header.Get("Authorization")+"]")
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprint(w, `{"id":"1","username":"bot"}`)
	}))
	defer server.Close()
	constant.APIDomain = server.URL
	api := botgo.NewOpenAPI("102000001", source)
	for range 3 {
		if _, err := api.Me(context.Background()); err != nil {
			panic(err)
		}
	}
	fmt.Println(strings.Join(seen, " "))
}
GO
got=$(
	for version in v2.16.3 v2.16.4; do
		rm -f go.mod go.sum
		go mod init finding >&2
		go get github.com/tencent-connect/botgo@v0.2.1 "github.com/go-resty/resty/v2@$version" golang.org/x/oauth2@v0.27.0 >&2
		echo "resty $version: $(go run .)"
	done
)
echo "$got"
[ "$got" = 'resty v2.16.3: [QQBot token-1] [QQBot token-2] [QQBot token-3]
resty v2.16.4: [] [QQBot token-1] [QQBot token-2]' ] || { echo 'The behaviour has changed.' >&2; exit 1; }
