package richmedia

import (
	"context"
	"time"
)

// Leaser may stand beside Store, on the same type: instances that share the store then agree on who uploads a key, and
// the others wait for that one's upload instead of making it too. It must be safe for concurrent use. Leases are a name
// space of their own: one on a key neither hides nor changes what Get answers for it.
//
// A lease is a saving and no lock: whoever waits too long, or gets an error, uploads by itself.
type Leaser interface {
	// Lease answers true to one caller until its release is called or ttl has passed, and false to the others, without
	// waiting. The ttl ends the lease of a holder that has died. release is nil where held is false; it takes a bounded
	// time, also when ctx is over, may be called more than once, and leaves alone a lease that is somebody else's by then.
	Lease(ctx context.Context, key string, ttl time.Duration) (held bool, release func(), err error)
}

// How long an upload is leased: a small file or a URL should be through in some seconds, and a large one gets the time
// that it takes at 1 MiB/s. A lease is not renewed. An upload that takes longer than its lease goes on and is kept; whoever
// wants the same content by then uploads it too, which costs that upload and nothing else. The other way round, an
// instance that dies holds up nobody for longer.
const (
	leaseTime    = 20 * time.Second
	leasePerMiB  = time.Second
	leaseUnsized = 30 * time.Second // of a URL, whose size only the platform knows, and of what WithCacheKey names
)

// The pauses between two looks at what another instance is doing.
const (
	firstPause   = 50 * time.Millisecond
	longestPause = time.Second
)

// waitFor is how long a lease is waited for: until that of a dead instance has ended, and half as long again for the one who
// takes it over. If all gave up with the lease, all would upload. A caller with a deadline, as a reply has its window,
// waits for a third of its time at most: the rest is for an upload of its own.
func waitFor(lease time.Duration) time.Duration { return lease + lease/2 }

func leaseFor(size int64) time.Duration {
	if size == 0 {
		return leaseUnsized
	}
	return leaseTime + time.Duration(size>>20)*leasePerMiB
}

// makeOnce uploads, unless the file is in the store by now: the one who was here before may have finished between our
// look and this flight, and another instance while we waited for it.
func (up *upload) makeOnce(ctx context.Context) (File, error) {
	f, found, release := up.agree(ctx)
	defer release() // at once when the upload fails: the next one need not wait for the ttl
	if found {
		return f, nil
	}
	if ctx.Err() != nil {
		return File{}, context.Cause(ctx)
	}
	return up.makeAndKeep(ctx)
}

// agree returns when the file is in the store, or when the upload is ours to make: because we hold the lease, because
// nobody can give one, or because the other one takes too long.
func (up *upload) agree(ctx context.Context) (f File, found bool, release func()) {
	release = func() {}
	if up.u.leaser == nil {
		f, found = up.u.get(ctx, up)
		return f, found, release
	}
	ttl := leaseFor(up.size())
	wait := waitFor(ttl)
	if !up.until.IsZero() {
		wait = min(wait, time.Until(up.until)/3)
	}
	patience, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	for pause := firstPause; ; pause = longer(pause) {
		held, free, err := up.u.lease(ctx, up.key, ttl)
		if held || err != nil {
			f, found = up.u.get(ctx, up)
			return f, found, free
		}
		if sleep(patience, pause) != nil {
			return f, false, release
		}
		// Without the store there is nothing to wait for.
		if f, found, err = up.u.look(ctx, up); found || err != nil {
			return f, found, release
		}
	}
}

func longer(pause time.Duration) time.Duration { return min(pause*3/2, longestPause) }

// lease asks the store, and gives a release in any case.
func (u *uploader) lease(ctx context.Context, key string, ttl time.Duration) (held bool, release func(), err error) {
	err = u.withStore(ctx, storeLease, func(ctx context.Context, _ Store) (err error) {
		held, release, err = u.leaser.Lease(ctx, key, ttl)
		return err
	})
	if release == nil {
		release = func() {}
	}
	return held && err == nil, release, err
}

// renewal tells whether the upload under key, which lives until ends, is ours to renew. The others find what comes of it in
// the store. It stays ours until the upload ends, also when it is done: a memory in front of the store may show the old one
// to others for a while. free is for a renewal that failed.
func (u *uploader) renewal(ctx context.Context, key string, ends time.Time) (mine bool, free func()) {
	ttl := time.Until(ends)
	if u.leaser == nil || ttl <= 0 {
		return true, func() {}
	}
	held, free, err := u.lease(ctx, key+":renewal", ttl)
	return held || err != nil, free
}
