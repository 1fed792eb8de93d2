package richmedia_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/tencent-connect/botgo/dto"
	"github.com/tencent-connect/botgo/event"
	"golang.org/x/sync/errgroup"

	"github.com/botgo-contrib/richmedia"
)

// BenchmarkRemembered is an event beside many that were handled before, and beside a thousand: one with a cached reply, and one
// that takes a number for a reply that the bot sends itself, which waits for no rate. It also reports what a remembered event
// costs, its ids and the answered message together.
func BenchmarkRemembered(b *testing.B) {
	const batch = 10 // few, because they are remembered as well
	sizes := []int{1_000, 100_000, 1_000_000}
	keepHandlers(b)
	replies, events := make([]lane, len(sizes)), make([]lane, len(sizes))
	reply, handle := make([]func(), len(sizes)), make([]func(), len(sizes))
	var f figures
	for i, n := range sizes {
		bed := newEventBed(b, richmedia.WithInline(), richmedia.WithMemory(2_000_000))
		before := liveHeap()
		bed.remember(n)
		f = append(f, figure{float64(liveHeap()-before) / float64(n), fmt.Sprintf("B/event_of_%d", n)})
		reply[i] = func() {
			replies[i].run(b, dispatched(newEvents(batch), bed.handle, func() error { return <-bed.done }))
		}
		handle[i] = func() { events[i].run(b, dispatched(newEvents(batch), bed.takesNumber(), nil)) }
	}
	for b.Loop() {
		began := time.Now()
		for turn := range 3 {
			inTurns(turn, reply...)
		}
		for turn := range 9 {
			inTurns(turn, handle...)
		}
		time.Sleep(time.Until(began.Add(3 * batch * 12 * time.Millisecond))) // the rate of the platform, 100 replies a second
	}
	for i, n := range sizes {
		f = append(f,
			figure{replies[i].median() / 1e3 / batch, fmt.Sprintf("µs/reply_with_%d", n)},
			figure{events[i].median() / 1e3 / batch, fmt.Sprintf("µs/event_with_%d", n)})
		if i > 0 {
			f = append(f,
				figure{replies[i].x(&replies[0]), fmt.Sprintf("x_of_reply_with_%d", n)},
				figure{replies[i].more(&replies[0]) / 1e3 / batch, fmt.Sprintf("µs_more/reply_with_%d", n)},
				figure{events[i].x(&events[0]), fmt.Sprintf("x_of_event_with_%d", n)},
				figure{events[i].more(&events[0]) / 1e3 / batch, fmt.Sprintf("µs_more/event_with_%d", n)})
		}
	}
	f.report(b)
}

// takesNumber returns a handler that takes a number for a reply that the bot sends itself.
func (b *eventBed) takesNumber() event.GroupATMessageEventHandler {
	return b.media.GroupATMessage(func(_ context.Context, c *richmedia.Context) error {
		_, err := c.NextSeq()
		return err
	})
}

// remember lets the plugin handle n events, which hold no more than they need.
func (b *eventBed) remember(n int) {
	h := b.takesNumber()
	var group errgroup.Group
	for range 2 {
		group.Go(func() error {
			for range n / 2 {
				i := numbers.Add(1)
				p := &dto.WSPayload{RawMessage: fmt.Appendf(nil, `{"d":{"id":"ROBOT1.0_%048d","group_openid":"%032X"}}`, i, i%100)}
				p.Type, p.EventID = dto.EventGroupAtMessageCreate, fmt.Sprintf("GROUP_AT_MESSAGE_CREATE:%d", i)
				if err := h(p, nil); err != nil {
					return err
				}
			}
			return nil
		})
	}
	require.NoError(b, group.Wait())
}
