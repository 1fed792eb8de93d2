// Package redisstore is a Store for github.com/botgo-contrib/richmedia on Redis: the upload of one instance of a bot serves
// all of them, and only one of them makes it:
//
//	client := redis.NewUniversalClient(&redis.UniversalOptions{
//		Addrs:                 []string{"redis:6379"},
//		ContextTimeoutEnabled: true,
//	})
//	media, err := richmedia.New(src, richmedia.WithStore(redisstore.New(client, "mybot:")))
//
// A single Redis, Sentinel and Cluster are supported; every command uses one key. Nothing needs to be durable: a lost value
// is uploaded again.
//
// # Two levels
//
// In front of Redis is a memory of the 1024 values that were used last. A value is returned from there for 30 s, but not
// longer than it lives, without asking Redis: a hot image costs no round trip. The absence of a value is not remembered. A
// value that another instance has deleted or replaced may therefore be found here for 30 s more.
//
// # When Redis is slow, down, full or restarting
//
// A call takes at most 500 ms. After a call without an answer Redis is not asked for a second, and calls fail at once with
// ErrDown; then one call tries again. The same holds for writes and leases alone after Redis has refused a write (READONLY,
// from a replica behind a fixed address): reads go on. Meanwhile a value in memory is returned as long as it lives, and new
// values are kept there too. Nothing is repeated here; the client's own MaxRetries fit into the 500 ms. For the plugin an
// error is a miss: each instance uploads for itself.
//
// Set ContextTimeoutEnabled in the client's options: without it go-redis observes only its own timeouts, of some seconds,
// and a goroutine stays behind for that long after each call without an answer.
package redisstore

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/redis/go-redis/v9"
)

const (
	callTimeout = 500 * time.Millisecond // of one call, with the client's retries
	downFor     = time.Second            // between two attempts at a Redis that did not answer
	frontSize   = 1024                   // values in memory
	freshFor    = 30 * time.Second       // for which a value is returned from memory without asking Redis
)

// ErrDown is the error of a call that was not made, because Redis did not answer the one before; or of a write or a lease,
// because Redis refused the write before.
var ErrDown = errors.New("redisstore: Redis did not answer, and is not asked again for a moment")

// Store is richmedia's Store and Leaser on Redis. It is safe for concurrent use. Its goroutines outlast a call for at most
// the client's timeouts, but for one that releases leases after an outage and ends with the client.
type Store struct {
	client  redis.UniversalClient
	prefix  string
	front   *front
	all     circuit // of every call
	writes  circuit // of writes and leases, in addition
	orphans orphans
}

// New returns a store whose keys on Redis begin with prefix, such as "mybot:", which may be empty. Bots of different app
// ids and of different releases may share a prefix: the plugin's keys and values tell them apart. Leases are under
// prefix+"lease:". The caller closes client after the plugin has been shut down. New asks nothing of Redis: a bot starts
// without it too.
func New(client redis.UniversalClient, prefix string) *Store {
	return &Store{client: client, prefix: prefix, front: newFront()}
}

// Get returns the value from memory if it is fresh there, else from Redis, else from memory.
func (s *Store) Get(ctx context.Context, key string) (value []byte, ok bool, err error) {
	old, fresh := s.front.get(key)
	if fresh {
		return old.value, true, nil
	}
	changes := s.front.changes.Load()
	got, err := ask(ctx, s, call[stored]{do: func(ctx context.Context) (stored, error) { return s.read(ctx, key) }})
	switch {
	case err != nil && old != nil:
		return old.value, true, nil
	case err != nil:
		return nil, false, err
	case got.value == nil:
		s.front.drop(key, old)
		return nil, false, nil
	}
	if got.alive && changes == s.front.changes.Load() { // else it may be what was deleted after we read it
		s.front.put(key, got.value, got.ttl)
	}
	return got.value, true, nil
}

// Set keeps value in memory and on Redis for ttl; forever if that is 0, and not at all if it is negative. With an error the
// value is in memory only.
func (s *Store) Set(ctx context.Context, key string, value []byte, ttl time.Duration) error {
	if ttl < 0 {
		return s.Delete(ctx, key) // the value before must not be read either
	}
	s.front.changes.Add(1)
	s.front.put(key, slices.Clone(value), ttl)
	_, err := ask(ctx, s, call[string]{write: true, do: func(ctx context.Context) (string, error) {
		return s.client.Set(ctx, s.prefix+key, value, ttl).Result()
	}})
	return err
}

// Delete forgets key in memory and on Redis. With an error it may still be on Redis.
func (s *Store) Delete(ctx context.Context, key string) error {
	s.front.delete(key)
	defer s.front.delete(key) // again: a Get may have read it before the DEL
	_, err := ask(ctx, s, call[int64]{write: true, do: func(ctx context.Context) (int64, error) {
		return s.client.Del(ctx, s.prefix+key).Result()
	}})
	return err
}

// stored is a value on Redis.
type stored struct {
	value []byte // nil: there is none
	ttl   time.Duration
	alive bool // it had not expired when its ttl was read
}

// read returns the value and its ttl, in one round trip.
func (s *Store) read(ctx context.Context, key string) (stored, error) {
	pipe := s.client.Pipeline()
	get, pttl := pipe.Get(ctx, s.prefix+key), pipe.PTTL(ctx, s.prefix+key)
	_, err := pipe.Exec(ctx)
	if errors.Is(get.Err(), redis.Nil) {
		return stored{}, nil
	}
	if err != nil {
		return stored{}, err
	}
	got := stored{value: []byte(get.Val()), ttl: pttl.Val(), alive: true}
	switch got.ttl { // the numbers of Redis, as they are
	case -1: // forever
		got.ttl = 0
	case -2, 0: // expired meanwhile, or in less than 1 ms: not "forever"
		got.alive = false
	}
	if got.value == nil {
		got.value = []byte{}
	}
	return got, nil
}
