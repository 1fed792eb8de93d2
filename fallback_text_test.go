package richmedia_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"net/http"
	"testing"
	"testing/fstest"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/tencent-connect/botgo/dto"

	"github.com/botgo-contrib/richmedia"
	"github.com/botgo-contrib/richmedia/richmediatest"
)

func TestTheFallbackTextReplacesTheMedia(t *testing.T) {
	missing := richmedia.FromFS(fstest.MapFS{}, "cat.png")
	photo := richmedia.FromURL("https://example.com/none.png")
	for name, scene := range map[string]struct {
		src     richmedia.Source
		fault   func(*bed)
		because error
		sends   int
	}{
		"missing file":         {missing, nil, fs.ErrNotExist, 1},
		"wrong format":         {richmedia.FromBytes("cat.png", []byte("no image")), nil, richmedia.ErrUnsupported, 1},
		"no source":            {richmedia.Source{}, nil, nil, 1},
		"cannot be fetched":    {photo, nil, richmedia.ErrFetchFailed, 1},
		"upload refused":       {cat(), func(b *bed) { b.Fail(richmediatest.OpUpload, -1, 400, 850019, "format") }, richmedia.ErrUnsupported, 1},
		"volume used up":       {cat(), func(b *bed) { b.Fail(richmediatest.OpUpload, -1, 400, 40093002, "full") }, richmedia.ErrDailyLimit, 1},
		"upload always lost":   {cat(), func(b *bed) { b.Lose(richmediatest.OpUpload, -1) }, nil, 1},
		"message refused":      {cat(), func(b *bed) { b.Fail(richmediatest.OpSend, 1, 400, 40034002, "format") }, richmedia.ErrUnsupported, 2},
		"message refused too":  {cat(), func(b *bed) { b.Fail(richmediatest.OpSend, 1, 400, 850019, "format") }, richmedia.ErrUnsupported, 2},
		"file refused twice":   {cat(), func(b *bed) { b.Fail(richmediatest.OpSend, 2, 400, 304080, "file") }, richmedia.ErrBadFile, 3},
		"second upload fails":  {cat(), secondUploadFails, richmedia.ErrDailyLimit, 2},
		"the source panics":    {panickingSource(t), func(*bed) {}, nil, 1},
		"text's answer's lost": {missing, func(b *bed) { b.Lose(richmediatest.OpSend, 1) }, fs.ErrNotExist, 2},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var rec recorder
				b := newBed(t, rec.option())
				if scene.fault != nil {
					scene.fault(b)
				}
				club := b.Group("club")
				c := b.context(t, club)
				for i, opts := range [][]richmedia.ReplyOption{nil, {richmedia.WithSeq(77)}} {
					if i == 1 && scene.fault != nil {
						break
					}
					_, err := c.ReplyImage(t.Context(), scene.src, append(opts, richmedia.WithFallbackText("no cat today"), richmedia.WithCaption("meow"))...)
					require.NoError(t, err, "a reply that ended as its fallback is none")
					got := club.Answers()
					require.Len(t, got, i+1)
					assert.Equal(t, "no cat today", got[i].Text)
					assert.Nil(t, got[i].Media)
					assert.Equal(t, []uint32{1001, 77}[i], got[i].Seq)
					assert.Equal(t, c.Target().MsgID, got[i].ReplyTo)
					info := rec.theReply(t)
					assert.True(t, info.Fallback)
					assert.Equal(t, scene.sends, info.Attempts)
					require.Error(t, info.Err)
					if scene.because != nil {
						require.ErrorIs(t, info.Err, scene.because)
					}
					n, _ := c.RepliesLeft()
					assert.Equal(t, 4-i, n, "one slot for both")
					assert.Contains(t, b.log.text(), "the fallback text was sent instead of an image")
				}
				assert.Equal(t, scene.sends, b.Count(richmediatest.OpSend)/len(club.Answers()))
			})
		})
	}
}

func secondUploadFails(b *bed) {
	b.Fail(richmediatest.OpSend, 1, 400, 40034004, "file")
	n := 0
	b.Intercept(richmediatest.OpUpload, func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		if n++; n == 1 {
			next.ServeHTTP(w, r)
			return
		}
		w.WriteHeader(http.StatusBadRequest)
		_, _ = w.Write([]byte(`{"code":40093002,"err_code":40093002,"message":"full"}`))
	})
}

// panickingSource panics when the upload reads it, which is after its digest was made.
func panickingSource(t *testing.T) richmedia.Source {
	opened := 0
	return richmedia.FromOpener("cat.png", func(context.Context) (io.ReadCloser, error) {
		if opened++; opened > 1 {
			panic("a bad source")
		}
		return seekCloser{bytes.NewReader(readMedia(t, "cat.png"))}, nil
	})
}

