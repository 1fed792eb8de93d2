package dispatch_test

import (
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/botgo-contrib/richmedia/internal/dispatch"
)

// notices is a Config.Notice that keeps what it receives, as lines.
type notices struct {
	mu    sync.Mutex
	start time.Time
	lines []string
}

func (n *notices) add(notice dispatch.Notice) {
	n.mu.Lock()
	defer n.mu.Unlock()
	kind := map[dispatch.NoticeKind]string{dispatch.Slow: "slow", dispatch.Full: "full", dispatch.Starved: "starved"}[notice.Kind]
	n.lines = append(n.lines, fmt.Sprint(time.Since(n.start), " ", kind, notice.Label, " ", notice.Stats.Queued, notice.Stats.Running, notice.Stats.Overdue))
}

func (n *notices) take() []string {
	n.mu.Lock()
	defer n.mu.Unlock()
	lines := n.lines
	n.lines = nil
	return lines
}

func watched(workers, queue int) (*dispatch.Dispatcher, *notices) {
	n := &notices{start: time.Now()}
	return dispatch.New(dispatch.Config{Workers: workers, Queue: queue, Slow: slow, Starved: 10 * time.Second, Notice: n.add}), n
}

func TestASlowTaskIsNamedOnceAMinute(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, n := watched(8, 100)
		for i := range 4 {
			require.NoError(t, d.Submit(t.Context(), dispatch.Task{
				Key: fmt.Sprint(i), Label: fmt.Sprint("-", i), Run: func() { time.Sleep(5 * time.Minute) },
			}))
			synctest.Wait()
			time.Sleep(25 * time.Second)
		}
		require.NoError(t, d.Drain(t.Context(), nil))
		require.Equal(t, []string{"30s slow-0 0 1 1", "1m45s slow-3 0 0 4"}, n.take(), "the others are overdue at 55 s and 80 s")
	})
}

func TestAFullQueueIsNamedOnceAMinute(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := &notices{start: time.Now()}
		d := dispatch.New(dispatch.Config{Workers: 1, Queue: 2, Notice: n.add})
		for i := range 12 {
			require.NoError(t, d.Submit(t.Context(), dispatch.Task{Key: fmt.Sprint(i), Run: func() { time.Sleep(9 * time.Second) }}))
			synctest.Wait()
		}
		require.NoError(t, d.Drain(t.Context(), nil))
		require.Equal(t, []string{"0s full 2 1 0", "1m3s full 2 1 0"}, n.take())
	})
}

func TestWorkersThatAreAllBusyForTenSecondsAreNamedOnceAMinute(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, n := watched(2, 1000)
		work := func(key string, length time.Duration) {
			require.NoError(t, d.Submit(t.Context(), dispatch.Task{Key: key, Run: func() { time.Sleep(length) }}))
			synctest.Wait()
		}
		work("a", 9*time.Second)
		work("b", 9*time.Second)
		work("c", 0) // it waits for 9 s
		for range 5 {
			work("a", 9*time.Second) // its own key's tasks wait for each other, and not for a worker
		}
		time.Sleep(30 * time.Second)
		require.Empty(t, n.take())
		require.NoError(t, d.Drain(t.Context(), nil))

		d, n = watched(2, 1000)
		for i := range 300 { // none ends at a full second
			work(fmt.Sprint(i), 990*time.Millisecond)
		}
		require.NoError(t, d.Drain(t.Context(), nil))
		require.Equal(t, []string{"10s starved 278 2 0", "1m10s starved 158 2 0", "2m10s starved 36 2 0"}, n.take())
	})
}

func TestANoticeThatPanicsStopsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := dispatch.New(dispatch.Config{Workers: 1, Queue: 1, Slow: slow, Notice: func(dispatch.Notice) { panic("by a test") }})
		for i := range 4 {
			require.NoError(t, d.Submit(t.Context(), dispatch.Task{Key: fmt.Sprint(i), Run: func() { time.Sleep(time.Minute) }}))
		}
		require.NoError(t, d.Drain(t.Context(), nil))
	})
}

// Who drains may close the log after it.
func TestDrainWaitsForANoticeUnderWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var read time.Duration
		start := time.Now()
		d := dispatch.New(dispatch.Config{Workers: 2, Queue: 2, Slow: slow, Notice: func(dispatch.Notice) {
			time.Sleep(time.Minute)
			read = time.Since(start)
		}})
		require.NoError(t, d.Submit(t.Context(), dispatch.Task{Key: "a", Run: func() { time.Sleep(slow + time.Second) }}))
		synctest.Wait()
		time.Sleep(slow + 2*time.Second) // the task is over
		self := new(int)
		drained := make(chan time.Duration, 1)
		require.NoError(t, d.Submit(t.Context(), dispatch.Task{Key: "b", ID: self, Run: func() {
			assert.NoError(t, d.Drain(t.Context(), self))
			drained <- time.Since(start)
		}}))
		synctest.Wait()
		require.NoError(t, d.Drain(t.Context(), nil))
		require.Equal(t, slow+time.Minute, read)
		require.Equal(t, slow+time.Minute, time.Since(start))
		require.Equal(t, slow+time.Minute, <-drained)
	})
}
