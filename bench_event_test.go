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
			events, botgos := newEvents(batch), botgosOwn(newEvents(batch))
			inTurns(round,
				func() { botgo.count(b, dispatched(botgos, empty, nil)) },
				func() { plugin.count(b, dispatched(events, bed.handle, wait)) },
				func() { bare.count(b, dispatched(botgos, request, nil)) })
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

// botgosOwn returns events that botgo dispatches by itself: those of the plugin's types go through the plugin's table of the
// process's bots, also to handlers of the bot's own.
func botgosOwn(events []*dto.WSPayload) []*dto.WSPayload {
	const typ dto.EventType = "BENCHMARK"
	event.RegisterHandler(dto.WSDispatchEvent, typ, func(payload *dto.WSPayload, message []byte) error { // as in botgo
		d := &dto.WSGroupATMessageData{}
		if err := event.ParseData(message, d); err != nil {
			return err
		}
		return event.DefaultHandlers.GroupATMessage(payload, d)
	})
	for _, e := range events {
		e.Type = typ
	}
	return events
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
		events, botgos := newEvents(n), botgosOwn(newEvents(n))
		inTurns(round,
			func() { botgo.count(b, dispatched(botgos, empty, nil)) },
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
