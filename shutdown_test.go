package richmedia_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/tencent-connect/botgo/event"
	"golang.org/x/oauth2"

	"github.com/botgo-contrib/richmedia"
	"github.com/botgo-contrib/richmedia/richmediatest"
)

func TestShutdownFinishesWhatWasAccepted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBed(t, richmedia.WithWorkers(2))
		b.Delay(richmediatest.OpSend, -1, time.Second)
		b.onGroup(func(ctx context.Context, c *richmedia.Context) error {
			_, err := c.ReplyImage(ctx, cat())
			return err
		})
		for i := range 10 {
			b.Group(fmt.Sprint(i)).Say("alice", "hi")
		}
		later := b.context(t, b.C2C("bob"))
		sent := make(chan error, 1)
		go func() {
			_, err := later.ReplyImage(context.Background(), cat())
			sent <- err
		}()
		synctest.Wait()
		require.NoError(t, b.media.Shutdown(t.Context()))
		require.NoError(t, <-sent, "a reply outside a handler was under way as well")
		for i := range 10 {
			assert.Len(t, b.Group(fmt.Sprint(i)).Answers(), 1)
		}
		late := b.Group("late").Say("alice", "hi")
		require.ErrorIs(t, event.ParseAndHandle(late.Payload()), richmedia.ErrClosed)
		_, err := later.ReplyText(t.Context(), "x")
		require.ErrorIs(t, err, richmedia.ErrClosed)
		_, err = b.media.Upload(t.Context(), target(b.Group("1")), richmedia.KindImage, cat())
		require.ErrorIs(t, err, richmedia.ErrClosed)
		require.NoError(t, b.media.Shutdown(t.Context()), "again")
		require.NoError(t, b.media.Close())
	})
}

func TestShutdownEndsWithItsContextWhateverAHandlerDoes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBed(t, richmedia.WithWorkers(1))
		release := make(chan struct{})
		cause := make(chan error, 1)
		b.onGroup(func(ctx context.Context, _ *richmedia.Context) error {
			<-ctx.Done()
			cause <- context.Cause(ctx)
			<-release // ignores ctx
			return nil
		})
		b.Group("club").Say("alice", "stuck")
		b.Group("club").Say("alice", "never begun")
		enough := errors.New("enough")
		ctx, cancel := context.WithTimeoutCause(t.Context(), 3*time.Second, enough)
		defer cancel()
		began := time.Now()
		require.ErrorIs(t, b.media.Shutdown(ctx), enough)
		assert.Equal(t, 3*time.Second, time.Since(began))
		require.ErrorIs(t, <-cause, richmedia.ErrClosed)
		assert.Contains(t, b.log.text(), "before 1 accepted events were handled")
		close(release)
	})
}

func TestShutdownWaitsForInlineHandlers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBed(t, richmedia.WithInline())
		begun := make(chan struct{})
		b.onGroup(func(ctx context.Context, c *richmedia.Context) error {
			close(begun)
			time.Sleep(2 * time.Second)
			_, err := c.ReplyImage(ctx, cat())
			return err
		})
		club := b.Group("club")
		go club.Say("alice", "hi")
		<-begun
		require.NoError(t, b.media.Shutdown(t.Context()))
		assert.Len(t, club.Answers(), 1)
	})
}

func TestCloseCancelsWhatIsUnderWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBed(t)
		b.Delay(richmediatest.OpUpload, -1, time.Hour)
		failed := make(chan error, 2)
		b.onGroup(func(ctx context.Context, c *richmedia.Context) error {
			_, err := c.ReplyImage(ctx, cat())
			failed <- err
			return err
		})
		b.Group("club").Say("alice", "hi")
		outside := b.context(t, b.C2C("bob"))
		go func() {
			_, err := outside.ReplyImage(context.Background(), cat())
			failed <- err
		}()
		synctest.Wait()
		began := time.Now()
		require.NoError(t, b.media.Close())
		require.ErrorIs(t, <-failed, richmedia.ErrClosed)
		require.ErrorIs(t, <-failed, richmedia.ErrClosed)
		assert.Zero(t, time.Since(began))
	})
}

func TestCloseEndsAShutdownThatDrains(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBed(t)
		b.onGroup(func(ctx context.Context, _ *richmedia.Context) error {
			<-ctx.Done()
			return nil
		})
		b.Group("club").Say("alice", "hi")
		done := make(chan error, 1)
		go func() { done <- b.media.Shutdown(context.Background()) }()
		synctest.Wait()
		require.NoError(t, b.media.Close())
		require.NoError(t, <-done)
	})
}

func TestShutdownEndsWithItsContextWhateverATokenSourceDoes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := richmediatest.New()
		release := make(chan struct{})
		b := newBedFrom(t, p, tokenFunc(func() (*oauth2.Token, error) {
			<-release
			return nil, errors.New("too late")
		}))
		c := b.context(t, b.Group("club"))
		enough := errors.New("enough")
		short, cancel := context.WithTimeoutCause(t.Context(), time.Second, enough)
		defer cancel()
		_, err := c.ReplyText(short, "hi")
		require.ErrorIs(t, err, enough)
		assert.Equal(t, 5, left(c))

		ctx, cancel := context.WithTimeoutCause(t.Context(), 3*time.Second, enough)
		defer cancel()
		began := time.Now()
		require.ErrorIs(t, b.media.Shutdown(ctx), enough)
		assert.Equal(t, 3*time.Second, time.Since(began))
		close(release)
		require.NoError(t, b.media.Close())
	})
}

func TestShutdownOfAnIdlePluginNeedsNoTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ended, cancel := context.WithCancel(t.Context())
		cancel()
		require.NoError(t, newBed(t).media.Shutdown(ended), "never used")

		b := newBed(t)
		b.onGroup(func(ctx context.Context, c *richmedia.Context) error {
			_, err := c.ReplyImage(ctx, cat())
			return err
		})
		b.Group("club").Say("alice", "hi")
		answers(t, b.Group("club"), 1)
		synctest.Wait()
		require.NoError(t, b.media.Shutdown(ended))
		require.NoError(t, b.media.Shutdown(ended), "again")
	})
}

func TestShutdownWaitsForRepliesOutsideHandlers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBed(t)
		b.onGroup(func(context.Context, *richmedia.Context) error { return nil })
		b.Group("club").Say("alice", "hi") // its handler is done long before
		b.Delay(richmediatest.OpSend, -1, 10*time.Second)
		bob := b.C2C("bob")
		c := b.context(t, bob)
		sent := make(chan error, 1)
		go func() {
			_, err := c.ReplyImage(context.Background(), cat())
			sent <- err
		}()
		synctest.Wait()
		began := time.Now()
		require.NoError(t, b.media.Shutdown(t.Context()))
		assert.Equal(t, 10*time.Second, time.Since(began))
		require.NoError(t, <-sent)
		assert.Len(t, bob.Answers(), 1)
	})
}
