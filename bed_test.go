package richmedia_test

import (
	"context"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/tencent-connect/botgo"
	"github.com/tencent-connect/botgo/dto"
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

// bed is a platform, a plugin on it, and botgo's webhook between them.
type bed struct {
	*richmediatest.Platform
	media *richmedia.Plugin
	log   *logger
	t     testing.TB
}

// newBed makes the platform in process: tests with it run in a synctest bubble too. Opts may change anything.
func newBed(t testing.TB, opts ...richmedia.Option) *bed {
	t.Helper()
	return newBedOn(t, richmediatest.New(), opts...)
}

func newBedOn(t testing.TB, p *richmediatest.Platform, opts ...richmedia.Option) *bed {
	t.Helper()
	return newBedFrom(t, p, p.TokenSource(), opts...)
}

// newBedFrom has the plugin take its tokens from src.
func newBedFrom(t testing.TB, p *richmediatest.Platform, src oauth2.TokenSource, opts ...richmedia.Option) *bed {
	t.Helper()
	keepHandlers(t)
	b := &bed{Platform: p, log: &logger{}, t: t}
	var err error
	b.media, err = richmedia.New(src, append([]richmedia.Option{
		richmedia.WithHTTPClient(p.Client()),
		richmedia.WithBaseURL(p.URL()),
		richmedia.WithLogger(b.log),
	}, opts...)...)
	require.NoError(t, err)
	t.Cleanup(func() {
		require.NoError(t, b.media.Close())
		require.NoError(t, p.Close())
	})
	p.PushTo(richmedia.WebhookHandler(p.Credentials()))
	return b
}

// onGroup and onC2C register a handler for the messages of all chats.
func (b *bed) onGroup(h richmedia.Handler) { event.RegisterHandlers(b.media.GroupATMessage(h)) }
func (b *bed) onC2C(h richmedia.Handler)   { event.RegisterHandlers(b.media.C2CMessage(h)) }

// on registers a handler with Plugin.On, until the test ends.
func (b *bed) on(typ dto.EventType, h richmedia.Handler) dto.Intent {
	dropHandler(b.t, typ)
	return b.media.On(typ, h)
}

// context makes a Context of a new message in the chat, outside any handler.
func (b *bed) context(t testing.TB, chat *richmediatest.Chat) *richmedia.Context {
	t.Helper()
	b.PushTo(nil)
	c, err := b.media.Context(chat.Say("alice", "hi").Payload())
	require.NoError(t, err)
	return c
}

// soon is the time that a test gives to what should happen at once.
func soon(t testing.TB) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeoutCause(t.Context(), 20*time.Second, fmt.Errorf("the test waited for 20 s"))
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

// logger keeps what is logged.
type logger struct {
	mu    sync.Mutex
	lines []string
}

func (l *logger) add(line string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lines = append(l.lines, line)
}

func (l *logger) text() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Join(l.lines, "\n")
}

func (l *logger) Debug(v ...any)            { l.add(fmt.Sprint(v...)) }
func (l *logger) Info(v ...any)             { l.add(fmt.Sprint(v...)) }
func (l *logger) Warn(v ...any)             { l.add(fmt.Sprint(v...)) }
func (l *logger) Error(v ...any)            { l.add(fmt.Sprint(v...)) }
func (l *logger) Debugf(f string, v ...any) { l.add(fmt.Sprintf(f, v...)) }
func (l *logger) Infof(f string, v ...any)  { l.add(fmt.Sprintf(f, v...)) }
func (l *logger) Warnf(f string, v ...any)  { l.add(fmt.Sprintf(f, v...)) }
func (l *logger) Errorf(f string, v ...any) { l.add(fmt.Sprintf(f, v...)) }
func (l *logger) Sync() error               { return nil }
