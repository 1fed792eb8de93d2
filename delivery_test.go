package richmedia_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"runtime"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/tencent-connect/botgo/dto"
	"github.com/tencent-connect/botgo/event"
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

// left is the number of replies that c still takes.
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

func TestAPushBesideAHandlerThatFailsIsNotCalledDone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBed(t, richmedia.WithInline())
		b.PushTo(nil)
		var runs atomic.Int32
		broken := errors.New("the first run failed")
		b.onGroup(func(ctx context.Context, c *richmedia.Context) error {
			if runs.Add(1) == 1 {
				time.Sleep(4 * time.Second)
				return broken
			}
			_, err := c.ReplyText(ctx, "hello")
			return err
		})
		ev := b.Group("club").Say("alice", "hi")
		first := make(chan error, 1)
		go func() { first <- event.ParseAndHandle(ev.Payload()) }()
		time.Sleep(3 * time.Second)
		require.Error(t, event.ParseAndHandle(ev.Payload()), "pushed again: nobody can say yet that it is done")
		require.ErrorIs(t, <-first, broken)
		assert.EqualValues(t, 1, runs.Load(), "never two at once")
		assert.Empty(t, b.Group("club").Answers())

		require.NoError(t, event.ParseAndHandle(ev.Payload()), "and again")
		assert.Equal(t, []string{"1001 hello"}, texts(b.Group("club")))
		require.NoError(t, event.ParseAndHandle(ev.Payload()))
		assert.EqualValues(t, 2, runs.Load(), "what has succeeded is done")
	})
}

func TestAPushOfAnEventThatWaitsForTheQueueHasTheSameOutcome(t *testing.T) {
	for name, ends := range map[string]struct {
		end  func(b *bed, release func())
		want error
		runs int32
	}{
		"it is queued": {func(_ *bed, release func()) { release() }, nil, 3},
		"it is refused at shutdown": {func(b *bed, _ func()) {
			ctx, cancel := context.WithCancel(context.Background())
			cancel()
			_ = b.media.Shutdown(ctx)
		}, richmedia.ErrClosed, 1},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBed(t, richmedia.WithWorkers(1), richmedia.WithQueue(1))
				b.PushTo(nil)
				var runs atomic.Int32
				ctx, release := context.WithCancel(t.Context())
				defer release()
				b.onGroup(func(context.Context, *richmedia.Context) error {
					runs.Add(1)
					<-ctx.Done()
					return nil
				})
				club := b.Group("club")
				for range 2 { // one runs, one fills the queue
					require.NoError(t, event.ParseAndHandle(club.Say("alice", "hi").Payload()))
					synctest.Wait()
				}
				ev := club.Say("alice", "the third")
				outcomes := make(chan error, 2)
				for range 2 {
					go func() { outcomes <- event.ParseAndHandle(ev.Payload()) }()
					synctest.Wait()
				}
				assert.Empty(t, outcomes, "it waits, and so does its repetition")
				ends.end(b, release)
				for range 2 {
					require.ErrorIs(t, <-outcomes, ends.want)
				}
				release()
				require.NoError(t, b.media.Shutdown(t.Context()))
				assert.Equal(t, ends.runs, runs.Load())
			})
		})
	}
}

func TestAHandlerThatEndsItsGoroutineIsReportedAndItsEventComesAgain(t *testing.T) {
	for name, opts := range map[string][]richmedia.Option{"queued": nil, "inline": {richmedia.WithInline()}} {
		t.Run(name, func(t *testing.T) {
			told := make(chan error, 2)
			b := newBed(t, append(opts, richmedia.WithErrorHandler(func(_ context.Context, _ *richmedia.Context, err error) { told <- err }))...)
			b.PushTo(nil)
			var runs atomic.Int32
			b.onGroup(func(ctx context.Context, c *richmedia.Context) error {
				if runs.Add(1) == 1 {
					runtime.Goexit()
				}
				_, err := c.ReplyText(ctx, "hello")
				return err
			})
			club := b.Group("club")
			ev := club.Say("alice", "hi")
			push := func(p *dto.WSPayload) {
				ended := make(chan struct{})
				go func() {
					defer close(ended)
					_ = event.ParseAndHandle(p)
				}()
				<-ended
			}
			push(ev.Payload())
			var panicked *richmedia.PanicError
			select {
			case err := <-told:
				require.ErrorAs(t, err, &panicked)
				assert.Contains(t, panicked.Error(), "Goexit")
			case <-soon(t).Done():
				t.Fatal("nobody was told")
			}
			if name == "queued" { // it was told to be done: the chat goes on with the next one
				ev = club.Say("alice", "hi")
			}
			push(ev.Payload())
			answers(t, club, 1)
			assert.EqualValues(t, 2, runs.Load())
		})
	}
}

