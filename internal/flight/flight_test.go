package flight_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/botgo-contrib/richmedia/internal/flight"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// answer is what one call of Do returned.
type answer struct {
	v      int
	leader bool
	err    error
}

// ask calls Do on a goroutine and waits until it stands still.
func ask(ctx, life context.Context, g *flight.Group[int], fn func(context.Context) (int, error)) <-chan answer {
	got := make(chan answer, 1)
	go func() {
		v, leader, err := g.Do(ctx, life, "key", fn)
		got <- answer{v, leader, err}
	}()
	synctest.Wait()
	return got
}

// after returns a function that takes d, or leaves with the cause of its context.
func after(d time.Duration, v int) func(context.Context) (int, error) {
	return func(ctx context.Context) (int, error) {
		select {
		case <-time.After(d):
			return v, nil
		case <-ctx.Done():
			return 0, context.Cause(ctx)
		}
	}
}

func never(t *testing.T) func(context.Context) (int, error) {
	return func(context.Context) (int, error) {
		t.Error("this function must not run")
		return 0, nil
	}
}

func TestAllWhoWaitSeeTheResultOfOneRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var g flight.Group[int]
		first := ask(t.Context(), t.Context(), &g, after(time.Second, 7))
		second := ask(t.Context(), t.Context(), &g, never(t))
		v, leader, err := g.Do(t.Context(), t.Context(), "key", never(t))
		require.Equal(t, answer{7, false, nil}, answer{v, leader, err})
		require.Equal(t, answer{7, true, nil}, <-first)
		require.Equal(t, answer{7, false, nil}, <-second)
	})
}

func TestAllWhoWaitSeeTheErrorOfOneRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var g flight.Group[int]
		refused := errors.New("refused")
		first := ask(t.Context(), t.Context(), &g, func(context.Context) (int, error) {
			time.Sleep(time.Second)
			return 0, refused
		})
		second := ask(t.Context(), t.Context(), &g, never(t))
		require.Equal(t, answer{0, true, refused}, <-first)
		require.Equal(t, answer{0, false, refused}, <-second)
	})
}

func TestKeysDoNotShareARun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var g flight.Group[string]
		var all sync.WaitGroup
		for _, key := range []string{"a", "b"} {
			all.Go(func() {
				v, leader, err := g.Do(t.Context(), t.Context(), key, func(context.Context) (string, error) {
					time.Sleep(time.Second)
					return key, nil
				})
				if v != key || !leader || err != nil {
					t.Error(key, "got", v, leader, err)
				}
			})
		}
		all.Wait()
	})
}

func TestAFinishedRunIsNotRemembered(t *testing.T) {
	var g flight.Group[int]
	for i := range 3 {
		v, leader, err := g.Do(t.Context(), t.Context(), "key", func(context.Context) (int, error) { return i, nil })
		require.Equal(t, answer{i, true, nil}, answer{v, leader, err})
	}
}

func TestALeaverGetsItsOwnCauseAndTheOthersTheResult(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var g flight.Group[int]
		cause := errors.New("window over")
		short, cancel := context.WithTimeoutCause(t.Context(), time.Second, cause)
		defer cancel()
		start := time.Now()
		leader := ask(short, t.Context(), &g, after(time.Minute, 7))
		other := ask(t.Context(), t.Context(), &g, never(t))
		require.Equal(t, answer{0, true, cause}, <-leader)
		require.Equal(t, time.Second, time.Since(start))
		require.Equal(t, answer{7, false, nil}, <-other)
	})
}

func TestTheLastWaiterLeavingCancelsTheRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var g flight.Group[int]
		var ended atomic.Pointer[error]
		work := func(ctx context.Context) (int, error) {
			<-ctx.Done()
			cause := context.Cause(ctx)
			ended.Store(&cause)
			return 0, cause
		}
		one, leaveOne := context.WithCancel(t.Context())
		two, leaveTwo := context.WithCancel(t.Context())
		a := ask(one, t.Context(), &g, work)
		b := ask(two, t.Context(), &g, never(t))
		leaveOne()
		require.Equal(t, context.Canceled, (<-a).err)
		synctest.Wait()
		require.Nil(t, ended.Load(), "one still waits")
		leaveTwo()
		require.Equal(t, context.Canceled, (<-b).err)
		_ = g.Wait(context.Background())
		require.Equal(t, flight.ErrAbandoned, *ended.Load())
	})
}

