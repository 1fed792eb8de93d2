// Command existing-bot is a bot that was there before the plugin: its handlers have botgo's shape, it sends through botgo,
// and five lines let it answer with media as well. The guide is docs/existing-bots.md.
//
//	go run ./examples/existing-bot
//
// needs no credentials and no network: the bot runs against a fake of QQ's open platform on this machine.
// The bot is in bot.go: begin there.
package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/png"
	"io"
	"log"
	"os"
	"time"

	"github.com/tencent-connect/botgo"
	"github.com/tencent-connect/botgo/event"
	"github.com/tencent-connect/botgo/token"

	"github.com/botgo-contrib/richmedia"
	"github.com/botgo-contrib/richmedia/richmediatest"
)

func main() {
	if err := run(os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "existing-bot:", err)
		os.Exit(1)
	}
}

// run lets users write to the bot, and prints their chats to w.
func run(w io.Writer) (err error) {
	ctx, cancel := context.WithTimeoutCause(context.Background(), 30*time.Second, errors.New("gave up after 30 s"))
	defer cancel()
	botgo.SetLogger(quiet{log.Default()})

	// botgo knows groups by group_id, which the documents leave out and the platform sends.
	platform := richmediatest.New(richmediatest.WithObservedPayloads())
	if _, err := platform.Listen(); err != nil {
		return err
	}
	restore := platform.UseBotgo()
	defer func() {
		err = errors.Join(err, platform.Close())
		restore()
	}()
	var photo bytes.Buffer
	if err := png.Encode(&photo, image.NewRGBA(image.Rect(0, 0, 64, 64))); err != nil {
		return err
	}

	credentials := platform.Credentials()
	src := token.NewQQBotTokenSource(credentials)
	media, err := richmedia.New(src) // +
	if err != nil {
		return err
	}
	b := &bot{api: botgo.NewOpenAPI(credentials.AppID, src), media: media, photo: richmedia.FromBytes("photo.png", photo.Bytes())}
	event.RegisterHandlers(b.onGroupMessage(), b.onC2CMessage())
	platform.PushTo(richmedia.WebhookHandler(credentials)) // a server's: http.Handle("/qqbot", ...)

	cats, carol := platform.Group("cats"), platform.C2C("carol")
	cats.Say("alice", "a photo, please")
	carol.Say("carol", "a photo, please")
	_, err = carol.WaitAnswers(ctx, 1)
	if err = errors.Join(err, media.Shutdown(ctx)); err != nil {
		return err
	}
	for _, chat := range []*richmediatest.Chat{cats, carol} {
		_, _ = fmt.Fprintf(w, "%s %q\n", chat.Scene(), chat.Name())
		for _, m := range chat.Messages() {
			_, _ = fmt.Fprintf(w, "  %s", m)
			if m.Bot {
				_, _ = fmt.Fprintf(w, " (msg_seq %d)", m.Seq)
			}
			_, _ = fmt.Fprintln(w)
		}
	}
	return nil
}
