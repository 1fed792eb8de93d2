package richmedia

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/botgo-contrib/richmedia/internal/content"
	"github.com/botgo-contrib/richmedia/internal/platform"
)

// route is the way of one upload to the platform: a URL that the platform fetches, or bytes in one call or in parts.
type route struct {
	up           *upload
	encoderAsked bool
}

// send uploads by the first route that the source allows, and goes on by the next if the platform refuses that one. The
// error is an *UploadError.
func (r *route) send(ctx context.Context) (platform.Uploaded, error) {
	up := r.up
	if up.picture {
		return r.asPicture(ctx)
	}
	if up.src.url != "" && up.content.Load() == nil { // else it was fetched for an earlier send
		got, err := r.byURL(ctx)
		switch {
		case err == nil:
			return got, nil
		case !r.canFetch(ctx, err):
			return got, up.failed("upload", err)
		}
		if err := r.fetch(ctx, err); err != nil {
			return got, err
		}
	}
	c, err := up.load(ctx, false)
	if err == nil {
		c, err = r.encoded(ctx, c)
	}
	if err != nil {
		return platform.Uploaded{}, err
	}
	got, err := r.byBytes(ctx, c)
	if !r.canEncode(ctx, err) {
		return got, err
	}
	up.u.log.Infof("richmedia: %s: refused as it is, going on with the voice encoder: %v", up.src.label(), apiError(err))
	voice, encodeErr := r.encode(ctx, c)
	if encodeErr != nil {
		return got, errors.Join(err, encodeErr)
	}
	return r.byBytes(ctx, voice)
}

// byBytes uploads c in one call, or in parts if it is large or the platform turned out to refuse one call.
func (r *route) byBytes(ctx context.Context, c *content.Content) (platform.Uploaded, error) {
	if c.Size > r.up.u.inlineLimit || r.up.u.tooLarge.has(r.up.to.Scope, c.Size) {
		return r.inParts(ctx, c)
	}
	return r.inline(ctx, c)
}

// canEncode reports whether the voice encoder is asked after the platform has refused a voice as it is, with err: some
// formats it accepts here and there only (tencent-connect/openclaw-qqbot#319).
func (r *route) canEncode(ctx context.Context, err error) bool {
	var api *APIError
	return err != nil && r.up.encodes() && !r.encoderAsked && ctx.Err() == nil && errors.As(err, &api) &&
		(errors.Is(api, ErrUnsupported) || api.Code == badRequest || api.alias == badRequest)
}

// badRequest is the platform's code for fields that it does not accept, and for a voice of a format that it refuses.
const badRequest = 40011000

// took notes the route for the trace.
func (r *route) took(name UploadRoute) {
	if r.up.src.url != "" {
		name = RouteFetched // bytes of a URL
	}
	r.up.record.took(name)
}

// byURL lets the platform fetch the source.
func (r *route) byURL(ctx context.Context) (platform.Uploaded, error) {
	up := r.up
	up.record.took(RouteURL)
	return up.u.client.Upload(ctx, up.to.chat(), platform.Media{Kind: int(up.kind), Name: up.shownName(), URL: up.src.url})
}

// canFetch reports whether the URL, which the platform has refused with err, is to be fetched here.
func (r *route) canFetch(ctx context.Context, err error) bool {
	return r.client() != nil && ctx.Err() == nil && fetchable(err)
}

// client returns what fetches the URL here: for an attachment also without WithURLFallback; nil for nothing.
func (r *route) client() *http.Client {
	up := r.up
	d := up.u.downloads
	switch {
	case !up.src.attached || d.given == nil && up.u.fallback != nil:
		return up.u.fallback
	case d.given == nil && !strings.HasPrefix(up.src.url, "https://"):
		return nil // the guarded client of downloads reads https only
	}
	return d.client()
}

// limit is how much is fetched.
func (r *route) limit() int64 {
	limit := kindRules[r.up.kind].hard
	if r.up.src.attached {
		limit = min(limit, r.up.u.downloads.limit)
	}
	return limit
}

// fetch downloads the URL, after the platform has refused it.
func (r *route) fetch(ctx context.Context, refusal error) error {
	up := r.up
	if err := r.download(ctx); err != nil {
		return up.failed("fetch", &fetchError{up.withoutStep(err), apiError(refusal)})
	}
	up.u.log.Infof("richmedia: %s: fetched from here, because the platform could not: %v", up.src.label(), apiError(refusal))
	return nil
}

// download makes what the URL holds the content.
func (r *route) download(ctx context.Context) error {
	up := r.up
	c, err := fetchURL(ctx, platform.Fetcher{HTTP: r.client(), Limit: r.limit(), Retries: up.u.prepares}, up.src.url, up.kind)
	if err != nil {
		return err
	}
	return up.keepContent(c)
}

// asPicture uploads a picture for Markdown: in parts, because only a merge answers an address (docs 2026-08), and from here,
// because its size has to be read.
func (r *route) asPicture(ctx context.Context) (platform.Uploaded, error) {
	up := r.up
	if up.src.url != "" && up.content.Load() == nil {
		if r.client() == nil {
			return platform.Uploaded{}, up.failed("fetch", errNotFetched)
		}
		if err := r.download(ctx); err != nil {
			return platform.Uploaded{}, up.failed("fetch", &fetchError{here: up.withoutStep(err)})
		}
	}
	c, err := up.load(ctx, false)
	if err != nil {
		return platform.Uploaded{}, err
	}
	if up.shown, err = sizeOf(ctx, c); err != nil {
		return platform.Uploaded{}, up.failed("check", err)
	}
	return r.inParts(ctx, c)
}

