package dispatch_test

import (
	"context"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/botgo-contrib/richmedia/internal/dispatch"
)

// plain is a Dispatcher for tasks that are never overdue.
type plain struct{ *dispatch.Dispatcher }

func newPlain(workers, queue int) plain { return plain{dispatch.New(workers, queue)} }

func (p plain) Submit(ctx context.Context, key string, task func()) error {
	return p.Dispatcher.Submit(ctx, key, func(func()) { task() })
}

func TestATaskThatIsOverdueHoldsUpItsOwnKeyOnly(t *testing.T) {
	ends := map[string]func(){"return": func() {}, "panic": func() { panic("by a test") }, "goexit": runtime.Goexit}
	for name, end := range ends {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d := dispatch.New(1, 10)
				stuck := make(chan struct{})
				var order []string
				note := func(s string) func(func()) { return func(func()) { order = append(order, s) } }
				require.NoError(t, d.Submit(t.Context(), "a", func(overdue func()) {
					timer := time.AfterFunc(time.Minute, func() { overdue(); overdue() })
					defer timer.Stop()
					defer overdue() // at its end it means nothing any more
					<-stuck
					order = append(order, "stuck")
					end()
				}))
				require.NoError(t, d.Submit(t.Context(), "a", note("a")))
				require.NoError(t, d.Submit(t.Context(), "b", note("b")))
				time.Sleep(59 * time.Second)
				synctest.Wait()
				require.Empty(t, order, "the one worker is taken")
				time.Sleep(time.Second)
				synctest.Wait()
				require.Equal(t, []string{"b"}, order)
				ctx, cancel := context.WithTimeout(t.Context(), time.Second)
				defer cancel()
				require.Error(t, d.Drain(ctx), "it is still waited for")
				close(stuck)
				require.NoError(t, d.Drain(t.Context()))
				require.Equal(t, []string{"b", "stuck", "a"}, order)
			})
		})
	}
}

func TestOverdueTasksDoNotRaiseTheNumberOfWorkers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := dispatch.New(2, 100)
		running, most := 0, 0
		lock := make(chan struct{}, 1)
		for i := range 20 {
			key := string(rune('a' + i))
			require.NoError(t, d.Submit(t.Context(), key, func(overdue func()) { overdue(); time.Sleep(time.Minute) }))
			require.NoError(t, d.Submit(t.Context(), key, func(func()) {
				lock <- struct{}{}
				running++
				most = max(most, running)
				<-lock
				time.Sleep(time.Second)
				lock <- struct{}{}
				running--
				<-lock
			}))
		}
		require.NoError(t, d.Drain(t.Context()))
		require.Equal(t, 2, most)
	})
}
