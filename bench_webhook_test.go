package richmedia_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/tencent-connect/botgo"
	"github.com/tencent-connect/botgo/dto"
	"github.com/tencent-connect/botgo/event"
	"github.com/tencent-connect/botgo/interaction/webhook"
	"github.com/tencent-connect/botgo/log"

	"github.com/botgo-contrib/richmedia"
	"github.com/botgo-contrib/richmedia/richmediatest"
)

// BenchmarkWebhook is a push through WebhookHandler, beside the same through botgo's handler with a log that formats nothing:
// to a handler of botgo's type that does nothing, and to the plugin with a handler that does nothing.
func BenchmarkWebhook(b *testing.B) {
	const batches, batch = 4, 50
	was := log.DefaultLogger
	botgo.SetLogger(mute{}) // botgo formats each body for its log
	b.Cleanup(func() { botgo.SetLogger(was) })
	keepHandlers(b)
	p := richmediatest.New()
	media, err := richmedia.New(p.TokenSource(), richmedia.WithPlatform(p), richmedia.WithInline())
	require.NoError(b, err)
	b.Cleanup(func() { _ = media.Close() })
	credentials := p.Credentials()
	own := richmedia.WebhookHandler(credentials)
	botgos := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { webhook.HTTPHandler(w, r, credentials) })
	empty := event.GroupATMessageEventHandler(func(*dto.WSPayload, *dto.WSGroupATMessageData) error { return nil })
	plugin := media.GroupATMessage(func(context.Context, *richmedia.Context) error { return nil })

	var bare, beside, withPlugin lane
	for round := 0; b.Loop(); round++ {
		for range batches {
			inTurns(round,
				func() { bare.count(b, pushed(p, batch, botgos, empty)) },
				func() { beside.count(b, pushed(p, batch, own, empty)) },
				func() { withPlugin.count(b, pushed(p, batch, own, plugin)) },
			)
		}
	}
	figures{
		{beside.median() / 1e3 / batch, "µs/push"},
		{bare.median() / 1e3 / batch, "µs/push_by_botgo"},
		{beside.x(&bare), "x_of_botgo"},
		{withPlugin.x(&bare), "x_with_plugin"},
		{float64(median(beside.allocs)) / batch, "allocs/push"},
		{float64(median(bare.allocs)) / batch, "allocs/push_by_botgo"},
	}.report(b)
}

// pushed returns a function that pushes n new events to h, which dispatches them to handler.
func pushed(p *richmediatest.Platform, n int, h http.Handler, handler event.GroupATMessageEventHandler) func() error {
	requests := make([]*http.Request, n)
	answers := make([]*httptest.ResponseRecorder, n)
	for i, e := range newEvents(n) {
		requests[i], answers[i] = p.SignedRequest(e.RawMessage), httptest.NewRecorder()
	}
	return func() error {
		event.DefaultHandlers.GroupATMessage = handler
		for i, r := range requests {
			h.ServeHTTP(answers[i], r)
			if got := answers[i].Body.String(); got != `{"op":12,"d":0}` {
				return fmt.Errorf("the answer is %d %q", answers[i].Code, got)
			}
		}
		return nil
	}
}
