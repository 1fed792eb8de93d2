package richmedia_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/tencent-connect/botgo/dto"
	"github.com/tencent-connect/botgo/event"

	"github.com/botgo-contrib/richmedia"
	"github.com/botgo-contrib/richmedia/richmediatest"
)

// sample is one of each kind, with what the platform sniffs in it.
var samples = []struct {
	kind         richmedia.Kind
	file, format string
	reply        func(*richmedia.Context, context.Context, richmedia.Source, ...richmedia.ReplyOption) (*dto.Message, error)
}{
	{richmedia.KindImage, "cat.png", "image/png", (*richmedia.Context).ReplyImage},
	{richmedia.KindVideo, "clip.mp4", "video/mp4", (*richmedia.Context).ReplyVideo},
	{richmedia.KindVoice, "hello.mp3", "audio/mpeg", (*richmedia.Context).ReplyVoice},
	{richmedia.KindFile, "report.pdf", "application/pdf", (*richmedia.Context).ReplyFile},
}

// TestEveryEventIsAnsweredWithEveryKind is the whole way: a signed push, botgo's webhook and event code, the
// plugin, the wire, the chat.
func TestEveryEventIsAnsweredWithEveryKind(t *testing.T) {
	for shape, opts := range map[string][]richmediatest.Option{
		"payloads as pushed":  nil,
		"documented payloads": {richmediatest.WithDocumentedPayloads()},
		"opaque file_info":    {richmediatest.WithOpaqueFileInfo()},
	} {
		for _, s := range samples {
			t.Run(fmt.Sprintf("%s/%s", shape, s.kind), func(t *testing.T) {
				b := newBedOn(t, richmediatest.New(opts...))
				answer := func(ctx context.Context, c *richmedia.Context) error {
					msg, err := s.reply(c, ctx, richmedia.FromFS(media, s.file))
					if err == nil && msg.ID == "" {
						err = errors.New("a message without an id")
					}
					return err
				}
				event.RegisterHandlers(b.media.GroupATMessage(answer), b.media.C2CMessage(answer),
					b.media.Interaction(answer), b.media.C2CFriend(answer))
				for _, typ := range []dto.EventType{"GROUP_MESSAGE_CREATE", "GROUP_ADD_ROBOT", "GROUP_MSG_RECEIVE", "C2C_MSG_RECEIVE"} {
					assert.Equal(t, dto.IntentGroupMessages, b.on(typ, answer))
				}
				group, c2c := b.Group("club"), b.C2C("bob")
				for name, ev := range map[string]*richmediatest.Event{
					"group mention": group.Say("alice", "cat?"), "group message": group.SayUnmentioned("alice", "cat?"),
					"group button": group.Press("alice", "cat"), "added to the group": group.AddBot("alice"),
					"pushes allowed in the group": group.AllowPushes("alice"),
				} {
					check(t, name, s.file, s.format, ev, group)
				}
				for name, ev := range map[string]*richmediatest.Event{
					"single chat": c2c.Say("", "cat?"), "single chat button": c2c.Press("", "cat"),
					"friend": c2c.AddBot(""), "pushes allowed": c2c.AllowPushes(""),
				} {
					check(t, name, s.file, s.format, ev, c2c)
				}
				assert.Len(t, b.Uploads(), 2, "one for all groups and one for all single chats")
				for _, call := range b.Calls() {
					if call.Op == richmediatest.OpUpload {
						assert.Contains(t, string(call.Body), `"srv_send_msg":false`)
					}
				}
				require.Eventually(t, func() bool { return len(b.Acks()) == 2 }, 20*time.Second, time.Millisecond,
					"each button is acknowledged, beside the answer")
			})
		}
	}
}

