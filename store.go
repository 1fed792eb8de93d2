package richmedia

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/jellydator/ttlcache/v3"
	"github.com/tencent-connect/botgo/log"
	"github.com/tidwall/gjson"

	"github.com/botgo-contrib/richmedia/internal/platform"
)

// Store keeps file_info under keys that the plugin chooses. It must be safe for concurrent use. A missing key is no
// error; an error is logged and treated as a miss, so that a store that is down costs uploads and no replies. Of an outage
// the first failure is logged, and the recovery. If the Store is a Leaser too, the instances that share it make each upload
// once.
type Store interface {
	// Get returns the value that was set last, unless its ttl has passed.
	Get(ctx context.Context, key string) (value []byte, ok bool, err error)
	// Set keeps value for ttl; 0 keeps it forever, and a negative ttl, which is over already, deletes key. The store must
	// not change value, nor keep only a part of it.
	Set(ctx context.Context, key string, value []byte, ttl time.Duration) error
	// Delete forgets key, and is no error if it is not there.
	Delete(ctx context.Context, key string) error
}

// MemoryStore is a Store in the process's memory, bounded by count. It starts no goroutine and is safe for
// concurrent use.
type MemoryStore struct {
	cache *ttlcache.Cache[string, []byte]
}

// NewMemoryStore returns a store of at most size uploads; beyond that the least recently used one is forgotten.
// An upload takes some 500 bytes. A size below 1 means the default of 4096.
func NewMemoryStore(size int) *MemoryStore {
	if size < 1 {
		size = defaultStoreSize
	}
	return &MemoryStore{ttlcache.New(
		ttlcache.WithCapacity[string, []byte](uint64(size)),
		ttlcache.WithDisableTouchOnHit[string, []byte](), // a ttl is the platform's: use does not prolong it
	)}
}

// Get never fails.
func (s *MemoryStore) Get(_ context.Context, key string) (value []byte, ok bool, err error) {
	item := s.cache.Get(key)
	if item == nil {
		return nil, false, nil
	}
	return item.Value(), true, nil
}

// Set never fails.
func (s *MemoryStore) Set(_ context.Context, key string, value []byte, ttl time.Duration) error {
	switch {
	case ttl < 0: // -1 and -2 would mean forever and as before to the cache
		s.cache.Delete(key)
		return nil
	case ttl == 0:
		ttl = ttlcache.NoTTL
	}
	s.cache.DeleteExpired() // on the way, instead of a goroutine
	s.cache.Set(key, value, ttl)
	return nil
}

// Delete never fails.
func (s *MemoryStore) Delete(_ context.Context, key string) error {
	s.cache.Delete(key)
	return nil
}

// fileKey is the one place that decides which uploads are the same: those of one bot, one scope and one kind, of
// the same content, URL or caller's key (identity), under the same name if the kind shows one. The chat is no
// part of the key: within a scope a file_info is good for every chat.
func fileKey(appID string, scope Scope, kind Kind, shownName, identity string) string {
	var onStack [512]byte // longer than usual parts together
	parts := onStack[:0]
	for _, part := range [...]string{appID, shownName, identity} {
		parts = strconv.AppendInt(parts, int64(len(part)), 10) // lengths, so that no two lists run into the same text
		parts = append(append(parts, ':'), part...)
	}
	sum := sha256.Sum256(parts)
	key := append(parts[:0], "richmedia:1:"...)
	key = append(append(key, scope.String()...), ':')
	key = append(append(key, kind.String()...), ':')
	return string(hex.AppendEncode(key, sum[:]))
}

// eventKey names an event of one bot, for WithSharedEvents.
func eventKey(appID, id string) string {
	h := sha256.New()
	_, _ = fmt.Fprintf(h, "%d:%s%s", len(appID), appID, id)
	return "richmedia:1:event:" + hex.EncodeToString(h.Sum(nil))
}

// storedFile is a File as a Store holds it, for encodeFile and decodeFile. A store may be shared by bots of different releases:
// a version that is not known is a miss.
type storedFile struct {
	Version int    `json:"v"`
	UUID    string `json:"uuid,omitempty"`
	Info    string `json:"info"`
	Expires int64  `json:"expires,omitempty"` // unix milliseconds; 0: long-lived
	Card    bool   `json:"card,omitempty"`
	URL     string `json:"url,omitempty"`
	Width   int    `json:"width,omitempty"` // of an upload for Markdown
	Height  int    `json:"height,omitempty"`
}

const storedVersion = 1

func encodeFile(f File) ([]byte, error) {
	s := storedFile{Version: storedVersion, UUID: f.UUID, Info: f.Info, Card: f.Card, URL: f.URL, Width: f.size.Width, Height: f.size.Height}
	if !f.Expires.IsZero() {
		s.Expires = f.Expires.UnixMilli()
	}
	return json.Marshal(s)
}

