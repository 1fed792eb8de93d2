// Package ledger keeps the msg_seq numbers, the reply count and the reply window of every answered message.
//
// # Numbers
//
// A run is one delivery of an event to its handler, or one job: the replies made through one For of a Target. A run
// counts its replies, and the place of a reply in its run is its identity. A handler or a job that runs again therefore
// repeats its replies under the same numbers, in this process and in any other.
//
//	1 to 1000      chosen by the caller (Run.ClaimSeq), but for
//	501 to 600     jobs of a hand-made Target (Entry.Job(0)), one count for all of them in this process
//	1001 to 2000   replies of a handler (Entry.Delivery)
//	2001 to 62000  600 blocks of 100 numbers, one for each Run.Reserve and Run.Branch of a handler (Entry.Job)
//
// A count that has come to the end of its range returns ErrLimit. It passes over the numbers that the same run has
// claimed with ClaimSeq; the jobs of a hand-made Target, which are never repeated, pass over every number that the
// message has used. A number that was counted is not counted again, whatever becomes of its reply.
//
// # Replies
//
// A reply claims its number together with its Content, waits for its turn (Claim.Wait), is sent, and reports how that
// ended (Claim.Settle). Within one run a number stands for one reply, and other content under it is ErrTaken. Another
// run that comes to the number repeats the reply, whatever its content is: Wait then returns what this process knows of
// the earlier attempts, and whether their content was another. Of several claims of one number the first may send; the
// others wait until it is settled, so that nothing is sent twice, and one that was refused is sent by the next.
//
// A number holds one of the replies that the platform allows, its slot, however many runs claim it. A definite refusal
// returns the slot and forgets the content. What may be in the chat stays counted, and so does a number that Run.Take
// has returned. A reply of another process is known as soon as the platform names it a duplicate, but holds no slot.
package ledger

import (
	"crypto/sha256"
	"errors"
	"sync"
	"time"
)

const (
	// minRetention is how long a message is remembered at least: a redelivery within it still meets its record.
	minRetention = 15 * time.Minute
	// tidyAtOnce is how many expired messages of one shelf an Open forgets: more than the one that it adds, and too
	// few to delay concurrent callers after a busy hour.
	tidyAtOnce = 4
)

// The errors of a claim.
var (
	// ErrWindow says that the reply window is over.
	ErrWindow = errors.New("ledger: the reply window is over")
	// ErrLimit says that all replies of the message are used or claimed, or that the run has no number left.
	ErrLimit = errors.New("ledger: no replies left")
	// ErrTaken says that the number stands for another reply of the same run.
	ErrTaken = errors.New("ledger: the number stands for another reply of this run")
)

// Limits is what the platform allows for one message.
type Limits struct {
	Replies int           // number of replies; 0: no limit
	Window  time.Duration // time for them, from the arrival on; 0: no end
}

// Ledger remembers answered messages. If it is full it forgets the least recently opened one. A message is remembered
// until its window ends, but for at least 15 minutes after its arrival; one whose window has no end is remembered as
// long as there is room. A Ledger starts no goroutine: expired messages are forgotten while later ones are opened. It
// is safe for concurrent use, and the cost of a call does not grow with the number of messages.
type Ledger struct {
	limit int
	start time.Time // arrivals are kept as the distance from it, which takes a third of the memory

	mu      sync.Mutex
	entries map[digest]*Entry
	shelves []*shelf // one for each Limits in use: a handful
	uses    uint64   // counts calls of Open: the order of use across shelves
}

// digest stands for the key of a message, which is some 110 bytes long.
type digest [16]byte

// New returns a Ledger that remembers up to limit messages, at least 1.
func New(limit int) *Ledger {
	return &Ledger{limit: max(limit, 1), start: time.Now(), entries: make(map[digest]*Entry)}
}

// Len returns the number of messages that are remembered, expired ones included until a later Open forgets them.
func (l *Ledger) Len() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.entries)
}

// Open returns the record of the message key, a string made of scope, chat, and msg_id or event_id. A new record
// begins at arrived, or now if arrived lies in the future, and has the limits lim; an existing one keeps what it began
// with. The window is measured on the monotonic clock from now on, and before that if arrived comes from time.Now: the wall
// clock may have been set since the Ledger began. The Entry stays usable after the Ledger has forgotten it, but a later Open
// then begins a new one.
func (l *Ledger) Open(key string, arrived time.Time, lim Limits) *Entry {
	now := time.Now()
	var onStack [160]byte // longer than real keys
	sum := sha256.Sum256(append(onStack[:0], key...))
	id := digest(sum[:])
	l.mu.Lock()
	defer l.mu.Unlock()
	l.uses++
	if e := l.entries[id]; e != nil {
		if !e.expired(now) {
			e.used = l.uses
			e.shelf.remove(e)
			e.shelf.push(e)
			return e
		}
		l.forget(e)
	}

	l.tidy(now)
	age := max(now.Sub(arrived), 0)
	e := &Entry{id: id, arrived: now.Sub(l.start) - age, used: l.uses, shelf: l.shelf(lim)}
	e.shelf.push(e)
	l.entries[id] = e
	return e
}

// tidy forgets some expired messages, and the least recently opened one if there is no room for another.
func (l *Ledger) tidy(now time.Time) {
	for i := len(l.shelves) - 1; i >= 0; i-- { // backwards: forgetting the last entry of a shelf removes the shelf
		s := l.shelves[i]
		for n := 0; n < tidyAtOnce && s.oldest != nil && s.oldest.expired(now); n++ {
			l.forget(s.oldest)
		}
	}
	if len(l.entries) < l.limit {
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

// forget removes e, which is in l. It needs l.mu.
func (l *Ledger) forget(e *Entry) {
	delete(l.entries, e.id)
	e.shelf.remove(e)
	if e.shelf.oldest == nil {
		l.drop(e.shelf)
	}
}
