package richmedia_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/botgo-contrib/richmedia"
	"github.com/botgo-contrib/richmedia/richmediatest"
)

func TestAStreamEndsBeforeTheReplyWindowDoes(t *testing.T) {
	for _, group := range []bool{false, true} {
		t.Run(fmt.Sprint("group ", group), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBed(t)
				chat := b.C2C("ann")
				if group {
					chat = b.Group("club")
				}
				c := b.context(t, chat)
				s := stream(t, c)
				words := 0
				var err error
				for err == nil {
					if _, err = s.WriteString("word "); err == nil {
						words++
					}
					time.Sleep(time.Second)
				}
				require.ErrorIs(t, err, richmedia.ErrReplyWindow)
				require.ErrorIs(t, s.Close(), richmedia.ErrReplyWindow)
				_, until := c.RepliesLeft()
				assert.WithinRange(t, time.Now(), until.Add(-4*time.Second), until.Add(time.Second))
				got := chat.Answers()
				require.Len(t, got, 1)
				assert.Equal(t, words, strings.Count(got[0].Text, "word "))
				assert.False(t, got[0].Growing)
				for _, call := range b.Calls() {
					assert.Less(t, call.Status, 400)
				}
			})
		})
	}
}

func TestAStreamAfterTheWindowIsRefusedBeforeAnyRequest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBed(t)
		c := b.context(t, b.C2C("ann"))
		time.Sleep(time.Hour)
		_, err := c.ReplyStream(t.Context())
		require.ErrorIs(t, err, richmedia.ErrReplyWindow)
		assert.Zero(t, b.Count(richmediatest.OpStream))
	})
}

func TestAStreamThatIsNotClosedIsCompletedWithItsTextSoFar(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBed(t)
		ann := b.C2C("ann")
		b.onC2C(func(ctx context.Context, c *richmedia.Context) error {
			s, err := c.ReplyStream(ctx)
			if err != nil {
				return err
			}
			_, _ = s.WriteString("one ")
			time.Sleep(time.Second)
			_, err = s.WriteString("two")
			return err
		})
		ann.Say("", "go")
		time.Sleep(10 * time.Second)
		require.NoError(t, b.media.Shutdown(t.Context()))
		got := ann.Answers()
		require.Len(t, got, 1)
		assert.Equal(t, "one two", got[0].Text)
		assert.False(t, got[0].Growing)
		assert.Contains(t, b.log.text(), "returned without closing its Stream")
	})
}

func TestShutdownWaitsForAStreamAndCloseCompletesIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBed(t)
		ann := b.C2C("ann")
		b.onC2C(func(ctx context.Context, c *richmedia.Context) error {
			s, err := c.ReplyStream(ctx)
			if err != nil {
				return err
			}
			for range 5 {
				_, _ = s.WriteString("word ")
				time.Sleep(time.Second)
			}
			return s.Close()
		})
		ann.Say("", "go")
		time.Sleep(time.Second)
		require.NoError(t, b.media.Shutdown(t.Context()))
		assert.Equal(t, strings.Repeat("word ", 5), ann.Answers()[0].Text)
		assert.False(t, ann.Answers()[0].Growing)

		other := newBedOn(t, b.Platform)
		bob := b.C2C("bob")
		s := stream(t, other.context(t, bob))
		write(t, s, "never ")
		b.Delay(richmediatest.OpStream, 1, 1500*time.Millisecond)
		_, err := s.WriteString("closed ")
		require.NoError(t, err)
		time.Sleep(time.Second) // its frame is on its way
		_, err = s.WriteString("here")
		require.NoError(t, err)
		ended, cancel := context.WithCancel(t.Context())
		cancel()
		require.ErrorIs(t, other.media.Shutdown(ended), context.Canceled)
		require.ErrorIs(t, s.Close(), richmedia.ErrClosed)
		require.NoError(t, other.media.Close())
		require.Len(t, bob.Answers(), 1)
		assert.True(t, strings.HasPrefix("never closed here", bob.Answers()[0].Text), bob.Answers()[0].Text)
	})
}

// The outcome of the frame on its way is not known when ctx ends: it is repeated, and the rest follows in the last frame.
func TestAStreamWhoseContextEndsDuringAFrameIsCompleted(t *testing.T) {
	for name, fault := range map[string]faultSwitch{
		"it has not arrived": (*richmediatest.Faults).Stall, "it has arrived": (*richmediatest.Faults).StallAfter,
	} {
		for _, opts := range [][]richmedia.ReplyOption{nil, {richmedia.WithReplace()}} {
			t.Run(fmt.Sprint(name, len(opts)), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					b := newBed(t)
					ann := b.C2C("ann")
					c := b.context(t, ann)
					ctx, cancel := context.WithCancelCause(t.Context())
					s, err := c.ReplyStream(ctx, opts...)
					require.NoError(t, err)
					write(t, s, "one ")
					fault(b.Faults, richmediatest.OpStream, 1)
					write(t, s, "two ") // on its way
					_, err = s.WriteString("three")
					require.NoError(t, err)
					over := errors.New("over")
					cancel(over)
					require.ErrorIs(t, s.Close(), over)
					got := ann.Answers()
					require.Len(t, got, 1)
					assert.Equal(t, "one two three", got[0].Text)
					assert.False(t, got[0].Growing)
				})
			})
		}
	}
}

func TestNoFrameFollowsTheReplyWindow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBed(t)
		c := b.context(t, b.C2C("ann"))
		s := stream(t, c)
		write(t, s, "one ")
		_, until := c.RepliesLeft()
		time.Sleep(time.Until(until.Add(-10 * time.Second)))
		b.Stall(richmediatest.OpStream, -1)
		_, err := s.WriteString("two")
		require.NoError(t, err)
		require.ErrorIs(t, s.Close(), richmedia.ErrReplyWindow)
		assert.Equal(t, until, time.Now(), "nothing is tried after the window")
	})
}
