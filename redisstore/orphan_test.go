//go:build unix

package redisstore_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/botgo-contrib/richmedia/redisstore"
)

// lateRedis keeps leases, and carries out the first request for one only after a pause, as it does when a packet is lost
// and sent again, or when it was paused itself.
type lateRedis struct {
	mu      sync.Mutex
	leases  map[string]string // key to token
	late    time.Duration     // of the next request for a lease; 0 afterwards
	observe bool              // the client observes ctx
	deletes int
	failing bool // does not answer
}

func (r *lateRedis) answer(ctx context.Context, cmd redis.Cmder) error {
	args := cmd.Args()
	script, ok := cmd.(*redis.Cmd)
	if !ok {
		return nil
	}
	key, token := args[3].(string), args[4].(string)
	r.mu.Lock()
	late, take := r.late, len(args) == 6
	if take {
		r.late = 0
	}
	failing := r.failing
	r.mu.Unlock()
	if failing {
		<-ctx.Done()
		return ctx.Err()
	}
	carryOut := func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		n := int64(0)
		switch {
		case take && r.leases[key] == "":
			r.leases[key] = token
			n = 1
		case !take:
			r.deletes++
			if r.leases[key] == token {
				delete(r.leases, key)
				n = 1
			}
		}
		script.SetVal(n)
	}
	switch {
	case take && late > 0 && r.observe:
		time.AfterFunc(late, func() {
			r.mu.Lock()
			defer r.mu.Unlock()
			if r.leases[key] == "" {
				r.leases[key] = token
			}
		})
		<-ctx.Done()
		return ctx.Err()
	case take && late > 0:
		time.Sleep(late)
	}
	carryOut()
	return nil
}

func (r *lateRedis) holder(key string) string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.leases[key]
}

func (r *lateRedis) deleted() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.deletes
}

func lateStore(t *testing.T, observe bool) (*redisstore.Store, *lateRedis) {
	s, f := scriptedStore(t)
	r := &lateRedis{leases: map[string]string{}, observe: observe}
	f.set(r.answer)
	return s, r
}

// TestALeaseThatIsGrantedAfterItsReleaseIsReleasedAgain whether the client observes ctx or not, whether the store is used
// meanwhile or not, and although the first attempt to release it comes before it is granted.
func TestALeaseThatIsGrantedAfterItsReleaseIsReleasedAgain(t *testing.T) {
	for _, observe := range []bool{true, false} {
		for _, used := range []bool{true, false} {
			synctest.Test(t, func(t *testing.T) {
				s, r := lateStore(t, observe)
				r.late = 12 * time.Second
				held, release, err := s.Lease(t.Context(), "k", 15*time.Minute)
				require.ErrorContains(t, err, "no answer")
				require.False(t, held)
				require.Nil(t, release)
				for range 11 {
					time.Sleep(time.Second)
					if !used {
						continue
					}
					if held, release, _ := s.Lease(t.Context(), "other", time.Minute); held {
						release()
					}
				}
				time.Sleep(time.Minute)
				assert.Empty(t, r.holder("lease:k"), "observes ctx %v, used %v", observe, used)
				deletes := r.deleted()
				time.Sleep(time.Hour)
				assert.Equal(t, deletes, r.deleted(), "its deletion is confirmed")
			})
		}
	}
}

func TestALeaseThatWasNeverGrantedIsLookedForAsLongAsItCouldLast(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, r := lateStore(t, true)
		r.failing = true // before anybody asks
		_, _, err := s.Lease(t.Context(), "k", 10*time.Minute)
		require.Error(t, err)
		r.mu.Lock()
		r.failing = false
		r.mu.Unlock()
		time.Sleep(time.Hour)
		assert.Positive(t, r.deleted())
		assert.LessOrEqual(t, r.deleted(), 30)
		r.mu.Lock()
		r.leases["lease:k"] = "of somebody else"
		r.mu.Unlock()
		time.Sleep(time.Hour)
		assert.Equal(t, "of somebody else", r.holder("lease:k"))
	})
}

// TestLeasesAfterAnOutageDoNotLookForTheLostOnes each: they are looked for at once when Redis answers again, and then as rarely as
// if nobody took a lease.
func TestLeasesAfterAnOutageDoNotLookForTheLostOnes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, r := lateStore(t, true)
		failing := func(now bool) {
			r.mu.Lock()
			defer r.mu.Unlock()
			r.failing = now
		}
		failing(true)
		const lost = 8
		for range lost {
			_, _, err := s.Lease(t.Context(), "k", 15*time.Minute)
			require.Error(t, err)
			time.Sleep(2 * time.Second)
		}
		failing(false)
		time.Sleep(time.Second)
		const leases = 1000
		for range leases {
			held, release, err := s.Lease(t.Context(), "other", time.Minute)
			require.NoError(t, err)
			require.True(t, held)
			release()
			time.Sleep(100 * time.Millisecond)
		}
		looked := r.deleted() - leases
		assert.Positive(t, looked)
		assert.LessOrEqual(t, looked, 10*lost)
		time.Sleep(time.Hour)
	})
}

