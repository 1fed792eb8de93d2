#!/usr/bin/env bash
# botgo's session manager on Redis drops every session that it puts there, and the bot never connects.
#
# Versions:  github.com/tencent-connect/botgo v0.2.1 with github.com/go-redis/redis/v8 v8.11.4; the Redis is
#            github.com/alicebob/miniredis/v2 v2.33.0
# Behaviour: the manager keeps dto.Session as JSON in a Redis list. The session has the field TokenSource, an interface: it is
#            written as {}, because what botgo puts there has no exported field, and an interface with methods cannot be read
#            back. The consumer logs that at the level error and takes the next session. Start neither returns nor dials.
# Expected:  a session that comes out of the list as it went in, or an error from Start: the manager's README has the list as
#            its way of handing sessions from one instance to another, also after a connection has broken.
# Seen:      in the list: {"ID":"","URL":"ws://127.0.0.1:1","TokenSource":{},"Intent":33554432,"LastSeq":0,"Shards":{"ShardID":0,"ShardCount":1},"AppID":""}
#            the manager: unmarshal session failed, err: json: cannot unmarshal object into Go struct field Session.TokenSource of type oauth2.TokenSource
#            left in the list: 0, dialled: 0, Start has returned: false
# Here:      the examples use the local session manager, botgo.NewSessionManager.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

cat >main.go <<'GO'
package main

import (
	"fmt"
	"os"
	"strings"
	"sync/atomic"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/go-redis/redis/v8"
	"github.com/tencent-connect/botgo"
	"github.com/tencent-connect/botgo/dto"
	"github.com/tencent-connect/botgo/sessions/remote"
	"github.com/tencent-connect/botgo/token"
	"github.com/tencent-connect/botgo/websocket"
)

// logger passes on what the manager says of a session in the list.
type logger struct{ debug, failed chan string }

func (l logger) Debugf(format string, args ...any) {
	if _, data, ok := strings.Cut(fmt.Sprintf(format, args...), "produce session data is "); ok {
		l.debug <- data
	}
}

func (l logger) Errorf(format string, args ...any) {
	if _, text, ok := strings.Cut(fmt.Sprintf(format, args...), "[ws/session/redis] unmarshal"); ok {
		l.failed <- "unmarshal" + text
	}
}

func (logger) Debug(...any)         {}
func (logger) Info(...any)          {}
func (logger) Warn(...any)          {}
func (logger) Error(...any)         {}
func (logger) Infof(string, ...any) {}
func (logger) Warnf(string, ...any) {}
func (logger) Sync() error          { return nil }

// client stands for botgo's websocket client, and counts.
type client struct {
	websocket.WebSocket
	dialled *atomic.Int32
}

func (c client) New(dto.Session) websocket.WebSocket { return c }

func (c client) Connect() error {
	c.dialled.Add(1)
	return fmt.Errorf("no gateway here")
}

func main() {
	log := logger{make(chan string, 16), make(chan string, 16)}
	botgo.SetLogger(log)
	websocket.ClientImpl = client{dialled: new(atomic.Int32)}
	server, err := miniredis.Run()
	if err != nil {
		panic(err)
	}
	defer server.Close()
	returned := make(chan error, 1)
	go func() {
		ap := &dto.WebsocketAP{URL: "ws://127.0.0.1:1", Shards: 1, SessionStartLimit: dto.SessionStartLimit{Total: 1, Remaining: 1, MaxConcurrency: 1}}
		source := token.NewQQBotTokenSource(&token.QQBotCredentials{AppID: "102000001", AppSecret: "secret"})
		intents := dto.IntentGroupMessages
		returned <- remote.New(redis.NewClient(&redis.Options{Addr: server.Addr()})).Start(ap, source, &intents)
	}()
	tooLong := time.After(30 * time.Second)
	for _, from := range []struct {
		what string
		line chan string
	}{{"in the list", log.debug}, {"the manager", log.failed}} {
		select {
		case line := <-from.line:
			fmt.Fprintf(os.Stderr, "%s: %s\n", from.what, line)
		case <-tooLong:
			panic("nothing in 30 s")
		}
	}
	time.Sleep(5 * time.Second) // more than two of the manager's intervals
	left, _ := server.List("defaultCluster_sessionsQueue")
	fmt.Fprintf(os.Stderr, "left in the list: %d, dialled: %d, Start has returned: %t\n",
		len(left), websocket.ClientImpl.(client).dialled.Load(), len(returned) > 0)
}
GO
go mod init finding >&2
go get github.com/tencent-connect/botgo/{sessions/remote,openapi/v1,websocket/client}@v0.2.1 golang.org/x/sync@v0.1.0 github.com/go-redis/redis/v8@v8.11.4 github.com/alicebob/miniredis/v2@v2.33.0 >&2
go build -o finding . >&2
got=$(./finding 2>&1 >/dev/null)
echo "$got"
[ "$got" = 'in the list: {"ID":"","URL":"ws://127.0.0.1:1","TokenSource":{},"Intent":33554432,"LastSeq":0,"Shards":{"ShardID":0,"ShardCount":1},"AppID":""}
the manager: unmarshal session failed, err: json: cannot unmarshal object into Go struct field Session.TokenSource of type oauth2.TokenSource
left in the list: 0, dialled: 0, Start has returned: false' ] || { echo 'The behaviour has changed.' >&2; exit 1; }
