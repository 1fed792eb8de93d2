package richmedia

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/botgo-contrib/richmedia/internal/digest"
	"github.com/botgo-contrib/richmedia/internal/platform"
)

// upload is one Source on its way to one chat. It is counted by its users, because an upload that others wait for
// goes on after the caller who brought the source has left; the last release gives back what it holds.
type upload struct {
	u        *uploader
	to       Target
	kind     Kind
	src      Source
	key      string // "" without a cache
	named    string // WithCacheKey
	ahead    bool   // for the refresher, and no reply
	progress *progress
	users    atomic.Int32
	reading  time.Duration           // that begin spent on the source
	route    atomic.Value            // of string: how the file came, for the trace
	parts    atomic.Int32            // how many, for the trace
	content  atomic.Pointer[content] // nil until it was read; always nil for a URL, which the platform fetches
}

// begin checks everything that can be checked before a request. It reads the source where its content is the key to
// the store. The error is an *UploadError; without one, leave must be called.
func (u *uploader) begin(ctx context.Context, to Target, kind Kind, src Source, cfg uploadConfig) (*upload, error) {
	up := &upload{
		u: u, to: to, kind: kind, src: src, named: cfg.cacheKey, ahead: cfg.ahead,
		progress: newProgress(cfg.progress, src.label(), u.log),
	}
	up.route.Store("") // until it takes one
	up.retain()
	began := time.Now()
	err := up.identify(ctx, cfg)
	up.reading = time.Since(began)
	if err != nil {
		_, end := up.watch(ctx, false)
		end(err)
		up.release()
		return nil, err
	}
	return up, nil
}

// leave ends the caller's part in the upload.
func (up *upload) leave() {
	up.progress.leave()
	up.release()
}

func (up *upload) retain() { up.users.Add(1) }

func (up *upload) release() {
	if up.users.Add(-1) > 0 {
		return
	}
	if c := up.content.Load(); c != nil && c.free != nil {
		c.free()
	}
}

// identify checks kind and source, and finds the key.
func (up *upload) identify(ctx context.Context, cfg uploadConfig) error {
	if _, ok := kindRules[up.kind]; !ok {
		return up.failed("check", fmt.Errorf("%w: %s; give KindImage, KindVideo, KindVoice or KindFile", ErrUnsupported, up.kind))
	}
	if err := up.src.check(); err != nil {
		return up.failed("check", err)
	}
	var identity string
	switch {
	case cfg.cacheKey != "":
		identity = "key:" + cfg.cacheKey
	case up.src.url != "":
		identity = "url:" + up.src.url
	default:
		c, err := up.load(ctx, true)
		if err != nil {
			return err
		}
		identity = "sha256:" + hex.EncodeToString(c.SHA256)
	}
	if !cfg.noCache {
		up.key = fileKey(up.u.owner, up.to.Scope, up.kind, up.shownName(), identity)
	}
	return nil
}

// load reads the source, once, and refuses what the platform would refuse. It runs in begin or in the one flight that
// needs the content, never in both at once.
func (up *upload) load(ctx context.Context, hashed bool) (*content, error) {
	if c := up.content.Load(); c != nil {
		return c, nil
	}
	c, err := up.src.inspect(ctx, look{hash: hashed, inline: up.u.inlineLimit, limit: kindRules[up.kind].hard})
	if err != nil {
		var over digest.OverError
		if errors.As(err, &over) {
			err = &stepError{"check", tooLarge(up.kind, int64(over))}
		}
		return nil, up.failed("open", err)
	}
	up.content.Store(c)
	if c.Size == 0 {
		return nil, up.failed("check", errors.New("the content is empty"))
	}
	if err := checkFormat(up.kind, c.Head); err != nil {
		return nil, up.failed("check", err)
	}
	return c, nil
}