func decodeFile(value []byte, scope Scope, kind Kind) (f File, ok bool) {
	if !json.Valid(value) {
		return File{}, false
	}
	var version, expires int64
	unknown := false
	integer := func(v gjson.Result) int64 {
		n, err := strconv.ParseInt(v.Raw, 10, 64)
		unknown = unknown || err != nil
		return n
	}
	text := func(v gjson.Result) string {
		unknown = unknown || v.Type != gjson.String
		return v.Str
	}
	f = File{Scope: scope, Kind: kind}
	gjson.ParseBytes(value).ForEach(func(key, v gjson.Result) bool {
		switch key.Str {
		case "v":
			version = integer(v)
		case "uuid":
			f.UUID = text(v)
		case "info":
			f.Info = text(v)
		case "expires":
			expires = integer(v)
		case "card":
			f.Card = v.Type == gjson.True
			unknown = unknown || !v.IsBool()
		case "url":
			f.URL = text(v)
		case "width":
			f.size.Width = int(integer(v))
		case "height":
			f.size.Height = int(integer(v))
		}
		return true
	})
	if unknown || version != storedVersion || f.Info == "" {
		return File{}, false
	}
	if expires != 0 {
		f.Expires = time.UnixMilli(expires)
		if !time.Now().Before(f.Expires) {
			return File{}, false
		}
	}
	return f, true
}

// usableFor is how long a file_info with this ttl is kept: shorter by the lesser of 60 s and a tenth, so that it does not
// expire on its way into the chat.
func usableFor(ttl time.Duration) time.Duration {
	return ttl - min(time.Minute, ttl/10)
}

// storeTimeout bounds each call to the store: a store that hangs delays a reply by some seconds at most.
const storeTimeout = 2 * time.Second

// cache is the plugin's use of its Store. A failing store is a miss, and logged once for each outage.
type cache struct {
	store  Store  // nil: nothing is kept
	owner  string // the app id, in keys
	log    log.Logger
	outage outage
}

// get returns the File under key. ok is false for a File that has expired or that this release cannot read; err says that
// the store failed.
func (c *cache) get(ctx context.Context, key string, scope Scope, kind Kind) (f File, ok bool, err error) {
	err = c.call(ctx, storeGet, func(ctx context.Context, s Store) error {
		value, found, err := s.Get(ctx, key)
		if err == nil && found {
			f, ok = decodeFile(value, scope, kind)
		}
		return err
	})
	return f, ok, err
}

// put keeps f for as long as it can be used.
func (c *cache) put(ctx context.Context, key string, f File) {
	var ttl time.Duration
	if !f.Expires.IsZero() {
		if ttl = usableFor(time.Until(f.Expires)); ttl <= 0 {
			return
		}
	}
	value, err := encodeFile(f)
	if err != nil {
		c.log.Errorf("richmedia: an upload is not kept: %v", err)
		return
	}
	_ = c.call(ctx, storeSet, func(ctx context.Context, s Store) error { return s.Set(ctx, key, value, ttl) })
}

// drop deletes key.
func (c *cache) drop(ctx context.Context, key string) {
	_ = c.call(ctx, storeDelete, func(ctx context.Context, s Store) error { return s.Delete(ctx, key) })
}

// mark notes that the event under key was handled. It outlasts ctx: the plugin may be at its end.
func (c *cache) mark(ctx context.Context, key string) {
	_ = c.call(context.WithoutCancel(ctx), storeSet, func(ctx context.Context, s Store) error {
		return s.Set(ctx, key, []byte{'1'}, seenFor)
	})
}

// marked reports whether the event under key was handled. A value of an unknown release counts too.
func (c *cache) marked(ctx context.Context, key string) (ok bool) {
	_ = c.call(ctx, storeGet, func(ctx context.Context, s Store) (err error) {
		_, ok, err = s.Get(ctx, key)
		return err
	})
	return ok
}

// The calls to a store, as the log names them.
const (
	storeGet    = "get"
	storeSet    = "set"
	storeDelete = "delete"
	storeLease  = "lease"
)

// call bounds a call to the store and logs the first failure of an outage, and its end.
func (c *cache) call(ctx context.Context, what string, fn func(context.Context, Store) error) error {
	if c.store == nil {
		return nil
	}
	defer blame("the store")
	if _, own := c.store.(*MemoryStore); own { // which answers at once
		return fn(ctx, c.store)
	}
	ctx, cancel := context.WithTimeout(ctx, storeTimeout)
	defer cancel()
	err := fn(ctx, c.store)
	switch {
	case err == nil:
		wrote := what == storeSet || what == storeLease
		if say, lasted, n := c.outage.worked(time.Now(), wrote); say {
			c.log.Infof("richmedia: the store answers again, after %s and %d failures", lasted.Round(time.Millisecond), n)
		}
	case !errors.Is(ctx.Err(), context.Canceled) && c.outage.failed(time.Now()):
		c.log.Warnf("richmedia: the store failed to %s, going on without it until it answers again: %s", what, platform.Clean(err.Error()))
	}
	return err
}
