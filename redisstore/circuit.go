package redisstore

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"
)

var (
	// errSlow is the cause that a call ends with.
	errSlow = fmt.Errorf("redisstore: no answer from Redis in %s", callTimeout)
	// errReadOnly is the error of a write that was not tried.
	errReadOnly = fmt.Errorf("%w: it is a replica, or has too few of them, and refused a write", ErrDown)
)

// circuit keeps calls away from a Redis that does not answer them.
type circuit struct {
	mu   sync.Mutex
	open bool
	next time.Time // when one call may try again
}

// enter reports whether a call may be made.
func (c *circuit) enter(now time.Time) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.open {
		return true
	}
	if now.Before(c.next) {
		return false
	}
	c.next = now.Add(downFor) // for this call; the others wait for its result
	return true
}

func (c *circuit) set(open bool, now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.open, c.next = open, now.Add(downFor)
}

// call is one question to Redis.
type call[T any] struct {
	do    func(context.Context) (T, error)
	write bool
	late  func(T, error) // called with what do returns after the caller has left; may be nil
}

// ask makes a call, in callTimeout or less. go-redis may ignore a ctx, so that a call runs on a goroutine of its own.
func ask[T any](ctx context.Context, s *Store, c call[T]) (v T, err error) {
	if ctx.Err() != nil {
		return v, context.Cause(ctx)
	}
	now := time.Now()
	if !s.all.enter(now) {
		return v, ErrDown
	}
	if c.write && !s.writes.enter(now) {
		return v, errReadOnly
	}
	bounded, cancel := context.WithTimeoutCause(ctx, callTimeout, errSlow)
	defer cancel()
	type answer struct {
		v   T
		err error
	}
	answered, left := make(chan answer), make(chan struct{})
	go func() {
		v, err := c.do(bounded)
		select {
		case answered <- answer{v, err}:
		case <-left:
			if c.late != nil {
				c.late(v, err)
			}
		}
	}()
	select {
	case a := <-answered:
		v, err = a.v, a.err
	case <-bounded.Done():
		close(left)
		err = bounded.Err()
	}
	switch {
	case err == nil:
		s.answered(c.write, nil)
	case ctx.Err() != nil: // the caller's end says nothing about Redis
		err = context.Cause(ctx)
	case bounded.Err() != nil:
		s.all.set(true, time.Now())
		err = errSlow
	default:
		s.answered(c.write, err)
		err = fmt.Errorf("redisstore: %w", err)
	}
	return v, err
}

// answered notes what a call has shown. A Redis that refuses writes can still be read.
func (s *Store) answered(write bool, err error) {
	now := time.Now()
	s.all.set(!answers(err), now)
	if write {
		s.writes.set(refusesWrites(err), now)
	}
}

// answers reports whether err is nil or an answer of a Redis that works, such as that it is full. One that starts, has no
// client left, or whose cluster has no majority answers too, but go-redis asks it again and again.
func answers(err error) bool {
	if err == nil {
		return true
	}
	var said redis.Error
	return errors.As(err, &said) && !redis.IsLoadingError(err) && !redis.IsClusterDownError(err) && !redis.IsMasterDownError(err) &&
		!redis.IsMaxClientsError(err)
}

// refusesWrites reports whether Redis is a replica, or has too few replicas to write. go-redis repeats such a call over a
// new connection each time.
func refusesWrites(err error) bool {
	return err != nil && (redis.IsReadOnlyError(err) || redis.IsNoReplicasError(err) || // and of a script, before Redis 7:
		strings.Contains(err.Error(), "-READONLY "))
}
