package richmedia_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/tencent-connect/botgo/dto"
	"github.com/tencent-connect/botgo/event"
	"golang.org/x/oauth2"
	"golang.org/x/sync/errgroup"

	"github.com/botgo-contrib/richmedia"
)

// atOnce is a platform in process, without a network: what is left is the code on this side.
type atOnce struct{}

func (atOnce) RoundTrip(r *http.Request) (*http.Response, error) {
	if _, err := io.Copy(io.Discard, r.Body); err != nil {
		return nil, err
	}
	_ = r.Body.Close()
	answer := sentAnswer
	if strings.HasSuffix(r.URL.Path, "/files") {
		answer = uploadedAnswer
	}
	return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(answer)), Request: r}, nil
}

// eventBed is a plugin on atOnce that answers each event with a cached image.
type eventBed struct {
	*benchBed
	media  *richmedia.Plugin
	handle event.GroupATMessageEventHandler
	done   chan error
}

func newEventBed(b *testing.B, opts ...richmedia.Option) *eventBed {
	hc := &http.Client{Transport: atOnce{}}
	bed := &eventBed{done: make(chan error, 1), benchBed: &benchBed{
		B: b, url: "http://platform.test", hc: hc,
		src: oauth2.StaticTokenSource(&oauth2.Token{AccessToken: "t", Expiry: time.Now().Add(time.Hour)}),
	}}
	bed.media = bed.plugin(opts...)
	require.NoError(b, replied(b.Context(), bed.media, "warm", benchImage))
	bed.handle = bed.media.GroupATMessage(func(ctx context.Context, c *richmedia.Context) error {
		_, err := c.ReplyImage(ctx, richmedia.FromURL(benchImage))
		bed.done <- err
		return err
	})
	return bed
}

const benchImage = "https://example.com/cat.png"

// newEvent is a message to the bot in one of 100 groups, as botgo's webhook and websocket pass it to a handler.
func newEvent() *dto.WSPayload {
	n := numbers.Add(1)
	msgID := fmt.Sprintf("ROBOT1.0_%048d", n)
	p := &dto.WSPayload{RawMessage: fmt.Appendf(nil, `{"op":0,"s":%d,"t":"GROUP_AT_MESSAGE_CREATE","id":"GROUP_AT_MESSAGE_CREATE:%d",`+
		`"d":{"id":"%s","content":" /cat please","timestamp":"2026-08-01T12:00:00+08:00",`+
		`"author":{"id":"A1B2C3D4E5F60718293A4B5C6D7E8F90","member_openid":"A1B2C3D4E5F60718293A4B5C6D7E8F90","member_role":"member"},`+
		`"group_id":"%032X","group_openid":"%032X","message_scene":{"source":"default"}}}`, n, n, msgID, n%100, n%100)}
	p.OPCode, p.Type, p.EventID = dto.WSDispatchEvent, dto.EventGroupAtMessageCreate, fmt.Sprintf("GROUP_AT_MESSAGE_CREATE:%d", n)
	return p
}

// dispatched hands events to h the way that botgo does, and calls wait after each.
func dispatched(events []*dto.WSPayload, h event.GroupATMessageEventHandler, wait func() error) func() error {
	return func() error {
		event.DefaultHandlers.GroupATMessage = h
		for _, e := range events {
			if err := event.ParseAndHandle(e); err != nil {
				return err
			}
			if wait == nil {
				continue
			}
			if err := wait(); err != nil {
				return err
			}
		}
		return nil
	}
}

func newEvents(n int) []*dto.WSPayload {
	events := make([]*dto.WSPayload, n)
	for i := range events {
		events[i] = newEvent()
	}
	return events
}

// BenchmarkEvent is an event through the plugin with a cached reply, beside botgo's own dispatch of it to a handler that
// does nothing, and to one that makes a bare request: queued, as by default, and inline.
func BenchmarkEvent(b *testing.B) {
	b.Run("queued", func(b *testing.B) { benchEvent(b) })
	b.Run("inline", func(b *testing.B) { benchEvent(b, richmedia.WithInline()) })
}

func benchEvent(b *testing.B, opts ...richmedia.Option) {
	const batches, batch = 4, 18 // with the first one below the 100 messages a second that the platform accepts from one bot
	keepHandlers(b)
	var plugin, botgo, bare lane
	for b.Loop() {
		bed := newEventBed(b, opts...)
		wait := func() error { return <-bed.done }
		empty := func(*dto.WSPayload, *dto.WSGroupATMessageData) error { return nil }
		request := func(*dto.WSPayload, *dto.WSGroupATMessageData) error { return bed.sendBare(benchGroup) }
		require.NoError(b, dispatched(newEvents(batch), bed.handle, wait)()) // what is allocated once
		for round := range batches {
			events := newEvents(batch)
			inTurns(round,
				func() { botgo.count(b, dispatched(events, empty, nil)) },
				func() { plugin.count(b, dispatched(events, bed.handle, wait)) },
				func() { bare.count(b, dispatched(events, request, nil)) })
		}
	}
	figures{
		{plugin.median() / 1e3 / batch, "µs/event"},
		{bare.median() / 1e3 / batch, "µs/event_and_bare_request"},
		{plugin.x(&botgo), "x_of_botgo_dispatch"},
		{plugin.x(&bare), "x_of_dispatch_and_bare_request"},
		{float64(median(plugin.allocs)) / batch, "allocs/event"},
		{float64(median(botgo.allocs)) / batch, "allocs/event_by_botgo"},
		{float64(median(bare.allocs)) / batch, "allocs/event_and_bare_request"},
	}.report(b)
}

// BenchmarkFlood is what arrives faster than it is handled: one pusher, as botgo's websocket is, and a handler that does
// nothing, beside botgo's own dispatch.
func BenchmarkFlood(b *testing.B) {
	const n = 20_000
	keepHandlers(b)
	bed := newEventBed(b)
	var handled sync.WaitGroup
	empty := func(*dto.WSPayload, *dto.WSGroupATMessageData) error { return nil }
	var plugin, botgo lane
	for round := 0; b.Loop(); round++ {
		p := bed.plugin()
		h := p.GroupATMessage(func(context.Context, *richmedia.Context) error {
			handled.Done()
			return nil
		})
		events := newEvents(n)
		inTurns(round,
			func() { botgo.count(b, dispatched(events, empty, nil)) },
			func() {
				handled.Add(n)
				plugin.count(b, func() error {
					err := dispatched(events, h, nil)()
					handled.Wait()
					return err
				})
			})
	}
	figures{
		{botgo.x(&plugin), "events_x_of_botgo"},
		{n / (plugin.median() / 1e9), "events/s"},
		{n / (botgo.median() / 1e9), "events/s_by_botgo"},
		{float64(median(plugin.allocs)) / n, "allocs/event"},
		{float64(median(botgo.allocs)) / n, "allocs/event_by_botgo"},
	}.report(b)
}

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
