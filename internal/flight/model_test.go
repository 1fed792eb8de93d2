package flight_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/botgo-contrib/richmedia/internal/flight"
	"github.com/botgo-contrib/richmedia/internal/panics"
)

var errClosed = errors.New("closed")

// last is the run of a key that was started last and has not returned.
type last struct {
	number    int
	cancelled func() error
}

// model knows the runs that are alive: started, not returned, and not cancelled.
type model struct {
	mu     sync.Mutex
	alive  map[string]last
	runs   int
	open   int
	faults []string
}

func (m *model) fault(format string, args ...any) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.faults = append(m.faults, fmt.Sprintf(format, args...))
}

// run is a function for Do whose result names the key and the number of the run.
func (m *model) run(key string, length, slow time.Duration, panics bool) func(context.Context) (string, error) {
	return func(ctx context.Context) (string, error) {
		m.mu.Lock()
		if old, ok := m.alive[key]; ok && old.cancelled() == nil {
			m.faults = append(m.faults, "two live runs of "+key)
		}
		m.runs++
		m.open++
		number := m.runs
		m.alive[key] = last{number, ctx.Err}
		result := fmt.Sprint(key, " ", number)
		m.mu.Unlock()
		defer func() {
			m.mu.Lock()
			defer m.mu.Unlock()
			m.open--
			if m.alive[key].number == number {
				delete(m.alive, key)
			}
		}()
		select {
		case <-time.After(length):
		case <-ctx.Done():
			time.Sleep(slow)
			return "", context.Cause(ctx)
		}
		if panics {
			panic("by the model")
		}
		return result, nil
	}
}

// call calls Do and checks that it came back in time with something that it may come back with.
func (m *model) call(life context.Context, g *flight.Group[string], r *rand.Rand) {
	key := fmt.Sprint("k", r.IntN(3))
	// No two things happen in the same millisecond: callers leave at odd thirds, runs end at whole ones.
	patience := time.Duration(r.IntN(20))*time.Millisecond + 333*time.Microsecond
	length, slow := time.Duration(r.IntN(15))*time.Millisecond, time.Duration(r.IntN(10))*time.Millisecond
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	start := time.Now()
	v, leader, err := g.Do(ctx, life, key, m.run(key, length, slow, r.IntN(10) == 0))
	var p *panics.Error
	switch {
	case time.Since(start) > patience:
		m.fault("a caller waited %v and not %v", time.Since(start), patience)
	case err == nil && v[:len(key)] != key:
		m.fault("%s got %q", key, v)
	case errors.Is(err, context.DeadlineExceeded) && time.Since(start) != patience:
		m.fault("a caller left after %v and not %v", time.Since(start), patience)
	case errors.Is(err, flight.ErrAbandoned):
		m.fault("a caller was given the end of an abandoned run")
	case errors.Is(err, errClosed) && life.Err() == nil:
		m.fault("closed, but life goes on")
	case err == nil, errors.Is(err, context.DeadlineExceeded), errors.Is(err, errClosed), errors.As(err, &p):
	default:
		m.fault("leader %v: unexpected %v", leader, err)
	}
}

func TestNoWaiterIsLostAndNoTwoRunsOfOneKeyLiveInAnySchedule(t *testing.T) {
	for seed := range uint64(100) {
		synctest.Test(t, func(t *testing.T) {
			var g flight.Group[string]
			m := &model{alive: make(map[string]last)}
			life, end := context.WithCancelCause(t.Context())
			defer end(nil)
			var callers sync.WaitGroup
			for c := range uint64(10) {
				r := rand.New(rand.NewPCG(seed, c))
				callers.Go(func() {
					for range 30 {
						m.call(life, &g, r)
						time.Sleep(time.Duration(r.IntN(10)) * time.Millisecond)
					}
				})
			}
			if seed%4 == 0 {
				time.Sleep(150 * time.Millisecond)
				end(errClosed)
			}
			callers.Wait()
			_ = g.Wait(context.Background())
			m.mu.Lock()
			defer m.mu.Unlock()
			require.Empty(t, m.faults, "seed %d", seed)
			require.Zero(t, m.open, "Wait came back while a function ran")
			require.Empty(t, m.alive)
			require.NotZero(t, m.runs)
		})
	}
}
