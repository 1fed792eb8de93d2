package main

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/tencent-connect/botgo"
	"github.com/tencent-connect/botgo/dto"
	"github.com/tencent-connect/botgo/event"
	"github.com/tencent-connect/botgo/token"
	"golang.org/x/oauth2"

	"github.com/botgo-contrib/richmedia"
)

//go:embed media/cat.png media/clip.mp4 media/hello.mp3 media/report.pdf
var files embed.FS

const help = "Say cat, clip, hello, report, or note and some words."

// onMessage answers what a user wrote, in a group or in a single chat.
func onMessage(ctx context.Context, c *richmedia.Context) (err error) {
	word, rest, _ := strings.Cut(strings.TrimPrefix(c.Text(), "/"), " ")
	switch word {
	case "cat":
		_, err = c.ReplyImage(ctx, richmedia.FromFS(files, "media/cat.png"), richmedia.WithCaption("meow"))
	case "clip":
		// QQ shows captions with images only, so these words are a reply of their own.
		if _, err = c.ReplyText(ctx, "Two seconds of nodding:"); err == nil {
			_, err = c.ReplyVideo(ctx, richmedia.FromFS(files, "media/clip.mp4"))
		}
	case "hello":
		_, err = c.ReplyVoice(ctx, richmedia.FromFS(files, "media/hello.mp3"))
	case "report":
		_, err = c.ReplyFile(ctx, richmedia.FromFS(files, "media/report.pdf"))
	case "note": // a file that is made on the spot
		_, err = c.ReplyFile(ctx, richmedia.FromBytes("note.txt", []byte(rest+"\n")))
	default:
		_, err = c.ReplyText(ctx, help)
	}
	return err // goes to the plugin's error handler, by default into the log
}

// onButton answers a button that was pressed. The plugin has acknowledged it to the platform by itself.
func onButton(ctx context.Context, c *richmedia.Context) error {
	_, err := c.ReplyImage(ctx, richmedia.FromFS(files, "media/cat.png"), richmedia.WithCaption("You pressed, I purr."))
	return err
}

// onAdded greets a group or a user that has added the bot, with a photo.
func onAdded(photo richmedia.Source) richmedia.Handler {
	return func(ctx context.Context, c *richmedia.Context) error {
		if c.Payload().Type == dto.EventC2CFriendDel {
			return nil // C2CFriend tells of removals too, and those cannot be answered
		}
		_, err := c.ReplyImage(ctx, photo, richmedia.WithCaption("Hello! "+help))
		return err
	}
}

func newBot(src oauth2.TokenSource, photo richmedia.Source, opts ...richmedia.Option) (*richmedia.Plugin, dto.Intent, error) {
	media, err := richmedia.New(src, opts...)
	if err != nil {
		return nil, 0, err
	}
	greet := onAdded(photo)
	intents := event.RegisterHandlers(
		media.GroupATMessage(onMessage), media.C2CMessage(onMessage), media.Interaction(onButton), media.C2CFriend(greet))
	intents |= media.On(richmedia.EventGroupAddRobot, greet) // botgo has no handler type for this event
	return media, intents, nil
}

// run lets the bot answer until ctx ends, and then gives the replies under way 10 s to finish.
func run(ctx context.Context, credentials *token.QQBotCredentials, photo richmedia.Source, opts ...richmedia.Option) error {
	src := token.NewQQBotTokenSource(credentials)
	media, intents, err := newBot(src, photo, opts...) //nolint:contextcheck // a handler's ctx comes from the plugin
	if err != nil {
		return err
	}
	gateway, err := botgo.NewOpenAPI(credentials.AppID, src).WS(ctx, nil, "")
	if err != nil {
		return fmt.Errorf("ask the platform for its gateway: %w", err)
	}
	ended := make(chan error, 1)
	go func() { ended <- botgo.NewSessionManager().Start(gateway, src, &intents) }() // it returns only if it cannot begin
	select {
	case <-ctx.Done():
	case err = <-ended:
	}
	stopping, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	return errors.Join(err, media.Shutdown(stopping))
}
