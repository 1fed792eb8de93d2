package board

import (
	"encoding/json"
	"sync"
)

// feedSize is the number of updates that a page may be behind before it must fetch everything again.
const feedSize = 8192

// Feed holds the latest updates as JSON, for any number of readers at their own pace. It keeps no state for a reader, so a
// slow or closed one costs nothing.
type Feed struct {
	mu      sync.Mutex
	ring    [feedSize]update
	head    uint64            // updates so far; the newest is ring[(head-1)%feedSize]
	latest  map[string]uint64 // by key: the newest update of that key
	changed chan struct{}     // closed and replaced by each update
}

// update is one change. It replaces older ones of the same key.
type update struct {
	key  string
	json []byte
}

func newFeed() *Feed {
	return &Feed{latest: make(map[string]uint64), changed: make(chan struct{})}
}

// put adds an update, which replaces older ones of the same key; one with the key "" replaces nothing.
func (f *Feed) put(key string, v any) {
	raw, err := json.Marshal(v)
	if err != nil {
		panic("playground: encode an update: " + err.Error()) // our own types only
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	slot := &f.ring[f.head%feedSize]
	if slot.key != "" && f.latest[slot.key]+feedSize == f.head {
		delete(f.latest, slot.key)
	}
	*slot = update{key, raw}
	if key != "" {
		f.latest[key] = f.head
	}
	f.head++
	close(f.changed)
	f.changed = make(chan struct{})
}

// Head returns the number of updates so far: the position of a reader that has fetched everything.
func (f *Feed) Head() uint64 {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.head
}

// Since returns up to limit updates after from without the replaced ones, the position to continue from, and a channel that
// is closed by the next update. ok is false if from is too far behind, or in the future.
func (f *Feed) Since(from uint64, limit int) (batch []json.RawMessage, next uint64, changed <-chan struct{}, ok bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if from > f.head || f.head-from > feedSize {
		return nil, f.head, f.changed, false
	}
	for ; from < f.head && len(batch) < limit; from++ {
		u := f.ring[from%feedSize]
		if u.key == "" || f.latest[u.key] == from {
			batch = append(batch, u.json)
		}
	}
	return batch, from, f.changed, true
}
