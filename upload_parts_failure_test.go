package richmedia_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
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

func TestPartsThatShareASlowConnectionAreNotCancelled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := inParts(t, richmediatest.PartShape{BlockSize: 1 << 20, Concurrency: 4})
		var now atomic.Int32
		b.Intercept(richmediatest.OpPart, func(w http.ResponseWriter, r *http.Request, next http.Handler) {
			now.Add(1)
			defer now.Add(-1)
			var body bytes.Buffer // at 4 KiB/s for all of them
			for {
				n, err := io.CopyN(&body, r.Body, 16<<10)
				if err != nil || n == 0 {
					break
				}
				time.Sleep(4 * time.Second * time.Duration(now.Load()))
			}
			r.Body = io.NopCloser(&body)
			next.ServeHTTP(w, r)
		})
		_, err := b.media.Upload(t.Context(), target(b.C2C("bob")), richmedia.KindFile, richmedia.FromBytes("x", noise(2<<20)))
		require.NoError(t, err)
		assert.Equal(t, 2, b.Count(richmediatest.OpPart))
	})
}

func TestAStalledConnectionIsCancelled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := inParts(t, richmediatest.PartShape{BlockSize: 1 << 20}, richmedia.WithRetries(0))
		b.Delay(richmediatest.OpPart, -1, time.Hour)
		began := time.Now()
		_, err := b.media.Upload(t.Context(), target(b.C2C("bob")), richmedia.KindFile, richmedia.FromBytes("x", noise(1<<20)))
		require.ErrorContains(t, err, "no answer within")
		assert.Less(t, time.Since(began), 10*time.Minute)
	})
}

func TestAShortOutageOfThePartStorageDoesNotEndAnUpload(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := inParts(t, richmediatest.PartShape{BlockSize: 10, Concurrency: 2})
		began := time.Now()
		b.Intercept(richmediatest.OpPart, func(w http.ResponseWriter, r *http.Request, next http.Handler) {
			if time.Since(began) < 2*time.Second {
				panic(http.ErrAbortHandler)
			}
			next.ServeHTTP(w, r)
		})
		_, err := b.media.Upload(t.Context(), target(b.C2C("bob")), richmedia.KindFile, richmedia.FromBytes("x", noise(95)))
		require.NoError(t, err)
	})
}

func TestAnUploadThatMakesProgressIsPreparedAnewAnyNumberOfTimes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := inParts(t, richmediatest.PartShape{BlockSize: 10, Resume: true}, richmedia.WithRetries(1))
		killAddresses(b, 1000)
		content := noise(300)
		_, err := b.media.Upload(t.Context(), target(b.C2C("bob")), richmedia.KindFile, richmedia.FromBytes("x", content))
		require.NoError(t, err)
		assert.True(t, bytes.Equal(content, b.Uploads()[0].Data))
	})
}

func TestAMergeIsRepeatedWithANewUploadWhenItsResponseIsLostAndTheUploadIsGone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := inParts(t, richmediatest.PartShape{BlockSize: 50})
		var n atomic.Int32
		b.Intercept(richmediatest.OpMerge, func(w http.ResponseWriter, r *http.Request, next http.Handler) {
			switch n.Add(1) {
			case 1:
				panic(http.ErrAbortHandler)
			case 2:
				w.WriteHeader(http.StatusBadRequest)
				_, _ = io.WriteString(w, `{"code":40093003,"message":"upload_id does not exist"}`)
			default:
				next.ServeHTTP(w, r)
			}
		})
		_, err := b.media.Upload(t.Context(), target(b.C2C("bob")), richmedia.KindFile, richmedia.FromBytes("x", noise(95)))
		require.NoError(t, err)
		assert.Equal(t, 2, b.Count(richmediatest.OpPrepare))
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

func TestFinishedPartsAreNotSentAgain(t *testing.T) {
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

func TestAnExceededDailyVolumeEndsAnUploadInPartsAtOnce(t *testing.T) {
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

func TestCancellingStopsATransferAtOnce(t *testing.T) {
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
