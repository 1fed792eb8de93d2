package richmedia_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/botgo-contrib/richmedia"
	"github.com/botgo-contrib/richmedia/richmediatest"
)

// pictures are n images that differ.
func pictures(t testing.TB, n int) []richmedia.Source {
	t.Helper()
	srcs := make([]richmedia.Source, n)
	for i := range srcs {
		srcs[i] = richmedia.FromBytes(fmt.Sprintf("%d.png", i), append(readMedia(t, "cat.png"), byte(i)))
	}
	return srcs
}

// shown returns the last byte of each picture in the chat, which differs from picture to picture.
func shown(chat *richmediatest.Chat) []string {
	var out []string
	for _, m := range chat.Answers() {
		if m.Media == nil {
			out = append(out, m.Text)
			continue
		}
		data := m.Media.Upload.Data
		out = append(out, fmt.Sprint(data[len(data)-1], m.Text))
	}
	return out
}

func TestAnAlbumUploadsSideBySideAndArrivesInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBed(t)
		club := b.Group("club")
		c := b.context(t, club)
		first := true
		var mu sync.Mutex
		b.Intercept(richmediatest.OpUpload, func(w http.ResponseWriter, r *http.Request, next http.Handler) {
			mu.Lock()
			wait := time.Second
			if first { // the first to be uploaded is the last to be done
				first, wait = false, 3*time.Second
			}
			mu.Unlock()
			time.Sleep(wait)
			next.ServeHTTP(w, r)
		})
		began := time.Now()
		got, err := c.ReplyAll(t.Context(), richmedia.KindImage, pictures(t, 4), richmedia.WithCaption("four"))
		require.NoError(t, err)
		assert.Equal(t, 3*time.Second, time.Since(began), "all of them at once")
		assert.Equal(t, []string{"0four", "1", "2", "3"}, shown(club), "in order, the caption once")
		for i, m := range club.Answers() {
			assert.EqualValues(t, 1001+i, m.Seq)
			assert.Equal(t, m.ID, got[i].ID)
		}
		n, _ := c.RepliesLeft()
		assert.Equal(t, 1, n)
	})
}

func TestAnAlbumThatIsTooLargeIsRefusedBeforeAnyUpload(t *testing.T) {
	b := newBed(t)
	c := b.context(t, b.C2C("carol"))
	_, err := c.ReplyText(t.Context(), "here they come")
	require.NoError(t, err)
	_, err = c.ReplyAll(t.Context(), richmedia.KindImage, pictures(t, 4))
	require.ErrorIs(t, err, richmedia.ErrReplyLimit)
	require.ErrorContains(t, err, "4 items and 3 replies left")
	assert.Empty(t, b.Uploads())
	n, _ := c.RepliesLeft()
	assert.Equal(t, 3, n, "nothing is used up")
	_, err = c.ReplyAll(t.Context(), richmedia.KindImage, pictures(t, 3))
	require.NoError(t, err)
	assert.EqualValues(t, 1004, b.C2C("carol").Answers()[3].Seq, "no number either")
}

func TestAnAlbumReportsEachItemAndSendsTheOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBed(t)
		club := b.Group("club")
		c := b.context(t, club)
		srcs := pictures(t, 5)
		srcs[0] = richmedia.FromBytes("0.png", []byte("no image"))
		srcs[2] = richmedia.FromURL("https://example.com/gone.png")
		srcs[3] = richmedia.FromOpener("3.png", func(context.Context) (io.ReadCloser, error) { panic("boom") })
		b.Delay(richmediatest.OpUpload, 1, time.Second)
		got, err := c.ReplyAll(t.Context(), richmedia.KindImage, srcs, richmedia.WithCaption("some"))
		require.ErrorIs(t, err, richmedia.ErrUnsupported)
		require.ErrorIs(t, err, richmedia.ErrFetchFailed)
		var panicked *richmedia.PanicError
		require.ErrorAs(t, err, &panicked)
		for _, want := range []string{"item 1 of 5: upload 0.png", "item 3 of 5: upload https://example.com/gone.png", "item 4 of 5: upload 3.png"} {
			require.ErrorContains(t, err, want)
		}
		assert.Nil(t, got[0])
		assert.NotNil(t, got[1])
		assert.Nil(t, got[2])
		assert.Nil(t, got[3])
		assert.NotNil(t, got[4])
		assert.Equal(t, []string{"1some", "4"}, shown(club), "the caption goes with the first that is sent")
		n, _ := c.RepliesLeft()
		assert.Equal(t, 3, n, "what failed gives its reply back")
	})
}

