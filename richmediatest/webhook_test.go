package richmediatest_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"runtime"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/tencent-connect/botgo/dto"
	"github.com/tencent-connect/botgo/event"
	"github.com/tencent-connect/botgo/interaction/signature"
	"github.com/tencent-connect/botgo/interaction/webhook"

	"github.com/botgo-contrib/richmedia/richmediatest"
)

// botgoWebhook is botgo's own handler for p's bot.
func botgoWebhook(p *richmediatest.Platform) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		webhook.HTTPHandler(w, r, p.Credentials())
	})
}

func TestBotgosWebhookTakesThePushes(t *testing.T) {
	p := richmediatest.New()
	p.PushTo(botgoWebhook(p))
	var got []*dto.WSPayload
	event.RegisterHandlers(event.GroupATMessageEventHandler(func(payload *dto.WSPayload, _ *dto.WSGroupATMessageData) error {
		got = append(got, payload)
		if len(got) == 2 {
			return context.Canceled // botgo answers {"op":12,"d":1}
		}
		return nil
	}))
	defer func() { event.DefaultHandlers.GroupATMessage = nil }()

	first := p.Group("g").Say("ann", "hi")
	require.Len(t, got, 1)
	assert.Equal(t, first.ID(), got[0].EventID)
	assert.Equal(t, first.Body(), got[0].RawMessage)
	require.Len(t, first.Pushes(), 1)
	push := first.Pushes()[0]
	assert.True(t, push.Acked)
	assert.Equal(t, 200, push.Status)
	assert.JSONEq(t, `{"op":12,"d":0}`, string(push.Body))

	second := p.Group("g").Say("ann", "again")
	require.Len(t, got, 3, "d:1 asks for the same event again")
	assert.Equal(t, got[1].EventID, got[2].EventID)
	pushes := second.Pushes()
	require.Len(t, pushes, 2)
	assert.False(t, pushes[0].Acked)
	assert.True(t, pushes[1].Acked)

	first.Redeliver()
	require.Len(t, got, 4)
	assert.Equal(t, first.ID(), got[3].EventID)
	require.NoError(t, p.ValidateWebhook(t.Context()))
}

func TestPushesCarryThePlatformsHeaders(t *testing.T) {
	p := richmediatest.New()
	var header http.Header
	var body []byte
	p.PushTo(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		header = r.Header
		body, _ = io.ReadAll(r.Body)
		assert.EqualValues(t, len(body), r.ContentLength)
	}))
	ev := p.C2C("ann").Say("", "hi")
	assert.True(t, ev.Pushes()[0].Acked, "an empty 200 is enough")
	assert.Equal(t, ev.Body(), body)
	assert.Equal(t, "QQBot-Callback", header.Get("User-Agent"))
	assert.Equal(t, p.AppID(), header.Get("X-Bot-Appid"))
	ok, err := signature.Verify(p.Credentials().AppSecret, header, body)
	require.NoError(t, err)
	assert.True(t, ok)
}

func TestAnUnacknowledgedPushComesThreeTimesWithTheSameID(t *testing.T) {
	p := richmediatest.New()
	answers := map[string]http.HandlerFunc{
		"not 200":  func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) },
		"d is 1":   func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, `{"op":12,"d":1}`) },
		"panic":    func(http.ResponseWriter, *http.Request) { panic("bug") },
		"cut":      func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
		"goexit":   func(http.ResponseWriter, *http.Request) { runtime.Goexit() },
		"HTTP 500": func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "no", http.StatusInternalServerError) },
	}
	for name, h := range answers {
		var ids []string
		p.PushTo(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			var env struct{ ID string }
			assert.NoError(t, json.NewDecoder(r.Body).Decode(&env))
			ids = append(ids, env.ID)
			h(w, r)
		}))
		ev := p.Group("g").Say("ann", "hi")
		assert.Equal(t, []string{ev.ID(), ev.ID(), ev.ID()}, ids, name)
		assert.Len(t, ev.Pushes(), 3)
	}
	over, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := p.Group("g").WaitAnswers(over, 1)
	require.ErrorContains(t, err, "push of GROUP_AT_MESSAGE_CREATE not acknowledged")
}

