package platform

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/oauth2"
)

func TestARefusedTokenIsReplacedOnce(t *testing.T) {
	expired := status(401, `{"message":"AccessToken无效或过期","code":11244,"err_code":40011027}`)
	synctest.Test(t, func(t *testing.T) {
		c, s, tk, _ := newTestClient(expired, status(200, sentOK))
		_, err := c.Send(t.Context(), group, []byte(`{}`), true)
		require.NoError(t, err)
		assert.Equal(t, 2, tk.asked)
		assert.Equal(t, "QQBot token-1", s.heads[0].Get("Authorization"))
		assert.Equal(t, "QQBot token-2", s.heads[1].Get("Authorization"))
		assert.Equal(t, "10001", s.heads[0].Get("X-Union-Appid"))
	})
}

// TestARefusedTokenIsReplacedAsLongAsTheSourceHasAnotherOne and no request goes out with a token that was refused.
func TestARefusedTokenIsReplacedAsLongAsTheSourceHasAnotherOne(t *testing.T) {
	expired := status(401, `{"message":"AccessToken无效或过期","code":11244,"err_code":40011027}`)
	for name, scene := range map[string]struct {
		names    []string
		answers  []step
		requests int
		err      string
	}{
		"the third is good":      {[]string{"a", "b", "c"}, []step{expired, expired, status(200, sentOK)}, 3, ""},
		"two, and no other":      {[]string{"a", "b"}, []step{expired}, 2, "HTTP 401 AccessToken无效或过期: the token source returned the same token again"},
		"the first again":        {[]string{"a", "b", "a"}, []step{expired}, 2, "the same token again"},
		"one":                    {[]string{"a"}, []step{expired}, 1, "the same token again"},
		"more than there is try": {[]string{"a", "b", "c", "d", "e", "f"}, []step{expired}, 4, "send: 40011027 token invalid or expired: HTTP 401"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c, s, tk, _ := newTestClient(scene.answers...)
				tk.names = scene.names
				_, err := c.Send(t.Context(), group, []byte(`{}`), true)
				assert.Len(t, s.bodies, scene.requests)
				if scene.err == "" {
					require.NoError(t, err)
					return
				}
				require.ErrorContains(t, err, scene.err)
				e, _ := errors.AsType[*Error](err)
				assert.False(t, e.Unknown)
			})
		})
	}
}

func TestTokenRequestsObserveTheRetries(t *testing.T) {
	for retries, most := range map[int]int{0: 1, 1: 7, 3: 10} {
		synctest.Test(t, func(t *testing.T) {
			c, s, _, rec := newTestClient(status(200, sentOK))
			c.tokens.retries = retries
			asked := 0
			c.tokens.source = tokenFunc(func() (*oauth2.Token, error) {
				asked++
				return nil, errors.New("100016 invalid appid or secret")
			})
			_, err := c.Send(t.Context(), group, []byte(`{}`), true)
			require.EqualError(t, err, "token: no access token, check the app id and the secret: 100016 invalid appid or secret")
			assert.LessOrEqual(t, asked, most, retries)
			assert.Len(t, rec.all(), asked, "one line for each request, for all calls together")
			assert.Empty(t, s.bodies)
		})
	}
}

// TestTheEndOfACallThatWaitsForATokenSaysWhyThereWasNone also if the call never asked by itself: another one did, and the
// pause after its failure is longer than this call has.
func TestTheEndOfACallThatWaitsForATokenSaysWhyThereWasNone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, _, _, _ := newTestClient(status(200, sentOK))
		c.tokens.source = tokenFunc(func() (*oauth2.Token, error) { return nil, errors.New("100016 invalid appid or secret") })
		for range 8 { // the first asks, those after it meet the pause
			ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
			ctx, calls := Observe(ctx)
			_, err := c.Send(ctx, group, []byte(`{}`), true)
			require.ErrorIs(t, err, context.DeadlineExceeded)
			require.EqualError(t, err, "token: context deadline exceeded; before that: no access token, check the app id and the secret: 100016 invalid appid or secret")
			require.ErrorContains(t, Left(ctx, context.DeadlineExceeded), "100016 invalid appid or secret", "for a caller that left the call to others")
			assert.Zero(t, calls.Attempts())
			cancel()
		}
	})
}

func TestATokenSourceThatEndsItsGoroutineIsAnError(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, _, _, _ := newTestClient(status(200, sentOK))
		c.tokens.retries = 0
		c.tokens.source = tokenFunc(func() (*oauth2.Token, error) { runtime.Goexit(); return nil, nil })
		_, err := c.Send(t.Context(), group, []byte(`{}`), true)
		require.ErrorContains(t, err, "the token source ended its goroutine")
		require.NoError(t, c.Wait(t.Context()))
	})
}

