package richmedia

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
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
	noCache  bool
	cacheKey string
}

type uploadOption func(*uploadConfig)

func (o uploadOption) applyUpload(c *uploadConfig) { o(c) }
func (o uploadOption) applyReply(c *replyConfig)   { o(&c.upload) }

// WithoutCache uploads anew and keeps nothing: for content that must not be found again.
func WithoutCache() UploadOption { return uploadOption(func(c *uploadConfig) { c.noCache = true }) }

// WithCacheKey names the content, instead of its SHA-256 or its URL: for content that is dear to read, or a URL
// whose content changes (then put a version into the key). An empty key is as none.
func WithCacheKey(key string) UploadOption {
	return uploadOption(func(c *uploadConfig) { c.cacheKey = key })
}

// storeTimeout bounds a call to the store: a reply does not wait for a cache that hangs.
const storeTimeout = 2 * time.Second

// uploader turns Sources into Files: store, then one flight per key, then the platform.
type uploader struct {
	client  *platform.Client
	store   Store
	owner   string          // the app id, in keys
	life    context.Context //nolint:containedctx // the plugin's: an upload that others wait for outlasts its caller
	log     log.Logger
	flights flight.Group[File]
}

// upload is one Source on its way to one chat. release must be called.
type upload struct {
	u       *uploader
	to      Target
	kind    Kind
	src     Source
	key     string   // "" without a cache
	content *content // nil for a URL, which the platform fetches
}

// begin checks everything that can be checked before a request, and reads the source for its format, size and
// digest. The error is an *UploadError.
func (u *uploader) begin(ctx context.Context, to Target, kind Kind, src Source, cfg uploadConfig) (*upload, error) {
	up := &upload{u: u, to: to, kind: kind, src: src}
	if err := up.check(ctx, cfg); err != nil {
		up.release()
		step := "check"
		var at *stepError
		if errors.As(err, &at) {
			step, err = at.step, at.err
		}
		var over overError
		if errors.As(err, &over) {
			err = tooLarge(kind, int64(over))
		}
		return nil, &UploadError{Name: src.label(), Step: step, Err: err}
	}
	return up, nil
}

func (up *upload) check(ctx context.Context, cfg uploadConfig) (err error) {
	rule, ok := kindRules[up.kind]
	if !ok {
		return fmt.Errorf("%w: %s; give KindImage, KindVideo, KindVoice or KindFile", ErrUnsupported, up.kind)
	}
	if err := up.src.check(); err != nil {
		return err
	}
	identity := "key:" + cfg.cacheKey
	if up.src.url != "" {
		if cfg.cacheKey == "" {
			identity = "url:" + up.src.url
		}
	} else {
		if up.content, err = up.src.inspect(ctx, cfg.cacheKey == "", rule.hard); err != nil {
			return err
		}
		if up.content.size == 0 {
			return errors.New("the content is empty")
		}
		if err := checkFormat(up.kind, up.content.head); err != nil {
			return err
		}
		if up.content.size > inlineMax {
			return fmt.Errorf("%w: %d bytes, and one call takes %d; give the platform a URL", ErrTooLarge, up.content.size, inlineMax)
		}
		if cfg.cacheKey == "" {
			identity = "sha256:" + hex.EncodeToString(up.content.digest)
		}
	}
	if !cfg.noCache {
		up.key = fileKey(up.u.owner, up.to.Scope, up.kind, up.shownName(), identity)
	}
	return nil
}

// inlineMax is what fits into one call: about 10 MB of base64 (field report 2026).
const inlineMax = 7_500_000

// shownName is the file name where the chat shows one; it is bound into the file_info of such an upload.
func (up *upload) shownName() string {
	if up.kind == KindFile {
		return up.src.name
	}
	return ""
}

func (up *upload) retain() {
	if up.content != nil {
		up.content.retain()
	}
}

func (up *upload) release() {
	if up.content != nil {
		up.content.release()
	}
}

// file gives the File from the store, from an upload that is under way, or from a new one. Everybody who wants
// the same at the same time waits for one upload, which lives until the last of them has left. The error is an
// *UploadError, or the reason why ctx ended.
func (up *upload) file(ctx context.Context) (File, error) {
	if up.key == "" {
		return up.make(ctx)
	}
	if f, ok := up.u.get(ctx, up); ok {
		return f, nil
	}
	for {
		up.retain()
		f, leader, err := up.u.flights.Do(ctx, up.u.life, up.key, func(ctx context.Context) (File, error) {
			defer up.release()
			// The one who was here before may have finished between our look and this flight.
			if f, ok := up.u.get(ctx, up); ok {
				return f, nil
			}
			return up.makeAndKeep(ctx)
		})
		if !leader {
			up.release()
		}
		// A failure that concerns the chat through which another one uploaded says nothing about ours.
		if err == nil || leader || ctx.Err() != nil || !concernsChat(err) {
			return f, err
		}
	}
}

// concernsChat tells whether an upload failed for the chat it was made through.
func concernsChat(err error) bool {
	var api *APIError
	// An openid that is not the bot's gives a bare HTTP 500 that no retry cures.
	return errors.Is(err, ErrNotPermitted) || errors.As(err, &api) && api.Status == 500 && api.Code == 0
}

// renew forgets the File that the platform refused and uploads through this very chat.
func (up *upload) renew(ctx context.Context) (File, error) {
	if up.key == "" {
		return up.make(ctx)
	}
	up.u.withStore(ctx, "delete", func(ctx context.Context, s Store) error { return s.Delete(ctx, up.key) })
	return up.makeAndKeep(ctx)
}

func (up *upload) makeAndKeep(ctx context.Context) (File, error) {
	f, err := up.make(ctx)
	if err == nil {
		up.u.keep(up.key, f)
	}
	return f, err
}

// make uploads.
func (up *upload) make(ctx context.Context) (File, error) {
	m := platform.Media{Kind: int(up.kind), Name: up.shownName(), URL: up.src.url}
	if up.content != nil {
		m.Size, m.Open = up.content.size, up.content.open
	}
	began := time.Now() // the ttl counts from some moment after this one
	got, err := up.u.client.Upload(ctx, up.to.chat(), m)
	if err != nil {
		return File{}, &UploadError{Name: up.src.label(), Step: "upload", Err: apiError(err)}
	}
	f := File{Scope: up.to.Scope, Kind: up.kind, UUID: got.FileUUID, Info: got.FileInfo}
	if got.TTL > 0 {
		f.Expires = began.Add(got.TTL)
	}
	return f, nil
}

// get looks into the store.
func (u *uploader) get(ctx context.Context, up *upload) (f File, found bool) {
	u.withStore(ctx, "get", func(ctx context.Context, s Store) error {
		value, ok, err := s.Get(ctx, up.key)
		if err == nil && ok {
			f, found = decodeFile(value, up.to.Scope, up.kind)
		}
		return err
	})
	return f, found
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
	u.withStore(u.life, "set", func(ctx context.Context, s Store) error { return s.Set(ctx, key, value, ttl) })
}

// withStore calls the store; what goes wrong there is logged and costs an upload, no reply.
func (u *uploader) withStore(ctx context.Context, what string, fn func(context.Context, Store) error) {
	if u.store == nil {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, storeTimeout)
	defer cancel()
	if err := fn(ctx, u.store); err != nil && !errors.Is(ctx.Err(), context.Canceled) {
		u.log.Warnf("richmedia: the store failed to %s, going on without it: %v", what, err)
	}
}
