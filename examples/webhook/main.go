// Command webhook is a bot to which the platform pushes its events: an HTTP server with timeouts, that checks signatures
// and stops without losing an answer. examples/websocket is the same bot on a websocket, and differs in two lines.
//
//	go run ./examples/webhook
//
// needs no credentials and no network: a fake of QQ's open platform pushes to the bot on this machine. With -live the
// same bot waits for the real platform's pushes at -addr, under /qqbot. They come over HTTPS: put it behind a proxy that
// has a certificate, on port 80, 443, 8080 or 8443, and enter its address and the events in the bot's console.
//
// The bot is in bot.go: begin there.
package main

import (
	"context"
	"flag"
	"fmt"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/tencent-connect/botgo/token"

	"github.com/botgo-contrib/richmedia"
	"github.com/botgo-contrib/richmedia/examples/internal/stage"
	"github.com/botgo-contrib/richmedia/richmediatest"
)

var addr = flag.String("addr", ":8080", "with -live: where to listen")

var example = stage.Example{Command: "go run ./examples/webhook", Offline: stage.Play(play), Live: live}

func main() { example.Main() }

func live(ctx context.Context, credentials *token.QQBotCredentials, opts ...richmedia.Option) error {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", *addr)
	if err != nil {
		return err
	}
	fmt.Printf("listening at %s/qqbot: write to the bot, or press Ctrl-C\n", listener.Addr())
	return run(ctx, listener, credentials, opts...)
}

func play(s *stage.Stage) {
	var url string
	s.Do(func() error {
		listener, err := new(net.ListenConfig).Listen(s.Context(), "tcp", "127.0.0.1:0")
		if err != nil {
			return err
		}
		url = "http://" + listener.Addr().String() + "/qqbot"
		s.Run(func(ctx context.Context, credentials *token.QQBotCredentials, opts ...richmedia.Option) error {
			return run(ctx, listener, credentials, opts...)
		})
		return nil
	})
	s.PushToURL(url)

	s.Do(func() error { return s.ValidateWebhook(s.Context()) })
	s.Note("the console checks the address: the bot signs, and so knows the secret")
	s.Do(func() error {
		status, err := forge(s.Context(), url)
		s.Note("somebody pushes an event without a signature: %s", status)
		return err
	})
	s.Say(s.Group("cats"), "alice", "cat", 1)

	// A slow upload keeps the answer away for half a second. The push is acknowledged meanwhile.
	s.Delay(richmediatest.OpUpload, 1, 500*time.Millisecond)
	s.Say(s.C2C("carol"), "carol", "cat", 0)
	s.Note("the bot is stopped, and answers what it has taken")
	s.Stop()
	s.Answers(s.C2C("carol"), 1)
}

// forge pushes an event without the secret.
func forge(ctx context.Context, url string) (status string, err error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, url, strings.NewReader(`{"op":0,"t":"C2C_MESSAGE_CREATE","d":{}}`))
	if err != nil {
		return "", err
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return "", err
	}
	return answer.Status, answer.Body.Close()
}
