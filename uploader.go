package richmedia

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"time"

	"github.com/tencent-connect/botgo/log"

	"github.com/botgo-contrib/richmedia/internal/flight"
	"github.com/botgo-contrib/richmedia/internal/platform"
)

// UploadOption changes one upload. It is a ReplyOption too.
type UploadOption interface {
	ReplyOption
	applyUpload(*uploadConfig)
}

type uploadConfig struct {
	noCache   bool
	inMessage bool // of a guild
	cacheKey  string
	progress  func(Progress)
	ahead     bool // the refresher's
}

type uploadOption func(*uploadConfig)

func (o uploadOption) applyUpload(c *uploadConfig) { o(c) }
func (o uploadOption) applyReply(c *replyConfig)   { o(&c.upload) }

// WithoutCache uploads anew and keeps nothing: for content that must not be found again.
func WithoutCache() UploadOption { return uploadOption(func(c *uploadConfig) { c.noCache = true }) }

// WithCacheKey names the content, instead of its SHA-256 or its URL: for content that is dear to read, which is then
// not even opened while its upload lives, or for a URL whose content changes (put a version into the key). An empty
// key is as none.
func WithCacheKey(key string) UploadOption {
	return uploadOption(func(c *uploadConfig) { c.cacheKey = key })
}

// storeTimeout bounds each call to the store: a cache that hangs costs a reply some seconds, and not more.
const storeTimeout = 2 * time.Second

// uploader turns Sources into Files: store, then one flight per key, then the platform.
type uploader struct {
	client      *platform.Client
	trace       Trace
	store       Store
	leaser      Leaser          // the store, where it is one
	outage      outage          // of the store
	owner       string          // the app id, in keys
	life        context.Context //nolint:containedctx // the plugin's: an upload that others wait for outlasts its caller
	log         log.Logger
	fallback    *http.Client // fetches what the platform cannot; nil: nobody does
	encoder     encoder      // nil: voices must be what the platform takes
	inlineLimit int64
	concurrency int // parts at once
	renewals    int // prepares after the first
	flights     flight.Group[File]
	refusals    refusals
	refresher   *refresher // nil: nothing is renewed ahead
}

// file gives the File from the store, from an upload that is under way, or from a new one. Everybody who wants the
// same at the same time waits for one upload, which lives until the last of them has left. The error is an
// *UploadError, or the reason why ctx ended.
func (up *upload) file(ctx context.Context) (File, error) {
	ctx, end := up.watch(ctx, false)
	f, err := up.find(ctx)
	err = platform.Ended(ctx, err)
	up.card = f.Card
	end(err)
	if err == nil {
		up.u.refresher.used(up, f) //nolint:contextcheck // a renewal outlasts the call that it follows from
		up.progress.finish(up.size())
	}
	return f, err
}

func (up *upload) find(ctx context.Context) (File, error) {
	if up.key == "" {
		return up.make(ctx)
	}
	if f, ok := up.u.get(ctx, up); ok {
		return f, nil
	}
	up.until, _ = ctx.Deadline()
	for {
		up.retain()
		// Values of ctx, of tracing and the like, go along; its end does not.
		life := withValues{up.u.life, ctx}
		f, leader, err := up.u.flights.Do(ctx, life, up.key, func(ctx context.Context) (File, error) {
			defer up.release()
			return up.makeOnce(ctx)
		})
		if !leader {
			up.release()
			if ctx.Err() == nil {
				up.route.Store(string(RouteJoined))
			}
		}
		if err == nil || leader || ctx.Err() != nil || !othersMayTry(err) {
			return f, up.public(err)
		}
	}
}

// withValues is a ctx with the values of another.
type withValues struct {
	context.Context
	values context.Context //nolint:containedctx // that is its purpose
}

func (c withValues) Value(key any) any {
	if v := c.Context.Value(key); v != nil {
		return v
	}
	return c.values.Value(key)
}

// public gives a panic of the source its public form.
func (up *upload) public(err error) error {
	var panicked *flight.PanicError
	if errors.As(err, &panicked) {
		return up.failed("read", &PanicError{Value: panicked.Value, Stack: panicked.Stack})
	}
	return err
}

