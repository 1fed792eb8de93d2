package richmedia_test

import (
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

func TestAURLRefusedWith850012IsNotSentInParts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBed(t)
		b.Host("https://example.com/cat.png", readMedia(t, "cat.png"))
		remove := b.Fail(richmediatest.OpUpload, 2, http.StatusInternalServerError, 850012, "call inner proxy error")
		_, err := b.context(t, b.Group("club")).ReplyImage(t.Context(), richmedia.FromURL("https://example.com/cat.png"))
		require.NoError(t, err, "it is the proxy's trouble, which passes")
		remove()
		assert.Equal(t, 3, b.Count(richmediatest.OpUpload))
		_, err = b.context(t, b.Group("club")).ReplyImage(t.Context(), cat())
		require.NoError(t, err)
		assert.Equal(t, "inline", b.Uploads()[1].Route, "nothing was learnt of bodies")
		assert.Zero(t, b.Count(richmediatest.OpPrepare))
	})
}

func TestAnUnexpectedDetailOfAnUploadResponseIsIgnored(t *testing.T) {
	for ttl, kept := range map[string]bool{`300.0`: true, `3e2`: true, `"300"`: true, `true`: false, `"5m"`: false, `-1`: false, `{}`: false} {
		b := newBed(t)
		b.Intercept(richmediatest.OpUpload, func(w http.ResponseWriter, r *http.Request, _ http.Handler) {
			_, _ = io.Copy(io.Discard, r.Body)
			_, _ = fmt.Fprintf(w, `{"file_info":"abc","file_uuid":7,"ttl":%s}`, ttl)
		})
		for range 2 {
			_, err := b.media.Upload(t.Context(), target(b.C2C("bob")), richmedia.KindFile, richmedia.FromBytes("x", noise(95)))
			require.NoError(t, err, ttl)
		}
		want := 2
		if kept {
			want = 1
		}
		assert.Equal(t, want, b.Count(richmediatest.OpUpload), ttl)
	}
}

func TestAProxyErrorOrABadFileIsNotRememberedAsARefusalOfInlineUploads(t *testing.T) {
	for name, fault := range map[string]func(*bed){
		"a proxy error at a small file": func(b *bed) { b.Fail(richmediatest.OpUpload, 1, 500, 850012, "call inner proxy error") },
		"a file that is refused either way": func(b *bed) {
			b.Fail(richmediatest.OpUpload, 1, 400, 12345678, "a new rule")
			b.Fail(richmediatest.OpPrepare, 1, 400, 12345678, "a new rule")
		},
	} {
		b := newBed(t)
		fault(b)
		for i := range 5 {
			_, err := b.media.Upload(t.Context(), target(b.Group("club")), richmedia.KindFile, richmedia.FromBytes("x", noise(1000+i)))
			assert.True(t, err == nil || i == 0, name)
		}
		assert.Equal(t, 5, b.Count(richmediatest.OpUpload), name)
		assert.LessOrEqual(t, b.Count(richmediatest.OpPrepare), 1, name)
	}
}

func TestAFileOverTheSoftSizeIsWarnedOfOnce(t *testing.T) {
	var told []richmedia.UploadInfo
	b := newBedOn(t, richmediatest.New(), richmedia.WithTrace(richmedia.Trace{
		Upload: func(i richmedia.UploadInfo) { told = append(told, i) },
	}))
	big := append(readMedia(t, "cat.png"), make([]byte, 20<<20)...)
	club := b.Group("club")
	c := b.context(t, club)
	for range 2 {
		_, err := c.ReplyImage(t.Context(), richmedia.FromBytes("big.png", big))
		require.NoError(t, err)
	}
	f, err := b.media.Upload(t.Context(), c.Target(), richmedia.KindImage, richmedia.FromBytes("big.png", big))
	require.NoError(t, err)
	assert.True(t, f.Card)
	assert.True(t, club.Answers()[0].Media.Card, "and so it is")
	require.Len(t, told, 3)
	for _, i := range told {
		assert.True(t, i.Card, i.Route)
	}
	assert.Equal(t, 1, strings.Count(b.log.text(), "the chat shows a file card"))

	f, err = b.media.Upload(t.Context(), c.Target(), richmedia.KindImage, cat())
	require.NoError(t, err)
	assert.False(t, f.Card)
}

