package richmedia

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/tencent-connect/botgo/log"

	"github.com/botgo-contrib/richmedia/internal/platform"
)

// maxRefreshAhead is the most that WithRefreshAhead takes.
const maxRefreshAhead = 10_000

// renewalsAtOnce keeps one large file from holding up all others, and leaves the line to replies.
const renewalsAtOnce = 2

// refresher renews uploads before they end. A nil refresher does nothing. It starts its goroutine with the first upload to
// renew.
type refresher struct {
	u    *uploader
	log  log.Logger
	life context.Context //nolint:containedctx // the plugin's, or shorter: renewals end when draining begins
	end  context.CancelCauseFunc
	wake chan struct{} // something is due earlier than it was; holds one

	running running // the goroutine that waits, and the renewals

	mu        sync.Mutex
	started   bool
	favorites favorites
	next      time.Time // when the goroutine looks again; zero while it does
}

// newRefresher returns a refresher for at most limit uploads, or nil for 0. It ends with life.
func newRefresher(life context.Context, u *uploader, limit int) *refresher {
	if limit == 0 {
		return nil
	}
	r := &refresher{u: u, log: u.log, wake: make(chan struct{}, 1), favorites: newFavorites(limit)}
	r.life, r.end = context.WithCancelCause(life)
	return r
}

// used counts a use of up, whose File is f.
func (r *refresher) used(up *upload, f File) {
	if r == nil || up.key == "" || f.Expires.IsZero() {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.life.Err() != nil {
		return
	}
	v := r.favorites.get(up.key)
	v.made(f, up.record.route() != RouteCache)
	v.uses++
	v.score++
	if up.src.once != nil { // it says what is used, but not where to get it again
		return
	}
	r.favorites.choose(v)
	if !v.chosen {
		return
	}
	v.src, v.kind, v.cacheKey, v.picture = up.src, up.kind, up.cacheKey, up.picture
	v.to = Target{Scope: up.to.Scope, ChatID: up.to.ChatID} // a renewal answers no message
	if !r.started {
		r.started = true
		r.running.add()
		go r.run()
	} else if v.wanted().Before(r.next) {
		r.rouse()
	}
}

// made notes that f is the last upload of v, unless it is known, or older. fresh says that it was made just now.
func (v *favorite) made(f File, fresh bool) {
	ends := f.Expires.Truncate(time.Millisecond)
	if !ends.After(v.ends) {
		return
	}
	left := time.Until(f.Expires)
	usable := left - time.Minute // the most by which a store forgets it early: its ttl is not known
	if fresh {
		usable = usableFor(left)
	}
	v.ends, v.due, v.uses, v.score = ends, time.Now(), 0, v.score/2
	if usable > 0 {
		// At random: processes that share a store would otherwise renew at the same moment.
		v.due = v.due.Add(usable*3/4 - rand.N(usable/16+1)) //nolint:gosec // no secret
	}
}

// rouse lets the goroutine pick again.
func (r *refresher) rouse() {
	select {
	case r.wake <- struct{}{}:
	default:
	}
}

// run renews what is due, until the refresher's life ends.
func (r *refresher) run() {
	defer r.running.done()
	slots := make(chan struct{}, renewalsAtOnce)
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-r.life.Done():
			return
		case <-r.wake:
		case <-timer.C:
		}
		for {
			v, wait := r.pick()
			if v == nil {
				timer.Reset(wait)
				break
			}
			select {
			case slots <- struct{}{}:
			case <-r.life.Done():
				return
			}
			r.running.add()
			go func() {
				defer r.running.done()
				defer func() { <-slots }()
				r.renew(v)
			}()
		}
	}
}

// pick returns the favorite whose renewal is most overdue, or how long to wait for the next. Favorites that have ended, or
// were not used enough, are dropped when they are due: a later use adds them again.
func (r *refresher) pick() (due *favorite, wait time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := time.Now()
	r.next = now.Add(time.Hour)
	for _, v := range r.favorites.chosen {
		switch {
		case v.busy:
		case v.wanted().After(now):
			if v.wanted().Before(r.next) {
				r.next = v.wanted()
			}
		case v.uses < minUses || !now.Before(v.ends):
			r.favorites.drop(v)
		case due == nil || v.due.Before(due.due):
			due = v
		}
	}
	if due != nil {
		due.busy, due.due, r.next = true, due.ends, time.Time{} // one renewal for one upload, however it ends
	}
	return due, r.next.Sub(now)
}

var (
	// errEnded is a renewal that took too long.
	errEnded = errors.New("the upload ended before it was renewed")
	// errOther is a source that has another content, and so another key.
	errOther = errors.New("the source has another content by now")
)

// renew uploads v again. A failure is logged, unless the refresher's life is over.
func (r *refresher) renew(v *favorite) {
	r.mu.Lock()
	job := *v
	r.mu.Unlock()
	ctx, cancel := context.WithDeadlineCause(r.life, job.ends, errEnded)
	defer cancel()
	var f File
	var fresh bool
	protect("the source", func() (err error) {
		f, fresh, err = r.make(ctx, &job)
		return err
	}, func(err error) {
		if err != nil && !errors.Is(err, errOther) && !errors.Is(err, errOtherInstance) && r.life.Err() == nil {
			r.log.Warnf("richmedia: %s was not renewed before its end, so that a reply has to wait for its upload: %s",
				job.src.label(), platform.Clean(err.Error()))
		}
		r.renewed(v, f, fresh, err)
	})
}

// renewed ends the renewal of v, whose File is f.
func (r *refresher) renewed(v *favorite, f File, fresh bool, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	v.busy = false
	switch {
	case err == nil && f.Expires.IsZero(): // it lives long now
		r.favorites.drop(v)
	case err == nil:
		v.made(f, fresh)
	}
	v.held = v.due // so that all places together renew no more often than as many uploads need
	r.rouse()
}

// make uploads job's source again, unless the store has a newer upload. It joins the flight of a user who misses the
// upload already, and such a user joins this one.
func (r *refresher) make(ctx context.Context, job *favorite) (f File, fresh bool, err error) {
	mine, release := r.u.leases.takeRefresh(ctx, job.key, job.ends)
	if !mine {
		return f, false, errOtherInstance
	}
	ended := false
	defer func() {
		if err != nil || !ended {
			release()
		}
	}()
	up, err := r.u.open(ctx, job.to, job.kind, job.src, uploadConfig{cacheKey: job.cacheKey, picture: job.picture}, forRefresh)
	if err != nil {
		return f, false, err
	}
	defer up.close()
	if up.key != job.key {
		return f, false, errOther
	}
	ctx, report := up.watch(ctx, false)
	f, _, err = up.share(ctx, func(ctx context.Context) (File, error) {
		if f, ok, _ := up.cached(ctx); ok && (f.Expires.IsZero() || f.Expires.After(job.ends)) {
			return f, nil // another process was faster
		}
		up.record.took("")
		return up.uploadAndKeep(ctx)
	})
	report(f, err)
	ended = true
	return f, up.record.route() != RouteCache, err
}

// stop cancels the renewals, and begins no more.
func (r *refresher) stop() {
	if r != nil {
		r.end(ErrClosed)
	}
}

// wait returns when the goroutines have ended, or with ctx's cause.
func (r *refresher) wait(ctx context.Context) error {
	if r == nil {
		return nil
	}
	return r.running.wait(ctx, false)
}