// encoded returns content of a format that the platform accepts: c itself, or what the voice encoder makes of it.
func (r *route) encoded(ctx context.Context, c *content.Content) (*content.Content, error) {
	up := r.up
	if !up.encodes() || checkFormat(up.kind, c.Format) == nil {
		return c, nil
	}
	return r.encode(ctx, c)
}

// encode makes what the voice encoder returns for c the upload's content.
func (r *route) encode(ctx context.Context, c *content.Content) (*content.Content, error) {
	up := r.up
	r.encoderAsked = true
	select { // an encoder is a process with a core to itself: events must not start any number of them
	case up.u.encoding <- struct{}{}:
		defer func() { <-up.u.encoding }()
	case <-ctx.Done():
		return nil, up.failed("encode", context.Cause(ctx))
	}
	voice, err := up.u.encoder.encode(ctx, c)
	if err != nil {
		return nil, up.failed("encode", up.withoutStep(err))
	}
	up.content.Store(voice)
	switch err := checkFormat(up.kind, voice.Format); {
	case voice.Size == 0:
		return nil, up.failed("encode", errors.New("the voice encoder gave nothing"))
	case err != nil:
		return nil, up.failed("encode", fmt.Errorf("what the voice encoder gave: %w", err))
	}
	return voice, nil
}

// inline uploads c in one call, as file_data, and in parts if the platform refuses that.
func (r *route) inline(ctx context.Context, c *content.Content) (platform.Uploaded, error) {
	up := r.up
	r.took(RouteInline)
	up.progress.begin(c.Size, 0)
	got, err := up.u.client.Upload(ctx, up.to.chat(), platform.Media{
		Kind: int(up.kind), Name: up.shownName(), Size: c.Size, Open: up.progress.counted(0, c.Open),
	})
	if err == nil {
		return got, nil
	}
	refused, remember := inlineRefused(err, c.Size)
	if !refused || ctx.Err() != nil {
		return got, up.failed("upload", err)
	}
	up.u.log.Infof("richmedia: %s: not accepted in one call, going on in parts: %v", up.src.label(), apiError(err))
	got, err = r.inParts(ctx, c)
	if err == nil && remember != nil { // now that the route is known to have been the reason, and not the file
		up.u.tooLarge.add(up.to.Scope, *remember)
	}
	return got, err
}

// inParts uploads c in parts.
func (r *route) inParts(ctx context.Context, c *content.Content) (platform.Uploaded, error) {
	r.took(RouteParts)
	return (&transfer{up: r.up, content: c}).run(ctx)
}

// inlineRefused reports whether the platform refused size bytes in one call, and the size from which on that is to be
// remembered, if at all. Too many bytes are answered with 413 or 850012; in single chats also with HTTP 400, if
// file_data as such is refused (openclaw/openclaw#92246), or with a bare HTTP 500 every time
// (simple-robot/simbot-component-qq-guild#242); and with a connection that breaks under the body, if a proxy refuses it.
func inlineRefused(err error, size int64) (refused bool, remember *int64) {
	var e *platform.Error
	if !errors.As(err, &e) {
		return false, nil
	}
	const (
		many = 256 << 10 // "too big" is not believed below: an inner proxy error may be just that
		long = 1 << 20   // a smaller body is sent before a proxy can refuse it
	)
	all := int64(0)
	switch {
	case e.Class() == platform.InParts && size >= many:
		return true, &size
	case e.Class() == platform.InParts, e.Class() == platform.VoiceInParts, e.Status == http.StatusInternalServerError && e.Code == 0:
		return true, nil
	case e.Status == http.StatusBadRequest && e.Class() == platform.Terminal && e.Unsaid():
		return true, &all
	case e.Status == 0 && size >= long && (errors.Is(err, syscall.EPIPE) || errors.Is(err, syscall.ECONNRESET)):
		return true, nil
	}
	return false, nil
}

// inlineRefusals remembers, for each scope, that the platform refused bytes in one call.
type inlineRefusals struct {
	mu    sync.Mutex
	known map[Scope]inlineRefusal
}

type inlineRefusal struct {
	size  int64 // of this and more
	until time.Time
}

// refusedFor is how long a refusal is believed: the platform's ceiling moves, and parts cost four calls.
const refusedFor = 30 * time.Minute

// add notes that size bytes were refused because of their number or, with size 0, whatever their number.
func (r *inlineRefusals) add(s Scope, size int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.known == nil {
		r.known = map[Scope]inlineRefusal{}
	}
	if old, ok := r.known[s]; ok && time.Now().Before(old.until) {
		size = min(size, old.size)
	}
	r.known[s] = inlineRefusal{size, time.Now().Add(refusedFor)}
}

// has reports whether size bytes would be refused.
func (r *inlineRefusals) has(s Scope, size int64) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	known, ok := r.known[s]
	return ok && size >= known.size && time.Now().Before(known.until)
}
