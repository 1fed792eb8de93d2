package richmedia

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Shutdown refuses new events, waits until those that were accepted are handled and the functions of Context.Go, the replies
// and the uploads under way are done, and then ends the plugin, as http.Server does. If ctx ends first, everything is
// cancelled (cause ErrClosed), events that no handler has begun are dropped, and ctx's cause is returned without
// waiting for handlers that ignore their ctx. With the ctx of a handler, or of a function of Context.Go, Shutdown does not wait
// for that one. It may be called repeatedly and together with Close.
func (p *Plugin) Shutdown(ctx context.Context) error {
	self := workOf(ctx)
	defer p.exempt(self)()
	p.stop(false)
	err := p.drain(ctx, self)
	p.stop(true)
	if err == nil {
		err = p.calls.wait(ctx, false)
	}
	if self != nil && p.life.Err() != nil {
		err = nil // another call was first, and has ended ctx
	}
	p.cancel()
	if err != nil {
		return err
	}
	if self != nil { // whose ctx has ended with the plugin
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(context.WithoutCancel(ctx), closeWait)
		defer cancel()
	}
	return p.settle(ctx, self)
}

// closeWait is how long Close waits for handlers: it has no ctx, and a handler may call it.
const closeWait = 5 * time.Second

// Close cancels everything now (cause ErrClosed), drops the events that no handler has begun, and waits until
// its goroutines have ended, for 5 s at most: the error counts the handlers, functions of Context.Go and uploads that still run
// then, because they ignore their ctx or call Close themselves. It may be called repeatedly.
func (p *Plugin) Close() error {
	p.stop(false)
	p.stop(true)
	p.cancel()
	ctx, cancel := context.WithTimeout(context.Background(), closeWait)
	defer cancel()
	if p.settle(ctx, nil) == nil {
		return nil
	}
	s := p.dispatch.Stats()
	return fmt.Errorf("richmedia: Close: %d handlers, %d functions of Context.Go and %d uploads still run after %s",
		s.Running+s.Overdue+p.inline.count(), s.Beside, p.uploads.flights.Running(), closeWait)
}

// drain waits for handlers and functions of Context.Go, except for self.
func (p *Plugin) drain(ctx context.Context, self *work) error {
	if self == nil {
		if err := p.dispatch.Drain(ctx, nil); err != nil {
			return err
		}
		return p.inline.wait(ctx, false)
	}
	if err := p.dispatch.Drain(ctx, self); err != nil {
		return err
	}
	return p.inline.wait(ctx, true)
}

// exempt lets other calls of Shutdown not wait for self, which waits in one, until readmit is called: a handler and a function
// of Context.Go that shut down at once would wait for each other.
func (p *Plugin) exempt(self *work) (readmit func()) {
	if self == nil {
		return func() {}
	}
	dispatched, inline := p.dispatch.Exempt(self), func() {}
	if self.inline {
		inline = p.inline.exempt()
	}
	return func() {
		dispatched()
		inline()
	}
}

// stop refuses events from now on, and with all calls too.
func (p *Plugin) stop(all bool) {
	p.mu.Lock()
	p.draining = true
	p.closed = p.closed || all
	p.mu.Unlock()
	registered.remove(p)
	p.uploads.refresher.stop()
}

// accepting reports whether events are accepted.
func (p *Plugin) accepting() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return !p.draining
}

// cancel ends the plugin's life.
func (p *Plugin) cancel() {
	p.end(ErrClosed)
	if events, functions := p.dispatch.Discard(); events+functions > 0 {
		p.cfg.log.Warnf("richmedia: shut down before %d accepted events were handled and %d functions of Context.Go ran", events, functions)
	}
}

// settle waits for all work that the plugin has started, except for self.
func (p *Plugin) settle(ctx context.Context, self *work) error {
	err := errors.Join(
		p.drain(ctx, self),
		p.calls.wait(ctx, false),
		p.uploads.refresher.wait(ctx),
		p.uploads.flights.Wait(ctx),
		p.client.Wait(ctx),
	)
	if p.cfg.ownHTTP {
		p.cfg.http.CloseIdleConnections()
	}
	if p.cfg.ownFallback {
		p.cfg.fallback.CloseIdleConnections()
	}
	p.downloads.close()
	if err != nil {
		return context.Cause(ctx)
	}
	return nil
}

// enter begins a call, which Shutdown waits for. Its ctx ends with the plugin's life too, and with leave.
func (p *Plugin) enter(ctx context.Context) (_ context.Context, leave func(), _ error) {
	if ctx.Err() != nil {
		return nil, nil, context.Cause(ctx)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return nil, nil, ErrClosed
	}
	p.calls.add()
	if w := workOf(ctx); w.own(ctx) && w.p == p { // it ends with the plugin as it is
		ctx, cancel := context.WithCancel(ctx)
		return ctx, func() {
			cancel()
			p.calls.done()
		}, nil
	}
	ctx, cancel := context.WithCancelCause(ctx)
	stop := context.AfterFunc(p.life, func() { cancel(ErrClosed) })
	return ctx, func() {
		stop()
		cancel(nil)
		p.calls.done()
	}, nil
}

// enterInline begins a handler on botgo's goroutine, unless events are refused.
func (p *Plugin) enterInline() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.draining {
		return false
	}
	p.inline.add()
	return true
}
