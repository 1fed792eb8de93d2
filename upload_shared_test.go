package richmedia_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
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

func TestFiftyChatsShareOneUpload(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBed(t)
		b.Delay(richmediatest.OpUpload, -1, time.Second)
		var wg sync.WaitGroup
		for i := range 50 {
			c := b.context(t, b.Group(fmt.Sprint(i)))
			wg.Go(func() {
				_, err := c.ReplyImage(t.Context(), richmedia.FromReader("cat.png", bytes.NewReader(readMedia(t, "cat.png"))))
				assert.NoError(t, err)
			})
		}
		wg.Wait()
		assert.Len(t, b.Uploads(), 1)
		for i := range 50 {
			assert.Len(t, b.Group(fmt.Sprint(i)).Answers(), 1)
		}
	})
}

func TestASharedUploadOutlivesItsFirstCaller(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBed(t)
		b.Delay(richmediatest.OpUpload, 1, 10*time.Second)
		first, cancel := context.WithCancel(t.Context())
		src := func() richmedia.Source {
			return richmedia.FromReader("cat.png", bytes.NewReader(readMedia(t, "cat.png")))
		}
		var wg sync.WaitGroup
		wg.Go(func() {
			_, err := b.media.Upload(first, target(b.Group("a")), richmedia.KindImage, src())
			assert.ErrorIs(t, err, context.Canceled)
		})
		synctest.Wait()
		wg.Go(func() {
			_, err := b.media.Upload(t.Context(), target(b.Group("b")), richmedia.KindImage, src())
			assert.NoError(t, err)
		})
		time.Sleep(time.Second)
		cancel()
		wg.Wait()
		assert.Equal(t, 1, b.Count(richmediatest.OpUpload))
	})
}

func TestAnUploadThatNobodyWaitsForIsCancelled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBed(t)
		cancelled := make(chan struct{})
		b.Intercept(richmediatest.OpUpload, func(_ http.ResponseWriter, r *http.Request, _ http.Handler) {
			<-r.Context().Done()
			close(cancelled)
			panic(http.ErrAbortHandler)
		})
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		began := time.Now()
		_, err := b.media.Upload(ctx, target(b.Group("a")), richmedia.KindImage, cat())
		require.ErrorIs(t, err, context.DeadlineExceeded)
		<-cancelled
		assert.Equal(t, time.Second, time.Since(began))
	})
}

func TestAnUploadThatFailsForOneChatSucceedsForTheOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBed(t)
		muted, fine := b.Group("muted"), b.Group("fine")
		b.Intercept(richmediatest.OpUpload, func(w http.ResponseWriter, r *http.Request, next http.Handler) {
			time.Sleep(time.Second)
			if strings.Contains(r.URL.Path, muted.OpenID()) {
				w.WriteHeader(http.StatusBadRequest)
				_, _ = w.Write([]byte(`{"code":40034101,"message":"机器人不在群内"}`))
				return
			}
			next.ServeHTTP(w, r)
		})
		var wg sync.WaitGroup
		wg.Go(func() {
			_, err := b.media.Upload(t.Context(), target(muted), richmedia.KindImage, cat())
			assert.ErrorIs(t, err, richmedia.ErrNotPermitted)
		})
		synctest.Wait()
		for range 3 {
			wg.Go(func() {
				_, err := b.media.Upload(t.Context(), target(fine), richmedia.KindImage, cat())
				assert.NoError(t, err)
			})
		}
		wg.Wait()
		assert.Equal(t, 2, b.Count(richmediatest.OpUpload))
	})
}

// panicsWhenOpened panics when it is opened for the n-th time, after a while.
func panicsWhenOpened(n int32, after time.Duration) richmedia.Source {
	var opened atomic.Int32
	return richmedia.FromOpener("x.txt", func(context.Context) (io.ReadCloser, error) {
		if opened.Add(1) >= n {
			time.Sleep(after)
			panic("the opener")
		}
		return seekCloser{bytes.NewReader([]byte("hello"))}, nil
	})
}

func TestAPanicInASharedUploadReachesEachCallerAsAnError(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBed(t)
		var wg sync.WaitGroup
		for i := range 3 {
			c := b.context(t, b.Group(fmt.Sprint(i)))
			wg.Go(func() {
				_, err := c.ReplyFile(t.Context(), panicsWhenOpened(2, time.Second))
				var up *richmedia.UploadError
				assert.ErrorAs(t, err, &up)
				var panicked *richmedia.PanicError
				if assert.ErrorAs(t, err, &panicked) {
					assert.Equal(t, "the opener", panicked.Value)
					assert.Contains(t, string(panicked.Stack), "upload_shared_test.go")
				}
				assert.Equal(t, 5, left(c))
			})
		}
		wg.Wait()
		assert.Empty(t, b.Uploads())
	})
}

func TestAPanicInASharedUploadDoesNotFailOtherCallers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBed(t)
		broken, fine := b.context(t, b.Group("broken")), b.context(t, b.Group("fine"))
		failed := make(chan error, 1)
		go func() {
			_, err := broken.ReplyFile(t.Context(), panicsWhenOpened(2, time.Second))
			failed <- err
		}()
		synctest.Wait()
		_, err := fine.ReplyFile(t.Context(), richmedia.FromBytes("x.txt", []byte("hello")))
		require.NoError(t, err, "it has a source of its own")
		var panicked *richmedia.PanicError
		require.ErrorAs(t, <-failed, &panicked)
		assert.Len(t, b.Uploads(), 1)
	})
}

func TestACallerThatLeavesWhileDigestsAreComputedDoesNotRace(t *testing.T) {
	b := newBed(t, richmedia.WithInlineLimit(10), richmedia.WithTrace(richmedia.Trace{Upload: func(richmedia.UploadInfo) {}}))
	content := noise(3 << 20)
	reading, goOn := make(chan struct{}), make(chan struct{})
	var n atomic.Int32
	src := richmedia.FromOpener("x", func(context.Context) (io.ReadCloser, error) {
		if n.Add(1) == 2 {
			close(reading)
			<-goOn
		}
		return seekCloser{bytes.NewReader(content)}, nil
	})
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	wg.Go(func() {
		_, err := b.media.Upload(ctx, target(b.Group("club")), richmedia.KindFile, src, richmedia.WithCacheKey("k"))
		assert.ErrorIs(t, err, context.Canceled)
	})
	<-reading
	wg.Go(func() {
		time.AfterFunc(20*time.Millisecond, cancel) // whichever comes first, it is waited for below
		time.AfterFunc(40*time.Millisecond, func() { close(goOn) })
		_, err := b.media.Upload(t.Context(), target(b.Group("club")), richmedia.KindFile, src, richmedia.WithCacheKey("k"))
		assert.NoError(t, err)
	})
	wg.Wait()
}
