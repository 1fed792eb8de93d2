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

// push is one request on its way. All but done is guarded by the lock of its pushes.
type push struct {
	done  chan struct{} // closed when the push is over; nil while nobody waits for it
	over  bool
	taken bool // false: the event was given back
}

type pushRecord struct {
	key   pushKey
	until time.Time
}

// takenPush stands for every push whose event was taken, so that none of them keeps a channel.
var takenPush = &push{over: true, taken: true}

func newPushes(most int, ttl time.Duration) *pushes {
	return &pushes{most: most, ttl: ttl, known: map[pushKey]*push{}}
}

// isTaken reports whether the push of key is over, and its event was taken.
func (p *pushes) isTaken(key pushKey) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.expireLocked(time.Now())
	return p.known[key] == takenPush
}

// claim returns the push of key, and whether it is new and so the caller's to settle. If it is not, the caller may wait for
// it, and then read its outcome with outcome.
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
	claimed := &push{}
	p.known[key] = claimed
	p.order = append(p.order, pushRecord{key, now.Add(p.ttl)})
	return claimed, true
}

// wait returns a channel that is closed when the push is over.
func (p *pushes) wait(known *push) <-chan struct{} {
	p.mu.Lock()
	defer p.mu.Unlock()
	if known.over {
		return closedChan
	}
	if known.done == nil {
		known.done = make(chan struct{})
	}
	return known.done
}

var closedChan = func() chan struct{} {
	c := make(chan struct{})
	close(c)
	return c
}()

// outcome reports whether the event of a push that is over was taken.
func (p *pushes) outcome(known *push) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return known.taken
}

// settle ends a claimed push, for all callers that wait for it. One that was given back may come again.
func (p *pushes) settle(key pushKey, settled *push, taken bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	settled.over, settled.taken = true, taken
	if settled.done != nil {
		close(settled.done)
	}
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
