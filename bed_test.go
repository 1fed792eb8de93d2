package richmedia_test

import (
	"context"
	"errors"
	"flag"
	"net/http"
	"os"
	"runtime/debug"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/tencent-connect/botgo"
	"github.com/tencent-connect/botgo/event"
	"go.uber.org/goleak"
	"golang.org/x/oauth2"

	"github.com/botgo-contrib/richmedia"
	"github.com/botgo-contrib/richmedia/richmediatest"
)

// tolerated are the goroutines of others that cannot be ended.
var tolerated []goleak.Option

func TestMain(m *testing.M) {
	botgo.SetLogger(&logger{}) // botgo's own prints every event
	flag.Parse()
	if flag.Lookup("test.bench").Value.String() == "" {
		debug.SetGCPercent(200) // the tests allocate much and keep little
	}
	goleak.VerifyTestMain(m, tolerated...)
}

// media are the quickstart's files: real, playable and small.
var media = os.DirFS("examples/quickstart/media")

func readMedia(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile("examples/quickstart/media/" + name)
	require.NoError(t, err)
	return b
}

// bed is a bot on a platform, with botgo's webhook between them. When its test ends, the plugin and the platform are closed and
// botgo's handlers are put back.
type bed struct {
	*richmediatest.Platform
	media *richmedia.Plugin
	log   *logger
}

// newBed returns a bot on a platform of its own, within the process: it can be used in a synctest bubble. Any option may be
// overridden.
func newBed(t testing.TB, opts ...richmedia.Option) *bed {
	t.Helper()
	return newBedOn(t, richmediatest.New(), opts...)
}

// newBedOn returns a bot on p, beside the bots that are there already: another process of the same bot.
func newBedOn(t testing.TB, p *richmediatest.Platform, opts ...richmedia.Option) *bed {
	t.Helper()
	return newBedFrom(t, p, p.TokenSource(), opts...)
}

// newBedFrom returns a bot on p whose tokens come from src.
func newBedFrom(t testing.TB, p *richmediatest.Platform, src oauth2.TokenSource, opts ...richmedia.Option) *bed {
	t.Helper()
	return newBareBed(t, p, src, append([]richmedia.Option{richmedia.WithPlatform(p)}, opts...)...)
}

// newListeningBed returns a bot that connects to p's address with the plugin's own HTTP client.
func newListeningBed(t testing.TB, p *richmediatest.Platform, opts ...richmedia.Option) *bed {
	t.Helper()
	base, err := p.Listen()
	require.NoError(t, err)
	return newBareBed(t, p, p.TokenSource(), append([]richmedia.Option{richmedia.WithBaseURL(base)}, opts...)...)
}

// useBotgo points botgo's hosts at p until the test ends.
func useBotgo(t testing.TB, p *richmediatest.Platform) {
	t.Helper()
	_, err := p.Listen()
	require.NoError(t, err)
	t.Cleanup(http.DefaultClient.CloseIdleConnections) // botgo's token source leaves one
	t.Cleanup(p.UseBotgo())
}

// newBareBed returns a bot that no option connects to p: without one in opts it uses botgo's hosts.
func newBareBed(t testing.TB, p *richmediatest.Platform, src oauth2.TokenSource, opts ...richmedia.Option) *bed {
	t.Helper()
	keepHandlers(t)
	b := &bed{Platform: p, log: &logger{}}
	var err error
	b.media, err = richmedia.New(src, append([]richmedia.Option{richmedia.WithLogger(b.log)}, opts...)...)
	require.NoError(t, err)
	t.Cleanup(func() {
		if b.media.Close() != nil { // Close waits 5 s for a handler that ignores its ctx
			ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
			defer cancel()
			require.NoError(t, b.media.Shutdown(ctx))
		}
		require.NoError(t, p.Close())
	})
	p.PushTo(richmedia.WebhookHandler(p.Credentials()))
	return b
}

// onGroup registers a handler for the messages of all groups.
func (b *bed) onGroup(h richmedia.Handler) { event.RegisterHandlers(b.media.GroupATMessage(h)) }

// onC2C registers a handler for the messages of all single chats.
func (b *bed) onC2C(h richmedia.Handler) { event.RegisterHandlers(b.media.C2CMessage(h)) }

// onButton registers a handler for the buttons of all chats.
func (b *bed) onButton(h richmedia.Handler) { event.RegisterHandlers(b.media.Interaction(h)) }

// context returns the Context of a new message in the chat, outside any handler. From then on nothing is pushed to the webhook.
func (b *bed) context(t testing.TB, chat *richmediatest.Chat) *richmedia.Context {
	t.Helper()
	b.PushTo(nil)
	c, err := b.media.Context(chat.Say("alice", "hi").Payload())
	require.NoError(t, err)
	return c
}

// fleet is one bot as several instances that share a store. Nothing is pushed: a test chooses the instance of each event.
type fleet struct {
	*richmediatest.Platform
	bots []*bed
}

func newFleet(t testing.TB, n int, store richmedia.Store, opts ...richmedia.Option) *fleet {
	t.Helper()
	return newFleetOn(t, richmediatest.New(), n, store, opts...)
}

func newFleetOn(t testing.TB, p *richmediatest.Platform, n int, store richmedia.Store, opts ...richmedia.Option) *fleet {
	t.Helper()
	f := &fleet{Platform: p}
	f.Host(catURL, readMedia(t, "cat.png"))
	for range n {
		f.bots = append(f.bots, newBedOn(t, p, append([]richmedia.Option{richmedia.WithStore(store)}, opts...)...))
	}
	f.PushTo(nil)
	return f
}

const catURL = "https://example.com/cat.png"

// answer lets instance i answer a new message in the chat with the cat.
func (f *fleet) answer(ctx context.Context, i int, chat *richmediatest.Chat) error {
	return f.answerWith(ctx, i, chat, richmedia.FromURL(catURL))
}

func (f *fleet) answerWith(ctx context.Context, i int, chat *richmediatest.Chat, src richmedia.Source) error {
	c, err := f.bots[i].media.Context(chat.Say("ann", "cat").Payload())
	if err != nil {
		return err
	}
	_, err = c.ReplyImage(ctx, src)
	return err
}

// chatOf returns where c answers, without the numbers of a job.
func chatOf(c *richmedia.Context) richmedia.Target {
	t := c.Target()
	t.Seq = 0
	return t
}

// soon returns a ctx with the time that a test waits for what happens at once.
func soon(t testing.TB) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeoutCause(t.Context(), 20*time.Second, errors.New("the test waited for 20 s"))
	t.Cleanup(cancel)
	return ctx
}

// answers waits for the bot's n-th answer.
func answers(t testing.TB, chat *richmediatest.Chat, n int) []richmediatest.Message {
	t.Helper()
	got, err := chat.WaitAnswers(soon(t), n)
	require.NoError(t, err)
	require.Len(t, got, n)
	return got
}
