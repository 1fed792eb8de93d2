package richmedia_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
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

func TestAFrameIsRepeatedUnderItsIndex(t *testing.T) {
	for name, fault := range map[string]func(b *bed){
		"lost answer": func(b *bed) { b.Lose(richmediatest.OpStream, 1) },
		"lost request": func(b *bed) {
			b.Refuse(richmediatest.OpStream, 1)
		},
		"50001": func(b *bed) { b.Fail(richmediatest.OpStream, 1, http.StatusInternalServerError, 50001, "no") },
		"50002": func(b *bed) { b.Fail(richmediatest.OpStream, 1, http.StatusBadRequest, 50002, "no") },
		"HTTP 500 after the act": func(b *bed) {
			var once atomic.Bool
			b.Intercept(richmediatest.OpStream, func(w http.ResponseWriter, r *http.Request, next http.Handler) {
				if once.Swap(true) {
					next.ServeHTTP(w, r)
					return
				}
				next.ServeHTTP(httptest.NewRecorder(), r)
				w.WriteHeader(http.StatusInternalServerError)
			})
		},
	} {
		for frame := range 3 {
			t.Run(fmt.Sprint(name, " ", frame), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					b := newBed(t)
					ann := b.C2C("ann")
					s := stream(t, b.context(t, ann))
					want := ""
					for i := range 3 {
						if i == frame {
							fault(b)
						}
						text := fmt.Sprintf("frame %d. ", i)
						want += text
						_, err := s.WriteString(text)
						require.NoError(t, err)
						time.Sleep(10 * time.Second)
					}
					require.NoError(t, s.Close())
					got := ann.Answers()
					require.Len(t, got, 1)
					assert.Equal(t, want, got[0].Text)
					assert.False(t, got[0].Growing)
				})
			})
		}
	}
}

// TestAStreamMeetsEveryFault injects every fault into the first frame, a later one and the last one, once and always.
func TestAStreamMeetsEveryFault(t *testing.T) {
	words := []string{"one ", "two ", "three"}
	const all = "one two three"
	for _, fault := range faultKinds {
		for _, at := range []int{0, 1, len(words)} {
			for _, times := range []int{1, -1} {
				t.Run(fmt.Sprintf("%s, frame %d, %d times", fault.name, at, times), func(t *testing.T) {
					synctest.Test(t, func(t *testing.T) {
						b := newBed(t)
						ann := b.C2C("ann")
						c := b.context(t, ann)
						s := stream(t, c)
						var err error
						for i, word := range words {
							if i == at {
								fault.set(b.Faults, richmediatest.OpStream, times)
							}
							if _, err = s.WriteString(word); err != nil {
								break
							}
							time.Sleep(5 * time.Minute)
						}
						if at == len(words) {
							fault.set(b.Faults, richmediatest.OpStream, times)
						}
						closed := s.Close()
						if err != nil {
							require.Equal(t, err, closed)
						}
						got := ann.Answers()
						require.LessOrEqual(t, len(got), 1)
						text := ""
						if len(got) == 1 {
							text = got[0].Text
						}
						require.True(t, strings.HasPrefix(all, text), text)
						switch verdict := verdictOf(closed); {
						case verdict == delivered:
							assert.Equal(t, all, text)
							assert.False(t, got[0].Growing)
						case times == 1 && !fault.final:
							t.Errorf("a fault that passes broke the stream off: %v", closed)
						case verdict == definite && at == 0:
							assert.Empty(t, got)
							assert.Equal(t, 4, left(c))
						case at > 0:
							assert.ErrorContains(t, closed, "broke off at frame")
							assert.Equal(t, 3, left(c))
						}
					})
				})
			}
		}
	}
}

