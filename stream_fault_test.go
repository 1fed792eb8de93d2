package richmedia_test

import (
	"fmt"
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
