package richmedia_test

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/botgo-contrib/richmedia"
	"github.com/botgo-contrib/richmedia/richmediatest"
)

func TestProgressEndsCompleteWhenTheUploadIsPreparedAnew(t *testing.T) {
	b := inParts(t, richmediatest.PartShape{BlockSize: 300_000})
	src := richmedia.FromBytes("x", noise(1<<20))
	_, err := b.media.Upload(t.Context(), target(b.Group("club")), richmedia.KindFile, src, richmedia.WithCacheKey("k"))
	require.NoError(t, err)
	b.ExpireUploads()
	var last richmedia.Progress
	_, err = b.context(t, b.Group("club")).ReplyFile(t.Context(), src, richmedia.WithCacheKey("k"), richmedia.WithProgress(func(p richmedia.Progress) {
		assert.GreaterOrEqual(t, p.Sent, last.Sent)
		last = p
	}))
	require.NoError(t, err)
	assert.Equal(t, richmedia.Progress{Name: "x", Sent: 1 << 20, Total: 1 << 20, Part: 4, Parts: 4}, last)
}

func TestProgressIsSerialNeverDecreasesAndEndsComplete(t *testing.T) {
	const size = 3 << 20
	content := noise(size)
	for name, c := range map[string]struct {
		opts  []richmedia.Option
		shape richmediatest.PartShape
		fault func(*bed)
		parts int
	}{
		"inline":      {nil, richmediatest.PartShape{}, nil, 0},
		"inline lost": {nil, richmediatest.PartShape{}, func(b *bed) { b.Lose(richmediatest.OpUpload, 1) }, 0},
		"parts":       {[]richmedia.Option{richmedia.WithInlineLimit(0)}, richmediatest.PartShape{BlockSize: 500_000, Concurrency: 3}, nil, 7},
		"parts again": {[]richmedia.Option{richmedia.WithInlineLimit(0)}, richmediatest.PartShape{BlockSize: 500_000, Concurrency: 3}, func(b *bed) {
			b.Drop(richmediatest.OpPart, 2)
			killAddresses(b, 1)
		}, 7},
		"refused inline": {nil, richmediatest.PartShape{BlockSize: 500_000}, func(b *bed) { b.Fail(richmediatest.OpUpload, -1, 413, 0, "") }, 7},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBedOn(t, richmediatest.New(richmediatest.WithParts(c.shape)), c.opts...)
				if c.fault != nil {
					c.fault(b)
				}
				var got []richmedia.Progress
				var inside atomic.Int32
				watch := richmedia.WithProgress(func(p richmedia.Progress) {
					assert.EqualValues(t, 1, inside.Add(1), "serially")
					got = append(got, p)
					time.Sleep(time.Millisecond) // the others wait, in a bubble too
					inside.Add(-1)
				})
				_, err := b.context(t, b.Group("club")).ReplyFile(t.Context(), richmedia.FromBytes("film.bin", content), watch)
				require.NoError(t, err)
				require.Greater(t, len(got), 3)
				for i, p := range got {
					assert.EqualValues(t, size, p.Total)
					assert.Equal(t, "film.bin", p.Name)
					assert.Equal(t, i == len(got)-1, p.Sent == p.Total, "the last one only")
					if i > 0 {
						assert.GreaterOrEqual(t, p.Sent, got[i-1].Sent)
					}
				}
				last := got[len(got)-1]
				assert.Equal(t, [2]int{c.parts, c.parts}, [2]int{last.Part, last.Parts})
				n := len(got)
				_, err = b.context(t, b.Group("other")).ReplyFile(t.Context(), richmedia.FromBytes("film.bin", content), watch)
				require.NoError(t, err)
				require.Len(t, got, n+1, "of the store: the last report only")
				assert.Equal(t, richmedia.Progress{Name: "film.bin", Sent: size, Total: size}, got[n])
			})
		})
	}
}

func TestProgressIsReportedToACallerThatJoinsAndNotAfterItLeaves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := inParts(t, richmediatest.PartShape{BlockSize: 10})
		b.Delay(richmediatest.OpPart, -1, time.Second)
		src := richmedia.FromBytes("x", noise(100))
		var first, second []richmedia.Progress
		ctx, cancel := context.WithTimeout(t.Context(), 3500*time.Millisecond)
		defer cancel()
		var wg sync.WaitGroup
		wg.Go(func() {
			_, err := b.media.Upload(ctx, target(b.Group("a")), richmedia.KindFile, src, richmedia.WithProgress(func(p richmedia.Progress) { first = append(first, p) }))
			assert.ErrorIs(t, err, context.DeadlineExceeded)
		})
		synctest.Wait()
		wg.Go(func() {
			_, err := b.media.Upload(t.Context(), target(b.Group("b")), richmedia.KindFile, src, richmedia.WithProgress(func(p richmedia.Progress) { second = append(second, p) }))
			assert.NoError(t, err)
		})
		wg.Wait()
		assert.Len(t, first, 3, "not after its call has returned")
		assert.Equal(t, []richmedia.Progress{{Name: "x", Sent: 100, Total: 100}}, second)
		assert.Equal(t, 1, b.Count(richmediatest.OpPrepare))
	})
}
