package ledger

import "context"

// Claim is a msg_seq and a reply slot taken for one reply. It ends with Commit or Release, of which the first call
// counts. Claims of one number share one slot: it is free again when all were released and none was committed.
// It is safe for concurrent use.
type Claim struct {
	entry *Entry
	seq   uint32
	over  bool // under the entry's mu
	// forgotten claims hold no slot: there is no limit, and more replies than are remembered.
	forgotten bool
}

// Seq returns the msg_seq.
func (c *Claim) Seq() uint32 { return c.seq }

// Alone is for a reply that the platform cannot tell from a repetition. It returns known when one with this number is in
// the chat, or may be; else the caller may send, and nobody else can until the claim is settled: whoever has a claim of the
// same number waits here for that, or until ctx ends, whose cause is the error. Where the replies have no limit only some
// numbers are remembered, and beyond them everybody may send.
func (c *Claim) Alone(ctx context.Context) (known bool, err error) {
	for {
		free, known := c.take()
		if free == nil {
			return known, nil
		}
		select {
		case <-free:
		case <-ctx.Done():
			return false, context.Cause(ctx)
		}
	}
}

// take makes c the sender of its number, or says what to wait for.
func (c *Claim) take() (free <-chan struct{}, known bool) {
	c.entry.mu.Lock()
	defer c.entry.mu.Unlock()
	if c.forgotten || c.over {
		return nil, false
	}
	s := &c.entry.slots[c.entry.slot(c.seq)]
	switch {
	case s.settled:
		return nil, true
	case s.sender != nil && s.sender != c:
		return s.free, false
	case s.sender == nil:
		s.sender, s.free = c, make(chan struct{})
	}
	return nil, false
}

// Commit says that the reply is in the chat, or may be: the slot is used.
func (c *Claim) Commit() { c.settle(true) }

// Release says that the reply was definitely refused, or is known as a duplicate: the slot is given back.
func (c *Claim) Release() { c.settle(false) }

func (c *Claim) settle(sent bool) {
	c.entry.mu.Lock()
	defer c.entry.mu.Unlock()
	c.end(sent)
}

// end settles c. It needs the entry's mu.
func (c *Claim) end(sent bool) {
	e := c.entry
	if c.over {
		return
	}
	c.over = true
	if c.forgotten {
		return
	}
	i := e.slot(c.seq)
	s := &e.slots[i]
	if s.sender == c {
		s.sender = nil
		close(s.free)
	}
	s.claims--
	s.settled = s.settled || sent
	if s.claims == 0 && !s.settled {
		last := len(e.slots) - 1
		e.slots[i] = e.slots[last]
		e.slots = e.slots[:last]
	}
}
