package ledger_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/botgo-contrib/richmedia/internal/ledger"
)

// message is the record as one would write it without a thought for speed.
type message struct {
	entry *ledger.Entry
	born  time.Time
	lim   ledger.Limits
	next  uint32
	owned bool
	sent  map[uint32]bool
	open  map[uint32]int
}

func (m *message) slots() int {
	n := len(m.sent)
	for seq, claims := range m.open {
		if claims > 0 && !m.sent[seq] {
			n++
		}
	}
	return n
}

func (m *message) refusal(seq uint32) error {
	switch {
	case m.lim.Window > 0 && time.Since(m.born) >= m.lim.Window:
		return ledger.ErrWindow
	case m.lim.Replies > 0 && m.slots() >= m.lim.Replies && !m.sent[seq] && m.open[seq] == 0:
		return ledger.ErrLimit
	}
	return nil
}

// pending is a claim that the model has not settled yet.
type pending struct {
	of    *message
	claim *ledger.Claim
}

// step does one thing to the ledger and to the model, and compares.
func step(t *testing.T, r *rand.Rand, l *ledger.Ledger, known map[string]*message, flying *[]pending) {
	key := fmt.Sprint(r.IntN(8))
	m := known[key]
	lim := []ledger.Limits{group, c2c, free, {Replies: 2}, {Window: 10 * time.Minute}}[r.IntN(5)]
	kept := func() time.Duration { return max(m.lim.Window, 15*time.Minute) }
	if m == nil || m.lim.Window > 0 && time.Since(m.born) >= kept() {
		m = &message{
			born: time.Now(), lim: lim, next: ledger.FirstSeq,
			sent: make(map[uint32]bool), open: make(map[uint32]int),
		}
		m.entry = l.Open(key, m.born, lim)
		known[key] = m
	}
	require.Same(t, m.entry, l.Open(key, time.Now(), lim))

	switch r.IntN(8) {
	case 0:
		m.entry.Run(new(int)) // a redelivery; the first takes over what was begun beside it
		if m.owned || m.next == ledger.FirstSeq {
			m.next = ledger.FirstSeq
		}
		m.owned = true
	case 1:
		time.Sleep(time.Duration(r.IntN(240)) * time.Second)
	case 2, 3, 4:
		seq, take := m.next, m.entry.Run(nil).Claim
		if r.IntN(3) == 0 {
			seq = uint32(r.IntN(4))
			take = func() (*ledger.Claim, error) { return m.entry.ClaimSeq(seq) }
		}
		want := m.refusal(seq)
		c, err := take()
		require.Equal(t, want, err)
		if err != nil {
			return
		}
		require.Equal(t, seq, c.Seq())
		if seq >= ledger.FirstSeq {
			m.next++
		}
		m.open[seq]++
		*flying = append(*flying, pending{m, c})
	default:
		if len(*flying) == 0 {
			return
		}
		i := r.IntN(len(*flying))
		p := (*flying)[i]
		*flying = append((*flying)[:i], (*flying)[i+1:]...)
		p.of.open[p.claim.Seq()]--
		if r.IntN(2) == 0 {
			p.of.sent[p.claim.Seq()] = true
			p.claim.Commit()
		}
		p.claim.Release()
	}
	if n, _ := m.entry.Left(); m.lim.Replies > 0 && !errors.Is(m.refusal(0), ledger.ErrWindow) {
		require.Equal(t, m.lim.Replies-m.slots(), n)
	}
}

func TestTheLedgerAgreesWithItsModelInAnyOrderOfCalls(t *testing.T) {
	for seed := range uint64(50) {
		synctest.Test(t, func(t *testing.T) {
			r := rand.New(rand.NewPCG(seed, 1))
			l := ledger.New(8)
			known := make(map[string]*message)
			var flying []pending
			for range 2000 {
				step(t, r, l, known, &flying)
				if t.Failed() {
					return
				}
			}
		})
	}
}

func TestNoMessageEverGetsMoreRepliesThanItsLimit(t *testing.T) {
	l := ledger.New(4)
	now := time.Now()
	var mu sync.Mutex
	committed := make(map[*ledger.Entry]map[uint32]bool)
	var all sync.WaitGroup
	for worker := range uint64(8) {
		all.Go(func() {
			r := rand.New(rand.NewPCG(worker, 2))
			for range 2000 {
				e := l.Open(fmt.Sprint(r.IntN(6)), now, group) // more keys than room
				if r.IntN(10) == 0 {
					e.Run(new(int))
				}
				c, err := e.Run(nil).Claim()
				if err != nil {
					continue
				}
				if r.IntN(2) == 0 {
					c.Release()
					continue
				}
				c.Commit()
				mu.Lock()
				if committed[e] == nil {
					committed[e] = make(map[uint32]bool)
				}
				committed[e][c.Seq()] = true
				mu.Unlock()
			}
		})
	}
	all.Wait()
	for e, seqs := range committed {
		require.LessOrEqual(t, len(seqs), group.Replies)
		require.Equal(t, group.Replies-len(seqs), left(e))
	}
}
