package web_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/tencent-connect/botgo/event"
	"github.com/tencent-connect/botgo/log"

	"github.com/botgo-contrib/richmedia"
	"github.com/botgo-contrib/richmedia/cmd/playground/internal/board"
	"github.com/botgo-contrib/richmedia/cmd/playground/internal/web"
	"github.com/botgo-contrib/richmedia/richmediatest"
)

const (
	address = "http://127.0.0.1:7471"
	secret  = "a-secret-of-ones-own"
	gif     = "GIF89a\x01\x00\x01\x00\x80\x00\x00\x00\x00\x00\x00\x00\x00!\xf9\x04\x01\x00\x00\x00\x00,\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02D\x01\x00;"
)

func TestMain(m *testing.M) {
	log.DefaultLogger = silent{}
	m.Run()
}

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

// demo stands in for the demonstration bot.
type demo struct{ asleep bool }

func (d *demo) Awake() bool     { return !d.asleep }
func (d *demo) Wake(awake bool) { d.asleep = !awake }

// bed is a playground without a listener.
type bed struct {
	t        *testing.T
	platform *richmediatest.Platform
	board    *board.Board
	server   *web.Server
	demo     *demo
}

func newBed(t *testing.T) *bed {
	t.Helper()
	p := richmediatest.New(richmediatest.WithCredentials("102000001", secret),
		richmediatest.WithParts(richmediatest.PartShape{BlockSize: 1 << 20, Concurrency: 2}))
	p.ServeAt(address)
	b := &bed{t: t, platform: p, board: board.New(p, nil), demo: &demo{}}
	b.server = web.New(web.Config{Platform: p, Board: b.board, Demo: b.demo, URL: address, Hosts: []string{"127.0.0.1:7471"}})
	b.server.Begin()
	t.Cleanup(func() {
		b.board.Close()
		require.NoError(t, p.Close())
	})
	return b
}

// answers makes a bot on the plugin that does what the handler says.
func (b *bed) answers(h richmedia.Handler, opts ...richmedia.Option) {
	b.t.Helper()
	opts = append(opts, richmedia.WithHTTPClient(b.platform.Client()), richmedia.WithBaseURL(b.platform.URL()),
		richmedia.WithErrorHandler(func(_ context.Context, c *richmedia.Context, err error) {
			b.board.Note(c.Payload().EventID, err.Error())
		}))
	media, err := richmedia.New(b.platform.TokenSource(), opts...)
	require.NoError(b.t, err)
	event.RegisterHandlers(media.GroupATMessage(h), media.C2CMessage(h), media.Interaction(h), media.ATMessage(h), media.DirectMessage(h))
	b.platform.PushTo(richmedia.WebhookHandler(b.platform.Credentials()))
	b.t.Cleanup(func() { require.NoError(b.t, media.Close()) })
}

// do makes a request as the page does.
func (b *bed) do(method, path string, body io.Reader, header ...string) *httptest.ResponseRecorder {
	b.t.Helper()
	r := httptest.NewRequestWithContext(b.t.Context(), method, address+path, body)
	r.URL.Scheme, r.URL.Host = "", "" // as a server gets it
	for i := 0; i < len(header); i += 2 {
		if header[i] == "Host" {
			r.Host = header[i+1]
			continue
		}
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	b.server.ServeHTTP(w, r)
	return w
}

func (b *bed) get(path string, header ...string) *httptest.ResponseRecorder {
	b.t.Helper()
	return b.do(http.MethodGet, path, nil, header...)
}

// post posts a form of keys and values.
func (b *bed) post(path string, kv ...string) *httptest.ResponseRecorder {
	b.t.Helper()
	form := url.Values{}
	for i := 0; i < len(kv); i += 2 {
		form.Set(kv[i], kv[i+1])
	}
	return b.do(http.MethodPost, path, strings.NewReader(form.Encode()), "Content-Type", "application/x-www-form-urlencoded")
}

// upload says something with files of names and contents.
func (b *bed) upload(chat, text string, files ...string) *httptest.ResponseRecorder {
	b.t.Helper()
	var body bytes.Buffer
	w := multipart.NewWriter(&body)
	for k, v := range map[string]string{"chat": chat, "user": "ann", "text": text} {
		require.NoError(b.t, w.WriteField(k, v))
	}
	for i := 0; i < len(files); i += 2 {
		f, err := w.CreateFormFile("file", files[i])
		require.NoError(b.t, err)
		_, err = io.WriteString(f, files[i+1])
		require.NoError(b.t, err)
	}
	require.NoError(b.t, w.Close())
	return b.do(http.MethodPost, "/api/say", &body, "Content-Type", w.FormDataContentType())
}

func (b *bed) ok(w *httptest.ResponseRecorder) *httptest.ResponseRecorder {
	b.t.Helper()
	require.Equal(b.t, http.StatusOK, w.Code, "%s", w.Body)
	return w
}

// say lets ann write, and returns the id of what she wrote.
func (b *bed) say(chat, text string) string {
	b.t.Helper()
	var said struct {
		ID string `json:"msg_id"`
	}
	decode(b.t, b.ok(b.post("/api/say", "chat", chat, "user", "ann", "text", text)), &said)
	return said.ID
}

func decode(t *testing.T, w *httptest.ResponseRecorder, v any) {
	t.Helper()
	require.NoError(t, json.Unmarshal(w.Body.Bytes(), v), "%s", w.Body)
}

func (b *bed) messages(chat string) []board.Message {
	b.t.Helper()
	var got struct{ Messages []board.Message }
	decode(b.t, b.ok(b.get("/api/messages?chat="+url.QueryEscape(chat))), &got)
	return got.Messages
}

// wait waits for n answers of the bot.
func (b *bed) wait(c *richmediatest.Chat, n int) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.t.Context(), 20*time.Second)
	defer cancel()
	_, err := c.WaitAnswers(ctx, n)
	require.NoError(b.t, err)
}

func (b *bed) inspect(id string) board.Inspection {
	b.t.Helper()
	var in board.Inspection
	decode(b.t, b.ok(b.get("/api/inspect?id="+url.QueryEscape(id))), &in)
	return in
}

// last is the newest answer in the chat, and what stands behind it when its calls are over.
func (b *bed) last(chat string) (board.Message, board.Inspection) {
	b.t.Helper()
	var m board.Message
	var in board.Inspection
	require.Eventually(b.t, func() bool { // the send ends after its message is there
		for _, one := range b.messages(chat) {
			if one.Bot {
				m = one
			}
		}
		in = b.inspect(m.ID)
		for _, c := range in.Calls {
			if c.Running {
				return false
			}
		}
		return len(in.Calls) > 0
	}, 5*time.Second, 5*time.Millisecond)
	return m, in
}
