package ledger_test

import (
	"fmt"
	"math"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/botgo-contrib/richmedia/internal/ledger"
)

var (
	group = ledger.Limits{Replies: 5, Window: 5 * time.Minute}
	c2c   = ledger.Limits{Replies: 4, Window: time.Hour}
	free  = ledger.Limits{}
)

// claim is Claim in the one delivery that most tests need; it must succeed.
func claim(t *testing.T, e *ledger.Entry) *ledger.Claim {
	t.Helper()
	c, err := first(e).Claim(ledger.Content{})
	require.NoError(t, err)
	return c
}

// first is the first delivery of e.
func first(e *ledger.Entry) *ledger.Run { return e.Delivery("first") }

func TestAMessageHasOneRecordHoweverOftenItIsOpened(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := ledger.New(10)
		arrived := time.Now()
		e := l.Open("a", arrived, group)
		claim(t, e).Settle(ledger.Delivered)
		time.Sleep(time.Minute)

		again := l.Open("a", time.Now(), c2c)
		n, until := again.Left()
		require.Equal(t, 4, n)
		require.Equal(t, arrived.Add(5*time.Minute), until, "a known message keeps its first arrival and its limits")
		require.EqualValues(t, 1001+1, claim(t, again).Seq())
		require.EqualValues(t, 1001, claim(t, l.Open("b", time.Now(), group)).Seq())
	})
}

func TestTheWindowEndsOnTheDot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := ledger.New(10).Open("a", time.Now(), group)
		time.Sleep(5*time.Minute - time.Nanosecond)
		claim(t, e).Settle(ledger.Refused)
		n, until := e.Left()
		require.Equal(t, 5, n)

		time.Sleep(time.Nanosecond)
		require.Zero(t, time.Until(until))
		n, _ = e.Left()
		require.Zero(t, n)
		_, err := first(e).Claim(ledger.Content{})
		require.ErrorIs(t, err, ledger.ErrWindow)
		_, err = first(e).ClaimSeq(7, ledger.Content{})
		require.ErrorIs(t, err, ledger.ErrWindow)
	})
}

func TestNoWindowAndNoLimitNeverRefuse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := ledger.New(10).Open("a", time.Time{}, free)
		time.Sleep(1000 * time.Hour)
		for i := range 100 {
			c := claim(t, e)
			require.EqualValues(t, 1001+i, c.Seq())
			c.Settle(ledger.Delivered)
		}
		n, until := e.Left()
		require.Equal(t, math.MaxInt, n)
		require.True(t, until.IsZero())
	})
}

func TestAnArrivalInTheFutureCountsAsNow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := ledger.New(10).Open("a", time.Now().Add(time.Hour), group)
		_, until := e.Left()
		require.Equal(t, 5*time.Minute, time.Until(until))
	})
}

// TestAClockThatWasSetChangesNoWindow of a job, whose time of arrival has been through JSON: a machine may start with a clock
// that is hours wrong, and set it when the network is there.
func TestAClockThatWasSetChangesNoWindow(t *testing.T) {
	for _, wrong := range []time.Duration{-8 * time.Hour, 0, 8 * time.Hour} {
		l := ledger.New(10)
		l.BegunWith(wrong)
		_, until := l.Open("m", time.Now().Add(-time.Minute).Round(0), group).Left()
		require.InDelta(t, 4*time.Minute, time.Until(until), float64(time.Second), "the clock was %s wrong", wrong)
	}
}

func TestALateArrivalIsRefusedFromTheStart(t *testing.T) {
	for _, arrived := range []time.Time{{}, time.Now().Add(-6 * time.Minute), time.Now().Add(-20 * time.Minute)} {
		_, err := first(ledger.New(10).Open("a", arrived, group)).Claim(ledger.Content{})
		require.ErrorIs(t, err, ledger.ErrWindow)
	}
}

