// Package platform makes the calls to the QQ bot platform: one HTTP client with its token, its rates, its
// retries, and the reading of what the platform answers.
package platform

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cenkalti/backoff/v5"
	"github.com/tencent-connect/botgo/constant"
	"github.com/tencent-connect/botgo/log"
	"github.com/tencent-connect/botgo/openapi"
	"github.com/tencent-connect/botgo/version"
	"golang.org/x/oauth2"
	"golang.org/x/sync/singleflight"
)

// maxAnswer bounds what is read of an answer. The largest that is known, a prepare of 200 MB in small parts,
// stays far below it.
const maxAnswer = 1 << 20

// Config is what a Client needs. Every field but AppID must be set.
type Config struct {
	HTTP    *http.Client
	Base    func() string // asked at every call, because botgo's hosts are variables
	Source  oauth2.TokenSource
	AppID   string // sent as X-Union-Appid when not empty
	Retries int    // attempts after the first
	Log     log.Logger
}

// Client calls the platform. It is safe for concurrent use.
type Client struct {
	cfg    Config
	http   *http.Client
	rates  [endpoints]*rate
	chats  chatRates // of guilds
	token  atomic.Pointer[oauth2.Token]
	tokens singleflight.Group
	wg     sync.WaitGroup // token requests under way
	asking atomic.Int32   // how many
	outage outage
}

// New makes a Client. Redirects are answers here and never followed, whatever cfg.HTTP says: the bot's token
// goes to the host that the caller named and to no other.
func New(cfg Config) *Client {
	hc := *cfg.HTTP
	hc.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &Client{cfg: cfg, http: &hc, rates: newRates()}
}

// Wait returns when no goroutine of the client is left, or with ctx's cause: a token source that hangs is asked on one.
func (c *Client) Wait(ctx context.Context) error {
	if c.asking.Load() == 0 {
		return nil
	}
	done := make(chan struct{})
	go func() {
		c.wg.Wait()
		close(done)
	}()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// request is one call, in a form that can be sent again.
type request struct {
	op       string
	endpoint endpoint
	chat     Chat // where the chat has a rate of its own
	method   string
	path     string
	timeout  time.Duration // of one attempt, from the last byte that was sent; see patience
	began    time.Time     // the last attempt
	length   int64
	open     func(context.Context) (io.ReadCloser, error)
	// repeatable tells whether a request that may have been acted upon may be sent again.
	repeatable  bool
	contentType string // "" is JSON
	streamed    bool   // the body is made while it is sent
	inline      bool   // the body holds a file, which may go in parts instead
	// leave is a code that the caller deals with: it is not repeated here.
	leave int
	// decode reads a 2xx body; its error means that the answer is unusable, as if it had not come.
	decode func(body []byte) error
}

// do sends r until it is answered for good, ctx ends, or the attempts are used up. A failure is an *Error.
func (c *Client) do(ctx context.Context, r *request) error {
	var (
		last     *Error
		attempts int
		spent    = map[Class]int{}
		refused  *oauth2.Token
		unknown  bool // an earlier attempt may have been acted upon
	)
	wait := backoff.NewExponentialBackOff()
	_, err := backoff.Retry(ctx, func() (struct{}, error) {
		attempts++
		last = c.attempt(ctx, r)
		if last == nil {
			return struct{}{}, nil
		}
		last.before, unknown = unknown, unknown || last.Unknown
		class := last.Class()
		spent[class]++
		if class == NewToken && refused != nil && last.token != nil && refused.AccessToken == last.token.AccessToken {
			last.Err = errSameToken
		}
		if (r.leave != 0 && last.Code == r.leave) || !last.again(ctx, r.repeatable, spent[class]) {
			return struct{}{}, backoff.Permanent(last)
		}
		if class == NewToken {
			refused = last.token
			c.dropToken(refused)
		}
		if last.after > 0 {
			return struct{}{}, joined{last, &backoff.RetryAfterError{Duration: last.after}}
		}
		return struct{}{}, last
	},
		backoff.WithBackOff(wait),
		backoff.WithMaxElapsedTime(0),               // the tries and ctx are the bounds
		backoff.WithMaxTries(uint(c.cfg.Retries)+1), //nolint:gosec // New has checked that Retries is not negative
		backoff.WithNotify(func(_ error, d time.Duration) {
			c.cfg.Log.Warnf("richmedia: attempt %d failed, next in %s: %s", attempts, d.Round(time.Millisecond), last)
		}),
	)
	if err == nil {
		return nil
	}
	last.Attempts, last.Dedup = attempts, r.repeatable
	last.Unknown = unknown && last.Class() != Duplicate
	if last.Unknown {
		last.Op = r.op // a token that cannot be had is not what the caller has to know first
	}
	last.ended(ctx)
	return last
}

// ended names the reason why ctx ended, where that ended the attempts.
func (e *Error) ended(ctx context.Context) {
	cause := context.Cause(ctx)
	switch {
	case cause == nil || errors.Is(e.Err, cause):
	case e.Err == nil:
		e.Err = cause
	default:
		e.Err = fmt.Errorf("%w; before that: %w", cause, e.Err)
	}
}

// attempt sends r once.
func (c *Client) attempt(ctx context.Context, r *request) *Error {
	// The token first: those who wait for one must not all have had their turn when it comes.
	tok, err := c.accessToken(ctx)
	if err != nil {
		return &Error{Op: "token", Err: err, final: true} // it was asked for as often as makes sense
	}
	if r.chat.Scene.guild() { // before the turn that all chats share
		if err := c.chats.of(r.chat.ID).wait(ctx); err != nil {
			return &Error{Op: r.op, Err: err, final: true}
		}
	}
	if err := c.rates[r.endpoint].wait(ctx); err != nil {
		return &Error{Op: r.op, Err: err, final: true}
	}
	ctx, moved, cancel := patience(ctx, r.timeout, r.length)
	defer cancel()

	var connected atomic.Bool // before a connection stands nothing can have been acted upon
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GotConn: func(httptrace.GotConnInfo) { connected.Store(true) },
	})
	body := &source{ctx: ctx, open: r.open, memory: !r.streamed, moved: moved}
	req, err := c.newRequest(ctx, r, body, tok)
	if err != nil {
		return &Error{Op: r.op, Err: err, Body: body.failure() != nil, final: true}
	}
	if err := filter(req); err != nil {
		return &Error{Op: r.op, Err: err, final: true}
	}
	countAttempt(ctx)
	r.began = time.Now()
	resp, err := c.http.Do(req)
	if err != nil {
		// A source that broke off cannot have been taken: the announced length was never reached.
		if broken := body.failure(); broken != nil {
			return &Error{Op: r.op, Err: broken, Body: true, final: true}
		}
		return &Error{Op: r.op, Err: c.cause(ctx, err), Unknown: connected.Load() || !traced(c.http), token: tok}
	}
	return c.read(ctx, r, req, resp, tok)
}

