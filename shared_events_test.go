package richmedia_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"github.com/botgo-contrib/richmedia"
	"github.com/botgo-contrib/richmedia/richmediatest"
)

// push delivers the event to instance i, as botgo does, and returns the error that the platform would see.
func (f *fleet) push(i int, ev *richmediatest.Event, h richmedia.Handler) error {
	return f.bots[i].media.GroupATMessage(h)(ev.Payload(), nil)
}

// counted answers with a text, after a while, and counts.
func counted(runs *atomic.Int32, takes time.Duration) richmedia.Handler {
	return func(ctx context.Context, c *richmedia.Context) error {
		runs.Add(1)
		time.Sleep(takes)
		_, err := c.ReplyText(ctx, "here")
		return err
	}
}

func TestAnEventThatIsPushedToTwoInstancesRunsOneHandlerAndIsAnsweredOnce(t *testing.T) {
	for name, c := range map[string]struct {
		opts []richmedia.Option
		runs int32
	}{
		"shared":         {[]richmedia.Option{richmedia.WithSharedEvents()}, 1},
		"shared, inline": {[]richmedia.Option{richmedia.WithSharedEvents(), richmedia.WithInline()}, 1},
		"not shared":     {nil, 2}, // the platform refuses the second answer
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := newFleet(t, 2, newSharedStore(), c.opts...)
				ev := f.Group("g").Say("ann", "hi")
				var runs atomic.Int32
				var all errgroup.Group
				for i := range 2 {
					all.Go(func() error { return f.push(i, ev, counted(&runs, 2*time.Second)) })
				}
				require.NoError(t, all.Wait())
				time.Sleep(time.Minute)
				for i := range 2 {
					require.NoError(t, f.push(i, ev, counted(&runs, 0)))
				}
				for i := range 2 {
					require.NoError(t, f.bots[i].media.Shutdown(t.Context()))
				}
				assert.Equal(t, c.runs, runs.Load())
				assert.Len(t, f.Group("g").Answers(), 1)
			})
		})
	}
}

func TestAGuildsEventThatIsPushedToTwoInstancesIsAnsweredOnceOnlyWhereEventsAreShared(t *testing.T) {
	for answers, opts := range map[int][]richmedia.Option{1: {richmedia.WithSharedEvents()}, 2: nil} {
		synctest.Test(t, func(t *testing.T) {
			f := newFleet(t, 2, newSharedStore(), opts...)
			ev := f.Channel("c").Say("ann", "hi")
			var runs atomic.Int32
			for i := range 2 {
				require.NoError(t, f.bots[i].media.ATMessage(counted(&runs, 0))(ev.Payload(), nil))
				require.NoError(t, f.bots[i].media.Shutdown(t.Context()))
			}
			assert.Len(t, f.Channel("c").Answers(), answers, "a guild knows no msg_seq")
		})
	}
}

func TestTheSecondDeliveryOfASharedEventIsTracedAsDuplicate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var duplicates atomic.Int32
		f := newFleet(t, 2, newSharedStore(), richmedia.WithSharedEvents(), richmedia.WithTrace(richmedia.Trace{
			Event: func(info richmedia.EventInfo) {
				if info.Stage == richmedia.EventDuplicate {
					assert.NoError(t, info.Err)
					duplicates.Add(1)
				}
			},
		}))
		ev := f.Group("g").Say("ann", "hi")
		var runs atomic.Int32
		for i := range 2 {
			require.NoError(t, f.push(i, ev, counted(&runs, 0)))
		}
		assert.EqualValues(t, 1, duplicates.Load())
	})
}

func TestAStoreThatFailsLetsEachInstanceHandleItsEventAndTheUserSeesOneAnswer(t *testing.T) {
	for name, opts := range map[string][]richmedia.Option{"queued": nil, "inline": {richmedia.WithInline()}} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				store := newSharedStore()
				store.fail(errors.New("broken"), "get", "set", "lease")
				f := newFleet(t, 2, store, append(opts, richmedia.WithSharedEvents())...)
				ev := f.Group("g").Say("ann", "hi")
				var runs atomic.Int32
				for i := range 2 {
					require.NoError(t, f.push(i, ev, counted(&runs, 0)))
					require.NoError(t, f.bots[i].media.Shutdown(t.Context()))
				}
				assert.EqualValues(t, 2, runs.Load())
				assert.Len(t, f.Group("g").Answers(), 1)
			})
		})
	}
}

