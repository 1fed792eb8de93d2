package richmedia

import (
	"context"
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
		err = wait(ctx, &p.inline)
	}
	p.refuse(true)
	if err == nil {
		err = wait(ctx, &p.calls)
	}
	p.cancel()
	if err != nil {
		return err
	}
	p.settle() //nolint:contextcheck // everything has ended by now: this waits for the last steps of it
	return nil
}

// Close cancels everything now (cause ErrClosed), drops the events that no handler has begun, and waits until
// its goroutines have ended; a handler that does not heed its ctx makes it wait. It always returns nil, and may
// be called repeatedly.
func (p *Plugin) Close() error {
	p.refuse(false)
	p.refuse(true)
	p.cancel()
	p.settle()
	return nil
}

// refuse closes the door for events, and with all for calls too.
func (p *Plugin) refuse(all bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.draining = true
	p.closed = p.closed || all
}

// cancel ends the plugin's life.
func (p *Plugin) cancel() {
	p.end(ErrClosed)
	if n := p.dispatch.Discard(); n > 0 {
		p.cfg.log.Warnf("richmedia: shut down before %d accepted events were handled", n)
	}
}

// settle waits for everything that the plugin has started.
func (p *Plugin) settle() {
	_ = p.dispatch.Drain(context.Background())
	p.inline.Wait()
	p.calls.Wait()
	p.uploads.flights.Wait()
	p.client.Wait()
	if p.cfg.ownHTTP {
		p.cfg.http.CloseIdleConnections()
	}
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
	p.calls.Add(1)
	ctx, cancel := context.WithCancelCause(ctx)
	stop := context.AfterFunc(p.life, func() { cancel(ErrClosed) })
	return ctx, func() {
		stop()
		cancel(nil)
		p.calls.Done()
	}, nil
}

// wait is wg.Wait that gives up when ctx ends.
func wait(ctx context.Context, wg *sync.WaitGroup) error {
	done := make(chan struct{})
	go func() {
		wg.Wait()
		close(done)
	}()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
