package main

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/botgo-contrib/richmedia"
	"github.com/tencent-connect/botgo/token"
)

const (
	// maxPush is what the plugin's handler takes, too.
	maxPush      = 1 << 20
	opValidation = 13
	platformName = "QQBot-Callback" // the platform's User-Agent
)

// pushed is a request that the webhook answered.
type pushed struct {
	op      int
	status  int
	named   bool // X-Bot-Appid is the bot's
	agent   masked
	foreign bool // not made by the doctor
}

// hook serves a webhook with the plugin's handler.
type hook struct {
	server  *http.Server
	out     chan []byte
	pushes  chan pushed
	next    http.Handler
	appID   string
	address net.Addr
	served  chan struct{}
}

// ownHeader marks the doctor's own requests.
const ownHeader = "X-Doctor"

// serveHook listens until close.
func serveHook(ctx context.Context, cfg config) (*hook, error) {
	ln, err := (&net.ListenConfig{}).Listen(ctx, "tcp", cfg.listen)
	if err != nil {
		return nil, troublef(text{
			"The webhook cannot listen on %s: choose another address with -listen.",
			"webhook 无法在 %s 上监听：请用 -listen 换一个地址。",
		}, cfg.listen)
	}
	h := &hook{
		out: make(chan []byte, maxWaiting), pushes: make(chan pushed, maxWaiting), appID: cfg.appID, address: ln.Addr(),
		next:   richmedia.WebhookHandler(&token.QQBotCredentials{AppID: cfg.appID, AppSecret: cfg.secret}),
		served: make(chan struct{}),
	}
	h.server = &http.Server{Handler: h, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 10 * time.Second}
	go func() {
		defer close(h.served)
		_ = h.server.Serve(ln) // until close
	}()
	return h, nil
}

// answered remembers the status that the plugin's handler wrote.
type answered struct {
	http.ResponseWriter
	status int
}

// WriteHeader implements http.ResponseWriter.
func (w *answered) WriteHeader(status int) {
	w.status = status
	w.ResponseWriter.WriteHeader(status)
}

// ServeHTTP lets the plugin's handler answer, and passes what it accepted on.
func (h *hook) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxPush))
	if err != nil {
		w.WriteHeader(http.StatusRequestEntityTooLarge)
		return
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	out := &answered{w, http.StatusOK}
	h.next.ServeHTTP(out, r)
	p := pushed{
		op: int(integer(object(decode(body))["op"])), status: out.status, named: r.Header.Get("X-Bot-Appid") == h.appID,
		agent: oneOf(r.UserAgent(), platformName), foreign: r.Header.Get(ownHeader) == "",
	}
	select {
	case h.pushes <- p:
	default:
	}
	if out.status != http.StatusOK || p.op != opDispatch {
		return
	}
	select {
	case h.out <- body:
	default:
	}
}

func (h *hook) events() <-chan []byte { return h.out }

// close ends the server and waits for it.
func (h *hook) close() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	if h.server.Shutdown(ctx) != nil {
		_ = h.server.Close()
	}
	<-h.served
}

// checkWebhook serves a webhook, calls it through its public address, and waits for the console's check.
func (s *session) checkWebhook(ctx context.Context) error {
	h, err := serveHook(ctx, s.cfg)
	if err != nil {
		return err
	}
	if s.source != nil {
		s.source.close()
	}
	s.source = h
	address := s.cfg.webhook
	if s.demo {
		address = "http://" + h.address.String()
	}
	if err := s.validateOwn(ctx, address); err != nil {
		return err
	}
	if err := s.awaitConsole(ctx, h); err != nil {
		return err
	}
	if s.demo { // the other steps get their events from the gateway
		h.close() //nolint:contextcheck // it ends on its own
		s.source, s.cfg.webhook = nil, ""
	}
	return nil
}

// key is the bot's signing key: the secret, repeated, is its seed (docs 2026-08).
func (s *session) key() ed25519.PrivateKey {
	seed := strings.Repeat(s.cfg.secret, ed25519.SeedSize/len(s.cfg.secret)+1)[:ed25519.SeedSize]
	return ed25519.NewKeyFromSeed([]byte(seed))
}

