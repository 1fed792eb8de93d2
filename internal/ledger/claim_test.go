package ledger_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/botgo-contrib/richmedia/internal/ledger"
	"github.com/stretchr/testify/require"
)

func left(e *ledger.Entry) int {
	n, _ := e.Left()
	return n
}

func open(replies int) *ledger.Entry {
	return ledger.New(1).Open("a", time.Now(), ledger.Limits{Replies: replies, Window: time.Hour})
}

func TestNumbersCountUpWhateverBecomesOfAClaim(t *testing.T) {
	e := open(3)
	for i, settle := range []func(*ledger.Claim){
		(*ledger.Claim).Commit, (*ledger.Claim).Release, (*ledger.Claim).Release, (*ledger.Claim).Commit,
	} {
		c := claim(t, e)
		require.EqualValues(t, ledger.FirstSeq+i, c.Seq())
		settle(c)
	}
	require.Equal(t, 1, left(e))
}

func TestAReleaseGivesTheSlotBackAndARefusalTakesNoNumber(t *testing.T) {
	e := open(1)
	first := claim(t, e)
	require.Zero(t, left(e))
	_, err := e.Run(nil).Claim()
	require.ErrorIs(t, err, ledger.ErrLimit)
	_, err = e.ClaimSeq(7)
	require.ErrorIs(t, err, ledger.ErrLimit)

	first.Release()
	require.Equal(t, 1, left(e))
	second := claim(t, e)
	require.EqualValues(t, ledger.FirstSeq+1, second.Seq())
	second.Commit()
	_, err = e.Run(nil).Claim()
	require.ErrorIs(t, err, ledger.ErrLimit)
}

func TestOnlyTheFirstOfCommitAndReleaseCounts(t *testing.T) {
	e := open(2)
	sent := claim(t, e)
	sent.Commit()
	sent.Release()
	sent.Commit()
	require.Equal(t, 1, left(e))

	refused := claim(t, e)
	refused.Release()
	refused.Commit()
	refused.Release()
	require.Equal(t, 1, left(e))
}

func TestTheRepliesOfARedeliveryTakeNoSecondSlot(t *testing.T) {
	e := open(2)
	e.Run("first")
	claim(t, e).Commit()
	claim(t, e).Commit()
	require.Zero(t, left(e))

	e.Run("second")
	again := claim(t, e)
	require.EqualValues(t, ledger.FirstSeq, again.Seq())
	again.Release() // a duplicate: it stays used by the first run
	require.Zero(t, left(e))
	claim(t, e).Commit()
	_, err := e.Run(nil).Claim()
	require.ErrorIs(t, err, ledger.ErrLimit)
}

func TestEachDeliveryCountsForItself(t *testing.T) {
	e := open(9)
	seq := func(owner any) uint32 {
		c, err := e.Run(owner).Claim()
		require.NoError(t, err)
		require.False(t, known(t, c) && owner == "a")
		c.Commit()
		return c.Seq()
	}
	require.EqualValues(t, 1001, seq(nil), "beside the handler, before it")
	require.EqualValues(t, 1002, seq("a"), "the first delivery takes over what was begun")
	require.EqualValues(t, 1003, seq(nil))
	require.EqualValues(t, 1001, seq("b"), "a redelivery")
	require.EqualValues(t, 1004, seq("a"), "the first is still being handled, and does not get the numbers of the second")
	require.EqualValues(t, 1002, seq("b"))
	require.EqualValues(t, 1003, seq(nil), "beside the last")
	require.Equal(t, 5, left(e))
	for i := range 10 {
		require.EqualValues(t, 1001, seq(i))
	}
	require.LessOrEqual(t, e.Runs(), 5, "bounded, however often an event is delivered")
}

func TestAKnownNumberIsOneThatWasSent(t *testing.T) {
	e := open(2)
	first := claim(t, e)
	require.False(t, known(t, first))
	require.False(t, known(t, first), "its own sending is no repetition")
	first.Commit()
	again, err := e.ClaimSeq(ledger.FirstSeq)
	require.NoError(t, err)
	require.True(t, known(t, again))
	refused := claim(t, e)
	refused.Release()
	require.False(t, known(t, refused))
}

