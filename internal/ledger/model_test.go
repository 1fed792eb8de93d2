package ledger_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"runtime"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/botgo-contrib/richmedia/internal/ledger"
)

// message is the record as one would write it without a thought for speed.
type message struct {
	entry    *ledger.Entry
	born     time.Time
	lim      ledger.Limits
	handMade uint32
	numbers  map[uint32]*number // those that hold a slot
	runs     []*run
}

type number struct {
	state   ledger.State
	spent   bool
	foreign bool
	content ledger.Content
	open    []*pending
}

type run struct {
	of       *message
	run      *ledger.Run
	handMade bool
	next     uint32
	last     uint32
	used     map[uint32][]*pending // the claims of each number, and nil for a Take
}

// pending is a claim that the model has granted.
type pending struct {
	of        *run
	claim     *ledger.Claim
	content   ledger.Content
	over      bool
	forgotten bool // nothing is, or may be, in the chat
}

// sample is what the replies of the model are made of: a stream that was not read, and two texts.
var sample = []ledger.Content{{}, ledger.ContentOf("a"), ledger.ContentOf("b")}

// stands is the content that seq stands for in r; none if there is none.
func (r *run) stands(seq uint32) (content ledger.Content, taken bool) {
	for _, p := range r.used[seq] {
		if p != nil && !p.forgotten {
			return p.content, true
		}
	}
	return ledger.Content{}, false
}

func (m *message) late() bool { return m.lim.Window > 0 && time.Since(m.born) >= m.lim.Window }

func (m *message) replies() int {
	n := len(m.numbers)
	for _, number := range m.numbers {
		if number.foreign {
			n--
		}
	}
	return n
}

// grant is the error of a claim of seqs, or nil.
func (m *message) grant(seqs ...uint32) error {
	fresh := 0
	for _, seq := range seqs {
		if m.numbers[seq] == nil {
			fresh++
		}
	}
	switch {
	case m.late():
		return ledger.ErrWindow
	case m.lim.Replies > 0 && fresh > 0 && m.replies()+fresh > m.lim.Replies:
		return ledger.ErrLimit
	}
	return nil
}

// count returns the next n numbers of r.
func (r *run) count(n int) (seqs []uint32) {
	seq := r.next
	if r.handMade {
		seq = 501 + r.of.handMade
	}
	for ; len(seqs) < n; seq++ {
		_, used := r.used[seq]
		if !used && (!r.handMade || r.of.numbers[seq] == nil) {
			seqs = append(seqs, seq)
		}
	}
	return seqs
}

// counted moves the count of r past seqs.
func (r *run) counted(seqs []uint32, err error) {
	last := seqs[len(seqs)-1]
	switch {
	case err != nil:
	case r.handMade:
		r.of.handMade = last + 1 - 501
	default:
		r.next = last + 1
	}
}

// model is all messages, and the claims that are not settled.
type model struct {
	t      *testing.T
	r      *rand.Rand
	ledger *ledger.Ledger
	known  map[string]*message
	flying []*pending
}

// message opens a message and returns what the model knows of it.
func (s *model) message() *message {
	key := fmt.Sprint(s.r.IntN(6))
	m := s.known[key]
	lim := []ledger.Limits{group, c2c, free, {Replies: 2}, {Window: 10 * time.Minute}}[s.r.IntN(5)]
	if m == nil || m.lim.Window > 0 && time.Since(m.born) >= max(m.lim.Window, 15*time.Minute) {
		m = &message{born: time.Now(), lim: lim, numbers: make(map[uint32]*number)}
		m.entry = s.ledger.Open(key, m.born, lim)
		s.known[key] = m
	}
	require.Same(s.t, m.entry, s.ledger.Open(key, time.Now(), lim))
	return m
}

// run returns one of the runs of m, or a new one.
func (s *model) run(m *message) *run {
	if len(m.runs) > 0 && s.r.IntN(4) > 0 {
		return m.runs[s.r.IntN(len(m.runs))]
	}
	r := &run{of: m, used: make(map[uint32][]*pending)}
	switch s.r.IntN(3) {
	case 0:
		r.run, r.next, r.last = m.entry.Delivery(r), 1001, 2000
	case 1:
		r.run, r.handMade, r.last = m.entry.Job(0), true, 600
	default:
		r.next, r.last = 2098, 2100
		r.run = m.entry.Job(r.next)
	}
	m.runs = append(m.runs, r)
	return r
}

