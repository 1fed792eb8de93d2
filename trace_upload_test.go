package richmedia_test

import (
	"fmt"
	"io/fs"
	"sync"
	"testing"
	"testing/fstest"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/botgo-contrib/richmedia"
	"github.com/botgo-contrib/richmedia/richmediatest"
)

func TestAnUploadIsTracedWithItsRoute(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var rec recorder
		b := newBedOn(t, richmediatest.New(richmediatest.WithParts(richmediatest.PartShape{BlockSize: 1000})), rec.option(), richmedia.WithInlineLimit(20_000))
		club := target(b.Group("club"))
		size := int64(len(readMedia(t, "cat.png")))
		b.Delay(richmediatest.OpUpload, -1, 2*time.Second)
		upload := func(kind richmedia.Kind, src richmedia.Source, opts ...richmedia.UploadOption) richmedia.UploadInfo {
			t.Helper()
			_, err := b.media.Upload(t.Context(), club, kind, src, opts...)
			got := rec.theUpload(t)
			assert.Equal(t, err, got.Err)
			assert.Equal(t, club, got.Target)
			assert.Equal(t, kind, got.Kind)
			assert.False(t, got.Again)
			got.Target, got.Kind = richmedia.Target{}, 0
			return got
		}
		assert.Equal(t, richmedia.UploadInfo{Name: "cat.png", Route: richmedia.RouteInline, Bytes: size, Attempts: 1, Duration: 2 * time.Second},
			upload(richmedia.KindImage, cat()))
		assert.Equal(t, richmedia.UploadInfo{Name: "cat.png", Route: richmedia.RouteCache, Bytes: size}, upload(richmedia.KindImage, cat()))

		b.Host("https://example.com/cat.png?sign=x", readMedia(t, "cat.png"))
		b.Lose(richmediatest.OpUpload, 2)
		got := upload(richmedia.KindImage, richmedia.FromURL("https://example.com/cat.png?sign=x"))
		assert.Greater(t, got.Duration, 6*time.Second, "three attempts and the pauses")
		got.Duration = 0
		assert.Equal(t, richmedia.UploadInfo{Name: "https://example.com/cat.png", Route: richmedia.RouteURL, Attempts: 3}, got)

		big := richmedia.FromBytes("big.bin", noise(24_001))
		before := len(b.Calls())
		b.Drop(richmediatest.OpPart, 1)
		b.Fail(richmediatest.OpFinish, 1, 500, 40093001, "later")
		b.Delay(richmediatest.OpMerge, 1, 4*time.Second)
		got = upload(richmedia.KindFile, big)
		assert.Equal(t, 25, got.Parts)
		assert.EqualValues(t, 24_001, got.Bytes)
		assert.Equal(t, len(b.Calls())-before, got.Attempts, "prepare, each part and its finish, merge, and what was repeated")
		assert.GreaterOrEqual(t, got.Attempts, 1+25+25+1+2)
		assert.Equal(t, richmedia.RouteParts, got.Route)
		assert.GreaterOrEqual(t, got.Duration, 4*time.Second)
		got = upload(richmedia.KindFile, big)
		assert.Equal(t, richmedia.UploadInfo{Name: "big.bin", Route: richmedia.RouteCache, Bytes: 24_001}, got)

		b.Fail(richmediatest.OpUpload, 1, 400, 850019, "bad format")
		got = upload(richmedia.KindImage, cat(), richmedia.WithoutCache())
		require.ErrorIs(t, got.Err, richmedia.ErrUnsupported)
		assert.Equal(t, richmedia.RouteInline, got.Route)
		assert.Equal(t, 1, got.Attempts)
		got = upload(richmedia.KindImage, richmedia.FromBytes("x.png", []byte("no image")))
		require.ErrorIs(t, got.Err, richmedia.ErrUnsupported)
		assert.Zero(t, got.Attempts)
		assert.Empty(t, got.Route, "it never took one")
		got = upload(richmedia.KindImage, richmedia.FromFS(fstest.MapFS{}, "x.png"), richmedia.WithCacheKey("x"))
		require.ErrorIs(t, got.Err, fs.ErrNotExist)
		assert.Empty(t, got.Route)
	})
}

func TestFiftyChatsAtOnceAreTracedAsOneUploadAndJoinedOnes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var rec recorder
		b := newBed(t, rec.option())
		b.Delay(richmediatest.OpUpload, -1, time.Second)
		var wg sync.WaitGroup
		for i := range 50 {
			c := b.context(t, b.Group(fmt.Sprint(i)))
			wg.Go(func() {
				_, err := c.ReplyImage(t.Context(), cat())
				assert.NoError(t, err)
			})
		}
		wg.Wait()
		routes := map[richmedia.UploadRoute]int{}
		attempts := 0
		for _, i := range rec.takeUploads() {
			routes[i.Route]++
			attempts += i.Attempts
			assert.EqualValues(t, len(readMedia(t, "cat.png")), i.Bytes)
			assert.Equal(t, time.Second, i.Duration)
		}
		assert.Equal(t, map[richmedia.UploadRoute]int{richmedia.RouteInline: 1, richmedia.RouteJoined: 49}, routes)
		assert.Equal(t, 1, attempts)
		assert.Len(t, rec.takeReplies(), 50)
	})
}

func TestARepeatedUploadIsTracedAsAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var rec recorder
		b := newBed(t, rec.option())
		_, err := b.context(t, b.Group("first")).ReplyImage(t.Context(), cat())
		require.NoError(t, err)
		rec.takeUploads()
		rec.takeReplies()
		b.ExpireUploads()
		c := b.context(t, b.Group("second"))
		_, err = c.ReplyImage(t.Context(), cat())
		require.NoError(t, err)
		got := rec.takeUploads()
		require.Len(t, got, 2)
		assert.Equal(t, richmedia.RouteCache, got[0].Route)
		assert.False(t, got[0].Again)
		require.NoError(t, got[0].Err)
		assert.Equal(t, richmedia.RouteInline, got[1].Route)
		assert.True(t, got[1].Again)
		assert.Equal(t, 1, got[1].Attempts)
		assert.Equal(t, chatOf(c), got[1].Target)
		assert.Equal(t, 2, rec.theReply(t).Attempts, "the refused message, and the one that went")

		_, err = c.ReplyImage(t.Context(), cat(), richmedia.WithCacheKey("cat"))
		require.NoError(t, err)
		b.ExpireUploads()
		rec.takeUploads()
		_, err = c.ReplyImage(t.Context(), richmedia.FromFS(fstest.MapFS{}, "cat.png"), richmedia.WithCacheKey("cat"))
		require.ErrorIs(t, err, fs.ErrNotExist)
		got = rec.takeUploads()
		require.Len(t, got, 2)
		assert.True(t, got[1].Again)
		assert.Empty(t, got[1].Route, "it never took one")
	})
}
