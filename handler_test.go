package richmedia_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/tencent-connect/botgo/event"

	"github.com/botgo-contrib/richmedia"
	"github.com/botgo-contrib/richmedia/richmediatest"
)

func TestAHandlerThatNeverReturnsBlocksItsOwnChatOnly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBed(t, richmedia.WithWorkers(1))
		release := make(chan struct{})
		b.onGroup(func(ctx context.Context, c *richmedia.Context) error {
			if c.Text() == "stick" {
				<-release // ignores ctx
				return nil
			}
			_, err := c.ReplyText(ctx, "hi")
			return err
		})
		stuck, club := b.Group("stuck"), b.Group("club")
		stuck.Say("alice", "stick")
		time.Sleep(29 * time.Second)
		club.Say("bob", "hi")
		synctest.Wait()
		assert.Empty(t, club.Answers(), "the only worker is busy")
		time.Sleep(time.Second)
		synctest.Wait()
		assert.Len(t, club.Answers(), 1, "its window is over")
		stuck.Say("alice", "hi")
		for i := range 20 {
			chat := b.Group(fmt.Sprint(i))
			chat.Say("bob", "hi")
			synctest.Wait()
			assert.Len(t, chat.Answers(), 1)
		}
		assert.Empty(t, stuck.Answers(), "in order within a chat")

		enough := errors.New("enough")
		ctx, cancel := context.WithTimeoutCause(t.Context(), 3*time.Second, enough)
		defer cancel()
		began := time.Now()
		require.ErrorIs(t, b.media.Shutdown(ctx), enough)
		assert.Equal(t, 3*time.Second, time.Since(began))
		close(release)
	})
}

func TestEventsAreHandledInOrderWithinAChatAndConcurrentlyAcrossChats(t *testing.T) {
	b := newBed(t)
	release := make(chan struct{})
	var mu sync.Mutex
	var order []string
	b.onGroup(func(ctx context.Context, c *richmedia.Context) error {
		if c.Text() == "slow" {
			<-release
		}
		mu.Lock()
		order = append(order, c.Text())
		mu.Unlock()
		_, err := c.ReplyText(ctx, c.Text())
		return err
	})
	busy, other := b.Group("busy"), b.Group("other")
	busy.Say("a", "slow")
	for i := range 5 {
		busy.Say("a", fmt.Sprint(i))
	}
	other.Say("a", "quick")
	answers(t, other, 1)
	assert.Empty(t, busy.Answers())
	close(release)
	require.Eventually(t, func() bool { mu.Lock(); defer mu.Unlock(); return len(order) == 7 }, 20*time.Second, time.Millisecond)
	assert.Equal(t, []string{"quick", "slow", "0", "1", "2", "3", "4"}, order)
}

func TestThePushIsAcknowledgedBeforeTheHandlerIsDone(t *testing.T) {
	b := newBed(t)
	release := make(chan struct{})
	b.onC2C(func(ctx context.Context, c *richmedia.Context) error {
		<-release
		_, err := c.ReplyText(ctx, "late")
		return err
	})
	ev := b.C2C("bob").Say("", "hi")
	require.Len(t, ev.Pushes(), 1, "the platform did not have to push again")
	assert.Equal(t, 200, ev.Pushes()[0].Status)
	close(release)
	answers(t, b.C2C("bob"), 1)
}

func TestAHandlerThatPanicsDoesNotAffectOthers(t *testing.T) {
	for name, opts := range map[string][]richmedia.Option{"queued": nil, "inline": {richmedia.WithInline()}} {
		t.Run(name, func(t *testing.T) {
			told := make(chan error, 9)
			b := newBed(t, append(opts, richmedia.WithErrorHandler(func(_ context.Context, _ *richmedia.Context, err error) {
				told <- err
				panic("the error handler too")
			}))...)
			b.onGroup(func(ctx context.Context, c *richmedia.Context) error {
				if c.Text() == "boom" {
					panic("boom")
				}
				_, err := c.ReplyText(ctx, "fine")
				return err
			})
			b.Group("club").Say("alice", "boom")
			var p *richmedia.PanicError
			require.ErrorAs(t, <-told, &p)
			assert.Equal(t, "boom", p.Value)
			assert.Contains(t, string(p.Stack), "handler_test.go")
			b.Group("club").Say("alice", "hi")
			answers(t, b.Group("club"), 1)
		})
	}
}

func TestErrorsOfHandlersAreLoggedByDefault(t *testing.T) {
	b := newBed(t)
	b.onGroup(func(context.Context, *richmedia.Context) error { return errors.New("out of cats") })
	b.Group("club").Say("alice", "hi")
	require.NoError(t, b.media.Shutdown(soon(t)))
	assert.Contains(t, b.log.text(), "out of cats")
}

func TestAPanicIsLoggedWithItsStackByDefault(t *testing.T) {
	for name, opts := range map[string][]richmedia.Option{"queued": nil, "inline": {richmedia.WithInline()}} {
		b := newBed(t, opts...)
		b.PushTo(nil)
		b.onGroup(func(context.Context, *richmedia.Context) error { panic("boom") })
		_ = event.ParseAndHandle(b.Group("club").Say("alice", "hi").Payload())
		require.NoError(t, b.media.Shutdown(soon(t)))
		assert.Contains(t, b.log.text(), "handler panicked: boom", name)
		assert.Contains(t, b.log.text(), "handler_test.go", name)
	}
}

func TestAFullQueueSlowsTheLoopAndLosesNothing(t *testing.T) {
	b := newBed(t, richmedia.WithWorkers(1), richmedia.WithQueue(1))
	release := make(chan struct{})
	b.onGroup(func(ctx context.Context, c *richmedia.Context) error {
		<-release
		_, err := c.ReplyText(ctx, c.Text())
		return err
	})
	b.PushTo(nil)
	club := b.Group("club")
	delivered := make(chan int, 10)
	go func() {
		for i := range 4 { // one runs, one waits, one blocks
			if event.ParseAndHandle(club.Say("alice", fmt.Sprint(i)).Payload()) == nil {
				delivered <- i
			}
		}
		close(delivered)
	}()
	assert.Equal(t, 0, <-delivered)
	assert.Equal(t, 1, <-delivered)
	select {
	case i := <-delivered:
		t.Fatalf("event %d was taken by a queue that is full", i)
	case <-time.After(20 * time.Millisecond): // time for a wrong delivery to appear
	}
	close(release)
	assert.Equal(t, 2, <-delivered)
	assert.Equal(t, 3, <-delivered)
	got := answers(t, club, 4)
	for i, m := range got {
		assert.Equal(t, fmt.Sprint(i), m.Text)
	}
}

func TestTheHandlersContextEndsWithTheReplyWindow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBed(t)
		ended := make(chan error, 1)
		b.onGroup(func(ctx context.Context, c *richmedia.Context) error {
			<-ctx.Done()
			ended <- context.Cause(ctx)
			_, err := c.ReplyText(context.WithoutCancel(ctx), "too late")
			ended <- err
			return nil
		})
		began := time.Now()
		b.Group("club").Say("alice", "hi")
		require.ErrorIs(t, <-ended, richmedia.ErrReplyWindow)
		assert.Equal(t, 5*time.Minute, time.Since(began))
		require.ErrorIs(t, <-ended, richmedia.ErrReplyWindow)
		assert.Zero(t, b.Count(richmediatest.OpSend))
	})
}
