package richmedia_test

import (
	"context"
	"errors"
	"runtime"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/tencent-connect/botgo/dto"
	"github.com/tencent-connect/botgo/event"

	"github.com/botgo-contrib/richmedia"
)

func TestAPushDuringAHandlerThatFailsIsNotAcknowledged(t *testing.T) {
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
		require.Error(t, event.ParseAndHandle(ev.Payload()), "pushed again before the first run is done")
		require.ErrorIs(t, <-first, broken)
		assert.EqualValues(t, 1, runs.Load(), "never two at once")
		assert.Empty(t, b.Group("club").Answers())

		require.NoError(t, event.ParseAndHandle(ev.Payload()), "and again")
		assert.Equal(t, []string{"1001 hello"}, texts(b.Group("club")))
		require.NoError(t, event.ParseAndHandle(ev.Payload()))
		assert.EqualValues(t, 2, runs.Load(), "what has succeeded is done")
	})
}

func TestARepeatedPushOfAQueuedEventHasTheOutcomeOfTheFirst(t *testing.T) {
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

func TestAHandlerThatCallsGoexitIsReportedAndItsEventIsDeliveredAgain(t *testing.T) {
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
				t.Fatal("the error was not reported")
			}
			if name == "queued" { // it was acknowledged: the chat goes on with the next event
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

func TestARepeatedDeliveryIsDropped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBed(t)
		var ran atomic.Int32
		b.onGroup(func(context.Context, *richmedia.Context) error { ran.Add(1); return errors.New("no matter") })
		ev := b.Group("club").Say("alice", "hi")
		for range 3 {
			time.Sleep(4 * time.Minute)
			ev.Redeliver()
		}
		synctest.Wait()
		assert.EqualValues(t, 1, ran.Load())
		time.Sleep(4 * time.Minute) // 16 min after the first, later than any repetition
		ev.Redeliver()
		synctest.Wait()
		assert.EqualValues(t, 2, ran.Load())
	})
}

func TestTheSameMessageInTwoEventsRunsOneHandler(t *testing.T) {
	b := newBed(t)
	var ran atomic.Int32
	count := func(context.Context, *richmedia.Context) error { ran.Add(1); return nil }
	b.onGroup(count)
	b.media.On("GROUP_MESSAGE_CREATE", count)
	d := `{"id":"ROBOT1.0_same","group_openid":"G","author":{"member_openid":"U"},"content":"hi"}`
	require.NoError(t, event.ParseAndHandle(payload("GROUP_AT_MESSAGE_CREATE", "GROUP_AT_MESSAGE_CREATE:1", d)))
	require.NoError(t, event.ParseAndHandle(payload("GROUP_MESSAGE_CREATE", "GROUP_MESSAGE_CREATE:2", d)))
	require.NoError(t, b.media.Shutdown(soon(t)))
	assert.EqualValues(t, 1, ran.Load())
}

func TestWithInlineAFailedEventIsDeliveredAgain(t *testing.T) {
	b := newBed(t, richmedia.WithInline())
	runs := 0
	b.onGroup(func(ctx context.Context, c *richmedia.Context) error {
		runs++
		if _, err := c.ReplyText(ctx, "first"); err != nil {
			return err
		}
		if runs == 1 {
			return errors.New("half-way")
		}
		_, err := c.ReplyImage(ctx, richmedia.FromFS(media, "cat.png"))
		return err
	})
	club := b.Group("club")
	ev := club.Say("alice", "hi")
	assert.Equal(t, 2, runs, "the platform pushed again after the error")
	assert.Len(t, ev.Pushes(), 2)
	got := club.Answers()
	require.Len(t, got, 2, "each reply is in the chat once")
	assert.Equal(t, "first", got[0].Text)
	assert.Equal(t, []uint32{1001, 1002}, []uint32{got[0].Seq, got[1].Seq})
	ev.Redeliver()
	assert.Equal(t, 2, runs, "what has succeeded is not run again")
}
