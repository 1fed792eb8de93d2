package ledger_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/botgo-contrib/richmedia/internal/ledger"
)

func left(e *ledger.Entry) int {
	n, _ := e.Left()
	return n
}

func open(replies int) *ledger.Entry {
	return ledger.New(1).Open("a", time.Now(), ledger.Limits{Replies: replies, Window: time.Hour})
}

// past is what Wait returns, which must not have to wait.
func past(t *testing.T, c *ledger.Claim) ledger.Past {
	t.Helper()
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errors.New("an earlier claim is not settled"))
	p, err := c.Wait(ctx)
	require.NoError(t, err)
	return p
}

// chosen is ClaimSeq, which must succeed.
func chosen(t *testing.T, r *ledger.Run, seq uint32, content ledger.Content) *ledger.Claim {
	t.Helper()
	c, err := r.ClaimSeq(seq, content)
	require.NoError(t, err)
	require.Equal(t, seq, c.Seq())
	return c
}

func TestARefusalReturnsTheSlotAndNothingElseDoes(t *testing.T) {
	for _, test := range []struct {
		outcome ledger.Outcome
		left    int
		state   ledger.State
	}{
		{ledger.Refused, 1, ledger.Unsent},
		{ledger.Doubtful, 0, ledger.Uncertain},
		{ledger.Delivered, 0, ledger.Sent},
		{ledger.Found, 1, ledger.Sent}, // a reply of another process
	} {
		e := open(1)
		c := claim(t, e)
		require.Equal(t, ledger.Past{}, past(t, c))
		require.Zero(t, left(e))
		_, err := first(e).Claim(ledger.Content{})
		require.ErrorIs(t, err, ledger.ErrLimit)
		_, err = first(e).ClaimSeq(7, ledger.Content{})
		require.ErrorIs(t, err, ledger.ErrLimit)

		c.Settle(test.outcome)
		for _, later := range []ledger.Outcome{ledger.Refused, ledger.Delivered, ledger.Found, ledger.Doubtful} {
			c.Settle(later) // only the first call counts
		}
		require.Equal(t, test.left, left(e))
		again := chosen(t, e.Delivery("again"), 1001, ledger.Content{})
		require.Equal(t, test.state, past(t, again).State)
		again.Settle(ledger.Refused)
		require.Equal(t, test.left, left(e))
	}
}

func TestAnUncertainReplyThatIsSentAgainEndsAsTheLastAttemptSays(t *testing.T) {
	for _, test := range []struct {
		outcome ledger.Outcome
		past    ledger.Past // for the content of the second attempt
		first   bool        // whether the first content differs
	}{
		{ledger.Refused, ledger.Past{State: ledger.Uncertain, Differs: true}, false},
		{ledger.Doubtful, ledger.Past{State: ledger.Uncertain}, false},
		{ledger.Found, ledger.Past{State: ledger.Sent, Differs: true}, false},
		{ledger.Delivered, ledger.Past{State: ledger.Sent}, true},
	} {
		e := open(1)
		chosen(t, e.Job(2001), 2001, ledger.ContentOf("1")).Settle(ledger.Doubtful)
		second := chosen(t, e.Job(2001), 2001, ledger.ContentOf("2"))
		require.Equal(t, ledger.Past{State: ledger.Uncertain, Differs: true}, past(t, second))
		second.Settle(test.outcome)
		require.Equal(t, test.past, past(t, chosen(t, e.Job(2001), 2001, ledger.ContentOf("2"))))
		if test.past.State == ledger.Sent { // else the claim before is the one that may send
			require.Equal(t, test.first, past(t, chosen(t, e.Job(2001), 2001, ledger.ContentOf("1"))).Differs)
		}
		require.Zero(t, left(e))
	}
}

func TestAReplyOfAnotherProcessIsKnownWithoutItsContent(t *testing.T) {
	e := open(1)
	chosen(t, e.Job(2001), 2001, ledger.ContentOf("1")).Settle(ledger.Found)
	require.Equal(t, 1, left(e))
	require.Equal(t, ledger.Past{State: ledger.Sent}, past(t, chosen(t, e.Job(2001), 2001, ledger.ContentOf("2"))))
}

