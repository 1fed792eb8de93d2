package richmedia_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/tencent-connect/botgo"
	"github.com/tencent-connect/botgo/dto"
	"github.com/tencent-connect/botgo/errs"
	"github.com/tencent-connect/botgo/event"
	"github.com/tencent-connect/botgo/interaction/webhook"
	"github.com/tencent-connect/botgo/log"
	"github.com/tencent-connect/botgo/token"
	"golang.org/x/oauth2"

	"github.com/botgo-contrib/richmedia"
	"github.com/botgo-contrib/richmedia/richmediatest"
)

// lockedBuffer is where a handler of slog writes in a test.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

// slogTo returns a logger on w that keeps everything.
func slogTo(w *lockedBuffer) log.Logger {
	return richmedia.Slog(slog.New(slog.NewJSONHandler(w, &slog.HandlerOptions{Level: slog.LevelDebug, AddSource: true})))
}

// line is what the JSON handler makes of a record.
type line struct {
	Level, Msg string
	Source     slog.Source
}

func lines(t *testing.T, w *lockedBuffer) (all []line) {
	t.Helper()
	for text := range strings.Lines(w.String()) {
		var l line
		require.NoError(t, json.Unmarshal([]byte(text), &l), text)
		all = append(all, l)
	}
	return all
}

