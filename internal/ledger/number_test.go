package ledger_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/botgo-contrib/richmedia/internal/ledger"
)

// numbers returns the numbers that r counts until its first error.
func numbers(r *ledger.Run) (seqs []uint32, err error) {
	for {
		c, err := r.Claim(ledger.Content{})
		if err != nil {
			return seqs, err
		}
		c.Settle(ledger.Delivered)
		seqs = append(seqs, c.Seq())
	}
}

// upTo is the numbers from first to last.
func upTo(first, last uint32) (seqs []uint32) {
	for ; first <= last; first++ {
		seqs = append(seqs, first)
	}
	return seqs
}

func TestEachRunCountsOverItsRangeAndNoFurther(t *testing.T) {
	unlimited := func() *ledger.Entry { return ledger.New(1).Open("m", time.Now(), free) }
	e := unlimited()
	for owner := range 3 {
		seqs, err := numbers(e.Delivery(owner))
		require.ErrorIs(t, err, ledger.ErrLimit)
		require.Equal(t, upTo(1001, 2000), seqs)
	}
	for _, job := range []struct{ seq, first, last uint32 }{
		{0, 501, 600},
		{2001, 2001, 2100},
		{2050, 2050, 2100},
		{2100, 2100, 2100},
		{2101, 2101, 2200},
		{61_901, 61_901, 62_000},
		{62_000, 62_000, 62_000},
		{62_001, 62_001, 62_100},
		{65_500, 65_500, 65_535},
		{65_535, 65_535, 65_535},
		{ledger.NoSeq, 1, 0},
		{1 << 31, 1, 0},
		{1<<32 - 1, 1, 0},
		// Chosen by the caller: never into a range that others count in.
		{1, 1, 100},
		{450, 450, 500},
		{501, 501, 600},
		{600, 600, 600},
		{601, 601, 700},
		{950, 950, 1000},
		{1950, 1950, 2000},
	} {
		e := unlimited()
		for range 2 {
			seqs, err := numbers(e.Job(job.seq))
			require.ErrorIs(t, err, ledger.ErrLimit)
			require.Equal(t, upTo(job.first, job.last), seqs, "from %d", job.seq)
			if job.seq == 0 {
				seqs, err = numbers(e.Job(0))
				require.ErrorIs(t, err, ledger.ErrLimit)
				require.Empty(t, seqs, "hand-made Targets have one count")
				break
			}
		}
	}
}

func TestADeliveryReserves600Blocks(t *testing.T) {
	e := open(5)
	for _, owner := range []string{"first", "redelivered"} {
		r := e.Delivery(owner)
		for k := range uint32(600) {
			if k%2 == 0 {
				require.Equal(t, 2001+100*k, e.Delivery(owner).Reserve())
			} else {
				require.Equal(t, 2001+100*k, r.Branch().Reserve(), "work beside the handler")
			}
		}
		require.EqualValues(t, ledger.NoSeq, r.Reserve())
		require.EqualValues(t, ledger.NoSeq, r.Reserve())
		_, err := r.Branch().Claim(ledger.Content{})
		require.ErrorIs(t, err, ledger.ErrLimit)
	}
	require.Equal(t, 5, left(e), "a block holds no slot")
	require.EqualValues(t, 1001, claim(t, e).Seq(), "nor a number of the handler")
}

func TestAJobReservesNothing(t *testing.T) {
	e := open(9)
	for seq, next := range map[uint32]uint32{0: 503, 2001: 2003, 2099: ledger.NoSeq, ledger.NoSeq: ledger.NoSeq} {
		r := e.Job(seq)
		require.Same(t, r, r.Branch())
		for range 2 {
			if c, err := r.Claim(ledger.Content{}); err == nil {
				c.Settle(ledger.Refused)
			}
		}
		require.Equal(t, next, r.Reserve())
		require.Equal(t, next, r.Reserve(), "the next number, however often")
	}
	r := e.Job(2001)
	chosen(t, r, 2001, ledger.ContentOf("1"))
	require.EqualValues(t, 2002, r.Reserve(), "not one that the run has used")
}

