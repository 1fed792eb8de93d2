package richmedia_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/tencent-connect/botgo/dto"
	"github.com/tencent-connect/botgo/event"
	"golang.org/x/oauth2"

	"github.com/botgo-contrib/richmedia"
	"github.com/botgo-contrib/richmedia/richmediatest"
)

// This file holds that an event reaches its own bot if a process runs several, and that no bot answers with the token of
// another.

// says returns a handler that answers with who.
func says(who string) richmedia.Handler {
	return func(ctx context.Context, c *richmedia.Context) error {
		_, err := c.ReplyText(ctx, who)
		return err
	}
}

const groupAt = dto.EventGroupAtMessageCreate

// registrations are the ways to register a handler for the messages of groups.
var registrations = map[string]func(p *richmedia.Plugin, h richmedia.Handler){
	"adapter": func(p *richmedia.Plugin, h richmedia.Handler) { event.RegisterHandlers(p.GroupATMessage(h)) },
	"On":      func(p *richmedia.Plugin, h richmedia.Handler) { p.On(groupAt, h) },
	"wrapped": func(p *richmedia.Plugin, h richmedia.Handler) {
		adapter := p.GroupATMessage(h)
		event.RegisterHandlers(event.GroupATMessageEventHandler(func(payload *dto.WSPayload, d *dto.WSGroupATMessageData) error {
			if err := adapter(payload, d); err != nil {
				return fmt.Errorf("wrapped: %w", err)
			}
			return nil
		}))
	},
}

// deliveries are the ways of an event to botgo. Each says its bot in another way.
var deliveries = map[string]func(t *testing.T, b *bed, ev *richmediatest.Event) error{
	"webhook": func(_ *testing.T, b *bed, ev *richmediatest.Event) error {
		payload := ev.Payload()
		payload.Session = &dto.Session{AppID: b.AppID()}
		return event.ParseAndHandle(payload)
	},
	"websocket": func(_ *testing.T, b *bed, ev *richmediatest.Event) error {
		payload := ev.Payload()
		payload.Session = &dto.Session{TokenSource: b.TokenSource()}
		return event.ParseAndHandle(payload)
	},
}

// quiet returns a bed to which nothing is pushed.
func quiet(t *testing.T, opts ...richmedia.Option) *bed {
	t.Helper()
	b := newBed(t, opts...)
	b.PushTo(nil)
	return b
}

func TestAnEventReachesItsOwnBot(t *testing.T) {
	for first, registerFirst := range registrations {
		for second, registerSecond := range registrations {
			for way, deliver := range deliveries {
				t.Run(first+" and "+second+" by "+way, func(t *testing.T) {
					one, two := quiet(t), quiet(t)
					registerFirst(one.media, says("one"))
					registerSecond(two.media, says("two"))
					for name, b := range map[string]*bed{"one": one, "two": two} {
						club := b.Group("club")
						require.NoError(t, deliver(t, b, club.Say("alice", "hi")))
						got := answers(t, club, 1)
						assert.Equal(t, name, got[0].Text)
					}
					for _, b := range []*bed{one, two} {
						assert.Equal(t, 1, b.Count(richmediatest.OpSend))
						assert.Empty(t, b.log.text())
					}
				})
			}
		}
	}
}

func TestAnEventByTheWebhookOfItsBotReachesItsOwnBot(t *testing.T) {
	one, two := newBed(t), newBed(t) // each with a webhook of its own
	one.onGroup(says("one"))
	two.onGroup(says("two"))
	for name, b := range map[string]*bed{"one": one, "two": two} {
		ev := b.Group("club").Say("alice", "hi")
		require.Len(t, ev.Pushes(), 1)
		assert.Equal(t, name, answers(t, b.Group("club"), 1)[0].Text)
	}
}

func TestAContextOfAnotherBotsEventIsAnError(t *testing.T) {
	one, two := quiet(t), quiet(t)
	ev := two.Group("club").Say("alice", "hi")
	for name, session := range map[string]*dto.Session{
		"app id": {AppID: two.AppID()}, "token source": {TokenSource: two.TokenSource()},
	} {
		payload := ev.Payload()
		payload.Session = session
		_, err := one.media.Context(payload)
		require.ErrorIs(t, err, richmedia.ErrWrongBot, name)
		_, err = two.media.Context(payload)
		require.NoError(t, err, name)
	}
}

