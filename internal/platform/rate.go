package platform

import (
	"context"
	"maps"
	"sync"
	"time"
)

// endpoint is a class of calls that the platform counts together.
type endpoint int

const (
	endpointMessages endpoint = iota
	endpointFiles
	endpointPrepare
	endpointPartFinish
	endpointInteractions
	endpoints // how many there are
)

// perSecond is what the platform takes of each (docs 2026-08).
var perSecond = [endpoints]int{
	endpointMessages:     100,
	endpointFiles:        50,
	endpointPrepare:      10,
	endpointPartFinish:   10,
	endpointInteractions: 50,
}

// ratePeriod is a second and a little: requests that left a second apart may arrive closer.
const ratePeriod = 1050 * time.Millisecond

func newRates() [endpoints]*rate {
	var all [endpoints]*rate
	for e, n := range perSecond {
		all[e] = &rate{turns: make([]time.Time, n)}
	}
	return all
}

// rate lets no more than len(turns) calls begin within any ratePeriod, and as many at once. A token bucket (as in
// golang.org/x/time/rate) that allows such a burst allows twice as many in the first second, and one that does not
// makes the ten parts of a 100 MB upload wait for a second.
type rate struct {
	mu    sync.Mutex
	turns []time.Time // when the last calls begin, the oldest at next
	next  int
}

// wait returns when the caller's turn has come, or with ctx's cause.
func (r *rate) wait(ctx context.Context) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	d := time.Until(r.turn())
	if d <= 0 {
		return nil
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx) // the turn is lost, which is on the safe side
	}
}

// perChat is how many messages a second each of a guild's chats takes (docs 2026-08).
const perChat = 5

// maxChats is far more than can be busy at once with 100 messages a second for all: beyond it the idle ones are forgotten.
const maxChats = 1024

// chatRates is the rates of the guilds' chats. The zero value is ready.
type chatRates struct {
	mu   sync.Mutex
	byID map[string]*rate
}

func (c *chatRates) of(id string) *rate {
	c.mu.Lock()
	defer c.mu.Unlock()
	r := c.byID[id]
	if r != nil {
		return r
	}
	if len(c.byID) >= maxChats {
		maps.DeleteFunc(c.byID, func(_ string, r *rate) bool { return r.idle() })
	}
	if c.byID == nil {
		c.byID = make(map[string]*rate)
	}
	r = &rate{turns: make([]time.Time, perChat)}
	c.byID[id] = r
	return r
}

// idle tells whether r has nothing to remember.
func (r *rate) idle() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	last := r.turns[(r.next+len(r.turns)-1)%len(r.turns)]
	return time.Since(last) > ratePeriod
}

func (r *rate) turn() time.Time {
	r.mu.Lock()
	defer r.mu.Unlock()
	at := time.Now()
	if free := r.turns[r.next].Add(ratePeriod); free.After(at) {
		at = free
	}
	r.turns[r.next] = at
	r.next = (r.next + 1) % len(r.turns)
	return at
}