func TestAnEventWhoseInlineHandlerFailedRunsOnTheNextInstance(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFleet(t, 2, newSharedStore(), richmedia.WithSharedEvents(), richmedia.WithInline())
		ev := f.Group("g").Say("ann", "hi")
		require.ErrorContains(t, f.push(0, ev, func(context.Context, *richmedia.Context) error { return errors.New("broken") }), "broken")
		var panicked *richmedia.PanicError
		require.ErrorAs(t, f.push(0, ev, func(context.Context, *richmedia.Context) error { panic("broken") }), &panicked)
		var runs atomic.Int32
		require.NoError(t, f.push(1, ev, counted(&runs, 0)))
		require.NoError(t, f.push(0, ev, counted(&runs, 0)), "handled elsewhere by now")
		assert.EqualValues(t, 1, runs.Load())
		assert.Len(t, f.Group("g").Answers(), 1)
	})
}

func TestAPushDuringAnInlineHandlerOfAnotherInstanceRunsWhenThatFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFleet(t, 2, newSharedStore(), richmedia.WithSharedEvents(), richmedia.WithInline())
		ev := f.Group("g").Say("ann", "hi")
		first := make(chan error, 1)
		go func() {
			first <- f.push(0, ev, func(context.Context, *richmedia.Context) error {
				time.Sleep(5 * time.Second)
				return errors.New("broken")
			})
		}()
		synctest.Wait()
		var runs atomic.Int32
		began := time.Now()
		require.NoError(t, f.push(1, ev, counted(&runs, 0)))
		require.Error(t, <-first)
		assert.InDelta(t, 5.5, time.Since(began).Seconds(), 0.6)
		assert.EqualValues(t, 1, runs.Load())
	})
}

func TestAnEventOfADeadInstanceIsHandledByAnother(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := newSharedStore()
		f := newFleet(t, 2, store, richmedia.WithSharedEvents(), richmedia.WithInline())
		ev := f.Group("g").Say("ann", "hi")
		dead := make(chan struct{})
		go func() {
			_ = f.push(0, ev, func(context.Context, *richmedia.Context) error {
				<-dead
				return errors.New("dead")
			})
		}()
		synctest.Wait()
		store.abandon()
		var runs atomic.Int32
		began := time.Now()
		require.NoError(t, f.push(1, ev, counted(&runs, 0)))
		assert.InDelta(t, 30, time.Since(began).Seconds(), 1.5)
		assert.Len(t, f.Group("g").Answers(), 1)
		close(dead)
	})
}

func TestAnEventRefusedDuringShutdownIsHandledByAnotherInstance(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFleet(t, 2, newSharedStore(), richmedia.WithSharedEvents())
		require.NoError(t, f.bots[0].media.Shutdown(t.Context()))
		ev := f.Group("g").Say("ann", "hi")
		var runs atomic.Int32
		require.Error(t, f.push(0, ev, counted(&runs, 0)))
		require.NoError(t, f.push(1, ev, counted(&runs, 0)))
		require.NoError(t, f.bots[1].media.Shutdown(t.Context()))
		assert.EqualValues(t, 1, runs.Load())
	})
}

func TestClosingAnInstanceEndsItsWaitForAnotherOnesHandler(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFleet(t, 1, occupied{newSharedStore()}, richmedia.WithSharedEvents(), richmedia.WithInline())
		var runs atomic.Int32
		waiting := make(chan error, 1)
		go func() { waiting <- f.push(0, f.Group("g").Say("ann", "hi"), counted(&runs, 0)) }()
		synctest.Wait()
		require.NoError(t, f.bots[0].media.Close())
		require.ErrorIs(t, <-waiting, richmedia.ErrClosed)
		assert.Zero(t, runs.Load())
	})
}

func TestSharedEventsNeedALeaser(t *testing.T) {
	p := richmediatest.New()
	for _, store := range []richmedia.Store{nil, richmedia.NewMemoryStore(0)} {
		_, err := richmedia.New(p.TokenSource(), richmedia.WithStore(store), richmedia.WithSharedEvents())
		require.ErrorContains(t, err, "WithSharedEvents: the Store is no Leaser")
	}
}

// slowSet: Set takes a while (a Redis far away)
type slowSet struct {
	*sharedStore
	takes time.Duration
	sets  *atomic.Int32
}

func (s slowSet) Set(ctx context.Context, key string, v []byte, ttl time.Duration) error {
	select {
	case <-time.After(s.takes):
	case <-ctx.Done():
		return ctx.Err()
	}
	s.sets.Add(1)
	return s.sharedStore.Set(ctx, key, v, ttl)
}