func TestAStreamBreaksOffAtARefusal(t *testing.T) {
	for code, is := range map[int]error{40007: nil, 40034006: richmedia.ErrNotPermitted} {
		for _, opts := range [][]richmedia.ReplyOption{nil, {richmedia.WithReplace()}} {
			t.Run(fmt.Sprint(code, len(opts)), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					b := newBed(t)
					ann := b.C2C("ann")
					c := b.context(t, ann)
					s := stream(t, c, opts...)
					write(t, s, "good ", "so far ")
					b.Fail(richmediatest.OpStream, 1, http.StatusBadRequest, code, "no")
					write(t, s, "refused")
					_, err := s.WriteString("more")
					require.ErrorContains(t, err, "broke off at frame 3")
					require.ErrorContains(t, err, fmt.Sprint(code))
					require.Equal(t, err, s.Close())
					var api *richmedia.APIError
					require.ErrorAs(t, err, &api)
					assert.Equal(t, richmedia.DeliveredNo, api.Delivered, "of the frame")
					if is != nil {
						require.ErrorIs(t, err, is)
					}
					got := ann.Answers()
					require.Len(t, got, 1)
					assert.Equal(t, "good so far ", got[0].Text)
					assert.False(t, got[0].Growing, "the message is completed")
					assert.Equal(t, got[0].ID, s.Message().ID)
					assert.Equal(t, 3, left(c))
				})
			})
		}
	}
}

func TestARefusedFirstFrameReturnsTheReply(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBed(t)
		ann := b.C2C("ann")
		c := b.context(t, ann)
		b.Fail(richmediatest.OpStream, 1, http.StatusBadRequest, 40034006, "no")
		s := stream(t, c)
		assert.Equal(t, 3, left(c))
		write(t, s, "refused")
		require.ErrorIs(t, s.Close(), richmedia.ErrNotPermitted)
		assert.Empty(t, ann.Answers())
		assert.Equal(t, 4, left(c))
		assert.Nil(t, s.Message())
	})
}

func TestAFirstFrameInDoubtIsReportedAndNotBegunAnew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBed(t, richmedia.WithRetries(0))
		ann := b.C2C("ann")
		c := b.context(t, ann)
		b.Lose(richmediatest.OpStream, 1)
		s := stream(t, c)
		write(t, s, "hello")
		_ = inDoubt(t, s.Close())
		assert.Equal(t, 3, left(c))

		s = stream(t, laterRun(t, b, c))
		write(t, s, "hello, with another beginning")
		require.NoError(t, s.Close())
		require.Len(t, ann.Answers(), 1, "the platform knows the number")
	})
}

// A platform that knows the number again, but not the frame, leaves the bot without the stream's id.
func TestAStreamWhoseFirstAnswerIsLostForGoodSaysThatItsBeginningIsInTheChat(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBed(t)
		ann := b.C2C("ann")
		c := b.context(t, ann)
		frames := 0
		b.Intercept(richmediatest.OpStream, func(w http.ResponseWriter, r *http.Request, next http.Handler) {
			if frames++; frames == 1 {
				lose(r, next)
			}
			refuse(w, http.StatusBadRequest, 40054005)
		})
		s := stream(t, c)
		write(t, s, "one")
		_, err := s.WriteString("two")
		require.ErrorContains(t, err, "its beginning is in the chat")
		require.Equal(t, err, s.Close())
		assert.Equal(t, 2, frames)
		assert.Equal(t, 3, left(c))
		s = stream(t, laterRun(t, b, c))
		write(t, s, "one")
		require.NoError(t, s.Close())
		assert.Equal(t, 2, frames, "nothing is sent")
	})
}

func TestAProactiveStreamIsNotRepeatedInDoubt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := richmediatest.New(richmediatest.WithProactive())
		b := newBedOn(t, p)
		ann := b.C2C("ann")
		to := richmedia.Target{Scope: richmedia.ScopeC2C, ChatID: ann.OpenID()}
		c := b.media.For(to)
		s := stream(t, c)
		write(t, s, "one ", "two")
		require.NoError(t, s.Close())
		assert.Equal(t, "one two", ann.Answers()[0].Text)

		b.Lose(richmediatest.OpStream, 1)
		s = stream(t, c)
		write(t, s, "again")
		_ = inDoubt(t, s.Close())
		assert.Len(t, ann.Answers(), 2)

		b.Intercept(richmediatest.OpStream, func(w http.ResponseWriter, r *http.Request, next http.Handler) {
			next.ServeHTTP(httptest.NewRecorder(), r)
			_, _ = w.Write([]byte("{}"))
		})
		s = stream(t, c)
		write(t, s, "without an id")
		require.ErrorContains(t, s.Close(), "the platform's answer has no id")
		assert.Len(t, ann.Answers(), 3)
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
