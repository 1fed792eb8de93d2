#!/usr/bin/env bash
# Every frame that botgo writes to the platform's websocket has a field "Session", which is null.
#
# Versions:  github.com/tencent-connect/botgo v0.2.1, with github.com/gorilla/websocket v1.4.2
# Behaviour: the type of a frame has a field Session for the handlers of events, without a json tag, so that it is encoded. The
#            other direction has it too: a frame from the platform with a field of that name, in any case of letters, is decoded
#            into the session, which is then replaced.
# Expected:  op and d, as documented: the field beside it, RawMessage, has the tag json:"-". The properties have omitempty, and
#            are sent as an empty object all the same, because that does nothing for a struct.
# Seen:      {"op":2,"d":{"token":"QQBot token","intents":33554432,"shard":[0,1],"properties":{}},"Session":null}
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

cat >main.go <<'GO'
package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"

	"github.com/gorilla/websocket"
	_ "github.com/tencent-connect/botgo" // registers its client
	"github.com/tencent-connect/botgo/dto"
	botgows "github.com/tencent-connect/botgo/websocket"
	"golang.org/x/oauth2"
)

func main() {
	frame := make(chan string)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		conn, err := new(websocket.Upgrader).Upgrade(w, r, nil)
		if err != nil {
			panic(err)
		}
		_, message, err := conn.ReadMessage()
		if err != nil {
			panic(err)
		}
		frame <- string(message)
	}))
	defer server.Close()
	client := botgows.ClientImpl.New(dto.Session{
		URL: strings.Replace(server.URL, "http", "ws", 1), Intent: dto.IntentGroupMessages, Shards: dto.ShardConfig{ShardCount: 1},
		TokenSource: oauth2.StaticTokenSource(&oauth2.Token{AccessToken: "token", TokenType: "QQBot"}),
	})
	if err := client.Connect(); err != nil {
		panic(err)
	}
	if err := client.Identify(); err != nil {
		panic(err)
	}
	fmt.Fprintln(os.Stderr, <-frame)
}
GO
go mod init finding >&2
go get github.com/tencent-connect/botgo@v0.2.1 golang.org/x/sync@v0.1.0 github.com/gorilla/websocket@v1.4.2 >&2
go build -o finding . >&2
got=$(./finding 2>&1 >/dev/null)
echo "$got"
[ "$got" = '{"op":2,"d":{"token":"QQBot token","intents":33554432,"shard":[0,1],"properties":{}},"Session":null}' ] || { echo 'The behaviour has changed.' >&2; exit 1; }
