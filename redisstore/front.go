package redisstore

import (
	"sync/atomic"
	"time"

	"github.com/jellydator/ttlcache/v3"
)

// front is the memory in front of Redis. It starts no goroutine.
type front struct {
	cache   *ttlcache.Cache[string, *entry]
	changes atomic.Int64 // the Sets and Deletes of this instance so far
}

type entry struct {
	value []byte
	fresh time.Time // until then Redis need not be asked
}

func newFront() *front {
	return &front{cache: ttlcache.New(
		ttlcache.WithCapacity[string, *entry](frontSize),
		ttlcache.WithDisableTouchOnHit[string, *entry](), // use does not prolong a ttl
	)}
}

// get returns the entry, nil if none lives, and whether it is fresh.
func (f *front) get(key string) (e *entry, fresh bool) {
	item := f.cache.Get(key)
	if item == nil {
		return nil, false
	}
	e = item.Value()
	return e, time.Now().Before(e.fresh)
}

// put keeps value for ttl; 0 keeps it forever.
func (f *front) put(key string, value []byte, ttl time.Duration) {
	if ttl == 0 {
		ttl = ttlcache.NoTTL
	}
	f.cache.DeleteExpired() // on the way, instead of a goroutine
	f.cache.Set(key, &entry{value, time.Now().Add(freshFor)}, ttl)
}

// drop forgets old, which Redis no longer has, unless there is a newer entry.
func (f *front) drop(key string, old *entry) {
	if old == nil {
		return
	}
	if now, _ := f.get(key); now == old {
		f.cache.Delete(key)
	}
}

func (f *front) delete(key string) {
	f.changes.Add(1)
	f.cache.Delete(key)
}
