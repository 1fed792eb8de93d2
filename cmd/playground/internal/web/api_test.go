package web_test

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/tencent-connect/botgo/dto"

	"github.com/botgo-contrib/richmedia"
	"github.com/botgo-contrib/richmedia/cmd/playground/internal/board"
	"github.com/botgo-contrib/richmedia/richmediatest"
)

func TestUsersWriteInEverySceneAndTheBotAnswers(t *testing.T) {
	b := newBed(t)
	b.answers(func(ctx context.Context, c *richmedia.Context) error {
		_, err := c.ReplyText(ctx, "you said "+c.Text()+c.ButtonData())
		return err
	})
	group, single := b.platform.Group("dogs"), b.platform.C2C("dora")
	id := b.say("group/dogs", "hello")
	b.wait(group, 1)
	b.say("c2c/dora", "hi")
	b.wait(single, 1)
	b.ok(b.post("/api/press", "chat", "group/dogs", "user", "bob", "data", "again"))
	b.wait(group, 2)
	b.ok(b.post("/api/say", "chat", "group/dogs", "user", "bob", "text", "not for you", "mention", "false"))

	lines := b.messages("group/dogs")
	require.Len(t, lines, 5)
	assert.Equal(t, "you said hello", lines[1].Text)
	assert.Equal(t, &board.Quote{ID: id, User: "ann", Text: "hello"}, lines[1].ReplyTo)
	assert.Equal(t, "INTERACTION_CREATE", lines[2].Event)
	assert.Equal(t, "you said again", lines[3].Text)
	assert.Equal(t, "bob", lines[3].ReplyTo.User)
	assert.Equal(t, "GROUP_MESSAGE_CREATE", b.inspect(lines[4].ID).Event.Type)
	for i, m := range lines {
		assert.Equal(t, i, m.N)
	}
	var state struct {
		Chats []board.Head
		Count board.Count
	}
	decode(t, b.get("/api/state"), &state)
	keys := []string{}
	for _, c := range state.Chats {
		keys = append(keys, c.Key)
	}
	assert.Equal(t, []string{"group/cats", "c2c/carol", "channel/news", "dm/dave", "group/dogs", "c2c/dora"}, keys)
	assert.Equal(t, 3, state.Count.Answers)
}

func TestWhatTheBotQuotesIsShownInsteadOfWhatItAnswers(t *testing.T) {
	b := newBed(t)
	first := b.say("channel/news", "first")
	b.answers(func(ctx context.Context, c *richmedia.Context) error {
		_, err := c.ReplyMessage(ctx, &dto.MessageToCreate{Content: "as you said", MessageReference: &dto.MessageReference{MessageID: first}})
		return err
	})
	b.say("channel/news", "second")
	b.wait(b.platform.Channel("news"), 1)
	assert.Equal(t, &board.Quote{ID: first, User: "ann", Text: "first"}, b.messages("channel/news")[2].ReplyTo)
}

func TestGuildsAreChatsToo(t *testing.T) {
	b := newBed(t)
	b.answers(func(ctx context.Context, c *richmedia.Context) error {
		for _, name := range []string{"a.gif", "b.gif"} {
			if _, err := c.ReplyImage(ctx, richmedia.FromBytes(name, []byte(gif)), richmedia.WithCaption(name)); err != nil {
				return err
			}
		}
		return nil
	})
	for chat, of := range map[string]*richmediatest.Chat{"channel/news": b.platform.Channel("news"), "dm/dave": b.platform.DM("dave")} {
		id := b.say(chat, "pictures")
		b.wait(of, 2)
		m, in := b.last(chat)
		assert.Equal(t, "b.gif", m.Text)
		require.Len(t, m.Files, 1)
		assert.Equal(t, http.StatusOK, b.get(m.Files[0].URL).Code)
		require.Len(t, in.Calls, 1, "each answer has its own send")
		assert.Equal(t, -1, in.Event.Left, "no count is documented")
		assert.Equal(t, "msg_id", in.Answer.By)
		assert.Empty(t, in.Answer.FileInfo)
		assert.Equal(t, richmediatest.RouteMultipart, in.Answer.Route)
		assert.Len(t, b.inspect(id).Answers, 2)
		assert.Len(t, b.inspect(id).Calls, 2)
	}
	b.ok(b.post("/api/say", "chat", "channel/news", "user", "ann", "text", "hello", "mention", "false"))
	assert.Equal(t, http.StatusBadRequest, b.post("/api/press", "chat", "dm/dave", "user", "dave", "data", "x").Code)
}