func TestEachDeliveryCountsForItself(t *testing.T) {
	e := open(99)
	seq := func(owner any) uint32 {
		c, err := e.Delivery(owner).Claim(ledger.Content{})
		require.NoError(t, err)
		c.Settle(ledger.Delivered)
		return c.Seq()
	}
	require.EqualValues(t, 1001, seq("a"))
	require.EqualValues(t, 1002, seq("a"))
	require.EqualValues(t, 1001, seq("b"), "a redelivery")
	require.EqualValues(t, 1003, seq("a"), "the first is still being handled")
	require.EqualValues(t, 1002, seq("b"))
	require.EqualValues(t, 1001, seq("c"))
	require.EqualValues(t, 1001, seq("d"))
	require.EqualValues(t, 1004, seq("a"), "four are told apart")
	require.Equal(t, 95, left(e), "a number holds one slot in all of them")
	kept := e.Delivery("a")
	for i := range 10 {
		require.EqualValues(t, 1001, seq(i))
	}
	require.Equal(t, 4, e.Deliveries(), "bounded, however often an event is delivered")
	c, err := kept.Claim(ledger.Content{})
	require.NoError(t, err)
	require.EqualValues(t, 1005, c.Seq(), "a Run that is held goes on")
}

func TestACountPassesOverTheNumbersThatItsRunHasChosen(t *testing.T) {
	e := open(2)
	r := e.Delivery(1)
	chosen(t, r, 1002, ledger.ContentOf("1")).Settle(ledger.Delivered)
	chosen(t, r, 1004, ledger.ContentOf("2")).Settle(ledger.Refused) // in the next run it may be delivered
	for _, seq := range []uint32{1001, 1003, 1005} {
		c, err := r.Claim(ledger.Content{})
		require.NoError(t, err)
		require.Equal(t, seq, c.Seq())
		c.Settle(ledger.Refused)
	}
	c, err := e.Delivery(2).Claim(ledger.Content{})
	require.NoError(t, err)
	require.EqualValues(t, 1001, c.Seq())
	c.Settle(ledger.Refused)
	c, err = e.Delivery(2).Claim(ledger.Content{})
	require.NoError(t, err)
	require.EqualValues(t, 1002, c.Seq(), "what another run has chosen is no concern of this one")
}

func TestAnAlbumIsCountedAroundTheNumbersThatItsRunHasChosen(t *testing.T) {
	r := first(open(9))
	chosen(t, r, 1002, ledger.ContentOf("1"))
	claims, err := r.ClaimAll(make([]ledger.Content, 3))
	require.NoError(t, err)
	var seqs []uint32
	for _, c := range claims {
		seqs = append(seqs, c.Seq())
	}
	require.Equal(t, []uint32{1001, 1003, 1004}, seqs)
	c, err := r.Claim(ledger.Content{})
	require.NoError(t, err)
	require.EqualValues(t, 1005, c.Seq())
}

func TestAClaimUsesItsNumberAndAnErrorUsesNone(t *testing.T) {
	e := open(2)
	for name, r := range map[string]*ledger.Run{"delivery": first(e), "job": e.Job(2001)} {
		held, err := r.Claim(ledger.Content{})
		require.NoError(t, err)
		_, err = r.ClaimAll(make([]ledger.Content, 2))
		require.ErrorIs(t, err, ledger.ErrLimit)
		gone, err := r.Claim(ledger.Content{})
		require.NoError(t, err)
		gone.Settle(ledger.Refused)
		second, err := r.Claim(ledger.Content{})
		require.NoError(t, err)
		_, err = r.Claim(ledger.Content{})
		require.ErrorIs(t, err, ledger.ErrLimit)
		_, err = r.Take()
		require.ErrorIs(t, err, ledger.ErrLimit)
		_, err = r.ClaimSeq(held.Seq()+3, ledger.Content{})
		require.ErrorIs(t, err, ledger.ErrLimit)
		held.Settle(ledger.Refused)
		next, err := r.Claim(ledger.Content{})
		require.NoError(t, err)
		require.Equal(t, []uint32{1, 2, 3}, []uint32{gone.Seq() - held.Seq(), second.Seq() - held.Seq(), next.Seq() - held.Seq()}, name)
		second.Settle(ledger.Refused)
		next.Settle(ledger.Refused)
	}
}

func TestAHandMadeTargetGoesOnCountingAndWastesNoNumber(t *testing.T) {
	e := open(3)
	one := func(r *ledger.Run) *ledger.Claim {
		c, err := r.Claim(ledger.Content{})
		require.NoError(t, err)
		return c
	}
	require.EqualValues(t, 501, one(e.Job(0)).Seq())
	second := one(e.Job(0))
	require.EqualValues(t, 502, second.Seq())
	chosen(t, e.Job(7), 503, ledger.ContentOf("1")).Settle(ledger.Delivered)
	for range 200 {
		_, err := e.Job(0).Claim(ledger.Content{})
		require.ErrorIs(t, err, ledger.ErrLimit)
		_, err = e.Job(0).ClaimAll(make([]ledger.Content, 2))
		require.ErrorIs(t, err, ledger.ErrLimit)
		_, err = e.Job(0).Take()
		require.ErrorIs(t, err, ledger.ErrLimit)
	}
	second.Settle(ledger.Refused)
	require.EqualValues(t, 504, one(e.Job(0)).Seq(), "502 was refused and 503 is another job's")
}

