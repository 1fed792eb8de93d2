package richmedia_test

import (
	"context"
	"sync"
	"time"

	"github.com/botgo-contrib/richmedia"
)

// sharedStore is a Store and Leaser in memory that instances share. Its methods fail on demand.
type sharedStore struct {
	richmedia.Store

	mu      sync.Mutex
	leases  map[string]*sharedLease
	taken   int // leases that were given
	failing map[string]error
}

type sharedLease struct{ until time.Time }

func newSharedStore() *sharedStore {
	return &sharedStore{Store: richmedia.NewMemoryStore(0), leases: map[string]*sharedLease{}, failing: map[string]error{}}
}

// fail lets the calls of these names fail with err; nil ends that.
func (s *sharedStore) fail(err error, calls ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, call := range calls {
		s.failing[call] = err
	}
}

func (s *sharedStore) failure(call string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.failing[call]
}

func (s *sharedStore) Get(ctx context.Context, key string) ([]byte, bool, error) {
	if err := s.failure("get"); err != nil {
		return nil, false, err
	}
	return s.Store.Get(ctx, key)
}

func (s *sharedStore) Set(ctx context.Context, key string, value []byte, ttl time.Duration) error {
	if err := s.failure("set"); err != nil {
		return err
	}
	return s.Store.Set(ctx, key, value, ttl)
}

func (s *sharedStore) Lease(_ context.Context, key string, ttl time.Duration) (bool, func(), error) {
	if err := s.failure("lease"); err != nil {
		return false, nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if l := s.leases[key]; l != nil && time.Now().Before(l.until) {
		return false, nil, nil
	}
	mine := &sharedLease{time.Now().Add(ttl)}
	s.leases[key] = mine
	s.taken++
	return true, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.leases[key] == mine {
			delete(s.leases, key)
		}
	}, nil
}

// held is how many leases are held now.
func (s *sharedStore) held() (n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, l := range s.leases {
		if time.Now().Before(l.until) {
			n++
		}
	}
	return n
}

// abandon disables the release of every lease that is held, as if the holder had died.
func (s *sharedStore) abandon() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for key, l := range s.leases {
		s.leases[key] = &sharedLease{l.until}
	}
}

// occupied refuses every lease, as if another instance held it forever.
type occupied struct{ *sharedStore }

func (occupied) Lease(context.Context, string, time.Duration) (bool, func(), error) {
	return false, nil, nil
}
