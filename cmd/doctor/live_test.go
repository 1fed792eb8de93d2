package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/botgo-contrib/richmedia/richmediatest"
)

func TestALiveExaminationFindsTheFakeAsExpected(t *testing.T) {
	b := newBed(t)
	require.Equal(t, statusOK, b.run(t.Context()), b.user.said())
	r := b.read(t)
	assert.True(t, r.Complete)
	assert.Equal(t, masked("another"), r.Platform)
	for _, x := range r.Facts {
		assert.NotContains(t, []masked{differs, fresh}, x.Verdict, "%+v", x)
	}
	assert.Equal(t, accepted, r.found()["send.group.second_group"].Seen)
	assert.Equal(t, accepted, r.found()["send.event_id.without_seq"].Seen)
}

func TestNothingThatIdentifiesLeavesTheProcess(t *testing.T) {
	b := newBed(t)
	require.Equal(t, statusOK, b.run(t.Context()))
	raw, err := os.ReadFile(b.report)
	require.NoError(t, err)
	token, err := b.p.TokenSource().Token()
	require.NoError(t, err)
	secrets := []string{b.cfg.appID, b.cfg.secret, token.AccessToken, "127.0.0.1", "presigned/", "private word", "QQBot "}
	for _, call := range b.p.Calls() {
		for _, s := range append(texts(call.Body), texts(call.Answer)...) {
			if len(s) >= 16 && !strings.HasPrefix(s, "doctor: ") && !strings.HasPrefix(s, mediaBase) {
				secrets = append(secrets, s)
			}
		}
	}
	for _, u := range b.p.Uploads() {
		secrets = append(secrets, u.FileInfo, u.UUID, u.Chat)
	}
	require.Greater(t, len(secrets), 100)
	said := strings.ReplaceAll(b.user.said(), b.report, "") // the report's own name
	for _, s := range secrets {
		assert.False(t, strings.Contains(string(raw), s), "the report has %q", s)
		assert.False(t, strings.Contains(said, s), "the terminal has %q", s)
	}
}

func TestNoMessageIsProactiveAndNoUploadIsSent(t *testing.T) {
	b := newBed(t, richmediatest.WithProactive()) // it would be accepted
	require.Equal(t, statusOK, b.run(t.Context()))
	sends, uploads := 0, 0
	for _, call := range b.p.Calls() {
		var body map[string]any
		_ = json.Unmarshal(call.Body, &body)
		switch call.Op {
		case richmediatest.OpSend:
			sends++
			assert.NotEmpty(t, fmt.Sprint(body["msg_id"])+fmt.Sprint(body["event_id"]))
			assert.True(t, body["msg_id"] != nil || body["event_id"] != nil, "%s", call.Body)
		case richmediatest.OpMerge:
			uploads++
			assert.Equal(t, false, body["srv_send_msg"])
		case richmediatest.OpUpload:
			uploads++
			if body != nil { // the body of a large one is kept in part
				assert.Equal(t, false, body["srv_send_msg"])
			}
		}
	}
	assert.Greater(t, sends, 8)
	assert.Greater(t, uploads, 20)
	_, _, err := newSession(b.cfg, &console{out: b.user}, &client{http: b.p.Client()}).send(t.Context(), &chat{scope: group}, map[string]any{})
	assert.ErrorIs(t, err, errProactive)
}

func TestWithoutSendNothingIsAnswered(t *testing.T) {
	b := newBed(t)
	b.cfg.send = false
	require.Equal(t, statusOK, b.run(t.Context()))
	assert.Zero(t, b.p.Count(richmediatest.OpSend))
	assert.NotZero(t, b.p.Count(richmediatest.OpMerge))
}

