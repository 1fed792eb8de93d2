// Package seen remembers which events were handled, so that an event that is delivered again is not handled again.
package seen

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/jellydator/ttlcache/v3"
)

// Filter remembers events by their ids. It is safe for concurrent use and starts no goroutine.
type Filter struct {
	mu  sync.Mutex // makes the lookup of several ids one step
	ids *ttlcache.Cache[string, *delivery]
}

// delivery is one event on its way to its handler.
type delivery struct {
	ids  []string
	done chan struct{} // closed when err is known
	err  error         // why the event was given back; nil if it was handled
}

// New returns a Filter that remembers each id for the duration window, and at most size ids: beyond that it forgets the
// oldest early.
func New(window time.Duration, size int) *Filter {
	return &Filter{ids: ttlcache.New(
		ttlcache.WithTTL[string, *delivery](window),
		ttlcache.WithCapacity[string, *delivery](uint64(max(size, 0))),
		ttlcache.WithDisableTouchOnHit[string, *delivery](),
	)}
}

// Len returns the number of ids that are remembered, expired ones included until a later call forgets them.
func (f *Filter) Len() int { return f.ids.Len() }

// errGoexit stands until the event's handler has returned: the handler may end its goroutine instead.
var errGoexit = errors.New("richmedia: the handler ended its goroutine")

// Once calls handle unless an event with any of ids is remembered. It returns the result of handle, which is that of the
// first call if the event is remembered: Once waits for that result until ctx ends, and then returns ctx's cause. An event
// whose handle failed, panicked or ended its goroutine is forgotten and can be handled again.
func (f *Filter) Once(ctx context.Context, ids []string, handle func() error) error {
	d, first := f.claim(ids)
	if !first {
		select {
		case <-d.done:
			return d.err
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	d.err = errGoexit
	defer func() {
		if d.err != nil {
			f.forget(d)
		}
		close(d.done)
	}()
	d.err = handle()
	return d.err
}

// claim returns the delivery that ids belong to, and reports whether this call is the first to bring them.
func (f *Filter) claim(ids []string) (_ *delivery, first bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.ids.DeleteExpired() // without it expired ids would stay, since no goroutine deletes them
	for _, id := range ids {
		if item := f.ids.Get(id); item != nil {
			return item.Value(), false
		}
	}
	d := &delivery{ids: ids, done: make(chan struct{})}
	for _, id := range ids {
		f.ids.Set(id, d, ttlcache.DefaultTTL)
	}
	return d, true
}

// forget lets the event be handled again.
func (f *Filter) forget(d *delivery) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, id := range d.ids {
		f.ids.Delete(id)
	}
}
