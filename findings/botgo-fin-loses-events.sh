#!/usr/bin/env bash
# botgo resumes its session after a broken connection, and drops the session after an orderly end: what came meanwhile is lost.
#
# Versions:  github.com/tencent-connect/botgo v0.2.1 with github.com/gorilla/websocket v1.4.2
# Behaviour: the client decides by gorilla's IsUnexpectedCloseError, with 4009 as the only expected code. For gorilla an error is
#            such a one if it is a close frame, or the end of the stream, which it counts as code 1006. So a FIN without a close
#            frame, 1001 (going away), 1012 (service restart) and 4008 (too fast) erase the session id and the last number,
#            and botgo identifies afresh. A reset is no close error, and botgo resumes.
# Expected:  resuming, as after the reset: the platform's documents have op 6 for a connection that broke, so that the events
#            since the last number are delivered, and their table of close codes allows it after 4008 as after 4009. A proxy
#            that is restarted ends its connections with FIN or 1001.
# Seen:      TCP reset: op 6, the event of the meantime is delivered: true
#            close 4009: op 6, the event of the meantime is delivered: true
#            TCP FIN: op 2, the event of the meantime is delivered: false
#            close 1001: op 2, the event of the meantime is delivered: false
#            close 1012: op 2, the event of the meantime is delivered: false
#            close 4008: op 2, the event of the meantime is delivered: false
# Here:      richmediatest ends connections in all of these ways (DropGateway, HangUpGateway, ResetGateway).
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

cat >main.go <<'GO'
package main

import (
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"time"

	"github.com/gorilla/websocket"
	"github.com/tencent-connect/botgo"
	"github.com/tencent-connect/botgo/dto"
	"github.com/tencent-connect/botgo/event"
	"golang.org/x/oauth2"
)

var handled = make(chan string, 16) // ids of the messages that botgo delivered

func main() {
	intents := event.RegisterHandlers(event.GroupATMessageEventHandler(func(_ *dto.WSPayload, m *dto.WSGroupATMessageData) error {
		handled <- m.ID
		return nil
	}))
	for _, how := range []struct {
		name string
		end  func(*websocket.Conn)
	}{
		{"TCP reset", func(c *websocket.Conn) {
			_ = c.UnderlyingConn().(*net.TCPConn).SetLinger(0)
			_ = c.Close()
		}},
		{"close 4009", closing(4009)},
		{"TCP FIN", func(c *websocket.Conn) { _ = c.UnderlyingConn().(*net.TCPConn).CloseWrite() }},
		{"close 1001", closing(1001)},
		{"close 1012", closing(1012)},
		{"close 4008", closing(4008)},
	} {
		op, delivered := run(how.end, intents)
		fmt.Fprintf(os.Stderr, "%s: op %d, the event of the meantime is delivered: %t\n", how.name, op, delivered)
	}
}

func closing(code int) func(*websocket.Conn) {
	return func(c *websocket.Conn) {
		_ = c.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(code, ""), time.Now().Add(time.Second))
	}
}

// run ends a bot's first connection, and returns what the bot sends on the second one, and whether the message that was
// written between the two reaches its handler.
func run(end func(*websocket.Conn), intents dto.Intent) (op dto.OPCode, delivered bool) {
	conns := make(chan *websocket.Conn, 2)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c, err := new(websocket.Upgrader).Upgrade(w, r, nil)
		if err != nil {
			panic(err)
		}
		conns <- c
	}))
	ap := &dto.WebsocketAP{
		URL: strings.Replace(server.URL, "http", "ws", 1), Shards: 1,
		SessionStartLimit: dto.SessionStartLimit{Total: 9, Remaining: 9, MaxConcurrency: 9},
	}
	source := oauth2.StaticTokenSource(&oauth2.Token{AccessToken: "token", TokenType: "QQBot"})
	go func() { _ = botgo.NewSessionManager().Start(ap, source, &intents) }() // goes on until the program ends

	first, _ := greet(conns)
	ready(first)
	message(first, 2, "before")
	await("before")
	end(first)

	second, op := greet(conns)
	seq := 2
	if op == dto.WSResume {
		message(second, 3, "meanwhile")
		write(second, `{"op":0,"s":4,"t":"RESUMED","d":""}`)
		seq = 4
	} else {
		ready(second)
	}
	message(second, seq+1, "after")
	return op, await("after") == "meanwhile"
}

// greet returns the next connection and the op of its first frame.
func greet(conns <-chan *websocket.Conn) (*websocket.Conn, dto.OPCode) {
	select {
	case c := <-conns:
		write(c, `{"op":10,"d":{"heartbeat_interval":60000}}`)
		var frame struct {
			Op dto.OPCode `json:"op"`
		}
		if err := c.ReadJSON(&frame); err != nil {
			panic(err)
		}
		return c, frame.Op
	case <-time.After(15 * time.Second):
		panic("no connection in 15 s")
	}
}

func ready(c *websocket.Conn) {
	write(c, `{"op":0,"s":1,"t":"READY","d":{"version":1,"session_id":"session","user":{"id":"1","username":"bot","bot":true},"shard":[0,1]}}`)
}

func message(c *websocket.Conn, seq int, id string) {
	write(c, fmt.Sprintf(`{"op":0,"s":%d,"id":"e%[1]d","t":"GROUP_AT_MESSAGE_CREATE","d":{"id":%q,"content":"hi","group_openid":"g","author":{"id":"u"}}}`, seq, id))
}

func write(c *websocket.Conn, frame string) {
	if err := c.WriteMessage(websocket.TextMessage, []byte(frame)); err != nil {
		panic(err)
	}
}

// await waits for that message, and returns the id of the first one that came.
func await(last string) (first string) {
	for {
		select {
		case id := <-handled:
			if first == "" {
				first = id
			}
			if id == last {
				return first
			}
		case <-time.After(15 * time.Second):
			panic("no message in 15 s")
		}
	}
}
GO
go mod init finding >&2
go get github.com/tencent-connect/botgo@v0.2.1 golang.org/x/sync@v0.1.0 github.com/gorilla/websocket@v1.4.2 >&2
go build -o finding . >&2
got=$(./finding 2>&1 >/dev/null)
echo "$got"
[ "$got" = 'TCP reset: op 6, the event of the meantime is delivered: true
close 4009: op 6, the event of the meantime is delivered: true
TCP FIN: op 2, the event of the meantime is delivered: false
close 1001: op 2, the event of the meantime is delivered: false
close 1012: op 2, the event of the meantime is delivered: false
close 4008: op 2, the event of the meantime is delivered: false' ] || { echo 'The behaviour has changed.' >&2; exit 1; }
