//go:build unix

package redisstore_test

import (
	"context"
	"net"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/botgo-contrib/richmedia/redisstore"
)

func TestAPausedRedisCostsHalfASecondOnceAndThenNothing(t *testing.T) {
	for name, heeds := range map[string]bool{"a client that heeds ctx": true, "go-redis as it comes": false} {
		t.Run(name, func(t *testing.T) {
			srv := startServer(t)
			c := redis.NewClient(&redis.Options{Addr: srv.addr, ContextTimeoutEnabled: heeds, ReadTimeout: time.Second, MaxRetries: 1})
			defer func() { require.NoError(t, c.Close()) }()
			s := redisstore.New(c, "")
			require.NoError(t, s.Set(t.Context(), "known", []byte("v"), time.Minute))
			srv.signal(syscall.SIGSTOP)
			began := time.Now()
			_, _, err := s.Get(t.Context(), "k")
			require.ErrorContains(t, err, "no answer from Redis in 500ms")
			assert.GreaterOrEqual(t, time.Since(began), 500*time.Millisecond)
			_, _, err = s.Get(t.Context(), "k")
			require.ErrorIs(t, err, redisstore.ErrDown)
			began = time.Now()
			for range 100 { // each of them would take half a second
				_, _, err := s.Get(t.Context(), "k")
				require.Error(t, err)
				require.Error(t, s.Set(t.Context(), "new", []byte("w"), time.Minute))
				_, _, err = s.Lease(t.Context(), "k", time.Minute)
				require.Error(t, err)
			}
			assert.Less(t, time.Since(began), 10*time.Second)
			want(t, s, "known", "v")
			want(t, s, "new", "w") // kept here at least
			srv.signal(syscall.SIGCONT)
			works(t, s)
		})
	}
}

// works requires that the store comes back by itself.
func works(t *testing.T, s *redisstore.Store) {
	t.Helper()
	require.Eventually(t, func() bool { return s.Set(t.Context(), "again", []byte("v"), time.Minute) == nil }, 10*time.Second, 20*time.Millisecond,
		"Redis is asked again after a second")
}

func TestARedisThatRestartsIsFoundAgainAndItsLossIsAMiss(t *testing.T) {
	srv := startServer(t)
	c, _ := srv.client(t)
	d, _ := srv.client(t)
	s, other := redisstore.New(c, ""), redisstore.New(d, "")
	require.NoError(t, s.Set(t.Context(), "k", []byte("v"), time.Minute))
	_, _, err := s.Lease(t.Context(), "k", time.Minute)
	require.NoError(t, err)
	srv.stop()
	require.Error(t, s.Set(t.Context(), "x", []byte("v"), time.Minute))
	require.Error(t, other.Set(t.Context(), "x", []byte("v"), time.Minute))
	want(t, s, "k", "v")
	srv.start()
	works(t, s)
	works(t, other)
	want(t, other, "k", "")
	held, release, err := other.Lease(t.Context(), "k", time.Minute) // its script is gone, too
	require.NoError(t, err)
	require.True(t, held)
	release()
}

func TestAFullRedisStillReadsAndDeletesAndFailsFast(t *testing.T) {
	srv := startServer(t)
	c, _ := srv.client(t)
	d, _ := srv.client(t)
	s, other := redisstore.New(c, ""), redisstore.New(d, "")
	require.NoError(t, s.Set(t.Context(), "k", []byte("v"), time.Minute))
	require.NoError(t, c.ConfigSet(t.Context(), "maxmemory", "1").Err())
	require.ErrorContains(t, s.Set(t.Context(), "full", []byte("w"), time.Minute), "OOM")
	_, _, err := s.Lease(t.Context(), "k", time.Minute)
	require.ErrorContains(t, err, "OOM")
	want(t, other, "k", "v")
	want(t, s, "full", "w")
	want(t, other, "full", "")
	require.NoError(t, s.Delete(t.Context(), "k"))
	require.NoError(t, c.ConfigSet(t.Context(), "maxmemory", "0").Err())
	require.NoError(t, s.Set(t.Context(), "full", []byte("w"), time.Minute), "at once: it never went down")
}

func TestARedisThatIsDownIsAskedOnceASecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, f := scriptedStore(t)
		f.set(func(context.Context, redis.Cmder) error { return net.ErrClosed })
		for range 1000 {
			_, _, err := s.Get(t.Context(), "k")
			require.Error(t, err)
			time.Sleep(10 * time.Millisecond)
		}
		assert.Equal(t, 10, f.entered)
		f.set(fine)
		time.Sleep(time.Second)
		want(t, s, "k", "")
		want(t, s, "k", "")
		assert.Equal(t, 12, f.entered)
	})
}