func TestAnEventOfABotWithoutAHandlerIsNotAnswered(t *testing.T) {
	for name, register := range registrations {
		for way, deliver := range deliveries {
			t.Run(name+" by "+way, func(t *testing.T) {
				var rec recorder
				one, other := quiet(t, rec.option()), quiet(t)
				register(one.media, says("one"))
				err := deliver(t, other, other.Group("club").Say("alice", "hi"))
				require.ErrorIs(t, err, richmedia.ErrWrongBot)
				assert.Empty(t, one.Calls())
				assert.Empty(t, other.Count(richmediatest.OpSend))
			})
		}
	}
}

func TestAnAdapterThatIsCalledDirectlyFindsTheEventsBot(t *testing.T) {
	one, two := quiet(t), quiet(t)
	adapter := one.media.GroupATMessage(says("one"))
	payload := two.Group("club").Say("alice", "hi").Payload()
	payload.Session = &dto.Session{AppID: two.AppID()}
	require.ErrorIs(t, adapter(payload, nil), richmedia.ErrWrongBot)
	two.media.GroupATMessage(says("two"))
	require.NoError(t, adapter(payload, nil))
	assert.Equal(t, "two", answers(t, two.Group("club"), 1)[0].Text)
	assert.Empty(t, one.Calls())
}

func TestAnOpenPluginOfTheSameBotTakesTheEventsOfAClosedOne(t *testing.T) {
	for name, register := range registrations {
		for way, deliver := range deliveries {
			t.Run(name+" by "+way, func(t *testing.T) {
				old := quiet(t)
				register(old.media, says("old"))
				next := newBedOn(t, old.Platform)
				next.PushTo(nil)
				if name == "On" {
					next.media.On(groupAt, says("next"))
				} else {
					next.media.GroupATMessage(says("next")) // botgo still has the old one
				}
				require.NoError(t, old.media.Close())
				club := old.Group("club")
				require.NoError(t, deliver(t, old, club.Say("alice", "hi")))
				assert.Equal(t, "next", answers(t, club, 1)[0].Text)

				require.NoError(t, next.media.Close())
				require.ErrorIs(t, deliver(t, old, club.Say("alice", "hi")), richmedia.ErrClosed)
			})
		}
	}
}

// TestAnOpenPluginOfTheSameBotTakesTheEventThatWaitsForAClosedOne, which over a websocket nobody delivers again.
func TestAnOpenPluginOfTheSameBotTakesTheEventThatWaitsForAClosedOne(t *testing.T) {
	for name, register := range registrations {
		for way, deliver := range deliveries {
			t.Run(name+" by "+way, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					old := quiet(t, richmedia.WithWorkers(1), richmedia.WithQueue(1))
					gate := make(chan struct{})
					register(old.media, func(context.Context, *richmedia.Context) error { <-gate; return nil })
					for range 2 { // one runs, one fills the queue
						require.NoError(t, deliver(t, old, old.Group("busy").Say("alice", "hi")))
						synctest.Wait()
					}
					club := old.Group("club")
					taken := make(chan error, 1)
					go func() { taken <- deliver(t, old, club.Say("alice", "hi")) }()
					synctest.Wait()
					next := newBedOn(t, old.Platform)
					next.PushTo(nil)
					register(next.media, says("next"))
					down := make(chan error, 1)
					go func() { down <- old.media.Shutdown(t.Context()) }()
					require.NoError(t, <-taken)
					assert.Equal(t, "next", answers(t, club, 1)[0].Text)
					close(gate)
					require.NoError(t, <-down)
				})
			})
		}
	}
}

// TestAnEventThatWaitsForThePluginOfAnotherBotIsRefusedAsItIsShutDown, and not as one of a bot that nobody knows.
func TestAnEventThatWaitsForThePluginOfAnotherBotIsRefusedAsItIsShutDown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		one, two := quiet(t), quiet(t, richmedia.WithWorkers(1), richmedia.WithQueue(1))
		gate := make(chan struct{})
		two.media.GroupATMessage(func(context.Context, *richmedia.Context) error { <-gate; return nil })
		adapter := one.media.GroupATMessage(says("one"))
		send := func(chat string) error {
			payload := two.Group(chat).Say("alice", "hi").Payload()
			payload.Session = &dto.Session{AppID: two.AppID()}
			return adapter(payload, nil)
		}
		for range 2 { // one runs, one fills the queue
			require.NoError(t, send("busy"))
			synctest.Wait()
		}
		refused := make(chan error, 1)
		go func() { refused <- send("club") }()
		synctest.Wait()
		down := make(chan error, 1)
		go func() { down <- two.media.Shutdown(t.Context()) }()
		require.ErrorIs(t, <-refused, richmedia.ErrClosed)
		close(gate)
		require.NoError(t, <-down)
	})
}

