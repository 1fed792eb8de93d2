package richmedia

import (
	"context"
	"errors"
	"net/http"

	"github.com/tencent-connect/botgo/log"

	"github.com/botgo-contrib/richmedia/internal/content"
	"github.com/botgo-contrib/richmedia/internal/flight"
	"github.com/botgo-contrib/richmedia/internal/platform"
)

// Upload uploads src for to's scope, through to's chat, and returns what can be sent with Context.ReplyUploaded
// to every chat of the scope. Uploads that the store knows are not made again. The error is an *UploadError, or ErrClosed
// or ctx's cause if the upload was not begun or not waited for; an *APIError around that cause says what used up the time.
func (p *Plugin) Upload(ctx context.Context, to Target, kind Kind, src Source, opts ...UploadOption) (File, error) {
	if err := to.check(); err != nil {
		return File{}, &UploadError{Name: src.label(), Step: "check", Err: err}
	}
	var cfg uploadConfig
	for _, opt := range opts {
		if opt != nil {
			opt.applyUpload(&cfg)
		}
	}
	ctx, leave, err := p.enter(ctx)
	if err != nil {
		return File{}, err
	}
	defer leave()
	up, err := p.uploads.open(ctx, to, kind, src, cfg, forReply)
	if err != nil {
		return File{}, err
	}
	defer up.close()
	return up.file(ctx)
}

// uploader turns Sources into Files: by the store, else by one upload for all who want the same at the same time.
type uploader struct {
	client      *platform.Client
	trace       Trace
	cache       *cache
	leases      leases
	life        context.Context //nolint:containedctx // the plugin's: an upload that others wait for outlasts its caller
	log         log.Logger
	fallback    *http.Client  // fetches what the platform cannot; nil: no fallback
	downloads   *downloads    // fetches the attachments that the platform cannot
	encoder     encoder       // nil: voices must have a format that the platform takes
	encoding    chan struct{} // holds one for each voice that is being encoded; its capacity bounds them
	inlineLimit int64
	concurrency int // parts at once
	prepares    int // of one upload in parts without progress, after the first
	flights     flight.Group[File]
	digests     content.Memo // of local files
	tooLarge    inlineRefusals
	refresher   *refresher // nil: nothing is renewed ahead
}

// file returns the File from the store, from an upload that is under way, or from a new one. All callers that want the
// same at the same time wait for one upload, which lives until the last of them has left. The error is an
// *UploadError, or the reason why ctx ended.
func (up *upload) file(ctx context.Context) (File, error) {
	return up.watched(ctx, false, up.cachedOrShared)
}

// reupload uploads through this very chat, whatever the store knows.
func (up *upload) reupload(ctx context.Context) (File, error) {
	up.record.took("") // the route of the first File is over
	return up.watched(ctx, true, up.uploadAndKeep)
}

// watched calls get, and passes the outcome to the trace, the refresher and the progress.
func (up *upload) watched(ctx context.Context, again bool, get func(context.Context) (File, error)) (File, error) {
	ctx, report := up.watch(ctx, again)
	var f File
	err := up.guard(func() (err error) {
		f, err = get(ctx)
		return err
	})
	report(f, err)
	if err == nil {
		up.u.refresher.used(up, f) //nolint:contextcheck // a renewal outlasts the call that it follows from
		up.progress.finish(up.size())
	}
	return f, err
}

func (up *upload) cachedOrShared(ctx context.Context) (File, error) {
	if up.key == "" {
		return up.upload(ctx)
	}
	if f, ok, _ := up.cached(ctx); ok {
		return f, nil
	}
	up.deadline, _ = ctx.Deadline()
	for {
		f, leader, err := up.share(ctx, up.leased)
		if err == nil || leader || ctx.Err() != nil || !othersMayTry(err) {
			return f, err
		}
	}
}

