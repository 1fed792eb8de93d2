#!/usr/bin/env bash
# botgo takes a bot offline for good if a token cannot be had at the moment in which the connection is renewed.
#
# Versions:  github.com/tencent-connect/botgo v0.2.1 with github.com/gorilla/websocket v1.4.2
# Behaviour: after op 7 the session manager dials again, and asks the token source for the token to resume with. If that call
#            returns an error, the manager logs it and returns without putting the session back into its queue. Nobody
#            listens to the new connection, no further one is made, Start goes on waiting, and ErrorNotify is not called. If
#            the dial itself fails, the session goes back into the queue and is tried again until it works.
# Expected:  the same for both: the call to the token's server is as likely to fail as the dial, and next to it. A hiccup of that
#            server falls together with op 7, which is routine, or with a broken line, which breaks both; the bot then is
#            silent until somebody restarts it, and what supervises it sees a process that runs.
# Seen:      the dial fails once: connections: 3, resumed: true, Start has returned: false, notified: 1 time
#            the token fails once: connections: 2, resumed: false, Start has returned: false, notified: 1 time
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

cat >main.go <<'GO'
package main

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync/atomic"
	"time"

	"github.com/gorilla/websocket"
	"github.com/tencent-connect/botgo"
	"github.com/tencent-connect/botgo/dto"
	"github.com/tencent-connect/botgo/event"
	"golang.org/x/oauth2"
)

// source fails on its second call, which is that of the second connection, if it is to.
type source struct {
	fails bool
	calls atomic.Int32
}

func (s *source) Token() (*oauth2.Token, error) {
	if s.calls.Add(1) == 2 && s.fails {
		return nil, errors.New("the token's server answered 502")
	}
	return &oauth2.Token{AccessToken: "token", TokenType: "QQBot"}, nil
}

func main() {
	run("the dial fails once", false)
	run("the token fails once", true)
}

func run(name string, token bool) {
	var connections, notified atomic.Int32
	resumed := make(chan bool, 1)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n := connections.Add(1)
		if n == 2 && !token {
			w.WriteHeader(http.StatusBadGateway)
			return
		}
		c, err := new(websocket.Upgrader).Upgrade(w, r, nil)
		if err != nil {
			panic(err)
		}
		write := func(frame string) { _ = c.WriteMessage(websocket.TextMessage, []byte(frame)) }
		write(`{"op":10,"d":{"heartbeat_interval":60000}}`)
		var frame struct {
			Op dto.OPCode `json:"op"`
		}
		if c.ReadJSON(&frame) != nil {
			return
		}
		if frame.Op == dto.WSResume {
			resumed <- true
			return
		}
		write(`{"op":0,"s":1,"t":"READY","d":{"version":1,"session_id":"session","user":{"id":"1","username":"bot","bot":true},"shard":[0,1]}}`)
		time.Sleep(200 * time.Millisecond) // botgo notes the session
		write(`{"op":7}`)
	}))
	event.DefaultHandlers.ErrorNotify = func(error) { notified.Add(1) }
	ap := &dto.WebsocketAP{
		URL: strings.Replace(server.URL, "http", "ws", 1), Shards: 1,
		SessionStartLimit: dto.SessionStartLimit{Total: 9, Remaining: 9, MaxConcurrency: 9},
	}
	intents := dto.IntentGroupMessages
	returned := make(chan error, 1)
	go func() { returned <- botgo.NewSessionManager().Start(ap, &source{fails: token}, &intents) }()
	works := false
	select {
	case works = <-resumed:
	case <-time.After(8 * time.Second): // the manager waits a second before each connection
	}
	fmt.Fprintf(os.Stderr, "%s: connections: %d, resumed: %t, Start has returned: %t, notified: %d time\n",
		name, connections.Load(), works, len(returned) > 0, notified.Load())
}
GO
go mod init finding >&2
go get github.com/tencent-connect/botgo@v0.2.1 golang.org/x/sync@v0.1.0 github.com/gorilla/websocket@v1.4.2 >&2
go build -o finding . >&2
got=$(timeout 60 ./finding 2>&1 >/dev/null)
echo "$got"
[ "$got" = 'the dial fails once: connections: 3, resumed: true, Start has returned: false, notified: 1 time
the token fails once: connections: 2, resumed: false, Start has returned: false, notified: 1 time' ] || { echo 'The behaviour has changed.' >&2; exit 1; }
