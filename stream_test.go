package richmedia_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/botgo-contrib/richmedia"
	"github.com/botgo-contrib/richmedia/richmediatest"
)

// stream opens a stream, and checks that it can be written to in every way.
func stream(t *testing.T, c *richmedia.Context, opts ...richmedia.ReplyOption) *richmedia.Stream {
	t.Helper()
	s, err := c.ReplyStream(t.Context(), opts...)
	require.NoError(t, err)
	var _ io.StringWriter = s
	var _ io.WriteCloser = s
	return s
}

// write writes text, and waits until it is in the chat.
func write(t *testing.T, s *richmedia.Stream, texts ...string) {
	t.Helper()
	for _, text := range texts {
		n, err := s.WriteString(text)
		require.NoError(t, err)
		require.Equal(t, len(text), n)
		time.Sleep(time.Second) // of synctest's: the sender is idle by then
		synctest.Wait()
	}
}

// laterRun returns the Context of c's event in b, delivered once more.
func laterRun(t *testing.T, b *bed, c *richmedia.Context) *richmedia.Context {
	t.Helper()
	payload := *c.Payload()
	later, err := b.media.Context(&payload)
	require.NoError(t, err)
	return later
}

func TestAStreamGrowsInASingleChatAndCostsOneReply(t *testing.T) {
	for name, opts := range map[string][]richmedia.ReplyOption{
		"append": nil, "replace": {richmedia.WithReplace()}, "markdown": {richmedia.WithMarkdown()},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBed(t)
				ann := b.C2C("ann")
				c := b.context(t, ann)
				var seen []string
				defer b.Watch(func(h richmediatest.Happening) {
					if h.What == richmediatest.MessageShown || h.What == richmediatest.MessageGrown {
						seen = append(seen, h.Message.Text+string(h.Message.Markdown))
					}
				})()
				s := stream(t, c, opts...)
				assert.Nil(t, s.Message())
				write(t, s, " ", "Once ", "upon ", "a \xe6\x97", "\xa5time")
				require.NotNil(t, s.Message())
				require.NoError(t, s.Close())
				require.NoError(t, s.Close(), "again")

				got := ann.Answers()
				require.Len(t, got, 1)
				assert.False(t, got[0].Growing)
				assert.Equal(t, got[0].ID, s.Message().ID)
				assert.EqualValues(t, 1001, got[0].Seq)
				assert.Equal(t, 3, left(c))
				const all = " Once upon a 日time"
				if name == "markdown" {
					assert.JSONEq(t, `{"content":"`+all+`"}`, string(got[0].Markdown))
				} else {
					assert.Equal(t, []string{" Once ", " Once upon ", " Once upon a ", all, all}, seen, "no character is cut, and nothing is lost")
				}
				_, err := s.WriteString("more")
				require.ErrorContains(t, err, "closed")
				require.ErrorContains(t, s.Set("more"), "closed")

				_, err = c.ReplyImage(t.Context(), cat()) // in the next slot
				require.NoError(t, err)
				assert.EqualValues(t, 1002, ann.Answers()[1].Seq)
			})
		})
	}
}

func TestAStreamIsOneMessageElsewhere(t *testing.T) {
	for name, chat := range map[string]func(*bed) *richmediatest.Chat{
		"group":   func(b *bed) *richmediatest.Chat { return b.Group("club") },
		"channel": func(b *bed) *richmediatest.Chat { return b.Channel("general") },
	} {
		for _, markdown := range []bool{false, true} {
			t.Run(fmt.Sprint(name, markdown), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					b := newBed(t)
					club := chat(b)
					c := b.context(t, club)
					var opts []richmedia.ReplyOption
					if markdown {
						opts = append(opts, richmedia.WithMarkdown())
					}
					s := stream(t, c, opts...)
					write(t, s, "Once ", "upon")
					assert.Empty(t, club.Answers())
					require.NoError(t, s.Close())
					got := club.Answers()
					require.Len(t, got, 1)
					assert.Equal(t, got[0].ID, s.Message().ID)
					if markdown {
						assert.JSONEq(t, `{"content":"Once upon"}`, string(got[0].Markdown))
					} else {
						assert.Equal(t, "Once upon", got[0].Text)
					}
				})
			})
		}
	}
}

func TestAWriterNeverWaitsForAFrame(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBed(t)
		ann := b.C2C("ann")
		b.Delay(richmediatest.OpStream, 2, 2*time.Second)
		s := stream(t, b.context(t, ann))
		began := time.Now()
		var want strings.Builder
		for i := range 1000 {
			_, err := fmt.Fprintf(s, "%d ", i)
			require.NoError(t, err)
			fmt.Fprintf(&want, "%d ", i)
		}
		assert.Equal(t, began, time.Now())
		require.NoError(t, s.Close())
		assert.Equal(t, want.String(), ann.Answers()[0].Text)
		assert.LessOrEqual(t, b.Count(richmediatest.OpStream), 2)
	})
}

