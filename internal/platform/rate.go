package platform

import (
	"container/list"
	"context"
	"slices"
	"sync"
	"time"
)

// endpoint is a group of calls that the platform counts together.
type endpoint int

const (
	endpointMessages endpoint = iota
	endpointFiles
	endpointPrepare
	endpointPartFinish
	endpointInteractions
	endpointStreams
	endpoints // their number
)

// perSecond is the number of calls that the platform accepts (docs 2026-08).
var perSecond = [endpoints]int{
	endpointMessages:     100,
	endpointFiles:        50,
	endpointPrepare:      10,
	endpointPartFinish:   10,
	endpointInteractions: 50,
	endpointStreams:      50,
}

// ratePeriod is longer than a second: requests that leave a second apart may arrive closer together.
const ratePeriod = 1050 * time.Millisecond

func newRates() [endpoints]*rate {
	var all [endpoints]*rate
	for e, n := range perSecond {
		all[e] = &rate{turns: make([]time.Time, n)}
	}
	return all
}

// rate lets at most len(turns) calls begin within any ratePeriod, and that many at once. A token bucket (as in
// golang.org/x/time/rate) with such a burst lets twice as many begin in the first second; one without makes the ten parts
// of a 100 MB upload wait for a second.
type rate struct {
	mu    sync.Mutex
	turns []time.Time // the beginnings of the last calls, the oldest at next
	next  int
	left  []time.Time // of turns, those to come that nobody waits for any longer, the earliest first
}

// wait returns when the caller's turn has come, or the cause of ctx.
func (r *rate) wait(ctx context.Context) error { return waitTurn(ctx, r.turn, r.leave) }

// turn takes the next turn and returns its time.
func (r *rate) turn() time.Time {
	r.mu.Lock()
	defer r.mu.Unlock()
	at := time.Now()
	for len(r.left) > 0 {
		first := r.left[0]
		if r.left = r.left[1:]; !first.Before(at) {
			return first
		}
	}
	r.left = nil
	if free := r.turns[r.next].Add(ratePeriod); free.After(at) {
		at = free
	}
	r.turns[r.next] = at
	r.next = (r.next + 1) % len(r.turns)
	return at
}

// leave gives a turn to the next that asks for one: if many give up, the turns of all of them would be used up before their
// time, and nobody would be let in.
func (r *rate) leave(at time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	i, _ := slices.BinarySearchFunc(r.left, at, time.Time.Compare)
	r.left = slices.Insert(r.left, i, at)
}

// idle reports whether r has nothing to remember.
func (r *rate) idle() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	last := r.turns[(r.next+len(r.turns)-1)%len(r.turns)]
	return time.Since(last) > ratePeriod
}

// waitTurn takes a turn and returns at its time, or leaves it and returns the cause of ctx.
func waitTurn(ctx context.Context, turn func() time.Time, leave func(time.Time)) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	at := turn()
	d := time.Until(at)
	if d <= 0 {
		return nil
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		leave(at)
		return context.Cause(ctx)
	}
}

// perChat is the number of messages a second that each of a guild's chats accepts (docs 2026-08).
const perChat = 5

// chatRates holds the rates of the guilds' chats. The zero value is ready.
type chatRates struct {
	mu   sync.Mutex
	byID map[string]*rate
	// ids are those of byID, in the order in which the idle ones are looked for: each new chat looks at two, so that any
	// number of busy chats costs the same.
	ids list.List
}

// wait returns when it is the turn of a message to the chat, or the cause of ctx.
func (c *chatRates) wait(ctx context.Context, id string) error {
	return waitTurn(ctx, func() time.Time { return c.turn(id) }, func(at time.Time) { c.leave(id, at) })
}

// leave leaves a turn of the chat, which is not forgotten before that turn.
func (c *chatRates) leave(id string, at time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if r := c.byID[id]; r != nil {
		r.leave(at)
	}
}

// turn takes the chat's next turn. It holds the lock meanwhile: a chat without a turn is idle and may be forgotten.
func (c *chatRates) turn(id string) time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	r := c.byID[id]
	if r == nil {
		c.forgetIdle()
		if c.byID == nil {
			c.byID = make(map[string]*rate)
		}
		r = &rate{turns: make([]time.Time, perChat)}
		c.byID[id] = r
		c.ids.PushBack(id)
	}
	return r.turn()
}

// forgetIdle looks at two chats and forgets those that are idle.
func (c *chatRates) forgetIdle() {
	for range 2 {
		first := c.ids.Front()
		if first == nil {
			return
		}
		if id := first.Value.(string); c.byID[id].idle() {
			delete(c.byID, id)
			c.ids.Remove(first)
		} else {
			c.ids.MoveToBack(first)
		}
	}
}
