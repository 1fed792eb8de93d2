package richmedia

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"

	"github.com/jellydator/ttlcache/v3"
)

// Store keeps file_info under keys that the plugin makes. It must be safe for concurrent use. A key that is not
// there is no error; an error is logged and treated as a miss, so that a store that is down costs uploads and
// no replies. Of an outage the first failure is logged, and the recovery. One that is a Leaser too lets the instances
// that share it make each upload once.
type Store interface {
	// Get gives the value that was set last, unless its ttl has passed.
	Get(ctx context.Context, key string) (value []byte, ok bool, err error)
	// Set keeps value for ttl; 0 keeps it for ever. The store must not change value, nor may it keep less of it.
	Set(ctx context.Context, key string, value []byte, ttl time.Duration) error
	// Delete forgets key, and is no error when it is not there.
	Delete(ctx context.Context, key string) error
}

// MemoryStore is a Store in the process's memory, bounded by count. It starts no goroutine and is safe for
// concurrent use.
type MemoryStore struct {
	cache *ttlcache.Cache[string, []byte]
}

// NewMemoryStore makes a store of at most size uploads; beyond that the one that was not used for longest is forgotten.
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
	if ttl == 0 {
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

// fileKey is the one place that says which uploads are the same: those of one bot, one scope and one kind, of
// the same content, URL or caller's key (identity), under the same name where the kind shows one. The chat is no
// part of it: within a scope a file_info is good for every chat.
func fileKey(appID string, scope Scope, kind Kind, shownName, identity string) string {
	h := sha256.New()
	for _, part := range []string{appID, shownName, identity} {
		_, _ = fmt.Fprintf(h, "%d:%s", len(part), part) // lengths, so that no two lists run into the same text
	}
	return fmt.Sprintf("richmedia:1:%s:%s:%s", scope, kind, hex.EncodeToString(h.Sum(nil)))
}

// eventKey names an event of one bot, for WithSharedEvents.
func eventKey(appID, id string) string {
	h := sha256.New()
	_, _ = fmt.Fprintf(h, "%d:%s%s", len(appID), appID, id)
	return "richmedia:1:event:" + hex.EncodeToString(h.Sum(nil))
}

// storedFile is a File as a Store holds it. A store may be shared by bots of different releases: a version that
// is not known is a miss.
type storedFile struct {
	Version int    `json:"v"`
	UUID    string `json:"uuid,omitempty"`
	Info    string `json:"info"`
	Expires int64  `json:"expires,omitempty"` // unix milliseconds; 0: long-lived
	Card    bool   `json:"card,omitempty"`
}

const storedVersion = 1

func encodeFile(f File) ([]byte, error) {
	s := storedFile{Version: storedVersion, UUID: f.UUID, Info: f.Info, Card: f.Card}
	if !f.Expires.IsZero() {
		s.Expires = f.Expires.UnixMilli()
	}
	return json.Marshal(s)
}

func decodeFile(value []byte, scope Scope, kind Kind) (f File, ok bool) {
	var s storedFile
	if json.Unmarshal(value, &s) != nil || s.Version != storedVersion || s.Info == "" {
		return File{}, false
	}
	f = File{Scope: scope, Kind: kind, UUID: s.UUID, Info: s.Info, Card: s.Card}
	if s.Expires != 0 {
		f.Expires = time.UnixMilli(s.Expires)
		if !time.Now().Before(f.Expires) {
			return File{}, false
		}
	}
	return f, true
}

// usableFor shortens a ttl by the lesser of 60 s and a tenth, so that a file_info does not end on its way into
// the chat.
func usableFor(ttl time.Duration) time.Duration {
	return ttl - min(time.Minute, ttl/10)
}
