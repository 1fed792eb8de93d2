package dispatch_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/botgo-contrib/richmedia/internal/dispatch"
)

func TestMain(m *testing.M) {
	log.SetOutput(io.Discard) // some tasks here panic on purpose
	goleak.VerifyTestMain(m)
}

// plain is a Dispatcher for tasks without an end and without an ID, none of which is ever overdue.
type plain struct{ *dispatch.Dispatcher }

func newPlain(workers, queue int) plain {
	return plain{dispatch.New(dispatch.Config{Workers: workers, Queue: queue})}
}

func (p plain) Submit(ctx context.Context, key string, task func()) error {
	return p.Dispatcher.Submit(ctx, dispatch.Task{Key: key, Run: task})
}

func (p plain) Drain(ctx context.Context) error { return p.Dispatcher.Drain(ctx, nil) }

// gauge remembers the most that it stood at.
type gauge struct {
	mu        sync.Mutex
	now, most int
}

func (g *gauge) add(n int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.now += n
	g.most = max(g.most, g.now)
}

func TestTasksOfOneKeyRunInOrderAndOneAtATime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newPlain(8, 100)
		var order []int // written without a lock: the race detector sees two tasks at once
		for i := range 50 {
			require.NoError(t, d.Submit(t.Context(), "a", func() {
				time.Sleep(time.Duration(50-i) * time.Millisecond)
				order = append(order, i)
			}))
		}
		require.NoError(t, d.Drain(t.Context()))
		for i := range 50 {
			require.Equal(t, i, order[i])
		}
	})
}

func TestKeysRunSideBySideUpToTheWorkers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newPlain(4, 100)
		var g gauge
		start := time.Now()
		for i := range 12 {
			require.NoError(t, d.Submit(t.Context(), fmt.Sprint(i), func() {
				g.add(1)
				time.Sleep(time.Second)
				g.add(-1)
			}))
		}
		require.NoError(t, d.Drain(t.Context()))
		require.Equal(t, 4, g.most)
		require.Equal(t, 3*time.Second, time.Since(start))
	})
}

func TestABusyKeyDoesNotDelayTheOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newPlain(1, 4000)
		start := time.Now()
		for range 1000 {
			require.NoError(t, d.Submit(t.Context(), "busy", func() { time.Sleep(time.Second) }))
		}
		var waited []time.Duration
		for range 2 {
			require.NoError(t, d.Submit(t.Context(), "quiet", func() { waited = append(waited, time.Since(start)) }))
		}
		require.NoError(t, d.Drain(t.Context()))
		require.Equal(t, []time.Duration{time.Second, 2 * time.Second}, waited)
	})
}

func TestSubmitBlocksWhileTheQueueIsFullAndResumesInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newPlain(1, 2)
		start := time.Now()
		var mu sync.Mutex
		var ran []int
		task := func(i int) func() {
			return func() {
				mu.Lock()
				ran = append(ran, i)
				mu.Unlock()
				time.Sleep(time.Second)
			}
		}
		require.NoError(t, d.Submit(t.Context(), "a", task(0)))
		synctest.Wait() // 0 runs and no longer waits
		require.NoError(t, d.Submit(t.Context(), "a", task(1)))
		require.NoError(t, d.Submit(t.Context(), "a", task(2)))
		require.Zero(t, time.Since(start))

		let := make([]time.Duration, 6)
		for i := 3; i < 6; i++ {
			go func() {
				if d.Submit(t.Context(), "a", task(i)) == nil {
					let[i] = time.Since(start)
				}
			}()
			synctest.Wait() // so that they stand in this order
		}
		time.Sleep(10 * time.Second)
		synctest.Wait()
		require.Equal(t, []time.Duration{1 * time.Second, 2 * time.Second, 3 * time.Second}, let[3:])
		require.NoError(t, d.Drain(t.Context()))
		require.Equal(t, []int{0, 1, 2, 3, 4, 5}, ran)
	})
}

func TestABlockedSubmitLeavesWithTheCauseOfItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newPlain(1, 1)
		stuck := make(chan struct{})
		require.NoError(t, d.Submit(t.Context(), "a", func() { <-stuck }))
		synctest.Wait()
		require.NoError(t, d.Submit(t.Context(), "a", func() {}))

		cause := errors.New("had enough")
		ctx, cancel := context.WithTimeoutCause(t.Context(), time.Minute, cause)
		defer cancel()
		require.Equal(t, cause, d.Submit(ctx, "b", func() { t.Error("a refused task ran") }))
		require.Equal(t, 1, d.Stats().Queued)
		require.Equal(t, cause, d.Submit(ctx, "b", func() { t.Error("a refused task ran") }), "ctx over beforehand")

		close(stuck)
		require.NoError(t, d.Submit(t.Context(), "b", func() {}), "the place of the caller that left is not lost")
		require.NoError(t, d.Drain(t.Context()))
	})
}

