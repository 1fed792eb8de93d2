package richmedia

import (
	"context"
	"errors"
	"runtime/debug"
	"time"

	"github.com/tencent-connect/botgo/dto"

	"github.com/botgo-contrib/richmedia/internal/dispatch"
)

// The platform announces repeated pushes of one message (docs 2026-08), and a resumed websocket repeated events
// that were almost 7 minutes old (agentscope-ai/QwenPaw#7946).
const (
	seenFor  = 15 * time.Minute
	seenSize = 1 << 19 // ids; beyond it the oldest are forgotten early
)

// handle takes an event from botgo's goroutine.
func (p *Plugin) handle(payload *dto.WSPayload, h Handler) error {
	in, err := parse(payload, time.Now())
	if err != nil {
		p.malformed(payload, err)
		return err
	}
	c := &Context{p: p, in: in}
	took := false
	err = p.seen.Once(p.life, in.ids(), func() error {
		return p.shared(in, func() error {
			took = true
			return p.accept(c, h)
		})
	})
	if errors.Is(err, errElsewhere) { // no error to the platform, but not seen here either: it may be given back there
		err = nil
	}
	switch {
	case !took:
		p.event(c, EventDuplicate, 0, 0, err)
	case err != nil && !c.started:
		p.event(c, EventRefused, 0, 0, err)
	}
	return err
}

// accept acknowledges an interaction, and runs or queues h. An error gives the event back: botgo tells the platform,
// which delivers it again.
func (p *Plugin) accept(c *Context, h Handler) error {
	if p.cfg.inline {
		if !p.enterInline() {
			return ErrClosed
		}
		defer p.inline.leave()
	}
	if c.in.interaction != nil && !p.cfg.manualAck && acknowledged(c.in.interaction) {
		// Past the chat's queue: the user sees a failure after 3 s.
		if err := p.dispatch.Go(p.life, func() { p.ackNow(c) }); err != nil {
			return closed(err)
		}
	}
	if p.cfg.inline {
		return p.run(c, h, nil)
	}
	told := make(chan struct{}) // that it is queued; only then may it be told that it has started
	err := p.dispatch.Submit(p.life, c.queue(), func(overdue func()) {
		<-told
		_ = p.run(c, h, overdue)
	})
	defer close(told)
	if err == nil {
		p.event(c, EventQueued, 0, 0, nil)
	}
	return closed(err)
}

// closed gives the dispatcher's refusal its public name.
func closed(err error) error {
	if errors.Is(err, dispatch.ErrClosed) {
		return ErrClosed
	}
	return err
}

// acknowledged tells whether the platform waits for an answer: to buttons and quick menus only (docs 2026-08).
func acknowledged(i *dto.Interaction) bool {
	const button, quickMenu = 11, 12
	return i.ID != "" && (i.Type == button || i.Type == quickMenu)
}

// ackNow acknowledges once, however often the event is delivered: a second time is refused.
func (p *Plugin) ackNow(c *Context) {
	id := c.in.interaction.ID
	err := p.acks.Once(p.life, []string{id}, func() error { return p.client.Ack(p.life, id, 0) })
	if err != nil {
		p.cfg.log.Warnf("richmedia: acknowledging an interaction failed: %v", apiError(err))
	}
}

// run calls h until it returns, panics or ends its goroutine, and reports what went wrong. overdue is called when ctx has
// ended before h has: what h does then is of no use to anybody, and must not hold up other chats. It may be nil.
func (p *Plugin) run(c *Context, h Handler, overdue func()) (err error) {
	ctx := p.life
	if until := c.until(); !until.IsZero() {
		var cancel context.CancelFunc
		ctx, cancel = context.WithDeadlineCause(ctx, until, ErrReplyWindow)
		defer cancel()
	}
	if overdue != nil {
		stop := context.AfterFunc(ctx, overdue)
		defer stop()
	}
	c.started = true
	began := time.Now()
	waited := began.Sub(c.in.target.Time)
	p.event(c, EventStarted, waited, 0, nil)
	returned := false
	defer func() {
		if !returned {
			v := recover()
			if v == nil {
				v = "runtime.Goexit was called"
			}
			err = &PanicError{Value: v, Stack: debug.Stack()}
		}
		if err != nil {
			p.report(ctx, c, err)
		}
		p.event(c, EventDone, waited, time.Since(began), err)
	}()
	err = h(ctx, c)
	returned = true
	return err
}

// report hands err to the bot's error handler, which may panic as well.
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