func TestACallThatRedisDoesNotAnswerEndsAfterHalfASecondAlsoWhenTheClientDoesNot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, f := scriptedStore(t)
		f.set(func(context.Context, redis.Cmder) error { time.Sleep(5 * time.Second); return net.ErrClosed })
		began := time.Now()
		_, _, err := s.Get(t.Context(), "k")
		require.ErrorContains(t, err, "no answer")
		assert.Equal(t, 500*time.Millisecond, time.Since(began))
		time.Sleep(time.Minute) // the client's call ends by itself
	})
}

func TestAValueInMemoryServesAnOutageForItsWholeLifeAndIsCheckedEvery30SecondsOtherwise(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, f := scriptedStore(t)
		has := ""
		f.set(func(_ context.Context, cmd redis.Cmder) error {
			switch cmd := cmd.(type) {
			case *redis.StringCmd:
				if has == "" {
					return redis.Nil
				}
				cmd.SetVal(has)
			case *redis.DurationCmd:
				cmd.SetVal(5 * time.Minute)
			}
			return nil
		})
		require.NoError(t, s.Set(t.Context(), "k", []byte("old"), 5*time.Minute))
		has = "new" // another instance's
		time.Sleep(29 * time.Second)
		want(t, s, "k", "old")
		time.Sleep(2 * time.Second)
		want(t, s, "k", "new")
		has = "" // deleted by another instance
		time.Sleep(31 * time.Second)
		want(t, s, "k", "")

		require.NoError(t, s.Set(t.Context(), "k", []byte("v"), 5*time.Minute))
		f.set(func(context.Context, redis.Cmder) error { return net.ErrClosed })
		time.Sleep(4*time.Minute + 59*time.Second)
		want(t, s, "k", "v")
		time.Sleep(2 * time.Second)
		_, ok, err := s.Get(t.Context(), "k")
		require.Error(t, err)
		assert.False(t, ok, "its life is over")
	})
}

func TestAStartingRedisAndAClusterWithoutAMajorityAreLeftAlone(t *testing.T) {
	for _, says := range []string{"LOADING Redis is loading the dataset in memory", "CLUSTERDOWN The cluster is down", "MASTERDOWN Link with MASTER is down"} {
		t.Run(strings.Fields(says)[0], func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s, f := scriptedStore(t)
				f.set(func(context.Context, redis.Cmder) error { return said(says) })
				require.ErrorContains(t, s.Delete(t.Context(), "k"), says)
				require.ErrorIs(t, s.Delete(t.Context(), "k"), redisstore.ErrDown)
			})
		})
	}
}

func TestADeleteBesideAGetIsNotUndoneInMemory(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, f := scriptedStore(t)
		has := true
		f.set(func(_ context.Context, cmd redis.Cmder) error {
			switch cmd := cmd.(type) {
			case *redis.StringCmd:
				if !has {
					return redis.Nil
				}
				cmd.SetVal("v")
				time.Sleep(100 * time.Millisecond) // its answer travels
			case *redis.DurationCmd:
				cmd.SetVal(time.Minute)
			case *redis.IntCmd:
				has = false
			}
			return nil
		})
		done := make(chan struct{})
		go func() { defer close(done); want(t, s, "k", "v") }()
		synctest.Wait()
		require.NoError(t, s.Delete(t.Context(), "k"))
		<-done
		want(t, s, "k", "")
	})
}

func TestALeaseWhoseAnswerWasLostIsGivenBack(t *testing.T) {
	s := startServer(t)
	ca, _ := s.client(t)
	cb, _ := s.client(t)
	a, b := redisstore.New(ca, "x:"), redisstore.New(cb, "x:")
	_, release, err := a.Lease(t.Context(), "warm", time.Minute) // the scripts are there
	require.NoError(t, err)
	release()
	s.signal(syscall.SIGSTOP)
	_, _, err = a.Lease(t.Context(), "k", 15*time.Minute)
	require.Error(t, err)
	s.signal(syscall.SIGCONT) // and now Redis does what it was asked
	require.Eventually(t, func() bool {
		held, release, err := a.Lease(t.Context(), "other", time.Minute)
		if held {
			release()
		}
		return held && err == nil
	}, 20*time.Second, 50*time.Millisecond, "Redis is asked again after a second")
	require.Eventually(t, func() bool {
		held, _, err := b.Lease(t.Context(), "k", time.Minute)
		return held && err == nil
	}, 20*time.Second, 50*time.Millisecond, "what nobody holds is given back")
}
