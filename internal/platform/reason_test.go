package platform

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/tencent-connect/botgo/openapi"
	"golang.org/x/oauth2"
)

// TestADeadlineKeepsTheReasonThatUsedUpTheTime on every call: "context deadline exceeded" alone hides it.
func TestADeadlineKeepsTheReasonThatUsedUpTheTime(t *testing.T) {
	bytesOf := func(context.Context) (io.ReadCloser, error) { return io.NopCloser(strings.NewReader("x")), nil }
	calls := map[string]func(context.Context, *Client) error{
		"send": func(ctx context.Context, c *Client) error {
			_, err := c.Send(ctx, group, []byte(`{}`), true)
			return err
		},
		"upload": func(ctx context.Context, c *Client) error {
			_, err := c.Upload(ctx, group, Media{Kind: 1, Size: 1, Open: bytesOf})
			return err
		},
		"prepare": func(ctx context.Context, c *Client) error {
			_, err := c.Prepare(ctx, group, Announcement{})
			return err
		},
		"finish": func(ctx context.Context, c *Client) error { return c.FinishPart(ctx, group, "u", 1, 1, "") },
		"merge":  func(ctx context.Context, c *Client) error { _, err := c.Merge(ctx, group, "u", 1, "", 1); return err },
		"ack":    func(ctx context.Context, c *Client) error { return c.Ack(ctx, "I", 0) },
	}
	for call, do := range calls {
		for reason, first := range map[string]step{
			"40023001 too many requests: HTTP 429 slow down": status(429, `{"code":40023001,"message":"slow down"}`),
			"HTTP 503 Service Unavailable":                   status(503, ""),
			"connection reset by peer":                       broken,
		} {
			for next, then := range map[string]step{"in the pause": first, "in the next attempt": {hang: true}} {
				t.Run(call+" "+next+" after "+reason, func(t *testing.T) {
					synctest.Test(t, func(t *testing.T) {
						c, _, _, _ := newTestClient(first, then)
						gone := errors.New("the window is over")
						limit := 200 * time.Millisecond
						if next == "in the next attempt" {
							limit = 2900 * time.Millisecond
						}
						ctx, cancel := context.WithTimeoutCause(t.Context(), limit, gone)
						defer cancel()
						ctx, _ = Observe(ctx)
						err := do(ctx, c)
						require.ErrorIs(t, err, gone)
						require.ErrorContains(t, err, reason)
						require.ErrorContains(t, err, "the window is over")
						assert.Equal(t, 1, strings.Count(err.Error(), call+": "), err)
						require.ErrorContains(t, Left(ctx, gone), reason)
					})
				})
			}
		}
	}
}

// TestTheEndOfASharedCallIsNoReason for a caller that has left it: what ended the call is the leaving.
func TestTheEndOfASharedCallIsNoReason(t *testing.T) {
	left := errors.New("nobody waits")
	noToken := tokenFunc(func() (*oauth2.Token, error) { return nil, errors.New("100016 invalid appid or secret") })
	asked := 0
	slow := tokenFunc(func() (*oauth2.Token, error) {
		if asked++; asked > 1 {
			time.Sleep(10 * time.Second)
		}
		return noToken()
	})
	first := true
	late := tokenFunc(func() (*oauth2.Token, error) {
		if first {
			first = false
			return noToken()
		}
		return &oauth2.Token{AccessToken: "token", Expiry: time.Now().Add(time.Hour)}, nil
	})
	for name, scene := range map[string]struct {
		source oauth2.TokenSource // nil for one that works
		steps  []step
		before func(ctx context.Context, c *Client)
		want   string
	}{
		"no token":                           {noToken, nil, nil, "token: context deadline exceeded; before that: no access token, check the app id and the secret: 100016 invalid appid or secret"},
		"a busy platform":                    {nil, []step{status(503, ""), {hang: true}}, nil, "send: HTTP 503 Service Unavailable: context deadline exceeded"},
		"a silent network":                   {nil, []step{{hang: true}}, nil, "context deadline exceeded"},
		"a late token, and a silent network": {late, []step{{hang: true}}, nil, "context deadline exceeded"},
		"half an answer":                     {nil, []step{{code: 200, header: http.Header{}, text: "{", hang: true}}, nil, "context deadline exceeded"},
		"a busy platform, and a sibling that succeeds": {
			nil,
			[]step{status(503, ""), {hang: true}},
			func(ctx context.Context, _ *Client) {
				time.AfterFunc(2*time.Second, func() { observed(ctx, (*Observation).succeeded) })
			},
			"send: HTTP 503 Service Unavailable: context deadline exceeded",
		},
		"no token, which another call waits for": {
			slow, nil,
			func(_ context.Context, c *Client) { //nolint:contextcheck // not under that observation
				other, cancel := context.WithTimeout(context.Background(), 20*time.Second)
				go func() {
					defer cancel()
					_, _ = c.Send(other, group, []byte(`{}`), true)
				}()
				time.Sleep(time.Second) // its second request is under way
			},
			"token: context deadline exceeded; before that: no access token, check the app id and the secret: 100016 invalid appid or secret",
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c, _, _, _ := newTestClient(scene.steps...)
				if scene.source != nil {
					c.tokens.source = scene.source
				}
				if scene.before != nil {
					defer time.Sleep(time.Minute) // what it has begun
				}
				ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
				defer cancel()
				ctx, _ = Observe(ctx)
				if scene.before != nil {
					scene.before(ctx, c)
				}
				call, leave := context.WithCancelCause(context.WithoutCancel(ctx))
				context.AfterFunc(ctx, func() { leave(left) })
				_, err := c.Send(call, group, []byte(`{}`), true)
				require.ErrorIs(t, err, left)
				require.EqualError(t, Left(ctx, context.DeadlineExceeded), scene.want)
			})
		})
	}
}

