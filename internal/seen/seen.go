// Package seen remembers which events were handled, so that an event that is delivered again is not handled again.
package seen

import (
	"context"
	"errors"
	"sync"
	"time"
)

// Filter remembers events by their ids. It is safe for concurrent use and starts no goroutine: expired events are forgotten
// while later ones arrive. The cost of a call does not grow with the number of events.
type Filter struct {
	window time.Duration
	size   int
	start  time.Time // arrivals are kept as the distance from it, which takes a third of the memory

	mu      sync.Mutex // makes the lookup of several ids one step
	ids     map[digest]place
	events  queue
	running map[place]*delivery // a few at a time: a handled event needs none
}

// delivery is one event on its way to its handler.
type delivery struct {
	at   place
	done chan struct{} // closed when err is known; nil if nothing waits for it
	err  error         // why the event was given back; nil if it was handled
}

// New returns a Filter that remembers each event for the duration window, and at most size events, at least 1: beyond that
// it forgets the oldest early.
func New(window time.Duration, size int) *Filter {
	return &Filter{
		window: window, size: max(size, 1), start: time.Now(),
		ids: map[digest]place{}, running: map[place]*delivery{},
	}
}

// Len returns the number of events that are remembered, expired ones included until a later call forgets them.
func (f *Filter) Len() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.events.len
}

// errGoexit stands until the event's handler has returned: the handler may end its goroutine instead.
var errGoexit = errors.New("richmedia: the handler ended its goroutine")

// IDs are the ids of an event: that of its delivery and that of its message. "" is none, and the two kinds are never equal.
type IDs [idsPerEvent]string

const idsPerEvent = 2

// Once calls handle unless an event with any of ids is remembered. It returns the result of handle, which is that of the
// first call if the event is remembered: Once waits for that result until ctx ends, and then returns ctx's cause. An event
// whose handle failed, panicked or ended its goroutine is forgotten and can be handled again. An event without ids is not
// remembered.
func (f *Filter) Once(ctx context.Context, ids IDs, handle func() error) error {
	if ids == (IDs{}) {
		return handle()
	}
	d, done := f.claim(ids.digests())
	switch {
	case d == nil: // it was handled
		return nil
	case done != nil:
		select {
		case <-done:
			return d.err
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	d.err = errGoexit
	defer f.end(d)
	d.err = handle()
	return d.err
}

// Forget forgets the event with any of ids, which can be handled again.
func (f *Filter) Forget(ids IDs) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, id := range ids.digests() {
		if at := f.ids[id]; at != 0 {
			f.forget(at)
		}
	}
}

// claim returns the delivery that ids belong to, or nil if it was handled. If this call is not the first to bring them, done
// is closed when the delivery's err is known.
func (f *Filter) claim(ids [idsPerEvent]digest) (_ *delivery, done <-chan struct{}) {
	now := time.Since(f.start)
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, id := range ids {
		at := f.ids[id]
		switch {
		case at == 0:
		case f.expired(at, now):
			f.forget(at)
		default:
			d := f.running[at]
			if d == nil {
				return nil, nil
			}
			if d.done == nil {
				d.done = make(chan struct{})
			}
			return d, d.done
		}
	}
	f.tidy(now)
	d := &delivery{at: f.events.push(event{ids: ids, arrived: now})}
	for _, id := range ids {
		if id != (digest{}) {
			f.ids[id] = d.at
		}
	}
	f.running[d.at] = d
	return d, nil
}

// end passes d's result to those who wait for it. An event that failed can be handled again.
func (f *Filter) end(d *delivery) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.running[d.at] == d { // else it was forgotten early, and its place may be another event's
		delete(f.running, d.at)
		if d.err != nil {
			f.forget(d.at)
		}
	}
	if d.done != nil {
		close(d.done)
	}
}

// tidyAtOnce is how many expired events a call forgets: more than the one that it adds, and too few to delay concurrent
// callers after a busy hour.
const tidyAtOnce = 4

// tidy forgets some expired events, and the oldest if there is no room for another. It needs f.mu.
func (f *Filter) tidy(now time.Duration) {
	for n := 0; n < tidyAtOnce && f.events.oldest != 0 && f.expired(f.events.oldest, now); n++ {
		f.forget(f.events.oldest)
	}
	if f.events.len >= f.size {
		f.forget(f.events.oldest)
	}
}

// expired reports whether the event at is older than the window. It needs f.mu.
func (f *Filter) expired(at place, now time.Duration) bool {
	return now-f.events.at(at).arrived >= f.window
}

// forget removes the event at. It needs f.mu.
func (f *Filter) forget(at place) {
	for _, id := range f.events.at(at).ids {
		delete(f.ids, id)
	}
	delete(f.running, at)
	f.events.remove(at)
}