func TestBotgosLostTokenErrorPointsToTheSecret(t *testing.T) {
	c, _, _, _ := newTestClient(status(200, sentOK))
	c.tokens.retries = 0
	c.tokens.source = tokenFunc(func() (*oauth2.Token, error) { _, err := strconv.ParseInt("", 10, 64); return nil, err })
	_, err := c.Send(t.Context(), group, []byte(`{}`), true)
	require.ErrorContains(t, err, "check the app id and the secret (botgo's token source drops the platform's reason)")
}

func TestATokenSourceThatFailsIsAskedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, s, tk, _ := newTestClient(status(200, sentOK))
		tk.err = errors.New("no such host")
		_, err := c.Send(t.Context(), group, []byte(`{}`), true)
		require.NoError(t, err)
		assert.Len(t, s.bodies, 1)
	})
}

func TestManyCallsAskForOneToken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, _, tk, _ := newTestClient(status(200, sentOK))
		var wg sync.WaitGroup
		for range 50 {
			wg.Go(func() {
				_, err := c.Send(t.Context(), group, []byte(`{}`), true)
				assert.NoError(t, err)
			})
		}
		wg.Wait()
		assert.LessOrEqual(t, tk.asked, 2)
	})
}

// hanging is a token source that does not answer until it is told to.
type hanging chan struct{}

func (h hanging) Token() (*oauth2.Token, error) {
	<-h
	return nil, errors.New("too late")
}

func TestACallLeavesATokenSourceThatHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := make(hanging)
		c := New(Config{HTTP: &http.Client{Transport: &script{}}, Base: func() string { return "https://x" }, Source: h, Log: &recorder{}})
		ctx, cancel := context.WithTimeoutCause(t.Context(), time.Second, errors.New("enough"))
		defer cancel()
		_, err := c.Send(ctx, group, nil, true)
		require.ErrorContains(t, err, "enough")
		close(h)
		require.NoError(t, c.Wait(t.Context()))
	})
}

func TestATokenSourceThatAlwaysPanicsIsAskedWithPauses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, _, _, _ := newTestClient(status(200, sentOK))
		asked := 0
		c.tokens.source = tokenFunc(func() (*oauth2.Token, error) { asked++; panic("no config file") })
		_, err := c.Send(t.Context(), group, []byte(`{}`), true)
		require.EqualError(t, err, "token: the token source panicked: no config file")
		p, ok := errors.AsType[*Panic](err)
		require.True(t, ok)
		assert.Equal(t, "the token source", p.What)
		assert.Contains(t, string(p.Stack), "token_test.go")
		require.NoError(t, c.Wait(t.Context()))
		assert.LessOrEqual(t, asked, 30)
	})
}

func TestTheTokenGoesToNoOtherHost(t *testing.T) {
	var stolen http.Header
	other := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { stolen = r.Header }))
	defer other.Close()
	first := httptest.NewServer(http.RedirectHandler(other.URL+"/steal", http.StatusTemporaryRedirect))
	defer first.Close()
	c := New(Config{
		HTTP: &http.Client{}, Base: func() string { return first.URL }, Source: &fakeTokens{names: []string{"t"}}, Log: &recorder{},
	})
	_, err := c.Send(t.Context(), group, []byte(`{}`), true)
	require.ErrorContains(t, err, "redirects to another address")
	assert.Nil(t, stolen)
	http.DefaultClient.CloseIdleConnections()
}

func TestATokenSourceThatPanicsIsAnError(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		asked := 0
		c, s, tk, rec := newTestClient(status(200, sentOK))
		c.tokens.source = tokenFunc(func() (*oauth2.Token, error) {
			if asked++; asked == 1 {
				panic("no config file")
			}
			return tk.Token()
		})
		_, err := c.Send(t.Context(), group, []byte(`{}`), true)
		require.NoError(t, err, "it is asked again")
		assert.Len(t, s.bodies, 1)
		require.Len(t, rec.all(), 1)
		assert.Contains(t, rec.all()[0], "no config file")
	})
}

type tokenFunc func() (*oauth2.Token, error)

func (f tokenFunc) Token() (*oauth2.Token, error) { return f() }

func TestARefusedTokenTakesNoNewerOneWithIt(t *testing.T) {
	c, _, tk, _ := newTestClient(status(200, sentOK))
	old, err := c.tokens.get(t.Context())
	require.NoError(t, err)
	c.tokens.drop(old)
	newer, err := c.tokens.get(t.Context())
	require.NoError(t, err)
	require.NotEqual(t, old.AccessToken, newer.AccessToken)
	c.tokens.drop(old) // by a call that was refused with it a moment later
	got, err := c.tokens.get(t.Context())
	require.NoError(t, err)
	assert.Same(t, newer, got)
	assert.Equal(t, 2, tk.asked)
}
