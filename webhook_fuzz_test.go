package richmedia_test

import (
	"bytes"
	"crypto/ed25519"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/tencent-connect/botgo"
	"github.com/tencent-connect/botgo/dto"
	"github.com/tencent-connect/botgo/event"

	"github.com/botgo-contrib/richmedia"
	"github.com/botgo-contrib/richmedia/richmediatest"
)

// FuzzWebhook pushes whatever anybody may send to the address of a webhook: the answer is one of the documented
// statuses, and only what the platform has signed, and signed lately, gets as far as botgo. An empty sig stands for
// the right one, an empty stamp for the time that lies age seconds back.
func FuzzWebhook(f *testing.F) {
	const dispatch = `{"op":0,"id":"GROUP_AT_MESSAGE_CREATE:x","t":"GROUP_AT_MESSAGE_CREATE","d":{"id":"m","group_openid":"g"}}`
	f.Add(http.MethodPost, "", "", int64(0), []byte(dispatch))
	f.Add(http.MethodPost, "", "", int64(601), []byte(dispatch))
	f.Add(http.MethodPost, "", "x", int64(0), []byte(dispatch))
	f.Add(http.MethodPost, strings.Repeat("0", 128), "", int64(0), []byte(dispatch))
	f.Add(http.MethodGet, "", "", int64(0), []byte(nil))
	f.Add(http.MethodPost, "", "1725442341", int64(0), []byte(`{"op":13,"d":{"plain_token":"Arq0D5A61EgUu4OxUvOp","event_ts":"1725442341"}}`))
	f.Add(http.MethodPost, "", "", int64(0), []byte(`{"op":1,"d":"x"}`))
	f.Add(http.MethodPost, "", "", int64(0), []byte(`{"op":0,"t":"INTERACTION_CREATE","d":[]}`))
	f.Add(http.MethodPost, "", "", int64(0), []byte(`{"op":"0","s":"1","t":["x"],"id":7,"d":null}`))
	f.Add(http.MethodPost, "", "1", int64(0), []byte(`{"op":"13","d":{"plain_token":"a","event_ts":1}}`))

	botgo.SetLogger(mute{}) // the tests' own logger keeps every line
	reached := watchBotgo(f)
	p := richmediatest.New()
	public := signingKey(p).Public().(ed25519.PublicKey) //nolint:forcetypeassert // it is one
	const skew = 10 * time.Minute

	f.Fuzz(func(t *testing.T, method, sig, stamp string, age int64, body []byte) {
		r := p.SignedRequest(body)
		r.Method = method
		if stamp == "" {
			stamp = strconv.FormatInt(time.Now().Unix()-age, 10)
		}
		if sig == "" {
			sig = hex.EncodeToString(ed25519.Sign(signingKey(p), append([]byte(stamp), body...)))
		}
		r.Header.Set("X-Signature-Timestamp", stamp)
		r.Header.Set("X-Signature-Ed25519", sig)
		h := richmedia.WebhookHandler(p.Credentials())
		push := func() (status, handled int) {
			before := *reached
			r.Body = struct {
				*bytes.Reader
				nothing
			}{bytes.NewReader(body), nothing{}}
			w := httptest.NewRecorder()
			h.ServeHTTP(w, r)
			if !slices.Contains([]int{200, 400, 401, 405, 413}, w.Code) {
				t.Fatalf("status %d", w.Code)
			}
			if strings.Contains(w.Body.String(), p.Credentials().AppSecret) {
				t.Fatalf("the answer holds the secret: %s", w.Body)
			}
			return w.Code, *reached - before
		}

		status, handled := push()
		if status != http.StatusOK {
			if handled != 0 {
				t.Fatalf("refused with %d, but handled", status)
			}
			return
		}
		signature, err := hex.DecodeString(sig)
		var envelope struct{ Op any }
		switch seconds, notime := strconv.ParseInt(stamp, 10, 64); {
		case method != http.MethodPost:
			t.Fatalf("%q was taken", method)
		case err != nil || len(signature) != ed25519.SignatureSize || !ed25519.Verify(public, append([]byte(stamp), body...), signature):
			t.Fatalf("the signature %q was taken", sig)
		case json.Unmarshal(body, &envelope) != nil:
			t.Fatalf("a body that is no payload was taken: %q", body)
		case isOp(envelope.Op, dto.HTTPCallbackValidation):
			if handled != 0 {
				t.Fatal("a check of the address ran a handler")
			}
			return
		case notime != nil, time.Since(time.Unix(seconds, 0)).Abs() > skew+time.Minute:
			t.Fatalf("the timestamp %q was taken", stamp)
		}
		if status, again := push(); again != 0 || status != http.StatusOK {
			t.Fatalf("the very same push was handled again, or refused: %d", status)
		}
	})
}

// isOp reports whether op is want, as a number or as a string that holds it.
func isOp(op any, want dto.OPCode) bool {
	n, err := strconv.ParseFloat(fmt.Sprint(op), 64)
	return err == nil && n == float64(want)
}

// signingKey is the platform's, made of the bot's secret.
func signingKey(p *richmediatest.Platform) ed25519.PrivateKey {
	return ed25519.NewKeyFromSeed([]byte(strings.Repeat(p.Credentials().AppSecret, 32)[:32]))
}

// watchBotgo returns the number of events that botgo passes to a handler.
func watchBotgo(f *testing.F) *int {
	reached := new(int)
	keepHandlers(f)
	f.Cleanup(func() { botgo.SetLogger(&logger{}) })
	event.RegisterHandlers(
		event.PlainEventHandler(func(*dto.WSPayload, []byte) error { *reached++; return nil }),
		event.GroupATMessageEventHandler(func(*dto.WSPayload, *dto.WSGroupATMessageData) error { *reached++; return nil }),
		event.C2CMessageEventHandler(func(*dto.WSPayload, *dto.WSC2CMessageData) error { *reached++; return nil }),
		event.InteractionEventHandler(func(*dto.WSPayload, *dto.WSInteractionData) error { *reached++; return nil }),
	)
	return reached
}

// nothing is an io.Closer without a duty.
type nothing struct{}

func (nothing) Close() error { return nil }
