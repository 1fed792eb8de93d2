#!/usr/bin/env bash
# botgo acknowledges a button with Content-Type text/plain, and sends every other call as JSON.
#
# Versions:  github.com/tencent-connect/botgo v0.2.1 with github.com/go-resty/resty/v2 v2.16.3
# Behaviour: PutInteraction takes the body as a string that the caller has encoded, and hands it to resty, which names the
#            content of a string text/plain. A message, a struct, is application/json.
# Expected:  application/json for a body that has to be JSON, as with the other calls of the same client.
# Seen:      PUT /interactions/i: text/plain; charset=utf-8
#            POST /v2/groups/g/messages: application/json
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

	"github.com/tencent-connect/botgo"
	"github.com/tencent-connect/botgo/constant"
	"github.com/tencent-connect/botgo/dto"
	"golang.org/x/oauth2"
)

func main() {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(os.Stderr, "%s %s: %s\n", r.Method, r.URL.Path, r.Header.Get("Content-Type"))
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprint(w, `{}`)
	}))
	defer server.Close()
	constant.APIDomain = server.URL
	api := botgo.NewOpenAPI("102000001", oauth2.StaticTokenSource(&oauth2.Token{AccessToken: "token", TokenType: "QQBot"}))
	if err := api.PutInteraction(context.Background(), "i", `{"code":0}`); err != nil {
		panic(err)
	}
	if _, err := api.PostGroupMessage(context.Background(), "g", &dto.MessageToCreate{Content: "hi"}); err != nil {
		panic(err)
	}
}
GO
go mod init finding >&2
go get github.com/tencent-connect/botgo@v0.2.1 github.com/go-resty/resty/v2@v2.16.3 >&2
go build -o finding . >&2
got=$(./finding 2>&1 >/dev/null)
echo "$got"
[ "$got" = 'PUT /interactions/i: text/plain; charset=utf-8
POST /v2/groups/g/messages: application/json' ] || { echo 'The behaviour has changed.' >&2; exit 1; }
