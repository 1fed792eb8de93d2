package dispatch_test

import (
	"context"
	"runtime"
	"slices"
	"sync"
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
				var mu sync.Mutex
				var order []string
				add := func(s string) {
					mu.Lock()
					defer mu.Unlock()
					order = append(order, s)
				}
				ran := func() []string {
					mu.Lock()
					defer mu.Unlock()
					return slices.Clone(order)
				}
				note := func(s string) func(func()) { return func(func()) { add(s) } }
				require.NoError(t, d.Submit(t.Context(), "a", func(overdue func()) {
					timer := time.AfterFunc(time.Minute, func() { overdue(); overdue() })
					defer timer.Stop()
					defer overdue() // at its end it means nothing any more
					<-stuck
					add("stuck")
					end()
				}))
				require.NoError(t, d.Submit(t.Context(), "a", note("a")))
				require.NoError(t, d.Submit(t.Context(), "b", note("b")))
				time.Sleep(59 * time.Second)
				synctest.Wait()
				require.Empty(t, ran(), "the one worker is taken")
				time.Sleep(time.Second)
				synctest.Wait()
				require.Equal(t, []string{"b"}, ran())
				ctx, cancel := context.WithTimeout(t.Context(), time.Second)
				defer cancel()
				require.Error(t, d.Drain(ctx), "it is still waited for")
				close(stuck)
				require.NoError(t, d.Drain(t.Context()))
				require.Equal(t, []string{"b", "stuck", "a"}, ran())
			})
		})
	}
}

func TestOverdueTasksDoNotRaiseTheNumberOfWorkers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := dispatch.New(2, 100)
		var mu sync.Mutex
		running, most := 0, 0
		for i := range 20 {
			key := string(rune('a' + i))
			require.NoError(t, d.Submit(t.Context(), key, func(overdue func()) { overdue(); time.Sleep(time.Minute) }))
			require.NoError(t, d.Submit(t.Context(), key, func(func()) {
				mu.Lock()
				running++
				most = max(most, running)
				mu.Unlock()
				time.Sleep(time.Second)
				mu.Lock()
				running--
				mu.Unlock()
			}))
		}
		require.NoError(t, d.Drain(t.Context()))
		require.Equal(t, 2, most)
	})
}
