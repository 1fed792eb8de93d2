package ledger

import "context"

// State is what this process knows of the reply with a number.
type State uint8

// The states, from the one that allows a reply to the one that forbids it.
const (
	Unsent    State = iota // this process has put no such reply into the chat
	Uncertain              // one may be in the chat: the outcome of its send is not known
	Sent                   // one is in the chat
)

// Outcome is how the send of a reply has ended.
type Outcome uint8

// The outcomes. The zero Outcome is a refusal.
const (
	Refused   Outcome = iota // it is certainly not in the chat: refused, or never sent
	Doubtful                 // it may be in the chat
	Delivered                // it is in the chat
	Found                    // another process has sent it: the platform knew the number before the first attempt
)

// Past is what this process knows of earlier replies with the number of a Claim.
type Past struct {
	State   State
	Differs bool // the content of the reply that is, or may be, in the chat is known to be another
}

// Claim is a number and a reply slot, claimed for one reply. It ends with Settle. Claims of one number share a slot,
// which is free again when all were refused. A Claim is safe for concurrent use.
type Claim struct {
	run     *Run
	seq     uint32
	noSlot  bool // there is no limit, and the message has more replies than are remembered
	content Content

	// Under the entry's mu.
	over  bool
	next  *Claim        // of the same number, claimed after this one
	ready chan struct{} // closed when Wait has to look again; nil if it does not wait
}

// Seq returns the msg_seq.
func (c *Claim) Seq() uint32 { return c.seq }

// Identify completes the content of a claim by what was not known before. The error is ErrTaken if the run has used the
// number for other content.
func (c *Claim) Identify(content Content) error {
	e := c.run.entry
	e.mu.Lock()
	defer e.mu.Unlock()
	if c.over {
		return nil
	}
	u := c.run.use(c.seq)
	if u.content.differs(content) {
		return ErrTaken
	}
	c.content, u.content = c.content.and(content), u.content.and(content)
	return nil
}

// Wait returns what is known of earlier replies with the same number, once that will not change: if the State is Sent,
// or no earlier claim of the number is left unsettled. From then on the caller may send, unless the State forbids it,
// and every later claim of the number waits until this one is settled.
//
//   - Unsent: the caller sends.
//   - Uncertain: the caller sends only if the platform can tell the reply from a repetition by its msg_seq.
//   - Sent: the caller sends nothing; the reply is a duplicate.
//
// Numbers that are not remembered are Unsent. The error is the cause of ctx, if ctx ends first; the caller still
// settles the Claim.
func (c *Claim) Wait(ctx context.Context) (Past, error) {
	for {
		past, ready := c.look()
		if ready == nil {
			return past, nil
		}
		select {
		case <-ready:
		case <-ctx.Done():
			return Past{}, context.Cause(ctx)
		}
	}
}

// look returns what is known of the number, or what to wait for.
func (c *Claim) look() (Past, <-chan struct{}) {
	e := c.run.entry
	e.mu.Lock()
	defer e.mu.Unlock()
	if c.noSlot || c.over {
		return Past{}, nil
	}
	s := &e.slots[e.slot(c.seq)]
	if s.state != Sent && s.first != c {
		if c.ready == nil {
			c.ready = make(chan struct{})
		}
		return Past{}, c.ready
	}
	return Past{State: s.state, Differs: s.state != Unsent && s.content.differs(c.content)}, nil
}

// Settle reports how the reply has ended; the first call counts. A reply that was not sent because Wait returned Sent
// is Refused or Found, both without effect.
func (c *Claim) Settle(o Outcome) {
	e := c.run.entry
	e.mu.Lock()
	defer e.mu.Unlock()
	if c.over {
		return
	}
	c.over = true
	u := c.run.use(c.seq)
	u.open--
	u.sent = u.sent || o != Refused
	if !c.noSlot {
		i := e.slot(c.seq)
		s := &e.slots[i]
		s.remove(c)
		s.settle(o, c.content)
		u.sent = u.sent || s.state != Unsent
		e.free(i)
	}
	// Not while another claim of the run is open: content that is forgotten makes way for another reply, which would
	// wait for that claim and be taken for its repetition.
	u.void = !u.sent && u.open == 0
}

// remove takes c out of the claims of s and lets the next one proceed. It needs the entry's mu.
func (s *slot) remove(c *Claim) {
	at := &s.first
	for *at != c {
		at = &(*at).next
	}
	*at = c.next
	c.next = nil
	if s.first != nil {
		s.first.wake()
	}
}

// settle records an outcome. It needs the entry's mu.
func (s *slot) settle(o Outcome, content Content) {
	switch {
	case s.state == Sent || o == Refused:
		return
	case o == Delivered || s.state == Unsent && o == Doubtful:
		s.content = content
	case o == Doubtful && s.content != content:
		s.content = Content{} // nobody knows which of the two it is
	}
	if o == Doubtful {
		s.state = Uncertain
		return
	}
	// A number that is found after an uncertain send is this process's own, with the content of that send.
	s.foreign = o == Found && s.state == Unsent && !s.spent
	s.state = Sent
	for c := s.first; c != nil; c = c.next {
		c.wake()
	}
}

// wake lets Wait look again. It needs the entry's mu.
func (c *Claim) wake() {
	if c.ready != nil {
		close(c.ready)
		c.ready = nil
	}
}
