package richmediatest_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/tencent-connect/botgo/dto"

	"github.com/botgo-contrib/richmedia/richmediatest"
)

// d decodes the inside of an event, and checks its outside.
func d(t *testing.T, ev *richmediatest.Event) map[string]any {
	t.Helper()
	var env map[string]any
	require.NoError(t, json.Unmarshal(ev.Body(), &env))
	assert.EqualValues(t, 0, env["op"])
	assert.Equal(t, string(ev.Type()), env["t"])
	assert.Equal(t, ev.ID(), env["id"])
	assert.NotContains(t, env, "s", "webhooks have none")
	assert.Regexp(t, "^"+string(ev.Type())+":.+", ev.ID())
	inner, ok := env["d"].(map[string]any)
	require.True(t, ok)
	return inner
}

func keys(m map[string]any) []string {
	out := make([]string, 0, len(m))
	for k := range m {
		out = append(out, k)
	}
	return out
}

func TestDocumentedPayloadsHaveTheOpenidsOnly(t *testing.T) {
	p := richmediatest.New(richmediatest.WithDocumentedPayloads())
	g, u := p.Group("g"), p.C2C("ann")

	ev := g.Say("ann", "看图 <b>")
	in := d(t, ev)
	assert.ElementsMatch(t, []string{"id", "author", "content", "timestamp", "message_scene", "message_type", "group_openid"}, keys(in))
	assert.Equal(t, " 看图 &lt;b&gt;", in["content"], "group text starts with a space, and is escaped for HTML")
	assert.Contains(t, string(ev.Body()), "&lt;b&gt;", "JSON escapes no &")
	assert.Equal(t, "看图 <b>", g.Messages()[0].Text, "as it was typed")
	assert.Equal(t, ev.MsgID(), in["id"])
	assert.Equal(t, g.OpenID(), in["group_openid"])
	author, _ := in["author"].(map[string]any)
	assert.ElementsMatch(t, []string{"member_openid", "member_role", "username", "bot"}, keys(author))
	assert.Equal(t, g.UserOpenID("ann"), author["member_openid"])
	assert.Regexp(t, `\+08:00$`, in["timestamp"])
	assert.Equal(t, dto.EventGroupAtMessageCreate, ev.Type())

	in = d(t, u.Say("somebody", "hi"))
	assert.Equal(t, "hi", in["content"])
	assert.Equal(t, map[string]any{"user_openid": u.OpenID()}, in["author"])
	assert.Equal(t, "ann: hi", u.Messages()[0].String(), "the user of a single chat is its own")

	assert.EqualValues(t, "GROUP_MESSAGE_CREATE", g.SayUnmentioned("ann", "hi").Type())
	assert.Panics(t, func() { u.SayUnmentioned("ann", "hi") })

	in = d(t, g.AddBot("ann"))
	assert.ElementsMatch(t, []string{"timestamp", "group_openid", "op_member_openid"}, keys(in))
	assert.InDelta(t, time.Now().Unix(), in["timestamp"], 60, "lifecycle events count seconds")
	in = d(t, u.AddBot(""))
	assert.ElementsMatch(t, []string{"timestamp", "openid", "author", "scene", "scene_param"}, keys(in))
	in = d(t, u.RejectPushes(""))
	assert.ElementsMatch(t, []string{"timestamp", "openid"}, keys(in))

	press := g.Press("ann", "again")
	in = d(t, press)
	assert.ElementsMatch(t, []string{
		"application_id", "chat_type", "data", "group_member_openid", "group_openid", "id", "scene", "timestamp", "type", "version",
	}, keys(in))
	assert.EqualValues(t, 1, in["chat_type"])
	assert.EqualValues(t, 11, in["type"])
	assert.Equal(t, press.InteractionID(), in["id"])
	assert.NotContains(t, press.ID(), press.InteractionID(), "the outer id is another")
	in = d(t, u.Press("", "again"))
	assert.EqualValues(t, 2, in["chat_type"])
	assert.Equal(t, u.OpenID(), in["user_openid"])
	assert.Equal(t, "c2c", in["scene"])
}

