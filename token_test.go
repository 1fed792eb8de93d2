package richmedia_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/tencent-connect/botgo/token"
	"golang.org/x/oauth2"

	"github.com/botgo-contrib/richmedia"
	"github.com/botgo-contrib/richmedia/richmediatest"
)

func TestATokenEndpointThatIsDownIsRetried(t *testing.T) {
	for name, answersIn := range map[string]time.Duration{"refuses at once": 0, "takes a moment": 100 * time.Millisecond} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBed(t)
				var chats []*richmedia.Context
				for i := range 50 {
					chats = append(chats, b.context(t, b.Group(fmt.Sprint(i))))
				}
				up := b.Fail(richmediatest.OpToken, -1, 502, 0, "bad gateway")
				if answersIn > 0 {
					b.Delay(richmediatest.OpToken, -1, answersIn)
				}
				time.AfterFunc(10*time.Second, up)
				began := time.Now()
				var wg sync.WaitGroup
				for _, c := range chats {
					wg.Go(func() {
						_, err := c.ReplyText(t.Context(), "hi")
						assert.NoError(t, err)
					})
				}
				wg.Wait()
				assert.Less(t, time.Since(began), 16*time.Second)
				for i := range 50 {
					assert.Len(t, b.Group(fmt.Sprint(i)).Answers(), 1)
				}
				assert.LessOrEqual(t, b.Count(richmediatest.OpToken), 10, "not one for each chat")
			})
		})
	}
}

func TestATokenEndpointThatStaysDownIsNamedInTheError(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBed(t)
		b.Fail(richmediatest.OpToken, -1, 502, 0, "bad gateway")
		c := b.context(t, b.Group("club"))
		for _, reply := range []func() error{
			func() error { _, err := c.ReplyText(t.Context(), "hi"); return err },
			func() error { _, err := c.ReplyImage(t.Context(), cat()); return err },
			func() error { // a text needs a token too
				_, err := c.ReplyImage(t.Context(), cat(), richmedia.WithFallbackText("no cat"))
				return err
			},
		} {
			began := time.Now()
			err := reply()
			require.ErrorContains(t, err, "token")
			var api *richmedia.APIError
			require.ErrorAs(t, err, &api)
			assert.Equal(t, "token", api.Op)
			assert.Equal(t, richmedia.DeliveredNo, api.Delivered)
			assert.InDelta(t, 30*time.Second, time.Since(began), float64(5*time.Second))
		}
		n, _ := c.RepliesLeft()
		assert.Equal(t, 5, n)
		assert.LessOrEqual(t, b.Count(richmediatest.OpToken), 30)
	})
}

func TestTheWaitForATokenEndsWithTheCallersContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBed(t)
		b.Fail(richmediatest.OpToken, -1, 502, 0, "bad gateway")
		c := b.context(t, b.Group("club"))
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
		defer cancel()
		began := time.Now()
		_, err := c.ReplyImage(ctx, richmedia.FromReader("cat.png", bytes.NewReader(readMedia(t, "cat.png"))))
		require.ErrorIs(t, err, context.DeadlineExceeded)
		assert.Equal(t, 2*time.Second, time.Since(began))
	})
}

// switched is a token source whose endpoint can go down.
type switched struct {
	oauth2.TokenSource
	down *atomic.Bool
}

func (s switched) Token() (*oauth2.Token, error) {
	if s.down.Load() {
		return nil, errors.New("the endpoint is down")
	}
	return s.TokenSource.Token()
}

func TestRatesAreKeptAfterATokenOutageToo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := richmediatest.New()
		var down atomic.Bool
		down.Store(true)
		b := newBedFrom(t, p, switched{p.TokenSource(), &down})
		time.AfterFunc(6*time.Second, func() { down.Store(false) })
		var mu sync.Mutex
		var at []time.Time
		p.Intercept(richmediatest.OpUpload, func(w http.ResponseWriter, r *http.Request, next http.Handler) {
			mu.Lock()
			at = append(at, time.Now())
			mu.Unlock()
			next.ServeHTTP(w, r)
		})
		var wg sync.WaitGroup
		for i := range 150 {
			wg.Go(func() {
				_, err := b.media.Upload(t.Context(), target(p.Group("club")), richmedia.KindFile, richmedia.FromBytes("x", noise(10+i)))
				assert.NoError(t, err)
			})
		}
		wg.Wait()
		for i := 50; i < len(at); i++ {
			assert.GreaterOrEqual(t, at[i].Sub(at[i-50]), time.Second, "51 uploads within a second")
		}
	})
}

func TestARevokedTokenIsReplaced(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBed(t)
		club := b.Group("club")
		_, err := b.context(t, club).ReplyImage(t.Context(), cat())
		require.NoError(t, err)
		b.RevokeTokens()
		_, err = b.context(t, club).ReplyImage(t.Context(), cat())
		require.NoError(t, err)
		assert.Len(t, club.Answers(), 2)
	})
}

// TestATokenSourceThatReturnsARevokedTokenAgainIsNamedInTheError uses botgo's own, over a real connection.
func TestATokenSourceThatReturnsARevokedTokenAgainIsNamedInTheError(t *testing.T) {
	p := richmediatest.New()
	useBotgo(t, p)
	b := newBareBed(t, p, token.NewQQBotTokenSource(p.Credentials()))
	c := b.context(t, b.Group("club"))
	_, err := c.ReplyText(t.Context(), "hi")
	require.NoError(t, err)
	b.RevokeTokens()
	_, err = c.ReplyText(t.Context(), "hi")
	require.ErrorContains(t, err, "the same token again")
	var api *richmedia.APIError
	require.ErrorAs(t, err, &api)
	assert.Equal(t, http.StatusUnauthorized, api.Status)
	assert.Equal(t, richmedia.DeliveredNo, api.Delivered)
	assert.Equal(t, 4, left(c))
}

// anonymous is a token source that does not know its app id.
type anonymous struct{ oauth2.TokenSource }

func TestATokenSourceWithoutAnAppIDSharesNoUploads(t *testing.T) {
	store := richmedia.NewMemoryStore(10)
	p := richmediatest.New()
	for i := range 2 {
		b := newBedFrom(t, p, anonymous{p.TokenSource()}, richmedia.WithStore(store))
		for range 2 {
			_, err := b.media.Upload(t.Context(), target(p.Group("club")), richmedia.KindImage, cat())
			require.NoError(t, err)
		}
		assert.Len(t, p.Uploads(), i+1)
	}
}
