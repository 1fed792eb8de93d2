package richmedia

import (
	"context"
	"errors"
	"math/rand/v2"
	"runtime/debug"
	"sync"
	"time"

	"github.com/tencent-connect/botgo/log"

	"github.com/botgo-contrib/richmedia/internal/platform"
)

// WithRefreshAhead renews up to max uploads that are used often, in the background before they end, so that no reply
// waits for the same upload twice; overriding the default of 0, which renews none. It takes at most 10000.
//
// An upload is renewed when some three quarters of the time are over for which the store would keep it, through the chat
// that used it last, and only if it was used at least twice since it was made: what is used no more ends. Where more than
// max are used that often, those that are used most are renewed. Content is read again, and left alone when it has
// changed; a URL is fetched again by the platform. What came FromReader cannot be read again, and what the platform keeps
// for ever need not be renewed. Where another process has renewed an upload in the store that they share, that is taken; where
// the store is a Leaser, one of them renews it and the others find it there.
//
// A renewal that fails is logged and not begun again: the upload is used to its end, and the next one is made as without
// this option. Two renewals run at once, each with one part at a time. They count towards the bot's upload volume of the
// day, and what was given to FromBytes stays in memory for as long as it is remembered. Shutdown and Close cancel them.
// With WithStore(nil) there is nothing to renew, which New refuses.
func WithRefreshAhead(max int) Option { return func(c *config) { c.refreshAhead = max } } //nolint:revive,predeclared // the name in the documentation

// maxRefreshAhead is the most that WithRefreshAhead takes.
const maxRefreshAhead = 10_000

// renewalsAtOnce keeps one large file from holding up all others, and leaves the line to replies.
const renewalsAtOnce = 2

// refresher renews uploads. A nil one does nothing. It has no goroutine before it has something to renew.
type refresher struct {
	u    *uploader
	log  log.Logger
	life context.Context //nolint:containedctx // the plugin's, or shorter: renewals end where draining begins
	end  context.CancelCauseFunc
	wake chan struct{} // something is due earlier than it was; holds one

	running counter // the goroutine that waits, and the renewals

	mu        sync.Mutex
	started   bool
	favorites favorites
	next      time.Time // when the goroutine looks again; zero while it does
}

// newRefresher makes one for at most limit uploads, or nil for 0. It lives no longer than life.
func newRefresher(life context.Context, u *uploader, limit int) *refresher {
	if limit == 0 {
		return nil
	}
	r := &refresher{u: u, log: u.log, wake: make(chan struct{}, 1), favorites: newFavorites(limit)}
	r.life, r.end = context.WithCancelCause(life)
	return r
}

// used counts a use of up, which is f by now.
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
	v.made(f, UploadRoute(up.route.Load().(string)) != RouteCache) //nolint:forcetypeassert // it holds nothing else
	v.uses++
	v.score++
	if up.src.once != nil { // it says what is used, but not where to get it again
		return
	}
	r.favorites.choose(v)
	if !v.chosen {
		return
	}
	v.src, v.kind, v.named = up.src, up.kind, up.named
	v.to = Target{Scope: up.to.Scope, ChatID: up.to.ChatID} // a renewal answers no message
	if !r.started {
		r.started = true
		r.running.enter()
		go r.run()
	} else if v.due.Before(r.next) {
		r.rouse()
	}
}

// made notes that f is the last upload of v, unless it is known, or older. With fresh it was made just now.
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
		// Some earlier or later: processes that share a store would else renew at the same moment.
		v.due = v.due.Add(usable*3/4 - rand.N(usable/16+1)) //nolint:gosec // no secret
	}
}

// rouse makes the goroutine look again.
func (r *refresher) rouse() {
	select {
	case r.wake <- struct{}{}:
	default:
	}
}

// run renews what is due, until the refresher's life ends.
func (r *refresher) run() {
	defer r.running.leave()
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
			r.running.enter()
			go func() {
				defer r.running.leave()
				defer func() { <-slots }()
				r.renew(v)
			}()
		}
	}
}

// pick gives the favorite whose renewal is most overdue, or how long to wait for the next. Those that have ended, or were
// not used enough, are dropped when they are due: a later use takes them in again.
func (r *refresher) pick() (due *favorite, wait time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := time.Now()
	r.next = now.Add(time.Hour)
	for _, v := range r.favorites.chosen {
		switch {
		case v.busy:
		case v.due.After(now):
			if v.due.Before(r.next) {
				r.next = v.due
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

// renew makes v anew. What goes wrong is logged, unless the refresher's life is over.
func (r *refresher) renew(v *favorite) {
	r.mu.Lock()
	job := *v
	r.mu.Unlock()
	ctx, cancel := context.WithDeadlineCause(r.life, job.ends, errEnded)
	defer cancel()
	var f File
	var fresh bool
	err := errors.New("the source ended the goroutine") // where it does
	defer func() {
		if p := recover(); p != nil {
			err = &PanicError{Value: p, Stack: debug.Stack()}
		}
		if err != nil && !errors.Is(err, errOther) && !errors.Is(err, errElsewhere) && r.life.Err() == nil {
			r.log.Warnf("richmedia: %s was not renewed before its end, so that a reply has to wait for its upload: %s",
				job.src.label(), platform.Clean(err.Error()))
		}
		r.renewed(v, f, fresh, err)
	}()
	f, fresh, err = r.make(ctx, &job)
}

// renewed ends the renewal of v, which is f by now.
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
	r.rouse()
}

// make uploads job's source again, unless the store has a newer upload. It joins the flight of a user who misses the
// upload already, and such a user joins this one.
func (r *refresher) make(ctx context.Context, job *favorite) (f File, fresh bool, err error) {
	mine, free := r.u.renewal(ctx, job.key, job.ends)
	if !mine {
		return f, false, errElsewhere
	}
	ended := false
	defer func() {
		if err != nil || !ended {
			free()
		}
	}()
	up, err := r.u.begin(ctx, job.to, job.kind, job.src, uploadConfig{cacheKey: job.named, ahead: true})
	if err != nil {
		return f, false, err
	}
	defer up.leave()
	if up.key != job.key {
		return f, false, errOther
	}
	ctx, end := up.watch(ctx, false)
	f, err = up.refresh(ctx, job.ends)
	up.card = f.Card
	end(err)
	ended = true
	return f, up.route.Load() != string(RouteCache), err
}

// refresh gives an upload that ends after ends.
func (up *upload) refresh(ctx context.Context, ends time.Time) (File, error) {
	up.retain()
	f, leader, err := up.u.flights.Do(ctx, withValues{up.u.life, ctx}, up.key, func(ctx context.Context) (File, error) {
		defer up.release()
		if f, ok := up.u.get(ctx, up); ok && (f.Expires.IsZero() || f.Expires.After(ends)) {
			return f, nil // another process was faster
		}
		up.route.Store("")
		return up.makeAndKeep(ctx)
	})
	if !leader {
		up.release()
		if ctx.Err() == nil {
			up.route.Store(string(RouteJoined))
		}
	}
	return f, up.public(err)
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
	return r.running.wait(ctx)
}
