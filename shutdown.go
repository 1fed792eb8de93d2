package richmedia

import (
	"context"
	"errors"
	"sync"
)

// Shutdown refuses new events, waits until those that were accepted are handled and the replies and uploads
// under way are done, and then ends the plugin: as http.Server does. When ctx ends first, everything is
// cancelled (cause ErrClosed), events that no handler has begun are dropped, and ctx's cause is returned without
// waiting for handlers that do not heed their ctx. It may be called repeatedly and together with Close.
func (p *Plugin) Shutdown(ctx context.Context) error {
	p.refuse(false)
	err := p.dispatch.Drain(ctx)
	if err == nil {
		err = p.inline.wait(ctx)
	}
	p.refuse(true)
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
// its goroutines have ended; a handler or a token source that heeds nothing makes it wait. It always returns nil, and
// may be called repeatedly.
func (p *Plugin) Close() error {
	p.refuse(false)
	p.refuse(true)
	p.cancel()
	return p.settle(context.Background())
}

// refuse closes the door for events, and with all for calls too.
func (p *Plugin) refuse(all bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.draining = true
	p.closed = p.closed || all
	p.uploads.refresher.stop()
}

// cancel ends the plugin's life.
func (p *Plugin) cancel() {
	p.end(ErrClosed)
	if n := p.dispatch.Discard(); n > 0 {
		p.cfg.log.Warnf("richmedia: shut down before %d accepted events were handled", n)
	}
}

// settle waits for everything that the plugin has started.
func (p *Plugin) settle(ctx context.Context) error {
	err := errors.Join(
		p.dispatch.Drain(ctx),
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

// enter begins a call: it ends with the plugin's life, and the plugin waits for it.
func (p *Plugin) enter(ctx context.Context) (_ context.Context, leave func(), _ error) {
	if ctx.Err() != nil {
		return nil, nil, context.Cause(ctx)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return nil, nil, ErrClosed
	}
	p.calls.enter()
	ctx, cancel := context.WithCancelCause(ctx)
	stop := context.AfterFunc(p.life, func() { cancel(ErrClosed) })
	return ctx, func() {
		stop()
		cancel(nil)
		p.calls.leave()
	}, nil
}

// enterInline begins a handler on botgo's goroutine, unless the door is closed.
func (p *Plugin) enterInline() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.draining {
		return false
	}
	p.inline.enter()
	return true
}

// counter is a sync.WaitGroup that can be waited for until a ctx ends, without a goroutine.
type counter struct {
	mu   sync.Mutex
	n    int
	idle chan struct{} // closed when n falls to 0; nil when nobody waits
}

func (c *counter) enter() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.n++
}

func (c *counter) leave() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.n--; c.n == 0 && c.idle != nil {
		close(c.idle)
		c.idle = nil
	}
}

// wait returns when nothing is counted, or with ctx's cause.
func (c *counter) wait(ctx context.Context) error {
	c.mu.Lock()
	if c.n == 0 {
		c.mu.Unlock()
		return nil
	}
	if c.idle == nil {
		c.idle = make(chan struct{})
	}
	idle := c.idle
	c.mu.Unlock()
	select {
	case <-idle:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
