package ledger

import "slices"

// Run is the count of the numbers in one delivery of an event to its handler, or in one job. It is safe for concurrent
// use; replies that are claimed at the same time get their numbers in no particular order.
type Run struct {
	entry *Entry
	kind  runKind

	// Of deliveries only.
	owner   any
	earlier *Run

	// Under the entry's mu.
	blocks     uint16 // reserved
	next, last uint32 // numbers that are left to count; hand-made jobs count in their Entry
	uses       []use
}

type runKind uint8

const (
	delivery runKind = iota
	job
	handMade
)

// use is a number that a run has claimed.
type use struct {
	content Content
	seq     uint32
	open    uint16 // claims that are not settled
	void    bool   // no reply stands for the number: it was refused, or belongs to a message that is sent elsewhere
	sent    bool   // a reply is in the chat, or may be; kept here for numbers without a slot
}

// maxDeliveries is how many deliveries of one message are told apart: the platform pushes up to 3 times.
const maxDeliveries = 4

// Delivery returns the Run of one delivery of the event to its handler, which counts from 1001 to 2000. owner is any
// comparable value that tells deliveries apart: calls with the same one return the same Run, until four later
// deliveries have begun.
func (e *Entry) Delivery(owner any) *Run {
	e.mu.Lock()
	defer e.mu.Unlock()
	for r := e.deliveries; r != nil; r = r.earlier {
		if r.owner == owner {
			return r
		}
	}
	e.deliveries = &Run{entry: e, owner: owner, earlier: e.deliveries, next: handlerFirst, last: handlerLast}
	oldest := e.deliveries
	for n := 1; n < maxDeliveries && oldest.earlier != nil; n++ {
		oldest = oldest.earlier
	}
	oldest.earlier = nil
	return e.deliveries
}

// Job returns a new Run of the replies that are made through one For of a Target. It counts from first on, over 100
// numbers or up to the end of the block that first lies in. A first of 0 is a hand-made Target: all jobs of such have
// one count, from 501 to 600. With a first over MaxSeq every Claim returns ErrLimit.
func (e *Entry) Job(first uint32) *Run {
	if first == 0 {
		return &Run{entry: e, kind: handMade, last: handMadeLast}
	}
	return &Run{entry: e, kind: job, next: first, last: lastOf(first)}
}

// Entry returns the record of the message that r answers.
func (r *Run) Entry() *Entry { return r.entry }

// Reserve returns the first number of a block for Entry.Job, NoSeq if there is none. Every call in a delivery reserves
// another block. A job reserves nothing: Reserve returns the number that its next reply would have.
func (r *Run) Reserve() uint32 {
	r.entry.mu.Lock()
	defer r.entry.mu.Unlock()
	switch {
	case r.kind != delivery:
		if seq := r.after(r.start()); seq <= r.last {
			return seq
		}
		return NoSeq
	case r.blocks == blocks:
		return NoSeq
	}
	r.blocks++
	return blocksFirst + blockSize*(uint32(r.blocks)-1)
}

// Branch returns the Run of work beside this one, so that neither changes the numbers of the other: a job over a block
// of its own in a delivery. In a job, which has no blocks, it is r itself.
func (r *Run) Branch() *Run {
	if r.kind != delivery {
		return r
	}
	return r.entry.Job(r.Reserve())
}

// Claim claims the next number for a reply with content, and one of the replies that are left. The caller settles the
// Claim. The number is used whatever the outcome is; the errors, ErrWindow and ErrLimit, use none.
func (r *Run) Claim(content Content) (*Claim, error) {
	r.entry.mu.Lock()
	defer r.entry.mu.Unlock()
	var claims [1]*Claim
	err := r.countAll([]Content{content}, claims[:])
	return claims[0], err
}

// ClaimAll is one Claim for each content, or none: if fewer replies are left it returns ErrLimit.
func (r *Run) ClaimAll(contents []Content) ([]*Claim, error) {
	r.entry.mu.Lock()
	defer r.entry.mu.Unlock()
	claims := make([]*Claim, len(contents))
	if err := r.countAll(contents, claims); err != nil {
		return nil, err
	}
	return claims, nil
}

// ClaimSeq claims the number seq, which the caller has chosen, for a reply with content. The caller settles the Claim.
// The errors are ErrWindow, ErrLimit if seq has no slot and no reply is left, and ErrTaken if the run has used seq for
// other content.
func (r *Run) ClaimSeq(seq uint32, content Content) (*Claim, error) {
	r.entry.mu.Lock()
	defer r.entry.mu.Unlock()
	var claims [1]*Claim
	err := r.claimAll([]uint32{seq}, []Content{content}, claims[:])
	return claims[0], err
}