func TestATakenNumberIsAcceptedForOneReply(t *testing.T) {
	e := open(2)
	r := first(e)
	seq, err := r.Take()
	require.NoError(t, err)
	require.EqualValues(t, 1001, seq)
	require.Equal(t, 1, left(e), "it is counted at once")

	refused := chosen(t, r, seq, ledger.ContentOf("1"))
	require.Equal(t, ledger.Past{}, past(t, refused), "it is not in the chat")
	refused.Settle(ledger.Refused)
	require.Equal(t, 1, left(e), "and stays counted: the bot may have sent it")
	sent := chosen(t, r, seq, ledger.ContentOf("2"))
	require.Equal(t, ledger.Past{}, past(t, sent))
	sent.Settle(ledger.Delivered)
	_, err = r.ClaimSeq(seq, ledger.ContentOf("3"))
	require.ErrorIs(t, err, ledger.ErrTaken)
	require.Equal(t, ledger.Past{State: ledger.Sent}, past(t, chosen(t, r, seq, ledger.ContentOf("2"))))
	require.Equal(t, ledger.Past{State: ledger.Sent, Differs: true}, past(t, chosen(t, e.Job(7), seq, ledger.ContentOf("3"))), "a job that runs again")

	again, err := e.Delivery("redelivered").Take()
	require.NoError(t, err)
	require.Equal(t, seq, again)
	require.Equal(t, 1, left(e))
}

func TestTwoJobsOfOneEventBothAnswer(t *testing.T) {
	e := open(4)
	r := first(e)
	claim(t, e).Settle(ledger.Delivered)
	one, two := r.Reserve(), r.Reserve()
	for range 2 { // a queue runs each of them twice
		for _, seq := range []uint32{one, two} {
			c, err := e.Job(seq).Claim(ledger.ContentOf(fmt.Sprint(seq)))
			require.NoError(t, err)
			require.Equal(t, seq, c.Seq())
			if past(t, c).State == ledger.Unsent {
				c.Settle(ledger.Delivered)
			} else {
				c.Settle(ledger.Found)
			}
		}
		require.Equal(t, 1, left(e))
	}
}

func TestClaimsAtTheEndOfTheWindow(t *testing.T) {
	e := ledger.New(1).Open("m", time.Now().Add(-time.Hour), group)
	r := first(e)
	_, err := r.Claim(ledger.Content{})
	require.ErrorIs(t, err, ledger.ErrWindow)
	_, err = r.ClaimAll(make([]ledger.Content, 2))
	require.ErrorIs(t, err, ledger.ErrWindow)
	_, err = r.ClaimSeq(7, ledger.Content{})
	require.ErrorIs(t, err, ledger.ErrWindow)
	_, err = r.ClaimSeqs(7, make([]ledger.Content, 2))
	require.ErrorIs(t, err, ledger.ErrWindow)
	_, err = r.Take()
	require.ErrorIs(t, err, ledger.ErrWindow)
	_, err = e.Job(ledger.NoSeq).Claim(ledger.Content{})
	require.ErrorIs(t, err, ledger.ErrWindow, "of two reasons the one that lasts")
}

func TestAnAlbumIsClaimedAsAWholeOrNotAtAll(t *testing.T) {
	e := open(3)
	for name, all := range map[string]func(r *ledger.Run, n int) ([]*ledger.Claim, error){
		"counted": func(r *ledger.Run, n int) ([]*ledger.Claim, error) { return r.ClaimAll(make([]ledger.Content, n)) },
		"chosen": func(r *ledger.Run, n int) ([]*ledger.Claim, error) {
			return r.ClaimSeqs(1001, make([]ledger.Content, n))
		},
	} {
		_, err := all(e.Delivery(name+" too many"), 4)
		require.ErrorIs(t, err, ledger.ErrLimit)
		require.Equal(t, 3, left(e))
		claims, err := all(e.Delivery(name), 3)
		require.NoError(t, err)
		require.Zero(t, left(e))
		again, err := all(e.Delivery(name+" again"), 3)
		require.NoError(t, err, "the numbers hold their slots already")
		for i, c := range claims {
			require.EqualValues(t, 1001+i, c.Seq())
			require.EqualValues(t, 1001+i, again[i].Seq())
			c.Settle(ledger.Refused)
			require.Equal(t, ledger.Past{}, past(t, again[i]))
			again[i].Settle(ledger.Refused)
		}
		require.Equal(t, 3, left(e))
	}
}
