package platform

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/tencent-connect/botgo/constant"
	"github.com/tencent-connect/botgo/openapi"
	"github.com/tencent-connect/botgo/version"
	"golang.org/x/oauth2"
)

// maxAnswer bounds how much of an answer is read. The largest that is known, a prepare of 200 MB in small parts, is far
// below it.
const maxAnswer = 1 << 20

// attempt sends r once.
func (c *Client) attempt(ctx context.Context, r *request) *Error {
	if ctx.Err() != nil {
		return &Error{Op: r.op, Err: context.Cause(ctx), final: true}
	}
	// The token before the turn: calls that wait for a token must not all use their turns at the moment it arrives.
	tok, err := c.tokens.get(ctx)
	if err != nil {
		return &Error{Op: "token", Err: err, final: true} // tokens.get has its own retries
	}
	if slices.ContainsFunc(r.refused, func(old *oauth2.Token) bool { return old.AccessToken == tok.AccessToken }) {
		return &Error{Op: r.op, Err: errSameToken, final: true}
	}
	if r.chat.Scene.guild() { // before the turn that all chats share
		if err := c.chats.wait(ctx, r.chat.ID); err != nil {
			return &Error{Op: r.op, Err: err, final: true}
		}
	}
	if err := c.rates[r.endpoint].wait(ctx); err != nil {
		return &Error{Op: r.op, Err: err, final: true}
	}
	e := c.exchange(ctx, r, tok)
	if e != nil {
		hide := r.secrets(tok)
		e.Err, e.TraceID = hide.hide(e.Err), hide.clean(e.TraceID)
	}
	return e
}

// secrets returns what must not stand in the text of a failure.
func (r *request) secrets(tok *oauth2.Token) (s secrets) {
	s.add(tok.AccessToken)
	for _, old := range r.refused {
		s.add(old.AccessToken)
	}
	s.addMessage(r.content)
	if r.secret != nil {
		r.secret(&s)
	}
	return s
}

// exchange sends r and reads the answer.
func (c *Client) exchange(ctx context.Context, r *request, tok *oauth2.Token) *Error {
	ctx, moved, cancel := patience(ctx, r.timeout, r.length)
	defer cancel()

	conn := new(connection)
	ctx = conn.watch(ctx)
	var b *body
	if r.open != nil {
		b = &body{ctx: ctx, open: r.open, moved: moved}
	}
	req, err := c.newRequest(ctx, r, b, tok)
	if err != nil {
		return &Error{Op: r.op, Err: err, Body: b.failure() != nil, final: true}
	}
	if err := filterRequest(req); err != nil {
		return &Error{Op: r.op, Err: err, final: true}
	}
	observed(ctx, func(o *Observation) { o.attempts.Add(1) })
	r.began = time.Now()
	resp, err := roundTrip(c.http, req)
	if err != nil {
		// The platform cannot accept a source that broke off: the announced length was never reached.
		if broken := b.failure(); broken != nil {
			return &Error{Op: r.op, Err: broken, Body: true, final: true}
		}
		_, panicked := errors.AsType[*Panic](err)
		return &Error{Op: r.op, Err: cause(ctx, err), Unknown: conn.made.Load() || !traced(c.http), token: tok, final: panicked}
	}
	return c.read(ctx, r, req, resp, tok)
}

// connection notes whether an attempt got one: nothing can have been acted upon without.
type connection struct {
	made  atomic.Bool
	trace httptrace.ClientTrace
}

// watch returns a context whose request tells c.
func (c *connection) watch(ctx context.Context) context.Context {
	c.trace.GotConn = func(httptrace.GotConnInfo) { c.made.Store(true) }
	return httptrace.WithClientTrace(ctx, &c.trace)
}

// newRequest returns the request of an attempt; b is nil if its body is r.content.
func (c *Client) newRequest(ctx context.Context, r *request, b *body, tok *oauth2.Token) (*http.Request, error) {
	var content io.Reader
	if b == nil {
		// As a bytes.Reader: before a body of an unknown type the transport flushes the headers, and a small request becomes
		// two packets.
		content = bytes.NewReader(r.content)
	}
	req, err := http.NewRequestWithContext(ctx, r.method, c.cfg.Base()+r.path, content)
	if err != nil {
		return nil, err
	}
	if b != nil {
		if req.Body, err = b.Open(); err != nil {
			return nil, err
		}
		req.GetBody = b.Open
		req.ContentLength = r.length
	}
	setHeader(
		req.Header,
		"Authorization", cmp.Or(tok.TokenType, "QQBot")+" "+tok.AccessToken,
		"Content-Type", cmp.Or(r.contentType, "application/json"),
		"Accept", "application/json",
		"User-Agent", userAgent,
		"X-Union-Appid", c.cfg.AppID,
	)
	return req, nil
}

