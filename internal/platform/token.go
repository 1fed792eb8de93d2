package platform

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tencent-connect/botgo/log"
	"golang.org/x/oauth2"
)

// tokenPatience bounds the time that a call waits for a token, and tokenRetry the part of it that one retry allows: the
// retries of a call are for a second, and a token endpoint that restarts takes some. Without retries the first failure is
// final.
const (
	tokenPatience = 30 * time.Second
	tokenRetry    = 10 * time.Second
)

// The pause after a failed token request doubles from minTokenPause to maxTokenPause.
const (
	minTokenPause = 500 * time.Millisecond
	maxTokenPause = 5 * time.Second
)

var (
	errNoToken   = errors.New("no access token within " + tokenPatience.String())
	errSameToken = errors.New("the token source returned the same token again; botgo's keeps it until it expires")
	errGoexit    = errors.New("the token source ended its goroutine")
)

// tokens holds the access token and asks the bot's source for a new one: one request at a time for all calls, with a
// pause after a failure.
type tokens struct {
	source  oauth2.TokenSource
	retries int
	log     log.Logger

	known atomic.Pointer[oauth2.Token]

	mu     sync.Mutex
	asking *tokenRequest // nil if there is none
	pause  time.Duration // after the last request; 0 unless it failed
	until  time.Time     // the end of that pause
	reason error         // of the last failure; nil unless the last request failed
}

// tokenRequest is one call of the source. All calls that need a token meanwhile share it.
type tokenRequest struct {
	done chan struct{} // closed at the end
	tok  *oauth2.Token
	err  error
}

// get returns the known token while it is valid, or one from the source, which is asked again after a failure as long as
// the retries allow. The error at the end of ctx carries the reason of the last failure.
func (t *tokens) get(ctx context.Context) (*oauth2.Token, error) {
	if tok := t.known.Load(); tok.Valid() {
		return tok, nil
	}
	until := time.Now().Add(min(time.Duration(t.retries)*tokenRetry, tokenPatience))
	ctx, cancel := context.WithTimeoutCause(ctx, tokenPatience, errNoToken)
	defer cancel()
	for {
		q, err := t.request(ctx)
		if err != nil {
			return nil, t.because(err)
		}
		select {
		case <-q.done:
		case <-ctx.Done(): // the source takes no context: the request goes on for the others
			return nil, t.because(context.Cause(ctx))
		}
		if q.err == nil {
			observed(ctx, (*Observation).succeeded) // what comes now does not fail for want of a token
			return q.tok, nil
		}
		observed(ctx, (&Error{Op: "token", Err: q.err, final: true}).note)
		if !time.Now().Before(until) {
			return nil, q.err
		}
	}
}

// request returns the request that is under way, or starts one after the pause.
func (t *tokens) request(ctx context.Context) (*tokenRequest, error) {
	for ctx.Err() == nil {
		q, pause, reason := t.next()
		if reason != nil {
			observed(ctx, (&Error{Op: "token", Err: reason, final: true}).note)
		}
		if q != nil {
			return q, nil
		}
		timer := time.NewTimer(pause)
		select {
		case <-timer.C:
		case <-ctx.Done():
		}
		timer.Stop()
	}
	return nil, context.Cause(ctx)
}

// next returns the request to wait for, or the pause that is left before one may start; and why the last request failed, if it
// did.
func (t *tokens) next() (_ *tokenRequest, pause time.Duration, reason error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.asking != nil {
		return t.asking, 0, t.reason
	}
	if tok := t.known.Load(); tok.Valid() { // from a request that ended meanwhile
		done := make(chan struct{})
		close(done)
		return &tokenRequest{done: done, tok: tok}, 0, nil
	}
	if d := time.Until(t.until); t.pause > 0 && d > 0 {
		return nil, d, t.reason
	}
	t.asking = &tokenRequest{done: make(chan struct{})}
	go t.run(t.asking)
	return t.asking, 0, t.reason
}

// run calls the source for q.
func (t *tokens) run(q *tokenRequest) {
	q.err = errGoexit // unless the call returns or panics
	defer t.finish(q)
	defer rescue("the token source", &q.err)
	q.tok, q.err = t.ask()
}

func (t *tokens) ask() (*oauth2.Token, error) {
	tok, err := t.source.Token()
	if err != nil {
		const check = "no access token, check the app id and the secret"
		if bad, ok := errors.AsType[*strconv.NumError](err); ok && bad.Num == "" {
			return nil, fmt.Errorf("%s (botgo's token source drops the platform's reason): %w", check, err)
		}
		return nil, secrets(nil).hide(fmt.Errorf("%s: %w", check, err)) // it may quote the request
	}
	if tok == nil || tok.AccessToken == "" {
		return nil, errors.New("the token source returned no access token")
	}
	return tok, nil
}

// finish publishes the result of q.
func (t *tokens) finish(q *tokenRequest) {
	if q.err != nil {
		t.log.Warnf("richmedia: token: %s", Clean(q.err.Error()))
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	defer close(q.done)
	t.asking, t.reason = nil, q.err
	if q.err == nil {
		t.known.Store(q.tok)
		t.pause = 0
		return
	}
	t.pause = min(max(2*t.pause, minTokenPause), maxTokenPause)
	t.until = time.Now().Add(t.pause)
}

// because returns the reason why a call has no token: cause, the end of its context, and the last failure before that.
func (t *tokens) because(cause error) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	switch {
	case t.reason == nil:
		return cause
	case errors.Is(cause, errNoToken):
		return t.reason
	}
	return join(cause, t.reason)
}

// drop forgets tok after the platform refused it. A newer token, which another call has fetched, stays. The source may
// return the same one again: botgo's keeps it until it expires, whatever the platform says.
func (t *tokens) drop(tok *oauth2.Token) { t.known.CompareAndSwap(tok, nil) }

// wait returns when no request is under way, or the cause of ctx.
func (t *tokens) wait(ctx context.Context) error {
	for {
		t.mu.Lock()
		q := t.asking
		t.mu.Unlock()
		if q == nil {
			return nil
		}
		select {
		case <-q.done:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}
