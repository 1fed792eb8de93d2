package richmedia_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
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

func TestInstancesThatShareALeaserUploadTheSameOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := newSharedStore()
		f := newFleet(t, 4, store)
		f.Delay(richmediatest.OpUpload, -1, 5*time.Second)
		began := time.Now()
		var all errgroup.Group
		for i := range 4 {
			for chat := range 3 {
				all.Go(func() error { return f.answer(t.Context(), i, f.Group(fmt.Sprint("g", i, chat))) })
			}
		}
		require.NoError(t, all.Wait())
		assert.Len(t, f.Uploads(), 1)
		assert.Less(t, time.Since(began), 7*time.Second, "an upload and a pause")
		for i := range 4 {
			assert.Len(t, f.Group(fmt.Sprint("g", i, 0)).Answers(), 1)
		}
		assert.Zero(t, store.held())
	})
}

func TestInstancesWithoutALeaserUploadOnceEach(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFleet(t, 2, struct{ richmedia.Store }{newSharedStore()})
		f.Delay(richmediatest.OpUpload, -1, 5*time.Second)
		var all errgroup.Group
		for i := range 2 {
			all.Go(func() error { return f.answer(t.Context(), i, f.Group("g")) })
		}
		require.NoError(t, all.Wait())
		assert.Len(t, f.Uploads(), 2)
		require.NoError(t, f.answer(t.Context(), 0, f.Group("g")))
		assert.Len(t, f.Uploads(), 2, "later ones find it")
	})
}

func TestAFailedUploadReleasesItsLeaseAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := newSharedStore()
		f := newFleet(t, 2, store)
		f.Group("muted").Mute(true)
		f.Delay(richmediatest.OpUpload, 1, 10*time.Second)
		failed := make(chan error, 1)
		go func() { failed <- f.answer(t.Context(), 0, f.Group("muted")) }()
		synctest.Wait() // it holds the lease
		began := time.Now()
		require.NoError(t, f.answer(t.Context(), 1, f.Group("g")))
		require.ErrorIs(t, <-failed, richmedia.ErrNotPermitted)
		assert.InDelta(t, 10.5, time.Since(began).Seconds(), 0.5, "the first upload and a pause, not the lease's 30 s")
		assert.Len(t, f.Group("g").Answers(), 1)
		assert.Zero(t, store.held())
	})
}

func TestALeaseOfADeadInstanceDelaysOthersNoLongerThanItsTTL(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := newSharedStore()
		f := newFleet(t, 4, store)
		f.Stall(richmediatest.OpUpload, 1)
		dying, kill := context.WithCancel(t.Context())
		var all errgroup.Group
		all.Go(func() error { return f.answer(dying, 0, f.Group("dead")) })
		synctest.Wait()
		store.abandon() // as a process that is killed: nothing is released
		kill()
		require.Error(t, all.Wait())

		began := time.Now()
		all = errgroup.Group{}
		for i := range 3 {
			all.Go(func() error { return f.answer(t.Context(), i+1, f.Group("g")) })
		}
		require.NoError(t, all.Wait())
		assert.InDelta(t, 30, time.Since(began).Seconds(), 3)
		assert.Len(t, f.Uploads(), 1, "one takes over, and the others wait for it")
	})
}

func TestAnInstanceThatWaitsTooLongUploadsByItself(t *testing.T) {
	for name, c := range map[string]struct {
		src  richmedia.Source
		kind richmedia.Kind
		want time.Duration
	}{
		"a URL":        {richmedia.FromURL(catURL), richmedia.KindImage, 45 * time.Second},
		"a small file": {richmedia.FromBytes("cat.png", readMedia(t, "cat.png")), richmedia.KindImage, 30 * time.Second},
		"16 MiB":       {richmedia.FromBytes("film.bin", make([]byte, 16<<20)), richmedia.KindFile, 54 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := newFleet(t, 1, occupied{newSharedStore()})
				began := time.Now()
				c1, err := f.bots[0].media.Context(f.Group("g").Say("ann", "hi").Payload())
				require.NoError(t, err)
				_, err = c1.Reply(t.Context(), c.kind, c.src)
				require.NoError(t, err)
				assert.InDelta(t, c.want.Seconds(), time.Since(began).Seconds(), 1)
			})
		})
	}
}

func TestAnUploadThatOutlivesItsLeaseIsKeptAndAnswersItsChat(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFleet(t, 2, newSharedStore())
		f.Delay(richmediatest.OpUpload, 1, time.Minute)
		slow := make(chan error, 1)
		go func() { slow <- f.answer(t.Context(), 0, f.Group("slow")) }()
		synctest.Wait()
		began := time.Now()
		require.NoError(t, f.answer(t.Context(), 1, f.Group("g")))
		assert.InDelta(t, 30, time.Since(began).Seconds(), 1.5)
		require.NoError(t, <-slow)
		assert.Len(t, f.Uploads(), 2)
	})
}

func TestWaitingForAnotherInstanceEndsWithTheCaller(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFleet(t, 1, occupied{newSharedStore()})
		ctx, cancel := context.WithCancelCause(t.Context()) // a deadline would be kept in mind
		time.AfterFunc(3*time.Second, func() { cancel(errors.New("had enough")) })
		began := time.Now()
		require.ErrorContains(t, f.answer(ctx, 0, f.Group("g")), "had enough")
		assert.Equal(t, 3*time.Second, time.Since(began))
		require.NoError(t, f.bots[0].media.Close())
		assert.Zero(t, f.Count(richmediatest.OpUpload))
	})
}