// TestNoEventIsRefusedWhilePluginsOfTheBotComeAndGo as long as one is open, whichever an event finds.
func TestNoEventIsRefusedWhilePluginsOfTheBotComeAndGo(t *testing.T) {
	var ran atomic.Int32
	count := func(context.Context, *richmedia.Context) error { ran.Add(1); return nil }
	stays := quiet(t)
	stays.media.On(groupAt, count)
	end := time.Now().Add(300 * time.Millisecond)
	var all sync.WaitGroup
	for range 2 {
		all.Go(func() {
			for time.Now().Before(end) {
				goes, err := richmedia.New(stays.TokenSource(), richmedia.WithPlatform(stays), richmedia.WithLogger(mute{}))
				if !assert.NoError(t, err) {
					return
				}
				goes.On(groupAt, count)
				time.Sleep(time.Millisecond)
				assert.NoError(t, goes.Shutdown(t.Context()))
			}
		})
	}
	var sent atomic.Int32
	for i := range 4 {
		all.Go(func() {
			for n := 0; time.Now().Before(end); n++ {
				id := fmt.Sprint(i, "-", n) // a chat of its own too: none is busy
				ev := payload(groupAt, string(groupAt)+":"+id, `{"id":"M`+id+`","group_openid":"G`+id+`","author":{"member_openid":"U"}}`)
				ev.Session = &dto.Session{AppID: stays.AppID()}
				if !assert.NoError(t, event.ParseAndHandle(ev)) {
					return
				}
				sent.Add(1)
			}
		})
	}
	all.Wait()
	require.NoError(t, stays.media.Shutdown(soon(t)))
	assert.Equal(t, sent.Load(), ran.Load())
}

func TestBotgosOwnHandlerGetsTheEventsOfABotWithoutThePlugin(t *testing.T) {
	for name, register := range map[string]func(got chan<- string){
		"typed": func(got chan<- string) {
			event.RegisterHandlers(event.GroupATMessageEventHandler(func(_ *dto.WSPayload, d *dto.WSGroupATMessageData) error {
				got <- d.Content
				return nil
			}))
		},
		"Plain": func(got chan<- string) {
			event.RegisterHandlers(event.PlainEventHandler(func(_ *dto.WSPayload, _ []byte) error { got <- "plain"; return nil }))
		},
	} {
		t.Run(name, func(t *testing.T) {
			one, other := quiet(t), quiet(t)
			got := make(chan string, 2)
			one.media.On(groupAt, says("one"))
			register(got)
			require.NoError(t, deliveries["webhook"](t, other, other.Group("club").Say("alice", "hi")))
			assert.NotEmpty(t, <-got)
			require.NoError(t, deliveries["webhook"](t, one, one.Group("club").Say("alice", "hi")))
			answers(t, one.Group("club"), 1)
			assert.Empty(t, got)
			assert.Empty(t, other.Count(richmediatest.OpSend))
		})
	}
}

// unnamed is a token source without GetAppID that cannot be compared.
type unnamed struct {
	oauth2.TokenSource
	scopes []string
}

func (a unnamed) Token() (*oauth2.Token, error) { return a.TokenSource.Token() }

