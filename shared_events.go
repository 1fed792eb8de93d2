package richmedia

import (
	"context"
	"time"

	"github.com/botgo-contrib/richmedia/internal/seen"
)

// runningFor is how long the claim of an inline handler lasts. The platform waits for 3 s, so handlers are short.
const runningFor = 30 * time.Second

// shared calls take unless another instance has the event: then it returns errOtherInstance.
func (p *Plugin) shared(in *incoming, take func() error) (err error) {
	if !p.claims(in) {
		return take()
	}
	key := eventKey(p.uploads.cache.owner, in.claimedBy())
	claim := p.sharedQueued
	if p.cfg.inline {
		claim = p.sharedInline
	}
	// On botgo's goroutine, where a panic would end the process.
	protect("the store", func() error { return claim(key, take) }, func(failed error) { err = failed })
	return err
}

// claims reports whether the instances of the bot claim the event, so that one of them takes it.
func (p *Plugin) claims(in *incoming) bool { return p.cfg.sharedEvents && in.ids() != (seen.IDs{}) }

// sharedQueued keeps the lease if take accepts the event.
func (p *Plugin) sharedQueued(key string, take func() error) error {
	held, release, err := p.uploads.leases.take(p.life, key, seenFor)
	if !held && err == nil {
		return errOtherInstance
	}
	return giveBack(release, take)
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
