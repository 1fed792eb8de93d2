package richmediatest

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/tencent-connect/botgo/dto"
)

const (
	// pushDeadline and pushTries are what bots observed; the documents name no numbers.
	pushDeadline = 3 * time.Second
	pushTries    = 3

	headerSignature = "X-Signature-Ed25519"
	headerTimestamp = "X-Signature-Timestamp"
	headerAppID     = "X-Bot-Appid"
)

// Push is one delivery of an event to the webhook.
type Push struct {
	Status int    // HTTP; 0 if no answer came
	Body   []byte // of the answer
	Acked  bool   // HTTP 200, in time, and not {"op":12,"d":1}
	Err    error  // why no answer came: context.DeadlineExceeded after 3 s, a panic of the handler, a cut connection
}

// pushTarget is where the webhook is: a handler or a URL.
type pushTarget struct {
	handler http.Handler
	url     string
	client  *http.Client
}

func (t pushTarget) set() bool { return t.handler != nil || t.url != "" }

// PushTo makes h the bot's webhook, in process; nil removes it. Every event is pushed before the method that creates it
// returns: signed, with a deadline of 3 s, up to three times with the same ids until it is acknowledged. h runs in a goroutine
// that the push waits for. At the deadline the request's context ends and the push no longer waits, so that the next push may
// overlap with h. A panic of h is a failed push, as behind net/http.
func (p *Platform) PushTo(h http.Handler) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.push = pushTarget{handler: h}
}

// PushToURL makes the server at url the bot's webhook, like PushTo; "" removes it.
func (p *Platform) PushToURL(url string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.push = pushTarget{url: url}
	if url != "" {
		p.push.client = &http.Client{
			Transport:     &http.Transport{DisableKeepAlives: true},
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		}
	}
}

// Pushes are the deliveries of this event to the webhook so far, oldest first.
func (e *Event) Pushes() []Push {
	e.p.mu.Lock()
	defer e.p.mu.Unlock()
	return slices.Clone(e.pushes)
}

func (p *Platform) pushEvent(target pushTarget, e *Event) {
	for range pushTries {
		p.mu.Lock()
		e.pushed = p.now()
		p.mu.Unlock()
		push := p.pushOnce(p.life.ctx, target, e.body)
		p.mu.Lock()
		e.pushes = append(e.pushes, push)
		p.wake()
		p.report(Happening{What: EventPushed, Chat: e.chat, Event: e, Push: push})
		p.mu.Unlock()
		if push.Acked || p.life.ctx.Err() != nil { // a platform that is closed pushes nothing again
			return
		}
	}
}

func (p *Platform) pushOnce(ctx context.Context, target pushTarget, body []byte) Push {
	ctx, cancel := context.WithTimeout(ctx, pushDeadline)
	defer cancel()
	push := p.post(target, p.signedRequest(ctx, body))
	var ack struct {
		Op   dto.OPCode      `json:"op"`
		Data json.RawMessage `json:"d"`
	}
	refused := json.Unmarshal(push.Body, &ack) == nil && ack.Op == dto.HTTPCallbackAck && string(ack.Data) == "1"
	push.Acked = push.Err == nil && push.Status == http.StatusOK && !refused
	return push
}

