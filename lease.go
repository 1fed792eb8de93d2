package richmedia

import (
	"context"
	"errors"
	"time"
)

// Leaser may be implemented by a Store: instances that share the store then agree on which of them uploads a key, and
// the others wait for that upload instead of making it too. It must be safe for concurrent use. Leases are a name
// space of their own: one on a key neither hides nor changes what Get returns for it.
//
// A lease is a saving and no lock: an instance that waits too long, or gets an error, uploads by itself.
type Leaser interface {
	// Lease returns true to one caller until its release is called or ttl has passed, and false to the others, without
	// waiting. The ttl ends the lease of a holder that has died. release is nil if held is false; it takes a bounded
	// time, also when ctx is over, may be called more than once, and leaves a later lease of another caller alone.
	Lease(ctx context.Context, key string, ttl time.Duration) (held bool, release func(), err error)
}

// How long an upload is leased: a small file or a URL should be through in some seconds, and a large one gets the time
// that it takes at 1 MiB/s. A lease is not renewed. An upload that takes longer than its lease goes on and is kept; an
// instance that wants the same content by then uploads it too, which costs that upload and nothing else. In return, an
// instance that dies holds up nobody for longer.
const (
	leaseTime    = 20 * time.Second
	leasePerMiB  = time.Second
	leaseUnsized = 30 * time.Second // of a URL, whose size only the platform knows, and of content under WithCacheKey
)

// The pauses between two attempts to get a lease.
const (
	firstPause   = 50 * time.Millisecond
	longestPause = time.Second
)

func longer(pause time.Duration) time.Duration { return min(pause*3/2, longestPause) }

// errOtherInstance says that another instance has the event, or renews the upload.
var errOtherInstance = errors.New("richmedia: another instance has taken it")

func leaseFor(size int64) time.Duration {
	if size == 0 {
		return leaseUnsized
	}
	return leaseTime + time.Duration(size>>20)*leasePerMiB
}

// waitFor is how long a lease is waited for: until a dead instance's lease has ended, and half as long again for the
// instance that takes it over. If all gave up with the lease, all would upload.
func waitFor(lease time.Duration) time.Duration { return lease + lease/2 }

// leases asks the store's Leaser. The zero Leaser leases nothing.
type leases struct {
	leaser Leaser
	cache  *cache // whose store it is
}

// take asks for a lease. release is never nil.
func (l *leases) take(ctx context.Context, key string, ttl time.Duration) (held bool, release func(), err error) {
	err = l.cache.call(ctx, storeLease, func(ctx context.Context, _ Store) (err error) {
		held, release, err = l.leaser.Lease(ctx, key, ttl)
		return err
	})
	if release == nil {
		return held && err == nil, func() {}, err
	}
	free := release
	return held && err == nil, func() {
		defer blame("the store")
		free()
	}, err
}

// agree returns when up is in the store, or when the upload is this instance's to make: because it holds the lease, because
// the store cannot lease, or because the holder takes too long. A caller with a deadline, as a reply has its window,
// waits for a third of its time at most: the rest is for an upload of its own. release is never nil.
func (l *leases) agree(ctx context.Context, up *upload) (f File, found bool, release func()) {
	release = func() {}
	if l.leaser == nil {
		f, found, _ = up.cached(ctx)
		return f, found, release
	}
	ttl := leaseFor(up.size())
	wait := waitFor(ttl)
	if !up.deadline.IsZero() {
		wait = min(wait, time.Until(up.deadline)/3)
	}
	patience, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	for pause := firstPause; ; pause = longer(pause) {
		held, free, err := l.take(ctx, up.key, ttl)
		if held || err != nil {
			f, found, _ = up.cached(ctx)
			return f, found, free
		}
		if sleep(patience, pause) != nil {
			return f, false, release
		}
		// Without the store there is nothing to wait for.
		if f, found, err = up.cached(ctx); found || err != nil {
			return f, found, release
		}
	}
}

// takeRefresh reports whether the upload under key, which lives until ends, is this instance's to renew. The others find
// the new one in the store. The lease stays until the upload ends, also after the renewal: a memory in front of the store
// may show the old upload to others for a while. release is for a renewal that failed.
func (l *leases) takeRefresh(ctx context.Context, key string, ends time.Time) (mine bool, release func()) {
	ttl := time.Until(ends)
	if l.leaser == nil || ttl <= 0 {
		return true, func() {}
	}
	held, release, err := l.take(ctx, key+":renewal", ttl)
	return held || err != nil, release
}
