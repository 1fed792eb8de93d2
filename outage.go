package richmedia

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/botgo-contrib/richmedia/internal/platform"
)

// outageQuiet is the least time between two lines about a store that goes down: one that fails now and then must not
// fill the log either.
const outageQuiet = time.Minute

// outage makes one line of the log out of all failures of a store from the first to its recovery.
type outage struct {
	mu       sync.Mutex
	since    time.Time // of the first failure; zero while the store works
	last     time.Time // of the last failure
	failures int
	told     bool
	toldAt   time.Time // of this outage or an earlier one
}

// failed notes a failure and answers whether to log it.
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

// worked notes a success and answers whether to log that the store is back. What was read may have come from a memory in
// front of the store, and a store that is full can still be read: only what was written ends an outage at once.
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

// The calls to a store, as the log names them.
const (
	storeGet    = "get"
	storeSet    = "set"
	storeDelete = "delete"
	storeLease  = "lease"
)

// withStore calls the store. What goes wrong there costs an upload, no reply, and is logged once for an outage.
func (u *uploader) withStore(ctx context.Context, what string, fn func(context.Context, Store) error) error {
	if u.store == nil {
		return nil
	}
	if _, own := u.store.(*MemoryStore); own { // which answers at once
		return fn(ctx, u.store)
	}
	ctx, cancel := context.WithTimeout(ctx, storeTimeout)
	defer cancel()
	err := fn(ctx, u.store)
	switch {
	case err == nil:
		wrote := what == storeSet || what == storeLease
		if say, lasted, n := u.outage.worked(time.Now(), wrote); say {
			u.log.Infof("richmedia: the store answers again, after %s and %d failures", lasted.Round(time.Millisecond), n)
		}
	case !errors.Is(ctx.Err(), context.Canceled) && u.outage.failed(time.Now()):
		u.log.Warnf("richmedia: the store failed to %s, going on without it until it answers again: %s", what, platform.Clean(err.Error()))
	}
	return err
}