func TestShutdownWaitsForTheMarkOfAnEvent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := slowSet{newSharedStore(), 400 * time.Millisecond, &atomic.Int32{}}
		f := newFleet(t, 1, store, richmedia.WithSharedEvents(), richmedia.WithInline())
		ev := f.Group("g").Say("ann", "hi")
		var runs atomic.Int32
		done := make(chan error, 1)
		go func() { done <- f.push(0, ev, counted(&runs, 2*time.Second)) }()
		time.Sleep(time.Second)
		require.NoError(t, f.bots[0].media.Shutdown(t.Context()))
		sets, held := store.sets.Load(), store.held()
		<-done
		assert.EqualValues(t, 1, sets, "the mark, before Shutdown returns: the caller closes Redis now")
		assert.Zero(t, held, "leases")
	})
}

func TestAnEventHandledWithoutAClaimIsMarkedAsHandled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := newSharedStore()
		f := newFleet(t, 2, store, richmedia.WithSharedEvents(), richmedia.WithInline())
		ev := f.Channel("c").Say("ann", "hi")
		var runs atomic.Int32
		store.fail(context.DeadlineExceeded, "lease")
		require.NoError(t, f.bots[0].media.ATMessage(counted(&runs, 4*time.Second))(ev.Payload(), nil))
		store.fail(nil, "lease")
		require.NoError(t, f.bots[1].media.ATMessage(counted(&runs, time.Second))(ev.Payload(), nil))
		assert.Len(t, f.Channel("c").Answers(), 1)
	})
}

// crowded is what the tests of a full queue need: instance i runs a handler that hangs until free is called, and another event waits.
func (f *fleet) crowded(t *testing.T, i int, runs *atomic.Int32) (h richmedia.Handler, free func()) {
	t.Helper()
	gate := make(chan struct{})
	h = func(ctx context.Context, c *richmedia.Context) error {
		if c.Text() == "hang" {
			<-gate
			return nil
		}
		return counted(runs, 0)(ctx, c)
	}
	for range 2 {
		require.NoError(t, f.push(i, f.Group("busy").Say("ann", "hang"), h))
		synctest.Wait()
	}
	return h, func() { close(gate) }
}

// TestAnEventThatWaitsForAPlaceInTheQueueIsLeftToAnotherInstance because the one where it waits may yet refuse it, when the
// platform has the answer of the other.
func TestAnEventThatWaitsForAPlaceInTheQueueIsLeftToAnotherInstance(t *testing.T) {
	for name, shutDown := range map[string]bool{"that has a place in the end": false, "that is shut down": true} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var rec recorder
				f := newFleet(t, 2, newSharedStore(), richmedia.WithSharedEvents(), richmedia.WithWorkers(1), richmedia.WithQueue(1), rec.option())
				var runs atomic.Int32
				h, free := f.crowded(t, 0, &runs)
				ev := f.Channel("c").Say("ann", "hi") // a guild knows no msg_seq
				atMessage := func(i int) error { return f.bots[i].media.ATMessage(h)(ev.Payload(), nil) }
				first := make(chan error, 1)
				go func() { first <- atMessage(0) }()
				time.Sleep(3 * time.Second) // then the platform pushes it again
				require.NoError(t, atMessage(1))
				down := make(chan error, 1)
				if shutDown {
					go func() { down <- f.bots[0].media.Shutdown(t.Context()) }()
					<-first // the platform has the answer of the other
					free()
					require.NoError(t, <-down)
				} else {
					free()
					require.NoError(t, <-first)
				}
				synctest.Wait()
				assert.EqualValues(t, 1, runs.Load())
				assert.Len(t, f.Channel("c").Answers(), 1)
				stages := map[richmedia.EventStage]int{}
				for _, info := range rec.takeEvents() {
					if info.ID == ev.ID() {
						stages[info.Stage]++
					}
				}
				assert.Equal(t, 1, stages[richmedia.EventDone])
				assert.Equal(t, 1, stages[richmedia.EventDuplicate])
			})
		})
	}
}

func TestAnEventThatWaitsForAPlaceInTheQueueRunsThereIfNoOtherInstanceHasIt(t *testing.T) {
	for name, fault := range map[string]func(*sharedStore){
		"": func(*sharedStore) {}, ", without the store": func(s *sharedStore) { s.fail(errors.New("broken"), "lease") },
	} {
		t.Run("it waits"+name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				store := newSharedStore()
				f := newFleet(t, 2, store, richmedia.WithSharedEvents(), richmedia.WithWorkers(1), richmedia.WithQueue(1))
				var runs atomic.Int32
				h, free := f.crowded(t, 0, &runs)
				ev := f.Group("g").Say("ann", "hi")
				first := make(chan error, 1)
				go func() { first <- f.push(0, ev, h) }()
				time.Sleep(3 * time.Second)
				fault(store)
				free()
				require.NoError(t, <-first)
				synctest.Wait()
				assert.EqualValues(t, 1, runs.Load())
				assert.Len(t, f.Group("g").Answers(), 1)
				store.fail(nil, "lease")
				require.NoError(t, f.push(1, ev, h))
				synctest.Wait()
				assert.Len(t, f.Group("g").Answers(), 1)
			})
		})
	}
}