// failed names the step; a stepError knows a better one.
func (up *upload) failed(step string, err error) *UploadError {
	var at *stepError
	if errors.As(err, &at) {
		step, err = at.step, at.err
	}
	var old *errStale
	stale := errors.As(err, &old)
	var panicked *platform.SourcePanic
	if errors.As(err, &panicked) {
		err = &PanicError{Value: panicked.Value, Stack: panicked.Stack}
	}
	if err = apiError(err); stale {
		err = &errStale{err}
	}
	return &UploadError{Name: up.src.label(), Step: step, Err: err}
}

// shownName is the file name where the chat shows one; it is bound into the file_info of such an upload.
func (up *upload) shownName() string {
	if up.kind == KindFile {
		return up.src.name
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

// make uploads: a URL by the platform's own fetching, bytes in one call or in parts.
func (up *upload) make(ctx context.Context) (File, error) {
	got, err := up.send(ctx)
	if err != nil {
		return File{}, err
	}
	f := File{Scope: up.to.Scope, Kind: up.kind, UUID: got.FileUUID, Info: got.FileInfo}
	if got.TTL > 0 {
		f.Expires = got.Asked.Add(got.TTL)
	}
	return f, nil
}

func (up *upload) send(ctx context.Context) (platform.Uploaded, error) {
	if up.src.url != "" {
		up.route.Store(string(RouteURL))
		got, err := up.u.client.Upload(ctx, up.to.chat(), platform.Media{Kind: int(up.kind), Name: up.shownName(), URL: up.src.url})
		if err != nil {
			return got, up.failed("upload", err)
		}
		return got, nil
	}
	c, err := up.load(ctx, false)
	if err != nil {
		return platform.Uploaded{}, err
	}
	if c.Size > up.u.inlineLimit || up.u.refusals.has(up.to.Scope, c.Size) {
		return up.inParts(ctx, c)
	}
	up.route.Store(string(RouteInline))
	up.progress.begin(c.Size, 0)
	got, err := up.u.client.Upload(ctx, up.to.chat(), platform.Media{
		Kind: int(up.kind), Name: up.shownName(), Size: c.Size, Open: up.progress.counted(0, c.open),
	})
	if err == nil {
		return got, nil
	}
	refused, remember := inlineRefused(err, c.Size)
	if !refused || ctx.Err() != nil {
		return got, up.failed("upload", err)
	}
	up.u.log.Infof("richmedia: %s: not taken in one call, going on in parts: %v", up.src.label(), apiError(err))
	got, inPartsErr := up.inParts(ctx, c)
	if inPartsErr != nil {
		return got, inPartsErr
	}
	if remember != nil { // now that it is known to have been the way, and not the file
		up.u.refusals.add(up.to.Scope, *remember)
	}
	return got, nil
}

// inlineRefused tells whether the platform did not take size bytes in one call, and from which size on that is to be
// remembered, if at all. It shows as 413 or 850012, where too many are too many; in single chats also as HTTP 400, where
// file_data as such is not taken (openclaw/openclaw#92246), or as a bare HTTP 500 every time
// (simple-robot/simbot-component-qq-guild#242); and as a connection that breaks under the body, when a proxy has enough.
func inlineRefused(err error, size int64) (refused bool, remember *int64) {
	var e *platform.Error
	if !errors.As(err, &e) {
		return false, nil
	}
	const (
		many = 256 << 10 // "too big" is not believed below: an inner proxy error may be just that
		long = 1 << 20   // a smaller body is sent before anybody could have enough of it
	)
	all := int64(0)
	switch {
	case e.Class() == platform.InParts && size >= many:
		return true, &size
	case e.Class() == platform.InParts, e.Status == 500 && e.Code == 0:
		return true, nil
	case e.Status == 400 && e.Class() == platform.Terminal && e.Unsaid():
		return true, &all
	case e.Status == 0 && size >= long && (errors.Is(err, syscall.EPIPE) || errors.Is(err, syscall.ECONNRESET)):
		return true, nil
	}
	return false, nil
}