func TestRequestsStayUnderATenthOfTheDocumentedRates(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := richmediatest.New(richmediatest.WithoutData(), richmediatest.WithParts(richmediatest.PartShape{BlockSize: 1 << 18}))
		event := p.Group("cats").Say("ann", "hi")
		cfg := config{appID: p.AppID(), secret: p.Credentials().AppSecret, media: mediaBase, timeout: time.Minute, sizes: []int{1}, unit: mebibyte}
		s := newSession(cfg, &console{out: new(user)}, &client{
			http: p.Client(), api: p.URL(), tokens: p.URL(), appID: cfg.appID, timeout: time.Minute, pace: pace{every: tenth},
		})
		s.chats[group] = &chat{scope: group, openid: p.Group("cats").OpenID(), msgID: event.MsgID()}
		for _, step := range []func(context.Context) error{s.checkToken, s.checkAPI, s.checkUploads, s.checkParts} {
			require.NoError(t, step(t.Context()))
		}
		require.NoError(t, s.answerImage(t.Context(), s.chats[group]))
		perSecond := map[richmediatest.Op]int{
			richmediatest.OpUpload: 50, richmediatest.OpMerge: 50, richmediatest.OpPrepare: 10, richmediatest.OpFinish: 10, richmediatest.OpSend: 100,
		}
		last := map[int]time.Time{}
		counted := 0
		for _, call := range p.Calls() {
			rate, ok := perSecond[call.Op]
			if !ok {
				continue
			}
			counted++
			key := int(call.Op[0])
			if call.Op == richmediatest.OpMerge {
				key = int(richmediatest.OpUpload[0]) // one endpoint
			}
			if before, ok := last[key]; ok {
				assert.Greater(t, call.Time.Sub(before), 10*time.Second/time.Duration(rate), "%s %d", call.Op, call.Number)
			}
			last[key] = call.Time
		}
		assert.Greater(t, counted, 25)
	})
}

func TestItAsksBeforeItUploadsMuch(t *testing.T) {
	for input, want := range map[string]bool{"y\n": true, "\n": false, "": false, "n\n": false} {
		s := newSession(config{}, &console{out: new(user), lines: read(t.Context(), strings.NewReader(input))}, &client{http: newHTTP()})
		ok, err := s.mayUpload(t.Context(), maxUnasked+1)
		require.NoError(t, err)
		assert.Equal(t, want, ok, "%q", input)
	}
	s := newSession(config{}, &console{out: new(user)}, &client{http: newHTTP()})
	ok, err := s.mayUpload(t.Context(), maxUnasked)
	require.NoError(t, err)
	assert.True(t, ok, "50 MiB need no question")
}

func TestEveryStepCanBeSkippedOrEndTheExamination(t *testing.T) {
	for i, step := range steps {
		for _, typed := range []string{"s", "q"} {
			t.Run(step.title.en+" "+typed, func(t *testing.T) {
				b := newBed(t)
				if step.title.en == "Webhook" { // with it no event comes from the gateway
					b.cfg.webhook, b.cfg.listen, b.cfg.patience = b.cfg.api, "127.0.0.1:0", 50*time.Millisecond
				}
				b.user.lines = make(chan string)
				b.user.types = func(n int) string {
					if n == i+1 {
						return typed
					}
					return ""
				}
				require.Equal(t, statusOK, b.run(t.Context()), b.user.said())
				if typed == "s" && i > 0 {
					assert.Contains(t, b.user.said(), "skipped")
				}
				if i > 0 {
					assert.False(t, b.read(t).Complete)
				}
			})
		}
	}
}

func TestControlCEndsEveryStepCleanly(t *testing.T) {
	phrases := []string{"Write to the bot in a group", "Write to the bot in a single"}
	for i := range steps {
		phrases = append(phrases, fmt.Sprintf("[%d/%d]", i+1, len(steps)))
	}
	for _, phrase := range phrases {
		t.Run(phrase, func(t *testing.T) {
			b := newBed(t)
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			canceled := make(chan struct{})
			b.user.do[phrase] = func() { cancel(); close(canceled) }
			status := b.run(ctx)
			<-canceled
			assert.Equal(t, statusInterrupted, status)
			assert.Contains(t, b.user.said(), "Interrupted")
			if _, err := os.Stat(b.report); err == nil {
				assert.False(t, b.read(t).Complete)
			}
		})
	}
}
