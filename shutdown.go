package richmedia

import (
	"context"
	"errors"
)

// Shutdown refuses new events, waits until those that were accepted are handled and the replies and uploads
// under way are done, and then ends the plugin, as http.Server does. If ctx ends first, everything is
// cancelled (cause ErrClosed), events that no handler has begun are dropped, and ctx's cause is returned without
// waiting for handlers that ignore their ctx. It may be called repeatedly and together with Close.
func (p *Plugin) Shutdown(ctx context.Context) error {
	p.stop(false)
	err := p.dispatch.Drain(ctx, nil)
	if err == nil {
		err = p.inline.wait(ctx)
	}
	p.stop(true)
	if err == nil {
		err = p.calls.wait(ctx)
	}
	p.cancel()
	if err != nil {
		return err
	}
	return p.settle(ctx)
}

// Close cancels everything now (cause ErrClosed), drops the events that no handler has begun, and waits until
// its goroutines have ended; it waits for handlers and token sources that ignore their ctx. It always returns nil, and
// may be called repeatedly.
func (p *Plugin) Close() error {
	p.stop(false)
	p.stop(true)
	p.cancel()
	return p.settle(context.Background())
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
	if n, _ := p.dispatch.Discard(); n > 0 {
		p.cfg.log.Warnf("richmedia: shut down before %d accepted events were handled", n)
	}
}

// settle waits for all work that the plugin has started.
func (p *Plugin) settle(ctx context.Context) error {
	err := errors.Join(
		p.dispatch.Drain(ctx, nil),
		p.inline.wait(ctx),
		p.calls.wait(ctx),
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
	if err != nil {
		return context.Cause(ctx)
	}
	return nil
}

// enter begins a call, which Shutdown waits for. Its ctx ends with the plugin's life too.
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
