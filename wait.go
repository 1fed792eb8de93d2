package richmedia

import (
	"context"
	"sync"
	"time"
)

// sleep waits for d. It returns early, with the cause, if ctx ends.
func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// turn is a mutex for what calls the bot's code. A goroutine that waits for it is durably blocked in the sense of testing/synctest;
// one that waits for a sync.Mutex is not.
type turn chan struct{}

func newTurn() turn { return make(turn, 1) }

func (t turn) take()  { t <- struct{}{} }
func (t turn) leave() { <-t }

// running counts work that Shutdown waits for. Unlike a sync.WaitGroup it can be waited for until a ctx ends, without a
// goroutine, and by work that is itself counted.
type running struct {
	mu      sync.Mutex
	n       int
	waiting int           // of n: work that waits for others itself
	changed chan struct{} // closed when wait has to look again; nil if nothing waits
}

func (r *running) add() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.n++
}

func (r *running) done() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.n--
	r.wake()
}

// count returns how much work runs.
func (r *running) count() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.n
}

// wake lets wait look again, if there is nothing left to wait for. It needs r.mu.
func (r *running) wake() {
	if r.n <= r.waiting && r.changed != nil {
		close(r.changed)
		r.changed = nil
	}
}

// exempt marks one that is counted as waiting itself, until readmit is called.
func (r *running) exempt() (readmit func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.waiting++
	r.wake()
	return func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.waiting--
	}
}

// wait returns nil when nothing runs, or ctx's cause. lenient says that the work that waits itself is not waited for.
func (r *running) wait(ctx context.Context, lenient bool) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	for r.n > 0 && (!lenient || r.n > r.waiting) {
		if r.changed == nil {
			r.changed = make(chan struct{})
		}
		changed := r.changed
		r.mu.Unlock()
		var ended error
		select {
		case <-changed:
		case <-ctx.Done():
			ended = context.Cause(ctx)
		}
		r.mu.Lock()
		if ended != nil {
			return ended
		}
	}
	return nil
}
