package richmedia_test

import (
	"fmt"
	"net/http"
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

// underWay returns a bed on which a renewal of cat has begun and takes 20 s more. The store no longer has the upload.
func underWay(t *testing.T, opts ...richmedia.Option) *bed {
	t.Helper()
	b := refreshBed(t, 10, append(opts, richmedia.WithStore(richmedia.NewMemoryStore(1)))...)
	b.use(t, cat())
	b.use(t, cat())
	remove := b.Delay(richmediatest.OpUpload, -1, 20*time.Second)
	for range 300 {
		if b.uploads() == 2 {
			break
		}
		time.Sleep(time.Second)
		synctest.Wait()
	}
	require.Equal(t, 2, b.uploads(), "under way")
	b.use(t, cat())
	require.Equal(t, 2, b.uploads(), "and what there is can be used meanwhile")
	remove()
	b.use(t, picture(t, "pushes cat out of the store"))
	require.Equal(t, 3, b.uploads())
	return b
}

func TestAReplyThatMissesAnUploadWaitsForItsRenewal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var rec recorder
		b := underWay(t, rec.option())
		rec.takeUploads()
		b.use(t, cat())
		assert.Equal(t, 3, b.uploads())
		synctest.Wait()
		routes := map[richmedia.UploadRoute]bool{}
		for _, up := range rec.takeUploads() {
			routes[up.Route] = up.Ahead
		}
		assert.Equal(t, map[richmedia.UploadRoute]bool{richmedia.RouteJoined: false, richmedia.RouteInline: true}, routes)
	})
}

func TestARenewalJoinsAnUploadThatHasBegun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var rec recorder
		b := refreshBed(t, 10, rec.option(), richmedia.WithStore(richmedia.NewMemoryStore(1)))
		b.use(t, cat())
		b.use(t, cat())
		time.Sleep(shortDue * 14 / 16)
		b.use(t, picture(t, "pushes cat out of the store"))
		rec.takeUploads()
		b.Delay(richmediatest.OpUpload, -1, 28*time.Second)
		b.use(t, cat())
		synctest.Wait()
		assert.Equal(t, 3, b.uploads())
		routes := map[richmedia.UploadRoute]bool{}
		for _, up := range rec.takeUploads() {
			routes[up.Route] = up.Ahead
		}
		assert.Equal(t, map[richmedia.UploadRoute]bool{richmedia.RouteJoined: true, richmedia.RouteInline: false}, routes)
	})
}

func TestAReplyThatJoinsAFailedRenewalUploadsItself(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := underWay(t)
		gone := b.Group("club")
		gone.Mute(true)
		fine := target(b.Group("fine"))
		_, err := b.media.Upload(t.Context(), fine, richmedia.KindImage, cat())
		require.NoError(t, err)
		assert.Equal(t, 4, b.uploads())
		synctest.Wait()
		assert.Contains(t, b.log.text(), "was not renewed")
	})
}

func TestARenewalEndsWithTheUpload(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := refreshBed(t, 10, richmedia.WithRetries(100))
		b.use(t, cat())
		b.use(t, cat())
		b.Stall(richmediatest.OpUpload, -1)
		time.Sleep(shortTTL - time.Second)
		assert.NotContains(t, b.log.text(), "was not renewed")
		time.Sleep(2 * time.Second)
		assert.Contains(t, b.log.text(), "the upload ended before it was renewed")
		tried := b.uploads()
		time.Sleep(time.Hour)
		assert.Equal(t, tried, b.uploads())
	})
}

func TestProcessesThatShareAStoreShareRenewals(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := richmedia.NewMemoryStore(0)
		p := richmediatest.New(richmediatest.WithTTL(shortTTL))
		var recs [4]recorder
		var beds []*bed
		for i := range recs {
			b := newBedOn(t, p, richmedia.WithStore(store), richmedia.WithRefreshAhead(10), recs[i].option())
			beds = append(beds, b)
		}
		p.Delay(richmediatest.OpUpload, -1, 100*time.Millisecond)
		const hours = 4
		for range hours * 3600 / 20 {
			for _, b := range beds {
				b.use(t, cat())
			}
			time.Sleep(20 * time.Second)
		}
		waited, taken := 0, 0
		for i := range recs {
			for _, up := range recs[i].takeUploads() {
				switch {
				case up.Ahead && up.Route == richmedia.RouteCache:
					taken++
				case !up.Ahead && up.Route != richmedia.RouteCache:
					waited++
				}
			}
		}
		assert.Equal(t, 1, waited)
		// One renewal of the four for each upload, but where two come within its 100 ms.
		assert.Less(t, p.Count(richmediatest.OpUpload), 3*int(hours*time.Hour/shortDue)/2)
		t.Logf("%d uploads in %d hours by 4 processes, %d renewals found a newer upload", p.Count(richmediatest.OpUpload), hours, taken)
	})
}

func TestTwoRenewalsRunAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := refreshBed(t, 10)
		for range 2 {
			for i := range 8 {
				b.use(t, picture(t, fmt.Sprint(i)))
			}
		}
		var mu sync.Mutex
		now, most := 0, 0
		b.Intercept(richmediatest.OpUpload, func(w http.ResponseWriter, r *http.Request, next http.Handler) {
			mu.Lock()
			now++
			most = max(most, now)
			mu.Unlock()
			time.Sleep(15 * time.Second)
			next.ServeHTTP(w, r)
			mu.Lock()
			now--
			mu.Unlock()
		})
		time.Sleep(shortTTL)
		mu.Lock()
		defer mu.Unlock()
		assert.Equal(t, 2, most)
		assert.Equal(t, 16, b.uploads())
	})
}

func TestARenewalSendsOnePartAtATime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBedOn(t, richmediatest.New(richmediatest.WithTTL(shortTTL), richmediatest.WithParts(richmediatest.PartShape{BlockSize: 100_000, Concurrency: 4})),
			richmedia.WithInlineLimit(0), richmedia.WithRefreshAhead(10))
		var now, most atomic.Int32
		b.Intercept(richmediatest.OpPart, func(w http.ResponseWriter, r *http.Request, next http.Handler) {
			if n := now.Add(1); n > most.Load() {
				most.Store(n)
			}
			time.Sleep(time.Second)
			next.ServeHTTP(w, r)
			now.Add(-1)
		})
		big := picture(t, strings.Repeat("x", 1_000_000))
		b.use(t, big)
		b.use(t, big)
		assert.Equal(t, int32(4), most.Swap(0))
		time.Sleep(shortTTL)
		assert.Equal(t, int32(1), most.Load())
		assert.Len(t, b.Uploads(), 2)
	})
}

func TestARefusedUploadIsReplacedAndItsSuccessorIsRenewed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := refreshBed(t, 10, richmedia.WithReplyLimits(richmedia.ScopeGroup, 0, 0))
		reply := func() {
			t.Helper()
			_, err := b.context(t, b.Group("club")).ReplyImage(t.Context(), cat())
			require.NoError(t, err)
		}
		reply()
		reply()
		time.Sleep(100 * time.Second)
		b.ExpireUploads()
		reply()
		reply()
		assert.Equal(t, 2, b.uploads())
		time.Sleep(shortDue * 14 / 16)
		assert.Equal(t, 2, b.uploads(), "the old one's renewal is off")
		time.Sleep(shortDue * 2 / 16)
		assert.Equal(t, 3, b.uploads())
	})
}
