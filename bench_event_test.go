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
// does nothing, and to one that makes a bare request.
func BenchmarkEvent(b *testing.B) {
	const batches, batch = 4, 20 // below the 100 messages a second that the platform accepts from one bot
	keepHandlers(b)
	var plugin, botgo, bare lane
	for b.Loop() {
		bed := newEventBed(b)
		empty := func(*dto.WSPayload, *dto.WSGroupATMessageData) error { return nil }
		request := func(*dto.WSPayload, *dto.WSGroupATMessageData) error { return bed.sendBare(benchGroup) }
		for range batches {
			events := newEvents(batch)
			botgo.weigh(b, dispatched(events, empty, nil))
			plugin.weigh(b, dispatched(events, bed.handle, func() error { return <-bed.done }))
			bare.weigh(b, dispatched(events, request, nil))
		}
	}
	figures{
		{plugin.median() / 1e3 / batch, "µs/event"},
		{botgo.median() / 1e3 / batch, "µs/event_by_botgo"},
		{plugin.x(&botgo), "x_of_botgo_dispatch"},
		{plugin.x(&bare), "x_of_dispatch_and_bare_request"},
		{float64(median(plugin.allocs)) / batch, "allocs/event"},
		{float64(median(botgo.allocs)) / batch, "allocs/event_by_botgo"},
		{float64(median(bare.allocs)) / batch, "allocs/event_and_bare_request"},
	}.report(b)
}

// BenchmarkRemembered is the same with many messages that were answered before, beside a plugin that knows a thousand.
func BenchmarkRemembered(b *testing.B) {
	const batch = 25
	sizes := []int{1_000, 100_000, 1_000_000}
	keepHandlers(b)
	beds := make([]*eventBed, len(sizes))
	lanes := make([]lane, len(sizes))
	for i, n := range sizes {
		beds[i] = newEventBed(b, richmedia.WithInline())
		beds[i].remember(n)
	}
	turns := make([]func(), len(sizes))
	for i, bed := range beds {
		turns[i] = func() {
			lanes[i].run(b, dispatched(newEvents(batch), bed.handle, func() error { return <-bed.done }))
		}
	}
	for round := 0; b.Loop(); round++ {
		began := time.Now()
		inTurns(round, turns...)
		time.Sleep(time.Until(began.Add(batch * 12 * time.Millisecond))) // the rate of the platform, 100 a second
	}
	var f figures
	for i, n := range sizes {
		f = append(f, figure{lanes[i].median() / 1e3 / batch, fmt.Sprintf("µs/event_with_%d", n)})
		if i > 0 {
			f = append(f, figure{lanes[i].x(&lanes[0]), fmt.Sprintf("x_with_%d", n)})
		}
	}
	f.report(b)
}

// remember lets the plugin answer n events, with a number for a reply that the bot sends itself.
func (b *eventBed) remember(n int) {
	h := b.media.GroupATMessage(func(_ context.Context, c *richmedia.Context) error {
		_, err := c.NextSeq()
		return err
	})
	const workers = 4
	var wg sync.WaitGroup
	for range workers {
		wg.Go(func() {
			for range n / workers {
				if err := h(newEvent(), nil); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
}
