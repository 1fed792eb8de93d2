// Package flight makes one run of a function serve all callers that want the same thing at the same time, and cancels
// it when none of them waits any longer.
package flight

import (
	"context"
	"errors"
	"sync"
)

// ErrAbandoned is the cause that a run's context ends with when the last caller has stopped waiting for it.
var ErrAbandoned = errors.New("flight: nobody waits any longer")

// Group shares runs by key. The zero value is ready, must not be copied after first use, and keeps nothing for a key
// without a run.
//
// It stands in for golang.org/x/sync/singleflight, which cannot cancel a run when its last waiter leaves, so that an
// upload which nobody wants goes on to its end, and which panics again on a goroutine where nobody can recover.
type Group[T any] struct {
	mu      sync.Mutex
	runs    map[string]*run[T] // the last of each key, until it has returned
	running int                // functions that have not returned, abandoned ones too
	idle    chan struct{}      // closed when running falls to 0; nil when nobody waits for that
}

// run is one call of a function.
type run[T any] struct {
	ctx     context.Context
	cancel  context.CancelCauseFunc
	waiters int           // under the Group's mu
	done    chan struct{} // closed when value and err are set
	value   T
	err     error
}

// Do returns what fn returns for key. It joins the run of that key which is under way, or starts one: leader tells
// that it did. fn runs on a goroutine of its own with a context that has the values of life and ends with life, or
// with the cause ErrAbandoned when the last caller has stopped waiting; it does not end with ctx, the caller's own. A
// caller whose ctx ends leaves at once with its cause, without a run being started if it was over beforehand. Nor is
// a run started when life is over: Do then returns life's cause. Nobody joins a run that was cancelled: a new one is
// started beside it, even before the old fn has returned. A panic in fn, and runtime.Goexit, is a *PanicError for all
// who wait.
func (g *Group[T]) Do(ctx, life context.Context, key string, fn func(ctx context.Context) (T, error)) (v T, leader bool, err error) {
	if ctx.Err() != nil {
		return v, false, context.Cause(ctx)
	}
	g.mu.Lock()
	r := g.runs[key]
	if r == nil || r.ctx.Err() != nil {
		if life.Err() != nil {
			g.mu.Unlock()
			return v, false, context.Cause(life)
		}
		r, leader = g.start(life, key, fn), true
	}
	r.waiters++
	g.mu.Unlock()

	select {
	case <-r.done:
		return r.value, leader, r.err
	case <-ctx.Done():
	}
	select {
	case <-r.done: // both at once: the result is worth more
		return r.value, leader, r.err
	default:
	}
	g.leave(r)
	return v, leader, context.Cause(ctx)
}

// Wait blocks until no function is running, abandoned ones included, or ctx ends, whose cause it then returns. Callers
// of Do may return a moment later.
func (g *Group[T]) Wait(ctx context.Context) error {
	g.mu.Lock()
	if g.running == 0 {
		g.mu.Unlock()
		return nil
	}
	if g.idle == nil {
		g.idle = make(chan struct{})
	}
	idle := g.idle
	g.mu.Unlock()
	select {
	case <-idle:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// start begins a run. It needs g.mu.
func (g *Group[T]) start(life context.Context, key string, fn func(ctx context.Context) (T, error)) *run[T] {
	r := &run[T]{done: make(chan struct{})}
	r.ctx, r.cancel = context.WithCancelCause(life)
	if g.runs == nil {
		g.runs = make(map[string]*run[T])
	}
	g.runs[key] = r
	g.running++
	go func() {
		defer g.finish(key, r)
		r.call(fn)
	}()
	return r
}

// leave takes one waiter from r, and cancels it after the last: from then on it cannot be joined.
func (g *Group[T]) leave(r *run[T]) {
	g.mu.Lock()
	defer g.mu.Unlock()
	r.waiters--
	if r.waiters == 0 {
		r.cancel(ErrAbandoned)
	}
}

// finish hands the result of r to its waiters.
func (g *Group[T]) finish(key string, r *run[T]) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.runs[key] == r { // not the new run that was started after r was cancelled
		delete(g.runs, key)
	}
	r.cancel(nil)
	close(r.done)
	g.running--
	if g.running == 0 && g.idle != nil {
		close(g.idle)
		g.idle = nil
	}
}