// othersMayTry tells whether an upload failed for the chat that it was made through, or for the source that its
// caller brought: that says nothing about the chats and sources of those who waited for it.
func othersMayTry(err error) bool {
	var api *APIError
	if errors.As(err, &api) {
		// An openid that is not the bot's gives a bare HTTP 500 that no retry cures.
		return errors.Is(err, ErrNotPermitted) || api.Status == 500 && api.Code == 0
	}
	var up *UploadError
	var panicked *flight.PanicError
	return errors.As(err, &up) || errors.As(err, &panicked)
}

// renew uploads through this very chat, whatever the store knows.
func (up *upload) renew(ctx context.Context) (File, error) {
	ctx, end := up.watch(ctx, true)
	up.route.Store("") // the first look's is over
	f, err := up.makeAndKeep(ctx)
	up.card = f.Card
	end(err)
	if err == nil {
		up.u.refresher.used(up, f) //nolint:contextcheck // a renewal outlasts the call that it follows from
		up.progress.finish(up.size())
	}
	return f, err
}

// forget takes f, which the platform has refused, out of the store, unless a newer one is there by now. A store with a
// memory in front may not know of that yet: then the newer one goes too, which costs an upload.
func (up *upload) forget(ctx context.Context, f File) {
	if up.key == "" {
		return
	}
	if now, ok := up.u.get(ctx, up); ok && now.Info == f.Info {
		_ = up.u.withStore(ctx, storeDelete, func(ctx context.Context, s Store) error { return s.Delete(ctx, up.key) })
	}
}

func (up *upload) makeAndKeep(ctx context.Context) (File, error) {
	f, err := up.make(ctx)
	if err == nil && up.key != "" {
		up.u.keep(up.key, f)
	}
	return f, err
}

// get looks into the store.
func (u *uploader) get(ctx context.Context, up *upload) (f File, found bool) {
	f, found, _ = u.look(ctx, up)
	return f, found
}

// look is get for who has to know why there is nothing.
func (u *uploader) look(ctx context.Context, up *upload) (f File, found bool, err error) {
	err = u.withStore(ctx, storeGet, func(ctx context.Context, s Store) error {
		value, ok, err := s.Get(ctx, up.key)
		if err == nil && ok {
			f, found = decodeFile(value, up.to.Scope, up.kind)
		}
		return err
	})
	if found {
		up.route.Store(string(RouteCache))
	}
	return f, found, err
}

// keep puts f into the store for as long as it can be used.
func (u *uploader) keep(key string, f File) {
	var ttl time.Duration
	if !f.Expires.IsZero() {
		if ttl = usableFor(time.Until(f.Expires)); ttl <= 0 {
			return
		}
	}
	value, err := encodeFile(f)
	if err != nil {
		u.log.Errorf("richmedia: an upload is not kept: %v", err)
		return
	}
	// On the plugin's ctx: the callers may have left, and the upload is worth keeping all the same.
	_ = u.withStore(u.life, storeSet, func(ctx context.Context, s Store) error { return s.Set(ctx, key, value, ttl) })
}

// refusals remembers, for each scope, that the platform did not take bytes in one call.
type refusals struct {
	mu    sync.Mutex
	known map[Scope]refusal
}

type refusal struct {
	size  int64 // of this and more
	until time.Time
}

// refusedFor is how long a refusal is believed: the platform's ceiling moves, and parts cost four calls.
const refusedFor = 30 * time.Minute

// add notes that size bytes were refused, in their amount or, with size 0, as such.
func (r *refusals) add(s Scope, size int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.known == nil {
		r.known = map[Scope]refusal{}
	}
	if old, ok := r.known[s]; ok && time.Now().Before(old.until) {
		size = min(size, old.size)
	}
	r.known[s] = refusal{size, time.Now().Add(refusedFor)}
}

// has tells whether size bytes would be refused.
func (r *refusals) has(s Scope, size int64) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	known, ok := r.known[s]
	return ok && size >= known.size && time.Now().Before(known.until)
}
