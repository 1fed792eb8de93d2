//go:build unix

package redisstore_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/botgo-contrib/richmedia/redisstore"
)

// want requires that the store has exactly this for key; "" is nothing.
func want(t *testing.T, s *redisstore.Store, key, value string) {
	t.Helper()
	got, ok, err := s.Get(t.Context(), key)
	require.NoError(t, err)
	assert.Equal(t, value != "", ok, key)
	assert.Equal(t, value, string(got), key)
}

func TestWhatOneInstanceHasSetAnotherGetsForItsTTL(t *testing.T) {
	srv := startServer(t)
	c, _ := srv.client(t)
	d, _ := srv.client(t)
	one, two := redisstore.New(c, "bot:"), redisstore.New(d, "bot:")
	want(t, two, "k", "")
	require.NoError(t, one.Set(t.Context(), "k", []byte("v"), 3*time.Second))
	require.NoError(t, one.Set(t.Context(), "ever", []byte("w"), 0))
	want(t, two, "k", "v")
	want(t, one, "k", "v")
	want(t, two, "ever", "w")
	ttl := d.PTTL(t.Context(), "bot:k").Val()
	assert.True(t, ttl > 0 && ttl <= 3*time.Second, "%s", ttl)
	assert.Equal(t, time.Duration(-1), d.PTTL(t.Context(), "bot:ever").Val())
	// Both memories end it with Redis, though they would keep it for 30 s.
	require.Eventually(t, func() bool { return d.Exists(t.Context(), "bot:k").Val() == 0 }, 10*time.Second, 20*time.Millisecond, "its ttl is 3 s")
	want(t, one, "k", "")
	want(t, two, "k", "")
	want(t, one, "ever", "w")
}

func TestPrefixesKeepStoresApart(t *testing.T) {
	srv := startServer(t)
	c, _ := srv.client(t)
	a, b := redisstore.New(c, "a:"), redisstore.New(c, "b:")
	require.NoError(t, a.Set(t.Context(), "k", []byte("v"), time.Minute))
	want(t, b, "k", "")
	held, release, err := a.Lease(t.Context(), "k", time.Minute)
	require.NoError(t, err)
	require.True(t, held)
	defer release()
	held, release, err = b.Lease(t.Context(), "k", time.Minute)
	require.NoError(t, err)
	require.True(t, held)
	defer release()
	keys, err := c.Keys(t.Context(), "*").Result()
	require.NoError(t, err)
	assert.ElementsMatch(t, []string{"a:k", "a:lease:k", "b:lease:k"}, keys)
}

func TestAHotValueCostsNoRoundTrip(t *testing.T) {
	srv := startServer(t)
	c, _ := srv.client(t)
	d, n := srv.client(t)
	one, two := redisstore.New(c, ""), redisstore.New(d, "")
	require.NoError(t, one.Set(t.Context(), "k", []byte("v"), time.Minute))
	assert.Equal(t, 1, n.during(func() { want(t, two, "k", "v") }), "with its ttl")
	assert.Zero(t, n.during(func() {
		for range 1000 {
			want(t, two, "k", "v")
		}
	}))
	assert.Equal(t, 1, n.during(func() { require.NoError(t, two.Set(t.Context(), "own", []byte("v"), time.Minute)) }))
	assert.Zero(t, n.during(func() { want(t, two, "own", "v") }))
	assert.Equal(t, 2, n.during(func() { want(t, two, "none", ""); want(t, two, "none", "") }), "that there is nothing is not remembered")
}

func TestDeleteGoesThroughBothLevels(t *testing.T) {
	srv := startServer(t)
	c, _ := srv.client(t)
	s := redisstore.New(c, "")
	require.NoError(t, s.Delete(t.Context(), "none"))
	require.NoError(t, s.Set(t.Context(), "k", []byte("v"), 0))
	require.NoError(t, s.Delete(t.Context(), "k"))
	want(t, s, "k", "")
	want(t, redisstore.New(c, ""), "k", "")
}

func TestTheMemoryInFrontIsBounded(t *testing.T) {
	srv := startServer(t)
	c, n := srv.client(t)
	s := redisstore.New(c, "")
	for i := range 1024 + 10 {
		require.NoError(t, s.Set(t.Context(), fmt.Sprint(i), []byte("v"), time.Minute))
		want(t, s, "0", "v") // in use
	}
	assert.Zero(t, n.during(func() { want(t, s, "0", "v"); want(t, s, "1033", "v") }))
	assert.Equal(t, 1, n.during(func() { want(t, s, "1", "v") }), "left the memory, not Redis")
}

func TestALeaseIsHeldByOneUntilItsReleaseOrItsEnd(t *testing.T) {
	srv := startServer(t)
	c, _ := srv.client(t)
	d, _ := srv.client(t)
	one, two := redisstore.New(c, ""), redisstore.New(d, "")
	lease := func(s *redisstore.Store, ttl time.Duration) (bool, func()) {
		held, release, err := s.Lease(t.Context(), "k", ttl)
		require.NoError(t, err)
		return held, release
	}
	held, releaseFirst := lease(one, time.Minute)
	require.True(t, held)
	for _, s := range []*redisstore.Store{one, two} {
		held, _ := lease(s, time.Minute)
		require.False(t, held)
	}
	want(t, two, "k", "") // a lease is no value
	releaseFirst()
	held, release := lease(two, 2*time.Second)
	require.True(t, held)
	releaseFirst() // is not somebody else's to release
	require.Equal(t, int64(1), c.Exists(t.Context(), "lease:k").Val())
	require.Eventually(t, func() bool { held, _ := lease(one, time.Minute); return held }, 10*time.Second, 10*time.Millisecond, "its ttl is 2 s")
	release()
	held, _ = lease(two, time.Minute)
	require.False(t, held, "the release came too late to be one")
}

