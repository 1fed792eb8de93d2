package redisstore

import (
	"context"
	"crypto/rand"
	"errors"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"
)

// takeLease is SET NX PX, and says yes to the same token again: the client may repeat a call whose answer was lost.
var takeLease = redis.NewScript(`
if redis.call('SET', KEYS[1], ARGV[1], 'NX', 'PX', ARGV[2]) then return 1 end
if redis.call('GET', KEYS[1]) == ARGV[1] then return 1 end
return 0`)

// endLease deletes the lease of this token only: another instance may have it by now.
var endLease = redis.NewScript(`
if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end
return 0`)

// Lease takes the lease on key in one round trip; of a Redis that has just started, in two. Its release takes one more, and
// 500 ms at most. A lease that Redis gave after the call had timed out is given back.
func (s *Store) Lease(ctx context.Context, key string, ttl time.Duration) (held bool, release func(), err error) {
	name, token := []string{s.prefix + "lease:" + key}, rand.Text()
	free := sync.OnceFunc(func() {
		// Not until ctx's end, which may be the reason to release. What fails here is mended by the ttl.
		_, _ = ask(context.WithoutCancel(ctx), s, func(ctx context.Context) (int64, error) {
			return endLease.Run(ctx, s.client, name, token).Int64()
		}, nil)
	})
	got, err := ask(ctx, s, func(ctx context.Context) (int64, error) {
		return takeLease.Run(ctx, s.client, name, token, max(1, ttl.Milliseconds())).Int64()
	}, func(got int64) {
		if got == 1 {
			free()
		}
	})
	if err != nil && !errors.Is(err, ErrDown) && !answers(err) {
		s.orphans.add(free) // Redis may carry it out when it wakes up
	}
	if err != nil || got == 0 {
		return false, nil, err
	}
	if gone := s.orphans.take(); gone != nil {
		go func() {
			for _, free := range gone {
				free()
			}
		}()
	}
	return true, free, nil
}

// orphans are the releases of leases whose answer was lost.
type orphans struct {
	mu   sync.Mutex
	free []func()
}

func (o *orphans) add(free func()) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(o.free) < 64 {
		o.free = append(o.free, free)
	}
}

func (o *orphans) take() (all []func()) {
	o.mu.Lock()
	defer o.mu.Unlock()
	all, o.free = o.free, nil
	return all
}
