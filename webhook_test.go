package richmedia_test

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/tencent-connect/botgo/event"

	"github.com/botgo-contrib/richmedia"
	"github.com/botgo-contrib/richmedia/richmediatest"
)

func TestTheWebhookAnswersTheValidation(t *testing.T) {
	b := newBed(t)
	require.NoError(t, b.ValidateWebhook(t.Context()))
}

func TestBodiesReachBotgoWholeHoweverTheyTravel(t *testing.T) {
	for name, travel := range map[string]func(*http.Request, []byte){
		"in one piece":  func(*http.Request, []byte) {},
		"byte by byte":  func(r *http.Request, b []byte) { r.Body = io.NopCloser(iotest.OneByteReader(bytes.NewReader(b))) },
		"chunked":       func(r *http.Request, _ []byte) { r.ContentLength, r.TransferEncoding = -1, []string{"chunked"} },
		"wrong length":  func(r *http.Request, _ []byte) { r.ContentLength = 10 },
		"with its last": func(r *http.Request, b []byte) { r.Body = io.NopCloser(iotest.DataErrReader(bytes.NewReader(b))) },
	} {
		t.Run(name, func(t *testing.T) {
			b := newBed(t)
			got := make(chan string, 1)
			b.onGroup(func(_ context.Context, c *richmedia.Context) error { got <- c.Text(); return nil })
			b.PushTo(nil)
			long := strings.Repeat("喵", 100_000)
			body := b.Group("club").Say("alice", long).Body()
			r := b.SignedRequest(body)
			travel(r, body)
			w := httptest.NewRecorder()
			richmedia.WebhookHandler(b.Credentials()).ServeHTTP(w, r)
			assert.Equal(t, http.StatusOK, w.Code)
			assert.JSONEq(t, `{"op":12,"d":0}`, w.Body.String())
			assert.Equal(t, long, <-got)
		})
	}
}

func TestAPushIsHandledOnceAndWhileItIsFresh(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBed(t)
		h := richmedia.WebhookHandler(b.Credentials())
		push := func(r *http.Request, body []byte) int {
			r.Body = io.NopCloser(bytes.NewReader(body))
			w := httptest.NewRecorder()
			h.ServeHTTP(w, r)
			return w.Code
		}
		ran := 0
		b.onGroup(func(context.Context, *richmedia.Context) error { ran++; return nil })
		b.PushTo(nil)
		body := b.Group("club").Say("alice", "hi").Body()
		r := b.SignedRequest(body)
		assert.Equal(t, 200, push(r, body))
		time.Sleep(9 * time.Minute)
		assert.Equal(t, 409, push(r, body), "the very same request")
		sig := r.Header.Get("X-Signature-Ed25519")
		r.Header.Set("X-Signature-Ed25519", strings.ToUpper(sig))
		assert.Equal(t, 409, push(r, body), "the very same signature, written otherwise")
		r.Header.Set("X-Signature-Ed25519", sig)
		time.Sleep(2 * time.Minute)
		assert.Equal(t, 401, push(r, body), "too old")
		assert.Equal(t, 200, push(b.SignedRequest(body), body), "pushed again by the platform: known by its id")
		synctest.Wait()
		assert.Equal(t, 1, ran)

		old := b.SignedRequest(body)
		time.Sleep(11 * time.Minute)
		assert.Equal(t, 401, push(old, body), "kept by somebody and never handled")
		require.NoError(t, b.media.Shutdown(t.Context()))
		fresh := b.Group("club").Say("alice", "late").Body()
		r = b.SignedRequest(fresh)
		for range 2 {
			w := httptest.NewRecorder()
			r.Body = io.NopCloser(bytes.NewReader(fresh))
			h.ServeHTTP(w, r)
			assert.Equal(t, 200, w.Code)
			assert.JSONEq(t, `{"op":12,"d":1}`, w.Body.String(), "given back, so that the same push may come again")
		}
	})
}

// The vector of the protocol reference, section 8: the secret, timestamp and token of the platform's documents.
func TestTheValidationVectorOfTheReference(t *testing.T) {
	p := richmediatest.New(richmediatest.WithCredentials("1", "DG5g3B4j9X2KOErG"))
	r := p.SignedRequest([]byte(`{"op":13,"d":{"plain_token":"Arq0D5A61EgUu4OxUvOp","event_ts":"1725442341"}}`))
	w := httptest.NewRecorder()
	richmedia.WebhookHandler(p.Credentials()).ServeHTTP(w, r)
	assert.Equal(t, 200, w.Code)
	assert.Contains(t, w.Body.String(), "87befc99c42c651b3aac0278e71ada338433ae26fcb24307bdc5ad38c1adc2d01bcfcadc0842edac85e85205028a1132afe09280305f13aa6909ffc2d652c706")
}

func TestBadPushesAreRefusedWithAStatus(t *testing.T) {
	b := newBed(t)
	ran := false
	event.RegisterHandlers(event.PlainEventHandler(nil))
	b.onGroup(func(context.Context, *richmedia.Context) error { ran = true; return nil })
	b.PushTo(nil)
	body := b.Group("club").Say("alice", "hi").Body()
	for name, c := range map[string]struct {
		request func() *http.Request
		status  int
	}{
		"GET":               {func() *http.Request { r := b.SignedRequest(nil); r.Method = http.MethodGet; return r }, 405},
		"no signature":      {func() *http.Request { r := b.SignedRequest(body); r.Header.Del("X-Signature-Ed25519"); return r }, 401},
		"no timestamp":      {func() *http.Request { r := b.SignedRequest(body); r.Header.Del("X-Signature-Timestamp"); return r }, 401},
		"garbage":           {func() *http.Request { r := b.SignedRequest(body); r.Header.Set("X-Signature-Ed25519", "zz"); return r }, 401},
		"another timestamp": {func() *http.Request { r := b.SignedRequest(body); r.Header.Set("X-Signature-Timestamp", "1"); return r }, 401},
		"another body": {func() *http.Request {
			r := b.SignedRequest(body)
			r.Body = io.NopCloser(bytes.NewReader(append([]byte(" "), body...)))
			return r
		}, 401},
		"another bot": {func() *http.Request {
			return richmediatest.New(richmediatest.WithCredentials("1", "another-secret")).SignedRequest(body)
		}, 401},
		"no JSON":       {func() *http.Request { return b.SignedRequest([]byte("<xml/>")) }, 400},
		"a list":        {func() *http.Request { return b.SignedRequest([]byte("[]")) }, 400},
		"odd heartbeat": {func() *http.Request { return b.SignedRequest([]byte(`{"op":1,"d":"x"}`)) }, 400},
		"empty":         {func() *http.Request { return b.SignedRequest(nil) }, 400},
		"too long":      {func() *http.Request { return b.SignedRequest(make([]byte, 1<<20+1)) }, 413},
		"cut off": {func() *http.Request {
			r := b.SignedRequest(body)
			r.Body = io.NopCloser(io.MultiReader(bytes.NewReader(body[:9]), iotest.ErrReader(io.ErrUnexpectedEOF)))
			return r
		}, 400},
	} {
		w := httptest.NewRecorder()
		richmedia.WebhookHandler(b.Credentials()).ServeHTTP(w, c.request())
		assert.Equal(t, c.status, w.Code, name)
		assert.NotContains(t, w.Body.String(), b.Credentials().AppSecret, name)
	}
	assert.False(t, ran)
}