func TestAnAlbumsFallbackTextReplacesTheItemThatFails(t *testing.T) {
	b := newBed(t)
	club := b.Group("club")
	c := b.context(t, club)
	srcs := pictures(t, 3)
	srcs[1] = richmedia.FromBytes("1.png", []byte("no image"))
	got, err := c.ReplyAll(t.Context(), richmedia.KindImage, srcs,
		richmedia.WithFallbackText("a picture is missing"), richmedia.WithSeq(500))
	require.NoError(t, err)
	assert.Equal(t, []string{"0", "a picture is missing", "2"}, shown(club))
	assert.Len(t, got, 3)
	for i, m := range club.Answers() {
		assert.EqualValues(t, 500+i, m.Seq)
	}
}

func TestAnAlbumThatIsSentAgainIsInTheChatOnce(t *testing.T) {
	b := newBed(t)
	club := b.Group("club")
	p := b.context(t, club).Payload()
	for range 2 { // a handler that is run again from its start, as after a redelivery
		delivery := *p
		c, err := b.media.Context(&delivery)
		require.NoError(t, err)
		_, err = c.ReplyAll(t.Context(), richmedia.KindImage, pictures(t, 3))
		require.NoError(t, err)
	}
	assert.Equal(t, []string{"0", "1", "2"}, shown(club))
}

func TestAnAlbumReportsItsProgressSerially(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBed(t)
		c := b.context(t, b.Group("club"))
		inside, last := 0, map[string]richmedia.Progress{}
		_, err := c.ReplyAll(t.Context(), richmedia.KindImage, pictures(t, 4), richmedia.WithProgress(func(p richmedia.Progress) {
			inside++ // the race detector watches
			assert.Equal(t, 1, inside)
			time.Sleep(time.Millisecond)
			last[p.Name] = p
			inside--
		}))
		require.NoError(t, err)
		require.Len(t, last, 4)
		for name, p := range last {
			assert.Equal(t, p.Total, p.Sent, name)
		}
	})
}

func TestAnAlbumEndsWithTheReplyWindow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBed(t)
		club := b.Group("club")
		c := b.context(t, club)
		b.Delay(richmediatest.OpSend, 1, 10*time.Second)
		time.Sleep(5*time.Minute - time.Second)
		got, err := c.ReplyAll(t.Context(), richmedia.KindImage, pictures(t, 3))
		require.ErrorIs(t, err, richmedia.ErrReplyWindow)
		assert.Equal(t, make([]any, 3), []any{nilOr(got[0]), nilOr(got[1]), nilOr(got[2])})
		var api *richmedia.APIError
		require.ErrorAs(t, err, &api)
		assert.Equal(t, richmedia.DeliveredUnknown, api.Delivered)
		require.ErrorContains(t, err, "item 3 of 3")
	})
}

func nilOr[T any](p *T) any {
	if p == nil {
		return nil
	}
	return p
}

