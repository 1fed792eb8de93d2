#!/usr/bin/env bash
# botgo announces that the process exits because the bot is banned, then goes on, and identifies again for good.
#
# Versions:  github.com/tencent-connect/botgo v0.2.1 with github.com/gorilla/websocket v1.4.2
# Behaviour: after close code 4914 (bot offline) or 4915 (bot banned) the local session manager panics on purpose, so that the
#            process ends. The function that panics has a deferred recover, for panics of other code, which catches this one
#            too, logs it, and puts the session back into the queue of those to be connected: every two seconds, if the
#            platform allows one at a time. Start does not return.
# Expected:  the end of the process, which the message announces, or an error from Start: with both codes identifying cannot
#            work. What supervises the bot sees a process that runs. Each attempt is one of those that the platform allows
#            (session_start_limit), which botgo looks at once, before the first connection.
# Seen:      close 4914: announced: "so process exit" 3 times, identified: 4 times, Start has returned: false
#            close 4915: announced: "so process exit" 3 times, identified: 4 times, Start has returned: false
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
	"sync/atomic"
	"time"

	"github.com/gorilla/websocket"
	"github.com/tencent-connect/botgo"
	"github.com/tencent-connect/botgo/dto"
	"golang.org/x/oauth2"
)

// quiet counts the announcements, and drops the rest.
type quiet struct{ announced atomic.Int32 }

func (*quiet) Debug(...interface{})          {}
func (*quiet) Info(...interface{})           {}
func (*quiet) Warn(...interface{})           {}
func (*quiet) Error(...interface{})          {}
func (*quiet) Debugf(string, ...interface{}) {}
func (*quiet) Infof(string, ...interface{})  {}
func (*quiet) Warnf(string, ...interface{})  {}
func (*quiet) Sync() error                   { return nil }
func (q *quiet) Errorf(format string, v ...interface{}) {
	// The manager's own line, not the report of the panic that quotes it.
	if text := fmt.Sprintf(format, v...); strings.HasPrefix(text, "can not identify") && strings.HasSuffix(text, "so process exit") {
		q.announced.Add(1)
	}
}

func main() {
	for _, code := range []int{4914, 4915} {
		run(code)
	}
}

func run(code int) {
	logger := new(quiet)
	botgo.SetLogger(logger)
	identified := make(chan bool, 9)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c, err := new(websocket.Upgrader).Upgrade(w, r, nil)
		if err != nil {
			panic(err)
		}
		_ = c.WriteMessage(websocket.TextMessage, []byte(`{"op":10,"d":{"heartbeat_interval":60000}}`))
		var frame struct {
			Op dto.OPCode `json:"op"`
		}
		if err := c.ReadJSON(&frame); err != nil || frame.Op != dto.WSIdentity {
			panic(fmt.Sprint(frame.Op, err))
		}
		identified <- true
		if len(identified) == 4 {
			return // seen often enough: the connection stays as it is
		}
		_ = c.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(code, ""), time.Now().Add(time.Second))
	}))
	ap := &dto.WebsocketAP{
		URL: strings.Replace(server.URL, "http", "ws", 1), Shards: 1,
		SessionStartLimit: dto.SessionStartLimit{Total: 9, Remaining: 9, MaxConcurrency: 1},
	}
	source := oauth2.StaticTokenSource(&oauth2.Token{AccessToken: "token", TokenType: "QQBot"})
	intents := dto.IntentGroupMessages
	returned := make(chan error, 1)
	go func() { returned <- botgo.NewSessionManager().Start(ap, source, &intents) }()
	for end := time.Now().Add(20 * time.Second); len(identified) < 4 && len(returned) == 0 && time.Now().Before(end); {
		time.Sleep(100 * time.Millisecond)
	}
	fmt.Fprintf(os.Stderr, "close %d: announced: \"so process exit\" %d times, identified: %d times, Start has returned: %t\n",
		code, logger.announced.Load(), len(identified), len(returned) > 0)
}
GO
go mod init finding >&2
go get github.com/tencent-connect/botgo@v0.2.1 golang.org/x/sync@v0.1.0 github.com/gorilla/websocket@v1.4.2 >&2
go build -o finding . >&2
got=$(timeout 60 ./finding 2>&1 >/dev/null)
echo "$got"
[ "$got" = 'close 4914: announced: "so process exit" 3 times, identified: 4 times, Start has returned: false
close 4915: announced: "so process exit" 3 times, identified: 4 times, Start has returned: false' ] || { echo 'The behaviour has changed.' >&2; exit 1; }
