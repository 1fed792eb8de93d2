package main

import (
	"bytes"
	"context"
	"embed"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"github.com/tencent-connect/botgo"
	"github.com/tencent-connect/botgo/dto"
	"github.com/tencent-connect/botgo/dto/keyboard"
	"github.com/tencent-connect/botgo/event"
	"github.com/tencent-connect/botgo/token"

	"github.com/botgo-contrib/richmedia"
)

//go:embed media/cat.png media/clip.mp4 media/hello.mp3 media/report.pdf
var files embed.FS

const (
	photoURL = "https://example.com/photo.png" // on the fake platform's web
	bigSize  = 8 << 20
	help     = "Say cat, clip, hello, report, big, photo, album, buttons, late, or note and some words. Send me a file and I send it back.\n" +
		"说：猫、视频、语音、文件、大文件、网图、相册、按钮、稍后，或发个文件给我，我会发回来。"
)

// demo is the demonstration bot: the plugin on botgo.
type demo struct {
	media  *richmedia.Plugin
	intent dto.Intent
	asleep atomic.Bool
	big    []byte
}

// Awake reports whether the bot answers.
func (d *demo) Awake() bool { return !d.asleep.Load() }

// Wake makes the bot answer events, or ignore them.
func (d *demo) Wake(awake bool) { d.asleep.Store(!awake) }

// newDemo registers the bot's handlers with botgo. While the bot is asleep, events do not reach the plugin at all: otherwise
// the plugin would acknowledge interactions that belong to another bot.
func newDemo(credentials *token.QQBotCredentials, opts ...richmedia.Option) (*demo, error) {
	media, err := richmedia.New(token.NewQQBotTokenSource(credentials), opts...)
	if err != nil {
		return nil, err
	}
	d := &demo{media: media, big: make([]byte, bigSize)}
	noise := rand.NewChaCha8([32]byte{})
	_, _ = noise.Read(d.big) // never fails
	group, single := media.GroupATMessage(d.onMessage), media.C2CMessage(d.onMessage)
	button, friend := media.Interaction(d.onButton), media.C2CFriend(d.onAdded)
	channel, direct := media.ATMessage(d.onMessage), media.DirectMessage(d.onMessage)
	d.intent = event.RegisterHandlers(
		event.GroupATMessageEventHandler(func(p *dto.WSPayload, data *dto.WSGroupATMessageData) error {
			return awake(d, func() error { return group(p, data) })
		}),
		event.C2CMessageEventHandler(func(p *dto.WSPayload, data *dto.WSC2CMessageData) error {
			return awake(d, func() error { return single(p, data) })
		}),
		event.ATMessageEventHandler(func(p *dto.WSPayload, data *dto.WSATMessageData) error {
			return awake(d, func() error { return channel(p, data) })
		}),
		event.DirectMessageEventHandler(func(p *dto.WSPayload, data *dto.WSDirectMessageData) error {
			return awake(d, func() error { return direct(p, data) })
		}),
		event.InteractionEventHandler(func(p *dto.WSPayload, data *dto.WSInteractionData) error {
			return awake(d, func() error { return button(p, data) })
		}),
		event.C2CFriendEventHandler(func(p *dto.WSPayload, data *dto.WSC2CFriendData) error {
			return awake(d, func() error { return friend(p, data) })
		}),
	)
	d.intent |= media.On("GROUP_ADD_ROBOT", func(ctx context.Context, c *richmedia.Context) error {
		return awake(d, func() error { return d.onAdded(ctx, c) })
	})
	return d, nil
}

func awake(d *demo, do func() error) error {
	if !d.Awake() {
		return nil
	}
	return do()
}

// connect receives events over botgo's websocket, from the address local, whatever address the platform names for other bots.
// ended is called if botgo gives up for good.
func (d *demo) connect(ctx context.Context, credentials *token.QQBotCredentials, local string, ended func(error)) error {
	tokens := token.NewQQBotTokenSource(credentials)
	gateway, err := botgo.NewOpenAPI(credentials.AppID, tokens).WS(ctx, nil, "")
	if err != nil {
		return fmt.Errorf("ask the platform for its gateway: %w", err)
	}
	socket, err := url.Parse(gateway.URL)
	if err != nil {
		return fmt.Errorf("gateway: %w", err)
	}
	gateway.URL = "ws" + strings.TrimPrefix(local, "http") + socket.Path
	go func() { // Start connects again whenever the connection is lost, and returns only if it cannot begin
		err := botgo.NewSessionManager().Start(gateway, tokens, &d.intent)
		ended(fmt.Errorf("botgo's session manager: %w", err))
	}()
	return nil
}

// words maps the Chinese commands to the English ones.
var words = map[string]string{
	"猫": "cat", "视频": "clip", "语音": "hello", "文件": "report", "大文件": "big", "网图": "photo", "相册": "album",
	"按钮": "buttons", "稍后": "late", "记": "note",
}