// check finds the answer to ev in its chat.
func check(t *testing.T, name, file, format string, ev *richmediatest.Event, chat *richmediatest.Chat) {
	t.Helper()
	id := ev.MsgID()
	if id == "" {
		id = ev.ID()
	}
	var found *richmediatest.Message
	require.Eventually(t, func() bool { // the handler runs on its own after the push was acknowledged
		for _, m := range chat.Answers() {
			if m.ReplyTo == id {
				found = &m
			}
		}
		return found != nil
	}, 20*time.Second, time.Millisecond, name)
	require.NotNil(t, found.Media, name)
	assert.Equal(t, format, found.Media.Format, name)
	assert.Equal(t, readMedia(t, file), found.Media.Upload.Data, name)
	assert.EqualValues(t, 1001, found.Seq, name)
	if found.Media.Kind == int(richmedia.KindFile) {
		assert.Equal(t, file, found.Media.Name, name)
	}
}

func TestTheContextTellsWhatCameIn(t *testing.T) {
	b := newBed(t)
	got := make(chan *richmedia.Context, 1)
	take := func(_ context.Context, c *richmedia.Context) error { got <- c; return nil }
	event.RegisterHandlers(b.media.GroupATMessage(take), b.media.Interaction(take), b.media.C2CFriend(take))
	group := b.Group("club")

	ev := group.Say("alice", "  show me  ", richmediatest.Attachment{
		ContentType: "voice", FileName: "a.amr", URL: "multimedia.example.com/a?rkey=1", VoiceWAVURL: "//multimedia.example.com/a.wav", VoiceText: "hello",
	})
	c := <-got
	assert.Equal(t, richmedia.ScopeGroup, c.Target().Scope)
	assert.Equal(t, group.OpenID(), c.Target().ChatID)
	assert.Equal(t, ev.MsgID(), c.Target().MsgID)
	assert.Empty(t, c.Target().EventID)
	assert.Equal(t, "show me", c.Text())
	assert.NotEmpty(t, c.UserID())
	assert.Equal(t, group.OpenID(), c.Message().GroupID, "botgo leaves it empty: it knows group_id only")
	assert.Equal(t, c.UserID(), c.Message().Author.ID)
	assert.Nil(t, c.Interaction())
	assert.Empty(t, c.ButtonData())
	assert.Equal(t, ev.ID(), c.Payload().EventID)
	require.Len(t, c.Attachments(), 1)
	a := c.Attachments()[0]
	assert.Equal(t, "https://multimedia.example.com/a?rkey=1", a.URL)
	assert.Equal(t, "https://multimedia.example.com/a.wav", a.VoiceWAVURL)
	assert.Equal(t, "hello", a.VoiceText)
	n, until := c.RepliesLeft()
	assert.Equal(t, 5, n)
	assert.WithinDuration(t, time.Now().Add(5*time.Minute), until, 20*time.Second)

	press := group.Press("alice", "again")
	c = <-got
	assert.Nil(t, c.Message())
	assert.Equal(t, press.ID(), c.Target().EventID)
	assert.Equal(t, "again", c.ButtonData())

	b.C2C("bob").RemoveBot("")
	c = <-got
	assert.Equal(t, dto.EventC2CFriendDel, c.Payload().Type)
	assert.NotEmpty(t, c.UserID())
	n, _ = c.RepliesLeft()
	assert.Zero(t, n)
	_, err := c.ReplyText(t.Context(), "bye")
	require.ErrorIs(t, err, richmedia.ErrUnsupported)
	require.ErrorContains(t, err, "FRIEND_DEL cannot be answered")
	assert.Zero(t, b.Count(richmediatest.OpSend))
}

func TestAGroupIsKnownByItsOlderIDToo(t *testing.T) {
	b := newBed(t)
	for typ, d := range map[dto.EventType]string{
		"GROUP_AT_MESSAGE_CREATE": `{"id":"M","group_id":"G","author":{"id":"U"}}`,
		"GROUP_MESSAGE_CREATE":    `{"id":"M","group_id":"other","group_openid":"G","author":{"id":"U"}}`,
		"GROUP_ADD_ROBOT":         `{"group_id":"G","op_member_openid":"U"}`,
		"INTERACTION_CREATE":      `{"id":"I","chat_type":1,"type":11,"group_id":"G","group_member_openid":"U"}`,
	} {
		c, err := b.media.Context(payload(typ, string(typ)+":1", d))
		require.NoError(t, err, typ)
		assert.Equal(t, richmedia.ScopeGroup, c.Target().Scope, typ)
		assert.Equal(t, "G", c.Target().ChatID, typ)
		assert.Equal(t, "U", c.UserID(), typ)
	}
}

