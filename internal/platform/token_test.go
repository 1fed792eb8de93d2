package platform

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
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
	synctest.Test(t, func(t *testing.T) {
		c, s, _, _ := newTestClient(expired)
		_, err := c.Send(t.Context(), group, []byte(`{}`), true)
		require.Error(t, err)
		assert.Len(t, s.bodies, 2, "once, not as often as there are retries")
	})
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
		require.ErrorContains(t, err, "token source panicked: no config file")
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
		require.Len(t, rec.lines, 1)
		assert.Contains(t, rec.lines[0], "no config file")
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
