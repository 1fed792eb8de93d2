package redisstore

import (
	"context"
	"crypto/rand"
	"errors"
	"time"

	"github.com/redis/go-redis/v9"
)

// takeLease is SET NX PX, and accepts the same token again: the client may repeat a call whose answer was lost.
var takeLease = redis.NewScript(`
if redis.call('SET', KEYS[1], ARGV[1], 'NX', 'PX', ARGV[2]) then return 1 end
if redis.call('GET', KEYS[1]) == ARGV[1] then return 1 end
return 0`)

// endLease deletes the lease of this token only: another instance may hold it by now.
var endLease = redis.NewScript(`
if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end
return 0`)

// Lease takes the lease on key in one round trip; two if Redis has just started. Its release takes one more, and 500 ms at
// most. A lease that Redis grants after the call has failed is released, and so is one whose release failed, as soon as
// Redis answers again.
func (s *Store) Lease(ctx context.Context, key string, ttl time.Duration) (held bool, release func(), err error) {
	l := &lease{store: s, name: s.prefix + "lease:" + key, token: rand.Text(), until: time.Now().Add(max(ttl, orphanTime))}
	got, err := ask(ctx, s, call[int64]{
		write: true,
		do: func(ctx context.Context) (int64, error) {
			return takeLease.Run(ctx, s.client, []string{l.name}, l.token, max(1, ttl.Milliseconds())).Int64()
		},
		late: l.late,
	})
	switch {
	case err == nil && got == 1:
		s.orphans.sweep() // Redis answers
		return true, func() { l.release(context.WithoutCancel(ctx)) }, nil
	case err != nil && !errors.Is(err, ErrDown) && !answers(err):
		s.orphans.add(l) // Redis may still carry it out, when the connection or Redis itself goes on
	}
	return false, nil, err
}

// lease is one token on one key.
type lease struct {
	store *Store
	name  string
	token string
	until time.Time // when the lease has ended by itself

	// Guarded by the orphans' lock. granted: Redis is known to have granted the lease, so that it is gone as soon as its
	// deletion is answered; any other may be granted after that. settled: it is gone.
	granted, settled bool
}

// late notes what Redis answered after the caller had left.
func (l *lease) late(got int64, err error) {
	switch {
	case err != nil: // it may be granted later still
	case got == 1:
		l.release(context.Background())
	default:
		l.store.orphans.drop(l)
	}
}

// release deletes the lease that Redis has granted; not until the end of ctx, which may be the reason to release.
func (l *lease) release(ctx context.Context) {
	l.store.orphans.grant(l)
	if _, err := l.delete(ctx); err != nil {
		l.store.orphans.add(l)
		return
	}
	l.store.orphans.drop(l)
}

// delete reports whether the lease was there.
func (l *lease) delete(ctx context.Context) (deleted bool, err error) {
	n, err := ask(ctx, l.store, call[int64]{
		write: true,
		do: func(ctx context.Context) (int64, error) {
			return endLease.Run(ctx, l.store.client, []string{l.name}, l.token).Int64()
		},
	})
	return n == 1, err
}