func TestIfTheBotOfAnEventIsUnknownTheAdaptersOwnPluginTakesIt(t *testing.T) {
	hide := func(src oauth2.TokenSource) oauth2.TokenSource { return tokenFunc(src.Token) }
	defer func() { // or the process remembers that a handler for any bot has ended
		p := richmediatest.New()
		newBedFrom(t, p, hide(p.TokenSource())).media.GroupATMessage(says(""))
	}()
	for name, c := range map[string]struct {
		source  func(*richmediatest.Platform) oauth2.TokenSource
		session func(*bed, oauth2.TokenSource) *dto.Session
	}{
		"no session": {func(p *richmediatest.Platform) oauth2.TokenSource { return p.TokenSource() }, func(*bed, oauth2.TokenSource) *dto.Session { return nil }},
		"a session that says nothing": {
			func(p *richmediatest.Platform) oauth2.TokenSource { return p.TokenSource() },
			func(*bed, oauth2.TokenSource) *dto.Session { return &dto.Session{} },
		},
		"a source without an app id": {
			func(p *richmediatest.Platform) oauth2.TokenSource { return hide(p.TokenSource()) },
			func(b *bed, _ oauth2.TokenSource) *dto.Session { return &dto.Session{AppID: b.AppID()} },
		},
		"functions cannot be compared": {
			func(p *richmediatest.Platform) oauth2.TokenSource { return hide(p.TokenSource()) },
			func(_ *bed, src oauth2.TokenSource) *dto.Session { return &dto.Session{TokenSource: src} },
		},
		"nor structs with slices": {
			func(p *richmediatest.Platform) oauth2.TokenSource {
				return unnamed{tokenFunc(p.TokenSource().Token), []string{"a"}}
			},
			func(_ *bed, src oauth2.TokenSource) *dto.Session { return &dto.Session{TokenSource: src} },
		},
		"the same source": {
			func(p *richmediatest.Platform) oauth2.TokenSource {
				return &unnamed{tokenFunc(p.TokenSource().Token), nil}
			},
			func(_ *bed, src oauth2.TokenSource) *dto.Session { return &dto.Session{TokenSource: src} },
		},
	} {
		for way, register := range registrations {
			t.Run(name+", "+way, func(t *testing.T) {
				p := richmediatest.New()
				src := c.source(p)
				b := newBedFrom(t, p, src)
				b.PushTo(nil)
				register(b.media, says("hi"))
				payload := b.Group("club").Say("alice", "hi").Payload()
				payload.Session = c.session(b, src)
				require.NoError(t, event.ParseAndHandle(payload))
				answers(t, b.Group("club"), 1)
			})
		}
	}
}

func TestTwoTestsThatRegisterWithOnSideBySideDoNotStealEachOthersEvents(t *testing.T) {
	for i := range 8 {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			t.Parallel()
			p := richmediatest.New()
			defer p.Close() //nolint:errcheck // in-process
			media, err := richmedia.New(p.TokenSource(), richmedia.WithPlatform(p), richmedia.WithLogger(mute{}))
			require.NoError(t, err)
			defer media.Close() //nolint:errcheck // nothing runs
			p.PushTo(richmedia.WebhookHandler(p.Credentials()))
			media.On(groupAt, says(fmt.Sprint(i)))
			for n := range 10 {
				p.Group("club").Say("alice", "hi")
				assert.Equal(t, fmt.Sprint(i), answers(t, p.Group("club"), n+1)[n].Text)
			}
		})
	}
}

func TestFiftyBotsInOneProcessAnswerWithTheirOwnTokens(t *testing.T) {
	const bots = 50
	var all []*bed
	ids := map[string]bool{}
	for i := range bots {
		b := newBed(t)
		ids[b.AppID()] = true
		all = append(all, b)
		names := []string{"adapter", "On", "wrapped"}
		registrations[names[i%len(names)]](b.media, says(b.AppID()))
	}
	require.Len(t, ids, bots, "each platform has an app id of its own")
	for n := range 3 {
		for _, b := range all {
			b.Group(fmt.Sprint(n)).Say("alice", "hi")
		}
	}
	for _, b := range all {
		for n := range 3 {
			assert.Equal(t, b.AppID(), answers(t, b.Group(fmt.Sprint(n)), 1)[0].Text)
		}
		assert.Equal(t, 3, b.Count(richmediatest.OpSend))
		assert.Empty(t, b.log.text())
	}
}

func TestANilHandlerPanicsWhenItIsRegistered(t *testing.T) {
	b := newBed(t)
	for name, register := range map[string]func(){
		"GroupATMessage": func() { b.media.GroupATMessage(nil) },
		"C2CMessage":     func() { b.media.C2CMessage(nil) },
		"ATMessage":      func() { b.media.ATMessage(nil) },
		"Message":        func() { b.media.Message(nil) },
		"DirectMessage":  func() { b.media.DirectMessage(nil) },
		"Interaction":    func() { b.media.Interaction(nil) },
		"C2CFriend":      func() { b.media.C2CFriend(nil) },
		"On(X)":          func() { b.media.On("X", nil) },
	} {
		assert.PanicsWithValue(t, "richmedia: "+name+": the handler is nil; pass a func(ctx context.Context, c *richmedia.Context) error", register)
	}
	c := b.context(t, b.Group("club"))
	assert.PanicsWithValue(t, "richmedia: Context.Go: the function is nil; pass a func(ctx context.Context) error", func() { c.Go(nil) })
}