// onMessage answers a message.
func (d *demo) onMessage(ctx context.Context, c *richmedia.Context) (err error) {
	if len(c.Attachments()) > 0 {
		return echo(ctx, c)
	}
	word, rest, _ := strings.Cut(strings.TrimPrefix(c.Text(), "/"), " ")
	if known := words[word]; known != "" {
		word = known
	}
	switch strings.ToLower(word) {
	case "cat":
		_, err = c.ReplyImage(ctx, richmedia.FromFS(files, "media/cat.png"), richmedia.WithCaption("meow · 喵"))
	case "clip":
		_, err = c.ReplyVideo(ctx, richmedia.FromFS(files, "media/clip.mp4"))
	case "hello":
		_, err = c.ReplyVoice(ctx, richmedia.FromFS(files, "media/hello.mp3"))
	case "report":
		_, err = c.ReplyFile(ctx, richmedia.FromFS(files, "media/report.pdf"))
	case "big": // over the inline limit, so it goes in parts; the same words twice are one upload
		_, err = c.ReplyFile(ctx, richmedia.FromBytes("recording.bin", d.big))
	case "photo": // the platform fetches it
		_, err = c.ReplyImage(ctx, richmedia.FromURL(photoURL), richmedia.WithCaption("from a URL · 来自网址"),
			richmedia.WithFallbackText("The platform cannot fetch that picture now. 平台暂时无法下载这张图。"))
	case "album":
		_, err = c.ReplyAll(ctx, richmedia.KindImage, []richmedia.Source{
			richmedia.FromBytes("dots.png", dots(1)), richmedia.FromBytes("dots.png", dots(2)), richmedia.FromBytes("dots.png", dots(3)),
		})
	case "buttons":
		_, err = c.ReplyMessage(ctx, buttons())
	case "late":
		if err = wait(ctx, 5*time.Second); err == nil {
			_, err = c.ReplyText(ctx, "Five seconds later. 五秒之后。")
		}
	case "note":
		_, err = c.ReplyFile(ctx, richmedia.FromBytes("note.txt", []byte(rest+"\n")))
	default:
		_, err = c.ReplyText(ctx, help)
	}
	if errors.Is(err, richmedia.ErrUnsupported) {
		_, err = c.ReplyText(ctx, "Guilds take images and text only. 频道里只能发图片和文字。")
	}
	return err
}

// echo sends the user's attachments back.
func echo(ctx context.Context, c *richmedia.Context) error {
	var all []error
	for _, a := range c.Attachments() {
		kind := richmedia.KindFile
		switch prefix, _, _ := strings.Cut(a.ContentType, "/"); prefix {
		case "image":
			kind = richmedia.KindImage
		case "video":
			kind = richmedia.KindVideo
		case "voice":
			kind = richmedia.KindVoice
		}
		_, err := c.Reply(ctx, kind, richmedia.FromAttachment(a))
		if errors.Is(err, richmedia.ErrUnsupported) {
			_, err = c.ReplyFile(ctx, richmedia.FromAttachment(a))
		}
		all = append(all, err)
	}
	return errors.Join(all...)
}

// onButton answers a pressed button. The plugin has acknowledged the interaction.
func (d *demo) onButton(ctx context.Context, c *richmedia.Context) (err error) {
	switch c.ButtonData() {
	case "voice":
		_, err = c.ReplyVoice(ctx, richmedia.FromFS(files, "media/hello.mp3"))
	default:
		_, err = c.ReplyImage(ctx, richmedia.FromFS(files, "media/cat.png"), richmedia.WithCaption("You pressed, I purr. 呼噜。"))
	}
	return err
}

// onAdded greets the user who has added the bot.
func (d *demo) onAdded(ctx context.Context, c *richmedia.Context) error {
	if c.Payload().Type == dto.EventC2CFriendDel {
		return nil // it cannot be answered
	}
	_, err := c.ReplyImage(ctx, richmedia.FromURL(photoURL), richmedia.WithCaption("Hello! 你好！\n"+help))
	return err
}

// buttons is a message with markdown and a keyboard.
func buttons() *dto.MessageToCreate {
	button := func(id, label, visited string, style int, action keyboard.ActionType, data string) *keyboard.Button {
		return &keyboard.Button{
			ID: id, RenderData: &keyboard.RenderData{Label: label, VisitedLabel: visited, Style: style},
			Action: &keyboard.Action{Type: action, Data: data, Permission: &keyboard.Permission{Type: keyboard.PermissionTypAll}},
		}
	}
	return &dto.MessageToCreate{
		MsgType: dto.MarkdownMsg,
		Markdown: &dto.Markdown{Content: "# Pick one · 选一个\n\nA message with **markdown** and a *keyboard*:\n\n" +
			"- a picture, with its caption\n- a voice\n- a command\n\n> 引用一句话\n\n`c.ReplyMessage(ctx, msg)`"},
		Keyboard: &keyboard.MessageKeyboard{Content: &keyboard.CustomKeyboard{Rows: []*keyboard.Row{
			{Buttons: []*keyboard.Button{
				button("1", "Purr 🐱", "Purred", 1, keyboard.ActionTypeCallback, "purr"),
				button("2", "Voice 🔊", "Spoken", 1, keyboard.ActionTypeCallback, "voice"),
			}},
			{Buttons: []*keyboard.Button{
				button("3", "Type: clip", "", 0, keyboard.ActionTypeAtBot, "clip"),
				button("4", "QQ bot docs", "", 0, keyboard.ActionTypeURL, "https://bot.q.qq.com/wiki/"),
			}},
		}}},
	}
}

// dots returns a PNG image, a different one for each seed.
func dots(seed uint64) []byte {
	var out bytes.Buffer
	drawDots(&out, seed)
	return out.Bytes()
}

func wait(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
