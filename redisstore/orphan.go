package redisstore

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"
)

const (
	orphanTime  = time.Minute      // for which a lease may be granted late, at least
	firstSweep  = time.Second      // the pause before the next attempt to delete, which doubles
	rareSweep   = 30 * time.Second // up to this
	mostOrphans = 64               // beyond which the lease that ends first is left to end by itself
)

// orphans are leases that nobody holds and Redis may have, or may still get: the request for one can arrive after the
// request to delete it. Each is kept until its deletion is confirmed, or until it has ended. The zero value is ready.
type orphans struct {
	mu    sync.Mutex
	all   map[string]*lease // by token
	pause time.Duration
	timer *time.Timer // of the next attempt; nil if there is none
	busy  bool        // an attempt is under way
	unmet bool        // Redis has answered no attempt since the last add, or not all of one
}

func (o *orphans) add(l *lease) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if l.settled { // its answer came first
		return
	}
	if o.all == nil {
		o.all = make(map[string]*lease)
	}
	o.all[l.token] = l
	for len(o.all) > mostOrphans {
		first := l
		for _, other := range o.all {
			if other.until.Before(first.until) {
				first = other
			}
		}
		delete(o.all, first.token)
	}
	o.pause, o.unmet = firstSweep, true
	o.schedule()
}

// grant notes that Redis has granted l.
func (o *orphans) grant(l *lease) {
	o.mu.Lock()
	defer o.mu.Unlock()
	l.granted = true
}

// drop notes that l is gone.
func (o *orphans) drop(l *lease) {
	o.mu.Lock()
	defer o.mu.Unlock()
	l.settled = true
	delete(o.all, l.token)
}

// deleted notes that the deletion of l was answered; found reports that there was something to delete.
func (o *orphans) deleted(l *lease, found bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if found || l.granted {
		l.settled = true
		delete(o.all, l.token)
	}
}

// schedule plans the next attempt. The caller holds the lock.
func (o *orphans) schedule() {
	if o.timer != nil {
		o.timer.Stop()
		o.timer = nil
	}
	if len(o.all) > 0 && !o.busy {
		o.timer = time.AfterFunc(o.pause, o.attempt)
		o.pause = min(2*o.pause, rareSweep)
	}
}

// sweep makes the next attempt at once, because Redis answers again. Where it has answered one already, what is left may only be
// granted later, and the pauses stay: every lease calls this.
func (o *orphans) sweep() {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.unmet && o.timer != nil && o.timer.Stop() {
		o.timer = time.AfterFunc(0, o.attempt)
	}
}

// attempt tries to delete every orphan. It runs on the goroutine of its timer.
func (o *orphans) attempt() {
	o.mu.Lock()
	o.timer, o.busy, o.unmet = nil, true, false
	now := time.Now()
	var due []*lease
	for token, l := range o.all {
		if now.After(l.until) {
			delete(o.all, token)
			continue
		}
		due = append(due, l)
	}
	o.mu.Unlock()
	answered := true
	for _, l := range due {
		found, err := l.delete(context.Background())
		if errors.Is(err, redis.ErrClosed) {
			o.forget()
			break
		}
		if answered = err == nil; !answered {
			break // Redis does not answer: the others wait for the next attempt too
		}
		o.deleted(l, found)
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.busy, o.unmet = false, o.unmet || !answered
	o.schedule()
}

// forget drops all: the client is closed.
func (o *orphans) forget() {
	o.mu.Lock()
	defer o.mu.Unlock()
	clear(o.all)
}