func TestAFileThatThePlatformHasIsNotSent(t *testing.T) {
	b := inParts(t, richmediatest.PartShape{Instant: true, WrapData: true})
	for i := range 2 {
		_, err := b.context(t, b.Group("club")).ReplyFile(t.Context(), richmedia.FromBytes("x", noise(95)), richmedia.WithoutCache())
		require.NoError(t, err)
		assert.Len(t, b.Group("club").Answers(), i+1)
	}
	assert.Equal(t, 1, b.Count(richmediatest.OpPart))
}

func TestARefusedInlineUploadIsSentInPartsAndTheRefusalIsRemembered(t *testing.T) {
	for name, c := range map[string]struct {
		fault   func(*bed)
		smaller bool // smaller ones still go in one call
	}{
		"413":                  {func(b *bed) { b.Fail(richmediatest.OpUpload, -1, 413, 0, "stgw") }, true},
		"850012":               {func(b *bed) { b.Fail(richmediatest.OpUpload, -1, 500, 850012, "call inner proxy error") }, true},
		"400":                  {func(b *bed) { b.Fail(richmediatest.OpUpload, -1, 400, 10000, "不支持的操作") }, false},
		"400 without a reason": {func(b *bed) { b.Fail(richmediatest.OpUpload, -1, 400, 12345678, "?") }, false},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBed(t)
				c.fault(b)
				upload := func(size int) {
					t.Helper()
					_, err := b.media.Upload(t.Context(), target(b.Group("club")), richmedia.KindFile, richmedia.FromBytes("x", noise(size)))
					require.NoError(t, err)
				}
				upload(300_000)
				assert.Equal(t, 1, b.Count(richmediatest.OpUpload))
				upload(300_001)
				assert.Equal(t, 1, b.Count(richmediatest.OpUpload), "remembered")
				upload(299_999)
				if c.smaller {
					assert.Equal(t, 2, b.Count(richmediatest.OpUpload), "a smaller one may pass")
				} else {
					assert.Equal(t, 1, b.Count(richmediatest.OpUpload))
				}
				before := b.Count(richmediatest.OpUpload)
				_, err := b.media.Upload(t.Context(), target(b.C2C("bob")), richmedia.KindFile, richmedia.FromBytes("x", noise(300_000)))
				require.NoError(t, err)
				assert.Equal(t, before+1, b.Count(richmediatest.OpUpload), "the other scope is asked for itself")
				time.Sleep(31 * time.Minute)
				upload(300_002)
				assert.Equal(t, before+2, b.Count(richmediatest.OpUpload), "and asked again after a while")
			})
		})
	}
	t.Run("C2C does not take file_data", func(t *testing.T) {
		b := newBedOn(t, richmediatest.New(richmediatest.WithoutInline("c2c")))
		_, err := b.context(t, b.C2C("bob")).ReplyImage(t.Context(), cat())
		require.NoError(t, err)
		assert.Equal(t, readMedia(t, "cat.png"), b.C2C("bob").Answers()[0].Media.Upload.Data)
	})
	t.Run("a format that is refused stays refused", func(t *testing.T) {
		b := newBed(t)
		b.Fail(richmediatest.OpUpload, -1, 400, 850019, "no")
		_, err := b.context(t, b.Group("club")).ReplyImage(t.Context(), cat())
		require.ErrorIs(t, err, richmedia.ErrUnsupported)
		assert.Zero(t, b.Count(richmediatest.OpPrepare))
	})
}
