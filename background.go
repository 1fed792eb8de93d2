package richmedia

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

// Go runs fn beside the handler, on a goroutine of its own. Its ctx outlives the handler: it ends with the reply window
// (ErrReplyWindow) or with the plugin (ErrClosed). The replies that fn makes with its ctx have numbers of their own, those of
// the next block as after Target, so that they are the same in every run of the handler. A Target that fn needs is taken in the
// handler, before Go: goroutines call Target in another order in every run. An error or a panic of fn goes to the error handler.
//
// Go returns at once. At most four functions for each of WithWorkers run at once; the others wait. One that has waited until 30 s
// before the end of the reply window (a tenth of it, if that is less) runs with a ctx that has ended. Shutdown waits for all
// of them, also for those that a handler starts while Shutdown waits for that handler. After Close fn does not run, and the
// error handler gets ErrClosed. A nil fn panics.
//
//nolint:contextcheck,nolintlint // fn's ctx is not the handler's: that is its purpose
func (c *Context) Go(fn func(ctx context.Context) error) {
	if fn == nil {
		panic("richmedia: Context.Go: the function is nil; pass a func(ctx context.Context) error")
	}
	ctx := c.p.life
	if c.in.unanswerable == nil && c.in.target.answered() != "" {
		ctx = context.WithValue(ctx, runKey{}, c.ownRun().Branch())
	}
	w, called := &work{p: c.p}, time.Now()
	if err := c.p.dispatch.Beside(w, func() { c.p.runBeside(ctx, c, w, fn, called) }); err != nil {
		c.p.report(ctx, c, fmt.Errorf("richmedia: Context.Go: the function did not run: %w", closed(err)))
	}
}

// work is a handler or a function of Go that runs. Its ctx carries it, so that Shutdown does not wait for itself.
type work struct {
	p      *Plugin
	ctx    context.Context //nolint:containedctx // what it was called with
	inline bool            // on botgo's goroutine
	queued sync.WaitGroup  // done when the stage "queued" is traced
}

// workKey finds the *work in its ctx.
type workKey struct{}

// own reports whether ctx is the very one that the handler, or the function of Go, was called with.
func (w *work) own(ctx context.Context) bool { return w != nil && w.ctx == ctx }

// workOf returns the work whose ctx this is; nil if it is of none.
func workOf(ctx context.Context) *work {
	w, _ := ctx.Value(workKey{}).(*work)
	return w
}

// runBeside calls a function of Go. One that waited until its reply window was nearly over finds it over, as a queued event is
// dropped then.
func (p *Plugin) runBeside(ctx context.Context, c *Context, w *work, fn func(context.Context) error, called time.Time) {
	ctx = context.WithValue(ctx, workKey{}, w)
	if until := c.until(); !until.IsZero() {
		if latest, now := c.latest(), time.Now(); called.Before(latest) && !now.Before(latest) {
			until = now
		}
		var cancel context.CancelFunc
		ctx, cancel = context.WithDeadlineCause(ctx, until, ErrReplyWindow)
		defer cancel()
	}
	w.ctx = ctx
	protect("the function of Context.Go", func() error { return fn(ctx) }, func(err error) {
		if err != nil {
			p.report(ctx, c, err)
		}
	})
}

// errHandlerReturned is the cause of a handler's ctx after the handler has returned.
var errHandlerReturned = errors.New("the handler has returned; use Context.Go for work that goes on after it")
