package ledger

import (
	"math"
	"slices"
	"sync"
	"time"
)

// maxSlots is how many numbers of a message are remembered if its replies have no limit: as many as a guild's channel
// accepts in its window, at 5 a second for 5 minutes.
const maxSlots = 1500

// Entry is the record of one answered message. It is safe for concurrent use.
type Entry struct {
	// Set once.
	id      digest
	arrived time.Duration // after the Ledger's start
	shelf   *shelf        // only its limits and its start are read without the Ledger's lock

	// Under the Ledger's lock.
	older, newer *Entry
	used         uint64

	mu         sync.Mutex
	deliveries *Run   // the last ones, linked from the newest to the oldest
	handMade   uint16 // numbers that the jobs of hand-made Targets have taken
	slots      []slot // by number, none twice
}

// slot is one of the replies that the platform allows, held by a number.
type slot struct {
	seq     uint32
	state   State
	spent   bool    // Run.Take has promised the number to a message that is sent elsewhere
	foreign bool    // known only because the platform named it a duplicate: it does not count as a reply
	content Content // of the reply that is in the chat, or may be
	first   *Claim  // the claims that are not settled, in order of arrival; the first may send
}

// Left returns how many replies can be claimed now under new numbers, and when the window ends. n is math.MaxInt if
// there is no limit and 0 after the window. until is the zero time if the window has no end.
func (e *Entry) Left() (n int, until time.Time) {
	lim := e.shelf.limits
	if lim.Window > 0 {
		until = e.shelf.start.Add(e.arrived).Add(lim.Window)
	}
	switch {
	case e.late():
		return 0, until
	case lim.Replies <= 0:
		return math.MaxInt, until
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	return lim.Replies - e.replies(), until
}

// slot returns the index of the slot that seq holds, or -1. It needs e.mu.
func (e *Entry) slot(seq uint32) int {
	return slices.IndexFunc(e.slots, func(s slot) bool { return s.seq == seq })
}

// hold returns the index of the slot that seq holds, a new one if there is none. It needs e.mu, and returns -1 if the
// message has no limit and more replies than are remembered.
func (e *Entry) hold(seq uint32) int {
	i := e.slot(seq)
	if i >= 0 || e.shelf.limits.Replies <= 0 && len(e.slots) >= maxSlots {
		return i
	}
	e.slots = append(e.slots, slot{seq: seq})
	return len(e.slots) - 1
}

// free returns slot i to the message unless its number is, may be or will be in the chat, or has claims. It needs e.mu.
func (e *Entry) free(i int) {
	if s := e.slots[i]; s.first != nil || s.state != Unsent || s.spent {
		return
	}
	last := len(e.slots) - 1
	e.slots[i] = e.slots[last]
	e.slots = e.slots[:last]
}

// room reports whether n more slots can be held. It needs e.mu.
func (e *Entry) room(n int) bool {
	limit := e.shelf.limits.Replies
	return n == 0 || limit <= 0 || e.replies()+n <= limit
}

// replies returns how many of the message's replies are used or claimed. It needs e.mu.
func (e *Entry) replies() int {
	n := 0
	for i := range e.slots {
		if !e.slots[i].foreign {
			n++
		}
	}
	return n
}

// late reports whether the window is over.
func (e *Entry) late() bool {
	window := e.shelf.limits.Window
	return window > 0 && time.Since(e.shelf.start.Add(e.arrived)) >= window
}

// expired reports whether the message need not be remembered any longer. Its window is then over.
func (e *Entry) expired(now time.Time) bool {
	window := e.shelf.limits.Window
	return window > 0 && now.Sub(e.shelf.start.Add(e.arrived)) >= max(window, minRetention)
}
