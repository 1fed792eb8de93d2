package richmedia_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/oauth2"

	"github.com/botgo-contrib/richmedia"
	"github.com/botgo-contrib/richmedia/richmediatest"
)

// This file holds what a bot's users see: an event is handled and a reply is in the chat, never not at all and never
// twice, whatever is lost, repeated or refused on the way.

// refuse answers as the platform does.
func refuse(w http.ResponseWriter, status, code int) {
	w.WriteHeader(status)
	_, _ = fmt.Fprintf(w, `{"message":"no","code":%d,"err_code":%d,"trace_id":"T"}`, code, code)
}

// lose lets the platform act and cuts the connection.
func lose(r *http.Request, next http.Handler) {
	next.ServeHTTP(httptest.NewRecorder(), r)
	panic(http.ErrAbortHandler)
}

// inDoubt requires that err says that the reply may be in the chat.
func inDoubt(t *testing.T, err error) *richmedia.APIError {
	t.Helper()
	var api *richmedia.APIError
	require.ErrorAs(t, err, &api)
	assert.Equal(t, "send", api.Op)
	assert.Equal(t, richmedia.DeliveredUnknown, api.Delivered)
	assert.ErrorContains(t, err, "may have been delivered")
	return api
}

// left returns the number of replies that are left for c.
func left(c *richmedia.Context) int {
	n, _ := c.RepliesLeft()
	return n
}

// texts are the bot's answers with their numbers.
func texts(chat *richmediatest.Chat) []string {
	var all []string
	for _, m := range chat.Answers() {
		all = append(all, fmt.Sprintf("%d %s", m.Seq, m.Text))
	}
	return all
}

// tokenFunc is a token source.
type tokenFunc func() (*oauth2.Token, error)

func (f tokenFunc) Token() (*oauth2.Token, error) { return f() }

func TestAReplyStaysInDoubtWhenNoTokenCanBeFetched(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := richmediatest.New()
		asked := 0
		src := tokenFunc(func() (*oauth2.Token, error) {
			if asked++; asked > 1 {
				return nil, errors.New("token outage")
			}
			tok, err := p.TokenSource().Token()
			if err != nil {
				return nil, err
			}
			// It ends between the first attempt and the second; oauth2 renews it 10 s early.
			return &oauth2.Token{AccessToken: tok.AccessToken, TokenType: tok.TokenType, Expiry: time.Now().Add(10*time.Second + 100*time.Millisecond)}, nil
		})
		b := newBedFrom(t, p, src)
		club := p.Group("club")
		c := b.context(t, club)
		p.Lose(richmediatest.OpSend, 1)
		_, err := c.ReplyText(t.Context(), "hi")
		_ = inDoubt(t, err)
		require.ErrorContains(t, err, "token outage")
		assert.Equal(t, 4, left(c))
		assert.Len(t, club.Answers(), 1)
	})
}

func TestAReplyStaysInDoubtWhenItsSecondFileIsRefused(t *testing.T) {
	for name, second := range map[string]func(b *bed, w http.ResponseWriter, r *http.Request, next http.Handler){
		"the second send is refused": func(_ *bed, w http.ResponseWriter, _ *http.Request, _ http.Handler) {
			refuse(w, http.StatusBadRequest, 40034006)
		},
		"the second file too": func(_ *bed, w http.ResponseWriter, _ *http.Request, _ http.Handler) {
			refuse(w, http.StatusBadRequest, 304080)
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBed(t)
				c := b.context(t, b.Group("club"))
				var n atomic.Int32
				b.Intercept(richmediatest.OpSend, func(w http.ResponseWriter, r *http.Request, next http.Handler) {
					switch n.Add(1) {
					case 1:
						w.WriteHeader(http.StatusInternalServerError)
					case 2:
						refuse(w, http.StatusBadRequest, 304080)
					default:
						second(b, w, r, next)
					}
				})
				_, err := c.ReplyImage(t.Context(), cat())
				_ = inDoubt(t, err)
				assert.Equal(t, 4, left(c))
				assert.Len(t, b.Uploads(), 2)
				assert.Equal(t, 3, b.Count(richmediatest.OpSend))
			})
		})
	}
}

func TestADuplicateUsesASlotOnlyIfThisProcessSentIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBed(t)
		club := b.Group("club")
		c := b.context(t, club)
		for i := range 5 {
			b.Lose(richmediatest.OpSend, 1)
			_, err := c.ReplyText(t.Context(), "hi")
			require.NoError(t, err)
			assert.Equal(t, 4-i, left(c), "the answer was lost, and the reply is in the chat")
		}
		_, err := c.ReplyText(t.Context(), "the sixth")
		require.ErrorIs(t, err, richmedia.ErrReplyLimit)
		assert.Len(t, club.Answers(), 5)

		other := newBedOn(t, b.Platform) // another process that handles the same event
		c = b.context(t, club)
		theirs, err := other.media.Context(c.Payload())
		require.NoError(t, err)
		_, err = theirs.ReplyText(t.Context(), "hi")
		require.NoError(t, err)
		msg, err := c.ReplyText(t.Context(), "hi")
		require.NoError(t, err)
		assert.Empty(t, msg.ID)
		assert.Equal(t, 5, left(c))
		assert.Equal(t, 4, left(theirs))
		assert.Len(t, club.Answers(), 6)
	})
}

