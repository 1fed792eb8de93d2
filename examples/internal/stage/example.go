// Package stage is what stands around the bots of the examples: a fake platform with users that write to the bot, their
// chats as they see them, and the way to the real platform. No bot needs it, and a reader can leave it out.
package stage

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/signal"
	"syscall"

	"github.com/tencent-connect/botgo"
	"github.com/tencent-connect/botgo/constant"
	"github.com/tencent-connect/botgo/dto"
	"github.com/tencent-connect/botgo/event"
	"github.com/tencent-connect/botgo/token"
	"golang.org/x/oauth2"

	"github.com/botgo-contrib/richmedia"
)

// Bot makes a plugin with the bot's handlers, and the intents that botgo returned for them.
type Bot func(src oauth2.TokenSource, opts ...richmedia.Option) (*richmedia.Plugin, dto.Intent, error)

// Run is a bot that connects by itself: it serves until ctx ends, and returns when it has stopped.
type Run func(ctx context.Context, credentials *token.QQBotCredentials, opts ...richmedia.Option) error

// Example is what an example's command does.
type Example struct {
	Command string                                 // by which a reader starts it
	Offline func(context.Context, io.Writer) error // without a flag: on a fake platform; prints what happens
	Live    Run                                    // with -live: on the real platform, until Ctrl-C; nil: there is no such flag
}

// Main parses the flags and runs the example.
func (e Example) Main() {
	live := false
	if e.Live != nil {
		flag.BoolVar(&live, "live", false, "run on the real platform, as the bot of QQBOT_APPID and QQBOT_SECRET")
	}
	verbose := flag.Bool("v", false, "show the log of botgo and the plugin too (offline only: it holds secrets)")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second Ctrl-C does not wait

	// botgo reads its logger without a lock, so it is set before anything else of botgo runs.
	var err error
	switch {
	case live:
		botgo.SetLogger(Quiet(os.Stderr))
		err = e.RunLive(ctx)
	default:
		if !*verbose {
			botgo.SetLogger(Quiet(io.Discard))
		}
		if err = e.Offline(ctx, os.Stdout); err == nil && e.Live != nil {
			fmt.Printf("On the real platform: QQBOT_APPID=... QQBOT_SECRET=... %s -live\n", e.Command)
		}
	}
	if err != nil {
		fmt.Fprintf(os.Stderr, "%s: %v\n", e.Command, err)
		os.Exit(1)
	}
}

// RunLive runs the bot of QQBOT_APPID and QQBOT_SECRET until ctx ends.
func (e Example) RunLive(ctx context.Context) error {
	credentials := &token.QQBotCredentials{AppID: os.Getenv("QQBOT_APPID"), AppSecret: os.Getenv("QQBOT_SECRET")}
	if credentials.AppID == "" || credentials.AppSecret == "" {
		return errors.New("-live: set QQBOT_APPID and QQBOT_SECRET to your bot's AppID and AppSecret, from https://q.qq.com")
	}
	var opts []richmedia.Option
	if at := os.Getenv("QQBOT_API_DOMAIN"); at != "" { // another platform than QQ's, such as cmd/playground
		constant.APIDomain = at
		client := &http.Client{Transport: &http.Transport{}} // what users send there is http, and on this machine
		defer client.CloseIdleConnections()
		opts = append(opts, richmedia.WithDownloads(0, client))
	}
	if at := os.Getenv("QQBOT_TOKEN_DOMAIN"); at != "" {
		constant.TokenDomain = at
	}
	event.RegisterHandlers(event.ReadyHandler(func(_ *dto.WSPayload, ready *dto.WSReadyData) { // websockets only
		fmt.Printf("%s is online: write to it, or press Ctrl-C\n", ready.User.Username)
	}))
	return e.Live(ctx, credentials, opts...)
}
