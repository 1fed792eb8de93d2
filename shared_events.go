package richmedia

import (
	"context"
	"time"

	"github.com/botgo-contrib/richmedia/internal/seen"
)

// runningFor is how long the claim of an inline handler lasts. The platform waits for 3 s, so handlers are short.
const runningFor = 30 * time.Second

// shared calls take unless another instance has the event: then it returns errOtherInstance. The claim is that of an event
// that is queued, else nil.
func (p *Plugin) shared(in *incoming, take func(*claim) error) (err error) {
	if !p.claims(in) {
		return take(nil)
	}
	key := eventKey(p.uploads.cache.owner, in.claimedBy())
	// On botgo's goroutine, where a panic would end the process.
	protect("the store", func() error {
		if p.cfg.inline {
			return p.sharedInline(key, func() error { return take(nil) })
		}
		return p.sharedQueued(key, take)
	}, func(failed error) { err = failed })
	return err
}

// claims reports whether the instances of the bot claim the event, so that one of them takes it.
func (p *Plugin) claims(in *incoming) bool { return p.cfg.sharedEvents && in.ids() != (seen.IDs{}) }

// sharedQueued keeps the lease if take accepts the event at once. Shutdown waits for all of that: the store may be closed after
// it, and a lease that is left then keeps the event from the other instances.
func (p *Plugin) sharedQueued(key string, take func(*claim) error) error {
	if !p.enterInline() {
		return ErrClosed
	}
	defer p.inline.done()
	held, release, err := p.uploads.leases.take(p.life, key, seenFor)
	switch {
	case err != nil:
		return giveBack(release, func() error { return take(nil) })
	case !held:
		return errOtherInstance
	}
	c := &claim{p: p, key: key, release: release}
	return giveBack(c.end, func() error { return take(c) })
}

// claim is the lease on an event that is to be queued. While the event waits for a place in the queue the platform gives up, and
// pushes it to another instance. That one must not leave it to this one, which may yet refuse it: so the lease ends before the
// event waits, and is taken anew when its handler would run.
type claim struct {
	p       *Plugin
	key     string
	release func()
	ended   bool
}

// end ends the lease. If the store cannot, the event stays this instance's.
func (c *claim) end() {
	if c.ended {
		return
	}
	c.guard(func() {
		c.release()
		c.ended = true
	})
}

// keep reports whether the event is this instance's, of which the handler runs then. Without the store it is.
func (c *claim) keep() (mine bool) {
	if c == nil || !c.ended {
		return true
	}
	mine = true
	c.guard(func() {
		held, _, err := c.p.uploads.leases.take(c.p.life, c.key, seenFor)
		mine = held || err != nil
	})
	return mine
}

// guard calls the store, and logs a panic of it.
func (c *claim) guard(fn func()) {
	protect("the store", func() error { fn(); return nil }, func(err error) {
		if err != nil {
			c.p.cfg.log.Errorf("richmedia: the claim of an event: %v", err)
		}
	})
}

// giveBack calls take, and release unless take has taken the event, also if take does not return.
func giveBack(release func(), take func() error) error {
	taken := false
	defer func() {
		if !taken {
			release()
		}
	}()
	err := take()
	taken = err == nil
	return err
}

// sharedInline keeps the lease while take runs, and leaves a mark when it is done: the platform pushes an event again if it
// got no answer, and the instance that should have answered may be dead.
func (p *Plugin) sharedInline(key string, take func() error) error {
	patience, cancel := context.WithTimeout(p.life, waitFor(runningFor))
	defer cancel()
	for pause := firstPause; ; pause = longer(pause) {
		held, release, err := p.uploads.leases.take(p.life, key, runningFor)
		if err == nil && p.uploads.cache.marked(p.life, key) {
			release()
			return errOtherInstance
		}
		if held || err != nil {
			return p.takeInline(key, release, take)
		}
		if sleep(patience, pause) != nil {
			if p.life.Err() != nil {
				return context.Cause(p.life)
			}
			return p.takeInline(key, release, take)
		}
	}
}

// takeInline takes the event, marks it when it is done, and releases it. Shutdown waits for all of that: the store may be
// closed after it.
func (p *Plugin) takeInline(key string, release func(), take func() error) error {
	if !p.enterInline() {
		release()
		return ErrClosed
	}
	defer p.inline.done()
	defer release()
	err := take()
	if err == nil {
		p.uploads.cache.mark(p.life, key)
	}
	return err
}

// claimedBy returns the one id that all deliveries of an event have in common: a message can come as two events.
func (in *incoming) claimedBy() string {
	switch {
	case in.target.MsgID != "":
		return "message\x00" + in.target.MsgID
	case in.payload.EventID != "":
		return "event\x00" + in.payload.EventID
	}
	return ""
}