func TestEventsHaveTheFieldsOfCapturesAndDocuments(t *testing.T) {
	p := richmediatest.New()
	g, u := p.Group("g"), p.C2C("ann")
	ev := g.Say("ann", "hi")
	in := d(t, ev)
	assert.ElementsMatch(t, []string{
		"id", "author", "content", "timestamp", "message_scene", "message_type", "group_openid", "group_id",
	}, keys(in))
	assert.Equal(t, g.OpenID(), in["group_openid"])
	assert.Equal(t, g.OpenID(), in["group_id"], "botgo reads group_id only")
	assert.EqualValues(t, 0, in["message_type"])
	author, _ := in["author"].(map[string]any)
	union, _ := author["union_openid"].(string)
	assert.Regexp(t, "^[0-9A-F]{32}$", union)
	assert.Equal(t, map[string]any{
		"id": g.UserOpenID("ann"), "member_openid": g.UserOpenID("ann"), "union_openid": union,
		"bot": false, "username": "ann", "member_role": "member",
	}, author)
	scene, _ := in["message_scene"].(map[string]any)
	assert.Equal(t, "default", scene["source"])
	ext, _ := scene["ext"].([]any)
	require.NotEmpty(t, ext)
	assert.Equal(t, "msg_idx="+g.Messages()[0].Ref, ext[0])
	assert.Regexp(t, "^msg_idx=REFIDX_", ext[0])

	author, _ = d(t, u.Say("", "hi"))["author"].(map[string]any)
	assert.Equal(t, map[string]any{
		"id": u.OpenID(), "user_openid": u.OpenID(), "union_openid": union, "bot": false, "username": "",
	}, author, "a user's union_openid is the same in all chats")

	var msg dto.Message
	require.NoError(t, json.Unmarshal(ev.Payload().RawMessage, &struct{ D *dto.Message }{&msg}))
	assert.Equal(t, g.OpenID(), msg.GroupID)
	assert.Equal(t, g.UserOpenID("ann"), msg.Author.ID)
}

func TestAMentionInAllMessagesMode(t *testing.T) {
	p := richmediatest.New(richmediatest.WithAllMessages())
	g, u := p.Group("g"), p.C2C("ann")
	said := g.Say("ann", "hi")
	for _, ev := range []*richmediatest.Event{said, g.Quote("ann", "hi", richmediatest.Quotation{MsgID: said.MsgID()})} {
		assert.EqualValues(t, "GROUP_MESSAGE_CREATE", ev.Type())
		mentions, _ := d(t, ev)["mentions"].([]any)
		require.Len(t, mentions, 1)
		bot, _ := mentions[0].(map[string]any)
		assert.Equal(t, true, bot["is_you"])
		assert.Equal(t, bot["id"], bot["member_openid"])
		assert.Regexp(t, "^[0-9A-F]{32}$", bot["id"])
	}
	assert.NotContains(t, d(t, g.SayUnmentioned("ann", "hi")), "mentions")
	assert.NotContains(t, d(t, g.Quote("ann", "hi", richmediatest.Quotation{MsgID: said.MsgID(), Unmentioned: true})), "mentions")
	assert.Equal(t, dto.EventC2CMessageCreate, u.Say("", "hi").Type())
	plain := richmediatest.New().Group("g").Say("ann", "hi")
	assert.Equal(t, dto.EventGroupAtMessageCreate, plain.Type())
	assert.NotContains(t, d(t, plain), "mentions")
}

func TestEveryPlatformIsAnotherBot(t *testing.T) {
	a, b := richmediatest.New(), richmediatest.New()
	assert.Regexp(t, "^[0-9]{9,}$", a.AppID())
	assert.NotEqual(t, a.AppID(), b.AppID())
	assert.NotEqual(t, a.Credentials().AppSecret, b.Credentials().AppSecret)
	assert.NotEqual(t, a.Group("g").OpenID(), b.Group("g").OpenID(), "openids belong to one app id")
	tk, err := a.TokenSource().Token()
	require.NoError(t, err)
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, b.URL()+"/users/@me", http.NoBody)
	require.NoError(t, err)
	tk.SetAuthHeader(req)
	resp, err := b.Client().Do(req)
	require.NoError(t, err)
	defer func() { _ = resp.Body.Close() }()
	assert.Equal(t, http.StatusUnauthorized, resp.StatusCode, "another bot's token")

	named := richmediatest.New(richmediatest.WithCredentials("7", "s"))
	assert.Equal(t, "7", named.AppID())
	assert.Equal(t, named.Group("g").OpenID(), richmediatest.New(richmediatest.WithCredentials("7", "t")).Group("g").OpenID())
}

func TestOpenidsAreOpaqueAndTheirOwnNamespaces(t *testing.T) {
	p := richmediatest.New()
	g := p.Group("ann")
	assert.Same(t, g, p.Group("ann"))
	ids := []string{g.OpenID(), p.C2C("ann").OpenID(), g.UserOpenID("ann"), p.Group("b").UserOpenID("ann"), p.Group("b").OpenID()}
	seen := map[string]bool{}
	for _, id := range ids {
		assert.Regexp(t, regexp.MustCompile(`^[0-9A-F]{32}$`), id)
		assert.False(t, seen[id])
		seen[id] = true
	}
	other := richmediatest.New(richmediatest.WithCredentials("9", "s"))
	assert.NotEqual(t, g.OpenID(), other.Group("ann").OpenID(), "another bot, another openid")
	assert.NotEqual(t, g.Say("a", "x").MsgID(), richmediatest.New(richmediatest.WithCredentials("9", "s")).Group("ann").Say("a", "x").MsgID())
}

