package richmedia

import (
	"sync"
	"time"
)

// outageQuiet is the least time between two lines about a store that goes down: one that fails now and then must not
// fill the log either.
const outageQuiet = time.Minute

// outage reduces the failures of a store, from the first to its recovery, to one line of the log each.
type outage struct {
	mu       sync.Mutex
	since    time.Time // of the first failure; zero while the store works
	last     time.Time // of the last failure
	failures int
	told     bool
	toldAt   time.Time // of this outage or an earlier one
}

// failed notes a failure and reports whether to log it.
func (o *outage) failed(now time.Time) (say bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.since.IsZero() {
		o.since, o.failures, o.told = now, 0, false
	}
	o.last = now
	o.failures++
	if o.told || (!o.toldAt.IsZero() && now.Sub(o.toldAt) < outageQuiet) {
		return false
	}
	o.told, o.toldAt = true, now
	return true
}

// worked notes a success and reports whether to log that the store is back. A read may have been answered by a memory in
// front of the store, and a full store can still be read: only a write ends an outage at once.
func (o *outage) worked(now time.Time, wrote bool) (say bool, lasted time.Duration, failures int) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.since.IsZero() || (!wrote && now.Sub(o.last) < outageQuiet) {
		return false, 0, 0
	}
	lasted, failures, say = now.Sub(o.since), o.failures, o.told
	o.since = time.Time{}
	return say, lasted, failures
}