func TestAnEventIsKnownForAQuarterOfAnHour(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBed(t)
		var ran atomic.Int32
		b.onGroup(func(context.Context, *richmedia.Context) error { ran.Add(1); return nil })
		ev := b.Group("club").Say("alice", "hi")
		time.Sleep(15*time.Minute - time.Second)
		ev.Redeliver()
		synctest.Wait()
		assert.EqualValues(t, 1, ran.Load(), "after 14:59")
		time.Sleep(2 * time.Second)
		ev.Redeliver()
		synctest.Wait()
		assert.EqualValues(t, 2, ran.Load(), "after 15:01, counted from the first")
	})
}

func TestALateRedeliveryRepeatsTheNumbersOfItsReplies(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBed(t)
		var ran atomic.Int32
		failed := make(chan error, 4)
		b.onC2C(func(ctx context.Context, c *richmedia.Context) error {
			ran.Add(1)
			for _, text := range []string{"one", "two"} {
				_, err := c.ReplyText(ctx, text)
				failed <- err
			}
			return nil
		})
		bob := b.C2C("bob")
		ev := bob.Say("", "hi")
		time.Sleep(16 * time.Minute) // it is no longer known as an event, and can still be answered for 44 minutes
		ev.Redeliver()
		require.NoError(t, b.media.Shutdown(t.Context()))
		assert.EqualValues(t, 2, ran.Load())
		for range 4 {
			require.NoError(t, <-failed)
		}
		assert.Equal(t, []string{"1001 one", "1002 two"}, texts(bob))
	})
}

func TestABotsOwnHandlerThatIsRunAgainRepliesOnce(t *testing.T) {
	b := newBed(t)
	runs := 0
	event.RegisterHandlers(event.GroupATMessageEventHandler(func(p *dto.WSPayload, _ *dto.WSGroupATMessageData) error {
		runs++
		c, err := b.media.Context(p)
		if err != nil {
			return err
		}
		if _, err = c.ReplyText(context.Background(), "one"); err != nil {
			return err
		}
		if runs == 1 {
			return errors.New("half-way")
		}
		other, err := b.media.Context(p) // of the same delivery: it goes on counting
		if err != nil {
			return err
		}
		_, err = other.ReplyText(context.Background(), "two")
		return err
	}))
	club := b.Group("club")
	ev := club.Say("alice", "hi")
	assert.Len(t, ev.Pushes(), 2)
	assert.True(t, ev.Pushes()[1].Acked)
	assert.Equal(t, []string{"1001 one", "1002 two"}, texts(club))
}

func TestAReplyBesideAHandlerGoesOnCounting(t *testing.T) {
	b := newBed(t)
	b.onGroup(func(ctx context.Context, c *richmedia.Context) error {
		for _, from := range []*richmedia.Context{c, b.media.For(c.Target()), c, b.media.For(c.Target())} {
			if _, err := from.ReplyText(ctx, "x"); err != nil {
				return err
			}
		}
		return nil
	})
	club := b.Group("club")
	club.Say("alice", "hi")
	answers(t, club, 4)
	assert.Equal(t, []string{"1001 x", "1002 x", "1003 x", "1004 x"}, texts(club))
}

func TestADeliveryThatStillRunsKeepsItsOwnNumbers(t *testing.T) {
	b := newBed(t)
	b.PushTo(nil)
	club := b.Group("club")
	ev := club.Say("alice", "hi")
	delivery := func() func(text string) {
		c, err := b.media.Context(ev.Payload())
		require.NoError(t, err)
		return func(text string) {
			_, err := c.ReplyText(t.Context(), text)
			require.NoError(t, err)
		}
	}
	first := delivery()
	first("one")
	second := delivery() // pushed again while the first is still handled
	second("one")
	first("two") // and not under the number that the second comes to next
	second("two")
	second("three")
	first("three")
	assert.Equal(t, []string{"1001 one", "1002 two", "1003 three"}, texts(club))
}

func TestAReplyWithoutANumberIsNotSentAgainWhenItsHandlerIs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBed(t, richmedia.WithInline())
		b.Intercept(richmediatest.OpSend, func(w http.ResponseWriter, r *http.Request, next http.Handler) {
			if bodyOf(t, r)["msg_seq"] != nil {
				refuse(w, http.StatusBadRequest, 40034105)
				return
			}
			next.ServeHTTP(w, r)
		})
		runs := 0
		event.RegisterHandlers(b.media.Interaction(func(ctx context.Context, c *richmedia.Context) error {
			runs++
			msg, err := c.ReplyText(ctx, "hello")
			if err != nil {
				return err
			}
			assert.Equal(t, runs == 1, msg.ID != "", "no id: this very reply was there already")
			if runs == 1 {
				return errors.New("half-way")
			}
			return nil
		}))
		club := b.Group("club")
		ev := club.Press("alice", "x")
		synctest.Wait()
		assert.Equal(t, 2, runs)
		assert.Len(t, club.Answers(), 1)
		assert.Equal(t, 2, b.Count(richmediatest.OpSend), "one with a number, and one without")

		assert.Len(t, ev.Pushes(), 2)
		assert.Equal(t, 1, b.Count(richmediatest.OpAck), "acknowledged once, however often it is delivered")
		assert.Equal(t, map[string]int{ev.InteractionID(): 0}, b.Acks())
	})
}

