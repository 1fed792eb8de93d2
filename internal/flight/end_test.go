package flight_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/botgo-contrib/richmedia/internal/flight"
	"github.com/botgo-contrib/richmedia/internal/panics"
)

func TestAPanicIsAnErrorForAllWhoWait(t *testing.T) {
	reason := errors.New("by a test")
	for name, fail := range map[string]func(){
		"panic": func() { panic(reason) }, "nil": func() { panic(nil) }, "goexit": runtime.Goexit,
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var g flight.Group[int]
				first := ask(t.Context(), t.Context(), &g, func(context.Context) (int, error) {
					time.Sleep(time.Second)
					fail()
					return 1, nil
				})
				second := ask(t.Context(), t.Context(), &g, never(t))
				for _, got := range []answer{<-first, <-second} {
					var p *panics.Error
					require.ErrorAs(t, got.err, &p)
					require.Zero(t, got.v)
					require.Contains(t, string(p.Stack), "TestAPanicIsAnErrorForAllWhoWait")
					require.NotEmpty(t, p.Error())
					require.Equal(t, name == "panic", errors.Is(got.err, reason))
				}
				_ = g.Wait(context.Background())
				v, leader, err := g.Do(t.Context(), t.Context(), "key", after(0, 2))
				require.Equal(t, answer{2, true, nil}, answer{v, leader, err})
			})
		})
	}
}

func TestWaitBlocksUntilAbandonedRunsHaveReturnedToo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var g flight.Group[int]
		_ = g.Wait(context.Background())
		start := time.Now()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, _, err := g.Do(ctx, t.Context(), "key", func(context.Context) (int, error) {
			time.Sleep(time.Minute)
			return 0, nil
		})
		require.Equal(t, context.DeadlineExceeded, err)
		var all sync.WaitGroup
		for range 3 {
			all.Go(func() { _ = g.Wait(context.Background()) })
		}
		all.Wait()
		require.Equal(t, time.Minute, time.Since(start))
	})
}

func TestACallerThatLeavesGetsWhatLeftMakesOfItsCause(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		type key struct{}
		g := flight.Group[int]{Left: func(run context.Context, cause error) error {
			require.NoError(t, run.Err(), "it still runs")
			return fmt.Errorf("%v: %w", run.Value(key{}), cause)
		}}
		life := context.WithValue(t.Context(), key{}, "the run")
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, _, err := g.Do(ctx, life, "key", func(ctx context.Context) (int, error) {
			<-ctx.Done()
			return 0, context.Cause(ctx)
		})
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.EqualError(t, err, "the run: context deadline exceeded")
		_, _, err = g.Do(ctx, life, "key", never(t))
		require.Equal(t, context.DeadlineExceeded, err, "it was over beforehand: there was no run")
	})
}

func BenchmarkDo(b *testing.B) {
	var g flight.Group[int]
	ctx := b.Context()
	b.ReportAllocs()
	for b.Loop() {
		if _, _, err := g.Do(ctx, ctx, "key", func(context.Context) (int, error) { return 1, nil }); err != nil {
			b.Fatal(err)
		}
	}
}
