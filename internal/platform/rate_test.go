package platform

import (
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
