//go:build unix

package main

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

var some = figures{Cold: 5, Warm: 1, Claim: 1, PerSecond: 50_000, FileBytes: 300, ClaimBytes: 200}

func TestASharedStoreUploadsWhatOneInstanceWould(t *testing.T) {
	s := scenario{instances: 1, chats: 20_000, perChat: 10, peak: 4, images: 100, imageBytes: 1e5, ttl: time.Hour}
	alone := s.simulate(some, 1)
	s.instances, s.shared = 50, true
	shared := s.simulate(some, 1)
	s.shared = false
	apart := s.simulate(some, 1)
	assert.InEpsilon(t, alone.uploads, shared.uploads, 0.05)
	assert.Greater(t, apart.uploads, 10*shared.uploads)
	assert.InEpsilon(t, 200_000, shared.replies, 0.02)
	assert.Zero(t, apart.trips)
}

func TestRoundTripsLieBetweenThoseOfHotAndOfColdReplies(t *testing.T) {
	s := scenario{instances: 10, chats: 20_000, perChat: 10, images: 100, ttl: time.Hour, shared: true}
	d := s.simulate(some, 1)
	assert.Greater(t, d.trips, d.replies*float64(some.Claim))
	assert.Less(t, d.trips, d.replies*float64(some.Claim+some.Warm)+d.uploads*float64(some.Cold))
	s.instances = 1
	assert.Less(t, s.simulate(some, 1).trips, d.trips, "the memory in front is of more use where one has all of the messages")
}

func TestWhatIsFurthestOverItsLimitComesFirst(t *testing.T) {
	s := scenario{instances: 1000, chats: 1_000_000, perChat: 10, peak: 4, images: 1000, imageBytes: 1e5, ttl: 24 * time.Hour, shared: true}
	all := s.demands(some, day{replies: 1e7, uploads: 1000, trips: 2e7})
	assert.Equal(t, "messages to the platform", all[0].of)
	assert.InEpsilon(t, 4.63, all[0].factor(), 0.01)
	for i := 1; i < len(all); i++ {
		assert.GreaterOrEqual(t, all[i-1].factor(), all[i].factor())
	}
}