func TestSlogPassesWhatIsKnownAndWithholdsTheRest(t *testing.T) {
	type named uint8
	number := errors.New("unexpected end")
	_, notANumber := strconv.Atoi("s3cret")
	var typedNil *errs.Err
	session := &dto.Session{ID: "s3cret", URL: "wss://h/s3cret", Intent: 7, Shards: dto.ShardConfig{ShardID: 1, ShardCount: 2}}
	for name, c := range map[string]struct {
		log  func(log.Logger)
		want string
	}{
		"a body":     {func(l log.Logger) { l.Debugf("http callback body: %s,len:%d", `s3cret`, 6) }, "http callback body: (6 bytes withheld),len:6"},
		"a header":   {func(l log.Logger) { l.Debugf("http callback header: %v", http.Header{"A": {"s3cret"}}) }, "http callback header: (withheld)"},
		"a secret":   {func(l log.Logger) { l.Debugf("retrieve access token URL:%v req:%v", "https://h/app", "s3cret") }, "retrieve access token URL:https://h/app req:(6 bytes withheld)"},
		"a token":    {func(l log.Logger) { l.Debugf("token:%+v ", &oauth2.Token{AccessToken: "s3cret"}) }, "token:(withheld)"},
		"a trace id": {func(l log.Logger) { l.Debugf("access token:%v traceID:%v", "s3cret", "t-1") }, "access token:(6 bytes withheld) traceID:t-1"},
		"a session":  {func(l log.Logger) { l.Infof("%s receive %s message, %s", session, "Dispatch", "s3cret") }, "[ws][Shard:(1/2)][Intent:7] receive Dispatch message, (6 bytes withheld)"},
		"no session": {func(l log.Logger) { l.Debugf("%s listened heartBeat", (*dto.Session)(nil)) }, "(withheld) listened heartBeat"},
		"a gateway": {func(l log.Logger) {
			l.Errorf("[ws/session/local] session limited apInfo: %+v", &dto.WebsocketAP{URL: "wss://h?s3cret", Shards: 2})
		}, "[ws/session/local] session limited apInfo: {Shards:2 SessionStartLimit:{Total:0 Remaining:0 ResetAfter:0 MaxConcurrency:0}}"},
		"an exchange": {func(l log.Logger) {
			l.Infof("%v", "[OPENAPI]POST https://h/v2?k=s3cret, traceID:t, status:200 OK, elapsed:1ms req: s3cret, resp: s3cret")
		}, "[OPENAPI]POST https://h/v2?... traceID:t, status:200 OK, elapsed:1ms"},
		"a bare text": {func(l log.Logger) { l.Infof("%v", "s3cret") }, "(6 bytes withheld)"},
		"a panic": {func(l log.Logger) {
			l.Errorf("[PANIC]%s\n%v\n%s\n", session, "s3cret", []byte("goroutine 1 [running]:\nmain.main()"))
		}, "[PANIC][ws][Shard:(1/2)][Intent:7]\n(6 bytes withheld)\ngoroutine 1 [running]:\nmain.main()"},
		"no stack":      {func(l log.Logger) { l.Errorf("[PANIC]%s\n%v\n%s\n", session, number, []byte("s3cret")) }, "[PANIC][ws][Shard:(1/2)][Intent:7]\nunexpected end\n(6 bytes withheld)"},
		"a plain call":  {func(l log.Logger) { l.Info("payload:%+v", &dto.WSPayload{Data: "s3cret"}) }, "payload:%+v(withheld)"},
		"a plain body":  {func(l log.Logger) { l.Info("s3cret") }, "(6 bytes withheld)"},
		"a plain error": {func(l log.Logger) { l.Error(number) }, "unexpected end"},
		"no verb":       {func(l log.Logger) { l.Errorf("handle validation failed:", number) }, "handle validation failed: unexpected end"},
		"an unknown call": {func(l log.Logger) {
			l.Warnf("%s of %q: %d, %5.1f, %t, %v, %v, %s, %v", "s3cret", []byte("s3cret"), named(3), 2.5, true, 3*time.Second, nil, map[string]string{"a": "s3cret"}, new("s3cret"))
		}, "(6 bytes withheld) of (6 bytes withheld): 3,   2.5, true, 3s, <nil>, (withheld), (withheld)"},
		"an address": {func(l log.Logger) {
			l.Errorf("%v", &url.Error{Op: "Put", URL: "https://cos/x?sign=s3cret", Err: number})
		}, `Put "https://cos/x?... unexpected end`},
		"another scheme": {func(l log.Logger) { l.Errorf("%v", errors.New("dial wss://h/ws?token=s3cret: refused")) }, "dial wss://h/ws?... refused"},
		"a token inside": {func(l log.Logger) { l.Errorf("%v", errors.New("header QQBot s3cret, Bearer s3cret")) }, "header QQBot ..., Bearer ..."},
		"an answer": {func(l log.Logger) {
			l.Errorf("%v", fmt.Errorf("send: %w", errs.New(401, `{"code":11298,"message":"s3cret"}`, "t")))
		}, "send: code:401, text:11298 this address is not on the bot's IP list, traceID:t"},
		"an HTML answer":     {func(l log.Logger) { l.Errorf("%v", errs.New(502, "s3cret", "t")) }, "code:502, text:(6 bytes withheld), traceID:t"},
		"botgo's own":        {func(l log.Logger) { l.Error(errs.New(9005, "websocket: close 4006", "")) }, "code:9005, text:websocket: close 4006, traceID:"},
		"a body inside":      {func(l log.Logger) { l.Errorf("%v", errors.New(`unexpected answer {"a":"s3cret"}`)) }, "unexpected answer {...}"},
		"a page inside":      {func(l log.Logger) { l.Errorf("%v", errors.New("unexpected answer <html>s3cret")) }, "unexpected answer {...}"},
		"a number":           {func(l log.Logger) { l.Errorf("unmarshal rsp failed:%v traceID:%v", notANumber, "t") }, `unmarshal rsp failed:strconv.Atoi: parsing "...": invalid syntax traceID:t`},
		"a nil error":        {func(l log.Logger) { l.Errorf("%v", typedNil) }, "<nil>"},
		"percent signs":      {func(l log.Logger) { l.Errorf("100% %s of %d") }, "100% %s of %d"},
		"percent plain":      {func(l log.Logger) { l.Error("50%", 3, "%d") }, "(3 bytes withheld)3(2 bytes withheld)"},
		"the plugin's":       {func(l log.Logger) { l.Warnf("richmedia: %s: 50%% of %s", "cat.png", "100%") }, "richmedia: cat.png: 50% of 100%"},
		"the plugin's, bare": {func(l log.Logger) { l.Warnf("richmedia: 50% done") }, "richmedia: 50% done"},
		"nothing":            {func(l log.Logger) { l.Info() }, ""},
	} {
		t.Run(name, func(t *testing.T) {
			var w lockedBuffer
			c.log(slogTo(&w))
			got := lines(t, &w)
			require.Len(t, got, 1)
			assert.Equal(t, c.want, got[0].Msg)
			assert.NotContains(t, w.String(), "s3cret")
		})
	}
}

func TestSlogKeepsTheLevelAndTheCaller(t *testing.T) {
	var w lockedBuffer
	l := slogTo(&w)
	l.Debug(1)
	l.Debugf("richmedia: %d", 1)
	l.Info(1)
	l.Infof("richmedia: %d", 1)
	l.Warn(1)
	l.Warnf("richmedia: %d", 1)
	l.Error(1)
	l.Errorf("richmedia: %d", 1)
	require.NoError(t, l.Sync())
	useSlog(t, l)
	log.Infof("richmedia: %d", 1) // through botgo's package
	got := lines(t, &w)
	require.Len(t, got, 9)
	for i, level := range []string{"DEBUG", "DEBUG", "INFO", "INFO", "WARN", "WARN", "ERROR", "ERROR", "INFO"} {
		assert.Equal(t, level, got[i].Level)
		assert.Contains(t, got[i].Source.File, "slog_test.go")
		assert.Contains(t, got[i].Source.Function, t.Name())
	}

	var quiet lockedBuffer
	richmedia.Slog(slog.New(slog.NewJSONHandler(&quiet, nil))).Debugf("richmedia: %d", 1)
	richmedia.Slog(slog.New(slog.NewJSONHandler(&quiet, nil))).Debug(1)
	assert.Empty(t, quiet.String())
}