func TestASlowWebhookIsGivenUpAfterThreeSecondsAndPushedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := richmediatest.New()
		var ended atomic.Int32
		p.PushTo(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			<-r.Context().Done()
			time.Sleep(4 * time.Second) // it works on, as real handlers do
			ended.Add(1)
		}))
		began := time.Now()
		ev := p.Group("g").Say("ann", "hi")
		assert.Equal(t, 9*time.Second, time.Since(began))
		for _, push := range ev.Pushes() {
			require.ErrorIs(t, push.Err, context.DeadlineExceeded)
		}
		assert.Len(t, ev.Pushes(), 3)
		assert.EqualValues(t, 1, ended.Load(), "pushes overlap")
		require.NoError(t, p.Close(), "Close waits for them")
		assert.EqualValues(t, 3, ended.Load())
	})
}

func TestPushToURLUsesTheNetwork(t *testing.T) {
	p := richmediatest.New()
	bot := richmediatest.New() // only for its listener: any server will do
	url, err := bot.Listen()
	require.NoError(t, err)
	defer func() { require.NoError(t, bot.Close()) }()
	p.PushToURL(url + "/nothing")
	ev := p.Group("g").Say("ann", "hi")
	require.Len(t, ev.Pushes(), 3)
	assert.Equal(t, 404, ev.Pushes()[0].Status)
	require.Error(t, p.ValidateWebhook(t.Context()))

	p.PushToURL("http://127.0.0.1:1/")
	require.Error(t, p.Group("g").Say("ann", "hi").Pushes()[0].Err)
	p.PushToURL("")
	assert.Empty(t, p.Group("g").Say("ann", "hi").Pushes())
	require.Error(t, p.ValidateWebhook(t.Context()))
}

func TestValidationWantsTheBotsSignature(t *testing.T) {
	p := richmediatest.New()
	// Another secret signs another way.
	p.PushTo(botgoWebhook(richmediatest.New(richmediatest.WithCredentials("1", "another secret"))))
	require.Error(t, p.ValidateWebhook(t.Context()))
	p.PushTo(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, `{"plain_token":"wrong","signature":""}`)
	}))
	require.ErrorContains(t, p.ValidateWebhook(t.Context()), "plain_token")
	p.PushTo(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var asked struct {
			Data dto.WHValidationReq `json:"d"`
		}
		assert.NoError(t, json.NewDecoder(r.Body).Decode(&asked))
		_, _ = w.Write(webhook.GenValidationACK(&asked.Data, r.Header, "another secret"))
	}))
	require.ErrorContains(t, p.ValidateWebhook(t.Context()), "does not verify")
}

func TestSignedRequestsCanBeTamperedWith(t *testing.T) {
	p := richmediatest.New()
	r := p.SignedRequest([]byte(`{"op":0}`))
	ok, err := signature.Verify(p.Credentials().AppSecret, r.Header, []byte(`{"op":0}`))
	require.NoError(t, err)
	assert.True(t, ok)
	ok, err = signature.Verify(p.Credentials().AppSecret, r.Header, []byte(`{"op":1}`))
	require.NoError(t, err)
	assert.False(t, ok)
}

// The vector is of the official documents on webhooks, the one without a misprint.
func TestSignatureOfTheDocumentsVector(t *testing.T) {
	const want = "87befc99c42c651b3aac0278e71ada338433ae26fcb24307bdc5ad38c1adc2d01bcfcadc0842edac85e85205028a1132afe09280305f13aa6909ffc2d652c706"
	assert.Equal(t, want, richmediatest.SignFor("DG5g3B4j9X2KOErG", "1725442341"+"Arq0D5A61EgUu4OxUvOp"))
}