// ClaimSeqs is one ClaimSeq for each content, with the numbers from seq on, or none.
func (r *Run) ClaimSeqs(seq uint32, contents []Content) ([]*Claim, error) {
	r.entry.mu.Lock()
	defer r.entry.mu.Unlock()
	seqs, claims := make([]uint32, len(contents)), make([]*Claim, len(contents))
	for i := range seqs {
		seqs[i] = seq + uint32(i) //nolint:gosec // as many as there are replies
	}
	if err := r.claimAll(seqs, contents, claims); err != nil {
		return nil, err
	}
	return claims, nil
}

// Take takes the next number, and one of the replies that are left, for a message that is sent elsewhere: by the bot
// itself, or by a job with ClaimSeq. Within this run ClaimSeq accepts it for one reply. The errors are those of Claim.
func (r *Run) Take() (uint32, error) {
	e := r.entry
	e.mu.Lock()
	defer e.mu.Unlock()
	seq := r.after(r.start())
	if seq > r.last {
		return 0, r.exhausted()
	}
	if err := r.admit(seq); err != nil {
		return 0, err
	}
	r.count(seq)
	r.note(seq)
	if i := e.hold(seq); i >= 0 {
		e.slots[i].spent = true
	}
	return seq, nil
}

// start returns the number that the count stands at. It needs the entry's mu.
func (r *Run) start() uint32 {
	if r.kind == handMade {
		return handMadeFirst + uint32(r.entry.handMade)
	}
	return r.next
}

// after returns the first number from seq on that r may count. It needs the entry's mu.
func (r *Run) after(seq uint32) uint32 {
	for r.use(seq) != nil || r.kind == handMade && r.entry.slot(seq) >= 0 {
		seq++
	}
	return seq
}

// count moves the count past seq. It needs the entry's mu.
func (r *Run) count(seq uint32) {
	if r.kind == handMade {
		r.entry.handMade = uint16(seq + 1 - handMadeFirst) //nolint:gosec // at most 100
		return
	}
	r.next = seq + 1
}

// exhausted is the error of a claim for which the range of r has no number. It needs the entry's mu.
func (r *Run) exhausted() error {
	if r.entry.late() {
		return ErrWindow
	}
	return ErrLimit
}

// countAll claims the next numbers, or none. It needs the entry's mu.
func (r *Run) countAll(contents []Content, claims []*Claim) error {
	seqs := make([]uint32, 0, 16) // on the stack, unless an album is huge
	seq := r.start()
	for range contents {
		seq = r.after(seq)
		if seq > r.last {
			return r.exhausted()
		}
		seqs = append(seqs, seq)
		seq++
	}
	if err := r.claimAll(seqs, contents, claims); err != nil {
		return err
	}
	for _, seq := range seqs {
		r.count(seq)
	}
	return nil
}

// claimAll claims seqs, or none. It needs the entry's mu.
func (r *Run) claimAll(seqs []uint32, contents []Content, claims []*Claim) error {
	for i, seq := range seqs {
		if u := r.use(seq); u != nil && !u.void && u.content.differs(contents[i]) {
			return ErrTaken
		}
	}
	if err := r.admit(seqs...); err != nil {
		return err
	}
	for i, seq := range seqs {
		claims[i] = r.open(r.note(seq), contents[i])
	}
	return nil
}

// admit returns why seqs cannot be claimed now, or nil. It needs the entry's mu.
func (r *Run) admit(seqs ...uint32) error {
	e := r.entry
	if e.late() {
		return ErrWindow
	}
	fresh := 0
	for _, seq := range seqs {
		if e.slot(seq) < 0 {
			fresh++
		}
	}
	if !e.room(fresh) {
		return ErrLimit
	}
	return nil
}

// use returns what r has used seq for, nil if it has not. It needs the entry's mu.
func (r *Run) use(seq uint32) *use {
	i := slices.IndexFunc(r.uses, func(u use) bool { return u.seq == seq })
	if i < 0 {
		return nil
	}
	return &r.uses[i]
}

// note is use, which it begins if r has not used seq. It needs the entry's mu.
func (r *Run) note(seq uint32) *use {
	if u := r.use(seq); u != nil {
		return u
	}
	r.uses = append(r.uses, use{seq: seq, void: true})
	return &r.uses[len(r.uses)-1]
}

// open returns a claim of u for content. It needs the entry's mu.
func (r *Run) open(u *use, content Content) *Claim {
	if u.void {
		u.content, u.void = content, false
	}
	u.open++
	c := &Claim{run: r, seq: u.seq, content: content}
	i := r.entry.hold(u.seq)
	if i < 0 {
		c.noSlot = true
		return c
	}
	last := &r.entry.slots[i].first
	for *last != nil {
		last = &(*last).next
	}
	*last = c
	return c
}