func TestANumberStandsForOneReplyWithinARun(t *testing.T) {
	a, b, stream := ledger.ContentOf("a"), ledger.ContentOf("b"), ledger.Content{}
	for name, test := range map[string]struct {
		first   ledger.Content
		outcome ledger.Outcome
		second  ledger.Content
		err     error
		past    ledger.Past
	}{
		"the same":                       {a, ledger.Delivered, a, nil, ledger.Past{State: ledger.Sent}},
		"another":                        {a, ledger.Delivered, b, ledger.ErrTaken, ledger.Past{}},
		"another, in doubt":              {a, ledger.Doubtful, b, ledger.ErrTaken, ledger.Past{}},
		"another, sent by a process":     {a, ledger.Found, b, ledger.ErrTaken, ledger.Past{}},
		"another after a refusal":        {a, ledger.Refused, b, nil, ledger.Past{}},
		"a stream equals everything":     {a, ledger.Delivered, stream, nil, ledger.Past{State: ledger.Sent}},
		"everything equals a stream":     {stream, ledger.Delivered, b, nil, ledger.Past{State: ledger.Sent}},
		"the same after an unknown send": {a, ledger.Doubtful, a, nil, ledger.Past{State: ledger.Uncertain}},
	} {
		t.Run(name, func(t *testing.T) {
			e := open(3)
			claims := map[string]func(*ledger.Run, ledger.Content) error{
				"alone": func(r *ledger.Run, content ledger.Content) error {
					c, err := r.ClaimSeq(7, content)
					if err == nil {
						require.Equal(t, test.past, past(t, c))
						c.Settle(ledger.Refused)
					}
					return err
				},
				"in an album": func(r *ledger.Run, content ledger.Content) error {
					before := left(e)
					claims, err := r.ClaimSeqs(6, []ledger.Content{ledger.ContentOf("8"), content})
					if err != nil {
						require.Equal(t, before, left(e), "none of them")
						return err
					}
					require.Equal(t, test.past, past(t, claims[1]))
					claims[0].Settle(ledger.Refused)
					claims[1].Settle(ledger.Refused)
					return nil
				},
			}
			for name, again := range claims {
				r := e.Delivery(name)
				chosen(t, r, 7, test.first).Settle(test.outcome)
				require.ErrorIs(t, again(r, test.second), test.err)
				e = open(3)
			}
		})
	}
}

func TestALaterRunRepeatsTheReplyWhateverItsContent(t *testing.T) {
	e := open(1)
	claimed, err := e.Delivery(1).Claim(ledger.ContentOf("a"))
	require.NoError(t, err)
	claimed.Settle(ledger.Delivered)
	other := ledger.ContentOf("b")
	for owner, content := range map[int]ledger.Content{2: other, 3: ledger.ContentOf("a"), 4: {}} {
		r := e.Delivery(owner)
		c, err := r.Claim(content)
		require.NoError(t, err)
		require.Equal(t, ledger.Past{State: ledger.Sent, Differs: content == other}, past(t, c))
		c.Settle(ledger.Refused) // not sent, because it is a duplicate
		require.Zero(t, left(e))
		_, err = r.ClaimSeq(1001, ledger.ContentOf("5"))
		require.Equal(t, content != ledger.Content{}, errors.Is(err, ledger.ErrTaken), "in its own run the number stands for its own content")
	}
}

func TestContentIsForgottenOnlyAfterTheLastClaimOfItsRun(t *testing.T) {
	r := first(open(3))
	a, b := chosen(t, r, 7, ledger.ContentOf("1")), chosen(t, r, 7, ledger.ContentOf("1"))
	a.Settle(ledger.Refused)
	_, err := r.ClaimSeq(7, ledger.ContentOf("2"))
	require.ErrorIs(t, err, ledger.ErrTaken, "b may still be sent")
	b.Settle(ledger.Refused)
	c := chosen(t, r, 7, ledger.ContentOf("2"))
	require.Equal(t, ledger.Past{}, past(t, c))
}

