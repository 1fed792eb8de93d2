package richmedia_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"testing/fstest"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/botgo-contrib/richmedia"
	"github.com/botgo-contrib/richmedia/richmediatest"
)

// noise is content that differs everywhere, so that a part in the wrong place shows.
func noise(n int) []byte {
	b := make([]byte, n)
	x := uint32(2463534242 + n)
	for i := range b {
		x ^= x << 13
		x ^= x >> 17
		x ^= x << 5
		b[i] = byte(x)
	}
	return b
}

// inParts is a bed whose uploads all go in parts of the given shape; a token in a PUT is refused.
func inParts(t testing.TB, shape richmediatest.PartShape, opts ...richmedia.Option) *bed {
	shape.RefuseToken = true
	return newBedOn(t, richmediatest.New(richmediatest.WithParts(shape)), append([]richmedia.Option{richmedia.WithInlineLimit(0)}, opts...)...)
}

// TestPartsMakeTheFileWhateverItsShape is the matrix: source x size x concurrency x index base x config.
func TestPartsMakeTheFileWhateverItsShape(t *testing.T) {
	const block = 1000
	dir := t.TempDir()
	shapes := []richmediatest.PartShape{
		{BlockSize: block},
		{BlockSize: block, ZeroBased: true, Config: "flat", Concurrency: 3, NumbersAsNumbers: true, StrictSize: true},
		{BlockSize: block, ZeroBased: true, Config: "none", WrapData: true},
		{BlockSize: block, Concurrency: 10, Sizes: []int64{1, 700, 3}, WrapData: true, NumbersAsNumbers: true},
	}
	for i, shape := range shapes {
		for _, size := range []int{1, block - 1, block, block + 1, 4 * block, 4*block + 1} {
			t.Run(fmt.Sprintf("shape %d/%d bytes", i, size), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) { // the rates of prepare and finish would take a minute
					content := noise(size)
					path := filepath.Join(dir, "file.bin")
					require.NoError(t, os.WriteFile(path, content, 0o600))
					for name, src := range map[string]richmedia.Source{
						"bytes": richmedia.FromBytes("file.bin", content), "file": richmedia.FromFile(path),
						"fs":     richmedia.FromFS(fstest.MapFS{"file.bin": {Data: content}}, "file.bin"),
						"reader": richmedia.FromReader("file.bin", bytes.NewReader(content)),
						"opener": richmedia.FromOpener("file.bin", func(context.Context) (io.ReadCloser, error) {
							return io.NopCloser(struct{ io.Reader }{bytes.NewReader(content)}), nil
						}),
						"seeking opener": richmedia.FromOpener("file.bin", func(context.Context) (io.ReadCloser, error) {
							return struct {
								io.ReadSeeker
								io.Closer
							}{bytes.NewReader(content), io.NopCloser(nil)}, nil
						}),
						"opener at": richmedia.FromOpener("file.bin", func(context.Context) (io.ReadCloser, error) {
							return readerAt{bytes.NewReader(content)}, nil
						}),
					} {
						b := inParts(t, shape, richmedia.WithPartConcurrency(2))
						for _, chat := range []*richmediatest.Chat{b.Group("club"), b.C2C("bob")} {
							if chat.Scene() == "c2c" && name == "reader" {
								continue // was used
							}
							_, err := b.context(t, chat).ReplyFile(t.Context(), src)
							require.NoError(t, err, name)
							up := chat.Answers()[0].Media.Upload
							assert.Equal(t, "parts", up.Route, name)
							assert.True(t, bytes.Equal(content, up.Data), name)
							assert.Equal(t, "file.bin", up.Name, name)
						}
					}
				})
			})
		}
	}
}

// readerAt can be read at offsets and says its size nowhere.
type readerAt struct{ r *bytes.Reader }

func (r readerAt) Read(p []byte) (int, error)              { return r.r.Read(p) }
func (r readerAt) ReadAt(p []byte, off int64) (int, error) { return r.r.ReadAt(p, off) }
func (readerAt) Close() error                              { return nil }

func TestAnEmptyFileHasNoParts(t *testing.T) {
	b := inParts(t, richmediatest.PartShape{})
	_, err := b.context(t, b.Group("club")).ReplyFile(t.Context(), richmedia.FromBytes("x", nil))
	require.ErrorContains(t, err, "empty")
	assert.Empty(t, b.Calls())
}

