package richmedia_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
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

// The ttl of these tests, how long the store keeps such an upload, and when a renewal is over at the latest.
const (
	shortTTL    = 300 * time.Second
	shortUsable = 270 * time.Second
	shortDue    = shortUsable * 3 / 4
)

// refreshBed is a platform whose uploads live for five minutes, and a plugin that renews them.
func refreshBed(t *testing.T, limit int, opts ...richmedia.Option) *bed {
	t.Helper()
	return newBedOn(t, richmediatest.New(richmediatest.WithTTL(shortTTL)), append(opts, richmedia.WithRefreshAhead(limit))...)
}

// picture is an image of its own for each name.
func picture(t testing.TB, name string) richmedia.Source {
	t.Helper()
	return richmedia.FromBytes("cat.png", append(readMedia(t, "cat.png"), name...))
}

// use uploads src through the group "club".
func (b *bed) use(t testing.TB, src richmedia.Source, opts ...richmedia.UploadOption) richmedia.File {
	t.Helper()
	f, err := b.media.Upload(t.Context(), target(b.Group("club")), richmedia.KindImage, src, opts...)
	require.NoError(t, err)
	return f
}

// uploads is how often the platform was asked for one so far.
func (b *bed) uploads() int { return b.Count(richmediatest.OpUpload) }

func TestAFrequentlyUsedUploadIsRenewedBeforeItExpires(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "cat.png")
	require.NoError(t, os.WriteFile(file, readMedia(t, "cat.png"), 0o600))
	for name, src := range map[string]richmedia.Source{
		"bytes": picture(t, ""), "file": richmedia.FromFile(file), "fs": cat(), "url": richmedia.FromURL("https://example.com/cat.png"),
		"opener": richmedia.FromOpener("cat.png", func(context.Context) (io.ReadCloser, error) {
			return io.NopCloser(bytes.NewReader(readMedia(t, "cat.png"))), nil
		}),
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var rec recorder
				b := refreshBed(t, 10, rec.option())
				b.Host("https://example.com/cat.png", readMedia(t, "cat.png"))
				reply := func(chat string) richmedia.UploadInfo {
					t.Helper()
					_, err := b.context(t, b.Group(chat)).ReplyImage(t.Context(), src)
					require.NoError(t, err)
					return rec.theUpload(t)
				}
				b.Delay(richmediatest.OpUpload, -1, 5*time.Second)
				assert.Equal(t, 5*time.Second, reply("first").Duration)
				reply("second")
				assert.Equal(t, 1, b.uploads())
				time.Sleep(shortDue * 14 / 16)
				assert.Equal(t, 1, b.uploads(), "not long before it is due")
				time.Sleep(shortDue*2/16 + 5*time.Second)
				ahead := rec.theUpload(t)
				assert.True(t, ahead.Ahead)
				assert.NoError(t, ahead.Err)
				assert.Equal(t, richmedia.Target{Scope: richmedia.ScopeGroup, ChatID: b.Group("second").OpenID()}, ahead.Target, "the chat that used it last, and no message")
				time.Sleep(shortTTL - shortDue - 5*time.Second)
				assert.Equal(t, 2, b.uploads(), "the first has ended")
				got := reply("third")
				assert.Equal(t, richmedia.RouteCache, got.Route)
				assert.False(t, got.Ahead)
				assert.Zero(t, got.Duration)
				assert.Equal(t, 2, b.uploads(), "the reply waited for none")
				assert.Len(t, b.Group("third").Answers(), 1)
			})
		})
	}
}

func TestAFrequentlyUsedUploadIsAwaitedOnceAnHour(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var rec recorder
		b := refreshBed(t, 1, rec.option())
		for range 3600 / 20 {
			b.use(t, cat())
			time.Sleep(20 * time.Second)
		}
		waited := 0
		for _, up := range rec.takeUploads() {
			require.NoError(t, up.Err)
			if !up.Ahead && up.Route != richmedia.RouteCache {
				waited++
			}
		}
		assert.Equal(t, 1, waited)
		assert.LessOrEqual(t, b.uploads(), 1+int(time.Hour/(shortDue*14/16)))
	})
}

func TestAnUploadThatIsNoLongerUsedExpires(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := refreshBed(t, 10)
		for range 100 {
			b.use(t, cat())
		}
		time.Sleep(time.Hour)
		assert.Equal(t, 2, b.uploads(), "it was renewed once, and then no longer used")
		b.use(t, cat())
		time.Sleep(time.Hour)
		assert.Equal(t, 3, b.uploads(), "and being used once renews nothing")
		b.use(t, cat())
		b.use(t, cat())
		time.Sleep(time.Hour)
		assert.Equal(t, 5, b.uploads(), "but later use may")
	})
}

func TestUploadsUsedOnceAreNotRenewed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := refreshBed(t, 10)
		for i := range 50 {
			b.use(t, picture(t, fmt.Sprint(i)))
		}
		b.use(t, cat(), richmedia.WithoutCache())
		b.use(t, cat(), richmedia.WithoutCache())
		time.Sleep(time.Hour)
		assert.Equal(t, 52, b.uploads())
	})
}

