package richmedia_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/sha512"
	"encoding/hex"
	"io"
	"math/big"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/tencent-connect/botgo"
	"github.com/tencent-connect/botgo/dto"
	"github.com/tencent-connect/botgo/event"
	"github.com/tencent-connect/botgo/log"
	"github.com/tencent-connect/botgo/token"

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
		keepHandlers(t)
		b := newBed(t)
		h := richmedia.WebhookHandler(b.Credentials())
		push := func(r *http.Request, body []byte) (status int, answer string) {
			r.Body = io.NopCloser(bytes.NewReader(body))
			w := httptest.NewRecorder()
			h.ServeHTTP(w, r)
			return w.Code, w.Body.String()
		}
		takes := func(r *http.Request, body []byte, why string) {
			t.Helper()
			status, answer := push(r, body)
			assert.Equal(t, 200, status, why)
			assert.JSONEq(t, `{"op":12,"d":0}`, answer, why)
		}
		refuses := func(r *http.Request, body []byte, why string) {
			t.Helper()
			status, _ := push(r, body)
			assert.Equal(t, 401, status, why)
		}
		ran := 0
		b.onGroup(func(context.Context, *richmedia.Context) error { ran++; return nil })
		b.PushTo(nil)
		body := b.Group("club").Say("alice", "hi").Body()
		r := b.SignedRequest(body)
		takes(r, body, "the first")
		time.Sleep(9 * time.Minute)
		takes(r, body, "the very same request: the platform counts an error status as a failed delivery")
		sig := r.Header.Get("X-Signature-Ed25519")
		r.Header.Set("X-Signature-Ed25519", strings.ToUpper(sig))
		takes(r, body, "the very same signature, written otherwise")
		r.Header.Set("X-Signature-Ed25519", sig)
		time.Sleep(2 * time.Minute)
		refuses(r, body, "too old")
		takes(b.SignedRequest(body), body, "pushed again by the platform: known by its id")
		synctest.Wait()
		assert.Equal(t, 1, ran)

		old := b.SignedRequest(body)
		time.Sleep(11 * time.Minute)
		refuses(old, body, "kept by somebody and never handled")
		require.NoError(t, b.media.Shutdown(t.Context()))
		fresh := b.Group("club").Say("alice", "late").Body()
		r = b.SignedRequest(fresh)
		for range 2 {
			status, answer := push(r, fresh)
			assert.Equal(t, 200, status)
			assert.JSONEq(t, `{"op":12,"d":1}`, answer, "given back, so that the same push may come again")
		}
	})
}

// untouchable fails the test when it is read.
type untouchable struct{ t *testing.T }

func (u untouchable) Read([]byte) (int, error) { u.t.Error("the body was read"); return 0, io.EOF }

func (u untouchable) Close() error { return nil }

func TestWhatCanBeRefusedByTheHeadersIsRefusedBeforeTheBody(t *testing.T) {
	p := signer()
	for name, c := range map[string]struct {
		change func(*http.Request)
		status int
	}{
		"method":            {func(r *http.Request) { r.Method = http.MethodPut }, 405},
		"no signature":      {func(r *http.Request) { r.Header.Del("X-Signature-Ed25519") }, 401},
		"a short one":       {func(r *http.Request) { r.Header.Set("X-Signature-Ed25519", strings.Repeat("0", 126)) }, 401},
		"a long one":        {func(r *http.Request) { r.Header.Set("X-Signature-Ed25519", strings.Repeat("0", 130)) }, 401},
		"no hex":            {func(r *http.Request) { r.Header.Set("X-Signature-Ed25519", strings.Repeat("x", 128)) }, 401},
		"the last byte":     {func(r *http.Request) { r.Header.Set("X-Signature-Ed25519", strings.Repeat("0", 126)+"20") }, 401},
		"no timestamp":      {func(r *http.Request) { r.Header.Del("X-Signature-Timestamp") }, 401},
		"a long timestamp":  {func(r *http.Request) { r.Header.Set("X-Signature-Timestamp", strings.Repeat("1", 33)) }, 401},
		"a declared length": {func(r *http.Request) { r.ContentLength = 1<<20 + 1 }, 413},
	} {
		r := p.SignedRequest([]byte("{}"))
		r.Body = untouchable{t}
		c.change(r)
		w := httptest.NewRecorder()
		richmedia.WebhookHandler(botCredentials).ServeHTTP(w, r)
		assert.Equal(t, c.status, w.Code, name)
	}
}