func TestManyStreamsKeepTheRateOfTheBot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := richmediatest.New(richmediatest.WithRateLimits())
		b := newBedOn(t, p)
		var all []*richmedia.Stream
		for i := range 30 {
			all = append(all, stream(t, b.context(t, p.C2C(fmt.Sprint("user", i)))))
		}
		for range 50 {
			for _, s := range all {
				_, err := s.WriteString("word ")
				require.NoError(t, err)
			}
			time.Sleep(50 * time.Millisecond)
		}
		for i, s := range all {
			require.NoError(t, s.Close())
			assert.Equal(t, strings.Repeat("word ", 50), p.C2C(fmt.Sprint("user", i)).Answers()[0].Text)
		}
		for _, call := range p.Calls() {
			assert.Less(t, call.Status, 400, "no frame was over the rate")
		}
	})
}

func TestAHandlerThatRunsAgainStreamsNothingTwice(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBed(t)
		ann := b.C2C("ann")
		c := b.context(t, ann)
		s := stream(t, c)
		write(t, s, "the ", "answer")
		require.NoError(t, s.Close())
		other := newBedOn(t, b.Platform) // another process
		for name, b := range map[string]*bed{"same process": b, "another process": other} {
			later := laterRun(t, b, c)
			s = stream(t, later)
			write(t, s, "the ", "answer, said anew")
			require.NoError(t, s.Set("and again"))
			require.NoError(t, s.Close(), name)
			assert.Empty(t, s.Message().ID, name)
			_, err := later.ReplyText(t.Context(), "bye")
			require.NoError(t, err)
		}
		assert.Equal(t, []string{"1001 the answer", "1002 bye"}, texts(ann))
	})
}

func TestBadInputOfAStreamIsAnErrorBeforeAnyRequest(t *testing.T) {
	b := newBed(t)
	c := b.context(t, b.C2C("ann"))
	for name, opt := range map[string]richmedia.ReplyOption{
		"caption": richmedia.WithCaption("x"), "fallback": richmedia.WithFallbackText("x"), "seq": richmedia.WithSeq(0),
	} {
		_, err := c.ReplyStream(t.Context(), opt)
		require.Error(t, err, name)
	}
	_, err := c.ReplyText(t.Context(), "x", richmedia.WithReplace())
	require.ErrorContains(t, err, "WithReplace")
	_, err = c.ReplyImage(t.Context(), cat(), richmedia.WithMarkdown())
	require.ErrorContains(t, err, "WithMarkdown")
	_, err = c.ReplyMessage(t.Context(), nil, richmedia.WithMarkdown())
	require.ErrorContains(t, err, "WithMarkdown")

	for name, text := range map[string]string{"nothing": "", "blanks": " \n\t"} {
		s := stream(t, c)
		_, err = s.WriteString(text)
		require.NoError(t, err)
		require.ErrorContains(t, s.Close(), "text is empty", name)
	}
	s := stream(t, c)
	_, err = s.WriteString(strings.Repeat("x", 1<<20+1))
	require.ErrorIs(t, err, richmedia.ErrTooLarge)
	require.ErrorIs(t, s.Set(strings.Repeat("x", 1<<20+1)), richmedia.ErrTooLarge)
	require.Error(t, s.Close())
	assert.Equal(t, 4, left(c))
	assert.Zero(t, b.Count(richmediatest.OpStream))
	ended, cancel := context.WithCancelCause(t.Context())
	cancel(errors.New("over"))
	_, err = c.ReplyStream(ended)
	require.ErrorContains(t, err, "over")
}

func TestSetChangesOnlyWhatIsNotInTheChat(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBed(t)
		ann := b.C2C("ann")
		s := stream(t, b.context(t, ann))
		b.Delay(richmediatest.OpStream, 1, time.Second)
		require.NoError(t, s.Set("The "))
		synctest.Wait() // its frame is on its way
		require.NoError(t, s.Set("The question"))
		require.NoError(t, s.Set("The answer"))
		time.Sleep(2 * time.Second)
		require.ErrorIs(t, s.Set("An answer"), richmedia.ErrUnsupported)
		require.NoError(t, s.Set("The answer is 42"))
		require.NoError(t, s.Close())
		assert.Equal(t, "The answer is 42", ann.Answers()[0].Text)
	})
}

func TestAStreamAnswersAButton(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBed(t)
		ann := b.C2C("ann")
		b.PushTo(nil)
		b.Fail(richmediatest.OpStream, 1, http.StatusBadRequest, 40034105, "a msg_seq makes it proactive")
		c, err := b.media.Context(ann.Press("", "x").Payload())
		require.NoError(t, err)
		s := stream(t, c)
		write(t, s, "a", "b")
		require.NoError(t, s.Close())
		assert.Equal(t, "ab", ann.Answers()[0].Text)
	})
}

func TestAStreamIsWrittenByManyAtOnce(t *testing.T) {
	b := newBed(t)
	ann := b.C2C("ann")
	s := stream(t, b.context(t, ann))
	done := make(chan error)
	for range 8 {
		go func() {
			var err error
			for range 50 {
				if _, err = s.WriteString("x"); err != nil {
					break
				}
				_ = s.Message()
			}
			done <- err
		}()
	}
	for range 8 {
		require.NoError(t, <-done)
	}
	require.NoError(t, s.Close())
	assert.Equal(t, strings.Repeat("x", 400), ann.Answers()[0].Text)
}
