package richmedia_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/tencent-connect/botgo/event"

	"github.com/botgo-contrib/richmedia"
	"github.com/botgo-contrib/richmedia/richmediatest"
)

func TestWithSeqChoosesTheNumber(t *testing.T) {
	var rec recorder
	b := newBed(t, rec.option())
	club := b.Group("club")
	c := b.context(t, club)
	for _, bad := range []uint32{0, 65536, math.MaxUint32} {
		_, err := c.ReplyText(t.Context(), "hi", richmedia.WithSeq(bad))
		require.ErrorContains(t, err, fmt.Sprintf("WithSeq(%d): give 1 to 65535", bad))
	}
	_, err := b.media.For(richmedia.Target{Scope: richmedia.ScopeGroup, ChatID: club.OpenID()}).ReplyText(t.Context(), "hi", richmedia.WithSeq(5))
	require.ErrorContains(t, err, "proactive")
	assert.Empty(t, b.Calls())
	rec.takeReplies()

	// The job runs, and again after a restart: another plugin, which has never heard of the first.
	_, err = c.ReplyImage(t.Context(), cat(), richmedia.WithSeq(65535))
	require.NoError(t, err)
	assert.False(t, rec.theReply(t).Duplicate)
	again := newBedOn(t, b.Platform, rec.option())
	msg, err := again.media.For(c.Target()).ReplyImage(t.Context(), cat(), richmedia.WithSeq(65535))
	require.NoError(t, err)
	assert.Empty(t, msg.ID)
	assert.True(t, rec.theReply(t).Duplicate)
	got := club.Answers()
	require.Len(t, got, 1)
	assert.EqualValues(t, 65535, got[0].Seq)
	for range 3 { // one number, one slot
		_, err = c.ReplyText(t.Context(), "once", richmedia.WithSeq(3))
		require.NoError(t, err)
	}
	assert.Len(t, club.Answers(), 2)
	n, _ := c.RepliesLeft()
	assert.Equal(t, 3, n)
}

func TestAReplyThroughForHasNumbersOfItsOwn(t *testing.T) {
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
	assert.Equal(t, []string{"1001 x", "2001 x", "1002 x", "2101 x"}, texts(club))
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
		b.onButton(func(ctx context.Context, c *richmedia.Context) error {
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
		})
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

// A reply whose ctx had ended before the call keeps its number, so that the replies behind it have the same ones in the
// next run.
func TestAReplyWithAnEndedContextKeepsItsNumber(t *testing.T) {
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

func TestAReplyWhoseFallbackTextWasEmptyKeepsItsNumber(t *testing.T) {
	b := newBed(t, richmedia.WithInline())
	b.PushTo(nil)
	club := b.Group("club")
	excuse := ""
	b.onGroup(func(ctx context.Context, c *richmedia.Context) error {
		_, err := c.ReplyImage(ctx, richmedia.FromFS(media, "cat.png"), richmedia.WithFallbackText(excuse))
		_, err2 := c.ReplyText(ctx, "two")
		excuse = "sorry"
		return errors.Join(err, err2)
	})
	ev := club.Say("alice", "hi")
	require.Error(t, event.ParseAndHandle(ev.Payload()))
	require.NoError(t, event.ParseAndHandle(ev.Payload()), "both replies are said to be in the chat")
	var seqs []uint32
	for _, m := range club.Answers() {
		seqs = append(seqs, m.Seq)
	}
	assert.Equal(t, []uint32{1002, 1001}, seqs)
}

func TestALostReplyWithoutANumberIsNotSentAgainBeforeItIsKnownThatNumbersAreRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBed(t, richmedia.WithInline())
		b.PushTo(nil)
		lost := false
		b.Intercept(richmediatest.OpSend, func(w http.ResponseWriter, r *http.Request, next http.Handler) {
			switch {
			case bodyOf(t, r)["msg_seq"] != nil:
				refuse(w, http.StatusBadRequest, 40034105)
			case !lost:
				lost = true
				lose(r, next)
			default:
				next.ServeHTTP(w, r)
			}
		})
		var errs []error
		b.onButton(func(ctx context.Context, c *richmedia.Context) error {
			_, err := c.ReplyText(ctx, "hello")
			errs = append(errs, err)
			return err
		})
		club := b.Group("club")
		ev := club.Press("alice", "x")
		require.Error(t, event.ParseAndHandle(ev.Payload()))
		require.NoError(t, event.ParseAndHandle(ev.Payload()))
		_ = inDoubt(t, errs[0])
		assert.Len(t, club.Answers(), 1)
	})
}