func TestAnAlbumIsCheckedBeforeAnythingIsSent(t *testing.T) {
	b := newBed(t)
	c := b.context(t, b.Group("club"))
	for want, reply := range map[string]func() error{
		"no sources": func() error { _, err := c.ReplyAll(t.Context(), richmedia.KindImage, nil); return err },
		"names one content": func() error {
			_, err := c.ReplyAll(t.Context(), richmedia.KindImage, pictures(t, 2), richmedia.WithCacheKey("k"))
			return err
		},
		"a caption on a file": func() error {
			_, err := c.ReplyAll(t.Context(), richmedia.KindFile, pictures(t, 2), richmedia.WithCaption("x"))
			return err
		},
		"65535 is the last": func() error {
			_, err := c.ReplyAll(t.Context(), richmedia.KindImage, pictures(t, 2), richmedia.WithSeq(65535))
			return err
		},
	} {
		require.ErrorContains(t, reply(), want)
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errors.New("left"))
	_, err := c.ReplyAll(ctx, richmedia.KindImage, pictures(t, 2))
	require.ErrorContains(t, err, "left")
	assert.Empty(t, b.Calls())
	n, _ := c.RepliesLeft()
	assert.Equal(t, 5, n)
	require.NoError(t, b.media.Close())
	_, err = c.ReplyAll(t.Context(), richmedia.KindImage, pictures(t, 2))
	require.ErrorIs(t, err, richmedia.ErrClosed)
}

func TestASourceThatCallsGoexitFailsItsItemOnly(t *testing.T) {
	b := newBed(t)
	c := b.context(t, b.Group("club"))
	srcs := pictures(t, 3)
	srcs[0] = richmedia.FromOpener("0.png", func(context.Context) (io.ReadCloser, error) { runtime.Goexit(); return nil, nil })
	done := make(chan error, 1)
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	go func() {
		_, err := c.ReplyAll(ctx, richmedia.KindImage, srcs)
		done <- err
	}()
	select {
	case err := <-done:
		require.ErrorContains(t, err, "runtime.Goexit was called")
		assert.Len(t, b.Group("club").Answers(), 2)
	case <-time.After(5 * time.Second):
		require.Fail(t, "ReplyAll hangs, past its ctx")
	}
}

func TestShutdownLetsAnAlbumFinish(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBed(t)
		club := b.Group("club")
		c := b.context(t, club)
		b.Delay(richmediatest.OpSend, 5, time.Second)
		done := make(chan error, 1)
		go func() {
			_, err := c.ReplyAll(t.Context(), richmedia.KindImage, pictures(t, 5))
			done <- err
		}()
		time.Sleep(500 * time.Millisecond) // item 1 is being sent
		require.NoError(t, b.media.Shutdown(t.Context()))
		err := <-done
		assert.NoError(t, err)
		assert.Len(t, club.Answers(), 5)
	})
}

func TestAnItemThatWasNotSentIsNotInDoubt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBed(t)
		c := b.context(t, b.Group("club"))
		b.Fail(richmediatest.OpSend, 1, 400, 40034128, "x")
		b.Fail(richmediatest.OpSend, 1, 502, 0, "")
		_, err := c.ReplyAll(t.Context(), richmedia.KindImage, pictures(t, 2))
		var joined interface{ Unwrap() []error }
		require.ErrorAs(t, err, &joined)
		var api *richmedia.APIError
		require.ErrorAs(t, joined.Unwrap()[0], &api)
		require.Equal(t, richmedia.DeliveredUnknown, api.Delivered)
		if errors.As(joined.Unwrap()[1], &api) {
			assert.Equal(t, richmedia.DeliveredNo, api.Delivered, "item 2 never left: %v", joined.Unwrap()[1])
		}
		assert.Len(t, b.Uploads(), 2)
	})
}

func TestAnAlbumThatIsRefusedIsTraced(t *testing.T) {
	var told []richmedia.ReplyInfo
	b := newBed(t, richmedia.WithTrace(richmedia.Trace{Reply: func(i richmedia.ReplyInfo) { told = append(told, i) }}))
	c := b.context(t, b.Group("club"))
	_, err := c.ReplyAll(t.Context(), richmedia.KindImage, pictures(t, 6))
	require.ErrorIs(t, err, richmedia.ErrReplyLimit)
	require.Len(t, told, 6)
	assert.ErrorIs(t, told[5].Err, richmedia.ErrReplyLimit)
}