var userAgent = version.String()

// setHeader sets the names, in their canonical form, to the values that are not empty. Their slices share an array, and none
// reaches into the next: a filter may append to one.
func setHeader(h http.Header, namesAndValues ...string) {
	values := make([]string, 0, len(namesAndValues)/2)
	for i := 0; i < len(namesAndValues); i += 2 {
		if value := namesAndValues[i+1]; value != "" {
			values = append(values, value)
			h[namesAndValues[i]] = values[len(values)-1 : len(values) : len(values)]
		}
	}
}

// filterRequest passes req to the bot's filters. If one refuses or panics the body is closed here: nobody else does.
func filterRequest(req *http.Request) (err error) {
	defer func() {
		if err != nil {
			_ = req.Body.Close()
		}
	}()
	defer rescue("a request filter", &err)
	return openapi.DoReqFilterChains(req, nil)
}

// filterResponse passes an answer to the bot's filters.
func filterResponse(req *http.Request, resp *http.Response) (err error) {
	defer rescue("a response filter", &err)
	return openapi.DoRespFilterChains(req, resp)
}

// roundTrip sends req with a client that may be the bot's own.
func roundTrip(hc *http.Client, req *http.Request) (resp *http.Response, err error) {
	defer rescue("the HTTP client", &err)
	return hc.Do(req)
}

// traced reports whether hc's transport reports its connections. A transport of the bot's own may not: then the platform
// may have acted on every failed attempt.
func traced(hc *http.Client) bool {
	_, ok := hc.Transport.(*http.Transport)
	return ok || hc.Transport == nil
}

// cause returns err without the address that http.Client puts in front, or the cause of ctx if ctx ended.
func cause(ctx context.Context, err error) error {
	if cause := context.Cause(ctx); cause != nil {
		return cause
	}
	if ue, ok := err.(*url.Error); ok { //nolint:errorlint // http.Client.Do always returns this very type
		err = ue.Err
	}
	// net/http quotes what it could not parse.
	text, _, malformed := strings.Cut(err.Error(), "malformed")
	if malformed {
		text += "malformed answer"
	}
	if strings.Contains(text, "http: ") || strings.Contains(text, "net/http: ") {
		text = quoted.ReplaceAllString(text, `"..."`)
	}
	if text != err.Error() {
		return &hidden{text: text, err: err}
	}
	return err
}

var quoted = regexp.MustCompile(`"(?:[^"\\]|\\.)*"`)

// read reads the answer, bounded, passes it to the bot's response filters, and judges it.
func (c *Client) read(ctx context.Context, r *request, req *http.Request, resp *http.Response, tok *oauth2.Token) *Error {
	data, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	_ = resp.Body.Close()
	e := Error{
		Op: r.op, Status: resp.StatusCode, TraceID: resp.Header.Get(traceIDHeader),
		token: tok, inline: r.inline, voice: r.voice,
	}
	switch {
	case len(data) > maxAnswer:
		return e.unusable(errTooLong, true)
	case err != nil:
		return e.unusable(cause(ctx, err), false)
	}
	// As with botgo's own client the exchange is over for a filter, and the body can be read.
	resp.Body = io.NopCloser(bytes.NewReader(data))
	filtered := filterResponse(req, resp)
	e.after = retryAfter(resp.Header)
	a := readAnswer(data)
	if !e.judge(a, func() secrets { return r.secrets(tok) }) {
		refused := e
		return &refused
	}
	if filtered != nil { // botgo's own calls fail with their filter too, although the platform has acted
		return e.unusable(filtered, true)
	}
	if err := r.decode(a); err != nil {
		return e.unusable(err, false)
	}
	return nil
}

var traceIDHeader = http.CanonicalHeaderKey(constant.HeaderTraceID)

// retryAfter reads the header's form in seconds, the one that gateways send. A wait over a minute is cut to one: the
// reply window would be over.
func retryAfter(h http.Header) time.Duration {
	said := h.Get("Retry-After")
	if said == "" {
		return 0
	}
	seconds, err := strconv.Atoi(said)
	if err != nil || seconds < 0 {
		return 0
	}
	return min(time.Duration(seconds)*time.Second, time.Minute)
}