func TestSlogOfNilIsTheDefaultLogger(t *testing.T) {
	was := slog.Default()
	t.Cleanup(func() { slog.SetDefault(was) })
	l := richmedia.Slog(nil)
	var w lockedBuffer
	slog.SetDefault(slog.New(slog.NewJSONHandler(&w, nil)))
	l.Infof("richmedia: here")
	assert.Contains(t, w.String(), "richmedia: here")
}

// useSlog makes l botgo's logger for the rest of the test.
func useSlog(t *testing.T, l log.Logger) {
	t.Helper()
	was := log.DefaultLogger
	botgo.SetLogger(l)
	t.Cleanup(func() { botgo.SetLogger(was) })
}

// What is said in a run, and must not be in its log.
const (
	heard       = "the user says hush"
	said        = "the bot says hush"
	saidByBotgo = "botgo says hush"
)

// unlogged are the texts of a run that no line may hold.
func unlogged(t *testing.T, p *richmediatest.Platform, src oauth2.TokenSource) map[string]string {
	t.Helper()
	tok, err := src.Token()
	require.NoError(t, err)
	info := ""
	for _, call := range p.Calls() {
		if call.Op == richmediatest.OpUpload {
			var answer struct {
				FileInfo string `json:"file_info"`
			}
			require.NoError(t, json.Unmarshal(call.Answer, &answer))
			info = answer.FileInfo
		}
	}
	return map[string]string{
		"the secret": p.Credentials().AppSecret, "the token": tok.AccessToken, "the event": heard, "a reply": said, "botgo's reply": saidByBotgo, "file_info": info,
	}
}

func TestABotAtDebugLevelLogsNoSecretTokenOrBody(t *testing.T) {
	var w lockedBuffer
	useSlog(t, slogTo(&w)) // first, as README says: botgo's client keeps the logger that it finds
	p := richmediatest.New()
	_, err := p.Listen()
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, p.Close()) })
	t.Cleanup(p.UseBotgo())
	src := token.NewQQBotTokenSource(p.Credentials())
	media, err := richmedia.New(src)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, media.Close()) })
	keepHandlers(t)
	api := botgo.NewOpenAPI(p.AppID(), src).SetDebug(true)

	done := make(chan error, 1)
	event.RegisterHandlers(media.GroupATMessage(func(ctx context.Context, c *richmedia.Context) error {
		_, err := c.ReplyImage(ctx, richmedia.FromBytes("cat.png", readMedia(t, "cat.png")), richmedia.WithCaption(said))
		done <- err
		return err
	}))
	club := p.Group("club")
	p.PushTo(richmedia.WebhookHandler(p.Credentials()))
	club.Say("alice", heard)
	require.NoError(t, <-done)
	p.PushTo(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { webhook.HTTPHandler(w, r, p.Credentials()) }))
	ev := club.Say("alice", heard+" again")
	require.NoError(t, <-done)
	_, err = api.PostGroupMessage(t.Context(), club.OpenID(), &dto.MessageToCreate{Content: saidByBotgo, MsgID: ev.MsgID(), MsgSeq: 300})
	require.NoError(t, err)
	p.PushTo(nil)
	_, err = api.PostGroupMessage(t.Context(), club.OpenID(), &dto.MessageToCreate{Content: saidByBotgo, MsgID: ev.MsgID(), MsgSeq: 300})
	require.Error(t, err, "the body of the refusal is in botgo's error")
	refused := p.SignedRequest([]byte(`{"op":0,"d":"` + heard + `"}`))
	refused.Header.Set("X-Signature-Timestamp", "1")
	webhook.HTTPHandler(httptest.NewRecorder(), refused, p.Credentials())
	require.NoError(t, media.Shutdown(t.Context()))

	text := w.String()
	for what, secret := range unlogged(t, p, src) {
		require.NotEmpty(t, secret, what)
		assert.NotContains(t, text, secret, what)
	}
	for _, line := range []string{"retrieve access token URL:http", "[OPENAPI]POST", "http callback body: (", "signature verify failed", "traceID:"} {
		assert.Contains(t, text, line, "what may be known is there")
	}
}