// claim claims one number or some, and compares what becomes of it.
func (s *model) claim(r *run) {
	m := r.of
	n := 1 + s.r.IntN(2)
	contents := make([]ledger.Content, n)
	for i := range contents {
		contents[i] = sample[s.r.IntN(len(sample))]
	}
	var seqs []uint32
	var got []*ledger.Claim
	var want, err error
	if s.r.IntN(2) == 0 {
		first := uint32(s.r.IntN(3)) + []uint32{7, 501, 1001, 2098}[s.r.IntN(4)]
		for i := range contents {
			seqs = append(seqs, first+uint32(i))
			if content, taken := r.stands(seqs[i]); taken && content != (ledger.Content{}) && contents[i] != (ledger.Content{}) && content != contents[i] {
				want = ledger.ErrTaken
			}
		}
		if want == nil {
			want = m.grant(seqs...)
		}
		if n == 1 {
			var c *ledger.Claim
			c, err = r.run.ClaimSeq(first, contents[0])
			got = []*ledger.Claim{c}
		} else {
			got, err = r.run.ClaimSeqs(first, contents)
		}
	} else {
		seqs = r.count(n)
		if seqs[n-1] > r.last {
			if want = ledger.ErrLimit; m.late() {
				want = ledger.ErrWindow
			}
		} else {
			want = m.grant(seqs...)
			r.counted(seqs, want)
		}
		if n == 1 {
			var c *ledger.Claim
			c, err = r.run.Claim(contents[0])
			got = []*ledger.Claim{c}
		} else {
			got, err = r.run.ClaimAll(contents)
		}
	}
	require.Equal(s.t, want, err)
	if err != nil {
		return
	}
	for i, c := range got {
		require.Equal(s.t, seqs[i], c.Seq())
		p := &pending{of: r, claim: c, content: contents[i]}
		r.used[c.Seq()] = append(r.used[c.Seq()], p)
		if m.numbers[c.Seq()] == nil {
			m.numbers[c.Seq()] = &number{}
		}
		m.numbers[c.Seq()].open = append(m.numbers[c.Seq()].open, p)
		s.flying = append(s.flying, p)
	}
}

// take compares Take.
func (s *model) take(r *run) {
	seqs := r.count(1)
	want := r.of.grant(seqs[0])
	if seqs[0] > r.last {
		if want = ledger.ErrLimit; r.of.late() {
			want = ledger.ErrWindow
		}
	} else {
		r.counted(seqs, want)
	}
	seq, err := r.run.Take()
	require.Equal(s.t, want, err)
	if err != nil {
		return
	}
	require.Equal(s.t, seqs[0], seq)
	r.used[seq] = append(r.used[seq], nil)
	if r.of.numbers[seq] == nil {
		r.of.numbers[seq] = &number{}
	}
	r.of.numbers[seq].spent = true
}

// settle settles a claim, after a look at what it knows.
func (s *model) settle() {
	if len(s.flying) == 0 {
		return
	}
	i := s.r.IntN(len(s.flying))
	p := s.flying[i]
	m, seq := p.of.of, p.claim.Seq()
	n := m.numbers[seq]
	if n.state == ledger.Sent || n.open[0] == p {
		differs := n.state != ledger.Unsent && n.content != (ledger.Content{}) && p.content != (ledger.Content{}) && n.content != p.content
		require.Equal(s.t, ledger.Past{State: n.state, Differs: differs}, past(s.t, p.claim))
	}
	s.flying = slices.Delete(s.flying, i, i+1)
	n.open = slices.DeleteFunc(n.open, func(o *pending) bool { return o == p })
	outcome := ledger.Outcome(s.r.IntN(4))
	p.over = true
	switch {
	case n.state == ledger.Sent || outcome == ledger.Refused:
	case outcome == ledger.Found:
		n.foreign = n.state == ledger.Unsent && !n.spent
		n.state = ledger.Sent
	case outcome == ledger.Delivered:
		n.state, n.content = ledger.Sent, p.content
	case n.state == ledger.Unsent:
		n.state, n.content = ledger.Uncertain, p.content
	case n.content != p.content:
		n.content = ledger.Content{}
	}
	of := p.of.used[seq]
	if n.state == ledger.Unsent && !slices.ContainsFunc(of, func(p *pending) bool { return p != nil && !p.over }) {
		for _, p := range of {
			if p != nil {
				p.forgotten = true
			}
		}
	}
	if len(n.open) == 0 && n.state == ledger.Unsent && !n.spent {
		delete(m.numbers, seq)
	}
	p.claim.Settle(outcome)
	p.claim.Settle(ledger.Outcome(s.r.IntN(4)))
}