func TestOfTwoClaimsOfANumberTheFirstSends(t *testing.T) {
	runs := map[string]func(e *ledger.Entry) (a, b *ledger.Run){
		"one run": func(e *ledger.Entry) (a, b *ledger.Run) { return first(e), first(e) },
		"a redelivery while the first is handled": func(e *ledger.Entry) (a, b *ledger.Run) { return e.Delivery(1), e.Delivery(2) },
		"a job that is enqueued twice":            func(e *ledger.Entry) (a, b *ledger.Run) { return e.Job(1001), e.Job(1001) },
	}
	for name, two := range runs {
		for outcome, state := range map[ledger.Outcome]ledger.State{
			ledger.Delivered: ledger.Sent, ledger.Found: ledger.Sent, ledger.Doubtful: ledger.Uncertain, ledger.Refused: ledger.Unsent,
		} {
			t.Run(name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					e := open(1)
					a, b := two(e)
					sends, waits, third := chosen(t, a, 1001, ledger.ContentOf("1")), chosen(t, b, 1001, ledger.ContentOf("1")), chosen(t, b, 1001, ledger.ContentOf("1"))
					require.Equal(t, ledger.Past{}, past(t, sends))
					require.Equal(t, ledger.Past{}, past(t, sends), "its own claim is no repetition")

					ctx, cancel := context.WithCancelCause(t.Context())
					cancel(context.Canceled)
					_, err := waits.Wait(ctx)
					require.Equal(t, context.Canceled, err)
					var got [2]ledger.Past
					var all sync.WaitGroup
					all.Go(func() { got[0] = wait(t, waits) })
					all.Go(func() { got[1] = wait(t, waits) })
					thirdDone := make(chan ledger.Past, 1)
					go func() { thirdDone <- wait(t, third) }()
					synctest.Wait()
					require.Empty(t, thirdDone)
					sends.Settle(outcome)
					all.Wait()
					require.Equal(t, [2]ledger.Past{{State: state}, {State: state}}, got)
					synctest.Wait()
					require.Equal(t, state == ledger.Sent, len(thirdDone) == 1, "it waits for the second, unless nobody sends")
					waits.Settle(ledger.Refused)
					require.Equal(t, ledger.Past{State: state}, <-thirdDone)
					third.Settle(ledger.Refused)
					require.Equal(t, outcome == ledger.Refused || outcome == ledger.Found, left(e) == 1)
				})
			})
		}
	}
}

func wait(t *testing.T, c *ledger.Claim) ledger.Past {
	p, err := c.Wait(t.Context())
	if err != nil {
		t.Error(err)
	}
	return p
}

func TestAWaiterThatGivesUpLeavesItsPlaceToTheNext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := open(1)
		sends, gone, next := chosen(t, first(e), 7, ledger.ContentOf("1")), chosen(t, e.Job(7), 7, ledger.ContentOf("1")), chosen(t, e.Job(7), 7, ledger.ContentOf("1"))
		done := make(chan ledger.Past, 1)
		go func() { done <- wait(t, next) }()
		synctest.Wait()
		gone.Settle(ledger.Refused)
		synctest.Wait()
		require.Empty(t, done)
		sends.Settle(ledger.Refused)
		require.Equal(t, ledger.Past{}, <-done)
	})
}

func TestNumbersWithoutALimitAreRememberedUpToABound(t *testing.T) {
	e := ledger.New(1).Open("m", time.Now(), ledger.Limits{Window: time.Minute})
	for i := range uint32(2000) {
		c := chosen(t, first(e), 10_000+i, ledger.ContentOf("1"))
		require.Equal(t, ledger.Past{}, past(t, c))
		c.Settle(ledger.Delivered)
		again := chosen(t, e.Job(1), 10_000+i, ledger.ContentOf("1"))
		require.Equal(t, i < 1500, past(t, again).State == ledger.Sent, i)
		again.Settle(ledger.Refused)
		_, err := first(e).ClaimSeq(10_000+i, ledger.ContentOf("2"))
		require.ErrorIs(t, err, ledger.ErrTaken, "the run remembers it")
	}
	refused := chosen(t, first(e), 7, ledger.ContentOf("1"))
	refused.Settle(ledger.Refused)
	chosen(t, first(e), 7, ledger.ContentOf("2"))
}