func TestTheMostUsedUploadsAreRenewedAmongManyOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var rec recorder
		b := refreshBed(t, 2, rec.option())
		n := 0
		for round := range 40 { // twenty minutes
			for range 4 {
				b.use(t, picture(t, "hot 1"))
				b.use(t, picture(t, "hot 2"))
			}
			b.use(t, picture(t, "warm"))
			for range 10 { // sent once, and one of them twice
				n++
				b.use(t, picture(t, fmt.Sprint("one-off ", n)))
			}
			b.use(t, picture(t, fmt.Sprint("one-off ", n)))
			if round == 0 {
				rec.takeUploads()
			}
			time.Sleep(30 * time.Second)
		}
		hot := int64(len(readMedia(t, "cat.png")) + len("hot 1"))
		ahead := 0
		for _, up := range rec.takeUploads() {
			if up.Ahead {
				ahead++
				assert.Equal(t, hot, up.Bytes)
			} else if up.Bytes == hot {
				assert.Equal(t, richmedia.RouteCache, up.Route)
			}
		}
		assert.InDelta(t, 2*int(20*time.Minute/shortDue), ahead, 3)
	})
}

func TestAtMostTheGivenNumberIsRenewed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := refreshBed(t, 3)
		for range 2 {
			for i := range 40 {
				b.use(t, picture(t, fmt.Sprint(i)))
			}
		}
		time.Sleep(time.Hour)
		assert.Equal(t, 43, b.uploads())
	})
}

// TestManyEquallyUsedUploadsAreRenewedNoOftenerThanTheGivenNumber uses six alike, in any order, with room for two.
func TestManyEquallyUsedUploadsAreRenewedNoOftenerThanTheGivenNumber(t *testing.T) {
	const limit, lasting = 2, 2 * time.Hour
	for name, next := range map[string]func(n int) int{
		"in turn":   func(n int) int { return n % 6 },
		"at random": func(int) int { return rand.IntN(6) },
		"in bursts": func(n int) int { return n / 20 % 6 },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var mu sync.Mutex
				var ahead []time.Time
				b := refreshBed(t, limit, richmedia.WithTrace(richmedia.Trace{Upload: func(up richmedia.UploadInfo) {
					mu.Lock()
					defer mu.Unlock()
					assert.NoError(t, up.Err)
					if up.Ahead {
						ahead = append(ahead, time.Now())
					}
				}}))
				for n := range int(lasting / (5 * time.Second)) {
					b.use(t, picture(t, fmt.Sprint(next(n))))
					time.Sleep(5 * time.Second)
				}
				require.NoError(t, b.media.Close()) // no renewal is under way
				mu.Lock()
				defer mu.Unlock()
				t.Logf("%d renewals, %d uploads", len(ahead), b.uploads())
				require.Greater(t, len(ahead), limit, "some are renewed")
				for i := limit; i < len(ahead); i++ {
					assert.GreaterOrEqual(t, ahead[i].Sub(ahead[i-limit]), shortDue*14/16, "more than %d renewals in the time that one lasts", limit)
				}
			})
		})
	}
}

func TestAMoreUsedUploadReplacesALessUsedOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var rec recorder
		b := refreshBed(t, 1, rec.option())
		for range 3 {
			b.use(t, picture(t, "was hot"))
		}
		for range 9 {
			b.use(t, picture(t, "is hotter"))
		}
		rec.takeUploads()
		time.Sleep(shortDue)
		assert.Equal(t, int64(len(readMedia(t, "cat.png"))+len("is hotter")), rec.theUpload(t).Bytes)
	})
}

func TestAFormerlyUsedUploadMakesRoomForACurrentOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var rec recorder
		b := refreshBed(t, 1, rec.option())
		for range 1000 {
			b.use(t, picture(t, "was hot"))
		}
		for range 30 * shortTTL / (30 * time.Second) { // the old score halves with each upload
			b.use(t, picture(t, "was hot"))
			b.use(t, picture(t, "is hotter"))
			b.use(t, picture(t, "is hotter"))
			b.use(t, picture(t, "is hotter"))
			time.Sleep(30 * time.Second)
		}
		// The two change places for a moment now and then, when the score of one was just halved; what counts is who is
		// renewed as a rule.
		var ahead []int64
		for _, up := range rec.takeUploads() {
			if up.Ahead {
				ahead = append(ahead, up.Bytes-int64(len(readMedia(t, "cat.png"))))
			}
		}
		hotter := 0
		for _, more := range ahead[len(ahead)/2:] {
			if more == int64(len("is hotter")) {
				hotter++
			}
		}
		assert.Greater(t, hotter, (len(ahead)-len(ahead)/2)*3/4, "of the later half: %v", ahead)
	})
}

