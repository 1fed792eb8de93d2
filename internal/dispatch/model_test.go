package dispatch_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/botgo-contrib/richmedia/internal/dispatch"
)

// model is what must hold of a Dispatcher, counted by the tasks themselves.
type model struct {
	mu       sync.Mutex
	workers  int
	queue    int
	accepted map[string][]int // numbers that Submit took, by key
	ran      map[string][]int
	busy     map[string]bool
	running  int
	faults   []string
}

func (m *model) started(key string, n int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.ran[key] = append(m.ran[key], n)
	m.running++
	if m.busy[key] {
		m.faults = append(m.faults, "two tasks of key "+key+" at once")
	}
	if m.running > m.workers {
		m.faults = append(m.faults, fmt.Sprint(m.running, " tasks at once"))
	}
	m.busy[key] = true
}

func (m *model) ended(key string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.busy[key] = false
	m.running--
}

// task sleeps, and now and then ends in a way it should not.
func (m *model) task(key string, n, fate int, length time.Duration) func() {
	return func() {
		m.started(key, n)
		defer m.ended(key)
		time.Sleep(length)
		switch fate {
		case 0:
			panic("by the model")
		case 1:
			runtime.Goexit()
		}
	}
}

// punctual notes a task that ran after its end, or was late before it.
func (m *model) punctual(ok bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if !ok {
		m.faults = append(m.faults, "late or not late at the wrong time")
	}
}

// produce submits to keys of its own, so that the order within each is known.
func (m *model) produce(d plain, r *rand.Rand, producer int) {
	for n := range 60 {
		key := fmt.Sprint(producer, "-", r.IntN(3))
		ctx, cancel := context.WithTimeout(context.Background(), time.Duration(r.IntN(30))*time.Millisecond)
		fate := r.IntN(20)
		t := dispatch.Task{Key: key, Run: m.task(key, n, fate, time.Duration(r.IntN(10))*time.Millisecond)}
		if r.IntN(4) == 0 {
			t.Until = time.Now().Add(time.Duration(r.IntN(20)) * time.Millisecond)
			run := t.Run
			t.Run = func() { m.punctual(time.Now().Before(t.Until)); run() }
			t.Late = func() { m.punctual(!time.Now().Before(t.Until)); m.task(key, n, fate, 0)() }
		}
		err := d.Dispatcher.Submit(ctx, t)
		cancel()
		m.mu.Lock()
		switch {
		case err == nil:
			m.accepted[key] = append(m.accepted[key], n)
		case !errors.Is(err, context.DeadlineExceeded) && !errors.Is(err, dispatch.ErrClosed) && !errors.Is(err, dispatch.ErrBusy):
			m.faults = append(m.faults, err.Error())
		}
		m.mu.Unlock()
		time.Sleep(time.Duration(r.IntN(8)) * time.Millisecond)
	}
}

// watch looks at the queue bound at quarter milliseconds, when everything stands still: all else happens at whole ones.
func (m *model) watch(stop <-chan struct{}) {
	time.Sleep(250 * time.Microsecond)
	for {
		select {
		case <-stop:
			return
		case <-time.After(500 * time.Microsecond):
		}
		m.mu.Lock()
		waiting := 0
		for key := range m.accepted {
			waiting += max(0, len(m.accepted[key])-len(m.ran[key]))
		}
		if waiting > m.queue {
			m.faults = append(m.faults, fmt.Sprint(waiting, " tasks waiting"))
		}
		m.mu.Unlock()
	}
}

func TestNoTaskIsLostDoubledOrOutOfOrderInAnySchedule(t *testing.T) {
	for seed := range uint64(60) {
		synctest.Test(t, func(t *testing.T) {
			r := rand.New(rand.NewPCG(seed, 1))
			m := &model{
				workers: 1 + r.IntN(5), queue: 1 + r.IntN(16),
				accepted: make(map[string][]int), ran: make(map[string][]int), busy: make(map[string]bool),
			}
			d := newPlain(m.workers, m.queue)
			stop := make(chan struct{})
			go m.watch(stop)
			var producers sync.WaitGroup
			for p := range 6 {
				own := rand.New(rand.NewPCG(seed, uint64(p)+2))
				producers.Go(func() { m.produce(d, own, p) })
			}
			discarded := 0
			if seed%3 != 0 { // close in the middle of it
				time.Sleep(time.Duration(r.IntN(400)) * time.Millisecond)
				if seed%3 == 1 {
					discarded, _ = d.Discard()
				}
				require.NoError(t, d.Drain(t.Context()))
			}
			producers.Wait()
			require.NoError(t, d.Drain(t.Context()))
			close(stop)

			require.Empty(t, m.faults, "seed %d", seed)
			missing := 0
			for key, accepted := range m.accepted {
				ran := m.ran[key]
				// Only the end of a key's tasks can have been discarded; the rest ran once each and in order.
				require.Equal(t, accepted[:len(ran)], append([]int{}, ran...), "seed %d, key %s", seed, key)
				missing += len(accepted) - len(ran)
			}
			require.Equal(t, discarded, missing, "seed %d", seed)
		})
	}
}