func TestClaimsOfOneNumberShareASlot(t *testing.T) {
	e := open(2)
	a, b := chosen(t, first(e), 7, ledger.Content{}), chosen(t, e.Job(7), 7, ledger.Content{})
	require.Equal(t, 1, left(e))
	a.Settle(ledger.Refused)
	require.Equal(t, 1, left(e), "the other may still be sent")
	b.Settle(ledger.Refused)
	require.Equal(t, 2, left(e))
}

func TestExactlyOneOfManyGetsTheLastSlot(t *testing.T) {
	e := open(5)
	for range 4 {
		claim(t, e).Settle(ledger.Delivered)
	}
	var got, refused atomic.Int32
	var all sync.WaitGroup
	for range 64 {
		all.Go(func() {
			c, err := first(e).Claim(ledger.Content{})
			switch {
			case err == nil:
				got.Add(1)
				c.Settle(ledger.Delivered)
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
			all.Go(func() { c.Settle(ledger.Refused) })
		}
		all.Wait()
		require.Equal(t, 1, left(e))
	}
}

func TestContentIsTheSameForTheSamePartsOnly(t *testing.T) {
	parts := [][]string{{}, {""}, {"", ""}, {"ab"}, {"a", "b"}, {"b", "a"}, {"ab", ""}, {"", "ab"}, {"a", "bc"}, {"ab", "c"}}
	seen := make(map[ledger.Content]int)
	for i, p := range parts {
		c := ledger.ContentOf(p...)
		require.NotZero(t, c)
		require.Equal(t, c, ledger.ContentOf(p...))
		_, twice := seen[c]
		require.False(t, twice, "%q and %q", p, parts[seen[c]])
		seen[c] = i
	}
}

func TestContentThatIsKnownLaterCountsFromThenOn(t *testing.T) {
	e := open(3)
	r := e.Delivery(1)
	require.Same(t, e, r.Entry())
	stream := chosen(t, r, 7, ledger.Content{})
	require.NoError(t, stream.Identify(ledger.Content{}), "still unknown")
	require.NoError(t, stream.Identify(ledger.ContentOf("1")))
	require.ErrorIs(t, stream.Identify(ledger.ContentOf("2")), ledger.ErrTaken)
	_, err := r.ClaimSeq(7, ledger.ContentOf("2"))
	require.ErrorIs(t, err, ledger.ErrTaken)
	stream.Settle(ledger.Delivered)
	require.NoError(t, stream.Identify(ledger.ContentOf("2")), "too late to mean anything")
	require.Equal(t, ledger.Past{State: ledger.Sent, Differs: true}, past(t, chosen(t, e.Delivery(2), 7, ledger.ContentOf("2"))))

	other := chosen(t, r, 7, ledger.Content{})
	require.ErrorIs(t, other.Identify(ledger.ContentOf("2")), ledger.ErrTaken, "the number stands for content 1 in this run")
	require.NoError(t, other.Identify(ledger.ContentOf("1")))
}

func TestAReplyInAnotherFormDiffersBeforeItsKeyIsKnown(t *testing.T) {
	cat, dog := ledger.ContentOf("image", "cat.png"), ledger.ContentOf("image", "dog.png")
	for name, test := range map[string]struct {
		first, second ledger.Content
		taken         bool
	}{
		"another form, no keys":           {cat, dog, true},
		"another form, the same key":      {cat.Of("k"), dog.Of("k"), true},
		"the same form, another key":      {cat.Of("k"), cat.Of("l"), true},
		"the same form, one key unknown":  {cat.Of("k"), cat, false},
		"the same form, an empty key":     {cat.Of("k"), cat.Of("l").Of(""), false},
		"the same form and the same key":  {cat.Of("k"), cat.Of("k"), false},
		"nothing is known of the second":  {cat.Of("k"), ledger.Content{}, false},
		"nothing but the keys, different": {ledger.Content{}.Of("k"), ledger.Content{}.Of("l"), true},
	} {
		r := first(open(3))
		chosen(t, r, 7, test.first).Settle(ledger.Delivered)
		_, err := r.ClaimSeq(7, test.second)
		require.Equal(t, test.taken, errors.Is(err, ledger.ErrTaken), name)
	}
}
