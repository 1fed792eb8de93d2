package richmedia_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
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

// shown is the last byte of each picture that the chat shows, which tells the pictures apart.
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

func TestAnAlbumsFallbackTakesThePlaceOfWhatFails(t *testing.T) {
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

func TestAnAlbumTellsItsProgressOneCallAtATime(t *testing.T) {
	b := newBed(t)
	c := b.context(t, b.Group("club"))
	inside, last := 0, map[string]richmedia.Progress{}
	_, err := c.ReplyAll(t.Context(), richmedia.KindImage, pictures(t, 4), richmedia.WithProgress(func(p richmedia.Progress) {
		inside++ // the race detector watches
		assert.Equal(t, 1, inside)
		last[p.Name] = p
		inside--
	}))
	require.NoError(t, err)
	require.Len(t, last, 4)
	for name, p := range last {
		assert.Equal(t, p.Total, p.Sent, name)
	}
}

func TestAnAlbumEndsWithItsWindow(t *testing.T) {
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