// lateContext does something when it is asked for Done: that is when its caller already stands in the queue.
type lateContext struct {
	context.Context
	before func()
}

func (c lateContext) Done() <-chan struct{} {
	c.before()
	return c.Context.Done()
}

func TestATaskThatWasLetInIsNotReportedAsRefused(t *testing.T) {
	for range 50 { // select chooses at random
		synctest.Test(t, func(t *testing.T) {
			d := newPlain(1, 1)
			stuck := make(chan struct{})
			require.NoError(t, d.Submit(t.Context(), "a", func() { <-stuck }))
			synctest.Wait()
			require.NoError(t, d.Submit(t.Context(), "a", func() {}))
			ctx, cancel := context.WithCancel(t.Context())
			ran := false
			late := lateContext{ctx, func() { close(stuck); synctest.Wait(); cancel() }}
			require.NoError(t, d.Submit(late, "a", func() { ran = true }))
			require.NoError(t, d.Drain(t.Context()))
			require.True(t, ran)
		})
	}
}

func TestGoPassesEveryQueueAndIsBoundedByItself(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newPlain(1, 1)
		require.NoError(t, d.Submit(t.Context(), "a", func() { time.Sleep(time.Hour) }))
		synctest.Wait()
		require.NoError(t, d.Submit(t.Context(), "a", func() {}))

		start := time.Now()
		var g gauge
		for range 8 {
			require.NoError(t, d.Go(t.Context(), func() {
				g.add(1)
				time.Sleep(time.Second)
				g.add(-1)
			}))
		}
		require.Equal(t, time.Second, time.Since(start), "the second four wait for the first four")
		require.NoError(t, d.Drain(t.Context()))
		require.Equal(t, 4, g.most)
		require.Equal(t, time.Hour, time.Since(start))
	})
}

func TestTasksBesideWaitForEachOtherAndDelayNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newPlain(1, 1)
		r := &record{start: time.Now()}
		var g gauge
		for i := range 10 {
			require.NoError(t, d.Beside(i, func() {
				r.add(fmt.Sprint(i / 4))
				g.add(1)
				time.Sleep(time.Second)
				g.add(-1)
			}))
			if i%4 == 3 {
				synctest.Wait() // so that the order within a second does not matter
			}
		}
		require.Equal(t, dispatch.Stats{Beside: 4, Waiting: 6}, d.Stats())
		require.NoError(t, d.Go(t.Context(), func() { r.add("go") }))
		require.NoError(t, d.Submit(t.Context(), "a", func() { r.add("queue") }))
		synctest.Wait()
		require.ElementsMatch(t, []string{"go 0s", "queue 0s"}, r.all()[4:])
		require.NoError(t, d.Drain(t.Context()))
		require.Equal(t, []string{"1 1s", "1 1s", "1 1s", "1 1s", "2 2s", "2 2s"}, r.all()[6:])
		require.Equal(t, 4, g.most)
	})
}

func BenchmarkSubmit(b *testing.B) {
	for _, keys := range []int{1000} {
		b.Run(fmt.Sprintf("keys=%d", keys), func(b *testing.B) {
			names := make([]string, keys)
			for i := range names {
				names[i] = fmt.Sprint("group:", i)
			}
			d := plain{dispatch.New(dispatch.Config{Workers: 16, Queue: 1024, Slow: slow, Starved: slow, Notice: func(dispatch.Notice) {}})}
			task := func() {}
			ctx := b.Context()
			b.ReportAllocs()
			i := 0
			for b.Loop() {
				if err := d.Submit(ctx, names[i%keys], task); err != nil {
					b.Fatal(err)
				}
				i++
			}
			if err := d.Drain(ctx); err != nil {
				b.Fatal(err)
			}
		})
	}
}

func TestWaitsIsCalledBeforeSubmitBlocksAndOnlyThen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := dispatch.New(dispatch.Config{Workers: 1, Queue: 1})
		var waits, ran int
		submit := func() error {
			return d.Submit(t.Context(), dispatch.Task{
				Key: "a", Waits: func() { waits++; time.Sleep(time.Second) }, Run: func() { ran++; time.Sleep(time.Minute) },
			})
		}
		for range 2 {
			require.NoError(t, submit())
			synctest.Wait()
		}
		require.Zero(t, waits)
		require.NoError(t, submit())
		require.Equal(t, 1, waits)
		require.NoError(t, d.Drain(t.Context(), nil))
		require.Error(t, submit())
		require.Equal(t, []int{1, 3}, []int{waits, ran})
	})
}
