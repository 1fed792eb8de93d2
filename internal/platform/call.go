package platform

import (
	"context"
	"errors"
	"io"
	"time"

	"github.com/cenkalti/backoff/v5"
	"golang.org/x/oauth2"
)

// request is one call, in a form that can be sent again.
type request struct {
	op       string
	endpoint endpoint
	chat     Chat // if the chat has a rate of its own
	method   string
	path     string
	timeout  time.Duration // of one attempt, since the last byte that was sent; see patience
	began    time.Time     // of the last attempt
	// The body is content, a JSON object, unless open is set: then it is produced while it is sent, length bytes.
	content []byte
	length  int64
	open    func(context.Context) (io.ReadCloser, error)
	// repeatable allows another attempt although the platform may have acted on an earlier one.
	repeatable  bool
	contentType string // "" is JSON
	inline      bool   // the body holds a file, which may go in parts instead
	voice       bool   // that file is a voice
	// ownCode is a code that the caller handles: it is not retried here.
	ownCode int
	// refused are the tokens that the platform refused: none is sent again.
	refused []*oauth2.Token
	// secret adds what the request holds besides the token and what addMessage finds in content; may be nil.
	secret func(*secrets)
	// decode reads a 2xx answer. With an error the answer is unusable, as if it had not arrived.
	decode func(answer) error
}

// do sends r until there is a final answer, ctx ends, or the attempts are used up. A failure is an *Error.
func (c *Client) do(ctx context.Context, r *request) error {
	if e := c.attempt(ctx, r); e != nil {
		return c.again(ctx, r, e) // which costs more to prepare than a call that succeeds
	}
	observed(ctx, (*Observation).succeeded)
	return nil
}

// again goes on with r, whose first attempt has failed with first.
func (c *Client) again(ctx context.Context, r *request, first *Error) error {
	var (
		last     *Error
		attempts int
		spent    = map[Class]int{}
		unknown  bool // the platform may have acted on an earlier attempt
	)
	_, err := backoff.Retry(ctx, func() (struct{}, error) {
		attempts++
		e := first
		if attempts > 1 {
			e = c.attempt(ctx, r)
		}
		if e == nil {
			return struct{}{}, nil
		}
		reason := last // the end of ctx is no reason for itself
		last = e.following(ctx, last)
		if cause := context.Cause(ctx); cause == nil || !errors.Is(e.Err, cause) {
			reason = last
		}
		if reason != nil {
			observed(ctx, reason.note)
		}
		last.before, unknown = unknown, unknown || last.Unknown
		class := last.Class()
		spent[class]++
		if (r.ownCode != 0 && last.Code == r.ownCode) || !last.again(ctx, r.repeatable, spent[class]) {
			return struct{}{}, backoff.Permanent(last)
		}
		if class == NewToken {
			r.refused = append(r.refused, last.token)
			c.tokens.drop(last.token)
		}
		if wait := max(last.after, last.pause(spent[class])); wait > 0 {
			return struct{}{}, &backoff.RetryAfterError{Duration: wait}
		}
		return struct{}{}, last
	},
		backoff.WithMaxElapsedTime(0),               // the tries and ctx are the bounds
		backoff.WithMaxTries(uint(c.cfg.Retries)+1), //nolint:gosec // New has checked that Retries is not negative
		backoff.WithNotify(func(_ error, d time.Duration) {
			c.cfg.Log.Warnf("richmedia: attempt %d failed, next in %s: %s", attempts, d.Round(time.Millisecond), last)
		}),
	)
	if err == nil {
		observed(ctx, (*Observation).succeeded)
		return nil
	}
	last.Attempts, last.Dedup = attempts, r.repeatable
	last.Unknown = unknown && last.Class() != Duplicate
	if last.Unknown {
		last.Op = r.op // a missing token is not what the caller has to know first
	}
	if cause := context.Cause(ctx); cause != nil {
		last.ended(cause)
	}
	return last
}