func TestTheFallbackTextIsNotSentIfTheMediaMayArriveOrATextWouldFailToo(t *testing.T) {
	type scene struct {
		prepare func(*testing.T, *bed, *richmediatest.Chat, *richmedia.Context)
		src     richmedia.Source
		want    error
		sends   int // of the reply itself
		answers int // in the chat afterwards, with those of prepare
	}
	missing := richmedia.FromFS(fstest.MapFS{}, "cat.png")
	for name, s := range map[string]scene{
		"in doubt": {func(_ *testing.T, b *bed, _ *richmediatest.Chat, _ *richmedia.Context) {
			b.Lose(richmediatest.OpSend, -1)
		}, cat(), nil, 4, 1},
		"in doubt, never delivered": {func(_ *testing.T, b *bed, _ *richmediatest.Chat, _ *richmedia.Context) {
			b.Drop(richmediatest.OpSend, -1)
		}, cat(), nil, 4, 0},
		"in doubt, then refused": {func(_ *testing.T, b *bed, _ *richmediatest.Chat, _ *richmedia.Context) {
			b.Fail(richmediatest.OpSend, -1, 400, 850019, "format")
			b.Lose(richmediatest.OpSend, 1)
		}, cat(), richmedia.ErrUnsupported, 2, 0},
		"the window is over": {func(*testing.T, *bed, *richmediatest.Chat, *richmedia.Context) {
			time.Sleep(5 * time.Minute)
		}, missing, richmedia.ErrReplyWindow, 0, 0},
		"the window ends meanwhile": {func(_ *testing.T, b *bed, _ *richmediatest.Chat, _ *richmedia.Context) {
			b.Delay(richmediatest.OpUpload, -1, time.Hour)
			time.Sleep(5*time.Minute - 10*time.Second)
		}, cat(), richmedia.ErrReplyWindow, 0, 0},
		"the platform says that it is over": {func(_ *testing.T, b *bed, _ *richmediatest.Chat, _ *richmedia.Context) {
			b.Fail(richmediatest.OpSend, -1, 400, 40034005, "expired")
		}, cat(), richmedia.ErrReplyWindow, 1, 0},
		"the limit is reached": {func(t *testing.T, _ *bed, _ *richmediatest.Chat, c *richmedia.Context) {
			for range 5 {
				_, err := c.ReplyText(t.Context(), "x")
				require.NoError(t, err)
			}
		}, missing, richmedia.ErrReplyLimit, 0, 5},
		"the platform says that none is left": {func(_ *testing.T, b *bed, _ *richmediatest.Chat, _ *richmedia.Context) {
			b.Fail(richmediatest.OpSend, -1, 400, 40034128, "none left")
		}, cat(), richmedia.ErrReplyLimit, 1, 0},
		"muted": {func(_ *testing.T, _ *bed, chat *richmediatest.Chat, _ *richmedia.Context) {
			chat.Mute(true)
		}, cat(), richmedia.ErrNotPermitted, 0, 0},
		"muted meanwhile": {func(_ *testing.T, b *bed, chat *richmediatest.Chat, _ *richmedia.Context) {
			b.Intercept(richmediatest.OpUpload, func(w http.ResponseWriter, r *http.Request, next http.Handler) {
				next.ServeHTTP(w, r)
				chat.Mute(true)
			})
		}, cat(), richmedia.ErrNotPermitted, 1, 0},
		"removed": {func(_ *testing.T, _ *bed, chat *richmediatest.Chat, _ *richmedia.Context) {
			chat.RemoveBot("alice")
		}, cat(), richmedia.ErrNotPermitted, 1, 0},
		"shut down": {func(t *testing.T, b *bed, _ *richmediatest.Chat, _ *richmedia.Context) {
			require.NoError(t, b.media.Shutdown(t.Context()))
		}, missing, richmedia.ErrClosed, 0, 0},
		"shut down meanwhile": {func(t *testing.T, b *bed, _ *richmediatest.Chat, _ *richmedia.Context) {
			b.Delay(richmediatest.OpUpload, -1, time.Minute)
			time.AfterFunc(time.Second, func() { assert.NoError(t, b.media.Close()) })
		}, cat(), richmedia.ErrClosed, 0, 0},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var rec recorder
				b := newBed(t, rec.option())
				club := b.Group("club")
				c := b.context(t, club)
				s.prepare(t, b, club, c)
				rec.takeReplies()
				before := b.Count(richmediatest.OpSend)
				_, err := c.ReplyImage(t.Context(), s.src, richmedia.WithFallbackText("no cat"))
				require.Error(t, err)
				if s.want != nil {
					require.ErrorIs(t, err, s.want)
				} else {
					var api *richmedia.APIError
					require.ErrorAs(t, err, &api)
					assert.Equal(t, richmedia.DeliveredUnknown, api.Delivered)
				}
				info := rec.theReply(t)
				assert.False(t, info.Fallback)
				assert.Equal(t, err, info.Err)
				assert.Equal(t, s.sends, b.Count(richmediatest.OpSend)-before)
				got := club.Answers()
				assert.Len(t, got, s.answers)
				for _, m := range got {
					assert.NotEqual(t, "no cat", m.Text)
				}
			})
		})
	}
}

