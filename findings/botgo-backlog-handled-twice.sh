#!/usr/bin/env bash
# botgo handles an event twice if it was waiting when the connection was renewed: from the old queue, and again after resuming.
#
# Versions:  github.com/tencent-connect/botgo v0.2.1 with github.com/gorilla/websocket v1.4.2
# Behaviour: received events wait in a queue, and one goroutine hands them to the handler. The session's number is that of the
#            event whose handler was started last, not of the last one received. On op 7 (reconnect) or a broken connection
#            the session is resumed with that number on a new connection, while the goroutine of the old one goes on until its
#            queue is empty. The platform sends again what comes after the number, as a resumption asks it to.
# Expected:  each event once: the number and the queue belong to the same client, which could resume with the last number
#            received, or drop what it asks for again. Op 7 is routine, and a handler that uploads a video takes seconds, so
#            that messages wait. The second answers are made at the same time as the first ones, by two goroutines.
# Seen:      received: 5 events; resumed with number 2; handled: a 1, b 2, c 2, d 2, e 2; at the same time: 2
# Here:      the plugin handles each event once within 15 minutes, however often it comes (internal/seen).
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
	"sync"
	"time"

	"github.com/gorilla/websocket"
	"github.com/tencent-connect/botgo"
	"github.com/tencent-connect/botgo/dto"
	"github.com/tencent-connect/botgo/event"
	"golang.org/x/oauth2"
)

var (
	mu            sync.Mutex
	times         = map[string]int{} // how often a message was handled
	busy, busiest int
)

// handle takes as long as an upload of a small video.
func handle(_ *dto.WSPayload, m *dto.WSGroupATMessageData) error {
	mu.Lock()
	times[m.ID]++
	busy++
	busiest = max(busiest, busy)
	mu.Unlock()
	time.Sleep(1500 * time.Millisecond)
	mu.Lock()
	busy--
	mu.Unlock()
	return nil
}

func main() {
	intents := event.RegisterHandlers(event.GroupATMessageEventHandler(handle))
	conns := make(chan *websocket.Conn, 9)
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
	write(first, `{"op":0,"s":1,"t":"READY","d":{"version":1,"session_id":"session","user":{"id":"1","username":"bot","bot":true},"shard":[0,1]}}`)
	for seq := 2; seq <= 6; seq++ {
		message(first, seq)
	}
	for started := false; !started; time.Sleep(10 * time.Millisecond) { // until the first one is being handled
		mu.Lock()
		started = busy > 0
		mu.Unlock()
	}
	write(first, `{"op":7}`) // is read behind the five, and so with four of them in the queue

	second, number := greet(conns)
	for seq := number + 1; seq <= 6; seq++ {
		message(second, seq)
	}
	write(second, `{"op":0,"s":7,"t":"RESUMED","d":""}`)
	for quiet := 0; quiet < 5; { // until no handler has run for a second
		time.Sleep(200 * time.Millisecond)
		mu.Lock()
		if quiet++; busy > 0 {
			quiet = 0
		}
		mu.Unlock()
	}
	var counts []string
	for _, id := range []string{"a", "b", "c", "d", "e"} {
		counts = append(counts, fmt.Sprintf("%s %d", id, times[id]))
	}
	fmt.Fprintf(os.Stderr, "received: 5 events; resumed with number %d; handled: %s; at the same time: %d\n", number, strings.Join(counts, ", "), busiest)
}

// greet returns the next connection, and the number with which the bot resumes there.
func greet(conns <-chan *websocket.Conn) (*websocket.Conn, int) {
	select {
	case c := <-conns:
		write(c, `{"op":10,"d":{"heartbeat_interval":60000}}`)
		var frame struct {
			D struct {
				Seq int `json:"seq"`
			} `json:"d"`
		}
		if err := c.ReadJSON(&frame); err != nil {
			panic(err)
		}
		return c, frame.D.Seq
	case <-time.After(15 * time.Second):
		panic("no connection in 15 s")
	}
}

func message(c *websocket.Conn, seq int) {
	write(c, fmt.Sprintf(`{"op":0,"s":%d,"id":"e%[1]d","t":"GROUP_AT_MESSAGE_CREATE","d":{"id":"%c","content":"hi","group_openid":"g","author":{"id":"u"}}}`, seq, 'a'+seq-2))
}

func write(c *websocket.Conn, frame string) {
	if err := c.WriteMessage(websocket.TextMessage, []byte(frame)); err != nil {
		panic(err)
	}
}
GO
go mod init finding >&2
go get github.com/tencent-connect/botgo@v0.2.1 golang.org/x/sync@v0.1.0 github.com/gorilla/websocket@v1.4.2 >&2
go build -o finding . >&2
got=$(timeout 60 ./finding 2>&1 >/dev/null)
echo "$got"
[ "$got" = 'received: 5 events; resumed with number 2; handled: a 1, b 2, c 2, d 2, e 2; at the same time: 2' ] || { echo 'The behaviour has changed.' >&2; exit 1; }