func TestTheLedgerAgreesWithItsModelInAnyOrderOfCalls(t *testing.T) {
	for seed := range uint64(30) {
		synctest.Test(t, func(t *testing.T) {
			s := &model{t: t, r: rand.New(rand.NewPCG(seed, 1)), ledger: ledger.New(8), known: make(map[string]*message)}
			for range 1500 {
				m := s.message()
				switch s.r.IntN(10) {
				case 0:
					time.Sleep(time.Duration(s.r.IntN(120)) * time.Second)
				case 1:
					s.take(s.run(m))
				case 2, 3, 4:
					s.claim(s.run(m))
				default:
					s.settle()
				}
				if n, _ := m.entry.Left(); m.lim.Replies > 0 && !m.late() {
					require.Equal(t, m.lim.Replies-m.replies(), n, "%v", slices.Collect(maps.Keys(m.numbers)))
				}
			}
		})
	}
}

// TestNothingIsSentTwiceOrLostWhateverRunsAtTheSameTime runs handlers and jobs side by side over few messages: of all
// that wait for a number one sends at a time, and after one was delivered nobody does.
func TestNothingIsSentTwiceOrLostWhateverRunsAtTheSameTime(t *testing.T) {
	l := ledger.New(100)
	now := time.Now()
	type reply struct {
		e   *ledger.Entry
		seq uint32
	}
	var mu sync.Mutex
	sending, delivered := make(map[reply]bool), make(map[reply]bool)
	send := func(r *rand.Rand, e *ledger.Entry, c *ledger.Claim) {
		p, err := c.Wait(t.Context())
		if err != nil {
			t.Error(err)
			return
		}
		id := reply{e, c.Seq()}
		mu.Lock()
		if p.State == ledger.Sent != delivered[id] || sending[id] && p.State != ledger.Sent {
			t.Error(id.seq, "is known as", p, "but delivered:", delivered[id], "sending:", sending[id])
		}
		mu.Unlock()
		outcome := ledger.Refused
		if p.State != ledger.Sent {
			mu.Lock()
			sending[id] = true
			mu.Unlock()
			if r.IntN(2) == 0 {
				runtime.Gosched() // so that others come in the meantime
			}
			mu.Lock()
			sending[id] = false
			if r.IntN(2) == 0 {
				outcome, delivered[id] = ledger.Delivered, true
			}
			c.Settle(outcome) // under mu: the next one looks at delivered
			mu.Unlock()
			return
		}
		c.Settle(outcome)
	}
	var all sync.WaitGroup
	for worker := range uint64(8) {
		all.Go(func() {
			r := rand.New(rand.NewPCG(worker, 2))
			for range 300 {
				e := l.Open(fmt.Sprint(r.IntN(20)), now, group)
				var run *ledger.Run
				switch r.IntN(3) {
				case 0:
					run = e.Delivery(new(int))
				case 1:
					run = e.Job(2001)
				default:
					run = e.Job(0)
				}
				for range 3 {
					if c, err := run.Claim(ledger.ContentOf("a")); err == nil {
						send(r, e, c)
					}
				}
			}
		})
	}
	all.Wait()
	count := make(map[*ledger.Entry]int)
	for id, ok := range delivered {
		if ok {
			count[id.e]++
		}
	}
	for e, n := range count {
		require.LessOrEqual(t, n, group.Replies)
		require.Equal(t, group.Replies-n, left(e))
	}
}