func TestAReleaseThatFailsIsRepeatedUntilItIsAnswered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, r := lateStore(t, true)
		held, release, err := s.Lease(t.Context(), "k", 15*time.Minute)
		require.NoError(t, err)
		require.True(t, held)
		r.mu.Lock()
		r.failing = true
		r.mu.Unlock()
		release()
		assert.NotEmpty(t, r.holder("lease:k"))
		time.Sleep(10 * time.Second)
		r.mu.Lock()
		r.failing = false
		r.mu.Unlock()
		time.Sleep(time.Minute)
		assert.Empty(t, r.holder("lease:k"))
		assert.Equal(t, 1, r.deleted())
	})
}

func TestManyLostLeasesAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, r := lateStore(t, true)
		r.failing = true // before anybody asks
		for range 1000 {
			_, _, err := s.Lease(t.Context(), "k", time.Minute)
			require.Error(t, err)
			time.Sleep(1100 * time.Millisecond) // so that each is asked for
		}
		r.mu.Lock()
		r.failing = false
		r.mu.Unlock()
		time.Sleep(time.Hour)
		assert.LessOrEqual(t, r.deleted(), 64*10)
	})
}

// TestAReplicaIsReadAndNotWrittenTo and one write or lease a second finds out whether it has become the master.
func TestAReplicaIsReadAndNotWrittenTo(t *testing.T) {
	for _, says := range []string{
		"READONLY You can't write against a read only replica.",
		"NOREPLICAS Not enough good replicas to write.",
		"ERR Error running script: @user_script:2: -READONLY You can't write against a read only replica.",
	} {
		synctest.Test(t, func(t *testing.T) {
			s, f := scriptedStore(t)
			reads, writes := 0, 0
			master := false
			f.set(func(_ context.Context, cmd redis.Cmder) error {
				switch cmd := cmd.(type) {
				case *redis.StringCmd:
					reads++
					cmd.SetVal("v")
					return nil
				case *redis.DurationCmd:
					cmd.SetVal(time.Minute)
					return nil
				case *redis.Cmd:
					cmd.SetVal(int64(1))
				}
				if writes++; !master {
					return said(says)
				}
				return nil
			})
			require.ErrorContains(t, s.Set(t.Context(), "k", []byte("w"), time.Minute), says)
			for range 100 {
				require.ErrorIs(t, s.Set(t.Context(), "k", []byte("w"), time.Minute), redisstore.ErrDown)
				require.ErrorIs(t, s.Delete(t.Context(), "k"), redisstore.ErrDown)
				_, _, err := s.Lease(t.Context(), "k", time.Minute)
				require.ErrorIs(t, err, redisstore.ErrDown)
				want(t, s, "other", "v")
			}
			assert.Equal(t, 1, writes)
			assert.Positive(t, reads)
			reads = 0
			time.Sleep(45 * time.Second)
			want(t, s, "other", "v")
			assert.Equal(t, 1, reads)
			require.ErrorContains(t, s.Set(t.Context(), "k", []byte("w"), time.Minute), says, "asked once more")
			master = true
			time.Sleep(time.Second)
			require.NoError(t, s.Set(t.Context(), "k", []byte("w"), time.Minute))
			held, release, err := s.Lease(t.Context(), "k", time.Minute)
			require.NoError(t, err)
			require.True(t, held)
			release()
		})
	}
}

func TestARealReplicaIsReadAndNotWrittenTo(t *testing.T) {
	master := startServer(t)
	replica := startServer(t, "--replicaof", "127.0.0.1 "+fmtPort(t, master.addr))
	m, _ := master.client(t)
	c, n := replica.client(t)
	require.NoError(t, redisstore.New(m, "").Set(t.Context(), "k", []byte("v"), time.Minute))
	require.Eventually(t, func() bool { return c.Exists(t.Context(), "k").Val() == 1 }, 20*time.Second, 20*time.Millisecond, "the replica catches up")
	s := redisstore.New(c, "")
	trips := n.during(func() {
		for range 20 {
			_, _, err := s.Lease(t.Context(), "k", time.Minute)
			require.Error(t, err)
			require.Error(t, s.Set(t.Context(), "new", []byte("w"), time.Minute))
		}
	})
	assert.LessOrEqual(t, trips, 6, "one lease or write a second, on a slow machine too")
	want(t, s, "k", "v")
	want(t, s, "new", "w")
}

func TestANegativeTTLDeletes(t *testing.T) {
	srv := startServer(t)
	c, _ := srv.client(t)
	s := redisstore.New(c, "")
	for _, ttl := range []time.Duration{-1, -time.Second, -time.Hour} {
		require.NoError(t, s.Set(t.Context(), "k", []byte("old"), time.Minute))
		require.NoError(t, s.Set(t.Context(), "k", []byte("new"), ttl))
		want(t, s, "k", "")
		want(t, redisstore.New(c, ""), "k", "")
	}
	gone := errors.New("gone")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(gone)
	require.NoError(t, s.Set(t.Context(), "k", []byte("old"), time.Minute))
	require.ErrorIs(t, s.Set(ctx, "k", []byte("new"), -1), gone)
	_, ok, _ := s.Get(ctx, "k")
	assert.False(t, ok, "not in memory")
}