func TestEventsThatBotgoDoesNotKnowHaveTheirIntent(t *testing.T) {
	b := newBed(t)
	none := func(context.Context, *richmedia.Context) error { return nil }
	for typ, want := range map[dto.EventType]dto.Intent{
		"GROUP_MEMBER_ADD": 1 << 24, "GROUP_MEMBER_REMOVE": 1 << 24, "GROUP_MESSAGE_CREATE": dto.IntentGroupMessages,
		"GROUP_DEL_ROBOT": dto.IntentGroupMessages, dto.EventGuildCreate: dto.IntentGuilds,
	} {
		assert.Equal(t, want, b.on(typ, none), typ)
	}
}

func TestAMentionOfTheBotIsNotText(t *testing.T) {
	b := newBed(t)
	got := make(chan string, 1)
	b.on("GROUP_MESSAGE_CREATE", func(_ context.Context, c *richmedia.Context) error { got <- c.Text(); return nil })
	for content, want := range map[string]string{
		"<@BOT> cat": "cat", "cat <@!BOT>": "cat", " <@OTHER> cat ": "<@OTHER> cat", "\u00a0cat": "cat",
	} {
		d, err := json.Marshal(map[string]any{
			"id": "M" + want + content, "content": content, "group_openid": "G", "author": map[string]any{"member_openid": "U"},
			"mentions": []map[string]any{{"id": "BOT", "is_you": true}, {"id": "OTHER"}},
		})
		require.NoError(t, err)
		require.NoError(t, event.ParseAndHandle(payload("GROUP_MESSAGE_CREATE", "", string(d))))
		assert.Equal(t, want, <-got)
	}
}

// payload is what botgo hands to a handler.
func payload(typ dto.EventType, id, d string) *dto.WSPayload {
	p := &dto.WSPayload{RawMessage: fmt.Appendf(nil, `{"op":0,"t":%q,"id":%q,"d":%s}`, typ, id, d)}
	p.Type, p.EventID = typ, id
	return p
}

func TestOneChatIsHandledInOrderAndOthersBeside(t *testing.T) {
	b := newBed(t)
	release := make(chan struct{})
	var mu sync.Mutex
	var order []string
	b.onGroup(func(ctx context.Context, c *richmedia.Context) error {
		if c.Text() == "slow" {
			<-release
		}
		mu.Lock()
		order = append(order, c.Text())
		mu.Unlock()
		_, err := c.ReplyText(ctx, c.Text())
		return err
	})
	busy, other := b.Group("busy"), b.Group("other")
	busy.Say("a", "slow")
	for i := range 5 {
		busy.Say("a", fmt.Sprint(i))
	}
	other.Say("a", "quick")
	answers(t, other, 1)
	assert.Empty(t, busy.Answers())
	close(release)
	require.Eventually(t, func() bool { mu.Lock(); defer mu.Unlock(); return len(order) == 7 }, 20*time.Second, time.Millisecond)
	assert.Equal(t, []string{"quick", "slow", "0", "1", "2", "3", "4"}, order)
}

func TestThePushIsAcknowledgedBeforeTheHandlerIsDone(t *testing.T) {
	b := newBed(t)
	release := make(chan struct{})
	b.onC2C(func(ctx context.Context, c *richmedia.Context) error {
		<-release
		_, err := c.ReplyText(ctx, "late")
		return err
	})
	ev := b.C2C("bob").Say("", "hi")
	require.Len(t, ev.Pushes(), 1, "the platform did not have to push again")
	assert.Equal(t, 200, ev.Pushes()[0].Status)
	close(release)
	answers(t, b.C2C("bob"), 1)
}