func TestFilesAreDescribedAsThePlatformDoes(t *testing.T) {
	b := newBed(t)
	b.ok(b.upload("c2c/carol", "look", "a.gif", gif, "a.wav", "RIFF\x24\x00\x00\x00WAVEfmt ", "a.silk", "\x02#!SILK_V3\x0c\x00", "notes.txt", "words"))
	m := b.messages("c2c/carol")[0]
	kinds := []string{}
	for _, f := range m.Files {
		kinds = append(kinds, f.Kind)
	}
	assert.Equal(t, []string{"image", "voice", "voice", "file"}, kinds)
	assert.Equal(t, [2]int{1, 1}, [2]int{m.Files[0].Width, m.Files[0].Height})
	payload := b.inspect(m.ID).Event.Payload
	for _, want := range []string{`"image/gif"`, `"voice"`, `"file"`, `"notes.txt"`, address + "/download"} {
		assert.Contains(t, payload, want)
	}
}

func TestTheBotIsAddedRemovedAndMuted(t *testing.T) {
	b := newBed(t)
	for _, do := range []string{"remove", "add", "reject", "allow"} {
		b.ok(b.post("/api/bot", "chat", "group/cats", "user", "ann", "do", do))
	}
	events := []string{}
	for _, m := range b.messages("group/cats") {
		events = append(events, m.Event)
	}
	assert.Equal(t, []string{"GROUP_DEL_ROBOT", "GROUP_ADD_ROBOT", "GROUP_MSG_REJECT", "GROUP_MSG_RECEIVE"}, events)
	b.ok(b.post("/api/bot", "chat", "group/cats", "user", "ann", "do", "mute"))
	var state struct {
		Flags map[string]map[string]bool
	}
	decode(t, b.get("/api/state"), &state)
	assert.Equal(t, map[string]bool{"away": false, "muted": true, "pushes": true}, state.Flags["group/cats"])
	assert.Equal(t, http.StatusBadRequest, b.post("/api/bot", "chat", "c2c/carol", "user", "carol", "do", "mute").Code)
}

func TestWhatMakesNoSenseIsRefusedWithASentence(t *testing.T) {
	b := newBed(t)
	for name, w := range map[string]func() int{
		"no chat":       func() int { return b.post("/api/say", "user", "ann", "text", "hi").Code },
		"unknown scene": func() int { return b.post("/api/say", "chat", "moon/x", "user", "ann", "text", "hi").Code },
		"no user":       func() int { return b.post("/api/say", "chat", "group/cats", "text", "hi").Code },
		"odd user":      func() int { return b.post("/api/say", "chat", "group/cats", "user", "a\nb", "text", "hi").Code },
		"nothing said":  func() int { return b.post("/api/say", "chat", "group/cats", "user", "ann", "text", "  ").Code },
		"too long": func() int {
			return b.post("/api/say", "chat", "group/cats", "user", "ann", "text", strings.Repeat("x", 20<<10)).Code
		},
		"empty file": func() int { return b.upload("group/cats", "", "a.txt", "").Code },
		"too many":   func() int { return b.upload("group/cats", "", many(11)...).Code },
		"faults":     func() int { return b.post("/api/faults", "name", "hail").Code },
		"webhook":    func() int { return b.post("/api/webhook", "url", "file:///etc/passwd").Code },
		"bot":        func() int { return b.post("/api/bot", "chat", "group/cats", "user", "ann", "do", "dance").Code },
	} {
		assert.Equal(t, http.StatusBadRequest, w(), name)
	}
	assert.Equal(t, http.StatusNotFound, b.get("/api/inspect?id=nothing").Code)
	assert.Equal(t, http.StatusNotFound, b.get("/api/messages?chat=group/nobody").Code)
	assert.Empty(t, b.messages("group/cats"))
}

func many(n int) (out []string) {
	for i := range n {
		out = append(out, fmt.Sprint(i), "x")
	}
	return out
}

// TestNothingSecretReachesThePage lets a bot do everything there is with secrets in it, reads all that a page can read, and
// looks for every one of them.
func TestNothingSecretReachesThePage(t *testing.T) {
	b := newBed(t)
	const photo, key = "https://example.com/p.gif?sig=QUERYCREDENTIAL", "QUERYCREDENTIAL"
	b.platform.Host(photo, []byte(gif))
	var seen []string // secrets
	stop := b.platform.Watch(func(h richmediatest.Happening) {
		if h.Upload != nil {
			seen = append(seen, h.Upload.FileInfo)
		}
	})
	big := bytes.Repeat([]byte("large "), 1<<20)
	b.answers(func(ctx context.Context, c *richmedia.Context) error {
		for _, src := range []richmedia.Source{richmedia.FromURL(photo), richmedia.FromBytes("a.gif", []byte(gif))} {
			if _, err := c.ReplyImage(ctx, src); err != nil {
				return err
			}
		}
		_, err := c.ReplyFile(ctx, richmedia.FromBytes("big.bin", big))
		return err
	})
	token, err := b.platform.TokenSource().Token()
	require.NoError(t, err)
	id := b.say("group/cats", "go")
	b.wait(b.platform.Group("cats"), 3)
	b.ok(b.post("/api/faults", "name", "expire"))
	b.say("group/cats", "go") // refused file_infos, too
	b.wait(b.platform.Group("cats"), 6)
	b.ok(b.post("/api/webhook", "url", "http://127.0.0.1:1/hook?key=HOOKCREDENTIAL"))
	stop()

	var all strings.Builder
	for _, m := range b.messages("group/cats") {
		all.WriteString(b.get("/api/inspect?id=" + m.ID).Body.String())
	}
	all.WriteString(b.get("/api/inspect?id=" + id).Body.String())
	all.WriteString(b.get("/api/messages?chat=group/cats").Body.String())
	all.WriteString(b.get("/api/state").Body.String())
	updates, _, _, ok := b.board.Feed.Since(0, 1<<20)
	require.True(t, ok)
	for _, u := range updates {
		all.Write(u)
	}
	page := all.String()
	require.Contains(t, page, "presigned_url", "the calls are there")
	require.Contains(t, page, "file_info")
	require.Len(t, seen, 6)
	for _, s := range append(seen, secret, token.AccessToken, key, "HOOKCREDENTIAL", "R0lGODlh", "QQBot ") {
		assert.NotContains(t, page, s)
	}
	assert.NotRegexp(t, `[?&]sign=\w`, page)
	for _, s := range seen { // nor as JSON in JSON, cut or whole
		assert.NotContains(t, page, s[:len(s)-6])
	}
}

