#!/usr/bin/env bash
# botgo logs "update token" when the platform has refused its token, and goes on with the same token until its time is up.
#
# Versions:  github.com/tencent-connect/botgo v0.2.1 with github.com/go-resty/resty/v2 v2.16.3
# Behaviour: for the platform's code 11244 (token expired or not existing) botgo logs that it updates the token, and calls
#            Token of the token source. QQBotTokenSource returns the one that it keeps, because its time, two hours from when
#            it was fetched, is not up, and has no method to forget it. Close code 4004 is answered with the same call.
# Expected:  the next request with a new token, as the log announces and the branch for this code intends: that the platform
#            does not know the token any more is all there is to know. A token can end before its time, by a new secret for
#            instance. Each call of the bot fails until then, and its log repeats that the token is being updated.
# Seen:      request 1: token-1, error <nil>
#            the platform forgets token-1
#            request 2: token-1, error code:401, logged: update token
#            request 3: token-1, error code:401, logged: update token
#            request 4: token-1, error code:401, logged: update token
#            tokens fetched: 1
# Here:      richmediatest ends tokens before their time with RevokeTokens; its own token source fetches the next one.
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
	"os"
	"strings"

	"github.com/tencent-connect/botgo"
	"github.com/tencent-connect/botgo/constant"
	"github.com/tencent-connect/botgo/dto"
	"github.com/tencent-connect/botgo/token"
)

// logger keeps what is logged about the token.
type logger struct{ text string }

func (*logger) Debug(...interface{})          {}
func (*logger) Info(...interface{})           {}
func (*logger) Warn(...interface{})           {}
func (*logger) Error(...interface{})          {}
func (*logger) Debugf(string, ...interface{}) {}
func (*logger) Infof(string, ...interface{})  {}
func (*logger) Warnf(string, ...interface{})  {}
func (*logger) Sync() error                   { return nil }
func (l *logger) Errorf(format string, v ...interface{}) {
	if strings.HasSuffix(format, "update token") {
		l.text = ", logged: update token"
	}
}

func main() {
	fetched, forgotten, used := 0, "", ""
	platform := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		if r.URL.Path == "/app/getAppAccessToken" {
			fetched++
			fmt.Fprintf(w, `{"access_token":"token-%d","expires_in":"7200"}`, fetched)
			return
		}
		used = strings.TrimPrefix(r.Header.Get("Authorization"), "QQBot ")
		if used == forgotten {
			w.WriteHeader(http.StatusUnauthorized)
			fmt.Fprint(w, `{"message":"token expired or not existing","code":11244,"err_code":40011027}`)
			return
		}
		fmt.Fprint(w, `{"id":"m","timestamp":"2026-08-01T12:00:00+08:00"}`)
	}))
	defer platform.Close()
	constant.APIDomain, constant.TokenDomain = platform.URL, platform.URL
	log := new(logger)
	botgo.SetLogger(log)
	api := botgo.NewOpenAPI("102000001", token.NewQQBotTokenSource(&token.QQBotCredentials{AppID: "102000001", AppSecret: "secret"}))
	for i := 1; i <= 4; i++ {
		log.text = ""
		_, err := api.PostGroupMessage(context.Background(), "g", &dto.MessageToCreate{Content: "hi"})
		result, _, _ := strings.Cut(fmt.Sprint(err), ",")
		fmt.Fprintf(os.Stderr, "request %d: %s, error %s%s\n", i, used, result, log.text)
		if i == 1 {
			forgotten = used
			fmt.Fprintln(os.Stderr, "the platform forgets", forgotten)
		}
	}
	fmt.Fprintln(os.Stderr, "tokens fetched:", fetched)
}
GO
go mod init finding >&2
go get github.com/tencent-connect/botgo@v0.2.1 golang.org/x/sync@v0.1.0 github.com/go-resty/resty/v2@v2.16.3 >&2
go build -o finding . >&2
got=$(./finding 2>&1 >/dev/null)
echo "$got"
[ "$got" = 'request 1: token-1, error <nil>
the platform forgets token-1
request 2: token-1, error code:401, logged: update token
request 3: token-1, error code:401, logged: update token
request 4: token-1, error code:401, logged: update token
tokens fetched: 1' ] || { echo 'The behaviour has changed.' >&2; exit 1; }
