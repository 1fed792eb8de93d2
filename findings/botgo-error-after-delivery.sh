#!/usr/bin/env bash
# botgo reports a message as failed after the platform has delivered it, if the answer's timestamp is a number.
#
# Versions:  github.com/tencent-connect/botgo v0.2.1 with github.com/go-resty/resty/v2 v2.16.3
# Behaviour: dto.Timestamp is a string. The platform's documents of 2025-04 and 2026-06 have the timestamp of a sent message as
#            a number of seconds, those of 2026-08 as a text. For a number resty cannot decode the answer, and returns that
#            error from a call that was answered with 200 and a message id.
# Expected:  the message, or an error by which "sent, but not understood" can be told from "not sent". Code that tries again
#            after an error, as after any failed send, has the text in the chat twice.
# Seen:      "2026-08-01T12:00:00+08:00": error <nil>, messages in the chat: 1
#            1785556800: error json: cannot unmarshal number into Go struct field Message.timestamp of type dto.Timestamp, messages in the chat: 2
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
	var timestamp string
	inChat := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		inChat++
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprintf(w, `{"id":"m","timestamp":%s}`, timestamp)
	}))
	defer server.Close()
	constant.APIDomain = server.URL
	api := botgo.NewOpenAPI("102000001", oauth2.StaticTokenSource(&oauth2.Token{AccessToken: "token", TokenType: "QQBot"}))
	for _, timestamp = range []string{`"2026-08-01T12:00:00+08:00"`, `1785556800`} {
		inChat = 0
		var err error
		for range 2 { // once more if it failed
			if _, err = api.PostGroupMessage(context.Background(), "g", &dto.MessageToCreate{Content: "hi"}); err == nil {
				break
			}
		}
		fmt.Fprintf(os.Stderr, "%s: error %v, messages in the chat: %d\n", timestamp, err, inChat)
	}
}
GO
go mod init finding >&2
go get github.com/tencent-connect/botgo@v0.2.1 golang.org/x/sync@v0.1.0 github.com/go-resty/resty/v2@v2.16.3 >&2
go build -o finding . >&2
got=$(./finding 2>&1 >/dev/null)
echo "$got"
[ "$got" = '"2026-08-01T12:00:00+08:00": error <nil>, messages in the chat: 1
1785556800: error json: cannot unmarshal number into Go struct field Message.timestamp of type dto.Timestamp, messages in the chat: 2' ] || { echo 'The behaviour has changed.' >&2; exit 1; }
