// Package ledger keeps the msg_seq, the reply count and the reply window of every answered message.
package ledger

import (
	"errors"
	"sync"
	"time"
)

// FirstSeq is the first msg_seq of every answered message: clear of the 1, 2, 3 that a bot's own sends use.
const FirstSeq = 1001

const (
	// minRetention is how long a message is remembered at least: a redelivery within it still meets its record.
	minRetention = 15 * time.Minute
	// tidyAtOnce is how many expired messages of one shelf an Open forgets: more than the one that it adds, and too
	// few to hold up the callers beside it after a busy hour.
	tidyAtOnce = 4
)

// What Claim and ClaimSeq refuse with.
var (
	// ErrWindow says that the reply window is over.
	ErrWindow = errors.New("ledger: the reply window is over")
	// ErrLimit says that all replies of the message are used up or claimed.
	ErrLimit = errors.New("ledger: no replies left")
)

// Limits is what the platform allows for one message.
type Limits struct {
	Replies int           // how many replies; 0: no limit
	Window  time.Duration // how long after its arrival; 0: no end
}

// Ledger remembers answered messages, the least recently opened forgotten first. A message is remembered until its
// window ends, but for at least 15 minutes after its arrival; one whose window has no end, as long as there is room.
// The Ledger starts no goroutine: what has expired is forgotten while later messages are opened. It is safe for
// concurrent use, and what a call costs does not grow with the number of messages.
type Ledger struct {
	mu      sync.Mutex
	max     int
	entries map[string]*Entry
	shelves []*shelf // one for each Limits in use: a handful
	uses    uint64   // counts calls of Open: the order of use across shelves
}

// New returns a Ledger that remembers up to limit messages, at least 1.
func New(limit int) *Ledger {
	return &Ledger{max: max(limit, 1), entries: make(map[string]*Entry)}
}

// Open returns the record of the message key, which the caller makes of scope, chat, and msg_id or event_id. A new
// record begins at arrived, or now where arrived lies in the future, and has the limits lim; a known one keeps what it
// began with. The window is measured on the monotonic clock if arrived comes from time.Now. The Entry stays usable
// after the Ledger has forgotten it, but a later Open then begins a new one.
func (l *Ledger) Open(key string, arrived time.Time, lim Limits) *Entry {
	now := time.Now()
	l.mu.Lock()
	defer l.mu.Unlock()
	l.uses++
	if e := l.entries[key]; e != nil {
		if !e.expired(now) {
			e.used = l.uses
			e.shelf.remove(e)
			e.shelf.push(e)
			return e
		}
		l.forget(e)
	}

	l.tidy(now)
	if arrived.After(now) {
		arrived = now
	}
	e := &Entry{key: key, arrived: arrived, used: l.uses, shelf: l.shelf(lim)}
	e.shelf.push(e)
	l.entries[key] = e
	return e
}

// tidy forgets some of what has expired, and the least recently opened message where there is no room for one more.
func (l *Ledger) tidy(now time.Time) {
	for i := len(l.shelves) - 1; i >= 0; i-- { // from behind: forgetting the last of a shelf takes the shelf away
		s := l.shelves[i]
		for n := 0; n < tidyAtOnce && s.oldest != nil && s.oldest.expired(now); n++ {
			l.forget(s.oldest)
		}
	}
	if len(l.entries) < l.max {
		return
	}
	var victim *Entry
	for _, s := range l.shelves {
		if victim == nil || s.oldest.used < victim.used {
			victim = s.oldest
		}
	}
	l.forget(victim)
}

func (l *Ledger) forget(e *Entry) {
	delete(l.entries, e.key)
	e.shelf.remove(e)
	if e.shelf.oldest == nil {
		l.drop(e.shelf)
	}
}
