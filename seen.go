package richmedia

import (
	"sync"
	"time"

	"github.com/jellydator/ttlcache/v3"
)

// The platform announces repeated pushes of one message (docs 2026-08), and a resumed websocket repeated events
// that were almost 7 minutes old (agentscope-ai/QwenPaw#7946).
const (
	seenFor  = 15 * time.Minute
	seenSize = 1 << 19 // ids; beyond that the oldest are forgotten early
)

// seen remembers the events that were taken, by all of their ids.
type seen struct {
	mu  sync.Mutex // makes the look at several ids one step
	ids *ttlcache.Cache[string, struct{}]
}

func newSeen() *seen {
	return &seen{ids: ttlcache.New(
		ttlcache.WithTTL[string, struct{}](seenFor),
		ttlcache.WithCapacity[string, struct{}](seenSize),
		ttlcache.WithDisableTouchOnHit[string, struct{}](),
	)}
}

// claim answers true to the first who brings any of ids.
func (s *seen) claim(ids []string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ids.DeleteExpired() // on the way, instead of a goroutine
	for _, id := range ids {
		if s.ids.Has(id) {
			return false
		}
	}
	for _, id := range ids {
		s.ids.Set(id, struct{}{}, ttlcache.DefaultTTL)
	}
	return true
}

// forget lets the event come again.
func (s *seen) forget(ids []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, id := range ids {
		s.ids.Delete(id)
	}
}
