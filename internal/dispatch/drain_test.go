package dispatch_test

import (
	"context"
	"errors"
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
			_ = d.Drain(ctx, nil)
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
	require.Zero(t, d.Stats())
}

func TestDiscardDropsWhatHasNotStartedAndSaysHowMany(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newPlain(1, 10)
		var done atomic.Int32
		task := func() { time.Sleep(time.Second); done.Add(1) }
		for i := range 8 {
			require.NoError(t, d.Submit(t.Context(), fmt.Sprint(i%4), task))
			require.NoError(t, d.Beside(nil, task))
		}
		synctest.Wait()
		require.Equal(t, dispatch.Stats{Queued: 7, Running: 1, Beside: 4, Waiting: 4}, d.Stats())
		queued, beside := d.Discard()
		require.Equal(t, []int{7, 4}, []int{queued, beside})
		require.Equal(t, dispatch.Stats{Running: 1, Beside: 4}, d.Stats())
		require.ErrorIs(t, d.Beside(nil, task), dispatch.ErrClosed)
		queued, beside = d.Discard()
		require.Zero(t, queued+beside)
		require.NoError(t, d.Drain(t.Context()))
		require.EqualValues(t, 5, done.Load())
	})
}

func TestATaskThatDrainsIsNotWaitedForByItself(t *testing.T) {
	for _, test := range []struct {
		name string
		run  func(d plain, id any, task func()) error
	}{
		{"in the queue", func(d plain, id any, task func()) error {
			return d.Dispatcher.Submit(context.Background(), dispatch.Task{Key: "a", ID: id, Run: task})
		}},
		{"beside", func(d plain, id any, task func()) error { return d.Beside(id, task) }},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d := newPlain(2, 10)
				start := time.Now()
				self := new(int)
				var drained, over time.Duration
				require.NoError(t, test.run(d, self, func() {
					time.Sleep(time.Second)
					if err := d.Dispatcher.Drain(t.Context(), self); err != nil {
						t.Error(err)
					}
					drained = time.Since(start)
					time.Sleep(time.Minute)
					over = time.Since(start)
				}))
				require.NoError(t, d.Submit(t.Context(), "b", func() { time.Sleep(5 * time.Second) }))
				require.NoError(t, d.Beside(nil, func() { time.Sleep(10 * time.Second) }))
				require.NoError(t, d.Go(t.Context(), func() { time.Sleep(15 * time.Second) }))
				synctest.Wait()
				if test.name != "beside" {
					require.NoError(t, d.Submit(t.Context(), "a", func() {}), "behind the task itself")
				}
				time.Sleep(2 * time.Second)
				require.NoError(t, d.Drain(t.Context()), "a call from outside waits for all")
				require.Equal(t, 15*time.Second, drained)
				require.Equal(t, 75*time.Second, over)
				require.Equal(t, 75*time.Second, time.Since(start))
			})
		})
	}
}

func TestTwoTasksThatDrainDoNotWaitForEachOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newPlain(4, 10)
		start := time.Now()
		for i := range 3 {
			id := new(int)
			drain := func() {
				time.Sleep(time.Duration(1+i) * time.Second)
				if err := d.Dispatcher.Drain(t.Context(), id); err != nil {
					t.Error(err)
				}
				if time.Since(start) != 5*time.Second {
					t.Error(i, "waited", time.Since(start))
				}
			}
			if i == 2 {
				require.NoError(t, d.Beside(id, drain))
				continue
			}
			require.NoError(t, d.Dispatcher.Submit(t.Context(), dispatch.Task{Key: fmt.Sprint(i), ID: id, Run: drain}))
		}
		require.NoError(t, d.Submit(t.Context(), "other", func() { time.Sleep(5 * time.Second) }))
		time.Sleep(4 * time.Second)
		require.NoError(t, d.Drain(t.Context()))
		require.Equal(t, 5*time.Second, time.Since(start))
	})
}

func TestADrainThatIsGivenUpWaitsForTheTaskAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newPlain(2, 10)
		start := time.Now()
		require.NoError(t, d.Dispatcher.Submit(t.Context(), dispatch.Task{Key: "a", ID: "a", Run: func() {
			time.Sleep(time.Second)
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			if !errors.Is(d.Dispatcher.Drain(ctx, "a"), context.DeadlineExceeded) {
				t.Error("b was not waited for")
			}
			time.Sleep(time.Minute)
		}}))
		require.NoError(t, d.Dispatcher.Submit(t.Context(), dispatch.Task{Key: "b", ID: "b", Run: func() {
			time.Sleep(3 * time.Second)
			if err := d.Dispatcher.Drain(t.Context(), "b"); err != nil {
				t.Error(err)
			}
			if time.Since(start) != time.Minute+2*time.Second {
				t.Error("a was waited for until", time.Since(start))
			}
		}}))
		time.Sleep(4 * time.Second)
		require.NoError(t, d.Drain(t.Context()))
	})
}

func TestATaskBesideIsAcceptedUntilDiscard(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newPlain(1, 10)
		start := time.Now()
		require.NoError(t, d.Submit(t.Context(), "a", func() {
			time.Sleep(time.Second)
			if err := d.Beside(nil, func() { time.Sleep(time.Second) }); err != nil {
				t.Error(err)
			}
		}))
		synctest.Wait()
		require.NoError(t, d.Drain(t.Context()))
		require.Equal(t, 2*time.Second, time.Since(start))
		require.NoError(t, d.Beside(nil, func() { time.Sleep(time.Second) }), "of a handler that is counted elsewhere")
		require.NoError(t, d.Drain(t.Context()))
		require.Equal(t, 3*time.Second, time.Since(start))
	})
}

func TestDrainByATaskDoesNotWaitForAnotherThatIsExempt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newPlain(2, 10)
		release := make(chan struct{})
		require.NoError(t, d.Beside("waits elsewhere", func() { <-release }))
		drained := make(chan error, 1)
		require.NoError(t, d.Dispatcher.Submit(t.Context(), dispatch.Task{Key: "a", ID: "self", Run: func() {
			drained <- d.Dispatcher.Drain(t.Context(), "self")
		}}))
		synctest.Wait()
		require.Empty(t, drained)
		readmit := d.Exempt("waits elsewhere")
		require.NoError(t, <-drained)
		readmit()
		ctx, cancel := context.WithTimeoutCause(t.Context(), time.Second, io.ErrNoProgress)
		defer cancel()
		require.Equal(t, io.ErrNoProgress, d.Dispatcher.Drain(ctx, "another"), "it is waited for again")
		close(release)
		require.NoError(t, d.Drain(t.Context()))
	})
}
