// Package flight shares one run of a function among all callers that want the same result at the same time, and cancels
// it when none of them waits any longer.
package flight

import (
	"context"
	"errors"
	"sync"

	"github.com/botgo-contrib/richmedia/internal/panics"
)

// ErrAbandoned is the cause that a run's context ends with when the last caller has stopped waiting for it.
var ErrAbandoned = errors.New("flight: no caller waits any longer")

// Group shares runs by key. The zero value is ready, must not be copied after first use, and keeps nothing for a key
// without a run. It is safe for concurrent use.
//
// It replaces golang.org/x/sync/singleflight, which does not cancel a run when its last caller leaves, so that an
// upload that nobody waits for goes on to its end, and which panics again on a goroutine where no caller can recover.
type Group[T any] struct {
	// Left makes the error of a caller that leaves a run: of the run's ctx, and the cause of the caller's own. If it is nil, the
	// error is that cause.
	Left func(run context.Context, cause error) error

	mu      sync.Mutex
	runs    map[string]*run[T] // the last of each key, until it has returned
	running int                // functions that have not returned, abandoned ones too
	idle    chan struct{}      // closed when running falls to 0; nil if no call of Wait waits
}

// run is one call of a function.
type run[T any] struct {
	ctx     context.Context
	cancel  context.CancelCauseFunc
	callers int           // that wait for it; under the Group's mu
	done    chan struct{} // closed when value and err are set
	value   T
	err     error
}

// Do returns the result of fn for key. It joins the run of that key which is under way, or starts one: leader reports
// whether it did.
//
// fn runs on a goroutine of its own. Its context has the values of life and ends with life, or with the cause
// ErrAbandoned when the last caller has stopped waiting, but not with ctx. If ctx ends first, Do returns its cause at
// once, by way of Left; if ctx or life is over beforehand, Do returns the cause and starts no run. A run that was cancelled is not
// joined: a new one is started beside it, even before the old fn has returned. If fn panics or calls runtime.Goexit, the
// error of all callers is a *panics.Error.
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
	r.callers++
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
	if err = context.Cause(ctx); g.Left != nil {
		err = g.Left(r.ctx, err) //nolint:contextcheck // the run's, before it is cancelled
	}
	g.abandon(r)
	return v, leader, err
}

// Running returns the number of functions that have not returned, abandoned ones included.
func (g *Group[T]) Running() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.running
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
	go panics.Do(func() (err error) {
		r.value, err = fn(r.ctx)
		return err
	}, func(err error) {
		r.err = err
		g.finish(key, r)
	})
	return r
}

// abandon ends the wait of one caller for r. After the last caller r is cancelled, and can no longer be joined.
func (g *Group[T]) abandon(r *run[T]) {
	g.mu.Lock()
	defer g.mu.Unlock()
	r.callers--
	if r.callers == 0 {
		r.cancel(ErrAbandoned)
	}
}

// finish passes the result of r to its callers.
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