func TestACallerAfterTheLastLeaverGetsARunOfItsOwn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var g flight.Group[int]
		ctx, leave := context.WithCancel(t.Context())
		first := ask(ctx, t.Context(), &g, func(ctx context.Context) (int, error) {
			<-ctx.Done()
			time.Sleep(time.Second) // it takes its time to give up, and even succeeds
			return 1, nil
		})
		leave()
		require.Equal(t, answer{0, true, context.Canceled}, <-first)

		second := ask(t.Context(), t.Context(), &g, after(time.Minute, 2))
		time.Sleep(2 * time.Second) // the end of the old run does not hide the new one
		third := ask(t.Context(), t.Context(), &g, never(t))
		require.Equal(t, answer{2, true, nil}, <-second)
		require.Equal(t, answer{2, false, nil}, <-third)
	})
}

func TestACallerWhoseContextIsOverStartsNothing(t *testing.T) {
	cause := errors.New("too late")
	over, cancel := context.WithCancelCause(t.Context())
	cancel(cause)
	var g flight.Group[int]
	v, leader, err := g.Do(over, t.Context(), "key", never(t))
	require.Equal(t, answer{0, false, cause}, answer{v, leader, err})
	v, leader, err = g.Do(t.Context(), over, "key", never(t))
	require.Equal(t, answer{0, false, cause}, answer{v, leader, err}, "life over")
	_ = g.Wait(context.Background())
}

// lateContext does something when it is asked for Done: that is after Do has started the run, before it waits.
type lateContext struct {
	context.Context
	before func()
}

func (c lateContext) Done() <-chan struct{} {
	c.before()
	return c.Context.Done()
}

func TestAResultThatIsThereIsNotLostToAContextThatEndsWithIt(t *testing.T) {
	for range 50 { // select chooses at random
		var g flight.Group[int]
		ctx, cancel := context.WithCancel(t.Context())
		late := lateContext{ctx, func() { _ = g.Wait(context.Background()); cancel() }}
		v, leader, err := g.Do(late, t.Context(), "key", func(context.Context) (int, error) { return 7, nil })
		require.Equal(t, answer{7, true, nil}, answer{v, leader, err})
	}
}

func TestTheRunLivesOnLifeAndNotOnItsCaller(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		type name struct{}
		closed := errors.New("closed")
		life, end := context.WithCancelCause(context.WithValue(t.Context(), name{}, "life"))
		ctx, cancel := context.WithTimeout(context.WithValue(t.Context(), name{}, "caller"), time.Hour)
		defer cancel()
		var g flight.Group[int]
		got := ask(ctx, life, &g, func(ctx context.Context) (int, error) {
			if _, ok := ctx.Deadline(); ok || ctx.Value(name{}) != "life" {
				t.Error("the context is not life's")
			}
			<-ctx.Done()
			return 0, context.Cause(ctx)
		})
		end(closed)
		require.Equal(t, answer{0, true, closed}, <-got)
	})
}

func TestNobodyJoinsARunWhoseLifeIsOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		life, end := context.WithCancel(t.Context())
		var g flight.Group[int]
		old := ask(t.Context(), life, &g, func(ctx context.Context) (int, error) {
			<-ctx.Done()
			time.Sleep(time.Second)
			return 0, ctx.Err()
		})
		end()
		v, leader, err := g.Do(t.Context(), t.Context(), "key", after(time.Minute, 2))
		require.Equal(t, answer{2, true, nil}, answer{v, leader, err})
		require.Equal(t, answer{0, true, context.Canceled}, <-old)
	})
}