func TestARepeatedDeliveryIsDropped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBed(t)
		var ran atomic.Int32
		b.onGroup(func(context.Context, *richmedia.Context) error { ran.Add(1); return errors.New("no matter") })
		ev := b.Group("club").Say("alice", "hi")
		for range 3 {
			time.Sleep(4 * time.Minute)
			ev.Redeliver()
		}
		synctest.Wait()
		assert.EqualValues(t, 1, ran.Load())
		time.Sleep(4 * time.Minute) // 16 min after the first: nobody repeats so late
		ev.Redeliver()
		synctest.Wait()
		assert.EqualValues(t, 2, ran.Load())
	})
}

func TestTheSameMessageInTwoEventsRunsOneHandler(t *testing.T) {
	b := newBed(t)
	var ran atomic.Int32
	count := func(context.Context, *richmedia.Context) error { ran.Add(1); return nil }
	b.onGroup(count)
	b.on("GROUP_MESSAGE_CREATE", count)
	d := `{"id":"ROBOT1.0_same","group_openid":"G","author":{"member_openid":"U"},"content":"hi"}`
	require.NoError(t, event.ParseAndHandle(payload("GROUP_AT_MESSAGE_CREATE", "GROUP_AT_MESSAGE_CREATE:1", d)))
	require.NoError(t, event.ParseAndHandle(payload("GROUP_MESSAGE_CREATE", "GROUP_MESSAGE_CREATE:2", d)))
	require.NoError(t, b.media.Shutdown(soon(t)))
	assert.EqualValues(t, 1, ran.Load())
}

func TestInlineGivesAFailedEventBack(t *testing.T) {
	b := newBed(t, richmedia.WithInline())
	runs := 0
	b.onGroup(func(ctx context.Context, c *richmedia.Context) error {
		runs++
		if _, err := c.ReplyText(ctx, "first"); err != nil {
			return err
		}
		if runs == 1 {
			return errors.New("half-way")
		}
		_, err := c.ReplyImage(ctx, richmedia.FromFS(media, "cat.png"))
		return err
	})
	club := b.Group("club")
	ev := club.Say("alice", "hi")
	assert.Equal(t, 2, runs, "the platform pushed again after the error")
	assert.Len(t, ev.Pushes(), 2)
	got := club.Answers()
	require.Len(t, got, 2, "each reply is in the chat once")
	assert.Equal(t, "first", got[0].Text)
	assert.Equal(t, []uint32{1001, 1002}, []uint32{got[0].Seq, got[1].Seq})
	ev.Redeliver()
	assert.Equal(t, 2, runs, "what has succeeded is not run again")
}

func TestAHandlerThatPanicsHarmsNobody(t *testing.T) {
	for name, opts := range map[string][]richmedia.Option{"queued": nil, "inline": {richmedia.WithInline()}} {
		t.Run(name, func(t *testing.T) {
			told := make(chan error, 9)
			b := newBed(t, append(opts, richmedia.WithErrorHandler(func(_ context.Context, _ *richmedia.Context, err error) {
				told <- err
				panic("the error handler too")
			}))...)
			b.onGroup(func(ctx context.Context, c *richmedia.Context) error {
				if c.Text() == "boom" {
					panic("boom")
				}
				_, err := c.ReplyText(ctx, "fine")
				return err
			})
			b.Group("club").Say("alice", "boom")
			var p *richmedia.PanicError
			require.ErrorAs(t, <-told, &p)
			assert.Equal(t, "boom", p.Value)
			assert.Contains(t, string(p.Stack), "plugin_test.go")
			b.Group("club").Say("alice", "hi")
			answers(t, b.Group("club"), 1)
		})
	}
}

func TestErrorsOfHandlersAreLoggedByDefault(t *testing.T) {
	b := newBed(t)
	b.onGroup(func(context.Context, *richmedia.Context) error { return errors.New("out of cats") })
	b.Group("club").Say("alice", "hi")
	require.NoError(t, b.media.Shutdown(soon(t)))
	assert.Contains(t, b.log.text(), "out of cats")
}

