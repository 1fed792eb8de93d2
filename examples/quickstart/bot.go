package main

import (
	"context"
	"embed"
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

// bot is what botgo needs to run the handlers above.
type bot struct {
	appID   string
	tokens  oauth2.TokenSource
	media   *richmedia.Plugin
	intents dto.Intent
}

func newBot(credentials *token.QQBotCredentials, photo richmedia.Source, opts ...richmedia.Option) (*bot, error) {
	tokens := token.NewQQBotTokenSource(credentials)
	media, err := richmedia.New(tokens, opts...)
	if err != nil {
		return nil, err
	}
	greet := onAdded(photo)
	intents := event.RegisterHandlers(
		media.GroupATMessage(onMessage),
		media.C2CMessage(onMessage),
		media.Interaction(onButton),
		media.C2CFriend(greet),
	)
	intents |= media.On("GROUP_ADD_ROBOT", greet) // botgo has no handler type for this event
	return &bot{credentials.AppID, tokens, media, intents}, nil
}

// connect lets events come in over botgo's websocket. ended is told when botgo gives up for good.
func (b *bot) connect(ctx context.Context, ended func(error)) error {
	gateway, err := botgo.NewOpenAPI(b.appID, b.tokens).WS(ctx, nil, "")
	if err != nil {
		return fmt.Errorf("ask the platform for its gateway: %w", err)
	}
	go func() { // Start connects again whenever the connection is lost, and returns only if it cannot begin
		err := botgo.NewSessionManager().Start(gateway, b.tokens, &b.intents)
		ended(fmt.Errorf("botgo's session manager: %w", err))
	}()
	return nil
}

// stop refuses new events and gives the replies under way 10 s to finish.
func (b *bot) stop() error {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	return b.media.Shutdown(ctx)
}