func TestPartsAreSentAtOnceAsOfferedAndAllowed(t *testing.T) {
	for _, c := range []struct{ offered, allowed, want int32 }{{1, 4, 1}, {3, 4, 3}, {10, 4, 4}, {10, 2, 2}} {
		synctest.Test(t, func(t *testing.T) {
			b := inParts(t, richmediatest.PartShape{BlockSize: 10, Concurrency: int(c.offered)}, richmedia.WithPartConcurrency(int(c.allowed)))
			var now, most atomic.Int32
			b.Intercept(richmediatest.OpPart, func(w http.ResponseWriter, r *http.Request, next http.Handler) {
				most.Store(max(most.Load(), now.Add(1)))
				time.Sleep(time.Second)
				next.ServeHTTP(w, r)
				now.Add(-1)
			})
			_, err := b.context(t, b.Group("club")).ReplyFile(t.Context(), richmedia.FromBytes("x", noise(120)))
			require.NoError(t, err)
			assert.Equal(t, c.want, most.Load())
		})
	}
}

func TestPrepareAndFinishStayWithinTheirRates(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := richmediatest.New(richmediatest.WithParts(richmediatest.PartShape{BlockSize: 1, Concurrency: 10}), richmediatest.WithRateLimits())
		b := newBedOn(t, p, richmedia.WithInlineLimit(0), richmedia.WithPartConcurrency(10), richmedia.WithRetries(0))
		_, err := b.context(t, b.Group("club")).ReplyFile(t.Context(), richmedia.FromBytes("x", noise(60)))
		require.NoError(t, err)
		for _, call := range b.Calls() {
			assert.NotEqual(t, 429, call.Status)
		}
	})
}

func TestOneFailedPartStopsTheOthersAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := inParts(t, richmediatest.PartShape{BlockSize: 10, Concurrency: 4}, richmedia.WithRetries(0))
		stopped := make(chan struct{}, 9)
		var n atomic.Int32
		b.Intercept(richmediatest.OpPart, func(w http.ResponseWriter, r *http.Request, _ http.Handler) {
			if n.Add(1) == 2 {
				time.Sleep(time.Second)
				w.WriteHeader(http.StatusForbidden)
				return
			}
			<-r.Context().Done()
			stopped <- struct{}{}
			panic(http.ErrAbortHandler)
		})
		began := time.Now()
		_, err := b.context(t, b.Group("club")).ReplyFile(t.Context(), richmedia.FromBytes("x", noise(100)))
		require.ErrorContains(t, err, "Forbidden")
		require.Regexp(t, `^upload x: part \d: `, err.Error())
		var up *richmedia.UploadError
		require.ErrorAs(t, err, &up)
		assert.Equal(t, "part", up.Step)
		assert.NotZero(t, up.Part)
		assert.Equal(t, time.Second, time.Since(began))
		assert.Len(t, stopped, 3)
		assert.EqualValues(t, 4, n.Load(), "no other part was begun")
		assert.Zero(t, b.Count(richmediatest.OpMerge))
	})
}

func TestAPartThatFailsIsSentAgain(t *testing.T) {
	content := noise(95)
	for name, fault := range map[string]func(*bed){
		"500 at a part":            func(b *bed) { b.Fail(richmediatest.OpPart, 2, 500, 0, "") },
		"reset before a part":      func(b *bed) { b.Drop(richmediatest.OpPart, 1) },
		"reset after a part":       func(b *bed) { b.Lose(richmediatest.OpPart, 1) },
		"reset at finish":          func(b *bed) { b.Lose(richmediatest.OpFinish, 2) },
		"500 at finish":            func(b *bed) { b.Fail(richmediatest.OpFinish, 2, 500, 0, "") },
		"finish fails for now":     func(b *bed) { b.Fail(richmediatest.OpFinish, 5, 400, 40093001, "") },
		"finish fails for long":    func(b *bed) { b.Fail(richmediatest.OpFinish, 25, 400, 40093001, "") },
		"finish fails very long":   func(b *bed) { b.Fail(richmediatest.OpFinish, 50, 400, 40093001, "") },
		"prepare fails for now":    func(b *bed) { b.Fail(richmediatest.OpPrepare, 2, 400, 40093001, "") },
		"prepare is lost":          func(b *bed) { b.Lose(richmediatest.OpPrepare, 1) },
		"merge fails for now":      func(b *bed) { b.Fail(richmediatest.OpMerge, 2, 400, 40093001, "") },
		"merge fails for long":     func(b *bed) { b.Fail(richmediatest.OpMerge, 4, 400, 40093001, "") },
		"merge is lost":            func(b *bed) { b.Lose(richmediatest.OpMerge, 2) },
		"the addresses are dead":   func(b *bed) { killAddresses(b, 1) },
		"dead twice":               func(b *bed) { killAddresses(b, 2) },
		"an expired token":         func(b *bed) { revokeAt(b, richmediatest.OpFinish) },
		"a timeout of a part":      func(b *bed) { b.Delay(richmediatest.OpPart, 1, time.Hour) },
		"a slow drip of refusals":  func(b *bed) { b.Fail(richmediatest.OpFinish, 3, 429, 0, "") },
		"empty answers to prepare": func(b *bed) { empty(b, richmediatest.OpPrepare) },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := inParts(t, richmediatest.PartShape{BlockSize: 10, Concurrency: 2, RetryTimeout: 20}, richmedia.WithReplyLimits(richmedia.ScopeGroup, 5, 0))
				fault(b)
				f, err := b.media.Upload(t.Context(), target(b.Group("club")), richmedia.KindFile, richmedia.FromBytes("x", content))
				require.NoError(t, err)
				assert.NotEmpty(t, f.Info)
				ups := b.Uploads()
				assert.True(t, bytes.Equal(content, ups[len(ups)-1].Data))
			})
		})
	}
}