// TestAlbumsSurviveAnyFaults compares, in all scenes, the result of each item with the chat.
func TestAlbumsSurviveAnyFaults(t *testing.T) {
	tmp := t.TempDir()
	t.Setenv("TMPDIR", tmp)
	for seed := range uint64(60) {
		synctest.Test(t, func(t *testing.T) {
			r := rand.New(rand.NewPCG(seed, 1))
			b := newBed(t, richmedia.WithInlineLimit(int64(r.IntN(2))*5<<20), richmedia.WithReplyLimits(richmedia.ScopeGroup, 20, 5*time.Minute))
			chats := []*richmediatest.Chat{b.Group("a"), b.Channel("c"), b.C2C("d"), b.DM("e")}
			for _, op := range []richmediatest.Op{richmediatest.OpUpload, richmediatest.OpSend} {
				if r.IntN(2) == 0 {
					b.Delay(op, r.IntN(4), time.Duration(r.IntN(4000))*time.Millisecond)
				}
				switch r.IntN(5) {
				case 0:
					b.Lose(op, 1)
				case 1:
					b.Fail(op, 1, 500, 850027, "x")
				case 2:
					b.Fail(op, 1, 400, 304080, "x")
				case 3:
					b.Fail(op, 1, 400, 40034128, "x")
				}
			}
			var wg sync.WaitGroup
			for _, chat := range chats {
				c := b.context(t, chat)
				n := 1 + r.IntN(6)
				if chat.Scene() == "c2c" {
					n = 1 + r.IntN(4)
				}
				left, _ := c.RepliesLeft()
				srcs := pictures(t, n)
				var kinds []int
				for i := range srcs {
					k := r.IntN(8)
					kinds = append(kinds, k)
					switch k {
					case 0:
						srcs[i] = richmedia.FromBytes("bad.png", []byte("text"))
					case 1:
						srcs[i] = richmedia.FromOpener("p", func(context.Context) (io.ReadCloser, error) { panic("boom") })
					case 2:
						srcs[i] = srcs[0]
					case 3:
						srcs[i] = richmedia.FromReader("r.png", strings.NewReader(string(readMedia(t, "cat.png"))+strings.Repeat("x", 300<<10)+fmt.Sprint(i%10)))
					case 4:
						if i > 0 {
							srcs[i] = srcs[i-1]
						}
					}
				}
				ctx, cancel := context.WithCancel(t.Context())
				if r.IntN(4) == 0 {
					time.AfterFunc(time.Duration(r.IntN(3000))*time.Millisecond, cancel)
				}
				opts := []richmedia.ReplyOption{richmedia.WithProgress(func(richmedia.Progress) {})}
				if r.IntN(2) == 0 {
					opts = append(opts, richmedia.WithFallbackText("oops"))
				}
				if r.IntN(2) == 0 {
					opts = append(opts, richmedia.WithCaption("cap"))
				}
				wg.Go(func() {
					defer cancel()
					got, err := c.ReplyAll(ctx, richmedia.KindImage, srcs, opts...)
					sent, doubt := 0, 0
					for _, m := range got {
						if m != nil {
							sent++
						}
					}
					if err != nil {
						var j interface{ Unwrap() []error }
						if errors.As(err, &j) {
							for _, e := range j.Unwrap() {
								var api *richmedia.APIError
								if errors.As(e, &api) && api.Op == "send" && api.Delivered == richmedia.DeliveredUnknown {
									doubt++
								}
							}
						}
					}
					time.Sleep(20 * time.Second)
					have := len(chat.Answers())
					if have < sent || have > sent+doubt {
						t.Errorf("seed %d %s: %d sent, %d in doubt, %d in chat: %v %v", seed, chat.Scene(), sent, doubt, have, kinds, err)
					}
					now, _ := c.RepliesLeft()
					if left < 1000 && (left-now < sent || left-now > sent+doubt) {
						t.Errorf("seed %d %s: left %d -> %d with %d sent, %d doubt", seed, chat.Scene(), left, now, sent, doubt)
					}
				})
			}
			wg.Wait()
		})
	}
	left, err := os.ReadDir(tmp)
	require.NoError(t, err)
	assert.Empty(t, left)
}