// cached looks into the store.
func (up *upload) cached(ctx context.Context) (f File, ok bool, err error) {
	f, ok, err = up.u.cache.get(ctx, up.key, up.to.Scope, up.kind)
	if ok = ok && (!up.picture || f.URL != "" && f.size.Width > 0); ok {
		up.record.took(RouteCache)
	}
	return f, ok, err
}

// share joins the flight of the key, or starts it with get. leader reports that it started one.
func (up *upload) share(ctx context.Context, get func(context.Context) (File, error)) (f File, leader bool, err error) {
	up.retain()
	// Values of ctx, of tracing and the like, go along; its end does not.
	f, leader, err = up.u.flights.Do(ctx, withValues{up.u.life, ctx}, up.key, func(ctx context.Context) (File, error) {
		defer up.release()
		return get(ctx)
	})
	if !leader {
		up.release()
		if ctx.Err() == nil {
			up.record.took(RouteJoined)
		}
	}
	if panicked := panicError(err); panicked != err { //nolint:errorlint // the same error, if it is no panic
		err = up.failed("read", panicked)
	}
	return f, leader, err
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

// othersMayTry reports whether an upload failed for the chat that it was made through, or for the source of its
// caller: that says nothing about the chats and sources of the callers that waited for it.
func othersMayTry(err error) bool {
	var api *APIError
	if errors.As(err, &api) {
		// An openid that is not the bot's is answered with a bare HTTP 500 that no retry cures.
		return errors.Is(err, ErrNotPermitted) || api.Status == http.StatusInternalServerError && api.Code == 0
	}
	var up *UploadError
	return errors.As(err, &up)
}

// leased uploads, unless the file is in the store by now: an earlier flight may have ended between the first look and this
// flight, and another instance's upload while this one waited for it.
func (up *upload) leased(ctx context.Context) (File, error) {
	f, found, release := up.u.leases.agree(ctx, up)
	defer release() // at once if the upload fails: the next one need not wait for the ttl
	if found {
		return f, nil
	}
	if ctx.Err() != nil {
		return File{}, context.Cause(ctx)
	}
	return up.uploadAndKeep(ctx)
}

func (up *upload) uploadAndKeep(ctx context.Context) (File, error) {
	f, err := up.upload(ctx)
	if err == nil && up.key != "" {
		// On the plugin's ctx: the callers may have left, and the upload is worth keeping all the same.
		up.u.cache.put(up.u.life, up.key, f) //nolint:contextcheck // see above
	}
	return f, err
}

// upload makes the upload.
func (up *upload) upload(ctx context.Context) (File, error) {
	got, err := (&route{up: up}).send(ctx)
	if err != nil {
		return File{}, err
	}
	f := File{Scope: up.to.Scope, Kind: up.kind, UUID: got.FileUUID, Info: got.FileInfo, URL: got.RawURL, size: up.shown}
	if up.picture && f.URL == "" {
		return File{}, up.failed("merge", errNoAddress)
	}
	if got.TTL > 0 {
		f.Expires = got.Asked.Add(got.TTL)
	}
	if f.Card = overSoft(up.kind, up.size()); f.Card {
		up.u.log.Warnf("richmedia: %s: %d bytes are over the %d up to which the platform shows %s as such: the chat shows a file card, without a caption",
			up.src.label(), up.size(), kindRules[up.kind].soft, up.kind.withArticle())
	}
	return f, nil
}

// forget deletes f, which the platform has refused, from the store, unless a newer one is there by now. A store with a
// memory in front may not know of that yet: then the newer one goes too, which costs an upload.
func (up *upload) forget(ctx context.Context, f File) {
	if up.key == "" {
		return
	}
	// What the platform said of the reply is more than that the store panicked.
	err := up.guard(func() error {
		if now, ok, _ := up.cached(ctx); ok && now.Info == f.Info {
			up.u.cache.drop(ctx, up.key)
		}
		return nil
	})
	if err != nil {
		up.u.log.Errorf("richmedia: a file_info that the platform has refused stays in the store: %v", err)
	}
}
