// Command botgo is a bot by hand on botgo alone, as botgo's README has it. Files go through botgo's own types: a URL in
// dto.RichMediaMessage, bytes in a message type of the bot's own, as botgo has none for them.
package main

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/tencent-connect/botgo"
	"github.com/tencent-connect/botgo/constant"
	"github.com/tencent-connect/botgo/dto"
	"github.com/tencent-connect/botgo/dto/keyboard"
	"github.com/tencent-connect/botgo/event"
	"github.com/tencent-connect/botgo/interaction/webhook"
	"github.com/tencent-connect/botgo/openapi"
	"github.com/tencent-connect/botgo/openapi/options"
	"github.com/tencent-connect/botgo/token"
)

func main() {
	constant.APIDomain, constant.TokenDomain = os.Getenv("PLAYGROUND"), os.Getenv("PLAYGROUND")
	botgo.SetLogger(silent{}) // botgo's own logger prints secrets
	if err := run(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, "botgo:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	credentials := &token.QQBotCredentials{AppID: "102000001", AppSecret: "playground-secret"}
	source := token.NewQQBotTokenSource(credentials)
	if err := token.StartRefreshAccessToken(ctx, source); err != nil {
		return err
	}
	api := botgo.NewOpenAPI(credentials.AppID, source).WithTimeout(10 * time.Second)
	b := &bot{api: api}
	intent := event.RegisterHandlers(
		event.GroupATMessageEventHandler(func(_ *dto.WSPayload, m *dto.WSGroupATMessageData) error {
			go b.answer(ctx, chat{m.GroupID, post(api.PostGroupMessage)}, (*dto.Message)(m))
			return nil
		}),
		event.C2CMessageEventHandler(func(_ *dto.WSPayload, m *dto.WSC2CMessageData) error {
			go b.answer(ctx, chat{m.Author.ID, post(api.PostC2CMessage)}, (*dto.Message)(m))
			return nil
		}),
		event.InteractionEventHandler(func(_ *dto.WSPayload, in *dto.WSInteractionData) error {
			go b.pressed(ctx, in)
			return nil
		}),
	)
	if os.Getenv("TRANSPORT") == "webhook" {
		address := "127.0.0.1:" + os.Getenv("HOOK_PORT")
		http.HandleFunc("/qq", func(w http.ResponseWriter, r *http.Request) { webhook.HTTPHandler(w, r, credentials) })
		report(map[string]any{"listening": "http://" + address + "/qq"})
		return http.ListenAndServe(address, nil) //nolint:gosec // on loopback, for the length of a test
	}
	gateway, err := api.WS(ctx, nil, "")
	if err != nil {
		return err
	}
	return botgo.NewSessionManager().Start(gateway, source, &intent)
}

// report writes a line that the run reads.
func report(what map[string]any) {
	raw, _ := json.Marshal(what) // strings and booleans
	fmt.Println(string(raw))
}

// chat is where an answer goes.
type chat struct {
	id   string
	post post
}

type post func(ctx context.Context, id string, m dto.APIMessage, opts ...options.Option) (*dto.Message, error)

type bot struct{ api openapi.OpenAPI }

func (b *bot) answer(ctx context.Context, to chat, m *dto.Message) {
	word := strings.TrimSpace(m.Content)
	if err := b.reply(ctx, to, m, word); err != nil {
		report(map[string]any{"failed": word + ": " + err.Error()})
	}
}

func (b *bot) reply(ctx context.Context, to chat, m *dto.Message, word string) error {
	reply := &dto.MessageToCreate{MsgID: m.ID, MsgSeq: 1}
	var err error
	switch word {
	case "text":
		reply.Content = "hello"
	case "attachment":
		reply.Content, err = fetched(ctx, m.Attachments)
	case "buttons":
		reply.MsgType, reply.Markdown, reply.Keyboard = dto.MarkdownMsg, &dto.Markdown{Content: "# pick"}, buttons()
	case "photo":
		err = media(ctx, to, reply, &dto.RichMediaMessage{FileType: 1, URL: os.Getenv("PHOTO_URL")})
	case "image":
		err = file(ctx, to, reply, 1, os.Getenv("IMAGE"))
	case "video":
		err = file(ctx, to, reply, 2, os.Getenv("VIDEO"))
	case "voice":
		err = file(ctx, to, reply, 3, os.Getenv("VOICE"))
	default:
		return nil
	}
	if err == nil {
		_, err = to.post(ctx, to.id, reply)
	}
	return err
}

// media uploads, and puts the file into the reply.
func media(ctx context.Context, to chat, reply *dto.MessageToCreate, m dto.APIMessage) error {
	up, err := to.post(ctx, to.id, m)
	if err != nil {
		return err
	}
	reply.MsgType, reply.Media = dto.RichMediaMsg, &dto.MediaInfo{FileInfo: up.FileInfo}
	return nil
}

// inline is an upload of bytes.
type inline struct {
	FileType   int    `json:"file_type"`
	FileData   string `json:"file_data"`
	SrvSendMsg bool   `json:"srv_send_msg"`
}

// GetEventID implements dto.APIMessage.
func (inline) GetEventID() string { return "" }

// GetSendType implements dto.APIMessage: botgo sends this type to /files.
func (inline) GetSendType() dto.SendType { return dto.RichMedia }

func file(ctx context.Context, to chat, reply *dto.MessageToCreate, kind int, path string) error {
	data, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	return media(ctx, to, reply, inline{FileType: kind, FileData: base64.StdEncoding.EncodeToString(data)})
}

// fetched describes an attachment by what its address serves.
func fetched(ctx context.Context, all []*dto.MessageAttachment) (string, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, all[0].URL, nil)
	if err != nil {
		return "", err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return "", err
	}
	defer func() { _ = resp.Body.Close() }()
	n, err := io.Copy(io.Discard, resp.Body)
	return fmt.Sprintf("got %d bytes", n), err
}

func buttons() *keyboard.MessageKeyboard {
	return &keyboard.MessageKeyboard{Content: &keyboard.CustomKeyboard{Rows: []*keyboard.Row{{Buttons: []*keyboard.Button{{
		ID: "yes", RenderData: &keyboard.RenderData{Label: "Yes", VisitedLabel: "Yes", Style: 1},
		Action: &keyboard.Action{Type: keyboard.ActionTypeCallback, Data: "the-answer", Permission: &keyboard.Permission{Type: keyboard.PermissionTypAll}},
	}}}}}}
}

func (b *bot) pressed(ctx context.Context, in *dto.WSInteractionData) {
	var data struct {
		Button string `json:"button_id"`
		Data   string `json:"button_data"`
	}
	if err := json.Unmarshal(in.Data.Resolved, &data); err != nil {
		report(map[string]any{"failed": "press: " + err.Error()})
	}
	report(map[string]any{"button": data.Button, "data": data.Data})
	if err := b.api.PutInteraction(ctx, in.ID, `{"code":0}`); err != nil {
		report(map[string]any{"failed": "acknowledge: " + err.Error()})
	}
}

// silent is a logger that drops everything.
type silent struct{}

func (silent) Debug(...any)          {}
func (silent) Info(...any)           {}
func (silent) Warn(...any)           {}
func (silent) Error(...any)          {}
func (silent) Debugf(string, ...any) {}
func (silent) Infof(string, ...any)  {}
func (silent) Warnf(string, ...any)  {}
func (silent) Errorf(string, ...any) {}
func (silent) Sync() error           { return nil }