// killAddresses ends all part addresses at the third PUT, n times.
func killAddresses(b *bed, n int32) {
	var puts, killed atomic.Int32
	b.Intercept(richmediatest.OpPart, func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		next.ServeHTTP(w, r)
		if puts.Add(1)%3 == 0 && killed.Add(1) <= n {
			b.ExpirePartURLs()
		}
	})
}

func revokeAt(b *bed, op richmediatest.Op) {
	var once sync.Once
	b.Intercept(op, func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		once.Do(b.RevokeTokens)
		next.ServeHTTP(w, r)
	})
}

func empty(b *bed, op richmediatest.Op) {
	var n atomic.Int32
	b.Intercept(op, func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		if n.Add(1) > 1 {
			next.ServeHTTP(w, r)
		}
	})
}

func TestWhatIsFinishedIsKeptWhenTheUploadGoesOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := inParts(t, richmediatest.PartShape{BlockSize: 10, Resume: true})
		killAddresses(b, 1)
		content := noise(95)
		_, err := b.media.Upload(t.Context(), target(b.Group("club")), richmedia.KindFile, richmedia.FromBytes("x", content))
		require.NoError(t, err)
		assert.True(t, bytes.Equal(content, b.Uploads()[0].Data))
		assert.Equal(t, 2, b.Count(richmediatest.OpPrepare))
		assert.Equal(t, 11, b.Count(richmediatest.OpPart), "10 parts, and the one whose address was dead")
	})
}

func TestAUsedUpDayEndsAnUploadInPartsAtOnce(t *testing.T) {
	b := newBedOn(t, richmediatest.New(richmediatest.WithDailyVolume(50)), richmedia.WithInlineLimit(0))
	_, err := b.context(t, b.Group("club")).ReplyFile(t.Context(), richmedia.FromBytes("x", noise(95)))
	require.ErrorIs(t, err, richmedia.ErrDailyLimit)
	var up *richmedia.UploadError
	require.ErrorAs(t, err, &up)
	assert.Contains(t, []string{"prepare", "merge"}, up.Step)
	for _, op := range []richmediatest.Op{richmediatest.OpPrepare, richmediatest.OpMerge} {
		assert.LessOrEqual(t, b.Count(op), 1)
	}
}

func TestThePlatformMayHaveTheFileAlready(t *testing.T) {
	b := inParts(t, richmediatest.PartShape{Instant: true, WrapData: true})
	for i := range 2 {
		_, err := b.context(t, b.Group("club")).ReplyFile(t.Context(), richmedia.FromBytes("x", noise(95)), richmedia.WithoutCache())
		require.NoError(t, err)
		assert.Len(t, b.Group("club").Answers(), i+1)
	}
	assert.Equal(t, 1, b.Count(richmediatest.OpPart))
}