func known(t *testing.T, c *ledger.Claim) bool {
	t.Helper()
	known, err := c.Alone(t.Context())
	require.NoError(t, err)
	return known
}

func TestOfTwoClaimsOfANumberOneSendsAtATime(t *testing.T) {
	for name, end := range map[string]struct {
		settle func(*ledger.Claim)
		known  bool
	}{
		"sent":    {(*ledger.Claim).Commit, true},
		"refused": {(*ledger.Claim).Release, false},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				e := ledger.New(1).Open("m", time.Now(), free)
				first, err := e.ClaimSeq(1001)
				require.NoError(t, err)
				second, err := e.ClaimSeq(1001)
				require.NoError(t, err)
				require.False(t, known(t, first))
				ctx, cancel := context.WithCancelCause(t.Context())
				cancel(errors.New("left"))
				_, err = second.Alone(ctx)
				require.ErrorContains(t, err, "left")
				told := make(chan bool)
				go func() { told <- known(t, second) }()
				synctest.Wait()
				select {
				case <-told:
					require.Fail(t, "both send at once")
				default:
				}
				end.settle(first)
				require.Equal(t, end.known, <-told)
			})
		})
	}
}

func TestNumbersWithoutALimitAreRemembered(t *testing.T) {
	e := ledger.New(1).Open("m", time.Now(), ledger.Limits{Window: time.Minute})
	for i := range 2000 {
		c := claim(t, e)
		require.False(t, known(t, c))
		c.Commit()
		again, err := e.ClaimSeq(c.Seq())
		require.NoError(t, err)
		require.Equal(t, i < 1500, known(t, again), i)
		again.Release()
	}
}

func TestAFixedNumberTakesOneSlotHoweverOftenItIsClaimed(t *testing.T) {
	e := open(2)
	for range 3 {
		c, err := e.ClaimSeq(7)
		require.NoError(t, err)
		require.EqualValues(t, 7, c.Seq())
		c.Commit()
	}
	require.Equal(t, 1, left(e))
	require.EqualValues(t, ledger.FirstSeq, claim(t, e).Seq(), "fixed numbers do not move the count")
}

func TestClaimsOfOneNumberShareASlotUntilAllAreSettled(t *testing.T) {
	pair := func(e *ledger.Entry) (a, b *ledger.Claim) {
		a, err := e.ClaimSeq(7)
		require.NoError(t, err)
		b, err = e.ClaimSeq(7)
		require.NoError(t, err)
		require.Zero(t, left(e))
		return a, b
	}
	t.Run("both released", func(t *testing.T) {
		e := open(1)
		a, b := pair(e)
		a.Release()
		require.Zero(t, left(e), "the other may still be sent")
		b.Release()
		require.Equal(t, 1, left(e))
	})
	t.Run("the first committed", func(t *testing.T) {
		e := open(1)
		a, b := pair(e)
		a.Commit()
		b.Release()
		require.Zero(t, left(e))
	})
	t.Run("the second committed", func(t *testing.T) {
		e := open(1)
		a, b := pair(e)
		a.Release()
		b.Commit()
		require.Zero(t, left(e))
	})
}

func TestExactlyOneOfManyGetsTheLastSlot(t *testing.T) {
	e := open(5)
	for range 4 {
		claim(t, e).Commit()
	}
	var got, refused atomic.Int32
	var all sync.WaitGroup
	for range 64 {
		all.Go(func() {
			c, err := e.Run(nil).Claim()
			switch {
			case err == nil:
				got.Add(1)
				c.Commit()
			case errors.Is(err, ledger.ErrLimit):
				refused.Add(1)
			}
		})
	}
	all.Wait()
	require.EqualValues(t, 1, got.Load())
	require.EqualValues(t, 63, refused.Load())
}

func TestASettlementFromManySidesCountsOnce(t *testing.T) {
	for range 100 {
		e := open(1)
		c := claim(t, e)
		var all sync.WaitGroup
		for range 4 {
			all.Go(c.Release)
		}
		all.Wait()
		require.Equal(t, 1, left(e))
	}
}