func TestAnErrorSaysItsStepOnce(t *testing.T) {
	earlier := &Error{Op: "send", Status: 400, Code: 850018, Message: "muted"}
	for _, cause := range []error{earlier, fmt.Errorf("send: %w", earlier)} {
		ctx, cancel := context.WithCancelCause(t.Context())
		cancel(cause) // as an errgroup does with the failure of a sibling
		c, _, _, _ := newTestClient(status(200, sentOK))
		_, err := c.Send(ctx, group, []byte(`{}`), true)
		require.ErrorIs(t, err, earlier)
		e, _ := errors.AsType[*Error](err)
		assert.NotContains(t, err.Error(), "send: send:")
		assert.NotContains(t, e.Detail(), "send:")
	}
}

func TestNothingIsAddedToALeavingWithoutAFailure(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	assert.Equal(t, context.Canceled, Left(ctx, context.Canceled), "nothing was observed")
	ctx, _ = Observe(ctx)
	cancel()
	assert.Equal(t, context.Canceled, Left(ctx, context.Canceled), "there was no failure")
	c, _, _, _ := newTestClient(status(200, sentOK))
	_, err := c.Send(context.WithoutCancel(ctx), group, []byte(`{}`), true)
	require.NoError(t, err)
	assert.Equal(t, context.Canceled, Left(ctx, context.Canceled))
}

func TestStoppedKeepsTheFailureAndWhatIsAroundIt(t *testing.T) {
	failure := &Error{Op: "part", Status: 503, Message: "busy"}
	err := Stopped(failure, context.DeadlineExceeded)
	require.EqualError(t, err, "part: HTTP 503 busy: context deadline exceeded")
	require.NoError(t, failure.Err, "of its own, for whoever holds it")
	err = Stopped(fmt.Errorf("upload x: %w", failure), context.DeadlineExceeded)
	require.EqualError(t, err, "context deadline exceeded; before that: upload x: part: HTTP 503 busy")
	require.ErrorIs(t, err, failure)
}

func TestAFailureThatASuccessFollowedIsNoReason(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, _, _, _ := newTestClient(broken, status(200, sentOK))
		ctx, cancel := context.WithCancel(t.Context())
		ctx, calls := Observe(ctx)
		inner, innerCalls := Observe(ctx)
		_, err := c.Send(inner, group, []byte(`{}`), true)
		require.NoError(t, err)
		cancel()
		assert.Equal(t, context.Canceled, Left(ctx, context.Canceled))
		assert.Equal(t, 2, calls.Attempts())
		assert.Equal(t, 2, innerCalls.Attempts())
	})
}

// TestAPanicInTheBotsCodeIsAnErrorOfItsCall and names what panicked, whether the platform may have acted or not.
func TestAPanicInTheBotsCodeIsAnErrorOfItsCall(t *testing.T) {
	upload := func(c *Client, open func(context.Context) (io.ReadCloser, error)) error {
		_, err := c.Upload(t.Context(), group, Media{Kind: 4, Size: 3, Open: open})
		return err
	}
	var onRequest, onResponse atomic.Bool // a filter stays registered for the process
	panicIf := func(b *atomic.Bool) openapi.HTTPFilter {
		return func(*http.Request, *http.Response) error {
			if b.Load() {
				panic("no")
			}
			return nil
		}
	}
	openapi.RegisterReqFilter("panics", panicIf(&onRequest))
	openapi.RegisterRespFilter("panics", panicIf(&onResponse))
	fine := func(context.Context) (io.ReadCloser, error) { return io.NopCloser(strings.NewReader("abc")), nil }
	for what, run := range map[string]func(c *Client) error{
		"the source": func(c *Client) error { return upload(c, func(context.Context) (io.ReadCloser, error) { panic("no") }) },
		"the source's reading": func(c *Client) error {
			return upload(c, func(context.Context) (io.ReadCloser, error) { return panics{}, nil })
		},
		"a request filter": func(c *Client) error {
			onRequest.Store(true)
			return upload(c, fine)
		},
		"a response filter": func(c *Client) error {
			onResponse.Store(true)
			return upload(c, fine)
		},
		"the HTTP client": func(c *Client) error { c.http.Transport = panics{}; return upload(c, fine) },
	} {
		t.Run(what, func(t *testing.T) {
			c, s, _, _ := newTestClient(status(200, uploadedOK))
			err := run(c)
			onRequest.Store(false)
			onResponse.Store(false)
			p, ok := errors.AsType[*Panic](err)
			require.True(t, ok, err)
			assert.Equal(t, strings.TrimSuffix(what, "'s reading"), p.What)
			assert.Equal(t, "no", p.Value)
			require.ErrorContains(t, err, p.What+" panicked: no")
			assert.LessOrEqual(t, len(s.bodies), 1, "it is not asked again")
			e, _ := errors.AsType[*Error](err)
			assert.Equal(t, what == "a response filter" || what == "the HTTP client", e.Unknown)
		})
	}
}

type panics struct{}

func (panics) Read([]byte) (int, error)                        { panic("no") }
func (panics) Close() error                                    { panic("no") }
func (panics) RoundTrip(*http.Request) (*http.Response, error) { panic("no") }