// post sends one request to the webhook.
func (p *Platform) post(target pushTarget, req *http.Request) Push {
	if target.handler != nil {
		return p.postInProcess(target.handler, req)
	}
	u, err := req.URL.Parse(target.url)
	if err != nil {
		return Push{Err: err}
	}
	req.URL, req.Host = u, u.Host
	resp, err := target.client.Do(req)
	if err != nil {
		return Push{Err: err}
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	return Push{Status: resp.StatusCode, Body: body, Err: err}
}

func (p *Platform) postInProcess(h http.Handler, req *http.Request) Push {
	r, _ := serverRequest(req)
	done := make(chan Push, 1)
	p.mu.Lock()
	p.pushing++
	p.mu.Unlock()
	go func() {
		push := Push{Err: errors.New("the handler ended its goroutine")} // stays when it calls runtime.Goexit, as t.FailNow does
		defer func() {
			if v := recover(); v != nil {
				push = Push{Err: fmt.Errorf("the handler panicked: %v", v)}
			}
			p.mu.Lock()
			p.pushing--
			p.wake()
			p.mu.Unlock()
			done <- push
		}()
		w := newMemoryWriter()
		h.ServeHTTP(w, r)
		w.WriteHeader(http.StatusOK)
		push = Push{Status: w.status, Body: w.body.Bytes()}
	}()
	select {
	case push := <-done:
		return push
	case <-req.Context().Done():
		return Push{Err: context.Cause(req.Context())}
	}
}

// SignedRequest returns a webhook request with that body, signed and with the platform's headers, for a handler's ServeHTTP.
// Tests of a webhook may tamper with it.
func (p *Platform) SignedRequest(body []byte) *http.Request {
	return p.signedRequest(context.Background(), body)
}

func (p *Platform) signedRequest(ctx context.Context, body []byte) *http.Request {
	stamp := strconv.FormatInt(time.Now().Unix(), 10)
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://bot.invalid/", bytes.NewReader(body))
	if err != nil {
		panic(err) // constant arguments
	}
	sig := ed25519.Sign(p.signingKey(), append([]byte(stamp), body...))
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", "QQBot-Callback")
	req.Header.Set(headerAppID, p.cfg.appID)
	req.Header.Set(headerTimestamp, stamp)
	req.Header.Set(headerSignature, hex.EncodeToString(sig))
	return req
}

// signingKey is derived from the bot's secret, repeated to at least 32 bytes and cut there (docs 2026-08).
func (p *Platform) signingKey() ed25519.PrivateKey {
	seed := p.cfg.secret
	if seed == "" {
		panic("richmediatest: a bot without a secret cannot have a webhook")
	}
	seed = strings.Repeat(seed, ed25519.SeedSize/len(seed)+1)
	return ed25519.NewKeyFromSeed([]byte(seed[:ed25519.SeedSize]))
}

// ValidateWebhook sends the op 13 that the platform's console sends when a webhook is entered, and checks the answer: the
// same plain_token, and the bot's signature over event_ts and plain_token.
func (p *Platform) ValidateWebhook(ctx context.Context) error {
	p.mu.Lock()
	target := p.push
	plain := p.hexID(20)
	p.mu.Unlock()
	if !target.set() {
		return errors.New("validate webhook: no webhook is set, see PushTo and PushToURL")
	}
	return p.validate(ctx, target, plain, strconv.FormatInt(time.Now().Unix(), 10))
}

func (p *Platform) validate(ctx context.Context, target pushTarget, plain, stamp string) error {
	body := encode(map[string]any{
		"op": dto.HTTPCallbackValidation, "d": map[string]string{"plain_token": plain, "event_ts": stamp},
	})
	push := p.pushOnce(ctx, target, body)
	switch {
	case push.Err != nil:
		return fmt.Errorf("validate webhook: %w", push.Err)
	case push.Status != http.StatusOK:
		return fmt.Errorf("validate webhook: HTTP %d", push.Status)
	}
	var said struct {
		PlainToken string `json:"plain_token"`
		Signature  string `json:"signature"`
	}
	if err := json.Unmarshal(push.Body, &said); err != nil {
		return fmt.Errorf("validate webhook: the answer %q: %w", push.Body, err)
	}
	if said.PlainToken != plain {
		return fmt.Errorf("validate webhook: plain_token is %q, not %q", said.PlainToken, plain)
	}
	sig, err := hex.DecodeString(said.Signature)
	if err != nil {
		return fmt.Errorf("validate webhook: signature: %w", err)
	}
	public, _ := p.signingKey().Public().(ed25519.PublicKey)
	if !ed25519.Verify(public, []byte(stamp+plain), sig) {
		return errors.New("validate webhook: the signature does not verify")
	}
	return nil
}