func TestAReaderIsNeverRenewed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := refreshBed(t, 10)
		reader := func() richmedia.Source {
			return richmedia.FromReader("cat.png", bytes.NewReader(readMedia(t, "cat.png")))
		}
		for range 20 {
			b.use(t, reader())
		}
		time.Sleep(time.Hour)
		assert.Equal(t, 1, b.uploads())

		b.use(t, reader())
		b.use(t, cat())
		b.use(t, reader())
		time.Sleep(shortTTL)
		assert.Equal(t, 3, b.uploads(), "the same content from a file can be")
	})
}

func TestLongLivedUploadsAreNotRenewed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBedOn(t, richmediatest.New(richmediatest.WithTTL(0)), richmedia.WithRefreshAhead(10))
		for range 20 {
			b.use(t, cat())
			time.Sleep(24 * time.Hour)
		}
		assert.Equal(t, 1, b.uploads())
	})
}

func TestChangedContentIsNotKeptUnderItsOldKey(t *testing.T) {
	file := filepath.Join(t.TempDir(), "cat.png")
	synctest.Test(t, func(t *testing.T) {
		b := refreshBed(t, 10)
		old := readMedia(t, "cat.png")
		require.NoError(t, os.WriteFile(file, old, 0o600))
		b.use(t, richmedia.FromFile(file))
		b.use(t, richmedia.FromFile(file))
		require.NoError(t, os.WriteFile(file, append(old, "changed"...), 0o600))
		time.Sleep(shortTTL)
		assert.Equal(t, 1, b.uploads(), "no reply asked for the new content")
		assert.Empty(t, b.log.text())
		b.use(t, richmedia.FromBytes("cat.png", old))
		require.Len(t, b.Uploads(), 2)
		assert.Equal(t, old, b.Uploads()[1].Data)
	})
}

func TestWithCacheKeyIsRenewedUnderThatKey(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := refreshBed(t, 10)
		var opened atomic.Int32
		src := richmedia.FromOpener("cat.png", func(context.Context) (io.ReadCloser, error) {
			opened.Add(1)
			return io.NopCloser(bytes.NewReader(readMedia(t, "cat.png"))), nil
		})
		b.use(t, src, richmedia.WithCacheKey("cat"))
		b.use(t, src, richmedia.WithCacheKey("cat"))
		time.Sleep(shortTTL)
		assert.Equal(t, int32(2), opened.Load())
		b.use(t, src, richmedia.WithCacheKey("cat"))
		assert.Equal(t, int32(2), opened.Load())
		assert.Equal(t, 2, b.uploads())
	})
}

func TestAFailedRenewalCausesAnUploadAndLosesNoReply(t *testing.T) {
	panics := errors.New("the bucket is gone")
	for name, fault := range map[string]func(b *bed, broken *atomic.Bool){
		"refused": func(b *bed, _ *atomic.Bool) { b.Fail(richmediatest.OpUpload, 1, 400, 850019, "secret") },
		"down":    func(b *bed, _ *atomic.Bool) { b.Refuse(richmediatest.OpUpload, 4) },
		"muted":   func(b *bed, _ *atomic.Bool) { b.Fail(richmediatest.OpUpload, 1, 400, 40034101, "") },
		"source":  func(_ *bed, broken *atomic.Bool) { broken.Store(true) },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := refreshBed(t, 10)
				var broken atomic.Bool
				src := richmedia.FromOpener("cat.png", func(context.Context) (io.ReadCloser, error) {
					if broken.Load() {
						panic(panics)
					}
					return io.NopCloser(bytes.NewReader(readMedia(t, "cat.png"))), nil
				})
				b.use(t, src)
				b.use(t, src)
				fault(b, &broken)
				time.Sleep(shortDue + time.Minute)
				broken.Store(false)
				assert.Equal(t, 1, strings.Count(b.log.text(), "was not renewed"), b.log.text())
				assert.Contains(t, b.log.text(), "cat.png")
				tried := b.uploads()
				for range 20 { // it is still good, and used; but it was tried
					b.use(t, src)
				}
				time.Sleep(shortTTL - shortDue - time.Minute)
				assert.Equal(t, tried, b.uploads(), "once")
				b.use(t, src)
				assert.Equal(t, tried+1, b.uploads(), "the next uploads by itself")
				b.use(t, src)
				time.Sleep(shortDue)
				assert.Equal(t, tried+2, b.uploads(), "and that is renewed again")
				assert.Equal(t, 1, strings.Count(b.log.text(), "was not renewed"))
			})
		})
	}
}

func TestAFailedRenewalLogsNoSecret(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := refreshBed(t, 10)
		const address = "https://example.com/cat.png?sign=secret"
		b.Host(address, readMedia(t, "cat.png"))
		b.use(t, richmedia.FromURL(address))
		b.use(t, richmedia.FromURL(address))
		b.Fail(richmediatest.OpUpload, -1, 400, 850026, "cannot download "+address)
		time.Sleep(shortTTL)
		assert.Contains(t, b.log.text(), "was not renewed")
		assert.NotContains(t, b.log.text(), "secret")
	})
}