func TestAnotherBotsWebhookGetsTheEvents(t *testing.T) {
	b := newBed(t)
	b.answers(func(context.Context, *richmedia.Context) error { return nil })
	hook := hookServer(t, b.platform)
	var said struct{ URL, Err string }
	decode(t, b.ok(b.post("/api/webhook", "url", hook+"?key=1")), &said)
	assert.Empty(t, said.Err)
	assert.Equal(t, hook+"?••••", said.URL)
	assert.True(t, b.demo.asleep, "the demonstration bot makes room")
	id := b.say("group/cats", "hello")
	in := b.inspect(id)
	require.Len(t, in.Pushes, 1)
	assert.True(t, in.Pushes[0].Acked)
	b.ok(b.post("/api/demo", "on", "true"))
	assert.False(t, b.demo.asleep)
	decode(t, b.ok(b.post("/api/webhook", "url", "http://127.0.0.1:1/")), &said)
	assert.Contains(t, said.Err, "refused")
	assert.True(t, b.demo.asleep)
	b.ok(b.post("/api/webhook", "url", ""))
	assert.False(t, b.demo.asleep, "there is no other bot any more")
}

func TestAnotherBotMakesTheDemonstrationQuiet(t *testing.T) {
	b := newBed(t)
	is := func(want map[string]bool) {
		t.Helper()
		var state struct{ Demo map[string]bool }
		decode(t, b.get("/api/state"), &state)
		assert.Equal(t, want, state.Demo)
	}
	b.server.Hush()
	is(map[string]bool{"there": true, "awake": false, "hush": true})
	b.ok(b.post("/api/demo", "on", "true"))
	is(map[string]bool{"there": true, "awake": true, "hush": false})

	b.server.Hush()
	b.server.Rouse() // the other one has gone
	is(map[string]bool{"there": true, "awake": true, "hush": false})
	b.ok(b.post("/api/demo", "on", "false"))
	b.server.Rouse() // it was told to be quiet
	is(map[string]bool{"there": true, "awake": false, "hush": false})
}

func TestTheReplyWindowCountsDown(t *testing.T) {
	b := newBed(t)
	b.answers(func(ctx context.Context, c *richmedia.Context) error {
		_, err := c.ReplyImage(ctx, richmedia.FromBytes("a.gif", []byte(gif)), richmedia.WithCaption("meow"))
		return err
	})
	b.say("group/cats", "cat")
	b.wait(b.platform.Group("cats"), 1)
	m, in := b.last("group/cats")
	require.NotNil(t, in.Answer)
	assert.Equal(t, "meow", m.Text)
	assert.Equal(t, 4, in.Event.Left)
	assert.WithinDuration(t, time.Now().Add(5*time.Minute), time.UnixMilli(in.Event.Until), time.Minute)
	assert.WithinDuration(t, time.Now().Add(5*time.Minute), time.UnixMilli(in.Answer.Expires), time.Minute)
	assert.Equal(t, "msg_id", in.Answer.By)
	assert.EqualValues(t, 1001, in.Answer.Seq)
	assert.Regexp(t, `^\S{3}••••\S{3} \(56\)$`, in.Answer.FileInfo)
	assert.NotEmpty(t, in.Answer.Trace)
	assert.Equal(t, "inline", in.Answer.Route)
	assert.Equal(t, [2]int{1, 1}, [2]int{m.Files[0].Width, m.Files[0].Height})
	ops := []string{}
	for _, c := range in.Calls {
		ops = append(ops, fmt.Sprintf("%s %d", c.Op, c.Status))
	}
	assert.Equal(t, []string{"upload 200", "send 200"}, ops)
}
