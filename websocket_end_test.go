//go:build !race

// botgo's own websocket client races inside itself (version 0.2.1).

package richmedia_test

import (
	"context"
	"fmt"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/tencent-connect/botgo"
	"github.com/tencent-connect/botgo/event"
	"github.com/tencent-connect/botgo/token"

	"github.com/botgo-contrib/richmedia"
	"github.com/botgo-contrib/richmedia/richmediatest"
)

// endings are the ways in which a gateway ends a connection, and what botgo 0.2.1 does: the table of docs/operations.md.
var endings = []struct {
	name    string
	end     func(*richmediatest.Platform)
	resumes bool
}{
	{"a TCP reset", (*richmediatest.Platform).ResetGateway, true},
	{"op 7", (*richmediatest.Platform).Reconnect, true},
	{"4009", dropped(4009), true},
	{"FIN", (*richmediatest.Platform).HangUpGateway, false},
	{"1000", dropped(1000), false},
	{"1001", dropped(1001), false},
	{"1012", dropped(1012), false},
	{"4008", dropped(4008), false},
}

func dropped(code int) func(*richmediatest.Platform) {
	return func(p *richmediatest.Platform) { p.DropGateway(code) }
}

// gatewayBot is a bot on botgo's websocket that answers every message of single chats with its text.
type gatewayBot struct {
	*bed
	chat *richmediatest.Chat

	mu       sync.Mutex
	runs     map[string]int // by text
	repeated int
}

// newGatewayBot starts a bot whose handler calls before, and returns when it is connected.
func newGatewayBot(t *testing.T, before func(text string), opts ...richmedia.Option) *gatewayBot {
	t.Helper()
	p := richmediatest.New()
	useBotgo(t, p)
	src := token.NewQQBotTokenSource(p.Credentials())
	g := &gatewayBot{chat: p.C2C("ann"), runs: map[string]int{}}
	g.bed = newBareBed(t, p, src, append(opts, richmedia.WithTrace(richmedia.Trace{Event: func(e richmedia.EventInfo) {
		if e.Stage == richmedia.EventDuplicate {
			g.mu.Lock()
			defer g.mu.Unlock()
			g.repeated++
		}
	}}))...)
	p.PushTo(nil)
	intents := event.RegisterHandlers(g.media.C2CMessage(func(ctx context.Context, c *richmedia.Context) error {
		g.mu.Lock()
		g.runs[c.Text()]++
		g.mu.Unlock()
		before(c.Text())
		_, err := c.ReplyText(ctx, c.Text())
		return err
	}))
	ap, err := botgo.NewOpenAPI(p.AppID(), src).WS(t.Context(), nil, "")
	require.NoError(t, err)
	go botgo.NewSessionManager().Start(ap, src, &intents) //nolint:errcheck // it never returns
	require.NoError(t, p.WaitReady(soon(t)))
	return g
}

// heard returns how often each text was handled.
func (g *gatewayBot) heard() map[string]int {
	g.mu.Lock()
	defer g.mu.Unlock()
	all := map[string]int{}
	for text, n := range g.runs {
		all[text] = n
	}
	return all
}

// said are the texts of the bot's answers.
func (g *gatewayBot) said() map[string]int {
	all := map[string]int{}
	for _, m := range g.chat.Answers() {
		all[m.Text]++
	}
	return all
}

func TestEveryEventThatAConnectionDeliversIsAnsweredOnceHoweverItEnds(t *testing.T) {
	g := newGatewayBot(t, func(string) {})
	want := map[string]int{}
	said := func(text string, delivered bool) {
		g.chat.Say("", text)
		if delivered {
			want[text] = 1
		}
	}
	for _, e := range endings {
		said("before "+e.name, true)
		answers(t, g.chat, len(want))
		e.end(g.Platform)
		said("while botgo is away after "+e.name, e.resumes) // botgo waits for a second before it dials
		require.NoError(t, g.WaitReady(soon(t)), e.name)
		said("after "+e.name, true)
		answers(t, g.chat, len(want))
		assert.Equal(t, want, g.said(), e.name)
	}
	require.NoError(t, g.media.Shutdown(soon(t)))
	assert.Equal(t, want, g.heard(), "no handler ran twice")
}

// After a resume the platform repeats the events that botgo had queued, and botgo runs them twice.
func TestEventsThatBotgoRunsTwiceAfterAResumeAreHandledOnce(t *testing.T) {
	for _, e := range endings {
		if !e.resumes {
			continue
		}
		t.Run(e.name, func(t *testing.T) {
			repeated := 0
			for try := 1; try <= 5 && repeated == 0; try++ { // on a busy machine botgo's old loop may end with the events in its queue
				t.Run(fmt.Sprint("try ", try), func(t *testing.T) { repeated = repeatedAfterResume(t, e.end) })
			}
			assert.Positive(t, repeated, "botgo ran events twice")
		})
	}
}

// repeatedAfterResume ends a connection with three events in botgo's queue, and returns how many botgo ran twice.
func repeatedAfterResume(t *testing.T, end func(*richmediatest.Platform)) int {
	t.Helper()
	entered, release := make(chan struct{}, 1), make(chan struct{})
	g := newGatewayBot(t, func(text string) {
		if text == "first" { // botgo's loop waits, and queues what comes
			entered <- struct{}{}
			<-release
		}
	}, richmedia.WithInline())
	g.chat.Say("", "first")
	<-entered
	for _, text := range []string{"second", "third", "fourth"} {
		g.chat.Say("", text)
	}
	end(g.Platform)
	require.NoError(t, g.WaitReady(soon(t)))
	close(release)
	g.chat.Say("", "last")
	answers(t, g.chat, 5)
	want := map[string]int{"first": 1, "second": 1, "third": 1, "fourth": 1, "last": 1}
	assert.Equal(t, want, g.said())
	require.NoError(t, g.media.Shutdown(soon(t)))
	assert.Equal(t, want, g.heard())
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.repeated
}
