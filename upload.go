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
	key      string    // "" without a cache
	until    time.Time // the caller's deadline
	named    string    // WithCacheKey
	ahead    bool      // for the refresher, and no reply
	progress *progress
	users    atomic.Int32
	reading  time.Duration           // that begin spent on the source
	route    atomic.Value            // of string: how the file came, for the trace
	parts    atomic.Int32            // how many, for the trace
	content  atomic.Pointer[content] // nil until it was read, and for a URL that the platform fetches
	fetched  bool                    // content was fetched from the URL here
	card     bool                    // the File is over the soft size, for the trace
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
	if up.to.Scope.guild() && !cfg.inMessage {
		return up.failed("check", errNoGuildUpload)
	}
	if up.kind == KindVoice && up.src.wav != "" {
		up.src.url, up.src.err = up.src.wav, nil
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
		return nil, up.failed("open", err)
	}
	if err := up.accept(c); err != nil {
		return nil, up.failed("check", err)
	}
	return c, nil
}

// accept makes c the content, and refuses what the platform would refuse.
func (up *upload) accept(c *content) error {
	up.content.Store(c)
	if c.Size == 0 {
		return errors.New("the content is empty")
	}
	if up.u.encodes(up.kind) {
		return nil // what the platform does not take is made to fit before it is sent
	}
	return checkFormat(up.kind, c.Head)
}

// took notes the way that the content takes to the platform.
func (up *upload) took(r UploadRoute) {
	if up.fetched {
		r = RouteFetched
	}
	up.route.Store(string(r))
}

// plain is err without a step, for who names it, and with what is too large for the kind by its public name.
func (up *upload) plain(err error) error {
	var at *stepError
	if errors.As(err, &at) {
		err = at.err
	}
	if over, ok := err.(digest.OverError); ok { //nolint:errorlint // it comes as it is
		return tooLarge(up.kind, int64(over))
	}
	return err
}

// failed names the step; a stepError knows a better one.
func (up *upload) failed(step string, err error) *UploadError {
	var at *stepError
	if errors.As(err, &at) {
		step = at.step
	}
	err = up.plain(err)
	var old *errStale
	stale := errors.As(err, &old)
	var panicked *platform.Panic
	var call *platform.Error
	if errors.As(err, &panicked) && (!errors.As(err, &call) || call.Body) { // the source's, and no call's
		err = panicError(panicked)
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
	if f.Card = overSoft(up.kind, up.size()); f.Card {
		up.u.log.Warnf("richmedia: %s: %d bytes are over the %d up to which the platform shows %s as such: the chat shows a file card, without a caption",
			up.src.label(), up.size(), kindRules[up.kind].soft, article(up.kind.String()))
	}
	return f, nil
}

func (up *upload) send(ctx context.Context) (platform.Uploaded, error) {
	if up.src.url != "" && !up.fetched {
		up.took(RouteURL)
		got, err := up.u.client.Upload(ctx, up.to.chat(), platform.Media{Kind: int(up.kind), Name: up.shownName(), URL: up.src.url})
		if err == nil {
			return got, nil
		}
		if up.u.fallback == nil || ctx.Err() != nil || !fetchable(err) {
			return got, up.failed("upload", err)
		}
		if _, err := up.fetch(ctx, err); err != nil {
			return got, err
		}
	}
	c, err := up.load(ctx, false)
	if err == nil {
		c, err = up.fit(ctx, c)
	}
	if err != nil {
		return platform.Uploaded{}, err
	}
	return up.sendBytes(ctx, c)
}

// sendBytes uploads c in one call or in parts.
func (up *upload) sendBytes(ctx context.Context, c *content) (platform.Uploaded, error) {
	if c.Size > up.u.inlineLimit || up.u.refusals.has(up.to.Scope, c.Size) {
		return up.inParts(ctx, c)
	}
	up.took(RouteInline)
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
	case e.Class() == platform.InParts, e.Class() == platform.VoiceInParts, e.Status == 500 && e.Code == 0:
		return true, nil
	case e.Status == 400 && e.Class() == platform.Terminal && e.Unsaid():
		return true, &all
	case e.Status == 0 && size >= long && (errors.Is(err, syscall.EPIPE) || errors.Is(err, syscall.ECONNRESET)):
		return true, nil
	}
	return false, nil
}
