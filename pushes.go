package richmedia

import (
	"crypto/ed25519"
	"sync"
	"time"
)

// pushes remembers the pushes of a webhook by their signatures, so that the same request a second time gets the answer of
// the first. Only what is signed with the bot's secret gets here.
type pushes struct {
	mu    sync.Mutex
	most  int
	ttl   time.Duration
	known map[pushKey]*push
	order []pushRecord // oldest first; all live equally long
}

type pushKey [ed25519.SignatureSize]byte

// push is one request. Taken may be read once done is closed.
type push struct {
	done  chan struct{}
	taken bool // false: the event was given back
}

// over reports whether done is closed.
func (p *push) over() bool {
	select {
	case <-p.done:
		return true
	default:
		return false
	}
}

type pushRecord struct {
	key   pushKey
	until time.Time
}

// takenPush stands for every push that is over, so that none of them keeps a channel.
var takenPush = func() *push {
	p := &push{done: make(chan struct{}), taken: true}
	close(p.done)
	return p
}()

func newPushes(most int, ttl time.Duration) *pushes {
	return &pushes{most: most, ttl: ttl, known: map[pushKey]*push{}}
}

// get returns the push of key, or nil.
func (p *pushes) get(key pushKey) *push {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.expireLocked(time.Now())
	return p.known[key]
}

// claim returns the push of key, and whether it is new and so the caller's to settle.
func (p *pushes) claim(key pushKey) (_ *push, mine bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := time.Now()
	p.expireLocked(now)
	if known := p.known[key]; known != nil {
		return known, false
	}
	if len(p.order) >= p.most {
		p.dropLocked()
	}
	mineNow := &push{done: make(chan struct{})}
	p.known[key] = mineNow
	p.order = append(p.order, pushRecord{key, now.Add(p.ttl)})
	return mineNow, true
}

// settle ends a claimed push, for all callers that wait for it. One that was given back may come again.
func (p *pushes) settle(key pushKey, settled *push, taken bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	settled.taken = taken
	close(settled.done)
	switch {
	case p.known[key] != settled: // forgotten early
	case taken:
		p.known[key] = takenPush
	default:
		delete(p.known, key)
	}
}

func (p *pushes) expireLocked(now time.Time) {
	for len(p.order) > 0 && !now.Before(p.order[0].until) {
		p.dropLocked()
	}
}

// dropLocked forgets the oldest record. If its push was given back and came again, that one is forgotten early too: its
// timestamp is refused by then.
func (p *pushes) dropLocked() {
	delete(p.known, p.order[0].key)
	p.order = p.order[1:]
}
