package richmedia_test

import (
	"bytes"
	"context"
	"fmt"
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

func TestShutdownDoesNotWaitForWhatIsToBeRenewedLater(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := refreshBed(t, 10)
		b.use(t, cat())
		b.use(t, cat())
		synctest.Wait()
		ended, cancel := context.WithCancel(t.Context())
		began := time.Now()
		require.NoError(t, b.media.Shutdown(t.Context()))
		assert.Zero(t, time.Since(began))
		cancel()
		require.NoError(t, b.media.Shutdown(ended), "nothing is left")
		time.Sleep(time.Hour)
		assert.Equal(t, 1, b.uploads())
	})
}

func TestNothingIsRenewedWhileShutdownDrains(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := refreshBed(t, 10)
		b.onGroup(func(ctx context.Context, c *richmedia.Context) error {
			_, err := c.ReplyImage(ctx, cat()) // accepted before the end
			time.Sleep(shortTTL)
			return err
		})
		b.use(t, cat())
		b.Group("club").Say("alice", "hi")
		began := time.Now()
		require.NoError(t, b.media.Shutdown(t.Context()))
		assert.Equal(t, shortTTL, time.Since(began))
		assert.Equal(t, 1, b.uploads())
	})
}

func TestCloseWaitsForASourceThatIsBeingReadForARenewal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := refreshBed(t, 10)
		var opening, opened atomic.Int32
		closing := make(chan struct{})
		src := richmedia.FromOpener("cat.png", func(context.Context) (io.ReadCloser, error) {
			if opening.Add(1) > 2 {
				<-closing
				time.Sleep(4 * time.Second) // ignores ctx
			}
			opened.Add(1)
			return io.NopCloser(bytes.NewReader(readMedia(t, "cat.png"))), nil
		})
		b.use(t, src)
		b.use(t, src)
		time.Sleep(shortDue)
		assert.Equal(t, int32(3), opening.Load())
		close(closing)
		require.NoError(t, b.media.Close())
		assert.Equal(t, int32(3), opened.Load())
		assert.Equal(t, 1, b.uploads())
	})
}

func TestShutdownAndCloseCancelRenewalsAndWaitForThem(t *testing.T) {
	for name, end := range map[string]func(*richmedia.Plugin) error{
		"shutdown": func(p *richmedia.Plugin) error { return p.Shutdown(context.Background()) },
		"close":    (*richmedia.Plugin).Close,
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var rec recorder
				b := refreshBed(t, 10, rec.option())
				b.use(t, cat())
				b.use(t, cat())
				rec.takeUploads()
				var returned atomic.Bool
				b.Intercept(richmediatest.OpUpload, func(_ http.ResponseWriter, r *http.Request, _ http.Handler) {
					<-r.Context().Done()
					time.Sleep(time.Second) // it is in no hurry
					returned.Store(true)
					panic(http.ErrAbortHandler)
				})
				time.Sleep(shortDue)
				assert.Equal(t, 2, b.uploads())
				began := time.Now()
				require.NoError(t, end(b.media))
				assert.Equal(t, time.Second, time.Since(began))
				assert.True(t, returned.Load())
				require.ErrorIs(t, rec.theUpload(t).Err, richmedia.ErrClosed)
				assert.NotContains(t, b.log.text(), "was not renewed", "this is no failure")
			})
		})
	}
}

func TestShutdownFinishesARenewalThatAReplyWaitsFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := underWay(t)
		got := make(chan error, 1)
		go func() {
			_, err := b.media.Upload(context.Background(), target(b.Group("club")), richmedia.KindImage, cat())
			got <- err
		}()
		synctest.Wait()
		require.NoError(t, b.media.Shutdown(t.Context()))
		require.NoError(t, <-got)
		assert.Equal(t, 3, b.uploads())
	})
}

func TestUsesRenewalsAndShutdownDoNotRace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := refreshBed(t, 3)
		var wg sync.WaitGroup
		for i := range 8 {
			wg.Go(func() {
				for n := 0; ; n++ {
					_, err := b.media.Upload(context.Background(), target(b.Group(fmt.Sprint(i))), richmedia.KindImage, picture(t, fmt.Sprint(n%(i+2))))
					if err != nil {
						assert.ErrorIs(t, err, richmedia.ErrClosed)
						return
					}
					time.Sleep(time.Duration(1+i) * 7 * time.Second)
				}
			})
		}
		time.Sleep(time.Hour)
		require.NoError(t, b.media.Shutdown(t.Context()))
		wg.Wait()
	})
}