func TestAnUnknownEventNameIsRegisteredAndWarnedAboutOnce(t *testing.T) {
	b := newBed(t)
	got := make(chan dto.EventType, 1)
	typ := dto.EventType("GROUP_ADD_ROBOTT_" + b.AppID()) // a warning is once for the process
	for range 3 {
		b.media.On(typ, func(_ context.Context, c *richmedia.Context) error { got <- c.Payload().Type; return nil })
	}
	text := "On(" + string(typ) + "): the event is not known here; it is registered"
	assert.Contains(t, b.log.text(), text)
	assert.Len(t, logged(b.log, text), 1)
	b.media.On("GROUP_ADD_ROBOT", says("hi"))
	b.media.On(dto.EventGuildCreate, says("hi"))
	assert.Len(t, logged(b.log, "not known"), 1)
	require.JSONEq(t, `{"op":12,"d":0}`, push(t, b, typ, "e", map[string]any{"group_openid": "G"}))
	assert.Equal(t, typ, <-got)
}

// logged returns the logged lines with text in them.
func logged(l *logger, text string) (found []string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, line := range l.lines {
		if strings.Contains(line, text) {
			found = append(found, line)
		}
	}
	return found
}

func TestOnAndAnAdapterReplaceEachOtherLoudly(t *testing.T) {
	for _, order := range [][2]string{{"adapter", "On"}, {"On", "adapter"}, {"On", "On"}, {"wrapped", "On"}} {
		t.Run(order[0]+" then "+order[1], func(t *testing.T) {
			b := newBed(t)
			registrations[order[0]](b.media, says("first"))
			assert.Empty(t, b.log.text())
			registrations[order[1]](b.media, says("second"))
			assert.Len(t, logged(b.log, "replaces the handler of GROUP_AT_MESSAGE_CREATE that"), 1)
			b.Group("club").Say("alice", "hi")
			assert.Equal(t, "second", answers(t, b.Group("club"), 1)[0].Text)
		})
	}
}

func TestABotThatRegistersWithBotgoItselfReplacesThePlugin(t *testing.T) {
	b := quiet(t)
	b.onGroup(func(context.Context, *richmedia.Context) error { return errors.New("replaced") })
	own := make(chan string, 1)
	event.RegisterHandlers(event.GroupATMessageEventHandler(func(_ *dto.WSPayload, d *dto.WSGroupATMessageData) error {
		own <- d.Content
		return nil
	}))
	require.NoError(t, deliveries["webhook"](t, b, b.Group("club").Say("alice", "hi")))
	select {
	case <-own:
	case <-time.After(20 * time.Second):
		t.Fatal("the bot's own handler did not get the event")
	}
}

// registeringLogger registers a handler when it is told that one was replaced.
type registeringLogger struct {
	*logger
	register func()
}

func (l *registeringLogger) Warn(v ...any) { l.logger.Warn(v...); l.register() }

func (l *registeringLogger) Warnf(f string, v ...any) { l.logger.Warnf(f, v...); l.register() }

func TestALoggerMayRegisterHandlersWhileOneIsRegistered(t *testing.T) {
	none := func(context.Context, *richmedia.Context) error { return nil }
	other := newBed(t)
	l := &registeringLogger{logger: &logger{}, register: func() { other.media.On("GROUP_ADD_ROBOT", none) }}
	b := newBed(t, richmedia.WithLogger(l))
	done := make(chan struct{})
	go func() {
		defer close(done)
		b.media.On("GROUP_MSG_RECEIVE", none)
		b.media.On("GROUP_MSG_RECEIVE", none)       // replaces the first
		b.media.On("AN_EVENT_FOR_THE_LOGGER", none) // unknown
	}()
	select {
	case <-done:
	case <-soon(t).Done():
		t.Fatal("the registration waits for itself")
	}
	assert.Contains(t, l.text(), "replaces the handler of GROUP_MSG_RECEIVE")
}