func TestAttachmentsAreOnTheWeb(t *testing.T) {
	b := newBot(t)
	g := b.p.Group("g")
	ev := g.Say("ann", "look",
		richmediatest.Attachment{FileName: "photo.png", Data: png, Width: 1, Height: 1},
		richmediatest.Attachment{ContentType: "voice", FileName: "a.amr", URL: "https://example.com/a.amr", Size: 3, VoiceWAVURL: "https://example.com/a.wav", VoiceText: "hello"})
	atts, _ := d(t, ev)["attachments"].([]any)
	require.Len(t, atts, 2)
	photo, _ := atts[0].(map[string]any)
	assert.Equal(t, "image/png", photo["content_type"])
	assert.EqualValues(t, len(png), photo["size"])
	assert.EqualValues(t, 1, photo["width"])
	url, _ := photo["url"].(string)
	accepted(t, b.files(g, object("file_type", 1, "url", url)))
	assert.Equal(t, png, b.p.Uploads()[0].Data)
	voice, _ := atts[1].(map[string]any)
	assert.Equal(t, map[string]any{
		"content_type": "voice", "filename": "a.amr", "url": "https://example.com/a.amr", "size": float64(3),
		"voice_wav_url": "https://example.com/a.wav", "asr_refer_text": "hello",
	}, voice)
	assert.Equal(t, "ann: look [image/png photo.png] [voice a.amr]", trimmed(g.Messages()[0]))
}

func trimmed(m richmediatest.Message) string {
	for i := range m.Attachments {
		if m.Attachments[i].ContentType == "" {
			m.Attachments[i].ContentType = "image/png"
		}
	}
	return m.String()
}

func TestPayloadIsWhatBotgoGivesAHandler(t *testing.T) {
	p := richmediatest.New()
	ev := p.Group("g").Press("ann", "again")
	payload := ev.Payload()
	assert.Equal(t, ev.Type(), payload.Type)
	assert.Equal(t, ev.ID(), payload.EventID)
	assert.Equal(t, ev.Body(), payload.RawMessage)
	assert.Equal(t, dto.WSDispatchEvent, payload.OPCode)
	assert.Equal(t, p.AppID(), payload.Session.AppID)
	assert.NotNil(t, payload.Data)
	payload.RawMessage[0] = 'x'
	assert.NotEqual(t, ev.Payload().RawMessage[0], payload.RawMessage[0], "fresh at every call")
}

func TestTheTranscriptShowsWhatHappened(t *testing.T) {
	p := richmediatest.New()
	g, u := p.Group("g"), p.C2C("bob")
	g.AddBot("ann")
	g.AllowPushes("ann")
	g.Press("ann", "again")
	g.RejectPushes("ann")
	g.RemoveBot("ann")
	u.AddBot("")
	u.RemoveBot("")
	var types []dto.EventType
	for _, m := range append(g.Messages(), u.Messages()...) {
		types = append(types, m.Event)
	}
	assert.Equal(t, []dto.EventType{
		"GROUP_ADD_ROBOT", "GROUP_MSG_RECEIVE", "INTERACTION_CREATE", "GROUP_MSG_REJECT", "GROUP_DEL_ROBOT",
		"FRIEND_ADD", "FRIEND_DEL",
	}, types)
	assert.EqualValues(t, "C2C_MSG_RECEIVE", u.AllowPushes("").Type())
	assert.EqualValues(t, "C2C_MSG_REJECT", u.RejectPushes("").Type())
	got := ""
	for _, m := range append(g.Messages(), u.Messages()...) {
		got += fmt.Sprintln(m)
	}
	assert.Equal(t, `ann added the bot
ann allowed pushes
ann pressed "again"
ann rejected pushes
ann removed the bot
bob added the bot
bob removed the bot
bob allowed pushes
bob rejected pushes
`, got)
}

func TestWaitAnswersSaysWhatCame(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBot(t)
		g := b.p.Group("cats")
		ev := g.Say("ann", "hi")
		go func() {
			time.Sleep(time.Second)
			b.message(g, object("content", "one", "msg_id", ev.MsgID()))
			b.message(g, object("content", "two", "msg_id", ev.MsgID(), "msg_seq", 1))
		}()
		got, err := g.WaitAnswers(t.Context(), 1)
		require.NoError(t, err)
		require.Len(t, got, 1)
		assert.Equal(t, "one", got[0].Text)

		ctx, cancel := context.WithTimeoutCause(t.Context(), time.Minute, errors.New("a minute is over"))
		defer cancel()
		got, err = g.WaitAnswers(ctx, 2)
		require.ErrorContains(t, err, "1 of 2 answers in cats")
		require.ErrorContains(t, err, "code 40054005")
		require.ErrorContains(t, err, "a minute is over")
		assert.Len(t, got, 1)
	})
}

func TestWaitingInVainSaysThatTheBotMadeNoCall(t *testing.T) {
	p := richmediatest.New()
	group := p.Group("cats")
	group.Say("ann", "hi")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errors.New("enough"))
	_, err := group.WaitAnswers(ctx, 1)
	require.ErrorContains(t, err, "0 of 1 answers in cats (the bot made no call: is a handler registered for the event?): enough")
}
