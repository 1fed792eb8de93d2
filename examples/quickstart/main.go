// Command quickstart is a bot on botgo that answers with images, videos, voices and files.
//
//	go run ./examples/quickstart
//
// needs no credentials and no network: the bot runs against a fake of QQ's open platform on this machine, a few
// users write to it, and their chats are printed. With -live the same bot runs on the real platform.
//
// The bot is in bot.go: begin there.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log"
	"os"
	"os/signal"
	"syscall"

	"github.com/tencent-connect/botgo"
	"github.com/tencent-connect/botgo/constant"
	"github.com/tencent-connect/botgo/dto"
	"github.com/tencent-connect/botgo/event"
	"github.com/tencent-connect/botgo/token"

	"github.com/botgo-contrib/richmedia"
)

func main() {
	live := flag.Bool("live", false, "run on the real platform, as the bot of QQBOT_APPID and QQBOT_SECRET")
	verbose := flag.Bool("v", false, "show botgo's own log (offline only: it holds secrets)")
	flag.Parse()

	// botgo reads its logger without a lock, so it is set before anything else of botgo runs.
	switch {
	case *live:
		botgo.SetLogger(quiet{log.Default()})
	case !*verbose:
		botgo.SetLogger(quiet{log.New(io.Discard, "", 0)})
	}
	run := runOffline
	if *live {
		run = runLive
	}
	if err := run(os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "quickstart:", err)
		os.Exit(1)
	}
}

// runLive runs the bot on the real platform until Ctrl-C.
func runLive(w io.Writer) error {
	credentials := &token.QQBotCredentials{AppID: os.Getenv("QQBOT_APPID"), AppSecret: os.Getenv("QQBOT_SECRET")}
	if credentials.AppID == "" || credentials.AppSecret == "" {
		return errors.New("-live: set QQBOT_APPID and QQBOT_SECRET to your bot's AppID and AppSecret, from https://q.qq.com")
	}
	if at := os.Getenv("QQBOT_API_DOMAIN"); at != "" { // another platform than QQ's, such as cmd/playground
		constant.APIDomain = at
	}
	if at := os.Getenv("QQBOT_TOKEN_DOMAIN"); at != "" {
		constant.TokenDomain = at
	}
	ctx, cancel := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer cancel()
	b, err := newBot(credentials, richmedia.FromFS(files, "media/cat.png"))
	if err != nil {
		return err
	}
	event.RegisterHandlers(event.ReadyHandler(func(_ *dto.WSPayload, ready *dto.WSReadyData) {
		_, _ = fmt.Fprintf(w, "%s is online: write to it, or press Ctrl-C\n", ready.User.Username)
	}))
	ended := make(chan error, 1)
	if err := b.connect(ctx, func(err error) { ended <- err }); err != nil {
		return err
	}
	select {
	case <-ctx.Done():
	case err = <-ended:
	}
	return errors.Join(err, b.stop())
}
