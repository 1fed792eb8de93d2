package dispatch_test

import (
	"context"
	"fmt"
	"io"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/botgo-contrib/richmedia/internal/dispatch"
)

func TestBlockedCallersAreSentAwayOnClosing(t *testing.T) {
	closers := map[string]func(*dispatch.Dispatcher){
		"drain": func(d *dispatch.Dispatcher) {
			ctx, cancel := context.WithCancel(context.Background())
			cancel()
			_ = d.Drain(ctx)
		},
		"discard": func(d *dispatch.Dispatcher) { d.Discard() },
	}
	for name, closeIt := range closers {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d := newPlain(1, 1)
				stuck := make(chan struct{})
				require.NoError(t, d.Submit(t.Context(), "a", func() { <-stuck }))
				synctest.Wait()
				require.NoError(t, d.Submit(t.Context(), "a", func() {}))
				for range 4 {
					require.NoError(t, d.Go(t.Context(), func() { <-stuck }))
				}
				got := make(chan error, 2)
				go func() { got <- d.Submit(t.Context(), "b", func() { t.Error("a refused task ran") }) }()
				go func() { got <- d.Go(t.Context(), func() { t.Error("a refused task ran") }) }()
				synctest.Wait()
				require.Empty(t, got)

				closeIt(d.Dispatcher)
				require.ErrorIs(t, <-got, dispatch.ErrClosed)
				require.ErrorIs(t, <-got, dispatch.ErrClosed)
				require.ErrorIs(t, d.Submit(t.Context(), "c", func() {}), dispatch.ErrClosed)
				require.ErrorIs(t, d.Go(t.Context(), func() {}), dispatch.ErrClosed)
				close(stuck)
				require.NoError(t, d.Drain(t.Context()))
			})
		})
	}
}

func TestDrainWaitsForAllAndCanBeRepeated(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newPlain(2, 10)
		start := time.Now()
		var done atomic.Int32
		for i := range 6 {
			require.NoError(t, d.Submit(t.Context(), fmt.Sprint(i%3), func() { time.Sleep(time.Second); done.Add(1) }))
		}
		require.NoError(t, d.Go(t.Context(), func() { time.Sleep(5 * time.Second); done.Add(1) }))

		short, cancel := context.WithTimeoutCause(t.Context(), time.Second, io.ErrNoProgress)
		defer cancel()
		require.Equal(t, io.ErrNoProgress, d.Drain(short))

		var group sync.WaitGroup
		for range 3 {
			group.Go(func() {
				if d.Drain(t.Context()) != nil || done.Load() != 7 {
					t.Error("drain came back before its time")
				}
			})
		}
		group.Wait()
		require.Equal(t, 5*time.Second, time.Since(start))
		require.NoError(t, d.Drain(short), "nothing to wait for: nil although ctx is over")
	})
}

func TestDrainOfAnUnusedDispatcherReturnsAtOnce(t *testing.T) {
	d := newPlain(0, 0) // each counts as 1
	require.NoError(t, d.Drain(t.Context()))
	require.Zero(t, d.Discard())
}

func TestDiscardDropsWhatHasNotStartedAndSaysHowMany(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newPlain(2, 10)
		var done atomic.Int32
		for i := range 8 {
			require.NoError(t, d.Submit(t.Context(), fmt.Sprint(i%4), func() { time.Sleep(time.Second); done.Add(1) }))
		}
		synctest.Wait()
		require.Equal(t, 6, d.Discard())
		require.Zero(t, d.Discard())
		require.NoError(t, d.Drain(t.Context()))
		require.EqualValues(t, 2, done.Load())
	})
}
