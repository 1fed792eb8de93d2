package dispatch_test

import (
	"fmt"
	"runtime"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/botgo-contrib/richmedia/internal/dispatch"
)

const slow = 30 * time.Second

// record is what ran, and when.
type record struct {
	mu    sync.Mutex
	start time.Time
	ran   []string
}

func (r *record) add(s string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.ran = append(r.ran, fmt.Sprint(s, " ", time.Since(r.start)))
}

func (r *record) all() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.ran)
}

// note is a task that takes no time.
func (r *record) note(key, s string) dispatch.Task {
	return dispatch.Task{Key: key, Run: func() { r.add(s) }}
}

func TestATaskThatIsOverdueDelaysItsOwnKeyOnly(t *testing.T) {
	ends := map[string]func(){"return": func() {}, "panic": func() { panic("by a test") }, "goexit": runtime.Goexit}
	for name, end := range ends {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d := dispatch.New(dispatch.Config{Workers: 1, Queue: 10, Slow: slow})
				r := &record{start: time.Now()}
				require.NoError(t, d.Submit(t.Context(), dispatch.Task{Key: "a", Run: func() {
					time.Sleep(time.Minute)
					r.add("stuck")
					end()
				}}))
				require.NoError(t, d.Submit(t.Context(), r.note("a", "a")))
				require.NoError(t, d.Submit(t.Context(), r.note("b", "b")))
				time.Sleep(slow - time.Nanosecond)
				synctest.Wait()
				require.Equal(t, dispatch.Stats{Queued: 2, Running: 1}, d.Stats())
				time.Sleep(2 * time.Nanosecond)
				synctest.Wait()
				require.Equal(t, dispatch.Stats{Queued: 1, Overdue: 1}, d.Stats())
				require.NoError(t, d.Drain(t.Context(), nil), "it is still waited for")
				require.Equal(t, []string{"b 30s", "stuck 1m0s", "a 1m0s"}, r.all())
				require.Zero(t, d.Stats())
			})
		})
	}
}

// TestNobodyWaitsLongerThanTheSlowTimeBehindHungTasks runs 16 tasks for each worker that hang, and one that does not.
func TestNobodyWaitsLongerThanTheSlowTimeBehindHungTasks(t *testing.T) {
	for _, workers := range []int{1, 4} {
		synctest.Test(t, func(t *testing.T) {
			d := dispatch.New(dispatch.Config{Workers: workers, Queue: 1000, Slow: slow})
			hang := make(chan struct{})
			r := &record{start: time.Now()}
			for i := range 16 * workers {
				require.NoError(t, d.Submit(t.Context(), dispatch.Task{Key: fmt.Sprint("hung", i), Run: func() { <-hang }}))
			}
			// A worker hangs for 30 s at most, 16 times in turn.
			time.Sleep(16*slow + 1)
			synctest.Wait()
			require.Equal(t, dispatch.Stats{Overdue: 16 * workers}, d.Stats())
			r.start = time.Now()
			require.NoError(t, d.Submit(t.Context(), r.note("free", "free")))
			synctest.Wait()
			require.Equal(t, []string{"free 0s"}, r.all())

			for i := range workers { // at most 16 for each worker
				require.NoError(t, d.Submit(t.Context(), dispatch.Task{Key: fmt.Sprint("over", i), Run: func() { <-hang }}))
			}
			require.NoError(t, d.Submit(t.Context(), r.note("free", "free")))
			time.Sleep(time.Hour)
			synctest.Wait()
			require.Equal(t, dispatch.Stats{Queued: 1, Running: workers, Overdue: 16 * workers}, d.Stats())
			require.Len(t, r.all(), 1)
			hang <- struct{}{} // one that is overdue ends, or one that runs does: either way a worker is free again
			synctest.Wait()
			require.Equal(t, []string{"free 0s", "free 1h0m0s"}, r.all())
			close(hang)
			require.NoError(t, d.Drain(t.Context(), nil))
		})
	}
}

func TestOverdueTasksDoNotRaiseTheNumberOfWorkers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := dispatch.New(dispatch.Config{Workers: 2, Queue: 100, Slow: slow})
		var g gauge
		for i := range 20 {
			key := fmt.Sprint(i)
			require.NoError(t, d.Submit(t.Context(), dispatch.Task{Key: key, Run: func() { time.Sleep(10 * time.Minute) }}))
			require.NoError(t, d.Submit(t.Context(), dispatch.Task{Key: key, Run: func() {
				g.add(1)
				time.Sleep(time.Second)
				g.add(-1)
			}}))
		}
		require.NoError(t, d.Drain(t.Context(), nil))
		require.Equal(t, 2, g.most)
	})
}

func TestALateTaskIsDroppedBeforeItRuns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := dispatch.New(dispatch.Config{Workers: 1, Queue: 10})
		r := &record{start: time.Now()}
		submit := func(s string, until time.Duration) {
			task := r.note("a", s)
			task.Until, task.Late = r.start.Add(until), func() { r.add(s + " late") }
			require.NoError(t, d.Submit(t.Context(), task))
		}
		require.NoError(t, d.Submit(t.Context(), dispatch.Task{Key: "a", Run: func() { time.Sleep(10 * time.Second) }}))
		synctest.Wait()
		submit("one", 10*time.Second)
		submit("two", 10*time.Second+1)
		require.NoError(t, d.Submit(t.Context(), dispatch.Task{Key: "a", Until: r.start, Run: func() { t.Error("late, without a callback") }}))
		submit("three", 0)
		require.NoError(t, d.Submit(t.Context(), r.note("a", "four")))
		require.NoError(t, d.Drain(t.Context(), nil))
		require.Equal(t, []string{"one late 10s", "two 10s", "three late 10s", "four 10s"}, r.all())
		require.NoError(t, d.Drain(t.Context(), nil))
	})
}

// TestLateTasksBehindAHungOneDoNotKeepTheQueueFull hangs one key for good: its tasks hold their share only until their
// end, and a caller that is blocked by them is let in then.
func TestLateTasksBehindAHungOneDoNotKeepTheQueueFull(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := dispatch.New(dispatch.Config{Workers: 4, Queue: 16, Slow: slow})
		hang := make(chan struct{})
		r := &record{start: time.Now()}
		var g gauge
		for key := range 4 { // the first holds three quarters, the others what is left
			require.NoError(t, d.Submit(t.Context(), dispatch.Task{Key: fmt.Sprint(key), Run: func() { <-hang }}))
			synctest.Wait()
		}
		behind := func(key string) error {
			return d.Submit(t.Context(), dispatch.Task{
				Key: key, Until: r.start.Add(5 * time.Minute),
				Run: func() { t.Error("it ran") }, Late: func() { g.add(1) },
			})
		}
		for range 12 {
			require.NoError(t, behind("0"))
		}
		require.ErrorIs(t, behind("0"), dispatch.ErrBusy)
		for range 4 {
			require.NoError(t, behind("1"))
		}
		require.ErrorIs(t, behind("1"), dispatch.ErrBusy)
		require.NoError(t, d.Submit(t.Context(), r.note("free", "free")))
		synctest.Wait()
		require.Equal(t, []string{"free 5m0s"}, r.all())
		require.Equal(t, 16, g.now)
		require.NoError(t, d.Submit(t.Context(), r.note("free", "free")))
		close(hang)
		require.NoError(t, d.Drain(t.Context(), nil))
	})
}