func TestAProactiveMessageIsNeverRepeatedInDoubt(t *testing.T) {
	for name, fault := range map[string]func(*bed){
		"cut":     func(b *bed) { b.Drop(richmediatest.OpSend, -1) },
		"lost":    func(b *bed) { b.Lose(richmediatest.OpSend, -1) },
		"refused": func(b *bed) { b.Fail(richmediatest.OpSend, -1, 500, 0, "") },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBedOn(t, richmediatest.New(richmediatest.WithProactive()))
				fault(b)
				_, err := b.media.For(target(b.Group("club"))).ReplyText(t.Context(), "news")
				_ = inDoubt(t, err)
				assert.Equal(t, 1, b.Count(richmediatest.OpSend))
			})
		})
	}
}

func TestALostReplyByEventIDIsNotSentAgainWithoutItsNumber(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBed(t)
		b.PushTo(nil)
		club := b.Group("club")
		c, err := b.media.Context(club.Press("alice", "x").Payload())
		require.NoError(t, err)
		var n atomic.Int32
		b.Intercept(richmediatest.OpSend, func(w http.ResponseWriter, r *http.Request, next http.Handler) {
			if n.Add(1) == 1 {
				lose(r, next)
			}
			refuse(w, http.StatusBadRequest, 40034105)
		})
		_, err = c.ReplyText(t.Context(), "hi")
		assert.Equal(t, 40034105, inDoubt(t, err).Code)
		assert.Equal(t, 2, b.Count(richmediatest.OpSend))
		assert.Len(t, club.Answers(), 1)
		assert.Equal(t, 4, left(c))
	})
}

func TestARefusalWithAKnownCodeIsDefiniteWithAnyStatus(t *testing.T) {
	b := newBed(t)
	c := b.context(t, b.Group("club"))
	b.Fail(richmediatest.OpSend, -1, 500, 40034128, "no")
	_, err := c.ReplyText(t.Context(), "hi")
	var api *richmedia.APIError
	require.ErrorAs(t, err, &api)
	assert.Equal(t, richmedia.DeliveredNo, api.Delivered)
	assert.Equal(t, 1, b.Count(richmediatest.OpSend))
	assert.Equal(t, 5, left(c))
}

func TestADuplicateWithAnOddTraceIDIsASuccess(t *testing.T) {
	b := newBed(t)
	c := b.context(t, b.Group("club"))
	b.Intercept(richmediatest.OpSend, func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
		w.WriteHeader(http.StatusBadRequest)
		_, _ = w.Write([]byte(`{"code":40054005,"err_code":40054005,"trace_id":12345}`))
	})
	msg, err := c.ReplyText(t.Context(), "hi")
	require.NoError(t, err)
	assert.Empty(t, msg.ID)
	assert.Equal(t, 1, b.Count(richmediatest.OpSend))
}

func TestAReplyThatIsRefusedAsTooEarlyIsRepeated(t *testing.T) {
	for name, scene := range map[string]struct {
		fresh time.Duration
		took  time.Duration
		sends int
		want  bool
	}{
		"for a second":    {time.Second, 1500 * time.Millisecond, 2, true},
		"for two seconds": {2 * time.Second, 3500 * time.Millisecond, 3, true},
		"forever":         {time.Hour, 3500 * time.Millisecond, 3, false},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBed(t)
				b.PushTo(nil)
				club := b.Group("club")
				c, err := b.media.Context(club.Press("alice", "x").Payload())
				require.NoError(t, err)
				began := time.Now()
				b.Intercept(richmediatest.OpSend, func(w http.ResponseWriter, r *http.Request, next http.Handler) {
					if time.Since(began) < scene.fresh {
						refuse(w, http.StatusBadRequest, 40034025)
						return
					}
					next.ServeHTTP(w, r)
				})
				_, err = c.ReplyText(t.Context(), "hi")
				assert.Equal(t, scene.want, err == nil)
				assert.Equal(t, scene.took, time.Since(began))
				assert.Equal(t, scene.sends, b.Count(richmediatest.OpSend))
				if !scene.want {
					assert.Equal(t, 5, left(c))
				}
			})
		})
	}
}

func TestACancelledReplyReportsTheCauseAndTheLastFailure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBed(t)
		c := b.context(t, b.Group("club"))
		b.Drop(richmediatest.OpSend, -1)
		gone := errors.New("the caller has gone")
		ctx, cancel := context.WithTimeoutCause(t.Context(), 200*time.Millisecond, gone) // within the first pause
		defer cancel()
		began := time.Now()
		_, err := c.ReplyText(ctx, "hi")
		require.ErrorIs(t, err, gone)
		require.ErrorContains(t, err, "connection reset", "and what had happened before")
		_ = inDoubt(t, err)
		assert.Equal(t, 200*time.Millisecond, time.Since(began))
		assert.Equal(t, 1, b.Count(richmediatest.OpSend))
		assert.Equal(t, 4, left(c))
	})
}

func TestRetriesContinueWithinTheReplyWindow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBed(t, richmedia.WithRetries(100))
		bob := b.C2C("bob")
		c := b.context(t, bob)
		began := time.Now()
		up := b.Fail(richmediatest.OpSend, -1, http.StatusBadGateway, 0, "")
		time.AfterFunc(30*time.Minute, up)
		_, err := c.ReplyText(t.Context(), "hi")
		require.NoError(t, err)
		assert.GreaterOrEqual(t, time.Since(began), 30*time.Minute)
		assert.Len(t, bob.Answers(), 1)
	})
}