func TestOnlyButtonsAndMenusAreAcknowledged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBed(t)
		var ran atomic.Int32
		event.RegisterHandlers(b.media.Interaction(func(context.Context, *richmedia.Context) error { ran.Add(1); return nil }))
		club := b.Group("club")
		want := map[string]int{}
		for typ := 10; typ <= 14; typ++ {
			ev := club.Interact("alice", typ, "x")
			if typ == 11 || typ == 12 {
				want[ev.InteractionID()] = 0
			}
		}
		synctest.Wait()
		assert.EqualValues(t, 5, ran.Load())
		assert.Equal(t, want, b.Acks())
		assert.Equal(t, 2, b.Count(richmediatest.OpAck))
	})
}

func TestADoubtOutlivesATokenThatCannotBeHad(t *testing.T) {
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
			// It ends between the first attempt and the second; oauth2 gives it up 10 s early.
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

func TestADoubtOutlivesTheRefusalOfTheSecondFile(t *testing.T) {
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

func TestAReplyThatWasThereAlreadyUsesASlotOnlyWhenItIsOurs(t *testing.T) {
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

func TestARefusalByItsCodeIsCertainWhateverTheStatus(t *testing.T) {
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

func TestAnOddTraceIDDoesNotHideThatTheReplyIsThere(t *testing.T) {
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

func TestAVeryFreshEventIsAnswered(t *testing.T) {
	for name, scene := range map[string]struct {
		fresh time.Duration
		want  bool
	}{"for a second": {time.Second, true}, "for ever": {time.Hour, false}} {
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
				assert.Equal(t, 1500*time.Millisecond, time.Since(began))
				assert.Equal(t, 2, b.Count(richmediatest.OpSend), "once more, and no more")
				if !scene.want {
					assert.Equal(t, 5, left(c))
				}
			})
		})
	}
}

func TestACallerWhoLeavesBetweenTheAttemptsIsToldWhy(t *testing.T) {
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

func TestRetriesGoOnForAsLongAsTheReplyCanBeSent(t *testing.T) {
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

func TestAJobWithANumberFromTheFirstProcessIsInTheChatOnce(t *testing.T) {
	b := newBed(t)
	club := b.Group("club")
	c := b.context(t, club)
	_, err := c.ReplyText(t.Context(), "wait a moment")
	require.NoError(t, err)
	seq, err := c.NextSeq()
	require.NoError(t, err)
	assert.Equal(t, 3, left(c), "the number is a reply")

	for i := range 3 { // the job runs in another process, which is restarted
		worker := newBedOn(t, b.Platform)
		msg, err := worker.media.For(c.Target()).ReplyText(t.Context(), "done", richmedia.WithSeq(seq))
		require.NoError(t, err)
		assert.Equal(t, i == 0, msg.ID != "")
	}
	_, err = c.ReplyText(t.Context(), "and more")
	require.NoError(t, err)
	assert.Equal(t, []string{"1001 wait a moment", "1002 done", "1003 and more"}, texts(club))
}

// A reply whose ctx had ended before it was called takes no number, so that the replies behind it have others in the
// next run.
func TestAReplyThatItsCallerHadGivenUpKeepsItsNumber(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBed(t, richmedia.WithInline())
		b.PushTo(nil)
		club := b.Group("club")
		run := 0
		b.onGroup(func(ctx context.Context, c *richmedia.Context) error {
			run++
			first, cancel := context.WithTimeout(ctx, time.Second)
			defer cancel()
			if run == 1 {
				time.Sleep(2 * time.Second) // the download of what is to be sent takes too long
			}
			_, err := c.ReplyText(first, "one")
			_, err2 := c.ReplyText(ctx, "two")
			return errors.Join(err, err2)
		})
		ev := club.Say("alice", "hi")
		require.Error(t, event.ParseAndHandle(ev.Payload()))
		require.NoError(t, event.ParseAndHandle(ev.Payload()), "both replies are said to be in the chat")
		assert.Equal(t, []string{"1002 two", "1001 one"}, texts(club))
	})
}

func TestAReplyWhoseTextWasEmptyKeepsItsNumber(t *testing.T) {
	b := newBed(t, richmedia.WithInline())
	b.PushTo(nil)
	club := b.Group("club")
	said := ""
	b.onGroup(func(ctx context.Context, c *richmedia.Context) error {
		_, err := c.ReplyText(ctx, said) // from another service, which has nothing to say yet
		_, err2 := c.ReplyText(ctx, "two")
		said = "one"
		return errors.Join(err, err2)
	})
	ev := club.Say("alice", "hi")
	require.Error(t, event.ParseAndHandle(ev.Payload()))
	require.NoError(t, event.ParseAndHandle(ev.Payload()), "both replies are said to be in the chat")
	assert.Equal(t, []string{"1002 two", "1001 one"}, texts(club))
}
