// Package redisstore is a Store for github.com/botgo-contrib/richmedia on Redis, so that what one instance of a bot has
// uploaded serves all of them, and only one of them uploads it:
//
//	client := redis.NewUniversalClient(&redis.UniversalOptions{
//		Addrs:                 []string{"redis:6379"},
//		ContextTimeoutEnabled: true,
//	})
//	media, err := richmedia.New(src, richmedia.WithStore(redisstore.New(client, "mybot:")))
//
// A single Redis, Sentinel and Cluster will do; every command is about one key. Nothing needs to be durable: what is lost
// is uploaded again.
//
// # Two levels
//
// In front of Redis is a memory of 1024 values, the one that was not used for longest leaving first. A value is given from
// there for 30 s, and for no longer than it lives, without asking Redis: a hot image costs no round trip. That there is
// no value is not remembered. What another instance has deleted or replaced may so be found here for 30 s more.
//
// # When Redis is slow, down, full or restarting
//
// A call takes 500 ms at most. After one that had no answer Redis is not asked for a second, and calls fail at once with
// ErrDown; then one call tries again. Meanwhile a value in the memory in front serves for as long as it lives, and what is
// set is kept there too. Nothing is repeated here; the client's own MaxRetries fit into the 500 ms. For the plugin an
// error is a miss: the bot uploads where it must, each instance for itself.
//
// Set ContextTimeoutEnabled in the client's options: without it go-redis heeds its own timeouts only, some seconds,
// and a goroutine stays behind for that long after each call that had no answer.
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
	freshFor    = 30 * time.Second       // how long one is given from memory without asking Redis
)

// ErrDown is the error of a call that was not made, because Redis did not answer the one before.
var ErrDown = errors.New("redisstore: Redis did not answer, and is not asked again for a moment")

// Store is richmedia's Store and Leaser on Redis. It is safe for concurrent use, and starts no goroutine that outlasts its
// call for longer than the client's timeouts.
type Store struct {
	client  redis.UniversalClient
	prefix  string
	front   *front
	circuit circuit
	orphans orphans
}

// New makes a store whose keys on Redis begin with prefix, such as "mybot:", which may be empty. Bots of different app ids
// and of different releases may share one: the plugin's keys and values tell them apart. Leases are under prefix+"lease:".
// client stays the caller's, to be closed after the plugin has been shut down. New asks nothing of Redis: a bot starts
// without it too.
func New(client redis.UniversalClient, prefix string) *Store {
	return &Store{client: client, prefix: prefix, front: newFront()}
}

// Get gives the value from memory where it is fresh, else from Redis, else from memory.
func (s *Store) Get(ctx context.Context, key string) (value []byte, ok bool, err error) {
	old, fresh := s.front.get(key)
	if fresh {
		return old.value, true, nil
	}
	changes := s.front.changes.Load()
	got, err := ask(ctx, s, func(ctx context.Context) (stored, error) { return s.read(ctx, key) }, nil)
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

// Set keeps value in memory and on Redis. With an error it is in memory only.
func (s *Store) Set(ctx context.Context, key string, value []byte, ttl time.Duration) error {
	if ttl < 0 {
		return nil // over before it began
	}
	s.front.changes.Add(1)
	s.front.put(key, slices.Clone(value), ttl)
	_, err := ask(ctx, s, func(ctx context.Context) (string, error) {
		return s.client.Set(ctx, s.prefix+key, value, ttl).Result()
	}, nil)
	return err
}

// Delete forgets key in memory and on Redis. With an error it may be on Redis still.
func (s *Store) Delete(ctx context.Context, key string) error {
	s.front.delete(key)
	defer s.front.delete(key) // again: a Get may have read it before the DEL
	_, err := ask(ctx, s, func(ctx context.Context) (int64, error) {
		return s.client.Del(ctx, s.prefix+key).Result()
	}, nil)
	return err
}

// stored is a value as Redis has it.
type stored struct {
	value []byte // nil: there is none
	ttl   time.Duration
	alive bool // it had not ended when its ttl was asked for
}

// read asks for the value and how long it lives, in one round trip.
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
	switch got.ttl { // as go-redis hands on what Redis says
	case -1: // for ever
		got.ttl = 0
	case -2, 0: // gone since, or in less than 1 ms: not "for ever"
		got.alive = false
	}
	if got.value == nil {
		got.value = []byte{}
	}
	return got, nil
}