func TestOneOfManyGetsTheLease(t *testing.T) {
	srv := startServer(t)
	var got atomic.Int32
	var all sync.WaitGroup
	for range 8 {
		c, _ := srv.client(t)
		s := redisstore.New(c, "")
		for range 8 {
			all.Go(func() {
				held, _, err := s.Lease(t.Context(), "k", time.Minute)
				assert.NoError(t, err)
				if held {
					got.Add(1)
				}
			})
		}
	}
	all.Wait()
	assert.EqualValues(t, 1, got.Load())
}

// lost lets Redis act on the next script and tells the client that the connection broke, which it then repeats.
type lost struct{ n atomic.Int32 }

func (*lost) DialHook(next redis.DialHook) redis.DialHook { return next }
func (*lost) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
}

func (l *lost) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		err := next(ctx, cmd)
		if l.n.Add(-1) == 0 {
			err = next(ctx, cmd) // as the client does after a lost answer
		}
		return err
	}
}

func TestALeaseWhoseAnswerWasLostIsHeldByTheOneWhoAskedAgain(t *testing.T) {
	srv := startServer(t)
	c, _ := srv.client(t)
	s := redisstore.New(c, "")
	_, _, err := s.Lease(t.Context(), "warm", time.Minute) // Redis knows the script by now
	require.NoError(t, err)
	l := &lost{}
	l.n.Store(1)
	c.AddHook(l)
	held, release, err := s.Lease(t.Context(), "k", time.Minute)
	require.NoError(t, err)
	require.True(t, held)
	release()
	assert.Zero(t, c.Exists(t.Context(), "lease:k").Val())
}

func TestACallEndsWithItsCaller(t *testing.T) {
	srv := startServer(t)
	c, _ := srv.client(t)
	s := redisstore.New(c, "")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errors.New("had enough"))
	_, _, err := s.Get(ctx, "k")
	require.ErrorContains(t, err, "had enough")
	require.ErrorContains(t, s.Set(ctx, "k", nil, 0), "had enough")
	_, _, err = s.Lease(ctx, "k", time.Minute)
	require.ErrorContains(t, err, "had enough")
	require.NoError(t, s.Delete(t.Context(), "k"), "that was not Redis's fault")
}

func TestALastMillisecondIsNotForEver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store, f := scriptedStore(t)
		f.set(func(_ context.Context, cmd redis.Cmder) error {
			switch cmd := cmd.(type) {
			case *redis.StringCmd:
				cmd.SetVal("v")
			case *redis.DurationCmd:
				cmd.SetVal(0)
			}
			return nil
		})
		_, ok, err := store.Get(t.Context(), "k")
		require.NoError(t, err)
		require.True(t, ok)
		f.set(func(context.Context, redis.Cmder) error { return said("ERR gone") })
		time.Sleep(time.Hour)
		v, ok, err := store.Get(t.Context(), "k")
		assert.False(t, ok, "an hour after its ttl ended: %s %v", v, err)
	})
}

func TestAReadBesideADeleteBringsNothingBack(t *testing.T) {
	store, f := scriptedStore(t)
	del, got := make(chan struct{}), make(chan struct{})
	enteredDel := make(chan struct{})
	enteredGet := make(chan struct{})
	f.set(func(_ context.Context, cmd redis.Cmder) error {
		switch cmd := cmd.(type) {
		case *redis.StringCmd: // GET executes on Redis before DEL
			cmd.SetVal("old")
			close(enteredGet)
			<-got
		case *redis.DurationCmd:
			cmd.SetVal(time.Hour)
		case *redis.IntCmd:
			close(enteredDel)
			<-del
		}
		return nil
	})
	done := make(chan struct{})
	go func() { _ = store.Delete(t.Context(), "k"); close(done) }()
	<-enteredDel
	gd := make(chan struct{})
	go func() { _, _, _ = store.Get(t.Context(), "k"); close(gd) }()
	<-enteredGet
	close(del)
	<-done
	close(got)
	<-gd
	f.set(fine)
	_, ok, _ := store.Get(t.Context(), "k")
	assert.False(t, ok, "deleted, and its DEL was answered before the Get was")
}

func TestAReadBesideASetBringsNothingBack(t *testing.T) {
	store, f := scriptedStore(t)
	got := make(chan struct{})
	enteredGet := make(chan struct{})
	f.set(func(_ context.Context, cmd redis.Cmder) error {
		switch cmd := cmd.(type) {
		case *redis.StringCmd:
			cmd.SetVal("old")
			close(enteredGet)
			<-got
		case *redis.DurationCmd:
			cmd.SetVal(time.Hour)
		}
		return nil
	})
	gd := make(chan struct{})
	go func() { _, _, _ = store.Get(t.Context(), "k"); close(gd) }()
	<-enteredGet
	require.NoError(t, store.Set(t.Context(), "k", []byte("new"), time.Hour))
	close(got)
	<-gd
	f.set(fine)
	v, _, _ := store.Get(t.Context(), "k")
	assert.Equal(t, "new", string(v))
}
