package richmediatest_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"io"
	"mime/multipart"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/tencent-connect/botgo/log"
	"go.uber.org/goleak"

	"github.com/botgo-contrib/richmedia/richmediatest"
)

// leaksOfOthers are goroutines that belong to libraries under test and that nobody can end.
var leaksOfOthers []goleak.Option

func TestMain(m *testing.M) {
	log.DefaultLogger = silent{}
	goleak.VerifyTestMain(m, leaksOfOthers...)
}

// silent keeps botgo's log out of the test's output.
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

var (
	png  = []byte("\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01")
	mp4  = []byte("\x00\x00\x00\x18ftypisom\x00\x00\x02\x00isomiso2")
	silk = []byte("\x02#!SILK_V3\x0c\x00")
)

// bot speaks the wire by hand, without any library's opinion.
type bot struct {
	t      *testing.T
	p      *richmediatest.Platform
	client *http.Client
	token  string
}

func newBot(t *testing.T, opts ...richmediatest.Option) *bot {
	t.Helper()
	p := richmediatest.New(opts...)
	t.Cleanup(func() { require.NoError(t, p.Close()) })
	b := &bot{t: t, p: p, client: p.Client()}
	b.token = b.newToken()
	return b
}

func (b *bot) newToken() string {
	b.t.Helper()
	tk, err := b.p.TokenSource().Token()
	require.NoError(b.t, err)
	return tk.AccessToken
}

// reply is an answer of the platform.
type reply struct {
	status int
	header http.Header
	raw    []byte
	json   map[string]any
}

func (r reply) code() int {
	for _, k := range []string{"err_code", "code"} {
		if v, ok := r.json[k].(float64); ok && v != 0 {
			return int(v)
		}
	}
	return 0
}

func (r reply) text(key string) string {
	s, _ := r.json[key].(string)
	return s
}

func (b *bot) do(method, path, body string) (reply, error) {
	b.t.Helper()
	req, err := http.NewRequestWithContext(b.t.Context(), method, "https://api.example.com"+path, strings.NewReader(body))
	require.NoError(b.t, err)
	req.Header.Set("Authorization", "QQBot "+b.token)
	req.Header.Set("Content-Type", "application/json")
	return b.send(req)
}

// form posts a multipart form with the fields and, when file is not nil, with it as file_image.
func (b *bot) form(c *richmediatest.Chat, file []byte, kv ...string) reply {
	b.t.Helper()
	var body bytes.Buffer
	w := multipart.NewWriter(&body)
	for i := 0; i < len(kv); i += 2 {
		require.NoError(b.t, w.WriteField(kv[i], kv[i+1]))
	}
	if file != nil {
		part, err := w.CreateFormFile("file_image", "cat.png")
		require.NoError(b.t, err)
		_, _ = part.Write(file)
	}
	require.NoError(b.t, w.Close())
	return b.typed(c, w.FormDataContentType(), body.String())
}

// typed posts a message whose body is of that type.
func (b *bot) typed(c *richmediatest.Chat, contentType, body string) reply {
	b.t.Helper()
	req, err := http.NewRequestWithContext(b.t.Context(), http.MethodPost, "https://api.example.com"+base(c)+"/messages", strings.NewReader(body))
	require.NoError(b.t, err)
	req.Header.Set("Authorization", "QQBot "+b.token)
	if contentType != "" {
		req.Header.Set("Content-Type", contentType)
	}
	r, err := b.send(req)
	require.NoError(b.t, err)
	return r
}

func (b *bot) send(req *http.Request) (reply, error) {
	b.t.Helper()
	resp, err := b.client.Do(req)
	if err != nil {
		return reply{}, err
	}
	defer func() { _ = resp.Body.Close() }()
	raw, err := io.ReadAll(resp.Body)
	require.NoError(b.t, err)
	r := reply{status: resp.StatusCode, header: resp.Header, raw: raw}
	_ = json.Unmarshal(raw, &r.json)
	return r, nil
}

func (b *bot) post(path, body string) reply {
	b.t.Helper()
	r, err := b.do(http.MethodPost, path, body)
	require.NoError(b.t, err)
	return r
}

func base(c *richmediatest.Chat) string {
	return map[string]string{
		"group": "/v2/groups/", "c2c": "/v2/users/", "channel": "/channels/", "dm": "/dms/",
	}[c.Scene()] + c.OpenID()
}

func (b *bot) message(c *richmediatest.Chat, body string) reply {
	b.t.Helper()
	return b.post(base(c)+"/messages", body)
}

func (b *bot) files(c *richmediatest.Chat, body string) reply {
	b.t.Helper()
	return b.post(base(c)+"/files", body)
}

// fileInfo uploads inline and returns the file_info.
func (b *bot) fileInfo(c *richmediatest.Chat, kind int, data []byte) string {
	b.t.Helper()
	r := b.files(c, inline(kind, data))
	require.Equal(b.t, 200, r.status, "%s", r.raw)
	require.NotEmpty(b.t, r.text("file_info"))
	return r.text("file_info")
}

func inline(kind int, data []byte) string {
	return object("file_type", kind, "file_data", base64.StdEncoding.EncodeToString(data), "srv_send_msg", false)
}

// object makes a JSON object of keys and values.
func object(kv ...any) string {
	m := make(map[string]any, len(kv)/2)
	for i := 0; i < len(kv); i += 2 {
		m[kv[i].(string)] = kv[i+1]
	}
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(m)
	return buf.String()
}

func media(fileInfo string) map[string]any { return map[string]any{"file_info": fileInfo} }

// refused checks an error answer as a whole: status, codes, message and trace id in body and header.
func refused(t *testing.T, r reply, status, code, errCode int) {
	t.Helper()
	assert.Equal(t, status, r.status, "%s", r.raw)
	assert.EqualValues(t, code, r.json["code"], "%s", r.raw)
	if errCode == 0 {
		assert.NotContains(t, r.json, "err_code")
	} else {
		assert.EqualValues(t, errCode, r.json["err_code"], "%s", r.raw)
	}
	assert.NotEmpty(t, r.text("message"))
	assert.NotEmpty(t, r.text("trace_id"))
	assert.Equal(t, r.text("trace_id"), r.header.Get("X-Tps-trace-ID"))
}

func accepted(t *testing.T, r reply) {
	t.Helper()
	require.Equal(t, 200, r.status, "%s", r.raw)
	assert.NotEmpty(t, r.header.Get("X-Tps-trace-ID"))
	assert.Zero(t, r.code())
}

func soon(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), soonTimeout)
	t.Cleanup(cancel)
	return ctx
}
