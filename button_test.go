package richmedia_test

import (
	"context"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/botgo-contrib/richmedia"
	"github.com/botgo-contrib/richmedia/richmediatest"
)

func TestOnlyButtonsAndMenusAreAcknowledged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBed(t)
		var ran atomic.Int32
		b.onButton(func(context.Context, *richmedia.Context) error { ran.Add(1); return nil })
		club := b.Group("club")
		want := map[string]int{}
		for typ := 10; typ <= 14; typ++ {
			ev := club.Interact("alice", typ, "x")
			if typ == 11 || typ == 12 {
				want[ev.InteractionID()] = 0
			}
		}
		synctest.Wait()
		assert.EqualValues(t, 5, ran.Load())
		assert.Equal(t, want, b.Acks())
		assert.Equal(t, 2, b.Count(richmediatest.OpAck))
	})
}

func TestAButtonIsAcknowledgedPastTheQueueOfItsChat(t *testing.T) {
	b := newBed(t)
	release := make(chan struct{})
	b.onGroup(func(context.Context, *richmedia.Context) error { <-release; return nil })
	pressed := make(chan struct{})
	b.onButton(func(context.Context, *richmedia.Context) error { close(pressed); return nil })
	b.Group("club").Say("alice", "slow")
	b.Group("club").Press("alice", "x")
	require.Eventually(t, func() bool { return len(b.Acks()) == 1 }, 20*time.Second, time.Millisecond, "the handlers are still waiting")
	select {
	case <-pressed:
		t.Fatal("the handler overtook the chat's order")
	default:
	}
	close(release)
	<-pressed
}

func TestWithManualAckLeavesAckToTheHandler(t *testing.T) {
	b := newBed(t, richmedia.WithManualAck())
	got := make(chan error, 3)
	b.onButton(func(ctx context.Context, c *richmedia.Context) error {
		got <- c.Ack(ctx, 6)
		got <- c.Ack(ctx, -1)
		got <- c.Ack(ctx, 3)
		return nil
	})
	b.Group("club").Press("alice", "x")
	require.ErrorContains(t, <-got, "code 6; the platform takes 0 to 5")
	require.ErrorContains(t, <-got, "code -1; the platform takes 0 to 5")
	require.NoError(t, <-got)
	for _, code := range b.Acks() {
		assert.Equal(t, 3, code)
	}
	assert.Len(t, b.Acks(), 1)

	auto := newBed(t)
	c := auto.context(t, auto.Group("club"))
	require.ErrorContains(t, c.Ack(t.Context(), 0), "no interaction")
	auto.PushTo(nil)
	c, err := auto.media.Context(auto.Group("club").Press("alice", "x").Payload())
	require.NoError(t, err)
	require.ErrorContains(t, c.Ack(t.Context(), 0), "WithManualAck")
}