// slowest is the line on which a body may take its whole time, in bytes a second.
const slowest = 1 << 10

// patience bounds an attempt: by timeout from the last byte that was sent, which moved tells, because parts that go side
// by side share the line and the time of one says nothing; and by what size takes on the slowest line.
func patience(ctx context.Context, timeout time.Duration, size int64) (_ context.Context, moved, cancel func()) {
	ctx, stop := context.WithTimeoutCause(ctx, timeout+time.Duration(size/slowest)*time.Second, timeoutError(timeout))
	ctx, end := context.WithCancelCause(ctx)
	idle := time.AfterFunc(timeout, func() { end(timeoutError(timeout)) })
	return ctx, func() { idle.Reset(timeout) }, func() {
		idle.Stop()
		end(nil)
		stop()
	}
}

// filter shows req to the bot's filters. The body is closed where one refuses or panics: nobody else will.
func filter(req *http.Request) error {
	passed := false
	defer func() {
		if !passed {
			_ = req.Body.Close()
		}
	}()
	if err := openapi.DoReqFilterChains(req, nil); err != nil {
		return err
	}
	passed = true
	return nil
}

// traced tells whether hc's transport reports its connections. A transport of somebody else's may not: then
// every failure may have been acted upon.
func traced(hc *http.Client) bool {
	_, ok := hc.Transport.(*http.Transport)
	return ok || hc.Transport == nil
}

// cause strips the address from err, and names our own reason when ctx ended.
func (c *Client) cause(ctx context.Context, err error) error {
	if cause := context.Cause(ctx); cause != nil {
		return cause
	}
	if ue, ok := err.(*url.Error); ok { //nolint:errorlint // http.Client.Do always returns this very type
		return ue.Err
	}
	return err
}

func (c *Client) newRequest(ctx context.Context, r *request, body *source, tok *oauth2.Token) (*http.Request, error) {
	req, err := http.NewRequestWithContext(ctx, r.method, c.cfg.Base()+r.path, nil)
	if err != nil {
		return nil, err
	}
	if req.Body, err = body.Open(); err != nil {
		return nil, err
	}
	req.GetBody = body.Open
	req.ContentLength = r.length
	kind := tok.TokenType
	if kind == "" {
		kind = "QQBot"
	}
	req.Header.Set("Authorization", kind+" "+tok.AccessToken)
	req.Header.Set("Content-Type", cmp.Or(r.contentType, "application/json"))
	req.Header.Set("Accept", "application/json")
	req.Header.Set("User-Agent", version.String())
	if c.cfg.AppID != "" {
		req.Header.Set("X-Union-Appid", c.cfg.AppID)
	}
	return req, nil
}

// read takes the answer, bounded, shows it to the bot's response filters, and judges it.
func (c *Client) read(ctx context.Context, r *request, req *http.Request, resp *http.Response, tok *oauth2.Token) *Error {
	data, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	_ = resp.Body.Close()
	e := &Error{Op: r.op, Status: resp.StatusCode, TraceID: resp.Header.Get(constant.HeaderTraceID), token: tok, inline: r.inline}
	if err != nil || len(data) > maxAnswer {
		e.Err, e.Unknown = c.cause(ctx, err), true
		if len(data) > maxAnswer {
			e.Err, e.final = errTooLong, true
		}
		return e
	}
	// Filters get the answer as botgo's own client hands it to them: the exchange is over, the body can be read.
	resp.Body = io.NopCloser(bytes.NewReader(data))
	filtered := openapi.DoRespFilterChains(req, resp)
	e.after = retryAfter(resp.Header)
	if !e.judge(data) {
		return e
	}
	if filtered != nil { // botgo's own calls fail too when a filter does, though the platform has acted
		e.Err, e.Unknown, e.final = filtered, true, true
		return e
	}
	if err := r.decode(data); err != nil {
		e.Err, e.Unknown = err, true
		return e
	}
	return nil
}

// retryAfter reads the header's form in seconds, which is the one that gateways send. Waits over a minute are
// cut: the reply window would be gone.
func retryAfter(h http.Header) time.Duration {
	seconds, err := strconv.Atoi(h.Get("Retry-After"))
	if err != nil || seconds < 0 {
		return 0
	}
	return min(time.Duration(seconds)*time.Second, time.Minute)
}
