package dispatch_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/botgo-contrib/richmedia/internal/dispatch"
)

// stuck is a Dispatcher whose one worker is taken until release is called, which waits for everything.
func stuck(t *testing.T, queue int) (d plain, release func()) {
	d = newPlain(1, queue)
	hang := make(chan struct{})
	require.NoError(t, d.Submit(t.Context(), "hung", func() { <-hang }))
	synctest.Wait()
	return d, func() {
		close(hang)
		synctest.Wait()
		require.NoError(t, d.Drain(t.Context()))
		require.Zero(t, d.Stats())
	}
}

func TestTheLastQuarterOfTheQueueIsForKeysBelowTheirShare(t *testing.T) {
	for _, test := range []struct{ queue, one, others int }{
		{8, 6, 2},
		{9, 7, 2},
		{11, 9, 2},
		{12, 9, 3},
		{1024, 768, 256},
		{4096, 3072, 1024},
	} {
		synctest.Test(t, func(t *testing.T) {
			d, release := stuck(t, test.queue)
			fill := func(key string) (n int) {
				for {
					ctx, cancel := context.WithTimeout(t.Context(), time.Second)
					err := d.Submit(ctx, key, func() {})
					cancel()
					if err != nil {
						require.Equal(t, d.Stats().Queued == test.queue && n == 0, errors.Is(err, context.DeadlineExceeded), err)
						return n
					}
					n++
				}
			}
			require.Equal(t, test.one, fill("lively"))
			require.ErrorIs(t, d.Submit(t.Context(), "lively", func() {}), dispatch.ErrBusy)
			require.Equal(t, test.others, fill("other"))
			require.Equal(t, test.queue, d.Stats().Queued)
			require.ErrorIs(t, d.Submit(t.Context(), "lively", func() {}), dispatch.ErrBusy, "rather than blocking")
			require.ErrorIs(t, d.Submit(t.Context(), "other", func() {}), dispatch.ErrBusy)
			require.Zero(t, fill("third"), "a full queue blocks")
			release()
		})
	}
}

func TestASmallQueueHasNoShares(t *testing.T) {
	for queue := 1; queue < 8; queue++ {
		synctest.Test(t, func(t *testing.T) {
			d, release := stuck(t, queue)
			for range queue {
				require.NoError(t, d.Submit(t.Context(), "lively", func() {}))
			}
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			require.ErrorIs(t, d.Submit(ctx, "lively", func() {}), context.DeadlineExceeded)
			release()
		})
	}
}

func TestBlockedCallersCountForTheirKey(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, release := stuck(t, 8)
		for i := range 8 {
			require.NoError(t, d.Submit(t.Context(), fmt.Sprint(i), func() {}))
		}
		ctx, cancel := context.WithCancel(t.Context())
		errs := make(chan error, 9)
		for range 9 {
			go func() { errs <- d.Submit(ctx, "lively", func() {}) }()
		}
		synctest.Wait()
		require.Len(t, errs, 7, "all but a quarter of the queue")
		for range 7 {
			require.ErrorIs(t, <-errs, dispatch.ErrBusy)
		}
		cancel()
		require.ErrorIs(t, <-errs, context.Canceled)
		require.ErrorIs(t, <-errs, context.Canceled)
		got := make(chan error, 1)
		go func() { got <- d.Submit(t.Context(), "lively", func() {}) }()
		synctest.Wait()
		require.Empty(t, got, "who has left no longer counts")
		release()
		require.NoError(t, <-got)
	})
}

// TestALivelyChatDoesNotDelayTheOthers is 1,400 messages of one group with a handler of 20 ms: another group's message
// waits no longer than on an idle bot.
func TestALivelyChatDoesNotDelayTheOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newPlain(16, 1024)
		busy := 0
		for i := range 1400 {
			start := time.Now()
			err := d.Submit(t.Context(), "lively", func() { time.Sleep(20 * time.Millisecond) })
			if errors.Is(err, dispatch.ErrBusy) {
				busy++
			} else {
				require.NoError(t, err)
			}
			if i%100 == 0 {
				ran := make(chan time.Duration, 1)
				require.NoError(t, d.Submit(t.Context(), fmt.Sprint("quiet", i), func() { ran <- time.Since(start) }))
				require.Zero(t, <-ran)
			}
			require.Zero(t, time.Since(start), "botgo's loop is not blocked")
		}
		require.Equal(t, 1400-768-1, busy, "one runs")
		require.NoError(t, d.Drain(t.Context()))
	})
}
