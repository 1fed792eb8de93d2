package richmedia

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/jellydator/ttlcache/v3"
)

// The platform announces repeated pushes of one message (docs 2026-08), and a resumed websocket repeated events
// that were almost 7 minutes old (agentscope-ai/QwenPaw#7946).
const (
	seenFor  = 15 * time.Minute
	seenSize = 1 << 19 // ids; beyond that the oldest are forgotten early
)

// seen remembers the events that were taken, by all of their ids.
type seen struct {
	mu  sync.Mutex // makes the look at several ids one step
	ids *ttlcache.Cache[string, *delivery]
}

// delivery is one event on its way to its handler.
type delivery struct {
	ids  []string
	done chan struct{} // closed when err is known: why the event was given back, nil when it was taken
	err  error
}

func newSeen() *seen {
	return &seen{ids: ttlcache.New(
		ttlcache.WithTTL[string, *delivery](seenFor),
		ttlcache.WithCapacity[string, *delivery](seenSize),
		ttlcache.WithDisableTouchOnHit[string, *delivery](),
	)}
}

// once runs take for the first who brings any of ids, and gives every other one the outcome of that, waiting for it
// where it is not known yet: an event that is pushed again while its handler still runs, and then fails, must not have
// been called done. An event that was given back can be taken again.
func (s *seen) once(ctx context.Context, ids []string, take func() error) error {
	d, mine := s.claim(ids)
	if !mine {
		select {
		case <-d.done:
			return d.err
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	d.err = errHandlerEnded
	defer func() {
		if d.err != nil {
			s.forget(d)
		}
		close(d.done)
	}()
	d.err = take()
	return d.err
}

// errHandlerEnded stands until the event's handler has returned: it may end its goroutine instead.
var errHandlerEnded = errors.New("richmedia: the handler ended its goroutine")

// claim gives the delivery that ids belong to, and whether it is the caller's to make.
func (s *seen) claim(ids []string) (_ *delivery, mine bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ids.DeleteExpired() // on the way, instead of a goroutine
	for _, id := range ids {
		if item := s.ids.Get(id); item != nil {
			return item.Value(), false
		}
	}
	d := &delivery{ids: ids, done: make(chan struct{})}
	for _, id := range ids {
		s.ids.Set(id, d, ttlcache.DefaultTTL)
	}
	return d, true
}

// forget lets the event come again.
func (s *seen) forget(d *delivery) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, id := range d.ids {
		s.ids.Delete(id)
	}
}
