package redisstore

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"
)

// errSlow is the cause that a call ends with.
var errSlow = fmt.Errorf("redisstore: no answer from Redis in %s", callTimeout)

// circuit keeps calls away from a Redis that does not answer.
type circuit struct {
	mu   sync.Mutex
	down bool
	next time.Time // when one call may try again
}

// enter tells whether a call may be made.
func (c *circuit) enter(now time.Time) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.down {
		return true
	}
	if now.Before(c.next) {
		return false
	}
	c.next = now.Add(downFor) // this one; the others see what becomes of it
	return true
}

func (c *circuit) set(down bool, now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.down, c.next = down, now.Add(downFor)
}

// ask makes a call, in callTimeout or less. go-redis need not heed a ctx, so that a call runs on a goroutine of its own; what
// it gives after the caller has left goes to late, which may be nil.
func ask[T any](ctx context.Context, s *Store, call func(context.Context) (T, error), late func(T)) (v T, err error) {
	if ctx.Err() != nil {
		return v, context.Cause(ctx)
	}
	if !s.circuit.enter(time.Now()) {
		return v, ErrDown
	}
	bounded, cancel := context.WithTimeoutCause(ctx, callTimeout, errSlow)
	defer cancel()
	type answer struct {
		v   T
		err error
	}
	answered, left := make(chan answer), make(chan struct{})
	go func() {
		v, err := call(bounded)
		select {
		case answered <- answer{v, err}:
		case <-left:
			if err == nil && late != nil {
				late(v)
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
		s.circuit.set(false, time.Now())
	case ctx.Err() != nil: // the caller's end says nothing about Redis
		err = context.Cause(ctx)
	case bounded.Err() != nil:
		s.circuit.set(true, time.Now())
		err = errSlow
	default:
		s.circuit.set(!answers(err), time.Now())
		err = fmt.Errorf("redisstore: %w", err)
	}
	return v, err
}

// answers tells whether err is an answer of a Redis that works, such as that it is full. One that starts, or whose cluster
// has no majority, answers too, but go-redis asks it again and again.
func answers(err error) bool {
	var said redis.Error
	return errors.As(err, &said) && !redis.IsLoadingError(err) && !redis.IsClusterDownError(err) && !redis.IsMasterDownError(err)
}
