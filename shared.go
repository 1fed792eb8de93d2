package richmedia

import (
	"context"
	"errors"
	"time"
)

// WithSharedEvents lets instances that share a store agree on who handles an event, overriding the default of each
// handling what is delivered to it. The store must be a Leaser. A webhook's event that is pushed to two instances then runs
// one handler. Without this it runs two, and the platform refuses the second's replies by their msg_seq: in groups and
// single chats users see each answer once either way. Guilds know no msg_seq: there they would see two.
//
// An event is claimed for 15 minutes when it is queued. With WithInline it is claimed while its handler runs, for 30 s at
// most; a push beside that waits for the outcome, and takes the event over when the handler has failed, or when the 30 s are
// over because its instance has died or the handler takes longer: inline handlers should not, the platform waits for 3 s.
// A store that fails claims nothing, and each instance handles what it gets. An instance that is killed loses the events in
// its queue, as it does without this.
func WithSharedEvents() Option { return func(c *config) { c.sharedEvents = true } }

// runningFor is how long the claim of an inline handler lasts. The platform waits for 3 s, so that handlers are short.
const runningFor = 30 * time.Second

// errElsewhere says that another instance has the event, or the renewal.
var errElsewhere = errors.New("richmedia: another instance is at it")

// shared calls take unless another instance has the event: then it returns errElsewhere.
func (p *Plugin) shared(in *incoming, take func() error) error {
	id := in.claimedBy()
	if !p.cfg.sharedEvents || id == "" {
		return take()
	}
	key := eventKey(p.uploads.owner, id)
	if p.cfg.inline {
		return p.sharedInline(key, take)
	}
	held, release, err := p.uploads.lease(p.life, key, seenFor)
	if !held && err == nil {
		return errElsewhere
	}
	return giveBack(release, take)
}

// giveBack releases what take did not take, also where it does not return.
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

// sharedInline keeps the lease while take runs, and leaves a mark when it is done: the platform pushes again what it got
// no answer to, and the instance that was to give it may be dead.
func (p *Plugin) sharedInline(key string, take func() error) error {
	patience, cancel := context.WithTimeout(p.life, waitFor(runningFor))
	defer cancel()
	for pause := firstPause; ; pause = longer(pause) {
		held, release, err := p.uploads.lease(p.life, key, runningFor)
		if err == nil && p.uploads.marked(p.life, key) {
			release()
			return errElsewhere
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
	defer p.inline.leave()
	defer release()
	err := take()
	if err == nil {
		p.uploads.mark(p.life, key)
	}
	return err
}

// mark notes that the event has been handled. The plugin may be at its end: the mark is worth leaving all the same.
func (u *uploader) mark(ctx context.Context, key string) {
	_ = u.withStore(context.WithoutCancel(ctx), storeSet, func(ctx context.Context, s Store) error {
		return s.Set(ctx, key, []byte{'1'}, seenFor)
	})
}

// marked tells whether the event has been handled. What an unknown release has left there counts too: it is there.
func (u *uploader) marked(ctx context.Context, key string) (ok bool) {
	_ = u.withStore(ctx, storeGet, func(ctx context.Context, s Store) (err error) {
		_, ok, err = s.Get(ctx, key)
		return err
	})
	return ok
}

// claimedBy is the one id that all deliveries of an event have in common: a message can come as two events.
func (in *incoming) claimedBy() string {
	ids := in.ids()
	if len(ids) == 0 {
		return ""
	}
	return ids[len(ids)-1]
}
