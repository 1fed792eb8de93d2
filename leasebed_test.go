package richmedia_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/botgo-contrib/richmedia"
	"github.com/botgo-contrib/richmedia/richmediatest"
)

// sharedStore is what instances share: a Store and Leaser in memory, which fails when it is told to.
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

// fail makes calls of these names fail with err, until that is nil.
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

// occupied answers every lease with "somebody else has it", as while another instance is at it for ever.
type occupied struct{ *sharedStore }

func (occupied) Lease(context.Context, string, time.Duration) (bool, func(), error) {
	return false, nil, nil
}

// fleet is one bot as several instances on one platform.
type fleet struct {
	*richmediatest.Platform
	bots []*richmedia.Plugin
	logs []*logger
}

func newFleet(t testing.TB, n int, store richmedia.Store, opts ...richmedia.Option) *fleet {
	t.Helper()
	return newFleetOn(t, richmediatest.New(), n, store, opts...)
}

func newFleetOn(t testing.TB, p *richmediatest.Platform, n int, store richmedia.Store, opts ...richmedia.Option) *fleet {
	t.Helper()
	f := &fleet{Platform: p}
	f.Host(catURL, readMedia(t, "cat.png"))
	t.Cleanup(func() { require.NoError(t, f.Close()) })
	for range n {
		log := &logger{}
		p, err := richmedia.New(f.TokenSource(), append([]richmedia.Option{
			richmedia.WithHTTPClient(f.Client()), richmedia.WithBaseURL(f.URL()), richmedia.WithLogger(log), richmedia.WithStore(store),
		}, opts...)...)
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, p.Close()) })
		f.bots, f.logs = append(f.bots, p), append(f.logs, log)
	}
	return f
}

const catURL = "https://example.com/cat.png"

// answer lets instance i answer a new message in the chat with the cat.
func (f *fleet) answer(ctx context.Context, i int, chat *richmediatest.Chat) error {
	return f.answerWith(ctx, i, chat, richmedia.FromURL(catURL))
}

func (f *fleet) answerWith(ctx context.Context, i int, chat *richmediatest.Chat, src richmedia.Source) error {
	c, err := f.bots[i].Context(chat.Say("ann", "cat").Payload())
	if err != nil {
		return err
	}
	_, err = c.ReplyImage(ctx, src)
	return err
}

// abandon makes the releases of all leases that are held do nothing.
func (s *sharedStore) abandon() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for key, l := range s.leases {
		s.leases[key] = &sharedLease{l.until}
	}
}