func TestAMessageIsRememberedForItsWindowButAtLeastFifteenMinutes(t *testing.T) {
	for _, test := range []struct {
		lim  ledger.Limits
		kept time.Duration
	}{
		{group, 15 * time.Minute},
		{c2c, time.Hour},
		{free, 10000 * time.Hour},
	} {
		synctest.Test(t, func(t *testing.T) {
			l := ledger.New(10)
			e := l.Open("a", time.Now(), test.lim)
			time.Sleep(test.kept - time.Nanosecond)
			require.Same(t, e, l.Open("a", time.Now(), test.lim))
			time.Sleep(time.Nanosecond)
			if test.lim == free {
				require.Same(t, e, l.Open("a", time.Now(), test.lim))
			} else {
				require.NotSame(t, e, l.Open("a", time.Now(), test.lim))
			}
		})
	}
}

func TestTheLeastRecentlyOpenedIsForgottenFirst(t *testing.T) {
	l := ledger.New(3)
	now := time.Now()
	a := l.Open("a", now, group)
	b := l.Open("b", now, c2c)
	c := l.Open("c", now, free)
	require.Same(t, a, l.Open("a", now, group))
	l.Open("d", now, group) // in place of b
	require.Same(t, a, l.Open("a", now, group))
	require.Same(t, c, l.Open("c", now, free))
	require.NotSame(t, b, l.Open("b", now, c2c)) // in place of d
	require.Same(t, a, l.Open("a", now, group))

	claim(t, b).Settle(ledger.Delivered) // still usable by the one who holds it
	n, _ := b.Left()
	require.Equal(t, 3, n)
}

func TestLenCountsTheMessagesThatAreRemembered(t *testing.T) {
	l := ledger.New(3)
	for i := range 5 {
		require.Equal(t, min(i, 3), l.Len())
		l.Open(fmt.Sprint(i), time.Now(), group)
		l.Open(fmt.Sprint(i), time.Now(), group)
	}
}

func TestOneMessageIsRememberedEvenByALedgerOfNone(t *testing.T) {
	l := ledger.New(0)
	require.Same(t, l.Open("a", time.Now(), group), l.Open("a", time.Now(), group))
}

// BenchmarkOpenKnown opens messages all over the ledger, beside the same look-up in a plain map: what grows with the
// number of messages is what the machine takes to reach memory outside its caches.
func BenchmarkOpenKnown(b *testing.B) {
	for _, size := range []int{1_000, 10_000, 100_000, 1_000_000} {
		l, keys := filled(size)
		now := time.Now()
		entries := make(map[string]*ledger.Entry)
		for _, key := range keys {
			entries[key] = l.Open(key, now, group)
		}
		b.Run(fmt.Sprint("ledger/", size), func(b *testing.B) {
			b.ReportAllocs()
			i := 0
			for b.Loop() {
				l.Open(keys[i], now, group)
				i = (i + 7919) % size
			}
		})
		b.Run(fmt.Sprint("map/", size), func(b *testing.B) {
			i := 0
			var sum int
			for b.Loop() {
				n, _ := entries[keys[i]].Left()
				sum += n
				i = (i + 7919) % size
			}
		})
	}
}

func BenchmarkOpenNewAndClaimWhenFull(b *testing.B) {
	for _, size := range []int{1_000, 10_000, 100_000, 1_000_000} {
		l, keys := filled(size)
		for i := range size {
			keys = append(keys, "other "+keys[i])
		}
		now := time.Now()
		i := size // each half was forgotten by the time that the other has been opened
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				c, err := first(l.Open(keys[i%len(keys)], now, group)).Claim(ledger.Content{})
				if err != nil {
					b.Fatal(err)
				}
				c.Settle(ledger.Delivered)
				i++
			}
		})
	}
}

// filled returns a ledger with size messages and their keys, which are as long as real ones.
func filled(size int) (*ledger.Ledger, []string) {
	l := ledger.New(size)
	keys := make([]string, size)
	now := time.Now()
	for i := range keys {
		keys[i] = fmt.Sprintf("group:%032X:ROBOT1.0_%050d", i, i)
		lim := group
		if i%2 == 1 {
			lim = c2c
		}
		l.Open(keys[i], now, lim)
	}
	return l, keys
}
