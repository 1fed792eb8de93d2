package richmedia

import (
	"cmp"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/botgo-contrib/richmedia/internal/content"
	"github.com/botgo-contrib/richmedia/internal/picture"
)

// purpose is what an upload is for.
type purpose uint8

const (
	forReply        purpose = iota
	forGuildMessage         // the message carries the content itself
	forRefresh              // a renewal ahead: nobody waits for it
)

// upload is one Source on its way to one chat. Its holders are counted, because an upload that others wait for goes on
// after the caller with the source has left; the last release frees its content.
type upload struct {
	u        *uploader
	to       Target
	kind     Kind
	src      Source
	purpose  purpose
	cacheKey string // WithCacheKey
	picture  bool   // for Markdown
	shown    picture.Size
	identity string    // equal for the same content
	key      string    // in the store; "" without a cache
	deadline time.Time // the caller's
	progress *progress
	holders  atomic.Int32
	reading  time.Duration                   // that open spent on the source
	content  atomic.Pointer[content.Content] // nil until it was read, and for a URL that the platform fetches
	record   uploadRecord
}

// open checks everything that can be checked before a request. It reads the source if its content is the key to
// the store. The error is an *UploadError; without one, close must be called.
func (u *uploader) open(ctx context.Context, to Target, kind Kind, src Source, cfg uploadConfig, use purpose) (*upload, error) {
	up := &upload{
		u: u, to: to, kind: kind, src: src.as(kind), purpose: use, cacheKey: cfg.cacheKey, picture: cfg.picture,
		progress: newProgress(cfg.progress, src.as(kind), u.log),
	}
	up.retain()
	began := time.Now()
	err := up.check()
	if err == nil {
		err = up.guard(func() error { return up.identify(ctx, cfg) })
	}
	up.reading = time.Since(began)
	if err != nil {
		_, report := up.watch(ctx, false)
		report(File{}, err)
		up.release()
		return nil, err
	}
	return up, nil
}

// close ends the caller's part in the upload.
func (up *upload) close() {
	up.progress.close()
	up.release()
}

func (up *upload) retain() { up.holders.Add(1) }

func (up *upload) release() {
	if up.holders.Add(-1) > 0 {
		return
	}
	if c := up.content.Load(); c != nil {
		c.Free()
	}
}

// check judges kind, scope and source.
func (up *upload) check() error {
	if _, ok := kindRules[up.kind]; !ok {
		return up.failed("check", fmt.Errorf("%w: %s; give KindImage, KindVideo, KindVoice or KindFile", ErrUnsupported, up.kind))
	}
	if up.to.Scope.guild() && up.purpose != forGuildMessage {
		return up.failed("check", errNoGuildUpload)
	}
	if err := up.src.check(); err != nil {
		return up.failed("check", err)
	}
	return nil
}

// identify finds what is the same content, and its key in the store.
func (up *upload) identify(ctx context.Context, cfg uploadConfig) error {
	if up.identity = up.src.identity(up.kind, cfg.cacheKey); up.identity == "" {
		c, err := up.load(ctx, true)
		if err != nil {
			return err
		}
		up.identity = "sha256:" + hex.EncodeToString(c.SHA256)
	}
	if !cfg.noCache && up.purpose != forGuildMessage {
		identity := up.identity
		if up.picture { // other uploads have no address
			identity = "picture:" + identity
		}
		up.key = fileKey(up.u.cache.owner, up.to.Scope, up.kind, up.shownName(), identity)
	}
	return nil
}

// load reads the source, once, and refuses content that the platform would refuse. It runs in open or in the one flight
// that needs the content, never in both at once.
func (up *upload) load(ctx context.Context, hashed bool) (*content.Content, error) {
	if c := up.content.Load(); c != nil {
		return c, nil
	}
	c, err := up.src.inspect(ctx, up.kind, content.Options{
		Hash: hashed, PartsOver: up.u.inlineLimit, Limit: kindRules[up.kind].hard, Memo: &up.u.digests,
	})
	if err != nil {
		return nil, up.failed("open", err)
	}
	if err := up.keepContent(c); err != nil {
		return nil, up.failed("check", err)
	}
	return c, nil
}

// keepContent makes c the content, and refuses what the platform would refuse.
func (up *upload) keepContent(c *content.Content) error {
	up.content.Store(c)
	if c.Size == 0 {
		return errors.New("the content is empty")
	}
	if up.encodes() && !undecodable(c.Format) {
		return nil // other formats are encoded before they are sent
	}
	return checkFormat(up.kind, c.Format)
}

// encodes reports whether content that does not fit the kind is encoded.
func (up *upload) encodes() bool { return up.kind == KindVoice && up.u.encoder != nil }

// shownName is the file name if the chat shows one; it is bound into the file_info of such an upload.
func (up *upload) shownName() string {
	if up.kind == KindFile {
		return cmp.Or(up.src.name, up.kind.String()) // without one the card shows a name like a hash
	}
	return ""
}

// size is that of the content, 0 while it is not known.
func (up *upload) size() int64 {
	if c := up.content.Load(); c != nil {
		return c.Size
	}
	return 0
}

// guard calls fn, in which code of the bot runs on its caller's goroutine. A panic is an *UploadError.
func (up *upload) guard(fn func() error) (err error) {
	protect("the source", fn, func(failed error) {
		if panicked, ok := failed.(*PanicError); ok { //nolint:errorlint // one in another error has its step
			failed = up.failed("read", panicked)
		}
		err = failed
	})
	return err
}

// failed names the step; err may know a better one.
func (up *upload) failed(step string, err error) *UploadError {
	step, _ = stepOf(err, step)
	err = up.withoutStep(err)
	var stale *staleError
	isStale := errors.As(err, &stale)
	if err = apiError(panicError(err)); isStale {
		err = &staleError{err}
	}
	return &UploadError{Name: up.src.label(), Step: step, Err: err}
}

// withoutStep returns err without its step, and content over the kind's limit by its public error.
func (up *upload) withoutStep(err error) error {
	_, err = stepOf(err, "")
	if over, ok := err.(content.OverError); ok { //nolint:errorlint // it comes as it is
		return tooLarge(up.kind, int64(over))
	}
	return err
}
