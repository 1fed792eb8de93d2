package ledger

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

// Known tells whether a reply with this number is in the chat, or may be, by an earlier claim of it. Where the replies
// have no limit only some numbers are remembered, and it is false beyond them.
func (c *Claim) Known() bool {
	c.entry.mu.Lock()
	defer c.entry.mu.Unlock()
	i := c.entry.slot(c.seq)
	return i >= 0 && c.entry.slots[i].settled
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
	s.claims--
	s.settled = s.settled || sent
	if s.claims == 0 && !s.settled {
		last := len(e.slots) - 1
		e.slots[i] = e.slots[last]
		e.slots = e.slots[:last]
	}
}
