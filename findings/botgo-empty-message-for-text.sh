#!/usr/bin/env bash
# botgo returns an empty message and a nil error if the platform's answer has another Content-Type than JSON.
#
# Versions:  github.com/tencent-connect/botgo v0.2.1 with github.com/go-resty/resty/v2 v2.16.3
# Behaviour: resty decodes an answer into the result only if its Content-Type is JSON or XML. botgo looks at the status and then
#            takes the result, whether it was filled or not. An answer of type text/plain with the same bytes, or a page of a
#            gateway under 200, is a message without an ID and no error.
# Expected:  an error that names the type, or the decoded message: the caller asked for a *dto.Message. A bot that stores the
#            ID to recall its message stores "", and one whose text was not sent takes it for sent.
# Seen:      application/json: error <nil>, ID "m"
#            text/plain: error <nil>, ID ""
#            text/html: error <nil>, ID ""
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
	var contentType string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", contentType)
		fmt.Fprint(w, `{"id":"m","timestamp":"2026-08-01T12:00:00+08:00"}`)
	}))
	defer server.Close()
	constant.APIDomain = server.URL
	api := botgo.NewOpenAPI("102000001", oauth2.StaticTokenSource(&oauth2.Token{AccessToken: "token", TokenType: "QQBot"}))
	for _, contentType = range []string{"application/json", "text/plain", "text/html"} {
		m, err := api.PostGroupMessage(context.Background(), "g", &dto.MessageToCreate{Content: "hi"})
		fmt.Fprintf(os.Stderr, "%s: error %v, ID %q\n", contentType, err, m.ID)
	}
}
GO
go mod init finding >&2
go get github.com/tencent-connect/botgo@v0.2.1 golang.org/x/sync@v0.1.0 github.com/go-resty/resty/v2@v2.16.3 >&2
go build -o finding . >&2
got=$(./finding 2>&1 >/dev/null)
echo "$got"
[ "$got" = 'application/json: error <nil>, ID "m"
text/plain: error <nil>, ID ""
text/html: error <nil>, ID ""' ] || { echo 'The behaviour has changed.' >&2; exit 1; }
