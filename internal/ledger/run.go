package ledger

// Run is one delivery's count of the numbers: the n-th reply of a handler has the same one in every run of it, so that
// a handler that is run again repeats its replies under their own numbers. It is safe for concurrent use.
type Run struct {
	entry   *Entry
	owner   any
	next    uint32
	earlier *Run // deliveries before this one, which may still be handled
}

// Run returns the count of the delivery owner, which is any comparable value that tells deliveries apart. An owner that
// is new begins at FirstSeq. A nil one replies beside a handler, not again: it goes on with the delivery that began
// last, and the first to come takes over what it began.
func (e *Entry) Run(owner any) *Run {
	e.mu.Lock()
	defer e.mu.Unlock()
	for r := e.run; r != nil; r = r.earlier {
		if owner == nil || r.owner == owner {
			return r
		}
		if r.owner == nil {
			r.owner = owner
			return r
		}
	}
	e.run = &Run{entry: e, owner: owner, next: FirstSeq, earlier: e.run}
	last := e.run
	for n := 1; n < maxRuns && last.earlier != nil; n++ {
		last = last.earlier
	}
	last.earlier = nil
	return e.run
}

// maxRuns is how many deliveries of one message are told apart: the platform pushes up to 3 times.
const maxRuns = 4

// Claim takes the next number, FirstSeq and up, and one of the replies that are left; the caller settles it with
// Commit or Release. Every Claim takes the next number whatever becomes of it. It returns ErrWindow or ErrLimit when
// there is no reply left; no number is used up then.
func (r *Run) Claim() (*Claim, error) {
	r.entry.mu.Lock()
	defer r.entry.mu.Unlock()
	c, err := r.entry.claim(r.next)
	if err == nil {
		r.next++
	}
	return c, err
}

// ClaimAll is n Claims at once, or none: where fewer replies are left it returns ErrLimit and uses up nothing.
func (r *Run) ClaimAll(n int) ([]*Claim, error) {
	r.entry.mu.Lock()
	defer r.entry.mu.Unlock()
	claims, err := r.entry.claimAll(r.next, n)
	r.next += uint32(len(claims)) //nolint:gosec // as many as there are replies
	return claims, err
}