func TestAStoreThatFailsEndsTheWaitForAnotherInstance(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := newSharedStore()
		f := newFleet(t, 1, occupied{store})
		began := time.Now()
		time.AfterFunc(2*time.Second, func() { store.fail(errors.New("broken"), "get") })
		require.NoError(t, f.answer(t.Context(), 0, f.Group("g")))
		assert.Less(t, time.Since(began), 4*time.Second)
	})
}

func TestClosingAnInstanceReleasesItsLease(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := newSharedStore()
		f := newFleet(t, 1, store)
		f.Stall(richmediatest.OpUpload, 1)
		ended := make(chan error, 1)
		go func() { ended <- f.answer(t.Context(), 0, f.Group("g")) }()
		synctest.Wait()
		assert.Equal(t, 1, store.held())
		require.NoError(t, f.bots[0].media.Close())
		require.ErrorIs(t, <-ended, richmedia.ErrClosed)
		assert.Zero(t, store.held())
	})
}

func TestAnOutageOfTheStoreIsLoggedOnceWithItsEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := newSharedStore()
		f := newFleet(t, 1, store)
		replyAll := func(n int) {
			for range n {
				png := append(readMedia(t, "cat.png"), fmt.Sprint(time.Now().UnixNano())...)
				require.NoError(t, f.answerWith(t.Context(), 0, f.Group("g"), richmedia.FromBytes("cat.png", png)))
				time.Sleep(7 * time.Second)
			}
		}
		lines := func() []string { return strings.Split(strings.TrimSpace(f.bots[0].log.text()), "\n") }
		replyAll(1)
		assert.Empty(t, f.bots[0].log.text())
		store.fail(errors.New("LOADING"), "get", "set", "lease")
		replyAll(20)
		require.Len(t, lines(), 1)
		assert.Contains(t, lines()[0], "the store failed to get, going on without it until it answers again: LOADING")
		store.fail(nil, "get") // a memory in front of a store, or one that is full
		replyAll(3)
		require.Len(t, lines(), 1)
		store.fail(nil, "set", "lease")
		replyAll(20)
		require.Len(t, lines(), 2)
		assert.Contains(t, lines()[1], "the store answers again")
	})
}

func TestAStoreThatFailsNowAndThenIsLoggedOnceAMinute(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := newSharedStore()
		f := newFleet(t, 1, store)
		for i := range 120 {
			var err error
			if i%2 == 0 {
				err = errors.New("broken")
			}
			store.fail(err, "get", "set", "lease")
			require.NoError(t, f.answer(t.Context(), 0, f.Group(fmt.Sprint(i))))
			time.Sleep(time.Second)
		}
		n := strings.Count(f.bots[0].log.text(), "failed to")
		assert.True(t, n == 2 || n == 3, "%d lines in two minutes", n)
	})
}

func TestAFailedLeaseCausesAnUploadAndLosesNoReply(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := newSharedStore()
		store.fail(errors.New("broken"), "lease")
		f := newFleet(t, 2, store)
		var calls atomic.Int32
		f.Intercept(richmediatest.OpUpload, func(w http.ResponseWriter, r *http.Request, next http.Handler) {
			calls.Add(1)
			next.ServeHTTP(w, r)
		})
		for i := range 2 {
			began := time.Now()
			require.NoError(t, f.answer(t.Context(), i, f.Group("g")))
			assert.Zero(t, time.Since(began), "there is no wait")
		}
		assert.EqualValues(t, 1, calls.Load(), "the second finds it in the store")
	})
}

// It dies in the middle of a large upload, and the other has the rest of its reply window.
func TestALeaseOfADeadInstanceDoesNotPreventAReply(t *testing.T) {
	for _, leaser := range []bool{true, false} {
		synctest.Test(t, func(t *testing.T) {
			store := newSharedStore()
			var st richmedia.Store = store
			big := make([]byte, 21<<20) // whose lease would be waited for until after the window
			if !leaser {
				st, big = struct{ richmedia.Store }{store}, big[:11<<20]
			}
			f := newFleetOn(t, richmediatest.New(richmediatest.WithoutData()), 2, st, richmedia.WithReplyLimits(richmedia.ScopeGroup, 5, 40*time.Second))
			f.Stall(richmediatest.OpPart, 1)
			src := func() richmedia.Source { return richmedia.FromBytes("big.bin", big) }
			reply := func(ctx context.Context, i int) error {
				c, err := f.bots[i].media.Context(f.Group("g").Say("ann", "cat").Payload())
				if err != nil {
					return err
				}
				_, until := c.RepliesLeft()
				ctx, cancel := context.WithDeadlineCause(ctx, until, richmedia.ErrReplyWindow)
				defer cancel()
				_, err = c.ReplyFile(ctx, src())
				return err
			}
			dying, kill := context.WithCancel(t.Context())
			done := make(chan error, 1)
			go func() { done <- reply(dying, 0) }()
			synctest.Wait()
			store.abandon()
			kill()
			<-done
			f.Delay(richmediatest.OpPart, -1, 5*time.Second) // of each; 20 MB/s with 4 at once
			require.NoError(t, reply(t.Context(), 1))
			require.Len(t, f.Group("g").Answers(), 1)
		})
	}
}
