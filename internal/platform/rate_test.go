package platform

import (
	"context"
	"errors"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestRatesAreKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, _, _, _ := newTestClient(status(200, sentOK))
		var mu sync.Mutex
		var at []time.Time
		var wg sync.WaitGroup
		for range 300 {
			wg.Go(func() {
				_, err := c.Send(t.Context(), group, []byte(`{}`), true)
				assert.NoError(t, err)
				mu.Lock()
				defer mu.Unlock()
				at = append(at, time.Now())
			})
		}
		wg.Wait()
		for i := 100; i < len(at); i++ {
			assert.GreaterOrEqual(t, at[i].Sub(at[i-100]), time.Second, "101 messages within a second")
		}
	})
}

func TestTooManyRequestsAreFollowedByAPause(t *testing.T) {
	for name, scene := range map[string]struct {
		first         step
		least, at     time.Duration // at: exactly, where the platform says it
		withoutNumber bool
	}{
		"429":                   {first: status(429, "<html></html>"), least: 2 * time.Second},
		"40023001":              {first: status(400, `{"code":40023001}`), least: 2 * time.Second},
		"429 of a proactive":    {first: status(429, ""), least: 2 * time.Second, withoutNumber: true},
		"Retry-After 0":         {first: status(429, "", "Retry-After", "0"), least: 2 * time.Second},
		"Retry-After 7":         {first: status(429, "", "Retry-After", "7"), at: 7 * time.Second},
		"Retry-After 60":        {first: status(429, "", "Retry-After", "60"), at: time.Minute},
		"Retry-After of a day":  {first: status(429, "", "Retry-After", "86400"), at: time.Minute},
		"Retry-After with 503":  {first: status(503, "", "Retry-After", "9"), at: 9 * time.Second},
		"Retry-After of a date": {first: status(429, "", "Retry-After", "Fri, 31 Dec 2027 23:59:59 GMT"), least: 2 * time.Second},
		"Retry-After of less":   {first: status(429, "", "Retry-After", "-5"), least: 2 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c, s, _, _ := newTestClient(scene.first, status(200, sentOK))
				began := time.Now()
				_, err := c.Send(t.Context(), group, []byte(`{}`), !scene.withoutNumber)
				require.NoError(t, err)
				assert.Len(t, s.bodies, 2)
				if scene.at > 0 {
					assert.Equal(t, scene.at, time.Since(began))
				} else {
					assert.GreaterOrEqual(t, time.Since(began), scene.least)
					assert.LessOrEqual(t, time.Since(began), 10*time.Second)
				}
			})
		})
	}
}

// TestEachOfManyChatsHasItsOwnRate and busy chats are never forgotten, however many there are.
func TestEachOfManyChatsHasItsOwnRate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const busy = 3000
		var c chatRates
		turns := make(map[string][]time.Time)
		for range 2 * perChat {
			for i := range busy {
				id := strconv.Itoa(i)
				turns[id] = append(turns[id], c.turn(id))
			}
		}
		for id, at := range turns {
			for i := perChat; i < len(at); i++ {
				require.GreaterOrEqual(t, at[i].Sub(at[i-perChat]), ratePeriod, "chat %s", id)
			}
		}
		assert.Len(t, c.byID, busy)
		time.Sleep(time.Minute)
		for i := range busy { // each new chat looks at two old ones
			c.turn("new " + strconv.Itoa(i))
		}
		assert.Equal(t, c.ids.Len(), len(c.byID))
		assert.NotContains(t, c.byID, "0")
		assert.Len(t, c.byID, busy, "the idle ones are forgotten")
	})
}

func TestAChatsTurnIsWaitedForAsLongAsTheCallerHas(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var c chatRates
		for range perChat {
			require.NoError(t, c.wait(t.Context(), "a"))
		}
		ctx, cancel := context.WithTimeoutCause(t.Context(), time.Second, errors.New("enough"))
		defer cancel()
		require.ErrorContains(t, c.wait(ctx, "a"), "enough")
		require.NoError(t, c.wait(t.Context(), "b"))
		began := time.Now()
		require.NoError(t, c.wait(t.Context(), "a"))
		assert.LessOrEqual(t, time.Since(began), ratePeriod)
	})
}

// BenchmarkABusyChat is the price of one message to a chat of its own, among many that are busy.
func BenchmarkABusyChat(b *testing.B) {
	for _, n := range []int{1000, 16000, 256000} {
		b.Run(strconv.Itoa(n), func(b *testing.B) {
			ids := make([]string, n)
			for i := range ids {
				ids[i] = strconv.Itoa(i)
			}
			for b.Loop() {
				var c chatRates
				for _, id := range ids {
					c.turn(id)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(n), "ns/chat")
		})
	}
}

// TestCallsThatGiveUpTakeNoTurns: a queue of jobs that are repeated when they took too long would otherwise use up every turn
// before its time, and nothing would be sent any longer.
func TestCallsThatGiveUpTakeNoTurns(t *testing.T) {
	for name, wait := range map[string]func() func(context.Context) error{
		"an endpoint": func() func(context.Context) error { return newRates()[endpointPrepare].wait },
		"a guild's chat": func() func(context.Context) error {
			c := new(chatRates)
			return func(ctx context.Context) error { return c.wait(ctx, "a") }
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				const callers, lasting = 100, time.Minute
				rate := wait()
				var at []time.Time
				var mu sync.Mutex
				var wg sync.WaitGroup
				end := time.Now().Add(lasting)
				for range callers {
					wg.Go(func() {
						for time.Now().Before(end) {
							ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
							if rate(ctx) == nil {
								mu.Lock()
								at = append(at, time.Now())
								mu.Unlock()
							}
							cancel()
						}
					})
				}
				wg.Wait()
				most := 10
				if name != "an endpoint" {
					most = perChat
				}
				assert.Greater(t, len(at), most*int(lasting/ratePeriod)*9/10)
				for i := most; i < len(at); i++ {
					require.GreaterOrEqual(t, at[i].Sub(at[i-most]), ratePeriod)
				}
			})
		})
	}
}