// TestAnEventThatTwoFullInstancesLeaveToEachOtherIsNotLost: the first drops it for the second, which is shut down before it has
// a place for it.
func TestAnEventThatTwoFullInstancesLeaveToEachOtherIsNotLost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFleet(t, 2, newSharedStore(), richmedia.WithSharedEvents(), richmedia.WithWorkers(1), richmedia.WithQueue(1))
		var runs atomic.Int32
		h, free := f.crowded(t, 0, &runs)
		h1, free1 := f.crowded(t, 1, &runs)
		ev := f.Group("g").Say("ann", "hi")
		first, second := make(chan error, 1), make(chan error, 1)
		go func() { first <- f.push(0, ev, h) }()
		time.Sleep(3 * time.Second) // then the platform pushes it again
		go func() { second <- f.push(1, ev, h1) }()
		time.Sleep(time.Second / 2)
		free()
		require.NoError(t, <-first)
		synctest.Wait()
		down := make(chan error, 1)
		go func() { down <- f.bots[1].media.Shutdown(t.Context()) }()
		<-second
		free1()
		require.NoError(t, <-down)
		require.NoError(t, f.push(0, ev, h))
		synctest.Wait()
		assert.EqualValues(t, 1, runs.Load())
		assert.Len(t, f.Group("g").Answers(), 1)
	})
}

// slowRelease is a store that takes a second to end a lease.
type slowRelease struct {
	*sharedStore

	ending atomic.Int32 // leases
}

func (s *slowRelease) Lease(ctx context.Context, key string, ttl time.Duration) (bool, func(), error) {
	held, release, err := s.sharedStore.Lease(ctx, key, ttl)
	if release == nil {
		return held, nil, err
	}
	return held, func() {
		s.ending.Add(1)
		defer s.ending.Add(-1)
		time.Sleep(time.Second)
		release()
	}, err
}

// TestShutdownWaitsUntilTheClaimOfARefusedEventHasEnded because the bot may close the store then, and the claim would keep the event
// from the other instances.
func TestShutdownWaitsUntilTheClaimOfARefusedEventHasEnded(t *testing.T) {
	for _, wait := range []time.Duration{0, 1500 * time.Millisecond, 3 * time.Second} {
		t.Run("it waits for "+wait.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var rec recorder
				store := &slowRelease{sharedStore: newSharedStore()}
				f := newFleet(t, 1, store, richmedia.WithSharedEvents(), richmedia.WithWorkers(1), richmedia.WithQueue(1), rec.option())
				var runs atomic.Int32
				h, free := f.crowded(t, 0, &runs)
				ev := f.Group("g").Say("ann", "hi")
				first := make(chan error, 1)
				go func() { first <- f.push(0, ev, h) }()
				time.Sleep(wait)
				synctest.Wait()
				time.AfterFunc(10*time.Millisecond, free)
				require.NoError(t, f.bots[0].media.Shutdown(t.Context()))
				assert.Zero(t, store.ending.Load())
				require.ErrorIs(t, <-first, richmedia.ErrClosed)
				require.ErrorIs(t, f.push(0, ev, h), richmedia.ErrClosed)
				var stages []richmedia.EventStage
				for _, info := range rec.takeEvents() {
					if info.ID == ev.ID() {
						stages = append(stages, info.Stage)
					}
				}
				assert.Equal(t, []richmedia.EventStage{richmedia.EventRefused, richmedia.EventRefused}, stages)
			})
		})
	}
}

// releasing is a sharedStore that releases a lease in its own way.
type releasing struct {
	*sharedStore
	release func(free func())
}

func (s releasing) Lease(ctx context.Context, key string, ttl time.Duration) (bool, func(), error) {
	held, free, err := s.sharedStore.Lease(ctx, key, ttl)
	return held, func() { s.release(free) }, err
}

func TestAnEventWhoseClaimCannotBeEndedIsNotLeftToAnotherInstance(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := releasing{newSharedStore(), func(func()) { panic("broken") }}
		f := newFleet(t, 1, store, richmedia.WithSharedEvents(), richmedia.WithWorkers(1), richmedia.WithQueue(1))
		var runs atomic.Int32
		h, free := f.crowded(t, 0, &runs)
		first := make(chan error, 1)
		go func() { first <- f.push(0, f.Group("g").Say("ann", "hi"), h) }()
		time.Sleep(3 * time.Second)
		free()
		require.NoError(t, <-first)
		synctest.Wait()
		assert.EqualValues(t, 1, runs.Load())
	})
}
