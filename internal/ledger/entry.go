package ledger

import (
	"math"
	"slices"
	"sync"
	"time"
)

// Entry is the record of one answered message. It is safe for concurrent use.
type Entry struct {
	// Set once.
	key     string
	arrived time.Time
	shelf   *shelf // only its limits are read without the Ledger's lock

	// Under the Ledger's lock.
	older, newer *Entry
	used         uint64

	mu    sync.Mutex
	run   *Run   // of the delivery that began last
	slots []slot // by number, none twice
}

// maxRemembered is how many numbers of a message are remembered where its replies have no limit: as many as a guild's
// channel can get in its window, at 5 a second for 5 minutes.
const maxRemembered = 1500

// slot is one of the replies that the platform allows, held by a msg_seq.
type slot struct {
	seq     uint32
	claims  int32 // claims of seq that are neither committed nor released
	settled bool  // one was committed: the slot stays used for ever

	sender *Claim        // the one that sends alone; nil: nobody does
	free   chan struct{} // closed when sender is settled
}

// Left tells how many more replies can be claimed now under new numbers, math.MaxInt when there is no limit and 0
// after the window, and when the window ends: the zero time when it does not.
func (e *Entry) Left() (n int, until time.Time) {
	lim := e.shelf.limits
	if lim.Window > 0 {
		until = e.arrived.Add(lim.Window)
	}
	switch {
	case e.late():
		return 0, until
	case lim.Replies <= 0:
		return math.MaxInt, until
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	return lim.Replies - len(e.slots), until
}

// ClaimSeq claims a number of the caller's choice, one that Run.Claim has given or one that it does not come to. Claims
// of one number share a slot.
func (e *Entry) ClaimSeq(seq uint32) (*Claim, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.claim(seq)
}

// ClaimSeqs is ClaimSeq for n numbers from seq on, or for none.
func (e *Entry) ClaimSeqs(seq uint32, n int) ([]*Claim, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.claimAll(seq, n)
}

// claimAll claims n numbers from seq on, or none. It needs e.mu.
func (e *Entry) claimAll(seq uint32, n int) ([]*Claim, error) {
	fresh := 0
	for i := range n {
		if e.slot(seq+uint32(i)) < 0 { //nolint:gosec // as many as there are replies
			fresh++
		}
	}
	if replies := e.shelf.limits.Replies; replies > 0 && len(e.slots)+fresh > replies && !e.late() {
		return nil, ErrLimit
	}
	claims := make([]*Claim, 0, n)
	for i := range n {
		c, err := e.claim(seq + uint32(i)) //nolint:gosec // as above
		if err != nil {                    // the window: nobody else can take what was counted
			for _, c := range claims {
				c.end(false)
			}
			return nil, err
		}
		claims = append(claims, c)
	}
	return claims, nil
}

// claim claims seq and a slot for it. It needs e.mu.
func (e *Entry) claim(seq uint32) (*Claim, error) {
	if e.late() {
		return nil, ErrWindow
	}
	i := e.slot(seq)
	if i < 0 {
		switch replies := e.shelf.limits.Replies; {
		case replies > 0 && len(e.slots) >= replies:
			return nil, ErrLimit
		case replies <= 0 && len(e.slots) >= maxRemembered:
			return &Claim{entry: e, seq: seq, forgotten: true}, nil
		}
		i = len(e.slots)
		e.slots = append(e.slots, slot{seq: seq})
	}
	e.slots[i].claims++
	return &Claim{entry: e, seq: seq}, nil
}

// slot returns the index of the slot that seq holds, or -1. It needs e.mu.
func (e *Entry) slot(seq uint32) int {
	return slices.IndexFunc(e.slots, func(s slot) bool { return s.seq == seq })
}

func (e *Entry) late() bool {
	window := e.shelf.limits.Window
	return window > 0 && time.Since(e.arrived) >= window
}

// expired tells whether the message need not be remembered any longer. By then its window is over.
func (e *Entry) expired(now time.Time) bool {
	window := e.shelf.limits.Window
	return window > 0 && now.Sub(e.arrived) >= max(window, minRetention)
}