// validateOwn calls the webhook as the platform does, once with a right and once with a wrong signature.
func (s *session) validateOwn(ctx context.Context, address string) error {
	stamp, plain := strconv.FormatInt(s.now().Unix(), 10), hex.EncodeToString(generated(10))
	body, err := json.Marshal(map[string]any{"op": opValidation, "d": map[string]string{"plain_token": plain, "event_ts": stamp}})
	if err != nil {
		return err
	}
	a, err := s.push(ctx, address, body, stamp, ed25519.Sign(s.key(), append([]byte(stamp), body...)))
	if err != nil {
		return err
	}
	outcome := a.outcome()
	if a.accepted() {
		outcome = "wrong signature"
		sig, err := hex.DecodeString(str(a.body["signature"]))
		public, _ := s.key().Public().(ed25519.PublicKey)
		if err == nil && str(a.body["plain_token"]) == plain && ed25519.Verify(public, []byte(stamp+plain), sig) {
			outcome = "signature verifies"
		}
	}
	s.facts.see("webhook.own_op13", outcome)
	if outcome != "signature verifies" {
		s.con.say(text{
			"      The address of -webhook does not lead to the doctor's listener: point the proxy in front of it to the address of -listen, without changing bodies or headers.",
			"      -webhook 的地址没有到达 doctor 的监听：请让前面的代理转发到 -listen 的地址，且不改动正文和请求头。",
		})
	}
	a, err = s.push(ctx, address, []byte(`{"op":0,"t":"GROUP_AT_MESSAGE_CREATE","id":"x","d":{}}`), stamp, make([]byte, ed25519.SignatureSize))
	if err != nil {
		return err
	}
	forged := a.outcome()
	if a.status == http.StatusUnauthorized {
		forged = "refused, HTTP 401"
	}
	s.facts.see("webhook.forged", forged)
	return nil
}

// push posts to the webhook. It never carries the token.
func (s *session) push(ctx context.Context, address string, body []byte, stamp string, sig []byte) (answer, error) {
	call, cancel := context.WithTimeout(ctx, s.cfg.timeout)
	defer cancel()
	req, err := http.NewRequestWithContext(call, http.MethodPost, address, bytes.NewReader(body))
	if err != nil {
		return answer{}, troublef(text{"-webhook is no address: write it as https://bot.example.com/qqbot.", "-webhook 不是有效地址：请写成 https://bot.example.com/qqbot。"})
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("X-Bot-Appid", s.cfg.appID)
	req.Header.Set("X-Signature-Timestamp", stamp)
	req.Header.Set("X-Signature-Ed25519", hex.EncodeToString(sig))
	req.Header.Set(ownHeader, "1")
	resp, err := s.client.http.Do(req)
	if err != nil {
		return answer{silent: silence(err)}, context.Cause(ctx)
	}
	defer func() { _ = resp.Body.Close() }()
	raw, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if err != nil {
		return answer{silent: silence(err)}, context.Cause(ctx)
	}
	a := answer{status: resp.StatusCode, header: resp.Header, empty: len(bytes.TrimSpace(raw)) == 0}
	a.body, _ = decode(raw).(map[string]any)
	return a, nil
}

// awaitConsole waits for the platform's own op 13.
func (s *session) awaitConsole(ctx context.Context, h *hook) error {
	s.con.say(text{
		"      Reachable from here is not reachable from the platform: on q.qq.com, Development, Callback settings, enter the address and press the button that checks it.",
		"      本机能访问不代表平台能访问：请在 q.qq.com「开发」→「回调配置」填入该地址并点击校验。",
	})
	if s.con.lines != nil {
		s.con.say(text{"      Type s and Enter to skip.", "      输入 s 并回车可跳过。"})
	}
	if s.author != nil {
		s.author(wish{validate: h.address.String()})
	}
	ctx, cancel := context.WithTimeoutCause(ctx, s.cfg.patience, errPatience)
	defer cancel()
	for {
		select {
		case p := <-h.pushes:
			if !p.foreign || p.op != opValidation {
				continue
			}
			outcome := masked("answered")
			if p.status != http.StatusOK {
				outcome = "refused, HTTP " + number(int64(p.status))
			}
			s.facts.see("webhook.platform_op13", outcome)
			s.facts.see("webhook.platform_agent", p.agent)
			s.facts.see("webhook.platform_appid", map[bool]masked{true: "the bot's", false: "absent or another"}[p.named])
			return nil
		case line, ok := <-s.con.lines:
			if !ok {
				s.con.lines = nil
			}
			if line == "s" {
				return nil
			}
		case <-ctx.Done():
			if errors.Is(context.Cause(ctx), errPatience) {
				s.con.say(text{"      Nothing came: skipped.", "      没有等到，已跳过。"})
				return nil
			}
			return context.Cause(ctx)
		}
	}
}

var errPatience = errors.New("patience is over")