func TestTheFallbackTextIsNotSentForACancelledReply(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBed(t)
		c := b.context(t, b.Group("club"))
		b.Delay(richmediatest.OpUpload, -1, time.Minute)
		gone := errors.New("gone")
		ctx, cancel := context.WithTimeoutCause(t.Context(), time.Second, gone)
		defer cancel()
		_, err := c.ReplyImage(ctx, cat(), richmedia.WithFallbackText("no cat"))
		require.ErrorIs(t, err, gone)
		assert.Zero(t, b.Count(richmediatest.OpSend))
		n, _ := c.RepliesLeft()
		assert.Equal(t, 5, n)
	})
}

func TestAFailedFallbackTextReportsBothErrors(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var rec recorder
		b := newBed(t, rec.option())
		c := b.context(t, b.Group("club"))
		remove := b.Fail(richmediatest.OpSend, -1, 400, 40034006, "rude")
		_, err := c.ReplyImage(t.Context(), richmedia.FromFS(fstest.MapFS{}, "cat.png"), richmedia.WithFallbackText("rude"))
		require.ErrorIs(t, err, fs.ErrNotExist)
		require.ErrorIs(t, err, richmedia.ErrNotPermitted)
		require.ErrorContains(t, err, "fallback text")
		var upload *richmedia.UploadError
		require.ErrorAs(t, err, &upload)
		info := rec.theReply(t)
		assert.True(t, info.Fallback)
		assert.Equal(t, err, info.Err)
		n, _ := c.RepliesLeft()
		assert.Equal(t, 5, n, "a definite refusal gives the slot back")
		remove()

		b.Drop(richmediatest.OpSend, -1)
		_, err = c.ReplyImage(t.Context(), richmedia.FromFS(fstest.MapFS{}, "cat.png"), richmedia.WithFallbackText("no cat"))
		require.ErrorIs(t, err, fs.ErrNotExist)
		var api *richmedia.APIError
		require.ErrorAs(t, err, &api)
		assert.Equal(t, richmedia.DeliveredUnknown, api.Delivered)
		n, _ = c.RepliesLeft()
		assert.Equal(t, 4, n, "in doubt the slot is used")
	})
}

func TestAFallbackTextInDoubtIsNotReportedAsRefused(t *testing.T) {
	for name, fault := range map[string]func(*bed){
		"the message was refused": func(b *bed) { b.Fail(richmediatest.OpSend, 1, 400, 850019, "format") },
		"the upload was refused":  func(b *bed) { b.Fail(richmediatest.OpUpload, 1, 400, 850019, "format") },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBed(t)
				club := b.Group("club")
				b.Lose(richmediatest.OpSend, -1)
				fault(b)
				_, err := b.context(t, club).ReplyImage(t.Context(), cat(), richmedia.WithFallbackText("no cat"))
				var api *richmedia.APIError
				require.ErrorAs(t, err, &api)
				assert.Equal(t, "send", api.Op)
				assert.Equal(t, richmedia.DeliveredUnknown, api.Delivered, "the text is in the chat")
				require.ErrorIs(t, err, richmedia.ErrUnsupported)
				assert.Len(t, club.Answers(), 1)
			})
		})
	}
}

func TestAFallbackTextIsForMediaAndNotEmpty(t *testing.T) {
	b := newBed(t)
	c := b.context(t, b.Group("club"))
	for want, reply := range map[string]func() error{
		"WithFallbackText: the text is empty": func() error {
			_, err := c.ReplyImage(t.Context(), cat(), richmedia.WithFallbackText(" \n"))
			return err
		},
		"ReplyText: WithCaption and WithFallbackText": func() error {
			_, err := c.ReplyText(t.Context(), "hi", richmedia.WithFallbackText("x"))
			return err
		},
		"ReplyMessage: WithCaption and WithFallbackText": func() error {
			_, err := c.ReplyMessage(t.Context(), &dto.MessageToCreate{Content: "hi"}, richmedia.WithFallbackText("x"))
			return err
		},
	} {
		require.ErrorContains(t, reply(), want)
	}
	assert.Empty(t, b.Calls())
	n, _ := c.RepliesLeft()
	assert.Equal(t, 5, n)
}

func TestAFallbackTextStandsInForWhatWasUploaded(t *testing.T) {
	var rec recorder
	b := newBed(t, rec.option())
	club := b.Group("club")
	f, err := b.media.Upload(t.Context(), target(club), richmedia.KindImage, cat())
	require.NoError(t, err)
	b.ExpireUploads()
	c := b.context(t, club)
	_, err = c.ReplyUploaded(t.Context(), f, richmedia.WithFallbackText("no cat"), richmedia.WithSeq(9))
	require.NoError(t, err)
	got := club.Answers()
	require.Len(t, got, 1)
	assert.Equal(t, "no cat", got[0].Text)
	assert.EqualValues(t, 9, got[0].Seq)
	require.ErrorIs(t, rec.theReply(t).Err, richmedia.ErrBadFile)
	assert.Len(t, b.Uploads(), 1, "a File can be sent, not made again")

	f.Expires = time.Now() // known on this side
	_, err = c.ReplyUploaded(t.Context(), f, richmedia.WithFallbackText("no cat"))
	require.NoError(t, err)
	assert.Len(t, club.Answers(), 2)
	require.ErrorIs(t, rec.theReply(t).Err, richmedia.ErrBadFile)
}
