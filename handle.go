package richmedia

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/tencent-connect/botgo/dto"

	"github.com/botgo-contrib/richmedia/internal/dispatch"
)

// seenFor is how long an event is remembered. The platform announces repeated pushes of one message (docs 2026-08), and a
// resumed websocket repeated events that were almost 7 minutes old (agentscope-ai/QwenPaw#7946).
const seenFor = 15 * time.Minute

const (
	// slowHandler is how long a handler may run before its place among the workers goes to another.
	slowHandler = 30 * time.Second
	// noWorkerFor is how long chats wait without a free worker until that is logged.
	noWorkerFor = 10 * time.Second
	// defaultHandlerTimeout is that of an event without a reply window.
	defaultHandlerTimeout = 5 * time.Minute
)

// handle accepts an event on botgo's goroutine. shut says that it did not, because the plugin is shut down.
func (p *Plugin) handle(payload *dto.WSPayload, h Handler) (shut bool, err error) {
	in, err := parse(payload, time.Now())
	if err != nil {
		p.malformed(payload, err)
		return false, err
	}
	c := &Context{p: p, in: in}
	took := false
	err = p.seen.Once(p.life, in.ids(), func() error {
		return p.shared(in, func(mine *claim) error {
			took = true
			return p.accept(c, h, mine)
		})
	})
	if errors.Is(err, errOtherInstance) { // no error to the platform, but not remembered here either: it may be returned there
		err = nil
	}
	shut = errors.Is(err, ErrClosed) && !c.started && !p.accepting()
	switch {
	case !took && !shut:
		p.event(c, EventDuplicate, 0, 0, err)
	case err != nil && !c.started:
		p.event(c, EventRefused, 0, 0, err)
	}
	return shut, err
}

// accept acknowledges an interaction, and runs or queues h. After an error botgo asks the platform to deliver the event
// again. mine is nil unless the event is queued under a claim.
func (p *Plugin) accept(c *Context, h Handler, mine *claim) error {
	if p.cfg.inline && !p.claims(c.in) { // else takeInline has counted it, and Shutdown by the handler exempts one
		if !p.enterInline() {
			return ErrClosed
		}
		defer p.inline.done()
	}
	if err := p.acknowledge(c); err != nil {
		return closed(err)
	}
	if p.cfg.inline {
		return p.run(c, h, &work{p: p, inline: true})
	}
	w := &work{p: p}
	w.queued.Add(1) // until that stage is traced; only then may "started" follow
	defer w.queued.Done()
	task := dispatch.Task{
		Key: c.queue(), ID: w, Label: eventName(c.in.payload), Until: c.latest(),
		Run: func() {
			w.queued.Wait()
			if !mine.keep() {
				p.seen.Forget(c.in.ids()) // as in handle: the other instance may yet refuse it
				p.event(c, EventDuplicate, 0, 0, nil)
				return
			}
			_ = p.run(c, h, w)
		},
		Late: func() {
			w.queued.Wait()
			p.event(c, EventLate, time.Since(c.in.target.Time), 0, ErrReplyWindow)
		},
	}
	if mine != nil {
		task.Waits = mine.end
	}
	err := p.dispatch.Submit(p.life, task)
	switch {
	case err == nil:
		p.event(c, EventQueued, 0, 0, nil)
	case errors.Is(err, dispatch.ErrBusy):
		err = fmt.Errorf("richmedia: %s %q is refused: %w", eventName(c.in.payload), c.in.payload.EventID, ErrBusy)
		if !pushed(c.in.payload) { // botgo's websocket drops it
			p.report(p.life, c, err)
		}
	}
	return closed(err)
}

// pushed reports whether the event came by a webhook, so that the platform pushes it again after an error.
func pushed(payload *dto.WSPayload) bool {
	return payload.Session != nil && payload.Session.AppID != ""
}

// closed returns ErrClosed for the dispatcher's.
func closed(err error) error {
	if errors.Is(err, dispatch.ErrClosed) {
		return ErrClosed
	}
	return err
}

// run calls h, and reports its error or panic.
func (p *Plugin) run(c *Context, h Handler, w *work) (err error) {
	ctx, cancel := p.withDeadline(context.WithValue(p.life, workKey{}, w), c)
	defer cancel()
	ctx, returned := context.WithCancelCause(ctx)
	defer returned(errHandlerReturned) // before cancel, which has no cause
	w.ctx = ctx
	c.started = true
	began := time.Now()
	waited := began.Sub(c.in.target.Time)
	p.event(c, EventStarted, waited, 0, nil)
	protect("handler", func() error { return h(ctx, c) }, func(failed error) {
		if err = failed; err != nil {
			p.report(ctx, c, err)
		}
		p.event(c, EventDone, waited, time.Since(began), err)
	})
	return err
}

// withDeadline ends a handler's ctx at the reply window, or at the handler timeout if that is earlier.
func (p *Plugin) withDeadline(ctx context.Context, c *Context) (context.Context, context.CancelFunc) {
	window, timeout := c.until(), p.cfg.handlerTimeout
	if timeout == 0 && window.IsZero() {
		timeout = defaultHandlerTimeout
	}
	end, cause := window, ErrReplyWindow
	if timeout > 0 {
		if t := time.Now().Add(timeout); window.IsZero() || t.Before(window) {
			end, cause = t, ErrHandlerTimeout
		}
	}
	return context.WithDeadlineCause(ctx, end, cause)
}

// warn logs what an operator has to know of the handlers. The dispatcher repeats each at most once a minute.
func (p *Plugin) warn(n dispatch.Notice) {
	s := n.Stats
	switch n.Kind {
	case dispatch.Slow:
		p.cfg.log.Warnf("richmedia: a handler of %s has been running for %s: its place among the %d workers goes to another; %d such handlers",
			n.Label, slowHandler, p.cfg.workers, s.Overdue)
	case dispatch.Full:
		p.cfg.log.Warnf("richmedia: the queue of %d events is full: botgo waits; %d handlers run, %d for more than %s",
			p.cfg.queue, s.Running+s.Overdue, s.Overdue, slowHandler)
	case dispatch.Starved:
		p.cfg.log.Warnf("richmedia: no worker has been free for %s: %d events wait; %d handlers run, %d for more than %s",
			noWorkerFor, s.Queued, s.Running+s.Overdue, s.Overdue, slowHandler)
	}
}

// report passes err to the bot's error handler, which may panic as well.
func (p *Plugin) report(ctx context.Context, c *Context, err error) {
	if p.cfg.errorHandler == nil {
		text := err.Error()
		var panicked *PanicError
		if errors.As(err, &panicked) {
			text += "\n" + string(panicked.Stack)
		}
		p.cfg.log.Errorf("richmedia: the handler of %s failed: %s", eventName(c.in.payload), text)
		return
	}
	defer func() {
		if v := recover(); v != nil {
			p.cfg.log.Errorf("richmedia: the error handler panicked: %v", v)
		}
	}()
	p.cfg.errorHandler(ctx, c, err)
}