func TestAPanicIsLoggedWithItsStackByDefault(t *testing.T) {
	for name, opts := range map[string][]richmedia.Option{"queued": nil, "inline": {richmedia.WithInline()}} {
		b := newBed(t, opts...)
		b.PushTo(nil)
		b.onGroup(func(context.Context, *richmedia.Context) error { panic("boom") })
		_ = event.ParseAndHandle(b.Group("club").Say("alice", "hi").Payload())
		require.NoError(t, b.media.Shutdown(soon(t)))
		assert.Contains(t, b.log.text(), "handler panicked: boom", name)
		assert.Contains(t, b.log.text(), "plugin_test.go", name)
	}
}

func TestAFullQueueSlowsTheLoopAndLosesNothing(t *testing.T) {
	b := newBed(t, richmedia.WithWorkers(1), richmedia.WithQueue(1))
	release := make(chan struct{})
	b.onGroup(func(ctx context.Context, c *richmedia.Context) error {
		<-release
		_, err := c.ReplyText(ctx, c.Text())
		return err
	})
	b.PushTo(nil)
	club := b.Group("club")
	delivered := make(chan int, 10)
	go func() {
		for i := range 4 { // one runs, one waits, one blocks
			if event.ParseAndHandle(club.Say("alice", fmt.Sprint(i)).Payload()) == nil {
				delivered <- i
			}
		}
		close(delivered)
	}()
	assert.Equal(t, 0, <-delivered)
	assert.Equal(t, 1, <-delivered)
	select {
	case i := <-delivered:
		t.Fatalf("event %d was taken by a queue that is full", i)
	case <-time.After(20 * time.Millisecond): // gives a wrong one the time to show itself
	}
	close(release)
	assert.Equal(t, 2, <-delivered)
	assert.Equal(t, 3, <-delivered)
	got := answers(t, club, 4)
	for i, m := range got {
		assert.Equal(t, fmt.Sprint(i), m.Text)
	}
}

func TestAButtonIsAcknowledgedPastTheQueueOfItsChat(t *testing.T) {
	b := newBed(t)
	release := make(chan struct{})
	b.onGroup(func(context.Context, *richmedia.Context) error { <-release; return nil })
	pressed := make(chan struct{})
	event.RegisterHandlers(b.media.Interaction(func(context.Context, *richmedia.Context) error { close(pressed); return nil }))
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

func TestAckIsTheHandlersWithManualAck(t *testing.T) {
	b := newBed(t, richmedia.WithManualAck())
	got := make(chan error, 3)
	event.RegisterHandlers(b.media.Interaction(func(ctx context.Context, c *richmedia.Context) error {
		got <- c.Ack(ctx, 6)
		got <- c.Ack(ctx, -1)
		got <- c.Ack(ctx, 3)
		return nil
	}))
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

func TestABotsOwnHandlerMakesAContext(t *testing.T) {
	b := newBed(t)
	var failed error
	event.RegisterHandlers(event.GroupATMessageEventHandler(func(p *dto.WSPayload, _ *dto.WSGroupATMessageData) error {
		c, err := b.media.Context(p)
		if err == nil {
			_, err = c.ReplyImage(context.Background(), richmedia.FromFS(media, "cat.png"), richmedia.WithCaption("meow"))
		}
		failed = err
		return err
	}))
	club := b.Group("club")
	club.Say("alice", "cat")
	require.NoError(t, failed)
	assert.Equal(t, "meow", club.Answers()[0].Text)
}

func TestTheHandlersContextEndsWithTheReplyWindow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBed(t)
		ended := make(chan error, 1)
		b.onGroup(func(ctx context.Context, c *richmedia.Context) error {
			<-ctx.Done()
			ended <- context.Cause(ctx)
			_, err := c.ReplyText(context.WithoutCancel(ctx), "too late")
			ended <- err
			return nil
		})
		began := time.Now()
		b.Group("club").Say("alice", "hi")
		require.ErrorIs(t, <-ended, richmedia.ErrReplyWindow)
		assert.Equal(t, 5*time.Minute, time.Since(began))
		require.ErrorIs(t, <-ended, richmedia.ErrReplyWindow)
		assert.Zero(t, b.Count(richmediatest.OpSend))
	})
}