func TestInlineThatIsRefusedGoesOnInPartsAndIsRemembered(t *testing.T) {
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

func TestASourceThatChangesIsNeverACorruptUpload(t *testing.T) {
	content := noise(95)
	for name, later := range map[string][]byte{"longer": append(noise(95), 1), "shorter": content[:90]} {
		var opened atomic.Int32
		src := richmedia.FromOpener("x", func(context.Context) (io.ReadCloser, error) {
			if opened.Add(1) <= 3 {
				return seekCloser{bytes.NewReader(content)}, nil
			}
			return seekCloser{bytes.NewReader(later)}, nil
		})
		b := inParts(t, richmediatest.PartShape{BlockSize: 10})
		_, err := b.context(t, b.Group("club")).ReplyFile(t.Context(), src)
		require.ErrorContains(t, err, "the content changed", name)
		assert.Zero(t, b.Count(richmediatest.OpMerge), name)
	}
	b := inParts(t, richmediatest.PartShape{BlockSize: 10})
	path := filepath.Join(t.TempDir(), "log.txt")
	require.NoError(t, os.WriteFile(path, content, 0o600))
	var once sync.Once
	b.Intercept(richmediatest.OpPart, func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		once.Do(func() { // the same length, other bytes, another time
			assert.NoError(t, os.WriteFile(path, noise(95)[5:], 0o600))
			assert.NoError(t, os.WriteFile(path, bytes.Repeat([]byte("x"), 95), 0o600))
			assert.NoError(t, os.Chtimes(path, time.Now(), time.Now().Add(time.Hour)))
		})
		next.ServeHTTP(w, r)
	})
	_, err := b.context(t, b.Group("club")).ReplyFile(t.Context(), richmedia.FromFile(path))
	require.ErrorContains(t, err, "the content changed")
}

func TestCancellingStopsATransferWithinAMoment(t *testing.T) {
	for _, op := range []richmediatest.Op{richmediatest.OpPrepare, richmediatest.OpPart, richmediatest.OpFinish, richmediatest.OpMerge} {
		synctest.Test(t, func(t *testing.T) {
			b := inParts(t, richmediatest.PartShape{BlockSize: 10, Concurrency: 4})
			b.Delay(op, -1, time.Hour)
			gone := errors.New("gone")
			ctx, cancel := context.WithTimeoutCause(t.Context(), 3*time.Second, gone)
			defer cancel()
			began := time.Now()
			_, err := b.media.Upload(ctx, target(b.Group("club")), richmedia.KindFile, richmedia.FromBytes("x", noise(100)))
			require.ErrorIs(t, err, gone, op)
			assert.Equal(t, 3*time.Second, time.Since(began), op)
			require.NoError(t, b.media.Close())
			assert.Equal(t, 3*time.Second, time.Since(began), op)
		})
	}
	synctest.Test(t, func(t *testing.T) {
		b := inParts(t, richmediatest.PartShape{BlockSize: 10})
		b.Delay(richmediatest.OpPart, -1, 40*time.Second)
		c := b.context(t, b.Group("club"))
		began := time.Now()
		_, err := c.ReplyFile(t.Context(), richmedia.FromBytes("x", noise(100)))
		require.ErrorIs(t, err, richmedia.ErrReplyWindow)
		assert.Equal(t, 5*time.Minute, time.Since(began))
	})
}

func TestThePartsGoWithoutTheBotsToken(t *testing.T) {
	b := inParts(t, richmediatest.PartShape{BlockSize: 10})
	filters.on.Store(true)
	defer filters.on.Store(false)
	_, err := b.context(t, b.Group("club")).ReplyFile(t.Context(), richmedia.FromBytes("x", noise(30)))
	require.NoError(t, err)
	for _, call := range b.Calls() {
		if call.Op == richmediatest.OpPart {
			assert.Empty(t, call.Header.Get("Authorization"))
			assert.Empty(t, call.Header.Get("X-Union-Appid"))
			assert.Empty(t, call.Header.Get("X-Traced"), "nor through the bot's filters, which may add it")
		}
	}
}

func TestProgressIsSerialNeverFallsAndEndsComplete(t *testing.T) {
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

func TestProgressOfWhoJoinsAndOfWhoLeaves(t *testing.T) {
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

func TestALargeFileGoesThroughAWholePlatform(t *testing.T) {
	if testing.Short() {
		t.Skip("sends 25 MB over a real connection")
	}
	p := richmediatest.New(richmediatest.WithoutData(), richmediatest.WithParts(richmediatest.PartShape{Concurrency: 2}))
	base, err := p.Listen()
	require.NoError(t, err)
	plugin, err := richmedia.New(p.TokenSource(), richmedia.WithBaseURL(base), richmedia.WithLogger(&logger{}))
	require.NoError(t, err)
	content := noise(25 << 20)
	sum := sha256.Sum256(content)
	path := filepath.Join(t.TempDir(), "film.bin")
	require.NoError(t, os.WriteFile(path, content, 0o600))
	_, err = plugin.Upload(t.Context(), target(p.Group("club")), richmedia.KindFile, richmedia.FromFile(path))
	require.NoError(t, err)
	assert.Equal(t, hex.EncodeToString(sum[:]), p.Uploads()[0].SHA256)
	assert.Equal(t, 3, p.Count(richmediatest.OpPart))
	require.NoError(t, plugin.Close())
	require.NoError(t, p.Close())
}