func TestHeartbeatsAndValidationsAreAnsweredWithoutAHandler(t *testing.T) {
	keepHandlers(t)
	event.RegisterHandlers(event.PlainEventHandler(func(*dto.WSPayload, []byte) error { t.Error("a handler ran"); return nil }))
	p := signer()
	h := richmedia.WebhookHandler(botCredentials)
	for body, want := range map[string]string{
		`{"op":1,"d":7}`:           `{"op":11,"d":7}`,
		`{"op":1,"d":"7"}`:         `{"op":11,"d":7}`,
		`{"op":1,"d":-1}`:          "the heartbeat has no sequence number\n",
		`{"op":1}`:                 "the heartbeat has no sequence number\n",
		`{"op":10,"d":{}}`:         "",
		`{"op":13,"d":{}}`:         "the check of the address has no plain_token or no event_ts\n",
		`{"op":13,"d":"x"}`:        "the check of the address has no plain_token or no event_ts\n",
		`{"op":"hello","d":{}}`:    "the body is no payload\n",
		`{"op":[],"d":{}}`:         "the body is no payload\n",
		`{"op":0.5,"d":{}}`:        "the body is no payload\n",
		`null`:                     "the body is no payload\n",
		`{"op":0,"d":{}} {"op":0}`: "the body is no payload\n",
	} {
		for range 2 { // it does nothing, however often it comes
			w := httptest.NewRecorder()
			h.ServeHTTP(w, p.SignedRequest([]byte(body)))
			assert.Equal(t, want, w.Body.String(), body)
		}
	}
}

// The signature of a random signer is as right as that of RFC 8032.
func TestASignatureWithRandomnessIsTaken(t *testing.T) {
	keepHandlers(t)
	body := `{"op":0,"t":"NEW_EVENT","id":"x","d":{}}`
	r := signer().SignedRequest([]byte(body))
	sig, err := hex.DecodeString(r.Header.Get("X-Signature-Ed25519"))
	require.NoError(t, err)
	hedged := hedgedSignature(t, signingKey(signer()), append([]byte(r.Header.Get("X-Signature-Timestamp")), body...))
	require.NotEqual(t, sig, hedged)
	r.Header.Set("X-Signature-Ed25519", hex.EncodeToString(hedged))
	w := httptest.NewRecorder()
	richmedia.WebhookHandler(botCredentials).ServeHTTP(w, r)
	assert.Equal(t, 200, w.Code)
}

func TestAWebhookWithoutCredentialsSaysSo(t *testing.T) {
	assert.PanicsWithValue(t, "richmedia: WebhookHandler(nil): give the credentials that the bot hands to token.NewQQBotTokenSource", func() {
		richmedia.WebhookHandler(nil)
	})
	was := log.DefaultLogger
	l := &logger{}
	botgo.SetLogger(l)
	defer botgo.SetLogger(was)
	h := richmedia.WebhookHandler(&token.QQBotCredentials{AppID: "1"})
	assert.Contains(t, l.text(), "the app secret is empty")
	w := httptest.NewRecorder()
	h.ServeHTTP(w, signer().SignedRequest([]byte(`{"op":13,"d":{"plain_token":"a","event_ts":"1"}}`)))
	assert.Equal(t, 401, w.Code)
}

// hedgedSignature signs with a nonce that does not depend on the message alone, as RFC 8032 does not have it.
func hedgedSignature(t *testing.T, key ed25519.PrivateKey, message []byte) []byte {
	t.Helper()
	scalar := func(seed []byte) *big.Int { // little endian, clamped
		h := sha512.Sum512(seed)
		h[0] &= 248
		h[31] = h[31]&127 | 64
		slices.Reverse(h[:32])
		return new(big.Int).SetBytes(h[:32])
	}
	order, ok := new(big.Int).SetString("7237005577332262213973186563042994240857116359379907606001950938285454250989", 10)
	require.True(t, ok)
	nonce := bytes.Repeat([]byte{7}, ed25519.SeedSize)
	sig := []byte(ed25519.NewKeyFromSeed(nonce).Public().(ed25519.PublicKey)) //nolint:forcetypeassert // it is one
	k := sha512.Sum512(slices.Concat(sig, key[ed25519.SeedSize:], message))
	slices.Reverse(k[:])
	s := new(big.Int).SetBytes(k[:])
	s.Mul(s, scalar(key.Seed())).Add(s, scalar(nonce)).Mod(s, order)
	half := s.FillBytes(make([]byte, 32))
	slices.Reverse(half)
	return append(sig, half...)
}

// botCredentials are those of signer, the platform of the tests that need no chats.
var botCredentials = &token.QQBotCredentials{AppID: "102000001", AppSecret: "DG5g3B4j9X2KOErG"}

func signer() *richmediatest.Platform {
	return richmediatest.New(richmediatest.WithCredentials(botCredentials.AppID, botCredentials.AppSecret))
}

// again gives a request its body back.
func again(r *http.Request, body []byte) *http.Request {
	r.Body = io.NopCloser(bytes.NewReader(body))
	return r
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
